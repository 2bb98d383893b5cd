//! Pictures and window of a run of the small yard.
#![allow(clippy::unwrap_used, reason = "tests")]

mod pictures;
mod program;
mod window;
mod yard;
