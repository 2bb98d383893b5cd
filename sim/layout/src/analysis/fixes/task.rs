//! What a camera is there for, as points that it must go on showing.

use geo::{InterpolatableLine, Length};

use super::super::assumed::fixes;
use super::super::caster::Caster;
use super::super::projection::{EDITIONS, View};
use super::super::rules::passages;
use super::super::sightlines::{BODY_M, look};
use crate::model::Site;
use crate::model::kit::{Camera, CameraTask};

/// Step along a wall, m.
const STEP_M: f64 = 1.0;

/// True when a changed camera goes on showing what it is there for: a gate or door in the class of IEC 62676-4:2014 that it
/// had, the top of a wall of the perimeter at its working density. Other cameras watch ground, and what they lose is
/// counted there.
pub(super) fn kept((old, caster): (&Camera, &Caster), (new, then): (&Camera, &Caster), site: &Site) -> bool {
    let (before, after) = (View::of(old), View::of(new));
    let had = |at: [f64; 3]| look(&before, old, caster, at).map_or(0.0, |l| l.px_per_m);
    let has = |at: [f64; 3]| look(&after, new, then, at).map_or(0.0, |l| l.px_per_m);
    points(old, site).into_iter().all(|at| match old.task {
        CameraTask::Entrance => class(has(at)) >= class(had(at)),
        _ => had(at) < old.working_px_per_m || has(at) >= new.working_px_per_m,
    })
}

/// How many classes of the older edition a density reaches.
fn class(px_per_m: f64) -> usize {
    EDITIONS[0].classes.iter().filter(|class| px_per_m >= class.px_per_m).count()
}

fn points(camera: &Camera, site: &Site) -> Vec<[f64; 3]> {
    let [x, y] = camera.at_m;
    match camera.task {
        CameraTask::Entrance => {
            let near = |at: &[f64; 2]| libm::hypot(at[0] - x, at[1] - y) <= fixes().entrance_within_m;
            let places = passages(site).into_iter().map(|passage| passage.at).filter(near);
            places.map(|[x, y]| [x, y, BODY_M]).collect()
        }
        CameraTask::Perimeter => {
            let walls = site.rim();
            walls.flat_map(|wall| along(&wall.line).map(|[x, y]| [x, y, wall.height_m])).collect()
        }
        CameraTask::Passage | CameraTask::Area => Vec::new(),
    }
}

fn along(line: &geo::LineString<f64>) -> impl Iterator<Item = [f64; 2]> + '_ {
    let steps = libm::ceil(geo::Euclidean.length(line) / STEP_M).max(1.0) as u32;
    let share = move |i: u32| (f64::from(i) + 0.5) / f64::from(steps);
    (0..steps).filter_map(move |i| {
        line.point_at_ratio_from_start(&geo::Euclidean, share(i)).map(|p| [p.x(), p.y()])
    })
}
