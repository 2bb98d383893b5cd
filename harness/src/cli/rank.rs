//! `palisade rank`: which of several compounds is built first, why, and who pays.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use palisade_sim::analysis::caster::Caster;
use palisade_sim::analysis::plan_with;
use palisade_sim::analysis::prices::Prices;
use palisade_sim::analysis::priority::{Scale, rank};
use palisade_sim::analysis::rules::{self, RuleBook};
use palisade_sim::analysis::tiers::{Tier, TierAnswer, tiers};
use palisade_sim::analysis::views::Views;
use palisade_sim::model::Scenario;

use super::prices::prices;
use super::say::print;
use super::{Exit, Failure, OutputFormat};
use crate::report::ranking;

/// Options of `palisade rank`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario files of the compounds.
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
    /// The tier that they are to be built to.
    #[arg(long, value_enum, default_value_t)]
    tier: Goal,
    /// Prices in place of the shipped ones (`assets/catalogue/prices.toml` explains every key).
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
}

/// A tier to build to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Goal {
    /// 基本级.
    #[default]
    Basic,
    /// 中级.
    Intermediate,
}

impl Goal {
    fn word(self) -> &'static str {
        match self {
            Goal::Basic => "basic",
            Goal::Intermediate => "intermediate",
        }
    }
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let text = ranked(&args)?;
    print(&text)?;
    Ok(Exit::Ok)
}

fn ranked(args: &Args) -> Result<String, Failure> {
    let scale = Scale::shipped().map_err(|e| Failure::new(Exit::Bug, e))?;
    let prices = prices(args.prices.as_deref())?;
    let compounds: Vec<(Arc<Scenario>, TierAnswer)> =
        args.scenarios.iter().map(|path| held_against(path, args.tier, &prices)).collect::<Result<_, _>>()?;
    let pairs: Vec<(&Scenario, &TierAnswer)> = compounds.iter().map(|(s, t)| (s.as_ref(), t)).collect();
    let ranked = rank(&scale, &pairs);
    match args.output_format {
        OutputFormat::Human => Ok(ranking::table(&ranked, args.tier.word(), &scale)),
        OutputFormat::Json => {
            let all = serde_json::json!({ "tier": args.tier.word(), "scale": scale, "ranked": ranked });
            Ok(format!("{all}\n"))
        }
    }
}

/// A compound, and how it stands to the tier for its kind.
fn held_against(path: &Path, goal: Goal, prices: &Prices) -> Result<(Arc<Scenario>, TierAnswer), Failure> {
    let bug = |e: String| Failure::new(Exit::Bug, e);
    let scenario = crate::input::load(path)?.scenario;
    let (book, shipped) = (RuleBook::residential(), Tier::shipped());
    let (book, shipped) = (book.map_err(|e| bug(e.to_string()))?, shipped.map_err(|e| bug(e.to_string()))?);
    let caster = Caster::of(&scenario);
    let views = Views::of(&scenario, &caster);
    let answer = plan_with(&scenario, &caster, &views);
    let findings = rules::assess(&book, &scenario, (&caster, &views), &answer, None);
    let all = tiers((&shipped, prices), &scenario, &answer, &findings);
    let tier = all.into_iter().find(|t| t.name == goal.word());
    let tier =
        tier.ok_or_else(|| bug(format!("no tier `{}` is shipped for such a compound", goal.word())))?;
    Ok((scenario, tier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_compounds_are_ranked_with_reasons_and_payers() {
        let path = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name);
        // The yard again, of which nobody asked the owners.
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sites")).expect("a folder in it");
        let copied = std::fs::copy(path("sites/tiny.geojson"), folder.path().join("sites/tiny.geojson"));
        copied.expect("its geometry");
        let yard = std::fs::read_to_string(path("tiny.toml")).expect("the yard");
        let kept = yard.lines().filter(|line| !line.starts_with("owners_willing"));
        let unasked = kept.collect::<Vec<_>>().join("\n").replace("name = \"小院\"", "name = \"后院\"");
        std::fs::write(folder.path().join("unasked.toml"), unasked).expect("its scenario");
        let args = |output_format| Args {
            scenarios: vec![path("cuiyuan.toml"), path("tiny.toml"), folder.path().join("unasked.toml")],
            tier: Goal::Intermediate,
            prices: None,
            output_format,
        };
        let text = ranked(&args(OutputFormat::Human)).expect("a table");
        for part in [
            "to tier intermediate",
            "weights: willing 0.3333",
            "  1  小院",
            "70 % of owners willing",
            "crowdfunding (众筹)",
            "  2  翠苑",
            "  -  后院  not ranked",
            "not known: write `owners_willing` in [project]",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let json: serde_json::Value =
            serde_json::from_str(&ranked(&args(OutputFormat::Json)).expect("a document")).expect("JSON");
        assert_eq!(json["ranked"][0]["name"], "小院");
        let pays: f64 = json["ranked"][0]["pays"]
            .as_array()
            .expect("payers")
            .iter()
            .filter_map(|p| p["yuan"].as_f64())
            .sum();
        assert!((pays - json["ranked"][0]["cost_yuan"].as_f64().expect("a cost")).abs() < 1e-6);
    }
}
