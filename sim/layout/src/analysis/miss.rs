//! Why a point is not covered: the camera that comes nearest to covering it decides.
//!
//! Nearest comes by night a camera that would show it if there were light. Then come those that look there, within their
//! range and working density: something stands in the way, or the point lies below or above the picture. Then those that
//! look there with a clear line, but from too far. Then those that could see it if they were turned. Of equals the one at
//! the least distance decides. What another tilt alone would show is owed to the tilt.

use std::cell::LazyCell;

use super::answer::GapReason;
use super::caster::{Caster, Occluder};
use super::figures::figures;
use super::light::Light;
use super::projection::{Frame, View};
use super::sightlines::lit;
use crate::model::kit::Camera;

/// What a gap is owed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Culprit {
    /// A row in `kit.camera`.
    Camera(usize),
    /// Something that stands in the way.
    Thing(Occluder),
}

/// Why a point is not covered, and what it is owed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Miss {
    pub(crate) reason: GapReason,
    pub(crate) culprit: Option<Culprit>,
}

/// Why a point is not covered, and how much density is missing there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) miss: Miss,
    /// Of the cameras that look there with a clear line and from too far: what the picture of one lacks of its working density
    /// there, px/m, the least of them; 0 where it is dense enough and only farther than the camera is used.
    pub(crate) lacks_px_per_m: Option<f64>,
}

/// A camera with its view.
pub(crate) struct Eye<'a> {
    row: usize,
    camera: &'a Camera,
    view: View,
    /// The same camera with its tilt changed by up to half of its vertical angle of view, up and down.
    tilted: [View; TILTS.len()],
    /// Distance on the axis at which its density falls below its working density, or its range if that is less, m.
    reach_m: f64,
}

impl<'a> Eye<'a> {
    pub(crate) fn new(row: usize, camera: &'a Camera) -> Eye<'a> {
        let view = View::of(camera);
        let half_deg = view.vfov_deg() / 2.0;
        let tilted = TILTS.map(|share| {
            let tilt_deg = (camera.tilt_deg + share * half_deg).clamp(LEVEL_DEG, DOWN_DEG);
            View::of(&Camera { tilt_deg, ..camera.clone() })
        });
        let reach_m = camera.range_m.min(view.focal_px() / camera.working_px_per_m.max(1e-6));
        Eye { row, camera, view, tilted, reach_m }
    }
}

/// Changes of tilt that are tried, in shares of half the vertical angle of view.
const TILTS: [f64; 8] = [0.25, -0.25, 0.5, -0.5, 0.75, -0.75, 1.0, -1.0];
/// A bracket turns a camera from the horizon to straight down, degrees.
const LEVEL_DEG: f64 = 0.0;
const DOWN_DEG: f64 = 90.0;

/// True when another tilt alone would put a point on the picture at the working density.
fn by_tilt(eye: &Eye, at: [f64; 3]) -> bool {
    let shows = |view: &View| match view.frame(at) {
        Frame::Inside(shown) => shown.px_per_m >= eye.camera.working_px_per_m,
        Frame::Beside | Frame::Masked(_) | Frame::AboveOrBelow => false,
    };
    eye.tilted.iter().any(shows)
}

/// One camera's miss of a point, before it is known whether the point is hidden.
struct Candidate {
    reason: GapReason,
    rank: u32,
    /// On the picture, within range and dense enough.
    on_picture: bool,
    /// What the picture lacks there of the working density, where the point is on it, px/m.
    lacks_px_per_m: Option<f64>,
    distance_m: f64,
}

fn candidate(eye: &Eye, at: [f64; 3]) -> Candidate {
    let distance_m = eye.view.distance_m(at);
    let frame = eye.view.frame(at);
    let lacks_px_per_m = match &frame {
        Frame::Inside(shown) => Some((eye.camera.working_px_per_m - shown.px_per_m).max(0.0)),
        Frame::Masked(_) | Frame::Beside | Frame::AboveOrBelow => None,
    };
    let (reason, dense) = match frame {
        Frame::Inside(shown) => (None, shown.px_per_m >= eye.camera.working_px_per_m),
        Frame::Masked(shown) => (Some(GapReason::Mask), shown.px_per_m >= eye.camera.working_px_per_m),
        Frame::Beside => (Some(GapReason::OutsideView), distance_m <= eye.reach_m),
        Frame::AboveOrBelow => (Some(GapReason::DeadZone), distance_m <= eye.reach_m),
    };
    let near = dense && distance_m <= eye.camera.range_m;
    let (reason, rank) = match (reason, near) {
        // On the picture and near enough: whatever hides it is the reason.
        (None, true) => (GapReason::Building, 1),
        (Some(reason @ (GapReason::DeadZone | GapReason::Mask)), true) => (reason, 1),
        (None, false) => (GapReason::Range, 2),
        (Some(reason), true) => (reason, 3),
        (Some(_), false) => (GapReason::Range, HOPELESS + 1),
    };
    let on_picture = reason == GapReason::Building;
    let turnable = !on_picture && reason != GapReason::Mask && rank < HOPELESS && near;
    let reason = if turnable && by_tilt(eye, at) { GapReason::Tilt } else { reason };
    Candidate { reason, rank, on_picture, lacks_px_per_m, distance_m }
}

/// Rank of a camera that would not see the point even without its first fault.
const HOPELESS: u32 = 4;
/// Rank of a camera that sees the point, and only has too little light for it.
const UNLIT: u32 = 0;

/// Beyond this many times its reach a camera is not asked whether the point is hidden.
const FAR: f64 = 2.0;

/// Why none of the cameras covers a point, by day or by night.
pub(crate) fn why(eyes: &[Eye], caster: &Caster, at: [f64; 3], light: Light) -> Found {
    let mut nearest: Option<(u32, f64, Miss)> = None;
    let mut least: Option<f64> = None;
    for eye in eyes {
        let candidate = candidate(eye, at);
        // One ray, where it is asked for at all.
        let clear = LazyCell::new(|| caster.clear_from_mount(eye.view.eye_m(), at));
        let lacks = candidate.lacks_px_per_m.filter(|_| !candidate.on_picture);
        if let Some(lacks) = lacks.filter(|lacks| least.is_none_or(|least| *lacks < least) && *clear) {
            least = Some(lacks);
        }
        let beaten =
            |rank: u32| nearest.as_ref().is_some_and(|(r, d, _)| (*r, *d) <= (rank, candidate.distance_m));
        let at_best = if candidate.on_picture && light == Light::Night { UNLIT } else { candidate.rank };
        if beaten(at_best) {
            continue;
        }
        let mut miss = Miss { reason: candidate.reason, culprit: Some(Culprit::Camera(eye.row)) };
        let mut rank = candidate.rank;
        if candidate.on_picture {
            let Some(hidden) = hidden(eye, caster, at, light) else { continue };
            miss = hidden;
            rank = if miss.reason == GapReason::Light { UNLIT } else { rank };
        } else if rank < HOPELESS {
            let far = candidate.distance_m > FAR * eye.reach_m;
            if far || !*clear {
                rank = HOPELESS;
            }
        }
        if !beaten(rank) {
            nearest = Some((rank, candidate.distance_m, miss));
        }
    }
    let nobody = Miss { reason: GapReason::NoCamera, culprit: None };
    Found { miss: nearest.map_or(nobody, |(_, _, miss)| miss), lacks_px_per_m: least }
}

/// What hides a point that is on the picture: something solid, else the veil that takes most, else the fog, else the dark.
fn hidden(eye: &Eye, caster: &Caster, at: [f64; 3], light: Light) -> Option<Miss> {
    let lens = eye.view.eye_m();
    let thing = |thing| Miss { reason: reason_of(thing), culprit: Some(Culprit::Thing(thing)) };
    if let Some(hit) = caster.first_hit_from_mount(lens, at) {
        return Some(thing(hit.occluder));
    }
    if caster.contrast(lens, at) >= figures().camera.threshold {
        let dark =
            light == Light::Night && !lit(eye.camera, caster, caster.night_lux(at), eye.view.distance_m(at));
        return dark.then_some(Miss { reason: GapReason::Light, culprit: Some(Culprit::Camera(eye.row)) });
    }
    let fog = Miss { reason: GapReason::Fog, culprit: Some(Culprit::Camera(eye.row)) };
    Some(caster.thickest_veil(lens, at).map_or(fog, thing))
}

fn reason_of(occluder: Occluder) -> GapReason {
    match occluder {
        Occluder::Building(_) => GapReason::Building,
        Occluder::Wall(_) => GapReason::Wall,
        Occluder::Crown(_) => GapReason::Crown,
        Occluder::Van(_) => GapReason::Vehicle,
    }
}

#[cfg(test)]
mod tests {
    use geo::Rect;

    use super::*;
    use crate::analysis::conditions::{Conditions, Van};
    use crate::analysis::sample;
    use crate::model::Site;
    use crate::model::site::WallKind;

    fn check(
        change: impl FnOnce(&mut Site),
        cameras: &[Camera],
        at: [f64; 2],
        expected: GapReason,
        culprit: Option<Culprit>,
    ) {
        check_under((Conditions::default(), Light::Day), change, cameras, at, expected, culprit);
    }

    fn check_under(
        (conditions, light): (Conditions, Light),
        change: impl FnOnce(&mut Site),
        cameras: &[Camera],
        at: [f64; 2],
        expected: GapReason,
        culprit: Option<Culprit>,
    ) {
        let mut site = sample::bare(-50.0, -50.0, 50.0, 80.0);
        change(&mut site);
        let eyes: Vec<Eye> = cameras.iter().enumerate().map(|(row, camera)| Eye::new(row, camera)).collect();
        let Found { miss, lacks_px_per_m } =
            why(&eyes, &Caster::under(&site, conditions), [at[0], at[1], 1.5], light);
        assert!(expected != GapReason::NoCamera || lacks_px_per_m.is_none(), "{lacks_px_per_m:?}");
        assert_eq!(miss, Miss { reason: expected, culprit });
    }

    #[test]
    fn each_reason_has_its_case() {
        let north = || vec![sample::camera("c", [0.0, 0.0], 0.0)];
        let me = Some(Culprit::Camera(0));
        check(|_| {}, &[], [0.0, 20.0], GapReason::NoCamera, None);
        check(|_| {}, &north(), [0.0, 70.0], GapReason::Range, me);
        check(|_| {}, &north(), [30.0, 5.0], GapReason::OutsideView, me);
        check(|_| {}, &north(), [0.0, -5.0], GapReason::OutsideView, me);
        check(|_| {}, &north(), [0.0, 1.5], GapReason::Tilt, me);
        check(|_| {}, &north(), [0.0, 0.4], GapReason::DeadZone, me);
        let upper_half = vec![[0.0, 0.0], [2560.0, 0.0], [2560.0, 720.0], [0.0, 720.0]];
        let masked = || vec![Camera { mask_px: vec![upper_half.clone()], ..north().remove(0) }];
        check(|_| {}, &masked(), [0.0, 30.0], GapReason::Mask, me);
        check(|_| {}, &masked(), [0.0, 70.0], GapReason::Range, me);
        let block = |site: &mut Site| {
            site.buildings.push(sample::building(
                "b",
                Rect::new((-5.0, 10.0), (5.0, 20.0)).to_polygon(),
                9.0,
            ));
        };
        check(block, &north(), [0.0, 25.0], GapReason::Building, Some(Culprit::Thing(Occluder::Building(0))));
        let wall = |site: &mut Site| {
            site.walls.push(sample::wall("w", WallKind::Wall, &[(-5.0, 20.0), (5.0, 20.0)], 3.0))
        };
        check(wall, &north(), [0.0, 21.0], GapReason::Wall, Some(Culprit::Thing(Occluder::Wall(0))));
        let tree = |site: &mut Site| site.trees.push(sample::tree("t", 0.0, 10.0));
        check(tree, &north(), [0.0, 15.0], GapReason::Crown, Some(Culprit::Thing(Occluder::Crown(0))));
        let bars = |site: &mut Site| {
            site.walls.push(sample::wall("w", WallKind::Fence, &[(0.5, 0.0), (0.5, 40.0)], 4.5));
        };
        check(bars, &north(), [1.0, 30.0], GapReason::Wall, Some(Culprit::Thing(Occluder::Wall(0))));
        let fog = Conditions { visibility_m: 30.0, ..Conditions::default() };
        check_under((fog, Light::Day), |_| {}, &north(), [0.0, 30.0], GapReason::Fog, me);
        let vans = vec![Van::parked("van", [0.0, 15.0], 90.0)];
        let parked = Conditions { vans, ..Conditions::default() };
        let van = Some(Culprit::Thing(Occluder::Van(0)));
        check_under((parked, Light::Day), |_| {}, &north(), [0.0, 17.0], GapReason::Vehicle, van);
        // Its infrared light reaches 30 m.
        let night = || (Conditions::default(), Light::Night);
        check_under(night(), |_| {}, &north(), [0.0, 40.0], GapReason::Light, me);
        // One stands nearer and behind a building; the other one would see it if there were light.
        let both = [north().remove(0), sample::camera("d", [0.0, 68.0], 180.0)];
        check_under(night(), block, &both, [0.0, 25.0], GapReason::Light, Some(Culprit::Camera(1)));
        check_under(
            night(),
            tree,
            &north(),
            [0.0, 15.0],
            GapReason::Crown,
            Some(Culprit::Thing(Occluder::Crown(0))),
        );
    }

    #[test]
    fn a_camera_that_looks_there_decides_before_one_that_looks_away() {
        // The first looks away and stands near with a clear line; the second is far and hidden by a tree.
        let cameras =
            vec![sample::camera("back", [0.0, 25.0], 0.0), sample::camera("far", [0.0, -20.0], 0.0)];
        let me = Some(Culprit::Camera(0));
        check(|_| {}, &cameras[..1], [0.0, 20.0], GapReason::OutsideView, me);
        let change = |site: &mut Site| {
            site.trees.push(sample::tree("t", 0.0, 12.0));
        };
        check(change, &cameras, [0.0, 20.0], GapReason::Crown, Some(Culprit::Thing(Occluder::Crown(0))));
    }
}
