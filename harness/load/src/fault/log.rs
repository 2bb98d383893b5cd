//! What a line did to the bytes, so that a report can name it.

use super::{Nanos, Way};

/// One thing that a fault did.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// When, ns after the proxy's start.
    pub at: Nanos,
    /// The connection's number, from 0 in the order in which they were accepted.
    pub connection: u64,
    /// On which way.
    pub way: Way,
    /// The fault's place in its file, from 0.
    pub fault: usize,
    /// The first byte that it concerns, counted from 0 in what the sender sent on this way.
    pub offset: u64,
    /// What it did.
    pub done: Done,
}

/// What a fault did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A chunk left this stage later, ns.
    Held(Nanos),
    /// The connection was ended on both sides.
    Cut,
    /// The connection was reset on both sides.
    Reset,
    /// Nothing passes from here on.
    HalfOpen,
    /// Bytes came that do not pass any more.
    Swallowed(usize),
    /// Bytes were on their way when the connection ended.
    Lost(usize),
    /// The last bytes of a chunk are gone.
    Truncated(usize),
    /// So many bytes come a second time.
    Duplicated(usize),
    /// A chunk of so many bytes goes after the one that came after it.
    Reordered(usize),
    /// So many bytes that nobody sent come before this one.
    Inserted(usize),
    /// A bit of this byte was turned over; 0 is the least significant one.
    Flipped(u8),
}

impl Done {
    /// Its word in logs, and how much: ns, bytes or a bit's place.
    pub fn words(self) -> (&'static str, Option<(&'static str, u64)>) {
        let bytes = |n: usize| Some(("bytes", n as u64));
        match self {
            Done::Held(ns) => ("held", Some(("ns", ns))),
            Done::Cut => ("cut", None),
            Done::Reset => ("reset", None),
            Done::HalfOpen => ("half_open", None),
            Done::Swallowed(n) => ("swallowed", bytes(n)),
            Done::Lost(n) => ("lost", bytes(n)),
            Done::Truncated(n) => ("truncated", bytes(n)),
            Done::Duplicated(n) => ("duplicated", bytes(n)),
            Done::Reordered(n) => ("reordered", bytes(n)),
            Done::Inserted(n) => ("inserted", bytes(n)),
            Done::Flipped(bit) => ("flipped", Some(("bit", u64::from(bit)))),
        }
    }
}
