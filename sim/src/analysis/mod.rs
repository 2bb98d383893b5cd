//! Analysis: ask and answer, no ticking. What is seen, what is not, and whether the perimeter is closed.

pub mod answer;
pub mod sightlines;
