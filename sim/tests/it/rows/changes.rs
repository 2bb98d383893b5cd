//! Comparing two days of the tiny site by content, without numbers: who says what when, and what happens.

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::contract::{Cause, IncidentKind, Signal};
use palisade_sim::whole::Day;

use crate::common::{day, tiny_with};

/// No intruder but the scripted one, so that what he knows of the kit changes nothing elsewhere.
const QUIET: (&str, &str) = ("intrusions_per_day = 1.0", "intrusions_per_day = 0.0");

/// A day of the tiny site with some of its text changed.
pub(super) fn quiet_day(changes: &[(&str, &str)]) -> Day {
    let mut all = vec![QUIET];
    all.extend(changes);
    day(tiny_with(&all), 1)
}

/// What each device says: instant, signal, kind and actor of the cause.
pub(super) fn said(day: &Day) -> BTreeMap<String, Vec<String>> {
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for stimulus in &day.tape.stimuli {
        let cause = match stimulus.cause {
            Cause::Incident(id) => {
                let incident = &day.tape.incidents[id.index()];
                format!("{:?} {}", incident.kind, incident.actor)
            }
            Cause::Nuisance(what) => format!("{what:?}"),
        };
        let signal = match &stimulus.signal {
            Signal::TargetEntered { target, .. } => format!("entered {target:?}"),
            Signal::TargetLeft { target, .. } => format!("left {target:?}"),
            Signal::LineCrossed { target, .. } => format!("crossed {target:?}"),
            other => format!("{other:?}"),
        };
        let device = day.tape.devices[stimulus.device.index()].id.to_string();
        said.entry(device).or_default().push(format!("{} {signal} {cause}", stimulus.due));
    }
    said.values_mut().for_each(|lines| lines.sort());
    said
}

/// Lines of a device that hold a word.
pub(super) fn of<'a>(
    said: &'a BTreeMap<String, Vec<String>>,
    device: &str,
    word: &'a str,
) -> Vec<&'a String> {
    said.get(device).into_iter().flatten().filter(|line| line.contains(word)).collect()
}

/// Devices that do not say the same on two days.
pub(super) fn different(a: &Day, b: &Day) -> BTreeSet<String> {
    let (a, b) = (said(a), said(b));
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter(|name| a.get(*name) != b.get(*name)).cloned().collect()
}

/// Incidents of a kind: instant, actor, outcome.
pub(super) fn happened(day: &Day, kind: IncidentKind) -> Vec<String> {
    let of_kind = day.tape.incidents.iter().filter(|incident| incident.kind == kind);
    of_kind.map(|incident| format!("{} {} {}", incident.began, incident.actor, incident.outcome)).collect()
}

/// Trips of those whose name begins with a word.
pub(super) fn trips_of(day: &Day, who: &str) -> Vec<String> {
    let trips = happened(day, IncidentKind::Trip).into_iter();
    trips.filter(|trip| trip.split(' ').nth(1).is_some_and(|actor| actor.starts_with(who))).collect()
}
