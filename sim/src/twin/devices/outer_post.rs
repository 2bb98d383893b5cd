//! Outer patrol posts (外围巡逻岗): a guard's eyes, which tire, and which see little by night. What
//! he can see stands in the sight table, as for cameras.

use std::collections::BTreeMap;

use bevy::prelude::*;

use super::camera::light::Daylight;
use crate::contract::{Cause, Class, Signal};
use crate::model::Scenario;
use crate::model::cast::{Duty, Event, Guard};
use crate::model::kit::OuterPost;
use crate::twin::frame::{Body, Chance, Clock, Errand, Outbox, Plan, Role, Sight};
use crate::words::{AgentKey, DeviceIx, Id, Ms, TrackId};

/// The posts and what each knows of those in its view.
#[derive(Resource)]
pub(super) struct Posts {
    rows: Vec<(DeviceIx, AgentKey)>,
    light: Daylight,
    looks: BTreeMap<(u32, TrackId), Look>,
}

/// What a post knows of somebody in its view.
struct Look {
    /// When the guard's eye passes over the spot the next time.
    next: Ms,
    glances: u64,
    sighted: bool,
}

impl FromWorld for Posts {
    fn from_world(world: &mut World) -> Posts {
        let plan = world.resource::<Plan>();
        let devices = plan.devices.iter().enumerate().filter(|(_, d)| d.class == Class::OuterPost);
        let rows = devices.map(|(n, d)| (DeviceIx(n as u32), AgentKey::of(d.id.as_str()))).collect();
        Posts { rows, light: Daylight::of(plan), looks: BTreeMap::new() }
    }
}

/// Time since a guard's shift began; nothing when he is off shift. A shift may go past midnight.
pub fn on_shift(guard: &Guard, at: Ms) -> Option<Ms> {
    let [start, end] = guard.shift.map(|t| t.0.0);
    let length = (end - start).rem_euclid(Ms::DAY.0);
    let since = (at.0 - start).rem_euclid(Ms::DAY.0);
    (since < length || length == 0).then_some(Ms(since))
}

/// True while the script says that a guard has fallen out.
pub fn absent(scenario: &Scenario, guard: &Id, at: Ms) -> bool {
    scenario.file.script.iter().any(|entry| match &entry.event {
        Event::GuardAbsent { guard: who, lasting } => {
            who == guard && at >= entry.at.0 && at < entry.at.0 + lasting.0
        }
        _ => false,
    })
}

/// The guard who stands at a post now and how long he has been on shift; nothing when nobody does.
pub fn standing<'a>(scenario: &'a Scenario, post: &OuterPost, at: Ms) -> Option<(&'a Guard, Ms)> {
    if let Some([from, to]) = post.manned {
        let (length, since) =
            ((to.0.0 - from.0.0).rem_euclid(Ms::DAY.0), (at.0 - from.0.0).rem_euclid(Ms::DAY.0));
        if since >= length {
            return None;
        }
    }
    scenario.file.cast.guard.iter().find_map(|guard| {
        let his = matches!(&guard.duty, Duty::OuterPost(id) if *id == post.id);
        let since = on_shift(guard, at).filter(|_| his && !absent(scenario, &guard.id, at))?;
        Some((guard, since))
    })
}

/// Chance that one glance of a guard finds somebody in his view (assumed): 35 % when rested and near, falling by 4 % of
/// it an hour of the shift and with the distance; 40 % less by night under a lamp; an untrained guard looks 30 % less
/// well; somebody who climbs is half as conspicuous again.
pub fn glance(
    on_shift: Ms,
    distance_m: f64,
    range_m: f64,
    night: bool,
    climbing: bool,
    trained: bool,
) -> f64 {
    let tired = (1.0 - 0.04 * on_shift.seconds() / 3600.0).max(0.4);
    let far = (1.0 - distance_m / (1.2 * range_m.max(1.0))).max(0.0);
    let dark = if night { 0.6 } else { 1.0 };
    let skill = if trained { 1.0 } else { 0.7 };
    (0.35 * tired * far * dark * skill * if climbing { 1.5 } else { 1.0 }).min(1.0)
}

/// A bearing from one point to another, whole degrees from north, 0..359.
pub fn bearing_deg(from_m: [f64; 2], to_m: [f64; 2]) -> u16 {
    let angle = libm::atan2(to_m[0] - from_m[0], to_m[1] - from_m[1]).to_degrees();
    (libm::round(angle) as i32).rem_euclid(360) as u16
}

pub(super) fn watch(
    clock: Res<Clock>,
    plan: Res<Plan>,
    dice: Res<Chance>,
    sight: Res<Sight>,
    mut posts: ResMut<Posts>,
    mut outbox: ResMut<Outbox>,
    bodies: Query<(&Body, &Errand)>,
) {
    let posts = &mut *posts;
    for (body, errand) in bodies.iter().filter(|(b, _)| b.role == Role::Intruder) {
        for noticing in sight.posts_at(body.to) {
            let row = noticing.post as usize;
            let look = posts.looks.entry((noticing.post, body.track)).or_insert(Look {
                next: clock.now,
                glances: 0,
                sighted: false,
            });
            if look.sighted || look.next >= clock.end() {
                continue;
            }
            let post = &plan.file.kit.outer_post[row];
            let (device, key) = posts.rows[row];
            let Some((guard, since)) = standing(&plan, post, clock.now) else { continue };
            let distance = f64::from(noticing.distance_m);
            let night = !posts.light.is_day(clock.now);
            let mut draw = dice.draw(super::camera::notice::pair(key, body.key), "glance", look.glances);
            look.glances += 1;
            look.next = clock.now + Ms::from_seconds(draw.between(0.7, 1.5));
            let visible = posts.light.lets_see(clock.now, noticing);
            let climbing = body.feet_m[1] > 0.3;
            let found = glance(since, distance, post.range_m, night, climbing, guard.trained);
            if visible && draw.chance(found) {
                look.sighted = true;
                let due = clock.now + Ms::from_seconds(draw.log_normal(2.5, 0.4));
                let signal = Signal::PersonSighted { bearing_deg: bearing_deg(post.at_m, body.to) };
                outbox.say(due, device, signal, Cause::Incident(errand.0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(shift: [&str; 2]) -> Guard {
        let shift = shift.map(|t| t.parse().expect("a time"));
        let duty = Duty::OuterPost(Id::from("post-1"));
        Guard { id: Id::from("g1"), duty, shift, filed: true, trained: true, radio: true }
    }

    #[test]
    fn a_shift_may_go_past_midnight() {
        let night = guard(["20:00", "08:00"]);
        assert_eq!(on_shift(&night, Ms(2 * 3_600_000)), Some(Ms(6 * 3_600_000)));
        assert_eq!(on_shift(&night, Ms(8 * 3_600_000)), None);
        assert_eq!(on_shift(&night, Ms(20 * 3_600_000)), Some(Ms(0)));
    }

    #[test]
    fn a_tired_guard_sees_less_and_nobody_sees_beyond_his_range() {
        let fresh = glance(Ms(0), 20.0, 60.0, false, false, true);
        assert!(glance(Ms(8 * 3_600_000), 20.0, 60.0, false, false, true) < 0.8 * fresh);
        assert!(glance(Ms(0), 20.0, 60.0, true, false, true) < fresh);
        assert_eq!(glance(Ms(0), 80.0, 60.0, false, true, true), 0.0);
    }

    #[test]
    fn bearings_count_from_north_to_the_east() {
        assert_eq!(bearing_deg([0.0, 0.0], [1.0, 0.0]), 90);
        assert_eq!(bearing_deg([0.0, 0.0], [-1.0, 0.001]), 270);
        assert_eq!(bearing_deg([0.0, 0.0], [-0.0001, 1.0]), 0);
    }
}
