//! Explainers of what was said though nobody had to.

use super::case::{Case, Symptom};
use super::record::{Heard, Sent};
use super::{DEFECT, EXCEPTION, Explanation, chance};

/// How soon after a subscriber's return, or a restart, what is repeated because of it comes, µs.
const SOON_US: i64 = 700_000;
/// How soon after a heartbeat what is made of it comes, µs.
const BEAT_US: i64 = 200_000;

pub(super) fn all(case: &Case<'_>) -> Vec<Explanation> {
    let mut found = repeated(case);
    found.extend(spurious(case));
    found.push(retained(case));
    found
}

fn explained(id: &'static str, covers: Vec<usize>, extra_bits: f64, evidence: String) -> Explanation {
    Explanation { id, covers, bits: DEFECT + extra_bits, evidence }
}

fn repeated(case: &Case<'_>) -> Vec<Explanation> {
    let record = case.record;
    let twice = |test: &dyn Fn(usize, &Heard) -> bool| {
        case.places(|symptom| matches!(symptom, Symptom::Twice(i, h) if test(*i, &record.heard[*h])))
    };
    let ids = |places: &[usize]| {
        case.ids(places.iter().filter_map(|place| match case.symptoms[*place] {
            Symptom::Twice(i, _) => Some(i),
            _ => None,
        }))
    };
    let copied = |marked: bool| {
        let has = |i: usize| case.copies[i].iter().any(|copy| !marked || record.sent[*copy].dup);
        let covers = twice(&|i, _| has(i));
        let spared =
            case.owed.iter().filter(|i| has(**i) && case.answers[**i].len() == 1).count() as f64 * EXCEPTION;
        (covers, spared)
    };
    let restarts: Vec<i64> = record.lives.iter().skip(1).map(|life| life.from_us).collect();
    let soon = |from: i64, heard: &Heard| (from..from + SOON_US).contains(&heard.at_us);
    // Whether something sent at an instant is heard again because of a restart, or of a return without one.
    let restarted = |at_us: i64, heard: &Heard| {
        restarts.iter().any(|at| at_us < *at && soon(record.hearable_from(*at), heard))
    };
    let back = |at_us: i64, heard: &Heard| {
        let mut plain =
            record.absences.iter().filter(|(from, to)| !restarts.iter().any(|at| (from..to).contains(&at)));
        plain.any(|(_, to)| at_us < *to && soon(*to, heard))
    };
    // That a device vanished is said again with the rest.
    let again = |test: &dyn Fn(i64, &Heard) -> bool| {
        let offline = case.places(|symptom| match symptom {
            Symptom::FalseOffline(h) | Symptom::OfflineTwice(h) => test(0, &record.heard[*h]),
            _ => false,
        });
        let said = twice(&|i, heard| test(record.sent[i].at_us, heard));
        if said.is_empty() { said } else { said.into_iter().chain(offline).collect() }
    };
    let (after_restart, after_return) = (again(&restarted), again(&back));
    let all = twice(&|_, _| true);
    let (of, n) = (all.len(), case.owed.len());
    let (marked, marked_spared) = copied(true);
    let (any, any_spared) = copied(false);
    let mut found = vec![
        ("twice-after-retry", marked, marked_spared, "sent again with DUP, answered again"),
        ("repeats-passed", any, any_spared, "sent again, answered again"),
        ("replayed-after-restart", after_restart, 0.0, "answered before the restart and after it"),
        ("redelivered-after-return", after_return, 0.0, "answered again when the subscriber came back"),
    ];
    if of >= 5 {
        let offline = case.places(|symptom| matches!(symptom, Symptom::OfflineTwice(_)));
        let all = all.into_iter().chain(offline).collect();
        found.push(("twice-at-random", all, chance(of, n), "answered again without a rule"));
    }
    let named = found.into_iter().filter(|(_, covers, ..)| covers.len() >= 2);
    named
        .map(|(id, covers, bits, why)| {
            let evidence = format!("{why}: {} of {n}, {}", covers.len(), ids(&covers));
            explained(id, covers, bits, evidence)
        })
        .collect()
}

fn spurious(case: &Case<'_>) -> Vec<Explanation> {
    let record = case.record;
    let which = |test: &dyn Fn(&Heard) -> bool| {
        case.places(|symptom| matches!(symptom, Symptom::Spurious(h) if test(&record.heard[*h])))
    };
    let id = |heard: &Heard| heard.said.as_ref().and_then(|said| said.id.clone());
    let is_ours = |id: &str| id.split_once('-').is_some_and(|(run, _)| run == record.run);
    let beats = |heard: &Heard| {
        id(heard).is_none()
            && record
                .beats
                .iter()
                .any(|(at, device)| *device == heard.topic && (*at..at + BEAT_US).contains(&heard.at_us))
            && heard.said.as_ref().is_some_and(|said| said.kind != "restore")
    };
    let restores =
        |heard: &Heard| id(heard).is_none() && heard.said.as_ref().is_some_and(|said| said.kind == "restore");
    let found = [
        ("spurious-alarm", which(&|heard| id(heard).is_some_and(|id| is_ours(&id)))),
        ("foreign-echo", which(&|heard| id(heard).is_some_and(|id| !is_ours(&id)))),
        ("heartbeat-alarm", which(&beats)),
        ("restore-invented", which(&restores)),
    ];
    let shown = |places: &[usize]| {
        let raw = places.iter().filter_map(|place| match case.symptoms[*place] {
            Symptom::Spurious(h) => {
                let heard = &record.heard[h];
                let before = |sent: &&Sent| sent.at_us <= heard.at_us && sent.device == heard.topic;
                let last = record.sent.iter().rfind(before);
                Some(format!("{} after {}", heard.raw, last.map_or("nothing", |sent| &sent.id)))
            }
            _ => None,
        });
        raw.take(2).collect::<Vec<_>>().join("; ")
    };
    let named = found.into_iter().filter(|(_, covers)| covers.len() >= 2);
    named
        .map(|(id, covers)| {
            let evidence = format!("{} that no message called for: {}", covers.len(), shown(&covers));
            explained(id, covers, 0.0, evidence)
        })
        .collect()
}

fn retained(case: &Case<'_>) -> Explanation {
    let covers = case.places(|symptom| matches!(symptom, Symptom::Retained(_)));
    let ids = covers.iter().filter_map(|place| match case.symptoms[*place] {
        Symptom::Retained(h) => case.record.heard[h].said.as_ref()?.id.as_deref(),
        _ => None,
    });
    let evidence = format!(
        "{} old ones came with the retain flag: {}",
        covers.len(),
        ids.take(4).collect::<Vec<_>>().join(", ")
    );
    explained("retained-replay", covers, 0.0, evidence)
}
