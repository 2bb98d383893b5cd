//! The same of something that the gateway said and that answers nothing: what the id that it carries means, what the device
//! said before, and what happened around it.

use super::{
    AROUND_US, About, Assembled, Explanation, FORMAT, Folder, Step, drivable, id, length, log_steps,
    threshold,
};
use crate::pairing::{Extra, ExtraKind};
use crate::record::Observation;
use crate::report::told::quoted;

/// What it is called, as its threshold is.
pub(in crate::report) const SPURIOUS: &str = "spurious";

/// The first that is held against the gateway.
pub(super) fn first(assembled: &Assembled) -> Option<&Observation> {
    held(assembled).map(|extra| &extra.observation).next()
}

/// The first of them with an id.
pub(in crate::report) fn with_id<'a>(assembled: &'a Assembled, id: &str) -> Option<&'a Observation> {
    held(assembled).map(|extra| &extra.observation).find(|seen| seen.correlation.as_deref() == Some(id))
}

fn held(assembled: &Assembled) -> impl Iterator<Item = &Extra> {
    assembled.main.pairing.extras.iter().filter(|extra| extra.kind.is_spurious())
}

/// Tells it.
pub(super) fn tell(folder: &Folder, assembled: &Assembled, seen: &Observation) -> Explanation {
    let at_us = seen.received_us;
    let about = About { due_us: at_us, until_us: at_us };
    let id = seen.correlation.clone().unwrap_or_default();
    let mut steps = vec![meaning(folder, assembled, seen), before(assembled, seen)];
    steps.extend(about.restarts(folder));
    let text = format!("{} {} on {}", seen.device, seen.signal, seen.topic);
    let bytes = Some(seen.payload.clone());
    steps.push(Step { after_ms: Some(0.0), stage: "gateway", text, bytes });
    steps.extend(log_steps(&folder.path, (at_us - AROUND_US, at_us + AROUND_US), at_us));
    let text = "nothing that was driven asks for it".to_owned();
    steps.push(Step { after_ms: Some(0.0), stage: "outcome", text, bytes: None });
    let run = quoted(&folder.path.display().to_string());
    let shrinks = threshold(&assembled.report, SPURIOUS).is_some() && drivable(folder).is_ok();
    let shrink = format!("palisade shrink {run} {SPURIOUS}    # the smallest scenario that still fails");
    let next = shrinks.then_some(shrink).into_iter().chain([assembled.report.run.command.clone()]);
    Explanation {
        format: FORMAT,
        name: format!(
            "{} {} {}, {:.1} s after the run's start",
            seen.device,
            seen.signal,
            seen.correlation.as_deref().unwrap_or("without id"),
            at_us as f64 / 1e6
        ),
        id,
        outcome: SPURIOUS.into(),
        upstream: None,
        steps,
        next: next.collect(),
    }
}

/// What its id says.
fn meaning(folder: &Folder, assembled: &Assembled, seen: &Observation) -> Step {
    let run = folder.journal.start.as_ref().map_or("", |start| start.run.as_str());
    let carried = seen.correlation.as_deref();
    let number = carried.and_then(|carried| id::read(run, carried)).flatten();
    let on_tape = folder.tape.as_ref().ok().zip(number).and_then(|(tape, id)| {
        let stimulus = tape.stimuli.get(id.index())?;
        let device = tape.devices.get(stimulus.device.index())?;
        Some(format!("{} of {} at {}", stimulus.signal.word(), device.id, stimulus.due))
    });
    let other = held(assembled).any(|extra| extra.observation == *seen && extra.kind == ExtraKind::OtherRun);
    let text = match (carried, on_tape) {
        (None, _) => "it carries no id, and no message of its device waited for an answer".to_owned(),
        (Some(_), Some(what)) => format!("its id is that of {what}, which was not driven"),
        (Some(_), None) if other => "its id is one of another run".to_owned(),
        (Some(_), None) => "nothing was sent with its id".to_owned(),
    };
    Step { after_ms: None, stage: "incident", text, bytes: None }
}

/// The last message of the device that it names.
fn before(assembled: &Assembled, seen: &Observation) -> Step {
    let own = assembled.main.messages.iter().filter(|m| m.device == seen.device);
    let sent = own.filter_map(|m| Some((m.answer.left_us.filter(|left| *left <= seen.received_us)?, m)));
    let (after_ms, text) = match sent.max_by_key(|(left_us, _)| *left_us) {
        Some((left_us, m)) => {
            let (ago, outcome) =
                (length(seen.received_us - left_us), m.answer.outcome.word().replace('_', " "));
            let text = format!(
                "the device's last message, {} {}, left {ago} before and is {outcome}",
                m.signal, m.id
            );
            (Some((left_us - seen.received_us) as f64 / 1e3), text)
        }
        None => (None, "the device that it names had sent nothing that expects an answer".to_owned()),
    };
    Step { after_ms, stage: "device", text, bytes: None }
}
