//! From the map to a site that passes the check: walls cut, gates put into them, doors found or guessed.

use geo::{
    Area, BooleanOps, BoundingRect, Contains, Coord, Distance, Euclidean, InteriorPoint, Intersects, Length,
    LineString, Point, Polygon, RemoveRepeatedPoints,
};
use palisade_sim::model::site::{
    Area as Ground, Building, Compound, Entrance, Gate, GateFor, Ground as Kind, Lamp, LocalPlane, Path,
    PathFor, Site, Tree, Use, Wall, WallKind, Wgs84,
};
use palisade_sim::words::Id;

use super::ImportError;
use super::counts::{Survey, is_barrier};
use super::notes::Notes;
use super::osm::{Map, Node, Tags};
use super::plane::{from_lines, from_polygon, pieces_within};
use super::shapes;

/// How far round the compound roads are kept, m.
const ROUND_M: f64 = 15.0;
/// A storey where the map says nothing, m.
const STOREY_M: f64 = 3.0;
/// Storeys of flats where the map says nothing.
const STOREYS: u32 = 6;
/// One door for this much facade where the map has none, m.
const DOOR_EVERY_M: f64 = 20.0;
/// Height of a barrier where the map says nothing, m.
pub const WALL_M: f64 = 2.2;
/// Shortest piece of a wall that is kept, m.
const SHORTEST_M: f64 = 1.0;

/// The site while it is made.
pub struct Draft<'a> {
    /// The site.
    pub site: Site,
    /// The outline, local metres.
    pub outline: Polygon<f64>,
    /// The remarks.
    pub notes: Notes,
    /// Walls that only carry a gate which stands where no barrier is mapped.
    pub frames: Vec<Id>,
    map: &'a Map,
    plane: LocalPlane,
    snap_m: f64,
}

/// Makes the site of a compound.
pub fn draft<'a>(map: &'a Map, survey: &Survey, way: i64, snap_m: f64) -> Result<Draft<'a>, ImportError> {
    let outline_way = map.ways.get(&way).ok_or(ImportError::NoSuchWay(way))?;
    let degrees = |id: i64| map.nodes.get(&id).map(|n| Coord { x: n.lon, y: n.lat });
    let rect = shapes::line(outline_way, &degrees).bounding_rect().ok_or(ImportError::NoSuchWay(way))?;
    let micro = |v: f64| (v * 1e6).round() / 1e6;
    let origin = Wgs84 { lon_deg: micro(rect.center().x), lat_deg: micro(rect.center().y) };
    let plane = LocalPlane::at(origin);
    let place = |id: i64| map.nodes.get(&id).map(|n| plane.to_local(n.lon, n.lat));
    let outline = Polygon::new(shapes::line(outline_way, &place), vec![]).remove_repeated_points();
    let compound = Compound {
        id: Id(format!("way-{way}")),
        name: outline_way.tags.get("name").cloned(),
        outline: outline.clone(),
    };
    let site = Site {
        origin,
        compounds: vec![compound],
        buildings: vec![],
        walls: vec![],
        gates: vec![],
        paths: vec![],
        trees: vec![],
        lamps: vec![],
        entrances: vec![],
        areas: vec![],
    };
    let mut draft = Draft { site, outline, notes: Notes::default(), frames: vec![], map, plane, snap_m };
    draft.buildings(survey);
    draft.entrances();
    draft.walls();
    draft.paths();
    draft.gates();
    draft.openings();
    draft.green();
    Ok(draft)
}

/// A number at the start of a tag, such as `7.5 m`.
fn number(tags: &Tags, key: &str) -> Option<f64> {
    let text = tags.get(key)?;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].parse().ok().filter(|n: &f64| n.is_finite() && *n > 0.0)
}

/// What a building is for, and whether that is guessed.
fn usage(tags: &Tags, ground_m2: f64) -> (Use, bool) {
    match tags.get("building").map(String::as_str).unwrap_or_default() {
        "apartments" | "residential" | "terrace" | "house" | "dormitory" | "detached"
        | "semidetached_house" => (Use::Residential, false),
        "yes" if tags.contains_key("amenity") || tags.contains_key("shop") || tags.contains_key("office") => {
            (Use::Service, false)
        }
        "yes" if ground_m2 >= 120.0 => (Use::Residential, true),
        "garage" | "garages" | "shed" | "hut" | "bunker" => (Use::Other, false),
        "service" | "transformer_tower" | "industrial" => (Use::Plant, false),
        "yes" => (Use::Other, true),
        _ => (Use::Service, false),
    }
}

impl Draft<'_> {
    fn at(&self, node: i64) -> Option<Coord<f64>> {
        self.map.nodes.get(&node).map(|n| self.on_plane(n))
    }

    fn on_plane(&self, node: &Node) -> Coord<f64> {
        self.plane.to_local(node.lon, node.lat)
    }

    fn buildings(&mut self, survey: &Survey) {
        let place = |id: i64| self.map.nodes.get(&id).map(|n| self.plane.to_local(n.lon, n.lat));
        let (local, _) = shapes::buildings(self.map, &place);
        self.notes.found(survey.inside.len(), "buildings in the compound");
        self.notes.dropped(local.len() - survey.inside.len(), "buildings outside the compound");
        self.notes
            .dropped(survey.troubles.parts, "building parts: they belong to buildings that are counted once");
        self.notes.dropped(
            survey.troubles.incomplete.len(),
            "multipolygons with members that are not in the file: read as far as they go",
        );
        self.notes.dropped(survey.troubles.open.len(), "buildings whose outline does not close");
        for index in &survey.inside {
            let building = &local[*index];
            let kind = building.tags.get("building").map(String::as_str).unwrap_or_default();
            if matches!(kind, "roof" | "bridge" | "carport") {
                self.notes.dropped(1, format!("building={kind}: open below, no obstacle"));
                continue;
            }
            for (part, outline) in building.outline.iter().enumerate() {
                let mut id = building.source.replace("way/", "w").replace("relation/", "r");
                if part > 0 {
                    id = format!("{id}.{part}");
                }
                self.building(id, &building.tags, outline.remove_repeated_points());
            }
        }
    }

    fn building(&mut self, id: String, tags: &Tags, outline: Polygon<f64>) {
        let Some(outline) = self.apart(outline) else {
            self.notes.dropped(1, "buildings that lie within another or cross themselves");
            return;
        };
        let (usage, guessed) = usage(tags, outline.unsigned_area());
        if guessed {
            self.notes.guessed(
                1,
                format!(
                    "buildings taken for {}",
                    if usage == Use::Residential {
                        "flats (building=yes, 120 m² or more)"
                    } else {
                        "small buildings without flats (building=yes)"
                    }
                ),
            );
        }
        let (levels, height) = (number(tags, "building:levels"), number(tags, "height"));
        let storeys = levels
            .map(|l| l.round().max(1.0) as u32)
            .or(height.map(|h| (h / STOREY_M).round().max(1.0) as u32));
        if storeys.is_none() {
            let default = if usage == Use::Residential { STOREYS } else { 1 };
            self.notes.guessed(
                1,
                format!(
                    "buildings with {default} storeys of {STOREY_M} m: the map has neither storeys nor height"
                ),
            );
        } else if height.is_none() {
            self.notes.guessed(1, format!("heights of {STOREY_M} m for each mapped storey"));
        } else if levels.is_none() {
            self.notes.guessed(1, format!("storeys of {STOREY_M} m out of a mapped height"));
        }
        let storeys = storeys.unwrap_or(if usage == Use::Residential { STOREYS } else { 1 });
        self.site.buildings.push(Building {
            id: Id(id),
            name: tags.get("name").or(tags.get("addr:housenumber")).cloned(),
            usage,
            outline,
            storeys,
            height_m: height.unwrap_or(f64::from(storeys) * STOREY_M),
            flats_per_storey: if usage == Use::Residential { 2 } else { 0 },
            height_assumed: height.is_none(),
        });
    }

    /// The outline without what earlier buildings cover; nothing when little is left or it crosses itself.
    fn apart(&self, outline: Polygon<f64>) -> Option<Polygon<f64>> {
        if self_crossing(outline.exterior()) || outline.unsigned_area() < 4.0 {
            return None;
        }
        let mut left = outline;
        for other in &self.site.buildings {
            if left.intersects(&other.outline) && left.intersection(&other.outline).unsigned_area() > 0.5 {
                let parts = left.difference(&other.outline).0;
                left = parts.into_iter().max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()))?;
            }
        }
        (left.unsigned_area() >= 4.0).then_some(left)
    }

    fn entrances(&mut self) {
        let mut mapped: Vec<(Coord<f64>, usize)> = Vec::new();
        for node in self.map.nodes.values().filter(|n| n.tags.get("entrance").is_some_and(|v| v != "no")) {
            let at = self.on_plane(node);
            let on = |b: &Building| Euclidean.distance(&Point::from(at), b.outline.exterior()) < 0.05;
            if let Some(index) = self.site.buildings.iter().position(on) {
                mapped.push((at, index));
            }
        }
        self.notes.found(mapped.len(), "entrances on buildings of the compound");
        for index in 0..self.site.buildings.len() {
            let building = &self.site.buildings[index];
            let mut doors: Vec<Coord<f64>> = mapped.iter().filter(|m| m.1 == index).map(|m| m.0).collect();
            if doors.is_empty() && building.usage == Use::Residential {
                doors = self.guess_doors(building);
                self.notes.guessed(
                    doors.len(),
                    format!("entrances: one for each {DOOR_EVERY_M} m of the longest free facade"),
                );
            }
            let id = building.id.clone();
            for (k, at) in doors.into_iter().enumerate() {
                self.site.entrances.push(Entrance {
                    id: Id(format!("{id}-{}", k + 1)),
                    building: id.clone(),
                    at,
                });
            }
        }
        let homes = self.site.buildings.iter().filter(|b| b.usage == Use::Residential).count();
        self.notes.guessed(homes, "buildings with 2 flats on each storey of a stairwell");
    }

    fn guess_doors(&self, building: &Building) -> Vec<Coord<f64>> {
        let edges: Vec<geo::Line<f64>> = building.outline.exterior().lines().collect();
        let longest = edges.iter().map(|e| Euclidean.length(e)).fold(0.0, f64::max);
        let clearance = |e: &geo::Line<f64>| {
            let out = outward(building, e, 2.0);
            let others = self.site.buildings.iter().filter(|b| b.id != building.id);
            others.map(|b| Euclidean.distance(&Point::from(out), &b.outline)).fold(30.0, f64::min)
        };
        let long = edges.iter().filter(|e| Euclidean.length(*e) >= longest * 0.6);
        let Some(edge) = long.max_by(|a, b| clearance(a).total_cmp(&clearance(b))) else { return vec![] };
        let doors = (Euclidean.length(edge) / DOOR_EVERY_M).round().max(1.0) as usize;
        let along = |k: usize| edge.start + (edge.end - edge.start) * ((k as f64 + 0.5) / doors as f64);
        (0..doors).map(along).collect()
    }

    fn walls(&mut self) {
        let (mut cut_m, mut number) = (0.0, 0);
        for (id, way) in self.map.ways.iter().filter(|(_, w)| is_barrier(w)) {
            let kind = way.tags.get("barrier").map(String::as_str).unwrap_or_default();
            let made_of = match kind {
                "wall" | "city_wall" => WallKind::Wall,
                "hedge" => WallKind::Hedge,
                "retaining_wall" => WallKind::Retaining,
                "fence" | "railing" | "guard_rail" | "handrail" => WallKind::Fence,
                other => {
                    self.notes.dropped(1, format!("barrier={other}: no wall"));
                    continue;
                }
            };
            let place = |n: i64| self.map.nodes.get(&n).map(|n| self.plane.to_local(n.lon, n.lat));
            let line = shapes::line(way, &place);
            let pieces = pieces_within(&line, self.snap_m, &|c| from_polygon(&self.outline, c));
            for near in pieces {
                let clear = pieces_within(&near, 0.5, &|c| {
                    let within = |b: &Building| b.outline.contains(&Point::from(c));
                    f64::from(u8::from(self.site.buildings.iter().any(within)))
                });
                cut_m += Euclidean.length(&near) - clear.iter().map(|l| Euclidean.length(l)).sum::<f64>();
                for piece in clear.into_iter().filter(|p| Euclidean.length(p) >= SHORTEST_M) {
                    let ring = LineString(self.outline.exterior().0.clone());
                    let close =
                        pieces_within(&piece, self.snap_m, &|c| from_lines(std::slice::from_ref(&ring), c));
                    let close_m: f64 = close.iter().map(|l| Euclidean.length(l)).sum();
                    let perimeter = made_of != WallKind::Retaining
                        && !way.closed()
                        && close_m >= Euclidean.length(&piece) * 0.5;
                    number += 1;
                    let wall = Wall {
                        id: Id(format!("{kind}-{id}-{number}")),
                        made_of,
                        line: piece,
                        height_m: super::site::number(&way.tags, "height").unwrap_or(WALL_M),
                        perimeter,
                        bar_gap_m: None,
                        lowest_rail_m: None,
                        delay_s: None,
                    };
                    self.site.walls.push(wall);
                }
            }
        }
        self.notes.dropped(cut_m.round() as usize, "metres of wall that run inside buildings");
        let perimeter = self.site.walls.iter().filter(|w| w.perimeter).count();
        self.notes.found(perimeter, "pieces of barrier along the outline: the perimeter");
        self.notes.found(
            self.site.walls.len() - perimeter,
            "pieces of barrier inside, or holding earth: no perimeter",
        );
        self.notes.guessed(self.site.walls.len(), format!("walls of {WALL_M} m where the map has no height"));
    }

    fn paths(&mut self) {
        let mut cut_m = 0.0;
        for (id, way) in &self.map.ways {
            let Some(kind) = way.tags.get("highway") else { continue };
            let place = |n: i64| self.map.nodes.get(&n).map(|n| self.plane.to_local(n.lon, n.lat));
            let line = shapes::line(way, &place);
            let (passage, width_m) = match kind.as_str() {
                "footway" | "path" | "steps" | "pedestrian" | "cycleway" | "corridor" => (PathFor::Foot, 2.0),
                "service" | "living_street" => (PathFor::Road, 4.0),
                "proposed" | "construction" | "platform" => continue,
                _ => (PathFor::Road, 6.0),
            };
            for near in pieces_within(&line, ROUND_M, &|c| from_polygon(&self.outline, c)) {
                let clear = pieces_within(&near, 0.5, &|c| {
                    let within = |b: &Building| b.outline.contains(&Point::from(c));
                    f64::from(u8::from(self.site.buildings.iter().any(within)))
                });
                cut_m += Euclidean.length(&near) - clear.iter().map(|l| Euclidean.length(l)).sum::<f64>();
                for piece in clear.into_iter().filter(|p| Euclidean.length(p) >= SHORTEST_M) {
                    let id = Id(format!("{kind}-{id}-{}", self.site.paths.len() + 1));
                    self.site.paths.push(Path { id, passage, line: piece, width_m });
                }
            }
        }
        self.notes.found(
            self.site.paths.len(),
            format!("pieces of road and path within {ROUND_M} m of the outline"),
        );
        self.notes.dropped(cut_m.round() as usize, "metres of road or path under buildings");
    }

    fn gates(&mut self) {
        let mut nodes: Vec<(i64, GateFor, Coord<f64>)> = Vec::new();
        for (id, node) in &self.map.nodes {
            let kind = node.tags.get("barrier").map(String::as_str);
            let at = self.on_plane(node);
            if !matches!(kind, Some("gate" | "lift_gate")) || from_polygon(&self.outline, at) > self.snap_m {
                continue;
            }
            nodes.push((*id, self.passage(*id, kind == Some("lift_gate")), at));
        }
        self.notes.found(nodes.len(), format!("gates within {} m", self.snap_m));
        for (id, passage, at) in nodes {
            let width_m = if passage == GateFor::Pedestrians { 2.0 } else { 5.0 };
            let (at, moved) = self.put_in_wall(at, width_m, id);
            if self.site.gates.iter().any(|g| Euclidean.distance(g.at, at) < (g.width_m + width_m) / 2.0) {
                self.notes.dropped(1, "gates that fall together with another");
                continue;
            }
            if moved > 0.05 {
                self.notes
                    .guessed(1, format!("gates moved onto a perimeter wall at most {} m away", self.snap_m));
            }
            let name = self.map.nodes.get(&id).and_then(|n| n.tags.get("name").cloned());
            self.site.gates.push(Gate {
                id: Id(format!("gate-{id}")),
                name,
                at,
                width_m,
                passage,
                height_m: None,
                delay_s: None,
            });
        }
    }

    fn passage(&self, node: i64, lifts: bool) -> GateFor {
        let mut roads =
            self.map.ways.values().filter(|w| w.tags.contains_key("highway") && w.nodes.contains(&node));
        match roads.next().and_then(|w| w.tags.get("highway")).map(String::as_str) {
            _ if lifts => GateFor::Vehicles,
            Some("footway" | "path" | "steps" | "pedestrian" | "cycleway") | None => GateFor::Pedestrians,
            Some(_) => GateFor::Both,
        }
    }

    /// Where a gate opens a perimeter wall: where a road crosses it, else the nearest point, else a wall of the
    /// gate's own width; and how far that is from where the map has it.
    fn put_in_wall(&mut self, at: Coord<f64>, width_m: f64, id: i64) -> (Coord<f64>, f64) {
        let walls = self.site.walls.iter().filter(|w| w.perimeter && !self.frames.contains(&w.id));
        let lines: Vec<&LineString<f64>> = walls.map(|w| &w.line).collect();
        let crossings = self.site.paths.iter().flat_map(|p| lines.iter().flat_map(|l| meets(&p.line, l)));
        let feet = lines.iter().filter_map(|l| foot(l, at));
        let nearest = |points: &mut dyn Iterator<Item = Coord<f64>>| {
            let away = |c: &Coord<f64>| Euclidean.distance(*c, at);
            points.min_by(|a, b| away(a).total_cmp(&away(b))).map(|c| (c, away(&c)))
        };
        let crossing = nearest(&mut { crossings }).filter(|(_, d)| *d <= self.snap_m);
        let on_wall = nearest(&mut { feet }).filter(|(_, d)| *d <= self.snap_m);
        if let Some(found) = crossing.or(on_wall) {
            return found;
        }
        self.notes.guessed(1, "gates with no barrier within reach: each stands in a wall of its own width");
        let along = self.across(at) * (width_m / 2.0 + 0.3);
        let wall_id = Id(format!("frame-{id}"));
        self.frames.push(wall_id.clone());
        let line = LineString(vec![at - along, at + along]);
        self.site.walls.push(Wall {
            id: wall_id,
            made_of: WallKind::Fence,
            line,
            height_m: WALL_M,
            perimeter: true,
            bar_gap_m: None,
            lowest_rail_m: None,
            delay_s: None,
        });
        (at, 0.0)
    }

    /// The direction across the road at a place, or along the outline where no road is near.
    fn across(&self, at: Coord<f64>) -> Coord<f64> {
        let direction = |lines: &mut dyn Iterator<Item = geo::Line<f64>>, reach: f64| {
            let point = Point::from(at);
            let near = lines.map(|l| (Euclidean.distance(&point, &l), l)).filter(|(d, _)| *d <= reach);
            near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, l)| unit(l.end - l.start))
        };
        match direction(&mut self.site.paths.iter().flat_map(|p| p.line.lines()), 3.0) {
            Some(road) => Coord { x: -road.y, y: road.x },
            None => direction(&mut self.outline.exterior().lines(), f64::INFINITY)
                .unwrap_or(Coord { x: 1.0, y: 0.0 }),
        }
    }

    /// Opens walls where a road runs through them and no gate stands.
    fn openings(&mut self) {
        let mut holes: Vec<(Coord<f64>, f64)> = Vec::new();
        for path in &self.site.paths {
            for wall in self.site.walls.iter().filter(|w| !self.frames.contains(&w.id)) {
                for at in meets(&path.line, &wall.line) {
                    let gated = |g: &Gate| Euclidean.distance(g.at, at) <= g.width_m / 2.0 + 0.5;
                    if !self.site.gates.iter().any(gated) {
                        holes.push((at, path.width_m / 2.0));
                    }
                }
            }
        }
        self.notes.guessed(
            holes.len(),
            "openings where a road or path crosses a barrier and no gate is mapped there: nobody guards them",
        );
        for (at, half) in holes {
            let walls = std::mem::take(&mut self.site.walls);
            for wall in walls {
                let away = |c: Coord<f64>| if Euclidean.distance(c, at) < half { 1.0 } else { 0.0 };
                if self.frames.contains(&wall.id) || Euclidean.distance(&Point::from(at), &wall.line) >= half
                {
                    self.site.walls.push(wall);
                    continue;
                }
                let pieces = pieces_within(&wall.line, 0.5, &away);
                for (k, line) in pieces.into_iter().filter(|p| Euclidean.length(p) >= 0.3).enumerate() {
                    let id = if k == 0 { wall.id.clone() } else { Id(format!("{}.{k}", wall.id)) };
                    self.site.walls.push(Wall { id, line, ..wall.clone() });
                }
            }
        }
    }

    fn green(&mut self) {
        for (id, node) in &self.map.nodes {
            let at = self.on_plane(node);
            let free = |s: &Site| !s.buildings.iter().any(|b| b.outline.contains(&Point::from(at)));
            let tree = node.tags.get("natural").is_some_and(|v| v == "tree");
            let lamp = node.tags.get("highway").is_some_and(|v| v == "street_lamp");
            if !(tree || lamp) || !self.outline.contains(&Point::from(at)) || !free(&self.site) {
                continue;
            }
            if tree {
                let (height_m, crown_radius_m) = (number(&node.tags, "height").unwrap_or(8.0), 2.5);
                let crown_base_m = height_m * 0.3;
                let id = Id(format!("tree-{id}"));
                self.site.trees.push(Tree {
                    id,
                    at,
                    height_m,
                    crown_radius_m,
                    crown_base_m,
                    evergreen: false,
                });
            } else {
                self.site.lamps.push(Lamp {
                    id: Id(format!("lamp-{id}")),
                    at,
                    height_m: 4.0,
                    flux_lm: 4000.0,
                });
            }
        }
        for (id, way) in self.map.ways.iter().filter(|(_, w)| w.closed()) {
            let tag = |k: &str| way.tags.get(k).map(String::as_str).unwrap_or_default();
            let ground = match (tag("landuse"), tag("leisure"), tag("amenity"), tag("natural")) {
                ("grass", ..) | (_, "garden" | "park", ..) => Kind::Lawn,
                (_, "playground" | "pitch", ..) => Kind::Playground,
                (_, _, "parking", _) => Kind::Parking,
                (.., "water") => Kind::Water,
                _ => continue,
            };
            let ring: Vec<Coord<f64>> = way.nodes.iter().filter_map(|n| self.at(*n)).collect();
            let outline = Polygon::new(LineString(ring), vec![]).remove_repeated_points();
            let inside = outline.interior_point().is_some_and(|p| self.outline.contains(&p));
            if inside && !self_crossing(outline.exterior()) {
                self.site.areas.push(Ground { id: Id(format!("area-{id}")), ground, outline });
            }
        }
        self.notes.found(self.site.trees.len(), "trees");
        self.notes.found(self.site.lamps.len(), "lamps");
        self.notes.found(self.site.areas.len(), "lawns, playgrounds, car parks and ponds");
    }
}

/// A unit vector.
pub fn unit(v: Coord<f64>) -> Coord<f64> {
    let length = v.x.hypot(v.y);
    if length > 0.0 { v / length } else { Coord { x: 1.0, y: 0.0 } }
}

/// A point in front of the middle of an edge of a building.
pub fn outward(building: &Building, edge: &geo::Line<f64>, away_m: f64) -> Coord<f64> {
    let middle = (edge.start + edge.end) / 2.0;
    let along = unit(edge.end - edge.start);
    let normal = Coord { x: -along.y, y: along.x };
    let inside = building.outline.contains(&Point::from(middle + normal * 0.3));
    middle + normal * if inside { -away_m } else { away_m }
}

/// The nearest point of a line.
pub fn foot(line: &LineString<f64>, at: Coord<f64>) -> Option<Coord<f64>> {
    let onto = |l: geo::Line<f64>| {
        let along = l.end - l.start;
        let square = along.x * along.x + along.y * along.y;
        let t = if square > 0.0 {
            ((at.x - l.start.x) * along.x + (at.y - l.start.y) * along.y) / square
        } else {
            0.0
        };
        l.start + along * t.clamp(0.0, 1.0)
    };
    line.lines().map(onto).min_by(|a, b| Euclidean.distance(*a, at).total_cmp(&Euclidean.distance(*b, at)))
}

/// Where two lines meet.
fn meets(a: &LineString<f64>, b: &LineString<f64>) -> Vec<Coord<f64>> {
    use geo::line_intersection::{LineIntersection, line_intersection};
    let mut points: Vec<Coord<f64>> = Vec::new();
    for (l, m) in a.lines().flat_map(|l| b.lines().map(move |m| (l, m))) {
        let at = match line_intersection(l, m) {
            Some(LineIntersection::SinglePoint { intersection, .. }) => intersection,
            Some(LineIntersection::Collinear { intersection }) => {
                (intersection.start + intersection.end) / 2.0
            }
            None => continue,
        };
        if points.iter().all(|p| Euclidean.distance(*p, at) > 0.1) {
            points.push(at);
        }
    }
    points
}

/// Whether a ring crosses or touches itself.
fn self_crossing(ring: &LineString<f64>) -> bool {
    let edges: Vec<geo::Line<f64>> = ring.lines().filter(|l| l.start != l.end).collect();
    let last = edges.len().saturating_sub(1);
    edges.iter().enumerate().any(|(i, a)| {
        edges.iter().enumerate().skip(i + 2).any(|(j, b)| !(i == 0 && j == last) && a.intersects(b))
    })
}
