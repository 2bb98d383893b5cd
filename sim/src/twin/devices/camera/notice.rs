//! How long the analytics of a camera need for a target, and when they miss it.

use crate::words::{AgentKey, Dice, Ms};

/// Time in view that the analytics need before they report, at least.
pub const GATHER: Ms = Ms(400);
/// Time out of view after which the target has left.
pub const LEAVE: Ms = Ms(1000);
/// Time that passes after a miss before the analytics try again.
pub const RETRY: Ms = Ms(2000);

/// What makes a target hard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hardship {
    /// Pixels per metre of target.
    pub px_per_m: f64,
    /// Night, whether lit or not.
    pub night: bool,
    /// Rain, mm/h.
    pub rain_mm_h: f64,
}

impl Hardship {
    /// Chance that one look of the analytics misses the target (assumed): 2 % at 50 px/m and more by day, up to 27 %
    /// at 25 px/m; a fifth of the rest by night; a hundredth more for each mm/h of rain.
    pub fn miss(self) -> f64 {
        let small = ((50.0 - self.px_per_m) / 25.0).clamp(0.0, 1.0);
        let day = 0.02 + 0.25 * small + 0.01 * self.rain_mm_h.min(30.0);
        if self.night { 1.0 - (1.0 - day) * 0.8 } else { day }
    }
}

/// When a camera reports a target that came into view at an instant, should it stay there: after the gathering time
/// and one retry for each miss in a row. The draws belong to the camera, the target and that instant.
pub fn noticed_at(dice: &Dice, camera: AgentKey, target: AgentKey, since: Ms, hardship: Hardship) -> Ms {
    let mut draw = dice.draw(pair(camera, target), "notice", since.0 as u64);
    let gather = Ms::from_seconds(draw.between(0.0, 0.25));
    let misses = (0..20).take_while(|_| draw.chance(hardship.miss())).count();
    since + GATHER + gather + Ms(RETRY.0 * misses as i64)
}

/// The key of a camera's doings with one target.
pub fn pair(camera: AgentKey, target: AgentKey) -> AgentKey {
    AgentKey(camera.0 ^ target.0.rotate_left(23))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EASY: Hardship = Hardship { px_per_m: 120.0, night: false, rain_mm_h: 0.0 };

    #[test]
    fn small_targets_by_night_are_missed_more_often() {
        let hard = Hardship { px_per_m: 26.0, night: true, rain_mm_h: 0.0 };
        let late = |hardship| {
            let at = |n| noticed_at(&Dice::new(1), AgentKey::of("cam-1"), AgentKey(n), Ms(1000), hardship);
            (0..500).filter(|n| at(*n) > Ms(1000) + Ms(2000)).count()
        };
        assert!(late(EASY) < 25 && late(hard) > 150, "{} {}", late(EASY), late(hard));
    }

    #[test]
    fn nothing_is_reported_before_the_gathering_time() {
        for n in 0..100 {
            let at = noticed_at(&Dice::new(1), AgentKey::of("cam-1"), AgentKey(n), Ms(0), EASY);
            assert!(at >= GATHER);
        }
    }
}
