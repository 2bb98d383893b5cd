//! Frame of the sheet, grid of local metres with its figures, north arrow.

use super::{BINDING_MM, COLUMN_MM, FIGURES_MM, MARGIN_MM, SIZE_MM};
use crate::map::{Anchor, Frame, Pen, mm, way};

/// Least distance of two lines of the grid on paper, mm.
const LEAST_MM: f64 = 25.0;

pub(super) fn draw(pen: &mut Pen, frame: &Frame) {
    pen.group("class=\"layer edge-lines\"", |pen| {
        let inner =
            [BINDING_MM, MARGIN_MM, SIZE_MM[0] - BINDING_MM - MARGIN_MM, SIZE_MM[1] - 2.0 * MARGIN_MM];
        pen.rect("cut", [0.0, 0.0, SIZE_MM[0], SIZE_MM[1]]);
        pen.rect("edge", inner);
        pen.rect("thin", [frame.left, frame.top, frame.width, frame.height]);
        let column = SIZE_MM[0] - MARGIN_MM - COLUMN_MM;
        pen.path("thin", &way([[column, MARGIN_MM], [column, SIZE_MM[1] - MARGIN_MM]], false), "");
        grid(pen, frame);
        north(pen, frame);
    });
}

/// Multiples of a step between two figures.
fn multiples(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    (first..=last).map(move |i| i as f64 * step)
}

/// Crosses where lines of the grid meet, ticks and figures along the frame.
fn grid(pen: &mut Pen, frame: &Frame) {
    let step = frame.round_m(LEAST_MM);
    let east = frame.west + frame.width / frame.mm_per_m;
    let south = frame.north - frame.height / frame.mm_per_m;
    let (right, bottom) = (frame.left + frame.width, frame.top + frame.height);
    let columns: Vec<f64> = multiples(frame.west, east, step).collect();
    let rows: Vec<f64> = multiples(south, frame.north, step).collect();
    let mut crosses = String::new();
    for [x, y] in columns.iter().flat_map(|e| rows.iter().map(|n| frame.on([*e, *n]))) {
        crosses += &format!("M{} {}h3M{} {}v3", mm(x - 1.5), mm(y), mm(x), mm(y - 1.5));
    }
    pen.path("cross", &crosses, "");
    let size = 2.0;
    for e in columns {
        let [x, _] = frame.on([e, 0.0]);
        pen.path("thin", &format!("M{} {}v-1M{} {}v1", mm(x), mm(frame.top), mm(x), mm(bottom)), "");
        for y in [frame.top - 1.4, bottom + FIGURES_MM - 1.3] {
            pen.text("soft", [x, y], size, Anchor::Middle, &format!("E {e:.0}"));
        }
    }
    for n in rows {
        let [_, y] = frame.on([0.0, n]);
        pen.path("thin", &format!("M{} {}h-1M{} {}h1", mm(frame.left), mm(y), mm(right), mm(y)), "");
        for x in [frame.left - 1.4, right + FIGURES_MM - 1.3] {
            let turn = format!("transform=\"rotate(-90 {} {})\"", mm(x), mm(y));
            pen.group(&turn, |pen| pen.text("soft", [x, y], size, Anchor::Middle, &format!("N {n:.0}")));
        }
    }
}

fn north(pen: &mut Pen, frame: &Frame) {
    let (x, y) = (frame.left + frame.width - 12.0, frame.top + 15.0);
    pen.circle("paper", [x, y - 0.5], 11.0, "");
    pen.circle("thin", [x, y], 7.0, "");
    pen.path("ink", &format!("M{x} {}L{} {}L{x} {}Z", y - 7.0, x + 2.4, y + 6.4, y + 4.0), "");
    pen.path("thin", &format!("M{x} {}L{} {}L{x} {}Z", y - 7.0, x - 2.4, y + 6.4, y + 4.0), "");
    pen.text("b", [x, y - 7.8], 3.2, Anchor::Middle, "北 N");
}
