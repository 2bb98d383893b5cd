//! Row 10: thrown objects and facade cameras.

use super::yard::{Lived, at, live, yard};
use palisade_sim::contract::{IncidentKind, Signal};
use palisade_sim::model::Scenario;
use palisade_sim::model::cast::Event;
use palisade_sim::words::Id;

fn throw(change: impl FnOnce(&mut Scenario)) -> Lived {
    let event = Event::ThrownObject { building: Id::from("b01"), storey: 9, mass_kg: 1.0 };
    live(yard(vec![at("00:10", event)], change))
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
