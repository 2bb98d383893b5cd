//! What became of single messages, for whoever asks: a few bytes each, so that a million of them fit.

use std::sync::atomic::{AtomicU64, Ordering};

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

    fn to_bits(self) -> u64 {
        let flags = [self.again, u8::from(self.taken), u8::from(self.waited), 0];
        u64::from(self.left) << 32 | u64::from(u32::from_le_bytes(flags))
    }

    fn from_bits(bits: u64) -> Trace {
        let [again, taken, waited, _] = (bits as u32).to_le_bytes();
        Trace { left: (bits >> 32) as u32, taken: taken != 0, waited: waited != 0, again }
    }
}

/// Traces that one thread writes while others look.
#[derive(Debug, Default)]
pub struct Traces(Vec<AtomicU64>);

impl Traces {
    /// Of so many messages, to none of which anything has happened.
    pub fn of(messages: usize) -> Traces {
        Traces((0..messages).map(|_| AtomicU64::default()).collect())
    }

    /// Takes in what happened; a message that is not known here is nobody's. Two threads that tell of one message at once
    /// may lose a word.
    pub fn take(&self, told: Told) {
        let Some(cell) = self.0.get(told.tag as usize) else { return };
        let mut trace = Trace::from_bits(cell.load(Ordering::Relaxed));
        trace.take(told);
        cell.store(trace.to_bits(), Ordering::Relaxed);
    }

    /// All of them as they are now.
    pub fn now(&self) -> Vec<Trace> {
        self.0.iter().map(|cell| Trace::from_bits(cell.load(Ordering::Relaxed))).collect()
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

    #[test]
    fn traces_that_are_shared_tell_the_same() {
        let shared = Traces::of(3);
        let mut own = vec![Trace::default(); 3];
        let fates = [Fate::Taken, Fate::Waits, Fate::Left, Fate::Again, Fate::Again];
        for (i, fate) in fates.into_iter().enumerate() {
            for tag in 0..=3 {
                let told = Told { tag, fate, at: (i as u64 + 1) * 1_000_000_000 * u64::from(tag) };
                if tag as usize <= i {
                    shared.take(told);
                    own.get_mut(tag as usize).into_iter().for_each(|trace| trace.take(told));
                }
                assert_eq!(shared.now(), own);
            }
        }
        assert_eq!((own[2].again, own[2].left_us(), own[1].waited), (2, Some(10_000_000), true));
    }
}
