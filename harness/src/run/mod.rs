//! A run: the day is lived, planned, driven against a gateway, and recorded in a folder. Judging is done from that
//! folder by [`crate::report`].

mod child;
mod city;
mod copies;
mod day;
mod flood;
mod folder;
mod idle;
mod keeper;
mod linkage;
mod load;
mod machine;
mod outside;
mod part;
pub mod places;
pub mod processes;
mod restart;
pub mod serial;
mod stop;
mod subscribers;
mod usage;

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use palisade_sim::analysis::answer::PlanAnswer;
use palisade_sim::model::drive::Window;
use palisade_sim::whole::{Day, Tape};
use palisade_sim::words::{AgentKey, DeviceIx, Ms};

use crate::actuator::{Actuator, Times};
use crate::contract::Contract;
use crate::drivers::Clock;
use crate::drivers::between;
use crate::drivers::crowd::Fleet;
use crate::drivers::fleet::Common;
use crate::drivers::mqtt::Address;
use crate::drivers::serial::Lines;
use crate::exit::{Exit, Failure};
use crate::fault::Afflicted;
use crate::input::Loaded;
use crate::observe::Source;
use crate::pairing::Rule;
use crate::progress::Progress;
use crate::record::{self, End, Entry, Journal, Micros, Note, Start};
use crate::schedule;
use crate::wire::mqtt_json::Topics;
use child::Gateway;
pub(crate) use keeper::{Instants, keep};
pub use outside::Outside;
use outside::Stage;
use part::{Ended, Ending, Part};
use processes::Processes;
use serial::SerialLine;
pub use stop::Stop;

/// Longest floor: so much of one window is driven against the echo.
const FLOOR: Ms = Ms(6_000);
/// Listening after the floor.
const FLOOR_DRAIN: Ms = Ms(500);
/// How long a gateway that was just started may take to answer the probe: connections of its own come first.
const STRANGER: Duration = Duration::from_secs(30);
/// How long a gateway that is not there yet is waited for.
const KNOCK: Duration = Duration::from_secs(3);

/// The system under test.
#[derive(Clone, Debug, PartialEq)]
pub enum Sut {
    /// The embedded reference gateway, with defects as typed (empty for none).
    Builtin(String),
    /// A broker that somebody else runs.
    Mqtt(Address),
    /// What a contract describes; its programs are started here.
    Contract(Box<Outside>),
}

/// What is asked of a run.
#[derive(Clone, Debug)]
pub struct Request {
    /// The scenario, loaded.
    pub loaded: Loaded,
    /// Its path as typed.
    pub path: PathBuf,
    /// The seed.
    pub seed: u64,
    /// The run's folder, when it is named.
    pub out: Option<PathBuf>,
    /// The windows, when they are named.
    pub windows: Option<Vec<Window>>,
    /// The system under test.
    pub sut: Sut,
    /// Whether the floor is measured first.
    pub floor: bool,
    /// Serial lines that the gateway polls; their devices have no other connection.
    pub serial: Vec<SerialLine>,
    /// Commands that are expected of the system under test.
    pub commands: Vec<Rule>,
    /// Copies of the compound that load the system under test in the main part.
    pub fleet: Option<Fleet>,
    /// What disturbs the connections of devices in the main part.
    pub faults: Option<between::Plan>,
    /// Files that the run's folder keeps for its report, by name: what the run is held against.
    pub kept: Vec<(String, String)>,
    /// The day and the planner's answer, when they are known from another run of the same scenario and seed.
    pub day: Option<Arc<(Day, PlanAnswer)>>,
    /// Where the run's folder is told to whoever watches, as soon as it stands.
    pub told: Arc<OnceLock<PathBuf>>,
    /// More that was typed and that the report repeats.
    pub options: Vec<String>,
    /// Whether it is driven although nothing that disturbs it would begin in time: whoever looks for a smaller run does not mind.
    pub in_vain: bool,
}

/// What a run left.
#[derive(Debug)]
pub struct Measured {
    /// The folder.
    pub folder: PathBuf,
    /// What went wrong while measuring, in a sentence, with its exit code.
    pub trouble: Option<(Exit, String)>,
}

/// Measures: fills a run folder. Whatever goes wrong once the folder stands leaves a partial record in it.
///
/// # Errors
/// When nothing could be recorded, or the windows asked for are wrong.
pub fn measure(request: &Request, stop: &Stop, progress: &Progress) -> Result<Measured, Failure> {
    let (folder, ballast) = folder::make(request.out.as_deref(), &request.path)?;
    folder::write(&folder.join("scenario.toml"), request.loaded.toml.text.as_bytes())?;
    folder::write(&folder.join("site.geojson"), request.loaded.geometry.text.as_bytes())?;
    for (name, text) in &request.kept {
        folder::write(&folder.join(name), text.as_bytes())?;
    }
    let journal_path = folder.join("journal.jsonl");
    let writing = record::create(&journal_path)
        .map_err(|error| Failure::new(Exit::Harness, record::not_written(&journal_path, &error)))?;
    // A request is measured once; were it measured again, the first folder is the one that is watched.
    let _ = request.told.set(folder.clone());
    let mut run = Run::new(request, &folder, writing.journal().clone(), stop, progress);
    let outcome = run.all();
    progress.end();
    // From here on there is room for the last lines and the report.
    drop(ballast);
    let mut ended = match outcome {
        Ok(ended) => ended,
        Err(failure) => {
            // What was recorded so far stays; the failure is the news.
            let _ = writing.finish();
            return Err(failure);
        }
    };
    if matches!(ended.how, Ending::Disk(_)) && !run.started {
        run.start();
        ended.at_us = run.clock.now_us();
    }
    run.sign_off(&ended);
    let disk = writing.finish().err();
    if let Some(fault) = &disk {
        let note = Note { at_us: ended.at_us, kind: "disk".into(), text: fault.clone() };
        // A journal that is lost for good is said anyway.
        let _ = record::append(&journal_path, &Entry::Note(note));
    }
    let trouble = match (disk, ended.how) {
        (Some(fault), _) | (None, Ending::Disk(fault)) => Some((Exit::Harness, fault)),
        (None, Ending::Whole) => None,
        (None, Ending::Interrupted) => {
            Some((Exit::Interrupted, "interrupted; the report holds what was measured".into()))
        }
        (None, Ending::Lost(why)) => Some((Exit::Sut, why)),
    };
    Ok(Measured { folder, trouble })
}

/// Lives through a scenario's day and plans beside it. Nothing when somebody asked to stop.
///
/// # Errors
/// Only for a bug.
pub fn live(
    loaded: &Loaded,
    seed: u64,
    stop: &Stop,
    progress: &Progress,
) -> Result<Option<Arc<(Day, PlanAnswer)>>, Failure> {
    let made = day::live_and_plan(loaded, seed, stop, progress);
    made.map(|made| made.map(Arc::new)).map_err(|why| Failure::new(Exit::Bug, why))
}

struct Run<'a> {
    request: &'a Request,
    folder: &'a Path,
    journal: Journal,
    stop: &'a Stop,
    progress: &'a Progress,
    tag: String,
    clock: Clock,
    started: bool,
}

impl<'a> Run<'a> {
    fn new(
        request: &'a Request,
        folder: &'a Path,
        journal: Journal,
        stop: &'a Stop,
        progress: &'a Progress,
    ) -> Run<'a> {
        // From time and process, not from the twin's dice: two runs of one seed must differ here.
        let now = jiff::Timestamp::now().as_nanosecond();
        let tag = format!("{:08x}", AgentKey::of(&format!("{now}/{}", std::process::id())).0 as u32);
        Run { request, folder, journal, stop, progress, tag, clock: Clock::start(), started: false }
    }

    fn all(&mut self) -> Result<Ended, Failure> {
        if let Sut::Mqtt(address) = &self.request.sut
            && let Err(why) = knock(address, self.stop)
        {
            self.start();
            return Ok(self.ended(if self.stop.asked() { Ending::Interrupted } else { Ending::Lost(why) }));
        }
        let seed = self.request.seed;
        let known = self.request.day.clone();
        let made = match known {
            Some(known) => Some(known),
            None => live(&self.request.loaded, seed, self.stop, self.progress)?,
        };
        let Some(made) = made else {
            self.start();
            return Ok(self.ended(Ending::Interrupted));
        };
        let (day, answer) = &*made;
        if let Err(failure) = self.write_inputs(day, answer) {
            // The first line is written once there is room again.
            return Ok(self.ended(Ending::Disk(failure.to_string())));
        }
        let drive = &self.request.loaded.scenario.file.drive;
        let windows = schedule::windows(&day.tape, drive, self.request.windows.as_deref())
            .map_err(|error| Failure::new(Exit::Usage, error))?;
        let ends = schedule::last_ends(&windows, drive.drain.0);
        let patience = self.contract("main").longest_deadline().0.max(drive.drain.0);
        let shape = self.request.fleet.as_ref().map(|fleet| &fleet.shape);
        let wired = |device: DeviceIx| self.is_wired(&day.tape, device);
        let floods = shape.map_or_else(Vec::new, |shape| flood::reach(shape, &day.tape, &wired));
        let shape = shape.map(|shape| (shape, &floods[..]));
        let idle = match idle::told((ends, patience), shape, self.request.faults.as_ref()) {
            Err(failure) if !self.request.in_vain => return Err(failure),
            idle => idle.unwrap_or_default(),
        };
        self.start();
        for text in idle {
            self.progress.line(|| text.clone());
            self.note("idle", text);
        }
        if self.request.floor {
            let ended = self.floor(&day.tape, &windows);
            if ended.how != Ending::Whole {
                return Ok(ended);
            }
        }
        Ok(self.main(&day.tape, &windows))
    }

    /// What the gateway owes, with the scenario's deadline where its contract names none. The echo's is the plain one.
    fn contract(&self, part: &str) -> Contract {
        let deadline = self.request.loaded.scenario.file.sut.deadline;
        match &self.request.sut {
            Sut::Contract(outside) if part != "floor" => {
                let contract = outside.contract.clone();
                Contract { deadline: contract.deadline.or(Some(deadline)), ..contract }
            }
            _ => Contract::plain("", "", Some(deadline)),
        }
    }

    /// Whether a device has no other connection than a serial line.
    fn is_wired(&self, tape: &Tape, device: DeviceIx) -> bool {
        let own = |line: &SerialLine| line.rows.iter().any(|row| row.devices.contains(&device));
        match (&self.request.sut, tape.devices.get(device.index())) {
            (Sut::Contract(outside), Some(row)) => outside.is_wired(row),
            _ => self.request.serial.iter().any(own),
        }
    }

    /// Writes the first line. The run's clock starts here.
    fn start(&mut self) {
        self.started = true;
        self.clock = Clock::start();
        let (sut, defects) = match &self.request.sut {
            Sut::Builtin(defects) => ("builtin".to_owned(), defects.clone()),
            Sut::Mqtt(address) => (address.to_string(), String::new()),
            Sut::Contract(outside) => (outside.path.display().to_string(), String::new()),
        };
        self.journal.write(Entry::Start(Start {
            format: 1,
            run: self.tag.clone(),
            scenario: self.request.path.display().to_string(),
            seed: self.request.seed,
            sut,
            sut_name: match &self.request.sut {
                Sut::Contract(outside) => outside.contract.name.clone(),
                Sut::Builtin(_) | Sut::Mqtt(_) => String::new(),
            },
            defects,
            wall_clock: jiff::Timestamp::now().to_string(),
            part: "main".into(),
            options: self.options(),
        }));
    }

    /// What was typed and no other field of the first line tells.
    fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        if let Some(windows) = &self.request.windows {
            let all: Vec<String> = windows.iter().map(|w| format!("{}+{}", w.from, w.lasting)).collect();
            options.push(format!("--windows={}", all.join(",").replace(' ', "")));
        }
        if !self.request.floor {
            options.push("--no-floor".into());
        }
        if let Some(fleet) = &self.request.fleet {
            options.push(format!("--fleet={}", fleet.compounds));
            options.extend(fleet.file.as_ref().map(|file| format!("--shape={}", file.display())));
        }
        options.extend(self.request.faults.as_ref().map(|plan| format!("--fault={}", plan.file)));
        options.extend(self.request.options.iter().cloned());
        options
    }

    fn write_inputs(&self, day: &Day, answer: &PlanAnswer) -> Result<(), Failure> {
        let plan = serde_json::to_vec(answer).map_err(|e| Failure::new(Exit::Bug, e))?;
        folder::write(&self.folder.join("plan.json"), &plan)?;
        folder::write(&self.folder.join("tape.bin"), &day.tape.to_bytes())?;
        folder::write(&self.folder.join("tracks.bin"), &day.tracks.to_bytes())
    }

    /// The first seconds of one window, where most is expected in them, against the harness's own echo. Without it the run goes on,
    /// and says so.
    fn floor(&self, tape: &Tape, windows: &[Window]) -> Ended {
        let Some(window) = schedule::floor_window(tape, windows, FLOOR) else {
            return self.ended(Ending::Whole);
        };
        let gateway = match Gateway::start(&["--echo".into()]) {
            Ok(gateway) => gateway,
            Err(why) => {
                self.note("info", format!("there is no floor: {why}"));
                return self.ended(Ending::Whole);
            }
        };
        match self.part("floor", tape, &[window], FLOOR_DRAIN, Some(gateway), None).run() {
            Ended { how: Ending::Lost(why), at_us } => {
                self.note("info", format!("there is no floor: {why}"));
                Ended { how: Ending::Whole, at_us }
            }
            other => other,
        }
    }

    fn main(&self, tape: &Tape, windows: &[Window]) -> Ended {
        let drain = self.request.loaded.scenario.file.drive.drain.0;
        // Before the gateway starts: it opens them.
        let lines = match self.lines(tape, windows) {
            Ok(lines) => lines,
            Err(why) => return self.ended(Ending::Lost(why)),
        };
        let part =
            |gateway, address| Part { lines, ..self.part("main", tape, windows, drain, gateway, address) };
        match &self.request.sut {
            Sut::Mqtt(address) => part(None, Some(address)).run(),
            Sut::Contract(outside) => match self.outside(outside, tape, windows, drain) {
                Ok(part) => part.run(),
                Err(why) if self.stop.asked() => {
                    self.note("info", why);
                    self.ended(Ending::Interrupted)
                }
                Err(why) => self.ended(Ending::Lost(why)),
            },
            Sut::Builtin(defects) => {
                let seed = self.request.seed.to_string();
                let mut options = vec!["--seed".to_owned(), seed, "--defect".to_owned(), defects.clone()];
                // The built-in gateway has the siren of the first duty room sounded, where there is one.
                let kit = &self.request.loaded.scenario.file.kit;
                let duty_room = kit.duty_room.first().map(|room| room.id.to_string());
                options.extend(duty_room.map(|id| format!("--commands={id}")));
                match linkage::write(&self.request.loaded.scenario, self.folder) {
                    Ok(list) => options.push(format!("--linkage={}", list.display())),
                    Err(failure) => return self.ended(Ending::Disk(failure.to_string())),
                }
                for line in &self.request.serial {
                    let (port, list) = (line.spec.link.display(), line.list());
                    options.extend([format!("--serial={port}"), format!("--inputs={}", list.display())]);
                }
                match Gateway::start(&options) {
                    Ok(gateway) => {
                        self.note("info", format!("the gateway is process {}", gateway.id()));
                        part(Some(gateway), None).run()
                    }
                    Err(why) => self.ended(Ending::Lost(why)),
                }
            }
        }
    }

    /// The main part against what a contract describes. First its serial lines and its platform, then its programs: they
    /// find what they open.
    fn outside<'b>(
        &'b self,
        outside: &Outside,
        tape: &'b Tape,
        windows: &'b [Window],
        drain: Ms,
    ) -> Result<Part<'b>, String> {
        let file = &self.request.loaded.scenario.file;
        let topics = Topics::of(file.sut.topic_site.as_deref().unwrap_or(&file.name));
        let stage = Stage::set(outside, self.folder, topics.site())?;
        let list = linkage::write(&self.request.loaded.scenario, stage.work());
        list.map_err(|failure| failure.to_string())?;
        let broker = stage.broker()?;
        let mut part = self.part("main", tape, windows, drain, None, Some(&broker));
        part.rules = stage.rules();
        let serial = stage.lines(tape, self.request.seed)?;
        if !serial.is_empty() {
            let first = windows.first().map_or(Ms(0), |w| w.from.0);
            let shared = (self.clock, self.journal.clone(), "main");
            part.lines = Some(serial::open(&serial, tape, first, topics.site(), shared)?);
        }
        part.source = Some(stage.source(tape, &part.common, &part.figures)?);
        part.city = stage.city(tape, &part.common, self.request.seed)?;
        part.patience = STRANGER;
        self.progress.begin(&format!("starting {}", outside.contract.name));
        part.processes = stage.start(self.clock, &|| self.stop.asked())?;
        for (id, pid) in part.processes.ids() {
            self.note("info", format!("{id} is process {pid}"));
        }
        Ok(part)
    }

    /// The serial lines of the main part, if there are any.
    fn lines(&self, tape: &Tape, windows: &[Window]) -> Result<Option<Lines>, String> {
        if self.request.serial.is_empty() {
            return Ok(None);
        }
        let first = windows.first().map_or(Ms(0), |w| w.from.0);
        let file = &self.request.loaded.scenario.file;
        let topics = Topics::of(file.sut.topic_site.as_deref().unwrap_or(&file.name));
        let shared = (self.clock, self.journal.clone(), "main");
        serial::open(&self.request.serial, tape, first, topics.site(), shared).map(Some)
    }

    fn part<'b>(
        &'b self,
        part: &'static str,
        tape: &'b Tape,
        windows: &'b [Window],
        drain: Ms,
        gateway: Option<Gateway>,
        address: Option<&Address>,
    ) -> Part<'b> {
        let file = &self.request.loaded.scenario.file;
        let site = file.sut.topic_site.as_deref().unwrap_or(&file.name);
        let address = gateway.as_ref().map(|g| &g.address).or(address).cloned();
        let contract = self.contract(part);
        let topics = Topics::of(site);
        let reading = outside::reading(&contract, topics.site(), tape);
        Part {
            common: Common {
                clock: self.clock,
                journal: self.journal.clone(),
                part,
                run: self.tag.clone(),
                mark: String::new(),
                topics,
                contract: Arc::new(contract),
                retain: part == "main" && self.request.fleet.as_ref().is_some_and(|fleet| fleet.shape.retain),
            },
            tape,
            windows,
            heartbeat: file.drive.heartbeat.0,
            drain,
            address: address.unwrap_or(Address { host: "127.0.0.1".into(), port: 1883 }),
            gateway,
            stop: self.stop,
            progress: self.progress,
            actuators: tape
                .devices
                .iter()
                .map(|row| Actuator::new(row.class, Times::of(&file.kit, row.id.as_str())))
                .collect(),
            lines: None,
            // The echo tells nobody anything.
            rules: if part == "floor" { Vec::new() } else { self.request.commands.clone() },
            copies: self.request.fleet.as_ref().filter(|_| part == "main"),
            faults: self.request.faults.as_ref().filter(|_| part == "main"),
            between: None,
            city: None,
            restarts: Vec::new(),
            copies_hear: None,
            afflicted: Afflicted::default(),
            patience: part::PATIENCE,
            source: Some(Source { reading, cloud: None }),
            heard_on: Vec::new(),
            reading: None,
            figures: Arc::default(),
            processes: Processes::default(),
        }
    }

    fn note(&self, kind: &str, text: String) {
        self.note_at(self.clock.now_us(), kind, text);
    }

    fn note_at(&self, at_us: Micros, kind: &str, text: String) {
        self.journal.write(Entry::Note(Note { at_us, kind: kind.into(), text }));
    }

    /// An end at this instant.
    fn ended(&self, how: Ending) -> Ended {
        Ended { how, at_us: self.clock.now_us() }
    }

    /// The last line: the end, or why there is none.
    fn sign_off(&self, ended: &Ended) {
        let at_us = ended.at_us;
        match &ended.how {
            Ending::Whole => self.journal.write(Entry::End(End { at_us })),
            Ending::Interrupted => self.note_at(at_us, "interrupted", "somebody stopped the run".into()),
            Ending::Lost(why) => self.note_at(at_us, "lost", why.clone()),
            Ending::Disk(why) => self.note_at(at_us, "disk", why.clone()),
        }
    }
}

/// Whether anybody listens at the address, before the day is lived for nothing.
fn knock(address: &Address, stop: &Stop) -> Result<(), String> {
    let until = Instant::now() + KNOCK;
    loop {
        let tried = address.resolve().and_then(|at| TcpStream::connect_timeout(&at, Duration::from_secs(1)));
        match tried {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() >= until || stop.asked() => {
                let remedy = "start the gateway's broker or name another address with --sut";
                return Err(format!("nobody listens at {address}: {error}; {remedy}"));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}
