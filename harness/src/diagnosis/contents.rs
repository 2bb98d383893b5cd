//! Explainers of answers with something wrong in them.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{Case, Field, Symptom};
use super::record::{Heard, Said, Sent};
use super::{DEFECT, Explanation};

/// Times that are off by a multiple of this are off by a time zone, ms.
const ZONE_MS: i64 = 1_800_000;
/// How far outside of the time between a message and its answer a gateway's own clock may be, ms.
const NEAR_MS: i64 = 1_500;

/// What an answer looks like beside its message.
struct Wrong<'a> {
    place: usize,
    number: usize,
    sent: &'a Sent,
    heard: &'a Heard,
    said: &'a Said,
    field: Field,
}

pub(super) fn all(case: &Case<'_>) -> Vec<Explanation> {
    let wrong: Vec<Wrong<'_>> = (0..case.symptoms.len()).filter_map(|place| wrong(case, place)).collect();
    let mut found = ids(case, &wrong);
    found.extend(times(case, &wrong));
    found.extend(names(case, &wrong));
    found.push(unreadable(case));
    found
}

fn wrong<'a>(case: &Case<'a>, place: usize) -> Option<Wrong<'a>> {
    let Symptom::Wrong(i, h, field) = case.symptoms[place] else { return None };
    let (sent, heard) = (&case.record.sent[i], &case.record.heard[h]);
    Some(Wrong { place, number: i, sent, heard, said: heard.said.as_ref()?, field })
}

/// What a test picks; nothing when it picks fewer than two.
fn picked(
    case: &Case<'_>,
    id: &'static str,
    why: &str,
    wrong: &[Wrong<'_>],
    test: impl Fn(&Wrong<'_>) -> bool,
) -> Explanation {
    let picked: Vec<&Wrong<'_>> = wrong.iter().filter(|wrong| test(wrong)).collect();
    let messages: BTreeSet<usize> = picked.iter().map(|wrong| wrong.number).collect();
    let covers =
        if messages.len() < 2 { Vec::new() } else { picked.iter().map(|wrong| wrong.place).collect() };
    let evidence = format!("{why}: {}, {}", messages.len(), case.ids(messages));
    Explanation { id, covers, bits: DEFECT, evidence }
}

fn ids(case: &Case<'_>, wrong: &[Wrong<'_>]) -> Vec<Explanation> {
    let is_id = |wrong: &Wrong<'_>| wrong.field == Field::Id;
    let said = |wrong: &Wrong<'_>| wrong.said.id.clone().unwrap_or_default();
    let previous = |wrong: &Wrong<'_>| {
        let before = case.record.sent[..wrong.number].iter().rev();
        let before = before.filter(|sent| sent.device == wrong.sent.device);
        // One that was lost on the way may stand between.
        before.take(3).any(|sent| sent.id == said(wrong))
    };
    let cut = |wrong: &Wrong<'_>| {
        let said = said(wrong);
        !said.is_empty() && said.len() < wrong.sent.id.len() && wrong.sent.id.starts_with(&said)
    };
    vec![
        picked(case, "id-case-folded", "ids in another case", wrong, |w| {
            is_id(w) && said(w) != w.sent.id && said(w).to_lowercase() == w.sent.id.to_lowercase()
        }),
        picked(case, "id-truncated", "the beginning of the id", wrong, |w| is_id(w) && cut(w)),
        picked(case, "id-previous", "the id of the device's message before", wrong, |w| {
            is_id(w) && previous(w)
        }),
        picked(case, "id-missing", "no id", wrong, |w| is_id(w) && w.said.id.is_none()),
    ]
}

fn times(case: &Case<'_>, wrong: &[Wrong<'_>]) -> Vec<Explanation> {
    let off = |wrong: &Wrong<'_>| {
        (wrong.field == Field::Ts).then(|| wrong.said.ts.map(|ts| ts - wrong.sent.ts)).flatten()
    };
    let mut zones: BTreeMap<i64, usize> = BTreeMap::new();
    let whole = wrong.iter().filter_map(off).filter(|off| off % ZONE_MS == 0);
    whole.for_each(|off| *zones.entry(off).or_default() += 1);
    let zone = zones.into_iter().max_by_key(|(_, count)| *count).map(|(off, _)| off);
    let hours = zone.unwrap_or_default() as f64 / 3_600_000.0;
    let own = |wrong: &Wrong<'_>| {
        let ts = wrong.said.ts.unwrap_or_default();
        // It may have come to the message long before it said so, if it keeps answers back.
        let between = wrong.sent.wall_ms - NEAR_MS..=wrong.heard.wall_ms + NEAR_MS;
        wrong.field == Field::Ts && between.contains(&ts)
    };
    vec![
        picked(case, "ts-zone-off", &format!("{hours} h off"), wrong, |w| off(w).is_some() && off(w) == zone),
        picked(case, "ts-own-clock", "the gateway's time", wrong, own),
        picked(case, "clock-off", "a clock that cannot be right", wrong, |w| w.field == Field::Clock),
        picked(case, "ts-in-seconds", "seconds for milliseconds", wrong, |w| {
            w.field == Field::Ts && w.said.ts == Some(w.sent.ts / 1000)
        }),
    ]
}

fn names(case: &Case<'_>, wrong: &[Wrong<'_>]) -> Vec<Explanation> {
    let both: BTreeSet<usize> = wrong.iter().filter(|w| w.field == Field::Device).map(|w| w.number).collect();
    let of_device = |w: &Wrong<'_>| matches!(w.field, Field::Device | Field::Topic);
    let garbled = |w: &Wrong<'_>| {
        let latin: String = w.sent.device.bytes().map(char::from).collect();
        w.said.device.as_ref() == Some(&latin) && latin != w.sent.device
    };
    let swapped = |w: &Wrong<'_>| {
        matches!((w.sent.kind.as_str(), w.said.kind.as_str()), ("alarm", "info") | ("info", "alarm"))
    };
    vec![
        picked(case, "wrong-device", "another device's name", wrong, |w| {
            of_device(w) && both.contains(&w.number) && w.said.device.as_ref() == Some(&w.heard.topic)
        }),
        picked(case, "wrong-topic", "another device's topic", wrong, |w| {
            w.field == Field::Topic && !both.contains(&w.number)
        }),
        picked(case, "text-garbled", "UTF-8 as Latin-1", wrong, |w| of_device(w) && garbled(w)),
        picked(case, "severity-swapped", "alarm and info exchanged", wrong, |w| {
            w.field == Field::Kind && swapped(w)
        }),
    ]
}

fn unreadable(case: &Case<'_>) -> Explanation {
    let covers = case.places(|symptom| matches!(symptom, Symptom::Unreadable(..)));
    let raw = covers.iter().filter_map(|place| match case.symptoms[*place] {
        Symptom::Unreadable(h, _) => Some(case.record.heard[h].raw.as_str()),
        _ => None,
    });
    let evidence =
        format!("{} that are no JSON: {}", covers.len(), raw.take(2).collect::<Vec<_>>().join(" "));
    Explanation { id: "malformed-json", covers, bits: DEFECT, evidence }
}
