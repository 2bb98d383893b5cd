//! Overlays: coverage and gaps on the ground, sight cones, tours, device latency as colour.

use palisade_sim::analysis::answer::PlanAnswer;
use palisade_sim::model::Scenario;
use palisade_sim::model::kit::Camera;
use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Stroke, Transform};

use crate::pad::{Colour, Pad, Shine, V3, add, mul, rgb, with_alpha};
use crate::run_folder::Run;
use crate::stage::ground::Sheet;

/// What is shown over the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlays {
    /// Coverage and gaps on the ground.
    pub coverage: bool,
    /// Sight cones of all cameras.
    pub cones: bool,
    /// Rays of beams.
    pub beams: bool,
    /// Tours of the guards.
    pub tours: bool,
    /// Each device's latency as colour.
    pub latency: bool,
}

/// A gap's colour.
pub const GAP: u32 = 0xe0_2f3a;
/// Pixel density classes of IEC 62676-4:2014, px/m, their colours and their names in English and Chinese, the lowest
/// first.
pub const CLASSES: [(i32, u32, &str, &str); 5] = [
    (12, 0xc9_d94f, "monitor 12.5", "监视 12.5"),
    (25, 0x8f_cf52, "detect 25", "探测 25"),
    (62, 0x35_a98a, "observe 62.5", "观察 62.5"),
    (125, 0x2b_7fb8, "recognise 125", "识别 125"),
    (250, 0x39_4a9f, "identify 250", "辨认 250"),
];

/// Pixel of the marks, m.
pub const PIXEL_M: f64 = 0.25;

/// The colour of a cell with a pixel density; a gap when no class is reached at `working` px/m.
fn cell_colour(px_per_m: i32) -> u32 {
    CLASSES.iter().rev().find(|(from, ..)| px_per_m >= *from).map_or(GAP, |(_, hex, ..)| *hex)
}

/// Coverage of the public ground at a height as a picture over the sheet: straight alpha. `opacity` 0..255.
pub fn coverage(plan: &PlanAnswer, height_m: f64, sheet: &Sheet, opacity: u8) -> Option<Pixmap> {
    let grid = &plan.grid;
    let layer = grid
        .layers
        .iter()
        .min_by(|a, b| (a.height_m - height_m).abs().total_cmp(&(b.height_m - height_m).abs()))?;
    let [w, h] = sheet.size(PIXEL_M);
    let mut map = Pixmap::new(w, h)?;
    for row in 0..h {
        for column in 0..w {
            let [x, y] = sheet.centre(PIXEL_M, column, row);
            let c = ((x - grid.origin_m[0]) / grid.cell_m).floor();
            let r = ((y - grid.origin_m[1]) / grid.cell_m).floor();
            if c < 0.0 || r < 0.0 || c >= grid.columns as f64 || r >= grid.rows as f64 {
                continue;
            }
            let px = layer.px_per_m.get(r as usize * grid.columns + c as usize).copied().unwrap_or(-1);
            if px < 0 {
                continue;
            }
            let hex = cell_colour(px);
            let at = ((row * w + column) * 4) as usize;
            map.data_mut()[at..at + 4].copy_from_slice(&[
                (hex >> 16) as u8,
                (hex >> 8) as u8,
                hex as u8,
                opacity,
            ]);
        }
    }
    Some(map)
}

/// Outlines of the gaps of a height, drawn onto a picture over the sheet.
pub fn gap_outlines(plan: &PlanAnswer, height_m: f64, sheet: &Sheet, map: &mut Pixmap) {
    let s = (1.0 / PIXEL_M) as f32;
    let t = Transform::from_row(
        s,
        0.0,
        0.0,
        -s,
        (-sheet.from[0] / PIXEL_M) as f32,
        (sheet.to[1] / PIXEL_M) as f32,
    );
    let mut paint = Paint { anti_alias: false, ..Paint::default() };
    paint.set_color(Color::from_rgba8(0x8f, 0x12, 0x1e, 255));
    for gap in plan.gaps.iter().filter(|g| (g.height_m - height_m).abs() < 0.01) {
        let mut builder = PathBuilder::new();
        for ring in &gap.polygon {
            for (i, [x, y]) in ring.iter().enumerate() {
                if i == 0 {
                    builder.move_to(*x as f32, *y as f32);
                } else {
                    builder.line_to(*x as f32, *y as f32);
                }
            }
            builder.close();
        }
        if let Some(path) = builder.finish() {
            map.stroke_path(&path, &paint, &Stroke { width: 0.5, ..Stroke::default() }, t, None);
        }
    }
}

/// A colour for a latency: green below a tenth of the deadline, yellow, red at the deadline and beyond.
pub fn latency_colour(ms: f64, deadline_ms: f64) -> Colour {
    let stops = [0x2f_b457, 0xb9_cf3a, 0xf2_b01e, 0xe8_6a1c, 0xd0_1f2e];
    let share = (ms.max(0.01) / deadline_ms.max(1.0)).log10();
    // A thousandth of the deadline and less is green, the deadline itself is red.
    let at = ((share + 3.0) / 3.0).clamp(0.0, 1.0) * 4.0;
    let i = (at as usize).min(3);
    let (a, b, f) = (rgb(stops[i]), rgb(stops[i + 1]), (at - i as f64) as f32);
    [0, 1, 2, 3].map(|c| a[c] + (b[c] - a[c]) * f)
}

/// The colour of a device by what the report says of it: its median response, red when something of it was missed,
/// grey when nothing of it was driven.
pub fn device_colour(run: &Run, device: &str) -> Colour {
    let Some(report) = &run.report else { return rgb(0x9a_a0a6) };
    let Some(told) = report.devices.iter().find(|d| d.id == device) else { return rgb(0x9a_a0a6) };
    if told.outcomes.get("missed").copied().unwrap_or(0) > 0 {
        return rgb(0xd0_1f2e);
    }
    let deadline = run.scenario.file.sut.deadline.as_seconds() * 1000.0;
    told.response_ms.p50.map_or(rgb(0x9a_a0a6), |ms| latency_colour(ms, deadline))
}

/// Draws sight cones of cameras: the edges of the view down to the ground, and a translucent floor.
pub fn cones(pad: &mut Pad, scenario: &Scenario) {
    pad.shine(Shine::Own);
    for camera in &scenario.file.kit.camera {
        cone(pad, camera, rgb(0x3f_a9f5));
    }
    pad.shine(Shine::None);
}

/// One camera's cone.
pub fn cone(pad: &mut Pad, camera: &Camera, colour: Colour) {
    let [x, y] = camera.at_m;
    let lens: V3 = [x, y, camera.height_m];
    let view = palisade_sim::analysis::projection::View::of(camera);
    let half_v = view.vfov_deg() / 2.0;
    let below = |deg: f64| -> f64 {
        if deg <= 0.5 {
            camera.range_m
        } else {
            (camera.height_m / deg.to_radians().tan()).min(camera.range_m)
        }
    };
    let (near, far) = (below(camera.tilt_deg + half_v), below(camera.tilt_deg - half_v));
    let point = |turn: f64, d: f64| -> V3 {
        let (sin, cos) = (camera.bearing_deg + turn).to_radians().sin_cos();
        [x + sin * d, y + cos * d, 0.06]
    };
    let half = camera.hfov_deg / 2.0;
    let steps = 12;
    let turn = |i: u32| -half + 2.0 * half * f64::from(i) / f64::from(steps);
    let floor = with_alpha(colour, 0.20);
    for i in 0..steps {
        let (a, b) = (turn(i), turn(i + 1));
        pad.quad([point(b, near), point(a, near), point(a, far), point(b, far)].map(|p| p), floor);
        pad.quad([point(a, near), point(b, near), point(b, far), point(a, far)], floor);
    }
    for (t, d) in [(-half, far), (half, far), (-half, near), (half, near)] {
        pad.bar(lens, point(t, d), 0.05, with_alpha(colour, 0.75));
    }
}

/// Draws the tours: a line from checkpoint to checkpoint above the ground.
pub fn tours(pad: &mut Pad, scenario: &Scenario) {
    let colours = [0xff_c21a, 0x7a_e05a, 0xff_7ad0];
    pad.shine(Shine::Own);
    for (i, tour) in scenario.file.kit.guard_tour.iter().enumerate() {
        let colour = with_alpha(rgb(colours[i % colours.len()]), 0.85);
        let points: Vec<V3> = tour
            .checkpoints
            .iter()
            .filter_map(|id| scenario.file.kit.checkpoint.iter().find(|c| c.id == *id))
            .map(|c| [c.at_m[0], c.at_m[1], 1.5 + 0.25 * i as f64])
            .collect();
        for pair in points.windows(2) {
            pad.bar(pair[0], pair[1], 0.22, colour);
        }
        for p in points {
            pad.blob(p, [0.45, 0.45, 0.45], 5, 0.0, 0, colour);
        }
    }
    pad.shine(Shine::None);
}

/// Draws a pin above each device in the colour of its latency.
pub fn latency(pad: &mut Pad, run: &Run, eye: V3) {
    pad.shine(Shine::Own);
    for device in &run.tape.devices {
        let colour = device_colour(run, device.id.as_str());
        let [x, y, z] = device.at_m;
        let far = crate::pad::length(crate::pad::sub(device.at_m, eye));
        let size = (far * 0.005).clamp(0.10, 1.4);
        pad.blob([x, y, z + 0.5 + size], [size, size, size], 5, 0.0, 0, colour);
        pad.bar([x, y, z], add([x, y, z], mul([0.0, 0.0, 1.0], 0.5)), size * 0.2, colour);
    }
    pad.shine(Shine::None);
}

/// Fills a ring on a picture over the sheet.
pub fn fill_ring(map: &mut Pixmap, sheet: &Sheet, ring: &[[f64; 2]], hex: u32, alpha: u8) {
    let mut builder = PathBuilder::new();
    for (i, [x, y]) in ring.iter().enumerate() {
        let (px, py) = (((x - sheet.from[0]) / PIXEL_M) as f32, ((sheet.to[1] - y) / PIXEL_M) as f32);
        if i == 0 {
            builder.move_to(px, py);
        } else {
            builder.line_to(px, py);
        }
    }
    builder.close();
    let mut paint = Paint::default();
    paint.set_color(Color::from_rgba8((hex >> 16) as u8, (hex >> 8) as u8, hex as u8, alpha));
    if let Some(path) = builder.finish() {
        map.fill_path(&path, &paint, FillRule::EvenOdd, Transform::identity(), None);
    }
}
