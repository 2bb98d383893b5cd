//! Devices that people, drivers and guards deal with, in the order in which they are served: gate posts, barriers,
//! door stations, checkpoints, radios, the duty room.

use bevy::prelude::*;

use super::{barrier, checkpoint, duty_room, gate_post, guard_radio, intercom};
use crate::twin::frame::{Phase, Room, SimTick, Slot};

/// Gate posts, barriers, door stations, checkpoints, radios, the duty room.
pub struct AccessPlugin;

impl Plugin for AccessPlugin {
    fn build(&self, app: &mut App) {
        gate_post::set_up(app.world_mut());
        barrier::set_up(app.world_mut());
        intercom::set_up(app.world_mut());
        duty_room::set_up(app.world_mut());
        app.add_systems(
            SimTick,
            (
                gate_post::watch,
                barrier::attend,
                intercom::attend,
                guard_radio::relief,
                checkpoint::note,
                guard_radio::say,
                duty_room::act,
            )
                .chain()
                .in_set(Slot(Phase::Decide, Room::Devices)),
        )
        .add_systems(
            SimTick,
            (duty_room::listen, gate_post::wake, barrier::wake, intercom::wake, duty_room::wake)
                .chain()
                .in_set(Slot(Phase::Report, Room::Devices)),
        );
    }
}
