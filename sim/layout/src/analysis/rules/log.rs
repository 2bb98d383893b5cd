//! What a log of patrols shows. A plan of tours says what should be walked; only a log says what was.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{at_least, at_most, figure};
use super::data::Points;
use super::{Basis, Layout, Outcome, rounds};

/// Somebody's recorder touched a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touch {
    /// When: seconds since 1970-01-01 00:00 on the clock of the place.
    pub at_s: i64,
    /// The checkpoint's name in the kit.
    pub checkpoint: String,
    /// Who.
    pub person: String,
}

/// A log of patrols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatrolLog {
    /// Touches in order of time.
    touches: Vec<Touch>,
    /// The time that the log is about, on the same clock.
    span_s: [i64; 2],
    /// Where it comes from: lived by the twin or imported.
    basis: Basis,
}

impl PatrolLog {
    /// A log of somebody's real rounds. It is about the time from its first touch to its last.
    pub fn imported(mut touches: Vec<Touch>) -> PatrolLog {
        touches.sort();
        let end = |touch: Option<&Touch>| touch.map_or(0, |t| t.at_s);
        let span_s = [end(touches.first()), end(touches.last())];
        PatrolLog { touches, span_s, basis: Basis::Imported }
    }

    /// The rounds of a day that the twin lived, which is about the whole of `span_s`.
    pub fn lived(mut touches: Vec<Touch>, span_s: [i64; 2]) -> PatrolLog {
        touches.sort();
        PatrolLog { touches, span_s, basis: Basis::Computed }
    }

    /// Where it comes from.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// Days from midnight to midnight on which somebody touched a point, counted from 1970-01-01.
    pub(super) fn days(&self) -> BTreeSet<i64> {
        self.touches.iter().map(|touch| touch.at_s.div_euclid(DAY_S)).collect()
    }

    fn hours(&self) -> f64 {
        (self.span_s[1] - self.span_s[0]) as f64 / HOUR_S
    }
}

const HOUR_S: f64 = 3_600.0;
const DAY_S: i64 = 86_400;

const A_LOG: &str = "a log of patrols: `palisade plan … --log FILE.csv`, or `--run RUN` for the twin's own";

fn log<'a>(layout: &'a Layout<'_>) -> Option<&'a PatrolLog> {
    layout.measured?.patrols.as_ref()
}

/// When each checkpoint of the kit was touched.
fn by_checkpoint<'a>(layout: &'a Layout<'_>, log: &'a PatrolLog) -> BTreeMap<&'a str, Vec<i64>> {
    let points = layout.scenario.file.kit.checkpoint.iter().map(|p| (p.id.as_str(), Vec::new()));
    let mut times: BTreeMap<&str, Vec<i64>> = points.collect();
    for touch in &log.touches {
        if let Some(of) = times.get_mut(touch.checkpoint.as_str()) {
            of.push(touch.at_s);
        }
    }
    times
}

/// `MM-DD hh:mm`.
fn moment(at_s: i64) -> String {
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let at = epoch.saturating_add(jiff::SignedDuration::from_secs(at_s));
    at.strftime("%m-%d %H:%M").to_string()
}

/// The longest time for which a checkpoint was not touched.
pub(super) fn gap(layout: &Layout<'_>, most_h: f64, of: Points) -> Outcome {
    let Some(log) = log(layout) else { return Outcome::Needs(A_LOG.into()) };
    let mut gaps: Vec<(f64, String)> = Vec::new();
    let mut never: Vec<String> = Vec::new();
    let meant = rounds::meant(&layout.scenario.file.kit, of);
    for (point, times) in by_checkpoint(layout, log).into_iter().filter(|(point, _)| meant.contains(point)) {
        if times.is_empty() {
            never.push(format!("{point}: never reached in {:.1} h", log.hours()));
        }
        let [from, to] = log.span_s;
        let stops: Vec<i64> = std::iter::once(from).chain(times).chain([to]).collect();
        gaps.extend(stops.windows(2).map(|pair| {
            let hours = (pair[1] - pair[0]) as f64 / HOUR_S;
            (hours, format!("{point}: {hours:.1} h from {} to {}", moment(pair[0]), moment(pair[1])))
        }));
    }
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    let longest = gaps.first().map_or(0.0, |(h, _)| *h);
    // As long as the log is, whoever comes next comes later than allowed.
    if !never.is_empty() && log.hours() >= most_h {
        return figure(longest, most_h, "h", false, never);
    }
    if longest <= most_h && log.hours() < most_h {
        return Outcome::Needs(format!("a log that is longer than the {most_h} h that may pass"));
    }
    at_most(longest, most_h, "h", gaps.into_iter().filter(|(h, _)| *h > most_h).map(|(_, text)| text))
}

/// Checkpoints that the log does not hold.
pub(super) fn points(layout: &Layout<'_>) -> Outcome {
    let Some(log) = log(layout) else { return Outcome::Needs(A_LOG.into()) };
    let never: Vec<String> = by_checkpoint(layout, log)
        .into_iter()
        .filter(|(_, times)| times.is_empty())
        .map(|(point, _)| format!("{point}: never reached"))
        .collect();
    at_most(never.len() as f64, 0.0, "points", never)
}

/// The fewest persons who touch a checkpoint together.
pub(super) fn persons(layout: &Layout<'_>, least: usize, within_min: f64) -> Outcome {
    let Some(log) = log(layout) else { return Outcome::Needs(A_LOG.into()) };
    if log.touches.is_empty() {
        return Outcome::Needs("a log that holds a patrol".into());
    }
    let together = |touch: &Touch| {
        let near = |other: &&Touch| {
            let apart_min = (other.at_s - touch.at_s).abs() as f64 / 60.0;
            other.checkpoint == touch.checkpoint && apart_min <= within_min
        };
        log.touches.iter().filter(near).map(|t| t.person.as_str()).collect::<BTreeSet<&str>>().len()
    };
    let counted: Vec<(usize, &Touch)> = log.touches.iter().map(|t| (together(t), t)).collect();
    let fewest = counted.iter().map(|(n, _)| *n).min().unwrap_or(0);
    let few = counted.iter().filter(|(n, _)| *n < least);
    let evidence = few.map(|(n, t)| format!("{} at {}: {n}, {}", moment(t.at_s), t.checkpoint, t.person));
    at_least(fewest as f64, least as f64, "persons", evidence)
}

/// Whole days of the log on which a checkpoint was not reached.
pub(super) fn daily(layout: &Layout<'_>) -> Outcome {
    let Some(log) = log(layout) else { return Outcome::Needs(A_LOG.into()) };
    let [from, to] = log.span_s;
    let (first, after) = ((from + DAY_S - 1).div_euclid(DAY_S), to.div_euclid(DAY_S));
    if first >= after {
        return Outcome::Needs("a log that holds a whole day from midnight to midnight".into());
    }
    let times = by_checkpoint(layout, log);
    let without: Vec<String> = (first..after)
        .filter_map(|day| {
            let of_day = |at: &i64| at.div_euclid(DAY_S) == day;
            let missed = times.iter().find(|(_, times)| !times.iter().any(of_day))?;
            Some(format!("{}: {} not reached", &moment(day * DAY_S)[..5], missed.0))
        })
        .collect();
    at_most(without.len() as f64, 0.0, "days without a whole round", without)
}
