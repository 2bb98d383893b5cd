//! How far it is on foot over open ground, round buildings and walls, on a grid.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use geo::{Intersects as _, Line, Polygon};

use crate::analysis::raster::{Raster, extent};
use crate::analysis::wall_line::WallLine;
use crate::model::Scenario;
use crate::model::site::Ground;

/// Side of a cell, m. Steps go to the eight cells around, so that a way comes out up to 8 % too long and never shorter
/// than it is between the middles of cells.
const CELL_M: f64 = 2.0;
/// Ground about the site that a way may lead over, m.
const MARGIN_M: f64 = 20.0;
/// A way may begin on the nearest open cell that is no farther than this, m: posts stand at walls and in houses.
const NEAR_M: f64 = 6.0;

/// Open ground, and the walls that stand on it.
pub(super) struct Walk {
    grid: Raster,
    open: Vec<bool>,
    walls: Vec<Line<f64>>,
}

impl Walk {
    /// Prepares a site: buildings and water are no ground, standing walls of any kind are not stepped over.
    pub(super) fn over(scenario: &Scenario) -> Walk {
        let site = &scenario.site;
        let corners: Vec<[f64; 2]> =
            scenario.file.kit.grid_cell.iter().flat_map(|c| c.outline_m.iter().copied()).collect();
        let grid =
            extent(site, &corners).map_or_else(Raster::default, |e| Raster::of_cells(e, MARGIN_M, CELL_M));
        let mut open = vec![true; grid.len()];
        for building in &site.buildings {
            grid.each_inside(&building.outline, |cell| open[cell] = false);
        }
        for area in site.areas.iter().filter(|a| a.ground == Ground::Water) {
            grid.each_inside(&area.outline, |cell| open[cell] = false);
        }
        let walls = site.walls.iter().flat_map(|wall| {
            let line = WallLine::new(&wall.line);
            line.standing(&site.gates)
                .into_iter()
                .flat_map(|[from, to]| {
                    let inner = line.inner_corners().iter().copied().filter(|&s| s > from && s < to);
                    let stops: Vec<f64> = std::iter::once(from).chain(inner).chain([to]).collect();
                    stops.windows(2).map(|s| Line::new(line.at(s[0]), line.at(s[1]))).collect::<Vec<_>>()
                })
                .collect::<Vec<_>>()
        });
        Walk { grid, open, walls: walls.collect() }
    }

    pub(super) fn cell_area_m2(&self) -> f64 {
        self.grid.cell_area_m2()
    }

    pub(super) fn middle(&self, cell: usize) -> [f64; 2] {
        self.grid.centre(cell)
    }

    /// Cells of open ground inside an outline.
    pub(super) fn open_in(&self, outline: &Polygon<f64>) -> Vec<usize> {
        let mut inside = Vec::new();
        self.grid.each_inside(outline, |cell| inside.push(cell));
        inside.retain(|&cell| self.open[cell]);
        inside
    }

    /// Length of the shortest way to each cell from the nearest of some points, m; infinite where none leads.
    pub(super) fn ways_from(&self, starts: &[[f64; 2]]) -> Vec<f64> {
        let mut ways = vec![f64::INFINITY; self.grid.len()];
        let mut next = BinaryHeap::new();
        for &start in starts {
            if let Some(cell) = self.nearest_open(start) {
                ways[cell] = 0.0;
                next.push(Reverse((0u64, cell)));
            }
        }
        while let Some(Reverse((mm, cell))) = next.pop() {
            if mm as f64 / 1000.0 > ways[cell] + 0.001 {
                continue;
            }
            for other in self.grid.around(cell).filter(|&other| self.open[other]) {
                let length = ways[cell] + self.apart(cell, other);
                if length < ways[other] - 1e-9 && !self.walled_off(cell, other) {
                    ways[other] = length;
                    next.push(Reverse((libm::ceil(length * 1000.0) as u64, other)));
                }
            }
        }
        ways
    }

    fn nearest_open(&self, at: [f64; 2]) -> Option<usize> {
        let away = |cell: usize| {
            let [x, y] = self.grid.centre(cell);
            libm::hypot(x - at[0], y - at[1])
        };
        let near = (0..self.grid.len()).filter(|&cell| self.open[cell] && away(cell) <= NEAR_M);
        near.min_by(|&a, &b| away(a).total_cmp(&away(b)))
    }

    fn apart(&self, a: usize, b: usize) -> f64 {
        let ([ax, ay], [bx, by]) = (self.grid.centre(a), self.grid.centre(b));
        libm::hypot(bx - ax, by - ay)
    }

    fn walled_off(&self, a: usize, b: usize) -> bool {
        let step = Line::new(self.grid.centre(a), self.grid.centre(b));
        self.walls.iter().any(|wall| wall.intersects(&step))
    }
}
