//! From metres on the ground to millimetres on paper.

use geo::Rect;

/// A window of paper that shows a piece of ground to scale; north is up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    /// Left edge of the window, mm.
    pub(crate) left: f64,
    /// Top edge, mm.
    pub(crate) top: f64,
    /// Width, mm.
    pub(crate) width: f64,
    /// Height, mm.
    pub(crate) height: f64,
    /// What a metre is on paper, mm.
    pub(crate) mm_per_m: f64,
    /// Easting at the left edge, m.
    pub(crate) west: f64,
    /// Northing at the top edge, m.
    pub(crate) north: f64,
}

/// Scales that drawings are made at, 1 to so many.
const SCALES: [f64; 14] = [
    100.0, 200.0, 250.0, 300.0, 500.0, 750.0, 1_000.0, 1_250.0, 1_500.0, 2_000.0, 2_500.0, 5_000.0, 10_000.0,
    20_000.0,
];

impl Frame {
    /// The window `[left, top, width, height]` with a piece of ground in its middle, at the largest usual scale at which
    /// it fits.
    pub(crate) fn to_scale(window: [f64; 4], ground: Rect<f64>) -> Frame {
        let fits = |scale: &f64| {
            ground.width() * 1000.0 / scale <= window[2] && ground.height() * 1000.0 / scale <= window[3]
        };
        let scale = SCALES.into_iter().find(fits).unwrap_or(50_000.0);
        Frame::at(window, ground, 1000.0 / scale)
    }

    /// The same, as large as it fits.
    pub(crate) fn filling(window: [f64; 4], ground: Rect<f64>) -> Frame {
        let across = window[2] / ground.width().max(1.0);
        let along = window[3] / ground.height().max(1.0);
        Frame::at(window, ground, across.min(along))
    }

    fn at([left, top, width, height]: [f64; 4], ground: Rect<f64>, mm_per_m: f64) -> Frame {
        let middle = ground.center();
        let west = middle.x - width / 2.0 / mm_per_m;
        let north = middle.y + height / 2.0 / mm_per_m;
        Frame { left, top, width, height, mm_per_m, west, north }
    }

    /// A round length on the ground that is at least so long on paper, m.
    pub(crate) fn round_m(&self, least_mm: f64) -> f64 {
        let steps = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0];
        steps.into_iter().find(|m| m * self.mm_per_m >= least_mm).unwrap_or(5000.0)
    }

    /// 1 to so many.
    pub(crate) fn scale(&self) -> f64 {
        (1000.0 / self.mm_per_m).round()
    }

    /// A point of the ground on paper.
    pub(crate) fn on(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.left + (x - self.west) * self.mm_per_m, self.top + (self.north - y) * self.mm_per_m]
    }

    /// Points of the ground on paper.
    pub(crate) fn all<'a>(
        &'a self,
        points: impl IntoIterator<Item = [f64; 2]> + 'a,
    ) -> impl Iterator<Item = [f64; 2]> + 'a {
        points.into_iter().map(|p| self.on(p))
    }

    /// True when a point of the paper lies in the window.
    pub(crate) fn holds(&self, [x, y]: [f64; 2]) -> bool {
        (self.left..=self.left + self.width).contains(&x) && (self.top..=self.top + self.height).contains(&y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_usual_scale_that_fits_is_taken() {
        for (width, height, scale) in [(300.0, 250.0, 1000.0), (311.0, 250.0, 1250.0), (20.0, 20.0, 100.0)] {
            let ground = Rect::new((-10.0, 5.0), (width - 10.0, height + 5.0));
            let frame = Frame::to_scale([25.0, 10.0, 310.0, 270.0], ground);
            assert_eq!(frame.scale(), scale, "{width} x {height}");
            let [x, y] = frame.on([width / 2.0 - 10.0, height / 2.0 + 5.0]);
            assert!((x - 180.0).abs() < 1e-9 && (y - 145.0).abs() < 1e-9, "the middle is in the middle");
        }
    }

    #[test]
    fn north_is_up_and_lengths_are_to_scale() {
        let frame = Frame::to_scale([0.0, 0.0, 100.0, 100.0], Rect::new((0.0, 0.0), (40.0, 40.0)));
        let ([_, south], [_, north]) = (frame.on([0.0, 10.0]), frame.on([0.0, 30.0]));
        assert_eq!(frame.scale(), 500.0);
        assert!((south - north - 40.0).abs() < 1e-9);
    }
}
