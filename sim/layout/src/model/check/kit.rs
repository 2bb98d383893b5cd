//! The kit: names, numbers, and what they join to.

use super::{Desk, repeated};
use crate::contract::Class;
use crate::model::catalogue::Catalogue;
use crate::model::kit::Camera;
use crate::model::lens::LensKind;
use crate::model::near::remedy;
use crate::model::schema::words;
use crate::model::site::Site;
use crate::words::Id;

/// What hangs in a fire station.
const ITEMS: [&str; 7] = ["hose", "mask", "suit", "axe", "wrench", "torch", "extinguisher"];

/// Every name once over the whole kit and the guards, and fit for a topic.
pub(super) fn names(desk: &mut Desk<'_>) {
    let (kit, cast) = (&desk.file.kit, &desk.file.cast);
    let mut all: Vec<(String, &str)> = Vec::new();
    macro_rules! list {
        ($($part:ident . $name:ident),* $(,)?) => {$(
            let ids = $part.$name.iter().enumerate();
            all.extend(ids.map(|(i, x)| (format!(concat!(stringify!($part), ".", stringify!($name), "[{}].id"), i), x.id.as_str())));
        )*};
    }
    list!(
        kit.gate_post,
        kit.barrier,
        kit.outer_post,
        kit.checkpoint,
        kit.guard_tour,
        kit.fire_station,
        kit.fire_point,
        kit.charger,
        kit.intercom,
        kit.beam,
        kit.camera,
        kit.facade_camera,
        kit.smoke_detector,
        kit.heat_detector,
        kit.duty_room,
        kit.grid_cell,
        cast.guard,
    );
    for (path, name) in &all {
        let fit = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(fit) {
            let message = format!("`{name}` cannot be a name");
            desk.at(
                path,
                "kit::bad-name",
                message,
                "names are letters, digits, `-`, `_` and `.`, since they stand in topics",
            );
        }
    }
    for (path, name, before) in repeated(all.into_iter()) {
        let (line, _) = line_of(desk, &before);
        let message = format!("the name `{name}` is used twice; it stands first in line {line}");
        desk.at(
            &path,
            "kit::duplicate-id",
            message,
            "give one of the two another name; guards and devices share one list",
        );
    }
}

fn line_of(desk: &Desk<'_>, path: &str) -> (usize, usize) {
    let span = desk.spans.at(path);
    crate::model::problem::Problem::new(desk.toml, span, "", "", "").line_column()
}

/// Numbers in their ranges.
pub(super) fn numbers(desk: &mut Desk<'_>) {
    let kit = &desk.file.kit;
    let p = &kit.provision;
    for (key, value) in [
        ("alarm_backup_h", p.alarm_backup_h),
        ("access_backup_h", p.access_backup_h),
        ("video_days", p.video_days),
        ("alarm_log_days", p.alarm_log_days),
        ("access_log_days", p.access_log_days),
        ("trial_days", p.trial_days),
        ("camera_mbit_s", p.camera_mbit_s),
        ("cameras_at_once", p.cameras_at_once),
        ("network_mbit_s", p.network_mbit_s),
    ] {
        if let Some(value) = value {
            desk.not_negative(&format!("kit.provision.{key}"), value);
        }
    }
    if let Some(level) = p.protection_level {
        desk.within("kit.provision.protection_level", f64::from(level), [1.0, 3.0]);
    }
    for (i, p) in kit.gate_post.iter().enumerate() {
        desk.positive(&format!("kit.gate_post[{i}].register"), p.register.as_seconds());
    }
    for (i, b) in kit.barrier.iter().enumerate() {
        desk.share(&format!("kit.barrier[{i}].misread"), b.misread);
        desk.positive(&format!("kit.barrier[{i}].arm"), b.arm.as_seconds());
    }
    for (i, p) in kit.outer_post.iter().enumerate() {
        desk.positive(&format!("kit.outer_post[{i}].range_m"), p.range_m);
        desk.within(&format!("kit.outer_post[{i}].fov_deg"), p.fov_deg, [1.0, 360.0]);
        if p.manned.is_some_and(|[from, to]| from == to) {
            let path = format!("kit.outer_post[{i}].manned");
            desk.at(
                &path,
                "kit::never-manned",
                "this post is manned for no time",
                "leave `manned` out for the whole day",
            );
        }
    }
    for (i, s) in kit.fire_station.iter().enumerate() {
        desk.share(&format!("kit.fire_station[{i}].missing"), s.missing);
        for (j, item) in s.items.iter().enumerate().filter(|(_, item)| !ITEMS.contains(&item.as_str())) {
            let path = format!("kit.fire_station[{i}].items[{j}]");
            desk.at(
                &path,
                "kit::unknown-item",
                format!("`{item}` is no item of a fire station"),
                remedy(item, &ITEMS),
            );
        }
    }
    for (i, c) in kit.charger.iter().enumerate() {
        desk.positive(&format!("kit.charger[{i}].sockets"), f64::from(c.sockets));
        desk.positive(&format!("kit.charger[{i}].pitch_m"), c.pitch_m);
    }
    for (i, d) in kit.intercom.iter().enumerate() {
        desk.positive(&format!("kit.intercom[{i}].release"), d.release.as_seconds());
        desk.positive(&format!("kit.intercom[{i}].held_open"), d.held_open.as_seconds());
    }
    for (i, d) in kit.duty_room.iter().enumerate() {
        desk.positive(&format!("kit.duty_room[{i}].acknowledge"), d.acknowledge.as_seconds());
    }
    models(desk);
    optics(desk);
    detectors(desk);
    quality(desk);
}

/// A name that must stand in the catalogue.
fn model(desk: &mut Desk<'_>, path: &str, name: Option<&Id>, valid: &[&str]) {
    if let Some(name) = name.filter(|name| !valid.contains(&name.as_str())) {
        let message = format!("there is no `{name}` in the catalogue");
        desk.at(path, "kit::unknown-model", message, remedy(name.as_str(), valid));
    }
}

fn models(desk: &mut Desk<'_>) {
    let (kit, shipped) = (&desk.file.kit, Catalogue::shipped());
    let cameras: Vec<&str> = shipped.cameras.iter().map(|c| c.id.as_str()).collect();
    for (i, c) in kit.camera.iter().enumerate() {
        model(desk, &format!("kit.camera[{i}].model"), c.model.as_ref(), &cameras);
        if c.model.is_none() && c.hfov_deg == 0.0 {
            let message = format!("`{}` says neither its angle of view nor its model", c.id);
            let help = "add `hfov_deg = ...`: the horizontal angle of view; or `model = \"...\"`, a camera of the catalogue";
            desk.at(&format!("kit.camera[{i}].id"), "kit::no-angle", message, help);
        }
    }
    let beams: Vec<&str> = shipped.beams.iter().map(|b| b.id.as_str()).collect();
    for (i, b) in kit.beam.iter().enumerate() {
        model(desk, &format!("kit.beam[{i}].model"), b.model.as_ref(), &beams);
    }
}

fn lens(desk: &mut Desk<'_>, i: usize, c: &Camera) {
    let key = |k: &str| format!("kit.camera[{i}].{k}");
    let widest = if c.lens == LensKind::FTheta { 220.0 } else { 179.0 };
    desk.within(&key("hfov_deg"), c.hfov_deg, [1.0, widest]);
    let lens = c.lens();
    if c.hfov_deg <= widest && lens.widest().to_degrees() < c.hfov_deg / 2.0 {
        let message = format!(
            "with this distortion the picture turns back at {:.1}° from its middle, within its {}°",
            lens.widest().to_degrees(),
            c.hfov_deg,
        );
        let help =
            "give terms `[k1, k2]` that fit the whole angle of view, or `lens = \"f_theta\"` for a wide lens";
        desk.at(&key("distortion"), "kit::folded-picture", message, help);
    }
}

fn optics(desk: &mut Desk<'_>) {
    let kit = &desk.file.kit;
    for (i, c) in kit.camera.iter().enumerate().filter(|(_, c)| c.hfov_deg != 0.0) {
        lens(desk, i, c);
    }
    for (i, c) in kit.camera.iter().enumerate() {
        let key = |k: &str| format!("kit.camera[{i}].{k}");
        desk.positive(&key("height_m"), c.height_m);
        desk.positive(&key("range_m"), c.range_m);
        desk.positive(&key("working_px_per_m"), c.working_px_per_m);
        desk.not_negative(&key("ir_range_m"), c.ir_range_m);
        desk.positive(&key("min_lux"), c.min_lux);
        if let Some(lux) = c.sensitivity_lux {
            desk.positive(&key("sensitivity_lux"), lux);
        }
        desk.within(&key("tilt_deg"), c.tilt_deg, [-90.0, 90.0]);
        pixels(desk, &key("pixels"), c.pixels);
        masks(desk, &key("mask_px"), c);
    }
    for (i, c) in kit.facade_camera.iter().enumerate() {
        let key = |k: &str| format!("kit.facade_camera[{i}].{k}");
        desk.positive(&key("height_m"), c.height_m);
        desk.positive(&key("frames_per_s"), c.frames_per_s);
        desk.within(&key("hfov_deg"), c.hfov_deg, [1.0, 179.0]);
        desk.within(&key("elevation_deg"), c.elevation_deg, [0.0, 90.0]);
        pixels(desk, &key("pixels"), c.pixels);
    }
}

/// A mask is a polygon on the picture.
fn masks(desk: &mut Desk<'_>, path: &str, camera: &Camera) {
    let [wide, high] = camera.pixels.map(f64::from);
    let on_picture = |[x, y]: &[f64; 2]| (0.0..=wide).contains(x) && (0.0..=high).contains(y);
    for (n, mask) in camera.mask_px.iter().enumerate() {
        let message = if mask.len() < 3 {
            format!("a mask of {} corners covers nothing", mask.len())
        } else if let Some([x, y]) = mask.iter().find(|corner| !on_picture(corner)) {
            format!("the corner [{x}, {y}] of this mask is not on the picture of {wide} × {high} px")
        } else {
            continue;
        };
        let remedy = "give three corners or more, in pixels from the left and from the top of the picture";
        desk.at(&format!("{path}[{n}]"), "kit::mask", message, remedy);
    }
}

fn pixels(desk: &mut Desk<'_>, path: &str, [wide, high]: [u32; 2]) {
    if wide == 0 || high == 0 {
        let message = format!("a picture of {wide} x {high} pixels shows nothing");
        desk.at(path, "kit::no-pixels", message, "write width and height, such as `[2560, 1440]`");
    }
}

fn detectors(desk: &mut Desk<'_>) {
    let kit = &desk.file.kit;
    for (i, d) in kit.smoke_detector.iter().enumerate() {
        desk.positive(&format!("kit.smoke_detector[{i}].height_m"), d.height_m);
        desk.positive(&format!("kit.smoke_detector[{i}].alarm_pct_per_m"), d.alarm_pct_per_m);
    }
    for (i, d) in kit.heat_detector.iter().enumerate() {
        desk.positive(&format!("kit.heat_detector[{i}].height_m"), d.height_m);
        desk.positive(&format!("kit.heat_detector[{i}].rti"), d.rti);
        desk.within(&format!("kit.heat_detector[{i}].alarm_c"), d.alarm_c, [30.0, 200.0]);
    }
}

fn quality(desk: &mut Desk<'_>) {
    let classes = words::<Class>();
    let valid: Vec<&str> = classes.iter().map(String::as_str).collect();
    for (class, qos) in &desk.file.kit.qos {
        let path = format!("kit.qos.{class}");
        if !valid.contains(&class.as_str()) {
            desk.at(
                &path,
                "kit::unknown-class",
                format!("there is no device class `{class}`"),
                remedy(class, &valid),
            );
        }
        if *qos > 2 {
            let message = format!("MQTT has the qualities of service 0, 1 and 2, not {qos}");
            desk.at(&path, "kit::bad-qos", message, "1 says that a message arrives at least once");
        }
    }
}

/// Names that must exist elsewhere.
pub(super) fn joins(desk: &mut Desk<'_>) {
    let file = desk.file;
    let kit = &file.kit;
    let gates: fn(&Site) -> Vec<&str> = |s| s.gates.iter().map(|g| g.id.as_str()).collect();
    for (i, p) in kit.gate_post.iter().enumerate() {
        desk.join_site(&format!("kit.gate_post[{i}].gate"), "gate", &p.gate, gates);
    }
    for (i, b) in kit.barrier.iter().enumerate() {
        desk.join_site(&format!("kit.barrier[{i}].gate"), "gate", &b.gate, gates);
    }
    for (i, d) in kit.intercom.iter().enumerate() {
        desk.join_site(&format!("kit.intercom[{i}].entrance"), "entrance", &d.entrance, |s| {
            s.entrances.iter().map(|e| e.id.as_str()).collect()
        });
    }
    for (i, b) in kit.beam.iter().enumerate() {
        desk.join_site(&format!("kit.beam[{i}].wall"), "wall", &b.wall, |s| {
            s.walls.iter().map(|w| w.id.as_str()).collect()
        });
    }
    for (i, c) in kit.facade_camera.iter().enumerate() {
        desk.join_site(&format!("kit.facade_camera[{i}].building"), "building", &c.building, |s| {
            s.buildings.iter().map(|b| b.id.as_str()).collect()
        });
    }
    let points: Vec<&str> = kit.checkpoint.iter().map(|c| c.id.as_str()).collect();
    for (i, t) in kit.guard_tour.iter().enumerate() {
        for (j, point) in t.checkpoints.iter().enumerate() {
            desk.join(&format!("kit.guard_tour[{i}].checkpoints[{j}]"), "checkpoint", point, &points);
        }
    }
    let guards: Vec<&str> =
        file.cast.guard.iter().map(|g: &crate::model::cast::Guard| Id::as_str(&g.id)).collect();
    for (i, c) in kit.grid_cell.iter().enumerate() {
        desk.join(&format!("kit.grid_cell[{i}].guard"), "guard", &c.guard, &guards);
        if c.outline_m.len() < 3 {
            let path = format!("kit.grid_cell[{i}].outline_m");
            desk.at(
                &path,
                "kit::too-few-corners",
                "a cell needs at least three corners",
                "write its corners in order",
            );
        }
    }
}
