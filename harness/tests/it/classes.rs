//! What a gateway must not do fails a run, whether or not the scenario has a word for it: a bent gateway for each class of
//! answer, against the shipped scenario and against one without thresholds.

use std::fs;
use std::path::Path;
use std::process::Child;

use anyhow::{Context, Result, ensure};
use palisade::report;
use palisade_sim::model::load::{SourceText, load};
use palisade_sim::whole::Tape;

use crate::tiny::Tiny;

/// A class, and a defect that makes a gateway guilty of it.
const BENT: [(&str, &str); 6] = [
    ("missed", "drop=0.5"),
    ("wrong", "severity-swapped"),
    ("duplicate", "duplicate=0.5"),
    ("out_of_order", "reorder=0.5"),
    ("late", "delay=2500ms"),
    ("spurious", "spurious-alarm=1"),
];

/// Takes the thresholds out of a run's scenario, and says to its tape that it was made of that one.
fn forget_thresholds(run: &Path) -> Result<()> {
    let text = fs::read_to_string(run.join("scenario.toml"))?;
    let (before, rest) = text.split_once("\n[thresholds]").context("no thresholds")?;
    let (_, after) = rest.split_once("\n[").context("nothing follows the thresholds")?;
    let text = format!("{before}\n[{after}");
    fs::write(run.join("scenario.toml"), &text)?;
    let source = |name: &str, text: String| SourceText { name: name.into(), text };
    let geometry = source("site.geojson", fs::read_to_string(run.join("site.geojson"))?);
    let scenario = load(&source("scenario.toml", text), Some(&geometry)).ok().context("it loads")?;
    ensure!(scenario.file.thresholds.is_empty(), "{:?}", scenario.file.thresholds);
    let mut tape = Tape::from_bytes(&fs::read(run.join("tape.bin"))?)?;
    tape.scenario_digest = scenario.digest;
    Ok(fs::write(run.join("tape.bin"), tape.to_bytes())?)
}

/// The class's own threshold holds or not, and whether nobody typed it.
fn check(report: &report::Report, class: &str) -> Result<(bool, bool)> {
    let check = report.verdict.checks.iter().find(|check| check.figure == class);
    let check = check.with_context(|| format!("no check of {class}: {:?}", report.verdict.checks))?;
    Ok((check.pass, check.implied))
}

/// Starts twelve seconds of the tiny night against the built-in gateway, bent or not.
fn start(bend: &[&str]) -> Result<(Tiny, Child)> {
    let tiny = Tiny::with(&[("wrong = \"== 0\"\n", "")])?;
    let run = tiny.command(&[&["--windows", "02:14:00+12s"][..], bend].concat()).spawn()?;
    Ok((tiny, run))
}

/// The report as it was made, the one without thresholds, and what the run said.
fn ended((tiny, run): (Tiny, Child)) -> Result<(Tiny, report::Report, report::Report, String)> {
    let output = run.wait_with_output()?;
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    let shipped = report::make(&tiny.out()).with_context(|| said.clone())?;
    ensure!(output.status.code() == Some(i32::from(shipped.exit)), "{said}");
    forget_thresholds(&tiny.out())?;
    let bare = report::make(&tiny.out())?;
    ensure!(bare.tape.stimuli > 0, "the tape was left out: {:?}", bare.notes);
    Ok((tiny, shipped, bare, said))
}

#[test]
fn a_gateway_bent_in_one_way_fails_by_its_own_class_and_a_healthy_one_passes_without_thresholds() -> Result<()>
{
    let runs = BENT.map(|(class, defect)| (class, start(&["--defect", defect])));
    for (class, run) in runs {
        let (tiny, shipped, bare, said) = ended(run?)?;
        let typed = ["missed", "duplicate"].contains(&class);
        ensure!(shipped.exit == 5 && check(&shipped, class)? == (false, !typed), "{class}: {said}");
        ensure!(bare.exit == 5 && check(&bare, class)? == (false, true), "{class}: {:?}", bare.verdict);
        let junit = fs::read_to_string(tiny.out().join("junit.xml"))?;
        let case = format!("<testcase name=\"{class} == 0 (unasked)\"");
        ensure!(junit.contains(&case) && junit.contains("<failure"), "{class}: {junit}");
    }
    // By itself: seven at once leave it little of the machine.
    let (_, shipped, bare, said) = ended(start(&[])?)?;
    ensure!(shipped.exit == 0 && bare.exit == 0, "{said} {:?}", bare.verdict);
    ensure!(bare.verdict.checks.iter().all(|check| check.implied), "{:?}", bare.verdict.checks);
    Ok(())
}
