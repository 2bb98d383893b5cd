//! Where the compound's outline has no wall: what lies between the walls, as far as the data tell.

use geo::{Coord, Distance, Euclidean, Point};

use super::answer::Unwalled;
use super::perimeter::{ASIDE_M, ends_of};
use super::wall_line::{Span, WallLine, distance, inside_band, inside_circle, union, without};
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

/// Stretches of the outlines with no wall, no gate and no building.
pub(crate) fn unwalled(site: &Site, walls: &[&Wall]) -> Vec<Unwalled> {
    let bands = bands(site, walls);
    let circles = circles(site, walls);
    site.compounds.iter().flat_map(|compound| bare(compound, &bands, &circles)).collect()
}

/// A straight thing and how far beside it the outline may run.
type Band = ([Coord<f64>; 2], f64);
/// A point and how far about it the outline may run.
type Circle = (Coord<f64>, f64);

fn bare(compound: &Compound, bands: &[Band], circles: &[Circle]) -> Vec<Unwalled> {
    let line = WallLine::new(compound.outline.exterior());
    let mut closed: Vec<Span> = Vec::new();
    for (start, a, b) in line.pieces() {
        let beside = bands.iter().filter_map(|&(ends, aside)| inside_band([a, b], ends, aside));
        let about = circles.iter().filter_map(|&(middle, radius)| inside_circle(a, b, middle, radius));
        closed.extend(beside.chain(about).map(|[from, to]| [start + from, start + to]));
    }
    let open = without(&[[0.0, line.length()]], &union(closed));
    let long = open.into_iter().filter(|span| span[1] - span[0] >= SHORT_M);
    long.map(|along_m| Unwalled {
        compound: compound.id.clone(),
        along_m,
        ends_m: along_m.map(|s| line.at(s)).map(|c| [c.x, c.y]),
    })
    .collect()
}

fn bands(site: &Site, walls: &[&Wall]) -> Vec<Band> {
    let walls = walls.iter().flat_map(|w| w.line.lines()).map(|l| ([l.start, l.end], WALL_M));
    let sides = site.buildings.iter().flat_map(|b| b.outline.exterior().lines());
    walls.chain(sides.map(|l| ([l.start, l.end], BUILDING_M))).collect()
}

/// Ends and bends. About a bend, and where two walls meet, the outline may cut the corner by as much as it may run
/// beside the walls; beyond a free end it may not.
fn circles(site: &Site, walls: &[&Wall]) -> Vec<Circle> {
    let bend = WALL_M * std::f64::consts::SQRT_2;
    let met = |end: Coord<f64>| ends_of(walls).filter(|&other| distance(end, other) < ASIDE_M).count() > 1;
    let mut circles: Vec<Circle> =
        ends_of(walls).map(|end| (end, if met(end) { bend } else { END_M })).collect();
    for wall in walls {
        let corners = &wall.line.0;
        circles.extend(corners.iter().skip(1).take(corners.len().saturating_sub(2)).map(|&c| (c, bend)));
    }
    circles.extend(site.buildings.iter().flat_map(|b| &b.outline.exterior().0).map(|&c| (c, END_M)));
    circles.extend(site.gates.iter().map(|g| (g.at, g.width_m / 2.0 + END_M)));
    circles
}

/// Ends of walls that meet no other wall, no building and no gate.
pub(crate) fn open_ends(site: &Site, walls: &[&Wall]) -> Vec<[f64; 2]> {
    let met = |own: usize, end: Coord<f64>| {
        let at = Point::from(end);
        let others = walls.iter().enumerate().filter(|(i, _)| *i != own);
        let closed = walls[own].line.is_closed();
        closed
            || others.into_iter().any(|(_, wall)| Euclidean.distance(&at, &wall.line) <= ASIDE_M)
            || site.buildings.iter().any(|b| Euclidean.distance(&at, &b.outline) <= 2.0 * ASIDE_M)
            || site.gates.iter().any(|g| distance(end, g.at) <= g.width_m / 2.0 + 2.0 * ASIDE_M)
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
