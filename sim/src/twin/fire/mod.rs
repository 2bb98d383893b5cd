//! Charging, fire, and the answer to it.
//!
//! Bikes are plugged in ([`charging`]) and seldom fail ([`hazard`]). A fire ([`burn`]) is stepped once a second while
//! it burns: heat by the curve of each bike ([`curve`], [`blaze`]), spread by flames and radiation ([`flame`]), hot gas
//! and smoke to the detectors ([`plume`], [`detectors`]). Guards come, fetch what hangs in the fire station and open a
//! hydrant ([`response`]); a drill runs the same clock. Stairwell detectors are fooled by steam ([`steam`]).

use bevy::prelude::*;

use crate::twin::devices::fire_station::Cabinets;
use crate::twin::frame::{Calls, ParkedBikes, Phase, Room, SimTick, Slot};

pub mod blaze;
pub mod burn;
pub mod charging;
pub mod curve;
pub mod detectors;
pub mod flame;
pub mod hazard;
pub mod plume;
pub mod response;
mod steam;

/// Charging, fires, drills.
pub struct FirePlugin;

impl Plugin for FirePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ParkedBikes>()
            .init_resource::<Calls>()
            .init_resource::<Cabinets>()
            .init_resource::<charging::Sheds>()
            .init_resource::<hazard::Onsets>()
            .init_resource::<burn::Fires>()
            .init_resource::<response::Answers>()
            .init_resource::<steam::Steam>()
            .add_systems(
                SimTick,
                (charging::charge, burn::ignite).chain().in_set(Slot(Phase::Decide, Room::Fire)),
            )
            .add_systems(
                SimTick,
                (burn::burn, response::answer, steam::fool).chain().in_set(Slot(Phase::Sense, Room::Fire)),
            );
    }
}
