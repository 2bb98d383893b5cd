//! What stands on the site.

use std::fmt::Write as _;

use geo::{LineString, Polygon};
use palisade_sim::model::Site;
use palisade_sim::model::site::{Building, Gate, GateFor, Ground, PathFor, Use, WallKind};

use super::{Frame, middle, way};
use crate::report::html::escape;
use crate::report::terminal::columns;

/// Trees drawn at most.
const TREES: usize = 1_500;

/// All corners that the frame must hold.
pub(super) fn corners(site: &Site) -> Vec<[f64; 2]> {
    let rings = site.compounds.iter().map(|c| &c.outline).chain(site.buildings.iter().map(|b| &b.outline));
    let lines = rings.map(Polygon::exterior).chain(site.walls.iter().map(|w| &w.line));
    lines.flat_map(points).collect()
}

fn points(line: &LineString<f64>) -> impl Iterator<Item = [f64; 2]> {
    line.0.iter().map(|c| [c.x, c.y])
}

fn outline(frame: &Frame, polygon: &Polygon<f64>) -> String {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.map(|ring| way(frame, points(ring), true)).collect()
}

/// Ground, outline and paths, under the coverage.
pub(super) fn under(svg: &mut String, frame: &Frame, site: &Site) {
    for compound in &site.compounds {
        let _ = write!(svg, "<path class=\"compound\" d=\"{}\"/>", outline(frame, &compound.outline));
    }
    for area in &site.areas {
        let class = match area.ground {
            Ground::Lawn => "lawn",
            Ground::Plaza => "plaza",
            Ground::Parking => "parking",
            Ground::Playground => "playground",
            Ground::Water => "water",
        };
        let _ = write!(svg, "<path class=\"{class}\" d=\"{}\"/>", outline(frame, &area.outline));
    }
    for path in &site.paths {
        let class = match path.passage {
            PathFor::Foot => "foot",
            PathFor::Road => "road",
        };
        let d = way(frame, points(&path.line), false);
        let _ = write!(svg, "<path class=\"{class}\" stroke-width=\"{:.1}\" d=\"{d}\"/>", path.width_m);
    }
}

/// Trees, buildings, walls and gates, over the coverage.
pub(super) fn over(svg: &mut String, frame: &Frame, site: &Site, unit: f64) {
    svg.push_str("<g class=\"trees\">");
    for tree in site.trees.iter().take(TREES) {
        let (x, y) = (frame.x(tree.at.x), frame.y(tree.at.y));
        let _ = write!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{:.1}\"/>", tree.crown_radius_m);
    }
    svg.push_str("</g>");
    site.buildings.iter().for_each(|b| building(svg, frame, b, unit));
    for wall in &site.walls {
        let class = match wall.made_of {
            WallKind::Wall => "wall",
            WallKind::Fence => "wall fence",
            WallKind::Hedge => "wall hedge",
            WallKind::Retaining => "wall retaining",
        };
        let d = way(frame, points(&wall.line), false);
        let title = format!("{}, {} m high", wall.id, wall.height_m);
        let _ = write!(svg, "<path class=\"{class}\" d=\"{d}\"><title>{}</title></path>", escape(&title));
    }
    for gate in &site.gates {
        let who = match gate.passage {
            GateFor::Pedestrians => "people",
            GateFor::Vehicles => "vehicles",
            GateFor::Both => "people and vehicles",
        };
        let (x, y, r) = (frame.x(gate.at.x), frame.y(gate.at.y), radius(gate, unit));
        let title = format!("{}: gate for {who}, {} m wide", gate_name(gate), gate.width_m);
        let _ = write!(
            svg,
            "<circle class=\"gate\" cx=\"{x}\" cy=\"{y}\" r=\"{r:.1}\"><title>{}</title></circle>",
            escape(&title)
        );
    }
}

/// Radius of a gate's mark, m.
fn radius(gate: &Gate, unit: f64) -> f64 {
    (gate.width_m / 2.0).clamp(1.6 * unit, 3.2 * unit)
}

fn gate_name(gate: &Gate) -> &str {
    gate.name.as_deref().unwrap_or(gate.id.as_str())
}

/// Names of gates, over everything; those of neighbours are moved apart.
pub(super) fn gate_labels(svg: &mut String, frame: &Frame, site: &Site, unit: f64) {
    let circle = |gate: &Gate| {
        let (x, y, r) = (frame.x(gate.at.x), frame.y(gate.at.y), radius(gate, unit));
        [x - r, y - r, x + r, y + r]
    };
    let mut labels = Labels { taken: site.gates.iter().map(circle).collect() };
    let size = 4.6 * unit;
    for gate in &site.gates {
        let name = gate_name(gate);
        let (x, y) = (frame.x(gate.at.x), frame.y(gate.at.y));
        let width = columns(name) as f64 * 0.52 * size;
        let foot = labels.place([x, y], radius(gate, unit) + unit, width, size);
        let _ = write!(
            svg,
            "<text class=\"gate-label\" x=\"{x}\" y=\"{foot:.1}\" font-size=\"{size:.1}\">{}</text>",
            escape(name)
        );
    }
}

/// Boxes of the picture that are taken: west, north, east, south.
struct Labels {
    taken: Vec<[f64; 4]>,
}

impl Labels {
    /// Where the foot of a label stands that is centred on `at`, at least `off` above or below it: the nearest place
    /// that is free, else right above.
    fn place(&mut self, at: [f64; 2], off: f64, width: f64, height: f64) -> f64 {
        let [x, y] = at;
        let of = |foot: f64| [x - width / 2.0, foot - height, x + width / 2.0, foot];
        let places = (0..8).flat_map(|i| {
            let step = f64::from(i) * height / 2.0;
            [y - off - step, y + off + height * 0.9 + step]
        });
        let free = |b: &[f64; 4]| {
            !self.taken.iter().any(|t| b[0] < t[2] && t[0] < b[2] && b[1] < t[3] && t[1] < b[3])
        };
        let foot = places.into_iter().find(|foot| free(&of(*foot))).unwrap_or(y - off);
        self.taken.push(of(foot));
        foot
    }
}

fn building(svg: &mut String, frame: &Frame, building: &Building, unit: f64) {
    let class = match building.usage {
        Use::Residential => "building",
        Use::GarageEntrance | Use::ChargingShed | Use::GateHouse | Use::Plant => "building small",
        Use::Service | Use::Other => "building other",
    };
    let name = building.name.as_deref().unwrap_or(building.id.as_str());
    let assumed = if building.height_assumed { " (assumed)" } else { "" };
    let title = format!("{name}: {} storeys, {:.1} m high{assumed}", building.storeys, building.height_m);
    let d = outline(frame, &building.outline);
    let _ = write!(
        svg,
        "<path class=\"{class}\" fill-rule=\"evenodd\" d=\"{d}\"><title>{}</title></path>",
        escape(&title)
    );
    let ring: Vec<[f64; 2]> = points(building.outline.exterior()).collect();
    let Some([x, y]) = middle(&ring).filter(|_| building.usage == Use::Residential) else { return };
    let (x, y) = (frame.x(x), frame.y(y));
    let _ = write!(
        svg,
        "<text class=\"label\" x=\"{x}\" y=\"{y}\" font-size=\"{:.1}\">{}</text>",
        4.4 * unit,
        escape(name)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_gates_at_one_place_do_not_overlap() {
        let mut labels = Labels { taken: Vec::new() };
        let feet: Vec<f64> = (0..4).map(|i| labels.place([f64::from(i), 50.0], 3.0, 20.0, 5.0)).collect();
        assert!((feet[0] - 47.0).abs() < 1e-9, "the first stands right above its gate");
        for (i, a) in feet.iter().enumerate() {
            assert!(feet[..i].iter().all(|b| (a - b).abs() >= 5.0 - 1e-9), "{feet:?}");
        }
    }
}
