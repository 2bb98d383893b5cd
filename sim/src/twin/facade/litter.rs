//! Litter (乱丢垃圾): dropped on a path, seen by a camera that has light enough sooner or later or not, swept up in the end.

use bevy::prelude::*;

use crate::contract::{Cause, Class, IncidentKind, Origin, Place, Signal};
use crate::model::Scenario;
use crate::twin::devices::camera::light::Daylight;
use crate::twin::frame::{Agenda, Chance, Clock, NextWake, Outbox, Plan, Sight};
use crate::words::{AgentKey, DeviceIx, Dice, IncidentId, Ms};

const WHO: AgentKey = AgentKey::of("litter");
/// Chance that the analytics of a camera that has the spot in view take a thing on the ground for litter (assumed).
const NOTICED: f64 = 0.35;

/// What will be dropped, and what lies there.
#[derive(Resource)]
pub(super) struct Litter {
    to_come: Agenda<(u64, [f64; 2])>,
    lying: Agenda<(IncidentId, String)>,
    light: Daylight,
}

impl FromWorld for Litter {
    fn from_world(world: &mut World) -> Litter {
        let (plan, dice) = (world.resource::<Plan>(), **world.resource::<Chance>());
        let mut to_come = Agenda::default();
        for (at, drop) in of_day(plan, &dice) {
            to_come.add(at, WHO, drop);
        }
        Litter { to_come, lying: Agenda::default(), light: Daylight::of(plan) }
    }
}

/// Drops of the day: between six in the morning and midnight, anywhere along the paths.
fn of_day(plan: &Scenario, dice: &Dice) -> Vec<(Ms, (u64, [f64; 2]))> {
    let lengths: Vec<(f64, [[f64; 2]; 2])> = plan
        .site
        .paths
        .iter()
        .flat_map(|p| p.line.lines())
        .map(|l| {
            let ends = [[l.start.x, l.start.y], [l.end.x, l.end.y]];
            (libm::hypot(ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]), ends)
        })
        .collect();
    let whole: f64 = lengths.iter().map(|(length, _)| length).sum();
    let count =
        if whole > 0.0 { dice.draw(WHO, "drops", 0).poisson(plan.file.cast.litter_per_day) } else { 0 };
    let drop = |n: u64| {
        let mut draw = dice.draw(WHO, "drop", n);
        let at = Ms::from_seconds(draw.between(6.0, 24.0) * 3600.0);
        let mut left = draw.unit() * whole;
        let (length, [a, b]) = lengths.iter().find(|(length, _)| {
            let here = left <= *length;
            left -= if here { 0.0 } else { *length };
            here
        })?;
        let k = left / length;
        Some((at, (n, [a[0] + k * (b[0] - a[0]), a[1] + k * (b[1] - a[1])])))
    };
    let lasting = plan.file.day.lasting.0;
    (1..=u64::from(count)).filter_map(drop).filter(|(at, _)| *at < lasting).collect()
}

/// Somebody drops something; cameras that see the spot may take note, and it is swept up after an hour or so.
pub(super) fn drop_and_sweep(
    clock: Res<Clock>,
    plan: Res<Plan>,
    dice: Res<Chance>,
    sight: Res<Sight>,
    mut litter: ResMut<Litter>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
) {
    while let Some((at, _, (n, spot))) = litter.to_come.pop_before(clock.end()) {
        let place = Place::from_m(spot[0], spot[1], 0.0);
        let id = outbox.open(IncidentKind::Litter, Origin::Chance, at, place, "somebody");
        let swept = at + Ms::from_seconds(dice.draw(WHO, "swept", n).between(1800.0, 10_800.0));
        let mut seen_by = Vec::new();
        for sighting in sight.cameras_at(spot) {
            let camera = &plan.file.kit.camera[sighting.camera as usize];
            let mut draw = dice.draw(AgentKey::of(camera.id.as_str()), "litter", n);
            let due = at + Ms::from_seconds(draw.log_normal(120.0, 0.7));
            let found = |d: &crate::model::scenario::Device| {
                d.class == Class::Camera && d.row == sighting.camera as usize
            };
            let in_time = due < swept && litter.light.shows(due, sighting);
            if let (true, true, Some(device)) =
                (draw.chance(NOTICED), in_time, plan.devices.iter().position(found))
            {
                outbox.say(due, DeviceIx(device as u32), Signal::LitterSeen, Cause::Incident(id));
                seen_by.push(camera.id.to_string());
            }
        }
        let outcome = match seen_by.as_slice() {
            [] => "swept up, seen by no camera".to_owned(),
            cameras => format!("swept up, seen by {}", cameras.join(", ")),
        };
        litter.lying.add(swept, WHO, (id, outcome));
    }
    while let Some((at, _, (id, outcome))) = litter.lying.pop_before(clock.end()) {
        outbox.close(id, at, outcome);
    }
    wake.offer(litter.to_come.next());
    wake.offer(litter.lying.next());
}
