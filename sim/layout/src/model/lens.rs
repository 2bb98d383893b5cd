//! Lenses: how far from the middle of the picture a direction falls.
//!
//! A lens is round: a direction at an angle `θ` from the axis falls at a radius `r = f g(θ)`, with `f` the focal length.
//! A rectilinear lens has `g(θ) = u (1 + k1 u² + k2 u⁴)` with `u = tan θ`: the radial terms of Brown and Conrady (D. C. Brown,
//! *Decentering distortion of lenses*, 1966). A fisheye lens of constant pixels per degree has the same with `u = θ`.
//! Past the angle at which `g` stops growing the terms mean nothing, and nothing is shown there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a lens draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LensKind {
    /// Straight lines stay straight, but for its distortion.
    #[default]
    Rectilinear,
    /// Fisheye and wide lenses: equal angles, equal pixels.
    FTheta,
}

/// Whether a lens zooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Focal {
    /// One focal length for ever.
    Fixed,
    /// The operator or the installer changes it.
    Zoom,
}

/// A lens without its focal length.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lens {
    /// How it draws.
    pub kind: LensKind,
    /// The terms `k1` and `k2`.
    pub terms: [f64; 2],
}

/// No direction farther from the axis than this is asked, rad: past it a rectilinear picture is endless.
const RECTILINEAR_END: f64 = std::f64::consts::FRAC_PI_2 - 1e-4;

impl Lens {
    /// `g(θ)`: radius on the picture in focal lengths, for an angle from the axis in rad.
    pub fn radius(&self, angle: f64) -> f64 {
        let u = self.argument(angle);
        let [k1, k2] = self.terms;
        u * (1.0 + u * u * (k1 + u * u * k2))
    }

    /// `dg/dθ`, for an angle in rad.
    pub fn slope(&self, angle: f64) -> f64 {
        let u = self.argument(angle);
        let turn = match self.kind {
            LensKind::Rectilinear => 1.0 + u * u,
            LensKind::FTheta => 1.0,
        };
        self.growth(u) * turn
    }

    /// The widest angle from the axis that the lens shows, rad: there `g` stops growing.
    pub fn widest(&self) -> f64 {
        let (end, angle): (f64, fn(f64) -> f64) = match self.kind {
            LensKind::Rectilinear => (RECTILINEAR_END, libm::atan),
            LensKind::FTheta => (std::f64::consts::PI, |u| u),
        };
        self.turning_point().map_or(end, |u| angle(u).min(end))
    }

    /// The angle whose radius it is, rad; nothing when the lens shows nothing so far from the middle.
    pub fn angle(&self, radius: f64) -> Option<f64> {
        let (mut low, mut high) = (0.0, self.widest());
        if radius < 0.0 || radius > self.radius(high) {
            return None;
        }
        // `g` grows from `low` to `high`: halving always ends, 60 halvings at the last bit.
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.radius(middle) < radius {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(0.5 * (low + high))
    }

    fn argument(&self, angle: f64) -> f64 {
        match self.kind {
            LensKind::Rectilinear => libm::tan(angle),
            LensKind::FTheta => angle,
        }
    }

    /// `dg/du`.
    fn growth(&self, u: f64) -> f64 {
        let [k1, k2] = self.terms;
        1.0 + u * u * (3.0 * k1 + u * u * 5.0 * k2)
    }

    /// The least `u > 0` at which `1 + 3 k1 u² + 5 k2 u⁴` is zero.
    fn turning_point(&self) -> Option<f64> {
        let (a, b) = (5.0 * self.terms[1], 3.0 * self.terms[0]);
        if a == 0.0 {
            return (b < 0.0).then(|| libm::sqrt(-1.0 / b));
        }
        let root = b * b - 4.0 * a;
        if root < 0.0 {
            return None;
        }
        // The stable form of the two roots of `a w² + b w + 1`: `q / a` and `1 / q`.
        let q = -0.5 * (b + libm::copysign(libm::sqrt(root), b));
        let squares = [q / a, 1.0 / q].into_iter().filter(|w| w.is_finite() && *w > 0.0);
        squares.fold(None, |least: Option<f64>, w| Some(least.map_or(w, |l| l.min(w)))).map(libm::sqrt)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lens(kind: LensKind, k1: f64, k2: f64) -> Lens {
        Lens { kind, terms: [k1, k2] }
    }

    #[test]
    fn hand_derived_radii() {
        let deg = std::f64::consts::PI / 180.0;
        for (lens, angle, expected) in [
            (lens(LensKind::Rectilinear, 0.0, 0.0), 45.0 * deg, 1.0),
            (lens(LensKind::Rectilinear, -0.1, 0.0), 45.0 * deg, 0.9),
            (lens(LensKind::Rectilinear, -0.1, 0.02), 45.0 * deg, 0.92),
            (lens(LensKind::FTheta, 0.0, 0.0), 1.2, 1.2),
            (lens(LensKind::FTheta, 0.05, 0.0), 1.0, 1.05),
        ] {
            assert!((lens.radius(angle) - expected).abs() < 1e-12, "{lens:?}");
        }
    }

    #[test]
    fn a_lens_ends_where_its_picture_would_turn_back() {
        // 1 - 0.3 u² is zero at u² = 10/3.
        let barrel = lens(LensKind::Rectilinear, -0.1, 0.0);
        assert!((libm::tan(barrel.widest()) - libm::sqrt(10.0 / 3.0)).abs() < 1e-9);
        let most = barrel.radius(barrel.widest());
        assert_eq!(barrel.angle(most + 1e-6), None, "no second angle for a radius");
        // 1 - 1.5 w + 0.5 w² is zero at w = 1 and 2: the first counts.
        assert!((libm::tan(lens(LensKind::Rectilinear, -0.5, 0.1).widest()) - 1.0).abs() < 1e-9);
        // 1 + 0.3 w - 0.5 w²: one positive root.
        let w = (0.3 + libm::sqrt(0.09 + 2.0)) / 1.0;
        assert!((libm::tan(lens(LensKind::Rectilinear, 0.1, -0.1).widest()) - libm::sqrt(w)).abs() < 1e-9);
        assert_eq!(lens(LensKind::FTheta, 0.0, 0.0).widest(), std::f64::consts::PI);
        assert_eq!(lens(LensKind::Rectilinear, 0.1, 0.1).widest(), RECTILINEAR_END);
    }

    proptest! {
        #[test]
        fn angle_undoes_radius_and_slope_is_the_derivative(
            fisheye: bool, k1 in -0.3..0.3, k2 in -0.1..0.1, share in 0.0..0.98,
        ) {
            let lens = lens(if fisheye { LensKind::FTheta } else { LensKind::Rectilinear }, k1, k2);
            let angle = share * lens.widest().min(1.5);
            let radius = lens.radius(angle);
            let back = lens.angle(radius).expect("within the lens");
            prop_assert!((back - angle).abs() < 1e-7, "{angle} {back}");
            let step = 1e-6;
            let numeric = (lens.radius(angle + step) - lens.radius((angle - step).max(0.0)))
                / (angle + step - (angle - step).max(0.0));
            prop_assert!((numeric - lens.slope(angle)).abs() < 1e-4 * lens.slope(angle).max(1.0), "{numeric}");
        }
    }
}
