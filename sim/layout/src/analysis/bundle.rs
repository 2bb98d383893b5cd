//! Many lines from one eye to points that lie close together, each answered by itself.
//!
//! The lines go through the tree of boxes together, and each triangle that is found is tried on all of them at once in
//! single precision. That settles most of them; the few for which rounding could decide are asked by
//! [`Scene::stops`]. The answers are those of [`Scene::clear`].

use super::scene::{Cone, Ends, Scene};
use super::vector::{Vec3, dot, sub};

/// Lines in a bundle.
pub const WIDTH: usize = 64;
/// Share of the lengths involved that the rounding of single precision stays below.
const ROUGH: f64 = 1e-6;
/// Rounding of the share of a line at which it enters or leaves a box.
const SLIVER: f32 = 1e-5;

impl Scene {
    /// Answers for the lines from an eye to up to [`WIDTH`] points: a bit for each point, 1 when it is seen.
    ///
    /// # Panics
    /// When there are more points than that.
    pub fn clear_bundle(&self, eye_m: [f64; 3], points_m: &[[f64; 3]], ends: Ends) -> u64 {
        assert!(points_m.len() <= WIDTH, "a bundle holds {WIDTH} lines");
        if points_m.is_empty() {
            return 0;
        }
        let bundle = Bundle::new(eye_m, points_m, self.middle);
        let mut open = !0u64 >> (WIDTH - points_m.len());
        self.search(
            |low, high| bundle.enters(low, high),
            |facet| {
                let cone = Cone::new(&self.facets[facet], eye_m, bundle.reach_m, ends);
                let stops = |i: usize| self.stops(facet, eye_m, points_m[i], ends);
                open = bundle.meet(&cone, open, stops);
                open != 0
            },
        );
        open
    }
}

struct Bundle {
    /// From the eye to the points, along each axis, m. Places that are left over repeat the first point.
    ways: [[f32; WIDTH]; 3],
    least: [f32; 3],
    most: [f32; 3],
    /// The eye, about the scene's middle.
    eye: [f32; 3],
    /// No point is farther from the eye than this, m.
    reach_m: f64,
}

impl Bundle {
    fn new(eye: Vec3, points: &[Vec3], middle: Vec3) -> Bundle {
        let mut ways = [[0f32; WIDTH]; 3];
        let (mut least, mut most) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
        let mut reach2 = 0f64;
        for i in 0..WIDTH {
            let way = sub(points[if i < points.len() { i } else { 0 }], eye);
            reach2 = reach2.max(dot(way, way));
            for k in 0..3 {
                ways[k][i] = way[k] as f32;
                (least[k], most[k]) = (least[k].min(ways[k][i]), most[k].max(ways[k][i]));
            }
        }
        Bundle { ways, least, most, eye: sub(eye, middle).map(|x| x as f32), reach_m: libm::sqrt(reach2) }
    }

    /// True when a box may hold a piece of one of the lines.
    fn enters(&self, low: [f32; 3], high: [f32; 3]) -> bool {
        let (mut enter, mut leave) = (0f32, 1f32);
        for k in 0..3 {
            let (low, high) = (low[k] - self.eye[k], high[k] - self.eye[k]);
            let (least, most) = (self.least[k], self.most[k]);
            if low > 0.0 {
                if most <= 0.0 {
                    return false;
                }
                enter = enter.max(low / most);
            } else if high < 0.0 {
                if least >= 0.0 {
                    return false;
                }
                enter = enter.max(high / least);
            }
            if least > 0.0 {
                leave = leave.min(high / least);
            } else if most < 0.0 {
                leave = leave.min(low / most);
            }
        }
        enter <= leave + SLIVER
    }

    /// Tries a facet on the lines that are still open; returns those that then are.
    fn meet(&self, cone: &Cone, open: u64, stops: impl Fn(usize) -> bool) -> u64 {
        let margins = self.margins(cone);
        let most = margins.iter().fold(f32::NEG_INFINITY, |most, &m| if m > most { m } else { most });
        if most < -1.0 {
            return open;
        }
        let sure = if cone.never_sure { f32::INFINITY } else { 1.0 };
        let (mut hit, mut doubt) = (0u64, 0u64);
        for (i, &margin) in margins.iter().enumerate() {
            hit |= u64::from(margin > sure) << i;
            doubt |= u64::from(margin >= -1.0) << i;
        }
        let mut left = open & !hit;
        let mut asked = left & doubt;
        while asked != 0 {
            let i = asked.trailing_zeros() as usize;
            asked &= asked - 1;
            if stops(i) {
                left &= !(1 << i);
            }
        }
        left
    }

    /// How far inside the facet's cone each point lies, in units of what rounding may amount to.
    fn margins(&self, cone: &Cone) -> [f32; WIDTH] {
        let mut margins = [f32::INFINITY; WIDTH];
        for ((normal, offset), sure) in cone.sides.iter().zip(cone.sure) {
            let size = normal.iter().map(|x| x.abs()).sum::<f64>() * self.reach_m + offset;
            let unit = 1.0 / (sure + ROUGH * size);
            let [a, b, c] = normal.map(|x| (x * unit) as f32);
            let d = (offset * unit) as f32;
            let [east, north, up] = &self.ways;
            for i in 0..WIDTH {
                let inside = a * east[i] + b * north[i] + c * up[i] - d;
                margins[i] = if inside < margins[i] { inside } else { margins[i] };
            }
        }
        margins
    }
}
