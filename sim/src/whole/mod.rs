//! The whole: assembles the twin, steps it through the day, records the tape.

mod chunk;
mod sort;
pub mod tape;
pub mod tracks;
pub mod twin;

pub use crate::twin::frame::{Inputs, RecordedObservation};
pub use chunk::Unreadable;
pub use tape::Tape;
pub use tracks::Tracks;
pub use twin::{Day, live};
