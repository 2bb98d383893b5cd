//! Whether the perimeter is closed, as a table.

use std::fmt::Write as _;

use palisade_sim::analysis::answer::{HeldBy, PartOf, Perimeter};

use super::SHOWN;

/// Lengths by who guards them, and what nobody guards.
pub(super) fn table(perimeter: &Perimeter) -> String {
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
    for hole in perimeter.unwalled.iter().take(SHOWN) {
        let _ = writeln!(out, "  {:>9.1} m: {}", hole.missing_m, hole.told());
    }
    out
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
    use palisade_sim::analysis::answer::Part;

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
        let text = table(&Perimeter { parts, ..Perimeter::default() });
        assert!(text.contains("every metre of the walls: nobody 30.0 m, beams 15.5 m.\n"), "{text}");
        assert!(text.contains("every metre of the outline: facades 45.5 m.\n"), "{text}");
    }
}
