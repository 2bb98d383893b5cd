//! A slow line: so many bytes each second, or so many bytes each period.

use super::Nanos;
use super::log::Done;
use super::stage::{Log, Piece, Queue, Scope, Stage, Waiting};

const SECOND: Nanos = 1_000_000_000;

/// A rate lets this part of a second's bytes pass at once, so that a long chunk trickles.
const PARTS: u32 = 100;

#[derive(Clone, Copy, Debug)]
enum Pacing {
    /// Bytes in each second; the next slice begins to pass at this instant.
    Rate { bytes_per_s: u32, free: Nanos },
    /// Bytes in each period; when the next one may begin, and what the running one has left.
    Drip { bytes: u32, every: Nanos, next: Nanos, left: u32 },
}

#[derive(Debug)]
pub(super) struct Pace {
    scope: Scope,
    pacing: Pacing,
    queue: Queue,
    /// When the first piece in the queue came, and where it began: its beginning may have left.
    first: Option<(Nanos, u64)>,
    /// When the last piece left; none leaves before it.
    last: Nanos,
}

impl Pace {
    /// So many bytes each second, from 1.
    pub(super) fn rate(scope: Scope, bytes_per_s: u32) -> Pace {
        Pace::new(scope, Pacing::Rate { bytes_per_s: bytes_per_s.max(1), free: 0 })
    }

    /// So many bytes each period, from 1.
    pub(super) fn drip(scope: Scope, bytes: u32, every: Nanos) -> Pace {
        Pace::new(scope, Pacing::Drip { bytes: bytes.max(1), every, next: 0, left: 0 })
    }

    fn new(scope: Scope, pacing: Pacing) -> Pace {
        Pace { scope, pacing, queue: Queue::default(), first: None, last: 0 }
    }

    /// When the next bytes leave, and how many; the end of a stream waits for nothing but its turn.
    fn next(&self) -> Option<(Nanos, usize)> {
        let front = self.queue.front()?;
        let whole = front.bytes().len();
        let turn = front.at.max(self.last);
        let begins = turn.max(self.pacing.free());
        if front.is_end() || !self.scope.holds(begins) {
            // What waited when the window ended leaves at its end.
            let released = if begins >= self.scope.until { self.scope.until } else { 0 };
            return Some((turn.max(released), whole));
        }
        Some(match self.pacing {
            Pacing::Rate { bytes_per_s, .. } => {
                let slice = whole.min((bytes_per_s / PARTS).max(1) as usize);
                (begins + (slice as u64 * SECOND).div_ceil(u64::from(bytes_per_s)), slice)
            }
            Pacing::Drip { bytes, next, left, .. } => {
                let left = if begins >= next { bytes } else { left };
                (begins, whole.min(left as usize))
            }
        })
    }
}

impl Pacing {
    /// When the next byte may begin to pass.
    fn free(&self) -> Nanos {
        match *self {
            Pacing::Rate { free, .. } => free,
            Pacing::Drip { next, left: 0, .. } => next,
            Pacing::Drip { .. } => 0,
        }
    }

    fn passed(&mut self, at: Nanos, slice: usize) {
        match self {
            Pacing::Rate { free, .. } => *free = at,
            Pacing::Drip { bytes, every, next, left } => {
                if at >= *next {
                    (*next, *left) = (at + *every, *bytes);
                }
                *left = left.saturating_sub(slice as u32);
            }
        }
    }
}

impl Stage for Pace {
    fn take(&mut self, piece: Piece, _: &mut Log) {
        self.queue.push(piece);
    }

    fn due(&self) -> Option<Nanos> {
        self.next().map(|(at, _)| at)
    }

    fn give(&mut self, now: Nanos, log: &mut Log) -> Option<Piece> {
        let (at, slice) = self.next().filter(|(at, _)| *at <= now)?;
        let front = self.queue.front()?;
        let (is_last, is_end) = (slice >= front.bytes().len(), front.is_end());
        let (came, offset) = *self.first.get_or_insert((front.at, front.offset));
        let mut piece = self.queue.pop_bytes(slice)?;
        (piece.at, self.last) = (at, at);
        if self.scope.holds(at) && !is_end {
            self.pacing.passed(at, slice);
        }
        if is_last {
            self.first = None;
            if at > came && !is_end {
                self.scope.note(log, (came, offset), Done::Held(at - came));
            }
        }
        Some(piece)
    }

    fn waiting(&self) -> Waiting {
        self.queue.waiting()
    }
}
