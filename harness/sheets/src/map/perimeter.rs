//! Beams on the walls, and stretches that nobody guards.

use super::label::Labels;
use super::pen::{Pen, way};
use super::{Frame, Show};
use crate::Material;

/// On one page for all, shorter gaps go without their figure: beside posts and gates they hide one another.
const TOLD_M: f64 = 1.0;

/// Zones of beams from transmitter to receiver, then what is open.
pub(super) fn draw(pen: &mut Pen, frame: &Frame, material: &Material, show: Show, labels: &mut Labels) {
    for beam in &material.scenario.file.kit.beam {
        let ends = [frame.on(beam.from_m), frame.on(beam.to_m)];
        let length = (beam.to_m[0] - beam.from_m[0]).hypot(beam.to_m[1] - beam.from_m[1]);
        let title = format!("{}: {} rays, {length:.1} m on {}", beam.id, beam.rays_m.len(), beam.wall);
        pen.path("beam", &way(ends, false), &title);
        // The transmitter is filled, the receiver is hollow.
        pen.circle("beam-end sends", ends[0], 0.3 * show.letters_mm, "");
        pen.circle("beam-end", ends[1], 0.3 * show.letters_mm, "");
        // No name is written across it.
        let on_paper = (ends[1][0] - ends[0][0]).hypot(ends[1][1] - ends[0][1]);
        let steps = (on_paper / show.letters_mm).ceil().max(1.0);
        for step in 0..=steps as u32 {
            let at = [0, 1].map(|k| ends[0][k] + (ends[1][k] - ends[0][k]) * f64::from(step) / steps);
            labels.keep_off(at, 0.3 * show.letters_mm);
        }
    }
    let perimeter = &material.report.answer.perimeter;
    for stretch in &perimeter.gaps {
        let length = stretch.along_m[1] - stretch.along_m[0];
        let title = format!("{length:.1} m of {} that nobody guards: {}", stretch.wall, stretch.reason);
        let ends = stretch.ends_m.map(|end| frame.on(end));
        pen.path("open", &way(ends, false), &title);
        let middle = [(ends[0][0] + ends[1][0]) / 2.0, (ends[0][1] + ends[1][1]) / 2.0];
        if show.ids || length >= TOLD_M {
            labels.beside(pen, "open-name b", middle, 1.2, 1.2 * show.letters_mm, &format!("{length:.1} m"));
        }
    }
    for stretch in &perimeter.unwalled {
        let title = format!("{}, {:.1} m", stretch.told(), stretch.missing_m);
        pen.path("open unwalled", &way(stretch.way_m.iter().map(|at| frame.on(*at)), false), &title);
    }
}
