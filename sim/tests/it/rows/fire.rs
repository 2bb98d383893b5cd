//! Rows 5 and 6: charging, fire, fire readiness.

use super::yard::{Lived, at, live, staffed, yard};
use palisade_sim::contract::{IncidentKind, Signal};
use palisade_sim::model::Scenario;
use palisade_sim::model::cast::Event;
use palisade_sim::words::{Id, Ms};

fn burn(change: impl FnOnce(&mut Scenario)) -> Lived {
    let event = Event::Fire { charger: Id::from("charger"), socket: 3 };
    live(yard(vec![at("00:10", event)], change))
}

fn first(lived: &Lived, device: &str, word: &str) -> Option<Ms> {
    lived.by(device).iter().find(|s| s.2.word() == word).map(|s| s.0)
}

#[test]
fn smoke_comes_before_heat_and_the_charge_ends_by_fault() {
    let lived = burn(|_| ());
    let smoke = first(&lived, "smoke", "smoke_alarm").unwrap();
    let heat = first(&lived, "heat", "heat_alarm").unwrap();
    assert!(smoke < heat && heat < smoke + Ms(300_000), "{smoke} {heat}");
    let ended = lived.by("charger").into_iter().find(|s| matches!(s.2, Signal::ChargeEnded { .. })).unwrap();
    assert!(matches!(&ended.2, Signal::ChargeEnded { reason, socket: 3, .. } if reason == "fault"));
    assert!(first(&lived, "charger", "socket_hot").is_some());
    let fire = lived.the(IncidentKind::Fire);
    assert!(fire.outcome.contains("bikes burned"), "{}", fire.outcome);
    assert!(lived.the(IncidentKind::FireResponse).outcome.contains("nobody came"));
}

#[test]
fn without_the_smoke_detector_the_others_say_the_same() {
    let (with, without) = (burn(|_| ()), burn(|s| s.file.kit.smoke_detector.clear()));
    assert!(!with.by("smoke").is_empty());
    assert_eq!(with.but("smoke"), without.but("smoke"));
    let fire = |l: &Lived| l.the(IncidentKind::Fire).ended;
    assert_eq!(fire(&with), fire(&without));
}

#[test]
fn a_detector_farther_away_alarms_later_and_the_other_one_does_not_care() {
    let (near, far) = (burn(|_| ()), burn(|s| s.file.kit.heat_detector[0].at_m = [17.5, 13.5]));
    let heat = |l: &Lived| first(l, "heat", "heat_alarm");
    assert!(heat(&far).is_none_or(|at| at > heat(&near).unwrap()));
    assert_eq!(near.by("smoke"), far.by("smoke"));
    assert_eq!(near.by("charger"), far.by("charger"));
}

#[test]
fn bikes_two_metres_apart_do_not_burn_along() {
    let burned = |l: &Lived| l.by("charger").iter().filter(|s| s.2.word() == "socket_hot").count();
    let wide = burn(|s| {
        s.file.kit.charger[0].pitch_m = 2.4;
        s.file.kit.charger[0].sockets = 4;
    });
    assert!(
        wide.the(IncidentKind::Fire).outcome.starts_with("1 bikes"),
        "{}",
        wide.the(IncidentKind::Fire).outcome
    );
    assert!(burned(&burn(|_| ())) > burned(&wide));
}

#[test]
fn the_inspection_names_what_is_missing() {
    let inspect = |missing| {
        live(yard(vec![], |s| {
            s.file.kit.fire_station[0].inspected = Some("01:30".parse().unwrap());
            s.file.kit.fire_station[0].missing = missing;
        }))
    };
    let inspected = |l: &Lived| l.by("station").into_iter().map(|s| s.2.clone()).collect::<Vec<_>>();
    assert_eq!(inspected(&inspect(0.0)), [Signal::KitInspected { missing: vec![] }]);
    let bare = inspect(1.0);
    let missing = ["hose", "mask", "wrench", "extinguisher"].map(str::to_owned).to_vec();
    assert_eq!(inspected(&bare), [Signal::KitInspected { missing }]);
    assert!(bare.the(IncidentKind::FireInspection).outcome.starts_with("missing: hose"));
}

/// The same fire with somebody in the duty room and a responder at the fire station.
fn answered(change: impl FnOnce(&mut Scenario)) -> Lived {
    burn(|s| {
        staffed(s);
        change(s);
    })
}

#[test]
fn a_guard_comes_fetches_what_hangs_there_and_opens_the_hydrant() {
    let (answered, alone) = (answered(|_| ()), burn(|_| ()));
    let items: Vec<String> = answered
        .by("station")
        .iter()
        .filter_map(|s| match &s.2 {
            Signal::KitTaken { item } => Some(item.clone()),
            _ => None,
        })
        .collect();
    assert!(items.contains(&"hose".to_owned()) && items.contains(&"mask".to_owned()), "{items:?}");
    let water = first(&answered, "hydrant", "water_on").unwrap();
    assert!(first(&answered, "smoke", "smoke_alarm").unwrap() < water);
    let fire = |l: &Lived| l.the(IncidentKind::Fire).ended.unwrap();
    assert!(fire(&answered) < fire(&alone), "water shortens it");
    assert!(answered.the(IncidentKind::Fire).outcome.contains("put out with water"));
    let told = &answered.the(IncidentKind::FireResponse).outcome;
    assert!(told.contains("guard/g-go there") && told.contains("water on from hydrant"), "{told}");
    // Until the first thing is taken the fire does not know of the guard.
    let early = |l: &Lived| -> Vec<super::yard::Said> {
        let taken = answered.by("station")[0].0;
        l.said
            .iter()
            .filter(|s| ["smoke", "heat", "charger"].contains(&s.1.as_str()) && s.0 < taken)
            .cloned()
            .collect()
    };
    assert_eq!(early(&answered), early(&alone));
}

#[test]
fn with_an_empty_station_there_is_no_water_and_the_detectors_say_what_they_say_when_nobody_comes() {
    let (bare, alone) = (answered(|s| s.file.kit.fire_station[0].missing = 1.0), burn(|_| ()));
    assert!(bare.by("station").is_empty() && bare.by("hydrant").is_empty());
    assert!(bare.the(IncidentKind::FireResponse).outcome.contains("no water"));
    for device in ["smoke", "heat", "charger"] {
        assert_eq!(bare.by(device), alone.by(device));
    }
}

#[test]
fn a_drill_runs_the_same_clock_and_takes_nothing_away() {
    let drill = |change: fn(&mut Scenario)| {
        live(yard(vec![at("00:20", Event::FireDrill { at_m: [20.0, 8.0] })], |s| {
            staffed(s);
            change(s);
        }))
    };
    let lived = drill(|_| ());
    assert!(lived.incidents.iter().all(|i| i.kind != IncidentKind::Fire));
    let told = &lived.the(IncidentKind::FireResponse).outcome;
    assert!(told.contains("drill called") && told.contains("water on"), "{told}");
    let water = first(&lived, "hydrant", "water_on").unwrap();
    let slow = drill(|s| s.file.kit.fire_station[0].items.retain(|i| i != "wrench"));
    assert!(first(&slow, "hydrant", "water_on").unwrap() > water + Ms(60_000), "without a wrench");
}
