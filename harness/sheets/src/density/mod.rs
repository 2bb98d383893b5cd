//! The coverage raster as a small picture: best pixel density on each cell, one picture a target height.

mod png;

use base64::Engine as _;
use palisade_layout::analysis::answer::{Grid, Layer};

pub use png::{Colour, encode};

/// Lowest density of each step, px/m, its name and its colour; the classes of IEC 62676-4:2014.
pub const STEPS: [(i32, &str, Colour); 5] = [
    (12, "monitor, from 12.5 px/m", [158, 188, 218, 90]),
    (25, "detect, from 25", [107, 174, 214, 120]),
    (62, "observe, from 62.5", [49, 130, 189, 135]),
    (125, "recognise, from 125", [8, 81, 156, 150]),
    (250, "identify, from 250", [84, 39, 143, 160]),
];
/// Public ground that no camera sees at 12 px/m.
const UNSEEN: Colour = [214, 96, 77, 70];
/// Cells in a side of the picture at most; a finer grid is drawn with fewer, each the worst of its cells.
const SIDE: usize = 420;

/// A layer as PNG in base64; nothing when it does not fit its grid.
pub fn picture(grid: &Grid, layer: &Layer) -> Option<String> {
    if grid.columns == 0 || layer.px_per_m.len() != grid.columns * grid.rows {
        return None;
    }
    let every = grid.columns.max(grid.rows).div_ceil(SIDE);
    let (columns, rows) = (grid.columns.div_ceil(every), grid.rows.div_ceil(every));
    let mut pixels = Vec::with_capacity(columns * rows);
    for row in (0..rows).rev() {
        for column in 0..columns {
            let cells = (row * every..((row + 1) * every).min(grid.rows)).flat_map(|r| {
                let columns = column * every..((column + 1) * every).min(grid.columns);
                columns.map(move |c| layer.px_per_m[r * grid.columns + c])
            });
            pixels.push(step(cells.filter(|px| *px >= 0).min()));
        }
    }
    let mut palette: Vec<Colour> = vec![[0, 0, 0, 0], UNSEEN];
    palette.extend(STEPS.iter().map(|s| s.2));
    let png = encode(columns, rows, &palette, &pixels).ok()?;
    Some(base64::engine::general_purpose::STANDARD.encode(png))
}

/// Index into the palette.
fn step(px_per_m: Option<i32>) -> u8 {
    match px_per_m {
        None => 0,
        Some(px) => 1 + STEPS.iter().filter(|s| px >= s.0).count() as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_density_has_its_step() {
        let steps = [None, Some(0), Some(11), Some(12), Some(25), Some(62), Some(125), Some(900)].map(step);
        assert_eq!(steps, [0, 1, 1, 2, 3, 4, 5, 6]);
    }
}
