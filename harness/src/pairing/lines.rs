//! What a proxy saw of the lines of copies, and what that means for what copies said. Instants are µs after the start.

use std::collections::HashMap;

use palisade_load::plane::{pack, unpack_us};
use palisade_sim::words::DeviceIx;

use super::ways::{Fate, Journey, Span, fate};
use crate::record::Micros;

/// How one message came to the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    first: u32,
    last: u32,
    /// How often as it had left; 255 stands for more.
    pub whole: u8,
    /// How often in another form; 255 stands for more.
    pub altered: u8,
}

impl Reach {
    /// Takes in that it came.
    pub fn take(&mut self, at_us: Micros, whole: bool) {
        if !whole {
            self.altered = self.altered.saturating_add(1);
            return;
        }
        self.last = pack(u64::try_from(at_us).unwrap_or_default() * 1_000);
        if self.whole == 0 {
            self.first = self.last;
        }
        self.whole = self.whole.saturating_add(1);
    }

    /// When it first came as it had left.
    pub fn first_us(&self) -> Option<Micros> {
        unpack_us(self.first).map(|us| us as Micros)
    }

    /// When it last did.
    pub fn last_us(&self) -> Option<Micros> {
        unpack_us(self.last).map(|us| us as Micros)
    }

    /// How often it came at all.
    pub fn times(&self) -> u32 {
        u32::from(self.whole) + u32::from(self.altered)
    }
}

/// All that is known of the lines of copies.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// How each message came: copy by copy, as the traces.
    pub reach: Vec<Reach>,
    /// What stood in the way of a device of a copy, in order.
    pub spans: HashMap<(u32, DeviceIx), Vec<Span>>,
    /// When the gateway was down.
    pub down: Vec<Span>,
}

impl Lines {
    /// How the message at a place came.
    pub(super) fn reach(&self, at: usize) -> Reach {
        self.reach.get(at).copied().unwrap_or_default()
    }

    /// What the lines mean for a message of a copy's device.
    pub(super) fn fate(&self, of: (u32, DeviceIx), journey: Journey) -> Fate {
        fate(journey, self.spans.get(&of).map_or(&[][..], Vec::as_slice), &self.down)
    }
}
