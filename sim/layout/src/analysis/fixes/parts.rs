//! Open ground cut into parts such as one camera can show.
//!
//! A gap that winds round a whole compound is no place that one could fix. Its cells go to the nearest of some seeds, which
//! are set as far from each other as can be until every cell has one within the radius of the largest circle that fits
//! into a camera's view.

use std::collections::BTreeSet;

use super::super::light::Light;
use super::super::raster::Raster;
use super::super::sightlines::BODY_LEVEL;
use super::super::views::Views;
use super::Ask;
use super::place::Place;
use crate::model::catalogue::CameraModel;
use crate::model::kit::default_density;

/// A part has so many points that stand for it, and so many aims.
const POINTS: usize = 24;
const AIMS: usize = 2;
/// Seeds are looked for among so many points of the ground.
const SEEDS_OF: usize = 4000;
/// No camera is reckoned to reach farther than this, m.
const FAR_M: f64 = 60.0;

/// The parts of the ground on which nobody who stands is seen by day, and of that which is dark by night only; the largest
/// first.
pub(super) fn parts(ask: &Ask<'_>) -> Vec<Place> {
    let radius_m = ask.models.iter().map(|model| fits(model)).fold(1.0, f64::max);
    let (day, night) = (open(ask.views, Light::Day), open(ask.views, Light::Night));
    let dark: Vec<u32> = night.iter().copied().filter(|cell| day.binary_search(cell).is_err()).collect();
    let mut found = Vec::new();
    for (cells, light) in [(day, Light::Day), (dark, Light::Night)] {
        let raster = &ask.views.ground().raster;
        let place = |cells| Place::of_cells(cells, (BODY_LEVEL, light), raster, (POINTS, AIMS));
        found.extend(cut(&cells, raster, radius_m).into_iter().map(place));
    }
    found.sort_by(|a, b| b.cells.len().cmp(&a.cells.len()).then(a.cells.first().cmp(&b.cells.first())));
    found
}

fn open(views: &Views, light: Light) -> Vec<u32> {
    let gap = views.gap_by(BODY_LEVEL, light);
    gap.iter().enumerate().filter(|(_, open)| **open).map(|(cell, _)| cell as u32).collect()
}

/// Radius of the largest circle in the sector that a camera shows at the density of a camera of which nothing is said, m.
fn fits(model: &CameraModel) -> f64 {
    let half = (model.hfov_deg / 2.0).to_radians();
    let reach_m = f64::from(model.pixels[0]) / (2.0 * libm::tan(half) * default_density());
    reach_m.min(FAR_M) * libm::sin(half) / (1.0 + libm::sin(half))
}

fn cut(cells: &[u32], raster: &Raster, radius_m: f64) -> Vec<BTreeSet<u32>> {
    let at = |cell: u32| raster.centre(cell as usize);
    let apart = |a: [f64; 2], b: [f64; 2]| libm::hypot(a[0] - b[0], a[1] - b[1]);
    let points: Vec<[f64; 2]> =
        cells.iter().step_by(cells.len().div_ceil(SEEDS_OF).max(1)).map(|cell| at(*cell)).collect();
    let mut seeds: Vec<[f64; 2]> = points.first().copied().into_iter().collect();
    let mut away: Vec<f64> =
        points.iter().map(|p| seeds.first().map_or(0.0, |seed| apart(*p, *seed))).collect();
    loop {
        let farthest = away.iter().zip(&points).max_by(|a, b| a.0.total_cmp(b.0));
        let Some(seed) = farthest.filter(|(m, _)| **m > radius_m).map(|(_, point)| *point) else { break };
        seeds.push(seed);
        away.iter_mut().zip(&points).for_each(|(m, p)| *m = m.min(apart(*p, seed)));
    }
    let mut parts = vec![BTreeSet::new(); seeds.len()];
    for &cell in cells {
        let near = |seed: &[f64; 2]| apart(at(cell), *seed);
        let nearest = seeds.iter().enumerate().min_by(|a, b| near(a.1).total_cmp(&near(b.1)));
        if let Some((part, _)) = nearest {
            parts[part].insert(cell);
        }
    }
    parts
}
