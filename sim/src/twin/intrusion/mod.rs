//! Intruders (入侵者): where they cross, which way they take, and what comes of it.
//!
//! [`plan`] weighs every [`crossing`] of the perimeter with the way behind it: how long it takes ([`course`]) and what
//! can see it ([`exposure`]); the policy decides ([`choice`]). Then the intruder really goes ([`raid`]), and guards who
//! come near may meet him ([`meet`]). What devices say of him is theirs to find out.

use bevy::prelude::*;

use crate::twin::frame::{Phase, Plan, Room, SimTick, Slot};
use crate::twin::nav::Nav;

pub mod choice;
pub mod course;
pub mod crossing;
pub mod exposure;
pub mod meet;
pub mod plan;
pub mod raid;

/// Intruders.
pub struct IntrusionPlugin;

impl Plugin for IntrusionPlugin {
    fn build(&self, app: &mut App) {
        if !app.world().contains_resource::<Nav>() {
            let nav = Nav::of(&app.world().resource::<Plan>().site);
            app.insert_resource(nav);
        }
        app.init_resource::<raid::Raids>()
            .add_systems(SimTick, raid::raid.in_set(Slot(Phase::Decide, Room::Intrusion)))
            .add_systems(SimTick, raid::go.in_set(Slot(Phase::Move, Room::Intrusion)))
            .add_systems(SimTick, meet::meet.in_set(Slot(Phase::Sense, Room::Intrusion)));
    }
}
