//! How much heat one burning bike gives, second by second: venting, jets, body, decay, re-ignition.

use crate::words::Draw;

/// What is in the battery box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Battery {
    /// Vents, jets, comes back.
    Lithium,
    /// Only wiring and plastic burn.
    LeadAcid,
}

/// The stage a burning bike is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// White vapour, little soot.
    Venting,
    /// Cell after cell: grows with the square of time.
    Jets,
    /// The plastic burns near the peak.
    Body,
    /// It dies down.
    Decay,
    /// Nothing burns any more.
    Out,
}

/// The heat release curve of one bike, drawn once. Durations in s, heat in kW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Battery.
    pub battery: Battery,
    /// Length of venting.
    pub venting_s: f64,
    /// Heat at the end of venting.
    pub venting_kw: f64,
    /// Growth Q = α t² after it, kW/s².
    pub alpha: f64,
    /// Peak.
    pub peak_kw: f64,
    /// Length of the stage near the peak.
    pub body_s: f64,
    /// Time constant of decay.
    pub decay_s: f64,
    /// Heat of the pack alone, which water does not take away, until `pack_s` after the jets began.
    pub pack_kw: f64,
    /// How long the pack goes on.
    pub pack_s: f64,
}

/// Heat below which a bike counts as out, kW.
pub const OUT_KW: f64 = 5.0;
/// Area that burns, m².
pub const AREA_M2: f64 = 0.7;
/// Height of the base of the fire above the floor, m.
pub const BASE_M: f64 = 0.5;

impl Curve {
    /// Draws a bike: seven in ten have lithium (assumed). Lithium: venting 10-120 s, α 0.047-0.19 kW/s², peak
    /// 0.5-1.2 MW, body 60-300 s; lead-acid: no venting, α 0.003-0.012 kW/s².
    pub fn drawn(draw: &mut Draw) -> Curve {
        let lithium = draw.chance(0.7);
        let mut between = |low, high| draw.between(low, high);
        let (peak_kw, body_s, decay_s) = (between(500.0, 1200.0), between(60.0, 300.0), between(60.0, 150.0));
        let (venting_s, venting_kw, pack_kw, pack_s) =
            (between(10.0, 120.0), between(5.0, 30.0), between(20.0, 60.0), between(120.0, 600.0));
        if lithium {
            let alpha = between(0.047, 0.19);
            let battery = Battery::Lithium;
            Curve { battery, venting_s, venting_kw, alpha, peak_kw, body_s, decay_s, pack_kw, pack_s }
        } else {
            let alpha = between(0.003, 0.012);
            let (battery, peak_kw) = (Battery::LeadAcid, 0.8 * peak_kw);
            let (venting_s, venting_kw, pack_kw, pack_s) = (0.0, 0.0, 0.0, 0.0);
            Curve { battery, venting_s, venting_kw, alpha, peak_kw, body_s, decay_s, pack_kw, pack_s }
        }
    }

    /// Length of the growth from the heat of venting to the peak, s.
    fn growth_s(&self) -> f64 {
        libm::sqrt(((self.peak_kw - self.venting_kw).max(0.0)) / self.alpha)
    }

    /// Length until it is out, s, when nobody does anything.
    pub fn lasting_s(&self) -> f64 {
        let decay = self.decay_s * libm::log((self.peak_kw / OUT_KW).max(1.0));
        self.venting_s + self.growth_s() + self.body_s + decay
    }

    /// The stage at a time since venting began, s.
    pub fn stage(&self, at_s: f64) -> Stage {
        let jets = self.venting_s + self.growth_s();
        match at_s {
            t if t < self.venting_s => Stage::Venting,
            t if t < jets => Stage::Jets,
            t if t < jets + self.body_s => Stage::Body,
            t if t < self.lasting_s() => Stage::Decay,
            _ => Stage::Out,
        }
    }

    /// Heat at a time since venting began when nobody does anything, kW.
    pub fn free_kw(&self, at_s: f64) -> f64 {
        let t = at_s - self.venting_s;
        match self.stage(at_s) {
            Stage::Venting => self.venting_kw * at_s / self.venting_s,
            Stage::Jets => self.venting_kw + self.alpha * t * t,
            Stage::Body => self.peak_kw,
            Stage::Decay => self.peak_kw * libm::exp(-(t - self.growth_s() - self.body_s) / self.decay_s),
            Stage::Out => 0.0,
        }
    }

    /// Heat of the pack alone at a time since venting began, kW: what no water takes away.
    pub fn pack_kw_at(&self, at_s: f64) -> f64 {
        let on = at_s >= self.venting_s && at_s < self.venting_s + self.pack_s;
        if on { self.pack_kw.min(self.free_kw(at_s)) } else { 0.0 }
    }
}

/// Time constant with which water of a spray density, mm/s, takes the burning of plastic down: 3 u^-1.8, s.
pub fn water_constant_s(spray_mm_s: f64) -> f64 {
    3.0 * libm::pow(spray_mm_s, -1.8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{AgentKey, Dice};

    fn drawn(seed: u64) -> Curve {
        Curve::drawn(&mut Dice::new(seed).draw(AgentKey::of("bike"), "curve", 0))
    }

    #[test]
    fn water_constants() {
        for (u, expected) in [(0.07, 359.7), (0.10, 189.3), (0.21, 49.8)] {
            assert!((water_constant_s(u) / expected - 1.0).abs() < 0.005);
        }
    }

    #[test]
    fn the_curve_has_no_jumps_and_ends() {
        for seed in 0..50 {
            let curve = drawn(seed);
            let last = curve.lasting_s();
            let mut before = 0.0;
            for step in 0..(last * 10.0) as u32 {
                let now = curve.free_kw(f64::from(step) / 10.0);
                // The steepest growth is 2 √(α peak) kW/s.
                assert!(
                    (now - before).abs() <= 0.2 * libm::sqrt(0.19 * 1200.0) + 1.0,
                    "seed {seed} step {step}"
                );
                before = now;
            }
            assert!(before < OUT_KW + 0.5 && curve.free_kw(last + 1.0) == 0.0);
        }
    }

    #[test]
    fn lead_acid_grows_slowly_and_never_vents() {
        let all: Vec<Curve> = (0..200).map(drawn).collect();
        let (lead, lithium): (Vec<&Curve>, Vec<&Curve>) =
            all.iter().partition(|c| c.battery == Battery::LeadAcid);
        assert!(lead.len() > 30 && lithium.len() > 100);
        assert!(lead.iter().all(|c| c.stage(0.0) == Stage::Jets && c.pack_kw_at(60.0) == 0.0));
        assert!(
            lead.iter()
                .all(|c| c.growth_s() > lithium.iter().map(|l| l.growth_s()).fold(0.0, f64::max) * 0.8)
        );
    }
}
