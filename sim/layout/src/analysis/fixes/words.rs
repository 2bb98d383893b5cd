//! A change as a sentence.

use super::super::bill::holds;
use super::trial::Edit;
use crate::model::Scenario;
use crate::model::kit::Camera;

/// What is to be done.
pub(super) fn sentence(layout: &Scenario, edit: &Edit) -> String {
    match edit {
        Edit::Lamp(lamp) => {
            let on = if holds(&layout.site, [lamp.at.x, lamp.at.y]) {
                "on what stands there"
            } else {
                "on a pole"
            };
            let (x, y, up, flux) = (lamp.at.x, lamp.at.y, lamp.height_m, lamp.flux_lm);
            format!("Add a lamp of {flux} lm at {x:.1}, {y:.1} {on}, {up} m up.")
        }
        Edit::Camera(row, camera) => match layout.file.kit.camera.get(*row) {
            Some(old) => changed(old, camera),
            None => added(layout, camera),
        },
        Edit::Tree(row, tree) => {
            let base = layout.site.trees[*row].crown_base_m;
            format!("Prune the crown of {} from below, from {base} m up to {} m.", tree.id, tree.crown_base_m)
        }
    }
}

fn changed(old: &Camera, new: &Camera) -> String {
    let mut parts = Vec::new();
    if (&old.model, old.pixels, old.hfov_deg) != (&new.model, new.pixels, new.hfov_deg) {
        parts.push(format!("change it for {}", kind(new)));
    }
    if old.at_m != new.at_m {
        let metres = libm::hypot(new.at_m[0] - old.at_m[0], new.at_m[1] - old.at_m[1]);
        let [x, y] = new.at_m;
        parts.push(format!("move it {metres:.1} m along what holds it, to {x:.1}, {y:.1}"));
    }
    if old.height_m != new.height_m {
        parts.push(format!("raise it from {} m to {} m", old.height_m, new.height_m));
    }
    if old.bearing_deg != new.bearing_deg {
        parts.push(format!("turn it from {}° to {}°", old.bearing_deg, new.bearing_deg));
    }
    if old.tilt_deg != new.tilt_deg {
        parts.push(format!("tilt it from {}° to {}° below the horizon", old.tilt_deg, new.tilt_deg));
    }
    if old.mask_px != new.mask_px {
        parts.push(masks(new));
    }
    format!("{}: {}.", new.id, parts.join(", "))
}

pub(in super::super) fn added(layout: &Scenario, camera: &Camera) -> String {
    let [x, y] = camera.at_m;
    let on = if holds(&layout.site, camera.at_m) { "on what stands there" } else { "on a pole of its own" };
    let masked = if camera.mask_px.is_empty() { String::new() } else { format!(", and {}", masks(camera)) };
    format!(
        "Add {} at {x:.1}, {y:.1} {on}, {} m up, looking to {}° and {}° below the horizon{masked}.",
        kind(camera),
        camera.height_m,
        camera.bearing_deg,
        camera.tilt_deg
    )
}

/// A camera by its model and what it draws.
fn kind(camera: &Camera) -> String {
    let [width, height] = camera.pixels;
    let model = camera.model.as_ref().map_or_else(|| "a camera".to_owned(), |model| format!("a {model}"));
    format!("{model} ({width} x {height} px, {:.0}°)", camera.hfov_deg)
}

fn masks(camera: &Camera) -> String {
    format!("hide the windows of dwellings behind privacy masks ({})", camera.mask_px.len())
}
