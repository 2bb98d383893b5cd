//! What cameras say of targets that enter and leave, against the plan.

use std::collections::BTreeMap;

use palisade_sim::contract::{Class, Signal};
use palisade_sim::model::Scenario;
use palisade_sim::model::scenario::Duration;
use palisade_sim::twin::devices::camera::notice::{GATHER, Hardship, LEAVE, RETRY};
use palisade_sim::twin::frame::{Role, Track};
use palisade_sim::whole::Day;
use palisade_sim::words::Ms;

use super::{ASIDE_M, Planner, SLACK, STEP, Verdict, instants, is_day, lasting, place, verdict};
use crate::common::{day, tiny, tiny_day};

/// The longest that analytics gather, before a miss.
const GATHER_MOST: Ms = Ms(650);
/// In view for so long, a target has been reported but for fifteen misses in a row, of which none is likelier than 0.45.
const SURELY: Ms = Ms(GATHER_MOST.0 + 15 * RETRY.0);
/// Cells are half a metre wide, and the nearest ground is a few metres off: the density may differ by this share.
const DENSITY: f64 = 0.3;

/// What a camera made of a mover: from being reported to being lost.
#[derive(Clone, Copy, Debug)]
struct Held {
    entered: Ms,
    px_per_m: u32,
    /// Nothing when the day was over before.
    left: Option<Ms>,
}

/// Row of the camera and number of the track -> what the camera said, in order.
fn said(scenario: &Scenario, lived: &Day) -> BTreeMap<(usize, u32), Vec<Held>> {
    let mut all: BTreeMap<(usize, u32), Vec<Held>> = BTreeMap::new();
    for stimulus in &lived.tape.stimuli {
        let device = &scenario.devices[stimulus.device.index()];
        if device.class != Class::Camera {
            continue;
        }
        match stimulus.signal {
            Signal::TargetEntered { track, px_per_m, .. } => {
                let held = all.entry((device.row, track)).or_default();
                assert!(
                    held.last().is_none_or(|h| h.left.is_some()),
                    "{} entered twice: {stimulus:?}",
                    device.id
                );
                held.push(Held { entered: stimulus.due, px_per_m, left: None });
            }
            Signal::TargetLeft { track, .. } => {
                let held = all.get_mut(&(device.row, track)).and_then(|held| held.last_mut());
                let open = held.filter(|h| h.left.is_none());
                open.unwrap_or_else(|| panic!("{} lost what it never had: {stimulus:?}", device.id)).left =
                    Some(stimulus.due);
            }
            _ => {}
        }
    }
    all
}

/// One question and its answer.
#[derive(Clone, Copy, Debug)]
struct Answer {
    at: Ms,
    verdict: Verdict,
    px_per_m: f64,
    night: bool,
}

/// What the plan says of a mover before one camera, from its first instant to its last. Who stands still is asked once by
/// either light.
fn asked(planner: &Planner, row: usize, track: &Track) -> Vec<Answer> {
    let mut known: Option<([f64; 2], Answer)> = None;
    let answer = |at: Ms| {
        let (here, day) = (place(track, at)?, is_day(planner.scenario, at));
        let again = known.filter(|(there, answer)| *there == here && answer.night != day);
        let answer = again.map(|(_, answer)| Answer { at, ..answer }).unwrap_or_else(|| {
            let far = planner.far(row, here);
            let sees = |point| planner.camera_sees(row, point, day).is_some();
            let verdict = if far { Verdict::Unseen } else { verdict(here, ASIDE_M, sees) };
            let px_per_m = if far { None } else { planner.camera_sees(row, here, day) }.unwrap_or(0.0);
            Answer { at, verdict, px_per_m, night: !day }
        });
        known = Some((here, answer));
        Some(answer)
    };
    lasting(track).into_iter().flat_map(instants).filter_map(answer).collect()
}

/// How a day came out.
#[derive(Debug, Default)]
struct Tally {
    reports: [usize; 2],
    /// Stretches in full view, by day and by night, that are long enough for one look of the analytics.
    stretches: [usize; 2],
    reported: [f64; 2],
    /// Expected of `reported`, and its variance.
    expected: [f64; 2],
    variance: [f64; 2],
}

fn hold(scenario: &Scenario, lived: &Day) -> Tally {
    let planner = Planner::of(scenario);
    let all = said(scenario, lived);
    let mut tally = Tally::default();
    for track in lived.tracks.tracks.iter().filter(|t| t.role != Role::Object) {
        for row in 0..scenario.file.kit.camera.len() {
            let answers = asked(&planner, row, track);
            let held = all.get(&(row, track.id.0)).map_or(&[][..], Vec::as_slice);
            let case = Case { who: format!("{} before camera {row}", track.who), held, answers: &answers };
            held.iter().for_each(|held| case.explained(held, &mut tally));
            case.reported(scenario, lived.tape.lasting, &mut tally);
        }
    }
    tally
}

/// A mover before a camera.
struct Case<'a> {
    who: String,
    held: &'a [Held],
    answers: &'a [Answer],
}

impl Case<'_> {
    fn between(&self, from: Ms, to: Ms) -> impl Iterator<Item = &Answer> {
        let first = self.answers.partition_point(|answer| answer.at < from);
        self.answers[first..].iter().take_while(move |answer| answer.at <= to)
    }

    /// Every report is one that the plan explains.
    fn explained(&self, held: &Held, tally: &mut Tally) {
        let who = &self.who;
        // In view when it is reported, and long enough before, with gaps that are shorter than what loses a target.
        let unseen = |answer: &&Answer| answer.verdict == Verdict::Unseen;
        let before: Vec<&Answer> =
            self.between(held.entered - GATHER - LEAVE - SLACK, held.entered + SLACK).collect();
        let shown = before.iter().filter(|answer| !unseen(answer)).count() as i64;
        assert!(shown * STEP.0 >= GATHER.0 - STEP.0, "{who}: {held:?} after {before:?}");
        let mut now = self.between(held.entered - SLACK, held.entered + SLACK);
        assert!(now.any(|answer| answer.verdict != Verdict::Unseen), "{who}: {held:?} is out of view");
        let most =
            self.between(held.entered - SURELY, held.entered + SLACK).map(|a| a.px_per_m).fold(0.0, f64::max);
        let least_allowed = f64::from(held.px_per_m) <= most * (1.0 + DENSITY) + 1.0;
        assert!(most == 0.0 || least_allowed, "{who}: {held:?}, the plan has {most:.0} px/m");
        // While it is held it is never out of view for long.
        let gone = held.left.map_or(Ms(i64::MAX), |left| left - LEAVE);
        let mut away = Ms(0);
        for answer in self.between(held.entered, gone - SLACK) {
            away = if unseen(&answer) { away + STEP } else { Ms(0) };
            assert!(away <= LEAVE + SLACK, "{who}: {held:?}, out of view for {away:?} at {:?}", answer.at);
        }
        // When it is lost it has gone out of view, and stays out until that is said.
        if let Some(left) = held.left {
            let mut since = self.between(gone + SLACK, left - SLACK);
            assert!(since.all(|a| a.verdict != Verdict::Seen), "{who}: {held:?} is in full view still");
        }
        let night = self.between(held.entered - SLACK, held.entered + SLACK).all(|a| a.night);
        tally.reports[usize::from(night)] += 1;
    }

    /// Whoever is in full view for long is reported, and of all others as many as the analytics' misses leave.
    fn reported(&self, scenario: &Scenario, lasting: Ms, tally: &mut Tally) {
        let changes = |a: &Answer, b: &Answer| (a.verdict, a.night) == (b.verdict, b.night);
        for stretch in self.answers.chunk_by(changes).filter(|s| s[0].verdict == Verdict::Seen) {
            let [from, to] = [stretch[0].at, stretch[stretch.len() - 1].at.min(lasting)];
            let long = to - from - SLACK;
            if long < GATHER_MOST {
                continue;
            }
            let covers =
                |h: &Held| h.entered <= to + SLACK && h.left.is_none_or(|left| left - LEAVE >= from - SLACK);
            let found = self.held.iter().any(covers);
            assert!(
                found || long < SURELY,
                "{}: in full view from {from:?} to {to:?}, {:?}",
                self.who,
                self.held
            );
            let hardship = Hardship {
                px_per_m: stretch[0].px_per_m,
                night: stretch[0].night,
                rain_mm_h: scenario.file.day.rain_mm_h,
            };
            let looks = 1 + (long - GATHER_MOST).0 / RETRY.0;
            let missed = libm::pow(hardship.miss(), looks as f64);
            let light = usize::from(stretch[0].night);
            tally.stretches[light] += 1;
            tally.reported[light] += f64::from(u8::from(found));
            tally.expected[light] += 1.0 - missed;
            tally.variance[light] += missed * (1.0 - missed);
        }
    }
}

/// Reported are no fewer stretches than expected, less four standard deviations. More may be: a stretch ends at the first point
/// of doubt, and what is reported there counts.
fn enough(tally: &Tally) {
    for light in [0, 1] {
        let least = tally.expected[light] - 4.0 * libm::sqrt(tally.variance[light]) - 1.0;
        assert!(tally.reported[light] >= least, "{tally:?}");
    }
}

#[test]
fn on_a_day_with_its_night_cameras_say_what_the_plan_sees() {
    let tally = hold(&tiny(), tiny_day());
    enough(&tally);
    assert!(tally.reports.iter().all(|reports| *reports > 50), "{tally:?}");
    assert!(tally.stretches.iter().all(|stretches| *stretches > 50), "{tally:?}");
}

#[test]
fn in_a_night_and_a_morning_with_fog_and_few_lamps_they_do_too() {
    let mut scenario = tiny();
    scenario.file.day.visibility_m = 40.0;
    scenario.file.day.lasting = Duration::seconds(9.0 * 3600.0);
    scenario.site.lamps.truncate(2);
    scenario.file.kit.camera.iter_mut().for_each(|camera| camera.ir_range_m = 12.0);
    let lived = day(scenario.clone(), 3);
    let tally = hold(&scenario, &lived);
    enough(&tally);
    let clear = said(&tiny(), tiny_day()).len();
    let foggy = said(&scenario, &lived).len();
    assert!(tally.reports[0] > 20 && foggy > 0 && foggy < clear, "{foggy} {clear} {tally:?}");
}
