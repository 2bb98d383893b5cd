//! Buildings: storeys with windows, balconies, roofs with what stands on them, doors with their canopies.
//!
//! Height, storeys, outline and entrances are the site's; the pattern of windows and the colours are for looks and
//! follow from the building's name.

use geo::{Coord, LineString, TriangulateEarcut as _};
use palisade_sim::model::site::{Building, Site, Use};

use super::Layers;
use crate::pad::{Colour, Pad, Shine, V3, add, hash, key, mul, rgb, shade};

/// Width of a bay of the facade, m.
const BAY_M: f64 = 3.3;
/// Windows stand this much before the wall, m.
const PROUD_M: f64 = 0.04;

/// Colours of a facade.
#[derive(Clone, Copy)]
struct Palette {
    wall: Colour,
    base: Colour,
    band: Colour,
    roof: Colour,
}

fn palette(building: &Building) -> Palette {
    let walls = [0xd9_c9a8, 0xc9_a98a, 0xe2_dcd0, 0xb9_7f62, 0xcf_c4b4, 0xaeb4b4];
    let bases = [0x8b_7a66, 0x7d_5d4a, 0x9a_948a, 0x6d_6a66];
    let pick = |list: &[u32], salt: u64| {
        rgb(list[(hash(key(&building.id.to_string()) ^ salt) * list.len() as f64) as usize])
    };
    match building.usage {
        Use::Residential => Palette {
            wall: pick(&walls, 1),
            base: pick(&bases, 2),
            band: rgb(0xee_eae0),
            roof: rgb(0x8d_8a84),
        },
        Use::Service => {
            Palette { wall: rgb(0xd8_d4cc), base: rgb(0x6a_6e74), band: rgb(0xf2_f0ea), roof: rgb(0x7c_7f82) }
        }
        Use::GateHouse => {
            Palette { wall: rgb(0xe9_e4d8), base: rgb(0x76_7068), band: rgb(0x9c_3b2e), roof: rgb(0x5f_4a42) }
        }
        _ => {
            Palette { wall: rgb(0xc4_c2bc), base: rgb(0x85_837e), band: rgb(0xd8_d6d0), roof: rgb(0x77_7672) }
        }
    }
}

/// One straight piece of a facade.
struct Face {
    from: Coord<f64>,
    along: [f64; 2],
    out: [f64; 2],
    length: f64,
}

impl Face {
    /// A point `s` along, `d` before the wall, at height `z`.
    fn at(&self, s: f64, d: f64, z: f64) -> V3 {
        [
            self.from.x + self.along[0] * s + self.out[0] * d,
            self.from.y + self.along[1] * s + self.out[1] * d,
            z,
        ]
    }

    /// An upright rectangle on it.
    fn pane(&self, pad: &mut Pad, [s0, s1]: [f64; 2], [z0, z1]: [f64; 2], proud: f64, colour: Colour) {
        self.pane_shaded(pad, [s0, s1], [z0, z1], proud, [colour, colour]);
    }

    fn pane_shaded(
        &self,
        pad: &mut Pad,
        [s0, s1]: [f64; 2],
        [z0, z1]: [f64; 2],
        proud: f64,
        [low, high]: [Colour; 2],
    ) {
        let corners =
            [self.at(s0, proud, z0), self.at(s1, proud, z0), self.at(s1, proud, z1), self.at(s0, proud, z1)];
        pad.quad_shaded(corners, [low, low, high, high]);
    }

    /// A box that stands out of the wall.
    fn ledge(&self, pad: &mut Pad, [s0, s1]: [f64; 2], depth: f64, [z0, z1]: [f64; 2], colour: Colour) {
        let half = (s1 - s0) / 2.0;
        let foot = self.at((s0 + s1) / 2.0, depth / 2.0, z0);
        let u = [self.along[0] * half, self.along[1] * half, 0.0];
        let v = [self.out[0] * depth / 2.0, self.out[1] * depth / 2.0, 0.0];
        pad.slab(foot, u, v, [0.0, 0.0, z1 - z0], colour);
    }
}

/// Faces of a ring with the building on the left when `solid_inside`, so that `out` points into the open.
fn faces(ring: &LineString<f64>) -> Vec<Face> {
    let points = &ring.0;
    let area: f64 = points.windows(2).map(|p| p[0].x * p[1].y - p[1].x * p[0].y).sum();
    let sign = if area > 0.0 { 1.0 } else { -1.0 };
    let mut faces = Vec::new();
    for pair in points.windows(2) {
        // Along the ring with its inside on the left: outward is to the right.
        let (a, b) = if sign > 0.0 { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let length = dx.hypot(dy);
        if length < 0.05 {
            continue;
        }
        let along = [dx / length, dy / length];
        faces.push(Face { from: a, along, out: [along[1], -along[0]], length });
    }
    faces
}

/// Draws a building with its doors.
pub fn draw(building: &Building, site: &Site) -> Layers {
    let mut layers = Layers::default();
    match building.usage {
        Use::ChargingShed => shed(&mut layers.mass, building),
        Use::GarageEntrance => garage(&mut layers.mass, building),
        _ => {
            block(&mut layers, building);
            for entrance in site.entrances.iter().filter(|e| e.building == building.id) {
                if let Some((face, s)) = face_at(building, entrance.at) {
                    door(&mut layers.detail, &face, s, building);
                }
            }
        }
    }
    layers
}

/// The face on which a door stands, and how far along.
fn face_at(building: &Building, at: Coord<f64>) -> Option<(Face, f64)> {
    let aside = |f: &Face| {
        let (x, y) = (at.x - f.from.x, at.y - f.from.y);
        let s = x * f.along[0] + y * f.along[1];
        let off = (s - s.clamp(0.0, f.length)).abs() + (x * f.out[0] + y * f.out[1]).abs();
        (off, s)
    };
    let all = faces(building.outline.exterior());
    let (face, (off, s)) = all
        .into_iter()
        .map(|f| {
            let a = aside(&f);
            (f, a)
        })
        .min_by(|a, b| a.1.0.total_cmp(&b.1.0))?;
    (off < 1.0).then_some((face, s))
}

fn block(layers: &mut Layers, building: &Building) {
    let colours = palette(building);
    let id = key(&building.id.to_string());
    let rings = std::iter::once(building.outline.exterior()).chain(building.outline.interiors());
    for (nth, ring) in rings.enumerate() {
        let mut list = faces(ring);
        if nth > 0 {
            // A court: the open is inside the ring.
            for f in &mut list {
                f.from = Coord { x: f.from.x + f.along[0] * f.length, y: f.from.y + f.along[1] * f.length };
                f.along = f.along.map(|v| -v);
                f.out = f.out.map(|v| -v);
            }
        }
        for (i, face) in list.iter().enumerate() {
            facade(layers, building, face, colours, id ^ ((i as u64) << 8));
        }
        parapet(&mut layers.mass, &list, building.height_m, shade(colours.wall, 0.92));
    }
    roof(&mut layers.mass, building, building.height_m, colours.roof);
    if building.usage == Use::Residential {
        on_the_roof(&mut layers.mass, building, id);
    } else if building.usage == Use::GateHouse {
        eaves(&mut layers.mass, building, colours.band);
    }
}

fn facade(layers: &mut Layers, building: &Building, face: &Face, colours: Palette, id: u64) {
    let pad = &mut layers.mass;
    let storey = building.storey_height_m();
    let top = building.height_m;
    let base = if building.storeys > 3 { storey * 2.0 } else { 0.5 };
    // The wall in pieces no larger than a storey by three bays, so that light and shade can change on it.
    let columns = (face.length / (BAY_M * 3.0)).ceil().max(1.0) as u32;
    for c in 0..columns {
        let s = [f64::from(c), f64::from(c + 1)].map(|k| k * face.length / f64::from(columns));
        let mut z = 0.0;
        while z < top - 0.01 {
            let next = (z + storey).min(top);
            if z < base && base < next {
                face.pane(pad, s, [z, base], 0.0, colours.base);
                face.pane(pad, s, [base, next], 0.0, colours.wall);
            } else {
                let colour = if next <= base + 0.01 { colours.base } else { colours.wall };
                face.pane(pad, s, [z, next], 0.0, colour);
            }
            z = next;
        }
    }
    if face.length < 2.0 {
        return;
    }
    for level in 1..building.storeys {
        let z = f64::from(level) * storey;
        face.pane(pad, [0.0, face.length], [z - 0.12, z + 0.12], PROUD_M / 2.0, colours.band);
    }
    let bays = (face.length / BAY_M).floor().max(1.0) as u32;
    let bay = face.length / f64::from(bays);
    for level in 0..building.storeys {
        for b in 0..bays {
            let cell = Cell {
                from: f64::from(b) * bay,
                width: bay,
                foot: f64::from(level) * storey,
                height: storey,
                column: b,
                level,
            };
            bay_of(layers, building, face, &cell, colours, id);
        }
    }
}

struct Cell {
    from: f64,
    width: f64,
    foot: f64,
    height: f64,
    column: u32,
    level: u32,
}

const GLASS_LOW: u32 = 0x26_3440;
const GLASS_HIGH: u32 = 0x6b_8496;

fn bay_of(layers: &mut Layers, building: &Building, face: &Face, cell: &Cell, colours: Palette, id: u64) {
    let Cell { from, width, foot, height, column, level } = *cell;
    let draw = hash(id ^ (u64::from(column) << 20) ^ (u64::from(level) << 40));
    // The same for all storeys of a column.
    let kind = hash(id ^ (u64::from(column) << 20));
    let flats = building.usage == Use::Residential;
    let south = face.out[1] < -0.4;
    let balcony = flats && south && column % 2 == 1 && level > 0 && width > 2.4;
    let (wide, sill, head) = match building.usage {
        Use::Service => (0.82, 0.5, 0.9),
        Use::GateHouse => (0.7, 0.35, 0.85),
        Use::Plant | Use::Other => (0.3, 0.55, 0.85),
        _ if balcony => (0.74, 0.05, 0.86),
        _ if face.length < 14.0 && !south => (0.34, 0.36, 0.84),
        _ if kind < 0.3 => (0.36, 0.36, 0.84),
        _ => (0.56, 0.32, 0.84),
    };
    let s = [from + width * (1.0 - wide) / 2.0, from + width * (1.0 + wide) / 2.0];
    let z = [foot + height * sill, foot + height * head];
    let tone = 0.8 + 0.4 * draw as f32;
    let shine = if flats || building.usage == Use::GateHouse {
        Shine::Window(if building.usage == Use::GateHouse { 0.0 } else { hash(draw.to_bits()) as f32 })
    } else {
        Shine::Window(0.35 + 0.6 * draw as f32)
    };
    let Layers { mass: pad, detail } = layers;
    pad.shine(shine);
    face.pane_shaded(pad, s, z, PROUD_M, [shade(rgb(GLASS_LOW), tone), shade(rgb(GLASS_HIGH), tone)]);
    pad.shine(Shine::None);
    let frame = rgb(0xe8_e8e4);
    let middle = (s[0] + s[1]) / 2.0;
    face.pane(detail, [middle - 0.04, middle + 0.04], z, PROUD_M * 1.5, frame);
    face.ledge(detail, [s[0] - 0.08, s[1] + 0.08], 0.14, [z[0] - 0.10, z[0]], shade(colours.band, 0.95));
    if balcony {
        let edges = [from + width * 0.06, from + width * 0.94];
        face.ledge(pad, edges, 1.35, [foot - 0.12, foot + 0.04], colours.band);
        let rail = if kind < 0.5 { rgb(0x9f_b3bd) } else { shade(colours.wall, 0.9) };
        let front = [face.at(edges[0], 1.35, foot + 0.04), face.at(edges[1], 1.35, foot + 0.04)];
        let up = [0.0, 0.0, 1.02];
        pad.quad([front[0], front[1], add(front[1], up), add(front[0], up)], rail);
        detail.quad([front[1], front[0], add(front[0], up), add(front[1], up)], shade(rail, 0.7));
        for (k, e) in edges.into_iter().enumerate() {
            let side = [face.at(e, 0.0, foot + 0.04), face.at(e, 1.35, foot + 0.04)];
            let [a, b] = if k == 0 { side } else { [side[1], side[0]] };
            detail.quad([a, b, add(b, up), add(a, up)], shade(rail, 0.9));
            detail.quad([b, a, add(a, up), add(b, up)], shade(rail, 0.7));
        }
    } else if flats && kind > 0.55 && level > 0 && draw < 0.7 {
        // The outdoor unit of an air conditioner.
        let a = from + width * 0.5 - 0.42;
        face.ledge(detail, [a, a + 0.84], 0.34, [foot + 0.25, foot + 0.83], rgb(0xdd_dedb));
    }
}

fn parapet(pad: &mut Pad, faces: &[Face], top: f64, colour: Colour) {
    for f in faces {
        let wall = |d: f64| [f.at(0.0, d, top), f.at(f.length, d, top)];
        let up = [0.0, 0.0, 0.9];
        let ([a, b], [c, d]) = (wall(0.0), wall(-0.25));
        pad.quad([a, b, add(b, up), add(a, up)], colour);
        pad.quad([d, c, add(c, up), add(d, up)], shade(colour, 0.85));
        pad.quad([add(a, up), add(b, up), add(d, up), add(c, up)], shade(colour, 1.08));
    }
}

/// The roof's flat face.
fn roof(pad: &mut Pad, building: &Building, z: f64, colour: Colour) {
    for t in building.outline.earcut_triangles() {
        let [a, b, c] = t.to_array();
        let turn = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
        let corners = if turn > 0.0 { [a, b, c] } else { [a, c, b] };
        pad.tri(corners.map(|p| [p.x, p.y, z]), colour);
    }
}

fn on_the_roof(pad: &mut Pad, building: &Building, id: u64) {
    let Some(longest) =
        faces(building.outline.exterior()).into_iter().max_by(|a, b| a.length.total_cmp(&b.length))
    else {
        return;
    };
    let depth = 6.5;
    let houses = (longest.length / 24.0).ceil().max(1.0) as u32;
    let bearing = longest.along[0].atan2(longest.along[1]).to_degrees();
    for i in 0..houses {
        let s = (f64::from(i) + 0.5) * longest.length / f64::from(houses);
        let at = longest.at(s, -depth, building.height_m);
        pad.cuboid(at, [2.2, 3.0], 3.0, bearing, rgb(0xc9_c4ba));
        pad.cuboid(add(at, [0.0, 0.0, 3.0]), [2.5, 3.3], 0.2, bearing, rgb(0x8d_8a84));
        let beside = longest.at((s + 6.0).min(longest.length - 2.0), -depth, building.height_m);
        if hash(id ^ u64::from(i)) > 0.4 {
            pad.post(beside, [1.1, 1.1], 1.9, 10, rgb(0x9a_a4ab));
        } else {
            for k in 0..3 {
                let panel = add(beside, mul([longest.along[0], longest.along[1], 0.0], f64::from(k) * 1.7));
                let u = mul([longest.along[0], longest.along[1], 0.0], 0.75);
                pad.slab(add(panel, [0.0, 0.0, 0.4]), u, [0.0, 0.8, 0.5], [0.0, -0.04, 0.06], rgb(0x23_3a5c));
            }
        }
    }
}

/// A low house's roof that stands out over its walls.
fn eaves(pad: &mut Pad, building: &Building, colour: Colour) {
    for f in faces(building.outline.exterior()) {
        f.ledge(
            pad,
            [-0.7, f.length + 0.7],
            0.8,
            [building.height_m - 0.15, building.height_m + 0.25],
            colour,
        );
    }
}

fn door(pad: &mut Pad, face: &Face, s: f64, building: &Building) {
    let wide = if building.usage == Use::Residential { 0.9 } else { 0.6 };
    face.ledge(pad, [s - wide - 0.9, s + wide + 0.9], 1.8, [2.75, 2.95], rgb(0xd8_d4cb));
    for side in [-1.0, 1.0] {
        let at = face.at(s + side * (wide + 0.7), 1.6, 0.0);
        pad.post(at, [0.11, 0.11], 2.75, 8, rgb(0xb9_b6ae));
    }
    face.pane(pad, [s - wide - 0.25, s + wide + 0.25], [0.0, 2.6], PROUD_M * 2.0, rgb(0x5a_4a3e));
    pad.shine(Shine::Window(0.0));
    face.pane_shaded(
        pad,
        [s - wide, s + wide],
        [0.08, 2.35],
        PROUD_M * 3.0,
        [rgb(0x2a_3338), rgb(0x5c_717c)],
    );
    pad.shine(Shine::None);
    face.pane(pad, [s - 0.03, s + 0.03], [0.08, 2.35], PROUD_M * 4.0, rgb(0x8f_9396));
}

/// A roof on posts over the sockets; its back wall is the outline's longest side away from the middle.
fn shed(pad: &mut Pad, building: &Building) {
    let list = faces(building.outline.exterior());
    let z = building.height_m.max(2.4);
    for f in &list {
        let posts = (f.length / 4.0).ceil().max(1.0) as u32;
        for i in 0..posts {
            let at = f.at(f.length * f64::from(i) / f64::from(posts), -0.12, 0.0);
            pad.cuboid(at, [0.08, 0.08], z, 0.0, rgb(0x4f_6f8f));
        }
        f.ledge(pad, [-0.5, f.length + 0.5], 0.5, [z - 0.12, z + 0.14], rgb(0x3f_6ea3));
    }
    // Seen from below as well as from above.
    roof(pad, building, z + 0.14, rgb(0x5c_8fc4));
    for t in building.outline.earcut_triangles() {
        let [a, b, c] = t.to_array();
        let turn = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
        let corners = if turn > 0.0 { [a, c, b] } else { [a, b, c] };
        pad.tri(corners.map(|p| [p.x, p.y, z - 0.12]), rgb(0x8f_a6bb));
    }
}

fn garage(pad: &mut Pad, building: &Building) {
    let list = faces(building.outline.exterior());
    let z = building.height_m;
    for f in &list {
        f.pane(pad, [0.0, f.length], [0.0, z], 0.0, rgb(0xb4_b2ac));
        f.pane(pad, [0.0, f.length], [z - 0.5, z], PROUD_M, rgb(0xe0_b83a));
    }
    roof(pad, building, z, rgb(0x7f_8d94));
    // The short side that looks furthest south is the mouth.
    let mouth = list
        .iter()
        .filter(|f| f.length > 2.5)
        .min_by(|a, b| a.length.total_cmp(&b.length).then(a.out[1].total_cmp(&b.out[1])));
    if let Some(f) = mouth {
        f.pane_shaded(
            pad,
            [0.4, f.length - 0.4],
            [0.0, z - 0.6],
            PROUD_M * 1.5,
            [rgb(0x3c_3c3c), rgb(0x0d_0d0d)],
        );
    }
}
