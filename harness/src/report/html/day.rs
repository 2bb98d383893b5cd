//! The day as SVG: incidents by hour and kind, with the windows that were driven.

use std::fmt::Write as _;

use palisade_sim::contract::Gravity;
use palisade_sim::words::Ms;

use super::escape;
use crate::report::Report;
use crate::report::incidents::word;

const LEFT: f64 = 150.0;
const HOUR: f64 = 32.0;
const ROW: f64 = 20.0;
const TOP: f64 = 26.0;

/// The picture.
pub(super) fn draw(report: &Report) -> String {
    let rows = report.incidents_by_kind.len();
    let height = TOP + ROW * rows as f64 + 8.0;
    let mut svg = format!(
        "<svg class=\"day\" viewBox=\"0 0 {:.0} {height:.0}\" role=\"img\" aria-label=\"Incidents by hour and kind; {} driven windows\">",
        LEFT + 24.0 * HOUR + 60.0,
        report.windows.iter().filter(|w| w.part == "main").count()
    );
    hours(&mut svg, height);
    for (i, (kind, count)) in report.incidents_by_kind.iter().enumerate() {
        row(&mut svg, TOP + ROW * i as f64, kind, count);
    }
    windows(&mut svg, report, height);
    marks(&mut svg, report);
    svg.push_str("</svg>");
    svg
}

fn x_of(ms: i64) -> f64 {
    LEFT + HOUR * ms as f64 / 3_600_000.0
}

fn hours(svg: &mut String, height: f64) {
    for h in (0..=24).step_by(3) {
        let x = LEFT + HOUR * f64::from(h);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{x:.0}\" x2=\"{x:.0}\" y1=\"{:.0}\" y2=\"{height:.0}\"/><text x=\"{x:.0}\" y=\"14\" text-anchor=\"middle\">{h:02}:00</text>",
            TOP - 6.0
        );
    }
}

fn row(svg: &mut String, y: f64, kind: &str, count: &crate::report::model::KindCount) {
    let text = y + ROW * 0.7;
    let name = kind.replace('_', " ");
    let _ = write!(
        svg,
        "<text x=\"{:.0}\" y=\"{text:.1}\" text-anchor=\"end\">{name}</text><text x=\"{:.0}\" y=\"{text:.1}\">{}</text>",
        LEFT - 8.0,
        LEFT + 24.0 * HOUR + 8.0,
        count.count
    );
    let most = count.by_hour.iter().copied().max().unwrap_or(0).max(1);
    for (h, n) in count.by_hour.iter().enumerate().filter(|(_, n)| **n > 0) {
        let shade = 0.2 + 0.8 * f64::from(*n) / f64::from(most);
        let _ = write!(
            svg,
            "<rect class=\"cell\" x=\"{:.0}\" y=\"{:.1}\" width=\"{:.0}\" height=\"{:.0}\" opacity=\"{shade:.2}\"><title>{name}, {h:02}:00 to {:02}:00: {n}</title></rect>",
            LEFT + HOUR * h as f64 + 1.0,
            y + 2.0,
            HOUR - 2.0,
            ROW - 4.0,
            h + 1
        );
    }
}

fn windows(svg: &mut String, report: &Report, height: f64) {
    for w in report.windows.iter().filter(|w| w.part == "main") {
        let width = (HOUR * w.lasting_ms as f64 / 3_600_000.0).max(2.0);
        let _ = write!(
            svg,
            "<rect class=\"window\" x=\"{:.1}\" y=\"{:.0}\" width=\"{width:.1}\" height=\"{:.0}\"><title>Driven window {}: from {} for {:.0} s, {} answers expected, {} came as they should</title></rect>",
            x_of(w.from_ms),
            TOP - 6.0,
            height - TOP + 2.0,
            w.index,
            Ms(w.from_ms),
            w.lasting_ms as f64 / 1000.0,
            w.expected,
            w.answered
        );
    }
}

/// Grave incidents, each on the row of its kind.
fn marks(svg: &mut String, report: &Report) {
    let kinds: Vec<&String> = report.incidents_by_kind.keys().collect();
    for i in report.incidents.iter().filter(|i| i.gravity == Gravity::Grave) {
        let Some(row) = kinds.iter().position(|k| **k == word(&i.kind)) else { continue };
        let y = TOP + ROW * (row as f64 + 0.5);
        let seen = if i.detected { "seen" } else { "unseen" };
        let _ = write!(
            svg,
            "<circle class=\"mark {seen}\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4.5\"><title>{} {} at {}: {}</title></circle>",
            x_of(i.began_ms),
            word(&i.kind),
            i.id,
            Ms(i.began_ms),
            escape(&i.outcome)
        );
    }
}
