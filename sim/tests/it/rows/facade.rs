//! Row 10: thrown objects and facade cameras.

use super::yard::{Lived, at, live, yard};
use palisade_sim::analysis::caster::Caster;
use palisade_sim::analysis::facade::facade;
use palisade_sim::contract::{IncidentKind, Signal};
use palisade_sim::model::Scenario;
use palisade_sim::model::cast::Event;
use palisade_sim::model::site::Lamp;
use palisade_sim::words::Id;

/// By day: the sun rises before the object falls.
fn throw(change: impl FnOnce(&mut Scenario)) -> Lived {
    live(thrown("00:10", change))
}

/// The yard with one object thrown while the sun shines.
fn thrown(rises: &str, change: impl FnOnce(&mut Scenario)) -> Scenario {
    let event = Event::ThrownObject { building: Id::from("b01"), storey: 9, mass_kg: 1.0 };
    yard(vec![at("00:10", event)], |s| {
        s.file.day.sunrise = rises.parse().unwrap();
        change(s);
    })
}

/// Facade cameras that trace the object, and windows of which the plan says that their falls are on enough frames.
fn by_twin_and_plan(rises: &str, change: impl FnOnce(&mut Scenario)) -> (usize, usize) {
    let scenario = thrown(rises, change);
    let house = facade(&scenario, &Caster::of(&scenario)).buildings.remove(0);
    let traced = |l: &Lived| l.said.iter().filter(|s| matches!(s.2, Signal::ObjectFell { .. })).count();
    let by_day = rises == "00:10";
    (traced(&live(scenario)), if by_day { house.traced } else { house.traced_by_night })
}

/// A mast at each corner of the house, higher than the object begins, so that it shines on the whole way of the fall.
fn masts(scenario: &mut Scenario) {
    let corner = |(n, (x, y)): (usize, (f64, f64))| Lamp {
        id: Id::from(format!("mast-{n}").as_str()),
        at: (x, y).into(),
        height_m: 40.0,
        flux_lm: 40_000.0,
    };
    let corners = [(35.0, 30.0), (65.0, 30.0), (35.0, 62.0), (65.0, 62.0)];
    scenario.site.lamps.extend(corners.into_iter().enumerate().map(corner));
}

/// Light and fog mean the same to the plan's facade cameras and to the twin's.
#[test]
fn by_night_and_in_fog_an_object_is_traced_where_the_plan_says_so() {
    let fog = |s: &mut Scenario| s.file.day.visibility_m = 10.0;
    let (day, all) = by_twin_and_plan("00:10", |_| ());
    assert!(day == 1 && all > 100, "{day} {all}");
    assert_eq!(by_twin_and_plan("06:00", |_| ()), (0, 0), "no lamp burns, and the sky is too dark");
    let (night, lit) = by_twin_and_plan("06:00", masts);
    assert!(night == 1 && lit > 100, "{night} {lit}");
    assert_eq!(
        by_twin_and_plan("00:10", fog),
        (0, 0),
        "what is farther than the fog lets see is lost by day"
    );
}

#[test]
fn an_object_is_traced_to_its_storey_by_the_camera_on_its_side() {
    let lived = throw(|_| ());
    let seen: Vec<_> =
        lived.said.iter().filter(|s| matches!(s.2, Signal::ObjectFell { .. })).map(|s| s.1.clone()).collect();
    assert_eq!(seen.len(), 1, "one side of the house: {seen:?}");
    let Signal::ObjectFell { storey, frames, .. } = lived.by(&seen[0])[0].2 else { unreachable!() };
    assert!((8..=10).contains(&storey) && frames >= 5);
    let incident = lived.the(IncidentKind::ThrownObject);
    assert!(incident.outcome.contains("nobody within 2 m") && incident.outcome.contains(&seen[0]));
    let fell = (incident.ended.unwrap() - incident.began).seconds();
    assert!((2.0..3.5).contains(&fell), "25 m take some two and a half seconds: {fell}");
}

#[test]
fn a_camera_turned_away_sees_nothing_and_the_object_falls_all_the_same() {
    let turned = throw(|s| {
        s.file.kit.facade_camera.iter_mut().for_each(|c| c.bearing_deg += 180.0);
    });
    assert!(turned.said.iter().all(|s| !matches!(s.2, Signal::ObjectFell { .. })));
    let (here, there) = (throw(|_| ()), turned);
    let (a, b) = (here.the(IncidentKind::ThrownObject), there.the(IncidentKind::ThrownObject));
    assert_eq!((a.began, a.ended, a.place), (b.began, b.ended, b.place));
    assert!(b.outcome.contains("no camera traced it"));
}

#[test]
fn a_lower_storey_means_a_shorter_fall() {
    let low = |s: &mut Scenario| {
        s.file.script[0].event = Event::ThrownObject { building: Id::from("b01"), storey: 3, mass_kg: 1.0 };
    };
    let lasting = |l: &Lived| {
        let i = l.the(IncidentKind::ThrownObject);
        i.ended.unwrap() - i.began
    };
    assert!(lasting(&throw(low)) < lasting(&throw(|_| ())));
}

#[test]
fn litter_is_seen_by_some_and_swept_up() {
    let lived = live(yard(vec![], |s| {
        s.file.cast.litter_per_day = 400.0;
        s.file.day.lasting = palisade_sim::model::scenario::Duration::seconds(9.0 * 3600.0);
    }));
    let litter: Vec<_> = lived.incidents.iter().filter(|i| i.kind == IncidentKind::Litter).collect();
    assert!(litter.len() > 30, "{}", litter.len());
    let seen = lived.said.iter().filter(|s| s.2 == Signal::LitterSeen).count();
    assert!(seen > 5 && seen < litter.len(), "{seen} of {}", litter.len());
    assert!(litter.iter().any(|i| i.outcome.contains("seen by no camera")));
}
