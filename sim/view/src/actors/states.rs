//! What devices show at an instant, from their own messages: arms, beams, sockets, alarms.

use palisade_sim::contract::{Class, Signal};
use palisade_sim::whole::Tape;
use palisade_sim::words::Ms;

use super::Instant;
use super::bodies::{Pose, bike};
use crate::pad::{Pad, Shine, V3, key, length, rgb, sub, with_alpha};
use crate::stage::kit::socket_at;
use crate::stage::walls::gate_way;

/// What a device shows from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing out of the ordinary.
    Rest,
    /// An arm is up.
    Up,
    /// An alarm stands.
    Alarm,
    /// Sockets in use, a bit each.
    InUse(u64),
}

/// States of all devices over the day.
#[derive(Clone, Debug, Default)]
pub struct States {
    /// For each device of the tape, changes in order of time.
    changes: Vec<Vec<(Ms, State)>>,
    /// For each device, its messages' places on the tape, in order of time.
    pub messages: Vec<Vec<u32>>,
}

/// How long an alarm without an end is shown, ms.
const SHOWN_MS: i64 = 20_000;

impl States {
    /// Reads the tape.
    pub fn of(tape: &Tape) -> States {
        let mut changes: Vec<Vec<(Ms, State)>> = vec![Vec::new(); tape.devices.len()];
        let mut messages: Vec<Vec<u32>> = vec![Vec::new(); tape.devices.len()];
        let mut used = vec![0u64; tape.devices.len()];
        for stimulus in &tape.stimuli {
            let device = stimulus.device.index();
            messages[device].push(stimulus.id.0);
            use Signal as S;
            let state = match &stimulus.signal {
                S::ArmRaised => State::Up,
                S::ArmLowered | S::BeamRestored | S::SmokeCleared | S::HeatCleared => State::Rest,
                S::ChargeStarted { socket } => {
                    used[device] |= 1 << (socket % 64);
                    State::InUse(used[device])
                }
                S::ChargeEnded { socket, .. } => {
                    used[device] &= !(1 << (socket % 64));
                    State::InUse(used[device])
                }
                s if s.severity() == palisade_sim::contract::Severity::Alarm => State::Alarm,
                _ => continue,
            };
            changes[device].push((stimulus.due, state));
        }
        States { changes, messages }
    }

    /// The state of a device at an instant, and since when.
    pub fn at(&self, device: usize, at: Ms) -> (State, Ms) {
        let Some(list) = self.changes.get(device) else { return (State::Rest, Ms(0)) };
        match list[..list.partition_point(|c| c.0 <= at)].last() {
            Some((since, State::Alarm)) if at.0 - since.0 > SHOWN_MS => (State::Rest, *since),
            Some((since, state)) => (*state, *since),
            None => (State::Rest, Ms(0)),
        }
    }

    /// Draws what moves or lights up because of a state.
    pub fn draw(&self, pad: &mut Pad, instant: &Instant<'_>) {
        let scenario = &instant.run.scenario;
        for (place, device) in instant.run.tape.devices.iter().enumerate() {
            let (state, since) = self.at(place, instant.at);
            match device.class {
                Class::Barrier => {
                    let kit = scenario.file.kit.barrier.iter().find(|b| b.id == device.id);
                    let gate = kit.and_then(|b| scenario.site.gates.iter().find(|g| g.id == b.gate));
                    let (Some(kit), Some(gate)) = (kit, gate) else { continue };
                    let done = ((instant.at - since).seconds() / kit.arm.as_seconds().max(0.1)).min(1.0);
                    let lift = if state == State::Up {
                        done
                    } else if since.0 == 0 {
                        0.0
                    } else {
                        1.0 - done
                    };
                    arm(pad, gate_way(gate, &scenario.site), [gate.at.x, gate.at.y], gate.width_m, lift);
                }
                Class::Charger => {
                    let Some(kit) = scenario.file.kit.charger.iter().find(|c| c.id == device.id) else {
                        continue;
                    };
                    let State::InUse(bits) = state else { continue };
                    for socket in (0..kit.sockets).filter(|s| bits >> (s % 64) & 1 == 1) {
                        let [x, y] = socket_at(kit, socket);
                        let turn = kit.row_bearing_deg + 90.0;
                        let (sin, cos) = turn.to_radians().sin_cos();
                        let id = key(&format!("{}/{socket}", kit.id));
                        let at = [x + sin * 0.85, y + cos * 0.85, 0.0];
                        bike(pad, &Pose { at, bearing_deg: turn, walked_m: 0.0, moves: false, id }, false);
                    }
                }
                Class::Beam => {}
                _ if state == State::Alarm => beacon(pad, device.at_m, instant),
                _ => {}
            }
        }
        pad.shine(Shine::None);
    }

    /// Draws the rays of all beams: thin and red, wide and bright while a zone is broken. Light that nobody sees;
    /// the picture shows it.
    pub fn rays(&self, pad: &mut Pad, instant: &Instant<'_>) {
        pad.shine(Shine::Own);
        for (place, device) in instant.run.tape.devices.iter().enumerate() {
            if device.class != Class::Beam {
                continue;
            }
            let kit = instant.run.scenario.file.kit.beam.iter().find(|b| b.id == device.id);
            let Some(beam) = kit else { continue };
            let broken = self.at(place, instant.at).0 == State::Alarm;
            for z in &beam.rays_m {
                let [from, to] = [beam.from_m, beam.to_m].map(|[x, y]| -> V3 { [x, y, *z] });
                let far = length(sub(from, instant.eye)).min(length(sub(to, instant.eye)));
                let thick = (if broken { 0.03f64 } else { 0.018 }).max(far * 0.000_45);
                let colour = if broken { rgb(0xff_f04a) } else { with_alpha(rgb(0xff_2a2a), 0.55) };
                pad.bar(from, to, thick, colour);
            }
        }
        pad.shine(Shine::None);
    }
}

/// The arm of a barrier: `lift` 0 down, 1 up.
fn arm(pad: &mut Pad, way: [f64; 2], at: [f64; 2], width: f64, lift: f64) {
    let foot = [at[0] - way[0] * width / 2.0, at[1] - way[1] * width / 2.0, 1.0];
    let (sin, cos) = (lift.clamp(0.0, 1.0) * 1.45).sin_cos();
    let pieces = 6;
    let long = width * 0.92;
    let point = |s: f64| [foot[0] + way[0] * cos * s, foot[1] + way[1] * cos * s, foot[2] + sin * s];
    for i in 0..pieces {
        let [a, b] = [i, i + 1].map(|k| long * f64::from(k) / f64::from(pieces));
        let colour = if i % 2 == 0 { rgb(0xd4_2a22) } else { rgb(0xf4_f3ee) };
        pad.bar(point(a), point(b), 0.11, colour);
    }
}

/// A mark above a device whose alarm stands.
fn beacon(pad: &mut Pad, [x, y, z]: V3, instant: &Instant<'_>) {
    pad.shine(Shine::Own);
    let far = length(sub([x, y, z], instant.eye));
    let size = (far * 0.006).clamp(0.12, 1.6);
    pad.blob([x, y, z + 0.5 + size], [size, size, size], 5, 0.0, 0, rgb(0xff_3b30));
    pad.shine(Shine::None);
}
