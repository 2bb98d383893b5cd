//! What breaks a beam although nobody is there: birds, branches, rain, the low sun, drift.

use crate::contract::Nuisance;
use crate::model::kit::Beam;
use crate::model::scenario::Day;
use crate::words::{AgentKey, Dice, Draw, Ms};

pub use crate::analysis::perimeter::LOST_DEG;
/// Depth of a bird on its way, m, and its mean speed, m/s: 0.12 m at 8 m/s is 15 ms.
pub const BIRD: (f64, f64) = (0.12, 8.0);

/// Something that stands in a zone without being an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interference {
    /// When it begins.
    pub from: Ms,
    /// How long it lasts, µs.
    pub lasting_us: i64,
    /// The ray that it stands in; all rays when not said.
    pub ray: Option<usize>,
    /// What it is.
    pub what: Nuisance,
}

/// What fools one zone during a day, in order of time.
///
/// `per_day` is the expected number of alarms of a sound single-ray zone with the usual interruption time of 50 ms at
/// a wind of 3 m/s without rain; more rays get fewer, because a sitting bird breaks only one. Birds
/// that only fly through are three times as many and silent. Branches grow with the square of the wind, rain with
/// its rate and with the share of the rated range in use, drift with the misalignment. The shares are assumed.
pub fn of_day(dice: &Dice, beam: &Beam, day: &Day, per_day: f64) -> Vec<Interference> {
    let who = AgentKey::of(beam.id.as_str());
    let days = day.lasting.as_seconds() / Ms::DAY.seconds();
    let wind = day.wind_m_s / 3.0;
    let reach = length_m(beam) / (0.7 * beam.rated_range_m.max(1.0));
    let kinds: [(&str, f64, Maker); 5] = [
        ("bird-through", 3.0, bird_through),
        ("bird-sits", 0.4, bird_sits),
        ("branch", 0.6 * wind * wind, branch),
        ("rain", 0.1 * day.rain_mm_h * reach * reach, rain),
        ("drift", 0.25 * (1.0 + 4.0 * beam.misaligned_deg.abs() / LOST_DEG), drift),
    ];
    let mut all = Vec::new();
    for (purpose, share, make) in kinds {
        let count = dice.draw(who, purpose, 0).poisson(per_day * share * days);
        for n in 1..=u64::from(count) {
            let mut draw = dice.draw(who, purpose, n);
            let from = Ms::from_seconds(draw.between(0.0, day.lasting.as_seconds()));
            let by_day = from >= day.sunrise.0 && from < day.sunset.0;
            if by_day || !purpose.starts_with("bird") {
                all.push(Interference { from, ..make(&mut draw, beam) });
            }
        }
    }
    all.extend(low_sun(&mut dice.draw(who, "low-sun", 0), beam, day, per_day));
    all.sort_by_key(|i| (i.from, i.what));
    all
}

type Maker = fn(&mut Draw, &Beam) -> Interference;

fn interference(what: Nuisance, seconds: f64, ray: Option<usize>) -> Interference {
    Interference { from: Ms(0), lasting_us: libm::round(seconds * 1e6) as i64, ray, what }
}

fn bird_through(draw: &mut Draw, beam: &Beam) -> Interference {
    let speed = draw.normal_within(BIRD.1, 2.0, 4.0, 14.0);
    interference(Nuisance::Bird, BIRD.0 / speed, Some(draw.below(beam.rays_m.len())))
}

/// A sitting bird is in the way of one ray, and of the next when that is not 0.15 m away.
fn bird_sits(draw: &mut Draw, beam: &Beam) -> Interference {
    let spread = beam.rays_m.iter().fold(0.0_f64, |most, h| most.max((h - beam.rays_m[0]).abs()));
    let ray = (spread > 0.15).then(|| draw.below(beam.rays_m.len()));
    interference(Nuisance::Bird, draw.log_normal(4.0, 0.9), ray)
}

fn branch(draw: &mut Draw, _: &Beam) -> Interference {
    interference(Nuisance::Branch, draw.log_normal(0.12, 0.8), None)
}

fn rain(draw: &mut Draw, _: &Beam) -> Interference {
    interference(Nuisance::Rain, draw.log_normal(0.4, 0.9), None)
}

fn drift(draw: &mut Draw, _: &Beam) -> Interference {
    interference(Nuisance::Drift, draw.log_normal(0.3, 1.0), None)
}

/// The sun stands within a few degrees of the line of sight of the receiver for some minutes around its rise or
/// set. It blinds the receiver for a moment with half a chance on a clear day, and only when the bearing fits.
fn low_sun(draw: &mut Draw, beam: &Beam, day: &Day, per_day: f64) -> Vec<Interference> {
    let mut all = Vec::new();
    for (at, azimuth_deg) in
        [(day.sunrise.0, sun_azimuth_deg(day, true)), (day.sunset.0, sun_azimuth_deg(day, false))]
    {
        let (chance, after_s, lasting_s) =
            (draw.unit(), draw.between(300.0, 1800.0), draw.log_normal(1.5, 0.8));
        let clear = day.rain_mm_h == 0.0 && day.visibility_m >= 5000.0;
        let facing = off_deg(looks_deg(beam), azimuth_deg) <= 8.0;
        if per_day > 0.0 && clear && facing && chance < 0.5 {
            let sign = if at == day.sunrise.0 { 1.0 } else { -1.0 };
            let from = at + Ms::from_seconds(sign * after_s);
            all.push(Interference { from, ..interference(Nuisance::LowSun, lasting_s, None) });
        }
    }
    all.retain(|i| i.from >= Ms(0) && i.from < day.lasting.0);
    all
}

/// Length of the zone, m.
pub fn length_m(beam: &Beam) -> f64 {
    libm::hypot(beam.to_m[0] - beam.from_m[0], beam.to_m[1] - beam.from_m[1])
}

/// Where the receiver looks, degrees from north.
fn looks_deg(beam: &Beam) -> f64 {
    libm::atan2(beam.from_m[0] - beam.to_m[0], beam.from_m[1] - beam.to_m[1]).to_degrees()
}

/// Where the sun rises or sets: due east or west at the equinox, and earlier rises lie farther north. The half
/// day arc H and the declination δ are tied by cos H = -tan φ tan δ, and the azimuth by cos A = sin δ / cos φ, at
/// the latitude φ = 30 degrees when the length of the day is all that is known.
fn sun_azimuth_deg(day: &Day, rise: bool) -> f64 {
    let latitude = 30.0_f64.to_radians();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario::Duration;
    use crate::words::Id;

    fn beam(from_m: [f64; 2], to_m: [f64; 2], rays_m: Vec<f64>) -> Beam {
        let interruption = Duration::seconds(0.05);
        let hold = Duration::seconds(2.0);
        let (id, wall) = (Id::from("beam-01"), Id::from("wall-1"));
        Beam { id, from_m, to_m, wall, rays_m, interruption, hold, rated_range_m: 100.0, misaligned_deg: 0.0 }
    }

    fn count(beam: &Beam, day: &Day, what: Nuisance, days: u64) -> usize {
        let of = |seed| of_day(&Dice::new(seed), beam, day, 1.0);
        (0..days).map(|seed| of(seed).iter().filter(|i| i.what == what).count()).sum()
    }

    #[test]
    fn a_bird_that_flies_through_is_gone_in_about_fifteen_milliseconds() {
        let north = beam([0.0, 0.0], [0.0, 50.0], vec![2.3]);
        let short: Vec<i64> = (0..40)
            .flat_map(|seed| of_day(&Dice::new(seed), &north, &Day::default(), 1.0))
            .filter(|i| i.what == Nuisance::Bird && i.lasting_us < 1_000_000)
            .map(|i| i.lasting_us)
            .collect();
        assert!(short.len() > 20 && short.iter().all(|us| (8_000..=30_000).contains(us)));
        let mean = short.iter().sum::<i64>() / short.len() as i64;
        assert!((13_000..19_000).contains(&mean), "{mean} µs");
    }

    #[test]
    fn a_sound_zone_of_one_ray_alarms_as_often_as_the_scenario_says() {
        let north = beam([0.0, 0.0], [0.0, 50.0], vec![2.3]);
        let of = |seed| of_day(&Dice::new(seed), &north, &Day::default(), 1.0);
        let alarms: usize = (0..400).map(|s| of(s).iter().filter(|i| i.lasting_us >= 50_000).count()).sum();
        assert!((340..460).contains(&alarms), "{alarms} in 400 days at one a day");
    }

    #[test]
    fn wind_shakes_branches_and_rain_eats_the_signal() {
        let north = beam([0.0, 0.0], [0.0, 50.0], vec![2.3]);
        let storm = Day { wind_m_s: 9.0, rain_mm_h: 20.0, ..Day::default() };
        assert!(
            count(&north, &storm, Nuisance::Branch, 40)
                > 4 * count(&north, &Day::default(), Nuisance::Branch, 40)
        );
        assert_eq!(count(&north, &Day::default(), Nuisance::Rain, 40), 0);
        assert!(count(&north, &storm, Nuisance::Rain, 40) > 20);
    }

    #[test]
    fn the_low_sun_blinds_only_a_receiver_that_looks_at_it() {
        let west_of_sender = beam([50.0, 0.0], [0.0, 0.0], vec![2.3]);
        let day = Day {
            sunrise: "06:00".parse().expect("a time"),
            sunset: "18:00".parse().expect("a time"),
            ..Day::default()
        };
        let blinded: Vec<Ms> = (0..40)
            .flat_map(|seed| of_day(&Dice::new(seed), &west_of_sender, &day, 1.0))
            .filter(|i| i.what == Nuisance::LowSun)
            .map(|i| i.from)
            .collect();
        assert!(blinded.len() > 5);
        assert!(
            blinded.iter().all(|at| (6 * 3_600_000..7 * 3_600_000).contains(&at.0)),
            "it looks east: mornings"
        );
        assert_eq!(count(&beam([0.0, 50.0], [0.0, 0.0], vec![2.3]), &day, Nuisance::LowSun, 40), 0);
    }

    #[test]
    fn a_summer_sun_rises_north_of_east() {
        let summer = Day {
            sunrise: "05:00".parse().expect("a time"),
            sunset: "19:00".parse().expect("a time"),
            ..Day::default()
        };
        assert!(sun_azimuth_deg(&summer, true) < 80.0 && sun_azimuth_deg(&summer, false) > 280.0);
    }

    #[test]
    fn a_bird_sits_in_one_ray_of_a_dual_beam() {
        let dual = beam([0.0, 0.0], [0.0, 50.0], vec![2.3, 2.6]);
        let all: Vec<Interference> =
            (0..40).flat_map(|s| of_day(&Dice::new(s), &dual, &Day::default(), 1.0)).collect();
        assert!(all.iter().filter(|i| i.what == Nuisance::Bird).all(|i| i.ray.is_some()));
    }
}
