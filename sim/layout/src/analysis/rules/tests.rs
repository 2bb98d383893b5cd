mod records;

use std::collections::BTreeSet;

use geo::{Coord, LineString, Rect};

use self::records::{TWO, rounds};
use super::*;
use crate::analysis::views::Views;
use crate::analysis::{plan_with, sample};
use crate::model::cast::{Duty, Guard};
use crate::model::kit::{
    Barrier, Beam, Camera, CameraTask, Checkpoint, DutyRoom, FacadeCamera, GatePost, GuardTour, Kit, Lane,
    Provision,
};
use crate::model::lens::Focal;
use crate::model::scenario::{Duration, TimeOfDay};
use crate::model::site::{
    Area, Building, Entrance, Gate, GateFor, Ground, Path, PathFor, Use, Wall, WallKind,
};
use crate::words::Ms;

/// A small compound that meets every rule that can be assessed.
fn exemplary() -> Scenario {
    let mut site = sample::bare(-40.0, -30.0, 40.0, 30.0);
    let ring = [(-40.0, -30.0), (40.0, -30.0), (40.0, 30.0), (-40.0, 30.0), (-40.0, -30.0)];
    let wall = sample::wall("wall", WallKind::Wall, &ring, 2.2);
    site.walls.push(Wall { delay_s: Some(60.0), ..wall });
    let gate = sample::gate("gate", 0.0, -30.0, 4.0);
    site.gates.push(Gate { height_m: Some(2.2), delay_s: Some(90.0), ..gate });
    site.buildings.push(sample::building("b1", Rect::new((-10.0, 5.0), (10.0, 15.0)).to_polygon(), 18.0));
    site.entrances.push(Entrance { id: "b1-1".into(), building: "b1".into(), at: Coord { x: 0.0, y: 5.0 } });
    let shed = sample::building("shed", Rect::new((-14.0, -22.0), (-10.0, -20.0)).to_polygon(), 2.5);
    site.buildings.push(Building { usage: Use::ChargingShed, storeys: 1, ..shed });
    let plaza = Rect::new((-6.0, -6.0), (6.0, 0.0)).to_polygon();
    site.areas.push(Area { id: "plaza".into(), ground: Ground::Plaza, outline: plaza });
    sample::scenario(site, kit())
}

fn kit() -> Kit {
    let corners = [[-39.0, -29.0, 90.0], [39.0, -29.0, 0.0], [39.0, 29.0, 270.0], [-39.0, 29.0, 180.0]];
    let mut camera: Vec<Camera> = corners.iter().enumerate().map(|(i, c)| along_the_wall(i, *c)).collect();
    for (name, x) in [("gate-people", -1.0), ("gate-lane", 1.0)] {
        let height_m = 2.6;
        camera.push(Camera {
            height_m,
            hfov_deg: 40.0,
            tilt_deg: 5.0,
            pixels: [3840, 2160],
            task: CameraTask::Entrance,
            ..sample::camera(name, [x, -22.0], 180.0)
        });
    }
    camera.push(Camera { tilt_deg: 12.0, ..sample::camera("door", [0.0, -14.0], 0.0) });
    for camera in &mut camera {
        // Nothing but the sky lights this compound, with 0.02 lx.
        (camera.focal, camera.sensitivity_lux) = (Some(Focal::Fixed), Some(0.0003));
        camera.ir_range_m = camera.range_m;
    }
    let zones: [[f64; 4]; 8] = [
        // Over the shut leaf, too: nobody stands at the gate.
        [-40.0, -30.0, 2.0, -30.0],
        [2.0, -30.0, 40.0, -30.0],
        [40.0, -30.0, 40.0, 0.0],
        [40.0, 0.0, 40.0, 30.0],
        [40.0, 30.0, 0.0, 30.0],
        [0.0, 30.0, -40.0, 30.0],
        [-40.0, 30.0, -40.0, 0.0],
        [-40.0, 0.0, -40.0, -30.0],
    ];
    let hours = |h: i64| TimeOfDay(Ms(h * 3_600_000));
    Kit {
        camera,
        beam: zones.iter().enumerate().map(|(i, z)| zone(i, *z)).collect(),
        barrier: vec![Barrier {
            id: "barrier".into(),
            gate: "gate".into(),
            lane: Lane::Both,
            misread: 0.02,
            arm: Duration::seconds(1.5),
            places: 10,
        }],
        checkpoint: vec![Checkpoint { id: "c1".into(), at_m: [20.0, 20.0], key_area: false }],
        guard_tour: vec![GuardTour {
            id: "round".into(),
            checkpoints: vec!["c1".into()],
            starts: (0..12).map(|i| hours(2 * i)).collect(),
            window: Duration::seconds(180.0),
            speed_m_s: 1.1,
            dwell: Duration::seconds(15.0),
        }],
        facade_camera: [("south", -10.0, 0.0), ("north", 25.0, 180.0)].map(facade_camera).to_vec(),
        provision: Provision {
            alarm_backup_h: Some(8.0),
            access_backup_h: Some(48.0),
            video_days: Some(30.0),
            alarm_log_days: Some(90.0),
            access_log_days: Some(180.0),
            trial_days: Some(30.0),
            camera_mbit_s: Some(4.0),
            cameras_at_once: None,
            network_mbit_s: Some(100.0),
            key_site: false,
            protection_level: None,
        },
        ..Kit::default()
    }
}

fn along_the_wall(i: usize, [x, y, bearing_deg]: [f64; 3]) -> Camera {
    let (hfov_deg, tilt_deg) = (88.0, 3.0);
    let pixels = [3840, 2160];
    let name = format!("corner-{i}");
    Camera {
        hfov_deg,
        tilt_deg,
        pixels,
        range_m: 90.0,
        task: CameraTask::Perimeter,
        ..sample::camera(&name, [x, y], bearing_deg)
    }
}

fn zone(i: usize, [ax, ay, bx, by]: [f64; 4]) -> Beam {
    Beam {
        id: format!("beam-{i}").as_str().into(),
        from_m: [ax, ay],
        to_m: [bx, by],
        wall: "wall".into(),
        model: None,
        rays_m: vec![2.3, 2.5],
        interruption: Duration::seconds(0.05),
        hold: Duration::seconds(2.0),
        rated_range_m: 100.0,
        misaligned_deg: 0.0,
    }
}

fn facade_camera((name, y, bearing_deg): (&str, f64, f64)) -> FacadeCamera {
    FacadeCamera {
        id: name.into(),
        at_m: [0.0, y],
        height_m: 3.0,
        building: "b1".into(),
        bearing_deg,
        elevation_deg: 65.0,
        hfov_deg: 95.0,
        pixels: [2160, 3840],
        frames_per_s: 25.0,
    }
}

fn findings(scenario: &Scenario, measured: Option<&Measured>) -> Vec<Finding> {
    let book = RuleBook::residential().expect("the shipped book");
    findings_by(&book, scenario, measured)
}

fn findings_by(book: &RuleBook, scenario: &Scenario, measured: Option<&Measured>) -> Vec<Finding> {
    let caster = Caster::new(&scenario.site);
    let views = Views::of(scenario, &caster);
    let plan = plan_with(scenario, &caster, &views);
    assess(book, scenario, (&caster, &views), &plan, measured)
}

fn one<'a>(findings: &'a [Finding], id: &str) -> &'a Finding {
    findings.iter().find(|f| f.id == id).unwrap_or_else(|| panic!("no rule {id}"))
}

fn ids(findings: &[Finding], status: Status) -> Vec<&str> {
    findings.iter().filter(|f| f.status == status).map(|f| f.id.as_str()).collect()
}

/// What a run says of every rule that is judged by one.
fn judged(judge: impl Fn(&Rule) -> Judged) -> RunJudged {
    let book = RuleBook::residential().expect("the shipped book");
    let rules = book.rules.iter().filter(|rule| rule.check.is_of_a_run());
    let rules = rules.map(|rule| (rule.id.clone(), judge(rule))).collect();
    RunJudged { journal: "results/yard/journal.jsonl".into(), rules }
}

fn held(_: &Rule) -> Judged {
    Judged {
        status: Status::Pass,
        measured: Some(0.4),
        demanded: Some(2.0),
        unit: "s".into(),
        needs: None,
        evidence: Vec::new(),
        driven: vec!["beam".into(), "camera".into()],
        undriven: Vec::new(),
    }
}

fn healthy() -> Measured {
    Measured {
        run: Some(judged(held)),
        patrols: Some(rounds(&TWO, 30)),
        log: Some("rounds.csv".into()),
        ..Measured::default()
    }
}

/// A rule and what breaks it.
type Mutation = (&'static str, fn(&mut Scenario));

const MUTATIONS: [Mutation; 51] = [
    ("1", |s| drop(s.file.kit.beam.remove(3))),
    ("1", |s| s.file.kit.beam[0].to_m = [-2.0, -30.0]),
    ("2", |s| s.file.kit.beam[4].to_m = [-40.0, 30.0]),
    ("3", |s| s.file.kit.beam[4].to_m = [-190.0, 30.0]),
    ("4", |s| s.file.kit.beam[0].rated_range_m = 50.0),
    ("5", |s| s.file.kit.beam[0].rays_m = vec![2.3]),
    ("6", |s| drop(s.file.kit.camera.remove(2))),
    ("7", |s| s.file.kit.beam[0].rays_m = vec![2.9, 3.1]),
    ("7b", |s| (s.file.kit.beam[0].from_m[1], s.file.kit.beam[0].to_m[1]) = (-29.7, -29.7)),
    ("7b", |s| s.file.kit.beam[2].to_m = [40.7, 0.0]),
    ("15a", |s| s.file.kit.provision.alarm_backup_h = Some(4.0)),
    ("15b", |s| s.file.kit.provision.access_backup_h = Some(24.0)),
    ("16a", |s| s.site.walls[0].height_m = 1.7),
    ("16c", |s| s.site.walls[0].line.0.truncate(4)),
    ("17", |s| s.site.gates[0].delay_s = Some(30.0)),
    ("18", |s| drop(s.file.kit.camera.remove(5))),
    ("19", |s| s.site.walls.push(sample::wall("hedge", WallKind::Hedge, &PORCH, 2.5))),
    ("19b", |s| s.site.walls.push(sample::wall("hedge", WallKind::Hedge, &AROUND_THE_SHED, 4.0))),
    ("20a", |s| s.file.kit.facade_camera[0].pixels = [1280, 720]),
    ("20a", |s| s.file.kit.camera[6].pixels = [1280, 720]),
    ("20b", |s| s.site.walls.push(sample::wall("screen", WallKind::Hedge, &SCREEN, 3.0))),
    ("20c", |s| s.file.kit.provision.video_days = Some(15.0)),
    ("20d", |s| s.site.walls.push(sample::wall("street", WallKind::Hedge, &STREET, 3.0))),
    ("20d", |s| hedged_in(s, Use::Plant)),
    ("21", |s| s.file.kit.camera[4].focal = Some(Focal::Zoom)),
    ("22a", |s| (s.file.kit.camera[4].height_m, s.file.kit.camera[4].tilt_deg) = (6.5, 32.0)),
    ("22a", |s| s.file.kit.camera[0].tilt_deg = 31.0),
    ("22b", |s| (s.file.kit.camera[4].at_m, s.file.kit.camera[4].bearing_deg) = ([-9.0, -25.0], 119.0)),
    ("23", |s| s.file.kit.camera[6].ir_range_m = 5.0),
    ("24", |s| s.file.kit.camera[6].sensitivity_lux = Some(0.001)),
    ("26", |s| s.file.kit.provision.video_days = Some(29.0)),
    ("26b", |s| s.file.kit.camera.iter_mut().for_each(|c| c.ir_range_m = 12.0)),
    ("27", |s| s.file.kit.provision.key_site = true),
    ("28", |s| s.file.kit.provision.network_mbit_s = Some(50.0)),
    ("29", |s| s.file.kit.camera[6].hfov_deg = 20.0),
    ("30", |s| s.file.kit.camera.iter_mut().for_each(|c| c.ir_range_m = 2.0)),
    ("30", |s| s.file.kit.camera.retain(|c| !c.id.as_str().starts_with("gate"))),
    ("35", |s| s.file.kit.guard_tour[0].checkpoints.clear()),
    ("36a", |s| s.file.kit.guard_tour[0].starts.clear()),
    ("37a", |s| s.file.kit.provision.alarm_log_days = Some(60.0)),
    ("37b", |s| s.file.kit.provision.access_log_days = Some(90.0)),
    ("38a", |s| s.file.kit.guard_tour[0].starts.truncate(11)),
    ("39a", |s| s.file.kit.facade_camera[0].elevation_deg = 45.0),
    ("39b", |s| drop(s.file.kit.facade_camera.remove(0))),
    ("39b", |s| s.file.kit.facade_camera[0].at_m = [0.0, 28.0]),
    ("39c", |s| s.file.kit.facade_camera[0].at_m = [0.0, -22.0]),
    ("39d", |s| s.file.kit.facade_camera[0].hfov_deg = 40.0),
    ("39e", |s| s.file.kit.provision.video_days = Some(29.0)),
    ("44", |s| {
        s.file.kit.camera.iter_mut().filter(|c| c.pixels[0] == 3840).for_each(|c| c.pixels = [2560, 1440])
    }),
    ("1", |s| s.file.kit.beam[2].misaligned_deg = 2.0),
    ("29", |s| s.file.kit.camera[6].pixels = [7680, 4320]),
];

/// A small house behind the block, and a tall hedge around it.
fn hedged_in(scenario: &mut Scenario, usage: Use) {
    let outline = Rect::new((-4.0, 17.0), (4.0, 20.0)).to_polygon();
    scenario.site.buildings.push(Building { usage, storeys: 1, ..sample::building("house", outline, 3.0) });
    let line = [(-6.0, 15.0), (-6.0, 22.0), (6.0, 22.0), (6.0, 15.0)];
    let hedge = sample::wall("hedge", WallKind::Hedge, &line, 4.0);
    scenario.site.walls.push(Wall { perimeter: false, ..hedge });
}

/// A hedge around the shed.
const AROUND_THE_SHED: [(f64, f64); 5] =
    [(-15.5, -23.5), (-8.5, -23.5), (-8.5, -18.5), (-15.5, -18.5), (-15.5, -23.5)];

/// A hedge along the street before the gate.
const STREET: [(f64, f64); 2] = [(-25.0, -32.5), (25.0, -32.5)];

/// A hedge before the square.
const SCREEN: [(f64, f64); 2] = [(-9.0, -8.0), (9.0, -8.0)];

/// A hedge around the door.
const PORCH: [(f64, f64); 4] = [(-1.5, 5.0), (-1.5, 2.5), (1.5, 2.5), (1.5, 5.0)];

#[test]
fn the_book_holds_forty_rules_and_says_which_are_unconfirmed() {
    let book = RuleBook::residential().expect("the shipped book");
    assert!(book.rules.len() >= 40, "{}", book.rules.len());
    let recalled: Vec<&str> =
        book.rules.iter().filter(|r| r.seen == Seen::Recall).map(|r| r.id.as_str()).collect();
    assert_eq!(recalled, ["27", "41", "42", "43", "44"]);
    assert_eq!(RuleBook::read("name = \"x\"\ndated = \"y\"\nrule = []").map(|b| b.rules.len()), Ok(0));
    assert!(RuleBook::read("name = 1").is_err());
}

#[test]
fn the_exemplary_compound_meets_all_that_can_be_assessed() {
    let found = findings(&exemplary(), Some(&healthy()));
    let failing: Vec<&Finding> = found.iter().filter(|f| f.status == Status::Fail).collect();
    assert!(failing.is_empty(), "{failing:#?}");
    let open = ids(&found, Status::NotAssessable);
    // Recordings of a trial run are no part of the layout.
    assert_eq!(open, ["14", "40"]);
    assert_eq!(ids(&found, Status::NotApplicable), ["16b", "16d", "20e", "25", "27", "32", "36e"]);
    assert!(found.iter().all(|f| (f.status == Status::NotAssessable) == f.needs.is_some()));
}

#[test]
fn each_rule_falls_by_its_mutation() {
    for (id, mutate) in MUTATIONS {
        let mut scenario = exemplary();
        mutate(&mut scenario);
        let found = findings(&scenario, Some(&healthy()));
        let finding = one(&found, id);
        assert_eq!(finding.status, Status::Fail, "{id}: {finding:?}");
        let provision = finding.evidence.is_empty();
        assert!(!provision || finding.measured < finding.demanded, "{id} names nothing: {finding:?}");
    }
}

#[test]
fn every_rule_of_layout_and_kit_that_can_be_assessed_has_a_mutation() {
    let found = findings(&exemplary(), Some(&healthy()));
    let of_layout = |kind| matches!(kind, Kind::Geometry | Kind::Configuration);
    let here = |f: &&Finding| f.status == Status::Pass && of_layout(f.kind);
    // For a key site alone the one of 27 makes it ask for something in the first place.
    let proved: BTreeSet<&str> = MUTATIONS.iter().map(|(id, _)| *id).filter(|id| *id != "27").collect();
    let passing: BTreeSet<&str> = found.iter().filter(here).map(|f| f.id.as_str()).collect();
    assert_eq!(proved, passing);
}

#[test]
fn what_a_run_judged_is_taken_over_with_where_it_is_written() {
    let with = |judge: &dyn Fn(&Rule) -> Judged| {
        findings(&exemplary(), Some(&Measured { run: Some(judged(judge)), ..Measured::default() }))
    };
    let late = |rule: &Rule| Judged {
        status: Status::Fail,
        measured: Some(6.0),
        evidence: vec!["beam-1 beam_broken r-1".into()],
        ..held(rule)
    };
    // Whatever the run says, a class that it did not drive was not seen to hold.
    let part = |rule: &Rule| Judged { undriven: vec!["smoke_detector".into()], ..held(rule) };
    let (without, held, late, part) = (findings(&exemplary(), None), with(&held), with(&late), with(&part));
    for id in ["8", "9", "10", "12", "13", "34", "41", "42", "43"] {
        let status = [&without, &held, &late, &part].map(|found| one(found, id).status);
        assert_eq!(
            status,
            [Status::NotAssessable, Status::Pass, Status::Fail, Status::NotAssessable],
            "{id}"
        );
        assert_eq!(one(&held, id).record.as_deref(), Some("results/yard/journal.jsonl"), "{id}");
        assert_eq!(one(&without, id).record, None, "{id}");
        assert_eq!((one(&late, id).measured, one(&late, id).evidence.len()), (Some(6.0), 1), "{id}");
        let needs = one(&part, id).needs.as_deref();
        assert_eq!(needs, Some("a run in which smoke_detector speak"), "{id}");
        assert_eq!(one(&part, id).measured, Some(0.4), "{id}: what was seen is told");
    }
    let nothing = Some(RunJudged { journal: "j".into(), ..RunJudged::default() });
    let old = findings(&exemplary(), Some(&Measured { run: nothing, ..Measured::default() }));
    assert_eq!(one(&old, "43").status, Status::NotAssessable, "a report of an older Palisade");
}

/// An alarm brings up the picture of cameras that see where it is.
#[test]
fn cameras_that_see_a_zone_watch_it() {
    let watches = |device: &str, change: fn(&mut Scenario)| {
        let mut scenario = exemplary();
        change(&mut scenario);
        let found = watching(&scenario, &Caster::new(&scenario.site), &device.into());
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let (west, all) = (watches("beam-7", |_| ()), watches("beam-0", |_| ()));
    assert!(west.contains("corner-3") && !west.contains("corner-1"), "{west}");
    assert!(all.contains("corner-0"), "{all}");
    let blind = watches("beam-7", |s| s.file.kit.camera.iter_mut().for_each(|c| c.bearing_deg += 180.0));
    assert!(!blind.contains("corner-3"), "{blind}");
    assert_eq!(watches("no-such-device", |_| ()), "");
}

#[test]
fn a_fence_is_judged_by_its_bars_once_they_are_known() {
    let mut scenario = exemplary();
    scenario.site.walls[0].made_of = WallKind::Fence;
    for (bar_gap_m, expected) in
        [(None, Status::NotAssessable), (Some(0.11), Status::Pass), (Some(0.18), Status::Fail)]
    {
        scenario.site.walls[0].bar_gap_m = bar_gap_m;
        assert_eq!(one(&findings(&scenario, None), "16b").status, expected, "{bar_gap_m:?}");
    }
}

#[test]
fn a_fence_is_judged_by_its_rails_once_they_are_known() {
    let mut scenario = exemplary();
    scenario.site.walls[0].made_of = WallKind::Fence;
    for (rail_m, expected) in
        [(None, Status::NotAssessable), (Some(1.1), Status::Pass), (Some(0.3), Status::Fail)]
    {
        scenario.site.walls[0].lowest_rail_m = rail_m;
        assert_eq!(one(&findings(&scenario, None), "16d").status, expected, "{rail_m:?}");
    }
}

#[test]
fn a_gate_where_nobody_stands_is_as_strong_as_its_wall() {
    let shut = |height_m, delay_s, wall_s| {
        let mut scenario = exemplary();
        (scenario.site.gates[0].height_m, scenario.site.gates[0].delay_s) = (height_m, delay_s);
        scenario.site.walls[0].delay_s = wall_s;
        let found = one(&findings(&scenario, None), "17").clone();
        (found.status, found.needs.or(found.evidence.first().cloned()).unwrap_or_default())
    };
    let known = Some(60.0);
    for (height_m, delay_s, wall_s, status, says) in [
        (Some(2.2), known, known, Status::Pass, ""),
        (Some(1.5), None, None, Status::Fail, "gate: 1.50 m high in a wall of 2.20 m"),
        (None, Some(20.0), known, Status::Fail, "gate: holds for 20 s, the wall for 60 s"),
        (None, known, known, Status::NotAssessable, "`height_m` of gate gate"),
        (Some(2.2), None, known, Status::NotAssessable, "`delay_s` of gate gate"),
        (Some(2.2), known, None, Status::NotAssessable, "`delay_s` of wall wall"),
    ] {
        assert_eq!(shut(height_m, delay_s, wall_s), (status, says.to_owned()));
    }
}

#[test]
fn a_gate_is_attended_by_its_post_or_by_the_roster_of_its_barrier() {
    let weak = |change: &dyn Fn(&mut Scenario)| {
        let mut scenario = exemplary();
        scenario.site.gates[0].delay_s = Some(1.0);
        change(&mut scenario);
        one(&findings(&scenario, None), "17").status
    };
    let post = |guards: u32, shifts: &[[i64; 2]]| {
        weak(&|s| {
            let (id, gate, register) = ("post".into(), "gate".into(), Duration::seconds(40.0));
            s.file.kit.gate_post.push(GatePost { id, gate, guards, register });
            s.file.cast.guard.extend(on_duty(&Duty::GatePost("post".into()), shifts));
        })
    };
    assert_eq!(post(0, &[]), Status::Fail, "nobody is meant to stand there");
    assert_eq!(post(1, &[]), Status::NotAssessable, "nobody says when");
    assert_eq!(post(1, &[[7, 19]]), Status::Fail, "nobody by night");
    assert_eq!(post(1, &[[7, 19], [19, 7]]), Status::Pass);
    let roster = |shifts: &[[i64; 2]]| {
        weak(&|s| s.file.cast.guard.extend(on_duty(&Duty::Barrier("barrier".into()), shifts)))
    };
    assert_eq!(roster(&[[6, 22]]), Status::Fail, "nobody by night");
    assert_eq!(roster(&[[6, 14], [15, 7]]), Status::Fail, "nobody at noon");
    assert_eq!(roster(&[[6, 18], [18, 6]]), Status::Pass);
}

/// People close a gate for the hours for which somebody stands there, and a zone over its shut leaf for the others.
#[test]
fn a_gate_where_nobody_stands_is_a_gap_in_the_perimeter() {
    let says = |posted: bool, shifts: &[[i64; 2]]| {
        let mut scenario = exemplary();
        scenario.file.kit.beam[0].to_m = [-2.0, -30.0];
        if posted {
            let (id, gate, register) = ("post".into(), "gate".into(), Duration::seconds(40.0));
            scenario.file.kit.gate_post.push(GatePost { id, gate, guards: 1, register });
        }
        scenario.file.cast.guard.extend(on_duty(&Duty::GatePost("post".into()), shifts));
        let found = findings(&scenario, None);
        let found = one(&found, "1");
        (found.status, found.measured, found.evidence.join("; "))
    };
    let open = |when: &str| {
        let where_ = format!("4.0 m, wall from 38.0 m: nobody stands at gate{when}");
        (Status::Fail, Some(4.0), format!("{where_}, and no zone runs over its shut leaf"))
    };
    let held = (Status::Pass, Some(0.0), String::new());
    assert_eq!(says(false, &[]), open(""));
    assert_eq!(says(true, &[]), held);
    assert_eq!(says(true, &[[6, 14], [14, 6]]), held);
    assert_eq!(says(true, &[[6, 14], [14, 22]]), open(" from 22:00 to 06:00"));
    assert_eq!(says(false, &[[6, 14], [14, 6]]), open(""), "guards of a post that is not there");
}

/// Guards with a duty, in shifts of hours.
fn on_duty(duty: &Duty, shifts: &[[i64; 2]]) -> Vec<Guard> {
    let guard = |(i, shift): (usize, &[i64; 2])| Guard {
        id: format!("g-{i}").as_str().into(),
        duty: duty.clone(),
        shift: shift.map(|hour| TimeOfDay(Ms(hour * 3_600_000))),
        filed: true,
        trained: true,
        radio: true,
    };
    shifts.iter().enumerate().map(guard).collect()
}

#[test]
fn of_a_post_that_no_shift_names_the_roster_is_asked_for_where_it_matters() {
    let found = |delay_s: f64, hours_at_the_barrier: &[[i64; 2]]| {
        let mut scenario = exemplary();
        scenario.site.gates[0].delay_s = Some(delay_s);
        let (id, gate, register) = ("post".into(), "gate".into(), Duration::seconds(40.0));
        scenario.file.kit.gate_post.push(GatePost { id, gate, guards: 1, register });
        let barrier = Duty::Barrier("barrier".into());
        scenario.file.cast.guard.extend(on_duty(&barrier, hours_at_the_barrier));
        let found = one(&findings(&scenario, None), "17").clone();
        (found.status, found.needs)
    };
    let needs = "the shifts of those at post post: [[cast.guard]] names none".to_owned();
    assert_eq!(found(1.0, &[]), (Status::NotAssessable, Some(needs.clone())));
    assert_eq!(found(1.0, &[[6, 22]]), (Status::NotAssessable, Some(needs)), "by night it hangs on the post");
    assert_eq!(found(1.0, &[[6, 18], [18, 6]]), (Status::Pass, None), "somebody else is there");
    assert_eq!(found(90.0, &[]), (Status::Pass, None), "a strong gate needs nobody");
}

#[test]
fn a_large_compound_has_a_camera_at_a_high_point() {
    let text = include_str!("../../../../../assets/rules/residential.toml");
    let book = RuleBook::read(&text.replace("from_m2 = 50000.0", "from_m2 = 4000.0")).expect("the book");
    let with = |height_m: f64, focal: Option<Focal>| {
        let mut scenario = exemplary();
        let camera = sample::camera("dome", [0.0, 10.0], 180.0);
        scenario.file.kit.camera.push(Camera { height_m, focal, ..camera });
        one(&findings_by(&book, &scenario, None), "20e").status
    };
    for (height_m, focal, expected) in [
        (20.0, Some(Focal::Zoom), Status::Pass),
        (20.0, Some(Focal::Fixed), Status::Fail),
        (20.0, None, Status::NotAssessable),
        (6.0, Some(Focal::Zoom), Status::Fail),
    ] {
        assert_eq!(with(height_m, focal), expected, "{height_m} m, {focal:?}");
    }
}

/// Places one by one: which of them fall, when what is changed.
#[test]
fn each_place_is_named_that_is_not_seen() {
    let named = |id: &str, change: &dyn Fn(&mut Scenario)| {
        let mut scenario = exemplary();
        change(&mut scenario);
        let found = one(&findings(&scenario, None), id).clone();
        let blind = found.each.iter().filter(|e| e.found < e.demanded).map(|e| e.id.to_string());
        blind.collect::<Vec<_>>().join(", ")
    };
    let pumps = |s: &mut Scenario| hedged_in(s, Use::Plant);
    let shop = |s: &mut Scenario| hedged_in(s, Use::Service);
    let blind_corner = |s: &mut Scenario| drop(s.file.kit.camera.remove(2));
    let dim = |s: &mut Scenario| s.file.kit.camera.iter_mut().for_each(|c| c.ir_range_m = 9.0);
    assert_eq!(named("20d", &|_| ()), "");
    assert_eq!(named("20d", &pumps), "house");
    assert_eq!(named("20d", &shop), "");
    assert_eq!(named("20d", &blind_corner), "wall");
    assert_eq!(named("20d", &dim), "", "by day no lamp is needed");
    assert_eq!(named("26b", &dim), "outside gate, wall, plaza");
}

#[test]
fn what_a_check_leaves_out_is_said_with_its_answer() {
    let found = findings(&exemplary(), Some(&healthy()));
    let said: Vec<&str> = found.iter().filter(|f| !f.unchecked.is_empty()).map(|f| f.id.as_str()).collect();
    let expected = [
        "1", "3", "6", "7", "7b", "11", "12", "13", "17", "18", "19", "19b", "20d", "22a", "22b", "26b",
        "29", "30", "31", "33a", "33b", "35", "42", "43", "44",
    ];
    assert_eq!(said, expected);
    assert_eq!(one(&findings(&exemplary(), None), "12").unchecked, Vec::<String>::new(), "nothing is said");
}

#[test]
fn what_is_assumed_is_said_with_the_checks_own_figure() {
    let found = findings(&exemplary(), None);
    let says = |id: &str| one(&found, id).assumed.join("; ");
    assert_eq!(says("18"), "that a camera is a gate's own within 25 m of it");
    assert_eq!(says("44"), "that a face is 0.16 m wide");
    for (id, figure) in
        [("7", "0.5 m"), ("7b", "0.15 m"), ("22a", "30 m"), ("29", "125 px/m"), ("30", "125 px/m")]
    {
        assert!(says(id).contains(figure), "{id}: {}", says(id));
    }
    let run = Some(healthy());
    let judged = findings(&exemplary(), run.as_ref());
    for (id, figure) in [("13", "5 s"), ("34", "2 s")] {
        let said = one(&judged, id).assumed.join("; ");
        assert!(said.contains(figure), "{id}: {said}");
    }
    let text = include_str!("../../../../../assets/rules/residential.toml").replace("{near_m}", "{far_m}");
    let said = RuleBook::read(&text).expect_err("no such figure").to_string();
    assert_eq!(said, "`assumed` of the rule `18` names `{far_m}`: its check has no figure of that name");
}

/// Two gates side by side, each with one lane: a camera that shows both is one gate's own.
#[test]
fn a_camera_is_one_gates_own() {
    let lacking = |cameras: &[(&str, f64)]| {
        let mut scenario = exemplary();
        let wicket = sample::gate("wicket", 10.0, -30.0, 1.2);
        let passage = GateFor::Pedestrians;
        scenario.site.gates[0].passage = passage;
        scenario.site.gates.push(Gate { passage, height_m: Some(2.2), delay_s: Some(90.0), ..wicket });
        let kit = &mut scenario.file.kit;
        kit.camera.retain(|c| c.task == CameraTask::Passage);
        let watching =
            |(name, x): &(&str, f64)| Camera { hfov_deg: 90.0, ..sample::camera(name, [*x, -22.0], 180.0) };
        kit.camera.extend(cameras.iter().map(watching));
        let found = one(&findings(&scenario, None), "18").clone();
        (found.measured, found.evidence.join("; "))
    };
    let wants = "cameras of its own look out, 1 lanes";
    assert_eq!(lacking(&[]), (Some(2.0), format!("gate: 0 {wants}; wicket: 0 {wants}")));
    assert_eq!(lacking(&[("both", 5.0)]), (Some(1.0), format!("wicket: 0 {wants}")));
    assert_eq!(lacking(&[("both", 5.0), ("gate", -7.0)]), (Some(0.0), String::new()));
    assert_eq!(lacking(&[("gate", -7.0), ("gate-too", -8.0)]), (Some(1.0), format!("wicket: 0 {wants}")));
}

#[test]
fn a_block_without_a_door_in_the_data_is_asked_for_its_doors() {
    let mut scenario = exemplary();
    let outline = Rect::new((20.0, 5.0), (30.0, 15.0)).to_polygon();
    scenario.site.buildings.push(sample::building("b2", outline, 18.0));
    let found = one(&findings(&scenario, None), "19").clone();
    assert_eq!(found.needs.as_deref(), Some("the entrances of building b2 in the site's data"));
    assert_eq!(found.each.len(), 1, "what was counted is told");
    scenario.site.walls.push(sample::wall("hedge", WallKind::Hedge, &PORCH, 2.5));
    assert_eq!(one(&findings(&scenario, None), "19").status, Status::Fail, "one is known to be unseen");
}

/// A camera at a passage without a door looks along the path that its axis meets, or across it; one that zooms is free.
#[test]
fn a_camera_of_a_path_looks_along_it() {
    let aside = |bearing_deg: f64, focal: Focal| {
        let mut scenario = exemplary();
        let line = LineString::from(vec![(25.0, -25.0), (25.0, 25.0)]);
        scenario.site.paths.push(Path { id: "walk".into(), passage: PathFor::Foot, line, width_m: 3.0 });
        let (x, y) = (libm::sin(bearing_deg.to_radians()), libm::cos(bearing_deg.to_radians()));
        let camera = sample::camera("walk", [25.0 - 15.0 * x, -15.0 * y], bearing_deg);
        let (focal, tilt_deg, hfov_deg) = (Some(focal), 8.0, 20.0);
        scenario.file.kit.camera.push(Camera { focal, tilt_deg, hfov_deg, height_m: 3.5, ..camera });
        let found = one(&findings(&scenario, None), "22b").clone();
        found.evidence.join("; ")
    };
    assert_eq!(aside(20.0, Focal::Fixed), "");
    assert_eq!(aside(60.0, Focal::Fixed), "walk: 60°");
    assert_eq!(aside(60.0, Focal::Zoom), "");
}

#[test]
fn what_a_camera_is_made_of_is_asked_for_before_it_is_judged() {
    let mut scenario = exemplary();
    (scenario.file.kit.camera[4].focal, scenario.file.kit.camera[5].sensitivity_lux) = (None, None);
    let asks = |id: &str, scenario: &Scenario| one(&findings(scenario, None), id).needs.clone();
    assert_eq!(asks("21", &scenario).as_deref(), Some("`focal` or `model` of camera gate-people"));
    assert_eq!(asks("24", &scenario).as_deref(), Some("`sensitivity_lux` or `model` of camera gate-lane"));
    scenario.file.kit.camera[6].sensitivity_lux = Some(0.002);
    assert_eq!(one(&findings(&scenario, None), "24").status, Status::Fail, "one is known to be too dark");
}

/// GB 55029 asks for coverage in item 1 of its §3.5.2 and for recordings in item 5.
#[test]
fn coverage_and_retention_cite_each_its_own_item() {
    let book = RuleBook::residential().expect("the shipped book");
    for (id, item) in [("26", "§3.5.2(5)"), ("26b", "§3.5.2(1)")] {
        let rule = book.rules.iter().find(|rule| rule.id == id).expect(id);
        let chinese = rule.clause_zh.as_deref().unwrap_or_default();
        assert!(rule.clause.contains(item) && chinese.contains(item), "{id}: {} / {chinese}", rule.clause);
    }
}

#[test]
fn at_the_highest_level_two_are_at_each_gate_and_in_the_duty_room() {
    let found = |level: Option<u8>, at_gate: &[[i64; 2]], in_room: &[[i64; 2]], has_room: bool| {
        let mut scenario = exemplary();
        scenario.file.kit.provision.protection_level = level;
        if has_room {
            let acknowledge = Duration::seconds(8.0);
            let room = DutyRoom { id: "room".into(), at_m: [0.0, 0.0], operators: 2, acknowledge };
            scenario.file.kit.duty_room.push(room);
        }
        let roster = &mut scenario.file.cast.guard;
        roster.extend(on_duty(&Duty::Barrier("barrier".into()), at_gate));
        roster.extend(on_duty(&Duty::DutyRoom("room".into()), in_room));
        let found = one(&findings(&scenario, None), "36e").clone();
        (found.status, found.needs.unwrap_or_else(|| found.evidence.join("; ")))
    };
    let two: [[i64; 2]; 4] = [[6, 18], [18, 6], [7, 19], [19, 7]];
    assert_eq!(found(Some(1), &two, &two, true), (Status::Pass, String::new()));
    assert_eq!(found(Some(2), &two, &two[..1], true).0, Status::NotApplicable);
    assert_eq!(found(None, &[], &[], true).0, Status::NotApplicable);
    let gate = "gate: 1 from 00:00 to 06:00".to_owned();
    assert_eq!(found(Some(1), &two[..3], &two, true).1, gate);
    let both = "gate: 0 from 00:00 to 24:00; room: 1 from 00:00 to 06:00".to_owned();
    assert_eq!(found(Some(1), &[], &two[..2], true), (Status::Fail, both));
    let room = "the shifts of those at room: [[cast.guard]] names none".to_owned();
    assert_eq!(found(Some(1), &two, &[], true), (Status::NotAssessable, room));
    let none = "duty room: 0 from 00:00 to 24:00".to_owned();
    assert_eq!(found(Some(1), &two, &[], false), (Status::Fail, none));
}
