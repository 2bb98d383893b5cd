//! Beam zones, worked out: what passes under and over, who is too fast, how often a zone is fooled, and what fog
//! leaves of it. No dice: distributions are summed by formula and quadrature.

pub mod link;
pub mod nuisance;
pub mod way;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::link::{Link, Optics, link, lost_to};
use self::nuisance::false_alarms;
use self::way::{Trip, Way, WayAnswer, ways};
use crate::contract::Nuisance;
use crate::model::Scenario;
use crate::model::kit::Beam;
use crate::model::scenario::Day;
use crate::words::Id;

/// A data file of this room that cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Depth of the body for which the fastest crossing is named, m: the one that published tables use.
pub const BODY_DEPTH_M: f64 = 0.25;
/// Interruption times on the curve, ms: 40 is the limit of GB 10408.4, the others are common settings.
const SETTINGS_MS: [u32; 8] = [40, 50, 100, 150, 200, 250, 350, 500];
/// Speeds on the curves, m/s.
const SPEEDS_M_S: [f64; 10] = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.25, 8.0];

/// All zones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BeamsAnswer {
    /// What was assumed.
    pub assumed: Assumed,
    /// Speeds at which `miss_at` is given, m/s.
    pub speeds_m_s: Vec<f64>,
    /// Each zone of the kit, in its order. Computed from what is assumed.
    pub zones: Vec<ZoneAnswer>,
}

/// What the answer rests on and no scenario says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assumed {
    /// How bodies cross.
    pub ways: Vec<Way>,
    /// What pairs get across.
    pub optics: Optics,
    /// Depth of the body that `fastest_m_s` is about, m.
    pub body_depth_m: f64,
    /// False alarms a day of a usual zone of one ray: the scenario's figure, which the twin draws from as well.
    pub nuisance_per_day: f64,
}

/// One zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZoneAnswer {
    /// The beam.
    pub beam: Id,
    /// Its wall.
    pub wall: Id,
    /// Its length, m.
    pub length_m: f64,
    /// Its rays above the wall's top, from below, m.
    pub above_top_m: Vec<f64>,
    /// From each ray to the next, m.
    pub spacing_m: Vec<f64>,
    /// A body less tall than this breaks all rays nowhere, m.
    pub least_height_m: f64,
    /// The thickest body that lies on the wall's top and leaves a ray whole, m.
    pub passes_under_m: f64,
    /// How far above the wall's top a body must stay to leave a ray whole, m.
    pub passes_over_m: f64,
    /// Interruption time, ms.
    pub interruption_ms: i64,
    /// The fastest crossing that still alarms, for the assumed depth of body, m/s.
    pub fastest_m_s: f64,
    /// Probability that somebody who crosses is missed, over all ways.
    pub miss: f64,
    /// The same by way.
    pub ways: Vec<WayAnswer>,
    /// False alarms that are expected in the scenario's day.
    pub false_alarms: f64,
    /// The same by cause.
    pub false_alarms_by_cause: BTreeMap<Nuisance, f64>,
    /// What other interruption times would give.
    pub settings: Vec<Setting>,
    /// What arrives at its receiver.
    pub link: Link,
    /// Why it says nothing at all, when it does not.
    pub dead: Option<String>,
}

/// What an interruption time gives: too short and birds alarm, too long and runners pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Interruption time, ms.
    pub interruption_ms: u32,
    /// Probability that somebody who crosses is missed.
    pub miss: f64,
    /// False alarms that are expected in the scenario's day.
    pub false_alarms: f64,
}

/// Works out every zone of a scenario.
///
/// # Errors
/// Never with the shipped data files: a test reads them.
pub fn beams(scenario: &Scenario) -> Result<BeamsAnswer, Unreadable> {
    let nuisance_per_day = scenario.file.cast.beam_nuisance_per_day;
    let assumed =
        Assumed { ways: ways()?, optics: Optics::shipped()?, body_depth_m: BODY_DEPTH_M, nuisance_per_day };
    let top = |beam: &Beam| scenario.site.walls.iter().find(|w| w.id == beam.wall).map(|w| w.height_m);
    let kit = &scenario.file.kit.beam;
    let zones = kit.iter().filter_map(|beam| Some(zone(beam, top(beam)?, &scenario.file.day, &assumed)));
    let zones = zones.collect();
    Ok(BeamsAnswer { assumed, speeds_m_s: SPEEDS_M_S.to_vec(), zones })
}

fn zone(beam: &Beam, top_m: f64, day: &Day, assumed: &Assumed) -> ZoneAnswer {
    let mut above_top_m: Vec<f64> = beam.rays_m.iter().map(|ray| ray - top_m).collect();
    above_top_m.sort_by(f64::total_cmp);
    let link = link(beam, day, assumed.optics);
    let trip = |interruption_s: f64| Trip {
        lowest_m: beam.lowest_m() - top_m,
        highest_m: beam.highest_m() - top_m,
        interruption_s,
    };
    let setting = beam.interruption.as_seconds();
    let by_cause = |interruption_s: f64| false_alarms(beam, day, assumed.nuisance_per_day, interruption_s);
    let settings = SETTINGS_MS.map(|interruption_ms| {
        let seconds = f64::from(interruption_ms) / 1000.0;
        let miss = trip(seconds).miss_of_all(&assumed.ways);
        Setting { interruption_ms, miss, false_alarms: by_cause(seconds).values().sum() }
    });
    let own = trip(setting);
    let false_alarms_by_cause = by_cause(setting);
    let answer = ZoneAnswer {
        beam: beam.id.clone(),
        wall: beam.wall.clone(),
        length_m: beam.length_m(),
        spacing_m: above_top_m.windows(2).map(|pair| pair[1] - pair[0]).collect(),
        above_top_m,
        least_height_m: beam.highest_m() - beam.lowest_m(),
        passes_under_m: own.highest_m,
        passes_over_m: own.lowest_m,
        interruption_ms: beam.interruption.0.0,
        fastest_m_s: BODY_DEPTH_M / setting.max(1e-3),
        miss: own.miss_of_all(&assumed.ways),
        ways: assumed.ways.iter().map(|way| by_way(way, own)).collect(),
        false_alarms: false_alarms_by_cause.values().sum(),
        false_alarms_by_cause,
        settings: settings.to_vec(),
        link,
        dead: lost_to(beam, day, assumed.optics).map(|lost| in_words(lost).to_owned()),
    };
    if answer.dead.is_some() { blind(answer) } else { answer }
}

fn by_way(way: &Way, trip: Trip) -> WayAnswer {
    WayAnswer {
        way: way.id.clone(),
        share: way.share,
        breaks_all: trip.breaks_all(way),
        miss: trip.miss(way),
        miss_at: SPEEDS_M_S.map(|speed| trip.miss_at(way, speed)).to_vec(),
    }
}

/// Why a zone says nothing at all, in words.
fn in_words(lost_to: Nuisance) -> &'static str {
    match lost_to {
        Nuisance::Rain => "fog and rain of the day leave its receiver too little",
        _ => "out of line: its receiver gets nothing",
    }
}

/// A zone that is down the whole day misses everybody and is fooled by nothing.
fn blind(mut answer: ZoneAnswer) -> ZoneAnswer {
    answer.miss = 1.0;
    for way in &mut answer.ways {
        way.miss = 1.0;
        way.miss_at.fill(1.0);
    }
    for setting in &mut answer.settings {
        (setting.miss, setting.false_alarms) = (1.0, 0.0);
    }
    answer.false_alarms = 0.0;
    answer.false_alarms_by_cause.clear();
    answer
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::analysis::sample;
    use crate::model::kit::Kit;
    use crate::model::scenario::Duration;
    use crate::model::site::WallKind;

    pub(in crate::analysis) fn beam(from_m: [f64; 2], to_m: [f64; 2]) -> Beam {
        Beam {
            id: "zone".into(),
            from_m,
            to_m,
            wall: "rim".into(),
            model: None,
            rays_m: vec![2.3, 2.5],
            interruption: Duration::seconds(0.05),
            hold: Duration::seconds(2.0),
            rated_range_m: 100.0,
            misaligned_deg: 0.0,
        }
    }

    /// A zone of 60 m on a wall of 2.2 m.
    fn answer(change: impl FnOnce(&mut Beam, &mut Day)) -> ZoneAnswer {
        let mut site = sample::bare(0.0, 0.0, 60.0, 50.0);
        site.walls.push(sample::wall("rim", WallKind::Wall, &[(0.0, 0.0), (60.0, 0.0)], 2.2));
        let mut zone = beam([0.0, 0.0], [60.0, 0.0]);
        let mut scenario = sample::scenario(site, Kit::default());
        scenario.file.cast.beam_nuisance_per_day = 1.0;
        change(&mut zone, &mut scenario.file.day);
        scenario.file.kit.beam.push(zone);
        beams(&scenario).expect("the shipped data").zones.remove(0)
    }

    #[test]
    fn the_geometry_of_a_zone_is_told_from_the_wall_s_top() {
        let found = answer(|zone, _| zone.rays_m = vec![2.6, 2.3, 2.4]);
        let mm = |m: f64| libm::round(m * 1000.0);
        assert_eq!(found.above_top_m.iter().copied().map(mm).collect::<Vec<_>>(), [100.0, 200.0, 400.0]);
        assert_eq!(found.spacing_m.iter().copied().map(mm).collect::<Vec<_>>(), [100.0, 200.0]);
        let geometry = [found.least_height_m, found.passes_under_m, found.passes_over_m].map(mm);
        assert_eq!(geometry, [300.0, 400.0, 100.0]);
        assert_eq!((found.fastest_m_s, found.length_m, found.dead), (5.0, 60.0, None));
    }

    #[test]
    fn rays_farther_apart_miss_more_and_are_fooled_less() {
        let (near, far) = (answer(|_, _| {}), answer(|zone, _| zone.rays_m = vec![2.3, 2.8]));
        assert!(far.miss > near.miss + 0.03, "{} {}", far.miss, near.miss);
        assert!(far.ways[2].breaks_all < 1e-9, "nobody who lies flat reaches 0.6 m");
        let one = answer(|zone, _| zone.rays_m = vec![2.3]);
        assert!(one.miss < near.miss && one.false_alarms > near.false_alarms);
    }

    #[test]
    fn the_curve_trades_misses_for_false_alarms() {
        let found = answer(|_, _| {});
        let curve = &found.settings;
        assert!(curve.windows(2).all(|w| w[0].miss < w[1].miss && w[0].false_alarms > w[1].false_alarms));
        let own = curve.iter().find(|s| s.interruption_ms == 50).expect("50 ms is on the curve");
        assert_eq!((own.miss, own.false_alarms), (found.miss, found.false_alarms));
        assert!(found.ways.iter().all(|w| w.miss_at.windows(2).all(|m| m[0] <= m[1] + 1e-12)));
    }

    #[test]
    fn a_zone_that_is_down_misses_everybody() {
        let lost = answer(|zone, _| zone.misaligned_deg = 1.0);
        let fog = answer(|_, day| day.visibility_m = 30.0);
        for found in [lost, fog] {
            assert!(found.dead.is_some() && found.miss == 1.0 && found.false_alarms == 0.0, "{found:?}");
        }
        assert!(answer(|_, day| day.visibility_m = 60.0).dead.is_none(), "60 m of visibility are enough");
    }
}
