//! Hot gas above a fire: the plume in the open, the jet under a ceiling, and how long it takes to arrive.

use super::flame::{CP, GRAVITY, RADIATED, air_density, diameter_m};

/// Gas at a detector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gas {
    /// Its temperature above ambient, K.
    pub rise_k: f64,
    /// Its speed, m/s.
    pub speed_m_s: f64,
}

/// Still air at ambient temperature.
pub const STILL: Gas = Gas { rise_k: 0.0, speed_m_s: 0.1 };

/// The jet under an open ceiling by Alpert, at a radius from the plume's axis and a ceiling height above the base, m.
/// Fitted for 4.6 to 18 m; used below that for want of better.
pub fn ceiling_jet(q_kw: f64, radius_m: f64, height_m: f64) -> Gas {
    if q_kw <= 0.0 || height_m <= 0.0 {
        return STILL;
    }
    let ratio = radius_m / height_m;
    let rise_k = if ratio <= 0.18 {
        16.9 * libm::pow(q_kw, 2.0 / 3.0) / libm::pow(height_m, 5.0 / 3.0)
    } else {
        5.38 * libm::pow(q_kw / radius_m, 2.0 / 3.0) / height_m
    };
    let speed = if ratio <= 0.15 {
        0.947 * libm::cbrt(q_kw / height_m)
    } else {
        0.197 * libm::cbrt(q_kw) * libm::sqrt(height_m) / libm::pow(radius_m, 5.0 / 6.0)
    };
    Gas { rise_k: rise_k.min(900.0), speed_m_s: speed.max(STILL.speed_m_s) }
}

/// Height of the plume's virtual origin above the base by Heskestad, 0.083 Q^0.4 - 1.02 D, m.
pub fn virtual_origin_m(q_kw: f64, area_m2: f64) -> f64 {
    0.083 * libm::pow(q_kw, 0.4) - 1.02 * diameter_m(area_m2)
}

/// The plume in the open by Heskestad: its rise on the axis at a height above the base, K, falling away from the
/// axis as a bell whose radius is 0.13 of the height (assumed).
pub fn open_plume(q_kw: f64, area_m2: f64, radius_m: f64, height_m: f64, ambient_c: f64) -> Gas {
    let up = height_m - virtual_origin_m(q_kw, area_m2);
    if q_kw <= 0.0 || up <= 0.0 {
        return STILL;
    }
    let wide = radius_m / (0.13 * up);
    let bell = libm::exp(-wide * wide);
    let rise_k = axis_rise_k((1.0 - RADIATED) * q_kw, up, ambient_c) * bell;
    let speed = 1.03 * libm::cbrt((1.0 - RADIATED) * q_kw / up) * bell;
    Gas { rise_k, speed_m_s: speed.max(STILL.speed_m_s) }
}

/// Rise on the plume's axis, 9.1 (T∞/(g cp² ρ²))^⅓ Qc^⅔ (z - z0)^(-5/3), at most 900 K.
fn axis_rise_k(convected_kw: f64, above_origin_m: f64, ambient_c: f64) -> f64 {
    let kelvin = ambient_c + 273.15;
    let density = air_density(kelvin);
    let air = libm::cbrt(kelvin / (GRAVITY * CP * CP * density * density));
    (9.1 * air * libm::pow(convected_kw, 2.0 / 3.0) * libm::pow(above_origin_m, -5.0 / 3.0)).min(900.0)
}

/// Time for smoke to rise to a ceiling and run along it by Mowrer, 0.67 H^(4/3)/Q^⅓ + r^(11/6)/(1.2 Q^⅓ H^½), s.
pub fn transport_lag_s(q_kw: f64, radius_m: f64, height_m: f64) -> f64 {
    let root = libm::cbrt(q_kw.max(0.1));
    0.67 * libm::pow(height_m, 4.0 / 3.0) / root
        + libm::pow(radius_m, 11.0 / 6.0) / (1.2 * root * libm::sqrt(height_m))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance, "{got} instead of {want}");
    }

    #[test]
    fn alpert_far_from_the_axis() {
        near(22.0 + ceiling_jet(410.0, 5.9, 3.72).rise_k, 46.45, 0.02);
        near(ceiling_jet(262.5, 2.2, 2.09).speed_m_s, 0.945, 0.002);
    }

    #[test]
    fn heskestad_on_the_axis() {
        let origin = virtual_origin_m(1245.0, 1.075);
        near(22.0 + axis_rise_k(0.6 * 1245.0, 6.0 - origin, 22.0), 133.78, 0.1);
    }

    #[test]
    fn in_the_open_a_detector_beside_the_plume_sees_nothing() {
        let over = open_plume(500.0, 0.7, 0.0, 3.0, 20.0);
        let beside = open_plume(500.0, 0.7, 3.0, 3.0, 20.0);
        assert!(over.rise_k > 100.0 && beside.rise_k < 0.01);
    }

    #[test]
    fn mowrer_up_and_along() {
        near(transport_lag_s(50.0, 0.0, 2.6), 0.65, 0.01);
        near(transport_lag_s(50.0, 3.0, 2.6), 1.70, 0.02);
    }
}
