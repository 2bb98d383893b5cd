//! Rounds as they are planned: which points the tours visit, and for how long each point is left. What was walked is in a log.

use std::collections::BTreeMap;

use super::check::{TINY, at_most, figure};
use super::data::Points;
use super::{Layout, Outcome};
use crate::model::Scenario;
use crate::model::kit::{Checkpoint, GuardTour, Kit};

const DAY_S: f64 = 86_400.0;
const HOUR_S: f64 = 3_600.0;

/// Points that no tour visits.
pub(super) fn points_on_tours(layout: &Layout<'_>) -> Outcome {
    let kit = &layout.scenario.file.kit;
    let visits = |point: &&Checkpoint| kit.guard_tour.iter().any(|tour| tour.checkpoints.contains(&point.id));
    let left: Vec<String> =
        kit.checkpoint.iter().filter(|point| !visits(point)).map(|point| point.id.to_string()).collect();
    at_most(left.len() as f64, 0.0, "points", left)
}

/// The points that a rule is about: those of key areas, or all where no area is said to be one.
pub(super) fn meant(kit: &Kit, of: Points) -> Vec<&str> {
    let some_are_key = kit.checkpoint.iter().any(|point| point.key_area);
    let is_meant = |point: &&Checkpoint| of == Points::All || point.key_area || !some_are_key;
    kit.checkpoint.iter().filter(is_meant).map(|point| point.id.as_str()).collect()
}

/// The longest time for which the plan leaves a point, round the clock, the worst points first.
pub(super) fn planned_gap(layout: &Layout<'_>, most_h: f64, of: Points) -> Outcome {
    let visits = planned(layout.scenario);
    let longest = |point: &str| longest_gap(visits.get(point).map_or(&[], Vec::as_slice));
    let mut gaps: Vec<(f64, String)> = (meant(&layout.scenario.file.kit, of).into_iter())
        .map(|point| match longest(point) {
            None => (f64::INFINITY, format!("{point}: no tour visits it")),
            Some([from_s, to_s]) => {
                let gap_h = (to_s - from_s) / HOUR_S;
                (gap_h, format!("{point}: {gap_h:.1} h from {} to {}", clock(from_s), clock(to_s)))
            }
        })
        .collect();
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    let Some(worst_h) = gaps.first().map(|(gap_h, _)| *gap_h) else {
        return Outcome::Needs("the points of the tours: [[kit.checkpoint]]".into());
    };
    let over = gaps.into_iter().filter(|(gap_h, _)| *gap_h > most_h + TINY).map(|(_, told)| told);
    if worst_h.is_infinite() {
        return figure(DAY_S / HOUR_S, most_h, "h at least", false, over);
    }
    at_most(worst_h, most_h, "h", over)
}

/// When each point is to be visited, s after midnight. A tour goes straight from point to point, and the way to its first
/// point is the same each time.
fn planned(scenario: &Scenario) -> BTreeMap<&str, Vec<f64>> {
    let kit = &scenario.file.kit;
    let at = |id: &str| kit.checkpoint.iter().find(|point| point.id.as_str() == id).map(|point| point.at_m);
    let mut visits: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for tour in &kit.guard_tour {
        let (mut walked_s, mut before) = (0.0, None::<[f64; 2]>);
        for id in &tour.checkpoints {
            let Some(here) = at(id.as_str()) else { continue };
            if let Some(from) = before.replace(here) {
                walked_s += leg_s(tour, from, here);
            }
            let starts = tour.starts.iter().map(|start| start.0.seconds() + walked_s);
            visits.entry(id.as_str()).or_default().extend(starts.map(|at_s| at_s % DAY_S));
        }
    }
    visits.values_mut().for_each(|of| of.sort_by(f64::total_cmp));
    visits
}

/// From one point to the next, the stay there included.
fn leg_s(tour: &GuardTour, from: [f64; 2], to: [f64; 2]) -> f64 {
    libm::hypot(to[0] - from[0], to[1] - from[1]) / tour.speed_m_s + tour.dwell.as_seconds()
}

/// The longest time without a visit of a day that repeats itself, from visit to visit; nothing without visits.
fn longest_gap(visits_s: &[f64]) -> Option<[f64; 2]> {
    let again = visits_s.first()? + DAY_S;
    let next = visits_s.iter().skip(1).copied().chain([again]);
    visits_s
        .iter()
        .zip(next)
        .map(|(from, to)| [*from, to])
        .max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])))
}

/// `hh:mm`.
fn clock(at_s: f64) -> String {
    let minutes = libm::round(at_s / 60.0) as u32;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}
