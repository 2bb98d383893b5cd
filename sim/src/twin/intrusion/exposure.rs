//! What can be seen of a course: which cameras, posts and beams have a chance, as an intruder weighs it who knows the
//! fixed sensors.

use std::collections::BTreeMap;

use super::course::{Corner, Course};
use crate::analysis::sightlines::SightTable;
use crate::model::Scenario;
use crate::model::kit::{Beam, CameraTask};
use crate::twin::devices::beam::shadow::{Mover, Ray, shadow};
use crate::twin::devices::camera::light::Daylight;
use crate::twin::devices::camera::notice::Hardship;
use crate::twin::devices::outer_post::{glance, standing};
use crate::words::Ms;

/// Chance that somebody looks at the picture of a camera that does not raise an alarm by itself (assumed).
const LOOKED_AT: f64 = 0.3;
/// Chance that a beam which is broken for long enough is answered by an alarm.
const BEAM_ALARMS: f64 = 0.98;
/// Step along a course.
const STEP: Ms = Ms(500);

/// Chances of one course.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposure {
    /// Each sensor that has a chance: its name and the chance, in order of name.
    pub sensors: Vec<(String, f64)>,
}

impl Exposure {
    /// Chance that at least one of them notices, 0..1.
    pub fn seen(&self) -> f64 {
        1.0 - self.sensors.iter().map(|(_, p)| 1.0 - p).product::<f64>()
    }
}

/// What an intruder can know before he comes.
#[derive(Clone, Copy)]
pub struct Knowledge<'a> {
    /// The compound.
    pub scenario: &'a Scenario,
    /// What cameras and posts see.
    pub sight: &'a SightTable,
    /// When it is day.
    pub light: Daylight,
}

/// Weighs a course.
pub fn weigh(knowledge: Knowledge, course: &Course) -> Exposure {
    let mut sensors: BTreeMap<String, f64> = BTreeMap::new();
    look(knowledge, course, &mut sensors);
    for beam in &knowledge.scenario.file.kit.beam {
        if breaks(beam, course.corners()) {
            sensors.insert(beam.id.to_string(), BEAM_ALARMS);
        }
    }
    Exposure { sensors: sensors.into_iter().collect() }
}

/// Cameras and posts, half a second by half a second.
fn look(
    Knowledge { scenario, sight, light }: Knowledge,
    course: &Course,
    sensors: &mut BTreeMap<String, f64>,
) {
    let kit = &scenario.file.kit;
    let mut in_view: BTreeMap<u32, (f64, f64, bool)> = BTreeMap::new();
    let mut unseen_by_post: BTreeMap<u32, f64> = BTreeMap::new();
    let mut at = course.corners()[0].at;
    while at <= course.last().at {
        let body = course.at(at);
        let night = !light.is_day(at);
        for seen in sight.cameras_at(body.place_m) {
            let camera = &kit.camera[seen.camera as usize];
            if light.shows(at, seen) {
                let px_per_m = f64::from(seen.px_per_m);
                let miss = Hardship { px_per_m, night, rain_mm_h: scenario.file.day.rain_mm_h }.miss();
                let entry = in_view.entry(seen.camera).or_insert((0.0, 1.0, false));
                entry.0 += STEP.seconds();
                entry.1 = entry.1.min(miss);
                entry.2 |= camera.task == CameraTask::Perimeter && body.feet_m > 0.3;
            }
        }
        for noticing in sight.posts_at(body.place_m).iter().filter(|n| light.lets_see(at, n)) {
            let post = &kit.outer_post[noticing.post as usize];
            let distance = f64::from(noticing.distance_m);
            if let Some((guard, since)) = standing(scenario, post, at) {
                let p = glance(since, distance, post.range_m, night, body.feet_m > 0.3, guard.trained);
                *unseen_by_post.entry(noticing.post).or_insert(1.0) *= 1.0 - p * STEP.seconds();
            }
        }
        at += STEP;
    }
    for (row, (seconds, miss, line)) in in_view {
        // The analytics try again every two seconds.
        let noticed = 1.0 - libm::pow(miss, 1.0 + seconds / 2.0);
        let p = if line { noticed } else { noticed * LOOKED_AT };
        sensors.insert(kit.camera[row as usize].id.to_string(), p);
    }
    for (row, unseen) in unseen_by_post {
        sensors.insert(kit.outer_post[row as usize].id.to_string(), 1.0 - unseen);
    }
}

/// True when a course breaks all rays of a zone at once for as long as its interruption time.
fn breaks(beam: &Beam, corners: &[Corner]) -> bool {
    corners.windows(2).any(|pair| {
        let (a, b) = (pair[0], pair[1]);
        let lasting_s = (b.at - a.at).seconds();
        let mover = Mover {
            way: [a.place_m, b.place_m],
            feet_m: [a.feet_m, b.feet_m],
            height_m: b.height_m,
            depth_m: 0.25,
            width_m: 0.5,
        };
        let ends = [beam.from_m, beam.to_m];
        let mut common = [0.0_f64, 1.0];
        for height_m in &beam.rays_m {
            let Some([from, to]) = shadow(Ray { ends, height_m: *height_m }, &mover) else { return false };
            common = [common[0].max(from), common[1].min(to)];
        }
        (common[1] - common[0]) * lasting_s >= beam.interruption.as_seconds()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scenario::Duration;
    use crate::words::Id;

    fn beam(x: [f64; 2], interruption_s: f64) -> Beam {
        Beam {
            id: Id::from("beam-1"),
            from_m: [x[0], 0.0],
            to_m: [x[1], 0.0],
            wall: Id::from("w1"),
            model: None,
            rays_m: vec![2.4, 2.7],
            interruption: Duration::seconds(interruption_s),
            hold: Duration::seconds(2.0),
            rated_range_m: 100.0,
            misaligned_deg: 0.0,
        }
    }

    fn over_the_top(seconds: f64) -> Course {
        let mut course = Course::from(Ms(0), [5.0, -0.45]);
        course.reach([5.0, -0.45], 2.2, 1.7, 3.0);
        course.reach([5.0, 0.45], 2.2, 0.9, seconds);
        course
    }

    #[test]
    fn a_beam_counts_where_it_is_and_when_it_is_quick_enough() {
        // 0.25 m of 0.9 m within 0.9 s are 250 ms.
        assert!(breaks(&beam([0.0, 20.0], 0.05), over_the_top(0.9).corners()));
        assert!(!breaks(&beam([6.0, 20.0], 0.05), over_the_top(0.9).corners()));
        assert!(!breaks(&beam([0.0, 20.0], 0.5), over_the_top(0.9).corners()));
    }

    #[test]
    fn chances_add_as_independent_ones_do() {
        let exposure = Exposure { sensors: vec![("a".into(), 0.5), ("b".into(), 0.5)] };
        assert!((exposure.seen() - 0.75).abs() < 1e-12);
        assert_eq!(Exposure::default().seen(), 0.0);
    }
}
