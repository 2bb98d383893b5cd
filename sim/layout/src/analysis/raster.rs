//! Square cells over the site, counted row by row from the south-west.

use std::ops::Range;

use geo::{BoundingRect, Coord, LineString, Polygon, Rect};

use crate::model::site::Ground;
use crate::model::{Scenario, Site};

/// A grid of square cells. A cell's number is `row * columns + column`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raster {
    /// South-west corner, local metres; a multiple of the cell.
    pub origin_m: [f64; 2],
    /// Side of a cell, m.
    pub cell_m: f64,
    /// Cells from west to east.
    pub columns: usize,
    /// Cells from south to north.
    pub rows: usize,
}

/// Side of a cell, m, on a site of ordinary size. Half a metre is about the width of a body.
const CELL_M: f64 = 0.5;
/// Cells double in size until there are at most this many.
const MOST_CELLS: f64 = 2_000_000.0;

impl Raster {
    /// Cells that cover a rectangle and a margin about it.
    pub fn covering(extent: Rect<f64>, margin_m: f64) -> Raster {
        let mut cell_m = CELL_M;
        loop {
            let raster = Raster::of_cells(extent, margin_m, cell_m);
            if raster.columns as f64 * raster.rows as f64 <= MOST_CELLS {
                return raster;
            }
            cell_m *= 2.0;
        }
    }

    /// Cells of one size that cover a rectangle and a margin about it.
    pub(crate) fn of_cells(extent: Rect<f64>, margin_m: f64, cell_m: f64) -> Raster {
        let low = |x: f64| libm::floor((x - margin_m) / cell_m);
        let count = |low: f64, x: f64| (libm::ceil((x + margin_m) / cell_m) - low).max(1.0) as usize;
        let (west, south) = (low(extent.min().x), low(extent.min().y));
        let (columns, rows) = (count(west, extent.max().x), count(south, extent.max().y));
        Raster { origin_m: [west * cell_m, south * cell_m], cell_m, columns, rows }
    }

    /// Cells in all.
    pub fn len(&self) -> usize {
        self.columns * self.rows
    }

    /// True when there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Area of a cell, m².
    pub fn cell_area_m2(&self) -> f64 {
        self.cell_m * self.cell_m
    }

    /// The cell that holds a point.
    pub fn cell_at(&self, at_m: [f64; 2]) -> Option<usize> {
        let place = |k: usize, count: usize| {
            let i = libm::floor((at_m[k] - self.origin_m[k]) / self.cell_m);
            (i >= 0.0 && i < count as f64).then_some(i as usize)
        };
        Some(place(1, self.rows)? * self.columns + place(0, self.columns)?)
    }

    /// The cells about a cell: south, east, north, west, then the corners.
    pub fn around(&self, cell: usize) -> impl Iterator<Item = usize> + '_ {
        const STEPS: [[isize; 2]; 8] = [[0, -1], [1, 0], [0, 1], [-1, 0], [-1, -1], [1, -1], [1, 1], [-1, 1]];
        let (column, row) = (cell % self.columns, cell / self.columns);
        STEPS.iter().filter_map(move |&[east, north]| {
            let column = column.checked_add_signed(east).filter(|c| *c < self.columns)?;
            let row = row.checked_add_signed(north).filter(|r| *r < self.rows)?;
            Some(row * self.columns + column)
        })
    }

    /// The middle of a cell, m.
    pub fn centre(&self, cell: usize) -> [f64; 2] {
        self.middle(cell % self.columns, cell / self.columns)
    }

    pub(crate) fn middle(&self, column: usize, row: usize) -> [f64; 2] {
        [
            self.origin_m[0] + (column as f64 + 0.5) * self.cell_m,
            self.origin_m[1] + (row as f64 + 0.5) * self.cell_m,
        ]
    }

    /// Cells along one axis (0 east, 1 north) whose middles lie in `[from, to]`.
    pub(crate) fn middles_within(&self, axis: usize, from: f64, to: f64) -> Range<usize> {
        let count = if axis == 0 { self.columns } else { self.rows } as f64;
        let place = |x: f64| (x - self.origin_m[axis]) / self.cell_m - 0.5;
        let first = libm::ceil(place(from)).clamp(0.0, count);
        let after = (libm::floor(place(to)) + 1.0).clamp(first, count);
        first as usize..after as usize
    }

    /// Calls `found` for every cell whose middle lies inside a polygon and outside its holes.
    pub fn each_inside(&self, polygon: &Polygon<f64>, mut found: impl FnMut(usize)) {
        let Some(extent) = polygon.bounding_rect() else { return };
        let mut crossings: Vec<f64> = Vec::new();
        for row in self.middles_within(1, extent.min().y, extent.max().y) {
            let y = self.middle(0, row)[1];
            crossings.clear();
            let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
            rings.for_each(|ring| crossings_of(ring, y, &mut crossings));
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                self.middles_within(0, pair[0], pair[1])
                    .for_each(|column| found(row * self.columns + column));
            }
        }
    }
}

/// Where the edges of a ring cross a parallel.
fn crossings_of(ring: &LineString<f64>, y: f64, crossings: &mut Vec<f64>) {
    for edge in ring.lines() {
        let (a, b) = (edge.start, edge.end);
        if (a.y <= y) != (b.y <= y) {
            crossings.push(a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y));
        }
    }
}

/// The rectangle that holds everything that stands on the site, and its kit; nothing on an empty site.
/// Paths are left out, because they lead away.
pub fn extent(site: &Site, more_m: &[[f64; 2]]) -> Option<Rect<f64>> {
    let outlines = site.compounds.iter().map(|c| &c.outline).chain(site.buildings.iter().map(|b| &b.outline));
    let outlines =
        outlines.chain(site.areas.iter().map(|a| &a.outline)).flat_map(|o| o.exterior().0.iter().copied());
    let walls = site.walls.iter().flat_map(|w| w.line.0.iter().copied());
    let points = site.gates.iter().map(|g| g.at).chain(site.trees.iter().map(|t| t.at));
    let points = points.chain(site.lamps.iter().map(|l| l.at)).chain(site.entrances.iter().map(|e| e.at));
    let more = more_m.iter().map(|&[x, y]| Coord { x, y });
    outlines.chain(walls).chain(points).chain(more).fold(None, |extent: Option<Rect<f64>>, c| {
        let (low, high) = extent.map_or((c, c), |e| (e.min(), e.max()));
        Some(Rect::new(
            Coord { x: low.x.min(c.x), y: low.y.min(c.y) },
            Coord { x: high.x.max(c.x), y: high.y.max(c.y) },
        ))
    })
}

/// Ground about the site that sight is worked out for, m.
const MARGIN_M: f64 = 20.0;

/// The cells of a scenario: its site, its kit and a margin.
pub fn raster_of(scenario: &Scenario) -> Raster {
    let kit = &scenario.file.kit;
    let mut places: Vec<[f64; 2]> = kit.camera.iter().map(|c| c.at_m).collect();
    places.extend(kit.outer_post.iter().map(|p| p.at_m));
    extent(&scenario.site, &places).map_or_else(Raster::default, |e| Raster::covering(e, MARGIN_M))
}

/// True for every cell in the open air: not inside a building.
pub fn outdoors(site: &Site, raster: &Raster) -> Vec<bool> {
    let mut open = vec![true; raster.len()];
    for building in &site.buildings {
        raster.each_inside(&building.outline, |cell| open[cell] = false);
    }
    open
}

/// True for every cell of public ground: in the open air, not water, inside a compound's outline. Where the data
/// has no outline, inside the rectangle that holds the site.
pub fn public_ground(site: &Site, raster: &Raster) -> Vec<bool> {
    let mut public = vec![false; raster.len()];
    let whole: Vec<Polygon<f64>> = if site.compounds.is_empty() {
        extent(site, &[]).map(|e| e.to_polygon()).into_iter().collect()
    } else {
        site.compounds.iter().map(|c| c.outline.clone()).collect()
    };
    for outline in &whole {
        raster.each_inside(outline, |cell| public[cell] = true);
    }
    for building in &site.buildings {
        raster.each_inside(&building.outline, |cell| public[cell] = false);
    }
    for area in site.areas.iter().filter(|a| a.ground == Ground::Water) {
        raster.each_inside(&area.outline, |cell| public[cell] = false);
    }
    public
}

#[cfg(test)]
mod tests {
    use geo::{Contains, Point, polygon};

    use super::*;

    #[test]
    fn cells_and_points_agree() {
        let raster = Raster::covering(Rect::new((-3.2, 1.0), (4.1, 6.6)), 0.0);
        assert_eq!(raster.origin_m, [-3.5, 1.0]);
        assert_eq!((raster.columns, raster.rows), (16, 12));
        for cell in 0..raster.len() {
            assert_eq!(raster.cell_at(raster.centre(cell)), Some(cell));
        }
        assert_eq!(raster.cell_at([-3.6, 2.0]), None);
        assert_eq!(raster.cell_at([0.0, 7.01]), None);
    }

    #[test]
    fn a_huge_site_gets_larger_cells() {
        let raster = Raster::covering(Rect::new((0.0, 0.0), (5_000.0, 4_000.0)), 0.0);
        assert!(raster.len() <= 2_000_000 && raster.cell_m == 4.0, "{raster:?}");
    }

    #[test]
    fn filling_agrees_with_a_point_in_polygon_test() {
        let shape = polygon!(
            exterior: [(x: 0.3, y: 0.2), (x: 19.1, y: 3.7), (x: 15.2, y: 18.8), (x: 8.4, y: 7.7), (x: 2.6, y: 16.1)],
            interiors: [[(x: 3.1, y: 3.3), (x: 6.2, y: 4.1), (x: 4.4, y: 9.0)]],
        );
        let raster = Raster::covering(Rect::new((-2.0, -2.0), (22.0, 22.0)), 0.0);
        let mut filled = vec![false; raster.len()];
        raster.each_inside(&shape, |cell| {
            assert!(!filled[cell], "a cell is found once");
            filled[cell] = true;
        });
        for (cell, &inside) in filled.iter().enumerate() {
            let [x, y] = raster.centre(cell);
            assert_eq!(inside, shape.contains(&Point::new(x, y)), "at {x} {y}");
        }
    }
}
