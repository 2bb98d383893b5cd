//! What became of what the copies of a compound said, when thousands of them speak: a few bytes for each message
//! instead of a line of the journal, and answers found by their ids alone.
//!
//! The outcomes are those of the compound, and the same one fits first. A message counts from its due instant; one that
//! waited in its device, or left again, because a storm had taken its connection counts from the instant at which it
//! left, for the gateway could not have it before; from the instant at which all devices had begun to connect again at the
//! latest, for who is let in slowly waits for the gateway. One that left twice may be answered twice. One that left at QoS 0
//! just before its connection was taken may have gone with it, and nobody promised otherwise. Where a proxy stands between,
//! nothing is owed for what a fault took or altered, what it held is owed later, and what came twice may be answered twice.

use std::collections::BTreeMap;

use palisade_load::plane::{Nanos, Trace, pack, unpack_us};
use palisade_sim::contract::Class;
use palisade_sim::words::{DeviceIx, StimulusId};

use super::Outcome;
use super::assumed::assumed;
use super::lines::{Lines, Reach};
use super::ways::{Fate, Journey};
use crate::record::Micros;

/// What each copy says, and what the gateway owes for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Says {
    /// The stimulus.
    pub stimulus: StimulusId,
    /// The device.
    pub device: DeviceIx,
    /// Its class.
    pub class: Class,
    /// MQTT quality of service.
    pub qos: u8,
    /// How long an answer may take, µs; nothing when none is owed, or none that is found by its id.
    pub deadline_us: Option<Micros>,
}

/// What was heard of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    first: u32,
    /// How many answers came; 255 stands for more.
    pub times: u8,
    /// One of them spoke of something else.
    pub wrong: bool,
}

impl Heard {
    /// Takes in an answer.
    pub fn take(&mut self, at: Nanos, wrong: bool) {
        if self.times == 0 {
            self.first = pack(at);
        }
        self.times = self.times.saturating_add(1);
        self.wrong |= wrong;
    }

    /// When the first one came, µs after the start.
    pub fn first_us(&self) -> Option<Micros> {
        unpack_us(self.first).map(|us| us as Micros)
    }
}

/// An instant at which devices lose their connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// When, µs after the start.
    pub at_us: Micros,
    /// By when each of them has begun to connect again.
    pub until_us: Micros,
    /// Until when what leaves at QoS 0 may leave into a line that is gone: the instant itself where lines are taken here, later
    /// where the gateway goes.
    pub gone_until_us: Micros,
    /// Whom: devices of these classes; all when there is none.
    pub whom: Vec<Class>,
}

impl Break {
    fn hits(&self, says: &Says) -> bool {
        self.whom.is_empty() || self.whom.contains(&says.class)
    }
}

/// What is to be paired. Instants are µs after the start.
#[derive(Clone, Copy)]
pub struct Crowd<'a> {
    /// What each copy says, in an order of its own.
    pub says: &'a [Says],
    /// How many copies there are.
    pub copies: u32,
    /// When a copy, from 1, should say the message at that place.
    pub due_us: &'a dyn Fn(u32, usize) -> Micros,
    /// What became of each message: copy by copy, in the order of `says`.
    pub traces: &'a [Trace],
    /// What was heard of each.
    pub heard: &'a [Heard],
    /// When connections were taken on purpose.
    pub breaks: &'a [Break],
    /// What a proxy saw of their lines; nothing when there was none.
    pub lines: Option<&'a Lines>,
    /// Whether answers must keep the order of the messages.
    pub in_order: bool,
    /// Until when somebody listened.
    pub listened_until_us: Micros,
    /// Faults and restarts were at work of which nothing is known yet: what is not as it should be may be their doing.
    pub unsure: bool,
}

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which copy, from 1.
    pub copy: u32,
    /// The place of the message among what each copy says.
    pub place: usize,
    /// What became of it; nothing when it may have gone with its connection, or a fault took or altered it.
    pub outcome: Option<Outcome>,
    /// When it was due.
    pub due_us: Micros,
    /// From when on its answer was owed.
    pub from_us: Micros,
    /// When it last left.
    pub left_us: Option<Micros>,
    /// When the gateway first had it as it had left; nothing when no proxy saw it pass.
    pub reached_us: Option<Micros>,
    /// When its first answer came.
    pub heard_us: Option<Micros>,
    /// How many answers came.
    pub answers: u8,
    /// It left more than once.
    pub again: bool,
    /// The gateway had it in another form, too, or another message under its name.
    pub altered: bool,
}

impl<'a> Crowd<'a> {
    /// Tells what became of each message that was said and is owed an answer, copy by copy.
    pub fn each(&self, mut told: impl FnMut(&Told)) {
        let mut devices: BTreeMap<DeviceIx, Vec<usize>> = BTreeMap::new();
        for (place, says) in self.says.iter().enumerate().filter(|(_, says)| says.deadline_us.is_some()) {
            devices.entry(says.device).or_default().push(place);
        }
        for copy in 1..=self.copies {
            for places in devices.values() {
                let mut all: Vec<Told> = places.iter().filter_map(|place| self.one(copy, *place)).collect();
                if self.in_order && !self.unsure {
                    mark_overtakers(&mut all);
                }
                all.iter().for_each(&mut told);
            }
        }
    }

    /// Until when the last answer that has not come may still come in time; nothing when all have come.
    pub fn open_until_us(&self) -> Option<Micros> {
        let mut until = None;
        for copy in 1..=self.copies {
            for (place, says) in self.says.iter().enumerate() {
                let Some((trace, heard)) = self.of(copy, place).filter(|(trace, _)| trace.taken) else {
                    continue;
                };
                if let (Some(deadline), None) = (says.deadline_us, heard.first_us())
                    && let (from_us, Fate::Owed { .. } | Fate::Maybe { .. }) = self.owed(copy, place, trace)
                {
                    until = until.max(Some(from_us + deadline));
                }
            }
        }
        until
    }

    /// Answers to what no copy said, and no fault made of what one said.
    pub fn unsaid(&self) -> usize {
        if self.unsure {
            return 0;
        }
        let unsaid = self.traces.iter().zip(self.heard).enumerate();
        unsaid
            .filter(|(at, (trace, _))| !trace.taken && self.reach(*at).altered == 0)
            .map(|(_, (_, heard))| usize::from(heard.times))
            .sum()
    }

    fn at(&self, copy: u32, place: usize) -> usize {
        (copy as usize - 1) * self.says.len() + place
    }

    fn of(&self, copy: u32, place: usize) -> Option<(&'a Trace, &'a Heard)> {
        let at = self.at(copy, place);
        self.traces.get(at).zip(self.heard.get(at))
    }

    fn reach(&self, at: usize) -> Reach {
        self.lines.map_or_else(Reach::default, |lines| lines.reach(at))
    }

    /// From when on its answer is owed, and what its line means for it.
    fn owed(&self, copy: u32, place: usize, trace: &Trace) -> (Micros, Fate) {
        let due_us = self.owed_from_us(copy, place, trace);
        let Some(lines) = self.lines else { return (due_us, Fate::Owed { later_us: 0 }) };
        let (says, reach) = (&self.says[place], lines.reach(self.at(copy, place)));
        let journey = Journey {
            due_us,
            left_us: trace.left_us().map(|us| us as Micros),
            qos: Some(says.qos),
            reached_us: reach.first_us().zip(reach.last_us()),
        };
        let fate = lines.fate((copy, says.device), journey);
        match fate {
            Fate::Owed { later_us } | Fate::Maybe { later_us, .. } => (due_us + later_us, fate),
            Fate::Taken { .. } => (due_us, fate),
        }
    }

    fn owed_from_us(&self, copy: u32, place: usize, trace: &Trace) -> Micros {
        let (due_us, says) = ((self.due_us)(copy, place), &self.says[place]);
        let held = |one: &&Break| {
            one.hits(says) && (one.at_us - assumed().under_way_us()..one.until_us).contains(&due_us)
        };
        let Some(back_us) = self.breaks.iter().filter(held).map(|one| one.until_us).max() else {
            return due_us;
        };
        let left_us = trace.left_us().map(|us| us as Micros).filter(|_| trace.waited || trace.again > 0);
        left_us.map_or(due_us, |left| left.max(due_us).min(back_us))
    }

    /// What became of one message, but for whether its answer overtook another one; nothing when it was not said or is owed
    /// nothing.
    pub fn one(&self, copy: u32, place: usize) -> Option<Told> {
        let says = &self.says[place];
        let deadline_us = says.deadline_us?;
        let (trace, heard) = self.of(copy, place).filter(|(trace, _)| trace.taken)?;
        let left_us = trace.left_us().map(|us| us as Micros);
        let ((from_us, fate), reach) = (self.owed(copy, place, trace), self.reach(self.at(copy, place)));
        // As often as the gateway had it, where its quality of service lets it come more than once; where no proxy counted
        // that, as often as it left.
        let counted = says.qos < 2 && reach.times() > 0;
        let allowed = if counted { reach.times() } else { 1 + u32::from(trace.again) };
        let last_us = reach.first_us().max(left_us);
        let outcome = match heard.first_us() {
            None if !matches!(fate, Fate::Owed { .. }) || (reach.altered > 0 && reach.whole == 0) => None,
            None if self.listened_until_us < from_us + deadline_us => Some(Outcome::Undecidable),
            None if last_us.is_some_and(|last| self.gone_with_its_line(says, last)) => None,
            None => Some(Outcome::Missed),
            // The gateway has it as nobody said it.
            Some(_) if reach.altered > 0 && reach.whole == 0 => None,
            Some(_) if heard.wrong && reach.altered == 0 => Some(Outcome::Wrong),
            Some(_) if u32::from(heard.times) > allowed => Some(Outcome::Duplicate),
            Some(at) if at > from_us + deadline_us => Some(Outcome::Late),
            Some(_) => Some(Outcome::Answered),
        };
        let open = |outcome| if outcome == Outcome::Answered { outcome } else { Outcome::Undecidable };
        let outcome = if self.unsure { outcome.map(open) } else { outcome };
        Some(Told {
            copy,
            place,
            outcome,
            due_us: (self.due_us)(copy, place),
            from_us,
            left_us,
            reached_us: reach.first_us(),
            heard_us: heard.first_us(),
            answers: heard.times,
            again: trace.again > 0,
            altered: reach.altered > 0,
        })
    }

    /// Whether a message was at QoS 0 on its way when its connection was taken.
    fn gone_with_its_line(&self, says: &Says, left_us: Micros) -> bool {
        let just_before =
            |one: &Break| (one.at_us - assumed().under_way_us()..=one.gone_until_us).contains(&left_us);
        says.qos == 0 && self.breaks.iter().any(|one| one.hits(says) && just_before(one))
    }
}

/// An answer overtakes when it came before the answer to a message of the same device that left earlier, or that the gateway
/// had earlier, where that is known. What left twice is held against nothing, nor what a fault altered: which of the two was
/// answered is not known.
fn mark_overtakers(all: &mut [Told]) {
    let mut sent: Vec<(Micros, Micros, usize)> = Vec::new();
    let known = |(_, one): &(usize, &Told)| !one.again && !one.altered && one.outcome.is_some();
    for (i, one) in all.iter().enumerate().filter(known) {
        let left_us = one.reached_us.or(one.left_us);
        sent.extend(left_us.zip(one.heard_us).map(|(left, heard)| (left, heard, i)));
    }
    sent.sort_unstable();
    let mut slowest = Micros::MIN;
    for same_instant in sent.chunk_by(|a, b| a.0 == b.0) {
        for &(_, _, i) in same_instant.iter().filter(|(_, heard, _)| *heard < slowest) {
            all[i].outcome = all[i].outcome.map(|outcome| outcome.min(Outcome::OutOfOrder));
        }
        slowest = same_instant.iter().map(|(_, heard, _)| *heard).fold(slowest, Micros::max);
    }
}

#[cfg(test)]
mod tests {
    use palisade_load::plane::{Fate, Told as Event};

    use super::super::Span;
    use super::*;

    const MS: Nanos = 1_000_000;
    /// What happened to a message, and when its answers came, both in ms.
    type Lived<'a> = (&'a [(Fate, u64)], &'a [u64]);

    /// One copy that says message 0 at 0 ms, message 1 at 100 ms and so on, all by one beam, at QoS 1; the deadline is 1 s.
    /// Of each: what happened to it, and when its answers came, both in ms. What became of them, in words.
    fn check(messages: &[Lived<'_>], change: impl Fn(&mut Says), until_ms: i64) -> Vec<&'static str> {
        check_gone(messages, change, (until_ms, 150))
    }

    /// One message by a beam at QoS 1, which left after 1 ms: how it came to the gateway, each time when and whether whole, what a
    /// fault did to its line, and when its answers came, all in ms. What became of it.
    fn check_line(
        came: &[(i64, bool)],
        spans: &[Span],
        answers: &[u64],
        change: fn(&mut Says),
    ) -> &'static str {
        let mut says = Says {
            stimulus: StimulusId(0),
            device: DeviceIx(4),
            class: Class::Beam,
            qos: 1,
            deadline_us: Some(1_000_000),
        };
        change(&mut says);
        let (mut trace, mut reach, mut heard) = (Trace::default(), Reach::default(), Heard::default());
        LEFT.iter().for_each(|(fate, at)| trace.take(Event { tag: 0, fate: *fate, at: at * MS }));
        came.iter().for_each(|(at_ms, whole)| reach.take(at_ms * 1_000, *whole));
        answers.iter().for_each(|at| heard.take(at * MS, false));
        let spans = [((1, DeviceIx(4)), spans.to_vec())].into();
        let lines = Lines { reach: vec![reach], spans, down: Vec::new() };
        let crowd = Crowd {
            says: &[says],
            copies: 1,
            due_us: &|_, _| 0,
            traces: &[trace],
            heard: &[heard],
            breaks: &[],
            lines: Some(&lines),
            in_order: true,
            listened_until_us: 9_000_000,
            unsure: false,
        };
        crowd.one(1, 0).expect("it was said").outcome.map_or("taken", Outcome::word)
    }

    #[test]
    fn behind_a_proxy_what_came_is_owed_and_what_a_fault_took_is_not() {
        let qos_1 = |_: &mut Says| {};
        let harm = |from_ms: i64, up_ms: Option<i64>| {
            Span::of_fault(from_ms * 1_000, 1, None, up_ms.map(|ms| ms * 1_000))
        };
        let hold = |ms: u64| Span::of_fault(2_000, 1, Some(ms * 1_000_000), None);
        assert_eq!(check_line(&[(2, true)], &[], &[], qos_1), "missed");
        assert_eq!(check_line(&[], &[], &[], qos_1), "missed", "no fault stood in its way");
        assert_eq!(check_line(&[], &[harm(0, None)], &[], qos_1), "taken");
        assert_eq!(check_line(&[], &[harm(-900, Some(-100))], &[], qos_1), "missed", "that was before");
        assert_eq!(check_line(&[(2, false)], &[], &[], qos_1), "taken", "it came as nobody had said it");
        assert_eq!(check_line(&[(2, false)], &[], &[5], qos_1), "taken");
        // What was held is owed from when it came; what is held has not come.
        assert_eq!(check_line(&[(902, true)], &[hold(900)], &[1_800], qos_1), "answered");
        assert_eq!(check_line(&[(902, true)], &[hold(900)], &[1_950], qos_1), "late");
        assert_eq!(check_line(&[(2, true)], &[], &[1_800], qos_1), "late");
        assert_eq!(check_line(&[], &[hold(60_000)], &[], qos_1), "undecidable");
        // It may be answered as often as it came, but for QoS 2.
        assert_eq!(check_line(&[(2, true), (3, true)], &[], &[5, 6], qos_1), "answered");
        assert_eq!(check_line(&[(2, true), (3, false)], &[], &[5, 6], qos_1), "answered");
        assert_eq!(check_line(&[(2, true)], &[], &[5, 6], qos_1), "duplicate");
        let qos_2 = |says: &mut Says| says.qos = 2;
        assert_eq!(check_line(&[(2, true), (3, true)], &[], &[5, 6], qos_2), "duplicate");
        // On a connection that a fault broke it may have gone.
        assert_eq!(check_line(&[(2, true)], &[harm(0, Some(400))], &[], qos_1), "taken");
        assert_eq!(check_line(&[(2, true)], &[harm(0, Some(400))], &[5], qos_1), "answered");
        assert_eq!(check_line(&[(2, true), (500, true)], &[harm(0, Some(400))], &[], qos_1), "missed");
        let qos_0 = |says: &mut Says| says.qos = 0;
        let after = [harm(300, Some(400))];
        assert_eq!([qos_0, qos_1].map(|qos| check_line(&[(2, true)], &after, &[], qos)), ["taken", "missed"]);
    }

    /// The same where what leaves at QoS 0 until an instant may leave into a line that is gone.
    fn check_gone(
        messages: &[Lived<'_>],
        change: impl Fn(&mut Says),
        (until_ms, gone_until_ms): (i64, i64),
    ) -> Vec<&'static str> {
        let (mut says, mut traces, mut heard) = (Vec::new(), Vec::new(), Vec::new());
        for (i, (fates, answers)) in messages.iter().enumerate() {
            let mut one = Says {
                stimulus: StimulusId(i as u32),
                device: DeviceIx(0),
                class: Class::Beam,
                qos: 1,
                deadline_us: Some(1_000_000),
            };
            change(&mut one);
            says.push(one);
            let mut trace = Trace::default();
            fates.iter().for_each(|(fate, at)| trace.take(Event { tag: 0, fate: *fate, at: at * MS }));
            traces.push(trace);
            let mut came = Heard::default();
            answers.iter().for_each(|at| came.take(at * MS, false));
            heard.push(came);
        }
        let gone_until_us = gone_until_ms * 1_000;
        let whom = vec![Class::Beam];
        let breaks = [Break { at_us: 150_000, until_us: 3_000_000, gone_until_us, whom }];
        let crowd = Crowd {
            says: &says,
            copies: 1,
            due_us: &|_, place| place as Micros * 100_000,
            traces: &traces,
            heard: &heard,
            breaks: &breaks,
            lines: None,
            in_order: true,
            listened_until_us: until_ms * 1_000,
            unsure: false,
        };
        let mut words = Vec::new();
        crowd.each(|told| words.push(told.outcome.map_or("taken", Outcome::word)));
        words
    }

    const LEFT: &[(Fate, u64)] = &[(Fate::Taken, 0), (Fate::Left, 1)];

    #[test]
    fn each_message_gets_the_outcome_that_fits_first() {
        let of = |fates: &[(Fate, u64)], answers: &[u64]| check(&[(fates, answers)], |_| {}, 9_000)[0];
        assert_eq!(of(LEFT, &[5]), "answered");
        assert_eq!(of(LEFT, &[]), "missed");
        assert_eq!(of(LEFT, &[5, 6]), "duplicate");
        assert_eq!(of(LEFT, &[1_002]), "late");
        assert_eq!(of(&[(Fate::Waits, 0)], &[]), "missed", "its client never had its connection back");
        // What a storm held back counts from when it left, and what left twice may be answered twice.
        assert_eq!(of(&[(Fate::Waits, 0), (Fate::Left, 3_000)], &[3_500]), "answered");
        assert_eq!(of(&[(Fate::Waits, 0), (Fate::Left, 3_000)], &[4_100]), "late");
        let slow = &[(Fate::Waits, 0), (Fate::Left, 7_000)];
        assert_eq!(of(slow, &[7_001]), "late", "all had begun to connect again at 3 s");
        let again = &[(Fate::Taken, 0), (Fate::Left, 1), (Fate::Again, 2_000)];
        assert_eq!((of(again, &[5, 2_005]), of(again, &[2_500])), ("answered", "answered"));
        assert_eq!((of(again, &[5, 2_005, 2_006]), of(again, &[])), ("duplicate", "missed"));
        let camera = |says: &mut Says| says.class = Class::Camera;
        assert_eq!(
            check(&[(again, &[2_500])], camera, 9_000),
            ["late"],
            "no storm took its line, but the gateway"
        );
        assert!(check(&[(&[], &[])], |_| {}, 9_000).is_empty(), "who says nothing is owed nothing");
        assert!(check(&[(LEFT, &[])], |says| says.deadline_us = None, 9_000).is_empty());
    }

    #[test]
    fn what_nobody_waited_for_is_not_decided_and_qos_0_may_go_with_its_line() {
        assert_eq!(check(&[(LEFT, &[])], |_| {}, 900), ["undecidable"]);
        let qos_0 = |says: &mut Says| says.qos = 0;
        let late: &[(Fate, u64)] = &[(Fate::Taken, 160), (Fate::Left, 160)];
        assert_eq!(check(&[(LEFT, &[]), (late, &[])], qos_0, 9_000), ["taken", "missed"]);
        // The gateway is gone for longer than its devices know.
        let messages: [Lived<'_>; 2] = [(late, &[]), (late, &[300])];
        assert_eq!(check_gone(&messages, qos_0, (9_000, 900)), ["taken", "answered"]);
        assert_eq!(
            check_gone(&messages[..1], |_| {}, (9_000, 900)),
            ["missed"],
            "QoS 1 is promised all the same"
        );
        let camera = |says: &mut Says| (says.qos, says.class) = (0, Class::Camera);
        assert_eq!(check(&[(LEFT, &[])], camera, 9_000), ["missed"], "it was not hit");
    }

    #[test]
    fn while_faults_are_not_known_only_what_is_as_it_should_be_is_told() {
        let says = Says {
            stimulus: StimulusId(0),
            device: DeviceIx(0),
            class: Class::Beam,
            qos: 1,
            deadline_us: Some(1_000_000),
        };
        let (mut left, unsaid) = (Trace::default(), Trace::default());
        LEFT.iter().for_each(|(fate, at)| left.take(Event { tag: 0, fate: *fate, at: at * MS }));
        let answers: [&[u64]; 5] = [&[5], &[], &[5, 6], &[1_500], &[7]];
        let heard = answers.map(|answers| {
            let mut heard = Heard::default();
            answers.iter().for_each(|at| heard.take(at * MS, false));
            heard
        });
        let of = |unsure| {
            let crowd = Crowd {
                says: &[says; 5],
                copies: 1,
                due_us: &|_, _| 0,
                traces: &[left, left, left, left, unsaid],
                heard: &heard,
                breaks: &[],
                lines: None,
                in_order: true,
                listened_until_us: 9_000_000,
                unsure,
            };
            let mut words = Vec::new();
            crowd.each(|told| words.push(told.outcome.map_or("taken", Outcome::word)));
            (words, crowd.unsaid())
        };
        assert_eq!(of(false), (vec!["answered", "missed", "duplicate", "late"], 1));
        assert_eq!(of(true), (vec!["answered", "undecidable", "undecidable", "undecidable"], 0));
    }

    #[test]
    fn who_overtakes_is_out_of_order() {
        let second: &[(Fate, u64)] = &[(Fate::Taken, 100), (Fate::Left, 100)];
        let third: &[(Fate, u64)] = &[(Fate::Taken, 200), (Fate::Left, 200)];
        let told = check(&[(LEFT, &[300]), (second, &[250]), (third, &[310])], |_| {}, 9_000);
        assert_eq!(told, ["answered", "out_of_order", "answered"]);
        let burst: &[(Fate, u64)] = &[(Fate::Waits, 0), (Fate::Left, 500)];
        assert_eq!(check(&[(burst, &[510]), (burst, &[505])], |_| {}, 9_000), ["answered"; 2]);
    }
}
