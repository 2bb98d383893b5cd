//! What faults left of the way from devices to the gateway: which events it had, when, and which it cannot owe.
//!
//! The proxy tells which events left it whole and as MQTT. An event that never did, and whose way a fault disturbed,
//! was taken by that fault: nothing is owed for it. The same holds for one at QoS 0 that left while the gateway was
//! restarted on purpose, unless it was answered. One that a fault held, or whose line it broke, is owed later by as much.
//! One that the gateway had twice at a quality of service below 2 may be answered twice.

use std::collections::BTreeMap;

use palisade_sim::words::{DeviceIx, StimulusId};

use super::absence::Absence;
use super::assumed::assumed;
use super::{Cause, Outages};
use crate::fault::Ail;
use crate::record::{Afflicted, Befell, Expected, Left, Micros, Passed, Restart, Spoilt, digest};
use crate::wire::id;

/// What is known of all ways of one part of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// When each event came to the gateway as it had left, in order.
    passes: BTreeMap<StimulusId, Vec<Micros>>,
    /// Events that came to the gateway in another form: the ids that they then had, and when.
    altered: Vec<(String, Micros)>,
    /// How often each event was sent again, because its acknowledgement had not come before its connection was lost.
    resends: BTreeMap<StimulusId, usize>,
    disturbed: BTreeMap<DeviceIx, Vec<Span>>,
    /// When a fault may have made the gateway believe that a device is gone, by its name.
    absences: BTreeMap<String, Vec<Absence>>,
    /// When the gateway was restarted: for these times nobody took anything.
    down: Vec<Span>,
    /// When slaves told what they first had spoilt; nothing when they never did.
    spoilt: BTreeMap<StimulusId, Option<Micros>>,
}

/// A stretch of time in which a fault disturbed a device's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when on.
    pub from_us: Micros,
    /// When the device had a fresh connection, or what was held went on; nothing when that never happened.
    pub until_us: Option<Micros>,
    /// What disturbed it.
    pub cause: Cause,
    /// Bytes may be gone or wrong, and not only late.
    pub harms: bool,
}

impl Span {
    /// What a fault did at an instant: it held something for so many ns, or a connection or bytes on it are gone until
    /// the device has a fresh one.
    pub fn of_fault(at_us: Micros, fault: usize, held_ns: Option<u64>, next_up_us: Option<Micros>) -> Span {
        // What befalls it right behind is no earlier.
        let until_us = held_ns.map(|ns| at_us + i64::try_from(ns.div_ceil(1_000)).unwrap_or(i64::MAX / 2));
        let cause = Cause::Fault(fault);
        Span { from_us: at_us, until_us: until_us.or(next_up_us), cause, harms: held_ns.is_none() }
    }

    /// For so long a gateway that was restarted took nothing.
    pub fn of_restart(restart: &Restart) -> Span {
        Span {
            from_us: restart.down_us,
            until_us: Some(restart.open_us + assumed().back_us()),
            cause: Cause::Restart(restart.number),
            harms: true,
        }
    }

    fn touches(&self, from_us: Micros, until_us: Micros) -> bool {
        self.from_us <= until_us && self.until_us.is_none_or(|until| from_us <= until)
    }
}

/// How far an event came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Journey {
    /// When it was due.
    pub due_us: Micros,
    /// When it left; nothing when it never did.
    pub left_us: Option<Micros>,
    /// At which quality of service, where that is known.
    pub qos: Option<u8>,
    /// When the gateway had it as it had left, for the first time and the last; nothing when no proxy saw it pass.
    pub reached_us: Option<(Micros, Micros)>,
}

/// What faults mean for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The gateway owes its answer, later by so much.
    Owed {
        /// By how much later than without faults, µs.
        later_us: Micros,
    },
    /// It was lost on its way: the gateway owes nothing.
    Taken {
        /// By what.
        by: Cause,
    },
    /// It came, on a connection on which a fault had altered something and that broke: what was not read yet went with it. If it
    /// was answered, it is owed, later by so much.
    Maybe {
        /// By what.
        by: Cause,
        /// By how much later than without faults, µs.
        later_us: Micros,
    },
}

impl Ways {
    /// What the journal tells of one part.
    pub fn of<'a>(
        run: &str,
        (befell, afflicted, restarts): (&[&'a Befell], &[&'a Afflicted], &[&'a Restart]),
        passed: impl IntoIterator<Item = &'a Passed>,
        left: &BTreeMap<StimulusId, &Left>,
        (outages, name): (&Outages, &dyn Fn(DeviceIx) -> String),
    ) -> Ways {
        let mut ways = Ways::default();
        for pass in passed {
            let stimulus = id::read(run, &pass.id).flatten();
            let sent = stimulus.and_then(|stimulus| left.get(&stimulus));
            match (stimulus, sent) {
                (Some(stimulus), Some(sent)) if digest(sent.payload.as_bytes()) == pass.digest => {
                    ways.passes.entry(stimulus).or_default().push(pass.at_us);
                }
                _ => ways.altered.push((pass.id.clone(), pass.at_us)),
            }
        }
        ways.passes.values_mut().for_each(|passes| passes.sort_unstable());
        for one in befell {
            let held = one.done == "held";
            let next_up_us = outages.next_up(one.device, one.at_us);
            let span = Span::of_fault(one.at_us, one.fault, one.amount.filter(|_| held), next_up_us);
            ways.disturbed.entry(one.device).or_default().push(span);
            if !held {
                let (from_us, connection) = (one.at_us, Some(one.connection));
                let absence = Absence { from_us, until_us: span.until_us, connection, restless: false };
                ways.absences.entry(name(one.device)).or_default().push(absence);
            }
        }
        for one in afflicted {
            ways.afflict(one, outages, name(one.device));
        }
        ways.down = restarts.iter().map(|restart| Span::of_restart(restart)).collect();
        ways.disturbed.values_mut().for_each(|spans| spans.sort_by_key(|span| span.from_us));
        ways
    }

    /// What a device's own fault does to its way.
    fn afflict(&mut self, one: &Afflicted, outages: &Outages, name: String) {
        if !Ail::seems_gone(&one.kind) {
            return;
        }
        let restless = one.kind == "duplicate_id";
        let absent = |(from_us, until_us)| Absence { from_us, until_us, connection: None, restless };
        let absences = self.absences.entry(name).or_default();
        if one.away.is_empty() {
            absences.push(absent((one.from_us, one.until_us)));
        }
        let until = |to: Micros| outages.next_up(one.device, to);
        absences.extend(one.away.iter().map(|(from, to)| absent((*from, until(*to).or(Some(*to))))));
        let (cause, harms) = (Cause::Device(one.number), true);
        let spans = self.disturbed.entry(one.device).or_default();
        if restless {
            spans.push(Span { from_us: one.from_us, until_us: one.until_us, cause, harms });
        }
        spans.extend(one.away.iter().map(|(from, to)| {
            let until_us = until(*to).or(Some(to + assumed().back_us()));
            Span { from_us: *from, until_us, cause, harms }
        }));
    }

    /// The same with what devices sent again.
    #[must_use]
    pub fn with_resends(mut self, resent: impl IntoIterator<Item = StimulusId>) -> Ways {
        for stimulus in resent {
            *self.resends.entry(stimulus).or_default() += 1;
        }
        self
    }

    /// The same with what slaves of serial lines did because the contract asks for it.
    #[must_use]
    pub fn with_spoilt<'a>(mut self, spoilt: impl IntoIterator<Item = &'a Spoilt>) -> Ways {
        self.spoilt = spoilt.into_iter().map(|one| (one.stimulus, one.told.then_some(one.at_us))).collect();
        self
    }

    /// How often an event was sent again.
    pub fn resends(&self, stimulus: StimulusId) -> usize {
        self.resends.get(&stimulus).copied().unwrap_or(0)
    }

    /// How often the gateway had an event as it had left.
    pub fn passes(&self, stimulus: StimulusId) -> usize {
        self.passes.get(&stimulus).map_or(0, Vec::len)
    }

    /// When the gateway first had it, µs; nothing where no proxy looked.
    pub fn reached_us(&self, stimulus: StimulusId) -> Option<Micros> {
        self.passes.get(&stimulus)?.first().copied()
    }

    /// Whether an id came to the gateway only in an event that a fault had altered.
    pub fn made(&self, id: &str) -> bool {
        self.altered.iter().any(|(altered, _)| altered == id)
    }

    /// When events came to the gateway altered, in no order.
    pub(super) fn altered_us(&self) -> impl Iterator<Item = Micros> {
        self.altered.iter().map(|(_, at_us)| *at_us)
    }

    /// When a gateway may well believe that devices are gone, by their names: a fault had harmed their connections, or they
    /// did not speak.
    pub(super) fn absences(&self) -> &BTreeMap<String, Vec<Absence>> {
        &self.absences
    }

    /// How often the gateway was restarted between two instants.
    pub(super) fn restarts_within(&self, from_us: Micros, until_us: Micros) -> usize {
        self.down.iter().filter(|span| (from_us..=until_us).contains(&span.from_us)).count()
    }

    /// What faults mean for an event that should have left or did.
    pub fn fate(&self, expected: &Expected, left: Option<&Left>) -> Fate {
        let spans = self.disturbed.get(&expected.device).map_or(&[][..], Vec::as_slice);
        let journey = Journey {
            due_us: expected.intended_us,
            left_us: left.map(|left| left.left_us),
            qos: left.and_then(|left| left.qos),
            reached_us: self
                .passes
                .get(&expected.stimulus)
                .and_then(|passes| Some((*passes.first()?, *passes.last()?))),
        };
        match (fate(journey, spans, &self.down), self.spoilt.get(&expected.stimulus)) {
            (Fate::Owed { .. } | Fate::Maybe { .. }, Some(None)) => Fate::Taken { by: Cause::Slave },
            (Fate::Owed { later_us }, Some(Some(told_us))) => {
                Fate::Owed { later_us: later_us.max(told_us - expected.intended_us) }
            }
            (fate, _) => fate,
        }
    }
}

/// What stretches in which something stood in its way, and those in which the gateway was down, mean for an event; the
/// first in the order in which they began.
pub(super) fn fate(journey: Journey, spans: &[Span], down: &[Span]) -> Fate {
    let Journey { due_us, left_us, qos, reached_us } = journey;
    if let Some((first_us, last_us)) = reached_us {
        let met = || spans.iter().filter(|span| span.touches(due_us, first_us));
        // What was only held on its way was so since it left: that it left late is no doing of the fault.
        let since_us = if met().any(|span| span.harms) {
            due_us
        } else if met().next().is_some() {
            left_us.map_or(due_us, |left| left.max(due_us))
        } else {
            first_us
        };
        let later_us = (first_us - since_us).max(0);
        // A server closes a connection on which it reads what it cannot, and with it goes what it has not read; at QoS 0 also
        // what came right before.
        let read_us = last_us + if qos == Some(0) { assumed().under_way_us() } else { 0 };
        let broke = |span: &&Span| {
            let soon =
                span.until_us.is_some_and(|up| (last_us..=last_us + assumed().back_us()).contains(&up));
            span.harms && span.from_us <= read_us && soon
        };
        // What passed a proxy at QoS 0 while a program behind it was down had nobody to take it, and nobody promised otherwise.
        let gone = |span: &&Span| qos == Some(0) && span.touches(last_us - assumed().under_way_us(), last_us);
        let maybe = spans.iter().find(broke).or_else(|| down.iter().find(gone));
        return maybe.map_or(Fate::Owed { later_us }, |span| Fate::Maybe { by: span.cause, later_us });
    }
    let through_us = left_us.map_or(due_us, |left| left + assumed().through_us()).max(due_us);
    // What a fault holds is in the proxy until it lets go.
    let held = spans.iter().filter(|span| !span.harms && span.touches(due_us, through_us));
    let gone_us = held.filter_map(|span| span.until_us).fold(through_us, Micros::max);
    let mut hit = spans.iter().filter(|span| span.harms && span.touches(due_us, gone_us));
    let back = |span: &&Span| span.until_us.is_some_and(|until| until - span.from_us <= assumed().back_us());
    let taken = hit.rfind(|span| left_us.is_some() || back(span));
    // At QoS 0 a message that is sent to a gateway that is down is gone, and nobody promised otherwise.
    let promised = left_us.is_none() || qos != Some(0);
    let down = down.iter().find(|span| !promised && span.touches(due_us, gone_us));
    match taken.or(down) {
        Some(span) => Fate::Taken { by: span.cause },
        None => Fate::Owed { later_us: if gone_us > through_us { gone_us - due_us } else { 0 } },
    }
}

#[cfg(test)]
mod tests {
    use palisade_sim::contract::Severity;

    use super::super::{ExtraKind, Fact, Given, Outcome, pair};
    use super::*;
    use crate::record::{Link, Observation};

    const BEAM: DeviceIx = DeviceIx(1);
    const DUE: Micros = 10_000_000;

    fn befell(at_us: Micros, done: &str, amount: Option<u64>) -> Befell {
        let (part, way) = ("main".into(), "up".into());
        Befell {
            at_us,
            part,
            fault: 3,
            device: BEAM,
            line: None,
            connection: 0,
            way,
            offset: 0,
            done: done.into(),
            amount,
        }
    }

    fn passed(at_us: Micros, id: &str, payload: &str) -> Passed {
        let digest = digest(payload.as_bytes());
        Passed { at_us, part: "main".into(), device: BEAM, id: id.into(), digest }
    }

    /// The fate of the event 7, which left at `left_us` if at all; the device's connection came back at `up_us`.
    fn check(
        befell: &[Befell],
        passed: &[Passed],
        left_us: Option<Micros>,
        up_us: Option<Micros>,
        fate: Fate,
    ) -> Ways {
        let expected = Expected {
            stimulus: StimulusId(7),
            device: BEAM,
            part: "main".into(),
            intended_us: DUE,
            severity: Severity::Alarm,
            deadline_us: 2_000_000,
            correlate: Vec::new(),
        };
        let left = left_us.map(|left_us| Left {
            stimulus: StimulusId(7),
            part: "main".into(),
            left_us,
            topic: "t".into(),
            payload: "whole".into(),
            qos: Some(1),
        });
        let link = |at_us, up| Link { at_us, part: "main".into(), device: BEAM, up };
        let down = befell.first().map_or(0, |one| one.at_us + 10);
        let links: Vec<Link> = up_us.map(|up| vec![link(down, false), link(up, true)]).unwrap_or_default();
        let outages = Outages::of(&links, |_| "beam".into());
        let sent = left.iter().map(|left| (left.stimulus, left)).collect();
        let befell: Vec<&Befell> = befell.iter().collect();
        let ways = Ways::of("r", (&befell, &[], &[]), passed, &sent, (&outages, &|_| "beam".into()));
        assert_eq!(ways.fate(&expected, left.as_ref()), fate, "{befell:?} {passed:?} {left_us:?} {up_us:?}");
        // What slaves spoil is never owed; what they told in the end is owed from then on.
        let spoilt = |told| {
            let (part, line, by) = ("main".into(), "line".into(), BTreeMap::new());
            let spoilt = Spoilt { at_us: DUE + 900_000, part, line, stimulus: StimulusId(7), told, by };
            ways.clone().with_spoilt([&spoilt]).fate(&expected, left.as_ref())
        };
        if matches!(fate, Fate::Maybe { .. }) {
            assert_eq!((spoilt(true), spoilt(false)), (fate, Fate::Taken { by: Cause::Slave }));
        } else if let Fate::Owed { later_us } = fate {
            assert_eq!(spoilt(true), Fate::Owed { later_us: later_us.max(900_000) });
            assert_eq!(spoilt(false), Fate::Taken { by: Cause::Slave });
        } else {
            assert_eq!((spoilt(true), spoilt(false)), (fate, fate));
        }
        ways
    }

    #[test]
    fn a_fault_takes_what_it_swallowed_and_nothing_else() {
        let owed = Fate::Owed { later_us: 0 };
        let taken = Fate::Taken { by: Cause::Fault(3) };
        let lost = [befell(DUE + 200, "lost", Some(80))];
        check(&lost, &[], Some(DUE + 300), None, taken);
        check(
            &lost,
            &[passed(DUE + 400, "r-7", "whole")],
            Some(DUE + 300),
            None,
            Fate::Owed { later_us: 400 },
        );
        check(&[], &[], Some(DUE + 300), None, owed);
        // Later than it left: another event's harm.
        let later = befell(DUE + 1_500_000, "lost", Some(80));
        check(std::slice::from_ref(&later), &[], Some(DUE + 300), None, owed);
        // Unless it was held so long.
        check(&[befell(DUE, "held", Some(3_000_000_000)), later], &[], Some(DUE + 300), None, taken);
        // Before it was due, and the device had a fresh connection meanwhile; or had not.
        let early = [befell(DUE - 5_000_000, "half_open", None)];
        check(&early, &[], Some(DUE + 300), Some(DUE - 1_000_000), owed);
        check(&early, &[], Some(DUE + 300), None, taken);
        // What is only held is not taken.
        check(&[befell(DUE, "held", Some(5_000_000))], &[], Some(DUE + 300), None, owed);
    }

    #[test]
    fn an_event_that_came_on_a_connection_that_a_fault_broke_may_have_gone_with_it() {
        let doubled = [befell(DUE - 100, "duplicated", Some(80))];
        let whole = |at_us| passed(at_us, "r-7", "whole");
        let (by, later_us) = (Cause::Fault(3), 400);
        let maybe = Fate::Maybe { by, later_us };
        check(&doubled, &[whole(DUE + 400)], Some(DUE + 300), Some(DUE + 500_000), maybe);
        // The connection stood, or broke much later; or it came again on the next one.
        let owed = Fate::Owed { later_us };
        check(&doubled, &[whole(DUE + 400)], Some(DUE + 300), None, owed);
        check(&doubled, &[whole(DUE + 400)], Some(DUE + 300), Some(DUE + 9_000_000), owed);
        let again = [whole(DUE + 400), whole(DUE + 600_000)];
        check(&doubled, &again, Some(DUE + 300), Some(DUE + 500_000), owed);
    }

    #[test]
    fn what_is_held_is_owed_later_from_when_it_left_and_qos_0_may_go_while_a_program_is_down() {
        let fate_of = |qos, left_us, spans: &[Span], down: &[Span]| {
            let reached_us = Some((DUE + 5_070_000, DUE + 5_070_000));
            fate(Journey { due_us: DUE, left_us, qos: Some(qos), reached_us }, spans, down)
        };
        let span = |from_us, harms| {
            let (until_us, cause) = (Some(DUE + 6_000_000), Cause::Fault(1));
            Span { from_us, until_us, cause, harms }
        };
        // The gateway let the device wait for five seconds, and the fault for 70 ms.
        let late = Some(DUE + 5_000_000);
        assert_eq!(fate_of(1, late, &[span(0, false)], &[]), Fate::Owed { later_us: 70_000 });
        let broken = Span { until_us: Some(DUE + 1_000_000), ..span(DUE, true) };
        assert_eq!(fate_of(1, late, &[span(0, false), broken], &[]), Fate::Owed { later_us: 5_070_000 });
        assert_eq!(fate_of(1, late, &[], &[]), Fate::Owed { later_us: 0 });
        let down = Span { cause: Cause::Restart(1), ..span(DUE, true) };
        let maybe = Fate::Maybe { by: Cause::Restart(1), later_us: 0 };
        assert_eq!([0, 1].map(|qos| fate_of(qos, late, &[], &[down])), [maybe, Fate::Owed { later_us: 0 }]);
        let before = Span { until_us: Some(DUE + 3_000_000), ..down };
        assert_eq!(fate_of(0, late, &[], &[before]), Fate::Owed { later_us: 0 });
    }

    #[test]
    fn an_event_that_never_left_is_the_gateways_affair_when_it_had_time_to_take_the_device_back() {
        let cut = [befell(DUE - 100, "cut", None)];
        check(&cut, &[], None, Some(DUE + 500_000), Fate::Taken { by: Cause::Fault(3) });
        check(&cut, &[], None, Some(DUE + 3_000_000), Fate::Owed { later_us: 0 });
        check(&cut, &[], None, None, Fate::Owed { later_us: 0 });
    }

    #[test]
    fn what_is_held_is_owed_later_and_an_altered_event_is_no_event() {
        let held = [befell(DUE + 100, "held", Some(700_000_000))];
        let whole = [passed(DUE + 700_200, "r-7", "whole")];
        let ways = check(&held, &whole, Some(DUE + 50), None, Fate::Owed { later_us: 700_150 });
        assert_eq!((ways.passes(StimulusId(7)), ways.reached_us(StimulusId(7))), (1, Some(DUE + 700_200)));
        let flipped = [befell(DUE + 100, "flipped", Some(3))];
        let other = [passed(DUE + 200, "r-5", "whoLe")];
        let ways = check(&flipped, &other, Some(DUE + 50), None, Fate::Taken { by: Cause::Fault(3) });
        let gone: Vec<_> = ways.absences()["beam"].iter().map(|gone| (gone.from_us, gone.until_us)).collect();
        assert_eq!(
            (gone, ways.absences().len()),
            (vec![(DUE + 100, None)], 1),
            "the beam alone, from then on"
        );
        assert!(ways.made("r-5") && !ways.made("r-7") && ways.passes(StimulusId(5)) == 0);
        // What the gateway says of it without an id is nobody's invention; a second word is one, and so is one before.
        let said = |received_us| Observation {
            received_us,
            part: "main".into(),
            topic: "t".into(),
            device: "beaN".into(),
            signal: "beam_broken".into(),
            severity: None,
            correlation: None,
            payload: String::new(),
            retained: false,
            clock_ms: None,
        };
        let observed = [said(DUE + 100), said(DUE + 300), said(DUE + 400)];
        let pairing = pair(Given {
            run: "r",
            expected: &[],
            left: &[],
            observed: &observed,
            facts: &BTreeMap::new(),
            outages: &Outages::default(),
            ways: &ways,
            listened_until_us: Micros::MAX,
        });
        let kinds: Vec<ExtraKind> = pairing.extras.iter().map(|extra| extra.kind).collect();
        assert_eq!(kinds, [ExtraKind::NoSuchStimulus, ExtraKind::Altered, ExtraKind::NoSuchStimulus]);
    }

    #[test]
    fn the_answer_to_an_id_that_a_fault_altered_is_no_wrong_answer_to_another_message() {
        let door = Expected {
            stimulus: StimulusId(5),
            device: DeviceIx(2),
            part: "main".into(),
            intended_us: DUE,
            severity: Severity::Alarm,
            deadline_us: 2_000_000,
            correlate: Vec::new(),
        };
        let left = Left {
            stimulus: StimulusId(5),
            part: "main".into(),
            left_us: DUE,
            topic: "t".into(),
            payload: "{}".into(),
            qos: Some(1),
        };
        let said = |received_us, device: &str, signal: &str| Observation {
            received_us,
            part: "main".into(),
            topic: "t".into(),
            device: device.into(),
            signal: signal.into(),
            severity: None,
            correlation: Some("r-5".into()),
            payload: String::new(),
            retained: false,
            clock_ms: None,
        };
        let observed = [said(DUE + 100, "door", "door_open"), said(DUE + 300, "beam", "beam_broken")];
        let fact = Fact { device: "door".into(), signal: "door_open".into(), nuisance: false };
        let outcome = |altered: &[Passed]| {
            let sent = [(left.stimulus, &left)].into();
            let ways =
                Ways::of("r", (&[], &[], &[]), altered, &sent, (&Outages::default(), &|_| String::new()));
            let pairing = pair(Given {
                run: "r",
                expected: std::slice::from_ref(&door),
                left: std::slice::from_ref(&left),
                observed: &observed,
                facts: &[(StimulusId(5), fact.clone())].into(),
                outages: &Outages::default(),
                ways: &ways,
                listened_until_us: Micros::MAX,
            });
            (pairing.answers[0].outcome, pairing.extras.iter().map(|extra| extra.kind).collect::<Vec<_>>())
        };
        assert_eq!(
            outcome(&[passed(DUE + 200, "r-5", "r-7 once")]),
            (Outcome::Answered, vec![ExtraKind::Altered])
        );
        assert_eq!(outcome(&[]), (Outcome::Wrong, vec![]));
    }
}
