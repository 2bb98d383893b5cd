//! What the planner is told: coverage, gaps, perimeter. Every figure here is computed.

use std::collections::BTreeMap;

use geo::{Area as _, Centroid as _, Contains as _, InteriorPoint as _, LineString, Point, Polygon};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bill::Item;
use super::cells::CellAnswer;
use crate::model::kit::{Beam, Camera};
use crate::model::site::Wall;
use crate::words::Id;

/// The planner's first answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanAnswer {
    /// By day: edition of IEC 62676-4 (`2014`, `2025`) -> height of the target, m -> class -> how much of the public ground
    /// reaches at least that class.
    pub coverage: Coverage,
    /// Public ground in all, m²: of this the shares are taken.
    #[serde(default)]
    pub public_ground_m2: f64,
    /// Public ground that no camera sees by day at its working density, as polygons, the largest first.
    pub gaps: Vec<Gap>,
    /// Gaps too small to draw.
    #[serde(default)]
    pub small_gaps: SmallGaps,
    /// The same as `coverage` by night: what cameras see by lamps, sky and their own light.
    #[serde(default)]
    pub coverage_night: Coverage,
    /// The same as `gaps` by night.
    #[serde(default)]
    pub gaps_night: Vec<Gap>,
    /// The same as `small_gaps` by night.
    #[serde(default)]
    pub small_gaps_night: SmallGaps,
    /// What is worth doing first, one after the other; nothing where it was not asked for.
    #[serde(default)]
    pub measures: Vec<Measure>,
    /// The cheapest changes that show ground on which nobody who stands is seen and harm nothing, each tried by itself, the
    /// cheapest first; nothing where measures were not asked for.
    #[serde(default)]
    pub cheapest: Vec<Fix>,
    /// The raster behind `coverage`, one layer a height.
    pub grid: Grid,
    /// Whether the beams close the perimeter.
    pub perimeter: Perimeter,
    /// Street cells of a compound without a fence, in the order of the kit.
    #[serde(default)]
    pub cells: Vec<CellAnswer>,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// No camera reaches so far at the working density.
    Range,
    /// No camera's angle of view holds it.
    OutsideView,
    /// Below or above what the nearest cameras show, too far off for their tilt alone.
    DeadZone,
    /// A camera would show it if its tilt alone were changed by at most half of its vertical angle of view, so that what
    /// is in the middle of its picture today stays on it.
    Tilt,
    /// A privacy mask lies over it on the picture of the camera that would show it.
    Mask,
    /// A building stands before it.
    Building,
    /// A wall or hedge stands before it, or bars that one looks along.
    Wall,
    /// A tree's crown stands before it.
    Crown,
    /// A parked vehicle stands before it.
    Vehicle,
    /// Fog leaves too little contrast.
    Fog,
    /// By night there is too little light.
    Light,
    /// There is no camera at all.
    #[default]
    NoCamera,
}

impl Perimeter {
    /// Stretches that nobody guards, of walls and where the outline has no wall.
    pub fn open_places(&self) -> usize {
        self.gaps.len() + self.unwalled.len()
    }

    /// Their length, m.
    pub fn open_m(&self) -> f64 {
        self.gaps.iter().map(|g| g.along_m[1] - g.along_m[0]).sum::<f64>() + self.unwalled_m()
    }

    /// Walls and gates, and the outline where it has no wall, m.
    pub fn whole_m(&self) -> f64 {
        self.length_m + self.unwalled_m()
    }

    fn unwalled_m(&self) -> f64 {
        self.unwalled.iter().map(|u| u.missing_m).sum()
    }

    /// Why there is no repair, for how many places, and how long they are together, m; the longest first.
    pub fn unrepaired_by_why(&self) -> Vec<(&str, usize, f64)> {
        let mut by_why: Vec<(&str, usize, f64)> = Vec::new();
        for place in &self.unrepaired {
            let gap = place.gap.and_then(|gap| self.gaps.get(gap)).map(|gap| gap.along_m[1] - gap.along_m[0]);
            let hole = place.hole.and_then(|hole| self.unwalled.get(hole)).map(|hole| hole.missing_m);
            let long_m = gap.or(hole).unwrap_or_default();
            match by_why.iter_mut().find(|(why, ..)| *why == place.why) {
                Some((_, count, m)) => (*count, *m) = (*count + 1, *m + long_m),
                None => by_why.push((&place.why, 1, long_m)),
            }
        }
        by_why.sort_by(|a, b| b.2.total_cmp(&a.2));
        by_why
    }
}

impl Unwalled {
    /// Where it is, in words.
    pub fn told(&self) -> String {
        let from = format!("from {:.1} m along the outline of {}", self.along_m[0], self.compound);
        match self.between.as_slice() {
            [] => format!("no wall, gate or building near the outline of {}", self.compound),
            [one, other] if one != other => format!("a way in between {one} and {other}, {from}"),
            [one, ..] => format!("a way in between the ends of {one}, {from}"),
        }
    }
}

impl Gap {
    /// A point well inside it, local metres: its centroid where that lies in it, else some point of its widest part.
    pub fn middle(&self) -> Option<[f64; 2]> {
        let ring = |points: &Vec<[f64; 2]>| LineString::from(points.clone());
        let mut rings = self.polygon.iter().map(ring);
        let shape = Polygon::new(rings.next()?, rings.collect());
        let inside = |p: &Point<f64>| shape.unsigned_area() > 0.0 && shape.contains(p);
        let point = shape.centroid().filter(inside).or_else(|| shape.interior_point())?;
        Some([point.x(), point.y()])
    }
}

/// Edition of IEC 62676-4 -> height of the target, m -> class -> how much of the ground reaches at least that class.
pub type Coverage = BTreeMap<String, BTreeMap<String, BTreeMap<String, Share>>>;

/// Gaps of less than 4 m² each, both heights together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SmallGaps {
    /// How many.
    pub count: usize,
    /// Their area together, m².
    pub area_m2: f64,
}

/// Ground that is not covered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// How much density is missing in it.
    #[serde(default)]
    pub shortfall_px_per_m: Shortfall,
    /// The cheapest fix that shows enough of it; when none does, the one that shows most. Nothing where none was looked
    /// for or none helps.
    #[serde(default)]
    pub fix: Option<Fix>,
    /// How many changes were tried on it; 0 where no fix was looked for.
    #[serde(default)]
    pub fixes_tried: usize,
    /// Rings, the outer first, then holes; local metres, not closed.
    pub polygon: Vec<Vec<[f64; 2]>>,
}

/// Pixel density that is missing in a gap, px/m. On each cell it is what the camera that comes nearest to its own working
/// density lacks there; one that does not show the cell lacks all of it. It is 0 where a camera's picture is dense enough, and
/// only farther away than the camera is used (`range_m`), or by night without light enough. Where there is no camera at all, the working density of a camera of
/// which nothing is said is what is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shortfall {
    /// On the middle cell when cells are put in order: half of the gap lacks no more.
    pub median: f64,
    /// Where it is largest.
    pub worst: f64,
}

/// A change of the layout that shows ground which is a gap. Areas are computed by trying it; prices are those of the list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// What is to be done, as a sentence.
    pub what: String,
    /// The camera, tree or lamp.
    pub device: Id,
    /// The same as keys, so that it can be applied.
    pub change: Vec<Change>,
    /// True when it shows enough of the gap to count as its fix.
    pub enough: bool,
    /// How much of this gap it shows, m².
    pub closes_m2: f64,
    /// How much of this gap stays, m².
    pub left_m2: f64,
    /// Public ground that is seen by day after it and was not, this gap and others, both heights together, m².
    pub gains_m2: f64,
    /// Public ground that was seen and is not after it, both heights together, m².
    pub loses_m2: f64,
    /// The same as `gains_m2` by night.
    #[serde(default)]
    pub gains_night_m2: f64,
    /// The same as `loses_m2` by night.
    #[serde(default)]
    pub loses_night_m2: f64,
    /// Its price, yuan.
    pub cost_yuan: f64,
    /// `assumed` or `quoted`: where the price is from.
    pub cost_label: String,
    /// The price line by line.
    pub bill: Vec<Item>,
}

/// A fix in a sequence: it is made after those before it, and shows most ground for its price of all that then can be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// What is done. Its gap is the part of the open ground for which it was thought of, as far as those before it left
    /// it open.
    pub fix: Fix,
    /// Public ground gained less lost by day by it and all before it, both heights together, m².
    pub total_m2: f64,
    /// The same by night, m².
    pub total_night_m2: f64,
    /// Public ground that no camera sees by day after it, both heights together, m².
    pub open_m2: f64,
    /// Price of it and all before it, yuan.
    pub total_yuan: f64,
}

/// Where a row stands that is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// `[[kit.camera]]` of the scenario.
    Camera,
    /// Features of the kind `tree` in the geometry.
    Tree,
    /// Features of the kind `lamp` in the geometry.
    Lamp,
}

/// One key of a row, old and new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Where the row stands.
    pub table: Table,
    /// The row.
    pub id: Id,
    /// The key.
    pub key: String,
    /// What it says; nothing for a new row.
    pub old: Option<serde_json::Value>,
    /// What it is to say.
    pub new: serde_json::Value,
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

/// Best pixel density by day on each cell of public ground.
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
    /// Row by row from the south: best px/m by day rounded down; 0 unseen; -1 not public ground.
    pub px_per_m: Vec<i32>,
    /// The same by night, of cameras that have light enough there.
    #[serde(default)]
    pub px_per_m_night: Vec<i32>,
}

/// Whether the beams close the perimeter, worked out along its length and not on a grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Perimeter {
    /// A sentence: `closed`, `3 gaps, 41.2 m`, `1 gap, 0.2 m; 80.0 m of the outline has no wall`,
    /// `no wall in the data; 300.0 m of the outline has no wall`, `no boundary in the data`.
    pub status: String,
    /// Length of the perimeter's walls and gates, m.
    pub length_m: f64,
    /// Length that a zone guards, m.
    pub guarded_m: f64,
    /// Length of gates at which people stand at all hours, m.
    pub gates_m: f64,
    /// Stretches that a zone guards.
    pub zones: Vec<Stretch>,
    /// Stretches that nobody guards.
    pub gaps: Vec<Stretch>,
    /// Where one can walk in: the ways between walls of the perimeter, gates and buildings that are wider than a body.
    #[serde(default)]
    pub unwalled: Vec<Unwalled>,
    /// What would close gaps along the walls and holes, each tried by itself, the cheapest first; empty when it was not
    /// asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    /// Gaps and holes that none of the repairs is for; empty when none were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrepaired: Vec<Unrepaired>,
    /// Every metre of the walls and of the outlines, once: parts of a line follow each other from its beginning to
    /// its end and add up to its length.
    #[serde(default)]
    pub parts: Vec<Part>,
}

/// Which line a part of the boundary lies on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartOf {
    /// A wall, fence or hedge of the perimeter.
    #[default]
    Wall,
    /// The outline of a compound.
    Outline,
}

/// Who or what holds a part of the boundary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldBy {
    /// On a wall: one beam zone or more.
    Zone,
    /// A gate at which people stand at all hours; on an outline, any gate.
    Gate,
    /// On a wall: the post on which a zone ends.
    Post,
    /// On a wall: two zones that meet on one post close the corner.
    Corner,
    /// On a wall: nobody.
    #[default]
    Gap,
    /// On an outline: a wall of the perimeter stands for it; the wall's own parts say more.
    Wall,
    /// On an outline: a building stands in for a wall.
    Facade,
    /// On an outline: nothing.
    Open,
}

/// A part of the boundary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Which line it lies on.
    pub on: PartOf,
    /// The wall or the compound.
    pub id: Id,
    /// Distance along that line of its beginning and its end, m.
    pub along_m: [f64; 2],
    /// Who or what holds it.
    pub held_by: HeldBy,
    /// The zones that run along it, or the one whose fault makes it a gap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beams: Vec<Id>,
    /// Along a zone: the thickest body that lies on the wall's top and leaves a ray whole, m. Where zones overlap, the
    /// lowest of their highest rays decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passes_under_m: Option<f64>,
    /// Along a zone: how far above the wall's top a body must stay to leave the lowest ray whole, m. Where zones
    /// overlap, the highest of their lowest rays decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passes_over_m: Option<f64>,
    /// Why it is a gap.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A hole in what closes a compound: a way in between two barriers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unwalled {
    /// The compound.
    pub compound: Id,
    /// Distance along the outline of its beginning and its end, m. The end lies beyond the outline's length where the
    /// hole lies over its first point, and at the beginning where the barriers stand side by side.
    pub along_m: [f64; 2],
    /// From the end of one barrier to the beginning of the next, local metres: straight, or along the outline where that
    /// bends away from the straight way.
    pub way_m: Vec<[f64; 2]>,
    /// What it would take to close it, m.
    pub missing_m: f64,
    /// The wall, gate or building before it and the one after it; nothing where nothing stands near the outline.
    pub between: Vec<Id>,
}

/// What closes a stretch of wall that nobody guards, or a hole between barriers: zones, the cameras that verify them where
/// the rules ask for one, and for a hole a wall. It was tried in the model, and no rule that is met falls by it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Repair {
    /// What is to be done, as a sentence.
    #[serde(default)]
    pub what: String,
    /// The wall; for a hole the new one.
    pub wall: Id,
    /// The gaps that it is for, counted from 0 in `gaps`.
    pub gaps: Vec<usize>,
    /// The hole that it is for, counted from 0 in `unwalled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hole: Option<usize>,
    /// Distance along the wall of its beginning and its end, m.
    pub along_m: [f64; 2],
    /// By how much what is open, gaps and holes, becomes shorter with it, m; found by working the perimeter out again.
    pub closes_m: f64,
    /// Public ground that is seen by day after it and was not, both heights together, m².
    #[serde(default)]
    pub gains_m2: f64,
    /// Public ground that was seen and is not after it, because a new wall hides it, both heights together, m².
    #[serde(default)]
    pub loses_m2: f64,
    /// The same as `gains_m2` by night.
    #[serde(default)]
    pub gains_night_m2: f64,
    /// The same as `loses_m2` by night.
    #[serde(default)]
    pub loses_night_m2: f64,
    /// Its price, yuan.
    pub cost_yuan: f64,
    /// `assumed` or `quoted`: where the price is from.
    #[serde(default)]
    pub cost_label: String,
    /// The price line by line.
    #[serde(default)]
    pub bill: Vec<Item>,
    /// Rows for `[[kit.beam]]`; one of a name that is there already takes its place.
    pub beams: Vec<Beam>,
    /// Rows for `[[kit.camera]]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cameras: Vec<Camera>,
    /// Features of the kind `wall` for the geometry, in local metres.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub walls: Vec<Wall>,
}

/// A gap or a hole for which no repair is offered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unrepaired {
    /// The gap, counted from 0 in `gaps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<usize>,
    /// The hole, counted from 0 in `unwalled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hole: Option<usize>,
    /// Why not, and what else would help.
    pub why: String,
}

/// A stretch of the perimeter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stretch {
    /// The beam, for a zone.
    pub beam: Option<Id>,
    /// The wall; the gate, where it stands between the ends of two walls.
    pub wall: Id,
    /// The gate where nobody stands, for a gap of that kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Id>,
    /// Distance along the wall of its beginning and its end, m.
    pub along_m: [f64; 2],
    /// Its ends, local metres; for a gate between walls those of its leaf.
    pub ends_m: [[f64; 2]; 2],
    /// Why it is a gap, or what limits the zone; empty for a sound zone.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_gap_lies_in_it_also_when_it_is_a_frame() {
        let square = |a: f64, b: f64| vec![[a, a], [b, a], [b, b], [a, b]];
        for (polygon, inside) in
            [(vec![square(0.0, 10.0)], [5.0, 5.0]), (vec![square(0.0, 10.0), square(2.0, 8.0)], [1.0, 5.0])]
        {
            let gap: Gap = serde_json::from_value(serde_json::json!({
                "height_m": 1.5, "area_m2": 1.0, "reason": "range", "culprit": null, "polygon": polygon,
            }))
            .expect("a gap");
            let [x, y] = gap.middle().expect("a gap has a middle");
            let hollow = gap.polygon.len() > 1 && (2.0..8.0).contains(&x) && (2.0..8.0).contains(&y);
            assert!(!hollow, "{x} {y}");
            assert!((x - inside[0]).abs() < 5.0 && (y - inside[1]).abs() < 5.0);
        }
    }
}
