//! The twin as a function: scenario, seed and recorded inputs in; a day out.

use std::sync::Arc;

use bevy::ecs::schedule::{LogLevel, ScheduleBuildSettings, SingleThreadedExecutor};
use bevy::prelude::*;

use super::sort::sorted;
use super::{Inputs, Tape, Tracks};
use crate::analysis::sightlines::{Caster, SightTable};
use crate::model::Scenario;
use crate::twin::devices::{AccessPlugin, SensorsPlugin};
use crate::twin::facade::FacadePlugin;
use crate::twin::fire::FirePlugin;
use crate::twin::frame::{
    Body, Chance, Clock, DeviceTable, NextWake, Outbox, ParkedBikes, Plan, Rays, Sight, SimTick, Slot,
    TrackLog,
};
use crate::twin::guards::GuardsPlugin;
use crate::twin::intrusion::IntrusionPlugin;
use crate::twin::people::PeoplePlugin;
use crate::twin::vehicles::VehiclesPlugin;
use crate::twin::walk::WalkPlugin;
use crate::words::{Dice, Ms};

/// A day that was lived.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// What happened and what devices say of it.
    pub tape: Tape,
    /// Where everybody was.
    pub tracks: Tracks,
}

/// Adds every room of the twin: one line a plugin.
fn add_rooms(app: &mut App) {
    app.add_plugins((WalkPlugin, PeoplePlugin, VehiclesPlugin, GuardsPlugin));
    app.add_plugins((IntrusionPlugin, FirePlugin, FacadePlugin, SensorsPlugin));
    app.add_plugins(AccessPlugin);
}

/// Lives through the scenario's day. `progress` is told the instant reached, about once a minute of twin time.
pub fn live(scenario: Arc<Scenario>, seed: u64, inputs: &Inputs, progress: &mut dyn FnMut(Ms)) -> Day {
    let (mut world, mut schedule) = assemble(&scenario, seed, inputs);
    let lasting = scenario.file.day.lasting.0;
    let mut bodies = world.query::<&Body>();
    let (mut now, mut told) = (Ms(0), Ms(0));
    while now < lasting {
        world.resource_mut::<Clock>().now = now;
        world.resource_mut::<NextWake>().take();
        schedule.run(&mut world);
        let moving = bodies.iter(&world).any(|body| body.from != body.to || body.feet_m[0] != body.feet_m[1]);
        let soon = now + Ms::TICK;
        let wake = world.resource_mut::<NextWake>().take();
        now = match wake {
            _ if moving => soon,
            Some(at) => soon.max(Ms(at.0.div_euclid(Ms::TICK.0) * Ms::TICK.0)),
            None => lasting,
        };
        if (now - told).0 >= 60_000 {
            told = now;
            progress(now.min(lasting));
        }
    }
    let outbox = world.remove_resource::<Outbox>().unwrap_or_default();
    let mut log = world.remove_resource::<TrackLog>().unwrap_or_default();
    bodies.iter(&world).for_each(|body| stay(&mut log, body, lasting));
    let (tape, tracks) = sorted(&scenario, seed, outbox, log);
    Day { tape, tracks }
}

/// Whoever is out when the day is over has been where he stands until then: his track goes on to its end.
fn stay(log: &mut TrackLog, body: &Body, lasting: Ms) {
    let corners = &log.tracks[body.track.index()].corners;
    if corners.last().is_none_or(|corner| corner.0 < lasting) {
        log.corner(body.track, lasting, body.to, body.feet_m[1]);
    }
}

/// The world with every room's state, and the schedule of a tick.
fn assemble(scenario: &Arc<Scenario>, seed: u64, inputs: &Inputs) -> (World, Schedule) {
    let caster = Caster::of(scenario);
    let sight = SightTable::build_with(scenario, &caster);
    let mut app = App::empty();
    app.insert_resource(Plan(scenario.clone()))
        .insert_resource(Chance(Dice::new(seed)))
        .insert_resource(Sight(Arc::new(sight)))
        .insert_resource(Rays(Arc::new(caster)))
        .insert_resource(Clock { now: Ms(0) })
        .insert_resource(DeviceTable::of(scenario))
        .insert_resource(inputs.clone())
        .init_resource::<NextWake>()
        .init_resource::<Outbox>()
        .init_resource::<TrackLog>()
        .init_resource::<ParkedBikes>()
        .init_schedule(SimTick)
        .edit_schedule(SimTick, |schedule| {
            schedule.set_executor(SingleThreadedExecutor::default()).set_build_settings(
                ScheduleBuildSettings {
                    ambiguity_detection: LogLevel::Error,
                    ..ScheduleBuildSettings::new()
                },
            );
            Slot::arrange(schedule);
        });
    add_rooms(&mut app);
    app.finish();
    app.cleanup();
    let mut world = std::mem::take(app.world_mut());
    let schedule = world
        .resource_mut::<Schedules>()
        .remove(SimTick)
        .expect("the schedule was put there a few lines above");
    (world, schedule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::load::{SourceText, load};
    use crate::twin::frame::{Phase, Room};

    fn tiny() -> Arc<Scenario> {
        let source = |name: &str, text: &str| SourceText { name: name.to_owned(), text: text.to_owned() };
        let toml = source("tiny.toml", include_str!("../../../scenarios/tiny.toml"));
        let site = source("tiny.geojson", include_str!("../../../scenarios/sites/tiny.geojson"));
        Arc::new(load(&toml, Some(&site)).expect("the tiny site is sound"))
    }

    fn counts(clock: Res<Clock>, mut outbox: ResMut<Outbox>) {
        outbox.stimuli.reserve(clock.now.0.rem_euclid(2) as usize);
    }

    #[test]
    fn the_order_of_systems_is_never_in_doubt() {
        let (mut world, mut schedule) = assemble(&tiny(), 1, &Inputs::default());
        assert!(schedule.initialize(&mut world).is_ok());
        schedule.add_systems(counts.in_set(Slot(Phase::Decide, Room::People)));
        let doubt = schedule.initialize(&mut world);
        assert!(doubt.is_err(), "a second writer of the outbox in the same room was not noticed");
    }
}
