//! Time inside the twin: integer milliseconds since midnight of the scenario's day.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Milliseconds: an instant counted from the scenario's midnight, or a length of time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Ms(pub i64);

impl Ms {
    /// One step of the twin's motion.
    pub const TICK: Ms = Ms(100);
    /// 24 hours.
    pub const DAY: Ms = Ms(86_400_000);

    /// Rounds a number of seconds to the nearest millisecond.
    pub fn from_seconds(seconds: f64) -> Ms {
        Ms(libm::round(seconds * 1000.0) as i64)
    }

    /// The same in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The first multiple of `step` that is not before this instant.
    pub fn round_up(self, step: Ms) -> Ms {
        Ms((self.0 + step.0 - 1).div_euclid(step.0) * step.0)
    }
}

impl Add for Ms {
    type Output = Ms;
    fn add(self, other: Ms) -> Ms {
        Ms(self.0 + other.0)
    }
}

impl AddAssign for Ms {
    fn add_assign(&mut self, other: Ms) {
        self.0 += other.0;
    }
}

impl Sub for Ms {
    type Output = Ms;
    fn sub(self, other: Ms) -> Ms {
        Ms(self.0 - other.0)
    }
}

/// Shown as a time of day, `HH:MM:SS.mmm`; hours go past 24 on the second day.
impl fmt::Display for Ms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let ms = self.0.unsigned_abs();
        let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{sign}{h:02}:{m:02}:{s:02}.{:03}", ms % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_time_of_day() {
        assert_eq!(Ms(190_250).to_string(), "00:03:10.250");
        assert_eq!(Ms(-1).to_string(), "-00:00:00.001");
    }

    #[test]
    fn rounds_up_to_a_tick() {
        assert_eq!(Ms(101).round_up(Ms::TICK), Ms(200));
        assert_eq!(Ms(200).round_up(Ms::TICK), Ms(200));
    }
}
