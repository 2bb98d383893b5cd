//! Whether a tour can be walked: the open ground as a grid of 0.5 m, flooded from checkpoint to checkpoint.

use geo::{BoundingRect, Contains, Coord, Point};

use super::Desk;
use crate::model::site::Site;

const CELL_M: f64 = 0.5;
/// Ground round everything that is drawn, m.
const MARGIN_M: f64 = 4.0;
/// How far from open ground a checkpoint may hang on a wall, m.
const REACH_M: f64 = 1.5;
/// Sites with more cells than this are not flooded.
const MOST_CELLS: usize = 20_000_000;

/// Adds a problem for each checkpoint that cannot be reached from the one before it.
pub(super) fn tours(desk: &mut Desk<'_>) {
    let file = desk.file;
    let kit = &file.kit;
    if kit.guard_tour.is_empty() {
        return;
    }
    let Some(mut ground) = desk.geometry.and_then(|g| Ground::of(&g.site)) else { return };
    for (i, tour) in kit.guard_tour.iter().enumerate() {
        let mut before: Option<(&str, Option<u32>)> = None;
        for (j, id) in tour.checkpoints.iter().enumerate() {
            let Some(point) = kit.checkpoint.iter().find(|c| c.id == *id) else { continue };
            let here = ground.region_of(point.at_m);
            if let Some((from, region)) = before.filter(|(_, region)| *region != here) {
                let path = format!("kit.guard_tour[{i}].checkpoints[{j}]");
                let message =
                    format!("nobody can walk from `{from}` to `{id}`: walls or buildings stand between them");
                let help = "move the checkpoint, add a gate to the wall, or take the point out of this tour";
                desk.at(&path, "kit::tour-blocked", message, help);
                before = Some((from, region));
                continue;
            }
            before = Some((id.as_str(), here));
        }
    }
}

/// The open ground; each cell is blocked, not visited yet, or part of a region.
struct Ground {
    origin: Coord<f64>,
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
    regions: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Cell {
    Open,
    Blocked,
    Region(u32),
}

impl Ground {
    fn of(site: &Site) -> Option<Ground> {
        let extent = site.extent()?;
        let origin = Coord { x: extent.min().x - MARGIN_M, y: extent.min().y - MARGIN_M };
        let count = |length: f64| ((length + 2.0 * MARGIN_M) / CELL_M) as usize + 1;
        let (columns, rows) = (count(extent.width()), count(extent.height()));
        if columns.saturating_mul(rows) > MOST_CELLS {
            return None;
        }
        let mut ground =
            Ground { origin, columns, rows, cells: vec![Cell::Open; columns * rows], regions: 0 };
        ground.walls(site);
        ground.buildings(site);
        Some(ground)
    }

    fn cell(&self, at: Coord<f64>) -> Option<usize> {
        let (x, y) =
            (libm::floor((at.x - self.origin.x) / CELL_M), libm::floor((at.y - self.origin.y) / CELL_M));
        let inside = x >= 0.0 && y >= 0.0 && x < self.columns as f64 && y < self.rows as f64;
        inside.then(|| y as usize * self.columns + x as usize)
    }

    fn middle(&self, column: usize, row: usize) -> Coord<f64> {
        Coord {
            x: self.origin.x + (column as f64 + 0.5) * CELL_M,
            y: self.origin.y + (row as f64 + 0.5) * CELL_M,
        }
    }

    fn walls(&mut self, site: &Site) {
        for line in site.walls.iter().map(|w| &w.line) {
            for ends in line.0.windows(2) {
                let (dx, dy) = (ends[1].x - ends[0].x, ends[1].y - ends[0].y);
                let steps = libm::ceil(libm::hypot(dx, dy) / 0.1).max(1.0) as usize;
                for k in 0..=steps {
                    let t = k as f64 / steps as f64;
                    let at = Coord { x: ends[0].x + dx * t, y: ends[0].y + dy * t };
                    let open = |g: &crate::model::site::Gate| {
                        libm::hypot(g.at.x - at.x, g.at.y - at.y) <= (g.width_m / 2.0).max(CELL_M)
                    };
                    if let Some(cell) = self.cell(at).filter(|_| !site.gates.iter().any(open)) {
                        self.cells[cell] = Cell::Blocked;
                    }
                }
            }
        }
    }

    fn buildings(&mut self, site: &Site) {
        for outline in site.buildings.iter().map(|b| &b.outline) {
            let Some(rect) = outline.bounding_rect() else { continue };
            let (Some(low), Some(high)) = (self.cell(rect.min()), self.cell(rect.max())) else { continue };
            for row in low / self.columns..=high / self.columns {
                for column in low % self.columns..=high % self.columns {
                    if outline.contains(&Point::from(self.middle(column, row))) {
                        self.cells[row * self.columns + column] = Cell::Blocked;
                    }
                }
            }
        }
    }

    /// The region of the open cell nearest to a point; nothing when none is in reach.
    fn region_of(&mut self, at: [f64; 2]) -> Option<u32> {
        let at = Coord { x: at[0], y: at[1] };
        let reach = (REACH_M / CELL_M) as i32;
        let mut best: Option<(f64, usize)> = None;
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                let (dx, dy) = (f64::from(dx) * CELL_M, f64::from(dy) * CELL_M);
                let away = libm::hypot(dx, dy);
                let cell = self.cell(Coord { x: at.x + dx, y: at.y + dy });
                let Some(cell) = cell.filter(|c| self.cells[*c] != Cell::Blocked) else { continue };
                if best.is_none_or(|(nearest, _)| away < nearest) {
                    best = Some((away, cell));
                }
            }
        }
        match self.cells[best?.1] {
            Cell::Region(region) => Some(region),
            _ => Some(self.flood(best?.1)),
        }
    }

    fn flood(&mut self, start: usize) -> u32 {
        self.regions += 1;
        let region = self.regions;
        let mut todo = vec![start];
        self.cells[start] = Cell::Region(region);
        while let Some(cell) = todo.pop() {
            let (column, row) = (cell % self.columns, cell / self.columns);
            let west = (column > 0).then(|| cell - 1);
            let east = (column + 1 < self.columns).then(|| cell + 1);
            let south = (row > 0).then(|| cell - self.columns);
            let north = (row + 1 < self.rows).then(|| cell + self.columns);
            for next in [west, east, south, north].into_iter().flatten() {
                if self.cells[next] == Cell::Open {
                    self.cells[next] = Cell::Region(region);
                    todo.push(next);
                }
            }
        }
        region
    }
}
