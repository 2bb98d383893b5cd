//! Latency histograms as SVG: time on a logarithmic axis, the share of messages upwards.

use std::fmt::Write as _;

use crate::latency::{Path, Series};

/// Bins in a factor of ten.
const PER_DECADE: usize = 10;
/// The axis begins at 10^FIRST µs.
const FIRST: i32 = 1;
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 210.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 12.0;

/// Shares of the samples, one a bin.
fn shares(series: &Series, decades: usize) -> Vec<f64> {
    let bins = decades * PER_DECADE;
    let mut shares = vec![0.0; bins];
    let total = series.count().max(1) as f64;
    for value in series.histogram().iter_recorded() {
        let us = value.value_iterated_to().max(1) as f64;
        let at = (us.log10() - f64::from(FIRST)) * PER_DECADE as f64;
        let bin = (at.max(0.0) as usize).min(bins - 1);
        shares[bin] += value.count_at_value() as f64 / total;
    }
    shares
}

/// Decades that hold the longest sample.
fn decades(all: &[&Series]) -> usize {
    let longest = all.iter().filter_map(|s| s.max_ms()).fold(1.0, f64::max) * 1000.0;
    ((longest.log10().ceil() as i32 - FIRST).max(4) as usize).min(8)
}

/// One curve of the chart.
struct Curve<'a> {
    class: &'static str,
    series: &'a Series,
}

/// The chart of one path beside its floor. `title` is read aloud.
pub(super) fn path(title: &str, main: &Path, floor: Option<&Path>) -> String {
    let mut curves = vec![
        Curve { class: "c-floor", series: floor.map_or(&main.response, |f| &f.response) },
        Curve { class: "c-late", series: &main.lateness },
        Curve { class: "c-service", series: &main.service },
        Curve { class: "c-response", series: &main.response },
    ];
    if floor.is_none() {
        curves.remove(0);
    }
    let all: Vec<&Series> = curves.iter().map(|c| c.series).collect();
    let decades = decades(&all);
    let drawn: Vec<(&'static str, Vec<f64>)> = curves
        .iter()
        .filter(|c| c.series.count() > 0)
        .map(|c| (c.class, shares(c.series, decades)))
        .collect();
    let highest = drawn.iter().flat_map(|(_, s)| s.iter().copied()).fold(0.02, f64::max);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {:.0} {:.0}\" role=\"img\" aria-label=\"{title}\">",
        LEFT + WIDTH + 12.0,
        TOP + HEIGHT + 40.0
    );
    axes(&mut svg, decades, highest);
    for (class, shares) in &drawn {
        curve(&mut svg, class, shares, highest);
    }
    svg.push_str("</svg>");
    svg
}

fn axes(svg: &mut String, decades: usize, highest: f64) {
    for d in 0..=decades {
        let x = LEFT + WIDTH * d as f64 / decades as f64;
        let label = match FIRST + d as i32 {
            us @ ..=2 => format!("{} µs", 10_i64.pow(us as u32)),
            ms @ 3..=5 => format!("{} ms", 10_i64.pow(ms as u32 - 3)),
            s => format!("{} s", 10_i64.pow(s as u32 - 6)),
        };
        let anchor = if d == decades { "end" } else { "middle" };
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{:.1}\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{label}</text>",
            TOP + HEIGHT,
            TOP + HEIGHT + 17.0
        );
    }
    for i in 0..=2 {
        let share = highest * f64::from(i) / 2.0;
        let y = TOP + HEIGHT * (1.0 - f64::from(i) / 2.0);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.0} %</text>",
            LEFT + WIDTH,
            LEFT - 6.0,
            y + 4.0,
            share * 100.0
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">time, logarithmic; upwards: share of messages in a tenth of a decade</text>",
        LEFT + WIDTH / 2.0,
        TOP + HEIGHT + 35.0
    );
}

fn curve(svg: &mut String, class: &str, shares: &[f64], highest: f64) {
    let step = WIDTH / shares.len() as f64;
    let base = TOP + HEIGHT;
    let first = shares.iter().position(|s| *s > 0.0).unwrap_or(0);
    let last = shares.iter().rposition(|s| *s > 0.0).unwrap_or(0);
    let mut d = format!("M{:.1} {base:.1}", LEFT + step * first as f64);
    for (i, share) in shares.iter().enumerate().take(last + 1).skip(first) {
        let y = base - HEIGHT * share / highest;
        let _ = write!(d, "V{y:.1}H{:.1}", LEFT + step * (i + 1) as f64);
    }
    let _ = write!(svg, "<path class=\"curve {class}\" d=\"{d}V{base:.1}\"/>");
}

/// A small picture of a class's responses beside its floor, for a table.
pub(super) fn spark(main: &Path, floor: Option<&Path>) -> String {
    let decades = 6;
    let mut svg = String::from("<svg class=\"spark\" viewBox=\"0 0 120 24\" aria-hidden=\"true\">");
    let floor = floor.map(|f| ("c-floor", &f.response));
    for (class, series) in floor.into_iter().chain([("c-response", &main.response)]) {
        if series.count() == 0 {
            continue;
        }
        let shares = shares(series, decades);
        let highest = shares.iter().copied().fold(0.01, f64::max);
        let step = 120.0 / shares.len() as f64;
        let first = shares.iter().position(|s| *s > 0.0).unwrap_or(0);
        let last = shares.iter().rposition(|s| *s > 0.0).unwrap_or(0);
        let mut d = format!("M{:.1} 24", step * first as f64);
        for (i, share) in shares.iter().enumerate().take(last + 1).skip(first) {
            let _ = write!(d, "V{:.1}H{:.1}", 24.0 - 23.0 * share / highest, step * (i + 1) as f64);
        }
        let _ = write!(svg, "<path class=\"curve {class}\" d=\"{d}V24\"/>");
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_one_and_stand_in_their_decade() {
        let mut series = Series::default();
        for us in [0, 150, 15_000, 15_500, 90_000_000] {
            series.take(us);
        }
        let shares = shares(&series, 6);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let decade = |d: usize| shares[d * PER_DECADE..(d + 1) * PER_DECADE].iter().sum::<f64>();
        assert!((decade(1) - 0.2).abs() < 1e-9, "150 µs lies between 100 µs and 1 ms");
        assert!((decade(3) - 0.4).abs() < 1e-9, "15 ms lies between 10 and 100 ms");
    }

    #[test]
    fn a_chart_without_samples_has_axes_and_no_curve() {
        let svg = path("nothing", &Path::default(), None);
        assert!(svg.contains("class=\"grid\"") && !svg.contains("curve"));
    }
}
