//! Where somebody can get in: points along the perimeter's walls and fences, every few metres, and the gates.

use geo::{Contains, Point};

use super::course::{CROUCHED_M, Course, UPRIGHT_M};
use crate::analysis::wall_line::WallLine;
use crate::model::cast::Policy;
use crate::model::site::{Site, WallKind};
use crate::twin::nav::Nav;
use crate::words::Draw;

/// Distance between two points of a wall that are weighed against each other, m.
pub const SPACING_M: f64 = 6.0;
/// Distance of a climber's middle from the wall's line while he goes up and down, m.
const FACE_M: f64 = 0.45;

/// A place to get in.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// The wall or the gate, by its name.
    pub name: String,
    /// Where he comes from, m.
    pub away_m: [f64; 2],
    /// Before the wall or gate, m.
    pub outside_m: [f64; 2],
    /// On its line, m.
    pub line_m: [f64; 2],
    /// Behind it, m.
    pub inside_m: [f64; 2],
    /// What must be overcome.
    pub barrier: Barrier,
}

/// What must be overcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Barrier {
    /// A wall or a fence is climbed, or a fence cut, or a hedge pushed through.
    Wall {
        /// What it is made of.
        made_of: WallKind,
        /// Height of its top, m.
        height_m: f64,
    },
    /// A gate, by its place in the site's list, or a way into an open compound: he walks in behind somebody.
    Gate(Option<usize>),
}

/// All places, in the order of the site's walls and then its gates.
pub fn all(site: &Site, nav: &Nav) -> Vec<Crossing> {
    let mut found = Vec::new();
    for wall in site.rim() {
        let line = WallLine::new(&wall.line);
        let barrier = Barrier::Wall { made_of: wall.made_of, height_m: wall.height_m };
        for [from, to] in line.standing(&site.gates) {
            let count = libm::floor((to - from) / SPACING_M).max(1.0) as usize;
            for n in 0..count {
                let along = from + (to - from) * (n as f64 + 0.5) / count as f64;
                found.extend(over(site, nav, &line, along, wall.id.to_string(), barrier));
            }
        }
    }
    for portal in nav.places.portals.iter().filter(|p| p.foot) {
        let name = portal.gate.map_or_else(|| "open street".to_owned(), |g| site.gates[g].id.to_string());
        let away_m = portal.street[0];
        let (outside_m, line_m) = (portal.before, portal.at);
        let inward = [0, 1].map(|i| portal.at[i] + 2.0 * (portal.at[i] - portal.before[i]));
        let Some(inside_m) = nav.stand_near(inward) else { continue };
        let barrier = Barrier::Gate(portal.gate);
        found.push(Crossing { name, away_m, outside_m, line_m, inside_m, barrier });
    }
    found
}

/// The crossing of the perimeter nearest to a point: where the script sends somebody.
pub fn nearest(site: &Site, nav: &Nav, at_m: [f64; 2]) -> Option<Crossing> {
    let mut best: Option<(f64, Crossing)> = None;
    for wall in site.rim() {
        let line = WallLine::new(&wall.line);
        let barrier = Barrier::Wall { made_of: wall.made_of, height_m: wall.height_m };
        for (start, a, b) in line.pieces() {
            let (x, y) = (b.x - a.x, b.y - a.y);
            let square = (x * x + y * y).max(1e-12);
            let k = (((at_m[0] - a.x) * x + (at_m[1] - a.y) * y) / square).clamp(0.0, 1.0);
            let far = libm::hypot(a.x + k * x - at_m[0], a.y + k * y - at_m[1]);
            if best.as_ref().is_some_and(|(least, _)| *least <= far) {
                continue;
            }
            let along = start + k * libm::sqrt(square);
            if let Some(crossing) = over(site, nav, &line, along, wall.id.to_string(), barrier) {
                best = Some((far, crossing));
            }
        }
    }
    best.map(|(_, crossing)| crossing)
}

/// The crossing of a wall at a distance along it; nothing where one cannot stand on both sides, or where both sides lie
/// inside or outside.
fn over(
    site: &Site,
    nav: &Nav,
    line: &WallLine,
    along: f64,
    name: String,
    barrier: Barrier,
) -> Option<Crossing> {
    let (before, here, after) = (line.at(along - 0.3), line.at(along), line.at(along + 0.3));
    let (x, y) = (after.x - before.x, after.y - before.y);
    let length = libm::hypot(x, y);
    let side = |m: f64| [here.x - m * y / length, here.y + m * x / length];
    let within = |p: [f64; 2]| site.compounds.iter().any(|c| c.outline.contains(&Point::new(p[0], p[1])));
    let (left, right) = (within(side(0.6)), within(side(-0.6)));
    let inward = match (left, right) {
        (true, false) => 1.0,
        (false, true) => -1.0,
        _ => return None,
    };
    let clear = |m: f64| Some(side(m)).filter(|p| nav.is_clear(*p));
    let outside_m = clear(-inward * FACE_M)?;
    let inside_m = clear(inward * FACE_M)?;
    let away_m = [7.0, 5.0, 3.0].into_iter().find_map(|m| clear(-inward * m)).unwrap_or(outside_m);
    Some(Crossing { name, away_m, outside_m, line_m: [here.x, here.y], inside_m, barrier })
}

/// How somebody gets over, drawn for him.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manner {
    /// Seconds to climb one metre of wall.
    pub climb_s_per_m: f64,
    /// Seconds on the top.
    pub top_s: f64,
    /// Cuts a fence instead of climbing it, and how long that takes.
    pub cut_s: Option<f64>,
    /// How fast he goes inside, m/s.
    pub speed_m_s: f64,
}

impl Manner {
    /// Somebody who rushes climbs a metre of wall in a second or so and runs; somebody covert takes his time, walks, and
    /// cuts a fence three times in ten. Fences climb a quarter faster than walls.
    pub fn drawn(draw: &mut Draw, policy: Policy) -> Manner {
        let climb_s_per_m = draw.normal_within(1.6, 0.4, 0.9, 3.0);
        let top_s = draw.between(0.5, 1.3);
        let cut = (draw.chance(0.3), draw.between(25.0, 60.0));
        let pace = draw.between(0.9, 1.1);
        let (quick, speed_m_s) = match policy {
            Policy::Rushing => (0.6, 3.6),
            Policy::Covert => (1.0, 1.3),
            Policy::Random => (0.8, 2.2),
        };
        Manner {
            climb_s_per_m: quick * climb_s_per_m,
            top_s: quick * top_s,
            cut_s: (policy == Policy::Covert && cut.0).then_some(cut.1),
            speed_m_s: pace * speed_m_s,
        }
    }
}

impl Crossing {
    /// Goes on from one side to the other: inward, or outward.
    pub fn cross(&self, course: &mut Course, manner: Manner, inward: bool) {
        let (here, there) =
            if inward { (self.outside_m, self.inside_m) } else { (self.inside_m, self.outside_m) };
        course.walk(&[here], manner.speed_m_s.min(2.0));
        match self.barrier {
            Barrier::Gate(_) => course.walk(&[self.line_m, there], 1.3),
            Barrier::Wall { made_of: WallKind::Hedge, .. } => course.reach(there, 0.0, UPRIGHT_M, 3.0),
            Barrier::Wall { made_of: WallKind::Fence, .. } if manner.cut_s.is_some() => {
                if inward {
                    course.stay(manner.cut_s.unwrap_or(0.0));
                }
                course.reach(there, 0.0, 1.2, 1.5);
            }
            Barrier::Wall { made_of, height_m } => {
                let ease = if made_of == WallKind::Fence { 0.75 } else { 1.0 };
                course.stay(0.1);
                course.reach(here, height_m, UPRIGHT_M, ease * manner.climb_s_per_m * height_m);
                course.reach(there, height_m, CROUCHED_M, manner.top_s);
                course.reach(there, 0.0, UPRIGHT_M, libm::sqrt(2.0 * height_m / 9.81));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{AgentKey, Dice, Ms};

    fn crossing(made_of: WallKind) -> Crossing {
        Crossing {
            name: "w1".into(),
            away_m: [5.0, -7.0],
            outside_m: [5.0, -0.45],
            line_m: [5.0, 0.0],
            inside_m: [5.0, 0.45],
            barrier: Barrier::Wall { made_of, height_m: 2.2 },
        }
    }

    const MANNER: Manner = Manner { climb_s_per_m: 1.5, top_s: 0.9, cut_s: None, speed_m_s: 2.0 };

    #[test]
    fn a_wall_is_climbed_and_its_top_crossed_within_the_time_on_top() {
        let mut course = Course::from(Ms(0), [5.0, -7.0]);
        crossing(WallKind::Wall).cross(&mut course, MANNER, true);
        let top: Vec<_> = course.corners().iter().filter(|c| c.feet_m == 2.2).collect();
        assert_eq!(top.len(), 2);
        assert_eq!((top[1].at - top[0].at), Ms(900));
        assert_eq!((course.last().place_m, course.last().feet_m), ([5.0, 0.45], 0.0));
    }

    #[test]
    fn a_cut_fence_is_passed_on_the_ground_and_takes_longer() {
        let (mut over, mut through) = (Course::from(Ms(0), [5.0, -7.0]), Course::from(Ms(0), [5.0, -7.0]));
        crossing(WallKind::Fence).cross(&mut over, MANNER, true);
        crossing(WallKind::Fence).cross(&mut through, Manner { cut_s: Some(30.0), ..MANNER }, true);
        assert!(through.corners().iter().all(|c| c.feet_m == 0.0));
        assert!(through.last().at > over.last().at);
    }

    #[test]
    fn only_the_covert_cut_and_the_rushing_are_quicker() {
        let of = |policy| -> Vec<Manner> {
            (0..60)
                .map(|n| Manner::drawn(&mut Dice::new(n).draw(AgentKey::of("i"), "m", 0), policy))
                .collect()
        };
        let (covert, rushing) = (of(Policy::Covert), of(Policy::Rushing));
        assert!(covert.iter().any(|m| m.cut_s.is_some()) && rushing.iter().all(|m| m.cut_s.is_none()));
        assert!(covert.iter().zip(&rushing).all(|(c, r)| r.top_s < c.top_s && r.speed_m_s > c.speed_m_s));
    }
}
