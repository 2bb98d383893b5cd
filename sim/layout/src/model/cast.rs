//! The cast: the people, what they want to do, and the script of what must happen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scenario::{Duration, TimeOfDay};
use crate::words::Id;

/// People and vehicles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cast {
    /// Share of flats that are lived in, 0..1.
    pub occupancy: f64,
    /// Mean residents in a lived-in flat.
    pub residents_per_flat: f64,
    /// Share of households with a car, 0..1.
    pub cars_per_flat: f64,
    /// E-bikes for each household.
    pub ebikes_per_flat: f64,
    /// Visitors a day for each household.
    pub visitors_per_flat: f64,
    /// Parcel and meal deliveries a day for each household.
    pub deliveries_per_flat: f64,
    /// Vehicles of visitors and suppliers a day for each household.
    pub visiting_cars_per_flat: f64,
    /// Share of strangers that follow a resident through the gate, 0..1.
    pub tailgating: f64,
    /// Expected intrusions a day.
    pub intrusions_per_day: f64,
    /// How intruders choose their way.
    pub intruder_policy: Policy,
    /// Expected objects thrown from balconies a day.
    pub thrown_per_day: f64,
    /// Expected pieces of litter left a day.
    pub litter_per_day: f64,
    /// Share of charging that happens where it must not, 0..1.
    pub illegal_charging: f64,
    /// Battery fires per million e-bikes and month (5.6 before the 2024 campaign, about 2 in 2025).
    pub fires_per_million_month: f64,
    /// Expected false stimuli a day for each beam zone, at a wind of 3 m/s.
    pub beam_nuisance_per_day: f64,
    /// Guards.
    pub guard: Vec<Guard>,
}

impl Default for Cast {
    fn default() -> Cast {
        Cast {
            occupancy: 0.92,
            residents_per_flat: 2.6,
            cars_per_flat: 0.45,
            ebikes_per_flat: 0.8,
            visitors_per_flat: 0.15,
            deliveries_per_flat: 0.9,
            visiting_cars_per_flat: 0.08,
            tailgating: 0.06,
            intrusions_per_day: 1.0,
            intruder_policy: Policy::Covert,
            thrown_per_day: 1.0,
            litter_per_day: 6.0,
            illegal_charging: 0.03,
            fires_per_million_month: 3.1,
            beam_nuisance_per_day: 0.4,
            guard: Vec::new(),
        }
    }
}

/// How an intruder chooses his way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Any way.
    Random,
    /// The quickest way.
    Rushing,
    /// The way with the least chance of being seen.
    #[default]
    Covert,
}

/// A guard (保安员), with the facts on which skill and attention depend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// Number or name.
    pub id: Id,
    /// What the guard does in his shift.
    pub duty: Duty,
    /// Start and end of the shift; it may go past midnight.
    pub shift: [TimeOfDay; 2],
    /// Vetted and filed with the police.
    #[serde(default = "yes")]
    pub filed: bool,
    /// Trained before the job and in the last year.
    #[serde(default = "yes")]
    pub trained: bool,
    /// Carries a radio.
    #[serde(default = "yes")]
    pub radio: bool,
}

fn yes() -> bool {
    true
}

/// What a guard does in his shift. Externally tagged: `duty = { gate_post = "east" }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Stands at a gate post.
    GatePost(Id),
    /// Stands at a barrier.
    Barrier(Id),
    /// Stands at an outer post.
    OuterPost(Id),
    /// Walks a tour.
    Tour(Id),
    /// Sits in the duty room.
    DutyRoom(Id),
    /// Waits at the fire station or duty room and goes where he is sent.
    Responder,
    /// Walks a street cell.
    GridCell(Id),
}

const DAY_MS: i64 = 86_400_000;

impl Guard {
    /// His shift from midnight, ms; one that goes past midnight is two.
    pub fn hours_ms(&self) -> Vec<[i64; 2]> {
        let [from, to] = self.shift.map(|at| at.0.0);
        if from < to { vec![[from, to]] } else { vec![[from, DAY_MS], [0, to]] }
    }
}

/// Whether hours leave no time of the day out.
pub fn fill_the_day(mut hours_ms: Vec<[i64; 2]>) -> bool {
    hours_ms.sort_unstable();
    hours_ms.iter().fold(0, |until, [from, to]| if *from <= until { until.max(*to) } else { until }) >= DAY_MS
}

impl Cast {
    /// Shifts of those with a duty, cut at midnight, ms.
    pub fn shifts(&self, duty: &Duty) -> Vec<[i64; 2]> {
        self.guard.iter().filter(|guard| guard.duty == *duty).flat_map(Guard::hours_ms).collect()
    }

    /// Whether the roster has somebody with this duty at every hour.
    pub fn round_the_clock(&self, duty: &Duty) -> bool {
        fill_the_day(self.shifts(duty))
    }
}

/// What must happen, whatever chance says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptEvent {
    /// When.
    pub at: TimeOfDay,
    /// What.
    pub event: Event,
}

/// A scripted event. Externally tagged: `event = { intrusion = { at_m = [0.0, 120.0] } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Somebody climbs the perimeter near a point and goes for a building.
    Intrusion {
        /// Where he climbs, snapped to the nearest perimeter wall.
        at_m: [f64; 2],
        /// The building he is after; the nearest when not said.
        #[serde(default)]
        target: Option<Id>,
    },
    /// An e-bike on charge begins to burn.
    Fire {
        /// The charging group.
        charger: Id,
        /// The socket, from 0.
        #[serde(default)]
        socket: u8,
    },
    /// An object falls from a window.
    ThrownObject {
        /// The building.
        building: Id,
        /// The storey, from 1.
        storey: u32,
        /// Mass, kg.
        #[serde(default = "default_mass")]
        mass_kg: f64,
    },
    /// A fire drill at a place.
    FireDrill {
        /// Where.
        at_m: [f64; 2],
    },
    /// A panic button at a gate post.
    Panic {
        /// The gate post.
        gate_post: Id,
    },
    /// A guard falls out for a while: nobody stands at his post, nobody walks his tour.
    GuardAbsent {
        /// Who.
        guard: Id,
        /// For how long.
        lasting: Duration,
    },
}

fn default_mass() -> f64 {
    0.5
}
