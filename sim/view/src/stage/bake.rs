//! Light that falls on what stands still: the sun's, which shadows take away, and the lamps'.
//!
//! Both go through the caster that planner and twin use, so that a shadow falls where a view is stopped.

use std::collections::HashMap;

use palisade_sim::analysis::caster::Caster;
use palisade_sim::model::Site;

use crate::pad::{V3, add, length, mul, sub};
use crate::scene::Part;
use crate::stage::Chunk;
use crate::stage::ground::Sheet;

/// Lamplight ends here, m.
const REACH_M: f64 = 22.0;
/// Pixel of the ground's light, m.
const PIXEL_M: f64 = 0.5;
/// Length of a ray towards the sun, m: beyond the tallest shadow.
const FAR_M: f64 = 600.0;

/// Lamps by place, and the caster.
pub struct Baker<'a> {
    caster: &'a Caster,
    lamps: Vec<(V3, f64)>,
    cells: HashMap<(i32, i32), Vec<usize>>,
}

fn cell(x: f64, y: f64) -> (i32, i32) {
    ((x / REACH_M).floor() as i32, (y / REACH_M).floor() as i32)
}

impl<'a> Baker<'a> {
    /// For a site.
    pub fn new(site: &Site, caster: &'a Caster) -> Baker<'a> {
        let lamps: Vec<(V3, f64)> =
            site.lamps.iter().map(|l| ([l.at.x, l.at.y, l.height_m], l.flux_lm / 4_000.0)).collect();
        let mut cells: HashMap<(i32, i32), Vec<usize>> = HashMap::new();
        for (i, (at, _)) in lamps.iter().enumerate() {
            cells.entry(cell(at[0], at[1])).or_default().push(i);
        }
        Baker { caster, lamps, cells }
    }

    /// Lamplight on a face, 0..about 1.5. `shaded`: whether things in between take it away.
    pub fn lamplight(&self, at: V3, normal: V3, shaded: bool) -> f32 {
        let (cx, cy) = cell(at[0], at[1]);
        let mut sum = 0.0;
        for dx in -1..=1 {
            for dy in -1..=1 {
                for i in self.cells.get(&(cx + dx, cy + dy)).into_iter().flatten() {
                    let (lamp, strength) = self.lamps[*i];
                    let way = sub(lamp, at);
                    let d = length(way);
                    if !(0.01..=REACH_M).contains(&d) {
                        continue;
                    }
                    let facing = (way[0] * normal[0] + way[1] * normal[1] + way[2] * normal[2]) / d;
                    let fade = (1.0 - (d / REACH_M).powi(2)).max(0.0);
                    let light =
                        strength * (0.25 + 0.75 * facing.max(0.0)) * 14.0 / (d * d + 10.0) * fade * fade;
                    if light > 0.004 && (!shaded || self.caster.clear(add(at, mul(normal, 0.06)), lamp)) {
                        sum += light;
                    }
                }
            }
        }
        (sum as f32).min(1.6)
    }

    /// How much of the sun reaches a point, 0 or 1.
    pub fn sunlight(&self, at: V3, normal: V3, sun: V3) -> f32 {
        if normal[0] * sun[0] + normal[1] * sun[1] + normal[2] * sun[2] <= 0.0 || sun[2] <= 0.0 {
            return 0.0;
        }
        let from = add(at, mul(normal, 0.06));
        f32::from(u8::from(self.caster.clear(from, add(from, mul(sun, FAR_M)))))
    }

    /// Light on a chunk of solids, with the sun towards `sun`.
    pub fn chunk(&self, chunk: &mut Chunk, sun: V3) {
        match chunk.part {
            // Crowns shade themselves by their own roundness; devices are too small to care.
            Part::Trees | Part::Kit => chunk.pad.bake(|at, n| [self.lamplight(at, n, false), 1.0]),
            _ => chunk.pad.bake(|at, n| [self.lamplight(at, n, true), self.sunlight(at, n, sun)]),
        }
    }

    /// Light on the ground: red the sun, green the lamps; and width and height.
    pub fn ground(&self, sheet: &Sheet, sun: V3) -> ([u32; 2], Vec<u8>) {
        let [w, h] = sheet.size(PIXEL_M);
        let up = [0.0, 0.0, 1.0];
        let mut sums = vec![0u8; (w * h) as usize];
        let mut lamps = sums.clone();
        for row in 0..h {
            for column in 0..w {
                let [x, y] = sheet.centre(PIXEL_M, column, row);
                let i = (row * w + column) as usize;
                sums[i] = (self.sunlight([x, y, 0.0], up, sun) * 255.0) as u8;
                lamps[i] = (self.lamplight([x, y, 0.0], up, true) / 1.6 * 255.0) as u8;
            }
        }
        let soft = blur(&sums, w as usize, h as usize);
        let rgba = soft.into_iter().zip(lamps).flat_map(|(s, l)| [s, l, 0, 255]).collect();
        ([w, h], rgba)
    }
}

/// Shadows with an edge of half a metre.
fn blur(of: &[u8], w: usize, h: usize) -> Vec<u8> {
    (0..of.len())
        .map(|i| {
            let (x, y) = (i % w, i / w);
            let at = |dx: i64, dy: i64| {
                let sx = (x as i64 + dx).clamp(0, w as i64 - 1) as usize;
                let sy = (y as i64 + dy).clamp(0, h as i64 - 1) as usize;
                u32::from(of[sy * w + sx])
            };
            let sum = 4 * at(0, 0) + at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1);
            (sum / 8) as u8
        })
        .collect()
}
