//! What standing posts and walking guards report of intruders, against the plan.

use palisade_sim::analysis::light::Light;
use palisade_sim::analysis::sightlines::{BODY_M, EYE_M, eye_sees};
use palisade_sim::contract::{Cause, Class, Signal, Stimulus};
use palisade_sim::model::Scenario;
use palisade_sim::model::cast::Policy;
use palisade_sim::model::kit::OuterPost;
use palisade_sim::twin::devices::outer_post::{glance, standing};
use palisade_sim::twin::frame::{Role, Track};
use palisade_sim::whole::Day;
use palisade_sim::whole::tracks::position_cm;
use palisade_sim::words::Ms;

use super::{ASIDE_M, Planner, Verdict, instants, lasting, place, verdict};
use crate::common::{day, tiny};

/// Between a glance that finds somebody and the report lies a time of 2.5 to 3 s in the middle, spread by a factor of e^0.4:
/// five times that spread either way.
const BEFORE: [Ms; 2] = [Ms(23_000), Ms(300)];
/// Mean time from one glance of a post to the next: 0.7 to 1.5 s, to the end of a tick.
const GLANCE: Ms = Ms(1150);
/// How far a walking guard makes somebody out, m.
const MAKES_OUT_M: f64 = 30.0;
/// Guards and intruders are asked where they are, to the centimetre of the tracks and the motion of a step, m.
const HERE_M: f64 = 1.0;

/// Many intruders by day and by night, and a post that is manned round the clock.
fn raids() -> Scenario {
    let mut scenario = tiny();
    let cast = &mut scenario.file.cast;
    (cast.intrusions_per_day, cast.intruder_policy) = (90.0, Policy::Random);
    for post in &mut scenario.file.kit.outer_post {
        post.manned = None;
        let own = palisade_sim::model::cast::Duty::OuterPost(post.id.clone());
        let his = scenario.file.cast.guard.iter_mut().filter(|guard| guard.duty == own);
        his.for_each(|guard| guard.shift = ["00:00", "00:00"].map(|at| at.parse().unwrap()));
    }
    scenario
}

impl Planner<'_> {
    fn light(&self, at: Ms) -> Light {
        if self.is_day(at) { Light::Day } else { Light::Night }
    }

    /// Whether the guard of a post would see a body at a point: in his sector and range, and by the rule for eyes.
    fn post_sees(&self, post: &OuterPost, [x, y]: [f64; 2], at: Ms) -> bool {
        let [east, north] = [x - post.at_m[0], y - post.at_m[1]];
        let bearing = libm::atan2(east, north).to_degrees() - post.bearing_deg;
        let aside = (bearing + 180.0).rem_euclid(360.0) - 180.0;
        let eye = [post.at_m[0], post.at_m[1], EYE_M];
        libm::hypot(east, north) <= post.range_m
            && aside.abs() <= post.fov_deg / 2.0
            && eye_sees(&self.caster, eye, [x, y, BODY_M], self.light(at))
    }

    /// Whether a guard who walks at a point would see somebody at another.
    fn guard_sees(&self, guard: [f64; 2], chest: [f64; 3], at: Ms) -> bool {
        libm::hypot(chest[0] - guard[0], chest[1] - guard[1]) <= MAKES_OUT_M
            && eye_sees(&self.caster, [guard[0], guard[1], EYE_M], chest, self.light(at))
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

/// How many sightings of posts the plan expects: at least, where it is sure, and at most, where it may be; with variances.
fn expected(planner: &Planner, lived: &Day) -> [(f64, f64); 2] {
    let (scenario, mut sums) = (planner.scenario, [(0.0, 0.0); 2]);
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
                let night = !planner.is_day(at);
                let finds = glance(since, distance_m, post.range_m, night, climbing, guard.trained);
                let said = verdict(here, ASIDE_M, |point| planner.post_sees(post, point, at));
                let shown = [said == Verdict::Seen, said != Verdict::Unseen];
                (0..2).filter(|k| shown[*k]).for_each(|k| missed[k] *= 1.0 - finds);
            }
            for (sum, missed) in sums.iter_mut().zip(missed) {
                *sum = (sum.0 + 1.0 - missed, sum.1 + missed * (1.0 - missed));
            }
        }
    }
    sums
}

#[test]
fn posts_and_guards_report_whom_the_plan_lets_them_see() {
    let scenario = raids();
    let (planner, lived) = (Planner::of(&scenario), day(scenario.clone(), 5));
    let mut told = [0, 0];
    let mut by_light = |at: Ms| told[usize::from(!planner.is_day(at))] += 1;
    for (row, report) in sightings(&scenario, &lived, Class::OuterPost) {
        let post = &scenario.file.kit.outer_post[row];
        let sees = |track: &Track, at: Ms| {
            let here = place(track, at)?;
            standing(&scenario, post, at)?;
            Some(verdict(here, ASIDE_M, |point| planner.post_sees(post, point, at)) != Verdict::Unseen)
        };
        let shown =
            suspects(&lived, report).any(|track| when(report).any(|at| sees(track, at) == Some(true)));
        assert!(shown, "{} reports whom it cannot see: {report:?}", post.id);
        by_light(report.due);
    }
    let posts: usize = told.iter().sum();
    let [(least, spread), (most, wider)] = expected(&planner, &lived);
    let (low, high) = (least - 4.0 * libm::sqrt(spread), most + 4.0 * libm::sqrt(wider));
    assert!((low..=high).contains(&(posts as f64)), "{posts} sightings, {least:.1} to {most:.1} expected");
    let mut by_guards = [0, 0];
    for (row, report) in sightings(&scenario, &lived, Class::GuardRadio) {
        let name = format!("guard/{}", scenario.file.cast.guard[row].id);
        let own = lived.tracks.tracks.iter().filter(|track| track.who == name);
        let sees = |guard: &Track, track: &Track, at: Ms| {
            let (eye, [x, y, z]) =
                (place(guard, at)?, position_cm(track, at)?.map(|cm| f64::from(cm) / 100.0));
            // Somebody of 1.7 m, upright or bent.
            let chest = |point: [f64; 2], up: f64| [point[0], point[1], z + up];
            let any = |point| [0.5, 1.4].iter().any(|up| planner.guard_sees(eye, chest(point, *up), at));
            Some(verdict([x, y], HERE_M, any) != Verdict::Unseen)
        };
        let mut pairs = own.flat_map(|guard| suspects(&lived, report).map(move |track| (guard, track)));
        let shown = pairs.any(|(guard, track)| when(report).any(|at| sees(guard, track, at) == Some(true)));
        assert!(shown, "{name} reports whom he cannot see: {report:?}");
        by_guards[usize::from(!planner.is_day(report.due))] += 1;
    }
    assert!(told.iter().all(|n| *n > 3) && by_guards.iter().sum::<usize>() > 3, "{told:?} {by_guards:?}");
}
