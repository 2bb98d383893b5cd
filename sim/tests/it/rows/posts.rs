//! Row 3: outer patrol posts.

use super::yard::{Lived, at, guard, live, yard};
use palisade_sim::contract::Signal;
use palisade_sim::model::Scenario;
use palisade_sim::model::cast::{Duty, Event};
use palisade_sim::model::kit::OuterPost;
use palisade_sim::model::scenario::Duration;
use palisade_sim::words::Id;

/// By day somebody climbs the north wall; a guard stands 45 m away and looks along it.
fn climb(change: impl FnOnce(&mut Scenario)) -> Lived {
    let event = Event::Intrusion { at_m: [50.6, 80.0], target: None };
    live(yard(vec![at("00:10", event)], |s| {
        s.file.day.sunrise = "00:00".parse().unwrap();
        s.file.day.sunset = "23:00".parse().unwrap();
        s.file.kit.outer_post.push(OuterPost {
            id: Id::from("post"),
            at_m: [95.0, 76.0],
            bearing_deg: 270.0,
            fov_deg: 120.0,
            range_m: 80.0,
            manned: None,
        });
        s.file.cast.guard.push(guard("g-post", Duty::OuterPost(Id::from("post")), false));
        change(s);
    }))
}

fn sightings(lived: &Lived) -> usize {
    lived.by("post").iter().filter(|s| matches!(s.2, Signal::PersonSighted { .. })).count()
}

fn others(lived: &Lived) -> Vec<&super::yard::Said> {
    lived.said.iter().filter(|s| s.1.starts_with("cam") || s.1.starts_with("beam")).collect()
}

#[test]
fn the_guard_at_the_post_sights_the_climber() {
    let lived = climb(|_| ());
    assert!(sightings(&lived) >= 1, "{:#?}", lived.said);
    let first = lived.by("post").into_iter().find(|s| matches!(s.2, Signal::PersonSighted { .. })).unwrap();
    let Signal::PersonSighted { bearing_deg } = first.2 else { unreachable!() };
    assert!((240..=300).contains(&bearing_deg), "to the west: {bearing_deg}");
}

#[test]
fn nobody_at_the_post_sees_nothing_and_the_devices_say_what_they_said() {
    let gone = climb(|s| {
        let lasting = Duration::seconds(3600.0);
        s.file.script.push(at("00:05", Event::GuardAbsent { guard: Id::from("g-post"), lasting }));
    });
    assert_eq!(sightings(&gone), 0);
    assert_eq!(others(&gone), others(&climb(|_| ())));
}

#[test]
fn by_night_without_lamps_he_sees_only_what_is_near() {
    let dark = climb(|s| s.file.day.sunrise = "06:00".parse().unwrap());
    assert_eq!(sightings(&dark), 0);
}
