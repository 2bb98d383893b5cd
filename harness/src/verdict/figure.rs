//! Figures by name: `missed`, `beam.missed`, `response.p99`, `beam.response.p99`, `lateness.max`,
//! `coverage.2014.1.5.detect` (a share, 0..1), `perimeter.gaps`, `commands.missed`, `recovery.p99`,
//! `taken`, `queue.max`, `queue.slope`, `drift.response`, `upstream.missed`, `subscribers.lost`,
//! `load.missed`.

use super::Evidence;
use crate::latency::{ENOUGH_FOR_P999, Path, Series};
use crate::pairing::{Outcome, Tally};

/// A figure that a threshold can name.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The device class that it is limited to.
    pub class: Option<String>,
    /// What it counts or measures.
    pub what: What,
    /// Its value: a count, or ms; nothing when it was not measured.
    pub value: Option<f64>,
    /// Why there is no value.
    pub why_not: String,
}

/// One who hears answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ear {
    /// Those to the compound itself.
    Observer,
    /// Those to its copies.
    Copies,
}

/// What a figure counts or measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Answers expected.
    Expected,
    /// Answers of one class of outcome.
    Outcome(Outcome),
    /// Observations without a stimulus.
    Spurious,
    /// Stimuli without an incident, passed on.
    FalseAlarm,
    /// A time: `lateness`, `service` or `response`.
    Time(String),
    /// A share of the public ground, for a target of so many metres.
    Coverage(String),
    /// Stretches of the perimeter without a beam.
    PerimeterGaps,
    /// Commands of the gateway to devices, counted: the word behind `commands.`.
    Command(String),
    /// How many messages waited for their answers at most.
    QueueMax,
    /// By how many more each second.
    QueueSlope,
    /// By how many ms answers take longer each minute.
    Drift,
    /// Of the leg to the city platform: the words behind `upstream.`.
    Upstream(String),
    /// Of those who hear the gateway and are away or slow: the words behind `subscribers.`.
    Subscribers(String),
    /// Of the copies of the compound: the words behind `load.`.
    Load(String),
    /// By how many kB a process of the gateway grows each minute.
    LeakMemory,
    /// By how many open files each minute.
    LeakFiles,
    /// Events that faults took on their way.
    Taken,
    /// The time from a disturbance to the first answer in time.
    Recovery,
    /// Disturbances after which nothing was answered in time.
    Unrecovered,
    /// A time of commands: `response` or `execution`.
    CommandTime(String),
}

impl Figure {
    /// Who makes it larger by stamping answers late.
    pub fn ear(&self) -> Option<Ear> {
        let of = |ear, is_time: bool| is_time.then_some(ear);
        match &self.what {
            What::Time(path) => of(Ear::Observer, path != "lateness"),
            What::Outcome(outcome) => of(Ear::Observer, *outcome == Outcome::Late),
            What::Recovery | What::Drift | What::QueueMax | What::QueueSlope => Some(Ear::Observer),
            What::Load(what) => of(Ear::Copies, what == "late" || what.starts_with("response.")),
            _ => None,
        }
    }

    /// The value for a reader, with its unit.
    pub fn text(&self) -> String {
        match (&self.what, self.value) {
            (_, None) => "not measured".into(),
            (What::Time(_) | What::CommandTime(_) | What::Recovery, Some(ms)) => format!("{ms:.1} ms"),
            (What::LeakMemory, Some(slope)) => format!("{slope:.1} kB a minute"),
            (What::LeakFiles, Some(slope)) => format!("{slope:.2} a minute"),
            (What::Drift, Some(slope)) => format!("{slope:.3} ms a minute"),
            (What::QueueSlope, Some(slope)) => format!("{slope:.3} a second"),
            (What::Upstream(rest) | What::Load(rest), Some(ms)) if rest.starts_with("response.") => {
                format!("{ms:.1} ms")
            }
            (What::Subscribers(rest), Some(ms)) if super::subscribers::is_time(rest) => format!("{ms:.1} ms"),
            (What::Coverage(_), Some(share)) => format!("{share:.3}"),
            (_, Some(count)) => format!("{count}"),
        }
    }
}

/// Whether the figure of that name judges the harness and says nothing of the gateway.
pub fn is_of_the_harness(name: &str) -> bool {
    name.split('.').any(|word| word == "lateness")
}

/// The figure of that name; nothing when there is no such name.
pub fn figure(name: &str, evidence: &Evidence<'_>) -> Option<Figure> {
    if let Some(rest) = name.strip_prefix("coverage.") {
        return coverage(rest, evidence);
    }
    if let Some(rest) = name.strip_prefix("commands.") {
        return super::commands::figure(rest, evidence.commands);
    }
    if let Some(rest) = name.strip_prefix("leak.") {
        return super::leak::figure(rest, evidence.leak);
    }
    if let Some(rest) = name.strip_prefix("queue.") {
        return queue(rest, evidence);
    }
    if let Some(rest) = name.strip_prefix("recovery.") {
        return super::recovery::figure(rest, evidence.recovery);
    }
    if let Some(rest) = name.strip_prefix("upstream.") {
        return super::upstream::figure(rest, evidence.upstream);
    }
    if let Some(rest) = name.strip_prefix("subscribers.") {
        return super::subscribers::figure(rest, evidence.subscribers);
    }
    if name == "drift.response" {
        let value = evidence.drift.trend.map(|trend| trend.slope);
        let why_not = "fewer than 8 stretches of the run have an answer".to_owned();
        return Some(Figure { class: None, what: What::Drift, value, why_not });
    }
    if let Some(rest) = name.strip_prefix("load.") {
        return super::load::figure(rest, evidence.load);
    }
    if name == "perimeter.gaps" {
        let value = evidence.plan.map(|p| p.perimeter.gaps.len() as f64);
        return Some(Figure { class: None, what: What::PerimeterGaps, value, why_not: NO_PLAN.into() });
    }
    let mut parts: Vec<&str> = name.splitn(3, '.').collect();
    let first = *parts.first()?;
    let is_path = |word: &str| ["lateness", "service", "response"].contains(&word);
    let class = (!is_path(first) && count(first, &Tally::default()).is_none()).then(|| first.to_owned());
    if class.is_some() {
        parts = name.split_once('.')?.1.splitn(2, '.').collect();
    }
    let rest = parts.as_slice();
    let known = class.as_ref().is_none_or(|c| CLASSES.contains(&c.as_str()));
    let driven = class.as_ref().is_none_or(|c| evidence.by_class.contains_key(c));
    let why_not = match &class {
        Some(class) if !driven => format!("no {class} message was driven"),
        _ => "nothing came".to_owned(),
    };
    match *rest {
        _ if !known => None,
        [word] => {
            let zero = Tally::default();
            let tally = class.as_ref().map_or(evidence.tally, |c| evidence.by_class.get(c).unwrap_or(&zero));
            let (what, value) = count(word, tally)?;
            Some(Figure { class, what, value: Some(value as f64), why_not })
        }
        [path, ref tail @ ..] if is_path(path) => {
            let paths = match &class {
                None => Some(&evidence.latency.all),
                Some(class) => evidence.latency.by_class.get(class),
            };
            let (value, too_few) = time(paths, path, &tail.join("."))?;
            let why_not = if too_few { format!("fewer than {ENOUGH_FOR_P999} samples") } else { why_not };
            Some(Figure { class, what: What::Time(path.to_owned()), value, why_not })
        }
        _ => None,
    }
}

/// The words of [`palisade_sim::contract::Class`].
const CLASSES: [&str; 14] = [
    "gate_post",
    "barrier",
    "outer_post",
    "checkpoint",
    "fire_station",
    "charger",
    "intercom",
    "beam",
    "camera",
    "facade_camera",
    "smoke_detector",
    "heat_detector",
    "guard_radio",
    "duty_room",
];

const NO_PLAN: &str = "the run has no planner's answer";

/// `2014.1.5.detect`: an edition, a height that may hold a dot, a class.
fn coverage(rest: &str, evidence: &Evidence<'_>) -> Option<Figure> {
    let (edition, rest) = rest.split_once('.')?;
    let (height, class) = rest.rsplit_once('.')?;
    let height_m: f64 = height.parse().ok()?;
    let what = What::Coverage(height.to_owned());
    let figure =
        |value, why_not: &str| Some(Figure { class: None, what, value, why_not: why_not.to_owned() });
    let Some(plan) = evidence.plan else { return figure(None, NO_PLAN) };
    let heights = plan.coverage.get(edition)?;
    let same = |text: &str| text.parse::<f64>().is_ok_and(|h| (h - height_m).abs() < 1e-9);
    match heights.iter().find(|(h, _)| same(h)) {
        None => figure(None, "coverage was not worked out at that height"),
        Some((_, classes)) => figure(Some(classes.get(class)?.share), ""),
    }
}

/// `max` or `slope`.
fn queue(which: &str, evidence: &Evidence<'_>) -> Option<Figure> {
    let queue = evidence.queue;
    let (what, value) = match which {
        "max" => (What::QueueMax, Some(queue.max as f64)),
        "slope" => (What::QueueSlope, queue.trend.map(|trend| trend.slope)),
        _ => return None,
    };
    let why_not = "fewer than 8 tenths of a second in which messages came".to_owned();
    Some(Figure { class: None, what, value, why_not })
}

pub(super) fn count(word: &str, tally: &Tally) -> Option<(What, usize)> {
    let outcome = |o: Outcome| (What::Outcome(o), tally.of(o));
    Some(match word {
        "expected" => (What::Expected, tally.expected),
        "duplicates" => outcome(Outcome::Duplicate),
        "taken" => (What::Taken, tally.taken),
        "spurious" => (What::Spurious, tally.spurious),
        "false_alarm" | "false_alarms" => (What::FalseAlarm, tally.false_alarm),
        _ => outcome(Outcome::ALL.into_iter().find(|o| o.word() == word)?),
    })
}

/// A percentile or the maximum, ms, and whether it is missing because there are too few samples.
fn time(paths: Option<&Path>, path: &str, which: &str) -> Option<(Option<f64>, bool)> {
    let percent = percent(which)?;
    let series = paths.and_then(|p| p.named().into_iter().find(|(name, _)| *name == path)).map(|(_, h)| h);
    let Some(series) = series else { return Some((None, false)) };
    if which == "p99.9" && series.count() < ENOUGH_FOR_P999 {
        return Some((None, series.count() > 0));
    }
    Some((series.percentile_ms(percent), false))
}

fn percent(which: &str) -> Option<f64> {
    Some(match which {
        "p50" => 50.0,
        "p90" => 90.0,
        "p99" => 99.0,
        "p99.9" => 99.9,
        "max" => 100.0,
        _ => return None,
    })
}

/// A percentile or the maximum of one series, ms, and why there is none if it is for too few samples.
pub(super) fn of_series(series: &Series, which: &str) -> Option<(Option<f64>, Option<String>)> {
    let percent = percent(which)?;
    if which == "p99.9" && series.count() < ENOUGH_FOR_P999 && series.count() > 0 {
        return Some((None, Some(format!("fewer than {ENOUGH_FOR_P999} samples"))));
    }
    Some((series.percentile_ms(percent), None))
}
