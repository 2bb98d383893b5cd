//! Walls, fences, hedges, gates, lamps.

use palisade_sim::analysis::wall_line::WallLine;
use palisade_sim::model::site::{Gate, GateFor, Site, Wall, WallKind};

use super::{Cells, Layers};
use crate::pad::{Colour, Pad, Shine, V3, hash, key, rgb, shade};

/// Draws a wall between its gates.
pub fn draw_wall(wall: &Wall, gates: &[Gate]) -> Layers {
    let mut layers = Layers::default();
    standing(wall, gates, |from, to| match wall.made_of {
        WallKind::Wall => masonry(&mut layers.mass, wall, from, to, rgb(0xd6_cdb9), rgb(0x8f_8a80)),
        WallKind::Retaining => masonry(&mut layers.mass, wall, from, to, rgb(0x9a_958b), rgb(0x7c_786f)),
        WallKind::Fence => fence(&mut layers, wall, from, to),
        WallKind::Hedge => hedge(&mut layers.mass, wall, from, to),
    });
    layers
}

/// Draws all gates.
pub fn draw_gates(site: &Site) -> Layers {
    let mut layers = Layers::default();
    for gate in &site.gates {
        gate_of(&mut layers.mass, gate, site);
    }
    layers
}

/// Draws all lamps.
pub fn draw_lamps(cells: &mut Cells, site: &Site) {
    for lamp in &site.lamps {
        let foot = [lamp.at.x, lamp.at.y, 0.0];
        let Layers { mass, detail } = cells.at(lamp.at.x, lamp.at.y);
        mass.post(foot, [0.09, 0.06], lamp.height_m, 5, rgb(0x3d_4348));
        detail.post(foot, [0.16, 0.12], 0.5, 6, rgb(0x33_383c));
        mass.shine(Shine::Lamp);
        mass.blob(
            [lamp.at.x, lamp.at.y, lamp.height_m + 0.12],
            [0.30, 0.30, 0.22],
            3,
            0.0,
            0,
            rgb(0xe9_e9e2),
        );
        mass.shine(Shine::None);
    }
}

/// Calls back for each straight piece of a wall that is no gate.
pub fn standing(wall: &Wall, gates: &[Gate], mut piece: impl FnMut([f64; 2], [f64; 2])) {
    let line = WallLine::new(&wall.line);
    for span in line.standing(gates) {
        let mut cuts = vec![span[0]];
        cuts.extend(line.inner_corners().iter().copied().filter(|c| *c > span[0] && *c < span[1]));
        cuts.push(span[1]);
        for pair in cuts.windows(2) {
            let (a, b) = (line.at(pair[0]), line.at(pair[1]));
            if (a.x - b.x).hypot(a.y - b.y) > 0.02 {
                piece([a.x, a.y], [b.x, b.y]);
            }
        }
    }
}

fn steps([ax, ay]: [f64; 2], [bx, by]: [f64; 2], about_m: f64) -> Vec<[f64; 2]> {
    let n = ((bx - ax).hypot(by - ay) / about_m).round().max(1.0) as u32;
    (0..=n)
        .map(|i| {
            let t = f64::from(i) / f64::from(n);
            [ax + (bx - ax) * t, ay + (by - ay) * t]
        })
        .collect()
}

fn bearing(from: [f64; 2], to: [f64; 2]) -> f64 {
    (to[0] - from[0]).atan2(to[1] - from[1]).to_degrees()
}

fn between(from: [f64; 2], to: [f64; 2]) -> ([f64; 2], f64) {
    ([(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0], (to[0] - from[0]).hypot(to[1] - from[1]) / 2.0)
}

fn masonry(pad: &mut Pad, wall: &Wall, from: [f64; 2], to: [f64; 2], face: Colour, cap: Colour) {
    let turn = bearing(from, to);
    let places = steps(from, to, 5.0);
    for pair in places.windows(2) {
        let (middle, half) = between(pair[0], pair[1]);
        let [x, y] = middle;
        pad.cuboid([x, y, 0.0], [0.12, half], wall.height_m - 0.12, turn, face);
        pad.cuboid([x, y, 0.0], [0.145, half], 0.45, turn, shade(cap, 0.85));
        pad.cuboid([x, y, wall.height_m - 0.12], [0.2, half], 0.12, turn, cap);
    }
    for [x, y] in places {
        pad.cuboid([x, y, 0.0], [0.24, 0.24], wall.height_m, turn, shade(face, 0.93));
        pad.cuboid([x, y, wall.height_m], [0.29, 0.29], 0.1, turn, cap);
    }
}

fn fence(layers: &mut Layers, wall: &Wall, from: [f64; 2], to: [f64; 2]) {
    let Layers { mass: pad, detail } = layers;
    let turn = bearing(from, to);
    let iron = rgb(0x2a_3130);
    let posts = steps(from, to, 3.0);
    for pair in posts.windows(2) {
        let ([x, y], half) = between(pair[0], pair[1]);
        pad.cuboid([x, y, 0.0], [0.12, half], 0.35, turn, rgb(0x9c_978c));
        for z in [0.5, wall.height_m - 0.25] {
            pad.cuboid([x, y, z], [0.02, half], 0.05, turn, iron);
        }
        for [bx, by] in steps(pair[0], pair[1], 0.16).into_iter().skip(1) {
            detail.cuboid([bx, by, 0.35], [0.013, 0.013], wall.height_m - 0.4, turn, iron);
        }
    }
    for [x, y] in posts {
        pad.cuboid([x, y, 0.0], [0.06, 0.06], wall.height_m, turn, iron);
    }
}

fn hedge(pad: &mut Pad, wall: &Wall, from: [f64; 2], to: [f64; 2]) {
    for (i, [x, y]) in steps(from, to, 0.7).into_iter().enumerate() {
        let seed = key(&wall.id.to_string()) ^ i as u64;
        let z = wall.height_m * (0.47 + 0.05 * hash(seed));
        pad.blob([x, y, z], [0.5, 0.5, z], 5, 0.18, seed, rgb(0x4c_7a3a));
    }
}

/// Which way the wall runs at a gate.
pub fn gate_way(gate: &Gate, site: &Site) -> [f64; 2] {
    let mut best = (f64::INFINITY, [1.0, 0.0]);
    for wall in &site.walls {
        for line in wall.line.lines() {
            let (dx, dy) = (line.end.x - line.start.x, line.end.y - line.start.y);
            let l = dx.hypot(dy).max(1e-9);
            let t = (((gate.at.x - line.start.x) * dx + (gate.at.y - line.start.y) * dy) / (l * l))
                .clamp(0.0, 1.0);
            let off = (gate.at.x - line.start.x - t * dx).hypot(gate.at.y - line.start.y - t * dy);
            if off < best.0 {
                best = (off, [dx / l, dy / l]);
            }
        }
    }
    best.1
}

fn gate_of(pad: &mut Pad, gate: &Gate, site: &Site) {
    let way = gate_way(gate, site);
    let turn = way[0].atan2(way[1]).to_degrees();
    let at = |s: f64, z: f64| -> V3 { [gate.at.x + way[0] * s, gate.at.y + way[1] * s, z] };
    let half = gate.width_m / 2.0;
    let tall = if gate.passage == GateFor::Pedestrians { 2.9 } else { 1.6 };
    for side in [-1.0, 1.0] {
        pad.cuboid(at(side * (half + 0.35), 0.0), [0.35, 0.35], tall, turn, rgb(0xb7_a58a));
        pad.cuboid(at(side * (half + 0.35), tall), [0.45, 0.45], 0.18, turn, rgb(0x6f_6558));
        pad.shine(Shine::Lamp);
        pad.blob(at(side * (half + 0.35), tall + 0.38), [0.17, 0.17, 0.17], 4, 0.0, 1, rgb(0xf2_efe2));
        pad.shine(Shine::None);
    }
    if gate.passage == GateFor::Pedestrians {
        // A lintel with a roof, and lanes between turnstiles.
        pad.cuboid(at(0.0, tall), [0.55, half + 0.9], 0.35, turn, rgb(0x7d_3a2c));
        pad.cuboid(at(0.0, tall + 0.35), [0.9, half + 1.2], 0.16, turn, rgb(0x4d_4038));
        let lanes = (gate.width_m / 1.0).floor().max(1.0) as u32;
        for i in 0..=lanes {
            let s = -half + gate.width_m * f64::from(i) / f64::from(lanes);
            pad.cuboid(at(s, 0.0), [0.55, 0.09], 1.0, turn, rgb(0xaab0b4));
        }
    }
}
