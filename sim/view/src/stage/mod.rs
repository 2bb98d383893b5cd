//! The stage: what stands still. Ground, buildings, walls, trees, lamps, kit.

pub mod bake;
pub mod buildings;
pub mod ground;
pub mod kit;
pub mod sky;
pub mod trees;
pub mod walls;

use std::collections::BTreeMap;

use palisade_sim::model::Scenario;

use crate::pad::{Pad, V3};
use crate::scene::Part;

/// Solids that are drawn or left out together.
#[derive(Debug)]
pub struct Chunk {
    /// What it is a part of.
    pub part: Part,
    /// Too small to see from far away.
    pub detail: bool,
    /// The solids.
    pub pad: Pad,
}

/// What stands at one place: what is always drawn, and its details.
#[derive(Debug)]
pub struct Layers {
    /// Always drawn.
    pub mass: Pad,
    /// Left out from far away.
    pub detail: Pad,
}

impl Default for Layers {
    fn default() -> Self {
        Layers { mass: Pad::new(), detail: Pad::new() }
    }
}

/// Side of a cell of ground whose trees and devices are drawn together, m.
const CELL_M: f64 = 60.0;

/// Layers by cell of ground.
#[derive(Debug, Default)]
pub struct Cells(BTreeMap<(i32, i32), Layers>);

impl Cells {
    /// The layers of the cell that holds a point.
    pub fn at(&mut self, x: f64, y: f64) -> &mut Layers {
        self.0.entry(((x / CELL_M).floor() as i32, (y / CELL_M).floor() as i32)).or_default()
    }

    /// The pad for a device at a point.
    pub fn of(&mut self, [x, y]: [f64; 2]) -> &mut Pad {
        &mut self.at(x, y).detail
    }
}

/// All solids of a scenario.
pub fn solids(scenario: &Scenario) -> Vec<Chunk> {
    let site = &scenario.site;
    let mut chunks = Vec::new();
    let mut put = |part: Part, layers: Layers| {
        for (detail, pad) in [(false, layers.mass), (true, layers.detail)] {
            if !pad.is_empty() {
                chunks.push(Chunk { part, detail, pad });
            }
        }
    };
    for building in &site.buildings {
        put(Part::Buildings, buildings::draw(building, site));
    }
    for wall in &site.walls {
        put(Part::Walls, walls::draw_wall(wall, &site.gates));
    }
    put(Part::Walls, walls::draw_gates(site));
    let mut cells = Cells::default();
    walls::draw_lamps(&mut cells, site);
    for layers in std::mem::take(&mut cells.0).into_values() {
        put(Part::Walls, layers);
    }
    trees::draw(&mut cells, site, &scenario.file.day.date);
    for layers in std::mem::take(&mut cells.0).into_values() {
        put(Part::Trees, layers);
    }
    kit::draw(&mut cells, scenario);
    for layers in cells.0.into_values() {
        put(Part::Kit, layers);
    }
    chunks
}

/// The box about a chunk: its middle and half its sides, m.
pub fn bounds(pad: &Pad) -> (V3, V3) {
    let (mut min, mut max) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for at in pad.points() {
        for i in 0..3 {
            min[i] = min[i].min(at[i]);
            max[i] = max[i].max(at[i]);
        }
    }
    ([0, 1, 2].map(|i| (min[i] + max[i]) / 2.0), [0, 1, 2].map(|i| (max[i] - min[i]) / 2.0))
}
