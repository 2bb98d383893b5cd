//! When a moving body stands in a ray: solved from the segment that it moves on, not from the grid of ticks.

use crate::twin::frame::{Body, Role};

/// A body on its segment: seen from above a rectangle that is `depth_m` long along its way and `width_m` wide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mover {
    /// Where its middle is at the beginning and at the end, m.
    pub way: [[f64; 2]; 2],
    /// Height of its feet at the beginning and at the end, m.
    pub feet_m: [f64; 2],
    /// Height of its top above its feet, m.
    pub height_m: f64,
    /// Length along its way, m.
    pub depth_m: f64,
    /// Width across its way, m.
    pub width_m: f64,
}

impl Mover {
    /// The body as a beam meets it in this tick.
    pub fn of(body: &Body) -> Mover {
        Mover {
            way: [body.from, body.to],
            feet_m: body.feet_m,
            height_m: body.height_m,
            depth_m: body.depth_m,
            width_m: width_m(body.role),
        }
    }

    /// The highest point that it reaches on its way, m.
    pub fn top_m(&self) -> f64 {
        self.feet_m[0].max(self.feet_m[1]) + self.height_m
    }
}

/// Width of a body across its way, m: shoulders, a car's body, a handlebar.
pub fn width_m(role: Role) -> f64 {
    match role {
        Role::Vehicle => 1.8,
        Role::Bike => 0.65,
        Role::Object => 0.3,
        _ => 0.5,
    }
}

/// One ray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray {
    /// Its ends seen from above, m.
    pub ends: [[f64; 2]; 2],
    /// Its height above ground, m.
    pub height_m: f64,
}

/// The part of the mover's way, as fractions of it, during which it stands in the ray.
///
/// In the mover's own frame the ray slides by at the mover's speed: cut it to the strip that is as wide as the
/// mover, then it meets the rectangle from `(nearest - depth/2)` to `(farthest + depth/2)` along the way. A mover
/// that stands still is taken to face across the ray.
pub fn shadow(ray: Ray, mover: &Mover) -> Option<[f64; 2]> {
    let [from, to] = mover.way;
    let step = [to[0] - from[0], to[1] - from[1]];
    let length = libm::hypot(step[0], step[1]);
    let ahead = if length > 1e-9 { [step[0] / length, step[1] / length] } else { normal(ray.ends)? };
    let own = |p: [f64; 2]| {
        let (x, y) = (p[0] - from[0], p[1] - from[1]);
        [x * ahead[0] + y * ahead[1], y * ahead[0] - x * ahead[1]]
    };
    let (a, b) = (own(ray.ends[0]), own(ray.ends[1]));
    let [k0, k1] = inside(a[1], b[1], -mover.width_m / 2.0, mover.width_m / 2.0)?;
    let along = |k: f64| a[0] + k * (b[0] - a[0]);
    let (near, far) = (along(k0).min(along(k1)), along(k0).max(along(k1)));
    let half = mover.depth_m / 2.0;
    let flat = if length > 1e-9 {
        [(near - half) / length, (far + half) / length]
    } else if near <= half && far >= -half {
        [0.0, 1.0]
    } else {
        return None;
    };
    let upright = inside(mover.feet_m[0], mover.feet_m[1], ray.height_m - mover.height_m, ray.height_m)?;
    let both = [flat[0].max(upright[0]).max(0.0), flat[1].min(upright[1]).min(1.0)];
    (both[0] < both[1]).then_some(both)
}

/// The unit vector across a line; nothing for a line without length.
fn normal(ends: [[f64; 2]; 2]) -> Option<[f64; 2]> {
    let (x, y) = (ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]);
    let length = libm::hypot(x, y);
    (length > 1e-9).then(|| [-y / length, x / length])
}

/// The part of `0..1` on which a value that runs from `start` to `end` lies between `low` and `high`.
fn inside(start: f64, end: f64, low: f64, high: f64) -> Option<[f64; 2]> {
    let run = end - start;
    if run.abs() < 1e-12 {
        return (start >= low && start <= high).then_some([0.0, 1.0]);
    }
    let (p, q) = ((low - start) / run, (high - start) / run);
    let both = [p.min(q).max(0.0), p.max(q).min(1.0)];
    (both[0] <= both[1]).then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAY: Ray = Ray { ends: [[0.0, 0.0], [10.0, 0.0]], height_m: 2.5 };

    fn walker(way: [[f64; 2]; 2], feet_m: [f64; 2]) -> Mover {
        Mover { way, feet_m, height_m: 1.7, depth_m: 0.25, width_m: 0.5 }
    }

    /// Seconds in the ray for a straight crossing at a speed; the way takes one second.
    fn crossing_s(speed: f64) -> f64 {
        let far = speed / 2.0;
        let [t0, t1] = shadow(RAY, &walker([[5.0, -far], [5.0, far]], [2.0, 2.0])).expect("it crosses");
        t1 - t0
    }

    #[test]
    fn a_body_a_quarter_of_a_metre_deep_breaks_a_ray_for_a_quarter_over_its_speed() {
        for (speed, expected_ms) in [(6.25, 40.0), (2.5, 100.0), (1.0, 250.0), (0.5, 500.0)] {
            assert!((crossing_s(speed) * 1000.0 - expected_ms).abs() < 1e-6, "{speed} m/s");
        }
    }

    #[test]
    fn a_slanting_way_takes_longer() {
        // At 45 degrees the strip of 0.5 m cuts 0.5 m more of the way out of the ray: 0.25 + 0.5 m.
        let mover = walker([[4.0, -1.0], [6.0, 1.0]], [2.0, 2.0]);
        let [t0, t1] = shadow(RAY, &mover).expect("it crosses");
        assert!(((t1 - t0) * libm::sqrt(8.0) - 0.75).abs() < 1e-9);
    }

    #[test]
    fn beside_the_end_of_the_zone_nothing_breaks() {
        assert_eq!(shadow(RAY, &walker([[10.3, -1.0], [10.3, 1.0]], [2.0, 2.0])), None);
        assert!(shadow(RAY, &walker([[10.2, -1.0], [10.2, 1.0]], [2.0, 2.0])).is_some());
    }

    #[test]
    fn below_and_above_the_ray_nothing_breaks() {
        assert_eq!(shadow(RAY, &walker([[5.0, -1.0], [5.0, 1.0]], [0.0, 0.0])), None);
        assert_eq!(shadow(RAY, &walker([[5.0, -1.0], [5.0, 1.0]], [2.6, 2.6])), None);
    }

    #[test]
    fn climbing_in_place_breaks_from_when_the_head_comes_up_until_the_feet_are_over() {
        // Feet from 0 to 3 m: the head meets 2.5 m at feet 0.8 m, the feet leave it at 2.5 m.
        let [t0, t1] = shadow(RAY, &walker([[5.0, 0.1], [5.0, 0.1]], [0.0, 3.0])).expect("it climbs");
        assert!((t0 - 0.8 / 3.0).abs() < 1e-9 && (t1 - 2.5 / 3.0).abs() < 1e-9);
        assert_eq!(
            shadow(RAY, &walker([[5.0, 0.2], [5.0, 0.2]], [0.0, 3.0])),
            None,
            "it stands beside the ray"
        );
    }
}
