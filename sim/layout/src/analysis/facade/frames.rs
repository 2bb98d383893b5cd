//! On which frames of a facade camera a falling object is seen. Plan and twin ask here.

use super::fall::{Fall, Flight, Missile};
use crate::analysis::assumed::facade;
use crate::analysis::caster::Caster;
use crate::analysis::figures::figures;
use crate::analysis::light::Light;
use crate::analysis::projection::{Frame, View};
use crate::model::kit::FacadeCamera;

/// Frames on which an object must be seen before it counts as a fall (assumed).
pub fn enough_frames() -> u32 {
    facade().camera.enough_frames
}

/// Pixels across a lump of a diameter at a depth along the axis: it has the same size from every side.
pub fn across_px(view: &View, diameter_m: f64, depth_m: f64) -> f64 {
    diameter_m * view.focal_px() / depth_m
}

/// True when nothing solid stands before a point, and fog, bars and bare crowns leave contrast enough.
pub(crate) fn stands_out(view: &View, caster: &Caster, at: [f64; 3]) -> bool {
    let lens = view.eye_m();
    caster.clear_from_mount(lens, at) && caster.contrast(lens, at) >= figures().camera.threshold
}

/// True when the lamps and the sky give a facade camera light enough at a point by night; it carries none of its own.
pub(super) fn lit(caster: &Caster, at: [f64; 3]) -> bool {
    caster.night_lux(at) >= facade().camera.min_lux
}

/// When a fall is filmed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filmed {
    /// When the first frame after the throw is taken, s.
    pub phase_s: f64,
    /// By day or by night.
    pub light: Light,
}

/// The frames of a camera on which a falling object is seen: those on which it is inside the picture, large enough,
/// nothing stands between, and by night lamps and sky light it enough where it is.
pub fn seen(
    camera: &FacadeCamera,
    caster: &Caster,
    missile: Missile,
    fall: &Fall,
    Filmed { phase_s, light }: Filmed,
) -> Vec<Flight> {
    let view = View::up(camera);
    let period = 1.0 / camera.frames_per_s.max(1.0);
    let frames = libm::floor((fall.landing().at_s - phase_s) / period).max(0.0) as usize + 1;
    (0..frames)
        .map(|n| fall.at(phase_s + period * n as f64))
        .filter(|flight| {
            let Frame::Inside(shown) = view.frame(flight.place_m) else { return false };
            across_px(&view, 2.0 * missile.radius_m(), shown.depth_m) >= facade().camera.least_px
                && stands_out(&view, caster, flight.place_m)
                && (light == Light::Day || lit(caster, flight.place_m))
        })
        .collect()
}
