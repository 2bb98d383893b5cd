//! Day and night. What the night, the lamps and the fog leave of a view stands in the sight table.

use crate::analysis::light::Light;
use crate::analysis::sightlines::{Noticing, Sighting};
use crate::model::Scenario;
use crate::words::Ms;

/// Twilight that is still as good as day, before sunrise and after sunset.
const TWILIGHT: Ms = Ms(20 * 60_000);

/// Daylight of a scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Daylight {
    day: [Ms; 2],
}

impl Daylight {
    /// The daylight of a scenario.
    pub fn of(scenario: &Scenario) -> Daylight {
        let day = &scenario.file.day;
        Daylight { day: [day.sunrise.0 - TWILIGHT, day.sunset.0 + TWILIGHT] }
    }

    /// True while it is light enough without lamps.
    pub fn is_day(self, at: Ms) -> bool {
        let time_of_day = Ms(at.0.rem_euclid(Ms::DAY.0));
        time_of_day >= self.day[0] && time_of_day < self.day[1]
    }

    /// When day turns into night or night into day after an instant.
    pub fn turns_after(self, at: Ms) -> Ms {
        let midnight = Ms(at.0.div_euclid(Ms::DAY.0) * Ms::DAY.0);
        let turns = [Ms(0), Ms::DAY].into_iter().flat_map(|day| self.day.map(|turn| midnight + day + turn));
        turns.filter(|turn| *turn > at).min().unwrap_or(at + Ms::DAY)
    }

    /// The light at an instant.
    pub fn at(self, at: Ms) -> Light {
        if self.is_day(at) { Light::Day } else { Light::Night }
    }

    /// True when a camera that has a spot in view sees something there now.
    pub fn shows(self, at: Ms, sighting: &Sighting) -> bool {
        self.is_day(at) || sighting.by_night
    }

    /// True when a guard at a post who has a spot in view can make out somebody there now.
    pub fn lets_see(self, at: Ms, noticing: &Noticing) -> bool {
        self.is_day(at) || noticing.by_night
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twilight_counts_as_day_and_the_next_night_is_a_night_too() {
        let daylight = Daylight { day: [Ms(6 * 3_600_000) - TWILIGHT, Ms(18 * 3_600_000) + TWILIGHT] };
        for (minutes, day) in [
            (5 * 60 + 39, false),
            (5 * 60 + 41, true),
            (18 * 60 + 19, true),
            (18 * 60 + 21, false),
            (26 * 60, false),
        ] {
            assert_eq!(daylight.is_day(Ms(minutes * 60_000)), day, "minute {minutes}");
        }
        for (minutes, turns) in
            [(0, 340), (340, 1100), (1099, 1100), (1100, 1440 + 340), (1440 + 400, 1440 + 1100)]
        {
            assert_eq!(daylight.turns_after(Ms(minutes * 60_000)), Ms(turns * 60_000), "minute {minutes}");
        }
    }
}
