//! Whether the perimeter is closed, as a table.

use std::fmt::Write as _;

use palisade_sim::analysis::answer::Perimeter;

use super::SHOWN;

/// Lengths by who guards them, and what nobody guards.
pub(super) fn table(perimeter: &Perimeter) -> String {
    let mut out = format!("\nPerimeter: {}.\n", perimeter.status);
    if perimeter.length_m > 0.0 {
        let _ = writeln!(
            out,
            "  {:.1} m of wall: {:.1} m guarded by beams, {:.1} m of gates; {} open ends.",
            perimeter.length_m,
            perimeter.guarded_m,
            perimeter.gates_m,
            perimeter.open_ends_m.len(),
        );
    }
    for gap in perimeter.gaps.iter().take(SHOWN) {
        let [from, to] = gap.along_m;
        let beam = gap.beam.as_ref().map(|b| format!(" ({b})")).unwrap_or_default();
        let _ =
            writeln!(out, "  {:>9.1} m of {} from {from:.1} m: {}{beam}", to - from, gap.wall, gap.reason);
    }
    out
}
