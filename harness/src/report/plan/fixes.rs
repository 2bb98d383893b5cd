//! What would show the largest gaps, and for how much.

use std::fmt::Write as _;

use palisade_sim::analysis::answer::{Fix, PlanAnswer};

use super::thousands;

/// The fix of each gap for which one was looked for.
pub(super) fn table(answer: &PlanAnswer, dated: &str) -> String {
    let asked: Vec<_> = answer.gaps.iter().filter(|gap| gap.fixes_tried > 0 || gap.fix.is_some()).collect();
    if asked.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nFixes of the {} largest gaps. Areas are computed by trying each change; prices are assumed, {dated}.\n",
        asked.len()
    );
    for gap in asked {
        let _ = write!(out, "{:>12} m² at {} m: ", thousands(gap.area_m2), gap.height_m);
        match &gap.fix {
            Some(fix) => out += &row(fix),
            None => {
                let _ = writeln!(out, "none of {} changes helps without loss elsewhere", gap.fixes_tried);
            }
        }
    }
    out
}

fn row(fix: &Fix) -> String {
    let enough = if fix.enough { "" } else { "no single change is enough; the best part: " };
    format!(
        "{enough}{}\n{:27}{} yuan; shows {} m² of it, {} m² stay; {} m² gained in all, {} m² lost.\n",
        fix.what,
        "",
        thousands(fix.cost_yuan),
        thousands(fix.closes_m2),
        thousands(fix.left_m2),
        thousands(fix.gains_m2),
        thousands(fix.loses_m2),
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
            cost_yuan: 1_234.0,
            cost_label: "assumed".into(),
            bill: Vec::new(),
        };
        let (mut helped, mut helpless) = (gap(), gap());
        (helped.fix, helped.fixes_tried, helpless.fixes_tried) = (Some(fix), 40, 7);
        let text =
            table(&PlanAnswer { gaps: vec![helped, helpless, gap()], ..PlanAnswer::default() }, "2026-11-27");
        let told = [
            "Fixes of the 2 largest gaps.",
            "prices are assumed, 2026-11-27",
            "no single change is enough; the best part: cam-1: tilt it",
            "1,234 yuan; shows 1,000 m² of it, 11,000 m² stay; 1,500 m² gained in all, 12 m² lost.",
            "none of 7 changes helps",
        ];
        told.iter().for_each(|part| assert!(text.contains(part), "{part} is missing in\n{text}"));
    }
}
