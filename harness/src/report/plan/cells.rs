//! Street cells as a table: who answers, what is seen by day and by night, how soon he is there, what is wrong.

use std::fmt::Write as _;

use palisade_sim::analysis::cells::{CellAnswer, walk_m_s};

/// Nothing where there is no cell.
pub(super) fn table(cells: &[CellAnswer]) -> String {
    if cells.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "\nStreet cells: {}. Response on foot at {} m/s (assumed), at best: the guard
         starts at once from where he is; ways are up to 8 % shorter than the grid makes them.\n  \
         {:<16} {:<10} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10} {:>10}\n",
        cells.len(),
        walk_m_s(),
        "cell",
        "guard",
        "open m²",
        "cameras",
        "any eye",
        "by night",
        "any eye",
        "median s",
        "longest s",
    );
    for cell in cells {
        let seconds = |of: Option<f64>| of.map_or("-".to_owned(), |s| format!("{s:.0}"));
        let way = cell.response.as_ref();
        let _ = writeln!(
            out,
            "  {:<16} {:<10} {:>8.0} {:>6.0} % {:>6.0} % {:>6.0} % {:>6.0} % {:>10} {:>10}",
            cell.id,
            cell.guard,
            cell.open_m2,
            100.0 * cell.seen_by_cameras,
            100.0 * cell.seen,
            100.0 * cell.seen_by_cameras_night,
            100.0 * cell.seen_night,
            seconds(way.map(|w| w.median_s)),
            seconds(way.map(|w| w.longest_s)),
        );
        if let Some(way) = way {
            let _ = writeln!(out, "      from {}; on duty {}", way.from, cell.on_duty);
        }
        for problem in &cell.problems {
            let _ = writeln!(out, "      ! {problem}");
        }
    }
    out
}
