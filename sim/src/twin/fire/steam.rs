//! Cooking, steam and dust in detectors: alarms without a fire.

use bevy::prelude::*;

use crate::contract::{Cause, Class, Nuisance, Signal};
use crate::twin::frame::{Agenda, Chance, Clock, NextWake, Outbox, Plan};
use crate::words::{AgentKey, DeviceIx, Ms};

/// False alarms of one smoke detector a day (assumed: one in a hundred days).
const PER_DAY: f64 = 0.01;

/// False alarms to come: detector, obscuration in hundredths of a percent per metre, how long.
#[derive(Resource)]
pub(super) struct Steam(Agenda<(DeviceIx, u32, Ms)>);

impl FromWorld for Steam {
    fn from_world(world: &mut World) -> Steam {
        let (plan, dice) = (world.resource::<Plan>(), **world.resource::<Chance>());
        let mut agenda = Agenda::default();
        let lasting_s = plan.file.day.lasting.as_seconds();
        for (n, device) in plan.devices.iter().enumerate().filter(|(_, d)| d.class == Class::SmokeDetector) {
            let who = AgentKey::of(device.id.as_str());
            let alarm_pct = plan.file.kit.smoke_detector[device.row].alarm_pct_per_m;
            let count = dice.draw(who, "steam", 0).poisson(PER_DAY * lasting_s / Ms::DAY.seconds());
            for k in 1..=u64::from(count) {
                let mut draw = dice.draw(who, "steam", k);
                let at = Ms::from_seconds(draw.unit() * lasting_s);
                let value = libm::round(100.0 * alarm_pct * draw.between(1.0, 1.8)) as u32;
                agenda.add(
                    at,
                    who,
                    (DeviceIx(n as u32), value, Ms::from_seconds(draw.log_normal(120.0, 0.5))),
                );
            }
        }
        Steam(agenda)
    }
}

/// Steam reaches a detector and blows away again.
pub(super) fn fool(
    clock: Res<Clock>,
    mut steam: ResMut<Steam>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
) {
    while let Some((at, _, (device, value, lasting))) = steam.0.pop_before(clock.end()) {
        let cause = Cause::Nuisance(Nuisance::Steam);
        outbox.say(at, device, Signal::SmokeAlarm { obscuration_pct_per_m_x100: value }, cause);
        outbox.say(at + lasting, device, Signal::SmokeCleared, cause);
    }
    wake.offer(steam.0.next());
}
