//! What is written and drawn over pictures.

use palisade_sim::analysis::projection::View;
use palisade_sim::contract::Severity;
use palisade_sim::twin::frame::Role;
use palisade_sim::words::Ms;

use super::find;
use super::label::{Ink, PLATE, Pen, WHITE, ink};
use crate::actors::role_colour;
use crate::overlays::{CLASSES, GAP, device_colour};
use crate::pad::{Colour, V3};
use crate::run_folder::Run;
use crate::scene::Fixed;
use crate::studio::Shot;

/// What a privacy mask looks like.
const MASK: Ink = [24, 26, 30, 255];

/// A linear colour as ink.
fn srgb(colour: Colour) -> Ink {
    let channel = |v: f32| {
        let s = if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
        (s.clamp(0.0, 1.0) * 255.0).round() as u8
    };
    [channel(colour[0]), channel(colour[1]), channel(colour[2]), 255]
}

/// The title's plate, upper left; name and time, upper right.
pub(super) fn title(pen: &mut Pen<'_>, size: [u32; 2], text: &str, name: &str, at: Ms) {
    pen.plate([0.0, 0.0], [f64::from(size[0]), 34.0], PLATE);
    pen.text([14.0, 6.0], text, 20.0, WHITE);
    let right = format!("{name}  {}", &at.to_string()[..8]);
    let wide = pen.width(&right, 18.0);
    pen.text([f64::from(size[0]) - wide - 14.0, 7.0], &right, 18.0, ink(0xff_d25a));
}

/// The caption along the lower edge, broken into lines.
pub(super) fn caption(pen: &mut Pen<'_>, size: [u32; 2], text: &str) {
    const PX: f32 = 15.0;
    let room = f64::from(size[0]) - 28.0;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if pen.width(&format!("{line} {word}"), PX) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let tall = lines.len() as f64 * 20.0 + 9.0;
    let top = f64::from(size[1]) - tall;
    pen.plate([0.0, top], [f64::from(size[0]), tall], PLATE);
    for (i, line) in lines.iter().enumerate() {
        pen.text([14.0, top + 4.0 + i as f64 * 20.0], line, PX, WHITE);
    }
}

/// Colours of coverage, on the right.
pub(super) fn legend(pen: &mut Pen<'_>, size: [u32; 2]) {
    let rows: Vec<(u32, String)> = CLASSES
        .iter()
        .rev()
        .map(|(_, hex, word, _)| (*hex, format!("{word} px/m")))
        .chain([(GAP, "gap 盲区: below 12.5 px/m".to_owned())])
        .collect();
    let (wide, tall) = (236.0, rows.len() as f64 * 22.0 + 34.0);
    let (x, y) = (f64::from(size[0]) - wide - 12.0, 46.0);
    pen.plate([x, y], [wide, tall], PLATE);
    pen.text([x + 10.0, y + 6.0], "IEC 62676-4:2014, 1.5 m", 14.0, WHITE);
    for (i, (hex, word)) in rows.iter().enumerate() {
        let top = y + 30.0 + i as f64 * 22.0;
        pen.plate([x + 10.0, top], [22.0, 14.0], ink(*hex));
        pen.text([x + 40.0, top - 2.0], word, 14.0, WHITE);
    }
}

/// Lines of equal pixel density on the ground, and a box about everybody in view with his density.
pub(super) fn camera(pen: &mut Pen<'_>, fixed: &Fixed, index: usize, shot: &Shot) {
    let Some(camera) = fixed.run.scenario.file.kit.camera.get(index) else { return };
    let view = View::of(camera);
    for ring in &camera.mask_px {
        let scale = [0, 1].map(|k| f64::from(shot.size[k]) / f64::from(camera.pixels[k]));
        let ring: Vec<[f64; 2]> = ring.iter().map(|p| [p[0] * scale[0], p[1] * scale[1]]).collect();
        pen.filled(&ring, MASK);
    }
    let [x, y] = camera.at_m;
    for (_, hex, word, _) in CLASSES {
        let Some(px) = word.split(' ').nth(1).and_then(|p| p.parse::<f64>().ok()) else { continue };
        let mut run: Vec<[f64; 2]> = Vec::new();
        let mut tag: Option<[f64; 2]> = None;
        for i in 0..=160 {
            let turn = -camera.hfov_deg / 2.0 + camera.hfov_deg * f64::from(i) / 160.0;
            let (sin, cos) = (camera.bearing_deg + turn).to_radians().sin_cos();
            let at = |d: f64, z: f64| -> V3 { [x + sin * d, y + cos * d, z] };
            let place = distance_of(&view, px, &at)
                .map(|d| at(d, 0.02))
                .filter(|p| fixed.caster.clear_from_mount(view.eye_m(), *p));
            match place.and_then(|p| shot.eye.project(p, shot.size)) {
                Some(point) => {
                    run.push(point);
                    if tag.is_none() && i >= 60 {
                        tag = Some(point);
                    }
                }
                None => {
                    pen.line(&run, 2.0, 7.0, ink(hex));
                    run.clear();
                }
            }
        }
        pen.line(&run, 2.0, 7.0, ink(hex));
        if let Some([tx, ty]) = tag.filter(|t| t[1] < f64::from(shot.size[1]) - 60.0 && t[1] > 50.0) {
            pen.tag([tx, ty - 24.0], &format!("{word} px/m"), 13.0, ink(hex));
        }
    }
    let movers = fixed.run.movers(shot.at);
    let mut seen = find::seen(fixed, camera, &movers);
    seen.sort_by(|a, b| b.px_per_m.total_cmp(&a.px_per_m));
    let mut taken = Vec::new();
    for one in &seen {
        boxed(pen, one, camera.working_px_per_m, shot, &mut taken);
    }
}

/// The distance at which a target half-way up is shown with so many pixels a metre.
fn distance_of(view: &View, px_per_m: f64, at: &dyn Fn(f64, f64) -> V3) -> Option<f64> {
    let density = |d: f64| view.project(at(d, 1.0)).map_or(f64::INFINITY, |s| s.px_per_m);
    let (mut near, mut far) = (0.5, 400.0);
    if density(far) > px_per_m {
        return None;
    }
    for _ in 0..40 {
        let middle = (near + far) / 2.0;
        if density(middle) > px_per_m { near = middle } else { far = middle }
    }
    Some(near)
}

fn boxed(pen: &mut Pen<'_>, seen: &find::Seen<'_>, working: f64, shot: &Shot, taken: &mut Vec<[f64; 4]>) {
    let role = seen.mover.track.role;
    let (half, tall) = match role {
        Role::Vehicle => (1.6, 1.6),
        Role::Bike => (0.7, 1.7),
        _ => (0.35, 1.8),
    };
    let [x, y, z] = seen.mover.at_m;
    let mut min = [f64::INFINITY; 2];
    let mut max = [f64::NEG_INFINITY; 2];
    for (dx, dy) in [(-half, -half), (half, -half), (half, half), (-half, half)] {
        for dz in [0.0, tall] {
            let Some(p) = shot.eye.project([x + dx, y + dy, z + dz], shot.size) else { return };
            for i in 0..2 {
                min[i] = min[i].min(p[i]);
                max[i] = max[i].max(p[i]);
            }
        }
    }
    let colour = srgb(role_colour(role));
    pen.line(&[min, [max[0], min[1]], max, [min[0], max[1]], min], 2.0, 0.0, colour);
    let word =
        serde_json::to_value(role).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let mark = if seen.px_per_m >= working { "" } else { " (too few)" };
    let text = format!("{word} {:.0} px/m{mark}", seen.px_per_m);
    let place = [min[0], (min[1] - 22.0).max(36.0), pen.width(&text, 13.0) + 10.0, 20.0];
    if free(taken, place) {
        pen.tag([place[0], place[1]], &text, 13.0, WHITE);
        taken.push(place);
    }
}

/// Whether a plate (left, top, width, height) meets none that was drawn.
fn free(taken: &[[f64; 4]], [x, y, w, h]: [f64; 4]) -> bool {
    taken.iter().all(|t| x > t[0] + t[2] || x + w < t[0] || y > t[1] + t[3] || y + h < t[1])
}

/// The way of something that falls.
pub(super) fn trail(pen: &mut Pen<'_>, trail: &[V3], shot: &Shot) {
    let points: Vec<[f64; 2]> = trail.iter().filter_map(|p| shot.eye.project(*p, shot.size)).collect();
    pen.line(&points, 2.5, 6.0, ink(0xff_7a1a));
    if let Some(last) = points.last() {
        pen.spot(*last, 6.0, ink(0xd0_1f2e), WHITE);
    }
    if let Some([x, y]) = points.first().copied() {
        let storeys = trail.first().map_or(0.0, |p| p[2]);
        pen.spot([x, y], 5.0, ink(0xff_d25a), WHITE);
        pen.tag([x + 12.0, y - 12.0], &format!("{storeys:.1} m"), 14.0, WHITE);
    }
}

/// Alarms of one device in the day.
pub(super) struct Alarms {
    device: usize,
    pub(super) count: usize,
}

/// Devices that alarm on the tape, the busiest first.
pub(super) fn alarms(run: &Run) -> Vec<Alarms> {
    let mut counts = vec![0; run.tape.devices.len()];
    for stimulus in &run.tape.stimuli {
        if stimulus.signal.severity() == Severity::Alarm {
            counts[stimulus.device.index()] += 1;
        }
    }
    let mut list: Vec<Alarms> = counts
        .into_iter()
        .enumerate()
        .filter(|(_, count)| *count > 0)
        .map(|(device, count)| Alarms { device, count })
        .collect();
    list.sort_by_key(|a| std::cmp::Reverse(a.count));
    list
}

/// Alarms of devices that stand so close together that one pin serves them.
struct Pin {
    at: [f64; 2],
    name: String,
    devices: usize,
    count: usize,
}

fn pins(run: &Run, shot: &Shot) -> Vec<Pin> {
    let mut pins: Vec<Pin> = Vec::new();
    for alarm in alarms(run) {
        let device = &run.tape.devices[alarm.device];
        let Some(at) = shot.eye.project(device.at_m, shot.size) else { continue };
        match pins.iter_mut().find(|p| (p.at[0] - at[0]).hypot(p.at[1] - at[1]) < 26.0) {
            Some(pin) => {
                pin.devices += 1;
                pin.count += alarm.count;
            }
            None => pins.push(Pin { at, name: device.id.to_string(), devices: 1, count: alarm.count }),
        }
    }
    pins
}

/// Pins with counts, and the devices' names where there is room.
pub(super) fn alarm_map(pen: &mut Pen<'_>, fixed: &Fixed, shot: &Shot) {
    let run = &fixed.run;
    for device in &run.tape.devices {
        if let Some(p) = shot.eye.project(device.at_m, shot.size) {
            pen.spot(p, 2.5, ink(0xf0_f3f6), ink(0x44_4a50));
        }
    }
    let mut taken: Vec<[f64; 4]> = Vec::new();
    let pins = pins(run, shot);
    let most = pins.iter().map(|p| p.count).max().unwrap_or(1) as f64;
    for pin in &pins {
        let [x, y] = pin.at;
        let radius = 8.0 + 8.0 * (pin.count as f64 / most).sqrt();
        pen.spot([x, y], radius, srgb(device_colour(run, &pin.name)), WHITE);
        let count = pin.count.to_string();
        let wide = pen.width(&count, 13.0);
        pen.text([x - wide / 2.0, y - 8.5], &count, 13.0, WHITE);
        let more = if pin.devices > 1 { format!(" +{}", pin.devices - 1) } else { String::new() };
        let name = format!("{}{more}", pin.name);
        let (w, h) = (pen.width(&name, 13.0) + 10.0, 20.0);
        let place = [(x + radius + 3.0).min(f64::from(shot.size[0]) - w), y - 10.0, w, h];
        if free(&taken, place) {
            pen.tag([place[0], place[1]], &name, 13.0, WHITE);
            taken.push(place);
        }
    }
    let rows = [
        (0x2f_b457, "answered at once"),
        (0xf2_b01e, "a tenth of the deadline"),
        (0xd0_1f2e, "at the deadline, or missed"),
        (0x9a_a0a6, "not driven on this run"),
    ];
    let (x, y) = (12.0, 46.0);
    pen.plate([x, y], [236.0, rows.len() as f64 * 22.0 + 12.0], PLATE);
    for (i, (hex, word)) in rows.iter().enumerate() {
        let top = y + 8.0 + i as f64 * 22.0;
        pen.spot([x + 16.0, top + 8.0], 6.0, ink(*hex), WHITE);
        pen.text([x + 32.0, top - 1.0], word, 14.0, WHITE);
    }
}
