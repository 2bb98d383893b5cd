//! The trial run before a system is accepted: on how many days did each of its parts leave a record?
//!
//! A log of patrols proves that guards and their recorders were at work, and nothing of cameras, detectors and locks. A run of
//! `palisade run` proves nothing here: it plays the devices, and lasts minutes.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{at_least, figure};
use super::{Basis, Layout, Outcome};
use crate::model::kit::Kit;

const DAY_S: i64 = 86_400;

/// A part of the security system that keeps records of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// Intrusion alarm: beams, panic buttons (入侵报警).
    Alarm,
    /// Cameras and what they record (视频监控).
    Video,
    /// Gate posts, barriers, door stations (出入口控制).
    Access,
    /// Checkpoints and recorders (电子巡查).
    Patrol,
}

impl System {
    /// All of them.
    pub const ALL: [System; 4] = [System::Alarm, System::Video, System::Access, System::Patrol];

    /// The word for it in files.
    pub fn word(self) -> &'static str {
        match self {
            System::Alarm => "alarm",
            System::Video => "video",
            System::Access => "access",
            System::Patrol => "patrol",
        }
    }

    fn stands(self, kit: &Kit) -> bool {
        match self {
            System::Alarm => !kit.beam.is_empty() || !kit.gate_post.is_empty(),
            System::Video => !kit.camera.is_empty() || !kit.facade_camera.is_empty(),
            System::Access => {
                !kit.gate_post.is_empty() || !kit.barrier.is_empty() || !kit.intercom.is_empty()
            }
            System::Patrol => !kit.checkpoint.is_empty(),
        }
    }
}

/// Records of a trial run: when which part of the system wrote something down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrialRecords {
    /// Days, counted from 1970-01-01 on the clock of the place.
    days: BTreeMap<System, BTreeSet<i64>>,
}

impl TrialRecords {
    /// From the instants of records, s since 1970-01-01 00:00 on the clock of the place.
    pub fn of(records: impl IntoIterator<Item = (System, i64)>) -> TrialRecords {
        let mut days: BTreeMap<System, BTreeSet<i64>> = BTreeMap::new();
        for (system, at_s) in records {
            days.entry(system).or_default().insert(at_s.div_euclid(DAY_S));
        }
        TrialRecords { days }
    }
}

/// What the figure rests on: records, or the word of the owner.
pub(super) fn basis(layout: &Layout<'_>) -> Basis {
    match has_records(layout) || layout.scenario.file.kit.provision.trial_days.is_none() {
        true => Basis::Imported,
        false => Basis::Assumed,
    }
}

fn has_records(layout: &Layout<'_>) -> bool {
    layout.measured.is_some_and(|known| known.trial.is_some())
}

/// Days of trial on which each part of the system that stands here left a record. Without records the owner's word that it
/// was shorter is believed, and his word that it was long enough proves nothing.
pub(super) fn days(layout: &Layout<'_>, least_d: f64) -> Outcome {
    let kit = &layout.scenario.file.kit;
    let stated = kit.provision.trial_days.filter(|_| !has_records(layout));
    if let Some(days) = stated.filter(|days| *days < least_d) {
        return at_least(days, least_d, "d", []);
    }
    let standing: Vec<System> = System::ALL.into_iter().filter(|system| system.stands(kit)).collect();
    if standing.is_empty() {
        return Outcome::Needs("something that is installed".into());
    }
    let known = recorded(layout);
    let all: BTreeSet<i64> = known.values().flatten().copied().collect();
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return Outcome::Needs(needs(&standing, least_d));
    };
    let (silent, speaking): (Vec<System>, Vec<System>) =
        standing.iter().partition(|system| !known.contains_key(*system));
    if !silent.is_empty() {
        return Outcome::Needs(format!("{}; so far {}", needs(&silent, least_d), proved(&known, &speaking)));
    }
    let whole = |day: &i64| standing.iter().all(|system| known[system].contains(day));
    let days = (*first..=*last).filter(whole).count() as f64;
    let gaps = standing.iter().flat_map(|system| {
        let missing = (*first..=*last).filter(|day| !known[system].contains(day));
        stretches(missing)
            .into_iter()
            .map(move |stretch| format!("{}: no record {}", system.word(), told(stretch)))
    });
    if days < least_d && ((last - first + 1) as f64) < least_d {
        return Outcome::Needs(format!(
            "{}; so far {}",
            needs(&standing, least_d),
            proved(&known, &standing)
        ));
    }
    figure(days, least_d, "d", days >= least_d, gaps)
}

/// Days with records, by part of the system. A log of real patrols is one of them.
fn recorded(layout: &Layout<'_>) -> BTreeMap<System, BTreeSet<i64>> {
    let Some(measured) = layout.measured else { return BTreeMap::new() };
    let mut days = measured.trial.as_ref().map_or_else(BTreeMap::new, |trial| trial.days.clone());
    if let Some(log) = measured.patrols.as_ref().filter(|log| log.basis() == Basis::Imported) {
        days.entry(System::Patrol).or_default().extend(log.days());
    }
    days.retain(|_, of| !of.is_empty());
    days
}

fn needs(of: &[System], least_d: f64) -> String {
    let words: Vec<&str> = of.iter().map(|system| system.word()).collect();
    format!("records of {least_d} d of {} (`palisade plan … --trial FILE.csv`)", words.join(", "))
}

/// What there is, such as `patrol has records on 12 d from 03-01 to 03-20, none from 03-03 to 03-10`.
fn proved(known: &BTreeMap<System, BTreeSet<i64>>, of: &[System]) -> String {
    let of_one = |system: &System| {
        let days = &known[system];
        let (first, last) =
            (days.first().copied().unwrap_or_default(), days.last().copied().unwrap_or_default());
        let gaps: Vec<String> =
            stretches((first..=last).filter(|day| !days.contains(day))).into_iter().map(told).collect();
        let none = if gaps.is_empty() { String::new() } else { format!(", none {}", gaps.join(" and ")) };
        format!("{} has records on {} d {}{none}", system.word(), days.len(), told([first, last]))
    };
    let parts: Vec<String> = of.iter().map(of_one).collect();
    if parts.is_empty() { "there are none".into() } else { parts.join("; ") }
}

/// Days in a row, from and to.
fn stretches(days: impl Iterator<Item = i64>) -> Vec<[i64; 2]> {
    let mut all: Vec<[i64; 2]> = Vec::new();
    for day in days {
        match all.last_mut() {
            Some([_, to]) if *to + 1 == day => *to = day,
            _ => all.push([day, day]),
        }
    }
    all
}

fn told([from, to]: [i64; 2]) -> String {
    let date = |day: i64| {
        let epoch = jiff::civil::date(1970, 1, 1);
        epoch.saturating_add(jiff::SignedDuration::from_hours(24 * day)).strftime("%m-%d").to_string()
    };
    if from == to { format!("on {}", date(from)) } else { format!("from {} to {}", date(from), date(to)) }
}
