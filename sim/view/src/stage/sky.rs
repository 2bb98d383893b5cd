//! The sky: a dome from the haze at the horizon to the zenith, stars by night, the sun's or moon's disc.

use crate::light::Light;
use crate::pad::{Colour, Pad, Shine, V3, add, cross, hash, mul, unit};

/// Radius of the dome, m.
pub const RADIUS_M: f64 = 1_800.0;

/// Draws the dome about the origin, seen from inside.
pub fn draw(pad: &mut Pad, light: &Light) {
    pad.shine(Shine::Own);
    let rings = [-0.06, 0.0, 0.03, 0.08, 0.16, 0.3, 0.5, 0.75, 1.0f64];
    let around = 32u32;
    let colour = |s: f64, at: V3| -> Colour {
        let up = (s.max(0.0) as f32).powf(0.45);
        let mut c = [0, 1, 2, 3].map(|i| light.haze_rgb[i] + (light.zenith_rgb[i] - light.haze_rgb[i]) * up);
        let near = unit(at).iter().zip(light.sun).map(|(a, b)| a * b).sum::<f64>().max(0.0);
        let glow = near.powi(24) as f32 * 0.45 * light.sun_rgb[0];
        c[0] += glow * light.sun_rgb[0];
        c[1] += glow * light.sun_rgb[1] * 0.9;
        c[2] += glow * light.sun_rgb[2] * 0.7;
        c.map(|v| v.min(1.0))
    };
    let mut rows: Vec<Vec<u32>> = Vec::new();
    for s in rings {
        let flat = (1.0 - s * s).max(0.0).sqrt();
        rows.push(
            (0..around)
                .map(|i| {
                    let (sin, cos) = (f64::from(i) / f64::from(around) * std::f64::consts::TAU).sin_cos();
                    let at = mul([cos * flat, sin * flat, s], RADIUS_M);
                    pad.vertex(at, mul(at, -1.0 / RADIUS_M), colour(s, at))
                })
                .collect(),
        );
    }
    for pair in rows.windows(2) {
        for i in 0..around as usize {
            let j = (i + 1) % around as usize;
            pad.triangle(pair[0][i], pair[1][j], pair[0][j]);
            pad.triangle(pair[0][i], pair[1][i], pair[1][j]);
        }
    }
    if light.lamps > 0.6 {
        for k in 0..260u64 {
            let (turn, s) = (hash(k * 2) * std::f64::consts::TAU, 0.12 + 0.86 * hash(k * 2 + 1));
            let flat = (1.0 - s * s).sqrt();
            let bright = (0.25 + 0.6 * hash(k ^ 4711)) as f32 * (light.lamps - 0.6) * 2.2;
            disc(
                pad,
                [turn.cos() * flat, turn.sin() * flat, s],
                1.4,
                [bright, bright, bright * 1.05, 1.0],
                4,
            );
        }
    }
    if light.sun[2] > 0.0 {
        let by_day = light.lamps < 0.5;
        let c = if by_day { [1.0, 0.97, 0.86, 1.0] } else { [0.82, 0.84, 0.86, 1.0] };
        disc(pad, light.sun, if by_day { 26.0 } else { 18.0 }, c, 20);
    }
    pad.shine(Shine::None);
}

/// A round patch on the dome.
fn disc(pad: &mut Pad, towards: V3, radius: f64, colour: Colour, sides: u32) {
    let n = unit(towards);
    let u = unit(cross(n, [0.0, 0.0, 1.0]));
    let v = cross(n, u);
    let middle = mul(n, RADIUS_M * 0.985);
    let centre = pad.vertex(middle, mul(n, -1.0), colour);
    let ring: Vec<u32> = (0..sides)
        .map(|i| {
            let (sin, cos) = (f64::from(i) / f64::from(sides) * std::f64::consts::TAU).sin_cos();
            pad.vertex(add(middle, add(mul(u, cos * radius), mul(v, sin * radius))), mul(n, -1.0), colour)
        })
        .collect();
    for i in 0..sides as usize {
        let j = (i + 1) % sides as usize;
        // Both ways round: which side is seen depends on where the disc stands.
        pad.triangle(centre, ring[i], ring[j]);
        pad.triangle(centre, ring[j], ring[i]);
    }
}
