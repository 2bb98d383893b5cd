//! Row 9: cameras.

use super::yard::{Lived, at, live, wall, yard};
use palisade_sim::contract::Signal;
use palisade_sim::model::Scenario;
use palisade_sim::model::cast::Event;

fn climb(change: impl FnOnce(&mut Scenario)) -> Lived {
    let event = Event::Intrusion { at_m: [30.0, 80.0], target: None };
    live(yard(vec![at("00:10", event)], change))
}

#[test]
fn a_climber_is_seen_and_crosses_a_line_and_leaves_again() {
    let lived = climb(|_| ());
    let words = lived.words("cam-nw");
    assert!(words.contains(&"target_entered".into()) && words.contains(&"target_left".into()), "{words:?}");
    assert!(words.contains(&"line_crossed".into()), "{words:?}");
    let strange: Vec<_> = lived.by("cam-nw").into_iter().filter(|s| !s.3.starts_with("Intrusion")).collect();
    assert!(strange.is_empty(), "{strange:#?}");
    let count = |word: &str| words.iter().filter(|w| *w == word).count();
    assert_eq!(count("target_entered"), count("target_left"));
}

#[test]
fn a_wall_before_one_camera_takes_its_sightings_and_no_others() {
    let screen = |s: &mut Scenario| {
        let mut screen = wall("screen", &[[3.0, 60.0], [6.0, 66.0], [2.0, 70.0]], 6.0);
        screen.perimeter = false;
        s.site.walls.push(screen);
    };
    let (open, hidden) = (climb(|_| ()), climb(screen));
    assert!(!open.by("cam-nw").is_empty());
    assert!(hidden.by("cam-nw").is_empty(), "{:#?}", hidden.by("cam-nw"));
    assert!(!hidden.by("cam-door").is_empty());
    assert_eq!(open.but("cam-nw"), hidden.but("cam-nw"));
}

#[test]
fn without_infrared_and_lamps_the_night_hides_him_from_one_camera_only() {
    let (lit, dark) = (climb(|_| ()), climb(|s| s.file.kit.camera[0].ir_range_m = 0.0));
    assert!(!lit.by("cam-nw").is_empty() && dark.by("cam-nw").is_empty());
    assert_eq!(lit.but("cam-nw"), dark.but("cam-nw"));
}

#[test]
fn a_camera_of_fewer_pixels_reports_later_or_not_at_all() {
    let coarse = climb(|s| s.file.kit.camera[0].pixels = [640, 360]);
    let entered =
        |l: &Lived| l.by("cam-nw").iter().filter(|s| matches!(s.2, Signal::TargetEntered { .. })).count();
    assert!(entered(&coarse) < entered(&climb(|_| ())), "640 pixels reach 25 px/m only within 15 m");
    assert_eq!(coarse.but("cam-nw"), climb(|_| ()).but("cam-nw"));
}
