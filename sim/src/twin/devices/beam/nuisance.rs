//! What breaks a beam although nobody is there: birds, branches, rain, the low sun, drift.

use crate::analysis::beam::nuisance::{self, Lasting, Source, sources, sun_faces};
use crate::contract::Nuisance;
use crate::model::kit::Beam;
use crate::model::scenario::Day;
use crate::words::{AgentKey, Dice, Draw, Ms};

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

/// What fools one zone during a day, in order of time: drawn from the table that the plan sums up.
///
/// `per_day` is the expected number of alarms of a sound single-ray zone with the usual interruption time of 50 ms at
/// a wind of 3 m/s without rain; more rays get fewer, because a sitting bird breaks only one.
pub fn of_day(dice: &Dice, beam: &Beam, day: &Day, per_day: f64) -> Vec<Interference> {
    let who = AgentKey::of(beam.id.as_str());
    let days = day.lasting.as_seconds() / Ms::DAY.seconds();
    let mut all = Vec::new();
    for source in sources(beam, day) {
        let count = dice.draw(who, source.purpose, 0).poisson(per_day * source.share * days);
        for n in 1..=u64::from(count) {
            let mut draw = dice.draw(who, source.purpose, n);
            let from = Ms::from_seconds(draw.between(0.0, day.lasting.as_seconds()));
            let light = from >= day.sunrise.0 && from < day.sunset.0;
            if light || !source.by_day {
                all.push(Interference { from, ..interference(&mut draw, &source, beam) });
            }
        }
    }
    all.extend(low_sun(&mut dice.draw(who, "low-sun", 0), beam, day, per_day));
    all.sort_by_key(|i| (i.from, i.what));
    all
}

/// Which ray it stands in and for how long. Who passes draws his speed first; who stays, his place.
fn interference(draw: &mut Draw, source: &Source, beam: &Beam) -> Interference {
    let place = |draw: &mut Draw| source.one_ray.then(|| draw.below(beam.rays_m.len()));
    let (seconds, ray) = match source.lasting {
        Lasting::Passing { .. } => {
            let seconds = lasting_s(draw, source.lasting);
            (seconds, place(draw))
        }
        Lasting::Staying { .. } => {
            let ray = place(draw);
            (lasting_s(draw, source.lasting), ray)
        }
    };
    standing(source.what, seconds, ray)
}

fn lasting_s(draw: &mut Draw, lasting: Lasting) -> f64 {
    match lasting {
        Lasting::Passing { depth_m, speed_m_s: v } => {
            depth_m / draw.normal_within(v.mean, v.sd, v.low, v.high)
        }
        Lasting::Staying { median_s, sigma } => draw.log_normal(median_s, sigma),
    }
}

fn standing(what: Nuisance, seconds: f64, ray: Option<usize>) -> Interference {
    Interference { from: Ms(0), lasting_us: libm::round(seconds * 1e6) as i64, ray, what }
}

/// The sun stands within a few degrees of the line of sight of the receiver for some minutes around its rise or
/// set. It blinds the receiver for a moment with half a chance on a clear day, and only when the bearing fits.
fn low_sun(draw: &mut Draw, beam: &Beam, day: &Day, per_day: f64) -> Vec<Interference> {
    let mut all = Vec::new();
    for (at, rise) in [(day.sunrise.0, true), (day.sunset.0, false)] {
        let low = nuisance::low_sun();
        let (chance, after_s, lasting_s) =
            (draw.unit(), draw.between(low.from_s, low.to_s), lasting_s(draw, low.blinded()));
        if per_day > 0.0 && sun_faces(beam, day, rise) && chance < low.chance {
            let sign = if rise { 1.0 } else { -1.0 };
            let from = at + Ms::from_seconds(sign * after_s);
            all.push(Interference { from, ..standing(Nuisance::LowSun, lasting_s, None) });
        }
    }
    all.retain(|i| i.from >= Ms(0) && i.from < day.lasting.0);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::beam::nuisance::false_alarms;
    use crate::model::scenario::Duration;
    use crate::words::Id;

    fn beam(from_m: [f64; 2], to_m: [f64; 2], rays_m: Vec<f64>) -> Beam {
        let interruption = Duration::seconds(0.05);
        let hold = Duration::seconds(2.0);
        let (id, wall) = (Id::from("beam-01"), Id::from("wall-1"));
        Beam {
            id,
            from_m,
            to_m,
            wall,
            model: None,
            rays_m,
            interruption,
            hold,
            rated_range_m: 100.0,
            misaligned_deg: 0.0,
        }
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
    fn a_bird_sits_in_one_ray_of_a_dual_beam() {
        let dual = beam([0.0, 0.0], [0.0, 50.0], vec![2.3, 2.6]);
        let all: Vec<Interference> =
            (0..40).flat_map(|s| of_day(&Dice::new(s), &dual, &Day::default(), 1.0)).collect();
        assert!(all.iter().filter(|i| i.what == Nuisance::Bird).all(|i| i.ray.is_some()));
    }

    /// Over many drawn days a zone says as often as the plan works out that something stands in all its rays for so
    /// long.
    #[test]
    fn the_plan_expects_the_false_alarms_that_the_days_bring() {
        let mut single = beam([50.0, 0.0], [0.0, 0.0], vec![2.3]);
        single.misaligned_deg = 0.3;
        let storm = Day { wind_m_s: 5.0, rain_mm_h: 8.0, ..Day::default() };
        let sunny = Day {
            sunrise: "06:00".parse().expect("a time"),
            sunset: "18:00".parse().expect("a time"),
            ..Day::default()
        };
        let close = beam([0.0, 0.0], [0.0, 50.0], vec![2.3, 2.4]);
        let apart = beam([0.0, 0.0], [0.0, 50.0], vec![2.3, 2.6]);
        const DAYS: u64 = 800;
        for (zone, day) in [(&single, &storm), (&single, &sunny), (&close, &sunny), (&apart, &storm)] {
            let drawn: Vec<Interference> =
                (0..DAYS).flat_map(|seed| of_day(&Dice::new(seed), zone, day, 1.0)).collect();
            for interruption_s in [0.012, 0.05, 0.2, 0.5] {
                let alarms = drawn.iter().filter(|i| {
                    let all_rays = i.ray.is_none() || zone.rays_m.len() == 1;
                    all_rays && i.lasting_us as f64 >= interruption_s * 1e6
                });
                let drawn = alarms.count() as f64;
                let expected: f64 = false_alarms(zone, day, 1.0, interruption_s).values().sum();
                let expected = expected * DAYS as f64;
                let off = (drawn - expected).abs() / libm::sqrt(expected);
                assert!(off < 4.0, "{interruption_s} s: {drawn} drawn, {expected} expected");
            }
        }
    }
}
