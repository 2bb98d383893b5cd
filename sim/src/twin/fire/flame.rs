//! Flames: how high they are, what they radiate, and when a neighbour ignites.
//!
//! Heat release in kW, flux in kW/m², lengths in m, temperatures in °C unless K is said.

/// Gravity, m/s².
pub const GRAVITY: f64 = 9.81;
/// Heat capacity of air, kJ/kg K.
pub const CP: f64 = 1.0;
/// Share of a bike's heat that leaves as radiation (plastics: 0.35).
pub const RADIATED: f64 = 0.35;

/// Density of air at a temperature in K, kg/m³.
pub fn air_density(kelvin: f64) -> f64 {
    353.0 / kelvin
}

/// Flame height above the base by Heskestad, L = 0.235 Q^0.4 - 1.02 D, m; never below zero.
pub fn height_m(q_kw: f64, diameter_m: f64) -> f64 {
    (0.235 * libm::pow(q_kw, 0.4) - 1.02 * diameter_m).max(0.0)
}

/// Flame height by the dimensionless form of the same correlation, L = D (3.7 Q*^0.4 - 1.02), m.
pub fn height_by_froude_m(q_kw: f64, diameter_m: f64, ambient_c: f64) -> f64 {
    let kelvin = ambient_c + 273.15;
    let scale = air_density(kelvin) * CP * kelvin * libm::sqrt(GRAVITY) * libm::pow(diameter_m, 2.5);
    (diameter_m * (3.7 * libm::pow(q_kw / scale, 0.4) - 1.02)).max(0.0)
}

/// Diameter of a round fire of an area, m.
pub fn diameter_m(area_m2: f64) -> f64 {
    libm::sqrt(4.0 * area_m2 / std::f64::consts::PI)
}

/// Flux on an upright target at the height of the fire's base that faces the fire, from a point source at a third
/// of the flame's height: cos θ χ Q / (4 π R²). Sound beyond two and a half diameters; nearer it is a floor.
pub fn point_source_flux(q_kw: f64, area_m2: f64, distance_m: f64, ambient_c: f64) -> f64 {
    if q_kw <= 0.0 {
        return 0.0;
    }
    let up = height_by_froude_m(q_kw, diameter_m(area_m2), ambient_c) / 3.0;
    let range = libm::hypot(distance_m, up).max(0.05);
    let facing = distance_m / range;
    facing * RADIATED * q_kw / (4.0 * std::f64::consts::PI * range * range)
}

/// Plastic of a bike's body, as a thick solid: k ρ c in (kW/m²K)² s, and the rise to its ignition, K.
const INERTIA: f64 = 0.19e-3 * 1190.0 * 1420.0e-3;
const RISE_K: f64 = 275.0;
/// Flux below which the plastic never ignites, kW/m² (12 for ABS beside a flame).
pub const CRITICAL_FLUX: f64 = 12.0;
/// Share of the critical flux that the surface loses on the average while it heats up (assumed).
const LOSSES: f64 = 0.6;

/// Time for a thick solid to ignite under a constant net flux, (π/4) k ρ c (ΔT/q)², s.
pub fn ignition_s(net_flux: f64) -> f64 {
    std::f64::consts::FRAC_PI_4 * INERTIA * (RISE_K / net_flux) * (RISE_K / net_flux)
}

/// A bike that is being heated by its burning neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heating {
    dose: f64,
    touched_s: f64,
}

impl Heating {
    /// Takes the flux of all neighbours together and whether a flame touches the bike, over some seconds; true when
    /// it ignites: after 20 s in the flame, or when the flux is over the critical one and the squared net flux has
    /// added up to what a thick solid needs. Below the critical flux it cools again.
    pub fn warm(&mut self, flux: f64, touched: bool, seconds: f64) -> bool {
        let net = flux - LOSSES * CRITICAL_FLUX;
        self.dose =
            if net > 0.0 { self.dose + net * net * seconds } else { self.dose * libm::exp(-seconds / 120.0) };
        self.touched_s = if touched { self.touched_s + seconds } else { 0.0 };
        let enough = std::f64::consts::FRAC_PI_4 * INERTIA * RISE_K * RISE_K;
        self.touched_s >= 20.0 || (flux >= CRITICAL_FLUX && self.dose >= enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance, "{got} instead of {want}");
    }

    #[test]
    fn flame_height_of_one_megawatt() {
        near(height_m(1000.0, 0.944), 2.76, 0.01);
    }

    #[test]
    fn flux_of_a_small_fire_on_a_target_on_the_floor() {
        for (x, expected) in [(0.5, 6.01), (0.75, 3.65), (1.0, 2.33)] {
            near(point_source_flux(100.0, 0.09, x, 20.0), expected, 0.02);
        }
    }

    #[test]
    fn a_thick_plastic_plate_ignites_after_forty_eight_seconds_at_twenty_kilowatts() {
        near(ignition_s(20.0), 47.67, 0.05);
    }

    /// Seconds until a bike ignites beside others that burn with 1 MW each; none within ten minutes.
    fn ignites(distances_m: &[f64]) -> Option<f64> {
        let flux: f64 = distances_m.iter().map(|x| point_source_flux(1000.0, 0.7, *x, 20.0)).sum();
        let mut heating = Heating::default();
        (1..600).map(f64::from).find(|_| heating.warm(flux, false, 1.0))
    }

    #[test]
    fn two_metres_hold_against_one_bike_and_not_against_three() {
        assert_eq!(ignites(&[2.0]), None);
        assert!(ignites(&[2.0, 2.0, 2.0]).is_some());
        assert!(ignites(&[1.2, 1.2]) < ignites(&[2.0, 2.0, 2.0]) && ignites(&[1.2, 1.2]).is_some());
    }

    #[test]
    fn a_flame_that_touches_ignites_after_twenty_seconds_and_not_when_it_lets_go_before() {
        let mut heating = Heating::default();
        assert!((0..19).all(|_| !heating.warm(0.0, true, 1.0)) && heating.warm(0.0, true, 1.0));
        let mut heating = Heating::default();
        assert!((0..19).all(|_| !heating.warm(0.0, true, 1.0)));
        assert!(!heating.warm(0.0, false, 1.0) && !heating.warm(0.0, true, 1.0));
    }
}
