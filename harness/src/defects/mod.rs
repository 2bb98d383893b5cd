//! The defect bench: would Palisade recognise what is wrong with a gateway?
//!
//! Each row bends the embedded gateway by a defect that a seed draws, does the same exercise to it, and judges what came
//! of it. The judge gets the [`Record`](crate::diagnosis::Record) of the exercise and nothing else; the envelope with the
//! defect is opened once it has judged.
//!
//! | file | what |
//! |---|---|
//! | [`exercise`] | what is done to a gateway, as data; no sockets |
//! | `line`, `process` | connections of devices, the gateway's process |
//! | `conduct` | the exercise in real time |
//! | [`node_red`] | the same for a gateway that somebody else wrote |
//! | `floor` | when the machine itself was late |
//! | [`sealed`] | the envelope |
//! | [`bench`] | many rows at once, and the matrix |

pub mod bench;
mod conduct;
pub mod exercise;
mod floor;
mod line;
pub mod node_red;
mod process;
pub mod sealed;

pub use bench::{Matrix, Options, run};
