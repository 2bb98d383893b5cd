//! The tape: incidents and stimuli of one run, in order, with a digest.

use serde::{Deserialize, Serialize};

use crate::contract::{Class, Incident, Stimulus};
use crate::twin::frame::Track;
use crate::words::{Id, Ms};

/// A row of the tape's device table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TapeDevice {
    /// Its name in the kit.
    pub id: Id,
    /// Its class.
    pub class: Class,
    /// Where it is, m.
    pub at_m: [f64; 3],
    /// MQTT quality of service of its events.
    pub qos: u8,
}

/// The record of one run of the twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tape {
    /// Name of the compound.
    pub name: String,
    /// Digest of the scenario's and the geometry's text.
    pub scenario_digest: String,
    /// The seed.
    pub seed: u64,
    /// Length of the day.
    pub lasting: Ms,
    /// Devices; stimuli point into it.
    pub devices: Vec<TapeDevice>,
    /// Incidents in order of (began, kind, actor); ids count from 0.
    pub incidents: Vec<Incident>,
    /// Stimuli in order of (due, device, signal); ids count from 0.
    pub stimuli: Vec<Stimulus>,
}

/// Where everybody was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tracks {
    /// One a mover.
    pub tracks: Vec<Track>,
}
