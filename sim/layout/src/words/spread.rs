//! Distributions by formula, for answers that are worked out and not drawn. They are those of [`super::Draw`]: what is
//! drawn often enough comes out as it is worked out here.

use serde::{Deserialize, Serialize};

/// A normal distribution cut off at both ends, as [`super::Draw::normal_within`] draws it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Mean of the normal distribution before it is cut.
    pub mean: f64,
    /// Its standard deviation; 0 makes every value the mean.
    pub sd: f64,
    /// Nothing is less.
    pub low: f64,
    /// Nothing is more.
    pub high: f64,
}

impl Spread {
    /// Always the same.
    pub const fn point(value: f64) -> Spread {
        Spread { mean: value, sd: 0.0, low: value, high: value }
    }

    /// Probability of a value less than or equal to `x`.
    pub fn below(&self, x: f64) -> f64 {
        if x < self.low {
            0.0
        } else if x >= self.high {
            1.0
        } else if self.sd <= 0.0 {
            f64::from(u8::from(x >= self.mean))
        } else {
            (self.normal(x) - self.normal(self.low)) / self.mass()
        }
    }

    /// Probability of a value greater than or equal to `x`.
    pub fn from(&self, x: f64) -> f64 {
        if self.sd <= 0.0 { f64::from(u8::from(x <= self.mean)) } else { 1.0 - self.below(x) }
    }

    /// Density at `x`; of no use when `sd` is 0.
    pub fn density(&self, x: f64) -> f64 {
        if !(self.low..=self.high).contains(&x) || self.sd <= 0.0 {
            return 0.0;
        }
        let z = (x - self.mean) / self.sd;
        libm::exp(-z * z / 2.0) / (self.sd * libm::sqrt(std::f64::consts::TAU) * self.mass())
    }

    /// The value that a share of all stays below, by halving.
    pub fn quantile(&self, share: f64) -> f64 {
        let (mut low, mut high) = (self.low, self.high);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if self.below(middle) < share { low = middle } else { high = middle }
        }
        (low + high) / 2.0
    }

    /// The mean of `f` over the distribution. `breaks` are where `f` has a kink or a jump.
    pub fn mean_of(&self, breaks: &[f64], f: impl Fn(f64) -> f64) -> f64 {
        if self.sd <= 0.0 {
            return f(self.mean);
        }
        let mut ends = vec![self.low];
        ends.extend(breaks.iter().copied().filter(|x| *x > self.low && *x < self.high));
        ends.push(self.high);
        ends.sort_by(f64::total_cmp);
        ends.windows(2).map(|w| integral([w[0], w[1]], |x| self.density(x) * f(x))).sum()
    }

    fn normal(&self, x: f64) -> f64 {
        standard_normal((x - self.mean) / self.sd)
    }

    fn mass(&self) -> f64 {
        self.normal(self.high) - self.normal(self.low)
    }
}

/// Probability that a log-normal value, as [`super::Draw::log_normal`] draws it, is `x` or more.
pub fn log_normal_from(median: f64, sigma: f64, x: f64) -> f64 {
    if x <= 0.0 { 1.0 } else { 1.0 - standard_normal(libm::log(x / median) / sigma) }
}

/// The distribution function of the standard normal distribution.
fn standard_normal(z: f64) -> f64 {
    libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

/// Panels of the quadrature over one smooth stretch.
const PANELS: usize = 16;

/// The integral of a smooth function, by the Gauss and Legendre rule of three points on [`PANELS`] panels.
fn integral([from, to]: [f64; 2], f: impl Fn(f64) -> f64) -> f64 {
    let aside = libm::sqrt(0.6);
    let half = (to - from) / (2 * PANELS) as f64;
    (0..PANELS)
        .map(|i| {
            let middle = from + half * (2 * i + 1) as f64;
            half / 9.0 * (5.0 * f(middle - aside * half) + 8.0 * f(middle) + 5.0 * f(middle + aside * half))
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{AgentKey, Dice};

    const SPEED: Spread = Spread { mean: 8.0, sd: 2.0, low: 4.0, high: 14.0 };

    #[test]
    fn what_is_drawn_often_comes_out_as_worked_out() {
        let mut draw = Dice::new(4).draw(AgentKey::of("test"), "spread", 0);
        let drawn: Vec<f64> = (0..20_000).map(|_| draw.normal_within(8.0, 2.0, 4.0, 14.0)).collect();
        let logs: Vec<f64> = (0..20_000).map(|_| draw.log_normal(0.12, 0.8)).collect();
        let share =
            |all: &[f64], from: f64| all.iter().filter(|x| **x >= from).count() as f64 / all.len() as f64;
        for x in [4.0, 5.0, 8.0, 11.0, 13.9, 14.0] {
            assert!((share(&drawn, x) - SPEED.from(x)).abs() < 0.012, "{x}: {}", SPEED.from(x));
        }
        for x in [0.02, 0.05, 0.12, 0.5] {
            assert!((share(&logs, x) - log_normal_from(0.12, 0.8, x)).abs() < 0.012, "{x}");
        }
    }

    #[test]
    fn the_density_sums_to_one_and_quantiles_lead_back() {
        assert!((SPEED.mean_of(&[], |_| 1.0) - 1.0).abs() < 1e-9);
        assert!((SPEED.mean_of(&[9.0], |v| f64::from(u8::from(v >= 9.0))) - SPEED.from(9.0)).abs() < 1e-9);
        for share in [0.05, 0.5, 0.9] {
            assert!((SPEED.below(SPEED.quantile(share)) - share).abs() < 1e-12);
        }
    }

    #[test]
    fn a_point_is_on_both_sides_of_itself() {
        let point = Spread::point(0.25);
        assert_eq!((point.below(0.25), point.from(0.25)), (1.0, 1.0));
        assert_eq!((point.below(0.2499), point.from(0.2501)), (0.0, 0.0));
        assert_eq!(point.mean_of(&[], |x| 4.0 * x), 1.0);
        assert_eq!(point.quantile(0.3), 0.25);
    }
}
