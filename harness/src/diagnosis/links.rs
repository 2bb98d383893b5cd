//! Explainers of connections, acknowledgements, commands and memory.

use std::collections::BTreeSet;

use super::case::{Case, Symptom};
use super::record::{End, Link, Order};
use super::told::Told;
use super::{DEFECT, Explanation, chance};

/// How soon after a good-bye a device that took its leave is said to be offline, µs.
const SOON_US: i64 = 600_000;

pub(super) fn all(case: &Case<'_>) -> Vec<Explanation> {
    let mut found = wills(case);
    found.extend(acknowledgements(case));
    found.extend(commands(case));
    found.extend(bypasses(case));
    let grew = case.places(|symptom| matches!(symptom, Symptom::Grew(_)));
    let evidence = format!("{} of resident memory", grown(case));
    found.push(Explanation { id: "leaks", covers: grew, bits: DEFECT, evidence });
    found
}

fn grown(case: &Case<'_>) -> String {
    let bytes = case.symptoms.iter().find_map(|symptom| match symptom {
        Symptom::Grew(bytes) => Some(*bytes),
        _ => None,
    });
    format!("{} kB more", bytes.unwrap_or_default() / 1000)
}

fn found(id: &'static str, covers: Vec<usize>, why: String) -> Explanation {
    Explanation { id, covers, bits: DEFECT, evidence: why }
}

fn wills(case: &Case<'_>) -> Vec<Explanation> {
    let links = &case.record.links;
    let broken: Vec<&Link> = links.iter().filter(|link| link.end == End::Broken).collect();
    let missing = |test: &dyn Fn(&Link) -> bool| {
        case.places(|symptom| matches!(symptom, Symptom::WillMissing(l) if test(&links[*l])))
    };
    let is_first =
        |link: &Link| !broken.iter().any(|other| other.device == link.device && other.to_us < link.to_us);
    let all = missing(&|_| true);
    let again = missing(&|link| !is_first(link));
    let devices: BTreeSet<&str> = broken.iter().map(|link| link.device.as_str()).collect();
    let after_goodbye = case.places(|symptom| match symptom {
        Symptom::FalseOffline(h) => {
            let heard = &case.record.heard[*h];
            links.iter().any(|link| {
                link.end == End::GoodBye
                    && link.device == heard.topic
                    && (link.to_us..link.to_us + SOON_US).contains(&heard.at_us)
            })
        }
        _ => false,
    });
    let any = case.places(|symptom| matches!(symptom, Symptom::FalseOffline(_) | Symptom::OfflineTwice(_)));
    let mut all_found = vec![
        found("goodbye-as-offline", after_goodbye, "said to be offline after a good-bye".into()),
        // Costs a bit more, so that a rule that says when wins.
        Explanation {
            bits: DEFECT + 1.0,
            ..found("offline-false", any, "said to be offline and were not".into())
        },
    ];
    let vanished = devices.into_iter().collect::<Vec<_>>().join(", ");
    if all.len() == broken.len() {
        all_found.push(found(
            "wills-ignored",
            all,
            format!("nothing was said when these vanished: {vanished}"),
        ));
    } else {
        let evidence = format!("said when they vanished first, and not again: {vanished}");
        all_found.push(found("offline-once", again, evidence));
    }
    all_found
}

fn acknowledgements(case: &Case<'_>) -> Vec<Explanation> {
    let missing = case.places(|symptom| matches!(symptom, Symptom::Unacknowledged(_)));
    let late = case.places(|symptom| matches!(symptom, Symptom::AcknowledgedLate(_)));
    let number = |place: &usize| match case.symptoms[*place] {
        Symptom::Unacknowledged(i) | Symptom::AcknowledgedLate(i) => Some(i),
        _ => None,
    };
    let ids = |places: &[usize]| case.ids(places.iter().filter_map(number));
    // A gateway that stands still acknowledges late, too, and answers late with it.
    let prompt = |place: &usize| {
        number(place).and_then(|i| case.waited_us(i)).is_some_and(|waited| waited <= super::case::LATE_US)
    };
    let alone = late.iter().filter(|place| prompt(place)).count() * 2 > late.len();
    let asked = case.record.sent.iter().filter(|sent| sent.qos > 0).count();
    let mut all = Vec::new();
    if missing.len() >= 3 {
        let evidence = format!("{} of {asked} not acknowledged, {}", missing.len(), ids(&missing));
        let bits = DEFECT + chance(missing.len(), asked);
        all.push(Explanation { id: "acks-missing", covers: missing, bits, evidence });
    }
    if late.len() >= 3 && alone {
        let evidence =
            format!("{} of {asked} acknowledged late and answered in time, {}", late.len(), ids(&late));
        all.push(found("acks-late", late, evidence));
    }
    all
}

fn commands(case: &Case<'_>) -> Vec<Explanation> {
    let which = |test: &dyn Fn(&Told) -> bool| {
        case.places(|symptom| matches!(symptom, Symptom::Command(told) if test(told)))
    };
    let missing = which(&|told| matches!(told, Told::Missing(..)));
    let sirens = which(&|told| matches!(told, Told::Missing("siren_off", _)));
    let count = |word: &str| case.record.orders.iter().filter(|order| order.command == word).count();
    let shown = |places: &[usize]| {
        let orders = places.iter().filter_map(|place| match case.symptoms[*place] {
            Symptom::Command(
                Told::Misdirected(o) | Told::Again(o) | Told::Late(o) | Told::Misnamed(o) | Told::Uncalled(o),
            ) => Some(&case.record.orders[o]),
            _ => None,
        });
        let word = |order: &Order| format!("{} {} to {}", order.command, order.id, order.to);
        orders.take(3).map(word).collect::<Vec<_>>().join("; ")
    };
    let of = |id: &'static str, why: &str, covers: Vec<usize>| {
        let evidence = format!("{} {why}: {}", covers.len(), shown(&covers));
        found(id, covers, evidence)
    };
    let mut all = vec![
        of("command-misdirected", "to another device", which(&|told| matches!(told, Told::Misdirected(_)))),
        of("command-repeated", "came twice", which(&|told| matches!(told, Told::Again(_)))),
        of("command-late", "came late", which(&|told| matches!(told, Told::Late(_)))),
        of(
            "acknowledge-misnamed",
            "name another device's alarm",
            which(&|told| matches!(told, Told::Misnamed(_))),
        ),
    ];
    if case.record.orders.is_empty() {
        let evidence = format!("{} commands were owed and none came", missing.len());
        all.push(found("commands-none", missing, evidence));
    } else if count("siren_off") == 0 && count("siren_on") > 0 {
        let evidence = format!("{} sirens were switched on and none off", count("siren_on"));
        all.push(found("siren-left-on", sirens, evidence));
    }
    all.retain(|explanation| explanation.covers.len() >= 2 || explanation.id == "siren-left-on");
    all
}

fn bypasses(case: &Case<'_>) -> Vec<Explanation> {
    let mut messages = Vec::new();
    let covers = case.places(|symptom| matches!(symptom, Symptom::Bypassed(..)));
    for place in &covers {
        if let Symptom::Bypassed(i, _) = case.symptoms[*place] {
            messages.push(i);
        }
    }
    vec![found("bypass-forgotten", covers, format!("passed on during their bypass: {}", case.ids(messages)))]
}
