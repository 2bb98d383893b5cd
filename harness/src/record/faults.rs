//! Lines of the journal about what disturbed a run on purpose.

use std::collections::BTreeMap;

use palisade_sim::words::{DeviceIx, StimulusId};
use serde::{Deserialize, Serialize};

use super::Micros;

/// A fault that will be at work, as its file says. All are written when a part begins to be driven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Its place in the file, from 1.
    pub number: usize,
    /// `main`: the floor is never disturbed.
    pub part: String,
    /// Its word: `delay`, `cut`.
    pub kind: String,
    /// The fault in words.
    pub text: String,
    /// From when on.
    pub from_us: Micros,
    /// Until when; nothing when it lasts to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_us: Option<Micros>,
}

/// What a fault did to a connection of the compound. What it did to copies is counted in [`Proxied`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Befell {
    /// When.
    pub at_us: Micros,
    /// `main`.
    pub part: String,
    /// The fault, by its place in the file, from 1.
    pub fault: usize,
    /// The device; on a serial line the first one, and all others with it.
    pub device: DeviceIx,
    /// The serial line, where it was one's wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The connection, by its place in the order of their arrival, from 0.
    pub connection: u64,
    /// `up`, from the device to the gateway, or `down`.
    pub way: String,
    /// The first byte that it concerns, counted from when faults began on this connection.
    pub offset: u64,
    /// What was done: `held`, `cut`, `reset`, `half_open`, `swallowed`, `lost`, `truncated`, `duplicated`, `reordered`,
    /// `inserted`, `flipped`.
    pub done: String,
    /// How much: ns when held, the bit's place when flipped, else bytes; nothing when a connection ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<u64>,
}

/// An event left the proxy whole and as MQTT, so that the gateway had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// When.
    pub at_us: Micros,
    /// `main`.
    pub part: String,
    /// The device on whose connection it passed.
    pub device: DeviceIx,
    /// The wire id that it carried then; empty when it could not be read.
    pub id: String,
    /// A digest of its payload as it passed, to be compared with [`digest`] of what left.
    pub digest: u64,
}

/// What a message on a serial line lived through whose slaves do wrong because the contract asks for it. Written when at least one
/// answer to a poll suffered that would have told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoilt {
    /// When an answer told it whole, or when its input fell back or changed again.
    pub at_us: Micros,
    /// `floor` or `main`.
    pub part: String,
    /// The line.
    pub line: String,
    /// The message.
    pub stimulus: StimulusId,
    /// An answer told it whole, so that the gateway had it.
    pub told: bool,
    /// Answers before that, and the one before it was said, by what they suffered: `silent`, `crc`.
    pub by: BTreeMap<String, u64>,
}

/// The gateway was restarted on purpose. Written when it was up again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restart {
    /// Which of the run, from 1.
    pub number: usize,
    /// `main`.
    pub part: String,
    /// The restart in words.
    pub text: String,
    /// The program that was restarted; the whole gateway when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// When it began to end.
    pub down_us: Micros,
    /// When it was ready again.
    pub up_us: Micros,
    /// When the observer heard it again and devices were let in.
    pub open_us: Micros,
}

/// A device that does something wrong on purpose. All are written when a part begins to be driven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Afflicted {
    /// Its fault's place among the faults of devices in the file, from 1.
    pub number: usize,
    /// `main`.
    pub part: String,
    /// The device.
    pub device: DeviceIx,
    /// The fault's word: `silent`, `chatter`.
    pub kind: String,
    /// The fault in words.
    pub text: String,
    /// From when on.
    pub from_us: Micros,
    /// Until when; nothing when it lasts to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_us: Option<Micros>,
    /// Stretches in which it has no connection because it starts anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub away: Vec<(Micros, Micros)>,
}

/// A message of the tape that a device with a fault keeps to itself. Nothing is expected of the gateway for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsaid {
    /// The message.
    pub stimulus: StimulusId,
    /// The device.
    pub device: DeviceIx,
    /// When it was due.
    pub at_us: Micros,
    /// The device's fault, by its number.
    pub fault: usize,
}

/// What a device that chatters says again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// Its number as a stimulus, which no tape has: see [`crate::wire::id`].
    pub stimulus: StimulusId,
    /// What it says, on the tape.
    pub of: StimulusId,
    /// The device.
    pub device: DeviceIx,
    /// When it is due.
    pub at_us: Micros,
}

/// What went through the proxy in all, copies among it. Written once, at the end of a part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Proxied {
    /// When.
    pub at_us: Micros,
    /// `main`.
    pub part: String,
    /// The seed of the faults.
    pub seed: u64,
    /// What the file of faults calls itself.
    pub name: String,
    /// Connections that were made.
    pub connections: u64,
    /// Of those, how many found no gateway.
    pub unreached: u64,
    /// Bytes that came from devices, and from the gateway.
    pub came: [u64; 2],
    /// Bytes that left to the gateway, and to devices.
    pub left: [u64; 2],
    /// How late the proxy was for its own instants, µs: half, 99 in a hundred.
    pub lateness_us: Option<[u64; 2]>,
    /// The latest, µs.
    #[serde(default)]
    pub latest_us: u64,
    /// Chunks that faults held, of which that is told; 0 in journals of old.
    #[serde(default)]
    pub held: u64,
    /// By the fault's place and its word (`1 held`): how often, and how much in all.
    pub totals: BTreeMap<String, [u64; 2]>,
}

/// The digest of a payload: FNV-1a, 64 bits.
pub fn digest(payload: &[u8]) -> u64 {
    payload
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
