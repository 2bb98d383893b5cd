//! What devices say because of the floods of a shape.

use palisade_sim::contract::Signal;
use palisade_sim::whole::Tape;
use palisade_sim::words::{AgentKey, DeviceIx};

use super::Shape;
use crate::record::Micros;

/// What one device says.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken {
    /// When, µs after the first message.
    pub at_us: Micros,
    /// Who.
    pub device: DeviceIx,
    /// What.
    pub signal: Signal,
    /// The flood that makes it speak, by its place in the shape.
    pub flood: usize,
}

/// What each of these devices says, once for each flood of its class, in order.
pub fn spoken(shape: &Shape, tape: &Tape, devices: &[DeviceIx]) -> Vec<Spoken> {
    let mut all = Vec::new();
    for (number, flood) in shape.flood.iter().enumerate() {
        for device in devices {
            let Some(row) = tape.devices.get(device.index()).filter(|row| row.class == flood.class) else {
                continue;
            };
            let first = || tape.stimuli.iter().find(|s| s.device == *device).map(|s| s.signal.clone());
            let Some(signal) = flood.says.clone().or_else(first) else { continue };
            let drawn = AgentKey::of(&format!("flood/{number}/{}", row.id)).0;
            let within = (flood.within.0.0 * 1000).max(1) as u64;
            let at_us = flood.at.0.0 * 1000 + (drawn % within) as Micros;
            all.push(Spoken { at_us, device: *device, signal, flood: number });
        }
    }
    all.sort_by_key(|one| (one.at_us, one.device, one.flood));
    all
}
