//! Incidents of the tape, and what devices and the gateway said about them.

use std::collections::BTreeMap;

use palisade_sim::contract::{Cause, Gravity, Incident, Stimulus};
use palisade_sim::whole::Tape;
use palisade_sim::words::{IncidentId, StimulusId};

use super::model::{IncidentPart, KindCount, SaidPart};
use crate::verdict::Message;

/// Incidents told one by one.
const TOLD: usize = 4_000;
/// Messages told for one incident.
const SAID: usize = 24;

/// Stimuli by the incident that caused them.
fn causes(tape: &Tape) -> BTreeMap<IncidentId, Vec<&Stimulus>> {
    let mut causes: BTreeMap<IncidentId, Vec<&Stimulus>> = BTreeMap::new();
    for stimulus in &tape.stimuli {
        if let Cause::Incident(id) = stimulus.cause {
            causes.entry(id).or_default().push(stimulus);
        }
    }
    causes
}

/// The word of an enum value as serde writes it.
pub(super) fn word<T: serde::Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).ok();
    value.as_ref().and_then(|v| v.as_str()).unwrap_or_default().to_owned()
}

/// Counts of all incidents by kind.
pub(super) fn by_kind(tape: &Tape) -> BTreeMap<String, KindCount> {
    let causes = causes(tape);
    let mut kinds: BTreeMap<String, KindCount> = BTreeMap::new();
    for incident in &tape.incidents {
        let kind = kinds.entry(word(&incident.kind)).or_default();
        kind.count += 1;
        kind.detected += usize::from(causes.contains_key(&incident.id));
        let hour = incident.began.0.div_euclid(3_600_000).clamp(0, 23) as usize;
        kind.by_hour[hour] += 1;
    }
    kinds
}

/// Incidents that matter, and those whose messages were driven.
pub(super) fn told(tape: &Tape, messages: &[Message]) -> Vec<IncidentPart> {
    let causes = causes(tape);
    let driven: BTreeMap<StimulusId, &Message> = messages.iter().map(|m| (m.answer.stimulus, m)).collect();
    let stimuli = |i: &Incident| causes.get(&i.id).map_or(&[][..], Vec::as_slice);
    let wanted = |i: &&Incident| {
        i.kind.gravity() >= Gravity::Notable || stimuli(i).iter().any(|s| driven.contains_key(&s.id))
    };
    let told = tape.incidents.iter().filter(wanted).take(TOLD);
    told.map(|i| tell(tape, i, stimuli(i), &driven)).collect()
}

fn tell(
    tape: &Tape,
    incident: &Incident,
    stimuli: &[&Stimulus],
    driven: &BTreeMap<StimulusId, &Message>,
) -> IncidentPart {
    let first = stimuli.iter().map(|s| s.due).min();
    let messages: Vec<&Message> = stimuli.iter().filter_map(|s| driven.get(&s.id).copied()).collect();
    let answered = messages.iter().filter_map(|m| Some((m.answer.observed_us?, m.response_ms()?)));
    let latency_ms = answered.min_by_key(|(seen, _)| *seen).map(|(_, ms)| ms);
    let why = match (stimuli.is_empty(), messages.is_empty()) {
        (true, _) => "no device noticed it",
        (_, true) => "outside the driven windows",
        _ => "driven, but no right answer came",
    };
    let mut said: Vec<SaidPart> = stimuli.iter().map(|s| said(tape, s, driven.get(&s.id).copied())).collect();
    said.sort_by_key(|s| (s.outcome.is_none(), s.due_ms));
    said.truncate(SAID);
    said.sort_by_key(|s| s.due_ms);
    IncidentPart {
        id: incident.id.0,
        kind: incident.kind,
        gravity: incident.kind.gravity(),
        origin: incident.origin,
        began_ms: incident.began.0,
        ended_ms: incident.ended.map(|t| t.0),
        at_m: incident.place.xy_m(),
        actor: incident.actor.clone(),
        outcome: incident.outcome.clone(),
        detected: !stimuli.is_empty(),
        noticed_after_ms: first.map(|t| (t - incident.began).0),
        latency_ms,
        why_no_latency: latency_ms.is_none().then(|| why.to_owned()),
        messages: stimuli.len(),
        said,
    }
}

fn said(tape: &Tape, stimulus: &Stimulus, message: Option<&Message>) -> SaidPart {
    SaidPart {
        due_ms: stimulus.due.0,
        device: tape.devices.get(stimulus.device.index()).map_or_else(String::new, |d| d.id.to_string()),
        signal: stimulus.signal.word(),
        severity: stimulus.signal.severity(),
        outcome: message.map(|m| m.answer.outcome.word().to_owned()),
        response_ms: message.and_then(Message::response_ms),
    }
}
