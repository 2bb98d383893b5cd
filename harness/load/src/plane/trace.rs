//! What became of single messages, for whoever asks: a few bytes each, so that a million of them fit.

use super::source::Nanos;

/// Instants are kept in units of so many nanoseconds: eleven hours fit.
const UNIT: Nanos = 10_000;

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was taken from its source.
    Taken,
    /// It was taken while its client had no connection, and waits in it.
    Waits,
    /// It was written whole to a socket.
    Left,
    /// It was written again, marked as sent before: its connection had broken without an answer.
    Again,
}

/// What happened, to which message, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The message.
    pub tag: u32,
    /// What.
    pub fate: Fate,
    /// When, after the start.
    pub at: Nanos,
}

/// All that is known of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    left: u32,
    /// It was taken.
    pub taken: bool,
    /// It waited in its client, which had no connection when it was due.
    pub waited: bool,
    /// How often it was written again; 255 stands for more.
    pub again: u8,
}

/// An instant after the start in units that fit a few bytes; never 0.
pub fn pack(at: Nanos) -> u32 {
    u32::try_from(at / UNIT).unwrap_or(u32::MAX - 1).saturating_add(1)
}

/// The instant, µs after the start; nothing for 0.
pub fn unpack_us(packed: u32) -> Option<u64> {
    packed.checked_sub(1).map(|units| u64::from(units) * UNIT / 1_000)
}

impl Trace {
    /// Takes in what happened.
    pub fn take(&mut self, told: Told) {
        self.taken = true;
        match told.fate {
            Fate::Taken => {}
            Fate::Waits => self.waited = true,
            Fate::Left => self.left = pack(told.at),
            Fate::Again => {
                self.again = self.again.saturating_add(1);
                self.left = pack(told.at);
            }
        }
    }

    /// When it was last written, µs after the start.
    pub fn left_us(&self) -> Option<u64> {
        unpack_us(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_keeps_what_happened_in_eight_bytes() {
        assert_eq!(size_of::<Trace>(), 8);
        let mut trace = Trace::default();
        assert_eq!((trace.left_us(), trace.taken), (None, false));
        for (fate, at) in [(Fate::Waits, 0), (Fate::Left, 5_000_000), (Fate::Again, 7_010_000)] {
            trace.take(Told { tag: 0, fate, at });
        }
        assert_eq!((trace.left_us(), trace.again, trace.waited), (Some(7_010), 1, true));
        assert_eq!((unpack_us(pack(0)), unpack_us(0)), (Some(0), None));
        assert_eq!(unpack_us(pack(3_600_000_000_000 * 11)), Some(3_600_000_000 * 11));
        assert!(unpack_us(pack(u64::MAX)).is_some(), "a day that is too long is cut, and not forgotten");
    }
}
