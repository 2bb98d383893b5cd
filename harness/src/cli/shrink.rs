//! `palisade shrink`: the smallest scenario that still fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::words::counted;
use palisade_sim::model::load::{SourceText, load};
use palisade_sim::words::Ms;
use toml_edit::DocumentMut;

use super::run::{print, sut};
use super::{Exit, Failure};
use crate::input::{self, Loaded};
use crate::progress::Progress;
use crate::reference::Defects;
use crate::report;
use crate::report::explain::{Failing, failing};
use crate::run::{Request, Stop, measure};
use crate::shrink::{self, Row, driving, least, rows, without};

/// Lengths of the window before the message that are tried, the shortest first.
const LEADS: [Ms; 4] = [Ms(500), Ms(2_000), Ms(5_000), Ms(10_000)];
/// Listening and driving after the message's deadline.
const TAIL: Ms = Ms(500);
/// The geometry beside the shrunk scenario.
const GEOMETRY: &str = "site.geojson";

/// Options of `palisade shrink`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The run's folder.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The message that failed: its id on the wire, or its number on the tape; the first one when not given.
    id: Option<String>,
    /// Where the scenario is written; `shrunk` in the run's folder when not given.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How long may be tried.
    #[arg(long, value_name = "TIME", default_value = "5m")]
    budget: palisade_sim::model::scenario::Duration,
    /// Another gateway than the run's, as `palisade run --sut` takes it.
    #[arg(long, value_name = "ADDRESS")]
    sut: Option<String>,
}

/// What is tried again and again.
struct Bench<'a> {
    failing: &'a Failing,
    request: Request,
    geometry: SourceText,
    work: PathBuf,
    until: Instant,
    stop: Stop,
    runs: usize,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let failing = failing(&args.run, args.id.as_deref())?;
    let out = args.out.clone().unwrap_or_else(|| args.run.join("shrunk"));
    let mut bench = bench(args, &failing, &out)?;
    let text = bench.request.loaded.toml.text.clone();
    let mut document: DocumentMut = text.parse().map_err(|error| Failure::new(Exit::Input, error))?;
    document["site"]["geometry"] = toml_edit::value(GEOMETRY);
    let Some(window) = bench.window(&document)? else {
        let text = format!(
            "{} does not come again: in {} of its seconds alone, it was answered as it should be\n  remedy: it needs what \
             happened before, or comes by chance; drive the whole run again, or name another message",
            failing.name,
            counted(bench.runs, "run")
        );
        return Err(Failure::new(Exit::Verdict, text));
    };
    let all = rows(&window);
    // Whoever reports cannot go.
    let (own, others): (Vec<Row>, Vec<Row>) = all.iter().cloned().partition(|row| row.name == failing.device);
    let kept = least(&others, &mut |left| {
        let gone: Vec<Row> = others.iter().filter(|row| !left.contains(row)).cloned().collect();
        bench.fails(&without(&window, &gone))
    });
    let gone: Vec<Row> = others.iter().filter(|row| !kept.contains(row)).cloned().collect();
    let smallest = without(&window, &gone);
    write(&out, &smallest, &bench)?;
    let _ = fs::remove_dir_all(&bench.work);
    let rows = (own.len() + kept.len(), all.len());
    print(&told(&failing, &out, &bench, rows, args));
    Ok(if bench.stop.asked() { Exit::Interrupted } else { Exit::Ok })
}

fn told(
    failing: &Failing,
    out: &Path,
    bench: &Bench<'_>,
    (left, all): (usize, usize),
    args: &Args,
) -> String {
    let address = args.sut.as_deref().unwrap_or(&failing.sut);
    let defects =
        if failing.defects.is_empty() { String::new() } else { format!(" --defect {}", failing.defects) };
    let cut = if Instant::now() >= bench.until { " (there was no time for more; see --budget)" } else { "" };
    format!(
        "{} is still {} with {left} of {all} rows of kit, cast and script{cut}, by {}\n  next   palisade run {}/scenario.toml --seed {} --no-floor --sut {address}{defects}\n",
        failing.name,
        failing.outcome.replace('_', " "),
        counted(bench.runs, "run"),
        out.display(),
        failing.seed
    )
}

fn bench<'a>(args: &Args, failing: &'a Failing, out: &Path) -> Result<Bench<'a>, Failure> {
    let read = |name: &str| -> Result<SourceText, Failure> {
        let path = args.run.join(name);
        let text = fs::read_to_string(&path)
            .map_err(|error| Failure::new(Exit::Input, format!("cannot read {}: {error}", path.display())))?;
        Ok(SourceText { name: name.to_owned(), text })
    };
    let (toml, geometry) = (read("scenario.toml")?, read(GEOMETRY)?);
    let scenario = load(&toml, Some(&geometry)).map_err(|problems| {
        Failure::new(Exit::Input, input::Wrong::Problems(problems).render(input::colour_on_stderr()))
    })?;
    let loaded = Loaded { scenario: Arc::new(scenario), toml, geometry: geometry.clone() };
    let defects: Option<Defects> = (!failing.defects.is_empty())
        .then(|| failing.defects.parse())
        .transpose()
        .map_err(|error: crate::reference::defects::BadSpec| Failure::new(Exit::Input, error))?;
    let address = args.sut.as_deref().unwrap_or(&failing.sut);
    let gateway = sut(address, defects.as_ref(), &input::kit(&loaded.scenario))?;
    let budget = Duration::from_millis(args.budget.0.0.unsigned_abs());
    Ok(Bench {
        failing,
        geometry,
        work: out.join("tries"),
        until: Instant::now() + budget,
        stop: Stop::on_signals()?,
        runs: 0,
        request: Request {
            seed: failing.seed,
            fleet: None,
            faults: None,
            path: args.run.join("scenario.toml"),
            out: None,
            windows: None,
            sut: gateway,
            floor: false,
            serial: Vec::new(),
            commands: Vec::new(),
            day: None,
            kept: Vec::new(),
            told: Arc::new(OnceLock::new()),
            options: Vec::new(),
            loaded,
        },
    })
}

impl Bench<'_> {
    /// The document that drives the fewest seconds in which it still fails; nothing when it does not come again.
    fn window(&mut self, document: &DocumentMut) -> Result<Option<DocumentMut>, Failure> {
        for lead in LEADS {
            let from = Ms((self.failing.due.0 - lead.0).max(0));
            let lasting = Ms(self.failing.due.0 - from.0 + TAIL.0);
            let shorter = driving(document, &from.to_string(), &format!("{}ms", lasting.0));
            match self.fails(&shorter) {
                Some(true) => return Ok(Some(shorter)),
                Some(false) => {}
                None => {
                    let text = "there was no time to drive it once; see --budget";
                    return Err(Failure::new(Exit::Harness, text));
                }
            }
        }
        Ok(None)
    }

    /// Whether the scenario still fails; nothing when there is no time left. One that is not sound does not.
    fn fails(&mut self, document: &DocumentMut) -> Option<bool> {
        if Instant::now() >= self.until || self.stop.asked() {
            return None;
        }
        let toml = SourceText { name: "scenario.toml".into(), text: document.to_string() };
        let Ok(scenario) = load(&toml, Some(&self.geometry)) else { return Some(false) };
        self.runs += 1;
        let loaded = Loaded { scenario: Arc::new(scenario), toml, geometry: self.geometry.clone() };
        let request = Request {
            loaded,
            out: Some(self.work.clone()),
            told: Arc::new(OnceLock::new()),
            ..self.request.clone()
        };
        let measured = measure(&request, &self.stop, &Progress::silent()).ok()?;
        let report = report::make(&measured.folder).ok()?;
        if self.stop.asked() {
            return None;
        }
        let same = |f: &report::model::FailurePart| {
            (&f.outcome, &f.device, &f.signal)
                == (&self.failing.outcome, &self.failing.device, &self.failing.signal)
        };
        let fails = report.failures.iter().any(same);
        let all = shrink::rows(document).len();
        eprintln!(
            "try {}: {}, {}",
            self.runs,
            counted(all, "row"),
            if fails { "still fails" } else { "does not fail" }
        );
        Some(fails)
    }
}

fn write(out: &Path, document: &DocumentMut, bench: &Bench<'_>) -> Result<(), Failure> {
    let head = format!(
        "# Made by `palisade shrink`: the smallest scenario in which {} is still {}.\n",
        bench.failing.name,
        bench.failing.outcome.replace('_', " ")
    );
    let files = [("scenario.toml", head + &document.to_string()), (GEOMETRY, bench.geometry.text.clone())];
    for (name, text) in files {
        let path = out.join(name);
        let written = fs::create_dir_all(out).and_then(|()| fs::write(&path, text));
        written.map_err(|error| {
            let text = format!(
                "{} could not be written: {error}\n  remedy: name another folder with --out DIR",
                path.display()
            );
            Failure::new(Exit::Harness, text)
        })?;
    }
    Ok(())
}
