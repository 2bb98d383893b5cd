//! `palisade shrink`: the smallest scenario that still fails.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use palisade_sim::contract::Stimulus;
use palisade_sim::model::ScenarioFile;
use palisade_sim::model::drive::Window;
use palisade_sim::model::load::{SourceText, load};
use palisade_sim::model::scenario::{Device, Duration as Length, TimeOfDay};
use palisade_sim::whole::Day;
use palisade_sim::words::Ms;
use toml_edit::DocumentMut;

use super::run::{disturb, files_each, fleet, is_heard_over_a_broker, sut};
use super::say::{print, remark};
use super::{Exit, Failure};
use crate::drivers::between::Plan;
use crate::drivers::crowd::Fleet;
use crate::fault;
use crate::input::{self, Loaded};
use crate::progress::Progress;
use crate::record::{FAULTS, SHAPE};
use crate::reference::Defects;
use crate::report;
use crate::report::failing::{Failing, Target, failing};
use crate::report::told::quoted;
use crate::run::{Request, Stop, live, measure};
use crate::schedule;
use crate::shape::{self, Shape};
use crate::shrink::{Row, driving, fault_rows, least, rows, settle, shape_rows, without};
use crate::words::counted;

/// Lengths of the window before the message that are tried, the shortest first.
const LEADS: [Ms; 4] = [Ms(500), Ms(2_000), Ms(5_000), Ms(10_000)];
/// Driving goes on for so long after the message is due, at least; its answer may come in the drain that follows.
const TAIL: Ms = Ms(500);
/// A scenario that does not fail is driven so often before that is believed: failures may come by chance.
const TRIES: usize = 2;
/// What is left is driven so often again, to tell how often it fails.
const AGAIN: u32 = 4;
/// The shrunk scenario, and what it begins with.
const SCENARIO: &str = "scenario.toml";
const MADE: &str = "# Made by `palisade shrink`";
/// The geometry beside the shrunk scenario.
const GEOMETRY: &str = "site.geojson";

/// Options of `palisade shrink`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The run's folder.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// What failed: a message's id on the wire or its number on the tape, or the figure of a threshold that does not hold,
    /// such as response.p99; the first message that failed when not given, or else the first threshold.
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

/// What is driven in one try.
#[derive(Clone, Debug)]
struct Case {
    scenario: DocumentMut,
    faults: Option<DocumentMut>,
    shape: Option<DocumentMut>,
    compounds: u32,
}

/// What the numbers of [`Case::sizes`] count.
const SIZES: [&str; 4] = ["rows of kit, cast and script", "rows of faults", "rows of the shape", "compounds"];

impl Case {
    fn sizes(&self) -> [usize; 4] {
        let faults = self.faults.as_ref().map_or(0, |document| fault_rows(document).len());
        let shape = self.shape.as_ref().map_or(0, |document| shape_rows(document).len());
        [rows(&self.scenario).len(), faults, shape, self.compounds as usize]
    }
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
    /// Cases that failed, each smaller than the one before.
    failed: Vec<Case>,
    /// The longest try.
    longest: Duration,
    /// There was no time to try everything.
    cut: bool,
    /// Defects of the run's own gateway; empty for another one.
    defects: String,
    /// Runs that could not be judged, and why the last one could not.
    unjudged: (usize, String),
}

/// How often a case failed that was driven again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Again {
    failed: u32,
    driven: u32,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let failing = failing(&args.run, args.id.as_deref())?;
    let out = args.out.clone().unwrap_or_else(|| args.run.join("shrunk"));
    if out.canonicalize().is_ok_and(|out| args.run.canonicalize().is_ok_and(|run| run == out)) {
        let text =
            "--out names the run's own folder, whose scenario would be overwritten\n  remedy: name another";
        return Err(Failure::new(Exit::Usage, text));
    }
    let mut bench = bench(args, &failing, &out)?;
    let whole = whole(args, &bench)?;
    let Some(mut best) = bench.seconds(&whole)? else {
        let text = format!(
            "it does not come again that {}: {} of its seconds alone were as they should be{}\n  remedy: it needs what happened \
             before, or comes by chance; drive the whole run again, or name something else that failed",
            failing.told,
            counted(bench.runs, "run"),
            bench.unjudged()
        );
        return Err(Failure::new(Exit::Verdict, text));
    };
    bench.fleet(&mut best);
    bench.fewer(&mut best, |case| &mut case.faults, fault_rows);
    bench.fewer(&mut best, |case| &mut case.shape, shape_rows);
    bench.rows(&mut best);
    let (best, again) = bench.settled(best);
    let _ = fs::remove_dir_all(&bench.work);
    if again.failed == 0 && again.driven > 0 {
        return Err(Failure::new(Exit::Verdict, seldom(&bench, again)));
    }
    write(&out, &best, &bench)?;
    print(&told(&out, &bench, (&best, &whole, again), args))?;
    Ok(if bench.stop.asked() { Exit::Interrupted } else { Exit::Ok })
}

/// That it came by chance, and too seldom.
fn seldom(bench: &Bench<'_>, again: Again) -> String {
    format!(
        "it comes by chance that {}: {} of {} failed, and none of the last {}, so nothing is written{}\n  remedy: drive the \
         whole run again, give it more time with --budget, or name something else that failed",
        bench.failing.told,
        bench.failed.len(),
        counted(bench.runs, "run"),
        again.driven,
        bench.unjudged()
    )
}

fn told(out: &Path, bench: &Bench<'_>, (best, whole, again): (&Case, &Case, Again), args: &Args) -> String {
    let start = &bench.failing.start;
    let address = args.sut.as_deref().unwrap_or(&start.sut);
    let mut command = format!(
        "palisade run {} --seed {} --no-floor --sut {}",
        quoted(&out.join(SCENARIO).display().to_string()),
        start.seed,
        quoted(address)
    );
    if !bench.defects.is_empty() {
        command += &format!(" --defect {}", quoted(&bench.defects));
    }
    if best.compounds > 1 {
        command += &format!(" --fleet {}", best.compounds);
    }
    let file = |name: &str| quoted(&out.join(name).display().to_string());
    if best.shape.is_some() {
        command += &format!(" --shape {}", file(SHAPE));
    }
    if best.faults.is_some() {
        command += &format!(" --fault {}", file(FAULTS));
    }
    let sizes = best.sizes().into_iter().zip(whole.sizes()).zip(SIZES);
    let told = sizes.filter(|((_, all), what)| *all > usize::from(*what == "compounds"));
    let told: Vec<String> = told.map(|((left, all), what)| format!("{left} of {all} {what}")).collect();
    let cut = if bench.cut { " (there was no time for more; see --budget)" } else { "" };
    let Again { failed, driven } = again;
    let (often, chance) = match driven {
        0 => (String::new(), "    # not driven again"),
        _ if failed < driven => {
            (format!(", in {failed} of {driven} runs"), "    # by chance: not every run of it fails")
        }
        _ => (format!(", in {failed} of {driven} runs"), ""),
    };
    format!(
        "{} still{often}, with {}{cut}, by {}{}\n  next   {command}{chance}\n",
        bench.failing.told,
        told.join(", "),
        counted(bench.runs, "run"),
        bench.unjudged()
    )
}

/// A copy of the run's own, or the file that was typed where its folder has none.
fn copy(args: &Args, failing: &Failing, (name, option): (&str, &str)) -> Option<PathBuf> {
    let typed = failing.start.options.iter().find_map(|o| o.strip_prefix(option)).map(PathBuf::from)?;
    Some(args.run.join(name)).filter(|copy| copy.exists()).or(Some(typed))
}

/// The case that the run drove, but for its windows.
fn whole(args: &Args, bench: &Bench<'_>) -> Result<Case, Failure> {
    let document = |text: &str| -> Result<DocumentMut, Failure> {
        text.parse().map_err(|error| Failure::new(Exit::Input, error))
    };
    let mut scenario = document(&bench.request.loaded.toml.text)?;
    scenario["site"]["geometry"] = toml_edit::value(GEOMETRY);
    let file =
        |name, option| copy(args, bench.failing, (name, option)).map(|file| document(&text_of(&file)?));
    let (faults, shape) = (file(FAULTS, "--fault=").transpose()?, file(SHAPE, "--shape=").transpose()?);
    let compounds = bench.request.fleet.as_ref().map_or(1, |fleet| fleet.compounds);
    Ok(Case { scenario, faults, shape, compounds })
}

fn text_of(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Input, format!("cannot read {}: {error}", path.display())))
}

fn bench<'a>(args: &Args, failing: &'a Failing, out: &Path) -> Result<Bench<'a>, Failure> {
    let read = |name: &str| -> Result<SourceText, Failure> {
        Ok(SourceText { name: name.to_owned(), text: text_of(&args.run.join(name))? })
    };
    let (toml, geometry) = (read(SCENARIO)?, read(GEOMETRY)?);
    let scenario = load(&toml, Some(&geometry)).map_err(|problems| {
        Failure::new(Exit::Input, input::Wrong::Problems(problems).render(input::colour_on_stderr()))
    })?;
    let loaded = Loaded { scenario: Arc::new(scenario), toml, geometry: geometry.clone() };
    let start = &failing.start;
    let address = args.sut.as_deref().unwrap_or(&start.sut);
    let known = if address == start.sut { start.defects.clone() } else { String::new() };
    if known != start.defects {
        let left_out = &start.defects;
        remark(format_args!("--defect {left_out} is left out: it is the run's own gateway's, {}", start.sut));
    }
    let defects: Option<Defects> = (!known.is_empty())
        .then(|| known.parse())
        .transpose()
        .map_err(|error: crate::reference::defects::BadSpec| Failure::new(Exit::Input, error))?;
    let kit = input::kit(&loaded.scenario);
    let gateway = sut(address, defects.as_ref(), &kit)?;
    let compounds = start.options.iter().find_map(|o| o.strip_prefix("--fleet=")?.parse().ok());
    let shape = copy(args, failing, (SHAPE, "--shape="));
    let broker = is_heard_over_a_broker(&gateway);
    let faults = copy(args, failing, (FAULTS, "--fault="));
    let each = files_each(faults.is_some());
    let fleet = fleet(compounds.unwrap_or(1), (shape.as_deref(), broker, each), &loaded, start.seed)?;
    let faults = faults.map(|file| disturb::faults(&file, start.seed, &gateway, &kit)).transpose()?;
    let stop = Stop::on_signals()?;
    let day = live(&loaded, start.seed, &stop, &Progress::silent())?;
    Ok(Bench {
        failing,
        geometry,
        work: out.join("tries"),
        until: Instant::now() + Duration::from_millis(args.budget.0.0.unsigned_abs()),
        stop,
        runs: 0,
        failed: Vec::new(),
        longest: Duration::ZERO,
        cut: false,
        defects: known,
        unjudged: (0, String::new()),
        request: Request {
            seed: start.seed,
            fleet,
            faults,
            path: args.run.join(SCENARIO),
            out: Some(out.join("tries")),
            windows: None,
            sut: gateway,
            floor: false,
            // Those of a contract are made from it.
            serial: Vec::new(),
            commands: Vec::new(),
            day,
            kept: Vec::new(),
            told: Arc::new(OnceLock::new()),
            options: Vec::new(),
            in_vain: true,
            loaded,
        },
    })
}

impl Bench<'_> {
    /// The case that drives the fewest seconds in which it still fails; nothing when it does not come again.
    fn seconds(&mut self, whole: &Case) -> Result<Option<Case>, Failure> {
        let failing = self.failing;
        for windows in candidates(failing, &self.request.loaded.scenario.file) {
            match self.fails(&with(whole, &windows)) {
                Some(true) if matches!(failing.target, Target::Threshold(_)) => {
                    let kept = least(&windows, &mut |left| {
                        if left.is_empty() { Some(false) } else { self.fails(&with(whole, left)) }
                    });
                    return Ok(Some(with(whole, &kept)));
                }
                Some(true) => return Ok(Some(with(whole, &windows))),
                Some(false) => {}
                None if self.stop.asked() => return Err(Failure::new(Exit::Interrupted, "interrupted")),
                None => {
                    let what = match self.runs {
                        0 => "there was no time to drive it once".to_owned(),
                        runs => {
                            format!("the time was up after {}, none of which failed", counted(runs, "run"))
                        }
                    };
                    let text = format!("{what}\n  remedy: give it more with --budget");
                    return Err(Failure::new(Exit::Harness, text));
                }
            }
        }
        Ok(None)
    }

    /// Fewer compounds, as far as it still fails.
    fn fleet(&mut self, best: &mut Case) {
        let copies: Vec<u32> = (1..best.compounds).collect();
        let mut known: BTreeMap<u32, bool> = BTreeMap::new();
        let kept = least(&copies, &mut |left| {
            // Which copies they are makes no difference.
            let compounds = left.len() as u32 + 1;
            if let Some(fails) = known.get(&compounds) {
                return Some(*fails);
            }
            let fails = self.fails(&Case { compounds, ..best.clone() })?;
            known.insert(compounds, fails);
            Some(fails)
        });
        best.compounds = kept.len() as u32 + 1;
        // How many copies speak, and how fast their day goes, is nothing to a compound alone.
        if best.compounds == 1 && !self.request.fleet.as_ref().is_some_and(|fleet| fleet.shape.befalls_one())
        {
            best.shape = None;
        }
    }

    /// Fewer rows of a file beside the scenario, as far as it still fails; without any row it goes.
    fn fewer(
        &mut self,
        best: &mut Case,
        file: fn(&mut Case) -> &mut Option<DocumentMut>,
        rows: fn(&DocumentMut) -> Vec<Row>,
    ) {
        let Some(document) = file(best).clone() else { return };
        let all = rows(&document);
        let left = |kept: &[Row]| Some(without(&document, &others(&all, kept))).filter(|_| !kept.is_empty());
        let kept = least(&all, &mut |kept| {
            let mut case = best.clone();
            *file(&mut case) = left(kept);
            self.fails(&case)
        });
        *file(best) = left(&kept);
    }

    /// Fewer rows of kit, cast and script, as far as it still fails. Whoever reports cannot go.
    fn rows(&mut self, best: &mut Case) {
        let scenario = best.scenario.clone();
        let reports =
            |row: &Row| matches!(&self.failing.target, Target::Message { device, .. } if *device == row.name);
        let all: Vec<Row> = rows(&scenario).into_iter().filter(|row| !reports(row)).collect();
        let left = |kept: &[Row]| without(&scenario, &others(&all, kept));
        let kept = least(&all, &mut |kept| self.fails(&Case { scenario: left(kept), ..best.clone() }));
        best.scenario = left(&kept);
    }

    /// Whether the case still fails; nothing when there is no time left. One that is not sound does not, and neither does
    /// one whose runs cannot be judged, which are counted.
    fn fails(&mut self, case: &Case) -> Option<bool> {
        if self.over() {
            return None;
        }
        let Some(request) = self.ready(case) else { return (!self.stop.asked()).then_some(false) };
        for _ in 0..TRIES {
            if self.over() {
                return None;
            }
            if self.attempt(case, &request)? {
                self.failed.push(case.clone());
                return Some(true);
            }
        }
        Some(false)
    }

    /// What drives a case, with its day; nothing when it is not sound, cannot be lived, or cannot fail.
    fn ready(&mut self, case: &Case) -> Option<Request> {
        let mut request = self.request(case)?;
        match live(&request.loaded, request.seed, &self.stop, &Progress::silent()) {
            Ok(made) => {
                request.day = Some(made.filter(|made| self.may_fail(&request, &made.0))?);
                Some(request)
            }
            Err(failure) => {
                self.unjudged = (self.unjudged.0 + 1, failure.to_string());
                None
            }
        }
    }

    /// Drives a case once and says whether it failed; nothing when somebody wants to stop.
    fn attempt(&mut self, case: &Case, request: &Request) -> Option<bool> {
        self.runs += 1;
        let (began, request) =
            (Instant::now(), Request { told: Arc::new(OnceLock::new()), ..request.clone() });
        let outcome = self.drive(&request);
        if self.stop.asked() {
            return None;
        }
        self.longest = self.longest.max(began.elapsed());
        let told = match &outcome {
            Ok(true) => "still fails",
            Ok(false) => "does not fail",
            Err(why) => why,
        };
        let [rows, faults, shape, compounds] = case.sizes();
        remark(format_args!(
            "try {}: {rows} rows, {faults} faults, {shape} of the shape, {compounds} compounds: {told}",
            self.runs
        ));
        let failed = outcome.unwrap_or_else(|why| {
            self.unjudged = (self.unjudged.0 + 1, why);
            false
        });
        Some(failed)
    }

    /// The smallest case that fails again, with how often it does: failures may come by chance. Where the smallest one never
    /// does, larger ones are driven, ever farther back.
    fn settled(&mut self, best: Case) -> (Case, Again) {
        // What was taken away since without a try made no difference.
        self.failed.pop();
        self.failed.push(best);
        let cases = self.failed.clone();
        let (place, again) = settle(cases.len(), &mut |place| {
            let again = self.again(&cases[place]);
            (again.failed > 0 || self.out_of_time(), again)
        });
        (cases[place].clone(), again)
    }

    fn out_of_time(&self) -> bool {
        Instant::now() >= self.until || self.stop.asked()
    }

    /// Drives a case some times again, as far as there is time. Runs that cannot be judged do not count.
    fn again(&mut self, case: &Case) -> Again {
        let mut again = Again { failed: 0, driven: 0 };
        let Some(request) = self.ready(case) else { return again };
        for _ in 0..AGAIN {
            if self.out_of_time() {
                break;
            }
            let unjudged = self.unjudged.0;
            let Some(failed) = self.attempt(case, &request) else { break };
            again.failed += u32::from(failed);
            again.driven += u32::from(self.unjudged.0 == unjudged);
        }
        again
    }

    /// Whether no more may be tried. What is left is driven again at the end: time is kept for that.
    fn over(&mut self) -> bool {
        let kept = if self.failed.is_empty() { Duration::ZERO } else { self.longest * AGAIN };
        let over = Instant::now() + kept >= self.until;
        self.cut |= over;
        over || self.stop.asked()
    }

    /// Whether somebody says something on a day while it is driven, or the device what failed. What stands on no tape may be
    /// said because of a flood or of what the gateway does: that is known once it was driven.
    fn may_fail(&self, request: &Request, day: &Day) -> bool {
        let scenario = &request.loaded.scenario;
        if scenario.devices.is_empty() {
            return false;
        }
        let windows = schedule::windows(&day.tape, &scenario.file.drive, request.windows.as_deref());
        let Ok(windows) = windows else { return true };
        let driven =
            |at: Ms| windows.iter().any(|w| (w.from.0.0..=w.from.0.0 + w.lasting.0.0).contains(&at.0));
        let Target::Message { device, signal, due, .. } = &self.failing.target else {
            let floods = request.fleet.as_ref().is_some_and(|fleet| !fleet.shape.flood.is_empty());
            return floods || day.tape.stimuli.iter().any(|s| driven(s.due));
        };
        let Some(whole) = &self.request.day else { return true };
        let said = |on: &[Device], day: &Day, within: &dyn Fn(Ms) -> bool| {
            let same =
                |s: &Stimulus| on[s.device.index()].id.as_str() == device && s.signal.word() == *signal;
            day.tape.stimuli.iter().any(|s| within(s.due) && same(s))
        };
        !said(&self.request.loaded.scenario.devices, &whole.0, &|at| at == *due)
            || said(&scenario.devices, day, &driven)
    }

    /// What drives a case; nothing when it is not sound.
    fn request(&self, case: &Case) -> Option<Request> {
        let toml = SourceText { name: SCENARIO.into(), text: case.scenario.to_string() };
        let scenario = load(&toml, Some(&self.geometry)).ok()?;
        let kit = input::kit(&scenario);
        let faults = match (&self.request.faults, &case.faults) {
            (Some(plan), Some(document)) => {
                let text = SourceText { name: FAULTS.into(), text: document.to_string() };
                let faults = fault::read(&text).ok()?;
                disturb::check(&faults, &self.request.sut, &kit).ok()?;
                Some(Plan { faults, ..plan.clone() })
            }
            _ => None,
        };
        let shape = match &case.shape {
            Some(document) => {
                shape::read(&SourceText { name: SHAPE.into(), text: document.to_string() }).ok()?
            }
            None => Shape::constant(),
        };
        let file = case.shape.is_some().then(|| SHAPE.into());
        let fleet = self.request.fleet.clone();
        let fleet = fleet.map(|fleet| Fleet { compounds: case.compounds, shape, file, ..fleet });
        let fleet = fleet.filter(|fleet| fleet.compounds > 1 || fleet.shape.befalls_one());
        let loaded = Loaded { scenario: Arc::new(scenario), toml, geometry: self.geometry.clone() };
        Some(Request { loaded, faults, fleet, ..self.request.clone() })
    }

    /// Drives once: whether it failed in the same way, or why that cannot be said.
    fn drive(&self, request: &Request) -> Result<bool, String> {
        let measured =
            measure(request, &self.stop, &Progress::silent()).map_err(|failure| failure.to_string())?;
        let report = report::make(&measured.folder).map_err(|failure| failure.to_string())?;
        if self.failing.target.comes_again(&report) {
            return Ok(true);
        }
        match measured.trouble {
            Some((_, why)) => Err(why),
            None if !report.harness.valid => Err(report.harness.reasons.join("; ")),
            None => Ok(false),
        }
    }

    /// How many runs could not be judged, in words; nothing for none.
    fn unjudged(&self) -> String {
        match &self.unjudged {
            (0, _) => String::new(),
            (n, why) => {
                format!("; {n} of them could not be judged and count as not failing, the last: {why}")
            }
        }
    }
}

/// The rows that are not kept.
fn others(all: &[Row], kept: &[Row]) -> Vec<Row> {
    all.iter().filter(|row| !kept.contains(row)).cloned().collect()
}

/// The case with other windows.
fn with(case: &Case, windows: &[Window]) -> Case {
    let texts: Vec<(String, String)> =
        windows.iter().map(|w| (w.from.0.to_string(), format!("{}ms", w.lasting.0.0))).collect();
    Case { scenario: driving(&case.scenario, &texts), ..case.clone() }
}

/// Windows that are tried, the shortest first. Of a message: some seconds that end with it, then the run's own window up
/// to there, then all up to there, since faults count their instants from the first message. Of a threshold: all of the run.
fn candidates(failing: &Failing, file: &ScenarioFile) -> Vec<Vec<Window>> {
    let Target::Message { due, deadline, .. } = failing.target else { return vec![failing.windows.clone()] };
    // An answer is listened for until its deadline.
    let tail = TAIL.0.max(deadline.0 + TAIL.0 - file.drive.drain.0.0);
    let end = Ms(due.0 + tail).min(file.day.lasting.0);
    let until = |from: Ms| Window { from: TimeOfDay(from), lasting: Length(Ms(end.0 - from.0)) };
    let mut all: Vec<Vec<Window>> = LEADS.map(|lead| vec![until(Ms((due.0 - lead.0).max(0)))]).into();
    let before: Vec<Window> = failing.windows.iter().filter(|w| w.from.0 <= due).copied().collect();
    if let Some((own, earlier)) = before.split_last() {
        all.push(vec![until(own.from.0)]);
        if !earlier.is_empty() {
            all.push([earlier, &[until(own.from.0)]].concat());
        }
    }
    all
}

fn write(out: &Path, case: &Case, bench: &Bench<'_>) -> Result<(), Failure> {
    let head = format!("{MADE}: the smallest scenario in which {} still.\n", bench.failing.told);
    let mut files =
        vec![(SCENARIO, head + &case.scenario.to_string()), (GEOMETRY, bench.geometry.text.clone())];
    files.extend(case.faults.as_ref().map(|document| (FAULTS, document.to_string())));
    files.extend(case.shape.as_ref().map(|document| (SHAPE, document.to_string())));
    // What an earlier shrink left there does not belong to this one.
    if fs::read_to_string(out.join(SCENARIO)).is_ok_and(|text| text.starts_with(MADE)) {
        for name in [SHAPE, FAULTS] {
            let _ = fs::remove_file(out.join(name));
        }
    }
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
