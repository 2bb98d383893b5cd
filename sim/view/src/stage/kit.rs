//! The kit: devices as they hang and stand.

use palisade_sim::contract::Class;
use palisade_sim::model::kit::{Camera, FacadeCamera, FirePointKind};
use palisade_sim::model::{Device, Scenario};

use super::Cells;
use crate::pad::{Colour, Pad, Shine, V3, add, mul, rgb, unit};
use crate::stage::walls::gate_way;

/// Draws all devices.
pub fn draw(cells: &mut Cells, scenario: &Scenario) {
    let kit = &scenario.file.kit;
    for camera in &kit.camera {
        fixed(cells.of(camera.at_m), camera);
    }
    for camera in &kit.facade_camera {
        upward(cells.of(camera.at_m), camera);
    }
    for beam in &kit.beam {
        let top = beam.rays_m.iter().copied().fold(0.0, f64::max) + 0.12;
        let low = beam.rays_m.iter().copied().fold(f64::INFINITY, f64::min) - 0.12;
        for [x, y] in [beam.from_m, beam.to_m] {
            let pad = cells.of([x, y]);
            pad.cuboid([x, y, (low - 0.35).max(0.0)], [0.04, 0.04], top - low + 0.35, 0.0, rgb(0x4a_4f52));
            pad.cuboid([x, y, low], [0.085, 0.085], top - low, 0.0, rgb(0x1c_1f22));
        }
    }
    for checkpoint in &kit.checkpoint {
        let [x, y] = checkpoint.at_m;
        let pad = cells.of([x, y]);
        pad.cuboid([x, y, 0.0], [0.06, 0.06], 1.15, 0.0, rgb(0x7d_8388));
        pad.cuboid([x, y, 1.15], [0.12, 0.12], 0.18, 0.0, rgb(0x1f_6fb2));
    }
    for post in &kit.outer_post {
        parasol(cells.of(post.at_m), post.at_m);
    }
    for station in &kit.fire_station {
        let [x, y] = station.at_m;
        let pad = cells.of([x, y]);
        pad.cuboid([x, y, 0.0], [0.75, 0.3], 1.9, 0.0, rgb(0xc2_2222));
        pad.cuboid([x, y, 1.9], [0.8, 0.35], 0.08, 0.0, rgb(0x8e_1717));
    }
    for point in &kit.fire_point {
        let [x, y] = point.at_m;
        let pad = cells.of([x, y]);
        match point.what {
            FirePointKind::Hydrant => {
                pad.post([x, y, 0.0], [0.13, 0.11], 0.75, 8, rgb(0xc9_2a22));
                pad.blob([x, y, 0.78], [0.13, 0.13, 0.1], 4, 0.0, 0, rgb(0xc9_2a22));
            }
            FirePointKind::Extinguisher => pad.post([x, y, 0.0], [0.09, 0.08], 0.6, 8, rgb(0xd3_3027)),
        }
    }
    for charger in &kit.charger {
        for socket in 0..charger.sockets {
            let [x, y] = socket_at(charger, socket);
            let pad = cells.of([x, y]);
            pad.cuboid([x, y, 0.0], [0.05, 0.05], 1.1, charger.row_bearing_deg, rgb(0x5f_6a72));
            pad.cuboid([x, y, 1.1], [0.12, 0.12], 0.3, charger.row_bearing_deg, rgb(0x2f_9a5a));
        }
    }
    for device in &scenario.devices {
        small(cells.of([device.at_m[0], device.at_m[1]]), scenario, device);
    }
    for barrier in &kit.barrier {
        let Some(gate) = scenario.site.gates.iter().find(|g| g.id == barrier.gate) else { continue };
        let way = gate_way(gate, &scenario.site);
        let at = [gate.at.x - way[0] * gate.width_m / 2.0, gate.at.y - way[1] * gate.width_m / 2.0, 0.0];
        cells.of([at[0], at[1]]).cuboid(
            at,
            [0.22, 0.22],
            1.15,
            way[0].atan2(way[1]).to_degrees(),
            rgb(0xd8_8a1c),
        );
    }
}

/// Where a socket of a group is.
pub fn socket_at(charger: &palisade_sim::model::kit::Charger, socket: u8) -> [f64; 2] {
    let (sin, cos) = charger.row_bearing_deg.to_radians().sin_cos();
    let s = f64::from(socket) * charger.pitch_m;
    [charger.at_m[0] + sin * s, charger.at_m[1] + cos * s]
}

fn small(pad: &mut Pad, scenario: &Scenario, device: &Device) {
    let [x, y, z] = device.at_m;
    match device.class {
        Class::SmokeDetector | Class::HeatDetector => {
            let colour = if device.class == Class::SmokeDetector { rgb(0xf4_f4f0) } else { rgb(0xf0_d9d0) };
            pad.post([x, y, z - 0.06], [0.07, 0.09], 0.06, 10, colour);
        }
        Class::Intercom => {
            // Beside the door: the entrance stands on the outline, the panel a metre along.
            let out = outward(scenario, x, y);
            let at = [x + out[1] * 1.25 + out[0] * 0.08, y - out[0] * 1.25 + out[1] * 0.08, 1.2];
            let turn = out[0].atan2(out[1]).to_degrees();
            pad.cuboid(at, [0.13, 0.04], 0.42, turn, rgb(0x2a_2d30));
            pad.shine(Shine::Lamp);
            pad.cuboid(
                add(at, [out[0] * 0.035, out[1] * 0.035, 0.2]),
                [0.09, 0.02],
                0.16,
                turn,
                rgb(0x5f_9fd0),
            );
            pad.shine(Shine::None);
        }
        _ => {}
    }
}

/// Which way is out of the building at a point on an outline.
pub fn outward(scenario: &Scenario, x: f64, y: f64) -> [f64; 2] {
    use geo::{Contains as _, Coord, Point};
    for turn in 0..16 {
        let (sin, cos) = (f64::from(turn) * std::f64::consts::PI / 8.0).sin_cos();
        let inside = |d: f64| {
            let p = Point(Coord { x: x + cos * d, y: y + sin * d });
            scenario.site.buildings.iter().any(|b| b.outline.contains(&p))
        };
        if !inside(0.4) && inside(-0.4) && !inside(1.2) {
            return [cos, sin];
        }
    }
    [0.0, -1.0]
}

fn body(pad: &mut Pad, lens: V3, forward: V3, colour: Colour) {
    let side = unit([forward[1], -forward[0], 0.0]);
    let up = unit([side[1] * forward[2], -side[0] * forward[2], side[0] * forward[1] - side[1] * forward[0]]);
    let back = add(lens, mul(forward, -0.42));
    pad.slab(back, mul(side, 0.085), mul(up, 0.085), mul(forward, 0.40), colour);
    pad.slab(
        add(lens, mul(forward, -0.03)),
        mul(side, 0.055),
        mul(up, 0.055),
        mul(forward, 0.025),
        rgb(0x10_1418),
    );
    pad.slab(add(back, mul(up, 0.1)), mul(side, 0.11), mul(up, 0.012), mul(forward, 0.5), colour);
}

fn direction(bearing_deg: f64, up_deg: f64) -> V3 {
    let ((sin_b, cos_b), (sin_u, cos_u)) =
        (bearing_deg.to_radians().sin_cos(), up_deg.to_radians().sin_cos());
    [cos_u * sin_b, cos_u * cos_b, sin_u]
}

fn fixed(pad: &mut Pad, camera: &Camera) {
    let [x, y] = camera.at_m;
    let forward = direction(camera.bearing_deg, -camera.tilt_deg);
    let back = [x - forward[0] * 0.3, y - forward[1] * 0.3];
    pad.post([back[0], back[1], 0.0], [0.07, 0.05], camera.height_m + 0.1, 6, rgb(0xb9_bdc0));
    body(pad, [x, y, camera.height_m], forward, rgb(0xf2_f3f2));
}

fn upward(pad: &mut Pad, camera: &FacadeCamera) {
    let [x, y] = camera.at_m;
    let forward = direction(camera.bearing_deg, camera.elevation_deg);
    pad.post([x, y, 0.0], [0.08, 0.06], camera.height_m - 0.1, 6, rgb(0xb9_bdc0));
    body(pad, [x, y, camera.height_m], forward, rgb(0xd9_e6f2));
}

fn parasol(pad: &mut Pad, [x, y]: [f64; 2]) {
    let (x, y) = (x + 0.7, y);
    pad.post([x, y, 0.0], [0.5, 0.45], 0.12, 10, rgb(0x6d_7175));
    pad.post([x, y, 0.0], [0.03, 0.03], 2.5, 6, rgb(0xc9_ccce));
    pad.blob([x, y, 2.35], [1.3, 1.3, 0.3], 6, 0.0, 3, rgb(0x2b_5c9a));
}
