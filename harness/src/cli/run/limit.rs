//! `palisade run --find-limit`: the fleet is raised until a threshold breaks, and runs are repeated about there until
//! the knee is known.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use palisade_load::process::OpenFiles;
use serde::Serialize;

use super::super::{Exit, Failure, OutputFormat};
use crate::drivers::crowd::Fleet;
use crate::limit::{Knee, Search, Trial};
use crate::progress::Progress;
use crate::report::{self, Report};
use crate::run::{Request, Stop, live, measure};

/// Runs after which the search ends, whatever is known.
const RUNS: usize = 40;
/// The file of the answer in the search's folder.
const FILE: &str = "limit.json";

/// What the search came to.
#[derive(Debug, Serialize)]
struct Answer {
    /// Version of this format: 1.
    format: u32,
    /// The scenario's path as typed.
    scenario: String,
    /// The seed.
    seed: u64,
    /// Devices of one compound.
    devices: usize,
    /// Compounds at which half of the runs pass; nothing when none broke a threshold.
    knee: Option<f64>,
    /// The knee lies between these with 90 % probability.
    between: Option<[f64; 2]>,
    /// The same in a sentence.
    told: String,
    /// Each run, in order.
    runs: Vec<Row>,
}

/// One run.
#[derive(Debug, Serialize)]
struct Row {
    fleet: u32,
    /// `pass`, `fail`, or `void` when the harness itself was too slow.
    verdict: &'static str,
    expected: usize,
    answered: usize,
    response_p50_ms: Option<f64>,
    response_p99_ms: Option<f64>,
    /// Its folder.
    folder: PathBuf,
    /// The first reason of a run that did not pass.
    why: String,
}

/// Searches fleets of at most `most` compounds; as many as the open-file limit allows when nothing is said.
pub(super) fn find(
    base: &Request,
    most: Option<u32>,
    several: &dyn Fn(u32) -> Result<Option<Fleet>, Failure>,
    format: OutputFormat,
) -> Result<Exit, Failure> {
    let stop = Stop::on_signals()?;
    let devices = base.loaded.scenario.devices.len();
    let allowed = OpenFiles::raised().connections() / devices.max(1) as u64;
    let most = most.unwrap_or(10_000).min(u32::try_from(allowed).unwrap_or(u32::MAX)).max(1);
    let folder = base.out.clone().unwrap_or_else(|| unnamed(&base.path));
    let Some(day) = live(&base.loaded, base.seed, &stop, &Progress::new())? else {
        return Ok(Exit::Interrupted);
    };
    let mut search = Search::new(most);
    let mut rows: Vec<Row> = Vec::new();
    while let Some(fleet) = search.next().filter(|_| rows.len() < RUNS && !stop.asked()) {
        let request = Request {
            fleet: several(fleet)?,
            out: Some(folder.join(format!("{:02}-fleet-{fleet}", rows.len() + 1))),
            day: Some(day.clone()),
            // The harness's own share is the same each time.
            floor: base.floor && rows.is_empty(),
            told: Arc::new(OnceLock::new()),
            ..base.clone()
        };
        let measured = measure(&request, &stop, &Progress::new())?;
        let report = report::make(&measured.folder)?;
        let row = row(fleet, &report, measured.folder);
        eprintln!(
            "fleet {fleet}: {}{}",
            row.verdict,
            if row.why.is_empty() { String::new() } else { format!(", {}", row.why) }
        );
        match report.exit() {
            Exit::Ok => search.take(Trial { fleet, pass: true }),
            Exit::Verdict | Exit::Sut => search.take(Trial { fleet, pass: false }),
            Exit::Harness if fleet > 1 => search.cap(fleet - 1),
            // Alone it cannot be measured here, or somebody stopped it.
            exit => {
                rows.push(row);
                write(&folder, &answer(base, devices, &search, rows))?;
                return Ok(exit);
            }
        }
        rows.push(row);
    }
    let answer = answer(base, devices, &search, rows);
    write(&folder, &answer)?;
    let text = match format {
        OutputFormat::Human => text(&answer, &folder),
        OutputFormat::Json => {
            serde_json::to_string_pretty(&answer).map_err(|e| Failure::new(Exit::Bug, e))? + "\n"
        }
    };
    super::print(&text);
    let alone = search.trials().iter().any(|t| t.fleet == 1 && !t.pass) && search.knee().high < 2.0;
    Ok(match stop.asked() {
        true => Exit::Interrupted,
        // A gateway that does not bear its own compound is no question of load.
        false if alone => Exit::Verdict,
        false => Exit::Ok,
    })
}

fn unnamed(scenario: &Path) -> PathBuf {
    let stem = scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let time = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%SZ");
    Path::new("results").join(format!("{stem}-limit-{time}"))
}

fn row(fleet: u32, report: &Report, folder: PathBuf) -> Row {
    let verdict = match report.exit() {
        Exit::Ok => "pass",
        Exit::Harness => "void",
        _ => "fail",
    };
    Row {
        fleet,
        verdict,
        expected: report.outcomes.expected,
        answered: report.outcomes.answered,
        response_p50_ms: report.latency_all_ms.response.p50,
        response_p99_ms: report.latency_all_ms.response.p99,
        folder,
        why: report.harness.reasons.first().or(report.verdict.reasons.first()).cloned().unwrap_or_default(),
    }
}

fn answer(base: &Request, devices: usize, search: &Search, runs: Vec<Row>) -> Answer {
    let broke = search.trials().iter().any(|t| !t.pass);
    let Knee { fleet, low, high } = search.knee();
    let told = told(search, devices, &runs);
    Answer {
        format: 1,
        scenario: base.path.display().to_string(),
        seed: base.seed,
        devices,
        knee: broke.then_some(fleet),
        between: broke.then_some([low, high]),
        told,
        runs,
    }
}

fn told(search: &Search, devices: usize, rows: &[Row]) -> String {
    let (most, runs) = (search.most(), rows.len());
    let bound = match rows.iter().any(|r| r.verdict == "void") {
        true => {
            format!("; larger fleets could not be driven on this machine, the harness was late above {most}")
        }
        false => String::new(),
    };
    if !search.trials().iter().any(|t| !t.pass) {
        let largest = search.trials().iter().map(|t| t.fleet).max().unwrap_or_default();
        return format!(
            "no threshold broke up to {largest} compounds ({} devices), in {runs} runs: the limit lies above{bound}",
            largest as usize * devices
        );
    }
    let Knee { fleet, low, high } = search.knee();
    if high < 1.5 {
        let why = rows.iter().find(|r| r.verdict == "fail").map_or("", |r| r.why.as_str());
        return format!(
            "a run with one compound ({devices} devices) fails already, in {runs} runs: {why}{bound}"
        );
    }
    format!(
        "half of the runs pass at {fleet:.1} compounds ({:.0} devices), with 90 % probability between {low:.1} and {high:.1}, \
         by {runs} runs{bound}",
        fleet * devices as f64
    )
}

fn write(folder: &Path, answer: &Answer) -> Result<(), Failure> {
    let path = folder.join(FILE);
    let json = serde_json::to_string_pretty(answer).map_err(|e| Failure::new(Exit::Bug, e))? + "\n";
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, json));
    written.map_err(|error| {
        let text = format!(
            "{} could not be written: {error}\n  remedy: name another folder with --out DIR",
            path.display()
        );
        Failure::new(Exit::Harness, text)
    })
}

fn text(answer: &Answer, folder: &Path) -> String {
    let mut out = format!("limit  {}, seed {}\n\n", answer.scenario, answer.seed);
    out += "    fleet  verdict   answered       response p50 / p99  why\n";
    for row in &answer.runs {
        let ms = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.2}"));
        let share = format!("{} / {}", row.answered, row.expected);
        let response = format!("{} / {} ms", ms(row.response_p50_ms), ms(row.response_p99_ms));
        let why: String = row.why.chars().take(60).collect();
        // Writing into a string does not fail.
        let _ = writeln!(out, "  {:>7}  {:<7} {share:>12}  {response:>22}  {why}", row.fleet, row.verdict);
    }
    let _ = write!(out, "\n  {}\n  {}/{FILE}\n", answer.told, folder.display());
    out
}
