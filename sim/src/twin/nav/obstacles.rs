//! What stands in the way: rings round buildings, walls and water, square at the corners.

use geo::{Coord, LineString, Polygon};

use super::CLEARANCE_M;
use crate::model::Site;
use crate::model::site::{Gate, Ground};

/// A ring of corners, not closed.
pub(super) type Ring = Vec<[f64; 2]>;

/// All obstacles. A building gives two rings, its outline and the outline with the clearance, so that even where
/// the second one crosses itself nobody walks through the first.
pub(super) fn rings(site: &Site) -> Vec<Ring> {
    let water = site.areas.iter().filter(|area| area.ground == Ground::Water).map(|area| &area.outline);
    let mut rings = Vec::new();
    for outline in site.buildings.iter().map(|building| &building.outline).chain(water) {
        let ring = counter_clockwise(outline);
        if ring.len() >= 3 {
            rings.push(grown(&ring, CLEARANCE_M));
            rings.push(ring);
        }
    }
    for wall in &site.walls {
        for piece in open_at_gates(&wall.line, &site.gates) {
            rings.push(slab(&piece));
        }
    }
    rings
}

fn counter_clockwise(outline: &Polygon<f64>) -> Ring {
    let mut ring: Ring = outline.exterior().0.iter().map(|c| [c.x, c.y]).collect();
    ring.dedup();
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    let twice: f64 = (0..ring.len())
        .map(|i| {
            let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
            a[0] * b[1] - b[0] * a[1]
        })
        .sum();
    if twice < 0.0 {
        ring.reverse();
    }
    ring
}

/// The ring pushed outwards with mitred corners; a mitre is at most three times the clearance long.
fn grown(ring: &[[f64; 2]], by: f64) -> Ring {
    let n = ring.len();
    let normal = |i: usize| {
        let (a, b) = (ring[i % n], ring[(i + 1) % n]);
        let length = libm::hypot(b[0] - a[0], b[1] - a[1]).max(1e-9);
        [(b[1] - a[1]) / length, (a[0] - b[0]) / length]
    };
    (0..n)
        .map(|i| {
            let (before, after) = (normal(i + n - 1), normal(i));
            let sum = [before[0] + after[0], before[1] + after[1]];
            let cosine = before[0] * after[0] + before[1] * after[1];
            let scale = (by / (1.0 + cosine).max(1e-6)).min(3.0 * by / libm::hypot(sum[0], sum[1]).max(1e-6));
            [ring[i][0] + sum[0] * scale, ring[i][1] + sum[1] * scale]
        })
        .collect()
}

/// A straight piece of wall, and whether each end is a gate's post.
pub(super) struct Piece {
    /// Its ends, m.
    pub(super) ends: [[f64; 2]; 2],
    at_gate: [bool; 2],
}

/// The pieces of a wall that are left when the gates are open.
pub(super) fn open_at_gates(line: &LineString<f64>, gates: &[Gate]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for segment in line.lines() {
        let (a, b) = (segment.start, segment.end);
        let length = libm::hypot(b.x - a.x, b.y - a.y);
        if length < 1e-6 {
            continue;
        }
        let mut holes: Vec<[f64; 2]> = gates.iter().filter_map(|gate| hole(a, b, length, gate)).collect();
        holes.sort_by(|p, q| p[0].total_cmp(&q[0]));
        let mut from = 0.0;
        let mut piece = |from: f64, to: f64| {
            if to - from > 1e-3 {
                let at = |s: f64| [a.x + (b.x - a.x) * s / length, a.y + (b.y - a.y) * s / length];
                let at_gate = [from > 0.0, to < length];
                pieces.push(Piece { ends: [at(from), at(to)], at_gate });
            }
        };
        for [start, end] in holes {
            piece(from, start.min(length));
            from = f64::max(from, end);
        }
        piece(from, length);
    }
    pieces
}

/// The part of a segment, m from its start, that lies within half the gate's width of its middle.
fn hole(a: Coord<f64>, b: Coord<f64>, length: f64, gate: &Gate) -> Option<[f64; 2]> {
    let unit = [(b.x - a.x) / length, (b.y - a.y) / length];
    let to_gate = [gate.at.x - a.x, gate.at.y - a.y];
    let along = to_gate[0] * unit[0] + to_gate[1] * unit[1];
    let off = to_gate[0] * unit[1] - to_gate[1] * unit[0];
    let half = gate.width_m / 2.0;
    if off.abs() >= half.max(1.0) {
        return None;
    }
    let reach = libm::sqrt((half * half - off * off).max(0.25 * half * half));
    (along + reach > 0.0 && along - reach < length).then_some([along - reach, along + reach])
}

/// A wall's piece as a slab with the clearance on both sides, and beyond its ends but where a gate begins.
fn slab(piece: &Piece) -> Ring {
    let [a, b] = piece.ends;
    let length = libm::hypot(b[0] - a[0], b[1] - a[1]).max(1e-9);
    let along = [(b[0] - a[0]) / length * CLEARANCE_M, (b[1] - a[1]) / length * CLEARANCE_M];
    let beyond = |at_gate: bool| if at_gate { 0.0 } else { 1.0 };
    let (back, on) = (beyond(piece.at_gate[0]), beyond(piece.at_gate[1]));
    let corner = |p: [f64; 2], forth: f64, side: f64| {
        [p[0] + along[0] * forth - along[1] * side, p[1] + along[1] * forth + along[0] * side]
    };
    vec![corner(a, -back, -1.0), corner(b, on, -1.0), corner(b, on, 1.0), corner(a, -back, 1.0)]
}
