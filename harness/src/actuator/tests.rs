#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::wire::command::STATES;
use crate::wire::dialect::Dialect;

const TIMES: Times = Times { release: Ms(5_000), arm: Ms(1_500), relay: Ms(30) };

fn order(id: &str, verb: Verb) -> Order {
    Order { id: Some(id.into()), verb, ts: None, cause: None }
}

fn device(class: Class) -> Actuator {
    Actuator::new(class, TIMES)
}

/// What an effect says: `7 ok released`, `7 again ok raised`, `7 no ...`, `7 -> locked`, with the signal's word behind.
fn told(effect: &Effect) -> String {
    match effect {
        Effect::Answer { number, answer, repeated } => {
            let again = if *repeated { "again " } else { "" };
            match &answer.why {
                None => format!("{number} {again}ok {}", answer.state),
                Some(why) => format!("{number} {again}no {}: {why}", answer.state),
            }
        }
        Effect::Changed { number, change, .. } => {
            let signal = change.signal.as_ref().map_or(String::new(), |s| format!(" {}", s.word()));
            format!("{number} -> {}{signal}", change.state)
        }
    }
}

/// Advances to each thing that happens up to an instant: `ms: what`.
fn play(device: &mut Actuator, until_us: Micros) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(at_us) = device.next_us().filter(|at| *at <= until_us) {
        all.extend(device.advance(at_us).iter().map(|e| format!("{}: {}", at_us / 1000, told(e))));
    }
    all
}

#[test]
fn a_lock_is_released_for_the_time_of_the_kit() {
    let mut door = device(Class::Intercom);
    assert_eq!(door.told(7, order("c1", Verb::Unlock), 0), None);
    assert!(door.advance(29_999).is_empty());
    assert_eq!(
        play(&mut door, 10_000_000),
        ["30: 7 -> released door_released", "30: 7 ok released", "5030: 7 -> locked"]
    );
    assert_eq!(door.state(), "locked");
}

#[test]
fn a_lock_that_is_told_again_stays_released_for_longer() {
    let mut door = device(Class::Intercom);
    door.told(1, order("a", Verb::Unlock), 0);
    play(&mut door, 3_000_000);
    door.told(2, order("b", Verb::Unlock), 3_000_000);
    let seen = play(&mut door, 20_000_000);
    assert_eq!(seen, ["3030: 2 -> released door_released", "3030: 2 ok released", "8030: 2 -> locked"]);
}

#[test]
fn a_lock_that_is_held_stays_released_until_it_is_locked() {
    let mut door = device(Class::Intercom);
    door.told(1, order("a", Verb::Release), 0);
    door.told(2, order("b", Verb::Unlock), 1_000_000);
    door.told(3, order("c", Verb::Release), 2_000_000);
    let seen = play(&mut door, 90_000_000);
    let held = [
        "30: 1 -> released door_released",
        "30: 1 ok released",
        "1030: 2 ok released",
        "2030: 3 ok released",
    ];
    assert_eq!(seen, held, "a pulse does not end it");
    door.told(4, order("d", Verb::Lock), 90_000_000);
    assert_eq!(play(&mut door, 99_000_000), ["90030: 4 -> locked", "90030: 4 ok locked"]);
    assert_eq!((door.state(), door.next_us()), ("locked", None));
}

#[test]
fn an_arm_takes_its_time_and_commands_wait_for_one_another() {
    let mut barrier = device(Class::Barrier);
    barrier.told(1, order("a", Verb::Lift), 0);
    barrier.told(2, order("b", Verb::Lower), 100_000);
    barrier.told(3, order("c", Verb::Lower), 200_000);
    assert_eq!(
        play(&mut barrier, 10_000_000),
        [
            "1500: 1 -> raised arm_raised",
            "1500: 1 ok raised",
            "3000: 2 -> lowered arm_lowered",
            "3000: 2 ok lowered",
            // It is down already: only the relay, no event.
            "3030: 3 ok lowered"
        ]
    );
}

#[test]
fn an_arm_that_a_vehicle_raised_is_up() {
    let mut barrier = device(Class::Barrier);
    barrier.said(&Signal::ArmRaised);
    barrier.told(1, order("a", Verb::Lift), 0);
    assert_eq!(play(&mut barrier, 2_000_000), ["30: 1 ok raised"]);
    barrier.told(2, order("b", Verb::Lower), 2_000_000);
    assert_eq!(play(&mut barrier, 9_000_000), ["3500: 2 -> lowered arm_lowered", "3500: 2 ok lowered"]);
}

#[test]
fn an_arm_that_met_something_rises_and_does_not_come_down_on_it() {
    let mut barrier = device(Class::Barrier);
    barrier.said(&Signal::ArmRaised);
    barrier.said(&Signal::ArmBlocked);
    let refused = barrier.told(1, order("a", Verb::Lower), 0).unwrap();
    assert_eq!(told(&refused), "1 no raised: something is under the arm");
    barrier.told(2, order("b", Verb::Lift), 0);
    assert_eq!(play(&mut barrier, 2_000_000), ["30: 2 ok raised"]);
    barrier.said(&Signal::ArmLowered);
    assert_eq!(barrier.state(), "lowered");
    barrier.said(&Signal::ArmBlocked);
    barrier.said(&Signal::VehiclePassed { outward: true });
    assert_eq!(barrier.told(3, order("c", Verb::Lower), 3_000_000), None, "nothing is there any more");
}

#[test]
fn the_same_id_is_answered_again_and_done_once() {
    let mut barrier = device(Class::Barrier);
    barrier.told(1, order("a", Verb::Lift), 0);
    // While it is being done, and afterwards.
    assert_eq!(barrier.told(2, order("a", Verb::Lift), 1_000), None);
    assert_eq!(
        play(&mut barrier, 2_000_000),
        ["1500: 1 -> raised arm_raised", "1500: 1 ok raised", "1500: 2 again ok raised"]
    );
    barrier.told(3, order("b", Verb::Lower), 2_000_000);
    play(&mut barrier, 5_000_000);
    let again = barrier.told(4, order("a", Verb::Lift), 5_000_000).unwrap();
    assert_eq!(told(&again), "4 again ok raised");
    assert_eq!((barrier.state(), barrier.next_us()), ("lowered", None));
}

#[test]
fn what_a_device_cannot_do_is_refused_at_once_and_again() {
    let mut camera = device(Class::Camera);
    let refused = camera.told(1, order("a", Verb::Unlock), 0).unwrap();
    assert_eq!(told(&refused), "1 no ready: a device of class camera cannot `unlock`");
    let again = camera.told(2, order("a", Verb::Unlock), 5).unwrap();
    assert_eq!(told(&again), "2 again no ready: a device of class camera cannot `unlock`");
    let wrong = Dialect::default().read(b"{}").unwrap_err();
    assert_eq!(told(&camera.told_nonsense(3, wrong)), "3 no ready: the field `id` is missing");
}

#[test]
fn a_device_with_too_much_to_do_is_busy_and_may_be_asked_again() {
    let mut barrier = device(Class::Barrier);
    for n in 0..16 {
        assert_eq!(barrier.told(n, order(&format!("c{n}"), Verb::Lift), 0), None);
    }
    let busy = barrier.told(16, order("late", Verb::Lift), 0).unwrap();
    assert_eq!(told(&busy), "16 no lowered: busy: 16 commands wait already");
    play(&mut barrier, 9_000_000);
    assert_eq!(barrier.told(17, order("late", Verb::Lift), 9_000_000), None);
    assert_eq!(play(&mut barrier, 10_000_000), ["9030: 17 ok raised"]);
}

#[test]
fn a_zone_that_is_bypassed_or_disarmed_reports_no_alarm() {
    let broken = Signal::BeamBroken { broken_ms: 90 };
    let mut zone = device(Class::Beam);
    assert_eq!(zone.withholds(&broken), None);
    zone.told(1, order("a", Verb::Bypass { for_s: 60 }), 0);
    play(&mut zone, 1_000_000);
    assert_eq!(zone.withholds(&broken), Some("bypassed"));
    assert_eq!(zone.withholds(&Signal::BeamRestored), Some("bypassed"));
    assert_eq!(zone.withholds(&Signal::TamperOpened), None);
    assert_eq!(play(&mut zone, 61_000_000), ["60030: 1 -> armed"]);
    assert_eq!(zone.withholds(&broken), None);

    zone.told(2, order("b", Verb::Disarm), 61_000_000);
    zone.told(3, order("c", Verb::Bypass { for_s: 1 }), 61_000_000);
    play(&mut zone, 70_000_000);
    assert_eq!(
        zone.withholds(&broken),
        Some("disarmed"),
        "the bypass is over, the zone is disarmed for all that"
    );
    zone.told(4, order("d", Verb::Arm), 70_000_000);
    assert_eq!(play(&mut zone, 71_000_000), ["70030: 4 -> armed", "70030: 4 ok armed"]);
    assert_eq!(zone.withholds(&broken), None);
}

#[test]
fn arming_ends_a_bypass() {
    let mut zone = device(Class::Beam);
    zone.told(1, order("a", Verb::Bypass { for_s: 60 }), 0);
    zone.told(2, order("b", Verb::Arm), 0);
    assert_eq!(
        play(&mut zone, 100_000_000),
        ["30: 1 -> bypassed", "30: 1 ok bypassed", "60: 2 -> armed", "60: 2 ok armed"]
    );
}

#[test]
fn a_detector_is_silenced_but_keeps_reporting() {
    let mut smoke = device(Class::SmokeDetector);
    smoke.told(1, order("a", Verb::SirenOn), 0);
    smoke.told(2, order("b", Verb::Silence), 0);
    assert_eq!(
        play(&mut smoke, 1_000_000),
        ["30: 1 -> siren_on", "30: 1 ok siren_on", "60: 2 -> silenced", "60: 2 ok silenced"]
    );
    assert_eq!(smoke.withholds(&Signal::SmokeAlarm { obscuration_pct_per_m_x100: 600 }), None);
}

#[test]
fn a_camera_that_cannot_be_bypassed_withholds_nothing() {
    let camera = device(Class::Camera);
    assert_eq!(camera.withholds(&Signal::LitterSeen), None);
}

#[test]
fn times_come_from_the_kit() {
    let text = "[[barrier]]\nid = \"b\"\ngate = \"g\"\narm = \"900ms\"\n[[intercom]]\nid = \"d\"\nentrance = \"e\"\nrelease = \"7s\"\n";
    let kit: Kit = toml::from_str(text).unwrap();
    assert_eq!(Times::of(&kit, "b").arm, Ms(900));
    assert_eq!(Times::of(&kit, "d").release, Ms(7_000));
    assert_eq!(Times::of(&kit, "nobody"), Times { release: Ms(5_000), arm: Ms(1_500), relay: RELAY });
}

#[test]
fn what_devices_say_because_of_commands_is_known_by_class() {
    let verbs =
        [Verb::Unlock, Verb::Lift, Verb::Lower, Verb::Arm, Verb::Disarm, Verb::SirenOn, Verb::SirenOff];
    for class in [Class::Intercom, Class::Barrier, Class::Beam, Class::SmokeDetector, Class::DutyRoom] {
        let mut device = device(class);
        let mut said = std::collections::BTreeSet::new();
        for (number, verb) in (0u32..).zip(verbs.iter().cycle().take(14)) {
            device.told(number, order(&format!("c{number}"), verb.clone()), i64::from(number) * 20_000_000);
            for effect in device.advance(i64::from(number + 1) * 20_000_000) {
                let Effect::Changed { change, .. } = effect else { continue };
                assert!(STATES.contains(&change.state), "{}", change.state);
                said.extend(change.signal.map(|signal| signal.word()));
            }
        }
        assert!(
            said.iter().eq(Verb::said_by(class).iter().collect::<std::collections::BTreeSet<_>>()),
            "{said:?}"
        );
    }
}

#[test]
fn commands_without_an_id_are_never_repeats() {
    let mut barrier = device(Class::Barrier);
    let lift = Order { id: None, verb: Verb::Lift, ts: None, cause: None };
    barrier.told(1, lift.clone(), 0);
    barrier.told(2, lift, 0);
    assert_eq!(
        play(&mut barrier, 9_000_000),
        ["1500: 1 -> raised arm_raised", "1500: 1 ok raised", "1530: 2 ok raised"]
    );
}
