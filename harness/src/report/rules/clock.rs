//! The gateway's clock, by the times that it writes into its answers.
//!
//! A gateway stamps an answer after it had the message and before the answer came. So each stamp bounds how far its clock is
//! off from both sides; an answer that took long bounds it loosely, and is no sign of a wrong clock.

use super::{RulePart, RuleStatus, Run};
use crate::verdict::Message;

/// Between which deviations, s, the clock must have been for one stamp.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    low_s: f64,
    high_s: f64,
}

impl Span {
    /// It is off by so much, whatever else.
    fn at_least_s(self) -> f64 {
        self.low_s.max(-self.high_s).max(0.0)
    }

    /// It is off by no more than so much.
    fn at_most_s(self) -> f64 {
        self.low_s.abs().max(self.high_s.abs())
    }
}

pub(super) fn within(part: &mut RulePart, run: &Run<'_>, most_s: f64) {
    (part.demanded, part.unit) = (Some(most_s), "s".into());
    // A clock that is told in whole seconds may have been almost a second later.
    let grain_ms = if run.clocks.values().all(|ms| ms % 1_000 == 0) { 1_000.0 } else { 1.0 };
    let spans: Vec<(Span, &Message)> =
        run.messages.iter().filter_map(|m| Some((span(run, m, grain_ms)?, m))).collect();
    part.judged = spans.len();
    let wrong: Vec<&(Span, &Message)> = spans.iter().filter(|(s, _)| s.at_least_s() > most_s).collect();
    let tightest = spans.iter().map(|(s, _)| s.at_most_s()).min_by(f64::total_cmp);
    if let Some(worst) = wrong.iter().map(|(s, _)| s.at_least_s()).max_by(f64::total_cmp) {
        (part.status, part.measured) = (RuleStatus::Fail, Some(worst));
        let said = |(s, m): &&(Span, &Message)| {
            format!("{}: the clock is {:+.3} to {:+.3} s off", m.name(), s.low_s, s.high_s)
        };
        part.evidence = wrong.iter().take(super::NAMED).map(said).collect();
        return;
    }
    part.measured = tightest;
    match tightest {
        Some(tightest) if tightest <= most_s => part.status = RuleStatus::Pass,
        Some(_) => {
            part.needs = Some(format!(
                "answers that come within {most_s} s: slower ones do not tell what the gateway's clock said"
            ));
        }
        None => {
            part.needs = Some(
                "the gateway's clock in its answers: name its place as `time` in `fields` of the contract's reactions"
                    .into(),
            );
        }
    }
}

fn span(run: &Run<'_>, m: &Message, grain_ms: f64) -> Option<Span> {
    let came_us = m.answer.observed_us?;
    let left_us = m.answer.reached_us.or(m.answer.departed_us())?;
    let (began_ms, said_ms) = (run.began_ms?, *run.clocks.get(&came_us)? as f64);
    let off_s = |at_us: i64| (said_ms - began_ms - at_us as f64 / 1_000.0) / 1_000.0;
    Some(Span { low_s: off_s(came_us), high_s: off_s(left_us) + grain_ms / 1_000.0 })
}
