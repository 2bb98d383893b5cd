//! How a thrown object falls: gravity and air drag, until it meets the ground.

/// Gravity, m/s².
const GRAVITY: f64 = 9.81;
/// Density of air, kg/m³.
const AIR: f64 = 1.2;
/// Step of the integration, s.
const STEP_S: f64 = 0.005;

/// What is thrown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Missile {
    /// Mass, kg.
    pub mass_kg: f64,
    /// Drag coefficient times frontal area, m².
    pub drag_m2: f64,
}

impl Missile {
    /// A tumbling lump of a mass: as a ball of 500 kg/m³ with a drag coefficient of 0.8 (assumed: bottles, bags of
    /// rubbish, flower pots lie around it).
    pub fn lump(mass_kg: f64) -> Missile {
        let radius = libm::cbrt(3.0 * mass_kg / (4.0 * std::f64::consts::PI * 500.0));
        Missile { mass_kg, drag_m2: 0.8 * std::f64::consts::PI * radius * radius }
    }

    /// A lump of a diameter, m.
    pub fn of_diameter(diameter_m: f64) -> Missile {
        let radius = diameter_m / 2.0;
        Missile::lump(500.0 * 4.0 / 3.0 * std::f64::consts::PI * radius * radius * radius)
    }

    /// Speed at which drag carries the weight, m/s.
    pub fn terminal_m_s(&self) -> f64 {
        libm::sqrt(2.0 * self.mass_kg * GRAVITY / (AIR * self.drag_m2))
    }

    /// Radius of the lump, m.
    pub fn radius_m(&self) -> f64 {
        libm::sqrt(self.drag_m2 / (0.8 * std::f64::consts::PI))
    }

    fn acceleration(&self, velocity: [f64; 3]) -> [f64; 3] {
        let speed = libm::sqrt(velocity.iter().map(|v| v * v).sum());
        let drag = AIR * self.drag_m2 * speed / (2.0 * self.mass_kg);
        [-drag * velocity[0], -drag * velocity[1], -drag * velocity[2] - GRAVITY]
    }
}

/// An object in flight at an instant after the throw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    /// Time since the throw, s.
    pub at_s: f64,
    /// Where, m: east, north, up.
    pub place_m: [f64; 3],
    /// How fast, m/s.
    pub velocity: [f64; 3],
}

/// A fall from the throw to the ground, in steps of 5 ms; the last entry lies on the ground.
#[derive(Clone, Debug, PartialEq)]
pub struct Fall {
    steps: Vec<Flight>,
}

impl Fall {
    /// Lets an object fly from a place with a velocity, by the midpoint rule.
    pub fn of(missile: Missile, from_m: [f64; 3], velocity: [f64; 3]) -> Fall {
        let mut now = Flight { at_s: 0.0, place_m: from_m, velocity };
        let mut steps = vec![now];
        while now.place_m[2] > 0.0 {
            let half = add(now.velocity, missile.acceleration(now.velocity), STEP_S / 2.0);
            let next = Flight {
                at_s: now.at_s + STEP_S,
                place_m: add(now.place_m, half, STEP_S),
                velocity: add(now.velocity, missile.acceleration(half), STEP_S),
            };
            now = if next.place_m[2] < 0.0 { between(&now, &next, landing(&now, &next)) } else { next };
            steps.push(now);
        }
        Fall { steps }
    }

    /// Where it hits the ground, when, and how fast.
    pub fn landing(&self) -> Flight {
        self.steps[self.steps.len() - 1]
    }

    /// The object at a time since the throw, s; on the ground after it has landed.
    pub fn at(&self, seconds: f64) -> Flight {
        let after = self.steps.partition_point(|f| f.at_s <= seconds);
        match (after.checked_sub(1), self.steps.get(after)) {
            (Some(before), Some(next)) => {
                let before = &self.steps[before];
                between(before, next, (seconds - before.at_s) / (next.at_s - before.at_s))
            }
            (None, Some(first)) => *first,
            (_, None) => self.landing(),
        }
    }
}

impl Flight {
    /// Its speed, m/s.
    pub fn speed_m_s(&self) -> f64 {
        libm::sqrt(self.velocity.iter().map(|v| v * v).sum())
    }
}

fn add(a: [f64; 3], b: [f64; 3], k: f64) -> [f64; 3] {
    [a[0] + k * b[0], a[1] + k * b[1], a[2] + k * b[2]]
}

/// The fraction of a step at which the object meets the ground.
fn landing(before: &Flight, after: &Flight) -> f64 {
    before.place_m[2] / (before.place_m[2] - after.place_m[2])
}

fn between(a: &Flight, b: &Flight, k: f64) -> Flight {
    let mix = |p: [f64; 3], q: [f64; 3]| [0, 1, 2].map(|i| p[i] + k * (q[i] - p[i]));
    let mut place_m = mix(a.place_m, b.place_m);
    place_m[2] = place_m[2].max(0.0);
    Flight { at_s: a.at_s + k * (b.at_s - a.at_s), place_m, velocity: mix(a.velocity, b.velocity) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_A_VACUUM: Missile = Missile { mass_kg: 1.0, drag_m2: 0.0 };

    #[test]
    fn without_air_it_falls_as_galileo_says() {
        let fall = Fall::of(IN_A_VACUUM, [0.0, 0.0, 45.0], [2.0, 0.0, 0.0]);
        let end = fall.landing();
        let expected = libm::sqrt(2.0 * 45.0 / GRAVITY);
        assert!((end.at_s - expected).abs() < 1e-3, "{}", end.at_s);
        assert!((end.place_m[0] - 2.0 * expected).abs() < 1e-2);
        assert!((end.speed_m_s() - libm::sqrt(2.0 * GRAVITY * 45.0 + 4.0)).abs() < 0.05);
    }

    #[test]
    fn air_makes_it_slower_and_a_light_one_more_so() {
        let fall = |mass| Fall::of(Missile::lump(mass), [0.0, 0.0, 60.0], [2.0, 0.0, 0.0]).landing();
        assert!(fall(0.05).at_s > fall(2.0).at_s && fall(2.0).at_s > libm::sqrt(120.0 / GRAVITY));
        assert!(fall(0.05).speed_m_s() < Missile::lump(0.05).terminal_m_s());
    }

    #[test]
    fn from_very_high_it_reaches_its_terminal_speed() {
        let missile = Missile::lump(0.2);
        let end = Fall::of(missile, [0.0, 0.0, 2000.0], [0.0; 3]).landing();
        assert!((end.speed_m_s() / missile.terminal_m_s() - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_lump_of_a_diameter_has_it() {
        assert!((Missile::of_diameter(0.1).radius_m() - 0.05).abs() < 1e-12);
    }

    #[test]
    fn in_between_it_is_where_the_steps_say() {
        let fall = Fall::of(IN_A_VACUUM, [0.0, 0.0, 20.0], [0.0; 3]);
        assert!((fall.at(1.0).place_m[2] - (20.0 - GRAVITY / 2.0)).abs() < 1e-3);
        assert_eq!(fall.at(60.0), fall.landing());
        assert_eq!(fall.at(0.0).place_m[2], 20.0);
    }
}
