//! Ground truth: incidents, which really happen whether or not a device notices them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::{IncidentId, Ms};

/// Where something is, in millimetres about the site's origin (x east, y north, z above ground).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// East, mm.
    pub x_mm: i32,
    /// North, mm.
    pub y_mm: i32,
    /// Above ground, mm.
    pub z_mm: i32,
}

impl Place {
    /// The place of a point given in metres.
    pub fn from_m(x: f64, y: f64, z: f64) -> Place {
        let mm = |m: f64| libm::round(m * 1000.0) as i32;
        Place { x_mm: mm(x), y_mm: mm(y), z_mm: mm(z) }
    }

    /// East and north in metres.
    pub fn xy_m(self) -> [f64; 2] {
        [f64::from(self.x_mm) / 1000.0, f64::from(self.y_mm) / 1000.0]
    }
}

/// What kind of thing happened. The systems of `domain.md` that it belongs to stand in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentKind {
    /// A resident, visitor, courier or member of staff walks from one place to another (13).
    Trip,
    /// A vehicle drives in or out (2).
    VehicleTrip,
    /// A stranger presents himself at a gate post and is registered or refused (1).
    GateVisit,
    /// Somebody follows another through a gate or a door without being checked (1, 7).
    Tailgating,
    /// A vehicle follows another under the raised arm (2).
    PiggyBacking,
    /// A visitor calls a flat from a door station (7).
    DoorCall,
    /// A guard walks a tour (4).
    Tour,
    /// A guard misses a point of his tour or reaches it outside its window (4).
    TourDeviation,
    /// A standing guard takes over or leaves a post (3, 11).
    PostRelief,
    /// An e-bike is put on charge in a shed (6).
    Charging,
    /// An e-bike is charged where it must not be: a flat, a stairwell, a flying lead (6).
    IllegalCharging,
    /// A battery fails: venting, then fire (6).
    Fire,
    /// Somebody crosses the perimeter without leave (8, 14).
    Intrusion,
    /// An intruder inside the walls reaches his goal (14).
    Theft,
    /// An object falls from a facade (10).
    ThrownObject,
    /// Litter is left or thrown on the ground (10).
    Litter,
    /// The fire kit is inspected (5).
    FireInspection,
    /// A fire drill, or the response to a fire: alarm, arrival, water on (5).
    FireResponse,
    /// A guard is sent to an alarm (11).
    Dispatch,
    /// The duty room handles an alarm (12).
    AlarmHandling,
    /// Somebody in need: a fall, a quarrel, a panic button (11).
    Emergency,
    /// A guard's round of a street cell of an open compound (15).
    CellRound,
}

/// How much it matters that the incident is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// Daily life.
    Routine,
    /// Against the house rules; somebody should know.
    Notable,
    /// Life or property is at risk.
    Grave,
}

impl IncidentKind {
    /// How much it matters that such an incident is noticed.
    pub fn gravity(self) -> Gravity {
        use IncidentKind as K;
        match self {
            K::Intrusion | K::Theft | K::Fire | K::ThrownObject | K::Emergency => Gravity::Grave,
            K::Tailgating
            | K::PiggyBacking
            | K::TourDeviation
            | K::IllegalCharging
            | K::Litter
            | K::FireResponse => Gravity::Notable,
            K::Trip
            | K::VehicleTrip
            | K::GateVisit
            | K::DoorCall
            | K::Tour
            | K::PostRelief
            | K::Charging
            | K::FireInspection
            | K::Dispatch
            | K::AlarmHandling
            | K::CellRound => Gravity::Routine,
        }
    }
}

/// Why it happened: drawn from somebody's plan, drawn by chance, or written into the scenario's script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Somebody's plan for the day.
    Plan,
    /// Chance at a rate of the scenario.
    Chance,
    /// The scenario's script.
    Script,
}

/// Something that really happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// Its number on this tape, in order of `began`.
    pub id: IncidentId,
    /// What happened.
    pub kind: IncidentKind,
    /// Why.
    pub origin: Origin,
    /// When it began.
    pub began: Ms,
    /// When it was over; `None` when the day ended first.
    pub ended: Option<Ms>,
    /// Where it began.
    pub place: Place,
    /// Who did it, by the stable name of the agent, such as `resident/b03-1-0502/1`.
    pub actor: String,
    /// What came of it, in a few plain words: `refused: flat did not answer`, `interrupted on the lawn`.
    pub outcome: String,
}
