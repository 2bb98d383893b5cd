//! Where one can walk into the compound: holes between walls, gates and buildings, found whatever their width by the
//! least ring that would close it ([`ring`]). The outline says only which way round the compound is, and which barriers
//! stand for it: those near it, as far as they go on without a break and stay nearer to it than to the compound's middle.

mod barrier;
mod ring;
#[cfg(test)]
mod tests;
mod track;

use geo::Coord;

use barrier::{Piece, pieces};
use ring::{Jump, Node, least, nodes};
use track::Track;

use super::answer::{HeldBy, Part, PartOf, Unwalled};
use super::gates::leaf;
use super::parts::parts;
use super::wall_line::{Span, distance};
use crate::model::Site;
use crate::model::site::{Compound, Wall};
use crate::words::Id;

/// The outlines of a site: where one can walk in, and every metre of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlines {
    /// Holes between barriers.
    pub(super) unwalled: Vec<Unwalled>,
    /// Every outline in parts.
    pub(super) parts: Vec<Part>,
    /// Leaves of the gates that close it where no wall is there to be opened.
    pub(super) leaves: Vec<Leaf>,
}

/// The leaf of a gate that is no stretch of a wall.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leaf {
    /// The gate.
    pub(super) gate: Id,
    /// Where it runs, local metres.
    pub(super) ends: [Coord<f64>; 2],
}

impl Outlines {
    /// Looks at a site. Nothing that is installed on it changes the answer.
    pub fn of(site: &Site) -> Outlines {
        let walls: Vec<&Wall> = site.rim().collect();
        let pieces = pieces(site, &walls);
        let mut all = Outlines::default();
        for compound in &site.compounds {
            let gates = close(compound, &pieces, &mut all);
            for gate in gates.iter().filter_map(|id| site.gate_by_id(id.as_str())) {
                let Some(ends) = leaf(gate, &walls, compound.outline.exterior()) else { continue };
                let known = all.leaves.iter().any(|leaf| leaf.gate == gate.id);
                if !known && closes(compound, &pieces, &gate.id) {
                    all.leaves.push(Leaf { gate: gate.id.clone(), ends });
                }
            }
        }
        all
    }
}

/// Looks at one outline. Returns the gates that stand in what closes it.
fn close(compound: &Compound, pieces: &[Piece<'_>], answer: &mut Outlines) -> Vec<Id> {
    let track = Track::new(compound);
    let nodes = nodes(&track, pieces);
    let Some(ring) = least(&track, &nodes) else {
        let whole = [0.0, track.line.length()];
        answer.unwalled.push(Unwalled {
            compound: compound.id.clone(),
            along_m: whole,
            way_m: compound.outline.exterior().0.iter().map(|c| [c.x, c.y]).collect(),
            missing_m: whole[1],
            between: Vec::new(),
        });
        answer.parts.push(part(compound, whole, HeldBy::Open));
        return Vec::new();
    };
    let mut holes: Vec<Unwalled> = ring.open().map(|jump| hole(compound, &track, &nodes, jump)).collect();
    holes.sort_by(|a, b| a.along_m[0].total_cmp(&b.along_m[0]));
    answer.parts.extend(cut(compound, &track, &nodes, &holes));
    answer.unwalled.extend(holes);
    let gates = ring.nodes.iter().map(|&n| nodes[n].piece).filter(|piece| piece.by == HeldBy::Gate);
    gates.map(|gate| gate.id.clone()).collect()
}

/// Whether more would be missing without a gate. One that stands before or behind a wall closes nothing.
fn closes(compound: &Compound, pieces: &[Piece<'_>], gate: &Id) -> bool {
    let track = Track::new(compound);
    let missing = |pieces: &[Piece<'_>]| {
        let ring = least(&track, &nodes(&track, pieces));
        ring.map_or(f64::INFINITY, |ring| ring.open().map(|jump| jump.missing_m).sum())
    };
    let others = pieces.iter().filter(|piece| piece.by != HeldBy::Gate || piece.id != gate);
    missing(&others.copied().collect::<Vec<_>>()) > missing(pieces)
}

fn part(compound: &Compound, along_m: Span, held_by: HeldBy) -> Part {
    Part { on: PartOf::Outline, id: compound.id.clone(), along_m, held_by, ..Part::default() }
}

fn hole(compound: &Compound, track: &Track, nodes: &[Node<'_>], jump: &Jump) -> Unwalled {
    let [from, to] = jump.sides.map(|side| side.along_m);
    let lap = libm::floor(from / track.line.length()) * track.line.length();
    // A way between barriers that stand side by side leads along no part of the outline.
    let along_m = [from - lap, to.max(from) - lap];
    let [a, b] = jump.sides.map(|side| side.at);
    let bends = jump.missing_m > distance(a, b) + 1e-6;
    let corners = if bends { track.corners(along_m) } else { Vec::new() };
    Unwalled {
        compound: compound.id.clone(),
        along_m,
        way_m: [vec![a], corners, vec![b]].concat().iter().map(|c| [c.x, c.y]).collect(),
        missing_m: jump.missing_m,
        between: jump.sides.iter().map(|side| nodes[side.node].piece.id.clone()).collect(),
    }
}

/// An outline in parts. What a wall and a building both stand for is the wall's.
fn cut(
    compound: &Compound,
    track: &Track,
    nodes: &[Node<'_>],
    holes: &[Unwalled],
) -> impl Iterator<Item = Part> {
    let open: Vec<Span> = holes.iter().flat_map(|hole| track.within(hole.along_m)).collect();
    let mut held: Vec<(HeldBy, Span)> = Vec::new();
    for node in nodes.iter().filter(|node| !node.strays) {
        held.extend(track.within(node.stands_for()).into_iter().map(|span| (node.piece.by, span)));
    }
    let by = |at: f64| {
        if open.iter().any(|span| inside(span, at)) {
            return Some(HeldBy::Open);
        }
        let holds = |kind: HeldBy| held.iter().any(|(by, span)| *by == kind && inside(span, at));
        [HeldBy::Gate, HeldBy::Wall, HeldBy::Facade].into_iter().find(|kind| holds(*kind))
    };
    let ends = held.iter().map(|(_, span)| *span).chain(open.iter().copied());
    let found = parts(track.line.length(), ends, by);
    let whole = parts(track.line.length(), found.iter().map(|(span, _)| *span), |at| {
        let here = found.iter().position(|(span, _)| inside(span, at)).unwrap_or(0);
        beside(&found, here)
    });
    let compound = compound.clone();
    whole.into_iter().map(move |(along_m, by)| part(&compound, along_m, by))
}

fn inside([from, to]: &Span, at: f64) -> bool {
    *from <= at && at <= *to
}

/// What holds a part, or, where no barrier lies beside it, the barrier before it or after it: round a corner, and between
/// two barriers where no body passes.
fn beside(found: &[(Span, Option<HeldBy>)], here: usize) -> HeldBy {
    let by = |i: usize| found[i % found.len()].1;
    let barrier = |by: &HeldBy| *by != HeldBy::Open;
    let before = by(here + found.len() - 1).filter(barrier);
    by(here).or(before).or(by(here + 1).filter(barrier)).unwrap_or(HeldBy::Wall)
}
