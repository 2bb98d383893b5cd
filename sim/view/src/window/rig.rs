//! How the eye is moved: round a point, on foot, in flight, behind somebody, through a camera.

use bevy::ecs::prelude::Resource;
use palisade_sim::analysis::caster::Caster;
use palisade_sim::model::kit::Camera;
use palisade_sim::model::lens::Lens;

use crate::eye::Eye;
use crate::pad::{V3, add, mul};
use crate::scene::Fixed;
use crate::stills::vantage;

/// Height of a walker's eye, m.
const EYE_M: f64 = 1.65;

/// How the eye is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Round a point.
    Orbit,
    /// On foot.
    Walk,
    /// In flight.
    Fly,
    /// Behind a mover, by name.
    Follow(String),
    /// Through a camera of the kit, by name.
    Through(String),
}

impl Mode {
    /// A word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Mode::Orbit => "orbit",
            Mode::Walk => "walk",
            Mode::Fly => "fly",
            Mode::Follow(_) => "follow",
            Mode::Through(_) => "through",
        }
    }
}

/// The eye and how it is moved.
#[derive(Clone, Debug, Resource)]
pub struct Rig {
    /// How.
    pub mode: Mode,
    /// The point that is looked at when orbiting, m.
    pub target: V3,
    /// Distance from it, m.
    pub away: f64,
    /// Where the eye is when walking or flying, m.
    pub place: V3,
    /// Bearing of the view, degrees clockwise from north.
    pub bearing_deg: f64,
    /// Degrees below the horizon.
    pub tilt_deg: f64,
    /// The camera that is looked through.
    pub through: Option<Camera>,
    home: (V3, f64, f64, f64),
}

impl Rig {
    /// Starts from an eye that sees the whole.
    pub fn of(whole: Eye, middle: V3) -> Rig {
        let (at, bearing_deg, tilt_deg) = match whole {
            Eye::Seeing { at, bearing_deg, tilt_deg, .. } => (at, bearing_deg, tilt_deg),
            Eye::Map { .. } => (whole.place(), 0.0, 89.0),
        };
        let away = crate::pad::length(crate::pad::sub(at, middle));
        let home = (middle, away, bearing_deg, tilt_deg);
        Rig { mode: Mode::Orbit, target: middle, away, place: at, bearing_deg, tilt_deg, through: None, home }
    }

    /// Back to the whole.
    pub fn go_home(&mut self) {
        (self.target, self.away, self.bearing_deg, self.tilt_deg) = self.home;
        self.mode = Mode::Orbit;
    }

    /// Looks at a place from near, from a side on which nothing stands before it.
    pub fn look_at(&mut self, place: V3, fixed: &Fixed) {
        let points = [place, [place[0] + 3.0, place[1], place[2]], [place[0], place[1] + 3.0, place[2]]];
        let posts = vantage::posts(&fixed.run.scenario);
        let eye =
            vantage::near(&fixed.caster, &posts, &points, 22.0, place[2] + 11.0, self.bearing_deg, 65.0);
        if let Eye::Seeing { at, bearing_deg, tilt_deg, .. } = eye {
            self.bearing_deg = bearing_deg.rem_euclid(360.0);
            self.tilt_deg = tilt_deg;
            self.away = crate::pad::length(crate::pad::sub(at, place));
        }
        self.mode = Mode::Orbit;
        self.target = place;
    }

    /// Begins to walk below the eye, or some metres before the point that was looked at, where there is room.
    pub fn walk(&mut self, caster: &Caster) {
        let [x, y, _] = self.ground_before();
        let (ahead, right) = self.level();
        let stand = |back: f64, aside: f64| {
            let p = add([x, y, EYE_M], add(mul(ahead, -back), mul(right, aside)));
            let free = |way: V3| caster.clear(p, add(p, mul(way, 1.2)));
            [ahead, right, mul(ahead, -1.0), mul(right, -1.0)].into_iter().all(free).then_some(p)
        };
        let orbit = self.mode == Mode::Orbit;
        let tries = [(5.0, 0.0), (5.0, 3.0), (5.0, -3.0), (9.0, 0.0), (2.5, 4.0), (2.5, -4.0), (-5.0, 0.0)];
        let found = if orbit { tries.into_iter().find_map(|(b, a)| stand(b, a)) } else { stand(0.0, 0.0) };
        self.place = found.unwrap_or([x, y, EYE_M]);
        self.mode = Mode::Walk;
        self.tilt_deg = 0.0;
    }

    /// Begins to fly where the eye is.
    pub fn fly(&mut self) {
        self.place = self.eye(60.0).place();
        self.mode = Mode::Fly;
    }

    fn ground_before(&self) -> V3 {
        match self.mode {
            Mode::Orbit => self.target,
            _ => self.place,
        }
    }

    /// The way that is looked, level, and to its right.
    fn level(&self) -> (V3, V3) {
        let (sin, cos) = self.bearing_deg.to_radians().sin_cos();
        ([sin, cos, 0.0], [cos, -sin, 0.0])
    }

    /// Turns by a drag of so many pixels.
    pub fn turn(&mut self, dx: f64, dy: f64) {
        let orbit = self.mode == Mode::Orbit;
        let by = if orbit { 0.30 } else { -0.18 };
        self.bearing_deg = (self.bearing_deg + dx * by).rem_euclid(360.0);
        let low = if orbit { 2.0 } else { -80.0 };
        self.tilt_deg = (self.tilt_deg + dy * if orbit { 0.25 } else { -0.18 }).clamp(low, 89.0);
    }

    /// Shifts the point that is looked at by a drag.
    pub fn shift(&mut self, dx: f64, dy: f64) {
        let (ahead, right) = self.level();
        let by = self.away * 0.0016;
        self.target = add(self.target, add(mul(right, -dx * by), mul(ahead, dy * by)));
    }

    /// Nears by turns of the wheel.
    pub fn near(&mut self, turns: f64) {
        match self.mode {
            Mode::Orbit | Mode::Follow(_) => {
                self.away = (self.away * 0.88f64.powf(turns)).clamp(2.0, 3_000.0);
            }
            _ => {
                let (ahead, _) = self.level();
                self.step(mul(ahead, turns * 2.0), None);
            }
        }
    }

    /// Moves by keys: metres ahead, to the right, up. On foot walls and buildings stand in the way.
    pub fn go(&mut self, [ahead_m, right_m, up_m]: V3, caster: &Caster) {
        let (ahead, right) = self.level();
        let by = add(mul(ahead, ahead_m), mul(right, right_m));
        match self.mode {
            Mode::Walk => self.step(by, Some(caster)),
            Mode::Fly => self.step(add(by, [0.0, 0.0, up_m]), None),
            Mode::Orbit => self.target = add(self.target, by),
            Mode::Follow(_) | Mode::Through(_) => {}
        }
    }

    fn step(&mut self, by: V3, caster: Option<&Caster>) {
        let to = add(self.place, by);
        if let Some(caster) = caster {
            let knee = |p: V3| [p[0], p[1], 0.6];
            let ahead = add(to, mul(crate::pad::unit(by), 0.4));
            if crate::pad::length(by) < 1e-9 || !caster.clear(knee(self.place), knee(ahead)) {
                return;
            }
        }
        self.place = [to[0], to[1], to[2].max(0.3)];
    }

    /// Keeps behind a mover that goes the way of `bearing_deg`.
    pub fn behind(&mut self, at: V3, bearing_deg: Option<f64>) {
        self.target = [at[0], at[1], at[2] + 1.2];
        if let Some(bearing) = bearing_deg {
            let turn = (bearing - self.bearing_deg + 540.0).rem_euclid(360.0) - 180.0;
            self.bearing_deg = (self.bearing_deg + turn * 0.08).rem_euclid(360.0);
        }
    }

    /// The eye, with a horizontal angle of view for what is no camera.
    pub fn eye(&self, hfov_deg: f64) -> Eye {
        let (bearing_deg, tilt_deg) = (self.bearing_deg, self.tilt_deg);
        match (&self.mode, &self.through) {
            (Mode::Through(_), Some(c)) => Eye::of(c).straight(),
            (Mode::Orbit | Mode::Follow(_), _) => {
                let away = if matches!(self.mode, Mode::Follow(_)) { self.away.min(14.0) } else { self.away };
                let ((sb, cb), (st, ct)) =
                    (bearing_deg.to_radians().sin_cos(), tilt_deg.to_radians().sin_cos());
                let back = mul([sb * ct, cb * ct, -st], -away);
                let at = add(self.target, back);
                Eye::Seeing {
                    at: [at[0], at[1], at[2].max(0.4)],
                    bearing_deg,
                    tilt_deg,
                    hfov_deg,
                    lens: Lens::default(),
                }
            }
            _ => Eye::Seeing { at: self.place, bearing_deg, tilt_deg, hfov_deg, lens: Lens::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rig() -> Rig {
        Rig::of(Eye::looking([0.0, -100.0, 60.0], [0.0, 0.0, 0.0], 60.0), [0.0, 0.0, 0.0])
    }

    #[test]
    fn orbiting_keeps_the_distance_and_looks_at_the_target() {
        let mut rig = rig();
        let before = rig.away;
        rig.turn(200.0, 30.0);
        let eye = rig.eye(60.0);
        let d = crate::pad::length(crate::pad::sub(eye.place(), rig.target));
        assert!((d - before).abs() < 1e-6);
        let [x, y] = eye.project(rig.target, [1280, 720]).expect("it is looked at");
        assert!((x - 640.0).abs() < 1e-6 && (y - 360.0).abs() < 1e-6);
    }
}
