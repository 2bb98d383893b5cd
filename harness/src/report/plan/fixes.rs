//! What would show the largest gaps, and for how much.

use std::fmt::Write as _;

use palisade_sim::analysis::answer::{Fix, Gap, Measure, PlanAnswer};

use super::thousands;

/// The fix of each gap for which one was looked for.
pub(super) fn table(answer: &PlanAnswer, dated: &str) -> String {
    of_gaps(
        &answer.gaps,
        &format!("largest gaps. Areas are computed by trying each change; prices are {dated}"),
    ) + &of_gaps(&answer.gaps_night, "largest gaps by night that lack light")
        + &in_order(&answer.measures, dated)
}

/// What is worth doing first, with sums.
fn in_order(measures: &[Measure], dated: &str) -> String {
    let Some(first) = measures.first() else { return String::new() };
    let mut out = format!(
        "\nWhat to do first: {} measures, each the one that shows most ground for its price after those before it.\n\
         No rule that is met falls by any of them. Areas of both heights, by day and by night, are computed; prices are {dated}.\n\
         Open today: {} m² by day.\n    yuan  in all   m² by day  by night  open after\n",
        measures.len(),
        thousands(first.open_m2 + first.total_m2)
    );
    for measure in measures {
        let fix = &measure.fix;
        let _ = writeln!(
            out,
            "{:>8}  {:>6}  {:>10}  {:>8}  {:>10}  {}",
            thousands(fix.cost_yuan),
            thousands(measure.total_yuan),
            thousands(fix.gains_m2 - fix.loses_m2),
            thousands(fix.gains_night_m2 - fix.loses_night_m2),
            thousands(measure.open_m2),
            fix.what
        );
    }
    out
}

fn of_gaps(gaps: &[Gap], which: &str) -> String {
    let asked: Vec<_> = gaps.iter().filter(|gap| gap.fixes_tried > 0 || gap.fix.is_some()).collect();
    if asked.is_empty() {
        return String::new();
    }
    let mut out = format!("\nFixes of the {} {which}.\n", asked.len());
    for gap in asked {
        let _ = write!(out, "{:>12} m² at {} m: ", thousands(gap.area_m2), gap.height_m);
        match &gap.fix {
            Some(fix) => out += &row(fix),
            None => {
                let _ = writeln!(
                    out,
                    "the likeliest of {} changes help nothing without harm elsewhere",
                    gap.fixes_tried
                );
            }
        }
    }
    out
}

fn row(fix: &Fix) -> String {
    let enough = if fix.enough { "" } else { "no single change is enough; the best part: " };
    format!(
        "{enough}{}\n{:27}{} yuan; shows {} m² of it, {} m² stay; {} m² gained in all, {} m² lost; by night {} and {}.\n",
        fix.what,
        "",
        thousands(fix.cost_yuan),
        thousands(fix.closes_m2),
        thousands(fix.left_m2),
        thousands(fix.gains_m2),
        thousands(fix.loses_m2),
        thousands(fix.gains_night_m2),
        thousands(fix.loses_night_m2),
    )
}

#[cfg(test)]
mod tests {
    use super::super::coverage::tests::gap;
    use super::*;

    #[test]
    fn a_fix_says_what_it_costs_shows_and_loses() {
        let fix = Fix {
            what: "cam-1: tilt it from 10° to 22° below the horizon.".into(),
            device: "cam-1".into(),
            change: Vec::new(),
            enough: false,
            closes_m2: 1_000.0,
            left_m2: 11_000.0,
            gains_m2: 1_500.0,
            loses_m2: 12.0,
            gains_night_m2: 900.0,
            loses_night_m2: 3.0,
            cost_yuan: 1_234.0,
            cost_label: "assumed".into(),
            bill: Vec::new(),
        };
        let measure = Measure {
            fix: fix.clone(),
            total_m2: 1_488.0,
            total_night_m2: 897.0,
            open_m2: 20_000.0,
            total_yuan: 1_234.0,
        };
        let (mut helped, mut helpless) = (gap(), gap());
        (helped.fix, helped.fixes_tried, helpless.fixes_tried) = (Some(fix), 40, 7);
        let text = table(
            &PlanAnswer {
                gaps: vec![helped, helpless, gap()],
                measures: vec![measure],
                ..PlanAnswer::default()
            },
            "assumed, 2026-11-28",
        );
        let told = [
            "Fixes of the 2 largest gaps.",
            "prices are assumed, 2026-11-28",
            "no single change is enough; the best part: cam-1: tilt it",
            "1,234 yuan; shows 1,000 m² of it, 11,000 m² stay; 1,500 m² gained in all, 12 m² lost; by night 900 and 3.",
            "the likeliest of 7 changes help nothing",
            "What to do first: 1 measures",
            "Open today: 21,488 m² by day.",
            "   1,234   1,234       1,488       897      20,000  cam-1: tilt it",
        ];
        told.iter().for_each(|part| assert!(text.contains(part), "{part} is missing in\n{text}"));
    }
}
