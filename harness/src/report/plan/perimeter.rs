//! Whether the perimeter is closed, as a table.

use std::fmt::Write as _;

use palisade_sim::analysis::answer::{HeldBy, PartOf, Perimeter, Repair};

use super::{SHOWN, thousands};
use crate::words::counted;

/// Lengths by who guards them, what nobody guards, and what would close it.
pub(super) fn table(perimeter: &Perimeter, dated: &str) -> String {
    let mut out = format!("\nPerimeter: {}.\n", perimeter.status);
    if perimeter.length_m > 0.0 {
        let _ = writeln!(
            out,
            "  {:.1} m of wall: {:.1} m guarded by beams, {:.1} m of gates.",
            perimeter.length_m, perimeter.guarded_m, perimeter.gates_m,
        );
    }
    for (on, line) in [(PartOf::Wall, "walls"), (PartOf::Outline, "outline")] {
        let sums = held(perimeter, on);
        if !sums.is_empty() {
            let shown: Vec<String> = sums.iter().map(|(words, m)| format!("{words} {m:.1} m")).collect();
            let _ = writeln!(out, "  every metre of the {line}: {}.", shown.join(", "));
        }
    }
    for gap in perimeter.gaps.iter().take(SHOWN) {
        let [from, to] = gap.along_m;
        let beam = gap.beam.as_ref().map(|b| format!(" ({b})")).unwrap_or_default();
        let _ =
            writeln!(out, "  {:>9.1} m of {} from {from:.1} m: {}{beam}", to - from, gap.wall, gap.reason);
    }
    if !perimeter.unwalled.is_empty() {
        out += "  holes are measured from barrier to barrier, straight where that is shorter than the outline: what it takes to \
                close them.\n";
    }
    for hole in perimeter.unwalled.iter().take(SHOWN) {
        let _ = writeln!(out, "  {:>9.1} m: {}", hole.missing_m, hole.told());
    }
    out + &repairs(perimeter, dated) + &unrepaired(perimeter)
}

/// What would close gaps and holes, the cheapest first.
fn repairs(perimeter: &Perimeter, dated: &str) -> String {
    let found = &perimeter.repairs;
    if found.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nRepairs of the perimeter: {}, the cheapest first; each was tried by itself, and no rule that is met falls by \
         it. Lengths are computed; prices are {dated}.\n",
        found.len()
    );
    for repair in found.iter().take(SHOWN) {
        let _ = writeln!(out, "{:>12.1} m: {}\n{:15}{}", repair.closes_m, repair.what, "", cost(repair));
    }
    if let more @ 1.. = found.len().saturating_sub(SHOWN) {
        let _ = writeln!(out, "{:15}{more} more in report.json.", "");
    }
    out
}

/// For what there is no repair, and why.
fn unrepaired(perimeter: &Perimeter) -> String {
    let by_why = perimeter.unrepaired_by_why();
    if by_why.is_empty() {
        return String::new();
    }
    let mut out = "\nNo repair of the perimeter is offered for:\n".to_owned();
    for (why, count, m) in by_why {
        let _ = writeln!(out, "{m:>12.1} m in {}: {why}.", counted(count, "place"));
    }
    out
}

/// What a repair costs, and what else it does.
fn cost(repair: &Repair) -> String {
    let mut told = format!("{} yuan", thousands(repair.cost_yuan));
    for (m2, what) in
        [(repair.gains_m2, "m² of ground gained"), (repair.loses_m2, "m² lost behind the new wall")]
    {
        if m2 > 0.0 {
            let _ = write!(told, "; {} {what}", thousands(m2));
        }
    }
    told + "."
}

/// Length of the walls or of the outline by what holds it, the longest first.
fn held(perimeter: &Perimeter, on: PartOf) -> Vec<(&'static str, f64)> {
    let mut sums: Vec<(&'static str, f64)> = Vec::new();
    for part in perimeter.parts.iter().filter(|p| p.on == on) {
        let (words, m) = (words(part.held_by), part.along_m[1] - part.along_m[0]);
        match sums.iter_mut().find(|(known, _)| *known == words) {
            Some((_, sum)) => *sum += m,
            None => sums.push((words, m)),
        }
    }
    // What would read 0.0 m is a millimetre of rounding between drawing and kit.
    sums.retain(|(_, m)| *m >= 0.05);
    sums.sort_by(|a, b| b.1.total_cmp(&a.1));
    sums
}

fn words(held_by: HeldBy) -> &'static str {
    match held_by {
        HeldBy::Zone => "beams",
        HeldBy::Gate => "gates",
        HeldBy::Post => "posts of beams",
        HeldBy::Corner => "corners between beams",
        HeldBy::Gap => "nobody",
        HeldBy::Wall => "walls",
        HeldBy::Facade => "facades",
        HeldBy::Open => "nothing",
    }
}

#[cfg(test)]
mod tests {
    use palisade_sim::analysis::answer::{Part, Stretch, Unrepaired};

    use super::*;

    #[test]
    fn lengths_are_summed_by_who_holds_them() {
        let part =
            |on, held_by, from: f64, to: f64| Part { on, held_by, along_m: [from, to], ..Part::default() };
        let parts = vec![
            part(PartOf::Wall, HeldBy::Zone, 0.0, 10.0),
            part(PartOf::Wall, HeldBy::Gap, 10.0, 40.0),
            part(PartOf::Wall, HeldBy::Zone, 40.0, 45.5),
            part(PartOf::Outline, HeldBy::Facade, 0.0, 45.5),
        ];
        let text = table(&Perimeter { parts, ..Perimeter::default() }, "assumed");
        assert!(text.contains("every metre of the walls: nobody 30.0 m, beams 15.5 m.\n"), "{text}");
        assert!(text.contains("every metre of the outline: facades 45.5 m.\n"), "{text}");
        assert!(!text.contains("Repairs"), "{text}");
    }

    #[test]
    fn a_repair_says_what_it_closes_and_costs_and_what_a_wall_hides() {
        let repair = |what: &str, cost_yuan: f64, [gains_m2, loses_m2]: [f64; 2]| Repair {
            what: what.into(),
            closes_m: 12.34,
            cost_yuan,
            gains_m2,
            loses_m2,
            ..Repair::default()
        };
        let mut repairs = vec![repair("Align beam-1.", 200.0, [0.0; 2]); 10];
        repairs.push(repair("Align beam-2.", 200.0, [0.0; 2]));
        repairs[1] = repair("Build 12.3 m of fence.", 14_321.0, [105.0, 3.5]);
        let text = table(&Perimeter { repairs, ..Perimeter::default() }, "assumed, 2026-11-28");
        for told in [
            "Repairs of the perimeter: 11, the cheapest first;",
            "prices are assumed, 2026-11-28.\n",
            "        12.3 m: Align beam-1.\n               200 yuan.\n",
            "Build 12.3 m of fence.\n               14,321 yuan; 105 m² of ground gained; 4 m² lost behind the new wall.\n",
            "1 more in report.json.",
        ] {
            assert!(text.contains(told), "{told} is missing in\n{text}");
        }
        assert!(!text.contains("beam-2"), "{text}");
        assert!(!text.contains("No repair"), "{text}");
    }

    #[test]
    fn what_has_no_repair_is_told_by_why_the_longest_first() {
        let gap = |from: f64, to: f64| Stretch {
            beam: None,
            wall: "w".into(),
            gate: None,
            along_m: [from, to],
            ends_m: [[0.0; 2]; 2],
            reason: String::new(),
        };
        let no = |gap: usize, why: &str| Unrepaired { gap: Some(gap), hole: None, why: why.into() };
        let perimeter = Perimeter {
            gaps: vec![gap(0.0, 0.3), gap(5.0, 9.0), gap(9.5, 10.0)],
            unrepaired: vec![no(0, "too short"), no(1, "a gate"), no(2, "too short")],
            ..Perimeter::default()
        };
        let told =
            "offered for:\n         4.0 m in 1 place: a gate.\n         0.8 m in 2 places: too short.\n";
        assert!(table(&perimeter, "assumed").ends_with(told), "{}", table(&perimeter, "assumed"));
    }
}
