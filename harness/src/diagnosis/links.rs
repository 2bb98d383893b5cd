//! Explainers of connections, acknowledgements, commands, memory and the leg to the city platform.

use std::collections::BTreeSet;

use crate::words::counted;

use super::case::{Case, Symptom};
use super::record::{End, Link, Order, Sent};
use super::told::Told;
use super::{DEFECT, Explanation, chance};

/// How soon after a good-bye a device that took its leave is said to be offline, µs.
const SOON_US: i64 = 600_000;

pub(super) fn all(case: &Case<'_>) -> Vec<Explanation> {
    let mut found = wills(case);
    found.extend(acknowledgements(case));
    found.extend(commands(case));
    found.extend(bypasses(case));
    found.push(forgotten(case));
    found.push(leak(case));
    found
}

/// Alarms that were not passed on.
fn forgotten(case: &Case<'_>) -> Explanation {
    let covers = case.places(|symptom| matches!(symptom, Symptom::NotForwarded(_)));
    let ids = covers.iter().filter_map(|place| match case.symptoms[*place] {
        Symptom::NotForwarded(h) => case.record.heard[h].said.as_ref()?.id.as_deref(),
        _ => None,
    });
    let came = case.record.forwarded.as_ref().map_or(0, Vec::len);
    let shown = ids.take(super::SHOWN).collect::<Vec<_>>().join(", ");
    let evidence = format!("{} that the duty room heard did not come, and {came} did: {shown}", covers.len());
    // One may have been on its way when the gateway was killed.
    found("upstream-forgotten", if covers.len() < 2 { Vec::new() } else { covers }, evidence)
}

/// Memory that grew, from the first message to the last one.
fn leak(case: &Case<'_>) -> Explanation {
    let covers = case.places(|symptom| matches!(symptom, Symptom::Grew(_)));
    let grown = covers.iter().find_map(|place| match case.symptoms[*place] {
        Symptom::Grew(bytes) => Some(bytes / 1000),
        _ => None,
    });
    let life = case.record.lives.first().copied().unwrap_or_default();
    let within = |i: &usize| (life.from_us..life.to_us).contains(&case.record.sent[*i].at_us);
    let heard: Vec<usize> = case.owed.iter().copied().filter(within).collect();
    let ends = case.ids(heard.first().into_iter().chain(heard.last()).copied());
    let evidence =
        format!("{} kB more in {}: {ends}", grown.unwrap_or_default(), counted(heard.len(), "message"));
    found("leaks", covers, evidence)
}

/// Devices that were said to be offline, each with its last message before that.
fn offline(case: &Case<'_>, places: &[usize]) -> String {
    let of = |place: &usize| {
        let (Symptom::FalseOffline(h) | Symptom::OfflineTwice(h)) = case.symptoms[*place] else {
            return None;
        };
        let heard = &case.record.heard[h];
        let before = |sent: &&Sent| sent.at_us <= heard.at_us && sent.device == heard.topic;
        let last = case.record.sent.iter().rfind(before)?;
        Some(format!("{} after {}", heard.topic, last.id))
    };
    places.iter().filter_map(of).take(super::SHOWN).collect::<Vec<_>>().join(", ")
}

/// A device that vanished, with its last message.
fn vanished(case: &Case<'_>, places: &[usize]) -> String {
    let of = |place: &usize| {
        let Symptom::WillMissing(l) = case.symptoms[*place] else { return None };
        let device = &case.record.links[l].device;
        let last = case.record.sent.iter().rfind(|sent| sent.link == l)?;
        Some(format!("{device} after {}", last.id))
    };
    places.iter().filter_map(of).take(super::SHOWN).collect::<Vec<_>>().join(", ")
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
    let said = format!("said to be offline and were not: {}", offline(case, &any));
    let mut all_found = vec![
        {
            let evidence = format!("said to be offline after a good-bye: {}", offline(case, &after_goodbye));
            found("goodbye-as-offline", after_goodbye, evidence)
        },
        // Costs a bit more, so that a rule that says when wins.
        Explanation { bits: DEFECT + 1.0, ..found("offline-false", any, said) },
    ];
    if all.len() == broken.len() {
        let evidence = format!("nothing was said of these: {}", vanished(case, &all));
        all_found.push(found("wills-ignored", all, evidence));
    } else {
        let evidence = format!("said the first time, and not again: {}", vanished(case, &again));
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
    // A few among hundreds are the machine's or the disk's.
    if late.len() * 10 > asked && alone {
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
    let causes = |places: &[usize]| {
        case.ids(places.iter().filter_map(|place| match case.symptoms[*place] {
            Symptom::Command(Told::Missing(_, cause)) => cause,
            _ => None,
        }))
    };
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
        let evidence = format!("{} commands were owed and none came: {}", missing.len(), causes(&missing));
        all.push(found("commands-none", missing, evidence));
    } else if count("siren_off") == 0 && count("siren_on") > 0 {
        let (on, owed) = (count("siren_on"), causes(&sirens));
        let evidence = format!("the siren was switched on {} and never off: {owed}", counted(on, "time"));
        all.push(found("siren-left-on", sirens, evidence));
    }
    all.retain(|explanation| explanation.covers.len() >= 2 || explanation.id == "siren-left-on");
    all
}

fn bypasses(case: &Case<'_>) -> Vec<Explanation> {
    let alarm = |symptom: &Symptom| match symptom {
        Symptom::Bypassed(i, _) | Symptom::Command(Told::Bypassed(_, i)) => Some(*i),
        _ => None,
    };
    let covers = case.places(|symptom| alarm(symptom).is_some());
    let alarms: BTreeSet<usize> = covers.iter().filter_map(|place| alarm(&case.symptoms[*place])).collect();
    vec![found("bypass-forgotten", covers, format!("acted on during their bypass: {}", case.ids(alarms)))]
}
