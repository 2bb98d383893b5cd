//! `palisade run --find-limit`: the fleet is raised until a threshold breaks, and runs are repeated about there until
//! the knee is known.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use palisade_load::process::OpenFiles;

use super::super::say::{print, remark};
use super::super::{Exit, Failure, OutputFormat};
use crate::drivers::crowd::Fleet;
use crate::limit::{Search, Trial};
use crate::progress::Progress;
use crate::report;
use crate::report::limit::{FILE, Limit, LimitRun};
use crate::run::{Request, Stop, live, measure};

/// Runs after which the search ends, whatever is known.
const RUNS: usize = 40;

/// Searches fleets of at most `most` compounds; as many as the open-file limit allows when nothing is said.
pub(super) fn find(
    base: &Request,
    most: Option<u32>,
    several: &dyn Fn(u32) -> Result<Option<Fleet>, Failure>,
    format: OutputFormat,
) -> Result<Exit, Failure> {
    let stop = Stop::on_signals()?;
    let devices = base.loaded.scenario.devices.len();
    let each = super::files_each(base.faults.is_some()) * devices.max(1) as u64;
    let allowed = OpenFiles::raised().connections() / each;
    let most = most.unwrap_or(10_000).min(u32::try_from(allowed).unwrap_or(u32::MAX)).max(1);
    let folder = base.out.clone().unwrap_or_else(|| unnamed(&base.path));
    let Some(day) = live(&base.loaded, base.seed, &stop, &Progress::new())? else {
        return Ok(Exit::Interrupted);
    };
    let limit = |search: &Search, runs: Vec<LimitRun>| {
        Limit::of(search, (base.path.display().to_string(), base.seed, devices), runs)
    };
    let mut search = Search::new(most);
    let mut runs: Vec<LimitRun> = Vec::new();
    // Why the search ended before its answer.
    let mut ended = None;
    while let Some(fleet) = search.next().filter(|_| runs.len() < RUNS && !stop.asked()) {
        let request = Request {
            fleet: several(fleet)?,
            out: Some(folder.join(format!("{:02}-fleet-{fleet}", runs.len() + 1))),
            day: Some(day.clone()),
            // The harness's own share is the same each time.
            floor: base.floor && runs.is_empty(),
            told: Arc::new(OnceLock::new()),
            ..base.clone()
        };
        let measured = measure(&request, &stop, &Progress::new())?;
        let cut = measured.trouble.is_some();
        let report = report::make(&measured.folder)?;
        let run = LimitRun::of(fleet, &report, &base.loaded.scenario.file.drive, measured.folder);
        remark(format_args!(
            "fleet {fleet}: {}{}",
            run.verdict,
            if run.why.is_empty() { String::new() } else { format!(", {}", run.why) }
        ));
        // A compound alone that cannot reach the gateway says nothing of load.
        let reached = report.windows.iter().any(|window| window.part == "main");
        match report.exit() {
            Exit::Ok => search.take(Trial { fleet, pass: true }),
            Exit::Verdict => search.take(Trial { fleet, pass: false }),
            Exit::Sut if fleet > 1 || reached => search.take(Trial { fleet, pass: false }),
            // Once may be the machine's hiccup; twice it cannot be measured here. A disk that is full stays full.
            Exit::Harness if !cut && (fleet > 1 || !search.was_void(fleet)) => search.void(fleet),
            exit => ended = Some(exit),
        }
        runs.push(run);
        if ended.is_some() {
            break;
        }
    }
    let limit = limit(&search, runs);
    write(&folder, &limit)?;
    let text = match format {
        OutputFormat::Human => limit.text(&folder),
        OutputFormat::Json => {
            serde_json::to_string_pretty(&limit).map_err(|e| Failure::new(Exit::Bug, e))? + "\n"
        }
    };
    // As with one run: the file is kept, and the verdict stays.
    if let Err(why) = print(&text) {
        remark(why);
    }
    Ok(match ended {
        Some(exit) => exit,
        None if stop.asked() => Exit::Interrupted,
        // A gateway that does not bear its own compound is no question of load.
        None if search.fails_alone() => Exit::Verdict,
        None => Exit::Ok,
    })
}

fn unnamed(scenario: &Path) -> PathBuf {
    let stem = scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let time = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%SZ");
    Path::new("results").join(format!("{stem}-limit-{time}"))
}

fn write(folder: &Path, limit: &Limit) -> Result<(), Failure> {
    let path = folder.join(FILE);
    let json = serde_json::to_string_pretty(limit).map_err(|e| Failure::new(Exit::Bug, e))? + "\n";
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, json));
    written.map_err(|error| {
        let text = format!(
            "{} could not be written: {error}\n  remedy: name another folder with --out DIR",
            path.display()
        );
        Failure::new(Exit::Harness, text)
    })
}
