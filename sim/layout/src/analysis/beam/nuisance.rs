//! What breaks a beam although nobody is there: how often, for how long, and in how many rays.
//!
//! One table for plan and twin: the twin draws from it, the plan sums it up. Shares and times are assumed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::analysis::assumed;
use crate::contract::Nuisance;
use crate::model::kit::Beam;
use crate::model::scenario::Day;
use crate::words::spread::log_normal_from;
use crate::words::{Ms, Spread};

/// Something that fools zones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source {
    /// Its name among the purposes of the dice.
    pub purpose: &'static str,
    /// What it is.
    pub what: Nuisance,
    /// How many a day for each false alarm a day that the scenario gives a zone.
    pub share: f64,
    /// How long it stands there.
    pub lasting: Lasting,
    /// In one ray or in all.
    pub one_ray: bool,
    /// By daylight only.
    pub by_day: bool,
}

/// How long something stands in a ray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lasting {
    /// It passes: a length over a speed.
    Passing {
        /// m.
        depth_m: f64,
        /// m/s.
        speed_m_s: Spread,
    },
    /// It stays: a median and the standard deviation of the logarithm.
    Staying {
        /// s.
        median_s: f64,
        /// Of the natural logarithm.
        sigma: f64,
    },
}

impl Lasting {
    /// Probability that it lasts so long or longer.
    pub fn at_least(&self, seconds: f64) -> f64 {
        match *self {
            Lasting::Passing { depth_m, speed_m_s } => speed_m_s.below(depth_m / seconds.max(1e-9)),
            Lasting::Staying { median_s, sigma } => log_normal_from(median_s, sigma, seconds),
        }
    }
}

/// What fools zones: `assets/beams/nuisances.toml`, which says what each figure means.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    bird_through: Bird,
    bird_sits: Sitting,
    branch: Branch,
    rain: Rain,
    drift: Drift,
    low_sun: LowSun,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bird {
    share: f64,
    depth_m: f64,
    speed_m_s: Spread,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sitting {
    share: f64,
    tall_m: f64,
    lasting: Stay,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Branch {
    share: f64,
    wind_m_s: f64,
    lasting: Stay,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rain {
    share: f64,
    lasting: Stay,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Drift {
    share: f64,
    out_of_line: f64,
    lasting: Stay,
}

/// The low sun in a receiver's axis.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowSun {
    /// Chance that it blinds at a rise or a set at which the bearing fits, 0..1.
    pub chance: f64,
    /// How long after its rise, or before its set, it may blind first, s.
    pub from_s: f64,
    /// And last, s.
    pub to_s: f64,
    within_deg: f64,
    clear_from_m: f64,
    latitude_deg: f64,
    lasting: Stay,
}

impl LowSun {
    /// How long it blinds a receiver.
    pub fn blinded(&self) -> Lasting {
        self.lasting.into()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stay {
    median_s: f64,
    sigma: f64,
}

impl From<Stay> for Lasting {
    fn from(Stay { median_s, sigma }: Stay) -> Lasting {
        Lasting::Staying { median_s, sigma }
    }
}

static FIGURES: LazyLock<Figures> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../../../assets/beams/nuisances.toml"))
        .expect("the nuisances that are shipped are read by a test")
});

/// What the low sun is reckoned with.
pub fn low_sun() -> &'static LowSun {
    &FIGURES.low_sun
}

/// What fools a zone on a day, but for the sun. Branches grow with the square of the wind, rain with its rate and with the
/// square of the share of the sensible range in use, drift with the misalignment.
pub fn sources(beam: &Beam, day: &Day) -> [Source; 5] {
    let Figures { bird_through: bird, bird_sits, branch, rain, drift, .. } = *FIGURES;
    let (lost_deg, margin) = (assumed::perimeter().lost_deg, assumed::perimeter().margin);
    let wind = day.wind_m_s / branch.wind_m_s;
    let reach = beam.length_m() / (margin * beam.rated_range_m.max(1.0));
    let apart = beam.rays_m.iter().fold(0.0_f64, |most, h| most.max((h - beam.rays_m[0]).abs()));
    let source = |purpose, what, share, lasting| Source {
        purpose,
        what,
        share,
        lasting,
        one_ray: false,
        by_day: false,
    };
    let passing = Lasting::Passing { depth_m: bird.depth_m, speed_m_s: bird.speed_m_s };
    let drifts = drift.share * (1.0 + drift.out_of_line * beam.misaligned_deg.abs() / lost_deg);
    let (gusts, rains) = (branch.share * wind * wind, rain.share * day.rain_mm_h * reach * reach);
    [
        Source { one_ray: true, by_day: true, ..source("bird-through", Nuisance::Bird, bird.share, passing) },
        Source {
            one_ray: apart > bird_sits.tall_m,
            by_day: true,
            ..source("bird-sits", Nuisance::Bird, bird_sits.share, bird_sits.lasting.into())
        },
        source("branch", Nuisance::Branch, gusts, branch.lasting.into()),
        source("rain", Nuisance::Rain, rains, rain.lasting.into()),
        source("drift", Nuisance::Drift, drifts, drift.lasting.into()),
    ]
}

/// Whether the low sun can stand in a receiver's axis at its rise, or at its set: never in rain or haze.
pub fn sun_faces(beam: &Beam, day: &Day, rise: bool) -> bool {
    let clear = day.rain_mm_h == 0.0 && day.visibility_m >= low_sun().clear_from_m;
    clear && off_deg(looks_deg(beam), sun_azimuth_deg(day, rise)) <= low_sun().within_deg
}

/// Where the receiver looks, degrees from north.
fn looks_deg(beam: &Beam) -> f64 {
    libm::atan2(beam.from_m[0] - beam.to_m[0], beam.from_m[1] - beam.to_m[1]).to_degrees()
}

/// Where the sun rises or sets: due east or west at the equinox, and earlier rises lie farther north. The half
/// day arc H and the declination δ are tied by cos H = -tan φ tan δ, and the azimuth by cos A = sin δ / cos φ, at
/// an assumed latitude φ, as the length of the day is all that is known.
fn sun_azimuth_deg(day: &Day, rise: bool) -> f64 {
    let latitude = low_sun().latitude_deg.to_radians();
    let half_arc = (day.sunset.0 - day.sunrise.0).seconds() / 86_400.0 * std::f64::consts::PI;
    let declination = libm::atan(-libm::cos(half_arc) / libm::tan(latitude));
    let azimuth = libm::acos((libm::sin(declination) / libm::cos(latitude)).clamp(-1.0, 1.0)).to_degrees();
    if rise { azimuth } else { 360.0 - azimuth }
}

/// The angle between two bearings, degrees, 0..180.
fn off_deg(a: f64, b: f64) -> f64 {
    let turn = (a - b).rem_euclid(360.0);
    turn.min(360.0 - turn)
}

/// False alarms that a zone is expected to give in the scenario's day at an interruption time, by cause.
///
/// What stands in fewer than all rays is silent, and so is what is shorter than the interruption time. Two
/// nuisances at once, and one within the hold of another, are left out: they are rare.
pub fn false_alarms(beam: &Beam, day: &Day, per_day: f64, interruption_s: f64) -> BTreeMap<Nuisance, f64> {
    let mut expected = BTreeMap::new();
    let whole_s = day.lasting.as_seconds();
    let light_s = (day.sunset.0.min(day.lasting.0) - day.sunrise.0.max(Ms(0))).seconds().max(0.0);
    let alone = beam.rays_m.len() == 1;
    for source in sources(beam, day) {
        let lit = if source.by_day { light_s / whole_s.max(1e-9) } else { 1.0 };
        let all_rays = f64::from(u8::from(alone || !source.one_ray));
        let days = whole_s / Ms::DAY.seconds();
        let alarms = per_day * source.share * days * lit * all_rays * source.lasting.at_least(interruption_s);
        *expected.entry(source.what).or_insert(0.0) += alarms;
    }
    let sun = [(day.sunrise.0.seconds(), true), (day.sunset.0.seconds(), false)].map(|(at, rise)| {
        let low = low_sun();
        let within = [low.from_s, low.to_s].map(|after| at + if rise { after } else { -after });
        let [from, to] = [within[0].min(within[1]), within[0].max(within[1])];
        let inside = (to.min(whole_s) - from.max(0.0)).max(0.0) / (to - from);
        let faces = per_day > 0.0 && sun_faces(beam, day, rise);
        f64::from(u8::from(faces)) * inside * low.chance * low.blinded().at_least(interruption_s)
    });
    expected.insert(Nuisance::LowSun, sun.iter().sum());
    expected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::beam::tests::beam;

    fn total(beam: &Beam, ms: f64) -> f64 {
        false_alarms(beam, &Day::default(), 1.0, ms / 1000.0).values().sum()
    }

    #[test]
    fn a_usual_zone_of_one_ray_gives_about_the_scenario_s_rate() {
        let mut one = beam([0.0, 0.0], [0.0, 50.0]);
        one.rays_m = vec![2.3];
        assert!((0.85..1.15).contains(&total(&one, 50.0)), "{}", total(&one, 50.0));
        let two = beam([0.0, 0.0], [0.0, 50.0]);
        assert!(total(&two, 50.0) < total(&one, 50.0), "a bird stands in one of two rays");
    }

    #[test]
    fn a_longer_setting_gives_fewer_and_a_bird_in_flight_is_silent_at_forty() {
        let mut one = beam([0.0, 0.0], [0.0, 50.0]);
        one.rays_m = vec![2.3];
        let curve: Vec<f64> = [5.0, 15.0, 50.0, 100.0, 500.0].map(|ms| total(&one, ms)).to_vec();
        assert!(curve.windows(2).all(|w| w[0] > w[1]), "{curve:?}");
        let bird = sources(&one, &Day::default())[0].lasting;
        assert_eq!(bird.at_least(0.040), 0.0, "the slowest bird takes 30 ms");
        assert!((bird.at_least(0.015) - 0.49).abs() < 0.01, "about half of them take 15 ms");
    }

    #[test]
    fn a_summer_sun_rises_north_of_east() {
        let at = |clock: &str| clock.parse().expect("a time");
        let summer = Day { sunrise: at("05:00"), sunset: at("19:00"), ..Day::default() };
        assert!(sun_azimuth_deg(&summer, true) < 80.0 && sun_azimuth_deg(&summer, false) > 280.0);
    }
}
