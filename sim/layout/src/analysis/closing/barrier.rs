//! What bars the way into a compound: walls as far as they stand, gates, and buildings on the outline.

use geo::line_intersection::line_intersection;
use geo::{Coord, Distance, Euclidean, Line, LineIntersection, Point};

use super::track::foot;
use crate::analysis::answer::HeldBy;
use crate::analysis::assumed;
use crate::analysis::wall_line::{WallLine, distance};
use crate::model::Site;
use crate::model::site::{Building, Gate, Wall};
use crate::words::Id;

/// A part of a barrier.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A straight piece.
    Line([Coord<f64>; 2]),
    /// A gate: which way its leaf runs is not in the data.
    Disc(Coord<f64>, f64),
}

/// A part of a barrier and what it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) by: HeldBy,
    pub(super) id: &'a Id,
    pub(super) shape: Shape,
}

/// All pieces of a site. A building or a gate away from the outline bars no way in, unless a wall ends at it.
pub(super) fn pieces<'a>(site: &'a Site, walls: &[&'a Wall]) -> Vec<Piece<'a>> {
    let mut all: Vec<Piece<'a>> = walls.iter().flat_map(|wall| standing(wall, &site.gates)).collect();
    let bars = |building: &&Building| {
        let walled = || walls.iter().map(|w| Euclidean.distance(&w.line, &building.outline));
        let outlines =
            site.compounds.iter().map(|c| Euclidean.distance(c.outline.exterior(), &building.outline));
        near(walled(), assumed::perimeter().body_m) || near(outlines, assumed::perimeter().facade_m)
    };
    for building in site.buildings.iter().filter(bars) {
        let sides = building.outline.exterior().lines();
        all.extend(sides.map(|l| Piece {
            by: HeldBy::Facade,
            id: &building.id,
            shape: Shape::Line([l.start, l.end]),
        }));
    }
    let opens = |gate: &&Gate| {
        let (at, radius_m) = (Point::from(gate.at), gate_radius_m(gate));
        let walled = walls.iter().map(|w| Euclidean.distance(&at, &w.line));
        let outlines = site.compounds.iter().map(|c| Euclidean.distance(&at, c.outline.exterior()));
        near(walled, radius_m + assumed::perimeter().body_m)
            || near(outlines, radius_m + assumed::perimeter().facade_m)
    };
    all.extend(site.gates.iter().filter(opens).map(|gate| Piece {
        by: HeldBy::Gate,
        id: &gate.id,
        shape: Shape::Disc(gate.at, gate_radius_m(gate)),
    }));
    all
}

fn near(mut distances: impl Iterator<Item = f64>, at_most: f64) -> bool {
    distances.any(|m| m <= at_most)
}

/// Half of a gate's clear width, and its pier.
fn gate_radius_m(gate: &Gate) -> f64 {
    gate.width_m / 2.0 + assumed::perimeter().pier_m
}

/// The straight pieces of a wall between its gates.
fn standing<'a>(wall: &'a Wall, gates: &[Gate]) -> Vec<Piece<'a>> {
    let line = WallLine::new(&wall.line);
    let mut all = Vec::new();
    for [from, to] in line.standing(gates) {
        for (start, a, b) in line.pieces() {
            let (low, high) = (from.max(start), to.min(start + distance(a, b)));
            if high > low {
                let shape = Shape::Line([low, high].map(|m| a + (b - a) * ((m - start) / distance(a, b))));
                all.push(Piece { by: HeldBy::Wall, id: &wall.id, shape });
            }
        }
    }
    all
}

impl Shape {
    /// The part between two distances along it.
    pub(super) fn part(self, [from, to]: [f64; 2]) -> Shape {
        match self {
            Shape::Line([a, b]) => {
                let unit = (b - a) / distance(a, b).max(f64::MIN_POSITIVE);
                Shape::Line([a + unit * from, a + unit * to])
            }
            disc @ Shape::Disc(..) => disc,
        }
    }

    /// The points where two shapes are nearest to each other.
    pub(super) fn nearest(self, other: Shape) -> [Coord<f64>; 2] {
        match (self, other) {
            (Shape::Line(a), Shape::Line(b)) => nearest_of_lines(a, b),
            (Shape::Line(a), Shape::Disc(at, radius)) => {
                let p = foot(a, at);
                [p, toward(at, p, radius)]
            }
            (Shape::Disc(..), Shape::Line(..)) => {
                let [q, p] = other.nearest(self);
                [p, q]
            }
            (Shape::Disc(a, r), Shape::Disc(b, s)) => [toward(a, b, r), toward(b, a, s)],
        }
    }
}

/// The point of a disc that is nearest to another.
fn toward(middle: Coord<f64>, other: Coord<f64>, radius: f64) -> Coord<f64> {
    let far = distance(middle, other);
    if far <= radius { other } else { middle + (other - middle) * (radius / far) }
}

fn nearest_of_lines(a: [Coord<f64>; 2], b: [Coord<f64>; 2]) -> [Coord<f64>; 2] {
    match line_intersection(Line::new(a[0], a[1]), Line::new(b[0], b[1])) {
        Some(LineIntersection::SinglePoint { intersection, .. }) => return [intersection; 2],
        Some(LineIntersection::Collinear { intersection }) => return [intersection.start; 2],
        None => {}
    }
    let from_a = a.map(|p| [p, foot(b, p)]);
    let from_b = b.map(|q| [foot(a, q), q]);
    let pairs = from_a.into_iter().chain(from_b);
    let nearest = pairs.min_by(|x, y| distance(x[0], x[1]).total_cmp(&distance(y[0], y[1])));
    nearest.unwrap_or([a[0], b[0]])
}
