//! Areas from a map: closed ways and multipolygon relations, with what is missing said.

use geo::{BoundingRect, Contains, Coord, InteriorPoint, LineString, MultiPolygon, Point, Polygon};

use super::osm::{Map, Tags, Way};

/// A building of the map.
#[derive(Clone, Debug)]
pub struct Building {
    /// `way/ID` or `relation/ID`.
    pub source: String,
    /// Its tags.
    pub tags: Tags,
    /// Its outlines with their courts.
    pub outline: MultiPolygon<f64>,
}

/// What could not be read as it should.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    /// Multipolygons with members that are not in the file.
    pub incomplete: Vec<i64>,
    /// Buildings that are not whole: an outline that does not close, or members that are not in the file.
    pub open: Vec<String>,
    /// `building:part` elements left to their building.
    pub parts: usize,
}

/// How a node is placed on the plane.
pub type Place<'a> = dyn Fn(i64) -> Option<Coord<f64>> + 'a;

/// The line of a way.
pub fn line(way: &Way, place: &Place<'_>) -> LineString<f64> {
    LineString(way.nodes.iter().filter_map(|n| place(*n)).collect())
}

/// Every `building=*` of the map.
pub fn buildings(map: &Map, place: &Place<'_>) -> (Vec<Building>, Troubles) {
    let (mut found, mut troubles) = (Vec::new(), Troubles::default());
    for (id, way) in &map.ways {
        troubles.parts += usize::from(way.tags.contains_key("building:part"));
        if !is_building(&way.tags) {
            continue;
        }
        let source = format!("way/{id}");
        if way.closed() {
            let outline = MultiPolygon(vec![Polygon::new(line(way, place), vec![])]);
            found.push(Building { source, tags: way.tags.clone(), outline });
        } else {
            troubles.open.push(source);
        }
    }
    for (id, relation) in &map.relations {
        if relation.tags.get("type").map(String::as_str) != Some("multipolygon") {
            continue;
        }
        let missing = relation.members.iter().filter(|m| m.kind == "way" && !map.ways.contains_key(&m.id));
        if missing.count() > 0 {
            troubles.incomplete.push(*id);
        }
        if !is_building(&relation.tags) {
            continue;
        }
        let source = format!("relation/{id}");
        let outline = assemble(map, *id, place);
        if outline.0.is_empty() || troubles.incomplete.contains(id) {
            troubles.open.push(source);
        } else {
            found.push(Building { source, tags: relation.tags.clone(), outline });
        }
    }
    (found, troubles)
}

/// A point on the surface: the middle of the widest stretch inside, on a line half-way up that touches no corner.
pub fn surface_point(shape: &MultiPolygon<f64>) -> Option<Point<f64>> {
    let widest = |polygon: &Polygon<f64>| {
        let corners =
            || polygon.exterior().0.iter().chain(polygon.interiors().iter().flat_map(|r| r.0.iter()));
        let rect = polygon.bounding_rect()?;
        let middle = (rect.min().y + rect.max().y) / 2.0;
        let above = corners().map(|c| c.y).filter(|y| *y > middle).fold(rect.max().y, f64::min);
        let below = corners().map(|c| c.y).filter(|y| *y <= middle).fold(rect.min().y, f64::max);
        let y = (above + below) / 2.0;
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        let mut xs: Vec<f64> = rings
            .flat_map(|ring| ring.lines())
            .filter(|l| (l.start.y > y) != (l.end.y > y))
            .map(|l| l.start.x + (y - l.start.y) / (l.end.y - l.start.y) * (l.end.x - l.start.x))
            .collect();
        xs.sort_by(f64::total_cmp);
        let stretches = xs.chunks_exact(2).map(|pair| (pair[1] - pair[0], (pair[0] + pair[1]) / 2.0));
        stretches.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(width, x)| (width, Point::new(x, y)))
    };
    shape.iter().filter_map(widest).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, point)| point)
}

fn is_building(tags: &Tags) -> bool {
    tags.get("building").is_some_and(|v| v != "no")
}

/// The polygons of a multipolygon relation, from those of its members that close.
pub fn assemble(map: &Map, id: i64, place: &Place<'_>) -> MultiPolygon<f64> {
    let Some(relation) = map.relations.get(&id) else { return MultiPolygon(vec![]) };
    let ways = |inner: bool| -> Vec<Vec<i64>> {
        let members = relation.members.iter().filter(|m| m.kind == "way" && (m.role == "inner") == inner);
        members.filter_map(|m| map.ways.get(&m.id)).map(|w| w.nodes.clone()).collect()
    };
    let ring = |nodes: Vec<i64>| LineString(nodes.into_iter().filter_map(place).collect());
    let mut polygons: Vec<Polygon<f64>> =
        join(ways(false)).into_iter().map(|r| Polygon::new(ring(r), vec![])).collect();
    for court in join(ways(true)) {
        let court = ring(court);
        let Some(inside) = Polygon::new(court.clone(), vec![]).interior_point() else { continue };
        if let Some(outer) = polygons.iter_mut().find(|p| p.contains(&inside)) {
            outer.interiors_push(court);
        }
    }
    MultiPolygon(polygons)
}

/// Joins ways end to end into closed rings; what does not close is left out.
fn join(mut ways: Vec<Vec<i64>>) -> Vec<Vec<i64>> {
    let mut rings = Vec::new();
    while let Some(mut ring) = ways.pop() {
        while ring.first() != ring.last() {
            let end = ring.last().copied();
            let Some(next) = ways.iter().position(|w| w.first().copied() == end || w.last().copied() == end)
            else {
                break;
            };
            let mut way = ways.swap_remove(next);
            if way.first().copied() != end {
                way.reverse();
            }
            ring.extend(way.into_iter().skip(1));
        }
        if ring.len() >= 4 && ring.first() == ring.last() {
            rings.push(ring);
        }
    }
    rings
}
