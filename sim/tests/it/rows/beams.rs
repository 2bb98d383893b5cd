//! Row 8: perimeter beams.

use super::yard::{Lived, at, live, yard};
use palisade_sim::contract::{IncidentKind, Signal};
use palisade_sim::model::cast::Event;
use palisade_sim::model::scenario::Duration;

/// Somebody climbs the north wall inside the first zone, one metre from its western end.
fn climb(change: impl FnOnce(&mut palisade_sim::model::Scenario)) -> Lived {
    let event = Event::Intrusion { at_m: [50.6, 80.0], target: None };
    live(yard(vec![at("00:10", event)], change))
}

#[test]
fn a_climber_breaks_the_zone_that_he_crosses_on_his_way_in_and_out() {
    let lived = climb(|_| ());
    assert_eq!(
        lived.words("beam-n1"),
        ["beam_broken", "beam_restored", "beam_broken", "beam_restored"],
        "in and out"
    );
    assert!(lived.by("beam-n2").is_empty() && lived.by("beam-e").is_empty());
    assert!(lived.the(IncidentKind::Intrusion).outcome.contains("not interrupted"));
    assert!(lived.the(IncidentKind::Theft).outcome.contains("b01"));
}

#[test]
fn a_beam_one_metre_aside_stays_silent_and_the_rest_of_the_tape_stays_as_it_was() {
    let (here, aside) = (climb(|_| ()), climb(|s| s.file.kit.beam[0].to_m = [51.6, 80.0]));
    assert!(!here.by("beam-n1").is_empty());
    assert!(aside.by("beam-n1").is_empty());
    assert_eq!(here.but("beam-n1"), aside.but("beam-n1"));
}

#[test]
fn a_longer_interruption_time_lets_a_climber_through() {
    let slow = climb(|s| s.file.kit.beam[0].interruption = Duration::seconds(1.5));
    assert!(slow.by("beam-n1").is_empty());
    let quick = climb(|_| ());
    assert_eq!(quick.but("beam-n1"), slow.but("beam-n1"));
}

#[test]
fn rays_above_a_crouching_climber_are_not_broken() {
    let high = climb(|s| s.file.kit.beam[0].rays_m = vec![2.4, 3.4]);
    assert!(high.by("beam-n1").is_empty(), "both rays must break");
}

#[test]
fn a_pair_far_out_of_line_says_so_once_and_is_blind() {
    let lost = climb(|s| s.file.kit.beam[0].misaligned_deg = 2.0);
    assert_eq!(lost.words("beam-n1"), ["beam_broken"]);
    assert_eq!(lost.by("beam-n1")[0].3, "Drift");
    assert_eq!(lost.but("beam-n1"), climb(|_| ()).but("beam-n1"));
}

#[test]
fn fog_takes_a_long_pair_down_and_leaves_the_rest_of_the_day_as_it_was() {
    // With 100 m of range a pair of some 50 m has enough to spare for 60 m of visibility, and not for 20 m.
    let words = |visibility_m: f64| {
        let lived = climb(|s| s.file.day.visibility_m = visibility_m);
        (lived.words("beam-n1"), lived.by("beam-n1").first().map(|s| s.3.clone()))
    };
    let (clear, thin, thick) = (words(10_000.0), words(60.0), words(20.0));
    assert_eq!(thin.0, clear.0);
    assert_eq!((thick.0, thick.1.as_deref()), (vec!["beam_broken".into()], Some("Rain")));
}

#[test]
fn birds_branches_and_rain_have_their_cause_on_the_tape() {
    let storm = live(yard(vec![], |s| {
        s.file.cast.beam_nuisance_per_day = 60.0;
        s.file.day.wind_m_s = 8.0;
        s.file.day.rain_mm_h = 15.0;
    }));
    let broken = |s: &&super::yard::Said| matches!(s.2, Signal::BeamBroken { .. });
    let causes: std::collections::BTreeSet<&str> =
        storm.said.iter().filter(broken).map(|s| s.3.as_str()).collect();
    assert!(causes.contains("Branch") && causes.contains("Rain"), "{causes:?}");
    assert!(storm.incidents.is_empty());
    let restored = storm.said.iter().filter(|s| s.2 == Signal::BeamRestored).count();
    let alarms = storm.said.iter().filter(broken).count();
    assert!(alarms - restored <= 3 && alarms > 10, "{alarms} alarms, {restored} restored");
}
