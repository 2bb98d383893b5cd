use palisade_sim::contract::{Class, Severity};
use palisade_sim::model::load::{SourceText, load};
use palisade_sim::words::{DeviceIx, Ms, StimulusId};

use super::*;
use crate::pairing::{Answer, Outages};
use crate::record::{Answered, Command, Kept, Storm};

/// A message of a beam that reached the gateway late, if it is said when, and was answered at an instant, if it was.
fn beam(reached_ms: Option<i64>, observed_ms: Option<i64>) -> Message {
    Message {
        answer: Answer {
            stimulus: StimulusId(1),
            device: DeviceIx(0),
            outcome: if observed_ms.is_some() { Outcome::Answered } else { Outcome::Missed },
            severity: Severity::Alarm,
            intended_us: 0,
            deadline_us: 9_000_000,
            left_us: Some(0),
            reached_us: reached_ms.map(|ms| ms * 1_000),
            observed_us: observed_ms.map(|ms| ms * 1_000),
            answers: 1,
            by: None,
            instead: None,
            overtook: None,
            link_down: false,
        },
        id: "r-1".into(),
        device: "beam-1".into(),
        class: "beam".into(),
        signal: "beam_broken".into(),
        because: None,
        due: Ms(0),
    }
}

fn said(class: &str, signal: &str, observed_ms: Option<i64>) -> Message {
    Message { class: class.into(), signal: signal.into(), ..beam(None, observed_ms) }
}

fn rule(id: &str) -> Rule {
    let book = RuleBook::residential().expect("the shipped book");
    book.rules.into_iter().find(|rule| rule.id == id).expect("it is shipped")
}

/// A device of the compound for each class.
fn standing(classes: &[Class]) -> Vec<TapeDevice> {
    let row = |(at, class): (usize, &Class)| TapeDevice {
        id: format!("{}-{at}", class.word()).as_str().into(),
        class: *class,
        at_m: [0.0; 3],
        qos: 1,
    };
    classes.iter().enumerate().map(row).collect()
}

fn judge(id: &str, messages: &[Message], devices: &[TapeDevice]) -> RulePart {
    assess(&rule(id), &Run { messages, devices, listened_until_us: 60_000_000, ..Run::default() })
}

/// Status and figure of rules 8, 10 and 12 in a compound that has beams alone.
fn check(messages: &[Message], wanted: [(RuleStatus, Option<f64>); 3]) {
    let devices = standing(&[Class::Beam]);
    for (id, wanted) in ["8", "10", "12"].into_iter().zip(wanted) {
        let part = judge(id, messages, &devices);
        assert_eq!((part.status, part.measured), wanted, "rule {id}: {part:?}");
    }
}

#[test]
fn rules_hold_and_fall_by_what_the_gateway_did_itself() {
    use RuleStatus::{Fail, NotMeasured, Pass};
    check(&[beam(None, Some(1_500))], [(Pass, Some(1.5)), (Pass, Some(1.5)), (Pass, Some(0.0))]);
    check(&[beam(None, Some(3_000))], [(Fail, Some(3.0)), (Pass, Some(3.0)), (Pass, Some(0.0))]);
    // The same answer, after a fault had held the message for two seconds.
    check(&[beam(Some(2_000), Some(3_000))], [(Pass, Some(1.0)), (Pass, Some(1.0)), (Pass, Some(0.0))]);
    check(&[beam(None, None)], [(Fail, None), (Fail, None), (Fail, Some(1.0))]);
    check(&[], [(NotMeasured, None); 3]);
}

#[test]
fn a_class_that_stands_there_and_had_no_say_leaves_the_rule_open() {
    let devices = standing(&[Class::Beam, Class::SmokeDetector, Class::Barrier]);
    let part = judge("8", &[beam(None, Some(1_500))], &devices);
    assert_eq!((part.status, part.measured), (RuleStatus::NotMeasured, Some(1.5)), "{part:?}");
    assert_eq!(
        (&part.driven[..], &part.undriven[..]),
        (&["beam".to_owned()][..], &["smoke_detector".to_owned()][..])
    );
    let needs = "a run in which smoke_detector speak (this one drove beam)";
    assert_eq!(part.needs.as_deref(), Some(needs));
    // What is late is late, whoever else was not asked.
    assert_eq!(judge("8", &[beam(None, Some(2_500))], &devices).status, RuleStatus::Fail);
    let both = [beam(None, Some(1_500)), said("smoke_detector", "smoke_alarm", Some(10))];
    assert_eq!(judge("8", &both, &devices).status, RuleStatus::Pass);
    let mut cut = both.clone();
    cut[1].answer.outcome = Outcome::Undecidable;
    assert_eq!(
        judge("8", &cut, &devices).status,
        RuleStatus::NotMeasured,
        "what cannot be judged is no sample"
    );
}

#[test]
fn a_tour_that_leaves_its_plan_is_judged_by_its_own_alarm() {
    let devices = standing(&[Class::Checkpoint, Class::DutyRoom]);
    let touched = said("checkpoint", "checkpoint_read", Some(100));
    let overdue = |observed_ms| said("duty_room", "checkpoint_overdue", observed_ms);
    let part = |messages: &[Message]| judge("34", messages, &devices);
    let none = part(std::slice::from_ref(&touched));
    assert_eq!(none.status, RuleStatus::NotMeasured, "a touch is no deviation");
    let needs = "a run in which checkpoint or duty_room say checkpoint_overdue";
    assert_eq!(none.needs.as_deref(), Some(needs));
    assert_eq!(part(&[touched.clone(), overdue(Some(1_500))]).status, RuleStatus::Pass);
    assert_eq!(part(&[touched.clone(), overdue(None)]).status, RuleStatus::Fail);
    assert_eq!(part(&[touched, overdue(Some(3_000))]).status, RuleStatus::Fail);
}

/// The rule about the clock, when answers came after so long and the gateway's clock was off by so much as it stamped
/// them, so long before they came.
fn clock(answers: &[(i64, i64, i64)]) -> RulePart {
    const BEGAN_MS: i64 = 1_776_104_045_250;
    let at = |i: usize| i as i64 * 20_000;
    let messages: Vec<Message> = (answers.iter().enumerate())
        .map(|(i, (took_ms, ..))| {
            let mut m = beam(None, Some(at(i) + took_ms));
            (m.answer.intended_us, m.answer.left_us) = (at(i) * 1_000, Some(at(i) * 1_000));
            m
        })
        .collect();
    let stamp = |(i, (took_ms, before_ms, off_ms)): (usize, &(i64, i64, i64))| {
        let came_ms = at(i) + took_ms;
        (came_ms * 1_000, BEGAN_MS + came_ms - before_ms + off_ms)
    };
    let clocks = answers.iter().enumerate().map(stamp).collect();
    let began_ms = Some(BEGAN_MS as f64);
    assess(&rule("43"), &Run { messages: &messages, clocks, began_ms, ..Run::default() })
}

#[test]
fn a_clock_is_as_far_off_as_its_stamps_prove() {
    use RuleStatus::{Fail, NotMeasured, Pass};
    for (answers, status, measured) in [
        (&[(10, 5, 0)][..], Pass, Some(0.006)),
        (&[(10, 5, 4_900)], Pass, Some(4.906)),
        (&[(10, 0, 8_000)], Fail, Some(8.0)),
        (&[(10, 10, -8_000)], Fail, Some(7.999)),
        // It waited for 7 s after it was stamped: the clock is right, and the answer does not show it.
        (&[(7_000, 7_000, 0)], NotMeasured, Some(7.0)),
        (&[(7_000, 7_000, 0), (10, 0, 0)], Pass, Some(0.011)),
        (&[(10, 0, 0), (10, 0, 6_000)], Fail, Some(6.0)),
        (&[], NotMeasured, None),
    ] {
        let part = clock(answers);
        let rounded = part.measured.map(|s| (s * 1_000.0).round() / 1_000.0);
        assert_eq!((part.status, rounded), (status, measured), "{answers:?}: {part:?}");
        assert_eq!(part.needs.is_some(), status == NotMeasured, "{answers:?}");
        assert_eq!(part.evidence.is_empty(), status != Fail, "{answers:?}");
    }
}

/// An answer about a device that vanished.
fn offline(device: &str, at_ms: i64) -> Observation {
    Observation {
        received_us: at_ms * 1_000,
        part: "main".into(),
        topic: format!("site/yard/alarm/{device}"),
        device: device.into(),
        signal: "device_offline".into(),
        severity: Some(Severity::Warning),
        correlation: None,
        payload: String::new(),
        retained: false,
        clock_ms: None,
    }
}

#[test]
fn a_detector_that_loses_its_line_must_be_reported() {
    use RuleStatus::{Fail, NotMeasured, Pass};
    let devices = standing(&[Class::Beam, Class::Camera]);
    let check = |lost: &[(u32, i64)], said: &[Observation], restarts: &[(Micros, Micros)], expected| {
        let lost = lost.iter().map(|(at, ms)| lines::Lost { device: DeviceIx(*at), at_us: ms * 1_000 });
        let said: Vec<&Observation> = said.iter().collect();
        let run = Run {
            devices: &devices,
            lost: lost.collect(),
            restarts: restarts.to_vec(),
            offline: &said,
            listened_until_us: 30_000_000,
            ..Run::default()
        };
        let part = assess(&rule("13"), &run);
        assert_eq!((part.status, part.measured), expected, "{part:?}");
    };
    let beam = |at_ms| offline("beam-0", at_ms);
    check(&[(0, 3_000)], &[beam(3_400)], &[], (Pass, Some(0.4)));
    check(&[(0, 3_000)], &[beam(2_900)], &[], (Pass, Some(0.0)));
    check(&[(0, 3_000)], &[beam(9_000)], &[], (Fail, Some(6.0)));
    check(&[(0, 3_000)], &[offline("camera-1", 3_100)], &[], (Fail, None));
    check(&[(0, 3_000), (0, 9_000)], &[beam(3_100)], &[], (Fail, Some(0.1)));
    check(&[(1, 3_000)], &[], &[], (NotMeasured, None));
    // Nobody listened long enough, or the gateway itself was away.
    check(&[(0, 27_000)], &[], &[], (NotMeasured, None));
    check(&[(0, 3_000)], &[], &[(2_000_000, 4_000_000)], (NotMeasured, None));
}

fn yard() -> Scenario {
    let source = |name: &str, text: &str| SourceText { name: name.to_owned(), text: text.to_owned() };
    let (toml, site) = (
        include_str!("../../../../scenarios/tiny.toml"),
        include_str!("../../../../scenarios/sites/tiny.geojson"),
    );
    load(&source("tiny.toml", toml), Some(&source("tiny.geojson", site))).expect("sound")
}

/// Devices, with the names of the yard.
const NAMES: [(&str, Class); 8] = [
    ("beam-north", Class::Beam),
    ("cam-north-wall", Class::Camera),
    ("cam-south-gate", Class::Camera),
    ("smoke-shed", Class::SmokeDetector),
    ("door-b01-1", Class::Intercom),
    ("barrier-south", Class::Barrier),
    ("duty-room", Class::DutyRoom),
    ("post-east", Class::GatePost),
];
/// So many of them stand where no post at a gate is asked for.
const WITHOUT_POST: usize = 7;

fn named() -> Vec<TapeDevice> {
    let classes = NAMES.map(|(_, class)| class);
    let rename = |(row, (name, _)): (TapeDevice, (&str, Class))| TapeDevice { id: name.into(), ..row };
    standing(&classes).into_iter().zip(NAMES).map(rename).collect()
}

/// A command to the device with this name, done 30 ms after it came.
fn told(number: u32, at_ms: i64, (device, word): (&str, &str), cause: Option<u32>) -> Told {
    let place = NAMES.iter().position(|(name, _)| *name == device).expect("a device") as u32;
    let (device, part) = (DeviceIx(place), "main".to_owned());
    let command = Command {
        number,
        received_us: at_ms * 1_000,
        part: part.clone(),
        device,
        command: word.into(),
        id: None,
        cause: cause.map(|n| format!("r-{n}")),
        link: "mqtt".into(),
    };
    let executed_us = (at_ms + 30) * 1_000;
    let answer = Answered {
        number,
        part,
        device,
        id: None,
        executed_us,
        ok: true,
        state: String::new(),
        why: None,
        repeated: false,
        answered_us: None,
    };
    Told { command, answer: Some(answer), cause: cause.map(StimulusId), response_us: None }
}

fn by_commands(id: &str, messages: &[Message], told: &[Told], listened_ms: i64) -> RulePart {
    by_commands_to(&named()[..WITHOUT_POST], id, messages, told, listened_ms)
}

fn by_commands_to(
    devices: &[TapeDevice],
    id: &str,
    messages: &[Message],
    told: &[Told],
    listened_ms: i64,
) -> RulePart {
    let scenario = yard();
    let listened_until_us = listened_ms * 1_000;
    let run = Run { messages, told, devices, scenario: Some(&scenario), listened_until_us, ..Run::default() };
    assess(&rule(id), &run)
}

#[test]
fn the_picture_follows_when_a_camera_that_sees_the_place_is_called_up_because_of_the_alarm() {
    use RuleStatus::{Fail, NotMeasured, Pass};
    let alarm = Message { device: "beam-north".into(), ..beam(None, Some(5)) };
    let (sees, does_not) = (("cam-north-wall", "show"), ("cam-south-gate", "show"));
    let cases: [(&[Told], i64, RuleStatus, Option<f64>); 8] = [
        (&[told(1, 40, sees, Some(1))], 9_000, Pass, Some(0.04)),
        (&[told(1, 40, sees, None)], 9_000, Pass, Some(0.04)),
        (&[told(1, 5_000, sees, Some(1))], 9_000, Fail, Some(5.0)),
        (&[told(1, 40, does_not, Some(1))], 9_000, Fail, None),
        (&[told(1, 40, sees, Some(7))], 9_000, Fail, None),
        (&[told(1, 40, ("cam-north-wall", "unlock"), Some(1))], 9_000, Fail, None),
        (&[], 9_000, Fail, None),
        // Nobody listened long enough to know.
        (&[], 2_000, NotMeasured, None),
    ];
    for (told, listened_ms, status, measured) in cases {
        let part = by_commands("42", std::slice::from_ref(&alarm), told, listened_ms);
        assert_eq!((part.status, part.measured), (status, measured), "{told:?}: {part:?}");
    }
    let calm = Message { signal: "beam_restored".into(), ..alarm };
    let mut calm = calm;
    calm.answer.severity = Severity::Restore;
    assert_eq!(by_commands("42", &[calm], &[], 9_000).status, NotMeasured, "no alarm, no picture");
}

#[test]
fn doors_must_be_released_soon_and_stay_so_while_it_burns() {
    use RuleStatus::{Fail, NotMeasured, Pass};
    let fire = Message { device: "smoke-shed".into(), ..said("smoke_detector", "smoke_alarm", Some(5)) };
    let mut over = Message { signal: "smoke_cleared".into(), ..fire.clone() };
    (over.answer.severity, over.answer.intended_us) = (Severity::Restore, 20_000_000);
    let door = |word| ("door-b01-1", word);
    let release = told(1, 1_000, door("release"), Some(1));
    let burns = [fire.clone()];
    let burnt = [fire, over];
    type Case<'a> = (&'a [Message], &'a [Told], i64, RuleStatus, Option<f64>);
    let cases: [Case<'_>; 9] = [
        (&burns, std::slice::from_ref(&release), 30_000, Pass, Some(1.03)),
        (&burns, &[told(1, 4_000, door("release"), Some(1))], 30_000, Fail, Some(4.03)),
        (&burns, &[], 30_000, Fail, None),
        (&burns, &[], 2_000, NotMeasured, None),
        // A pulse of 5 s is no way out.
        (&burns, &[told(1, 1_000, door("unlock"), Some(1))], 30_000, Fail, Some(1.03)),
        (&burns, &[release.clone(), told(2, 9_000, door("lock"), None)], 30_000, Fail, Some(1.03)),
        (&burnt, &[release.clone(), told(2, 21_000, door("lock"), None)], 30_000, Pass, Some(1.03)),
        (&burnt, &[release.clone(), told(2, 9_000, door("lock"), None)], 30_000, Fail, Some(1.03)),
        (&[], &[], 30_000, NotMeasured, None),
    ];
    for (messages, told, listened_ms, status, measured) in cases {
        let part = by_commands("32", messages, told, listened_ms);
        assert_eq!((part.status, part.measured), (status, measured), "{told:?}: {part:?}");
    }
}

/// A message of a device of the yard that left at an instant; the first has the number 1.
fn spoke(number: u32, at_ms: i64, (device, signal): (&str, &str)) -> Message {
    let place = NAMES.iter().position(|(name, _)| *name == device).expect("a device");
    let mut m = Message { device: device.into(), ..said(NAMES[place].1.word(), signal, Some(at_ms + 5)) };
    (m.answer.stimulus, m.answer.device) = (StimulusId(number), DeviceIx(place as u32));
    (m.answer.intended_us, m.answer.left_us) = (at_ms * 1_000, Some(at_ms * 1_000));
    m
}

#[test]
fn arms_must_rise_in_a_fire_and_stay_up_while_it_burns() {
    use RuleStatus::{Fail, NotMeasured, Pass};
    let fire = spoke(1, 0, ("smoke-shed", "smoke_alarm"));
    let arm = |word| ("barrier-south", word);
    let lift = told(1, 1_000, arm("lift"), Some(1));
    let cases: [(&[Told], RuleStatus, Option<f64>); 5] = [
        (std::slice::from_ref(&lift), Pass, Some(1.03)),
        (&[told(1, 4_000, arm("lift"), Some(1))], Fail, Some(4.03)),
        (&[lift.clone(), told(2, 9_000, arm("lower"), None)], Fail, Some(1.03)),
        (&[told(1, 1_000, arm("lower"), Some(1))], Fail, None),
        (&[told(1, 1_000, ("door-b01-1", "release"), Some(1))], Fail, None),
    ];
    for (told, status, measured) in cases {
        let part = by_commands("33b", std::slice::from_ref(&fire), told, 30_000);
        assert_eq!((part.status, part.measured), (status, measured), "{told:?}: {part:?}");
    }
    assert_eq!(by_commands("33b", &[], &[], 30_000).status, NotMeasured);
}

#[test]
fn an_arm_that_met_something_must_go_up_and_not_down_until_it_is_clear() {
    use RuleStatus::{Fail, NotMeasured, Pass};
    let blocked = spoke(1, 10_000, ("barrier-south", "arm_blocked"));
    let down = spoke(2, 15_000, ("barrier-south", "arm_lowered"));
    let arm = |word| ("barrier-south", word);
    let lift = told(1, 10_400, arm("lift"), Some(1));
    let met = [blocked.clone(), down];
    type Case<'a> = (&'a [Message], &'a [Told], i64, RuleStatus, Option<f64>);
    let cases: [Case<'_>; 9] = [
        (&met, std::slice::from_ref(&lift), 30_000, Pass, Some(0.43)),
        (&met, &[told(1, 13_000, arm("lift"), Some(1))], 30_000, Fail, Some(3.03)),
        (&met, &[], 30_000, Fail, None),
        (&met, &[told(1, 10_400, arm("lower"), Some(1))], 30_000, Fail, None),
        (&met, &[lift.clone(), told(2, 12_000, arm("lower"), None)], 30_000, Fail, Some(0.43)),
        // It is clear by then.
        (&met, &[lift.clone(), told(2, 16_000, arm("lower"), None)], 30_000, Pass, Some(0.43)),
        (&met, &[told(1, 16_000, arm("lift"), Some(1))], 30_000, Fail, None),
        // Nobody listened long enough.
        (&met[..1], &[], 11_000, NotMeasured, None),
        (&[], std::slice::from_ref(&lift), 30_000, NotMeasured, None),
    ];
    for (messages, told, listened_ms, status, measured) in cases {
        let part = by_commands("33a", messages, told, listened_ms);
        assert_eq!((part.status, part.measured), (status, measured), "{told:?}: {part:?}");
    }
    let part = by_commands("33a", &[], &[], 30_000);
    assert_eq!(part.needs.as_deref(), Some("a run in which barrier say arm_blocked"));
}

#[test]
fn a_door_is_opened_for_a_visitor_after_the_resident_said_yes() {
    use RuleStatus::{Fail, NotMeasured, Pass};
    let door = |signal| ("door-b01-1", signal);
    let entered = spoke(9, 1_000, ("post-east", "visitor_registered"));
    let rings = spoke(1, 10_000, door("call_started"));
    let yes = spoke(2, 20_000, door("call_confirmed"));
    let no = spoke(3, 20_000, door("call_refused"));
    let unlock = |at_ms, cause| told(1, at_ms, door("unlock"), cause);
    let mut unheard = entered.clone();
    unheard.answer.outcome = Outcome::Missed;
    type Case<'a> = (&'a [&'a Message], &'a [Told], RuleStatus, Option<f64>);
    let welcome: &[&Message] = &[&entered, &rings, &yes];
    let cases: [Case<'_>; 11] = [
        (welcome, &[unlock(20_100, Some(2))], Pass, Some(0.0)),
        (welcome, &[unlock(20_100, None)], Pass, Some(0.0)),
        (welcome, &[unlock(20_100, Some(1))], Pass, Some(0.0)),
        (welcome, &[unlock(10_100, Some(1))], Fail, Some(1.0)),
        (welcome, &[unlock(10_100, None), unlock(20_100, Some(2))], Fail, Some(1.0)),
        (&[&entered, &rings, &no], &[unlock(20_100, None)], Fail, Some(1.0)),
        (&[&entered], &[unlock(20_100, None)], Fail, Some(1.0)),
        (&[&unheard, &rings, &yes], &[unlock(20_100, Some(2))], Fail, Some(1.0)),
        // Nobody gave a pass that could be judged.
        (welcome, &[], NotMeasured, Some(0.0)),
        (&[&rings, &yes], &[unlock(20_100, Some(2))], NotMeasured, Some(0.0)),
        // In a fire a door opens for everybody.
        (welcome, &[told(1, 5_000, door("release"), None)], NotMeasured, Some(0.0)),
    ];
    for (messages, told, status, measured) in cases {
        let messages: Vec<Message> = messages.iter().map(|m| (*m).clone()).collect();
        let part = by_commands_to(&named(), "31", &messages, told, 60_000);
        assert_eq!((part.status, part.measured), (status, measured), "{told:?}: {part:?}");
    }
    let fire = spoke(7, 1_000, ("smoke-shed", "smoke_alarm"));
    let both = [entered, rings, yes, fire];
    let told = [unlock(2_000, Some(7)), unlock(20_100, Some(2))];
    let part = by_commands_to(&named(), "31", &both, &told, 60_000);
    assert_eq!(part.status, Pass, "what a fire alarm opens is no pass: {part:?}");
}

#[test]
fn an_alarm_is_heard_at_the_centre_and_names_its_zone() {
    use RuleStatus::{Fail, NotMeasured, Pass};
    let alarm = spoke(1, 10_000, ("beam-north", "beam_broken"));
    let mut lost = alarm.clone();
    (lost.answer.outcome, lost.answer.observed_us) = (Outcome::Missed, None);
    let siren = |at_ms, word| told(1, at_ms, ("duty-room", word), None);
    let on = siren(10_100, "siren_on");
    type Case<'a> = (&'a Message, &'a [Told], i64, RuleStatus, Option<f64>);
    let cases: [Case<'_>; 8] = [
        (&alarm, std::slice::from_ref(&on), 60_000, Pass, Some(0.13)),
        // It sounds already, because of another one.
        (&alarm, &[siren(4_000, "siren_on")], 60_000, Pass, Some(0.0)),
        (&alarm, &[siren(4_000, "siren_on"), siren(6_000, "siren_off")], 60_000, Fail, None),
        (&alarm, &[siren(15_000, "siren_on")], 60_000, Fail, Some(5.03)),
        (&alarm, &[told(1, 10_100, ("cam-north-wall", "show"), None)], 60_000, Fail, None),
        (&lost, std::slice::from_ref(&on), 60_000, Fail, Some(0.13)),
        (&alarm, &[], 60_000, Fail, None),
        (&alarm, &[], 11_000, NotMeasured, None),
    ];
    for (alarm, told, listened_ms, status, measured) in cases {
        let part = by_commands("11", std::slice::from_ref(alarm), told, listened_ms);
        assert_eq!((part.status, part.measured), (status, measured), "{told:?}: {part:?}");
    }
}

/// The harness itself took the lines of those who should have been told: of what did not come then nothing is known.
#[test]
fn what_the_harness_kept_from_hearing_is_not_judged() {
    let scenario = yard();
    let devices = named();
    let alarm = Message { device: "beam-north".into(), ..beam(None, Some(5)) };
    let fire = spoke(1, 0, ("smoke-shed", "smoke_alarm"));
    let blocked = spoke(1, 0, ("barrier-south", "arm_blocked"));
    for (id, message, deafened) in [
        ("11", &alarm, "duty-room"),
        ("42", &alarm, "cam-north-wall"),
        ("33b", &fire, "barrier-south"),
        ("33a", &blocked, "barrier-south"),
    ] {
        let place = NAMES.iter().position(|(name, _)| *name == deafened).expect("a device") as u32;
        let back = vec![Kept { device: DeviceIx(place), back_us: 3_000_000 }];
        let (part, cause) = ("main".to_owned(), "storm".to_owned());
        let storm = Storm { number: 1, part, at_us: 0, cause, back };
        let status = |storms: &[&Storm]| {
            let run = Run {
                messages: std::slice::from_ref(message),
                devices: &devices[..WITHOUT_POST],
                scenario: Some(&scenario),
                deaf: Deaf::of((&[], &[], storms), &Outages::default()),
                listened_until_us: 60_000_000,
                ..Run::default()
            };
            assess(&rule(id), &run).status
        };
        assert_eq!(
            (status(&[]), status(&[&storm])),
            (RuleStatus::Fail, RuleStatus::NotMeasured),
            "rule {id}"
        );
    }
}
