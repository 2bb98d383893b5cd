//! Whether something grows: the Theil–Sen slope with its confidence.
//!
//! The slope is the median of the slopes between all pairs of points (Theil 1950, Sen 1968), which a few odd points do not
//! move. Its interval is Sen's: from the variance of Kendall's S, `n (n - 1) (2 n + 5) / 18`, with the normal
//! approximation. Neighbouring points of one run depend on each other, so the true interval is wider than this one.

/// Two-sided 95 % of a normal distribution.
const Z: f64 = 1.959_964;
/// Fewer points say nothing.
const ENOUGH: usize = 8;
/// More points are thinned out evenly: their pairs are what is counted.
const MOST: usize = 400;

/// How something goes on over time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trend {
    /// Units of y for one unit of x.
    pub slope: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// Points that it is made of.
    pub points: usize,
}

impl Trend {
    /// Whether it grows: the whole interval is above zero.
    pub fn grows(&self) -> bool {
        self.low > 0.0
    }
}

/// The trend of points in order of x; nothing with fewer than 8 points, or when all have one x.
pub fn trend(points: &[(f64, f64)]) -> Option<Trend> {
    trend_within(&[points])
}

/// The trend that groups of points have in common: only pairs within a group are compared, so that groups may lie at
/// different heights (the seasonal Kendall slope of Hirsch, Slack and Smith 1982; the variances of S add up).
pub fn trend_within(groups: &[&[(f64, f64)]]) -> Option<Trend> {
    let most = (MOST / groups.len().max(1)).max(ENOUGH);
    let (mut slopes, mut count, mut variance) = (Vec::new(), 0, 0.0);
    for group in groups {
        let step = group.len().div_ceil(most).max(1);
        let points: Vec<(f64, f64)> = group.iter().copied().step_by(step).collect();
        for (i, (x, y)) in points.iter().enumerate() {
            let later = points[i + 1..].iter().filter(|(other, _)| other > x);
            slopes.extend(later.map(|(other_x, other_y)| (other_y - y) / (other_x - x)));
        }
        let n = points.len() as f64;
        count += points.len();
        variance += n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    }
    if count < ENOUGH || slopes.is_empty() {
        return None;
    }
    slopes.sort_by(f64::total_cmp);
    let (all, spread) = (slopes.len() as f64, Z * variance.sqrt());
    let at = |rank: f64| slopes[(rank.max(0.0) as usize).min(slopes.len() - 1)];
    let (low, high) = (at(((all - spread) / 2.0).floor()), at(((all + spread) / 2.0).ceil()));
    Some(Trend { slope: median(&slopes), low, high, points: count })
}

/// The median of values in order, of which there is at least one.
pub(super) fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    let even = sorted.len().is_multiple_of(2);
    if even { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(slope: f64, noise: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
        (0..60).map(|i| (i as f64, 10.0 + slope * i as f64 + noise(i))).collect()
    }

    #[test]
    fn a_line_has_its_slope_whatever_a_few_points_say() {
        let clean = trend(&line(2.0, |_| 0.0)).expect("enough points");
        assert!((clean.slope - 2.0).abs() < 1e-9 && (clean.low - 2.0).abs() < 1e-9, "{clean:?}");
        let odd = trend(&line(2.0, |i| if i % 10 == 3 { 500.0 } else { 0.0 })).expect("enough points");
        assert!((odd.slope - 2.0).abs() < 0.05, "{odd:?}");
    }

    #[test]
    fn noise_alone_does_not_grow_and_a_leak_under_noise_does() {
        let noise = |i: usize| ((i * 7_919 + 13) % 101) as f64 / 101.0 * 8.0;
        let flat = trend(&line(0.0, noise)).expect("enough points");
        assert!(!flat.grows() && flat.low < 0.0 && flat.high > 0.0, "{flat:?}");
        let leak = trend(&line(0.3, noise)).expect("enough points");
        assert!(leak.grows() && leak.low < 0.3 && leak.high > 0.3, "{leak:?}");
    }

    #[test]
    fn few_points_say_nothing() {
        assert_eq!(trend(&line(1.0, |_| 0.0)[..7]), None);
        assert_eq!(trend(&[(1.0, 2.0); 20]), None);
    }
}
