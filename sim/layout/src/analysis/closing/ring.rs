//! The least that would close a compound: a ring round it along its barriers, and over the shortest ways between them
//! where a body passes. What the ring has to jump is a hole.
//!
//! Barriers that no body passes between are one solid, also where they go on beyond the strip along the outline. Solids are
//! joined by jumps, each with its price: its length, or the outline between its ends where that bends away from the straight
//! way. Places along the outline are counted on past its beginning (laps), so a ring is a way from a solid to itself one lap
//! on, and the cheapest is found by shortest paths.

use std::collections::{BTreeMap, VecDeque};

use geo::Coord;

use super::barrier::{Piece, Shape};
use super::track::{Place, Stint, Track};
use crate::analysis::answer::HeldBy;
use crate::analysis::assumed;
use crate::analysis::wall_line::{Span, distance, union, without};

/// Rounding, m.
const TINY_M: f64 = 1e-6;

/// A piece of a barrier near the outline, or farther from it.
pub(super) struct Node<'a> {
    pub(super) piece: Piece<'a>,
    /// Farther from the outline than what stands for it by itself.
    pub(super) strays: bool,
    shape: Shape,
    stint: Stint,
    ends: [End; 2],
}

/// A point of a node.
#[derive(Clone, Copy)]
struct End {
    at: Coord<f64>,
    place: Place,
}

/// One side of a hole.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    /// The node.
    pub(super) node: usize,
    /// Where the barrier ends.
    pub(super) at: Coord<f64>,
    /// Where that is along the outline, laps included, m.
    pub(super) along_m: f64,
}

/// A way between two solids.
#[derive(Clone, Copy)]
pub(super) struct Jump {
    /// Its sides: the one before it along the outline, the one after.
    pub(super) sides: [Edge; 2],
    /// What it would take to close it, m.
    pub(super) missing_m: f64,
}

/// The ring.
#[derive(Default)]
pub(super) struct Ring {
    /// Nodes that stand along it.
    pub(super) nodes: Vec<usize>,
    /// What it jumps.
    pub(super) holes: Vec<Jump>,
}

impl Ring {
    /// What a body passes. Where a wall strays too far, but for less than a body, both its parts still meet.
    pub(super) fn open(&self) -> impl Iterator<Item = &Jump> {
        self.holes.iter().filter(|jump| jump.missing_m > assumed::perimeter().body_m)
    }
}

/// Nodes joined to solids.
struct Solids {
    /// Of each node: the solid, and the lap on which the node lies when the solid's first node lies on lap 0. Nothing for
    /// one that strays and goes on from none near the outline.
    of: Vec<Option<(usize, i64)>>,
    count: usize,
    /// A solid that goes round the compound by itself.
    closed: Option<usize>,
}

/// The cheapest way from one solid to another so many laps on.
type Ways = BTreeMap<(usize, usize, i64), Jump>;

pub(super) fn nodes<'a>(track: &Track, pieces: &[Piece<'a>]) -> Vec<Node<'a>> {
    let (mut near, mut far) = (Vec::new(), Vec::new());
    for piece in pieces {
        let stints = track.stints(piece.shape, track.reach_m);
        let spans = union(stints.iter().map(|(_, span)| *span).collect());
        near.extend(stints.into_iter().map(|(stint, span)| (*piece, false, stint, piece.shape.part(span))));
        for (stint, span) in track.stints(piece.shape, track.stray_m) {
            // A gate is near the outline or it strays; of a wall, parts do.
            let beyond = match piece.shape {
                Shape::Line(_) => without(&[span], &spans),
                Shape::Disc(..) if spans.is_empty() => vec![span],
                Shape::Disc(..) => Vec::new(),
            };
            far.extend(beyond.into_iter().map(|span| (*piece, true, stint, piece.shape.part(span))));
        }
    }
    let all = near.into_iter().chain(far);
    all.map(|(piece, strays, stint, shape)| {
        let points = match shape {
            Shape::Line(ends) => ends,
            Shape::Disc(at, radius) => {
                let along_m = track.place(stint, at).along_m;
                let [a, b] =
                    [-0.01, 0.01].map(|m| track.line.at((along_m + m).rem_euclid(track.line.length())));
                let way = (b - a) / distance(a, b).max(f64::MIN_POSITIVE);
                [at - way * radius, at + way * radius]
            }
        };
        Node { piece, strays, shape, stint, ends: points.map(|at| End { at, place: track.place(stint, at) }) }
    })
    .collect()
}

impl Node<'_> {
    /// The stretch of the outline for which it stands: a gate for its clear width.
    pub(super) fn stands_for(&self) -> Span {
        let [a, b] = self.ends.map(|end| end.place.along_m);
        let pier_m = if self.piece.by == HeldBy::Gate { assumed::perimeter().pier_m } else { 0.0 };
        [a.min(b) + pier_m, a.max(b) - pier_m]
    }
}

/// The ring that takes least, if anything stands near the outline.
pub(super) fn least(track: &Track, nodes: &[Node<'_>]) -> Option<Ring> {
    let solids = solids(track, nodes);
    let of = &solids.of;
    let of = |solid: usize| (0..nodes.len()).filter(move |n| of[*n].is_some_and(|(own, _)| own == solid));
    if let Some(solid) = solids.closed {
        return Some(Ring { nodes: of(solid).collect(), holes: Vec::new() });
    }
    let ways = ways(track, nodes, &solids);
    let mut best: Option<(f64, Vec<(usize, i64)>)> = None;
    for start in 0..solids.count {
        let bound = best.as_ref().map_or(f64::INFINITY, |(cost, _)| *cost);
        best = round(&ways, solids.count, start, bound).or(best);
    }
    let (_, stops) = best?;
    let mut ring = Ring::default();
    for pair in stops.windows(2) {
        let [(from, lap), (to, next)] = [pair[0], pair[1]];
        ring.nodes.extend(of(from));
        let jump = ways.get(&(from, to, next - lap))?;
        let on = |edge: Edge| Edge { along_m: edge.along_m + lap as f64 * track.line.length(), ..edge };
        ring.holes.push(Jump { sides: jump.sides.map(on), ..*jump });
    }
    Some(ring)
}

/// Joins the nodes between which no body passes.
fn solids(track: &Track, nodes: &[Node<'_>]) -> Solids {
    let mut beside: Vec<Vec<(usize, i64)>> = vec![Vec::new(); nodes.len()];
    for i in 0..nodes.len() {
        for j in i + 1..nodes.len() {
            if let Some(laps) = touch(track, &nodes[i], &nodes[j]) {
                beside[i].push((j, laps));
                beside[j].push((i, -laps));
            }
        }
    }
    let mut of: Vec<Option<(usize, i64)>> = vec![None; nodes.len()];
    let (mut count, mut closed) = (0, None);
    // Those near the outline come first: what strays is reached from one of them or not at all.
    for first in (0..nodes.len()).take_while(|node| !nodes[*node].strays) {
        if of[first].is_some() {
            continue;
        }
        of[first] = Some((count, 0));
        let mut queue = VecDeque::from([(first, 0)]);
        while let Some((node, lap)) = queue.pop_front() {
            for &(other, laps) in &beside[node] {
                match of[other] {
                    None => {
                        of[other] = Some((count, lap + laps));
                        queue.push_back((other, lap + laps));
                    }
                    Some((_, known)) if known != lap + laps => closed = closed.or(Some(count)),
                    Some(_) => {}
                }
            }
        }
        count += 1;
    }
    Solids { of, count, closed }
}

/// On which lap a node lies beside another, if no body passes between them.
fn touch(track: &Track, a: &Node<'_>, b: &Node<'_>) -> Option<i64> {
    let points = a.shape.nearest(b.shape);
    if distance(points[0], points[1]) > assumed::perimeter().body_m + TINY_M {
        return None;
    }
    let [p, q] = [(a, points[0]), (b, points[1])].map(|(n, at)| End { at, place: track.place(n.stint, at) });
    same_side(track, (a, p), (b, q))
}

/// How many laps on `q` lies when the straight way to it does not leave the outline.
fn same_side(track: &Track, (a, p): (&Node<'_>, End), (b, q): (&Node<'_>, End)) -> Option<i64> {
    let reach_m = if a.strays || b.strays { track.stray_m } else { track.reach_m };
    let back = || track.same_side(q.place, a.stint, p.at, reach_m).map(|laps| -laps);
    track.same_side(p.place, b.stint, q.at, reach_m).or_else(back)
}

/// What it takes to close the way from `p` to `q`, which lies so far on along the outline: where the straight way leaves
/// the outline, as much as the outline is long there, less what the barriers stand off it.
fn missing(p: End, q: End, on_m: f64, leaves: bool) -> f64 {
    let straight = distance(p.at, q.at);
    let along = (q.place.along_m + on_m - p.place.along_m).abs() - p.place.off_m - q.place.off_m;
    if leaves { straight.max(along) } else { straight }
}

/// The cheapest jumps between solids, each in both directions. What strays is joined to others by straight ways alone.
fn ways(track: &Track, nodes: &[Node<'_>], solids: &Solids) -> Ways {
    let length = track.line.length();
    let mut ways = Ways::new();
    for i in 0..nodes.len() {
        for j in i..nodes.len() {
            let (Some((from, lap_i)), Some((to, lap_j))) = (solids.of[i], solids.of[j]) else { continue };
            for [p, q] in candidates(track, &nodes[i], &nodes[j]) {
                let same = same_side(track, (&nodes[i], p), (&nodes[j], q));
                let nearest = libm::round((p.place.along_m - q.place.along_m) / length) as i64;
                for laps in nearest - 1..=nearest + 1 {
                    // As seen from where each solid's first node lies on lap 0.
                    let between = laps + lap_i - lap_j;
                    let strays = (nodes[i].strays || nodes[j].strays) && same != Some(laps);
                    if strays || (from == to && between == 0) {
                        continue;
                    }
                    let side = |node: usize, end: End, lap: i64| Edge {
                        node,
                        at: end.at,
                        along_m: end.place.along_m + lap as f64 * length,
                    };
                    let sides = [side(i, p, lap_i), side(j, q, laps + lap_i)];
                    let missing_m = missing(p, q, laps as f64 * length, same != Some(laps));
                    keep(&mut ways, (from, to, between), Jump { sides, missing_m });
                    let back = [side(j, q, lap_j), side(i, p, lap_j - laps)];
                    keep(&mut ways, (to, from, -between), Jump { sides: back, missing_m });
                }
            }
        }
    }
    ways
}

/// Pairs of points between which the cheapest jump of two nodes may lie.
fn candidates(track: &Track, a: &Node<'_>, b: &Node<'_>) -> Vec<[End; 2]> {
    let mut pairs: Vec<[End; 2]> = a.ends.iter().flat_map(|p| b.ends.map(|q| [*p, q])).collect();
    let points = a.shape.nearest(b.shape);
    pairs.push([(a, points[0]), (b, points[1])].map(|(n, at)| End { at, place: track.place(n.stint, at) }));
    pairs
}

fn keep(ways: &mut Ways, key: (usize, usize, i64), jump: Jump) {
    let known = ways.get(&key).map_or(f64::INFINITY, |known| known.missing_m);
    if jump.missing_m < known {
        ways.insert(key, jump);
    }
}

/// The cheapest way from a solid to itself one lap on, if it takes less than a bound: solids with their laps.
fn round(ways: &Ways, count: usize, start: usize, bound: f64) -> Option<(f64, Vec<(usize, i64)>)> {
    const LAPS: [i64; 2] = [-1, 2];
    let rows = (LAPS[1] - LAPS[0] + 1) as usize;
    let at = |solid: usize, lap: i64| solid * rows + (lap - LAPS[0]) as usize;
    let mut cost = vec![f64::INFINITY; count * rows];
    let mut before: Vec<Option<(usize, i64)>> = vec![None; count * rows];
    let mut done = vec![false; count * rows];
    cost[at(start, 0)] = 0.0;
    loop {
        let open = (0..cost.len()).filter(|i| !done[*i] && cost[*i] < bound);
        let next = open.min_by(|a, b| cost[*a].total_cmp(&cost[*b]))?;
        let (solid, lap) = (next / rows, (next % rows) as i64 + LAPS[0]);
        if (solid, lap) == (start, 1) {
            break;
        }
        done[next] = true;
        for (&(_, to, laps), jump) in ways.range((solid, 0, i64::MIN)..(solid + 1, 0, i64::MIN)) {
            if !(LAPS[0]..=LAPS[1]).contains(&(lap + laps)) {
                continue;
            }
            let there = at(to, lap + laps);
            if cost[next] + jump.missing_m < cost[there] {
                cost[there] = cost[next] + jump.missing_m;
                before[there] = Some((solid, lap));
            }
        }
    }
    let mut stops = vec![(start, 1)];
    while let Some(previous) = stops.last().and_then(|(solid, lap)| before[at(*solid, *lap)]) {
        stops.push(previous);
    }
    stops.reverse();
    Some((cost[at(start, 1)], stops))
}
