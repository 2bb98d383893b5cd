//! Whether an arm that met something goes up again: the gateway raises it, and does not bring it down on what is there.

use super::{About, RulePart, Run, classes, conclude, had_us};
use crate::pairing::Told;
use crate::record::Micros;
use crate::verdict::Message;

/// What a barrier says when something is under its arm.
const BLOCKED: &str = "arm_blocked";
/// What it says when nothing is any more.
const CLEAR: [&str; 2] = ["arm_lowered", "vehicle_passed"];
const LIFT: &str = "lift";
const LOWER: &str = "lower";

pub(super) fn raised(part: &mut RulePart, run: &Run<'_>, most_s: f64) {
    (part.demanded, part.unit) = (Some(most_s), "s".into());
    let most_us = (most_s * 1e6) as Micros;
    let (meant, signals) = (["barrier".to_owned()], [BLOCKED.to_owned()]);
    let about = About { signals: &signals, ..About::speaking(&meant) };
    let (mut judged, mut wrong, mut slowest) = (Vec::new(), Vec::new(), None);
    for m in about.of(run) {
        let (from_us, until_us) = (had_us(m), until_us(run, m));
        let lowered = told(run, m, LOWER).map(|t| t.command.received_us);
        let lowered = lowered.filter(|at| (from_us..until_us).contains(at)).min();
        let done = told(run, m, LIFT).filter(|t| t.execution_us().is_some());
        let done = done.filter_map(|t| Some(t.answer.as_ref()?.executed_us));
        let took_us = done.filter(|at| (from_us..until_us).contains(at)).min().map(|at| at - from_us);
        let is_known = took_us.is_some() || until_us >= from_us + most_us;
        let is_late = took_us.is_none_or(|us| us > most_us);
        let deaf = is_late && run.deaf.one_of([m.answer.device], from_us, from_us + most_us);
        if (!is_known || deaf) && lowered.is_none() {
            continue;
        }
        judged.push(m);
        slowest = slowest.max(took_us);
        let after_s = |us: Micros| us as f64 / 1e6;
        wrong.extend(lowered.map(|at| {
            format!(
                "{}: it is told to come down {:.3} s after it met something",
                m.name(),
                after_s(at - from_us)
            )
        }));
        wrong.extend(match took_us {
            _ if deaf => None,
            None if is_known => Some(format!("{}: it is not raised", m.name())),
            Some(us) if us > most_us => {
                Some(format!("{}: it is raised after {:.3} s", m.name(), after_s(us)))
            }
            _ => None,
        });
    }
    let slowest = slowest.map(|us| us as f64 / 1e6);
    conclude(part, run, about, &classes(&judged), (slowest, wrong));
}

/// The commands of a word to the device of a message.
fn told<'a>(run: &Run<'a>, m: &Message, word: &'a str) -> impl Iterator<Item = &'a Told> {
    let device = m.answer.device;
    run.told.iter().filter(move |told| told.command.device == device && told.command.command == word)
}

/// Until when something is under the arm and looked at: until the barrier says otherwise, another window of the day begins,
/// or nobody listens.
fn until_us(run: &Run<'_>, m: &Message) -> Micros {
    let from_us = m.answer.intended_us;
    let clears = run.messages.iter().filter(|other| {
        other.answer.device == m.answer.device
            && CLEAR.contains(&other.signal.as_str())
            && other.because.is_none()
            && other.answer.intended_us > from_us
    });
    let next = run.windows.iter().copied().filter(|at| *at > from_us);
    let ends = clears.map(|other| other.answer.intended_us).chain(next);
    ends.chain([run.listened_until_us]).min().unwrap_or(from_us)
}
