//! Faults between a device and a gateway: data with units, a line without sockets that applies them to two streams of
//! bytes, and a proxy that puts thousands of TCP connections through such lines.
//!
//! Faults apply in the order in which they stand. A *chunk* is what one read of a socket gave; faults that befall chunks
//! count them, those that befall bits count bits and do not depend on chunks. Every draw is a function of the seed, the
//! connection's number, the fault's place, the way, the purpose and a counter, so that the same seed gives the same
//! faults, and one connection more changes nothing on the others. What was done is listed ([`Applied`]).

mod alter;
mod dice;
mod hold;
mod line;
mod log;
mod pace;
mod pair;
mod proxy;
mod sever;
mod stage;
mod swap;
#[cfg(test)]
mod tests;
mod witness;
mod worker;

pub use crate::plane::Nanos;
pub use line::{Departure, Leaves, Line};
pub use log::{Applied, Done};
pub use proxy::{Outcome, Proxy, Settings};
pub use witness::Witness;

/// A way through a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the side that connected, the device, to the gateway.
    Up,
    /// From the gateway to the device.
    Down,
}

impl Way {
    /// Both, in this order.
    pub const BOTH: [Way; 2] = [Way::Up, Way::Down];

    /// Its word in files and logs.
    pub fn word(self) -> &'static str {
        match self {
            Way::Up => "up",
            Way::Down => "down",
        }
    }
}

/// One fault. Instants count from the proxy's start, ns.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// On which ways; one or both.
    pub ways: Vec<Way>,
    /// The share of connections that it befalls, 0 to 1.
    pub connections: f64,
    /// From when on.
    pub from: Nanos,
    /// Until when, exclusive.
    pub until: Nanos,
    /// What happens.
    pub what: What,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Each chunk is held for `by`, and for a time drawn evenly from 0 to `jitter`. None overtakes another.
    Delay {
        /// Always.
        by: Nanos,
        /// At most so much more.
        jitter: Nanos,
    },
    /// No more bytes pass in a second.
    Rate {
        /// Bytes each second, from 1.
        bytes_per_s: u32,
    },
    /// No more bytes pass in a period.
    Drip {
        /// Bytes in each period, from 1.
        bytes: u32,
        /// The period.
        every: Nanos,
    },
    /// Both sides see an orderly end (FIN).
    Cut(Moment),
    /// Both sides see a reset (RST).
    Reset(Moment),
    /// From then on nothing passes, not even an end, and nobody is told: as when a router forgets a connection.
    HalfOpen(Moment),
    /// The end of a chunk is lost; how much, is drawn.
    Truncate(Often),
    /// A chunk comes twice.
    Duplicate(Often),
    /// A chunk changes places with the next one.
    Reorder {
        /// Which ones.
        often: Often,
        /// When no other chunk comes within this time, it goes on alone.
        within: Nanos,
    },
    /// Bytes that nobody sent come before a chunk.
    Garbage {
        /// Before which ones.
        often: Often,
        /// At most so many, at least one.
        bytes: u32,
    },
    /// Single bits are turned over.
    Flip {
        /// The share of bits, over 0 and up to 1.
        bit_error_rate: f64,
    },
}

impl What {
    /// Its word in files and logs.
    pub fn word(&self) -> &'static str {
        match self {
            What::Delay { .. } => "delay",
            What::Rate { .. } => "rate",
            What::Drip { .. } => "drip",
            What::Cut(_) => "cut",
            What::Reset(_) => "reset",
            What::HalfOpen(_) => "half_open",
            What::Truncate(_) => "truncate",
            What::Duplicate(_) => "duplicate",
            What::Reorder { .. } => "reorder",
            What::Garbage { .. } => "garbage",
            What::Flip { .. } => "flip",
        }
    }
}

/// When something happens to a connection, once. It does not happen outside the fault's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// At an instant drawn evenly from a time that begins at an instant; connections that open later are spared.
    At(Nanos, Nanos),
    /// The same, counted from the connection's opening.
    After(Nanos, Nanos),
    /// When so many bytes have passed on a way; the last of them still passes.
    AfterBytes(u64),
}

/// Which chunks a fault befalls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Often {
    /// Each with this probability.
    Chance(f64),
    /// One in so many: the last of each such group.
    Every(u32),
}
