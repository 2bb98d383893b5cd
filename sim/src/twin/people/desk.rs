//! The desk: where people and drivers present themselves, and devices answer.

use bevy::prelude::Resource;

use super::PersonIx;
use super::program::Stage;
use crate::words::{IncidentId, Ms};

/// Somebody stands at a gate on foot or on a bike.
#[derive(Clone, Debug)]
pub struct AtGate {
    /// Since when.
    pub at: Ms,
    /// Who.
    pub person: PersonIx,
    /// The gate in the site's list.
    pub gate: usize,
    /// He comes in.
    pub inward: bool,
    /// His trip.
    pub errand: IncidentId,
}

/// Somebody stands at a stairwell's door.
#[derive(Clone, Debug)]
pub struct AtDoor {
    /// Since when.
    pub at: Ms,
    /// Who.
    pub person: PersonIx,
    /// The entrance in the site's list.
    pub entrance: usize,
    /// How he means to open it.
    pub means: DoorUse,
    /// He carries goods, so that the door stays open for long.
    pub laden: bool,
    /// His trip.
    pub errand: IncidentId,
}

/// How somebody means to open a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoorUse {
    /// From inside.
    Inside,
    /// With a card, a code or his face.
    Credential,
    /// By ringing a household.
    Ring(usize),
}

/// Somebody wants to drive.
#[derive(Clone, Debug)]
pub struct Drive {
    /// When.
    pub at: Ms,
    /// Who.
    pub person: PersonIx,
    /// Out of the compound.
    pub outward: bool,
    /// Car park in the places' list.
    pub lot: usize,
    /// Portal in the places' list.
    pub portal: usize,
}

/// Requests since the devices last looked.
#[derive(Resource, Default, Debug)]
pub struct Desk {
    /// At gates.
    pub gates: Vec<AtGate>,
    /// At doors.
    pub doors: Vec<AtDoor>,
    /// With cars.
    pub drives: Vec<Drive>,
}

impl Stage {
    /// The entrance that the stage passes, if it is a door.
    pub fn door(&self) -> Option<usize> {
        match self {
            Stage::Exit(entrance) | Stage::Enter(entrance) | Stage::Ring { entrance, .. } => Some(*entrance),
            _ => None,
        }
    }
}
