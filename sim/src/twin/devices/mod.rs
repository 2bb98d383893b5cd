//! Devices: each looks at what moved or burns and says what it would report.
//!
//! Those with systems of their own look in this order: beams, cameras, outer posts, fire stations. Facade cameras are
//! asked by [`crate::twin::facade`], chargers and detectors by [`crate::twin::fire`].

use bevy::prelude::*;

use crate::twin::frame::{Phase, Room, SimTick, Slot};

mod access;
pub mod barrier;
pub mod beam;
pub mod camera;
pub mod charger;
pub mod checkpoint;
pub mod duty_room;
pub mod facade_camera;
pub mod fire_station;
pub mod gate_post;
pub mod guard_radio;
pub mod heat;
pub mod intercom;
pub mod outer_post;
pub mod smoke;

pub use access::AccessPlugin;

/// Beams, cameras, outer posts, fire stations.
pub struct SensorsPlugin;

impl Plugin for SensorsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<beam::watch::Beams>()
            .init_resource::<camera::watch::Cameras>()
            .init_resource::<outer_post::Posts>()
            .init_resource::<fire_station::Rounds>()
            .add_systems(
                SimTick,
                (
                    beam::watch::watch,
                    camera::watch::watch,
                    camera::watch::guard_lines,
                    outer_post::watch,
                    fire_station::inspect,
                )
                    .chain()
                    .in_set(Slot(Phase::Sense, Room::Devices)),
            );
    }
}
