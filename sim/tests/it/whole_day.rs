//! The whole day of the tiny site: the same each time, another with another seed, and on real ways.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use geo::{Area as _, BooleanOps, Distance, Euclidean, Intersects, Line, Point};
use palisade_sim::contract::{Cause, IncidentKind, Origin, Severity, Signal, Stimulus};
use palisade_sim::twin::frame::Role;
use palisade_sim::whole::{Day, Inputs, RecordedObservation, Tape, Tracks, live};
use palisade_sim::words::Ms;

use crate::common::{day, tiny, tiny_day, tiny_with};

/// The digest of the tiny site's tape and tracks with seed 1. When the twin is changed on purpose it changes too:
/// the failing test says what to write here.
const DIGEST: &str = include_str!("tiny-day.digest");

#[test]
fn the_day_has_its_committed_digest() {
    let day = tiny_day();
    let found = format!("{}\n{}\n", day.tape.digest(), day.tracks.digest());
    assert_eq!(DIGEST, found, "write the digests found into sim/tests/it/tiny-day.digest");
}

#[test]
fn the_same_day_is_lived_twice_and_on_two_threads_at_once() {
    let scenario = Arc::new(tiny());
    let again = || {
        let scenario = scenario.clone();
        std::thread::spawn(move || live(scenario, 1, &Inputs::default(), &mut |_| {}))
    };
    let (one, two) = (again(), again());
    for day in [one.join().unwrap(), two.join().unwrap()] {
        assert_eq!(day.tape.digest(), tiny_day().tape.digest());
        assert_eq!(day.tracks.digest(), tiny_day().tracks.digest());
    }
}

#[test]
fn another_seed_is_another_day() {
    assert_ne!(day(tiny(), 2).tape.digest(), tiny_day().tape.digest());
}

#[test]
fn the_day_comes_back_from_its_bytes() {
    let Day { tape, tracks } = tiny_day();
    assert_eq!(&Tape::from_bytes(&tape.to_bytes()).unwrap(), tape);
    assert_eq!(&Tracks::from_bytes(&tracks.to_bytes()).unwrap(), tracks);
}

#[test]
fn nine_incidents_in_ten_come_from_plans_and_chances() {
    let incidents = &tiny_day().tape.incidents;
    let scripted = incidents.iter().filter(|incident| incident.origin == Origin::Script).count();
    assert!(scripted > 0 && scripted * 10 <= incidents.len(), "{scripted} of {}", incidents.len());
}

#[test]
fn ids_count_in_order_and_causes_point_back() {
    let tape = &tiny_day().tape;
    for (place, incident) in tape.incidents.iter().enumerate() {
        assert_eq!(incident.id.index(), place);
        assert!(incident.ended.is_none_or(|ended| ended >= incident.began), "{incident:?}");
    }
    for (place, stimulus) in tape.stimuli.iter().enumerate() {
        assert_eq!(stimulus.id.index(), place);
        if let Cause::Incident(id) = stimulus.cause {
            let incident = &tape.incidents[id.index()];
            assert!(stimulus.due >= incident.began, "{stimulus:?} before its cause {incident:?}");
        }
    }
}

#[test]
fn every_row_that_people_make_leaves_truth() {
    let kinds: BTreeSet<IncidentKind> = tiny_day().tape.incidents.iter().map(|i| i.kind).collect();
    use IncidentKind as K;
    for kind in [
        K::Trip,
        K::VehicleTrip,
        K::GateVisit,
        K::DoorCall,
        K::Tour,
        K::TourDeviation,
        K::PostRelief,
        K::Dispatch,
        K::AlarmHandling,
        K::Emergency,
        K::CellRound,
        K::Charging,
    ] {
        assert!(kinds.contains(&kind), "no {kind:?}");
    }
}

/// What stands in the way of bodies: buildings, and walls more than half a gate's width from a gate.
#[test]
fn nobody_walks_through_buildings_or_walls() {
    let site = tiny().site;
    let on_foot = |role: Role| !matches!(role, Role::Intruder | Role::Object | Role::Vehicle);
    let mut segments = 0;
    for track in tiny_day().tracks.tracks.iter().filter(|track| on_foot(track.role)) {
        for pair in track.corners.windows(2) {
            let at = |i: usize| Point::new(f64::from(pair[i].1) / 100.0, f64::from(pair[i].2) / 100.0);
            let step = Line::new(at(0), at(1));
            segments += 1;
            for building in &site.buildings {
                let inside = building.outline.clip(&geo::MultiLineString::new(vec![step.into()]), false);
                let length: f64 = inside.iter().flat_map(|line| line.lines()).map(|l| length(&l)).sum();
                assert!(length < 0.02, "{} walks {length} m in {}", track.who, building.id);
            }
            for wall in site.walls.iter().flat_map(|wall| wall.line.lines()) {
                if step.intersects(&wall) {
                    let near = site.gates.iter().any(|gate| {
                        Euclidean.distance(&step, &Point::from(gate.at)) <= gate.width_m / 2.0 + 0.02
                    });
                    assert!(near, "{} crosses a wall at {step:?}", track.who);
                }
            }
        }
    }
    assert!(segments > 500, "only {segments} steps were looked at");
    assert!(site.buildings.iter().all(|building| building.outline.unsigned_area() > 1.0));
}

fn length(line: &Line) -> f64 {
    Euclidean.distance(&Point::from(line.start), &Point::from(line.end))
}

/// Records of each actor, without numbers.
fn by_actor(day: &Day) -> BTreeMap<String, Vec<String>> {
    let mut records: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for incident in day.tape.incidents.iter().filter(|incident| incident.kind == IncidentKind::Trip) {
        let text = format!("{} {:?} {}", incident.began, incident.place, incident.outcome);
        records.entry(incident.actor.clone()).or_default().push(text);
    }
    records
}

#[test]
fn one_more_household_changes_nobody_elses_dice() {
    let mut more = tiny();
    let mut new = more.households[0].clone();
    new.flat = "b01-1-0109".into();
    more.households.push(new);
    let before = by_actor(tiny_day());
    let after = by_actor(&day(more, 1));
    let residents = before.iter().filter(|(who, _)| who.starts_with("resident/"));
    let (mut same, mut all) = (0, 0);
    for (who, trips) in residents {
        all += 1;
        let starts = |trips: &[String]| trips.iter().map(|trip| trip[..12].to_owned()).collect::<Vec<_>>();
        assert_eq!(starts(trips), starts(after.get(who).map_or(&[], |trips| trips)), "{who}");
        same += usize::from(after.get(who) == Some(trips));
    }
    assert!(all > 60 && same == all, "{same} of {all} residents have the same day");
}

#[test]
fn without_guests_residents_live_the_same_day() {
    let quiet = day(tiny_with(&[("visitors_per_flat = 0.15", "visitors_per_flat = 0.0")]), 1);
    let (before, after) = (by_actor(tiny_day()), by_actor(&quiet));
    assert!(before.keys().any(|who| who.starts_with("visitor/")));
    for (who, trips) in before.iter().filter(|(who, _)| who.starts_with("resident/")) {
        assert_eq!(Some(trips), after.get(who), "{who}");
    }
}

#[test]
fn an_alarm_that_the_gateway_lost_or_delayed_is_handled_accordingly() {
    let first = tiny_day();
    let answered = |day: &Day, device: &str| {
        let stimuli = day.tape.stimuli.iter();
        let acknowledged = stimuli.filter(|stimulus| {
            matches!(&stimulus.signal, Signal::AlarmAcknowledged { device: whose } if whose == device)
        });
        acknowledged.map(|stimulus| stimulus.due).collect::<Vec<Ms>>()
    };
    let name = |stimulus: &Stimulus| first.tape.devices[stimulus.device.index()].id.to_string();
    let alone = |stimulus: &&Stimulus| {
        let loud = |other: &&Stimulus| {
            other.device == stimulus.device && other.signal.severity() >= Severity::Warning
        };
        let once = first.tape.stimuli.iter().filter(loud).count() == 1;
        let alarms = stimulus.signal.severity() == Severity::Alarm;
        alarms && once && answered(first, &name(stimulus)).len() == 1
    };
    let alarm = first.tape.stimuli.iter().find(alone).unwrap();
    let broken = |day: &Day| answered(day, &name(alarm));
    let with = |arrived: Option<Ms>| {
        let signal = alarm.signal.word();
        let observations =
            vec![RecordedObservation { due: alarm.due, device: alarm.device, signal, arrived }];
        live(Arc::new(tiny()), 1, &Inputs { observations }, &mut |_| {})
    };
    let usual = broken(first);
    assert_eq!(usual.len(), 1);
    assert_eq!(broken(&with(None)), vec![], "nobody acknowledges what never came");
    let late = broken(&with(Some(alarm.due + Ms(300_000))));
    assert!(late.len() == 1 && late[0] >= alarm.due + Ms(300_000), "{late:?}");
    let prompt = with(Some(alarm.due + Ms(1_000)));
    assert_eq!(prompt.tape.digest(), first.tape.digest(), "one second is what is assumed anyway");
}

#[test]
fn doors_and_arms_that_open_also_shut() {
    let mut balance: BTreeMap<(u32, bool), i32> = BTreeMap::new();
    for stimulus in &tiny_day().tape.stimuli {
        let (arm, change) = match stimulus.signal {
            Signal::DoorOpened => (false, 1),
            Signal::DoorClosed => (false, -1),
            Signal::ArmRaised => (true, 1),
            Signal::ArmLowered => (true, -1),
            _ => continue,
        };
        let open = balance.entry((stimulus.device.0, arm)).or_default();
        *open += change;
        assert!((0..=1).contains(open), "{stimulus:?}: open {open} times at once");
    }
    assert!(balance.len() >= 5);
}
