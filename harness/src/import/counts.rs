//! What a map holds of one compound, counted in WGS 84 / UTM under the rules printed with the counts.

use std::collections::{BTreeMap, BTreeSet};

use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{Area, BooleanOps, Contains, Coord, Distance, Euclidean, Length, LineString, Polygon};
use serde::Serialize;

use super::ImportError;
use super::osm::{Map, Way};
use super::plane::{Utm, from_lines, from_polygon, pieces_within};
use super::shapes::{self, Building, Troubles};

/// The counts of one compound.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counts {
    /// The way of the compound.
    pub way: i64,
    /// The plane of all lengths and areas.
    pub epsg: u32,
    /// How far from the outline a gate or barrier counts as the compound's, m.
    pub snap_m: f64,
    /// Area of the outline, m².
    pub area_m2: f64,
    /// Length of the outline, m.
    pub perimeter_m: f64,
    /// Share of the outline's area that was downloaded, as far as the file shows (a lower bound), 0..1.
    pub downloaded: f64,
    /// Buildings in the file.
    pub buildings_in_file: usize,
    /// Buildings with a point on their surface inside the outline.
    pub buildings_in_compound: usize,
    /// Of those, with `building:levels`.
    pub with_levels: usize,
    /// Of those, with `height`.
    pub with_height: usize,
    /// Their ground, m².
    pub footprint_m2: f64,
    /// Nodes `barrier=gate|lift_gate` within `snap_m`.
    pub gates: usize,
    /// Length of barriers (no kerbs) within `snap_m`, m.
    pub barrier_m: f64,
    /// Length of the outline that has a barrier within `snap_m`, m.
    pub ring_with_barrier_m: f64,
    /// Length of roads inside, by `highway`, m.
    pub roads_m: BTreeMap<String, f64>,
    /// How many times a road crosses the outline.
    pub crossings: usize,
}

/// The map of one compound on the plane.
pub struct Survey {
    /// The counts.
    pub counts: Counts,
    /// Indices into `buildings` of those in the compound.
    pub inside: Vec<usize>,
    /// All buildings of the file, UTM metres.
    pub buildings: Vec<Building>,
    /// What could not be read as it should.
    pub troubles: Troubles,
}

/// Whether a way is an obstacle.
pub fn is_barrier(way: &Way) -> bool {
    way.tags.get("barrier").is_some_and(|kind| kind != "kerb" && kind != "no")
}

/// Counts what belongs to the compound of a closed way.
pub fn survey(map: &Map, way: i64, snap_m: f64) -> Result<Survey, ImportError> {
    let outline_way = map.ways.get(&way).filter(|w| w.closed()).ok_or(ImportError::NoSuchWay(way))?;
    let first = outline_way.nodes.iter().find_map(|n| map.nodes.get(n)).ok_or(ImportError::NoSuchWay(way))?;
    let utm = Utm::at(first.lon, first.lat).map_err(|e| ImportError::Projection(e.to_string()))?;
    let place = |id: i64| map.nodes.get(&id).and_then(|n| utm.metres(n.lon, n.lat).ok());
    let outline = Polygon::new(shapes::line(outline_way, &place), vec![]);
    let (buildings, troubles) = shapes::buildings(map, &place);
    let inside: Vec<usize> = (0..buildings.len())
        .filter(|i| shapes::surface_point(&buildings[*i].outline).is_some_and(|p| outline.contains(&p)))
        .collect();
    let tagged = |key: &str| inside.iter().filter(|i| buildings[**i].tags.contains_key(key)).count();
    let barriers: Vec<LineString<f64>> =
        map.ways.values().filter(|w| is_barrier(w)).map(|w| shapes::line(w, &place)).collect();
    let near = |c: Coord<f64>| from_polygon(&outline, c);
    let length =
        |pieces: Vec<LineString<f64>>| pieces.iter().map(|p| Euclidean.length(p)).fold(0.0, |a, b| a + b);
    let mut roads_m: BTreeMap<String, f64> = BTreeMap::new();
    let mut crossings: Vec<Coord<f64>> = Vec::new();
    for (kind, road) in map.ways.values().filter_map(|w| Some((w.tags.get("highway")?, w))) {
        let line = shapes::line(road, &place);
        let inside_m = length(pieces_within(&line, 0.0, &near));
        if inside_m > 0.0 {
            *roads_m.entry(kind.clone()).or_default() += inside_m;
        }
        cross(&line, outline.exterior(), &mut crossings);
    }
    let gates = map.nodes.values().filter(|n| {
        let is_gate = matches!(n.tags.get("barrier").map(String::as_str), Some("gate" | "lift_gate"));
        is_gate && utm.metres(n.lon, n.lat).is_ok_and(|c| near(c) <= snap_m)
    });
    let counts = Counts {
        way,
        epsg: utm.epsg,
        snap_m,
        area_m2: outline.unsigned_area(),
        perimeter_m: Euclidean.length(outline.exterior()),
        downloaded: downloaded(map, &utm, &outline),
        buildings_in_file: buildings.len(),
        buildings_in_compound: inside.len(),
        with_levels: tagged("building:levels"),
        with_height: tagged("height"),
        footprint_m2: inside.iter().map(|i| buildings[*i].outline.unsigned_area()).sum(),
        gates: gates.count(),
        barrier_m: barriers.iter().map(|b| length(pieces_within(b, snap_m, &near))).fold(0.0, |a, b| a + b),
        ring_with_barrier_m: length(pieces_within(outline.exterior(), snap_m, &|c| from_lines(&barriers, c))),
        roads_m,
        crossings: crossings.len(),
    };
    Ok(Survey { counts, inside, buildings, troubles })
}

/// Adds the places where a line meets a ring. Places within 1 m are one: two ways that join on the ring.
fn cross(line: &LineString<f64>, ring: &LineString<f64>, found: &mut Vec<Coord<f64>>) {
    for (a, b) in line.lines().flat_map(|a| ring.lines().map(move |b| (a, b))) {
        let at = match line_intersection(a, b) {
            Some(LineIntersection::SinglePoint { intersection, .. }) => intersection,
            Some(LineIntersection::Collinear { intersection }) => intersection.start,
            None => continue,
        };
        if found.iter().all(|p| Euclidean.distance(*p, at) > 1.0) {
            found.push(at);
        }
    }
}

/// Share of the outline that was downloaded, as far as the file shows. `<bounds>` may be the box of a later cut, so it
/// is drawn in to the tightest box in which every way has a node: a map download holds no way without one.
pub(super) fn downloaded(map: &Map, utm: &Utm, outline: &Polygon<f64>) -> f64 {
    let Some([mut west, mut south, mut east, mut north]) = map.bounds else { return 1.0 };
    let nodes = |w: &Way| w.nodes.iter().filter_map(|n| map.nodes.get(n)).collect::<Vec<_>>();
    let [mut w, mut s, mut e, mut n] = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for nodes in map.ways.values().map(nodes).filter(|nodes| !nodes.is_empty()) {
        w = w.min(nodes.iter().map(|p| p.lon).fold(f64::NEG_INFINITY, f64::max));
        e = e.max(nodes.iter().map(|p| p.lon).fold(f64::INFINITY, f64::min));
        s = s.min(nodes.iter().map(|p| p.lat).fold(f64::NEG_INFINITY, f64::max));
        n = n.max(nodes.iter().map(|p| p.lat).fold(f64::INFINITY, f64::min));
    }
    let used: BTreeSet<i64> = map.ways.values().flat_map(|w| w.nodes.iter().copied()).collect();
    for (_, p) in map.nodes.iter().filter(|(id, _)| !used.contains(id)) {
        (w, e, s, n) = (w.min(p.lon), e.max(p.lon), s.min(p.lat), n.max(p.lat));
    }
    (west, south, east, north) = (west.max(w), south.max(s), east.min(e), north.min(n));
    // The box is bounded by meridians and parallels: its sides are followed in 16 steps.
    let corners = [(west, south), (east, south), (east, north), (west, north), (west, south)];
    let sides = corners.windows(2).flat_map(|w| {
        (0..16).map(move |k| {
            let t = f64::from(k) / 16.0;
            (w[0].0 + (w[1].0 - w[0].0) * t, w[0].1 + (w[1].1 - w[0].1) * t)
        })
    });
    let ring: Vec<Coord<f64>> = sides.filter_map(|(lon, lat)| utm.metres(lon, lat).ok()).collect();
    let area = outline.unsigned_area();
    let shared = Polygon::new(LineString(ring), vec![]).intersection(outline).unsigned_area();
    if area > 0.0 { (shared / area).min(1.0) } else { 0.0 }
}
