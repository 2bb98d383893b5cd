//! Ways: where people can walk, the places they walk between, and the roads that vehicles take.
//!
//! The walkable ground is a mesh of triangles with buildings, walls and water cut out, each with a clearance; gates
//! are openings. Trees and bollards stay out of the mesh: people step round them without a change of way.

mod obstacles;
mod places;
mod roads;

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy::prelude::Resource;
use geo::{Coord, LineString, Polygon};

use crate::model::Site;
pub use places::{Lot, Places, Portal};
use roads::Roads;

/// Distance that the middle of a body keeps from buildings, walls and water, m.
pub const CLEARANCE_M: f64 = 0.3;
/// How far the walkable ground reaches beyond the site's own geometry, m.
const MARGIN_M: f64 = 45.0;

/// A way: corners from the first to the last point.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Corners, m.
    pub points: Vec<[f64; 2]>,
    /// Length, m.
    pub length_m: f64,
}

impl Way {
    fn of(points: Vec<[f64; 2]>) -> Way {
        let length_m = points.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
        Way { points, length_m }
    }

    /// The same way walked from its end.
    pub fn reversed(&self) -> Way {
        Way { points: self.points.iter().rev().copied().collect(), length_m: self.length_m }
    }

    /// This way and then another that begins where it ends.
    pub fn then(&self, other: &Way) -> Way {
        let mut points = self.points.clone();
        points.extend(other.points.iter().skip(1));
        Way { points, length_m: self.length_m + other.length_m }
    }
}

/// Distance between two points, m.
pub fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    libm::hypot(b[0] - a[0], b[1] - a[1])
}

type Key = [i64; 4];

/// Finds ways and remembers them, so that each pair of places is searched once.
#[derive(Resource)]
pub struct Nav {
    mesh: polyanya::Mesh,
    roads: Roads,
    known: BTreeMap<Key, Option<Arc<Way>>>,
    /// The places of the site.
    pub places: Arc<Places>,
    /// How many trips were given up because no way led there.
    pub no_way: u32,
}

impl Nav {
    /// The ways of a site.
    pub fn of(site: &Site) -> Nav {
        let mesh = mesh_of(site);
        let mut nav =
            Nav { mesh, roads: Roads::of(site), known: BTreeMap::new(), places: Arc::default(), no_way: 0 };
        nav.places = Arc::new(Places::of(site, &nav));
        nav
    }

    /// True when somebody can stand there.
    pub fn is_clear(&self, at: [f64; 2]) -> bool {
        self.mesh.point_in_mesh(polyanya::Coords::on_mesh([at[0] as f32, at[1] as f32].into()))
    }

    /// The nearest clear point, searched on rings of up to 8 m.
    pub fn stand_near(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        if self.is_clear(at) {
            return Some(at);
        }
        [0.4, 0.5, 0.6, 0.8, 1.1, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0].into_iter().find_map(|radius| {
            (0..16).find_map(|step| {
                let angle = std::f64::consts::TAU * f64::from(step) / 16.0;
                let there = [at[0] + radius * libm::cos(angle), at[1] + radius * libm::sin(angle)];
                self.is_clear(there).then_some(there)
            })
        })
    }

    /// The shortest way on foot; nothing when none leads there.
    pub fn way(&mut self, from: [f64; 2], to: [f64; 2]) -> Option<Arc<Way>> {
        let mm = |m: f64| libm::round(m * 1000.0) as i64;
        let (a, b) = ([mm(from[0]), mm(from[1])], [mm(to[0]), mm(to[1])]);
        let key = |a: [i64; 2], b: [i64; 2]| [a[0], a[1], b[0], b[1]];
        if let Some(known) = self.known.get(&key(a, b)) {
            return known.clone();
        }
        let (low, high) = if a <= b { (from, to) } else { (to, from) };
        let found = self.search(low, high);
        let back = found.as_ref().map(|way| Arc::new(way.reversed()));
        let forth = found.map(Arc::new);
        let (there, home) = if a <= b { (forth, back) } else { (back, forth) };
        self.known.insert(key(b, a), home);
        self.known.insert(key(a, b), there.clone());
        there
    }

    fn search(&self, from: [f64; 2], to: [f64; 2]) -> Option<Way> {
        if distance(from, to) < 1e-3 {
            return Some(Way::of(vec![from, to]));
        }
        let at = |p: [f64; 2]| polyanya::Coords::on_mesh([p[0] as f32, p[1] as f32].into());
        let path = self.mesh.path(at(from), at(to))?;
        let mut points = vec![from];
        points.extend(path.path.iter().map(|p| [f64::from(p.x), f64::from(p.y)].map(to_mm)));
        if let Some(last) = points.last_mut() {
            *last = to;
        }
        points.dedup();
        (points.len() > 1).then(|| Way::of(points))
    }

    /// The way of a vehicle: along the roads where there are any, else as somebody on foot.
    pub fn drive(&mut self, from: [f64; 2], to: [f64; 2]) -> Option<Way> {
        let straight = self.way(from, to);
        let Some(along) = self.roads.between(from, to).filter(|points| points.len() > 1) else {
            return straight.map(|way| (*way).clone());
        };
        let on = self.way(from, along[0]);
        let off = self.way(along[along.len() - 1], to);
        match (on, off) {
            (Some(on), Some(off)) => Some(on.then(&Way::of(along)).then(&off)),
            _ => straight.map(|way| (*way).clone()),
        }
    }

    /// A point on a road near a place.
    pub fn road_near(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        self.roads.nearest(at)
    }
}

fn to_mm(m: f64) -> f64 {
    libm::round(m * 1000.0) / 1000.0
}

fn mesh_of(site: &Site) -> polyanya::Mesh {
    let (low, high) = bounds(site);
    let edge = |x: f64, y: f64| Coord { x: x as f32, y: y as f32 };
    let outer = LineString(vec![
        edge(low[0] - MARGIN_M, low[1] - MARGIN_M),
        edge(high[0] + MARGIN_M, low[1] - MARGIN_M),
        edge(high[0] + MARGIN_M, high[1] + MARGIN_M),
        edge(low[0] - MARGIN_M, high[1] + MARGIN_M),
    ]);
    let rings = obstacles::rings(site)
        .into_iter()
        .map(|ring| LineString(ring.iter().map(|p| edge(p[0], p[1])).collect()))
        .map(|mut ring: LineString<f32>| {
            ring.close();
            ring
        })
        .collect();
    let mut mesh = polyanya::Triangulation::from_geo_polygon(Polygon::new(outer, rings)).as_navmesh();
    mesh.merge_polygons();
    mesh.bake();
    mesh
}

/// South-west and north-east corner of everything on the site, m.
pub fn bounds(site: &Site) -> ([f64; 2], [f64; 2]) {
    let rings = site.buildings.iter().map(|b| &b.outline).chain(site.compounds.iter().map(|c| &c.outline));
    let lines = site.walls.iter().map(|w| &w.line).chain(site.paths.iter().map(|p| &p.line));
    let all = rings.map(|p| p.exterior()).chain(lines).flat_map(|line| line.0.iter()).copied();
    let all = all.chain(site.gates.iter().map(|gate| gate.at));
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for at in all {
        low = [low[0].min(at.x), low[1].min(at.y)];
        high = [high[0].max(at.x), high[1].max(at.y)];
    }
    if low[0].is_finite() { (low, high) } else { ([0.0; 2], [0.0; 2]) }
}

#[cfg(test)]
mod tests;
