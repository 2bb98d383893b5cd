//! Point smoke detectors: obscuration of the gas outside, and the chamber that fills behind its insect screen.

/// Length that stands for the entry resistance of a chamber, m: the lag is this over the speed of the gas.
const ENTRY_M: f64 = 1.8;
/// Specific extinction of flaming soot, m²/kg.
const EXTINCTION: f64 = 8700.0;

/// Obscuration of gas with so much soot, percent per metre.
pub fn obscuration_pct_per_m(soot_kg_m3: f64) -> f64 {
    100.0 * (1.0 - libm::pow(10.0, -optical_density(soot_kg_m3)))
}

/// Optical density per metre of gas with so much soot: 8700 ρ / ln 10.
pub fn optical_density(soot_kg_m3: f64) -> f64 {
    EXTINCTION * soot_kg_m3 / std::f64::consts::LN_10
}

/// Soot in a plume or ceiling jet, kg/m³, from its rise in temperature, K: heat and soot are diluted alike, so
/// each K of rise carries (yield / heat of combustion) / convected share of soot per kg of gas.
pub fn soot_kg_m3(rise_k: f64, soot_yield: f64, ambient_c: f64) -> f64 {
    use crate::twin::fire::flame::{CP, RADIATED, air_density};
    const HEAT_OF_COMBUSTION_KJ_KG: f64 = 25_000.0;
    let gas = air_density(ambient_c + 273.15 + rise_k);
    gas * rise_k * CP * soot_yield / (HEAT_OF_COMBUSTION_KJ_KG * (1.0 - RADIATED))
}

/// A detector's chamber.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chamber {
    /// Obscuration inside, %/m.
    pub pct_per_m: f64,
}

impl Chamber {
    /// Fills from gas of a constant obscuration and speed for some seconds: dY/dt = (Yout - Y) u / L.
    pub fn fill(&mut self, outside_pct_per_m: f64, speed_m_s: f64, seconds: f64) {
        let kept = libm::exp(-seconds * speed_m_s / ENTRY_M);
        self.pct_per_m = outside_pct_per_m + (self.pct_per_m - outside_pct_per_m) * kept;
    }

    /// Seconds until it reaches an obscuration in such gas; nothing when it never does.
    pub fn reaches_in_s(&self, target: f64, outside_pct_per_m: f64, speed_m_s: f64) -> Option<f64> {
        if self.pct_per_m >= target {
            return Some(0.0);
        }
        let ratio = (outside_pct_per_m - self.pct_per_m) / (outside_pct_per_m - target);
        (outside_pct_per_m > target).then(|| ENTRY_M / speed_m_s * libm::log(ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_per_metre_is_about_six_milligrams_of_soot() {
        assert!((obscuration_pct_per_m(5.90e-6) - 5.0).abs() < 0.025);
        assert!((optical_density(5.90e-6) / 0.02228 - 1.0).abs() < 0.005);
        let tenth_of_a_decibel = 100.0 * (1.0 - libm::pow(10.0, -0.01));
        assert!((tenth_of_a_decibel - 2.28).abs() < 0.01);
    }

    #[test]
    fn a_chamber_lags_by_its_entry_length_over_the_speed() {
        let chamber = Chamber::default();
        let slow = chamber.reaches_in_s(5.0, 10.0, 0.1).expect("it fills");
        let fast = chamber.reaches_in_s(5.0, 10.0, 1.0).expect("it fills");
        assert!((slow / fast - 10.0).abs() < 1e-9);
        assert!((fast - 1.8 * std::f64::consts::LN_2).abs() < 1e-9);
        assert_eq!(chamber.reaches_in_s(5.0, 4.0, 1.0), None);
    }

    #[test]
    fn clean_vapour_obscures_less_than_soot() {
        assert!(soot_kg_m3(10.0, 0.03, 20.0) < soot_kg_m3(10.0, 0.10, 20.0));
        assert_eq!(soot_kg_m3(0.0, 0.10, 20.0), 0.0);
    }
}
