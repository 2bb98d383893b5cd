//! Whether the picture follows the alarm: a camera that sees where it is must be called up.

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::analysis::caster::Caster;
use palisade_sim::analysis::rules::watching;
use palisade_sim::contract::Class;
use palisade_sim::words::Id;

use super::{About, RulePart, RuleStatus, Run, classes, conclude, had_us, name};
use crate::pairing::Told;
use crate::record::Micros;
use crate::verdict::Message;

/// The command that calls a picture up.
const SHOW: &str = "show";

pub(super) fn within(part: &mut RulePart, run: &Run<'_>, about: About<'_>, most_s: f64) {
    (part.demanded, part.unit) = (Some(most_s), "s".into());
    let Some(scenario) = run.scenario else {
        part.needs = Some("the scenario of the run, which its folder does not hold any more".into());
        return;
    };
    let caster = Caster::of(scenario);
    let mut watches: BTreeMap<&str, BTreeSet<Id>> = BTreeMap::new();
    let (mut judged, mut wrong, mut blind) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut slowest: Option<f64> = None;
    for m in about.of(run) {
        let cameras = watches
            .entry(&m.device)
            .or_insert_with(|| watching(scenario, &caster, &m.device.as_str().into()).into_iter().collect());
        if cameras.is_empty() {
            blind.insert(m.device.clone());
            continue;
        }
        let (called_s, most_us) = (called_s(run, m, cameras), (most_s * 1e6) as Micros);
        let seeing = run.of_class(Class::Camera).chain(run.of_class(Class::FacadeCamera));
        let seeing = seeing.filter(|camera| cameras.contains(name(run, *camera).as_str()));
        let is_late = called_s.is_none_or(|s| s > most_s);
        if is_late && run.deaf.one_of(seeing, had_us(m), had_us(m) + most_us) {
            continue;
        }
        match called_s {
            Some(s) => {
                slowest = Some(slowest.map_or(s, |other| other.max(s)));
                wrong.extend((s > most_s).then(|| format!("{}: called up after {s:.3} s", m.name())));
            }
            None if run.listened_until_us < had_us(m) + most_us => continue,
            None => wrong.push(format!("{}: no camera that sees it was called up", m.name())),
        }
        judged.push(m);
    }
    conclude(part, run, about, &classes(&judged), (slowest, wrong));
    // What nobody can show was not shown: rule 6 is about that.
    if part.status == RuleStatus::Pass && !blind.is_empty() {
        let names: Vec<String> = blind.into_iter().collect();
        part.status = RuleStatus::NotMeasured;
        part.needs = Some(format!("a camera that sees {}", names.join(", ")));
    }
}

/// After how long the first camera that sees the place was called up because of an alarm, s.
fn called_s(run: &Run<'_>, m: &Message, cameras: &BTreeSet<Id>) -> Option<f64> {
    let from_us = had_us(m);
    let is_it = |told: &&Told| {
        let command = &told.command;
        let named = told.cause.map_or(command.cause.is_none(), |cause| cause == m.answer.stimulus);
        let done = told.answer.as_ref().is_some_and(|answer| answer.ok);
        command.command == SHOW
            && done
            && named
            && command.received_us >= m.answer.intended_us
            && cameras.contains(name(run, command.device).as_str())
    };
    let first = run.told.iter().filter(is_it).map(|told| told.command.received_us).min()?;
    Some((first - from_us).max(0) as f64 / 1e6)
}
