//! The ground that one camera shows, as outlines: what a drawing shows of it.
//!
//! Rays go out from the lens over the ground, and each is followed from its first point that is seen to the first one
//! that is not. Ground that shows again behind a thin thing is left out, so an outline never promises what is hidden;
//! figures are taken from the grid and not from here.

use super::caster::Caster;
use super::projection::View;
use super::sightlines::look;
use crate::model::kit::Camera;

/// Rays of a camera; the turn from one to the next is the angle of view through this less one.
const RAYS: u32 = 41;
/// Distance from one point of a ray to the next, m; an outline is that exact.
const STEP_M: f64 = 0.5;

/// What one ray shows: from where, and for each demanded density up to where, m from the lens over the ground.
struct Ray {
    way: [f64; 2],
    from_m: f64,
    to_m: Vec<f64>,
}

/// Outlines of the ground where a target at `height_m` is shown at `px_per_m` or better, one for each density that is
/// asked for, in the order of asking. Local metres, not closed; empty where no point reaches the density.
pub fn zones(camera: &Camera, caster: &Caster, height_m: f64, px_per_m: &[f64]) -> Vec<Vec<[f64; 2]>> {
    let view = View::of(camera);
    let turn = |i: u32| camera.bearing_deg + camera.hfov_deg * (f64::from(i) / f64::from(RAYS - 1) - 0.5);
    let rays: Vec<Ray> = (0..RAYS).map(|i| ray(camera, &view, caster, height_m, turn(i), px_per_m)).collect();
    (0..px_per_m.len()).map(|class| outline(camera.at_m, &rays, class)).collect()
}

fn ray(
    camera: &Camera,
    view: &View,
    caster: &Caster,
    height_m: f64,
    bearing_deg: f64,
    px_per_m: &[f64],
) -> Ray {
    let bearing = bearing_deg.to_radians();
    let way = [libm::sin(bearing), libm::cos(bearing)];
    let mut ray = Ray { way, from_m: 0.0, to_m: vec![0.0; px_per_m.len()] };
    let mut open = vec![true; px_per_m.len()];
    let steps = libm::floor(camera.range_m / STEP_M) as u32;
    for d in (1..=steps).map(|i| f64::from(i) * STEP_M) {
        let at = [camera.at_m[0] + d * way[0], camera.at_m[1] + d * way[1], height_m];
        let seen = look(view, camera, caster, at).map_or(0.0, |l| l.px_per_m);
        if ray.from_m == 0.0 {
            if seen == 0.0 {
                continue;
            }
            ray.from_m = d;
        }
        for (class, least) in px_per_m.iter().enumerate() {
            open[class] = open[class] && seen > 0.0 && seen >= *least;
            if open[class] {
                ray.to_m[class] = d;
            }
        }
        if open.iter().all(|o| !o) {
            break;
        }
    }
    ray
}

/// Out along the far ends, back along the near ones.
fn outline(eye: [f64; 2], rays: &[Ray], class: usize) -> Vec<[f64; 2]> {
    let at = |ray: &Ray, d: f64| [eye[0] + d * ray.way[0], eye[1] + d * ray.way[1]];
    if rays.iter().all(|r| r.to_m[class] <= r.from_m) {
        return Vec::new();
    }
    let far = rays.iter().map(|r| at(r, r.to_m[class].max(r.from_m)));
    let near = rays.iter().rev().map(|r| at(r, r.from_m));
    far.chain(near).collect()
}
