//! A small yard, built in code: one tower, one shed, a wall round them, one of each device. Nobody lives there, so
//! nothing happens but what a test asks for.

use std::sync::Arc;

use geo::{Coord, LineString, polygon};
use palisade_sim::contract::{Cause, Class, Incident, IncidentKind, Signal};
use palisade_sim::model::Scenario;
use palisade_sim::model::cast::{Cast, Duty, Event, Guard, Policy, ScriptEvent};
use palisade_sim::model::kit::*;
use palisade_sim::model::scenario::{Day, Device, Duration, Household, ScenarioFile, SiteRef};
use palisade_sim::model::site::*;
use palisade_sim::whole::{self, Inputs};
use palisade_sim::words::{Id, Ms};

/// One stimulus without its numbers: when, which device, what, and the incident's kind and actor or the nuisance.
pub(super) type Said = (Ms, String, Signal, String);

/// A day that was lived.
pub(super) struct Lived {
    /// What devices say.
    pub(super) said: Vec<Said>,
    /// What happened.
    pub(super) incidents: Vec<Incident>,
}

impl Lived {
    /// What one device says.
    pub(super) fn by(&self, device: &str) -> Vec<&Said> {
        self.said.iter().filter(|s| s.1 == device).collect()
    }

    /// What all devices but one say.
    pub(super) fn but(&self, device: &str) -> Vec<&Said> {
        self.said.iter().filter(|s| s.1 != device).collect()
    }

    /// The only incident of a kind.
    pub(super) fn the(&self, kind: IncidentKind) -> &Incident {
        let mut all = self.incidents.iter().filter(|i| i.kind == kind);
        let first = all.next().unwrap_or_else(|| panic!("no {kind:?} in {:#?}", self.incidents));
        assert!(all.next().is_none(), "more than one {kind:?}");
        first
    }

    /// Words of the signals of one device in order.
    pub(super) fn words(&self, device: &str) -> Vec<String> {
        self.by(device).iter().map(|s| s.2.word()).collect()
    }
}

/// Lives through the yard's day.
pub(super) fn live(scenario: Scenario) -> Lived {
    let day = whole::live(Arc::new(scenario), 7, &Inputs::default(), &mut |_| ());
    let incidents = day.tape.incidents;
    let cause = |cause: Cause| match cause {
        Cause::Incident(id) => format!("{:?} {}", incidents[id.index()].kind, incidents[id.index()].actor),
        Cause::Nuisance(what) => format!("{what:?}"),
    };
    let mut said: Vec<Said> = day
        .tape
        .stimuli
        .iter()
        .map(|s| {
            let device = day.tape.devices[s.device.index()].id.to_string();
            (s.due, device, without_track(s.signal.clone()), cause(s.cause))
        })
        .collect();
    said.sort();
    Lived { said, incidents }
}

fn without_track(signal: Signal) -> Signal {
    match signal {
        Signal::TargetEntered { target, px_per_m, .. } => {
            Signal::TargetEntered { target, track: 0, px_per_m }
        }
        Signal::TargetLeft { target, .. } => Signal::TargetLeft { target, track: 0 },
        Signal::LineCrossed { target, .. } => Signal::LineCrossed { target, track: 0 },
        other => other,
    }
}

/// The yard with a script, changed by a test.
pub(super) fn yard(script: Vec<ScriptEvent>, change: impl FnOnce(&mut Scenario)) -> Scenario {
    let file = ScenarioFile {
        format: 1,
        name: "yard".into(),
        seed: 7,
        site: SiteRef { geometry: String::new(), origin: Wgs84 { lon_deg: 120.0, lat_deg: 30.0 } },
        day: Day { lasting: Duration::seconds(2.0 * 3600.0), ..Day::default() },
        kit: kit(),
        cast: Cast {
            occupancy: 0.0,
            intrusions_per_day: 0.0,
            thrown_per_day: 0.0,
            litter_per_day: 0.0,
            fires_per_million_month: 0.0,
            beam_nuisance_per_day: 0.0,
            intruder_policy: Policy::Covert,
            visitors_per_flat: 0.0,
            deliveries_per_flat: 0.0,
            visiting_cars_per_flat: 0.0,
            ..Cast::default()
        },
        script,
        drive: Default::default(),
        sut: Default::default(),
        thresholds: Default::default(),
        project: Default::default(),
    };
    let households = (1..=12)
        .map(|storey| Household { flat: format!("b01-1-{storey:02}01"), entrance: 0, building: 0, storey })
        .collect();
    let mut scenario =
        Scenario { file, site: site(), households, devices: Vec::new(), digest: "yard".into() };
    change(&mut scenario);
    scenario.devices = devices(&scenario.file.kit, &scenario.file.cast.guard);
    scenario
}

/// A guard on duty from midnight to noon.
pub(super) fn guard(id: &str, duty: Duty, radio: bool) -> Guard {
    let shift = ["00:00", "12:00"].map(|t| t.parse().unwrap());
    Guard { id: Id::from(id), duty, shift, filed: true, trained: true, radio }
}

/// Somebody in the duty room, and somebody who goes where he is sent.
pub(super) fn staffed(scenario: &mut Scenario) {
    scenario.file.kit.duty_room.push(DutyRoom {
        id: Id::from("room"),
        at_m: [46.0, 4.0],
        operators: 1,
        acknowledge: Duration::seconds(8.0),
    });
    let room = Duty::DutyRoom(Id::from("room"));
    scenario.file.cast.guard.extend([guard("g-room", room, false), guard("g-go", Duty::Responder, true)]);
}

/// An entry of the script.
pub(super) fn at(time: &str, event: Event) -> ScriptEvent {
    ScriptEvent { at: time.parse().unwrap(), event }
}

fn line(points: &[[f64; 2]]) -> LineString<f64> {
    points.iter().map(|p| Coord { x: p[0], y: p[1] }).collect()
}

/// A wall of the perimeter.
pub(super) fn wall(id: &str, points: &[[f64; 2]], height_m: f64) -> Wall {
    let made_of = WallKind::Wall;
    Wall {
        id: Id::from(id),
        made_of,
        line: line(points),
        height_m,
        perimeter: true,
        bar_gap_m: None,
        lowest_rail_m: None,
        delay_s: None,
    }
}

fn building(id: &str, usage: Use, outline: geo::Polygon<f64>, storeys: u32) -> Building {
    Building {
        id: Id::from(id),
        name: None,
        usage,
        outline,
        storeys,
        height_m: 3.0 * f64::from(storeys),
        flats_per_storey: 1,
        height_assumed: false,
    }
}

/// 100 m from west to east and 80 m from south to north; the gate is in the middle of the south side.
fn site() -> Site {
    Site {
        origin: Wgs84 { lon_deg: 120.0, lat_deg: 30.0 },
        compounds: vec![Compound {
            id: Id::from("yard"),
            name: None,
            outline: polygon![(x: 0.0, y: 0.0), (x: 100.0, y: 0.0), (x: 100.0, y: 80.0), (x: 0.0, y: 80.0)],
        }],
        buildings: vec![
            building(
                "b01",
                Use::Residential,
                polygon![(x: 35.0, y: 40.0), (x: 65.0, y: 40.0), (x: 65.0, y: 52.0), (x: 35.0, y: 52.0)],
                12,
            ),
            building(
                "shed",
                Use::ChargingShed,
                polygon![(x: 8.0, y: 10.0), (x: 18.0, y: 10.0), (x: 18.0, y: 14.0), (x: 8.0, y: 14.0)],
                1,
            ),
        ],
        walls: vec![
            wall("w-south", &[[0.0, 0.0], [100.0, 0.0]], 2.2),
            wall("w-east", &[[100.0, 0.0], [100.0, 80.0]], 2.2),
            wall("w-north", &[[100.0, 80.0], [0.0, 80.0]], 2.2),
            wall("w-west", &[[0.0, 80.0], [0.0, 0.0]], 2.2),
        ],
        gates: vec![Gate {
            id: Id::from("gate"),
            name: None,
            at: Coord { x: 50.0, y: 0.0 },
            width_m: 4.0,
            passage: GateFor::Pedestrians,
            height_m: None,
            delay_s: None,
        }],
        paths: vec![Path {
            id: Id::from("p1"),
            passage: PathFor::Foot,
            line: line(&[[50.0, 0.0], [50.0, 38.0]]),
            width_m: 3.0,
        }],
        trees: vec![],
        lamps: vec![],
        entrances: vec![Entrance {
            id: Id::from("b01-1"),
            building: Id::from("b01"),
            at: Coord { x: 50.0, y: 40.0 },
        }],
        areas: vec![],
    }
}

fn beam(id: &str, wall: &str, from_m: [f64; 2], to_m: [f64; 2]) -> Beam {
    Beam {
        id: Id::from(id),
        from_m,
        to_m,
        wall: Id::from(wall),
        model: None,
        rays_m: vec![2.4, 2.7],
        interruption: Duration::seconds(0.05),
        hold: Duration::seconds(2.0),
        rated_range_m: 100.0,
        misaligned_deg: 0.0,
    }
}

fn camera(id: &str, at_m: [f64; 2], bearing_deg: f64, task: CameraTask) -> Camera {
    Camera {
        id: Id::from(id),
        at_m,
        height_m: 4.0,
        bearing_deg,
        tilt_deg: 12.0,
        hfov_deg: 80.0,
        pixels: [3840, 2160],
        model: None,
        lens: Default::default(),
        distortion: [0.0, 0.0],
        focal: None,
        sensitivity_lux: None,
        range_m: 60.0,
        ir_range_m: 60.0,
        min_lux: 0.5,
        working_px_per_m: 25.0,
        task,
        mask_px: Vec::new(),
    }
}

fn kit() -> Kit {
    let station = FireStation {
        id: Id::from("station"),
        at_m: [30.0, 10.0],
        items: ["hose", "mask", "wrench", "extinguisher"].map(str::to_owned).to_vec(),
        inspected: None,
        missing: 0.0,
    };
    let facade_camera = |id: &str, at_m: [f64; 2], bearing_deg| FacadeCamera {
        id: Id::from(id),
        at_m,
        height_m: 3.0,
        building: Id::from("b01"),
        bearing_deg,
        elevation_deg: 35.0,
        hfov_deg: 80.0,
        pixels: [2560, 1440],
        frames_per_s: 25.0,
    };
    Kit {
        fire_station: vec![station],
        fire_point: vec![FirePoint {
            id: Id::from("hydrant"),
            at_m: [25.0, 8.0],
            what: FirePointKind::Hydrant,
        }],
        charger: vec![Charger {
            id: Id::from("charger"),
            at_m: [9.0, 12.0],
            sockets: 8,
            row_bearing_deg: 90.0,
            pitch_m: 0.9,
        }],
        beam: vec![
            beam("beam-n1", "w-north", [100.0, 80.0], [50.0, 80.0]),
            beam("beam-n2", "w-north", [50.0, 80.0], [0.0, 80.0]),
            beam("beam-e", "w-east", [100.0, 0.0], [100.0, 80.0]),
        ],
        camera: vec![
            camera("cam-nw", [2.0, 62.0], 60.0, CameraTask::Perimeter),
            camera("cam-ne", [98.0, 62.0], 300.0, CameraTask::Perimeter),
            camera("cam-door", [50.0, 20.0], 0.0, CameraTask::Entrance),
        ],
        facade_camera: vec![
            facade_camera("fc-south", [50.0, 12.0], 0.0),
            facade_camera("fc-north", [50.0, 78.0], 180.0),
        ],
        smoke_detector: vec![SmokeDetector {
            id: Id::from("smoke"),
            at_m: [13.0, 12.5],
            height_m: 2.7,
            alarm_pct_per_m: 5.0,
        }],
        heat_detector: vec![HeatDetector {
            id: Id::from("heat"),
            at_m: [14.0, 12.5],
            height_m: 2.7,
            alarm_c: 57.0,
            rti: 60.0,
        }],
        ..Kit::default()
    }
}

/// The device table in the order of the kit's tables.
fn devices(kit: &Kit, guards: &[Guard]) -> Vec<Device> {
    let mut all = Vec::new();
    let mut add = |class: Class, rows: Vec<(&Id, [f64; 2])>| {
        for (row, (id, [x, y])) in rows.into_iter().enumerate() {
            all.push(Device { id: id.clone(), class, row, at_m: [x, y, 0.0], qos: 1 });
        }
    };
    add(Class::OuterPost, kit.outer_post.iter().map(|d| (&d.id, d.at_m)).collect());
    add(Class::FireStation, kit.fire_station.iter().map(|d| (&d.id, d.at_m)).collect());
    add(Class::FireStation, kit.fire_point.iter().map(|d| (&d.id, d.at_m)).collect());
    add(Class::Charger, kit.charger.iter().map(|d| (&d.id, d.at_m)).collect());
    add(Class::Beam, kit.beam.iter().map(|d| (&d.id, d.from_m)).collect());
    add(Class::Camera, kit.camera.iter().map(|d| (&d.id, d.at_m)).collect());
    add(Class::FacadeCamera, kit.facade_camera.iter().map(|d| (&d.id, d.at_m)).collect());
    add(Class::SmokeDetector, kit.smoke_detector.iter().map(|d| (&d.id, d.at_m)).collect());
    add(Class::HeatDetector, kit.heat_detector.iter().map(|d| (&d.id, d.at_m)).collect());
    add(Class::GuardRadio, guards.iter().filter(|g| g.radio).map(|g| (&g.id, [46.0, 4.0])).collect());
    add(Class::DutyRoom, kit.duty_room.iter().map(|d| (&d.id, d.at_m)).collect());
    all
}
