//! What may be lost: each thing that the layout does today, with its unit and its words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that a layout does, and that can be told as an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Public ground that a camera sees by day at its working density, both heights together.
    Ground,
    /// The same by night.
    GroundNight,
    /// Public ground on which a camera or a standing post notices a standing body by day.
    Watched,
    /// The same by night.
    WatchedNight,
    /// Length of the perimeter that a zone guards.
    Perimeter,
    /// Windows that a facade camera sees by day.
    Windows,
    /// The same by night.
    WindowsNight,
    /// Windows from which a fall is by day on enough frames.
    Falls,
    /// The same by night.
    FallsNight,
    /// Ways in through gates that somebody or something controls: on foot by a manned post, by vehicle a lane with a barrier.
    Gates,
    /// Entrances whose door is opened by a door station.
    Entrances,
    /// Touches of checkpoints that the day's tours make.
    Patrol,
    /// Charging sockets that a fire detector protects.
    SocketsDetected,
    /// Stairwells that a fire detector protects.
    StairwellsDetected,
    /// Charging sockets whose meter watches what is drawn.
    SocketsMetered,
    /// Doors and charging places within reach of a fire station.
    FireStation,
    /// Doors and charging places within reach of a hydrant.
    Hydrant,
    /// Charging places within reach of an extinguisher.
    Extinguisher,
    /// Hours of guards on duty whom a radio reaches.
    GuardHours,
    /// Devices whose alarms somebody in a duty room takes.
    Alarms,
}

impl Measure {
    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Measure::Ground => "ground seen by day",
            Measure::GroundNight => "ground seen by night",
            Measure::Watched => "ground watched by camera or post by day",
            Measure::WatchedNight => "ground watched by camera or post by night",
            Measure::Perimeter => "perimeter held by zones or people",
            Measure::Windows => "windows seen by day",
            Measure::WindowsNight => "windows seen by night",
            Measure::Falls => "falls traced by day",
            Measure::FallsNight => "falls traced by night",
            Measure::Gates => "ways in through gates under control",
            Measure::Entrances => "entrances with a door station",
            Measure::Patrol => "checkpoints touched a day",
            Measure::SocketsDetected => "charging sockets with a fire detector",
            Measure::StairwellsDetected => "stairwells with a fire detector",
            Measure::SocketsMetered => "charging sockets metered",
            Measure::FireStation => "places that a fire station reaches in time",
            Measure::Hydrant => "places near a hydrant",
            Measure::Extinguisher => "charging sockets near an extinguisher",
            Measure::GuardHours => "guards' hours reached by radio",
            Measure::Alarms => "devices whose alarms are taken",
        }
    }

    /// Its unit; empty for what is counted.
    pub fn unit(self) -> &'static str {
        match self {
            Measure::Ground | Measure::GroundNight | Measure::Watched | Measure::WatchedNight => "m²",
            Measure::Perimeter => "m",
            Measure::GuardHours => "h",
            _ => "",
        }
    }

    /// The same thing by night, where there is one.
    pub(super) fn by_night(self) -> Option<Measure> {
        match self {
            Measure::Ground => Some(Measure::GroundNight),
            Measure::Watched => Some(Measure::WatchedNight),
            Measure::Windows => Some(Measure::WindowsNight),
            Measure::Falls => Some(Measure::FallsNight),
            _ => None,
        }
    }
}
