//! Programs: what somebody sets out to do, stage by stage.

use std::collections::VecDeque;

use crate::twin::frame::Role;
use crate::words::Ms;

/// Where a program begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Out of sight: in a flat, or away.
    Unseen,
    /// At a street point of a portal.
    Street {
        /// Portal in the places' list.
        portal: usize,
        /// Which of its street points.
        point: usize,
    },
}

/// A stage.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Comes out of an entrance.
    Exit(usize),
    /// Goes in at an entrance with a credential.
    Enter(usize),
    /// Rings a household; when nobody lets him in, the next `skip` stages fall away.
    Ring {
        /// The entrance.
        entrance: usize,
        /// The household.
        household: usize,
        /// Stages to leave out when he is not let in.
        skip: usize,
    },
    /// Walks to a point, m.
    Walk([f64; 2]),
    /// Passes a portal.
    Gate {
        /// Portal in the places' list.
        portal: usize,
        /// Inwards.
        inward: bool,
    },
    /// Stands about outdoors.
    Stay(Ms),
    /// Is indoors for a while, after which he comes out of the same door.
    Indoors(Ms),
    /// Leaves the bike, with its state of charge in percent.
    ParkBike(u8),
    /// Gets into a car and drives out.
    DriveOut {
        /// Car park.
        lot: usize,
        /// Portal.
        portal: usize,
    },
    /// Comes in by car.
    DriveIn {
        /// Car park.
        lot: usize,
        /// Portal.
        portal: usize,
    },
    /// Gets out of a car in a car park.
    Alight(usize),
    /// Is at home.
    Home,
    /// Is away.
    Gone,
}

/// What somebody sets out to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Where it begins.
    pub start: Start,
    /// What is left to do.
    pub stages: VecDeque<Stage>,
    /// What cameras see.
    pub role: Role,
    /// In a few words: `to work`, `with the dog`.
    pub purpose: &'static str,
    /// Carries goods.
    pub laden: bool,
}
