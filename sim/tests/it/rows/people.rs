//! Rows 1, 2, 7 and 13: gate post, barrier, door stations, residents.

use std::sync::OnceLock;

use palisade_sim::contract::IncidentKind;
use palisade_sim::whole::Day;

use super::changes::{different, happened, of, quiet_day, said, trips_of};

pub(super) fn usual() -> &'static Day {
    static DAY: OnceLock<Day> = OnceLock::new();
    DAY.get_or_init(|| quiet_day(&[]))
}

#[test]
fn without_a_guard_at_the_gate_strangers_walk_in_unregistered() {
    let unwatched = quiet_day(&[("guards = 1 ", "guards = 0 ")]);
    let (before, after) = (said(usual()), said(&unwatched));
    assert!(of(&before, "post-east", "VisitorRegistered").len() >= 5);
    for word in ["VisitorRegistered", "VisitorRefused"] {
        assert_eq!(of(&after, "post-east", word), Vec::<&String>::new(), "nobody is there to write it");
    }
    let visits = happened(&unwatched, IncidentKind::GateVisit);
    assert!(visits.len() >= 5);
    assert!(visits.iter().all(|visit| visit.contains("unregistered")), "{visits:#?}");
    let passed = |said| of(said, "post-east", "ResidentPassed").len();
    assert_eq!(passed(&before), passed(&after), "residents show their credentials as before");
    assert_eq!(trips_of(usual(), "resident/"), trips_of(&unwatched, "resident/"));
    let changed = different(usual(), &unwatched);
    for same in ["barrier-south", "cp-1", "charger-a", "beam-north", "smoke-shed", "facade-b01"] {
        assert!(!changed.contains(same), "{same} says something else: {changed:?}");
    }
}

#[test]
fn a_misread_plate_keeps_a_resident_waiting() {
    let sharp = quiet_day(&[("misread = 0.02", "misread = 0.0")]);
    let blind = quiet_day(&[("misread = 0.02", "misread = 1.0")]);
    let residents = |day: &Day| -> Vec<String> {
        let all = happened(day, IncidentKind::VehicleTrip).into_iter();
        all.filter(|trip| trip.contains("car/b0")).collect()
    };
    assert!(residents(&sharp).len() >= 10);
    assert!(residents(&sharp).iter().all(|trip| trip.contains("plate known")));
    assert!(residents(&blind).iter().all(|trip| trip.contains("plate misread")));
    let (sharp_said, blind_said) = (said(&sharp), said(&blind));
    assert!(of(&sharp_said, "barrier-south", "known: true").len() >= 10);
    let first_reads = of(&blind_said, "barrier-south", "known: true");
    assert!(first_reads.len() < residents(&blind).len(), "only a second look knows a plate");
    let changed = different(&sharp, &blind);
    assert!(changed.contains("barrier-south"));
    for same in ["post-east", "cp-1", "beam-north", "charger-a", "facade-b01"] {
        assert!(!changed.contains(same), "{same} says something else: {changed:?}");
    }
}

const STATION: &str = "[[kit.intercom]]\nid = \"door-b01-2\"\nentrance = \"b01-2\"\n";

#[test]
fn a_door_without_a_station_takes_no_calls() {
    let without = quiet_day(&[(STATION, "")]);
    let before = said(usual());
    assert!(of(&before, "door-b01-2", "CallStarted").len() >= 2);
    assert!(of(&before, "door-b01-2", "DoorOpened").len() >= 20);
    assert!(!said(&without).contains_key("door-b01-2"));
    let calls = |day: &Day| happened(day, IncidentKind::DoorCall).len();
    assert!(calls(&without) < calls(usual()));
    let there = |day: &Day| trips_of(day, "resident/b01-2").len();
    assert!(there(&without) > 20 && there(&without) == there(usual()), "residents still come and go");
    // The cleaner comes to the other doors earlier or later; whoever meets him there finds the door open.
    let others = |day: &Day| {
        let mut lines = said(day).remove("door-b02-1").unwrap_or_default();
        lines.retain(|line| !line.contains("staff/"));
        lines
    };
    let (here, there) = (others(usual()), others(&without));
    let moved = here.iter().filter(|line| !there.contains(line)).count();
    assert!(here.len() > 100 && moved * 20 <= here.len(), "{moved} of {} lines moved", here.len());
    let changed = different(usual(), &without);
    for same in ["post-east", "cp-1", "beam-north", "charger-a", "facade-b01"] {
        assert!(!changed.contains(same), "{same} says something else: {changed:?}");
    }
}

#[test]
fn a_compound_in_which_nobody_lives_has_no_trips() {
    let empty = quiet_day(&[("occupancy = 0.92", "occupancy = 0.0")]);
    assert!(happened(usual(), IncidentKind::Trip).len() > 200);
    for kind in [IncidentKind::Trip, IncidentKind::GateVisit, IncidentKind::DoorCall] {
        assert_eq!(happened(&empty, kind), Vec::<String>::new(), "{kind:?}");
    }
    let (before, after) = (said(usual()), said(&empty));
    for silent in ["door-b01-1", "door-b02-2"] {
        assert!(before.contains_key(silent) && !after.contains_key(silent), "{silent}");
    }
    assert_eq!(happened(usual(), IncidentKind::Tour), happened(&empty, IncidentKind::Tour));
    for same in ["cp-1", "cp-2", "cp-3", "cp-4"] {
        assert_eq!(before.get(same), after.get(same), "{same}");
    }
}
