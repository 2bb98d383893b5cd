//! What a run is held against.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::{Exit, Failure};
use super::Args;
use crate::input;
use crate::report::baseline::{Baselines, FILE};

/// The tolerance when none is typed.
const TOLERANCE: f64 = 0.05;

/// `5%` or `5`, as a share.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim().trim_end_matches('%').trim().parse().ok();
    let wrong = || format!("`{text}` is no percentage from 0 to 100, such as 5%");
    number.filter(|n| (0.0..=100.0).contains(n)).map(|n| n / 100.0).ok_or_else(wrong)
}

/// Files by name with their text, and options as they are typed.
type Kept = (Vec<(String, String)>, Vec<String>);

/// Files that the run's folder keeps of its baselines, and what was typed of them.
pub(super) fn kept(args: &Args, loaded: &input::Loaded, seed: u64) -> Result<Kept, Failure> {
    let Some(baselines) = baselines(args, loaded, seed)? else { return Ok((Vec::new(), Vec::new())) };
    let mut options: Vec<String> =
        args.baseline.iter().map(|path| format!("--baseline={}", path.display())).collect();
    if args.tolerance != TOLERANCE {
        options.push(format!("--tolerance={}%", args.tolerance * 100.0));
    }
    Ok((vec![(FILE.to_owned(), baselines.json()?)], options))
}

/// The runs that this one is held against; whatever can differ before anything is driven is said here.
fn baselines(args: &Args, loaded: &input::Loaded, seed: u64) -> Result<Option<Baselines>, Failure> {
    if args.baseline.is_empty() {
        return Ok(None);
    }
    for path in &args.baseline {
        let same = |out: &PathBuf| fs::canonicalize(out).ok().zip(fs::canonicalize(path).ok());
        if args.out.as_ref().and_then(same).is_some_and(|(out, baseline)| out == baseline) {
            let text = format!(
                "--out names the baseline `{}`, which it would write over; name another folder",
                path.display()
            );
            return Err(Failure::new(Exit::Usage, text));
        }
        let same = |name: &str, text: &str| fs::read_to_string(path.join(name)).is_ok_and(|t| t == text);
        // A folder that is no run's is named below.
        let made = path.join("scenario.toml").exists();
        let inputs = [("scenario.toml", &loaded.toml.text), ("site.geojson", &loaded.geometry.text)];
        if let Some((name, _)) = inputs.into_iter().find(|(name, text)| made && !same(name, text)) {
            let text = format!(
                "`{}` is no baseline of this run: its {name} is not that of {}\n  remedy: name a run of the same scenario, or \
                 drive the scenario of the baseline: `palisade run {}/scenario.toml`",
                path.display(),
                args.scenario.display(),
                path.display()
            );
            return Err(Failure::new(Exit::Input, text));
        }
    }
    let folders: Vec<&Path> = args.baseline.iter().map(PathBuf::as_path).collect();
    let baselines = Baselines::read(&folders, args.tolerance)?;
    let other = baselines.seeds().find(|(_, other)| *other != seed);
    match other {
        Some((run, other)) => {
            let text = format!(
                "`{run}` is no baseline of this run: its seed is {other}, not {seed}\n  remedy: add --seed {other}"
            );
            Err(Failure::new(Exit::Input, text))
        }
        None => Ok(Some(baselines)),
    }
}
