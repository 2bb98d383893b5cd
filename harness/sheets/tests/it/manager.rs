//! The manager's page: one page of A4, in Chinese, and nothing on it that the plan did not find.

use anyhow::{Context, Result, ensure};
use palisade_layout::analysis::answer::{Fix, Unwalled};
use palisade_layout::analysis::fixes::fix_gaps;
use palisade_layout::analysis::rules::{Basis, RuleBook, Seen, Status};
use palisade_layout::analysis::tiers::{Tier, tiers};
use palisade_layout::analysis::views::Views;
use palisade_layout::model::Scenario;
use palisade_sheets::manager::manager;

use crate::common::{Planned, ask, put};

/// The words of a PDF without the spaces that a reader of PDF puts between letters.
fn words(pdf: &str) -> Result<String> {
    let text = ask("pdftotext", "poppler-utils", &["-layout", pdf, "-"])?;
    Ok(text.split_whitespace().collect())
}

#[test]
fn the_page_is_one_page_of_a4_and_says_what_the_plan_found() -> Result<()> {
    let planned = Planned::shipped("cuiyuan.toml")?;
    let made = manager(&planned.material())?;
    let folder = tempfile::tempdir()?;
    put(folder.path(), "manager.html", made.html.as_bytes())?;
    let pdf = put(folder.path(), "manager.pdf", &made.pdf)?;
    let about = ask("pdfinfo", "poppler-utils", &[&pdf])?;
    ensure!(about.contains("Pages:           1") && about.contains("(A4)"), "{about}");

    let said = words(&pdf)?;
    let share = planned.report.answer.coverage["2014"]["1.5"]["detect"].share;
    let open = planned.report.answer.perimeter.gaps.len();
    for wanted in [format!("{:.0}%", share * 100.0), format!("周界还有{open}处"), "需要整改".to_owned()]
    {
        ensure!(said.contains(&wanted), "the page does not say {wanted}:\n{said}");
    }
    for finding in planned.report.rules.iter().filter(|f| f.status == Status::Fail).take(5) {
        let title: String = finding.title_zh.split_whitespace().collect();
        ensure!(said.contains(&title), "rule {} is not on the page", finding.id);
        ensure!(said.contains(&format!("rules[id={}]", finding.id)), "rule {} has no evidence", finding.id);
    }
    // Every mark on the page stands in the list of evidence.
    let marks = made.html.matches("<sup><a href=\"#e").count();
    ensure!(marks >= 8, "{marks} marks");
    for part in made.html.split("href=\"#e").skip(1) {
        let mark = part.split('"').next().context("a mark")?;
        ensure!(made.html.contains(&format!("<li id=\"e{mark}\">")), "evidence {mark} is missing");
    }
    ensure!(made.html.len() < 500_000 && !made.html.contains("http://"), "{} bytes", made.html.len());
    Ok(())
}

#[test]
fn a_browser_prints_the_page_on_one_sheet() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let made = manager(&Planned::shipped("cuiyuan.toml")?.material())?;
    let html = put(folder.path(), "manager.html", made.html.as_bytes())?;
    let printed = folder.path().join("printed.pdf").display().to_string();
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let (to, from) = (format!("--print-to-pdf={printed}"), format!("file://{html}"));
    let options =
        ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", &profile, &to, &from];
    ask("chromium", "chromium", &options)?;
    let about = ask("pdfinfo", "poppler-utils", &[&printed])?;
    ensure!(about.contains("Pages:           1") && about.contains("(A4)"), "{about}");
    Ok(())
}

/// Whether a page has three measures, and what they cite.
fn cited(html: &str) -> Vec<String> {
    let list =
        html.split("<ol class=\"told\">").nth(1).and_then(|rest| rest.split("</ol>").next()).unwrap_or("");
    let mark = |part: &str| part.split('"').next().map(|mark| format!("<li id=\"e{mark}\"><code>"));
    let marks = list.split("href=\"#e").skip(1).filter_map(mark);
    let place = |at: String| html.split(&at).nth(1).and_then(|rest| rest.split("</code>").next());
    marks.filter_map(|at| place(at).map(str::to_owned)).collect()
}

#[test]
fn measures_of_all_kinds_stand_by_price_and_say_how_they_came_about() -> Result<()> {
    let mut planned = Planned::shipped("tiny.toml")?;
    let told = |planned: &Planned| -> Result<String> { Ok(manager(&planned.material())?.html) };
    let repairs = std::mem::take(&mut planned.report.answer.perimeter.repairs);
    ensure!(told(&planned)?.contains("本次计算没有找到可以报价的措施"));

    let plan = &planned.report;
    let lacking = tiers((&Tier::shipped()?, &planned.prices), &planned.scenario, &plan.answer, &plan.rules);
    planned.report.tiers = lacking;
    let html = told(&planned)?;
    ensure!(html.contains("按缺额乘单价计算，没有试算") && !html.contains("逐项试算过"), "{html}");
    ensure!(cited(&html).iter().all(|place| place.contains(".items[")), "{:?}", cited(&html));
    ensure!(html.contains("按缺额计算；价格假定") && !html.contains("模型试算"), "{html}");

    for (gap, cost, camera) in [(0, 310.0, "cam-x"), (1, 120.0, "cam-y"), (2, 99.0, "cam-y")] {
        planned.report.answer.gaps[gap].fix = Some(turn(camera, cost)?);
    }
    let html = told(&planned)?;
    for wanted in
        ["cam-x：方位角由 10° 改为 25°", "约 310 元", "约 99 元", "夜间 40 m²", "模型试算；价格假定"]
    {
        ensure!(html.contains(wanted), "{wanted} is not told");
    }
    ensure!(!html.contains("约 120 元"), "one camera is turned one way only");
    ensure!(
        cited(&html)[..2] == ["report.json gaps[2].fix", "report.json gaps[0].fix"],
        "{:?}",
        cited(&html)
    );

    // So do the cheapest changes of all, each device once.
    planned.report.answer.cheapest = vec![turn("cam-z", 80.0)?, turn("cam-y", 90.0)?];
    let places = cited(&told(&planned)?);
    ensure!(
        places == ["report.json cheapest[0]", "report.json cheapest[1]", "report.json gaps[0].fix"],
        "{places:?}"
    );
    planned.report.answer.cheapest = Vec::new();

    // Zones along a wall take their place by price.
    let mut dear = repairs.first().context("the yard has a gap in its perimeter")?.clone();
    (dear.cost_yuan, dear.closes_m) = (200.0, 7.5);
    planned.report.answer.perimeter.repairs = vec![dear];
    let html = told(&planned)?;
    ensure!(cited(&html)[1] == "report.json perimeter.repairs[0]", "{:?}", cited(&html));
    ensure!(
        html.contains("约 200 元；7.5 m 周界不再无人防护") && html.contains("周界措施在同一模型里逐项试算过")
    );
    Ok(())
}

fn turn(camera: &str, cost: f64) -> Result<Fix> {
    Ok(serde_json::from_value(serde_json::json!({
        "what": "Turn it.", "device": camera, "enough": true, "closes_m2": 40.0, "left_m2": 1.0,
        "gains_m2": 55.0, "loses_m2": 3.0, "gains_night_m2": 40.0, "loses_night_m2": 0.0,
        "cost_yuan": cost, "cost_label": "assumed", "bill": [],
        "change": [{ "table": "camera", "id": camera, "key": "bearing_deg", "old": 10.0, "new": 25.0 }],
    }))?)
}

/// A Latin word below the map that is no name of a thing; places of evidence are left out.
fn latin(html: &str, scenario: &Scenario) -> Option<Option<String>> {
    const KNOWN: [&str; 5] = ["plan", "html", "cam", "Mbit", "min"];
    let body = html.split("</svg>").nth(1)?;
    let prose = body.split("<code>").map(|part| part.split("</code>").last().unwrap_or(part));
    let text = prose.flat_map(|part| part.split('<')).map(|part| part.split('>').next_back().unwrap_or(part));
    let text = text.collect::<Vec<_>>().join(" ");
    let site = &scenario.site;
    let things = site.walls.iter().map(|wall| &wall.id).chain(site.trees.iter().map(|tree| &tree.id));
    let names: Vec<&str> =
        scenario.devices.iter().map(|device| &device.id).chain(things).map(|id| id.as_str()).collect();
    let word = |word: &&str| word.len() >= 3 && word.chars().all(|c| c.is_ascii_lowercase());
    let new = |word: &&str| !KNOWN.contains(word) && !names.iter().any(|name| name.contains(*word));
    let found = text.split(|c: char| !c.is_ascii_alphabetic()).find(|w| word(w) && new(w));
    Some(found.map(str::to_owned))
}

/// What a reader sees is Chinese: no word of three Latin letters but names, units, and places of evidence.
#[test]
fn no_english_is_left_on_the_page() -> Result<()> {
    for name in ["tiny.toml", "heping.toml", "cuiyuan.toml"] {
        let mut planned = Planned::shipped(name)?;
        let views = Views::of(&planned.scenario, &planned.caster);
        let about = (&planned.scenario, &planned.caster, &views);
        let book = RuleBook::residential()?;
        let mut answer = std::mem::take(&mut planned.report.answer);
        fix_gaps(about, (&book, &planned.prices), &mut answer, (3, 2));
        planned.report.answer = answer;
        // Every rule as if it were not met: each unit and clause is read once.
        planned.report.rules.iter_mut().for_each(|finding| finding.status = Status::Fail);
        let rules = planned.report.rules.clone();
        for seven in rules.chunks(7) {
            planned.report.rules = seven.to_vec();
            let html = manager(&planned.material())?.html;
            let word = latin(&html, &planned.scenario).context("what follows the map")?;
            ensure!(word.is_none(), "{name}: {word:?}");
        }
    }
    Ok(())
}

#[test]
fn a_rule_says_what_its_figure_rests_on_and_whether_its_source_is_confirmed() -> Result<()> {
    let mut planned = Planned::shipped("tiny.toml")?;
    planned.report.rules.truncate(1);
    planned.report.rules[0].status = Status::Fail;
    let place = format!("<code>report.json rules[id={}]</code>", planned.report.rules[0].id);
    for (basis, how) in [
        (Basis::Computed, "计算"),
        (Basis::Measured, "实测"),
        (Basis::Imported, "录入"),
        (Basis::Assumed, "假定"),
    ] {
        for (seen, marked) in [(Seen::Seen, false), (Seen::Recall, true)] {
            (planned.report.rules[0].basis, planned.report.rules[0].seen) = (Some(basis), seen);
            let html = manager(&planned.material())?.html;
            let told = format!("{place} <span class=\"how\">{how}</span>");
            ensure!(html.contains(&told), "{basis:?} is not told");
            assert_eq!(html.contains("（出处未核实）"), marked, "{seen:?}");
        }
    }
    Ok(())
}

#[test]
fn a_closed_perimeter_is_told_as_closed() -> Result<()> {
    let mut planned = Planned::shipped("cuiyuan.toml")?;
    let told = |planned: &Planned| -> Result<bool> {
        Ok(manager(&planned.material())?.html.contains("周界没有缺口"))
    };
    ensure!(!told(&planned)?);
    planned.report.answer.perimeter.gaps.clear();
    ensure!(told(&planned)?);
    // Where the outline has no wall, nobody guards either.
    let bare = Unwalled {
        compound: "c".into(),
        along_m: [10.0, 15.5],
        way_m: vec![[0.0; 2]; 2],
        missing_m: 5.5,
        between: Vec::new(),
    };
    planned.report.answer.perimeter.unwalled.push(bare);
    ensure!(manager(&planned.material())?.html.contains("周界还有 1 处、共 5.5 m 无人防护"));
    Ok(())
}
