//! Rows 5 and 6: charging, fire, fire readiness.

use super::yard::{Lived, at, live, yard};
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
