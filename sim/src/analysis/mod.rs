//! Analysis: ask and answer, no ticking. What is seen, what is not, and whether the perimeter is closed.

pub mod answer;
pub mod caster;
mod mesh;
pub mod projection;
pub mod raster;
#[cfg(test)]
mod sample;
pub mod sightlines;
mod vector;
pub mod wall_line;
