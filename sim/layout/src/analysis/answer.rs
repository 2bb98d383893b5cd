//! What the planner is told: coverage, gaps, perimeter. Every figure here is computed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::Id;

/// The planner's first answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanAnswer {
    /// Edition of IEC 62676-4 (`2014`, `2025`) -> height of the target, m -> class -> how much of the public ground
    /// reaches at least that class.
    pub coverage: BTreeMap<String, BTreeMap<String, BTreeMap<String, Share>>>,
    /// Public ground in all, m²: of this the shares are taken.
    #[serde(default)]
    pub public_ground_m2: f64,
    /// Public ground that no camera sees at its working density, as polygons, the largest first.
    pub gaps: Vec<Gap>,
    /// Gaps too small to draw.
    #[serde(default)]
    pub small_gaps: SmallGaps,
    /// The raster behind `coverage`, one layer a height.
    pub grid: Grid,
    /// Whether the beams close the perimeter.
    pub perimeter: Perimeter,
}

/// A share of the public ground.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// 0..1.
    pub share: f64,
    /// The same as area, m².
    pub area_m2: f64,
}

/// Why a gap is one: the reason that holds for most of its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// No camera reaches so far at the working density.
    Range,
    /// No camera's angle of view holds it.
    OutsideView,
    /// Below or above what the nearest cameras can show.
    DeadZone,
    /// A building stands before it.
    Building,
    /// A wall or hedge stands before it.
    Wall,
    /// A tree's crown stands before it.
    Crown,
    /// There is no camera at all.
    NoCamera,
}

/// Gaps of less than 4 m² each, both heights together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SmallGaps {
    /// How many.
    pub count: usize,
    /// Their area together, m².
    pub area_m2: f64,
}

/// Ground that is not covered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// Target height for which it is a gap, m.
    pub height_m: f64,
    /// Its area.
    pub area_m2: f64,
    /// Why.
    pub reason: GapReason,
    /// The device or thing behind the reason, if one stands out.
    pub culprit: Option<String>,
    /// All causes in it, the largest first; causes of less than a hundredth of the gap are left out.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// Rings, the outer first, then holes; local metres, not closed.
    pub polygon: Vec<Vec<[f64; 2]>>,
}

/// One cause of a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// Why.
    pub reason: GapReason,
    /// The device or thing behind the reason.
    pub culprit: Option<String>,
    /// How much of the gap it explains, m².
    pub area_m2: f64,
}

/// Best pixel density on each cell of public ground.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Grid {
    /// South-west corner, local metres.
    pub origin_m: [f64; 2],
    /// Side of a cell, m.
    pub cell_m: f64,
    /// Cells from west to east.
    pub columns: usize,
    /// Cells from south to north.
    pub rows: usize,
    /// Layers, one a target height.
    pub layers: Vec<Layer>,
}

/// One layer of the grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Layer {
    /// Height of the target above ground, m.
    pub height_m: f64,
    /// Row by row from the south: best px/m rounded down; 0 unseen; -1 not public ground.
    pub px_per_m: Vec<i32>,
}

/// Whether the beams close the perimeter, worked out along its length and not on a grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Perimeter {
    /// A sentence: `closed`, `3 gaps, 41.2 m`, `1 gap, 0.2 m; 80.0 m of the outline has no wall`, `no boundary in the data`.
    pub status: String,
    /// Length of the perimeter's walls and gates, m.
    pub length_m: f64,
    /// Length that a zone guards, m.
    pub guarded_m: f64,
    /// Length of gates, which people guard, m.
    pub gates_m: f64,
    /// Stretches that a zone guards.
    pub zones: Vec<Stretch>,
    /// Stretches that nobody guards.
    pub gaps: Vec<Stretch>,
    /// Stretches of the compound's outline with no wall of the perimeter, no gate and no building.
    #[serde(default)]
    pub unwalled: Vec<Unwalled>,
    /// Ends of the perimeter's walls that meet no other wall, no building and no gate, local metres.
    #[serde(default)]
    pub open_ends_m: Vec<[f64; 2]>,
}

/// A stretch of a compound's outline with nothing on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unwalled {
    /// The compound.
    pub compound: Id,
    /// Distance along the outline of its beginning and its end, m.
    pub along_m: [f64; 2],
    /// Its ends, local metres.
    pub ends_m: [[f64; 2]; 2],
}

/// A stretch of the perimeter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stretch {
    /// The beam, for a zone.
    pub beam: Option<Id>,
    /// The wall.
    pub wall: Id,
    /// Distance along the wall of its beginning and its end, m.
    pub along_m: [f64; 2],
    /// Its ends, local metres.
    pub ends_m: [[f64; 2]; 2],
    /// Why it is a gap, or what limits the zone; empty for a sound zone.
    pub reason: String,
}
