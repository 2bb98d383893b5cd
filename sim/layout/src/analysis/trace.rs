//! Regions of cells, and their outlines along the edges of the cells.

use std::collections::BTreeMap;

use super::raster::Raster;

/// A region: cells that hang together over their edges, in order of their number.
pub(crate) type Region = Vec<usize>;

/// Regions of the cells for which `wanted` is true, in order of their first cell.
pub(crate) fn regions(raster: &Raster, wanted: &[bool]) -> Vec<Region> {
    let mut taken = vec![false; raster.len()];
    let mut regions = Vec::new();
    let mut stack = Vec::new();
    for start in 0..raster.len() {
        if !wanted[start] || taken[start] {
            continue;
        }
        let mut region = Vec::new();
        taken[start] = true;
        stack.push(start);
        while let Some(cell) = stack.pop() {
            region.push(cell);
            for next in neighbours(raster, cell).into_iter().flatten() {
                if wanted[next] && !taken[next] {
                    taken[next] = true;
                    stack.push(next);
                }
            }
        }
        region.sort_unstable();
        regions.push(region);
    }
    regions
}

/// Neighbours to the south, east, north and west.
fn neighbours(raster: &Raster, cell: usize) -> [Option<usize>; 4] {
    let (column, row) = (cell % raster.columns, cell / raster.columns);
    [
        (row > 0).then(|| cell - raster.columns),
        (column + 1 < raster.columns).then_some(cell + 1),
        (row + 1 < raster.rows).then_some(cell + raster.columns),
        (column > 0).then(|| cell - 1),
    ]
}

/// East, north, west, south, as steps of (column, row).
const STEPS: [(isize, isize); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// Outlines of a region: the outer ring first, counter-clockwise, then its holes, clockwise. Only corners are kept;
/// rings are not closed. Where two cells touch at a corner only, the ring turns right, so that rings never cross.
pub(crate) fn outlines(raster: &Raster, region: &Region) -> Vec<Vec<[f64; 2]>> {
    let edges = boundary(raster, region);
    let mut left = edges.clone();
    let mut rings: Vec<Vec<[f64; 2]>> = Vec::new();
    while let Some((&start, &out)) = left.iter().next() {
        let first = out.trailing_zeros() as usize;
        let (mut at, mut heading) = (start, first);
        let mut ring = vec![corner(raster, at)];
        loop {
            take(&mut left, at, heading);
            at = step(raster, at, heading);
            let turned = turn(edges.get(&at).copied().unwrap_or(0), heading);
            if (at, turned) == (start, first) {
                break;
            }
            if turned != heading {
                ring.push(corner(raster, at));
            }
            heading = turned;
        }
        rings.push(ring);
    }
    rings.sort_by_key(|ring| signed_area(ring) < 0.0);
    rings
}

/// Edges of the region by the lattice point they leave, as bits of their heading, the region on their left.
fn boundary(raster: &Raster, region: &Region) -> BTreeMap<usize, u8> {
    let mut edges: BTreeMap<usize, u8> = BTreeMap::new();
    let width = raster.columns + 1;
    for &cell in region {
        let south_west = cell / raster.columns * width + cell % raster.columns;
        let leaves = [south_west, south_west + 1, south_west + width + 1, south_west + width];
        for (heading, next) in neighbours(raster, cell).into_iter().enumerate() {
            if next.is_none_or(|n| region.binary_search(&n).is_err()) {
                *edges.entry(leaves[heading]).or_default() |= 1 << heading;
            }
        }
    }
    edges
}

fn take(left: &mut BTreeMap<usize, u8>, at: usize, heading: usize) {
    if let Some(out) = left.get_mut(&at) {
        *out &= !(1 << heading);
        if *out == 0 {
            left.remove(&at);
        }
    }
}

fn step(raster: &Raster, at: usize, heading: usize) -> usize {
    let (east, north) = STEPS[heading];
    at.wrapping_add_signed(east + north * (raster.columns as isize + 1))
}

/// The edge to follow at a lattice point: the right turn where there are two.
fn turn(out: u8, heading: usize) -> usize {
    let right = (heading + 3) % 4;
    if out & (1 << right) != 0 { right } else { out.trailing_zeros() as usize }
}

fn corner(raster: &Raster, at: usize) -> [f64; 2] {
    let width = raster.columns + 1;
    [
        raster.origin_m[0] + (at % width) as f64 * raster.cell_m,
        raster.origin_m[1] + (at / width) as f64 * raster.cell_m,
    ]
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
