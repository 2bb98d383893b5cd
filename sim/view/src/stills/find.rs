//! The instants worth a picture, found in the day itself.

use std::collections::BTreeSet;

use palisade_sim::analysis::projection::{Frame, View};
use palisade_sim::contract::{Incident, IncidentKind, Signal};
use palisade_sim::model::kit::Camera;
use palisade_sim::model::site::Gate;
use palisade_sim::twin::frame::Role;
use palisade_sim::whole::tracks::position_cm;
use palisade_sim::words::Ms;

use crate::pad::V3;
use crate::run_folder::{Mover, Run};
use crate::scene::Fixed;

/// Every so often an instant is looked at, ms.
const STEP_MS: i64 = 30_000;

/// Instants of the day by daylight.
fn by_day(run: &Run) -> impl Iterator<Item = Ms> {
    let day = &run.scenario.file.day;
    let (from, to) = (day.sunrise.0.0 + 1_800_000, day.sunset.0.0 - 1_800_000);
    (from..to.min(run.tape.lasting.0)).step_by(STEP_MS as usize).map(Ms)
}

fn on_foot(role: Role) -> bool {
    !matches!(role, Role::Vehicle | Role::Bike | Role::Object)
}

/// The gate and the instant at which most goes through it, people and vehicles alike.
pub fn busiest_gate(run: &Run) -> Option<(&Gate, Ms)> {
    let mut best: Option<(f64, &Gate, Ms)> = None;
    for at in by_day(run) {
        let movers = run.movers(at);
        for gate in &run.scenario.site.gates {
            let near = |m: &&Mover<'_>| (m.at_m[0] - gate.at.x).hypot(m.at_m[1] - gate.at.y) < 16.0;
            let people = movers.iter().filter(near).filter(|m| on_foot(m.track.role)).count() as f64;
            let wheels = movers.iter().filter(near).filter(|m| m.track.role == Role::Vehicle).count() as f64;
            let score = people + (wheels * 4.0).min(8.0);
            if best.as_ref().is_none_or(|b| score > b.0) {
                best = Some((score, gate, at));
            }
        }
    }
    best.map(|(_, gate, at)| (gate, at))
}

/// The intruder on top of the wall: when, where, and the way he climbs (a point 1 m further on). The instant is that of
/// the first beam that he breaks, or else that at which he is highest.
pub fn on_the_wall(run: &Run) -> Option<(Ms, V3, V3)> {
    let intruders = run.tracks.tracks.iter().filter(|t| t.role == Role::Intruder);
    for track in intruders {
        let (from, to) = (track.corners.first()?.0, track.corners.last()?.0);
        let place = |at: Ms| position_cm(track, at).map(|p| p.map(|v| f64::from(v) / 100.0));
        let top = (from.0..=to.0).step_by(100).map(Ms).filter_map(|at| place(at).map(|p| (at, p)));
        let (top, p) = top.max_by(|a, b| a.1[2].total_cmp(&b.1[2]).then(b.0.cmp(&a.0)))?;
        let broken = run
            .tape
            .stimuli
            .iter()
            .find(|s| matches!(s.signal, Signal::BeamBroken { .. }) && (s.due.0 - top.0).abs() < 5_000);
        let at = broken.map_or(top, |s| s.due + Ms(50));
        let p = place(at).unwrap_or(p);
        if p[2] > 0.5 {
            let before = place(at - Ms(1_500)).unwrap_or(p);
            let after = place(at + Ms(2_500)).unwrap_or(p);
            let way = [after[0] - before[0], after[1] - before[1]];
            let l = way[0].hypot(way[1]).max(0.01);
            return Some((at, p, [p[0] + way[0] / l, p[1] + way[1] / l, p[2]]));
        }
    }
    None
}

/// The first fire, at its height.
pub fn fire(run: &Run) -> Option<(&Incident, Ms)> {
    let fire = run.tape.incidents.iter().find(|i| i.kind == IncidentKind::Fire)?;
    let ended = fire.ended.unwrap_or(fire.began + Ms(900_000));
    Some((fire, Ms(fire.began.0 + (ended.0 - fire.began.0) * 45 / 100)))
}

/// Somebody on a camera's picture.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Who.
    pub mover: Mover<'a>,
    /// Pixels a metre at his feet's place, half-way up.
    pub px_per_m: f64,
}

/// Who is seen by a camera: on its picture, within its range and not hidden.
pub fn seen<'a>(fixed: &Fixed, camera: &Camera, movers: &[Mover<'a>]) -> Vec<Seen<'a>> {
    let view = View::of(camera);
    movers
        .iter()
        .filter_map(|mover| {
            let [x, y, z] = mover.at_m;
            let middle = [x, y, z + 1.0];
            if view.distance_m(middle) > camera.range_m {
                return None;
            }
            let Frame::Inside(shown) = view.frame(middle) else { return None };
            let clear = fixed.caster.clear_from_mount(view.eye_m(), middle);
            clear.then_some(Seen { mover: *mover, px_per_m: shown.px_per_m })
        })
        .collect()
}

/// The camera and instant with the most to see at its working density.
pub fn best_camera(fixed: &Fixed) -> Option<(&Camera, Ms)> {
    most_seen(fixed, |_| true)
}

/// A camera by name, at the instant with the most to see, or at noon where nobody comes into its view.
pub fn camera<'a>(fixed: &'a Fixed, id: &str) -> Option<(&'a Camera, Ms)> {
    let file = &fixed.run.scenario.file;
    let camera = file.kit.camera.iter().find(|c| c.id.as_str() == id)?;
    let noon = Ms((file.day.sunrise.0.0 + file.day.sunset.0.0) / 2);
    Some(most_seen(fixed, |c| c.id == camera.id).unwrap_or((camera, noon)))
}

fn most_seen(fixed: &Fixed, wanted: impl Fn(&Camera) -> bool) -> Option<(&Camera, Ms)> {
    let run = &fixed.run;
    let mut best: Option<(f64, usize, Ms)> = None;
    for at in by_day(run).step_by(4) {
        let movers = run.movers(at);
        for (i, camera) in run.scenario.file.kit.camera.iter().enumerate().filter(|(_, c)| wanted(c)) {
            let near: Vec<Mover<'_>> = movers
                .iter()
                .filter(|m| (m.at_m[0] - camera.at_m[0]).hypot(m.at_m[1] - camera.at_m[1]) < camera.range_m)
                .copied()
                .collect();
            if near.len() < 2 {
                continue;
            }
            let list = seen(fixed, camera, &near);
            let good: Vec<&Seen<'_>> =
                list.iter().filter(|s| s.px_per_m >= camera.working_px_per_m).collect();
            let roles: BTreeSet<Role> = good.iter().map(|s| s.mover.track.role).collect();
            // Several people of several kinds; a crowd hides itself.
            let crowd = good.len().saturating_sub(12) as f64;
            let score = good.len().min(8) as f64 + 3.0 * roles.len() as f64 - crowd;
            if best.as_ref().is_none_or(|b| score > b.0) {
                best = Some((score, i, at));
            }
        }
    }
    best.map(|(_, i, at)| (&fixed.run.scenario.file.kit.camera[i], at))
}

/// The first thrown object, half-way down.
pub fn falling(run: &Run) -> Option<(Ms, V3, Vec<V3>)> {
    let track = run.tracks.tracks.iter().find(|t| t.role == Role::Object)?;
    let (from, to) = (track.corners.first()?.0, track.corners.last()?.0);
    let place = |at: Ms| position_cm(track, at).map(|p| p.map(|v| f64::from(v) / 100.0));
    let trail: Vec<V3> = (from.0..=to.0).step_by(80).filter_map(|at| place(Ms(at))).collect();
    let at = Ms(from.0 + (to.0 - from.0) * 6 / 10);
    Some((at, place(at)?, trail))
}
