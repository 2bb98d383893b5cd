//! Rules about timing, by their numbers, with what the run measured. What faults took of the time on the way is not the
//! gateway's: its answer counts from when it had the message, where that is known.

use palisade_sim::analysis::rules::{Check, Kind, Rule, RuleBook, Seen};

use super::assemble::Part;
use super::model::{RulePart, RuleStatus};
use crate::pairing::Outcome;
use crate::verdict::Message;

/// Messages named for a rule that is not met.
const NAMED: usize = 5;

/// Every rule about timing, in the order of the book that is shipped.
pub(super) fn parts(main: &Part) -> Vec<RulePart> {
    let book = RuleBook::residential();
    let timing = book.iter().flat_map(|book| &book.rules).filter(|rule| rule.kind == Kind::Timing);
    timing.map(|rule| assess(rule, &main.messages)).collect()
}

fn assess(rule: &Rule, messages: &[Message]) -> RulePart {
    let mut part = RulePart {
        id: rule.id.clone(),
        title: rule.title.clone(),
        title_zh: rule.title_zh.clone(),
        clause: rule.clause.clone(),
        unconfirmed: rule.seen == Seen::Recall,
        ..RulePart::default()
    };
    match &rule.check {
        Check::AnswersWithin { classes, signals, most_s } => {
            let told: Vec<Message> = messages
                .iter()
                .filter(|m| signals.is_empty() || signals.contains(&m.signal))
                .cloned()
                .collect();
            within(&mut part, &told, classes, *most_s);
        }
        Check::NoneMissed { classes } => none_missed(&mut part, messages, classes),
        Check::Needs(what) => part.needs = Some(what.clone()),
        _ => part.needs = Some("`palisade plan`, which looks at the layout".into()),
    }
    part
}

/// Messages of these classes that can be judged.
fn of<'a>(messages: &'a [Message], classes: &'a [String]) -> impl Iterator<Item = &'a Message> {
    let judged = |m: &&Message| classes.contains(&m.class) && m.answer.outcome != Outcome::Undecidable;
    messages.iter().filter(judged)
}

/// From when the gateway had it, or should have left where that is not known, to its answer, s.
fn took_s(m: &Message) -> Option<f64> {
    let a = &m.answer;
    let from_us = a.reached_us.unwrap_or(a.intended_us).max(a.intended_us);
    Some((a.observed_us? - from_us) as f64 / 1e6)
}

fn within(part: &mut RulePart, messages: &[Message], classes: &[String], most_s: f64) {
    (part.demanded, part.unit) = (Some(most_s), "s".into());
    let slowest = of(messages, classes).filter_map(took_s).max_by(f64::total_cmp);
    let missed = of(messages, classes).filter(|m| m.answer.outcome == Outcome::Missed);
    let slow = of(messages, classes).filter(|m| took_s(m).is_some_and(|s| s > most_s));
    let names: Vec<String> = slow.chain(missed).map(Message::name).collect();
    conclude(part, slowest, of(messages, classes).count(), names, classes);
}

fn none_missed(part: &mut RulePart, messages: &[Message], classes: &[String]) {
    (part.demanded, part.unit) = (Some(0.0), "alarms".into());
    let missed = of(messages, classes).filter(|m| m.answer.outcome == Outcome::Missed);
    let names: Vec<String> = missed.map(Message::name).collect();
    conclude(part, Some(names.len() as f64), of(messages, classes).count(), names, classes);
}

fn conclude(part: &mut RulePart, found: Option<f64>, judged: usize, names: Vec<String>, classes: &[String]) {
    part.judged = judged;
    if judged == 0 {
        part.needs = Some(format!("windows that drive one of: {}", classes.join(", ")));
        return;
    }
    part.measured = found;
    part.status = if names.is_empty() { RuleStatus::Pass } else { RuleStatus::Fail };
    part.evidence = names.into_iter().take(NAMED).collect();
}

#[cfg(test)]
mod tests {
    use palisade_sim::contract::Severity;
    use palisade_sim::words::{DeviceIx, Ms, StimulusId};

    use super::*;
    use crate::pairing::Answer;

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

    /// Status and figure of rules 8, 10 and 12.
    fn check(messages: &[Message], wanted: [(RuleStatus, Option<f64>); 3]) {
        let book = RuleBook::residential().expect("the shipped book");
        for (id, wanted) in ["8", "10", "12"].into_iter().zip(wanted) {
            let rule = book.rules.iter().find(|rule| rule.id == id).expect("it is shipped");
            let part = assess(rule, messages);
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
    fn a_tour_that_leaves_its_plan_is_judged_by_its_own_alarm() {
        let book = RuleBook::residential().expect("the shipped book");
        let rule = book.rules.iter().find(|rule| rule.id == "34").expect("it is shipped");
        let said = |class: &str, signal: &str, observed_ms| {
            let (class, signal) = (class.to_owned(), signal.to_owned());
            Message { class, signal, ..beam(None, observed_ms) }
        };
        let touched = said("checkpoint", "checkpoint_read", Some(100));
        let overdue = |observed_ms| said("duty_room", "checkpoint_overdue", observed_ms);
        let status = |messages: &[Message]| assess(rule, messages).status;
        assert_eq!(
            status(std::slice::from_ref(&touched)),
            RuleStatus::NotMeasured,
            "a touch is no deviation"
        );
        assert_eq!(status(&[touched.clone(), overdue(Some(1_500))]), RuleStatus::Pass);
        assert_eq!(status(&[touched.clone(), overdue(None)]), RuleStatus::Fail);
        assert_eq!(status(&[touched, overdue(Some(3_000))]), RuleStatus::Fail);
    }
}
