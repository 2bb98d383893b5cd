//! Baselines of a run: what is kept of them in its folder, and the comparison made from it.

use std::fs;
use std::path::Path;

use super::assemble::{Assembled, assemble};
use super::folder::{self, Folder};
use super::write::bug;
use crate::baseline::{Comparison, Facts, Sample, Standing, compare};
use crate::exit::{Exit, Failure};
use crate::pairing::Outcome;
use crate::record::{FAULTS, SHAPE, digest};

/// The file in a run's folder that keeps its baselines, so that its report can be made again without them.
pub const FILE: &str = "baselines.json";

/// What a run is held against.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Baselines {
    /// A change of no more than this share of the baseline's figure does not matter.
    pub tolerance: f64,
    /// The earlier runs.
    pub runs: Vec<Facts>,
}

impl Baselines {
    /// Reads run folders that are to be baselines.
    ///
    /// # Errors
    /// Exit 3 when one is not a run's, was cut, or its own harness was too slow: nothing can be held against it.
    pub fn read(folders: &[&Path], tolerance: f64) -> Result<Baselines, Failure> {
        let runs = folders.iter().map(|path| read(path)).collect::<Result<Vec<Facts>, Failure>>()?;
        Ok(Baselines { tolerance, runs })
    }

    /// Folder and seed of each run.
    pub fn seeds(&self) -> impl Iterator<Item = (&str, u64)> {
        self.runs.iter().map(|facts| (facts.run.as_str(), facts.seed))
    }

    /// The text of [`FILE`].
    ///
    /// # Errors
    /// Only for a bug.
    pub fn json(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|error| bug(FILE, error))
    }
}

fn read(path: &Path) -> Result<Facts, Failure> {
    let folder = folder::read(path)?;
    let assembled = assemble(&folder);
    let report = &assembled.report;
    let why = if report.partial {
        "it was cut before its end".to_owned()
    } else if !report.harness.valid {
        format!("its own harness cannot be trusted ({})", report.harness.reasons.join("; "))
    } else {
        return Ok(facts(&folder, &assembled));
    };
    let path = path.display();
    let text =
        format!("`{path}` is no baseline: {why}\n  remedy: name a run that ended by itself and is not void");
    Err(Failure::new(Exit::Input, text))
}

/// What of a run is needed to hold another against it. What devices said because of commands or floods is left out: its number
/// is no stimulus of the tape. So is what could not be judged: that is the harness's own, and no loss of the gateway.
fn facts(folder: &Folder, assembled: &Assembled) -> Facts {
    let journal = &folder.journal;
    let main = || journal.windows.iter().filter(|w| w.part == "main");
    let first_us = main().map(|w| w.began_us).min().unwrap_or_default();
    let judged = assembled.main.messages.iter().filter(|m| m.answer.outcome != Outcome::Undecidable);
    let samples = judged.filter(|m| m.because.is_none()).map(|m| Sample {
        stimulus: m.answer.stimulus.0,
        class: m.class.clone(),
        at_us: m.answer.intended_us - first_us,
        response_us: m.answer.observed_us.map(|seen| seen - m.answer.intended_us),
        answered: m.answer.outcome == Outcome::Answered,
        name: m.name(),
    });
    let floor = assembled.floor.messages.iter();
    Facts {
        run: folder.path.display().to_string(),
        seed: assembled.report.scenario.seed,
        digest: assembled.report.tape.digest.clone(),
        scenario: folder.tape.as_ref().map(|tape| tape.scenario_digest.clone()).unwrap_or_default(),
        windows: main().map(|w| (w.from.0, w.lasting.0)).collect(),
        conditions: conditions(folder),
        samples: samples.collect(),
        floor_us: floor.filter_map(|m| Some(m.answer.observed_us? - m.answer.intended_us)).collect(),
    }
}

/// What loaded and disturbed the gateway. A file counts by its text, of which the run's folder has a copy: its name may
/// be typed in many ways, and what it says may change under the same name.
fn conditions(folder: &Folder) -> Vec<String> {
    let by_text = |option: &str, key: &str, file: &str| match fs::read(folder.path.join(file)) {
        Ok(text) => format!("{key} with digest {:016x}", digest(&text)),
        Err(_) => option.to_owned(),
    };
    let options = folder.journal.start.iter().flat_map(|s| &s.options);
    let counted = options.filter_map(|option| match option.split_once('=')?.0 {
        "--fleet" => Some(option.clone()),
        key @ "--shape" => Some(by_text(option, key, SHAPE)),
        key @ "--fault" => Some(by_text(option, key, FAULTS)),
        _ => None,
    });
    counted.collect()
}

/// Holds a run against the baselines in its folder. Nothing when it has none.
pub(super) fn of_run(folder: &Folder, assembled: &Assembled) -> Option<Comparison> {
    let text = fs::read_to_string(folder.path.join(FILE)).ok()?;
    let comparison = match serde_json::from_str::<Baselines>(&text) {
        Ok(kept) => compare(&facts(folder, assembled), &kept.runs, kept.tolerance),
        Err(error) => {
            let why = format!("it cannot be held against its baselines: {FILE} cannot be read: {error}");
            Comparison { outcome: Standing::Incomparable, remarks: vec![why], ..Comparison::default() }
        }
    };
    Some(comparison)
}

/// Puts the comparison into the report. A run that is worse than its baselines fails; one that cannot be compared with
/// them does not: that is no word about its gateway.
pub(super) fn apply(assembled: &mut Assembled, comparison: Comparison) {
    let report = &mut assembled.report;
    report.verdict.pass &= comparison.pass();
    report.verdict.reasons.extend(comparison.reasons.iter().cloned());
    report.baseline = Some(comparison);
    report.exit = report.exit() as u8;
}
