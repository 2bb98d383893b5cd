//! Where the compound's outline has no wall: what lies between the walls, as far as the data tell.

use geo::{Coord, Distance, Euclidean, Point};

use super::answer::{HeldBy, Part, PartOf, Unwalled};
use super::assumed;
use super::parts::parts;
use super::perimeter::ends_of;
use super::wall_line::{Span, WallLine, distance, inside_band, inside_circle};
use crate::model::Site;
use crate::model::site::{Compound, Wall};

/// How far from the outline a wall of the perimeter may run and still stand for it, m. Maps draw both by hand.
const WALL_M: f64 = 10.0;
/// How far from the outline a building may stand and still close it, m.
const BUILDING_M: f64 = 3.0;
/// How far beyond a free end a wall, a building or a gate still counts, m.
const END_M: f64 = 3.0;
/// Shorter stretches are taken for a difference of drawing, m.
const SHORT_M: f64 = 1.0;

/// Stretches of the outlines with no wall, no gate and no building, and every outline in parts.
pub(crate) fn outlines(site: &Site, walls: &[&Wall]) -> (Vec<Unwalled>, Vec<Part>) {
    let stand_ins = stand_ins(site, walls);
    let found: Vec<Part> = site.compounds.iter().flat_map(|compound| cut(compound, &stand_ins)).collect();
    let bare = |part: &Part| {
        let compound = site.compounds.iter().find(|c| part.held_by == HeldBy::Open && c.id == part.id)?;
        let line = WallLine::new(compound.outline.exterior());
        Some(Unwalled {
            compound: part.id.clone(),
            along_m: part.along_m,
            ends_m: part.along_m.map(|s| line.at(s)).map(|c| [c.x, c.y]),
        })
    };
    (found.iter().filter_map(bare).collect(), found)
}

/// Something that stands on or near the outline.
enum Shape {
    /// A straight thing and how far beside it the outline may run.
    Band([Coord<f64>; 2], f64),
    /// A point and how far about it the outline may run.
    Circle(Coord<f64>, f64),
}

/// What it stands for, and where.
type StandIn = (HeldBy, Shape);

impl Shape {
    /// The part of the straight line from `a` to `b` for which it stands.
    fn along(&self, a: Coord<f64>, b: Coord<f64>) -> Option<Span> {
        match *self {
            Shape::Band(ends, aside) => inside_band([a, b], ends, aside),
            Shape::Circle(middle, radius) => inside_circle(a, b, middle, radius),
        }
    }
}

/// An outline in parts. What a wall and a building both stand for is the wall's.
fn cut(compound: &Compound, stand_ins: &[StandIn]) -> Vec<Part> {
    let line = WallLine::new(compound.outline.exterior());
    let mut held: Vec<(HeldBy, Span)> = Vec::new();
    for (start, a, b) in line.pieces() {
        let here = stand_ins.iter().filter_map(|(by, shape)| Some((*by, shape.along(a, b)?)));
        held.extend(here.map(|(by, [from, to])| (by, [start + from, start + to])));
    }
    let by = |at: f64| {
        let holds =
            |kind: HeldBy| held.iter().any(|(by, [from, to])| *by == kind && *from <= at && at <= *to);
        [HeldBy::Gate, HeldBy::Wall, HeldBy::Facade].into_iter().find(|kind| holds(*kind))
    };
    let found = parts(line.length(), held.iter().map(|(_, span)| *span), by);
    found
        .into_iter()
        .map(|(along_m, by)| {
            let bare = if along_m[1] - along_m[0] < SHORT_M { HeldBy::Drawing } else { HeldBy::Open };
            let held_by = by.unwrap_or(bare);
            Part { on: PartOf::Outline, id: compound.id.clone(), along_m, held_by, ..Part::default() }
        })
        .collect()
}

/// Walls, buildings and gates. About a bend, and where two walls meet, the outline may cut the corner by as much as it
/// may run beside the walls; beyond a free end it may not.
fn stand_ins(site: &Site, walls: &[&Wall]) -> Vec<StandIn> {
    let bend = WALL_M * std::f64::consts::SQRT_2;
    let met = |end: Coord<f64>| {
        ends_of(walls).filter(|&other| distance(end, other) < assumed::perimeter().aside_m).count() > 1
    };
    let band = |by: HeldBy, l: geo::Line<f64>, aside: f64| (by, Shape::Band([l.start, l.end], aside));
    let mut all: Vec<StandIn> =
        walls.iter().flat_map(|w| w.line.lines()).map(|l| band(HeldBy::Wall, l, WALL_M)).collect();
    all.extend(
        ends_of(walls).map(|end| (HeldBy::Wall, Shape::Circle(end, if met(end) { bend } else { END_M }))),
    );
    for wall in walls {
        let corners = &wall.line.0;
        let inner = corners.iter().skip(1).take(corners.len().saturating_sub(2));
        all.extend(inner.map(|&c| (HeldBy::Wall, Shape::Circle(c, bend))));
    }
    for building in &site.buildings {
        let ring = building.outline.exterior();
        all.extend(ring.lines().map(|l| band(HeldBy::Facade, l, BUILDING_M)));
        all.extend(ring.0.iter().map(|&c| (HeldBy::Facade, Shape::Circle(c, END_M))));
    }
    let gate = |g: &crate::model::site::Gate| (HeldBy::Gate, Shape::Circle(g.at, g.width_m / 2.0 + END_M));
    all.extend(site.gates.iter().map(gate));
    all
}

/// Ends of walls that meet no other wall, no building and no gate.
pub(crate) fn open_ends(site: &Site, walls: &[&Wall]) -> Vec<[f64; 2]> {
    let met = |own: usize, end: Coord<f64>| {
        let at = Point::from(end);
        let others = walls.iter().enumerate().filter(|(i, _)| *i != own);
        let closed = walls[own].line.is_closed();
        closed
            || others
                .into_iter()
                .any(|(_, wall)| Euclidean.distance(&at, &wall.line) <= assumed::perimeter().aside_m)
            || site
                .buildings
                .iter()
                .any(|b| Euclidean.distance(&at, &b.outline) <= 2.0 * assumed::perimeter().aside_m)
            || site
                .gates
                .iter()
                .any(|g| distance(end, g.at) <= g.width_m / 2.0 + 2.0 * assumed::perimeter().aside_m)
    };
    let ends = walls.iter().enumerate().flat_map(|(i, wall)| {
        [wall.line.0.first(), wall.line.0.last()].into_iter().flatten().map(move |&end| (i, end))
    });
    ends.filter(|&(own, end)| !met(own, end)).map(|(_, end)| [end.x, end.y]).collect()
}

#[cfg(test)]
mod tests {
    use geo::Rect;

    use super::*;
    use crate::analysis::perimeter::perimeter;
    use crate::analysis::sample;
    use crate::model::site::WallKind;

    /// A compound of 100 × 50 m whose wall leaves out the north side and stands 2 m inside the outline.
    fn three_sides() -> Site {
        let mut site = sample::bare(0.0, 0.0, 100.0, 50.0);
        let corners = [(2.0, 48.0), (2.0, 2.0), (98.0, 2.0), (98.0, 48.0)];
        site.walls.push(sample::wall("u", WallKind::Wall, &corners, 2.2));
        site
    }

    #[test]
    fn the_side_without_a_wall_is_found() {
        let answer = perimeter(&three_sides(), &[]);
        assert_eq!(answer.unwalled.len(), 1, "{answer:?}");
        let [from, to] = answer.unwalled[0].along_m;
        let side = 100.0 - 2.0 * (2.0 + libm::sqrt(9.0 - 4.0));
        assert!((to - from - side).abs() < 1e-6, "{from} {to} {side}");
        assert_eq!(answer.open_ends_m, [[2.0, 48.0], [98.0, 48.0]]);
        assert_eq!(answer.status, format!("1 gap, 188.0 m; {side:.1} m of the outline has no wall"));
    }

    #[test]
    fn an_outline_says_what_stands_for_each_metre() {
        let mut site = three_sides();
        site.buildings.push(sample::building("b", Rect::new((20.0, 47.5), (60.0, 49.5)).to_polygon(), 9.0));
        site.gates.push(sample::gate("g", 80.0, 50.0, 4.0));
        let answer = perimeter(&site, &[]);
        let own = answer.parts.iter().filter(|p| p.on == PartOf::Outline);
        let sums = own.fold(std::collections::BTreeMap::new(), |mut sums, p| {
            *sums.entry(p.held_by).or_insert(0.0) += p.along_m[1] - p.along_m[0];
            sums
        });
        assert!((sums.values().sum::<f64>() - 300.0).abs() < 1e-6, "{sums:?}");
        assert!((sums[&HeldBy::Gate] - 10.0).abs() < 1e-6, "its width and 3 m on both sides");
        // Half a metre before the facade and about its ends, as far as the outline runs within 3 m of them.
        let facade = 40.0 + 2.0 * libm::sqrt(9.0 - 0.25);
        assert!((sums[&HeldBy::Facade] - facade).abs() < 1e-6, "{sums:?}");
        let bare: f64 = answer.unwalled.iter().map(|u| u.along_m[1] - u.along_m[0]).sum();
        assert!((sums[&HeldBy::Open] - bare).abs() < 1e-6 && bare > 20.0);
    }

    #[test]
    fn a_building_or_a_wall_closes_it() {
        let mut site = three_sides();
        site.buildings.push(sample::building("b", Rect::new((1.0, 47.5), (99.0, 49.5)).to_polygon(), 9.0));
        assert!(perimeter(&site, &[]).unwalled.is_empty());
        assert!(perimeter(&site, &[]).open_ends_m.is_empty());
        let mut site = three_sides();
        site.walls.push(sample::wall("n", WallKind::Fence, &[(2.0, 48.0), (98.0, 48.0)], 2.0));
        assert!(perimeter(&site, &[]).unwalled.is_empty());
        assert!(perimeter(&site, &[]).open_ends_m.is_empty());
    }
}
