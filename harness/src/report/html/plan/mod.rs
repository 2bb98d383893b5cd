//! The plan as SVG: what stands there, what is installed, what is seen, what is not, and how each device fared.
//! One unit of the picture is a metre; north is up.

mod devices;
mod ground;
mod raster;

use std::fmt::Write as _;

use palisade_sim::analysis::answer::{Gap, GapReason, PlanAnswer, Stretch, Unwalled};
use palisade_sim::contract::Gravity;
use palisade_sim::model::Site;
use palisade_sim::model::kit::Kit;
use palisade_sim::words::Ms;

use crate::report::Report;
use crate::report::html::escape;
use crate::report::incidents::word;

pub(super) use devices::colour;

/// Colours of devices and their words, for the legend.
pub(super) fn steps() -> Vec<(String, &'static str)> {
    devices::STEPS.iter().map(|(_, class, text)| ((*class).to_owned(), *text)).collect()
}

/// Classes of pixel density and their colours, for the legend.
pub(super) fn densities() -> Vec<(String, String)> {
    let step = |(_, name, [r, g, b, a]): &(i32, &str, [u8; 4])| {
        (format!("rgba({r},{g},{b},{:.2})", f64::from(*a) / 255.0), (*name).to_owned())
    };
    palisade_sheets::density::STEPS.iter().map(step).collect()
}

/// Gaps outlined in the picture at most.
const GAPS: usize = 150;
/// Gaps that carry their area in the picture.
const LABELLED: usize = 10;

/// What the plan is drawn from; whatever is missing is not drawn.
pub(super) struct Ground<'a> {
    pub(super) site: Option<&'a Site>,
    pub(super) kit: Option<&'a Kit>,
    pub(super) plan: Option<&'a PlanAnswer>,
}

/// The picture's frame: west, south, east, north, m.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Frame {
    fn x(&self, east: f64) -> f64 {
        round(east - self.west)
    }

    fn y(&self, north: f64) -> f64 {
        round(self.north - north)
    }

    fn of(points: impl Iterator<Item = [f64; 2]>) -> Option<Frame> {
        let mut frame: Option<Frame> = None;
        for [x, y] in points.filter(|p| p.iter().all(|v| v.is_finite())) {
            let f = frame.get_or_insert(Frame { west: x, south: y, east: x, north: y });
            *f = Frame {
                west: f.west.min(x),
                south: f.south.min(y),
                east: f.east.max(x),
                north: f.north.max(y),
            };
        }
        frame
    }

    fn grown(self, by: f64) -> Frame {
        Frame { west: self.west - by, south: self.south - by, east: self.east + by, north: self.north + by }
    }
}

fn round(m: f64) -> f64 {
    (m * 10.0).round() / 10.0
}

/// Points of a polygon or line as an SVG path's `d`; steps along an axis are written short.
fn way(frame: &Frame, points: impl Iterator<Item = [f64; 2]>, closed: bool) -> String {
    let mut d = String::new();
    let mut last: Option<[f64; 2]> = None;
    for [x, y] in points {
        let (x, y) = (frame.x(x), frame.y(y));
        let _ = match last {
            None => write!(d, "M{x} {y}"),
            Some([_, same]) if same == y => write!(d, "H{x}"),
            Some([same, _]) if same == x => write!(d, "V{y}"),
            Some(_) => write!(d, "L{x} {y}"),
        };
        last = Some([x, y]);
    }
    if closed {
        d.push('Z');
    }
    d
}

/// Size of the picture above which fewer gaps are outlined, bytes.
const SIZE: usize = 200_000;

/// The picture; empty when there is nothing to draw.
pub(super) fn draw(report: &Report, ground: &Ground<'_>) -> String {
    let mut outlined = GAPS;
    loop {
        let svg = draw_with(report, ground, outlined);
        if svg.len() <= SIZE || outlined == 0 {
            return svg;
        }
        outlined /= 2;
    }
}

fn draw_with(report: &Report, ground: &Ground<'_>, outlined: usize) -> String {
    let of_site = ground.site.map(ground::corners).unwrap_or_default();
    let of_devices = report.devices.iter().map(|d| [d.at_m[0], d.at_m[1]]);
    let Some(frame) = Frame::of(of_site.into_iter().chain(of_devices)) else { return String::new() };
    let frame = frame.grown((0.05 * (frame.east - frame.west)).max(8.0));
    let (width, height) = (frame.east - frame.west, frame.north - frame.south);
    // Marks keep their size on paper whether the compound is 80 m or 800 m wide.
    let unit = width.max(height) / 320.0;
    let mut svg = format!(
        "<svg class=\"plan\" id=\"plan-svg\" viewBox=\"0 0 {width:.1} {:.1}\" role=\"img\" aria-label=\"Plan of the compound\" style=\"--u:{unit:.3}px\">",
        height + 12.0 * unit
    );
    if let Some(site) = ground.site {
        ground::under(&mut svg, &frame, site);
    }
    if let Some(plan) = ground.plan {
        raster::draw(&mut svg, &frame, &plan.grid);
    }
    gaps(&mut svg, &frame, &report.gaps, outlined, unit);
    devices::views(&mut svg, &frame, report, ground.kit, unit);
    if let Some(site) = ground.site {
        ground::over(&mut svg, &frame, site, unit);
    }
    if let Some(perimeter) = &report.perimeter {
        perimeter.gaps.iter().for_each(|s| stretch(&mut svg, &frame, s));
        perimeter.unwalled.iter().for_each(|u| unwalled(&mut svg, &frame, u));
    }
    devices::draw(&mut svg, &frame, report, ground.kit, unit);
    incidents(&mut svg, &frame, report, unit);
    if let Some(site) = ground.site {
        ground::gate_labels(&mut svg, &frame, site, unit);
    }
    furniture(&mut svg, width, height, unit);
    svg.push_str("</svg>");
    svg
}

fn gaps(svg: &mut String, frame: &Frame, gaps: &[Gap], outlined: usize, unit: f64) {
    let mut order: Vec<&Gap> = gaps.iter().collect();
    order.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
    let lowest = gaps.iter().map(|g| g.height_m).fold(f64::INFINITY, f64::min);
    svg.push_str("<g class=\"gaps\">");
    for (i, gap) in order.iter().take(outlined).enumerate() {
        let d: String = gap.polygon.iter().map(|ring| way(frame, ring.iter().copied(), true)).collect();
        let title = format!("gap of {:.0} m² at {} m: {}", gap.area_m2, gap.height_m, gap_reason(gap));
        let hidden = if gap.height_m > lowest { " off" } else { "" };
        let height = height_class(gap.height_m) + hidden;
        let _ = write!(
            svg,
            "<g class=\"{height}\"><path class=\"gap\" fill-rule=\"evenodd\" d=\"{d}\"><title>{}</title></path>",
            escape(&title)
        );
        if let Some([x, y]) = gap.polygon.first().filter(|_| i < LABELLED).and_then(|ring| middle(ring)) {
            let _ = write!(
                svg,
                "<text class=\"gap-label\" x=\"{}\" y=\"{}\" font-size=\"{:.1}\">{:.0} m²</text>",
                frame.x(x),
                frame.y(y),
                4.2 * unit,
                gap.area_m2
            );
        }
        svg.push_str("</g>");
    }
    svg.push_str("</g>");
}

/// The class by which layers of one target height are shown or hidden.
fn height_class(height_m: f64) -> String {
    format!("h{}", (height_m * 100.0).round())
}

/// Why a gap is one, for a reader: its causes with their areas, the largest first.
pub(super) fn gap_reason(gap: &Gap) -> String {
    if gap.causes.len() < 2 {
        return cause(gap.reason, gap.culprit.as_deref());
    }
    let causes = gap.causes.iter().take(3);
    let causes = causes.map(|c| format!("{} {:.0} m²", cause(c.reason, c.culprit.as_deref()), c.area_m2));
    causes.collect::<Vec<_>>().join("; ")
}

fn cause(reason: GapReason, culprit: Option<&str>) -> String {
    use GapReason as R;
    let why = match reason {
        R::Range => "too far away for every camera that looks there",
        R::OutsideView => "outside every camera's angle of view",
        R::DeadZone => "too near below a camera, or above its picture",
        R::Tilt => "below or above a camera's picture, which another tilt alone would show",
        R::Mask => "under a camera's privacy mask",
        R::Building => "hidden by a building",
        R::Wall => "hidden by a wall or hedge",
        R::Crown => "hidden by a tree's crown",
        R::Vehicle => "hidden by a parked vehicle",
        R::Fog => "lost in fog",
        R::Light => "too dark by night",
        R::NoCamera => "there is no camera",
    };
    match culprit {
        Some(culprit) => format!("{why} ({culprit})"),
        None => why.to_owned(),
    }
}

fn middle(ring: &[[f64; 2]]) -> Option<[f64; 2]> {
    let frame = Frame::of(ring.iter().copied())?;
    Some([(frame.west + frame.east) / 2.0, (frame.south + frame.north) / 2.0])
}

fn stretch(svg: &mut String, frame: &Frame, stretch: &Stretch) {
    let length = stretch.along_m[1] - stretch.along_m[0];
    let title = format!("{length:.1} m of {} without a beam: {}", stretch.wall, stretch.reason);
    let d = way(frame, stretch.ends_m.into_iter(), false);
    let _ = write!(svg, "<path class=\"open\" d=\"{d}\"><title>{}</title></path>", escape(&title));
}

fn unwalled(svg: &mut String, frame: &Frame, stretch: &Unwalled) {
    let title = format!("{}, {:.1} m", stretch.told(), stretch.missing_m);
    let d = way(frame, stretch.way_m.iter().copied(), false);
    let _ = write!(svg, "<path class=\"open unwalled\" d=\"{d}\"><title>{}</title></path>", escape(&title));
}

fn incidents(svg: &mut String, frame: &Frame, report: &Report, unit: f64) {
    svg.push_str("<g class=\"incidents\">");
    for i in report.incidents.iter().filter(|i| i.gravity == Gravity::Grave) {
        let (x, y) = (frame.x(i.at_m[0]), frame.y(i.at_m[1]));
        let seen = if i.detected { "seen" } else { "unseen" };
        let title =
            format!("{} {} at {}: {}", word(&i.kind).replace('_', " "), i.id, Ms(i.began_ms), i.outcome);
        let r = 3.4 * unit;
        let _ = write!(
            svg,
            "<path class=\"star {seen}\" d=\"M{x} {:.1}L{:.1} {y}L{x} {:.1}L{:.1} {y}Z\"><title>{}</title></path>",
            y - r,
            x + r,
            y + r,
            x - r,
            escape(&title)
        );
    }
    svg.push_str("</g>");
}

/// Scale bar and north arrow.
fn furniture(svg: &mut String, width: f64, height: f64, unit: f64) {
    let target = width / 5.0;
    let steps = [5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
    let bar = steps.into_iter().rev().find(|s| *s <= target).unwrap_or(5.0);
    let (x, y) = (6.0 * unit, height + 4.0 * unit);
    let size = 5.0 * unit;
    let _ = write!(
        svg,
        "<g class=\"furniture\"><path d=\"M{x:.1} {:.1}V{y:.1}H{:.1}V{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size:.1}\">{bar:.0} m</text>",
        y - 2.0 * unit,
        x + bar,
        y - 2.0 * unit,
        x + bar + 2.0 * unit,
        y + unit
    );
    let (nx, ny) = (width - 10.0 * unit, 14.0 * unit);
    let _ = write!(
        svg,
        "<path class=\"north\" d=\"M{nx:.1} {:.1}L{:.1} {:.1}L{nx:.1} {:.1}L{:.1} {:.1}Z\"/><text x=\"{nx:.1}\" y=\"{:.1}\" font-size=\"{size:.1}\" text-anchor=\"middle\">N</text></g>",
        ny - 7.0 * unit,
        nx + 3.2 * unit,
        ny + 3.0 * unit,
        ny + 0.8 * unit,
        nx - 3.2 * unit,
        ny + 3.0 * unit,
        ny + 9.0 * unit
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_is_up_and_metres_are_units() {
        let frame = Frame::of([[10.0, 20.0], [110.0, 70.0]].into_iter()).expect("two points have a frame");
        assert_eq!((frame.x(10.0), frame.y(70.0)), (0.0, 0.0));
        assert_eq!((frame.x(110.0), frame.y(20.0)), (100.0, 50.0));
    }

    #[test]
    fn steps_along_an_axis_are_short() {
        let frame = Frame { west: 0.0, south: 0.0, east: 9.0, north: 9.0 };
        let ring = [[1.0, 9.0], [3.0, 9.0], [3.0, 7.5], [4.0, 4.0]];
        assert_eq!(way(&frame, ring.into_iter(), true), "M1 0H3V1.5L4 5Z");
    }

    #[test]
    fn nothing_to_draw_draws_nothing() {
        let nothing = Ground { site: None, kit: None, plan: None };
        assert_eq!(draw(&Report::default(), &nothing), "");
    }
}
