//! The coverage raster: best pixel density on each cell, as one small picture a target height.

use std::fmt::Write as _;

use palisade_sheets::density::picture;
use palisade_sim::analysis::answer::Grid;

use super::{Frame, height_class};

/// Draws every layer; the lowest target is shown, the others wait for the switch.
pub(super) fn draw(svg: &mut String, frame: &Frame, grid: &Grid) {
    for (i, layer) in grid.layers.iter().enumerate() {
        let Some(data) = picture(grid, layer) else { continue };
        let (width, height) = (grid.columns as f64 * grid.cell_m, grid.rows as f64 * grid.cell_m);
        let hidden = if i == 0 { "" } else { " off" };
        let _ = write!(
            svg,
            "<image class=\"raster {}{hidden}\" x=\"{}\" y=\"{}\" width=\"{width:.1}\" height=\"{height:.1}\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,{data}\"/>",
            height_class(layer.height_m),
            frame.x(grid.origin_m[0]),
            frame.y(grid.origin_m[1] + height)
        );
    }
}
