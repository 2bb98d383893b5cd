//! What the copies of the compound came to, and those who heard the gateway beside it.

use std::collections::BTreeMap;

use palisade_sim::model::drive::Drive;

use super::model::{LoadPart, NotePart, Spread, SubscriberPart};
use crate::latency::Series;
use crate::pairing::Tally;
use crate::record::{Load, LoadAnswers, Micros, Subscribed};
use crate::verdict::{LoadFacts, Message, SubscriberFacts};
use crate::words::counted;

/// Their histograms by name.
pub(super) fn series(load: &Load) -> BTreeMap<String, Series> {
    // Journals of old have the acknowledgements under another name.
    let named = |name: &str| if name == "response" { "acknowledged" } else { name }.to_owned();
    let read = |(name, text): (&String, &String)| Some((named(name), Series::unpack(text)?));
    load.histograms.iter().filter_map(read).collect()
}

/// The part of the report.
pub(super) fn part(
    load: &Load,
    (series, drive): (&BTreeMap<String, Series>, &Drive),
    messages: &[Message],
) -> LoadPart {
    let of = |name: &str| series.get(name).map_or_else(Spread::default, Spread::of);
    LoadPart {
        counts: load.counts.clone(),
        pickup_ms: of("pickup"),
        pickup_bound_ms: (load.counts.copies > 0).then(|| drive.load_lateness_bound().as_seconds() * 1_000.0),
        lateness_ms: of("lateness"),
        service_ms: of("service"),
        acknowledged_ms: of("acknowledged"),
        absence_ms: of("absence"),
        drained_ms: of("drained"),
        answers_ms: of("answers"),
        hearing_ms: of("hearing"),
        answers: load.answers.clone(),
        subscribers: load.subscribers.iter().map(|one| subscriber(one, messages)).collect(),
    }
}

/// What is known of the copies of a run that was killed, and of those who heard the gateway beside it.
pub(super) fn so_far(load: &Load) -> Vec<NotePart> {
    let until = format!("until {:.1} s, when they were last written down", load.at_us as f64 / 1e6);
    let each = load.subscribers.iter().map(|one| &one.counts);
    let each =
        each.map(|one| format!("{} owed {}, lost {}", one.name, counted(one.owed, "message"), one.lost));
    let each: Vec<String> = each.collect();
    let subscribers = (!each.is_empty()).then(|| format!("subscribers {until}: {}", each.join("; ")));
    let all = of_copies(load, &until).into_iter().chain(subscribers).filter(|_| load.so_far);
    all.map(|text| NotePart { at_us: Some(load.at_us), kind: "load".into(), text }).collect()
}

fn of_copies(load: &Load, until: &str) -> Option<String> {
    let counts = &load.counts;
    let answers = load.answers.as_ref()?;
    let Tally { expected, answered, undecidable, .. } = answers.all;
    let heard = match answers.heard {
        true => {
            format!("{expected} answers to them owed, {answered} as they should be, {undecidable} undecided")
        }
        false => answers.why_not.clone(),
    };
    let (copies, left, acknowledged) = (counts.copies, counts.left, counts.answered);
    Some(format!(
        "messages of the {copies} copies {until}: {left} left, {acknowledged} acknowledged; {heard}"
    ))
}

fn subscriber(one: &Subscribed, messages: &[Message]) -> SubscriberPart {
    let behind = Series::unpack(&one.behind).unwrap_or_default();
    let [meanwhile, otherwise] = compound(&[one], messages);
    SubscriberPart {
        counts: one.counts.clone(),
        behind_ms: Spread::of(&behind),
        compound_meanwhile_ms: Spread::of(&meanwhile),
        compound_otherwise_ms: Spread::of(&otherwise),
    }
}

/// How long the compound's own answers took: those to what was due while somebody was away or slow, and the others.
fn compound(of: &[&Subscribed], messages: &[Message]) -> [Series; 2] {
    let mut both = [Series::default(), Series::default()];
    let within =
        |at: Micros| of.iter().filter_map(|one| one.stretch_us).any(|(from, to)| (from..to).contains(&at));
    for message in messages {
        let Some(ms) = message.response_ms() else { continue };
        both[usize::from(!within(message.answer.intended_us))].take((ms * 1_000.0) as Micros);
    }
    both
}

/// What the verdict looks at of the copies; nothing when there were none.
pub(super) fn copies(load: Option<&Load>) -> Option<LoadFacts> {
    let load = load.filter(|load| load.counts.copies > 0)?;
    let answers = load.answers.clone().unwrap_or_else(|| LoadAnswers {
        why_not: "the run was made before anybody heard them".into(),
        ..LoadAnswers::default()
    });
    let of =
        |name: &str| load.histograms.get(name).and_then(|packed| Series::unpack(packed)).unwrap_or_default();
    let (response, posted, hearing) = (of("answers"), of("upstream"), of("hearing"));
    Some(LoadFacts { counts: load.counts.clone(), answers, response, posted, hearing })
}

/// What the verdict looks at of the subscribers; nothing when nobody subscribed.
pub(super) fn facts(load: Option<&Load>, messages: &[Message]) -> Option<SubscriberFacts> {
    let subscribers = &load?.subscribers;
    let others: Vec<&Subscribed> = subscribers.iter().filter(|one| one.stretch_us.is_some()).collect();
    let mut behind = Series::default();
    others.iter().filter_map(|one| Series::unpack(&one.behind)).for_each(|series| behind.merge(&series));
    let [meanwhile, _] = compound(&others, messages);
    let counts = subscribers.iter().map(|one| one.counts.clone()).collect();
    (!others.is_empty()).then_some(SubscriberFacts { counts, behind, meanwhile })
}
