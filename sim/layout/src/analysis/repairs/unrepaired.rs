//! Gaps and holes for which no repair is offered, and why.

use super::JOIN_M;
use super::walls::across;
use crate::analysis::answer::{Perimeter, Stretch, Unrepaired, Unwalled};
use crate::analysis::rules::RuleBook;
use crate::model::Scenario;
use crate::model::kit::Beam;

const OTHERWISE: &str = "no zones were found that close some of it, that cameras show where a rule asks for it, and that leave what is held elsewhere, rules, tasks of cameras and dwellings as they are";

/// What none of the repairs of a perimeter is for.
pub fn unrepaired(layout: &Scenario, perimeter: &Perimeter, book: &RuleBook) -> Vec<Unrepaired> {
    let repairs = &perimeter.repairs;
    let gaps = perimeter.gaps.iter().enumerate().filter(|(i, _)| repairs.iter().all(|r| !r.gaps.contains(i)));
    let gaps = gaps.map(|(i, gap)| (Some(i), None, why_gap(gap, perimeter)));
    let holes = perimeter.unwalled.iter().enumerate();
    let holes = holes.filter(|(i, _)| repairs.iter().all(|r| r.hole != Some(*i)));
    let holes = holes.map(|(i, hole)| (None, Some(i), why_hole(layout, hole, book)));
    gaps.chain(holes).map(|(gap, hole, why)| Unrepaired { gap, hole, why: why.to_owned() }).collect()
}

fn why_gap(gap: &Stretch, perimeter: &Perimeter) -> &'static str {
    let touches = |other: &Stretch| {
        let [from, to] = gap.along_m;
        other.wall == gap.wall && other.along_m[0] <= to + JOIN_M && from <= other.along_m[1] + JOIN_M
    };
    let alone = || !perimeter.gaps.iter().any(|other| other != gap && touches(other));
    if gap.gate.is_some() {
        "nobody stands at this gate at some hours, or at any: it takes a guard or other hours, or a zone over its shut leaf (where one runs there, the gate's `height_m`)"
    } else if gap.along_m[1] - gap.along_m[0] < Beam::SHORTEST_M && gap.beam.is_none() && alone() {
        "it is too short for a zone of its own: it takes a zone beside it whose post is moved"
    } else {
        OTHERWISE
    }
}

fn why_hole(layout: &Scenario, hole: &Unwalled, book: &RuleBook) -> &'static str {
    if hole.between.is_empty() || layout.site.rim().next().is_none() {
        "no wall, gate or building of the perimeter stands here that could go on: walls that are there want `perimeter: true`, else what is to stand here is for the owner to say"
    } else if across(layout, hole, book).is_none() {
        "a path leads through: it takes a gate, or the path is closed"
    } else {
        OTHERWISE
    }
}
