//! A tier's checklist, read from TOML.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::analysis::prices::Piece;
use crate::analysis::rules::Basis;

/// What a compound of one kind should have in one tier.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Its name: `basic`, `intermediate`.
    pub name: String,
    /// The same in Chinese.
    pub name_zh: String,
    /// For which compounds.
    pub kind: Kind,
    /// When it was put together.
    pub dated: String,
    /// What its counts rest on.
    pub basis: Basis,
    /// Where they come from.
    pub source: String,
    /// What is asked for.
    #[serde(rename = "item")]
    pub items: Vec<Item>,
}

/// One line of a checklist.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The system that it belongs to, by its number in the list of a compound's systems.
    pub system: u32,
    /// Its name.
    pub id: String,
    /// What is asked for.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: String,
    /// How much.
    pub demand: Demand,
    /// What of the kit is held against it.
    pub found: Found,
    /// Unit of both.
    pub unit: String,
    /// What of the list of prices one unit is; nothing for what is paid for month by month, as people are.
    #[serde(default)]
    pub piece: Option<Piece>,
    /// How many of that piece one unit is.
    #[serde(default = "one")]
    pub pieces: f64,
}

fn one() -> f64 {
    1.0
}

/// So many for each of something.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// How many.
    pub count: f64,
    /// For each of these.
    pub per: Per,
}

/// What a demand is for each of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// The whole compound.
    Compound,
    /// Any gate.
    Gate,
    /// A gate through which people walk.
    GateForPeople,
    /// A gate through which vehicles drive.
    GateForVehicles,
    /// A door of a building.
    Entrance,
    /// A block of flats.
    Block,
    /// A metre of wall of the perimeter, gates left out.
    PerimeterM,
    /// 10,000 m² of the compound's ground, buildings included.
    Hectare,
    /// A flat.
    Household,
    /// A hundred flats.
    HundredHouseholds,
    /// A socket for charging e-bikes.
    Socket,
}

/// What of the kit is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Gates with a post where by the roster somebody stands at every hour, of those that the demand is for.
    GatePosts,
    /// Gates with a barrier, of those that the demand is for.
    Barriers,
    /// Standing posts.
    OuterPosts,
    /// Street cells with a guard.
    Cells,
    /// Checkpoints on a tour.
    Checkpoints,
    /// Planned rounds a day.
    Rounds,
    /// Fire stations.
    FireStations,
    /// Hydrants and extinguishers.
    FirePoints,
    /// Charging sockets.
    Sockets,
    /// Smoke and heat detectors.
    FireDetectors,
    /// Entrances with a door station.
    Intercoms,
    /// Metres of perimeter that a sound zone guards.
    GuardedM,
    /// What a rule of the book counts, one by one: cameras of each gate (18), of each entrance (19). More than the
    /// demand asks for one of them helps no other.
    ByRule(String),
    /// Cameras, but for those that look up a facade.
    Cameras,
    /// Cameras that look up a facade.
    FacadeCameras,
    /// Guards on the roster.
    Guards,
    /// Duty rooms with an operator, by the roster at every hour of the day.
    DutyRooms,
}

impl Found {
    /// Whether it takes people who are there for it.
    pub fn takes_people(&self) -> bool {
        matches!(
            self,
            Found::GatePosts
                | Found::OuterPosts
                | Found::Cells
                | Found::Rounds
                | Found::Guards
                | Found::DutyRooms
        )
    }
}

/// Why a tier could not be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// It is no such TOML.
    #[error("{0}")]
    Toml(String),
    /// Two items have one name.
    #[error("the item `{0}` stands twice: give each an id of its own")]
    Twice(String),
    /// A count is no such thing.
    #[error("the item `{0}` has a count that is less than 0 or no number")]
    NoNumber(String),
}

impl Tier {
    /// Reads a tier.
    ///
    /// # Errors
    /// When it is no such TOML, a key or word is unknown, an id stands twice, or a count is negative.
    pub fn read(text: &str) -> Result<Tier, Unreadable> {
        let tier: Tier = toml::from_str(text).map_err(|e| Unreadable::Toml(e.to_string()))?;
        let mut ids = std::collections::BTreeSet::new();
        let sound = |x: f64| x.is_finite() && x >= 0.0;
        for item in &tier.items {
            if !ids.insert(&item.id) {
                return Err(Unreadable::Twice(item.id.clone()));
            }
            if !sound(item.demand.count) || !sound(item.pieces) {
                return Err(Unreadable::NoNumber(item.id.clone()));
            }
        }
        Ok(tier)
    }

    /// The tiers that are shipped, the lowest first within each kind.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn shipped() -> Result<Vec<Tier>, Unreadable> {
        let texts = [
            include_str!("../../../../../assets/tiers/basic-walled.toml"),
            include_str!("../../../../../assets/tiers/intermediate-walled.toml"),
            include_str!("../../../../../assets/tiers/basic-open.toml"),
            include_str!("../../../../../assets/tiers/intermediate-open.toml"),
        ];
        texts.into_iter().map(Tier::read).collect()
    }
}
