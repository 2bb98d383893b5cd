//! What the shape of a load does to the compound itself, in the journal.

use palisade_sim::words::{DeviceIx, Ms, StimulusId};
use serde::{Deserialize, Serialize};

use super::Micros;

/// What a device says because of one cause that makes many speak: a stimulus of the schedule, which stands on no tape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caused {
    /// The stimulus, by a number that the tape does not have.
    pub stimulus: StimulusId,
    /// `main`: the floor has no load.
    pub part: String,
    /// The device.
    pub device: DeviceIx,
    /// The signal's word.
    pub signal: String,
    /// When it should leave.
    pub at_us: Micros,
    /// The time of day of that instant.
    pub due: Ms,
    /// What made it speak: `thunderstorm`.
    pub cause: String,
}

/// Devices lose their connections at an instant, keep what they have to say, and come back one by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Storm {
    /// Its place in the shape, from 1.
    pub number: usize,
    /// `main`: the floor has no load.
    pub part: String,
    /// When connections break.
    pub at_us: Micros,
    /// What it is called: `power cut`.
    pub cause: String,
    /// Whom it hits, and when each begins to connect again.
    pub back: Vec<Kept>,
}

/// A device that a storm hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The device.
    pub device: DeviceIx,
    /// When it begins to connect again.
    pub back_us: Micros,
}
