//! A fire: bikes that burn, bikes that are heated by them, and what powder and water take away. Steps of one second.

use super::curve::{AREA_M2, Curve, OUT_KW, Stage, water_constant_s};
use super::flame::{Heating, diameter_m, height_m, point_source_flux};
use crate::words::{AgentKey, Dice};

/// Length of a step, s.
pub const STEP_S: f64 = 1.0;
/// Gap between two bikes below which a flame touches the neighbour, m.
const TOUCH_M: f64 = 0.3;
/// Width of a bike with its handlebar, m.
const BIKE_M: f64 = 0.65;
/// Heat up to which the powder of one extinguisher knocks a bike down, kW.
pub const POWDER_KW: f64 = 300.0;
/// Share of the heat that is left under powder.
const UNDER_POWDER: f64 = 0.1;
/// Spray density of a hose on a burning bike, mm/s: 4 l/s over about 12 m² (assumed).
const HOSE_MM_S: f64 = 0.33;

/// A bike that burns, or may.
#[derive(Clone, Debug, PartialEq)]
pub struct Fuel {
    /// Stable name of its rider.
    pub who: String,
    /// Where it stands, m.
    pub at_m: [f64; 2],
    /// Group and socket, when it stands at one.
    pub socket: Option<(usize, usize)>,
    /// What its neighbours have done to it.
    heating: Heating,
    /// Burns since so many seconds after the fire began, and how.
    burning: Option<(f64, Curve)>,
    powder: Option<[f64; 2]>,
    /// Temperature of the socket beside it, °C.
    pub socket_c: f64,
}

impl Fuel {
    /// A bike that does not burn yet.
    pub fn cold(who: String, at_m: [f64; 2], socket: Option<(usize, usize)>, ambient_c: f64) -> Fuel {
        Fuel {
            who,
            at_m,
            socket,
            heating: Heating::default(),
            burning: None,
            powder: None,
            socket_c: ambient_c,
        }
    }

    /// Sets it alight at a time since the fire began, s.
    pub fn ignite(&mut self, at_s: f64, curve: Curve) {
        self.burning = Some((at_s, curve));
    }

    /// Time since it began to vent and its curve, while it has been burning.
    fn since(&self, at_s: f64) -> Option<(f64, Curve)> {
        self.burning.map(|(began, curve)| (at_s - began, curve)).filter(|(since, _)| *since >= 0.0)
    }

    /// True once it has begun to burn.
    pub fn alight(&self, at_s: f64) -> bool {
        self.since(at_s).is_some()
    }
}

/// All bikes of one fire.
#[derive(Clone, Debug, PartialEq)]
pub struct Blaze {
    /// The bikes; the first is the one with which it began.
    pub fuel: Vec<Fuel>,
    /// Air, °C.
    pub ambient_c: f64,
    /// Water on since, s after the fire began.
    pub water_since: Option<f64>,
    /// Heat of each second since the fire began, kW.
    pub history_kw: Vec<f64>,
    key: u64,
}

impl Blaze {
    /// A fire that begins with the first bike; `key` tells its dice from another fire's.
    pub fn new(fuel: Vec<Fuel>, ambient_c: f64, key: u64) -> Blaze {
        Blaze { fuel, ambient_c, water_since: None, history_kw: Vec::new(), key }
    }

    /// Seconds since it began.
    pub fn now_s(&self) -> f64 {
        self.history_kw.len() as f64 * STEP_S
    }

    /// Heat of one bike now, kW.
    pub fn heat_kw(&self, n: usize) -> f64 {
        let (now, fuel) = (self.now_s(), &self.fuel[n]);
        let Some((since, curve)) = fuel.since(now) else { return 0.0 };
        let free = curve.free_kw(since);
        let pack = curve.pack_kw_at(since);
        let wet = self
            .water_since
            .map_or(1.0, |on| libm::exp(-(now - on.max(now - since)) / water_constant_s(HOSE_MM_S)));
        let powder = fuel.powder.is_some_and(|[from, to]| now >= from && now < to);
        let left = if powder { UNDER_POWDER } else { 1.0 };
        ((free - pack) * wet + pack) * left
    }

    /// Heat of all bikes now, kW.
    pub fn total_kw(&self) -> f64 {
        (0..self.fuel.len()).map(|n| self.heat_kw(n)).sum()
    }

    /// True when nothing burns any more.
    pub fn out(&self) -> bool {
        (0..self.fuel.len()).all(|n| self.heat_kw(n) < OUT_KW && !self.growing(n))
    }

    /// True while a bike has its fire before it: it vents or jets, or powder holds it down for the moment.
    fn growing(&self, n: usize) -> bool {
        let now = self.now_s();
        let Some((since, curve)) = self.fuel[n].since(now) else { return false };
        let held = self.fuel[n].powder.is_some_and(|[from, to]| now >= from && now < to);
        let young = curve.stage(since) <= Stage::Jets && self.water_since.is_none();
        young || (held && curve.free_kw(since) >= OUT_KW) || curve.pack_kw_at(since) >= OUT_KW
    }

    /// Bikes that have burned so far.
    pub fn burned(&self) -> usize {
        self.fuel.iter().filter(|f| f.alight(self.now_s())).count()
    }

    /// Powder on every burning bike that gives less than it can take, for 30 to 60 s each; true when it took any down.
    pub fn powder(&mut self, dice: &Dice) -> bool {
        let now = self.now_s();
        let mut any = false;
        for n in 0..self.fuel.len() {
            let heat = self.heat_kw(n);
            if heat > 0.0 && heat < POWDER_KW {
                let mut draw = dice.draw(AgentKey(self.key), "powder", n as u64);
                self.fuel[n].powder = Some([now, now + draw.between(30.0, 60.0)]);
                any = true;
            }
        }
        any
    }

    /// One second: heat is noted, neighbours are heated and may ignite, sockets warm up.
    pub fn step(&mut self, dice: &Dice) {
        let now = self.now_s();
        let heats: Vec<f64> = (0..self.fuel.len()).map(|n| self.heat_kw(n)).collect();
        for n in 0..self.fuel.len() {
            let (flux, touched) = self.reaching(n, &heats);
            let own = heats[n] * 0.12;
            let (ambient, fuel) = (self.ambient_c, &mut self.fuel[n]);
            // A plastic socket of 4 kJ/m²K that loses 15 W/m²K; its own bike stands half a metre off.
            fuel.socket_c += STEP_S * (flux + own - 0.015 * (fuel.socket_c - ambient)) / 4.0;
            fuel.socket_c = fuel.socket_c.clamp(ambient, 600.0);
            if fuel.burning.is_none() && fuel.heating.warm(flux, touched, STEP_S) {
                let curve = Curve::drawn(&mut dice.draw(AgentKey(self.key), "curve", n as u64));
                // It is heated from outside: its plastic burns at once.
                fuel.ignite(now, Curve { venting_s: 0.0, venting_kw: 0.0, ..curve });
            }
        }
        self.history_kw.push(heats.iter().sum());
    }

    /// Flux on a bike from all others, kW/m², and whether a flame touches it.
    fn reaching(&self, n: usize, heats: &[f64]) -> (f64, bool) {
        let mut flux = 0.0;
        let mut touched = false;
        for (other, heat) in heats.iter().enumerate().filter(|(other, heat)| *other != n && **heat > 0.0) {
            let [dx, dy] = [0, 1].map(|i| self.fuel[other].at_m[i] - self.fuel[n].at_m[i]);
            let distance = libm::hypot(dx, dy);
            let gap = distance - BIKE_M;
            flux += point_source_flux(*heat, AREA_M2, distance.max(0.3), self.ambient_c);
            touched |= gap < TOUCH_M && height_m(*heat, diameter_m(AREA_M2)) > 0.5;
        }
        (flux, touched)
    }

    /// Heat a while ago, kW: what has arrived at a detector after the gas has travelled.
    pub fn heat_ago_kw(&self, seconds: f64) -> f64 {
        let then = self.now_s() - seconds.max(0.0);
        if then < 0.0 {
            return 0.0;
        }
        self.history_kw.get((then / STEP_S) as usize).or(self.history_kw.last()).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::fire::curve::Battery;

    const CURVE: Curve = Curve {
        battery: Battery::Lithium,
        venting_s: 30.0,
        venting_kw: 20.0,
        alpha: 0.1,
        peak_kw: 1000.0,
        body_s: 200.0,
        decay_s: 100.0,
        pack_kw: 40.0,
        pack_s: 300.0,
    };

    fn row(pitch_m: f64, bikes: usize) -> Blaze {
        let mut fuel: Vec<Fuel> = (0..bikes)
            .map(|n| Fuel::cold(format!("bike/{n}"), [pitch_m * n as f64, 0.0], None, 20.0))
            .collect();
        fuel[0].ignite(0.0, CURVE);
        Blaze::new(fuel, 20.0, 5)
    }

    fn run(mut blaze: Blaze, mut each: impl FnMut(&mut Blaze)) -> Blaze {
        let dice = Dice::new(1);
        while blaze.now_s() < 10.0 || !blaze.out() {
            each(&mut blaze);
            blaze.step(&dice);
            assert!(blaze.now_s() < 7200.0, "it never goes out");
        }
        blaze
    }

    #[test]
    fn a_row_at_the_pitch_of_a_shed_burns_along_and_two_metres_apart_it_does_not() {
        assert_eq!(run(row(0.9, 4), |_| ()).burned(), 4);
        assert_eq!(run(row(2.0, 4), |_| ()).burned(), 1);
    }

    #[test]
    fn water_shortens_it_and_leaves_the_pack() {
        let dry = run(row(9.0, 1), |_| ());
        let wet = run(row(9.0, 1), |b| {
            if b.now_s() == 150.0 {
                b.water_since = Some(150.0);
            }
        });
        assert!(wet.now_s() < dry.now_s());
        assert!((35.0..60.0).contains(&wet.history_kw[300]), "the pack goes on: {}", wet.history_kw[300]);
        assert!(dry.history_kw[300] > 900.0);
    }

    #[test]
    fn powder_holds_a_small_fire_down_and_it_comes_back() {
        let dice = Dice::new(1);
        let mut took = Vec::new();
        let held = run(row(9.0, 1), |b| {
            if b.now_s() == 60.0 || b.now_s() == 200.0 {
                took.push(b.powder(&dice));
            }
        });
        assert_eq!(took, [true, false], "it takes a small fire down and not a large one");
        assert!(held.history_kw[61] < 20.0 && held.history_kw[130] > 500.0);
    }
}
