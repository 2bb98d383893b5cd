//! One list of prices: whoever changes a price there changes it everywhere.

use anyhow::{Context, Result, ensure};
use palisade_layout::analysis::bill::{bill, total};
use palisade_layout::analysis::fixes::fix_gaps;
use palisade_layout::analysis::prices::Prices;
use palisade_layout::analysis::rules::RuleBook;
use palisade_layout::analysis::tiers::{Tier, tiers};
use palisade_layout::analysis::views::Views;
use palisade_layout::model::load::SourceText;

use crate::common::{Planned, read};

/// What fixes, a bill between two layouts, a tier and the bill of materials come to, yuan.
fn sums(prices: Prices) -> Result<[f64; 4]> {
    let mut planned = Planned::shipped("tiny.toml")?;
    planned.prices = prices;
    let Planned { scenario, caster, report, prices } = &mut planned;
    let (views, book) = (Views::of(scenario, caster), RuleBook::residential()?);
    fix_gaps((scenario, caster, &views), (&book, prices), &mut report.answer, (3, 1));
    let fixes = report.answer.gaps.iter().filter_map(|gap| gap.fix.as_ref()).map(|fix| fix.cost_yuan).sum();

    let mut fewer = read("tiny.toml", None)?;
    fewer.file.kit.camera.pop().context("a camera")?;
    let between = total(&bill(&fewer, scenario, prices));

    let shipped = Tier::shipped()?;
    let tier = tiers((&shipped, prices), scenario, &report.answer, &report.rules);
    let tier = tier.iter().map(|tier| tier.cost_yuan).sum();

    let csv = palisade_sheets::bill::csv(&planned.material())?;
    let mut rows = csv::Reader::from_reader(csv.as_slice());
    let price = |row: csv::StringRecord| row[7].parse::<f64>().context("a price");
    let material = rows.records().map(|row| price(row?)).sum::<Result<f64>>()?;
    Ok([fixes, between, tier, material])
}

#[test]
fn a_changed_price_changes_fixes_bills_tiers_and_the_bill_of_materials() -> Result<()> {
    let shipped = include_str!("../../../../assets/catalogue/prices.toml");
    let read = |text: String| {
        Prices::read(&SourceText { name: "prices".into(), text }).map_err(|p| anyhow::anyhow!("{p:?}"))
    };
    let today = sums(read(shipped.to_owned())?)?;
    let dearer =
        shipped.replacen("mount = 260.0", "mount = 1260.0", 1).replacen("visit = 200.0", "visit = 900.0", 1);
    let then = sums(read(dearer)?)?;
    for (what, (old, new)) in ["fixes", "a bill between layouts", "tiers", "the bill of materials"]
        .iter()
        .zip(today.iter().zip(then))
    {
        ensure!(*old > 0.0 && new > *old + 600.0, "{what}: {old} yuan and {new} yuan");
    }
    Ok(())
}
