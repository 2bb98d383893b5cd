//! Cameras with analytics: targets that enter and leave the view, lines that nobody should cross.
//!
//! What a camera sees is looked up in the sight table that the planner reads too; [`light`] says whether it is
//! day or night, [`notice`] says how long the analytics need and when they miss, [`line`](mod@line) watches the walls.

pub mod light;
pub mod line;
pub mod notice;

pub(super) mod watch;
