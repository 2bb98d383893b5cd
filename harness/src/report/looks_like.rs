//! Which defect would explain the messages of a run that were missed, late, out of order or answered twice.
//!
//! A run sees less than the exercise of the defect bench: neither packets nor restarts. What is missing here matches no
//! rule, so such a rule is not said.

use std::collections::BTreeSet;

use palisade_sim::words::DeviceIx;

use crate::diagnosis::record::{Heard, Life, Link, Said, Sent};
use crate::diagnosis::{Record, diagnose};
use crate::pairing::Outcome;
use crate::verdict::Message;
use crate::wire::mqtt_json::kind_word;

/// More messages than this are not held against each other one by one.
const MOST: usize = 3_000;

/// The remark, when the gateway failed somewhere and something would explain it.
pub(super) fn looks_like(main: &[Message], polled: &BTreeSet<DeviceIx>) -> Option<String> {
    let judged: Vec<&Message> = main
        .iter()
        .filter(|m| !m.answer.link_down && m.answer.outcome != Outcome::Undecidable)
        .filter(|m| !polled.contains(&m.answer.device))
        .collect();
    let failed = judged.iter().filter(|m| m.answer.outcome != Outcome::Answered).count();
    let answered = judged.iter().any(|m| m.answer.observed_us.is_some());
    if failed == 0 || !answered || judged.len() > MOST {
        return None;
    }
    let diagnosis = diagnose(&record(&judged));
    if diagnosis.defects.is_empty() {
        return None;
    }
    let evidence = diagnosis.evidence.join("; ");
    Some(format!("looks like {}: {evidence} (`palisade defects --list` says what each is)", diagnosis.said))
}

/// The messages as a record: what is not known of them is the same for all.
fn record(messages: &[&Message]) -> Record {
    let mut record = Record::default();
    let left = |m: &Message| m.answer.departed_us().unwrap_or(m.answer.intended_us);
    let first_us = messages.iter().map(|m| left(m)).min().unwrap_or_default();
    record.lives.push(Life { from_us: first_us, to_us: i64::MAX / 2 });
    let mut in_order = messages.to_vec();
    in_order.sort_by_key(|m| left(m));
    for m in in_order {
        let at_us = left(m);
        let link = record.links.iter().position(|link| link.device == m.device).unwrap_or_else(|| {
            let device = m.device.clone();
            record.links.push(Link { device, from_us: first_us, to_us: i64::MAX / 2, ..Link::default() });
            record.links.len() - 1
        });
        let kind = kind_word(m.answer.severity).to_owned();
        let ts = m.due.0;
        record.heard.extend((0..m.answer.answers).filter_map(|_| {
            let said = Said {
                id: Some(m.id.clone()),
                device: Some(m.device.clone()),
                signal: m.signal.clone(),
                kind: kind.clone(),
                ts: Some(ts),
                // What the wall clock was then is not known here; a rule looks at clocks.
                clock: None,
            };
            let (topic, raw) = (m.device.clone(), m.id.clone());
            let at_us = m.answer.observed_us?;
            Some(Heard { at_us, topic, raw, said: Some(said), ..Heard::default() })
        }));
        record.sent.push(Sent {
            at_us,
            // Old messages are not known as such.
            wall_ms: ts,
            device: m.device.clone(),
            class: m.class.clone(),
            id: m.id.clone(),
            signal: m.signal.clone(),
            kind,
            ts,
            // Acknowledgements are not looked at here.
            qos: 1,
            packet_id: record.sent.len() as u16,
            acked_us: Some(at_us),
            link,
            ..Sent::default()
        });
    }
    record.heard.sort_by_key(|heard| heard.at_us);
    record
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use palisade_sim::contract::Severity;
    use palisade_sim::words::{Ms, StimulusId};

    use super::*;
    use crate::pairing::Answer;

    /// Message `number` of one of four devices, half a second after the one before.
    fn message(number: u32, passes: bool) -> Message {
        let device = number % 4;
        let left_us = i64::from(number) * 500_000;
        Message {
            answer: Answer {
                stimulus: StimulusId(number),
                device: DeviceIx(device),
                outcome: if passes { Outcome::Answered } else { Outcome::Missed },
                severity: Severity::Alarm,
                intended_us: left_us,
                deadline_us: 2_000_000,
                left_us: Some(left_us),
                reached_us: None,
                observed_us: passes.then_some(left_us + 900),
                answers: usize::from(passes),
                by: None,
                instead: None,
                overtook: None,
                link_down: false,
            },
            id: format!("r1-{number}"),
            device: format!("beam-{device}"),
            class: "beam".into(),
            signal: "beam_broken".into(),
            because: None,
            due: Ms(left_us / 1_000),
        }
    }

    fn said(passes: impl Fn(u32) -> bool) -> Option<String> {
        let main: Vec<Message> = (1..60).map(|number| message(number, passes(number))).collect();
        looks_like(&main, &BTreeSet::new())
    }

    #[test]
    fn what_explains_the_failures_is_said_and_nothing_of_a_gateway_without_any() {
        assert_eq!(said(|_| true), None);
        assert_eq!(said(|_| false), None, "nothing at all came: that needs no explanation");
        assert_eq!(said(|number| number != 7), None, "one loss is no rule");
        let deaf = said(|number| number % 4 != 2).unwrap();
        assert!(deaf.starts_with("looks like zone-deaf: zone-deaf: device beam-2: 15 of 15 lost"), "{deaf}");
        let random = said(|number| ![3, 8, 9, 21, 30, 31, 44, 50].contains(&number)).unwrap();
        assert!(random.starts_with("looks like lost-at-random"), "{random}");
    }
}
