#![allow(clippy::unwrap_used, reason = "tests")]

use palisade_sim::contract::Severity;
use palisade_sim::words::{DeviceIx, StimulusId};

use crate::record::{CopyFailure, CopyTally, LoadAnswers, LoadCounts, SubscriberCounts};

use super::*;

fn message(id: u32, class: &str, outcome: Outcome, response_us: Option<i64>) -> Message {
    Message {
        answer: Answer {
            stimulus: StimulusId(id),
            device: DeviceIx(id),
            outcome,
            severity: Severity::Alarm,
            intended_us: 1_000,
            deadline_us: 2_000_000,
            left_us: Some(1_100),
            reached_us: None,
            observed_us: response_us.map(|r| r + 1_000),
            answers: 1,
            by: None,
            instead: None,
            overtook: None,
            link_down: false,
        },
        id: format!("r1-{id}"),
        device: format!("{class}-{id:02}"),
        class: class.into(),
        signal: "beam_broken".into(),
        because: None,
        due: Ms(8_043_250 + i64::from(id)),
    }
}

struct Bench {
    messages: Vec<Message>,
    cut: Vec<String>,
    extras: Vec<(ExtraKind, String)>,
    lateness_bound_ms: f64,
    plan: Option<PlanAnswer>,
    commands: CommandFacts,
    recovery: RecoveryFacts,
    subscribers: Option<SubscriberFacts>,
    upstream: Option<UpstreamFacts>,
    /// Events that faults took, by class.
    taken: Vec<(&'static str, usize)>,
    heard_all: bool,
    hearing: Option<Series>,
    proxy: Option<ProxyFacts>,
    load: Option<LoadFacts>,
}

impl Bench {
    fn of(messages: Vec<Message>) -> Bench {
        let (cut, extras, plan, commands, recovery, subscribers, upstream, taken, load) = Default::default();
        Bench {
            messages,
            cut,
            extras,
            lateness_bound_ms: 10.0,
            plan,
            commands,
            recovery,
            subscribers,
            upstream,
            taken,
            heard_all: true,
            hearing: None,
            proxy: None,
            load,
        }
    }

    fn judge(&self, thresholds: &[(&str, &str)]) -> Verdict {
        let mut tally = Tally { spurious: self.extras.len(), ..Tally::default() };
        let mut by_class: BTreeMap<String, Tally> = BTreeMap::new();
        let mut latency = Latency::default();
        for m in &self.messages {
            tally.add(m.answer.outcome);
            by_class.entry(m.class.clone()).or_default().add(m.answer.outcome);
            latency.take(&m.class, &m.answer);
        }
        for (class, taken) in &self.taken {
            by_class.entry((*class).to_owned()).or_default().taken = *taken;
            tally.taken += taken;
        }
        let thresholds = thresholds.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
        let evidence = Evidence {
            tally: &tally,
            by_class: &by_class,
            latency: &latency,
            floor: &Latency::default(),
            plan: self.plan.as_ref(),
            messages: &self.messages,
            extras: &self.extras,
            false_alarms: &[],
            commands: &self.commands,
            recovery: &self.recovery,
            queue: &Queue::default(),
            drift: &Drift::default(),
            upstream: self.upstream.as_ref(),
            subscribers: self.subscribers.as_ref(),
            load: self.load.as_ref(),
            leak: &LeakFacts::default(),
            cut: &self.cut,
            heard_all: self.heard_all,
            hearing: self.hearing.as_ref(),
            proxy: self.proxy.as_ref(),
            lateness_bound_ms: self.lateness_bound_ms,
        };
        judge(&thresholds, evidence)
    }
}

fn sound() -> Vec<Message> {
    (0..20).map(|i| message(i, "beam", Outcome::Answered, Some(40_000))).collect()
}

#[test]
fn bounds_are_read_with_their_units() {
    let holds = |text: &str, value: f64| text.parse::<Bound>().unwrap().holds(value);
    assert!(holds("< 2s", 1999.9) && !holds("< 2s", 2000.0));
    assert!(holds("<=500ms", 500.0) && !holds("<= 500ms", 500.1));
    assert!(holds("== 0", 0.0) && !holds("==0", 1.0));
    assert!(holds("> 300", 301.0) && holds(">= 1m 10s", 70_000.0) && holds("!= 3", 4.0));
    for wrong in ["", "0", "= 0", "< fast", "<", "< -", "< NaN"] {
        assert!(wrong.parse::<Bound>().is_err(), "{wrong}");
    }
}

#[test]
fn all_well_passes_without_a_reason() {
    let verdict = Bench::of(sound()).judge(&[
        ("missed", "== 0"),
        ("beam.response.p99", "< 500ms"),
        ("expected", ">= 20"),
    ]);
    assert!(verdict.pass, "{:?}", verdict.reasons);
    let typed: Vec<&str> = verdict.checks.iter().filter(|c| !c.implied).map(|c| c.figure.as_str()).collect();
    assert_eq!(typed, ["beam.response.p99", "expected", "missed"]);
}

#[test]
fn what_a_gateway_must_not_do_fails_whether_or_not_anybody_typed_it() {
    let check = |name: &str, messages: Vec<Message>, extras: Vec<(ExtraKind, String)>| {
        let bench = Bench { extras, ..Bench::of(messages) };
        let verdict = bench.judge(&[]);
        let of =
            |verdict: &Verdict| verdict.checks.iter().find(|check| check.figure == name).cloned().unwrap();
        assert!(!verdict.pass && !of(&verdict).pass && of(&verdict).implied, "{name}: {:?}", verdict.checks);
        let [why] = verdict.reasons.as_slice() else { panic!("{name}: {:?}", verdict.reasons) };
        assert!(why.ends_with("name the figure under [thresholds] to ask for another"), "{why}");
        // A scenario's own word, for any number, and for as many as there are.
        for must in [">= 0", "<= 1"] {
            let named = bench.judge(&[(name, must)]);
            assert!(named.pass && !of(&named).implied, "{name} {must}: {:?}", named.reasons);
            assert_eq!(named.checks.iter().filter(|check| check.figure == name).count(), 1);
        }
        // That of one class is another figure.
        assert!(!bench.judge(&[("camera.missed", "== 0"), ("beam.late", "<= 1")]).pass, "{name}");
    };
    let one = |outcome: Outcome| {
        let mut messages = sound();
        messages[7] = message(7, "beam", outcome, (outcome != Outcome::Missed).then_some(40_000));
        messages
    };
    for outcome in [Outcome::Missed, Outcome::Wrong, Outcome::Duplicate, Outcome::OutOfOrder, Outcome::Late] {
        check(outcome.word(), one(outcome), Vec::new());
    }
    check("spurious", sound(), vec![(ExtraKind::NoSuchStimulus, "beam-09 beam_broken".into())]);
    assert!(Bench::of(one(Outcome::Duplicate)).judge(&[("duplicates", "<= 1")]).pass, "the other name of it");
    assert!(Bench::of(sound()).judge(&[]).pass);
}

#[test]
fn the_leg_to_the_city_platform_is_held_unasked_where_there_is_one() {
    let with = |outcome: Outcome| {
        let mut facts = UpstreamFacts::default();
        facts.tally.add(outcome);
        facts.named.insert(outcome, vec!["beam-07 beam_broken r1-7".into()]);
        Bench { upstream: Some(facts), ..Bench::of(sound()) }
    };
    for (outcome, name) in
        [(Outcome::Missed, "missed"), (Outcome::Late, "late"), (Outcome::Duplicate, "duplicates")]
    {
        let verdict = with(outcome).judge(&[]);
        assert_eq!(verdict.reasons.len(), 1, "{:?}", verdict.reasons);
        assert!(verdict.reasons[0].contains("beam-07"), "{:?}", verdict.reasons);
        let name = format!("upstream.{name}");
        assert!(
            verdict.checks.iter().any(|check| check.figure == name && !check.pass),
            "{:?}",
            verdict.checks
        );
        assert!(with(outcome).judge(&[(&name, "<= 1")]).pass, "{name}");
    }
    assert!(with(Outcome::Answered).judge(&[]).pass);
    let none = Bench::of(sound()).judge(&[]);
    assert!(none.checks.iter().all(|check| !check.figure.starts_with("upstream.")), "{:?}", none.checks);
}

#[test]
fn what_holds_of_a_class_that_faults_took_is_not_assessed() {
    let judged = |taken: &[(&'static str, usize)]| {
        let thresholds = [("beam.missed", "== 0"), ("camera.missed", "== 0"), ("beam.taken", "<= 99")];
        let mut messages = sound();
        messages.push(message(90, "camera", Outcome::Answered, Some(40_000)));
        Bench { taken: taken.to_vec(), ..Bench::of(messages) }.judge(&thresholds)
    };
    let unsure = |verdict: &Verdict| -> Vec<String> {
        verdict.checks.iter().filter(|c| c.not_assessed).map(|c| c.figure.clone()).collect()
    };
    // 20 of 40 are half of all beams, and no more than half.
    let half = judged(&[("beam", 20)]);
    assert!(half.not_assessed.is_empty() && unsure(&half).is_empty(), "{half:?}");
    let most = judged(&[("camera", 2)]);
    assert!(most.pass, "it is said, and is no fault of the gateway: {:?}", most.reasons);
    assert_eq!(unsure(&most), ["camera.missed"]);
    assert_eq!(
        most.not_assessed.iter().map(|one| one.told.as_str()).collect::<Vec<_>>(),
        ["camera is not assessed: faults took 2 of 3 messages on their way, more than 50 %"]
    );
    // What is true of most classes is true of the whole.
    let all = judged(&[("beam", 99)]);
    let classes: Vec<_> = all.not_assessed.iter().map(|one| one.class.clone()).collect();
    assert_eq!(classes, [None, Some("beam".to_owned())]);
    let unsure = unsure(&all);
    assert!(
        unsure.contains(&"missed".to_owned()) && unsure.contains(&"beam.missed".to_owned()),
        "{unsure:?}"
    );
    assert!(!unsure.contains(&"beam.taken".to_owned()) && !unsure.contains(&"camera.missed".to_owned()));
}

#[test]
fn a_loss_whose_message_left_in_time_stands_however_slow_the_harness_was() {
    let lost = |late_us: i64| {
        let mut messages = sound();
        messages[3].answer.outcome = Outcome::Missed;
        messages[3].answer.observed_us = None;
        messages[3].answer.left_us = Some(messages[3].answer.intended_us + late_us);
        for late in &mut messages[10..] {
            late.answer.left_us = Some(late.answer.intended_us + 50_000);
            late.answer.observed_us = Some(late.answer.intended_us + 60_000);
        }
        Bench::of(messages)
    };
    let verdict = lost(9_000).judge(&[]);
    assert_eq!(verdict.invalid.len(), 1, "{:?}", verdict.invalid);
    let [stands] = verdict.stands.as_slice() else { panic!("{:?}", verdict.stands) };
    assert!(
        stands.starts_with("1 of 1 missed messages had left within 10 ms") && stands.contains("r1-3"),
        "{stands}"
    );
    assert!(lost(11_000).judge(&[]).stands.is_empty(), "it left late itself");
    let deaf = Bench { heard_all: false, ..lost(9_000) };
    assert!(deaf.judge(&[]).stands.is_empty(), "the observer had no connection for a while");
}

#[test]
fn a_missed_answer_is_named_with_device_signal_id_and_time() {
    let mut messages = sound();
    messages[7] = message(7, "beam", Outcome::Missed, None);
    let verdict = Bench::of(messages).judge(&[("missed", "== 0")]);
    assert!(!verdict.pass);
    assert_eq!(
        verdict.reasons,
        ["1 of 20 answers missed (must be == 0): beam-07 beam_broken r1-7 at 02:14:03.257"]
    );
}

#[test]
fn a_long_list_is_cut_and_counted() {
    let messages = (0..8).map(|i| message(i, "beam", Outcome::Late, Some(3_000_000))).collect();
    let verdict = Bench::of(messages).judge(&[("late", "== 0")]);
    assert!(verdict.reasons[0].ends_with("and 3 more"), "{:?}", verdict.reasons);
}

#[test]
fn a_slow_tail_names_the_slowest() {
    let mut messages = sound();
    messages[3] = message(3, "beam", Outcome::Answered, Some(700_000));
    let verdict = Bench::of(messages).judge(&[("beam.response.p99", "< 500ms")]);
    assert_eq!(
        verdict.reasons,
        [
            "beam.response.p99 is 700.0 ms, must be < 500ms; the slowest was beam-03 beam_broken r1-3 at 02:14:03.253 with 700.0 ms"
        ]
    );
}

#[test]
fn what_was_not_measured_does_not_hold() {
    let verdict = Bench::of(sound()).judge(&[("camera.response.p99", "< 2s"), ("response.p99.9", "< 2s")]);
    assert_eq!(verdict.reasons.len(), 2);
    assert!(verdict.reasons[0].contains("no camera message was driven"), "{:?}", verdict.reasons);
    assert!(verdict.reasons[1].contains("fewer than 10000 samples"), "{:?}", verdict.reasons);
}

#[test]
fn unknown_names_and_unreadable_bounds_fail_loudly() {
    for (name, must) in [
        ("mist", "== 0"),
        ("beam", "== 0"),
        ("dragon.missed", "== 0"),
        ("response.p98", "< 1s"),
        ("missed", "none"),
    ] {
        assert!(!Bench::of(sound()).judge(&[(name, must)]).pass, "{name} {must}");
    }
}

#[test]
fn a_harness_that_is_late_never_passes() {
    let bench = Bench { lateness_bound_ms: 0.05, ..Bench::of(sound()) };
    let verdict = bench.judge(&[]);
    assert!(!verdict.pass);
    assert!(verdict.invalid[0].contains("too slow for its own schedule"), "{:?}", verdict.invalid);
    assert!(verdict.invalid[0].contains("20 of 20 messages"), "{:?}", verdict.invalid);
}

#[test]
fn a_broken_threshold_on_the_harnesss_own_lateness_is_not_the_gateways_fault() {
    for name in ["lateness.p99", "beam.lateness.max"] {
        let verdict = Bench::of(sound()).judge(&[(name, "<= 0ms"), ("missed", "== 0")]);
        assert!(!verdict.pass && verdict.invalid == verdict.reasons, "{name} {:?}", verdict.reasons);
        assert!(verdict.invalid[0].contains("that judges the harness"), "{:?}", verdict.invalid);
    }
    let unmeasured = Bench::of(Vec::new()).judge(&[("lateness.p99", "< 10ms")]);
    assert!(!unmeasured.pass && unmeasured.invalid.is_empty(), "{:?}", unmeasured.invalid);
    let slow = Bench::of(sound()).judge(&[("response.p99", "<= 0ms")]);
    assert!(!slow.pass && slow.invalid.is_empty(), "{:?}", slow.invalid);
}

#[test]
fn a_proxy_of_faults_that_is_late_makes_the_run_invalid_where_it_held_enough_to_say_so() {
    let judged = |held: u64, p99_ms: f64| {
        Bench { proxy: Some(ProxyFacts { held, p99_ms, latest_ms: 45.0 }), ..Bench::of(sound()) }.judge(&[])
    };
    let slow = judged(1_000, 30.0);
    assert!(!slow.pass && slow.reasons == slow.invalid, "{:?}", slow.reasons);
    let why = "of 1000 chunks that they had held 1 in 100 left 30.0 ms late or later, the latest 45.0 ms";
    assert!(slow.invalid[0].contains(why), "{:?}", slow.invalid);
    assert!(judged(1_000, 9.0).pass && judged(99, 30.0).pass, "99 chunks have no p99");
}

/// Times may be too long then, and never too short: what holds all the same holds.
#[test]
fn an_observer_that_is_late_spoils_only_times_that_fail() {
    let heard = |late: usize| {
        let mut looks = Series::default();
        (0..1_000).for_each(|i| looks.take(if i < late { 45_000 } else { 1_000 }));
        Bench { hearing: Some(looks), ..Bench::of(sound()) }
    };
    let slow = heard(20).judge(&[("response.p99", "< 5ms")]);
    assert_eq!(slow.invalid.len(), 1, "{:?}", slow.invalid);
    assert!(slow.invalid[0].contains("10 ms late to 20 of 1000 looks"), "{:?}", slow.invalid);
    // What nobody measured is no fault of the observer.
    let unmeasured =
        heard(20).judge(&[("dragon.response.p99", "< 1s"), ("fire_station.response.p99", "< 1s")]);
    assert!(!unmeasured.pass && unmeasured.invalid.is_empty(), "{unmeasured:?}");
    let fast = heard(20).judge(&[("response.p99", "< 2s")]);
    assert!(fast.pass && fast.invalid.is_empty(), "{:?}", fast.reasons);
    assert!(fast.remarks[0].contains("too slow to hear"), "{:?}", fast.remarks);
    let prompt = heard(5).judge(&[("response.p99", "< 5ms")]);
    assert!(!prompt.pass && prompt.invalid.is_empty() && prompt.remarks.is_empty(), "{prompt:?}");
}

/// Each ear speaks for what goes through it.
#[test]
fn an_ear_of_the_copies_that_is_late_spoils_only_their_times_that_fail() {
    let judged = |late: usize, change: fn(&mut LoadFacts), thresholds: &[(&str, &str)]| {
        let mut facts = load(0);
        (0..1_000).for_each(|i| facts.hearing.take(if i < late { 45_000 } else { 1_000 }));
        (0..200).for_each(|_| facts.response.take(30_000));
        change(&mut facts);
        Bench { load: Some(facts), ..Bench::of(sound()) }.judge(thresholds)
    };
    let sound = |_: &mut LoadFacts| {};
    let slow = judged(20, sound, &[("load.response.p99", "< 5ms")]);
    assert_eq!(slow.invalid.len(), 1, "{:?}", slow.invalid);
    assert!(slow.invalid[0].contains("answers to the copies came more than 10 ms late to 20 of 1000 looks"));
    // Unasked figures, too.
    let late = judged(20, |facts| facts.answers.all.late = 1, &[]);
    assert_eq!(late.invalid.len(), 1, "{:?}", late.reasons);
    let own = judged(20, sound, &[("response.p99", "< 5ms")]);
    assert!(!own.pass && own.invalid.is_empty() && own.remarks.len() == 1, "{own:?}");
    let fast = judged(20, sound, &[("load.response.p99", "< 2s")]);
    assert!(fast.pass && fast.remarks[0].contains("too slow to hear"), "{fast:?}");
    let prompt = judged(5, sound, &[("load.response.p99", "< 5ms")]);
    assert!(!prompt.pass && prompt.invalid.is_empty() && prompt.remarks.is_empty(), "{prompt:?}");
}

#[test]
fn one_late_message_of_a_few_is_a_remark_and_two_are_a_reason() {
    let late = |n: usize, of: usize| {
        let mut messages: Vec<Message> =
            (0..of as u32).map(|i| message(i, "beam", Outcome::Answered, Some(40_000))).collect();
        messages.iter_mut().take(n).for_each(|m| m.answer.left_us = Some(11_700));
        Bench::of(messages).judge(&[])
    };
    let one = late(1, 10);
    assert!(one.pass, "{:?}", one.reasons);
    assert!(one.remarks[0].starts_with("1 of 10 messages left 10.7 ms late"), "{:?}", one.remarks);
    assert!(!late(2, 10).pass);
    assert!(late(2, 500).pass && late(2, 500).remarks.is_empty(), "2 of 500 are within the bound");
    assert!(!late(6, 500).pass);
}

#[test]
fn undecidable_answers_spoil_a_whole_run_but_not_a_cut_one() {
    let mut messages = sound();
    messages[0].answer.outcome = Outcome::Undecidable;
    let whole = Bench::of(messages.clone());
    assert_eq!(whole.judge(&[]).invalid.len(), 1);
    let cut = Bench { cut: vec!["the run was interrupted".into()], ..Bench::of(messages) };
    let verdict = cut.judge(&[]);
    assert!(verdict.invalid.is_empty() && !verdict.pass);
}

#[test]
fn nothing_expected_is_no_pass() {
    assert!(!Bench::of(Vec::new()).judge(&[]).pass);
}

#[test]
fn observations_without_a_stimulus_are_named() {
    let extras = vec![(ExtraKind::OtherRun, "r0-3 on site/x/alarm".to_owned())];
    let verdict = Bench { extras, ..Bench::of(sound()) }.judge(&[("spurious", "== 0")]);
    assert_eq!(verdict.reasons, ["1 observations had no stimulus (must be == 0): r0-3 on site/x/alarm"]);
}

#[test]
fn every_class_of_the_contract_can_be_named() {
    use palisade_sim::contract::Class as C;
    let classes = [
        C::GatePost,
        C::Barrier,
        C::OuterPost,
        C::Checkpoint,
        C::FireStation,
        C::Charger,
        C::Intercom,
        C::Beam,
        C::Camera,
        C::FacadeCamera,
        C::SmokeDetector,
        C::HeatDetector,
        C::GuardRadio,
        C::DutyRoom,
    ];
    for class in classes {
        let name = format!("{}.missed", class.word());
        assert!(Bench::of(sound()).judge(&[(&name, "== 0")]).pass, "{name}");
    }
}

#[test]
fn the_plan_can_be_judged_too() {
    use palisade_sim::analysis::answer::{Gap, GapReason, Share, Stretch};
    let mut plan = PlanAnswer::default();
    let classes = [("detect".to_owned(), Share { share: 0.8, area_m2: 80.0 })].into();
    plan.coverage.insert("2014".into(), [("1.5".to_owned(), classes)].into());
    plan.gaps.push(Gap {
        height_m: 1.5,
        area_m2: 20.0,
        reason: GapReason::Wall,
        culprit: None,
        polygon: vec![vec![[4.0, 5.0]]],
        ..Gap::default()
    });
    plan.perimeter.gaps.push(Stretch {
        beam: None,
        wall: "wall-n".into(),
        gate: None,
        along_m: [2.0, 5.5],
        ends_m: [[0.0; 2]; 2],
        reason: String::new(),
    });
    let bench = Bench { plan: Some(plan), ..Bench::of(sound()) };
    assert!(bench.judge(&[("coverage.2014.1.5.detect", ">= 0.8"), ("perimeter.gaps", "== 1")]).pass);
    let failed = bench.judge(&[("coverage.2014.1.5.detect", ">= 0.9"), ("perimeter.gaps", "== 0")]);
    assert!(failed.reasons[0].contains("20 m² near 4 m east, 5 m north"), "{:?}", failed.reasons);
    assert!(failed.reasons[1].contains("3.5 m of wall-n from 2.0 m on"), "{:?}", failed.reasons);
    assert!(!bench.judge(&[("coverage.2014.0.3.detect", ">= 0.1")]).pass, "not worked out at that height");
    assert!(!bench.judge(&[("coverage.2014.1.5.detekt", ">= 0.1")]).pass, "no such class");
    assert!(!Bench::of(sound()).judge(&[("perimeter.gaps", "== 0")]).pass, "no plan");
}

/// A command that was owed, and one that came for it or none.
fn commands(received_us: Option<i64>) -> CommandFacts {
    use crate::pairing::{Came, Due, Told};
    use crate::record::{Command, Owed};
    let part = || "main".to_owned();
    let owed = Owed {
        stimulus: StimulusId(7),
        part: part(),
        devices: vec![DeviceIx(3)],
        command: "siren_on".into(),
        intended_us: 1_000,
        deadline_us: 500_000,
    };
    let came = if received_us.is_some() { Came::InTime } else { Came::Missed };
    let mut facts = CommandFacts::default();
    facts.paired.due.push(Due { owed, came, received_us, by: None });
    facts.owed.push("siren_on to duty-room after beam-07 beam_broken r1-7 at 02:14:03.250".into());
    if let Some(received_us) = received_us {
        let device = DeviceIx(3);
        let (id, cause, link, command) = (None, None, "mqtt".into(), "siren_on".into());
        let command = Command { number: 0, received_us, part: part(), device, command, id, cause, link };
        let response_us = Some(received_us - 1_000);
        facts.paired.told.push(Told { command, answer: None, cause: Some(StimulusId(7)), response_us });
        facts.told.push("siren_on to duty-room".into());
    }
    facts
}

#[test]
fn an_owed_command_that_does_not_come_fails_with_its_cause_also_without_a_threshold() {
    let bench = Bench { commands: commands(None), ..Bench::of(sound()) };
    let failed = bench.judge(&[("missed", "== 0")]);
    assert_eq!(
        failed.reasons,
        [
            "1 of 1 commands that were owed never came (must be == 0): siren_on to duty-room after beam-07 beam_broken r1-7 at 02:14:03.250".to_owned()
                + implied::REMEDY
        ]
    );
    assert_eq!(failed.checks.last().unwrap().figure, "commands.missed");
    assert!(bench.judge(&[("commands.missed", "<= 1")]).pass, "the scenario's own word counts");
    let none = Bench::of(sound()).judge(&[("missed", "== 0")]);
    let of_commands = none.checks.iter().any(|check| check.figure.starts_with("commands."));
    assert!(none.pass && !of_commands, "nothing is owed, nothing is judged");
}

#[test]
fn commands_can_be_judged_by_time_and_count() {
    let bench = Bench { commands: commands(Some(151_000)), ..Bench::of(sound()) };
    assert!(bench.judge(&[("commands.response.p99", "< 200ms"), ("commands.received", "== 1")]).pass);
    let slow = bench.judge(&[("commands.response.max", "< 100ms"), ("commands.unanswered", "== 0")]);
    assert!(slow.reasons[0].contains("is 150.0 ms, must be < 100ms"), "{:?}", slow.reasons);
    assert!(slow.reasons[1].ends_with("siren_on to duty-room"), "{:?}", slow.reasons);
    let unmeasured = bench.judge(&[("commands.execution.p50", "< 1s")]);
    assert!(unmeasured.reasons[0].contains("no command was executed"), "{:?}", unmeasured.reasons);
    assert!(!bench.judge(&[("commands.wrong", "== 0")]).pass, "no such figure");
}

#[test]
fn what_subscribers_lost_fails_also_unasked_and_they_are_named() {
    let one = |name: &str, did: &str, lost, drained_ms| SubscriberCounts {
        name: name.into(),
        did: did.into(),
        owed: 40,
        lost,
        waiting_max: 9,
        drained_ms,
        ..SubscriberCounts::default()
    };
    let judged = |lost, thresholds: &[(&str, &str)]| {
        let counts = vec![
            one("control", "was always there", 0, None),
            one("duty-room", "was away from 4.0 s on for 6.0 s", lost, Some(120.0)),
        ];
        let mut facts = SubscriberFacts { counts, ..SubscriberFacts::default() };
        facts.behind.take(2_500_000);
        Bench { subscribers: Some(facts), ..Bench::of(sound()) }.judge(thresholds)
    };
    assert!(judged(0, &[]).pass);
    let why = judged(3, &[]).reasons;
    let expected = "3 messages to subscribers lost (must be == 0): duty-room (was away from 4.0 s on for 6.0 s): 3 of 40";
    assert_eq!(why, [expected.to_owned() + implied::REMEDY]);
    // Whoever allows it knows of it.
    assert!(judged(3, &[("subscribers.lost", "< 5")]).pass);
    let many = [
        ("subscribers.waiting", "<= 9"),
        ("subscribers.drained", "< 200ms"),
        ("subscribers.behind.p99", "< 3s"),
        ("subscribers.out_of_order", "== 0"),
    ];
    assert!(judged(0, &many).pass, "{:?}", judged(0, &many).reasons);
    let check = |figure: &str, must: &str, said: &str| {
        let why = judged(0, &[(figure, must)]).reasons;
        assert!(why.len() == 1 && why[0].contains(said), "{why:?}");
    };
    check(
        "subscribers.drained",
        "< 100ms",
        "subscribers.drained (until all that had waited was heard) is 120.0 ms",
    );
    check("subscribers.behind.p50", "< 1s", "(later than the control)");
    check("subscribers.meanwhile.p99", "< 1s", "the compound had no answer while");
    check("subscribers.happy", "== 0", "there is no such figure");
    let none = Bench::of(sound()).judge(&[("subscribers.lost", "== 0")]);
    assert!(none.reasons[0].contains("no shape of the load has subscribers"), "{:?}", none.reasons);
}

/// What 9 copies came to, of whose 90 answers so many are missing.
fn load(missed: usize) -> LoadFacts {
    let tally =
        |expected, missed| Tally { expected, missed, answered: expected - missed, ..Tally::default() };
    let failure = |i| CopyFailure {
        id: format!("rc3-{i}"),
        outcome: "missed".into(),
        device: "beam-1-c3".into(),
        signal: "beam_broken".into(),
        ..CopyFailure::default()
    };
    let copy = CopyTally { copy: 3, site: "yard-c3".into(), outcomes: tally(10, missed) };
    LoadFacts {
        counts: LoadCounts { copies: 9, compress: 1, broke: 2, ..LoadCounts::default() },
        answers: LoadAnswers {
            heard: true,
            promised: true,
            all: tally(90, missed),
            by_class: BTreeMap::from([("beam".to_owned(), tally(40, missed))]),
            harmed: u32::from(missed > 0),
            copies: if missed > 0 { vec![copy] } else { Vec::new() },
            failures: (0..missed).map(failure).collect(),
            ..LoadAnswers::default()
        },
        ..LoadFacts::default()
    }
}

#[test]
fn what_copies_lack_fails_unasked_and_names_class_copy_and_ids() {
    let judged = |facts: LoadFacts, thresholds: &[(&str, &str)]| {
        Bench { load: Some(facts), ..Bench::of(sound()) }.judge(thresholds)
    };
    let good = judged(load(0), &[]);
    assert!(good.pass && good.checks.iter().filter(|c| c.figure.starts_with("load.")).count() == 6);
    let lacks = judged(load(2), &[]);
    let expected = "2 of 90 answers to the 9 copies missed (must be == 0): by class beam 2; by copy yard-c3 2; \
                    beam-1-c3 beam_broken rc3-0, beam-1-c3 beam_broken rc3-1";
    assert!(lacks.reasons.len() == 1 && lacks.reasons[0].starts_with(expected), "{:?}", lacks.reasons);
    assert!(judged(load(2), &[("load.missed", "< 5")]).pass);
    assert!(!judged(load(0), &[("load.broke", "== 0")]).pass);
    let of = |change: fn(&mut LoadFacts)| {
        let mut facts = load(2);
        change(&mut facts);
        facts
    };
    let late = || of(|facts| (facts.answers.all.missed, facts.answers.all.late) = (0, 2));
    assert!(!judged(late(), &[]).pass);
    let mut compressed = late();
    compressed.counts.compress = 20;
    assert!(judged(compressed, &[]).pass, "no deadline holds in a day of half the time");
    let unheard = of(|facts| {
        facts.answers =
            LoadAnswers { why_not: "the contract's answers carry no ids".into(), ..LoadAnswers::default() };
    });
    assert!(judged(unheard.clone(), &[]).pass);
    let said = judged(unheard, &[("load.missed", "== 0")]).reasons;
    assert!(
        said[0].ends_with("answers to the copies are not judged: the contract's answers carry no ids"),
        "{said:?}"
    );
    let nobody = Bench::of(sound()).judge(&[("load.missed", "== 0")]).reasons;
    assert!(nobody[0].ends_with("no copies of the compound spoke; see --fleet"), "{nobody:?}");
}

#[test]
fn answers_to_copies_that_were_not_all_heard_are_not_assessed_though_a_threshold_asks_for_them() {
    let mut facts = load(2);
    facts.answers.promised = false;
    facts.answers.why_not = "the run was cut".into();
    let judged = |thresholds: &[(&str, &str)]| {
        Bench { load: Some(facts.clone()), ..Bench::of(sound()) }.judge(thresholds)
    };
    let unasked = judged(&[]);
    assert!(unasked.pass && unasked.not_assessed.is_empty(), "{:?}", unasked.not_assessed);
    let asked = judged(&[("load.missed", "== 0"), ("load.response.p99", "< 1ms"), ("missed", "== 0")]);
    let of = |name: &str| asked.checks.iter().find(|check| check.figure == name).unwrap();
    assert!(asked.pass && !of("missed").not_assessed, "{:?}", asked.reasons);
    for name in ["load.missed", "load.response.p99"] {
        let check = of(name);
        assert!(check.not_assessed && check.pass && check.found.is_none(), "{check:?}");
    }
    let [one] = asked.not_assessed.as_slice() else { panic!("{:?}", asked.not_assessed) };
    assert_eq!((one.class.as_deref(), one.of), (Some("load"), 90));
    assert!(one.told.ends_with("not assessed: the run was cut"), "{}", one.told);
    // What befell their lines is counted as ever.
    assert!(!judged(&[("load.broke", "== 0")]).pass && !judged(&[("load.missed", "none")]).pass);
}

#[test]
fn what_holds_of_copies_most_of_whose_messages_faults_took_is_not_assessed() {
    let judged = |taken, missed| {
        let mut facts = load(missed);
        facts.answers.all.taken = taken;
        Bench { load: Some(facts), ..Bench::of(sound()) }.judge(&[("load.missed", "== 0")])
    };
    assert!(judged(90, 0).not_assessed.is_empty(), "half");
    let most = judged(91, 0);
    assert!(most.pass && most.checks[0].not_assessed, "{:?}", most.checks);
    let [one] = most.not_assessed.as_slice() else { panic!("{:?}", most.not_assessed) };
    assert_eq!(
        one.told,
        "what became of answers to the copies is not assessed: faults took 91 of 181 messages on their way, more than 50 %"
    );
    assert!(!judged(91, 1).pass, "what is left and was missed is the gateway's");
}

#[test]
fn a_time_to_recover_that_was_not_measured_says_whether_anything_disturbed_the_run() {
    let check = |lasting: bool, why: &str| {
        let recovery = RecoveryFacts { lasting, ..RecoveryFacts::default() };
        let verdict = Bench { recovery, ..Bench::of(sound()) }.judge(&[("recovery.p99", "< 5s")]);
        assert!(verdict.reasons[0].ends_with(why), "{:?}", verdict.reasons);
    };
    check(false, "nothing disturbed the run; see --fault");
    check(true, "no fault ended while the run lasted, so there was nothing to recover from");
}
