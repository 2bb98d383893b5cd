//! The geometry by itself: outlines that close without crossing, buildings apart, doors on facades, gates in walls.

use geo::{Area, BooleanOps, BoundingRect, Coord, Distance, Euclidean, Intersects, LineString, Point};

use super::repeated;
use crate::model::geometry::{Geometry, Place};
use crate::model::near::remedy;
use crate::model::problem::{Problem, Problems, Source};
use crate::words::Id;

/// Overlap of two buildings that is taken for a slip of drawing, m².
const OVERLAP_M2: f64 = 1.0;
/// Farthest that a door may be from its building's outline, m.
const DOOR_M: f64 = 0.5;
/// Farthest that a gate may be from a perimeter wall, m.
const GATE_M: f64 = 2.0;

/// Adds every problem of the geometry.
pub(crate) fn site(geometry: &Geometry, source: &Source, problems: &mut Problems) {
    let mut sheet = Sheet { geometry, source, problems };
    sheet.names();
    let crossed = sheet.outlines();
    sheet.overlaps(&crossed);
    sheet.doors();
    sheet.gates();
}

struct Sheet<'a> {
    geometry: &'a Geometry,
    source: &'a Source,
    problems: &'a mut Problems,
}

impl Sheet<'_> {
    fn wrong(
        &mut self,
        span: std::ops::Range<usize>,
        code: &'static str,
        message: String,
        help: impl Into<String>,
    ) {
        self.problems.add(Problem::new(self.source, span, code, message, help));
    }

    fn names(&mut self) {
        let (site, places) = (&self.geometry.site, &self.geometry.places);
        let lists: [(&str, Vec<&Id>, &[Place]); 4] = [
            ("building", site.buildings.iter().map(|b| &b.id).collect(), &places.buildings),
            ("wall", site.walls.iter().map(|w| &w.id).collect(), &places.walls),
            ("gate", site.gates.iter().map(|g| &g.id).collect(), &places.gates),
            ("entrance", site.entrances.iter().map(|e| &e.id).collect(), &places.entrances),
        ];
        for (what, ids, places) in lists {
            let items = ids.iter().enumerate().map(|(i, id)| (i.to_string(), id.as_str()));
            for (index, name, _) in repeated(items) {
                let place = index.parse::<usize>().ok().and_then(|i| places.get(i));
                let span = place.map_or(0..0, |p| p.id.clone());
                let message = format!("two {what}s are called `{name}`");
                self.wrong(span, "geometry::duplicate-id", message, "give one of them another `id`");
            }
        }
    }

    /// Outlines that cross themselves; returns the indices of such buildings.
    fn outlines(&mut self) -> Vec<usize> {
        let (site, places) = (&self.geometry.site, &self.geometry.places);
        let mut crossed = Vec::new();
        for (i, (building, place)) in site.buildings.iter().zip(&places.buildings).enumerate() {
            if self.ring("building", &building.id, building.outline.exterior(), place) {
                crossed.push(i);
            }
        }
        for (compound, place) in site.compounds.iter().zip(&places.compounds) {
            self.ring("compound", &compound.id, compound.outline.exterior(), place);
        }
        for (area, place) in site.areas.iter().zip(&places.areas) {
            self.ring("area", &area.id, area.outline.exterior(), place);
        }
        crossed
    }

    fn ring(&mut self, what: &str, id: &Id, ring: &LineString<f64>, place: &Place) -> bool {
        let Some(at) = crossing(ring) else { return false };
        let message =
            format!("the outline of {what} `{id}` crosses itself near [{:.1}, {:.1}] m", at.x, at.y);
        let help = "put its corners in the order in which you would walk round it";
        self.wrong(place.coordinates.clone(), "geometry::self-crossing", message, help);
        true
    }

    fn overlaps(&mut self, crossed: &[usize]) {
        let (site, places) = (&self.geometry.site, &self.geometry.places);
        let rects: Vec<_> = site.buildings.iter().map(|b| b.outline.bounding_rect()).collect();
        for (j, second) in site.buildings.iter().enumerate() {
            for (i, first) in site.buildings[..j].iter().enumerate() {
                let (Some(a), Some(b)) = (rects[i], rects[j]) else { continue };
                if !a.intersects(&b) || crossed.contains(&i) || crossed.contains(&j) {
                    continue;
                }
                let area = first.outline.intersection(&second.outline).unsigned_area();
                if area > OVERLAP_M2 {
                    let message =
                        format!("building `{}` overlaps building `{}` by {area:.0} m²", second.id, first.id);
                    let help = "move one of them, or draw them as one building";
                    let span = places.buildings.get(j).map_or(0..0, |p| p.coordinates.clone());
                    self.wrong(span, "geometry::overlap", message, help);
                }
            }
        }
    }

    fn doors(&mut self) {
        let (site, places) = (&self.geometry.site, &self.geometry.places);
        let valid: Vec<&str> = site.buildings.iter().map(|b| b.id.as_str()).collect();
        for (entrance, place) in site.entrances.iter().zip(&places.entrances) {
            let Some(building) = site.building_by_id(entrance.building.as_str()) else {
                if !self.geometry.broken.contains(&entrance.building.0) {
                    let name = entrance.building.as_str();
                    let message = format!(
                        "entrance `{}` belongs to `{name}`, but there is no such building",
                        entrance.id
                    );
                    self.wrong(
                        place.property("building"),
                        "geometry::unknown-building",
                        message,
                        remedy(name, &valid),
                    );
                }
                continue;
            };
            let away = Euclidean.distance(&Point::from(entrance.at), building.outline.exterior());
            if away > DOOR_M {
                let message = format!(
                    "entrance `{}` is {away:.1} m off the outline of building `{}`",
                    entrance.id, building.id
                );
                self.wrong(
                    place.coordinates.clone(),
                    "geometry::door-off-building",
                    message,
                    "snap it to the facade",
                );
            }
        }
    }

    fn gates(&mut self) {
        let (site, places) = (&self.geometry.site, &self.geometry.places);
        if site.perimeter_walls().next().is_none() {
            return;
        }
        for (gate, place) in site.gates.iter().zip(&places.gates) {
            let point = Point::from(gate.at);
            let away = |line: &LineString<f64>| Euclidean.distance(&point, line);
            let nearest = site.perimeter_walls().map(|(_, w)| (away(&w.line), &w.id));
            let Some((away, wall)) = nearest.min_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
            if away > GATE_M {
                let message = format!(
                    "gate `{}` opens no perimeter wall; the nearest, `{wall}`, is {away:.1} m away",
                    gate.id
                );
                self.wrong(
                    place.coordinates.clone(),
                    "geometry::gate-off-wall",
                    message,
                    "snap it to the wall that it opens",
                );
            }
        }
    }
}

/// Where a closed ring crosses itself, if it does: two edges that are not neighbours meet.
fn crossing(ring: &LineString<f64>) -> Option<Coord<f64>> {
    let edges: Vec<geo::Line<f64>> = ring.lines().filter(|l| l.start != l.end).collect();
    for (i, a) in edges.iter().enumerate() {
        for (j, b) in edges.iter().enumerate().skip(i + 2) {
            let neighbours = i == 0 && j + 1 == edges.len();
            if !neighbours && a.intersects(b) {
                return Some(geo::line_intersection::line_intersection(*a, *b).map_or(a.start, |found| {
                    match found {
                        geo::line_intersection::LineIntersection::SinglePoint { intersection, .. } => {
                            intersection
                        }
                        geo::line_intersection::LineIntersection::Collinear { intersection } => {
                            intersection.start
                        }
                    }
                }));
            }
        }
    }
    None
}
