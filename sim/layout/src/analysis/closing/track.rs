//! The outline as a measure: where along it a point lies, and how far off it.

use geo::{Area, Coord, LineString};

use super::barrier::Shape;
use crate::analysis::assumed;
use crate::analysis::wall_line::{Span, WallLine, distance, inside_band, inside_circle};
use crate::model::site::Compound;

/// A side of the outline, or the corner after it.
enum Element {
    /// Its ends, and the distance along the outline of the first.
    Side([Coord<f64>; 2], f64),
    /// Where it is, and its distance along the outline.
    Corner(Coord<f64>, f64),
}

/// Elements that follow each other: the first, and how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stint {
    first: usize,
    count: usize,
}

/// A point as seen from the outline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Distance along the outline of the nearest point of it, m; beyond the length where a stint runs over its beginning.
    pub(super) along_m: f64,
    /// Distance from there, m.
    pub(super) off_m: f64,
    /// The element on which that point lies, counted on past the last one.
    element: usize,
}

/// The outline of a compound.
pub(super) struct Track {
    pub(super) line: WallLine,
    elements: Vec<Element>,
    /// What is not farther from the outline stands for it, m.
    pub(super) reach_m: f64,
    /// A barrier that stands for it may go on so far from it, m.
    pub(super) stray_m: f64,
}

impl Track {
    pub(super) fn new(compound: &Compound) -> Track {
        let ring: &LineString<f64> = compound.outline.exterior();
        let line = WallLine::new(ring);
        let elements = line.pieces().flat_map(|(start, a, b)| {
            [Element::Side([a, b], start), Element::Corner(b, start + distance(a, b))]
        });
        let elements = elements.collect();
        // What stands nearer to the middle of a narrow compound than to its outline belongs to neither side.
        let half_width_m = compound.outline.unsigned_area() / line.length().max(f64::MIN_POSITIVE);
        let reach_m = half_width_m.min(assumed::perimeter().outline_m);
        Track { line, elements, reach_m, stray_m: half_width_m }
    }

    /// The parts of a shape within a reach of the outline, each with the elements that it is near to: parts that follow
    /// each other along the outline are one. For a disc the part says nothing.
    pub(super) fn stints(&self, shape: Shape, reach_m: f64) -> Vec<(Stint, Span)> {
        let near: Vec<Option<Span>> = self.elements.iter().map(|e| e.near(shape, reach_m)).collect();
        let n = near.len();
        let begins = |i: &usize| near[*i].is_some() && near[(*i + n - 1) % n].is_none();
        let mut firsts: Vec<usize> = (0..n).filter(begins).collect();
        if firsts.is_empty() && near.iter().any(Option::is_some) {
            firsts.push(0);
        }
        firsts
            .into_iter()
            .map(|first| {
                let spans: Vec<Span> = (0..n).map_while(|i| near[(first + i) % n]).collect();
                let hull = spans.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |hull, span| {
                    [hull[0].min(span[0]), hull[1].max(span[1])]
                });
                (Stint { first, count: spans.len() }, hull)
            })
            .collect()
    }

    /// Where a point lies along a stint.
    pub(super) fn place(&self, stint: Stint, point: Coord<f64>) -> Place {
        let n = self.elements.len();
        let places = (stint.first..stint.first + stint.count).map(|i| {
            let place = self.elements[i % n].nearest(point);
            let round = if i >= n { self.line.length() } else { 0.0 };
            Place { along_m: place.along_m + round, element: i, ..place }
        });
        let nearest = places.min_by(|a, b| a.off_m.total_cmp(&b.off_m));
        nearest.unwrap_or(Place { along_m: 0.0, off_m: f64::INFINITY, element: 0 })
    }

    /// How many laps on a point of a stint lies when another point, whose place is known, is near to the same side or
    /// corner of the outline as it is: then the straight way between them does not leave the outline.
    pub(super) fn same_side(
        &self,
        known: Place,
        stint: Stint,
        point: Coord<f64>,
        reach_m: f64,
    ) -> Option<i64> {
        let n = self.elements.len();
        let element = known.element % n;
        let own = [element, element + n]
            .into_iter()
            .find(|i| (stint.first..stint.first + stint.count).contains(i))?;
        let near = self.elements[element].nearest(point).off_m <= reach_m + assumed::perimeter().body_m;
        near.then(|| (known.element / n) as i64 - (own / n) as i64)
    }

    /// Its corners between two distances along it; the second may lie beyond its length.
    pub(super) fn corners(&self, [from, to]: Span) -> Vec<Coord<f64>> {
        let length = self.line.length();
        let corners = self.elements.iter().filter_map(|element| match element {
            Element::Corner(at, along_m) => Some((*along_m, *at)),
            Element::Side(..) => None,
        });
        let corners: Vec<(f64, Coord<f64>)> = corners.collect();
        let twice = corners.iter().copied().chain(corners.iter().map(|(m, at)| (m + length, *at)));
        twice.filter(|(m, _)| from < *m && *m < to).map(|(_, at)| at).collect()
    }

    /// A stretch that may run over the outline's beginning, as stretches that do not.
    pub(super) fn within(&self, [from, to]: Span) -> Vec<Span> {
        let length = self.line.length();
        if to - from >= length {
            return vec![[0.0, length]];
        }
        let start = from - libm::floor(from / length) * length;
        let end = start + to - from;
        if end <= length { vec![[start, end]] } else { vec![[start, length], [0.0, end - length]] }
    }
}

impl Element {
    fn near(&self, shape: Shape, reach_m: f64) -> Option<Span> {
        match (shape, self) {
            (Shape::Line([a, b]), Element::Side(side, _)) => inside_band([a, b], *side, reach_m),
            (Shape::Line([a, b]), Element::Corner(at, _)) => inside_circle(a, b, *at, reach_m),
            (Shape::Disc(at, radius), element) => {
                (element.nearest(at).off_m <= reach_m + radius).then_some([0.0, 0.0])
            }
        }
    }

    fn nearest(&self, point: Coord<f64>) -> Place {
        match *self {
            Element::Side([a, b], start) => {
                let foot = foot([a, b], point);
                Place { along_m: start + distance(a, foot), off_m: distance(foot, point), element: 0 }
            }
            Element::Corner(at, along_m) => Place { along_m, off_m: distance(at, point), element: 0 },
        }
    }
}

/// The point of a straight piece that is nearest to another.
pub(super) fn foot([a, b]: [Coord<f64>; 2], point: Coord<f64>) -> Coord<f64> {
    let (way, to) = (b - a, point - a);
    let square = way.x * way.x + way.y * way.y;
    let t = if square > 0.0 { ((to.x * way.x + to.y * way.y) / square).clamp(0.0, 1.0) } else { 0.0 };
    a + way * t
}
