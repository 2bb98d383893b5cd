//! What cameras show, and what no camera covers.

use palisade_layout::analysis::answer::{Gap, Grid};
use palisade_layout::analysis::coverage::LOW_M;
use palisade_layout::analysis::sightlines::BODY_M;
use palisade_layout::analysis::zone::zones as outlines;

use super::label::Labels;
use super::pen::{Anchor, Pen, mm, way};
use super::{Frame, Show};
use crate::density::picture;
use crate::{Material, words};

/// Classes of IEC 62676-4:2014 that zones are drawn in, the coarsest first, with their style.
pub(crate) const BANDS: [(&str, f64, &str); 5] = [
    ("monitor", 12.5, "z1"),
    ("detect", 25.0, "z2"),
    ("observe", 62.5, "z3"),
    ("recognise", 125.0, "z4"),
    ("identify", 250.0, "z5"),
];

/// Zones of every camera, the coarse classes under the fine ones.
pub(super) fn zones(pen: &mut Pen, frame: &Frame, material: &Material) {
    let classes = BANDS.map(|(_, px_per_m, _)| px_per_m);
    let cameras = &material.scenario.file.kit.camera;
    let all: Vec<Vec<Vec<[f64; 2]>>> =
        cameras.iter().map(|camera| outlines(camera, material.caster, BODY_M, &classes)).collect();
    for (class, (_, _, style)) in BANDS.iter().enumerate() {
        for zones in &all {
            pen.path(&format!("zone {style}"), &way(frame.all(zones[class].iter().copied()), true), "");
        }
    }
}

/// Best density on each cell of public ground, one picture a height.
pub(super) fn densities(pen: &mut Pen, frame: &Frame, grid: &Grid) {
    let size = [grid.columns, grid.rows].map(|cells| cells as f64 * grid.cell_m);
    let [left, top] = frame.on([grid.origin_m[0], grid.origin_m[1] + size[1]]);
    for layer in &grid.layers {
        let Some(data) = picture(grid, layer) else { continue };
        let name = if (layer.height_m - LOW_M).abs() < 1e-9 { "low" } else { "body" };
        let [width, height] = size.map(|m| mm(m * frame.mm_per_m));
        pen.raw(&format!(
            "<image class=\"layer density-{name}\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,{data}\"/>",
            mm(left),
            mm(top)
        ));
    }
}

/// The zone in which each camera does what it is there for: its working density.
pub(super) fn tasks(pen: &mut Pen, frame: &Frame, material: &Material) {
    for camera in &material.scenario.file.kit.camera {
        let found = outlines(camera, material.caster, BODY_M, &[camera.working_px_per_m]);
        let class = format!("task {}", words::task(camera.task).class);
        let title = format!(
            "{}: {}, {} px/m or more at {BODY_M} m",
            camera.id,
            words::task(camera.task).words.english,
            camera.working_px_per_m
        );
        for zone in found {
            pen.path(&class, &way(frame.all(zone), true), &title);
        }
    }
}

fn shows(show: Show, gap: &Gap) -> bool {
    show.gaps_at_m.is_none_or(|height| (gap.height_m - height).abs() < 1e-9)
}

/// Gaps, hatched.
pub(super) fn gaps(pen: &mut Pen, frame: &Frame, gaps: &[Gap], show: Show) {
    for (height_m, name) in [(LOW_M, "low"), (BODY_M, "body")] {
        let of_height = |gap: &&Gap| shows(show, gap) && (gap.height_m - height_m).abs() < 1e-9;
        pen.group(&format!("class=\"layer gaps gaps-{name}\""), |pen| {
            for gap in gaps.iter().filter(of_height) {
                let rings = gap.polygon.iter().map(|ring| way(frame.all(ring.iter().copied()), true));
                let d: String = rings.collect();
                let title = format!(
                    "{:.0} m² at {} m: {}",
                    gap.area_m2,
                    gap.height_m,
                    words::reason(gap.reason).english
                );
                pen.path("gap-fill", &d, "");
                pen.path("gap", &d, &title);
            }
        });
    }
}

const RADIUS: f64 = 1.6;

/// Numbers of gaps lie over everything; labels keep out of their way.
pub(super) fn keep_numbers_free(frame: &Frame, numbered: &[&Gap], show: Show, labels: &mut Labels) {
    for at in numbered.iter().filter_map(|gap| gap.middle()) {
        labels.keep_off(frame.on(at), RADIUS * show.letters_mm);
    }
}

/// A number in a disc on each gap of a list.
pub(super) fn numbers(pen: &mut Pen, frame: &Frame, numbered: &[&Gap], show: Show) {
    for (i, gap) in numbered.iter().enumerate() {
        let Some([x, y]) = gap.middle().map(|at| frame.on(at)) else { continue };
        let size = 2.0 * show.letters_mm;
        pen.circle("number", [x, y], RADIUS * show.letters_mm, "");
        pen.text("number-text b", [x, y + 0.36 * size], size, Anchor::Middle, &(i + 1).to_string());
    }
}
