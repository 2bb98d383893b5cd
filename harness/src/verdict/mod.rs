//! The verdict: thresholds applied to figures, with the reason in plain sentences. Some hold of every run, see [`implied`].
//!
//! Pure. A figure that was not measured does not hold a threshold, and a run in which the harness failed never
//! passes.
//!
//! The harness failed when the lateness p99 is above its bound and at least two messages were late: with fewer than
//! 100 messages the p99 is the slowest of all, and one late message proves nothing. It is named as a remark. So it did when
//! the proxy of its faults was as late for 100 chunks or more that they had held, and so it did when a threshold on its own
//! lateness is broken.

mod bound;
mod commands;
mod figure;
mod implied;
mod leak;
mod load;
mod reason;
mod recovery;
mod subscribers;
mod taken;
#[cfg(test)]
mod tests;
mod upstream;

use std::collections::BTreeMap;

use palisade_sim::analysis::answer::PlanAnswer;
use palisade_sim::model::drive::Thresholds;
use palisade_sim::words::Ms;

pub use bound::{Bound, Op};
pub use commands::CommandFacts;
pub use figure::{Ear, Figure, figure, is_of_the_harness};
pub use leak::LeakFacts;
pub use load::LoadFacts;
pub use recovery::RecoveryFacts;
pub use subscribers::SubscriberFacts;
pub use taken::NotAssessed;
pub use upstream::UpstreamFacts;

use crate::latency::drift::Drift;
use crate::latency::queue::Queue;
use crate::latency::{Latency, Series};
use crate::pairing::{Answer, ExtraKind, Outcome, Tally};

/// Share of undecidable answers above which a run is not valid.
pub const UNDECIDABLE_BOUND: f64 = 0.001;

/// An expected answer with the names that a reader needs.
#[derive(Clone, Debug)]
pub struct Message {
    /// What became of it.
    pub answer: Answer,
    /// Its wire id, `<run>-<stimulus>`.
    pub id: String,
    /// The device's name.
    pub device: String,
    /// The device's class.
    pub class: String,
    /// The signal's word.
    pub signal: String,
    /// When in the day it was due.
    pub due: Ms,
    /// The command, or the cause of a flood, because of which the device said it; nothing when the tape has it.
    pub because: Option<String>,
}

impl Message {
    /// Intended instant to first answer, ms.
    pub fn response_ms(&self) -> Option<f64> {
        let seen = self.answer.observed_us.filter(|_| self.answer.outcome != Outcome::Wrong)?;
        Some((seen - self.answer.intended_us) as f64 / 1000.0)
    }

    /// Device, signal, id and time of day, and the command that caused it.
    pub fn name(&self) -> String {
        message_name((&self.device, &self.signal), &self.id, self.due, self.because.as_deref())
    }
}

/// What a message is called: device, signal, id and time of day, and the command that caused it.
pub fn message_name((device, signal): (&str, &str), id: &str, due: Ms, because: Option<&str>) -> String {
    let because = because.map_or(String::new(), |command| format!(" because of {command}"));
    format!("{device} {signal} {id} at {due}{because}")
}

/// Everything that a verdict looks at.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Counts of the main part.
    pub tally: &'a Tally,
    /// The same by device class.
    pub by_class: &'a BTreeMap<String, Tally>,
    /// Latency of the main part.
    pub latency: &'a Latency,
    /// Latency of the floor part.
    pub floor: &'a Latency,
    /// The planner's answer, if there is one.
    pub plan: Option<&'a PlanAnswer>,
    /// All expected answers of the main part.
    pub messages: &'a [Message],
    /// What the gateway said without being asked: kind, and its name for a reader.
    pub extras: &'a [(ExtraKind, String)],
    /// Stimuli without an incident that were passed on: their names for a reader.
    pub false_alarms: &'a [String],
    /// Commands of the gateway to devices.
    pub commands: &'a CommandFacts,
    /// Whether the gateway's processes grow.
    pub leak: &'a LeakFacts,
    /// How many messages waited for their answers.
    pub queue: &'a Queue,
    /// Whether answers take longer the longer the run lasts.
    pub drift: &'a Drift,
    /// How the gateway went on after it was disturbed.
    pub recovery: &'a RecoveryFacts,
    /// What became of alarms on the leg to the city platform, if there is one.
    pub upstream: Option<&'a UpstreamFacts>,
    /// What those heard who were away or slow, if there are any.
    pub subscribers: Option<&'a SubscriberFacts>,
    /// What the copies of the compound came to, if there are any.
    pub load: Option<&'a LoadFacts>,
    /// How the run ended, if not by itself: a sentence each.
    pub cut: &'a [String],
    /// Whether the observer was there all the time.
    pub heard_all: bool,
    /// How late the observer came to its looks at the clock, where it looked.
    pub hearing: Option<&'a Series>,
    /// How late the proxy of the faults handed on what they had held, where there was one.
    pub proxy: Option<&'a ProxyFacts>,
    /// Bound on the lateness (p99), ms.
    pub lateness_bound_ms: f64,
}

/// How late the proxy of the faults handed on what they had held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProxyFacts {
    /// Chunks that they held.
    pub held: u64,
    /// The p99, ms.
    pub p99_ms: f64,
    /// The latest, ms.
    pub latest_ms: f64,
}

/// One threshold and what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The figure's name.
    pub figure: String,
    /// What it must be, as typed.
    pub must: String,
    /// What it is.
    pub found: Option<f64>,
    /// The same for a reader.
    pub found_text: String,
    /// Whether it holds, or is not assessed.
    pub pass: bool,
    /// Nobody typed it: it holds of every run.
    pub implied: bool,
    /// It says nothing: faults took most of what it speaks of, or stood between the copies and the gateway.
    pub not_assessed: bool,
}

/// The verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// True when everything holds.
    pub pass: bool,
    /// Why not.
    pub reasons: Vec<String>,
    /// Why the harness itself cannot be trusted; empty when it can.
    pub invalid: Vec<String>,
    /// What is worth saying and changes nothing.
    pub remarks: Vec<String>,
    /// Each threshold.
    pub checks: Vec<Check>,
    /// What could not be assessed, and why.
    pub not_assessed: Vec<NotAssessed>,
    /// Losses that stand also where the harness cannot be trusted: their messages had left in time.
    pub stands: Vec<String>,
}

/// What is said of a threshold on a figure that says nothing of the gateway.
const OF_HARNESS: &str = ": that judges the harness, not the gateway";

/// Applies the thresholds.
pub fn judge(thresholds: &Thresholds, evidence: Evidence<'_>) -> Verdict {
    let (late, mut remarks) = lateness(&evidence);
    let invalid = late.into_iter().chain(proxy_lateness(&evidence)).chain(undecidable(&evidence));
    let mut invalid: Vec<String> = invalid.collect();
    let mut reasons: Vec<String> = evidence.cut.to_vec();
    reasons.extend(invalid.iter().cloned());
    if evidence.tally.expected == 0 {
        reasons.push("no answer was expected, so nothing could be judged".into());
    }
    let mut not_assessed = taken::not_assessed(&evidence);
    let (mut checks, mut slow) = (Vec::new(), Vec::new());
    let typed = thresholds.iter().map(|(name, must)| (name.as_str(), must.as_str(), false));
    let implied = implied::implied(thresholds, &evidence).map(|(name, must)| (name, must, true));
    for (name, must, implied) in typed.chain(implied) {
        let (mut check, reason) = check(name, must, &evidence);
        check.implied = implied;
        let found = figure(name, &evidence);
        check.not_assessed |= taken::says_nothing(&check, found.as_ref(), &not_assessed);
        // What was not measured is no fault of an ear.
        let measured_and_broken = !check.pass && check.found.is_some();
        let of_harness = measured_and_broken && is_of_the_harness(name);
        slow.extend(found.and_then(|figure| figure.ear()).filter(|_| measured_and_broken));
        checks.push(check);
        let reason = reason.map(|text| match implied {
            true => text + implied::REMEDY,
            false if of_harness => text + OF_HARNESS,
            false => text,
        });
        invalid.extend(reason.iter().filter(|_| of_harness).cloned());
        reasons.extend(reason);
    }
    let of_copies = checks.iter().any(|check| check.not_assessed && check.figure.starts_with("load."));
    let unheard = evidence.load.filter(|facts| of_copies && !facts.answers.promised);
    not_assessed.extend(unheard.map(load::not_assessed));
    // An answer that was stamped late makes a time longer, never shorter: what holds all the same holds.
    for (ear, why) in hard_of_hearing(&evidence) {
        if slow.contains(&ear) {
            reasons.push(why.clone());
            invalid.push(why);
        } else {
            remarks.push(why);
        }
    }
    let (pass, stands) = (reasons.is_empty(), stands(&evidence));
    Verdict { pass, reasons, invalid, remarks, checks, not_assessed, stands }
}

/// Messages that left in time and were never answered: however slow the harness was elsewhere, that was not its doing.
/// Nothing is said where the observer itself was not there all the time.
fn stands(evidence: &Evidence<'_>) -> Vec<String> {
    let bound_us = (evidence.lateness_bound_ms * 1000.0) as i64;
    let in_time = |m: &&Message| {
        let late = m.answer.left_us.map(|left| left - m.answer.intended_us);
        m.answer.outcome == Outcome::Missed && late.is_some_and(|late| late <= bound_us)
    };
    let names: Vec<String> = evidence.messages.iter().filter(in_time).map(Message::name).collect();
    if names.is_empty() || !evidence.heard_all {
        return Vec::new();
    }
    let missed = evidence.tally.missed;
    vec![format!(
        "{} of {missed} missed messages had left within {} ms of their instants: they were lost however slow the harness was elsewhere: {}",
        names.len(),
        evidence.lateness_bound_ms,
        reason::list(&names)
    )]
}

fn check(name: &str, must: &str, evidence: &Evidence<'_>) -> (Check, Option<String>) {
    let failed = |found_text: &str| Check {
        figure: name.into(),
        must: must.into(),
        found: None,
        found_text: found_text.into(),
        pass: false,
        implied: false,
        not_assessed: false,
    };
    let bound = match must.parse::<Bound>() {
        Ok(bound) => bound,
        Err(wrong) => return (failed("unreadable"), Some(format!("threshold `{name}`: {wrong}"))),
    };
    let Some(figure) = figure(name, evidence) else {
        let text = format!(
            "threshold `{name}`: there is no such figure; names are like `missed`, `beam.response.p99`"
        );
        return (failed("no such figure"), Some(text));
    };
    if load::is_not_assessed(&figure.what, evidence.load) {
        return (Check { pass: true, not_assessed: true, ..failed("not assessed") }, None);
    }
    let Some(value) = figure.value else {
        let text = format!("{name} must be {must}, but it was not measured: {}", figure.why_not);
        return (failed("not measured"), Some(text));
    };
    let pass = bound.holds(value);
    let found_text = figure.text();
    let reason = (!pass).then(|| reason::sentence(name, must, &figure, evidence));
    (Check { found: Some(value), pass, ..failed(&found_text) }, reason)
}

/// Messages of which one alone does not make a run invalid, and chunks below which the proxy of the faults is not judged.
const FEW: u64 = 100;

/// Whether the harness kept its own schedule: why not, or a remark.
fn lateness(evidence: &Evidence<'_>) -> (Option<String>, Vec<String>) {
    let mut lateness = evidence.latency.all.lateness.clone();
    lateness.merge(&evidence.floor.all.lateness);
    let bound = evidence.lateness_bound_ms;
    let (late, all) = (lateness.above_ms(bound), lateness.count());
    let worst = lateness.max_ms().unwrap_or_default();
    let broken = lateness.percentile_ms(99.0).is_some_and(|p99| p99 > bound);
    match late {
        2.. if broken => {
            let text = format!(
                "the harness was too slow for its own schedule: {late} of {all} messages left more than {bound} ms late, the latest {worst:.1} ms; the bound allows 1 in 100"
            );
            (Some(text), Vec::new())
        }
        1 if all < FEW => {
            let text = format!(
                "1 of {all} messages left {worst:.1} ms late, the bound is {bound} ms; one alone of fewer than {FEW} makes the run invalid only where a threshold asks for it"
            );
            (None, vec![text])
        }
        _ => (None, Vec::new()),
    }
}

/// Why the proxy of the faults cannot be trusted: what it added is no fault that anybody asked for.
fn proxy_lateness(evidence: &Evidence<'_>) -> Option<String> {
    let (bound, ProxyFacts { held, p99_ms, latest_ms }) = (evidence.lateness_bound_ms, evidence.proxy?);
    (*held >= FEW && *p99_ms > bound).then(|| {
        format!(
            "the proxy of the faults was too slow for its own schedule: of {held} chunks that they had held 1 in 100 left {p99_ms:.1} ms late or later, the latest {latest_ms:.1} ms; the bound is {bound} ms"
        )
    })
}

/// Who came too late to the answers: then their times are the harness's own as well as the gateway's.
fn hard_of_hearing(evidence: &Evidence<'_>) -> Vec<(Ear, String)> {
    let bound = evidence.lateness_bound_ms;
    let ears = [
        (Ear::Observer, "its observer", "answers", evidence.hearing),
        (
            Ear::Copies,
            "who hears the answers to the copies",
            "those answers",
            evidence.load.map(|l| &l.hearing),
        ),
    ];
    let told = |(ear, who, what, looks): (Ear, &str, &str, Option<&Series>)| {
        let looks = looks?;
        looks.percentile_ms(99.0).filter(|p99| *p99 > bound)?;
        let why = format!(
            "the harness was too slow to hear: {who} came more than {bound} ms late to {} of {} looks at what waited, the latest {:.1} ms; the bound allows 1 in 100; times of {what} are its own as well as the gateway's",
            looks.above_ms(bound),
            looks.count(),
            looks.max_ms().unwrap_or_default()
        );
        Some((ear, why))
    };
    ears.into_iter().filter_map(told).collect()
}

/// Too many answers of a whole run that cannot be judged.
fn undecidable(evidence: &Evidence<'_>) -> Option<String> {
    let Tally { expected, undecidable, .. } = *evidence.tally;
    let many = evidence.cut.is_empty() && undecidable as f64 > UNDECIDABLE_BOUND * expected as f64;
    many.then(|| {
        let what = reason::named(evidence, None, Outcome::Undecidable);
        format!("{undecidable} of {expected} answers could not be judged, more than 0.1 %: {what}")
    })
}
