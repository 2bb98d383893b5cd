//! What the night and the fog leave of a view.

use crate::model::Scenario;
use crate::model::kit::Camera;
use crate::model::site::Lamp;
use crate::words::Ms;

/// Light on the ground that a camera without infrared needs, lux (assumed: a colour camera at its limit).
const ENOUGH_LUX: f64 = 0.5;
/// Twilight that is still as good as day, before sunrise and after sunset.
const TWILIGHT: Ms = Ms(20 * 60_000);

/// Daylight, lamps and fog of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Light {
    day: [Ms; 2],
    visibility_m: f64,
    lamps: Vec<([f64; 2], f64, f64)>,
}

impl Light {
    /// The light of a scenario.
    pub fn of(scenario: &Scenario) -> Light {
        let day = &scenario.file.day;
        let lamp = |l: &Lamp| ([l.at.x, l.at.y], l.height_m, l.flux_lm);
        Light {
            day: [day.sunrise.0 - TWILIGHT, day.sunset.0 + TWILIGHT],
            visibility_m: day.visibility_m,
            lamps: scenario.site.lamps.iter().map(lamp).collect(),
        }
    }

    /// True while it is light enough without lamps.
    pub fn is_day(&self, at: Ms) -> bool {
        let time_of_day = Ms(at.0.rem_euclid(Ms::DAY.0));
        time_of_day >= self.day[0] && time_of_day < self.day[1]
    }

    /// Light of the lamps on the ground, lux: each shines evenly into the half space below it, I = flux / 2π, and
    /// gives I h / d³ at a distance d. Shadows are left out.
    pub fn lamp_lux(&self, at_m: [f64; 2]) -> f64 {
        let one = |&([x, y], height, flux): &([f64; 2], f64, f64)| {
            let (dx, dy) = (at_m[0] - x, at_m[1] - y);
            let square = dx * dx + dy * dy + height * height;
            flux / std::f64::consts::TAU * height / (square * libm::sqrt(square))
        };
        self.lamps.iter().map(one).sum()
    }

    /// True when a spot is bright enough for an eye or a camera without a light of its own.
    pub fn lit(&self, at: Ms, at_m: [f64; 2]) -> bool {
        self.is_day(at) || self.lamp_lux(at_m) >= ENOUGH_LUX
    }

    /// True when a camera that has a spot in view sees something there: by day, under a lamp or within its infrared
    /// light, and not through more fog than the visibility allows.
    pub fn shows(&self, at: Ms, camera: &Camera, at_m: [f64; 2], distance_m: f64) -> bool {
        distance_m <= self.visibility_m && (distance_m <= camera.ir_range_m || self.lit(at, at_m))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn light(lamps: Vec<([f64; 2], f64, f64)>) -> Light {
        Light { day: [Ms(6 * 3_600_000), Ms(18 * 3_600_000)], visibility_m: 10_000.0, lamps }
    }

    #[test]
    fn a_lamp_lights_what_is_near_it() {
        let one = light(vec![([0.0, 0.0], 5.0, 3000.0)]);
        assert!((one.lamp_lux([0.0, 0.0]) - 3000.0 / std::f64::consts::TAU / 25.0).abs() < 1e-9);
        let night = Ms(2 * 3_600_000);
        assert!(one.lit(night, [10.0, 0.0]) && !one.lit(night, [30.0, 0.0]));
        assert!(one.lit(Ms(12 * 3_600_000), [30.0, 0.0]));
        assert!(!one.is_day(Ms(26 * 3_600_000)), "the next night is a night too");
    }
}
