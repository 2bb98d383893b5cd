//! Lines of the journal about the city platform behind the gateway.

use palisade_sim::contract::Severity;
use serde::{Deserialize, Serialize};

use super::Micros;

/// What must be passed on to the city platform. Written once, when a part begins that has one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct City {
    /// `main`: the floor has no platform.
    pub part: String,
    /// How loud a message is that must be passed on.
    pub severity: Vec<Severity>,
    /// How long after a message's instant it must have been posted.
    pub deadline_us: Micros,
    /// What the platform does wrong, in words; empty for nothing.
    pub defects: String,
}

/// The gateway posted something to the city platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forwarded {
    /// When it came.
    pub received_us: Micros,
    /// `main`.
    pub part: String,
    /// The device that it speaks of, as the gateway named it.
    pub device: String,
    /// The signal that it speaks of.
    pub signal: String,
    /// How loudly.
    pub severity: Option<Severity>,
    /// The wire id that it carries, if any.
    pub correlation: Option<String>,
    /// What was posted, cut at 2,000 characters.
    pub payload: String,
    /// What the platform did: `taken`, `slow` (acknowledged late), `refused`, `mute`, `down`, `odd` (it was no alarm).
    pub answered: String,
    /// When its answer left; nothing when it had none.
    pub answered_us: Option<Micros>,
}
