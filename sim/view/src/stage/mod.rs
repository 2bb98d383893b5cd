//! The stage: what stands still. Ground, buildings, walls, trees, lamps, kit.

pub mod bake;
pub mod buildings;
pub mod ground;
pub mod kit;
pub mod sky;
pub mod trees;
pub mod walls;

use palisade_sim::model::Scenario;

use crate::pad::Pad;

/// The solids of a site, by what their looks depend on.
#[derive(Debug, Default)]
pub struct Solids {
    /// Buildings.
    pub buildings: Pad,
    /// Walls, fences, hedges, gates, lamps.
    pub walls: Pad,
    /// Trees.
    pub trees: Pad,
    /// Devices.
    pub kit: Pad,
}

/// All solids of a scenario.
pub fn solids(scenario: &Scenario) -> Solids {
    let mut solids =
        Solids { buildings: Pad::new(), walls: Pad::new(), trees: Pad::new(), kit: Pad::new() };
    buildings::draw(&mut solids.buildings, &scenario.site);
    walls::draw(&mut solids.walls, &scenario.site);
    trees::draw(&mut solids.trees, &scenario.site, &scenario.file.day.date);
    kit::draw(&mut solids.kit, scenario);
    solids
}
