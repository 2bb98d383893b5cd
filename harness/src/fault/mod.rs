//! Faults between a device and a gateway, as data in a file of its own; no sockets, no clocks. `palisade_load::fault`
//! applies them.

mod afflict;
mod device;
mod read;
mod restart;
mod words;

use palisade_load::fault::{self as line, Moment, Often, Way};
use palisade_sim::contract::Class;
use palisade_sim::model::scenario::Duration;
use palisade_sim::words::DeviceIx;
use schemars::JsonSchema;
use serde::Deserialize;

pub use afflict::{Afflicted, Unsaid};
pub use device::{Ail, Ailing, DeviceFault};
pub use read::{read, schema};
pub use restart::{How, Restart};

/// What happens between devices and a gateway.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// Version of this format: 1.
    pub faults: u32,
    /// What reports call it.
    pub name: String,
    /// The faults. Bytes meet them in this order.
    #[serde(default)]
    pub fault: Vec<Fault>,
    /// Devices that do something wrong, in a run.
    #[serde(default)]
    pub device: Vec<DeviceFault>,
    /// Restarts of the gateway, in a run.
    #[serde(default)]
    pub restart: Vec<Restart>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// On which way; both when left out.
    #[serde(default)]
    pub way: Ways,
    /// Share of the connections that it befalls, over 0 and up to 1; all when left out.
    pub connections: Option<f64>,
    /// From when on, after the proxy's start; from the start when left out.
    pub from: Option<Duration>,
    /// Until when, after the proxy's start; to the end when left out.
    pub until: Option<Duration>,
    /// What happens.
    pub what: What,
}

/// The ways on which a fault is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ways {
    /// From the device, which connects, to the gateway.
    Up,
    /// From the gateway to the device.
    Down,
    /// Both.
    #[default]
    Both,
}

/// What a fault does. Externally tagged: `what = { delay = { by = "80ms" } }`. A chunk is what one read of a socket gave.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// Each chunk is held; none overtakes another.
    Delay {
        /// For so long.
        by: Duration,
        /// And for a time drawn evenly from 0 to this one.
        jitter: Option<Duration>,
    },
    /// A slow line.
    Rate {
        /// So many bytes pass in a second.
        bytes_per_s: u32,
    },
    /// Bytes drip.
    Drip {
        /// So many.
        bytes: u32,
        /// In each such time.
        every: Duration,
    },
    /// Both sides see an orderly end (FIN); what is on its way is lost.
    Cut(Break),
    /// Both sides see a reset (RST); what is on its way is lost.
    Reset(Break),
    /// Nothing passes any more, not even an end, and nobody is told.
    HalfOpen(Break),
    /// The end of a chunk is lost; how much, is drawn.
    Truncate(Chunks),
    /// A chunk comes twice.
    Duplicate(Chunks),
    /// A chunk changes places with the next one.
    Reorder {
        /// Probability for each chunk, over 0 and up to 1. Either this or `every`.
        chance: Option<f64>,
        /// One chunk in so many.
        every: Option<u32>,
        /// It goes on alone when no other chunk comes within this time.
        within: Duration,
    },
    /// Bytes that nobody sent come before a chunk.
    Garbage {
        /// Probability for each chunk, over 0 and up to 1. Either this or `every`.
        chance: Option<f64>,
        /// One chunk in so many.
        every: Option<u32>,
        /// At most so many bytes, at least one.
        bytes: u32,
    },
    /// Single bits are turned over.
    Flip {
        /// Share of the bits, over 0 and up to 1.
        bit_error_rate: f64,
    },
}

/// When a connection breaks, once: one of `at`, `after` and `after_bytes`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// After the proxy's start; connections that open later are spared.
    pub at: Option<Duration>,
    /// After the connection's opening.
    pub after: Option<Duration>,
    /// With `at` or `after`: the instant is drawn evenly from this time after it.
    pub within: Option<Duration>,
    /// When so many bytes have passed on a way; the last of them still passes.
    pub after_bytes: Option<u64>,
}

/// Which chunks are befallen: one of `chance` and `every`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chunks {
    /// Probability for each chunk, over 0 and up to 1.
    pub chance: Option<f64>,
    /// One chunk in so many.
    pub every: Option<u32>,
}

impl Faults {
    /// Whether they disturb connections: by faults on the lines, or by restarts.
    pub fn disturbs(&self) -> bool {
        !self.fault.is_empty() || !self.restart.is_empty()
    }

    /// The devices of a kit that do something wrong.
    pub fn afflicted(
        &self,
        seed: u64,
        kit: &[(String, Class)],
        wired: &dyn Fn(DeviceIx) -> bool,
    ) -> Afflicted {
        let rows = self.device.iter().zip(1..);
        Afflicted::new(rows.flat_map(|(fault, number)| fault.befallen((seed, number), kit, wired)).collect())
    }

    /// The faults as a line applies them.
    pub fn lines(&self) -> Vec<line::Fault> {
        self.fault.iter().map(Fault::line).collect()
    }
}

impl Fault {
    fn line(&self) -> line::Fault {
        let ways = match self.way {
            Ways::Up => vec![Way::Up],
            Ways::Down => vec![Way::Down],
            Ways::Both => Way::BOTH.to_vec(),
        };
        line::Fault {
            ways,
            connections: self.connections.unwrap_or(1.0),
            from: self.from.map_or(0, ns),
            until: self.until.map_or(line::Nanos::MAX, ns),
            what: self.what.line(),
        }
    }
}

impl What {
    fn line(&self) -> line::What {
        match self {
            What::Delay { by, jitter } => line::What::Delay { by: ns(*by), jitter: jitter.map_or(0, ns) },
            What::Rate { bytes_per_s } => line::What::Rate { bytes_per_s: *bytes_per_s },
            What::Drip { bytes, every } => line::What::Drip { bytes: *bytes, every: ns(*every) },
            What::Cut(when) => line::What::Cut(when.moment()),
            What::Reset(when) => line::What::Reset(when.moment()),
            What::HalfOpen(when) => line::What::HalfOpen(when.moment()),
            What::Truncate(chunks) => line::What::Truncate(often(chunks.chance, chunks.every)),
            What::Duplicate(chunks) => line::What::Duplicate(often(chunks.chance, chunks.every)),
            What::Reorder { chance, every, within } => {
                line::What::Reorder { often: often(*chance, *every), within: ns(*within) }
            }
            What::Garbage { chance, every, bytes } => {
                line::What::Garbage { often: often(*chance, *every), bytes: *bytes }
            }
            What::Flip { bit_error_rate } => line::What::Flip { bit_error_rate: *bit_error_rate },
        }
    }

    /// When it breaks the connection, if it is something that does.
    fn breaks(&self) -> Option<&Break> {
        match self {
            What::Cut(when) | What::Reset(when) | What::HalfOpen(when) => Some(when),
            _ => None,
        }
    }

    /// `chance` and `every`, if it is something that befalls chunks.
    fn chunks(&self) -> Option<(Option<f64>, Option<u32>)> {
        match self {
            What::Truncate(chunks) | What::Duplicate(chunks) => Some((chunks.chance, chunks.every)),
            What::Reorder { chance, every, .. } | What::Garbage { chance, every, .. } => {
                Some((*chance, *every))
            }
            _ => None,
        }
    }
}

impl Break {
    /// Exactly one of its three keys is there in a checked file.
    fn moment(&self) -> Moment {
        let within = self.within.map_or(0, ns);
        match (self.at, self.after) {
            (Some(at), _) => Moment::At(ns(at), within),
            (None, Some(after)) => Moment::After(ns(after), within),
            (None, None) => Moment::AfterBytes(self.after_bytes.unwrap_or_default()),
        }
    }
}

fn often(chance: Option<f64>, every: Option<u32>) -> Often {
    every.map_or(Often::Chance(chance.unwrap_or_default()), Often::Every)
}

fn ns(time: Duration) -> line::Nanos {
    time.0.0.unsigned_abs().saturating_mul(1_000_000)
}
