//! What is installed, coloured by how it fared.

use std::fmt::Write as _;

use palisade_sim::model::kit::{Beam, Camera, Kit};

use super::{Frame, way};
use crate::report::Report;
use crate::report::html::escape;
use crate::report::model::DevicePart;
use crate::report::terminal::ms;

/// Upper bounds of the steps of the slowest response, ms, with the class of their colour and their words.
pub(super) const STEPS: [(f64, &str, &str); 4] = [
    (50.0, "r1", "slowest answer under 50 ms"),
    (200.0, "r2", "under 200 ms"),
    (1000.0, "r3", "under 1 s"),
    (f64::INFINITY, "r4", "1 s and more"),
];

/// The class of a device's colour.
pub(in crate::report::html) fn colour(device: &DevicePart) -> &'static str {
    let o = &device.outcomes;
    if o.expected == 0 {
        return "r0";
    }
    if o.missed + o.wrong + o.duplicate + o.late + o.out_of_order > 0 {
        return "rx";
    }
    let slowest = device.response_ms.max.unwrap_or_default();
    let step = STEPS.iter().find(|(below, _, _)| slowest < *below);
    if device.response_ms.count == 0 { "r0" } else { step.map_or("r4", |s| s.1) }
}

fn title(device: &DevicePart) -> String {
    let o = &device.outcomes;
    let r = &device.response_ms;
    if o.expected == 0 {
        return format!(
            "{} ({}): {} messages in the day, none driven",
            device.id, device.class, device.stimuli
        );
    }
    let faults: Vec<String> = [
        (o.missed, "missed"),
        (o.late, "late"),
        (o.duplicate, "duplicate"),
        (o.wrong, "wrong"),
        (o.out_of_order, "out of order"),
        (o.undecidable, "undecidable"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!(", {n} {what}"))
    .collect();
    format!(
        "{} ({}): {} expected, {} answered{}; response p50 {} ms, slowest {} ms",
        device.id,
        device.class,
        o.expected,
        o.answered,
        faults.concat(),
        ms(r.p50),
        ms(r.max)
    )
}

/// Where cameras look, under the buildings.
pub(super) fn views(svg: &mut String, frame: &Frame, report: &Report, kit: Option<&Kit>, unit: f64) {
    svg.push_str("<g class=\"views\">");
    for c in kit.map_or(&[][..], |k| &k.camera) {
        if let Some(device) = report.devices.iter().find(|d| d.id == c.id.as_str()) {
            view(svg, frame, c, device, unit);
        }
    }
    svg.push_str("</g>");
}

/// Draws beams as lines, everything else as a dot.
pub(super) fn draw(svg: &mut String, frame: &Frame, report: &Report, kit: Option<&Kit>, unit: f64) {
    svg.push_str("<g class=\"devices\">");
    let beams = kit.map_or(&[][..], |k| &k.beam);
    for device in &report.devices {
        match beams.iter().find(|b| b.id.as_str() == device.id) {
            Some(b) => beam(svg, frame, b, device),
            None => dot(svg, frame, device, unit),
        }
    }
    svg.push_str("</g>");
}

fn beam(svg: &mut String, frame: &Frame, beam: &Beam, device: &DevicePart) {
    let d = way(frame, [beam.from_m, beam.to_m].into_iter(), false);
    let _ = write!(
        svg,
        "<path class=\"beam {}\" d=\"{d}\"><title>{}</title></path>",
        colour(device),
        escape(&title(device))
    );
}

/// A wedge as wide as the view; its length says nothing.
fn view(svg: &mut String, frame: &Frame, camera: &Camera, device: &DevicePart, unit: f64) {
    let reach = 14.0 * unit;
    let edge = |turn: f64| {
        let (sin, cos) = (camera.bearing_deg + turn * camera.hfov_deg / 2.0).to_radians().sin_cos();
        [camera.at_m[0] + reach * sin, camera.at_m[1] + reach * cos]
    };
    let corners = [camera.at_m, edge(-1.0), edge(-0.5), edge(0.0), edge(0.5), edge(1.0)];
    let _ = write!(
        svg,
        "<path class=\"view {}\" d=\"{}\"/>",
        colour(device),
        way(frame, corners.into_iter(), true)
    );
}

fn dot(svg: &mut String, frame: &Frame, device: &DevicePart, unit: f64) {
    let (x, y) = (frame.x(device.at_m[0]), frame.y(device.at_m[1]));
    let class = colour(device);
    let r = if device.outcomes.expected == 0 { 1.1 * unit } else { 1.9 * unit };
    let text = escape(&title(device));
    if class == "rx" {
        // A fault is told by its shape as well as by its colour.
        let s = 2.3 * unit;
        let _ = write!(
            svg,
            "<rect class=\"dot rx\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{text}</title></rect>",
            x - s,
            y - s,
            2.0 * s,
            2.0 * s
        );
    } else {
        let _ = write!(
            svg,
            "<circle class=\"dot {class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r:.1}\"><title>{text}</title></circle>"
        );
    }
}
