//! Where somebody can walk: open ground as a grid of 1 m, flooded, so that what is proposed can be reached.

use std::collections::VecDeque;

use geo::{BoundingRect, Contains, Coord, Distance, Euclidean, Intersects, Line, Point, Rect};
use palisade_sim::model::Site;

/// Room round everything, m.
const MARGIN_M: f64 = 20.0;
/// Half the width of a body and its sway, m.
const BODY_M: f64 = 0.6;

/// The open ground in regions that hang together.
pub struct Ground {
    origin: Coord<f64>,
    columns: usize,
    rows: usize,
    regions: Vec<u32>,
}

impl Ground {
    /// Floods the ground of a site.
    pub fn of(site: &Site) -> Option<Ground> {
        let rect = site.compounds.first()?.outline.bounding_rect()?;
        let origin = rect.min() - Coord { x: MARGIN_M, y: MARGIN_M };
        let columns = (rect.width() + 2.0 * MARGIN_M).ceil() as usize;
        let rows = (rect.height() + 2.0 * MARGIN_M).ceil() as usize;
        let mut ground = Ground { origin, columns, rows, regions: vec![0; columns * rows] };
        ground.block(site);
        ground.flood();
        Some(ground)
    }

    fn centre(&self, cell: usize) -> Coord<f64> {
        let (x, y) = ((cell % self.columns) as f64 + 0.5, (cell / self.columns) as f64 + 0.5);
        self.origin + Coord { x, y }
    }

    fn cells(&self, rect: Rect<f64>, round_m: f64) -> Vec<usize> {
        let low = rect.min() - self.origin - Coord { x: round_m, y: round_m };
        let high = rect.max() - self.origin + Coord { x: round_m, y: round_m };
        let range =
            |from: f64, to: f64, n: usize| (from.max(0.0) as usize)..((to.max(0.0) as usize + 1).min(n));
        let columns = range(low.x, high.x, self.columns);
        range(low.y, high.y, self.rows)
            .flat_map(|r| columns.clone().map(move |c| r * self.columns + c))
            .collect()
    }

    fn block(&mut self, site: &Site) {
        for building in &site.buildings {
            let Some(rect) = building.outline.bounding_rect() else { continue };
            for cell in self.cells(rect, BODY_M) {
                let at = Point::from(self.centre(cell));
                if Euclidean.distance(&at, &building.outline) < BODY_M {
                    self.regions[cell] = u32::MAX;
                }
            }
        }
        for line in site.walls.iter().flat_map(|w| w.line.lines()) {
            for cell in self.cells(Rect::new(line.start, line.end), BODY_M) {
                let at = self.centre(cell);
                let gated =
                    site.gates.iter().any(|g| Euclidean.distance(g.at, at) < (g.width_m / 2.0).max(0.9));
                if !gated && Euclidean.distance(&Point::from(at), &line) < BODY_M {
                    self.regions[cell] = u32::MAX;
                }
            }
        }
    }

    fn flood(&mut self) {
        let mut region = 0;
        for seed in 0..self.regions.len() {
            if self.regions[seed] != 0 {
                continue;
            }
            region += 1;
            self.regions[seed] = region;
            let mut queue = VecDeque::from([seed]);
            while let Some(cell) = queue.pop_front() {
                let (column, row) = (cell % self.columns, cell / self.columns);
                let mut visit = |next: usize| {
                    if self.regions[next] == 0 {
                        self.regions[next] = region;
                        queue.push_back(next);
                    }
                };
                if column > 0 {
                    visit(cell - 1);
                }
                if column + 1 < self.columns {
                    visit(cell + 1);
                }
                if row > 0 {
                    visit(cell - self.columns);
                }
                if row + 1 < self.rows {
                    visit(cell + self.columns);
                }
            }
        }
    }

    /// The region of a point; nothing where nobody can stand.
    pub fn region(&self, at: Coord<f64>) -> Option<u32> {
        let local = at - self.origin;
        if local.x < 0.0 || local.y < 0.0 || local.x >= self.columns as f64 || local.y >= self.rows as f64 {
            return None;
        }
        let region = self.regions[local.y as usize * self.columns + local.x as usize];
        (region != u32::MAX).then_some(region)
    }

    /// The region that holds most of the compound's inside.
    pub fn main(&self, site: &Site) -> Option<u32> {
        let outline = &site.compounds.first()?.outline;
        let mut sizes = std::collections::BTreeMap::<u32, usize>::new();
        for cell in (0..self.regions.len()).step_by(7).filter(|c| self.regions[*c] != u32::MAX) {
            if outline.contains(&Point::from(self.centre(cell))) {
                *sizes.entry(self.regions[cell]).or_default() += 1;
            }
        }
        sizes.into_iter().max_by_key(|(_, n)| *n).map(|(region, _)| region)
    }

    /// The nearest point to `at` inside the compound where somebody from the main region can stand.
    pub fn nearest(&self, site: &Site, main: u32, at: Coord<f64>, reach_m: f64) -> Option<Coord<f64>> {
        let outline = &site.compounds.first()?.outline;
        let cells = self.cells(Rect::new(at, at), reach_m).into_iter();
        let open = cells.filter(|c| self.regions[*c] == main).map(|c| self.centre(c));
        let inside = open.filter(|c| outline.contains(&Point::from(*c)));
        inside
            .filter(|c| Euclidean.distance(*c, at) <= reach_m)
            .min_by(|a, b| Euclidean.distance(*a, at).total_cmp(&Euclidean.distance(*b, at)))
    }
}

/// Whether nothing solid stands between two points.
pub fn sees(site: &Site, from: Coord<f64>, to: Coord<f64>) -> bool {
    let line = Line::new(from, to);
    !site.buildings.iter().any(|b| b.outline.intersects(&line))
}
