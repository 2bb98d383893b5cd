#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::contract::Correlate;
use crate::record::Link;

const DEADLINE: Micros = 2_000_000;

fn expected(id: u32, device: u32, intended_us: Micros) -> Expected {
    Expected {
        stimulus: StimulusId(id),
        device: DeviceIx(device),
        part: "main".into(),
        intended_us,
        severity: Severity::Alarm,
        deadline_us: DEADLINE,
        correlate: Vec::new(),
    }
}

fn left(id: u32, left_us: Micros) -> Left {
    Left {
        stimulus: StimulusId(id),
        part: "main".into(),
        left_us,
        topic: "t".into(),
        payload: "{}".into(),
        qos: None,
    }
}

fn seen(id: Option<&str>, device: u32, received_us: Micros) -> Observation {
    Observation {
        received_us,
        part: "main".into(),
        topic: "alarm".into(),
        device: name(device),
        signal: "beam_broken".into(),
        severity: Some(Severity::Alarm),
        correlation: id.map(str::to_owned),
        payload: "{}".into(),
        retained: false,
        clock_ms: None,
    }
}

fn name(device: u32) -> String {
    format!("beam-{device:02}")
}

/// A run by hand.
#[derive(Default, Clone, Debug)]
struct Case {
    expected: Vec<Expected>,
    left: Vec<Left>,
    observed: Vec<Observation>,
    facts: BTreeMap<StimulusId, Fact>,
    until: Option<Micros>,
    links: Vec<Link>,
    resent: Vec<StimulusId>,
}

impl Case {
    fn send(&mut self, id: u32, device: u32, at: Micros) {
        self.expected.push(expected(id, device, at));
        self.left.push(left(id, at + 100));
        let fact = Fact { device: name(device), signal: "beam_broken".into(), nuisance: false };
        self.facts.insert(StimulusId(id), fact);
    }

    fn pair(&self) -> Pairing {
        pair(Given {
            run: "r1",
            expected: &self.expected,
            left: &self.left,
            observed: &self.observed,
            facts: &self.facts,
            outages: &Outages::of(&self.links, |d| name(d.0)),
            ways: &Ways::default().with_resends(self.resent.iter().copied()),
            listened_until_us: self.until.unwrap_or(Micros::MAX),
        })
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.pair().answers.iter().map(|a| a.outcome).collect()
    }
}

fn one(edit: impl FnOnce(&mut Case)) -> Outcome {
    let mut case = Case::default();
    case.send(7, 1, 1_000);
    case.observed.push(seen(Some("r1-7"), 1, 30_000));
    edit(&mut case);
    case.outcomes()[0]
}

#[test]
fn each_outcome_has_its_cause() {
    assert_eq!(one(|_| {}), Outcome::Answered);
    assert_eq!(one(|c| c.observed[0].received_us = DEADLINE + 1_001), Outcome::Late);
    assert_eq!(one(|c| c.observed[0].received_us = DEADLINE + 1_000), Outcome::Answered);
    assert_eq!(one(|c| c.observed.push(seen(Some("r1-7"), 1, 40_000))), Outcome::Duplicate);
    assert_eq!(one(|c| c.observed[0].device = "beam-02".into()), Outcome::Wrong);
    assert_eq!(one(|c| c.observed[0].signal = "beam_restored".into()), Outcome::Wrong);
    assert_eq!(one(|c| c.observed[0].severity = Some(Severity::Info)), Outcome::Wrong);
    assert_eq!(one(|c| c.observed[0].severity = None), Outcome::Answered);
    assert_eq!(one(|c| c.observed.clear()), Outcome::Missed);
    assert_eq!(one(|c| c.left.clear()), Outcome::Undecidable);
}

#[test]
fn a_run_cut_before_the_deadline_leaves_only_the_unanswered_undecided() {
    let cut = |c: &mut Case| c.until = Some(DEADLINE);
    assert_eq!(one(cut), Outcome::Answered);
    assert_eq!(
        one(|c| {
            c.observed.clear();
            cut(c);
        }),
        Outcome::Undecidable
    );
}

#[test]
fn the_one_that_overtakes_is_out_of_order_and_other_devices_are_not() {
    let mut case = Case::default();
    case.send(0, 1, 0);
    case.send(1, 1, 10_000);
    case.send(2, 2, 20_000);
    case.observed =
        vec![seen(Some("r1-1"), 1, 30_000), seen(Some("r1-2"), 2, 31_000), seen(Some("r1-0"), 1, 40_000)];
    assert_eq!(case.outcomes(), [Outcome::Answered, Outcome::OutOfOrder, Outcome::Answered]);
    assert_eq!(case.pair().answers[1].overtook, Some(StimulusId(0)));
}

#[test]
fn leftovers_inventions_and_replays_are_told_apart() {
    let mut case = Case::default();
    case.send(0, 1, 0);
    case.observed = vec![
        seen(Some("r1-0"), 1, 10),
        seen(Some("r0-0"), 1, 20),
        seen(Some("r1-99"), 1, 30),
        seen(Some("r1-x"), 1, 40),
        Observation { retained: true, ..seen(Some("r1-0"), 1, 50) },
    ];
    let pairing = case.pair();
    use ExtraKind::{NoSuchStimulus, OtherRun, RetainedReplay};
    let kinds: Vec<ExtraKind> = pairing.extras.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [OtherRun, NoSuchStimulus, NoSuchStimulus, RetainedReplay]);
    assert_eq!(pairing.spurious(), 3);
    assert_eq!(pairing.count(Outcome::Answered), 1);
}

#[test]
fn a_tag_that_begins_like_ours_is_another_run() {
    let mut case = Case::default();
    case.send(0, 1, 0);
    case.observed = vec![seen(Some("r12-0"), 1, 10)];
    assert_eq!(case.pair().extras[0].kind, ExtraKind::OtherRun);
}

#[test]
fn without_ids_key_and_order_find_the_stimulus() {
    let mut case = Case::default();
    case.send(0, 1, 0);
    case.send(1, 2, 1_000);
    case.send(2, 1, 500_000);
    case.observed =
        vec![seen(None, 2, 2_000), seen(None, 1, 3_000), seen(None, 1, 501_000), seen(None, 3, 4_000)];
    let pairing = case.pair();
    assert_eq!(pairing.count(Outcome::Answered), 3);
    assert_eq!((pairing.by_id, pairing.by_key, pairing.spurious()), (0, 3, 1));
}

#[test]
fn without_ids_a_lost_answer_does_not_make_the_next_one_late() {
    let mut case = Case::default();
    case.send(0, 1, 0);
    case.send(1, 1, 10_000_000);
    case.observed = vec![seen(None, 1, 10_005_000)];
    assert_eq!(case.outcomes(), [Outcome::Missed, Outcome::Answered]);
}

#[test]
fn without_ids_a_second_answer_is_a_duplicate() {
    let mut case = Case::default();
    case.send(0, 1, 0);
    case.observed = vec![seen(None, 1, 5_000), seen(None, 1, 9_000), seen(None, 1, 60_000_000)];
    assert_eq!(case.outcomes(), [Outcome::Duplicate]);
    assert_eq!(case.pair().spurious(), 1);
}

#[test]
fn without_ids_an_answer_that_came_before_the_stamp_of_its_message_is_found() {
    let mut case = Case::default();
    case.send(0, 1, 0);
    case.send(1, 1, 20_000_000);
    case.observed = vec![seen(None, 1, 60), seen(None, 1, 20_000_040)];
    assert_eq!(case.outcomes(), [Outcome::Answered; 2]);
    assert_eq!(case.pair().answers[0].departed_us(), Some(60));
    case.observed = vec![seen(None, 1, -1)];
    assert_eq!(case.outcomes(), [Outcome::Missed; 2], "nothing was due yet");
}

fn link(device: u32, at_us: Micros, up: bool) -> Link {
    Link { at_us, part: "main".into(), device: DeviceIx(device), up }
}

#[test]
fn a_message_due_without_a_connection_is_the_gateways_affair() {
    let mut case = Case::default();
    for (id, at) in [(0, 1_000_000), (1, 5_000_000), (2, 6_000_000), (3, 9_000_000)] {
        case.send(id, 1, at);
    }
    case.send(4, 2, 5_500_000);
    case.left[1].left_us = 7_010_000;
    case.left.remove(2);
    case.left.pop();
    case.observed = [0, 1, 3].map(|n| seen(Some(&format!("r1-{n}")), 1, n * 3_000_000 + 4_200_000)).into();
    case.links = vec![link(1, 4_000_000, false), link(1, 7_000_000, true)];
    let answers = case.pair().answers;
    let told: Vec<_> = answers.iter().map(|a| (a.stimulus.0, a.link_down)).collect();
    assert_eq!(told, [(0, false), (1, true), (4, false), (2, true), (3, false)]);
    assert_eq!(answers[3].outcome, Outcome::Missed, "never sent: its device had no connection");
    assert_eq!(answers[2].outcome, Outcome::Undecidable, "never sent by the harness");
    case.links.pop();
    assert!(case.pair().answers[4].link_down, "a connection that never came back stays down");
}

#[test]
fn a_true_word_about_a_lost_connection_is_not_spurious() {
    let offline = |device, at| Observation { signal: "device_offline".into(), ..seen(None, device, at) };
    let mut case = Case::default();
    case.send(0, 1, 0);
    case.observed = vec![seen(Some("r1-0"), 1, 10), offline(1, 9_000_000), offline(2, 9_000_000)];
    assert_eq!(case.pair().spurious(), 2);
    case.links = vec![link(1, 4_000_000, false)];
    let tally = case.pair().tally();
    assert_eq!((tally.spurious, tally.retained_replay), (1, 0));
}

#[test]
fn what_a_device_sent_again_may_be_answered_again_where_its_quality_of_service_lets_it() {
    let answered = |qos: u8, times: i64, resent: usize| {
        one(|case| {
            case.left[0].qos = Some(qos);
            case.observed = (0..times).map(|i| seen(Some("r1-7"), 1, 30_000 + i)).collect();
            case.resent = vec![StimulusId(7); resent];
        })
    };
    assert_eq!(answered(1, 2, 0), Outcome::Duplicate);
    assert_eq!(answered(1, 2, 1), Outcome::Answered);
    assert_eq!(answered(1, 1, 1), Outcome::Answered, "nor need it be");
    assert_eq!(answered(1, 3, 1), Outcome::Duplicate);
    assert_eq!(answered(1, 3, 2), Outcome::Answered);
    assert_eq!(answered(2, 2, 1), Outcome::Duplicate, "exactly once");
}

#[test]
fn where_the_order_decided_which_message_is_answered_it_cannot_be_out_of_order() {
    let check = |ids: bool, expected: [Outcome; 3]| {
        let mut case = Case::default();
        // Two of one signal, and one of another between them; the first is lost.
        for (id, at) in [(0, 0), (1, 1_000), (2, 2_000)] {
            case.send(id, 1, at);
        }
        case.facts.get_mut(&StimulusId(1)).unwrap().signal = "beam_restored".into();
        let said = |id: &str, signal: &str, at| Observation {
            signal: signal.into(),
            ..seen(ids.then_some(id), 1, at)
        };
        case.observed = vec![said("r1-1", "beam_restored", 10_000), said("r1-2", "beam_broken", 20_000)];
        assert_eq!(case.outcomes(), expected, "with ids: {ids}");
    };
    check(true, [Outcome::Missed, Outcome::Answered, Outcome::Answered]);
    // By device and signal the answer to the third message is taken for one to the first: one is missed either way.
    check(false, [Outcome::Answered, Outcome::Answered, Outcome::Missed]);
}

#[test]
fn a_nuisance_that_is_passed_on_loudly_is_a_false_alarm() {
    let fooled = |severity| {
        let mut case = Case::default();
        case.send(0, 1, 0);
        case.facts.get_mut(&StimulusId(0)).unwrap().nuisance = true;
        case.observed = vec![Observation { severity, ..seen(Some("r1-0"), 1, 10) }];
        case.pair().false_alarms
    };
    assert_eq!(fooled(Some(Severity::Alarm)), [StimulusId(0)]);
    assert_eq!(fooled(Some(Severity::Warning)), [StimulusId(0)]);
    assert_eq!(fooled(Some(Severity::Info)), []);
    assert_eq!(fooled(None), [StimulusId(0)], "said without severity: as loud as the device was");
}

/// A fault planted in one message. Messages of one device are 10 s apart, so faults do not touch each other.
fn plant(outcome: Outcome, id: u32, device: u32, at: Micros, case: &mut Case) {
    case.send(id, device, at);
    let wire = format!("r1-{id}");
    let answer = |after| seen(Some(wire.as_str()), device, at + after);
    match outcome {
        Outcome::Answered => case.observed.push(answer(20_000)),
        Outcome::Late => case.observed.push(answer(DEADLINE + 1)),
        Outcome::Duplicate => case.observed.extend([answer(20_000), answer(30_000)]),
        Outcome::Wrong => case.observed.push(Observation { signal: "door_opened".into(), ..answer(20_000) }),
        Outcome::Missed => {}
        Outcome::Undecidable => {
            case.left.pop();
        }
        Outcome::OutOfOrder => {
            // An earlier message of the same device, answered after this one.
            let earlier = id + 1_000_000;
            case.send(earlier, device, at - 50_000);
            let wire = format!("r1-{earlier}");
            case.observed.extend([answer(20_000), seen(Some(wire.as_str()), device, at + 40_000)]);
        }
    }
}

fn planted() -> impl Strategy<Value = (Vec<(usize, u32)>, u64)> {
    (prop::collection::vec((0usize..7, 0u32..5), 0..60), any::<u64>())
}

fn shuffled<T>(mut items: Vec<T>, seed: u64) -> Vec<T> {
    let mut state = seed | 1;
    for i in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        items.swap(i, (state % (i as u64 + 1)) as usize);
    }
    items
}

proptest! {
    #[test]
    fn every_planted_fault_is_named_and_storage_order_does_not_matter((plan, seed) in planted()) {
        let mut case = Case::default();
        for (i, &(outcome, device)) in plan.iter().enumerate() {
            plant(Outcome::ALL[outcome], i as u32, device, (i as Micros + 1) * 10_000_000, &mut case);
        }
        let pairing = case.pair();
        for answer in &pairing.answers {
            let want = plan.get(answer.stimulus.index()).map_or(Outcome::Answered, |p| Outcome::ALL[p.0]);
            prop_assert_eq!(answer.outcome, want, "stimulus {}", answer.stimulus.0);
        }
        let mixed = Case {
            expected: shuffled(case.expected.clone(), seed),
            left: shuffled(case.left.clone(), seed ^ 1),
            observed: shuffled(case.observed.clone(), seed ^ 2),
            ..case
        };
        prop_assert_eq!(mixed.pair(), pairing);
    }

    #[test]
    fn the_seven_sum_to_what_was_expected(
        sends in prop::collection::vec((0u32..4, 0i64..20_000_000, any::<bool>()), 0..50),
        says in prop::collection::vec((prop::option::of(0u32..60), 0u32..5, 0i64..30_000_000, any::<bool>()), 0..80),
        until in 0i64..40_000_000,
        seed in any::<u64>(),
    ) {
        let mut case = Case { until: Some(until), ..Case::default() };
        for (i, &(device, at, sent)) in sends.iter().enumerate() {
            case.send(i as u32, device, at);
            if !sent { case.left.pop(); }
        }
        for &(id, device, at, retained) in &says {
            let id = id.map(|n| format!("r1-{n}"));
            case.observed.push(Observation { retained, ..seen(id.as_deref(), device, at) });
        }
        let pairing = case.pair();
        let sum: usize = Outcome::ALL.iter().map(|o| pairing.count(*o)).sum();
        prop_assert_eq!(sum, case.expected.len());
        prop_assert_eq!(pairing.tally().expected, sum);
        prop_assert_eq!(pairing.by_id + pairing.by_key + pairing.extras.len(), says.len());
        let mixed = Case { observed: shuffled(case.observed.clone(), seed), ..case };
        prop_assert_eq!(mixed.pair(), pairing);
    }
}

/// Two messages of one device a tenth of a second apart, matched only in these ways.
fn two_by(ways: &[Correlate]) -> Case {
    let mut case = Case::default();
    case.send(1, 1, 1_000_000);
    case.send(2, 1, 1_100_000);
    case.expected.iter_mut().for_each(|e| e.correlate = ways.to_vec());
    case
}

fn outcomes(case: &Case) -> Vec<Outcome> {
    case.pair().answers.iter().map(|a| a.outcome).collect()
}

#[test]
fn without_order_nobody_is_blamed_for_what_cannot_be_told_apart() {
    let mut case = two_by(&[Correlate::Key]);
    case.observed.push(seen(None, 1, 1_200_000));
    assert_eq!(outcomes(&case), [Outcome::Undecidable, Outcome::Undecidable]);
    assert_eq!(case.pair().spurious(), 0);
    case.expected.iter_mut().for_each(|e| e.correlate.push(Correlate::Order));
    assert_eq!(outcomes(&case), [Outcome::Answered, Outcome::Missed]);
}

#[test]
fn an_id_of_the_gateways_own_is_no_reason_to_look_no_further() {
    for ways in
        [vec![Correlate::Key, Correlate::Order], vec![Correlate::Id, Correlate::Key, Correlate::Order]]
    {
        let mut case = two_by(&ways);
        case.observed.extend([seen(Some("4711"), 1, 1_050_000), seen(Some("4712"), 1, 1_200_000)]);
        assert_eq!(outcomes(&case), [Outcome::Answered, Outcome::Answered], "{ways:?}");
    }
}

#[test]
fn by_device_and_time_alone_the_gateways_word_is_compared_with_nothing() {
    let mut case = two_by(&[Correlate::Id, Correlate::Window]);
    case.expected.truncate(1);
    case.left.truncate(1);
    let mut alarm = seen(None, 1, 1_050_000);
    alarm.signal = "ALARM".into();
    case.observed.push(alarm.clone());
    assert_eq!(outcomes(&case), [Outcome::Answered]);
    assert_eq!((case.pair().by_window, case.pair().spurious()), (1, 0));

    let mut both = two_by(&[Correlate::Window]);
    alarm.received_us = 1_200_000;
    both.observed.push(alarm);
    assert_eq!(outcomes(&both), [Outcome::Undecidable, Outcome::Undecidable]);
}

/// Messages 1 and 2 of one device, answered in turn by the other one's id.
fn crossed(ways: &[Correlate]) -> Pairing {
    let mut case = two_by(ways);
    case.observed.extend([seen(Some("r1-2"), 1, 1_150_000), seen(Some("r1-1"), 1, 1_200_000)]);
    case.pair()
}

#[test]
fn ways_are_tried_in_the_order_in_which_they_are_typed() {
    use Correlate::{Id, Key, Order, Window};
    let of = |pairing: &Pairing| (pairing.by_id, pairing.by_key, pairing.by_window);
    let by_id = crossed(&[Id, Key, Order]);
    assert_eq!((of(&by_id), by_id.count(Outcome::OutOfOrder)), ((2, 0, 0), 1));
    let by_key = crossed(&[Key, Order, Id]);
    assert_eq!((of(&by_key), by_key.count(Outcome::Answered)), ((0, 2, 0), 2));
    let by_window = crossed(&[Window, Order, Id, Key]);
    assert_eq!((of(&by_window), by_window.count(Outcome::Answered)), ((0, 0, 2), 2));
    // Behind the window, order decides there; behind the key alone, it does not.
    let mut loose = two_by(&[Key, Window, Order]);
    loose.observed.push(Observation { signal: "ALARM".into(), ..seen(None, 1, 1_200_000) });
    assert_eq!(outcomes(&loose), [Outcome::Answered, Outcome::Missed]);
    loose.expected.iter_mut().for_each(|e| e.correlate = vec![Key, Order, Window]);
    assert_eq!(outcomes(&loose), [Outcome::Undecidable, Outcome::Undecidable]);
}

#[test]
fn a_row_that_does_not_name_ids_does_not_look_at_them() {
    let keys = crossed(&[Correlate::Key, Correlate::Order]);
    assert_eq!((keys.by_key, keys.spurious(), keys.count(Outcome::Answered)), (2, 0, 2));
    let mut case = two_by(&[Correlate::Key, Correlate::Order]);
    case.observed.extend([seen(Some("0123abcd-7"), 1, 1_050_000), seen(Some("r1-99"), 1, 1_150_000)]);
    assert_eq!(outcomes(&case), [Outcome::Answered, Outcome::Answered]);
    // With a row that looks at ids beside it, a leftover of another run is known for what it is.
    case.send(3, 2, 1_000_000);
    case.observed.push(seen(None, 2, 1_300_000));
    assert_eq!(case.pair().count(Outcome::Missed), 2);
    assert_eq!(case.pair().spurious(), 2);
}

/// Lists of ways that tell any two messages of a device apart, and whether answers carry ids, and the signal's word.
const TELLING: [(&[Correlate], bool, bool); 7] = {
    use Correlate::{Id, Key, Order, Window};
    [
        (&[Id], true, false),
        (&[Id, Key, Order], true, true),
        (&[Id, Key, Order, Window], false, true),
        (&[Key, Order], false, true),
        (&[Key, Order, Id], true, true),
        (&[Window, Order], false, false),
        (&[Key, Window, Order, Id], true, false),
    ]
};

/// Lists that do not.
const LOOSE: [(&[Correlate], bool, bool); 4] = {
    use Correlate::{Id, Key, Order, Window};
    [
        (&[Key], false, true),
        (&[Window], false, false),
        (&[Key, Order, Window], false, false),
        (&[Id, Key], false, true),
    ]
};

/// Each message is answered once, in time. A device has one row, and so one list of ways.
fn all_answered(rows: &[(&'static [Correlate], bool, bool)], sends: &[(usize, Micros, Micros)]) -> Case {
    let mut case = Case::default();
    for (i, &(device, at, after)) in sends.iter().enumerate() {
        let (ways, with_id, with_word) = rows[device % rows.len()];
        let (id, device) = (i as u32, (device % rows.len()) as u32);
        case.send(id, device, at);
        if let Some(expected) = case.expected.last_mut() {
            expected.correlate = ways.to_vec();
        }
        let wire = format!("r1-{id}");
        let mut answer = seen(with_id.then_some(wire.as_str()), device, at + after);
        if !with_word {
            answer.signal = "ALARM".into();
        }
        case.observed.push(answer);
    }
    case
}

/// Device, instant and how long after it the answer came: a few instants, so that some fall together.
fn answered_sends() -> impl Strategy<Value = Vec<(usize, Micros, Micros)>> {
    prop::collection::vec((0usize..28, 0i64..40, 1i64..19), 1..40)
        .prop_map(|all| all.into_iter().map(|(d, at, after)| (d, at * 100_000, after * 100_000)).collect())
}

proptest! {
    #[test]
    fn where_rows_tell_messages_apart_an_answer_less_is_exactly_one_more_missed(
        sends in answered_sends(), pick in any::<prop::sample::Index>(), seed in any::<u64>(),
    ) {
        let mut case = all_answered(&TELLING, &sends);
        let whole = case.pair();
        prop_assert_eq!((whole.count(Outcome::Missed), whole.count(Outcome::Undecidable)), (0, 0));
        prop_assert_eq!((whole.count(Outcome::Duplicate), whole.spurious()), (0, 0));
        let mixed = Case { observed: shuffled(case.observed.clone(), seed), ..case.clone() };
        prop_assert_eq!(mixed.pair(), whole, "the order in which simultaneous answers arrive");
        case.observed.remove(pick.index(sends.len()));
        let less = case.pair();
        prop_assert_eq!((less.count(Outcome::Missed), less.count(Outcome::Undecidable)), (1, 0));
        prop_assert_eq!((less.count(Outcome::Duplicate), less.spurious()), (0, 0));
    }

    #[test]
    fn where_they_do_not_nobody_is_blamed_for_more_than_the_one_that_is_gone(
        sends in answered_sends(), pick in any::<prop::sample::Index>(), seed in any::<u64>(),
    ) {
        let mut case = all_answered(&LOOSE, &sends);
        let whole = case.pair();
        prop_assert_eq!((whole.count(Outcome::Missed), whole.count(Outcome::Duplicate), whole.spurious()), (0, 0, 0));
        let mixed = Case { observed: shuffled(case.observed.clone(), seed), ..case.clone() };
        prop_assert_eq!(mixed.pair(), whole);
        case.observed.remove(pick.index(sends.len()));
        let less = case.pair();
        let (missed, open) = (less.count(Outcome::Missed), less.count(Outcome::Undecidable));
        prop_assert!(missed <= 1, "{} are missed and one is gone", missed);
        prop_assert!(missed + open >= 1, "nothing is said of the one that is gone");
    }
}
