//! What takes a share of a view's contrast and does not stop it: fog, fences of bars, crowns without leaves.

use super::caster::Occluder;
use super::figures::figures;

/// Share of contrast that air of a meteorological visibility leaves over a distance: Koschmieder's law,
/// `exp(-3.912 d / V)`, with 3.912 = ln 50, so that at `d = V` there are 2 % left. Allard's law takes as much from light.
pub fn transmission(distance_m: f64, visibility_m: f64) -> f64 {
    libm::exp(-LN_50 * distance_m / visibility_m)
}

const LN_50: f64 = 3.912_023_005_428_146;

/// Something that a view passes at a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Veil {
    owner: Occluder,
    weave: Weave,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Weave {
    /// Round bars: their thickness in shares of their pitch.
    Bars(f64),
    /// A bare crown.
    Bare,
}

impl Veil {
    /// A fence, by the clear gap between its bars.
    pub(crate) fn bars(wall: u32, gap_m: Option<f64>) -> Veil {
        let bars = figures().bars;
        let gap_m = gap_m.unwrap_or(bars.gap_m);
        Veil { owner: Occluder::Wall(wall), weave: Weave::Bars(bars.bar_m / (bars.bar_m + gap_m)) }
    }

    /// A crown without leaves.
    pub(crate) fn bare(tree: u32) -> Veil {
        Veil { owner: Occluder::Crown(tree), weave: Weave::Bare }
    }

    /// Share that passes, when the line meets it at an angle to its normal. Upright round bars of thickness `b` at a pitch
    /// `p` leave `1 - b / (p cos)` open: along a fence nothing passes.
    fn passes(self, cos: f64) -> f64 {
        match self.weave {
            Weave::Bars(share) => (1.0 - share / cos.max(1e-9)).max(0.0),
            Weave::Bare => figures().bare_crown.passes,
        }
    }
}

/// Crossings of one fence nearer to each other than this are one: two triangles that share an edge, m.
const SAME_M: f64 = 0.01;

/// The veils on one line.
#[derive(Default)]
pub(crate) struct Passed(Vec<(Veil, f64, f64)>);

impl Passed {
    /// A facet that the line meets at a distance, and the cosine of the angle to its normal. A crown counts once, a fence
    /// at each crossing.
    pub(crate) fn add(&mut self, veil: Veil, t: f64, cos: f64) {
        let same = |(other, at, _): &(Veil, f64, f64)| {
            other.owner == veil.owner && (veil.weave == Weave::Bare || (at - t).abs() < SAME_M)
        };
        if !self.0.iter().any(same) {
            self.0.push((veil, t, veil.passes(cos)));
        }
    }

    /// Share that passes them all. Multiplied from the smallest, so that the search has no part in the result.
    pub(crate) fn share(mut self) -> f64 {
        self.0.sort_by(|a, b| a.2.total_cmp(&b.2));
        self.0.iter().map(|(_, _, share)| share).product()
    }

    /// The one that takes most.
    pub(crate) fn thickest(&self) -> Option<Occluder> {
        let least = self.0.iter().min_by(|a, b| a.2.total_cmp(&b.2).then(a.0.owner.cmp(&b.0.owner)));
        least.map(|(veil, ..)| veil.owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fog_leaves_a_fiftieth_at_its_visibility() {
        for (distance, visibility, expected) in
            [(100.0, 100.0, 0.02), (50.0, 100.0, 0.141_421_356), (0.0, 80.0, 1.0), (60.0, f64::INFINITY, 1.0)]
        {
            assert!(
                (transmission(distance, visibility) - expected).abs() < 1e-9,
                "{distance} in {visibility}"
            );
        }
    }

    #[test]
    fn bars_close_as_one_looks_along_them() {
        // 20 mm bars, 80 mm gaps: a fifth is bar.
        let fence = Veil::bars(0, Some(0.08));
        for (cos, expected) in [(1.0, 0.8), (0.5, 0.6), (0.25, 0.2), (0.2, 0.0), (0.0, 0.0)] {
            assert!((fence.passes(cos) - expected).abs() < 1e-12, "{cos}");
        }
        assert!(Veil::bars(0, Some(0.3)).passes(1.0) > Veil::bars(0, None).passes(1.0));
    }

    #[test]
    fn a_crown_counts_once_and_a_fence_at_each_crossing() {
        let (mut crown, mut fence) = (Passed::default(), Passed::default());
        for t in [10.0, 14.0] {
            crown.add(Veil::bare(3), t, 0.7);
            fence.add(Veil::bars(1, Some(0.08)), t, 1.0);
            fence.add(Veil::bars(1, Some(0.08)), t + 0.001, 1.0);
        }
        assert_eq!(crown.thickest(), Some(Occluder::Crown(3)));
        assert!((crown.share() - figures().bare_crown.passes).abs() < 1e-12);
        assert!((fence.share() - 0.64).abs() < 1e-12);
    }
}
