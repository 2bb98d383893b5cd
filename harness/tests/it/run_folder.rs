//! A run folder made by hand: a small compound's tape, a journal with known faults, a planner's answer.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use palisade::record::{End, Entry, Expected, Left, Link, Micros, Note, Observation, Start, WindowEntry};
use palisade_sim::analysis::answer::{
    Gap, GapReason, Grid, Layer, Perimeter, PlanAnswer, Share, SmallGaps, Stretch,
};
use palisade_sim::contract::{
    Cause, Class, Incident, IncidentKind, Nuisance, Origin, Place, Signal, Stimulus, TargetKind,
};
use palisade_sim::model::load::{SourceText, load};
use palisade_sim::whole::tape::TapeDevice;
use palisade_sim::whole::{Inputs, Tape, live};
use palisade_sim::words::{DeviceIx, Id, IncidentId, Ms, StimulusId};

/// How many of each class are installed.
const KIT: [(Class, u32, &str); 11] = [
    (Class::GatePost, 3, "post"),
    (Class::Barrier, 2, "barrier"),
    (Class::OuterPost, 4, "outer"),
    (Class::Checkpoint, 16, "point"),
    (Class::Charger, 4, "shed"),
    (Class::Intercom, 48, "door"),
    (Class::Beam, 14, "beam"),
    (Class::Camera, 40, "camera"),
    (Class::FacadeCamera, 8, "facade"),
    (Class::SmokeDetector, 12, "smoke"),
    (Class::DutyRoom, 1, "duty"),
];

/// Faults planted in the main part, by message number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Missed,
    Late,
    Duplicate,
    Wrong,
    Unsent,
}

/// A run to be written.
pub(crate) struct Run {
    pub(crate) tape: Tape,
    pub(crate) faults: Vec<(u32, Fault)>,
    pub(crate) notes: Vec<(&'static str, &'static str)>,
    pub(crate) ended: bool,
    /// The tape is made from another scenario.
    pub(crate) foreign: bool,
    /// Connections that went down or came back: device, µs, up.
    pub(crate) links: Vec<(u32, Micros, bool)>,
    pub(crate) thresholds: &'static str,
    /// Every message leaves this much after its instant, µs.
    pub(crate) lateness_us: Micros,
    /// The scenario's and the geometry's text.
    pub(crate) texts: [String; 2],
    /// The planner's answer.
    pub(crate) plan: PlanAnswer,
    /// Messages that are driven, in order.
    pub(crate) driven: Vec<u32>,
}

fn devices() -> Vec<TapeDevice> {
    let mut devices = Vec::new();
    for (class, count, name) in KIT {
        for i in 0..count {
            let turn = f64::from(i) / f64::from(count) * std::f64::consts::TAU + f64::from(count);
            let at_m = [150.0 + 140.0 * turn.cos(), 125.0 + 115.0 * turn.sin(), 3.0];
            devices.push(TapeDevice { id: Id(format!("{name}-{:02}", i + 1)), class, at_m, qos: 1 });
        }
    }
    devices
}

fn signal(class: Class, n: u32) -> Signal {
    match class {
        Class::GatePost => Signal::ResidentPassed { credential: format!("card-{n}") },
        Class::Barrier => Signal::PlateRead { plate: format!("浙A{n:05}"), known: true, confidence_pct: 98 },
        Class::OuterPost => Signal::PersonSighted { bearing_deg: 90 },
        Class::Checkpoint => {
            Signal::CheckpointRead { tour: "night".into(), guard: "g-07".into(), due_offset_s: 12 }
        }
        Class::Charger => Signal::ChargeStarted { socket: 3 },
        Class::Intercom => Signal::CallStarted { flat: "b03-1-0502".into() },
        Class::Beam => Signal::BeamBroken { broken_ms: 140 },
        Class::FacadeCamera => Signal::ObjectFell { storey: 12, column: 3, frames: 9 },
        Class::SmokeDetector => Signal::SmokeAlarm { obscuration_pct_per_m_x100: 530 },
        Class::DutyRoom => Signal::AlarmAcknowledged { device: "beam-07".into() },
        _ => Signal::TargetEntered { target: TargetKind::Person, track: n, px_per_m: 61 },
    }
}

fn kind(n: u32) -> IncidentKind {
    use IncidentKind as K;
    const KINDS: [IncidentKind; 14] = [
        K::Trip,
        K::GateVisit,
        K::DoorCall,
        K::VehicleTrip,
        K::Charging,
        K::Trip,
        K::DoorCall,
        K::Tour,
        K::Trip,
        K::Tailgating,
        K::Intrusion,
        K::ThrownObject,
        K::Fire,
        K::Litter,
    ];
    // Two in a hundred are grave or notable.
    if n.is_multiple_of(50) { KINDS[9 + (n / 50) as usize % 5] } else { KINDS[n as usize % 9] }
}

/// A day of 3,000 incidents and 6,000 messages; messages 2,000 to 2,411 are driven, one every 100 ms.
pub(crate) fn tape() -> Tape {
    let devices = devices();
    let incidents: Vec<Incident> = (0..3_000u32)
        .map(|n| Incident {
            id: IncidentId(n),
            kind: kind(n),
            origin: if n.is_multiple_of(50) { Origin::Chance } else { Origin::Plan },
            began: Ms(i64::from(n) * 28_800),
            ended: Some(Ms(i64::from(n) * 28_800 + 60_000)),
            place: Place::from_m(40.0 + f64::from(n * 37 % 220), 30.0 + f64::from(n * 53 % 190), 0.0),
            actor: format!("resident/b{:02}-1-{:02}01/1", n % 22 + 1, n % 16 + 1),
            outcome: "came home <through> the 东门".into(),
        })
        .collect();
    let stimuli = (0..6_000u32)
        .map(|n| {
            let device = n * 7 % devices.len() as u32;
            let fooled = n % 97 == 0;
            let cause =
                if fooled { Cause::Nuisance(Nuisance::Bird) } else { Cause::Incident(IncidentId(n / 2)) };
            let due = Ms(i64::from(n) * 14_400 + 1_250);
            let signal = signal(devices[device as usize].class, n);
            Stimulus { id: StimulusId(n), due, device: DeviceIx(device), signal, cause }
        })
        .collect();
    Tape {
        name: "翠苑".into(),
        scenario_digest: "00".into(),
        seed: 1,
        lasting: Ms::DAY,
        devices,
        incidents,
        stimuli,
    }
}

pub(crate) fn plan() -> PlanAnswer {
    let share = |share: f64| Share { share, area_m2: share * 41_000.0 };
    let of_2014 =
        [("monitor", 0.91), ("detect", 0.82), ("observe", 0.44), ("recognise", 0.17), ("identify", 0.05)];
    let of_2025 = [("overview", 0.86), ("outline", 0.63), ("discern", 0.33), ("perceive", 0.17)];
    let classes = |c: &[(&str, f64)]| c.iter().map(|(n, s)| ((*n).to_owned(), share(*s))).collect();
    let heights = |c: &[(&str, f64)]| ["0.3", "1.6"].map(|h| (h.to_owned(), classes(c))).into();
    let coverage = [("2014".to_owned(), heights(&of_2014)), ("2025".to_owned(), heights(&of_2025))].into();
    let cells = |shift: f64| {
        let cell = |i: usize| {
            let (x, y) = ((i % 300) as f64, (i / 300) as f64);
            let wave = (x / 23.0 + shift).sin() * (y / 17.0).cos();
            if (x - 150.0).hypot(y - 125.0) > 150.0 { -1 } else { (wave * 160.0).max(0.0) as i32 }
        };
        (0..75_000).map(cell).collect()
    };
    let gap = |i: u32| {
        let (x, y) = (20.0 + f64::from(i * 41 % 240), 20.0 + f64::from(i * 67 % 200));
        let side = 4.0 + f64::from(i % 7) * 2.0;
        Gap {
            height_m: if i.is_multiple_of(2) { 0.3 } else { 1.6 },
            area_m2: side * side,
            reason: if i.is_multiple_of(3) { GapReason::Building } else { GapReason::Range },
            culprit: i.is_multiple_of(3).then(|| format!("{}号楼", i + 1)),
            polygon: vec![vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]]],
            ..Gap::default()
        }
    };
    PlanAnswer {
        cells: Vec::new(),
        coverage,
        public_ground_m2: 41_000.0,
        small_gaps: SmallGaps { count: 3, area_m2: 5.5 },
        gaps: (0..40).map(gap).collect(),
        grid: Grid {
            origin_m: [0.0, 0.0],
            cell_m: 1.0,
            columns: 300,
            rows: 250,
            layers: vec![
                Layer { height_m: 0.3, px_per_m: cells(0.0), ..Layer::default() },
                Layer { height_m: 1.6, px_per_m: cells(1.0), ..Layer::default() },
            ],
        },
        perimeter: Perimeter {
            status: "1 gap, 14.2 m".into(),
            length_m: 1_080.0,
            guarded_m: 1_040.0,
            gates_m: 25.8,
            zones: Vec::new(),
            unwalled: Vec::new(),
            unrepaired: Vec::new(),
            repairs: Vec::new(),
            parts: Vec::new(),
            gaps: vec![Stretch {
                beam: None,
                wall: "wall-n".into(),
                gate: None,
                along_m: [20.0, 34.2],
                ends_m: [[40.0, 240.0], [54.2, 240.0]],
                reason: "no zone between beam-03 and beam-04".into(),
            }],
        },
        ..PlanAnswer::default()
    }
}

fn with_thresholds(scenario: &str, thresholds: &str) -> String {
    format!("{scenario}\n[thresholds]\n{thresholds}")
}

impl Run {
    /// A run of a shipped compound: its real day and plan, with a journal as if it had been driven.
    pub(crate) fn shipped(name: &str) -> Run {
        let read = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name);
            SourceText { name: name.into(), text: fs::read_to_string(path).expect("a shipped file") }
        };
        let (toml, geometry) = (read(&format!("{name}.toml")), read(&format!("sites/{name}.geojson")));
        let scenario = Arc::new(load(&toml, Some(&geometry)).expect("a shipped scenario is sound"));
        let plan = palisade_sim::analysis::plan(&scenario);
        let tape = live(scenario, 1, &Inputs::default(), &mut |_| {}).tape;
        let driven = (0..tape.stimuli.len() as u32).skip(1_000).step_by(3).take(412).collect();
        // The run's own thresholds take the place of the scenario's.
        let lines = toml.text.lines().scan(false, |inside, line| {
            if line.starts_with('[') {
                *inside = line.starts_with("[thresholds]");
            }
            Some(if *inside { "" } else { line })
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let thresholds = "missed = \"== 0\"\n";
        Run { tape, plan, driven, texts: [text, geometry.text], thresholds, ..Run::sound() }
    }

    /// A run in which all is well.
    pub(crate) fn sound() -> Run {
        Run {
            tape: tape(),
            faults: Vec::new(),
            notes: Vec::new(),
            ended: true,
            foreign: false,
            links: Vec::new(),
            texts: [
                "format = 1\nname = \"翠苑\"\n[site]\ngeometry = \"site.geojson\"\norigin = { lon_deg = 120.1, lat_deg = 30.3 }\n".into(),
                r#"{"type":"FeatureCollection","attribution":"invented for tests","features":[]}"#.into(),
            ],
            plan: plan(),
            driven: (Run::FIRST..Run::FIRST + Run::DRIVEN).collect(),
            thresholds: "\"missed\" = \"== 0\"\n\"duplicate\" = \"== 0\"\n\"response.p99\" = \"< 500ms\"\n\"beam.response.p99\" = \"< 200ms\"\n",
            lateness_us: 60,
        }
    }

    /// The first driven message.
    pub(crate) const FIRST: u32 = 2_000;
    /// How many are driven.
    pub(crate) const DRIVEN: u32 = 412;

    fn fault(&self, n: u32) -> Option<Fault> {
        self.faults.iter().find(|(id, _)| *id == n).map(|f| f.1)
    }

    /// Writes the folder.
    pub(crate) fn write(&self, to: &Path) {
        fs::create_dir_all(to).expect("a folder");
        let toml = SourceText {
            name: "scenario.toml".into(),
            text: with_thresholds(&self.texts[0], self.thresholds),
        };
        let geometry = SourceText { name: "site.geojson".into(), text: self.texts[1].clone() };
        let own = load(&toml, Some(&geometry)).ok().filter(|_| !self.foreign);
        let scenario_digest = own.map_or_else(|| self.tape.scenario_digest.clone(), |s| s.digest);
        let tape = Tape { scenario_digest, ..self.tape.clone() };
        fs::write(to.join("tape.bin"), tape.to_bytes()).expect("the tape");
        fs::write(to.join("plan.json"), serde_json::to_vec(&self.plan).expect("JSON")).expect("the plan");
        fs::write(to.join("scenario.toml"), toml.text).expect("the scenario");
        fs::write(to.join("site.geojson"), &self.texts[1]).expect("the geometry");
        let lines: Vec<String> =
            self.journal().iter().map(|e| serde_json::to_string(e).expect("JSON") + "\n").collect();
        fs::write(to.join("journal.jsonl"), lines.concat()).expect("the journal");
    }

    fn journal(&self) -> Vec<Entry> {
        let mut journal = vec![Entry::Start(Start {
            format: 1,
            run: "r1a2".into(),
            scenario: "scenarios/cuiyuan.toml".into(),
            seed: 1,
            sut: "builtin".into(),
            sut_name: String::new(),
            defects: if self.faults.is_empty() { String::new() } else { "drop=0.05".into() },
            wall_clock: "2026-03-02T08:00:00Z".into(),
            part: "main".into(),
            options: Vec::new(),
        })];
        let mut now = 1_000_000;
        for part in ["floor", "main"] {
            for (w, window) in self.driven.chunks(self.driven.len().div_ceil(2)).enumerate() {
                let first = self.tape.stimuli[window[0] as usize].due;
                journal.push(Entry::Window(WindowEntry {
                    index: w as u32,
                    from: first,
                    lasting: Ms(21_000),
                    began_us: now,
                    part: part.into(),
                }));
                for (i, n) in window.iter().enumerate() {
                    self.message(*n, part, now + i as Micros * 100_000, &mut journal);
                }
                now += 25_000_000;
            }
        }
        for &(device, at_us, up) in &self.links {
            journal.push(Entry::Link(Link { at_us, part: "main".into(), device: DeviceIx(device), up }));
        }
        for (kind, text) in &self.notes {
            journal.push(Entry::Note(Note { at_us: now, kind: (*kind).into(), text: (*text).into() }));
        }
        if self.ended {
            journal.push(Entry::End(End { at_us: now }));
        }
        journal
    }

    fn message(&self, n: u32, part: &str, intended_us: Micros, journal: &mut Vec<Entry>) {
        let stimulus = &self.tape.stimuli[n as usize];
        let severity = stimulus.signal.severity();
        let fault = self.fault(n).filter(|_| part == "main");
        journal.push(Entry::Expected(Expected {
            stimulus: stimulus.id,
            device: stimulus.device,
            part: part.into(),
            intended_us,
            severity,
            deadline_us: 2_000_000,
            correlate: Vec::new(),
        }));
        if fault == Some(Fault::Unsent) {
            return;
        }
        let left_us = intended_us + self.lateness_us + i64::from(n % 7) * 20;
        journal.push(Entry::Left(Left {
            stimulus: stimulus.id,
            part: part.into(),
            left_us,
            topic: "site/cuiyuan/dev/x/event".into(),
            payload: "{}".into(),
            qos: Some(self.tape.devices[stimulus.device.index()].qos),
        }));
        let spread = i64::from(n * n % 97);
        let service = if part == "floor" { 400 + spread * 9 } else { 9_000 + spread * spread * 12 };
        let seen = |after: Micros, signal: String| {
            Entry::Observed(Observation {
                received_us: left_us + after,
                part: part.into(),
                topic: "site/cuiyuan/alarm".into(),
                device: self.tape.devices[stimulus.device.index()].id.to_string(),
                signal,
                severity: Some(severity),
                correlation: Some(format!("r1a2-{n}")),
                payload: "{}".into(),
                retained: false,
                clock_ms: None,
            })
        };
        let word = stimulus.signal.word();
        match fault {
            Some(Fault::Missed) => {}
            Some(Fault::Late) => journal.push(seen(2_400_000, word)),
            Some(Fault::Duplicate) => {
                journal.extend([seen(service, word.clone()), seen(service + 4_000, word)]);
            }
            Some(Fault::Wrong) => journal.push(seen(service, "water_on".into())),
            Some(Fault::Unsent) | None => journal.push(seen(service, word)),
        }
    }
}
