//! A gap as a place: its cells, points that stand for it, where to aim.

use std::collections::BTreeSet;

use geo::{LineString, Polygon};

use super::super::answer::Gap;
use super::super::assumed;
use super::super::coverage::HEIGHTS_M;
use super::super::light::Light;
use super::super::raster::Raster;
use super::trial::Wanted;

/// Points that stand for a gap when a change is screened.
const SAMPLE: usize = 64;
/// One aim for so much of a gap, m², and at most so many.
const AIM_M2: f64 = 400.0;
const AIMS: usize = 6;

/// A gap as a place.
pub(super) struct Place {
    /// Index of its height.
    pub(super) level: usize,
    /// The light in which it is a gap.
    pub(super) light: Light,
    /// Its cells.
    pub(super) cells: BTreeSet<u32>,
    /// Points spread over it, at its height.
    pub(super) sample: Vec<[f64; 3]>,
    /// Points of it at which a camera may be aimed, far from each other.
    pub(super) aims: Vec<[f64; 3]>,
}

impl Place {
    pub(super) fn of(gap: &Gap, light: Light, raster: &Raster) -> Place {
        let ring = |points: &Vec<[f64; 2]>| LineString::from(points.clone());
        let mut rings = gap.polygon.iter().map(ring);
        let outline = Polygon::new(rings.next().unwrap_or_else(|| LineString(Vec::new())), rings.collect());
        let mut cells = BTreeSet::new();
        raster.each_inside(&outline, |cell| {
            cells.insert(cell as u32);
        });
        let level = HEIGHTS_M.iter().position(|h| *h == gap.height_m).unwrap_or_default();
        let count = ((gap.area_m2 / AIM_M2) as usize).clamp(1, AIMS);
        Place::of_cells(cells, (level, light), raster, (SAMPLE, count))
    }

    /// Some cells at one height, with so many points that stand for them, and so many aims.
    pub(super) fn of_cells(
        cells: BTreeSet<u32>,
        (level, light): (usize, Light),
        raster: &Raster,
        (points, aims): (usize, usize),
    ) -> Place {
        let at = |&cell: &u32| {
            let [x, y] = raster.centre(cell as usize);
            [x, y, HEIGHTS_M[level]]
        };
        let step = cells.len().div_ceil(points).max(1);
        let sample: Vec<[f64; 3]> = cells.iter().map(at).skip(step / 2).step_by(step).collect();
        Place { level, light, cells, aims: spread(&sample, aims), sample }
    }

    /// Its cells, where and when they are a gap.
    pub(super) fn wanted(&self) -> Wanted<'_> {
        Wanted { level: self.level, light: self.light, cells: &self.cells }
    }

    /// True when so many of its cells are enough.
    pub(super) fn is_enough(&self, cells: usize) -> bool {
        cells as f64 >= assumed::fixes().enough * self.cells.len() as f64
    }
}

/// The point nearest to the middle of some points, then those farthest from the ones taken.
fn spread(points: &[[f64; 3]], count: usize) -> Vec<[f64; 3]> {
    let mean = |k: usize| points.iter().map(|p| p[k]).sum::<f64>() / points.len().max(1) as f64;
    let middle = [mean(0), mean(1), 0.0];
    let first = points.iter().min_by(|a, b| apart(**a, middle).total_cmp(&apart(**b, middle)));
    let mut taken: Vec<[f64; 3]> = first.copied().into_iter().collect();
    while taken.len() < count.min(points.len()) {
        let nearest = |p: &[f64; 3]| taken.iter().map(|t| apart(*p, *t)).fold(f64::INFINITY, f64::min);
        let Some(next) = points.iter().copied().max_by(|a, b| nearest(a).total_cmp(&nearest(b))) else {
            break;
        };
        taken.push(next);
    }
    taken
}

/// Distance in plan, m.
pub(super) fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
    libm::hypot(a[0] - b[0], a[1] - b[1])
}
