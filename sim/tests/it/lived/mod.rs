//! Plan against twin on days that are lived: what devices say on the tape is held against what the rule of sight says of the
//! movers' own positions, asked point by point, never looked up in the table that the twin looks up. Guards are judged by an
//! [`eye`] that shares nothing with the plan but its figures.
//!
//! For cameras the rule is written down here once more from the public parts (projection, rays, contrast, lux): a camera sees a chest at
//! [`BODY_M`] that is on its picture, within its range, at its working density, with nothing solid between, with contrast enough
//! in the fog, and by night with light enough of lamps, sky and its own infrared, which falls with the square of the distance.
//!
//! **Tolerances.** The twin asks the middle of the cell on which somebody stands, or of the open cell beside it, so that it may
//! answer for a point up to [`ASIDE_M`] away: where the points so far around do not agree, the plan's answer is [`Verdict::Doubt`]
//! and allows both. In time [`SLACK`] is allowed: a tick of 0.1 s at either end, and the step of these questions, 0.2 s.

mod cameras;
mod eye;
mod guards;

use palisade_sim::analysis::figures::figures;
use palisade_sim::analysis::projection::{Frame, View};
use palisade_sim::analysis::sightlines::{BODY_M, Caster};
use palisade_sim::analysis::veil::transmission;
use palisade_sim::model::Scenario;
use palisade_sim::model::kit::Camera;
use palisade_sim::twin::frame::Track;
use palisade_sim::whole::tracks::position_cm;
use palisade_sim::words::Ms;

/// Cells are half a metre wide: the middle of a cell beside one's own is no farther than this, m.
const ASIDE_M: f64 = 1.1;
/// Step of the questions in time.
const STEP: Ms = Ms(200);
/// What the tape and the plan may differ by in time.
const SLACK: Ms = Ms(500);
/// Twilight that is as good as day, before sunrise and after sunset.
const TWILIGHT: Ms = Ms(20 * 60_000);

/// What the plan says of a point and those around it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// All of them are seen.
    Seen,
    /// None is.
    Unseen,
    /// Some are.
    Doubt,
}

/// The plan's rule of sight for a scenario.
struct Planner<'a> {
    scenario: &'a Scenario,
    caster: Caster,
    views: Vec<(&'a Camera, View)>,
}

impl<'a> Planner<'a> {
    fn of(scenario: &'a Scenario) -> Planner<'a> {
        let views = scenario.file.kit.camera.iter().map(|camera| (camera, View::of(camera))).collect();
        Planner { scenario, caster: Caster::of(scenario), views }
    }

    /// Pixels per metre at which a camera sees a body at a point; nothing when it does not.
    fn camera_sees(&self, row: usize, [x, y]: [f64; 2], day: bool) -> Option<f64> {
        let (camera, view) = &self.views[row];
        let chest = [x, y, BODY_M];
        let Frame::Inside(shown) = view.frame(chest) else { return None };
        let (eye, distance_m) = (view.eye_m(), view.distance_m(chest));
        let near = distance_m <= camera.range_m && shown.px_per_m >= camera.working_px_per_m;
        let stands_out = |eye| self.caster.contrast(eye, chest) >= figures().camera.threshold;
        let lit = || {
            let ratio = camera.ir_range_m / distance_m;
            let air = transmission(distance_m, self.scenario.file.day.visibility_m);
            self.caster.night_lux(chest) + camera.min_lux * ratio * ratio * air >= camera.min_lux
        };
        let seen = near && self.caster.clear_from_mount(eye, chest) && stands_out(eye) && (day || lit());
        seen.then_some(shown.px_per_m)
    }

    /// True where no answer of the camera can be anything but no.
    fn far(&self, row: usize, [x, y]: [f64; 2]) -> bool {
        let (camera, _) = &self.views[row];
        libm::hypot(x - camera.at_m[0], y - camera.at_m[1]) > camera.range_m + ASIDE_M
    }
}

fn is_day(scenario: &Scenario, at: Ms) -> bool {
    let day = &scenario.file.day;
    (day.sunrise.0 - TWILIGHT..day.sunset.0 + TWILIGHT).contains(&Ms(at.0.rem_euclid(Ms::DAY.0)))
}

/// Asks a point, and sixteen around it at half a distance and at all of it.
fn verdict(at: [f64; 2], aside_m: f64, sees: impl Fn([f64; 2]) -> bool) -> Verdict {
    let around = (0..16).map(|i| {
        let (turn, away) = (f64::from(i % 8) * std::f64::consts::FRAC_PI_4, aside_m / f64::from(1 + i / 8));
        [at[0] + away * libm::sin(turn), at[1] + away * libm::cos(turn)]
    });
    let here = sees(at);
    let agree = around.clone().all(|point| sees(point) == here);
    match (agree, here) {
        (true, true) => Verdict::Seen,
        (true, false) => Verdict::Unseen,
        (false, _) => Verdict::Doubt,
    }
}

/// Where a mover is at an instant, m.
fn place(track: &Track, at: Ms) -> Option<[f64; 2]> {
    position_cm(track, at).map(|[x, y, _]| [x, y].map(|cm| f64::from(cm) / 100.0))
}

/// First and last instant of a track.
fn lasting(track: &Track) -> Option<[Ms; 2]> {
    Some([track.corners.first()?.0, track.corners.last()?.0])
}

/// The instants at which a track is asked: every [`STEP`], and its last.
fn instants([from, to]: [Ms; 2]) -> impl Iterator<Item = Ms> {
    (0..=(to.0 - from.0) / STEP.0).map(move |n| from + Ms(n * STEP.0)).chain([to])
}
