//! Coverage of public ground and its gaps, as tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use palisade_sim::analysis::answer::{Gap, GapReason, PlanAnswer, Share, SmallGaps};
use palisade_sim::analysis::projection::EDITIONS;
use palisade_sim::model::Scenario;

use super::{SHOWN, thousands};

/// Edition, height, class, share.
type Classes = BTreeMap<String, BTreeMap<String, BTreeMap<String, Share>>>;

/// How much public ground reaches each class of pixel density.
pub(super) fn table(scenario: &Scenario, answer: &PlanAnswer) -> String {
    let mut out = format!(
        "{}: {} m² of public ground, {} cameras. All figures are computed.\n",
        scenario.file.name,
        thousands(answer.public_ground_m2),
        scenario.file.kit.camera.len(),
    );
    out += "\nBy day\n";
    out += &classes(&answer.coverage);
    if !answer.coverage_night.is_empty() {
        let lamps = scenario.site.lamps.len();
        let _ = writeln!(out, "\nBy night: {lamps} lamps in the data, the sky and the cameras' own light");
        out += &classes(&answer.coverage_night);
    }
    out
}

/// The classes of both editions in one light.
fn classes(coverage: &Classes) -> String {
    let mut out = String::new();
    for edition in EDITIONS {
        if let Some(heights) = coverage.get(edition.name) {
            let _ = write!(out, "\nIEC 62676-4:{:<8} px/m", edition.name);
            heights.keys().for_each(|height| out += &format!("{:>20}", format!("at {height} m")));
            out.push('\n');
            for class in edition.classes {
                let _ = write!(out, "  {:<14}{:>8}", class.name, class.px_per_m);
                for share in heights.values().filter_map(|classes| classes.get(class.name)) {
                    let text = format!("{} m²  {:5.1} %", thousands(share.area_m2), 100.0 * share.share);
                    let _ = write!(out, "{text:>20}");
                }
                out.push('\n');
            }
        }
    }
    out
}

/// The largest gaps, why they are there and where.
pub(super) fn gaps(answer: &PlanAnswer) -> String {
    let mut out = list("Gaps", &answer.gaps, answer.small_gaps);
    if !answer.coverage_night.is_empty() {
        out += &list("Gaps by night", &answer.gaps_night, answer.small_gaps_night);
    }
    out
}

fn list(title: &str, gaps: &[Gap], small: SmallGaps) -> String {
    let area: f64 = gaps.iter().map(|g| g.area_m2).sum();
    let mut out = format!(
        "\n{title}: {}, {} m² over both heights; {} more of less than 4 m² each, {:.1} m².\n",
        gaps.len(),
        thousands(area),
        small.count,
        small.area_m2,
    );
    if !gaps.is_empty() {
        out += "     area m²  height m  lacks px/m: median, worst  around (east, north) m  mostly\n";
    }
    for gap in gaps.iter().take(SHOWN) {
        let cause = match &gap.culprit {
            Some(culprit) => format!("{} ({culprit})", words(gap.reason)),
            None => words(gap.reason).to_owned(),
        };
        let [x, y] = gap.middle().unwrap_or_default();
        let lacks = gap.shortfall_px_per_m;
        let lacks = format!("{:.0}, {:.0}", lacks.median, lacks.worst);
        let around = format!("{x:.0}, {y:.0}");
        let _ = writeln!(
            out,
            "{:>12}{:>10}{lacks:>27}  {around:<24}{cause}",
            thousands(gap.area_m2),
            gap.height_m
        );
    }
    out
}

pub(super) fn words(reason: GapReason) -> &'static str {
    match reason {
        GapReason::Range => "range",
        GapReason::OutsideView => "outside the view",
        GapReason::DeadZone => "dead zone",
        GapReason::Tilt => "tilt",
        GapReason::Mask => "under a mask",
        GapReason::Building => "building",
        GapReason::Wall => "wall",
        GapReason::Crown => "crown",
        GapReason::Vehicle => "parked vehicle",
        GapReason::Fog => "fog",
        GapReason::Light => "too dark",
        GapReason::NoCamera => "no camera",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use palisade_sim::analysis::answer::Shortfall;

    use super::*;

    pub(in super::super) fn gap() -> Gap {
        Gap {
            height_m: 1.5,
            area_m2: 12_000.0,
            reason: GapReason::OutsideView,
            culprit: Some("cam-07".into()),
            shortfall_px_per_m: Shortfall { median: 25.0, worst: 62.4 },
            polygon: vec![
                vec![[0.0, 0.0], [120.0, 0.0], [120.0, 110.0], [0.0, 110.0]],
                vec![[10.0, 10.0], [10.0, 50.0], [40.0, 50.0], [40.0, 10.0]],
            ],
            ..Gap::default()
        }
    }

    #[test]
    fn gaps_are_listed_with_their_cause_and_place() {
        let answer = PlanAnswer { gaps: vec![gap()], ..PlanAnswer::default() };
        let text = gaps(&answer);
        let row = text.lines().last().unwrap_or_default();
        assert_eq!(
            row,
            "      12,000       1.5                     25, 62  64, 58                  outside the view (cam-07)"
        );
    }
}
