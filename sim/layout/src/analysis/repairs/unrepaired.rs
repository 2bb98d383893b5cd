//! Gaps and holes for which no repair is offered, and why.

use super::walls::across;
use crate::analysis::answer::{Perimeter, Stretch, Unrepaired, Unwalled};
use crate::analysis::rules::RuleBook;
use crate::model::Scenario;
use crate::model::kit::Beam;

/// What none of the repairs of a perimeter is for.
pub fn unrepaired(layout: &Scenario, perimeter: &Perimeter, book: &RuleBook) -> Vec<Unrepaired> {
    let repairs = &perimeter.repairs;
    let gaps = perimeter.gaps.iter().enumerate().filter(|(i, _)| repairs.iter().all(|r| !r.gaps.contains(i)));
    let holes = perimeter.unwalled.iter().enumerate();
    let holes = holes.filter(|(i, _)| repairs.iter().all(|r| r.hole != Some(*i)));
    let of_gaps = gaps.map(|(i, gap)| Unrepaired { gap: Some(i), hole: None, why: why_gap(gap).into() });
    let of_holes = holes.map(|(i, hole)| {
        let why = why_hole(layout, hole, book).into();
        Unrepaired { gap: None, hole: Some(i), why }
    });
    of_gaps.chain(of_holes).collect()
}

const NOTHING_HELPS: &str =
    "each repair that was tried closes nothing of it, or a rule that is met falls by it";

fn why_gap(gap: &Stretch) -> &'static str {
    if gap.gate.is_some() {
        "by the roster nobody stands at this gate at some hours: it takes another guard or other hours, or a zone over \
         its shut leaf"
    } else if gap.along_m[1] - gap.along_m[0] < Beam::SHORTEST_M {
        "it is too short for a zone of its own: it takes a zone beside it whose post is moved"
    } else {
        NOTHING_HELPS
    }
}

fn why_hole(layout: &Scenario, hole: &Unwalled, book: &RuleBook) -> &'static str {
    if layout.site.rim().next().is_none() {
        "no wall stands anywhere that could go on here: whether there is a boundary is for the owner to say"
    } else if across(layout, hole, book).is_none() {
        "a path leads through: it takes a gate, or the path is closed"
    } else {
        NOTHING_HELPS
    }
}
