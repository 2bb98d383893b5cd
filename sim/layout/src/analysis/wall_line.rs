//! A wall as a line with a measure along it, and the stretches of it that gates open.

use geo::{Coord, LineString};

use crate::model::site::Gate;

/// A stretch along a line: distances of its beginning and its end from the line's start, m.
pub type Span = [f64; 2];

/// A line with the distance along it.
#[derive(Clone, Debug)]
pub struct WallLine {
    corners: Vec<Coord<f64>>,
    along: Vec<f64>,
}

impl WallLine {
    /// Measures a line; corners that repeat the one before them are dropped.
    pub fn new(line: &LineString<f64>) -> WallLine {
        let mut corners: Vec<Coord<f64>> = Vec::with_capacity(line.0.len());
        let mut along: Vec<f64> = Vec::with_capacity(line.0.len());
        for &corner in &line.0 {
            match (corners.last(), along.last()) {
                (Some(&before), Some(&so_far)) if before != corner => {
                    along.push(so_far + distance(before, corner));
                    corners.push(corner);
                }
                (Some(_), _) => {}
                (None, _) => {
                    along.push(0.0);
                    corners.push(corner);
                }
            }
        }
        WallLine { corners, along }
    }

    /// Its length, m.
    pub fn length(&self) -> f64 {
        self.along.last().copied().unwrap_or(0.0)
    }

    /// Its straight pieces: distance along the line of the piece's start, its two ends.
    pub fn pieces(&self) -> impl Iterator<Item = (f64, Coord<f64>, Coord<f64>)> + '_ {
        self.corners.windows(2).zip(&self.along).map(|(ends, &start)| (start, ends[0], ends[1]))
    }

    /// Distances along the line of its inner corners, m.
    pub fn inner_corners(&self) -> &[f64] {
        match self.along.len() {
            0..=2 => &[],
            n => &self.along[1..n - 1],
        }
    }

    /// The point at a distance along the line; its ends beyond them.
    pub fn at(&self, along_m: f64) -> Coord<f64> {
        for (start, a, b) in self.pieces() {
            let length = distance(a, b);
            if along_m <= start + length {
                let t = ((along_m - start) / length).clamp(0.0, 1.0);
                return Coord { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
            }
        }
        self.corners.last().copied().unwrap_or_default()
    }

    /// Stretches that gates open: the parts of the line nearer to a gate's middle than half its clear width.
    pub fn openings(&self, gates: &[Gate]) -> Vec<Span> {
        let mut open = Vec::new();
        for gate in gates {
            for (start, a, b) in self.pieces() {
                if let Some([from, to]) = inside_circle(a, b, gate.at, gate.width_m / 2.0) {
                    open.push([start + from, start + to]);
                }
            }
        }
        union(open)
    }

    /// Stretches that stand: the line without its openings.
    pub fn standing(&self, gates: &[Gate]) -> Vec<Span> {
        without(&[[0.0, self.length()]], &self.openings(gates))
    }
}

pub(crate) fn distance(a: Coord<f64>, b: Coord<f64>) -> f64 {
    libm::hypot(b.x - a.x, b.y - a.y)
}

/// The part of the straight line from `a` to `b` inside a circle, as distances from `a`.
pub(crate) fn inside_circle(a: Coord<f64>, b: Coord<f64>, middle: Coord<f64>, radius: f64) -> Option<Span> {
    let length = distance(a, b);
    let (ux, uy) = ((b.x - a.x) / length, (b.y - a.y) / length);
    let (dx, dy) = (middle.x - a.x, middle.y - a.y);
    let foot = dx * ux + dy * uy;
    let aside = dx * uy - dy * ux;
    let half = radius * radius - aside * aside;
    if half <= 0.0 {
        return None;
    }
    let half = libm::sqrt(half);
    let span = [(foot - half).max(0.0), (foot + half).min(length)];
    (span[0] < span[1]).then_some(span)
}

/// The part of the straight line from `a` to `b` beside another from `p` to `q`: not farther from it than `aside`, and
/// between the perpendiculars at its ends; as distances from `a`.
pub(crate) fn inside_band([a, b]: [Coord<f64>; 2], [p, q]: [Coord<f64>; 2], aside: f64) -> Option<Span> {
    let (own, other) = (distance(a, b), distance(p, q));
    if own == 0.0 || other == 0.0 {
        return None;
    }
    let (ux, uy) = ((b.x - a.x) / own, (b.y - a.y) / own);
    let (ex, ey) = ((q.x - p.x) / other, (q.y - p.y) / other);
    let (dx, dy) = (a.x - p.x, a.y - p.y);
    let along = where_between(dx * ex + dy * ey, ux * ex + uy * ey, 0.0, other)?;
    let near = where_between(dy * ex - dx * ey, uy * ex - ux * ey, -aside, aside)?;
    let span = [along[0].max(near[0]).max(0.0), along[1].min(near[1]).min(own)];
    (span[0] < span[1]).then_some(span)
}

/// Where `start + slope s` lies in `[low, high]`.
fn where_between(start: f64, slope: f64, low: f64, high: f64) -> Option<Span> {
    if slope.abs() < 1e-12 {
        return (low..=high).contains(&start).then_some([f64::NEG_INFINITY, f64::INFINITY]);
    }
    let (a, b) = ((low - start) / slope, (high - start) / slope);
    Some([a.min(b), a.max(b)])
}

/// The union of stretches, in order, none touching another.
pub fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|s| s[1] > s[0]);
    spans.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span[0] <= last[1] + JOIN_M => last[1] = last[1].max(span[1]),
            _ => merged.push(span),
        }
    }
    merged
}

/// What is left of `spans` after taking `away` out; both in order and without overlaps.
pub fn without(spans: &[Span], away: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    for &[from, to] in spans {
        let mut start = from;
        for &[a, b] in away {
            if b <= start || a >= to {
                continue;
            }
            if a > start + JOIN_M {
                left.push([start, a]);
            }
            start = start.max(b);
        }
        if to > start + JOIN_M {
            left.push([start, to]);
        }
    }
    left
}

/// Total length of stretches that do not overlap, m.
pub fn total(spans: &[Span]) -> f64 {
    spans.iter().map(|s| s[1] - s[0]).sum()
}

/// Stretches nearer to each other than this are one; rounding, not tolerance.
const JOIN_M: f64 = 1e-6;

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(x: f64, y: f64, width_m: f64) -> Gate {
        crate::analysis::sample::gate("g", x, y, width_m)
    }

    fn line(points: &[(f64, f64)]) -> WallLine {
        WallLine::new(&LineString::from(points.to_vec()))
    }

    #[test]
    fn a_gate_on_a_straight_wall_opens_its_width() {
        let wall = line(&[(0.0, 0.0), (100.0, 0.0)]);
        assert_eq!(wall.openings(&[gate(40.0, 0.0, 6.0)]), vec![[37.0, 43.0]]);
        assert_eq!(wall.standing(&[gate(40.0, 0.0, 6.0)]), vec![[0.0, 37.0], [43.0, 100.0]]);
        assert!(wall.openings(&[gate(40.0, 4.0, 6.0)]).is_empty());
    }

    #[test]
    fn a_gate_at_a_corner_opens_both_legs_once() {
        let wall = line(&[(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)]);
        assert_eq!(wall.openings(&[gate(50.0, 0.0, 4.0)]), vec![[48.0, 52.0]]);
    }

    #[test]
    fn repeated_corners_do_not_count() {
        let wall = line(&[(0.0, 0.0), (0.0, 0.0), (3.0, 4.0), (3.0, 4.0)]);
        assert!((wall.length() - 5.0).abs() < 1e-12);
        assert_eq!(wall.at(2.5), Coord { x: 1.5, y: 2.0 });
        assert!(wall.inner_corners().is_empty());
    }

    #[test]
    fn stretches_are_joined_and_taken_away() {
        assert_eq!(union(vec![[5.0, 7.0], [0.0, 2.0], [1.0, 3.0], [9.0, 9.0]]), vec![[0.0, 3.0], [5.0, 7.0]]);
        assert_eq!(without(&[[0.0, 10.0]], &[[2.0, 3.0], [9.8, 10.0]]), vec![[0.0, 2.0], [3.0, 9.8]]);
        assert!((total(&[[0.0, 2.0], [3.0, 9.8]]) - 8.8).abs() < 1e-12);
    }
}
