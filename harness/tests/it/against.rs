//! Before and after on the shipped yard: what is printed, what is written, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use palisade_sim::analysis::PlanReport;
use palisade_sim::analysis::against::{Fate, Turn};
use serde_json::Value;

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name)
}

fn plan(new: &str, old: &str, out: &Path, more: &[&str]) -> Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("plan").arg(scenario(new)).arg("--against").arg(scenario(old)).arg("--out").arg(out);
    Ok(command.args(["--fixes", "0", "--export", "xlsx"]).args(more).output()?)
}

/// The text with digests and folders of this machine taken out.
fn plain(output: &Output) -> Result<String> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone())?;
    let (head, rest) = text.split_once('\n').context("more than one line")?;
    let head: String =
        head.split('(').map(|part| part.split_once(')').map_or(part, |(_, after)| after)).collect();
    let rest: Vec<&str> = rest.lines().filter(|line| !line.starts_with("written to")).collect();
    Ok(format!("{head}\n{}", rest.join("\n")))
}

#[test]
fn the_shipped_change_of_the_yard_is_told() -> Result<()> {
    let out = tempfile::tempdir()?;
    let output = plan("plans/tiny-south-walk.toml", "tiny.toml", out.path(), &[])?;
    insta::assert_snapshot!(plain(&output)?);
    let text = fs::read_to_string(out.path().join("report.json"))?;
    let report: PlanReport = serde_json::from_str(&text)?;
    let told = report.against.context("the comparison is in the report")?;
    let fates: Vec<(&str, Fate)> = told.devices.iter().map(|d| (d.id.as_str(), d.fate)).collect();
    let expected = [
        ("beam-south-2", Fate::Changed),
        ("cam-middle", Fate::Changed),
        ("cam-south-walk", Fate::Added),
        ("cam-shed", Fate::Removed),
    ];
    assert_eq!(fates, expected, "the example is the yard but for these rows");
    ensure!(told.things.is_empty() && told.notes.is_empty() && !told.money.bill.is_empty());
    let map: geojson::FeatureCollection = fs::read_to_string(out.path().join("against.geojson"))?.parse()?;
    let of = |turn: &str| {
        let is = |f: &&geojson::Feature| {
            let property = |key: &str| f.property(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            property("turn") == turn && property("class") == "working" && property("light") == "day"
        };
        map.features.iter().filter(is).count()
    };
    let patches = |turn: Turn| told.day.patches.iter().filter(|p| p.turn == turn).count();
    assert_eq!([of("gained"), of("lost")], [patches(Turn::Gained), patches(Turn::Lost)]);
    let page = fs::read_to_string(out.path().join("plan.html"))?;
    for part in
        ["id=\"change-map\"", "class=\"gained\"", "class=\"lost\"", "ring added", "ring removed", "wall-lost"]
    {
        ensure!(page.contains(part), "plan.html lacks {part}");
    }
    Ok(())
}

#[test]
fn a_plan_s_report_obeys_the_committed_schema() -> Result<()> {
    let current = palisade::report::plan::schema()?;
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/schema/plan.schema.json");
    let remedy = "assets/schema/plan.schema.json is old: run `cargo run -- schema plan > assets/schema/plan.schema.json`";
    ensure!(fs::read_to_string(&committed).unwrap_or_default() == current, remedy);
    let out = tempfile::tempdir()?;
    let more = ["--what-if", "30"];
    let output = plan("plans/tiny-south-walk.toml", "tiny.toml", out.path(), &more)?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&fs::read_to_string(out.path().join("report.json"))?)?;
    let validator = jsonschema::validator_for(&serde_json::from_str(&current)?)?;
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    ensure!(errors.is_empty(), "{errors:#?}");
    ensure!(report["what_if"].as_array().is_some_and(|all| all.len() >= 30), "what-if is in the report");
    let page = fs::read_to_string(out.path().join("plan.html"))?;
    ensure!(page.contains("The worst of each sort"), "what-if is on the page");
    Ok(())
}

#[test]
fn plans_of_two_compounds_are_refused() -> Result<()> {
    let out = tempfile::tempdir()?;
    let output = plan("tiny.toml", "heping.toml", out.path(), &[])?;
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{error}");
    ensure!(
        error.contains("heping.toml") && error.contains("give both scenarios the same `origin`"),
        "{error}"
    );
    Ok(())
}
