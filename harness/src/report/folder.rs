//! Reading a run folder, also one that was cut: whatever is missing is missing with its reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use palisade_sim::analysis::answer::PlanAnswer;
use palisade_sim::model::load::{SourceText, load};
use palisade_sim::model::{Scenario, ScenarioFile};
use palisade_sim::whole::Tape;
use palisade_sim::words::Ms;

use super::stills::{self, Still};
use crate::exit::{Exit, Failure};
use crate::latency::Series;
use crate::record::{
    Afflicted, Answered, Befell, Caused, City, Command, End, Entry, Expected, Fault, Forwarded, Left, Line,
    Link, Load, Machine, Micros, Note, Observation, Owed, Passed, Proxied, Repeated, Resent, Restart, Said,
    Spoilt, Start, Storm, Unsaid, Usage, WindowEntry, Withheld,
};

/// What a run left behind.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) journal: Journal,
    /// The tape, or why there is none.
    pub(super) tape: Result<Tape, String>,
    /// The planner's answer, or why there is none.
    pub(super) plan: Result<PlanAnswer, String>,
    /// The scenario as typed, or why it cannot be read.
    pub(super) file: Result<ScenarioFile, String>,
    /// The geometry's text, or why there is none.
    pub(super) geometry: Result<String, String>,
    /// The checked scenario with its geometry, or why there is none.
    pub(super) whole: Result<Scenario, String>,
    /// Pictures that were put into the folder, or why they cannot be shown.
    pub(super) stills: Result<Vec<Still>, String>,
}

/// The journal, sorted by kind of entry.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) start: Option<Start>,
    pub(super) windows: Vec<WindowEntry>,
    pub(super) expected: Vec<Expected>,
    pub(super) left: Vec<Left>,
    pub(super) observed: Vec<Observation>,
    /// Connections of devices that went down or came back.
    pub(super) links: Vec<Link>,
    /// Commands that the gateway owed.
    pub(super) owed: Vec<Owed>,
    /// Commands that devices received.
    pub(super) commands: Vec<Command>,
    /// What devices answered to them.
    pub(super) answered: Vec<Answered>,
    /// What devices said because of commands.
    pub(super) said: Vec<Said>,
    /// Stimuli that were not sent because their zone was bypassed or disarmed.
    pub(super) withheld: Vec<Withheld>,
    /// Faults that were at work on purpose.
    pub(super) faults: Vec<Fault>,
    /// What they did to connections of the compound.
    pub(super) befell: Vec<Befell>,
    /// Events that the gateway had in spite of them.
    pub(super) passed: Vec<Passed>,
    /// What slaves of serial lines did to messages because the contract asks for it.
    pub(super) spoilt: Vec<Spoilt>,
    /// Devices that did something wrong on purpose, main part only.
    pub(super) afflicted: Vec<Afflicted>,
    /// What they kept to themselves.
    pub(super) unsaid: Vec<Unsaid>,
    /// What they said again.
    pub(super) repeated: Vec<Repeated>,
    /// What devices sent again after their connection was lost.
    pub(super) resent: Vec<Resent>,
    /// What devices said because of one cause that stands on no tape.
    pub(super) caused: Vec<Caused>,
    /// Times that devices lost their connections because of the shape of the load.
    pub(super) storms: Vec<Storm>,
    /// Restarts of the gateway that were made on purpose.
    pub(super) restarts: Vec<Restart>,
    /// What the gateway's processes held.
    pub(super) usage: Vec<Usage>,
    /// What the copies of the compound came to.
    pub(super) load: Option<Load>,
    /// What went through their proxy, if it ended in order.
    pub(super) proxied: Option<Proxied>,
    /// What was seen on each serial line, by part and name.
    pub(super) lines: BTreeMap<(String, String), Line>,
    /// What must be passed on to the city platform, if there is one.
    pub(super) city: Option<City>,
    /// What the gateway posted to it.
    pub(super) forwarded: Vec<Forwarded>,
    /// The machine while the main part was driven.
    pub(super) machine: Option<Machine>,
    /// How late the observer came to its looks while the main part was driven.
    pub(super) hearing: Option<Series>,
    pub(super) notes: Vec<Note>,
    pub(super) end: Option<End>,
    /// Latest instant that any entry names as past.
    pub(super) last_us: Micros,
    /// Lines that could not be read.
    pub(super) unreadable: usize,
}

impl Journal {
    /// Reads the lines. A last line that was cut in the middle is not counted as unreadable.
    pub(super) fn parse(text: &str) -> Journal {
        let mut journal = Journal::default();
        for line in text.split_inclusive('\n').filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str::<Entry>(line) {
                Ok(entry) => journal.take(entry),
                Err(_) if !line.ends_with('\n') => {}
                Err(_) => journal.unreadable += 1,
            }
        }
        journal
    }

    fn take(&mut self, entry: Entry) {
        let at_us = match &entry {
            Entry::Window(w) => w.began_us,
            Entry::Left(l) => l.left_us,
            Entry::Observed(o) => o.received_us,
            Entry::Link(l) => l.at_us,
            Entry::Line(l) => l.at_us,
            Entry::Machine(m) => m.at_us,
            Entry::Hearing(h) => h.at_us,
            Entry::Forwarded(f) => f.received_us,
            Entry::Note(n) => n.at_us,
            Entry::End(e) => e.at_us,
            Entry::Command(c) => c.received_us,
            Entry::Answered(a) => a.executed_us,
            Entry::Said(s) => s.at_us,
            Entry::Withheld(w) => w.at_us,
            Entry::Befell(b) => b.at_us,
            Entry::Passed(p) => p.at_us,
            Entry::Spoilt(s) => s.at_us,
            Entry::Proxied(p) => p.at_us,
            Entry::Restart(r) => r.open_us,
            Entry::Load(l) => l.at_us,
            Entry::Pulse(p) => p.at_us,
            Entry::Usage(u) => u.at_us,
            Entry::Resent(r) => r.at_us,
            Entry::Start(_) | Entry::Expected(_) | Entry::Owed(_) | Entry::Fault(_) | Entry::City(_) => 0,
            Entry::Afflicted(_) | Entry::Unsaid(_) | Entry::Repeated(_) => 0,
            Entry::Caused(_) | Entry::Storm(_) => 0,
        };
        self.last_us = self.last_us.max(at_us);
        match entry {
            Entry::Start(s) if self.start.is_none() || s.part == "main" => self.start = Some(s),
            Entry::Start(_) => {}
            Entry::Window(w) => self.windows.push(w),
            Entry::Expected(e) => self.expected.push(e),
            Entry::Left(l) => self.left.push(l),
            Entry::Observed(o) => self.observed.push(o),
            Entry::Link(l) => self.links.push(l),
            Entry::Owed(o) => self.owed.push(o),
            Entry::Command(c) => self.commands.push(c),
            Entry::Answered(a) => self.answered.push(a),
            Entry::Said(s) => self.said.push(s),
            Entry::Withheld(w) => self.withheld.push(w),
            Entry::Fault(f) => self.faults.push(f),
            Entry::Befell(b) => self.befell.push(b),
            Entry::Passed(p) => self.passed.push(p),
            Entry::Spoilt(s) => self.spoilt.push(s),
            Entry::Afflicted(a) => self.afflicted.push(a),
            Entry::Unsaid(u) => self.unsaid.push(u),
            Entry::Repeated(r) => self.repeated.push(r),
            Entry::Resent(r) => self.resent.push(r),
            Entry::Caused(c) => self.caused.push(c),
            Entry::Storm(s) => self.storms.push(s),
            Entry::Usage(u) => self.usage.push(u),
            Entry::Load(l) if l.so_far && self.load.as_ref().is_some_and(|last| !last.so_far) => {}
            Entry::Load(l) => self.load = Some(*l),
            // The load's last word holds all of it.
            Entry::Pulse(_) => {}
            Entry::Restart(r) => self.restarts.push(r),
            Entry::Proxied(p) => self.proxied = Some(p),
            // The last of a line holds all that was seen on it.
            Entry::Line(l) => drop(self.lines.insert((l.part.clone(), l.line.clone()), l)),
            Entry::City(c) => self.city = Some(c),
            Entry::Forwarded(f) => self.forwarded.push(f),
            Entry::Machine(m) if m.part == "main" => self.machine = Some(m),
            Entry::Machine(_) => {}
            Entry::Hearing(h) if h.part == "main" => self.hearing = Series::unpack(&h.delays),
            Entry::Hearing(_) => {}
            Entry::Note(n) => self.notes.push(n),
            Entry::End(e) => self.end = Some(e),
        }
    }

    /// The first remark of a kind.
    pub(super) fn note(&self, kind: &str) -> Option<&Note> {
        self.notes.iter().find(|n| n.kind == kind)
    }

    /// How the run was cut, if it was: an instant and a sentence each.
    pub(super) fn cuts(&self) -> Vec<(Micros, String)> {
        let lost = if self.reached() {
            self.cut("lost", "the gateway was lost")
        } else {
            let not_reached =
                |note: &Note| (note.at_us, format!("the gateway was not reached: {}", note.text));
            self.note("lost").map(not_reached)
        };
        let interrupted = self.cut("interrupted", "the run was interrupted");
        let mut cuts: Vec<(Micros, String)> =
            [lost, interrupted, self.not_recorded()].into_iter().flatten().collect();
        if cuts.is_empty() && self.end.is_none() {
            let at = seconds(self.last_us);
            cuts.push((
                self.last_us,
                format!("the run was cut {at} s after its start: its journal has no end"),
            ));
        }
        cuts
    }

    /// When and why the run could not be recorded any more.
    pub(super) fn not_recorded(&self) -> Option<(Micros, String)> {
        self.cut("disk", "the run could not be recorded")
    }

    fn cut(&self, kind: &str, what: &str) -> Option<(Micros, String)> {
        let note = self.note(kind)?;
        Some((note.at_us, format!("{what} {} s after the start: {}", seconds(note.at_us), note.text)))
    }

    /// Whether the main part got as far as the gateway.
    pub(super) fn reached(&self) -> bool {
        let parts = self.left.iter().map(|l| &l.part).chain(self.observed.iter().map(|o| &o.part));
        parts.chain(self.links.iter().map(|l| &l.part)).any(|part| part == "main")
    }

    /// Until when answers were listened for, µs.
    pub(super) fn listened_until_us(&self) -> Micros {
        let cut = self.cuts().iter().map(|(at, _)| *at).min();
        cut.or(self.end.as_ref().map(|e| e.at_us)).unwrap_or(self.last_us)
    }

    /// Which time of the day it is at an instant of the main part: that of the last window that has begun.
    pub(super) fn time_of_day(&self, at_us: Micros) -> Ms {
        let main = || self.windows.iter().filter(|w| w.part == "main");
        let begun = main().filter(|w| w.began_us <= at_us).max_by_key(|w| w.began_us);
        let window = begun.or_else(|| main().min_by_key(|w| w.began_us));
        window.map_or(Ms(0), |w| w.from + Ms((at_us - w.began_us).div_euclid(1_000)))
    }

    /// When the run began on the wall clock, s after the epoch.
    pub(super) fn began_unix_s(&self) -> f64 {
        let began = self.start.as_ref().and_then(|s| s.wall_clock.parse::<jiff::Timestamp>().ok());
        began.map_or(0.0, |t| t.as_millisecond() as f64 / 1000.0)
    }
}

fn seconds(us: Micros) -> String {
    format!("{:.1}", us as f64 / 1e6)
}

/// A regular file's bytes; a device in its place could be read for ever.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    if path.exists() && !path.is_file() {
        return Err(std::io::Error::other(format!("{} is not a regular file", path.display())));
    }
    fs::read(path)
}

/// Reads the journal of the folder, by which it is a run's.
pub(super) fn read_journal(path: &Path) -> Result<Journal, Failure> {
    let journal = path.join("journal.jsonl");
    let text = read_file(&journal).map_err(|error| {
        let why = if path.is_dir() { "it holds no journal.jsonl" } else { "there is no such folder" };
        let why =
            if error.kind() == std::io::ErrorKind::NotFound { why.to_owned() } else { error.to_string() };
        let remedy = "name a folder that `palisade run` wrote, such as `palisade report results/RUN`";
        Failure::new(
            Exit::Input,
            format!("`{}` is not a run folder: {why}\n  remedy: {remedy}", path.display()),
        )
    })?;
    let text = String::from_utf8_lossy(&text);
    let journal = Journal::parse(&text);
    if journal.start.is_none() && journal.unreadable > 0 {
        let text = format!(
            "`{}` is not a run folder: no line of its journal.jsonl is a journal's\n  remedy: name a folder that `palisade run` wrote",
            path.display()
        );
        return Err(Failure::new(Exit::Input, text));
    }
    Ok(journal)
}

/// Reads the folder.
pub(super) fn read(path: &Path) -> Result<Folder, Failure> {
    let journal = read_journal(path)?;
    let bytes = |name: &str| fs::read(path.join(name)).map_err(|e| format!("{name}: {e}"));
    let text = |name: &str| fs::read_to_string(path.join(name)).map_err(|e| format!("{name}: {e}"));
    let (scenario, geometry) = (text("scenario.toml"), text("site.geojson"));
    let whole = match (&scenario, &geometry) {
        (Ok(scenario), Ok(geometry)) => whole(scenario, geometry),
        (Err(why), _) | (_, Err(why)) => Err(why.clone()),
    };
    let digest = whole.as_ref().ok().map(|scenario| scenario.digest.as_str());
    let tape = bytes("tape.bin").and_then(|b| Tape::from_bytes(&b).map_err(|e| format!("tape.bin: {e}")));
    let tape = tape.and_then(|tape| own(tape, journal.start.as_ref(), digest));
    Ok(Folder {
        path: path.to_owned(),
        journal,
        tape,
        plan: bytes("plan.json")
            .and_then(|b| serde_json::from_slice(&b).map_err(|e| format!("plan.json: {e}"))),
        file: scenario
            .and_then(|t| toml::from_str(&t).map_err(|e| format!("scenario.toml: {}", e.message()))),
        geometry,
        whole,
        stills: stills::of_run(path),
    })
}

/// The tape, if it is this run's: figures of another one are not shown as this run's.
fn own(tape: Tape, start: Option<&Start>, digest: Option<&str>) -> Result<Tape, String> {
    if let Some(start) = start.filter(|s| s.seed != tape.seed) {
        let (is, must) = (tape.seed, start.seed);
        return Err(format!("tape.bin belongs to another run, its seed is {is} and not {must}"));
    }
    if digest.is_some_and(|digest| digest != tape.scenario_digest) {
        let text = "tape.bin belongs to another run, it was not made from the scenario.toml and site.geojson beside it";
        return Err(text.into());
    }
    Ok(tape)
}

/// The scenario that a run drove, from the copies in its folder.
///
/// # Errors
/// Exit 3, when the folder does not hold it any more.
pub(crate) fn scenario_of(run: &Path) -> Result<Scenario, Failure> {
    let text = |name: &str| fs::read_to_string(run.join(name)).map_err(|e| format!("{name}: {e}"));
    let read = || whole(&text("scenario.toml")?, &text("site.geojson")?);
    read().map_err(|why| {
        let remedy = "name a folder with the scenario.toml and site.geojson that `palisade run` put there";
        Failure::new(Exit::Input, format!("{}: {why}\n  remedy: {remedy}", run.display()))
    })
}

/// The scenario, checked.
fn whole(scenario: &str, geometry: &str) -> Result<Scenario, String> {
    let source = |name: &str, text: &str| SourceText { name: name.to_owned(), text: text.to_owned() };
    let loaded = load(&source("scenario.toml", scenario), Some(&source("site.geojson", geometry)));
    loaded.map_err(|p| format!("{} problems in the scenario or its geometry", p.len()))
}
