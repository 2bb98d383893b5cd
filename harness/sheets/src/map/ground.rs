//! What stands on the site.

use geo::{BoundingRect, InteriorPoint, LineString, Polygon};
use palisade_layout::model::Site;
use palisade_layout::model::site::{Building, Gate, Ground, PathFor, Use, Wall, WallKind};

use super::label::Labels;
use super::pen::{Pen, mm, way};
use super::{Frame, Show};
use crate::{fonts, words};

fn points(line: &LineString<f64>) -> impl Iterator<Item = [f64; 2]> + '_ {
    line.0.iter().map(|c| [c.x, c.y])
}

fn outline(frame: &Frame, polygon: &Polygon<f64>) -> String {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.map(|ring| way(frame.all(points(ring)), true)).collect()
}

/// Outlines, areas and paths.
pub(super) fn under(pen: &mut Pen, frame: &Frame, site: &Site) {
    for compound in &site.compounds {
        let name = compound.name.as_deref().unwrap_or(compound.id.as_str());
        pen.path("compound", &outline(frame, &compound.outline), name);
    }
    for area in &site.areas {
        let class = match area.ground {
            Ground::Lawn => "lawn",
            Ground::Plaza => "plaza",
            Ground::Parking => "parking",
            Ground::Playground => "playground",
            Ground::Water => "water",
        };
        pen.path(class, &outline(frame, &area.outline), area.id.as_str());
    }
    for path in &site.paths {
        let class = match path.passage {
            PathFor::Foot => "foot",
            PathFor::Road => "road",
        };
        pen.band(class, &way(frame.all(points(&path.line)), false), path.width_m * frame.mm_per_m);
    }
}

/// Crowns, with a cross where the trunk stands.
pub(super) fn trees(pen: &mut Pen, frame: &Frame, site: &Site) {
    for tree in &site.trees {
        let [x, y] = frame.on([tree.at.x, tree.at.y]);
        let class = if tree.evergreen { "tree evergreen" } else { "tree" };
        pen.circle(class, [x, y], tree.crown_radius_m * frame.mm_per_m, "");
        let arm = 0.35;
        let cross =
            format!("M{} {}h{}M{} {}v{}", mm(x - arm), mm(y), 2.0 * arm, mm(x), mm(y - arm), 2.0 * arm);
        pen.path("trunk", &cross, "");
    }
}

/// Buildings.
pub(super) fn buildings(pen: &mut Pen, frame: &Frame, site: &Site) {
    for building in &site.buildings {
        let class = match building.usage {
            Use::Residential => "building",
            Use::GarageEntrance | Use::ChargingShed | Use::GateHouse | Use::Plant => "building small",
            Use::Service | Use::Other => "building other",
        };
        let assumed = if building.height_assumed { " (assumed)" } else { "" };
        let title = format!(
            "{}: {} storeys, {:.1} m high{assumed}",
            name_of(building),
            building.storeys,
            building.height_m
        );
        pen.path(class, &outline(frame, &building.outline), &title);
    }
}

fn name_of(building: &Building) -> &str {
    building.name.as_deref().unwrap_or(building.id.as_str())
}

/// Walls by what they are made of; those of the perimeter are drawn heavier.
pub(super) fn walls(pen: &mut Pen, frame: &Frame, site: &Site) {
    for wall in &site.walls {
        let d = way(frame.all(points(&wall.line)), false);
        let title = format!("{}: {}, {} m high", wall.id, words::wall(wall.made_of).english, wall.height_m);
        pen.path(&format!("wall{}", class_of(wall)), &d, &title);
    }
}

fn class_of(wall: &Wall) -> String {
    let made_of = match wall.made_of {
        WallKind::Wall => " brick",
        WallKind::Fence => " fence",
        WallKind::Hedge => " hedge",
        WallKind::Retaining => " retaining",
    };
    format!("{made_of}{}", if wall.perimeter { " outer" } else { "" })
}

/// Gates: an opening with its two posts.
pub(super) fn gates(pen: &mut Pen, frame: &Frame, site: &Site) {
    for gate in &site.gates {
        let [x, y] = frame.on([gate.at.x, gate.at.y]);
        let half = (gate.width_m * frame.mm_per_m / 2.0).max(0.8);
        let title =
            format!("{}: {}, {} m wide", gate_name(gate), words::gate(gate.passage).english, gate.width_m);
        pen.circle("gate", [x, y], half, &title);
    }
}

fn gate_name(gate: &Gate) -> &str {
    gate.name.as_deref().unwrap_or(gate.id.as_str())
}

/// Names of buildings and gates. What people gave no name has its id, in small, where ids are shown, and else none.
pub(super) fn names(pen: &mut Pen, frame: &Frame, site: &Site, show: Show, labels: &mut Labels) {
    let size = show.letters_mm * 1.25;
    for building in &site.buildings {
        let Some(at) = building.outline.interior_point() else { continue };
        let [x, y] = frame.on([at.x(), at.y()]);
        let big = building.usage == Use::Residential;
        let named = building.name.is_some();
        if big {
            let (class, letters) = if named { ("name b", size) } else { ("name", 0.8 * size) };
            if named || show.ids {
                labels.inside(pen, class, [x, y], letters, name_of(building));
            }
            let storeys = format!("{}F", building.storeys);
            labels.inside(pen, "storeys", [x, y + size], 0.8 * size, &storeys);
        } else if named || show.ids {
            let name = name_of(building);
            let width = building.outline.bounding_rect().map_or(0.0, |r| r.width() * frame.mm_per_m);
            if fonts::width(name, false) * show.letters_mm < width {
                labels.inside(pen, "name", [x, y], show.letters_mm, name);
            } else {
                labels.beside(pen, "name", [x, y], width / 2.0 + 0.3, show.letters_mm, name);
            }
        }
    }
    for gate in &site.gates {
        let at = frame.on([gate.at.x, gate.at.y]);
        let off = (gate.width_m * frame.mm_per_m / 2.0).max(0.8) + 0.3;
        if gate.name.is_some() {
            labels.beside(pen, "name gate-name b", at, off, size, gate_name(gate));
        } else if show.ids {
            labels.beside(pen, "name", at, off, 0.8 * size, gate_name(gate));
        }
    }
}
