//! The whole: assembles the twin, steps it through the day, records the tape.

pub mod tape;

pub use tape::Tape;
