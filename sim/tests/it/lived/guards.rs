//! What standing posts and walking guards report of intruders, against an eye that is not the plan's.

use palisade_sim::analysis::sightlines::{BODY_M, EYE_M};
use palisade_sim::contract::{Cause, Class, Signal, Stimulus};
use palisade_sim::model::Scenario;
use palisade_sim::model::cast::{Duty, Policy};
use palisade_sim::model::kit::OuterPost;
use palisade_sim::model::scenario::Duration;
use palisade_sim::twin::devices::outer_post::{glance, standing};
use palisade_sim::twin::frame::{Role, Track};
use palisade_sim::whole::Day;
use palisade_sim::whole::tracks::position_cm;
use palisade_sim::words::Ms;

use super::eye::{Eye, FACES};
use super::{ASIDE_M, Verdict, instants, is_day, lasting, place, verdict};
use crate::common::{day, large, tiny};

/// Between a glance that finds somebody and the report lies a time of 2.5 to 3 s in the middle, spread by a factor of e^0.4:
/// five times that spread either way.
const BEFORE: [Ms; 2] = [Ms(23_000), Ms(300)];
/// Mean time from one glance of a post to the next: 0.7 to 1.5 s, to the end of a tick.
const GLANCE: Ms = Ms(1150);
/// How far a walking guard makes somebody out, m.
const MAKES_OUT_M: f64 = 30.0;
/// Guards and intruders are asked where they are, to the centimetre of the tracks and the motion of a step, m.
const HERE_M: f64 = 1.0;
/// A fog in which a contrast of 0.5 falls to 0.02 within 21 m: nearer than posts and guards see in clear air.
const FOG_M: f64 = 25.0;

/// The same with many intruders by day and by night, and posts that are manned round the clock.
fn raided(mut scenario: Scenario) -> Scenario {
    let cast = &mut scenario.file.cast;
    (cast.intrusions_per_day, cast.intruder_policy) = (90.0, Policy::Random);
    for post in &mut scenario.file.kit.outer_post {
        post.manned = None;
        let own = Duty::OuterPost(post.id.clone());
        if let Some(his) = scenario.file.cast.guard.iter_mut().find(|guard| guard.duty == own) {
            his.shift = ["00:00", "00:00"].map(|at| at.parse().unwrap());
        }
    }
    scenario
}

fn in_fog(mut scenario: Scenario) -> Scenario {
    scenario.file.day.visibility_m = FOG_M;
    scenario
}

/// Judges what is reported on a scenario's day.
struct Judge<'a> {
    scenario: &'a Scenario,
    /// With crowns as round as they can be, and as flat.
    eyes: [Eye<'a>; 2],
}

impl<'a> Judge<'a> {
    fn of(scenario: &'a Scenario) -> Judge<'a> {
        Judge { scenario, eyes: [1.0, FACES].map(|crowns| Eye::on(scenario, crowns)) }
    }

    /// The verdict of both eyes on a point and those around it.
    fn verdict(&self, at: [f64; 2], aside_m: f64, sees: impl Fn(&Eye, [f64; 2]) -> bool) -> Verdict {
        let [round, flat] = self.eyes.each_ref().map(|eye| verdict(at, aside_m, |point| sees(eye, point)));
        if round == flat { round } else { Verdict::Doubt }
    }

    /// Whether the guard of a post would see a body at a point: in his sector and range, and by his eye.
    fn post(&self, post: &OuterPost, at: [f64; 2], when: Ms) -> Verdict {
        let night = !is_day(self.scenario, when);
        self.verdict(at, ASIDE_M, |eye, [x, y]| {
            let [east, north] = [x - post.at_m[0], y - post.at_m[1]];
            let bearing = libm::atan2(east, north).to_degrees() - post.bearing_deg;
            let aside = (bearing + 180.0).rem_euclid(360.0) - 180.0;
            libm::hypot(east, north) <= post.range_m
                && aside.abs() <= post.fov_deg / 2.0
                && eye.sees([post.at_m[0], post.at_m[1], EYE_M], [x, y, BODY_M], night)
        })
    }

    /// Whether a guard who walks at a point would see somebody of 1.7 m, upright or bent, whose feet are at another.
    fn guard(&self, guard: [f64; 2], [x, y, feet]: [f64; 3], when: Ms) -> Verdict {
        let night = !is_day(self.scenario, when);
        self.verdict([x, y], HERE_M, |eye, [x, y]| {
            libm::hypot(x - guard[0], y - guard[1]) <= MAKES_OUT_M
                && [0.5, 1.4].iter().any(|up| eye.sees([guard[0], guard[1], EYE_M], [x, y, feet + up], night))
        })
    }
}

/// The tracks of whoever a report is about.
fn suspects<'a>(lived: &'a Day, report: &Stimulus) -> impl Iterator<Item = &'a Track> {
    let Cause::Incident(id) = report.cause else { panic!("{report:?} is about nobody") };
    let actor = &lived.tape.incidents[id.index()].actor;
    lived.tracks.tracks.iter().filter(move |track| track.who == *actor)
}

/// The instants at which he who was reported may have been seen.
fn when(report: &Stimulus) -> impl Iterator<Item = Ms> {
    instants([report.due - BEFORE[0], report.due - BEFORE[1]])
}

fn sightings<'a>(
    scenario: &'a Scenario,
    lived: &'a Day,
    class: Class,
) -> impl Iterator<Item = (usize, &'a Stimulus)> {
    let said = lived.tape.stimuli.iter().filter(|s| matches!(s.signal, Signal::PersonSighted { .. }));
    said.filter_map(move |stimulus| {
        let device = &scenario.devices[stimulus.device.index()];
        (device.class == class).then_some((device.row, stimulus))
    })
}

/// What was reported by day and by night, and what of it nobody can have seen.
#[derive(Debug, Default)]
struct Told {
    reports: [usize; 2],
    unexplained: Vec<String>,
}

impl Told {
    fn put(&mut self, who: &str, report: &Stimulus, day: bool, shown: bool) {
        self.reports[usize::from(!day)] += 1;
        if !shown {
            self.unexplained.push(format!("{who} reports whom he cannot see: {report:?}"));
        }
    }

    fn all(&self) -> usize {
        self.reports.iter().sum()
    }
}

fn by_posts(judge: &Judge, lived: &Day) -> Told {
    let mut told = Told::default();
    for (row, report) in sightings(judge.scenario, lived, Class::OuterPost) {
        let post = &judge.scenario.file.kit.outer_post[row];
        let sees = |track: &Track, at: Ms| {
            standing(judge.scenario, post, at)?;
            Some(judge.post(post, place(track, at)?, at) != Verdict::Unseen)
        };
        let shown = suspects(lived, report).any(|track| when(report).any(|at| sees(track, at) == Some(true)));
        told.put(post.id.as_str(), report, is_day(judge.scenario, report.due), shown);
    }
    told
}

fn by_guards(judge: &Judge, lived: &Day) -> Told {
    let mut told = Told::default();
    for (row, report) in sightings(judge.scenario, lived, Class::GuardRadio) {
        let name = format!("guard/{}", judge.scenario.file.cast.guard[row].id);
        let own = lived.tracks.tracks.iter().filter(|track| track.who == name);
        let sees = |guard: &Track, track: &Track, at: Ms| {
            let him = position_cm(track, at)?.map(|cm| f64::from(cm) / 100.0);
            Some(judge.guard(place(guard, at)?, him, at) != Verdict::Unseen)
        };
        let mut pairs = own.flat_map(|guard| suspects(lived, report).map(move |track| (guard, track)));
        let shown = pairs.any(|(guard, track)| when(report).any(|at| sees(guard, track, at) == Some(true)));
        told.put(&name, report, is_day(judge.scenario, report.due), shown);
    }
    told
}

/// How many sightings of posts are expected: at least, where it is sure that they see, and at most, where it may be; four
/// standard deviations beyond either.
fn expected(judge: &Judge, lived: &Day) -> [f64; 2] {
    let (scenario, mut sums) = (judge.scenario, [(0.0, 0.0); 2]);
    for track in lived.tracks.tracks.iter().filter(|t| t.role == Role::Intruder) {
        for post in &scenario.file.kit.outer_post {
            let mut missed = [1.0, 1.0];
            for at in lasting(track)
                .into_iter()
                .flat_map(|[from, to]| (from.0..to.0).step_by(GLANCE.0 as usize))
                .map(Ms)
            {
                let Some((guard, since)) = standing(scenario, post, at) else { continue };
                let Some(here) = place(track, at) else { continue };
                let distance_m = libm::hypot(here[0] - post.at_m[0], here[1] - post.at_m[1]);
                let climbing = position_cm(track, at).is_some_and(|p| p[2] > 30);
                let night = !is_day(scenario, at);
                let finds = glance(since, distance_m, post.range_m, night, climbing, guard.trained);
                let said = judge.post(post, here, at);
                let shown = [said == Verdict::Seen, said != Verdict::Unseen];
                (0..2).filter(|k| shown[*k]).for_each(|k| missed[k] *= 1.0 - finds);
            }
            for (sum, missed) in sums.iter_mut().zip(missed) {
                *sum = (sum.0 + 1.0 - missed, sum.1 + missed * (1.0 - missed));
            }
        }
    }
    let [(least, spread), (most, wider)] = sums;
    [least - 4.0 * libm::sqrt(spread), most + 4.0 * libm::sqrt(wider)]
}

/// Nobody reports whom he cannot see, and posts report as many as they should.
fn hold(scenario: &Scenario, lived: &Day) -> [Told; 2] {
    let judge = Judge::of(scenario);
    let (posts, guards) = (by_posts(&judge, lived), by_guards(&judge, lived));
    assert!(posts.unexplained.is_empty() && guards.unexplained.is_empty(), "{posts:#?} {guards:#?}");
    let [low, high] = expected(&judge, lived);
    let count = posts.all() as f64;
    assert!((low..=high).contains(&count), "{count} sightings, {low:.1} to {high:.1} expected");
    [posts, guards]
}

#[test]
fn posts_and_guards_report_whom_an_eye_can_see_in_clear_air_and_in_fog() {
    let (scenario, dim) = (raided(tiny()), in_fog(raided(tiny())));
    let (lived, foggy) = (day(scenario.clone(), 5), day(dim.clone(), 5));
    let [posts, guards] = hold(&scenario, &lived);
    assert!(posts.reports.iter().all(|n| *n > 3) && guards.all() > 3, "{posts:?} {guards:?}");
    let [fewer, _] = hold(&dim, &foggy);
    assert!(fewer.all() > 3 && fewer.all() < posts.all(), "{fewer:?} of {posts:?}");
    // The judge refuses: what was seen in clear air could not have been seen in the fog.
    let judge = Judge::of(&dim);
    let refused = [by_posts(&judge, &lived), by_guards(&judge, &lived)].map(|told| told.unexplained.len());
    assert!(refused.iter().all(|n| *n > 0), "{refused:?}");
}

/// Half a day of 翠苑, by night and by day.
#[test]
fn they_do_so_in_a_large_compound_too() {
    let mut scenario = raided(large());
    scenario.file.day.lasting = Duration::seconds(12.0 * 3600.0);
    let lived = day(scenario.clone(), 5);
    let [posts, guards] = hold(&scenario, &lived);
    // How many there must be at least is what `hold` works out.
    assert!(posts.all() > 1 && guards.all() > 3, "{posts:?} {guards:?}");
}
