//! Bodies of people and vehicles.

use std::collections::HashMap;

use palisade_sim::twin::frame::Role;

use super::role_colour;
use crate::pad::{Colour, Pad, Shine, V3, add, hash, key, mul, rgb, shade};
use crate::run_folder::Mover;

/// Where a body is, which way it faces, how far through its step.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    /// Its feet, m.
    pub at: V3,
    /// Bearing, degrees clockwise from north.
    pub bearing_deg: f64,
    /// Metres walked, for the legs.
    pub walked_m: f64,
    /// Whether it moves.
    pub moves: bool,
    /// A number of its own, for looks.
    pub id: u64,
}

impl Pose {
    /// The pose of a mover. Who stands still faces a way of his own.
    pub fn of(mover: &Mover<'_>) -> Pose {
        let [vx, vy] = mover.way_m_s;
        let id = key(&mover.track.who);
        let moves = vx.hypot(vy) > 0.05;
        let bearing_deg = if moves { vx.atan2(vy).to_degrees() } else { hash(id ^ 5) * 360.0 };
        Pose { at: mover.at_m, bearing_deg, walked_m: mover.walked_m, moves, id }
    }

    /// The twin lets bodies stand in one place; the second and further ones are drawn beside the first, at most a
    /// metre and a half away.
    pub fn beside(mut self, crowded: &mut HashMap<(i64, i64), u32>) -> Pose {
        if self.moves {
            return self;
        }
        let here = crowded
            .entry(((self.at[0] / 0.4).round() as i64, (self.at[1] / 0.4).round() as i64))
            .or_default();
        if *here > 0 {
            // Along the sunflower's spiral, which fills a disc evenly.
            let turn = f64::from(*here) * 2.399_963;
            let reach = (0.55 * f64::from(*here).sqrt()).min(1.5);
            self.at = add(self.at, [reach * turn.cos(), reach * turn.sin(), 0.0]);
        }
        *here += 1;
        self
    }

    fn axes(&self) -> (V3, V3) {
        let (sin, cos) = self.bearing_deg.to_radians().sin_cos();
        ([cos, -sin, 0.0], [sin, cos, 0.0])
    }

    fn place(&self, aside: f64, ahead: f64, up: f64) -> V3 {
        let (side, way) = self.axes();
        add(self.at, add(add(mul(side, aside), mul(way, ahead)), [0.0, 0.0, up]))
    }
}

fn part(pad: &mut Pad, pose: &Pose, [aside, ahead, up]: V3, half: [f64; 2], height: f64, colour: Colour) {
    let (side, way) = pose.axes();
    pad.slab(pose.place(aside, ahead, up), mul(side, half[0]), mul(way, half[1]), [0.0, 0.0, height], colour);
}

/// A leg or an arm: from a joint down, swung forward by `swing` metres at its end.
fn limb(pad: &mut Pad, pose: &Pose, joint: V3, swing: f64, long: f64, half: f64, colour: Colour) {
    let (side, way) = pose.axes();
    let foot = pose.place(joint[0], joint[1] + swing, joint[2] - long);
    let rise = add(mul(way, -swing), [0.0, 0.0, long]);
    pad.slab(foot, mul(side, half), mul(way, half), rise, colour);
}

/// Somebody on foot. The upper part of the body has the colour of the role.
pub fn person(pad: &mut Pad, pose: &Pose, role: Role, plain: bool) {
    let top = role_colour(role);
    let legs = match role {
        Role::Guard => rgb(0x1a_2340),
        Role::Intruder => rgb(0x14_1416),
        Role::Courier => rgb(0x2b_2b30),
        _ => rgb([0x2c_3344, 0x4a_4038, 0x35_3a3a, 0x5a_5348][(hash(pose.id) * 4.0) as usize]),
    };
    let skin = rgb(0xd9_a982);
    let hair = match role {
        Role::Guard => rgb(0x16_1d33),
        Role::Intruder => rgb(0x0e_0e10),
        Role::Courier => rgb(0xe3_8a10),
        Role::Staff => rgb(0xe9_e4c8),
        _ => rgb([0x1b_1714, 0x2e_241c, 0x8a_8580][(hash(pose.id ^ 9) * 2.3) as usize]),
    };
    let tall = 0.92 + 0.14 * hash(pose.id ^ 3);
    if plain {
        part(pad, pose, [0.0, 0.0, 0.0], [0.15, 0.12], 0.82 * tall, legs);
        part(pad, pose, [0.0, 0.0, 0.82 * tall], [0.23, 0.15], 0.62 * tall, top);
        part(pad, pose, [0.0, 0.0, 1.46 * tall], [0.10, 0.11], 0.25, hair);
        return;
    }
    let swing = if pose.moves { (pose.walked_m / 0.75 * std::f64::consts::PI).sin() * 0.28 } else { 0.0 };
    for (side, forward) in [(-1.0, swing), (1.0, -swing)] {
        limb(pad, pose, [side * 0.10, 0.0, 0.84 * tall], forward, 0.80 * tall, 0.075, legs);
        part(pad, pose, [side * 0.10, forward + 0.05, 0.0], [0.06, 0.13], 0.09, rgb(0x22_2222));
        limb(
            pad,
            pose,
            [side * 0.27, 0.0, 1.42 * tall],
            -forward * 0.8,
            0.58 * tall,
            0.055,
            shade(top, 0.85),
        );
    }
    part(pad, pose, [0.0, 0.0, 0.80 * tall], [0.20, 0.13], 0.20 * tall, shade(top, 0.8));
    part(pad, pose, [0.0, 0.0, 0.98 * tall], [0.22, 0.14], 0.46 * tall, top);
    if role == Role::Guard {
        part(pad, pose, [0.0, 0.0, 1.12 * tall], [0.225, 0.145], 0.06, rgb(0xe8_e8e8));
    }
    part(pad, pose, [0.0, 0.0, 1.44 * tall], [0.055, 0.055], 0.08, skin);
    pad.blob(pose.place(0.0, 0.01, 1.60 * tall), [0.095, 0.105, 0.125], 5, 0.0, 0, skin);
    pad.blob(pose.place(0.0, -0.02, 1.65 * tall), [0.105, 0.115, 0.10], 5, 0.0, 0, hair);
    if role == Role::Courier {
        part(pad, pose, [0.0, -0.30, 0.98 * tall], [0.22, 0.16], 0.42, rgb(0x2f_8f4a));
    }
}

/// Somebody far away: a three-sided figure, legs dark and the rest in the colour of the role.
pub fn figure(pad: &mut Pad, at: V3, role: Role) {
    let top = role_colour(role);
    let corners = [[0.0, -0.26], [0.23, 0.14], [-0.23, 0.14]];
    for (low, high, colour) in [(0.0, 0.8, rgb(0x2c_3344)), (0.8, 1.7, top)] {
        for i in 0..3 {
            let (a, b) = (corners[i], corners[(i + 1) % 3]);
            let p = |c: [f64; 2], z: f64| add(at, [c[0], c[1], z]);
            pad.quad([p(a, low), p(b, low), p(b, high), p(a, high)], colour);
        }
    }
}

/// A car.
pub fn car(pad: &mut Pad, pose: &Pose) {
    let paints = [0xe8_e9ea, 0x22_262b, 0x8f_979e, 0x9c_2a2a, 0x2d_4d7d, 0xc9_c2b2];
    let paint = rgb(paints[(hash(pose.id ^ 21) * paints.len() as f64) as usize]);
    let van = hash(pose.id ^ 22) > 0.86;
    let (long, wide, waist, roof) = if van { (2.5, 0.95, 1.15, 2.05) } else { (2.25, 0.9, 0.88, 1.45) };
    part(pad, pose, [0.0, 0.0, 0.28], [wide, long], waist - 0.28, paint);
    part(pad, pose, [0.0, 0.0, 0.22], [wide * 0.94, long * 0.97], 0.10, rgb(0x22_2426));
    // The cabin: glass around, a roof over it, both narrower above.
    let (front, back) = if van { (long * 0.80, -long * 0.98) } else { (long * 0.42, -long * 0.72) };
    let (tf, tb) = if van { (front - 0.45, back + 0.05) } else { (front - 0.55, back + 0.45) };
    let corner = |aside: f64, ahead: f64, up: f64| pose.place(aside, ahead, up);
    let low = [
        corner(-wide * 0.96, back, waist),
        corner(wide * 0.96, back, waist),
        corner(wide * 0.96, front, waist),
        corner(-wide * 0.96, front, waist),
    ];
    let t = 0.80;
    let high = [
        corner(-wide * t, tb, roof),
        corner(wide * t, tb, roof),
        corner(wide * t, tf, roof),
        corner(-wide * t, tf, roof),
    ];
    let (dark, pale) = (rgb(0x1d_272e), rgb(0x4b_5f6c));
    for i in 0..4 {
        let j = (i + 1) % 4;
        let body = van && i != 2;
        let colours = if body { [paint; 4] } else { [dark, dark, pale, pale] };
        pad.quad_shaded([low[i], low[j], high[j], high[i]], colours);
    }
    pad.quad(high, shade(paint, 1.06));
    for (aside, ahead) in [(-1.0, 0.62), (1.0, 0.62), (-1.0, -0.62), (1.0, -0.62)] {
        wheel(pad, pose, [aside * (wide - 0.08), ahead * long, 0.33], 0.33, 0.11);
    }
    pad.shine(Shine::Lamp);
    for side in [-0.62, 0.62] {
        part(pad, pose, [side, long, 0.55], [0.17, 0.03], 0.16, rgb(0xf2_f0e0));
    }
    pad.shine(Shine::None);
    for side in [-0.66, 0.66] {
        part(pad, pose, [side, -long, 0.6], [0.15, 0.03], 0.16, rgb(0xa8_1c1c));
    }
    part(pad, pose, [0.0, long + 0.01, 0.42], [0.24, 0.015], 0.13, rgb(0x1f_56b8));
}

/// A wheel that stands across the way.
fn wheel(pad: &mut Pad, pose: &Pose, hub: V3, radius: f64, half: f64) {
    let (side, way) = pose.axes();
    let middle = pose.place(hub[0], hub[1], hub[2]);
    let dark = rgb(0x15_1617);
    let sides = 10;
    let rim = |i: u32, s: f64| {
        let (sin, cos) = (f64::from(i) / f64::from(sides) * std::f64::consts::TAU).sin_cos();
        add(middle, add(add(mul(way, cos * radius), [0.0, 0.0, sin * radius]), mul(side, s * half)))
    };
    for i in 0..sides {
        pad.quad([rim(i, -1.0), rim(i + 1, -1.0), rim(i + 1, 1.0), rim(i, 1.0)], dark);
        for s in [-1.0, 1.0] {
            let hub_at = add(middle, mul(side, s * half));
            let (a, b) = if s > 0.0 { (i, i + 1) } else { (i + 1, i) };
            pad.tri([hub_at, rim(a, s), rim(b, s)], rgb(0x5a_5d60));
        }
    }
}

/// An e-bike or scooter, with or without its rider.
pub fn bike(pad: &mut Pad, pose: &Pose, ridden: bool) {
    let paint = rgb([0x2f_b0b8, 0xc2_3b3b, 0x33_3a44, 0xe0_e0dc][(hash(pose.id ^ 31) * 4.0) as usize]);
    for ahead in [-0.55, 0.55] {
        wheel(pad, pose, [0.0, ahead, 0.24], 0.24, 0.045);
    }
    part(pad, pose, [0.0, -0.05, 0.26], [0.13, 0.42], 0.12, paint);
    part(pad, pose, [0.0, -0.38, 0.36], [0.14, 0.28], 0.34, paint);
    part(pad, pose, [0.0, -0.38, 0.70], [0.13, 0.30], 0.08, rgb(0x1c_1c1e));
    part(pad, pose, [0.0, 0.45, 0.30], [0.15, 0.07], 0.62, paint);
    part(pad, pose, [0.0, 0.42, 0.95], [0.30, 0.03], 0.05, rgb(0x2a_2a2c));
    if ridden {
        let top = role_colour(Role::Bike);
        part(pad, pose, [-0.1, -0.05, 0.42], [0.07, 0.26], 0.36, rgb(0x2c_3344));
        part(pad, pose, [0.1, -0.05, 0.42], [0.07, 0.26], 0.36, rgb(0x2c_3344));
        part(pad, pose, [0.0, -0.28, 0.78], [0.20, 0.14], 0.55, top);
        for side in [-0.24, 0.24] {
            pad.bar(pose.place(side, -0.22, 1.22), pose.place(side, 0.36, 1.0), 0.1, shade(top, 0.85));
        }
        pad.blob(pose.place(0.0, -0.24, 1.50), [0.13, 0.14, 0.14], 5, 0.0, 0, rgb(0xf0_f0ee));
    }
}

/// Something thrown, drawn a little larger than it is.
pub fn object(pad: &mut Pad, at: V3, id: u64) {
    pad.shine(Shine::Own);
    pad.cuboid(add(at, [0.0, 0.0, -0.1]), [0.14, 0.14], 0.28, hash(id) * 90.0, role_colour(Role::Object));
    pad.shine(Shine::None);
}
