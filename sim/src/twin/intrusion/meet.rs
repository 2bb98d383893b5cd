//! Guards who meet an intruder: they see him, report him, and run after him.

use bevy::prelude::*;

use super::course::Corner;
use super::raid::{Act, Raids};
use crate::analysis::sightlines::{Caster, EYE_M, eye_sees};
use crate::contract::{Cause, Class, Signal};
use crate::twin::devices::camera::light::Daylight;
use crate::twin::devices::camera::notice::pair;
use crate::twin::devices::outer_post::bearing_deg;
use crate::twin::frame::{Body, Chance, Clock, DeviceTable, Outbox, Rays, Role};
use crate::twin::nav::Nav;
use crate::twin::walk::Stage;
use crate::words::Ms;

/// Distance at which a guard may make out an intruder, m.
pub const SEES_M: f64 = 30.0;
/// Distance at which he lays hands on him, m.
pub const REACHES_M: f64 = 3.0;
/// Chance that a guard who has seen him runs after him rather than waiting for help (assumed).
const CHASES: f64 = 0.85;

/// Chance that one glance a second of a walking guard finds somebody at a distance (assumed).
fn glance(distance_m: f64, night: bool) -> f64 {
    let far = (1.0 - distance_m / (1.2 * SEES_M)).max(0.0);
    0.5 * far * if night { 0.7 } else { 1.0 }
}

/// True when a guard can see an intruder: near enough, light enough, nothing between.
fn in_sight(at: Ms, guard: &Body, him: Corner, light: Daylight, rays: &Caster) -> Option<f64> {
    let [x, y] = him.place_m;
    let distance = libm::hypot(x - guard.to[0], y - guard.to[1]);
    if distance > SEES_M {
        return None;
    }
    let eye = [guard.to[0], guard.to[1], EYE_M];
    let chest = [x, y, him.feet_m + 0.8 * him.height_m];
    eye_sees(rays, eye, chest, light.at(at)).then_some(distance)
}

/// Each second a guard near an intruder may see him. Once seen he is held when within reach, and runs when chased.
#[allow(clippy::too_many_arguments, reason = "a system asks for what it reads and writes")]
pub(super) fn meet(
    clock: Res<Clock>,
    dice: Res<Chance>,
    rays: Res<Rays>,
    devices: Res<DeviceTable>,
    mut nav: ResMut<Nav>,
    mut raids: ResMut<Raids>,
    mut stage: Stage,
    mut outbox: ResMut<Outbox>,
    bodies: Query<&Body>,
) {
    let raids = &mut *raids;
    for raid in &mut raids.under_way {
        let at_large = raid.out.is_some() && !matches!(raid.stage, Act::Caught | Act::Indoors(_));
        if !at_large || raid.next_glance > clock.now {
            continue;
        }
        raid.next_glance = clock.now + Ms(1000);
        raid.glances += 1;
        let him = raid.course.at(clock.end());
        let night = !raids.light.is_day(clock.now);
        let mut guards: Vec<(f64, &Body)> = bodies
            .iter()
            .filter(|b| b.role == Role::Guard)
            .filter_map(|b| Some((in_sight(clock.now, b, him, raids.light, &rays)?, b)))
            .collect();
        guards.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.key.cmp(&b.1.key)));
        for (distance, guard) in guards {
            let mut draw = dice.draw(pair(raid.key, guard.key), "guard-sees", raid.glances);
            let caught = distance <= REACHES_M;
            if !caught && (raid.stage == Act::Fleeing || !draw.chance(glance(distance, night))) {
                continue;
            }
            let who = stage.name(guard.track).to_owned();
            let radio = who.split('/').nth(1).and_then(|id| devices.named(Class::GuardRadio, &id.into()));
            if let Some(radio) = radio.filter(|_| raid.stage != Act::Fleeing) {
                let signal = Signal::PersonSighted { bearing_deg: bearing_deg(guard.to, him.place_m) };
                let due = clock.end() + Ms::from_seconds(draw.log_normal(3.0, 0.4));
                outbox.say(due, radio, signal, Cause::Incident(raid.incident));
            }
            if caught || draw.chance(CHASES) {
                let [x, y] = him.place_m;
                let by = format!("by {who} from {distance:.0} m at ({x:.0}, {y:.0}) m");
                raid.meet(clock.end(), by, caught, &mut nav, &mut stage);
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_and_the_lighter_the_likelier() {
        assert!(glance(5.0, false) > glance(25.0, false));
        assert!(glance(5.0, false) > glance(5.0, true));
        assert_eq!(glance(40.0, false), 0.0);
    }
}
