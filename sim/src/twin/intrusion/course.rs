//! A course: where somebody is, how high his feet are and how tall he makes himself, as straight pieces in time.

use crate::words::Ms;

/// Height of somebody upright, m.
pub const UPRIGHT_M: f64 = 1.7;
/// Height of somebody who crouches on a wall, m.
pub const CROUCHED_M: f64 = 0.9;

/// A corner of a course.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corner {
    /// When.
    pub at: Ms,
    /// Where, m.
    pub place_m: [f64; 2],
    /// Height of the feet above ground, m.
    pub feet_m: f64,
    /// Height of the top above the feet, m.
    pub height_m: f64,
}

/// Corners in order of time; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    corners: Vec<Corner>,
}

impl Course {
    /// Stands somewhere from an instant on.
    pub fn from(at: Ms, place_m: [f64; 2]) -> Course {
        Course { corners: vec![Corner { at, place_m, feet_m: 0.0, height_m: UPRIGHT_M }] }
    }

    /// Goes on from where somebody is.
    pub fn starting(corner: Corner) -> Course {
        Course { corners: vec![corner] }
    }

    /// Its corners.
    pub fn corners(&self) -> &[Corner] {
        &self.corners
    }

    /// Where it ends.
    pub fn last(&self) -> Corner {
        self.corners[self.corners.len() - 1]
    }

    /// Goes on along points at a speed, m/s.
    pub fn walk(&mut self, points: &[[f64; 2]], speed_m_s: f64) {
        for place_m in points {
            let from = self.last();
            let length = libm::hypot(place_m[0] - from.place_m[0], place_m[1] - from.place_m[1]);
            if length > 1e-3 {
                let at = from.at + Ms::from_seconds(length / speed_m_s);
                self.corners.push(Corner { at, place_m: *place_m, feet_m: 0.0, height_m: UPRIGHT_M });
            }
        }
    }

    /// Moves to a place and height within some seconds, rounded up to whole ticks, so that a piece of a climb is never
    /// cut by a tick.
    pub fn reach(&mut self, place_m: [f64; 2], feet_m: f64, height_m: f64, seconds: f64) {
        let at = (self.last().at + Ms::from_seconds(seconds)).round_up(Ms::TICK);
        self.corners.push(Corner { at, place_m, feet_m, height_m });
    }

    /// Stays where it is for some seconds, rounded up to whole ticks.
    pub fn stay(&mut self, seconds: f64) {
        let Corner { place_m, feet_m, height_m, .. } = self.last();
        self.reach(place_m, feet_m, height_m, seconds);
    }

    /// The body at an instant: on a piece, or at the nearer end. It is as tall as the taller end of its piece.
    pub fn at(&self, at: Ms) -> Corner {
        let after = self.corners.partition_point(|c| c.at <= at);
        let (Some(before), Some(next)) = (after.checked_sub(1), self.corners.get(after)) else {
            return if after == 0 { self.corners[0] } else { self.last() };
        };
        let before = self.corners[before];
        let k = (at - before.at).seconds() / (next.at - before.at).seconds();
        let place_m = [0, 1].map(|i| before.place_m[i] + k * (next.place_m[i] - before.place_m[i]));
        Corner {
            at,
            place_m,
            feet_m: before.feet_m + k * (next.feet_m - before.feet_m),
            height_m: next.height_m,
        }
    }

    /// When the next corner after an instant is reached.
    pub fn next_after(&self, at: Ms) -> Option<Ms> {
        self.corners.get(self.corners.partition_point(|c| c.at <= at)).map(|c| c.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_walks_climbs_and_is_in_between_in_between() {
        let mut course = Course::from(Ms(1000), [0.0, 0.0]);
        course.walk(&[[0.0, 2.0]], 1.0);
        course.reach([0.0, 2.0], 2.0, UPRIGHT_M, 1.95);
        assert_eq!(course.last().at, Ms(5000), "whole ticks");
        assert_eq!(course.at(Ms(2000)).place_m, [0.0, 1.0]);
        assert!((course.at(Ms(4000)).feet_m - 1.0).abs() < 1e-9);
        assert_eq!(course.at(Ms(0)).place_m, [0.0, 0.0]);
        assert_eq!(course.at(Ms(9000)).feet_m, 2.0);
        assert_eq!(course.next_after(Ms(1000)), Some(Ms(3000)));
        assert_eq!(course.next_after(Ms(5000)), None);
    }
}
