//! Regions of cells, and their outlines along the edges of the cells.

use std::ops::Range;

use super::raster::Raster;

/// A region: cells that hang together over their edges, in order of their number.
pub(crate) type Region = Vec<usize>;

/// Regions of the cells for which `wanted` is true, in order of their first cell.
pub(crate) fn regions(raster: &Raster, wanted: &[bool]) -> Vec<Region> {
    let mut runs = Runs::of(raster, wanted);
    let mut found: Vec<Region> = Vec::new();
    let mut place = vec![usize::MAX; runs.cells.len()];
    for i in 0..runs.cells.len() {
        let first = runs.first(i);
        if first == i {
            place[i] = found.len();
            found.push(Vec::new());
        }
        found[place[first]].extend(runs.cells[i].clone());
    }
    found
}

/// Wanted cells beside each other in a row, and which of them hang together.
struct Runs {
    cells: Vec<Range<usize>>,
    /// A run before this one, or itself, in the same region.
    before: Vec<usize>,
}

impl Runs {
    fn of(raster: &Raster, wanted: &[bool]) -> Runs {
        let mut runs = Runs { cells: Vec::new(), before: Vec::new() };
        let mut south = 0..0;
        for row in 0..raster.rows {
            let (start, end) = (runs.cells.len(), (row + 1) * raster.columns);
            let mut cell = row * raster.columns;
            while let Some(more) = wanted[cell..end].iter().position(|wanted| *wanted) {
                let from = cell + more;
                cell = wanted[from..end].iter().position(|wanted| !wanted).map_or(end, |long| from + long);
                runs.before.push(runs.cells.len());
                runs.cells.push(from..cell);
            }
            let north = start..runs.cells.len();
            runs.join(south, north.clone(), raster.columns);
            south = north;
        }
        runs
    }

    /// Joins the runs of a row with those of the row to the south over which they lie.
    fn join(&mut self, south: Range<usize>, north: Range<usize>, columns: usize) {
        let (mut i, mut j) = (south.start, north.start);
        while i < south.end && j < north.end {
            let (below, above) = (&self.cells[i], &self.cells[j]);
            let (below, above) = (below.start + columns..below.end + columns, above.clone());
            if below.start < above.end && above.start < below.end {
                let (a, b) = (self.first(i), self.first(j));
                self.before[a.max(b)] = a.min(b);
            }
            if below.end <= above.end {
                i += 1;
            } else {
                j += 1;
            }
        }
    }

    /// The first run of a run's region, as far as they are joined.
    fn first(&mut self, mut run: usize) -> usize {
        while self.before[run] != run {
            self.before[run] = self.before[self.before[run]];
            run = self.before[run];
        }
        run
    }
}

/// Outlines of a region: the outer ring first, counter-clockwise, then its holes, clockwise. Only corners are kept;
/// rings are not closed. Where two cells touch at a corner only, the ring turns right, so that rings never cross.
pub(crate) fn outlines(raster: &Raster, region: &Region) -> Vec<Vec<[f64; 2]>> {
    let lattice = Lattice::about(raster, region);
    let mut left = lattice.edges.clone();
    let mut rings: Vec<Vec<[f64; 2]>> = Vec::new();
    for start in 0..left.len() {
        while left[start] != 0 {
            let first = left[start].trailing_zeros() as usize;
            let (mut at, mut heading) = (start, first);
            let mut ring = vec![lattice.corner(raster, at)];
            loop {
                left[at] &= !(1 << heading);
                at = lattice.step(at, heading);
                let turned = turn(lattice.edges[at], heading);
                if (at, turned) == (start, first) {
                    break;
                }
                if turned != heading {
                    ring.push(lattice.corner(raster, at));
                }
                heading = turned;
            }
            rings.push(ring);
        }
    }
    rings.sort_by_key(|ring| signed_area(ring) < 0.0);
    rings
}

// The ways along the edges of cells.
const EAST: usize = 0;
const NORTH: usize = 1;
const WEST: usize = 2;
const SOUTH: usize = 3;

/// The corners of cells about a region, row by row from the south-west, and its boundary between them.
struct Lattice {
    /// Column and row of its south-western corner.
    first: [usize; 2],
    /// Corners in a row.
    width: usize,
    /// Boundary edges by the corner that they leave, as bits of their heading, the region on their left.
    edges: Vec<u8>,
}

impl Lattice {
    fn about(raster: &Raster, region: &Region) -> Lattice {
        let runs: Vec<(usize, Range<usize>)> = runs_of(raster, region);
        let (from, to) = runs
            .iter()
            .fold((usize::MAX, 0), |(from, to), (_, columns)| (from.min(columns.start), to.max(columns.end)));
        let (low, high) = (runs.first().map_or(0, |run| run.0), runs.last().map_or(0, |run| run.0 + 1));
        let first = [from.min(to), low];
        let (wide, tall) = (to - first[0], high - low);
        // With an empty row to the south and to the north.
        let mut inside = vec![false; wide * (tall + 2)];
        for (row, columns) in &runs {
            let at = (row - low + 1) * wide;
            inside[at + columns.start - first[0]..at + columns.end - first[0]].fill(true);
        }
        let mut lattice = Lattice { first, width: wide + 1, edges: vec![0; (wide + 1) * (tall + 1)] };
        for (row, columns) in runs {
            lattice.bound(row - low, columns.start - first[0]..columns.end - first[0], &inside);
        }
        lattice
    }

    /// Adds the boundary of a run of cells.
    fn bound(&mut self, row: usize, columns: Range<usize>, inside: &[bool]) {
        let wide = self.width - 1;
        let (south, north) = (row * self.width, (row + 1) * self.width);
        self.edges[south + columns.end] |= 1 << NORTH;
        self.edges[north + columns.start] |= 1 << SOUTH;
        for column in columns {
            self.edges[south + column] |= u8::from(!inside[row * wide + column]) << EAST;
            self.edges[north + column + 1] |= u8::from(!inside[(row + 2) * wide + column]) << WEST;
        }
    }

    fn step(&self, at: usize, heading: usize) -> usize {
        match heading {
            EAST => at + 1,
            NORTH => at + self.width,
            WEST => at - 1,
            _ => at - self.width,
        }
    }

    fn corner(&self, raster: &Raster, at: usize) -> [f64; 2] {
        let place = [self.first[0] + at % self.width, self.first[1] + at / self.width];
        [0, 1].map(|k| raster.origin_m[k] + place[k] as f64 * raster.cell_m)
    }
}

/// A region as runs: rows, with the columns from and to which each goes.
fn runs_of(raster: &Raster, region: &Region) -> Vec<(usize, Range<usize>)> {
    let mut runs = Vec::new();
    let mut rest = region.as_slice();
    while let Some(&cell) = rest.first() {
        let (row, column) = (cell / raster.columns, cell % raster.columns);
        let most = raster.columns - column;
        let long = rest.iter().take(most).zip(cell..).take_while(|(next, wanted)| *next == wanted).count();
        runs.push((row, column..column + long));
        rest = &rest[long..];
    }
    runs
}

/// The edge to follow at a corner: the right turn where there are two.
fn turn(out: u8, heading: usize) -> usize {
    let right = (heading + 3) % 4;
    if out & (1 << right) != 0 { right } else { out.trailing_zeros() as usize }
}

/// Area of a ring, m²; negative when it runs clockwise.
pub(crate) fn signed_area(ring: &[[f64; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>() / 2.0
}

#[cfg(test)]
mod tests {
    use geo::{Contains, LineString, Point, Polygon, Rect, Validation};

    use super::*;
    use crate::words::{AgentKey, Dice};

    fn raster() -> Raster {
        Raster::covering(Rect::new((-10.0, -8.0), (10.0, 8.0)), 0.0)
    }

    fn polygon(rings: &[Vec<[f64; 2]>]) -> Polygon<f64> {
        let ring = |points: &Vec<[f64; 2]>| LineString::from(points.clone());
        Polygon::new(ring(&rings[0]), rings[1..].iter().map(ring).collect())
    }

    #[test]
    fn a_rectangle_has_four_corners() {
        let raster = raster();
        let shape = Rect::new((-3.0, -2.0), (4.0, 5.5)).to_polygon();
        let mut wanted = vec![false; raster.len()];
        raster.each_inside(&shape, |cell| wanted[cell] = true);
        let found = regions(&raster, &wanted);
        assert_eq!(found.len(), 1);
        let rings = outlines(&raster, &found[0]);
        assert_eq!(rings, vec![vec![[-3.0, -2.0], [4.0, -2.0], [4.0, 5.5], [-3.0, 5.5]]]);
    }

    /// Random cells: every outline is a valid polygon that holds exactly the cells of its region.
    #[test]
    fn outlines_hold_exactly_their_cells() {
        let raster = raster();
        let (mut holes, mut touching) = (0, 0);
        for seed in 0..40 {
            let mut draw = Dice::new(seed).draw(AgentKey::of("cells"), "trace", 0);
            let share = draw.between(0.3, 0.9);
            let wanted: Vec<bool> = (0..raster.len()).map(|_| draw.chance(share)).collect();
            let found = regions(&raster, &wanted);
            assert_eq!(found.iter().map(Vec::len).sum::<usize>(), wanted.iter().filter(|w| **w).count());
            for region in &found {
                let rings = outlines(&raster, region);
                let area: f64 = rings.iter().map(|r| signed_area(r)).sum();
                assert!(signed_area(&rings[0]) > 0.0 && rings[1..].iter().all(|r| signed_area(r) < 0.0));
                assert_eq!(area, region.len() as f64 * raster.cell_area_m2());
                let shape = polygon(&rings);
                for hole in &rings[1..] {
                    touching += usize::from(hole.iter().any(|p| rings[0].contains(p)));
                }
                holes += rings.len() - 1;
                if region.len() < 60 {
                    assert!(shape.is_valid(), "{rings:?}");
                    let inside = |&cell: &usize| shape.contains(&Point::from(raster.centre(cell)));
                    let held: Vec<usize> = (0..raster.len()).filter(|c| inside(c)).collect();
                    assert_eq!(&held, region);
                }
            }
        }
        assert!(holes > 500 && touching > 20, "{holes} holes, {touching} touch the outer ring");
    }
}
