//! What a run is held against.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::say::remark;
use super::super::{Exit, Failure};
use super::Args;
use crate::input;
use crate::record::{FAULTS, SHAPE};
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

/// Files that the run's folder keeps of its baselines and of what loads and disturbs it, and what was typed of the
/// baselines.
pub(super) fn kept(args: &Args, loaded: &input::Loaded, seed: u64) -> Result<Kept, Failure> {
    let mut files = Vec::new();
    for (file, name) in [(&args.fault, FAULTS), (&args.shape, SHAPE)] {
        // What cannot be read is said, with its remedy, by whoever reads what is in it.
        let text = file.as_ref().and_then(|file| fs::read_to_string(file).ok());
        files.extend(text.map(|text| (name.to_owned(), text)));
    }
    let Some(baselines) = baselines(args, loaded, seed)? else { return Ok((files, Vec::new())) };
    let mut options: Vec<String> =
        args.baseline.iter().map(|path| format!("--baseline={}", path.display())).collect();
    if args.tolerance != TOLERANCE {
        options.push(format!("--tolerance={}%", args.tolerance * 100.0));
    }
    files.push((FILE.to_owned(), baselines.json()?));
    Ok((files, options))
}

/// The runs that this one is held against. One that cannot be compared is said before anything is driven, and again in
/// the report; it is no reason not to drive.
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
    }
    let folders: Vec<&Path> = args.baseline.iter().map(PathBuf::as_path).collect();
    let baselines = Baselines::read(&folders, args.tolerance)?;
    for (path, (run, other)) in args.baseline.iter().zip(baselines.seeds()) {
        let inputs = [("scenario.toml", &loaded.toml.text), ("site.geojson", &loaded.geometry.text)];
        let differs = |name: &str, text: &str| fs::read_to_string(path.join(name)).is_ok_and(|t| t != text);
        let told = match inputs.into_iter().find(|(name, text)| differs(name, text)) {
            Some((name, _)) => format!("its {name} is not that of {}", args.scenario.display()),
            None if other != seed => {
                format!("its seed is {other}, not {seed}; --seed {other} drives its day")
            }
            None => continue,
        };
        remark(format_args!(
            "`{run}` is no baseline of this run: {told}; the run goes on, and is not held against it"
        ));
    }
    Ok(Some(baselines))
}
