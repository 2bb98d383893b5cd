//! The site as triangles, each with what it belongs to.

use std::f64::consts::{PI, TAU};

use geo::{Coord, LineString, Polygon, TriangulateEarcut};

use super::caster::Occluder;
use super::conditions::{Conditions, Leaves, Van};
use super::scene::Scene;
use super::vector::{Vec3, cross, length, scale, sub};
use super::veil::Veil;
use super::wall_line::WallLine;
use crate::model::Site;
use crate::model::site::{Tree, WallKind};

/// A triangle: a corner and the two edges that leave it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Facet {
    pub(crate) corner: Vec3,
    pub(crate) edge_a: Vec3,
    pub(crate) edge_b: Vec3,
}

impl Facet {
    pub(crate) fn of(a: Vec3, b: Vec3, c: Vec3) -> Facet {
        Facet { corner: a, edge_a: sub(b, a), edge_b: sub(c, a) }
    }

    pub(crate) fn corners(&self) -> [Vec3; 3] {
        let add = |e: Vec3| [0, 1, 2].map(|k| self.corner[k] + e[k]);
        [self.corner, add(self.edge_a), add(self.edge_b)]
    }

    /// Its unit normal; zero for a triangle without area.
    pub(crate) fn normal(&self) -> Vec3 {
        let n = cross(self.edge_a, self.edge_b);
        let l = length(n);
        if l > 0.0 { scale(n, 1.0 / l) } else { [0.0; 3] }
    }
}

/// What stands on a site under some conditions.
#[derive(Default)]
pub(crate) struct Standing {
    /// What stops a view.
    pub(crate) solid: Vec<(Facet, Occluder)>,
    /// What takes a share of its contrast.
    pub(crate) veils: Vec<(Facet, Veil)>,
}

/// Everything on the site that stands in the way of a view, and how.
pub(crate) fn of(site: &Site, conditions: &Conditions) -> Standing {
    let mut all = Standing::default();
    for (i, building) in site.buildings.iter().enumerate() {
        add(&mut all.solid, extruded(&building.outline, building.height_m), Occluder::Building(i as u32));
    }
    for (i, wall) in site.walls.iter().enumerate() {
        let line = WallLine::new(&wall.line);
        let facets = panels(&line, &line.standing(&site.gates), wall.height_m);
        match wall.made_of {
            WallKind::Fence => add(&mut all.veils, facets, Veil::bars(i as u32, wall.bar_gap_m)),
            _ => add(&mut all.solid, facets, Occluder::Wall(i as u32)),
        }
    }
    for (i, tree) in site.trees.iter().enumerate() {
        let facets = crown(&grown(tree, conditions.growth));
        if tree.evergreen || conditions.leaves == Leaves::On {
            add(&mut all.solid, facets, Occluder::Crown(i as u32));
        } else {
            add(&mut all.veils, facets, Veil::bare(i as u32));
        }
    }
    for (i, van) in conditions.vans.iter().enumerate() {
        add(&mut all.solid, extruded(&footprint(van), van.size_m[2]), Occluder::Van(i as u32));
    }
    all
}

/// Vans alone, prepared for the search.
pub(crate) fn scene_of(vans: &[Van]) -> Scene {
    let mut solid = Vec::new();
    vans.iter().for_each(|van| add(&mut solid, extruded(&footprint(van), van.size_m[2]), ()));
    Scene::of(solid.into_iter().map(|(facet, ())| facet).collect()).0
}

fn add<T: Copy>(to: &mut Vec<(Facet, T)>, facets: Vec<Facet>, owner: T) {
    to.extend(facets.into_iter().filter(|f| f.normal() != [0.0; 3]).map(|f| (f, owner)));
}

/// A tree after it has grown. The crown begins where it did.
fn grown(tree: &Tree, growth: f64) -> Tree {
    Tree { height_m: tree.height_m * growth, crown_radius_m: tree.crown_radius_m * growth, ..tree.clone() }
}

fn footprint(van: &Van) -> Polygon<f64> {
    let bearing = van.bearing_deg.to_radians();
    let (sin, cos) = (libm::sin(bearing), libm::cos(bearing));
    let corner = |ahead: f64, aside: f64| Coord {
        x: van.at_m[0] + ahead * van.size_m[0] * sin + aside * van.size_m[1] * cos,
        y: van.at_m[1] + ahead * van.size_m[0] * cos - aside * van.size_m[1] * sin,
    };
    let ring = vec![corner(-0.5, -0.5), corner(-0.5, 0.5), corner(0.5, 0.5), corner(0.5, -0.5)];
    Polygon::new(LineString(ring), Vec::new())
}

/// An upright panel on the line from `a` to `b`.
fn panel(a: Coord<f64>, b: Coord<f64>, height: f64) -> [Facet; 2] {
    let (low_a, low_b) = ([a.x, a.y, 0.0], [b.x, b.y, 0.0]);
    let (top_a, top_b) = ([a.x, a.y, height], [b.x, b.y, height]);
    [Facet::of(low_a, low_b, top_b), Facet::of(low_a, top_b, top_a)]
}

/// Outer walls, walls of courts and roof of a building. It stands on the ground, so it needs no floor.
fn extruded(outline: &Polygon<f64>, height: f64) -> Vec<Facet> {
    let sides = |ring: &LineString<f64>| -> Vec<Facet> {
        ring.lines().flat_map(|edge| panel(edge.start, edge.end, height)).collect()
    };
    let mut facets = sides(outline.exterior());
    facets.extend(outline.interiors().iter().flat_map(sides));
    let up = |c: Coord<f64>| [c.x, c.y, height];
    facets.extend(outline.earcut_triangles_iter().map(|t| Facet::of(up(t.v1()), up(t.v2()), up(t.v3()))));
    facets
}

/// The standing stretches of a wall.
fn panels(line: &WallLine, standing: &[[f64; 2]], height: f64) -> Vec<Facet> {
    let mut facets = Vec::new();
    for &[from, to] in standing {
        let inner = line.inner_corners().iter().copied().filter(|&s| s > from && s < to);
        let mut stops = vec![from];
        stops.extend(inner);
        stops.push(to);
        for ends in stops.windows(2) {
            facets.extend(panel(line.at(ends[0]), line.at(ends[1]), height));
        }
    }
    facets
}

/// Meridians and bands of a crown.
const MERIDIANS: usize = 8;
const BANDS: usize = 4;

/// A crown: an ellipsoid of flat faces, from the crown's base to the tree's top.
fn crown(tree: &Tree) -> Vec<Facet> {
    let half = (tree.height_m - tree.crown_base_m) / 2.0;
    let middle = tree.crown_base_m + half;
    if half <= 0.0 || tree.crown_radius_m <= 0.0 {
        return Vec::new();
    }
    let point = |band: usize, meridian: usize| -> Vec3 {
        let polar = PI * band as f64 / BANDS as f64;
        let around = TAU * (meridian % MERIDIANS) as f64 / MERIDIANS as f64;
        let ring = if band == 0 || band == BANDS { 0.0 } else { tree.crown_radius_m * libm::sin(polar) };
        [
            tree.at.x + ring * libm::cos(around),
            tree.at.y + ring * libm::sin(around),
            middle - half * libm::cos(polar),
        ]
    };
    let mut facets = Vec::with_capacity(2 * MERIDIANS * (BANDS - 1));
    for band in 0..BANDS {
        for meridian in 0..MERIDIANS {
            let (a, b) = (point(band, meridian), point(band, meridian + 1));
            let (c, d) = (point(band + 1, meridian), point(band + 1, meridian + 1));
            if band > 0 {
                facets.push(Facet::of(a, b, d));
            }
            if band + 1 < BANDS {
                facets.push(Facet::of(a, d, c));
            }
        }
    }
    facets
}

#[cfg(test)]
mod tests {
    use geo::{Area, polygon};

    use super::*;

    fn area(facets: &[Facet]) -> f64 {
        facets.iter().map(|f| length(cross(f.edge_a, f.edge_b)) / 2.0).sum()
    }

    /// Six times the signed volume, when the faces of a closed body all look the same way.
    fn volume(facets: &[Facet]) -> f64 {
        facets
            .iter()
            .map(|f| {
                let [a, b, c] = f.corners();
                crate::analysis::vector::dot(a, cross(b, c)) / 6.0
            })
            .sum::<f64>()
            .abs()
    }

    #[test]
    fn a_building_with_a_court_has_its_walls_and_its_roof() {
        let outline = polygon!(
            exterior: [(x: 0., y: 0.), (x: 20., y: 0.), (x: 20., y: 20.), (x: 0., y: 20.)],
            interiors: [[(x: 5., y: 5.), (x: 5., y: 15.), (x: 15., y: 15.), (x: 15., y: 5.)]],
        );
        let facets = extruded(&outline, 18.0);
        let expected = (80.0 + 40.0) * 18.0 + outline.unsigned_area();
        assert!((area(&facets) - expected).abs() < 1e-9);
        assert!((outline.unsigned_area() - 300.0).abs() < 1e-9);
    }

    #[test]
    fn a_van_points_where_its_bearing_says() {
        let east = footprint(&Van { size_m: [6.0, 2.0, 2.0], ..Van::parked("v", [10.0, 20.0], 90.0) });
        let extent = geo::BoundingRect::bounding_rect(&east).expect("a box");
        for (found, expected) in [(extent.min(), (7.0, 19.0)), (extent.max(), (13.0, 21.0))] {
            assert!((found.x - expected.0).abs() < 1e-9 && (found.y - expected.1).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn a_crown_is_closed_and_nearly_an_ellipsoid() {
        let tree = Tree {
            id: "t".into(),
            at: Coord { x: 3.0, y: -4.0 },
            height_m: 9.0,
            crown_radius_m: 2.5,
            crown_base_m: 3.0,
            evergreen: true,
        };
        let facets = crown(&tree);
        assert_eq!(facets.len(), 48);
        let ellipsoid = 4.0 / 3.0 * PI * 2.5 * 2.5 * 3.0;
        let ratio = volume(&facets) / ellipsoid;
        assert!((0.7..1.0).contains(&ratio), "{ratio}");
    }
}
