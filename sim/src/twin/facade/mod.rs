//! Things that fall from facades (高空抛物), and litter (乱丢垃圾).
//!
//! An object leaves a window in [`throw`], flies as the plan's own law of the fall says, and lands beside or on
//! somebody. Facade cameras are asked at once, because the whole flight is known when it begins.

use bevy::prelude::*;

use crate::twin::frame::{Phase, Room, SimTick, Slot};

mod litter;
pub mod throw;

/// Thrown objects and litter.
pub struct FacadePlugin;

impl Plugin for FacadePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<throw::Throws>()
            .init_resource::<litter::Litter>()
            .add_systems(SimTick, throw::throw.in_set(Slot(Phase::Decide, Room::Facade)))
            .add_systems(
                SimTick,
                (throw::land, litter::drop_and_sweep).chain().in_set(Slot(Phase::Sense, Room::Facade)),
            );
    }
}
