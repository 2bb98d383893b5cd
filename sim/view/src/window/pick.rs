//! What stands under the mouse.

use palisade_sim::analysis::caster::Occluder;
use palisade_sim::contract::Class;
use palisade_sim::words::Ms;

use crate::eye::Eye;
use crate::pad::{V3, length, sub};
use crate::scene::Fixed;

/// A thing that can be selected.
#[derive(Clone, Debug, PartialEq)]
pub enum Picked {
    /// A device, by its place in the tape's table.
    Device(usize),
    /// A mover, by the name of its track and the track's number.
    Mover(String, u32),
    /// A building, by its place in the site's list.
    Building(usize),
    /// A wall, by its place in the site's list.
    Wall(usize),
    /// A tree, by its place in the site's list.
    Tree(usize),
    /// A point on the ground.
    Ground([f64; 2]),
}

impl Picked {
    /// A line that names it: `device cam-1`, `building b03`.
    pub fn name(&self, fixed: &Fixed) -> String {
        let site = &fixed.run.scenario.site;
        match self {
            Picked::Device(i) => format!("device {}", fixed.run.tape.devices[*i].id),
            Picked::Mover(who, _) => format!("mover {who}"),
            Picked::Building(i) => format!("building {}", site.buildings[*i].id),
            Picked::Wall(i) => format!("wall {}", site.walls[*i].id),
            Picked::Tree(i) => format!("tree {}", site.trees[*i].id),
            Picked::Ground([x, y]) => format!("ground {x:.1} {y:.1}"),
        }
    }
}

/// How near the mouse a small thing must be, px.
const NEAR_PX: f64 = 14.0;

/// Where a device is drawn: an intercom hangs beside its door, at hand's height.
fn shown_at(at: V3, class: Class) -> V3 {
    match class {
        Class::Checkpoint => [at[0], at[1], 1.2],
        _ => at,
    }
}

/// What stands under a pixel.
pub fn pick(fixed: &Fixed, at: Ms, eye: Eye, px: [f64; 2], size: [u32; 2]) -> Option<Picked> {
    let from = eye.place();
    let run = &fixed.run;
    let mut best: Option<(f64, Picked)> = None;
    let mut consider = |middle: V3, reach: f64, weight: f64, what: Picked| {
        let Some(p) = eye.project(middle, size) else { return };
        let off = (p[0] - px[0]).hypot(p[1] - px[1]);
        if off > NEAR_PX.max(reach) || hidden(fixed, from, middle) {
            return;
        }
        let score = off * weight + length(sub(middle, from)) * 0.01;
        if best.as_ref().is_none_or(|b| score < b.0) {
            best = Some((score, what));
        }
    };
    for mover in run.movers(at) {
        let [x, y, z] = mover.at_m;
        let middle = [x, y, z + 0.9];
        let tall = match (eye.project([x, y, z], size), eye.project([x, y, z + 1.8], size)) {
            (Some(a), Some(b)) => (a[1] - b[1]).abs() / 2.0,
            _ => 0.0,
        };
        consider(middle, tall, 0.6, Picked::Mover(mover.track.who.clone(), mover.track.id.0));
    }
    for (i, device) in run.tape.devices.iter().enumerate() {
        if device.class != Class::GuardRadio {
            consider(shown_at(device.at_m, device.class), 0.0, 1.0, Picked::Device(i));
        }
    }
    if let Some((_, what)) = best {
        return Some(what);
    }
    solid(fixed, eye.ray(px, size))
}

fn hidden(fixed: &Fixed, from: V3, middle: V3) -> bool {
    let d = length(sub(middle, from));
    // What hangs on a wall is not hidden by it.
    fixed.caster.first_hit(from, middle).is_some_and(|hit| hit.distance_m < d - 0.7)
}

fn solid(fixed: &Fixed, (from, way): (V3, V3)) -> Option<Picked> {
    let far = 3_000.0;
    let to = [from[0] + way[0] * far, from[1] + way[1] * far, from[2] + way[2] * far];
    let ground = (way[2] < -1e-6).then(|| -from[2] / way[2]);
    let hit = fixed.caster.first_hit(from, to);
    match (hit, ground) {
        (Some(hit), t) if t.is_none_or(|t| hit.distance_m < t) => Some(match hit.occluder {
            Occluder::Building(i) => Picked::Building(i as usize),
            Occluder::Wall(i) => Picked::Wall(i as usize),
            Occluder::Crown(i) => Picked::Tree(i as usize),
            // Nothing of the site: what a plan parked there to ask a question.
            Occluder::Van(_) => Picked::Ground([hit.at_m[0], hit.at_m[1]]),
        }),
        (_, Some(t)) => Some(Picked::Ground([from[0] + way[0] * t, from[1] + way[1] * t])),
        _ => None,
    }
}
