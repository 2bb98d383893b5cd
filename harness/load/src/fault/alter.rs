//! Bytes that are lost, come twice, come from nobody, or are wrong.

use super::dice::Purpose;
use super::log::Done;
use super::stage::{Body, Log, Piece, Queue, Scope, Stage, Waiting};
use super::{Nanos, What};

#[derive(Debug)]
pub(super) struct Alter {
    scope: Scope,
    what: What,
    chunks: u64,
    /// Bits that are spared before the next one that is turned over, and how many were turned.
    spared: Option<u64>,
    flips: u64,
    queue: Queue,
}

impl Alter {
    pub(super) fn new(scope: Scope, what: What) -> Alter {
        Alter { scope, what, chunks: 0, spared: None, flips: 0, queue: Queue::default() }
    }

    fn truncate(&mut self, mut piece: Piece, number: u64, log: &mut Log) {
        let place = (piece.at, piece.offset);
        if let Some(bytes) = piece.bytes_mut().filter(|bytes| !bytes.is_empty()) {
            let len = bytes.len();
            let keeps = self.scope.dice.up_to(Purpose::Size, number, len as u64 - 1) as usize;
            bytes.truncate(keeps);
            self.scope.note(log, (place.0, place.1 + keeps as u64), Done::Truncated(len - keeps));
        }
        if !piece.bytes().is_empty() {
            self.queue.push(piece);
        }
    }

    fn duplicate(&mut self, piece: Piece, log: &mut Log) {
        let again = piece.bytes().to_vec();
        self.scope.note(log, (piece.at, piece.offset), Done::Duplicated(again.len()));
        let again = Piece { body: Body::Extra(again), ..piece };
        self.queue.push(piece);
        self.queue.push(again);
    }

    fn insert(&mut self, piece: Piece, number: u64, at_most: u32, log: &mut Log) {
        let more = u64::from(at_most.max(1)) - 1;
        let n = 1 + self.scope.dice.up_to(Purpose::Size, number, more) as usize;
        self.scope.note(log, (piece.at, piece.offset), Done::Inserted(n));
        let body = Body::Extra(self.scope.dice.bytes(number, n));
        self.queue.push(Piece { at: piece.at, offset: piece.offset, body });
        self.queue.push(piece);
    }

    fn flip(&mut self, piece: &mut Piece, rate: f64, log: &mut Log) {
        let (at, offset, is_own) = (piece.at, piece.offset, matches!(piece.body, Body::Bytes(_)));
        let Some(bytes) = piece.bytes_mut().filter(|_| self.scope.holds(at)) else { return };
        let bits = bytes.len() as u64 * 8;
        let mut next = self.spared.unwrap_or_else(|| self.scope.dice.spared_bits(0, rate));
        while next < bits {
            let (byte, bit) = ((next / 8) as usize, (next % 8) as u8);
            bytes[byte] ^= 1 << bit;
            let place = offset + if is_own { byte as u64 } else { 0 };
            self.scope.note(log, (at, place), Done::Flipped(bit));
            self.flips += 1;
            next = next.saturating_add(1).saturating_add(self.scope.dice.spared_bits(self.flips, rate));
        }
        self.spared = Some(next - bits);
    }
}

impl Stage for Alter {
    fn take(&mut self, mut piece: Piece, log: &mut Log) {
        if piece.is_end() {
            return self.queue.push(piece);
        }
        let number = self.chunks;
        self.chunks += 1;
        let befalls = |often| self.scope.befalls(often, piece.at, number);
        match self.what {
            What::Truncate(often) if befalls(often) => self.truncate(piece, number, log),
            What::Duplicate(often) if befalls(often) => self.duplicate(piece, log),
            What::Garbage { often, bytes } if befalls(often) => self.insert(piece, number, bytes, log),
            What::Flip { bit_error_rate } => {
                self.flip(&mut piece, bit_error_rate, log);
                self.queue.push(piece);
            }
            _ => self.queue.push(piece),
        }
    }

    fn due(&self) -> Option<Nanos> {
        self.queue.due()
    }

    fn give(&mut self, now: Nanos, _: &mut Log) -> Option<Piece> {
        self.queue.pop_due(now)
    }

    fn waiting(&self) -> Waiting {
        self.queue.waiting()
    }
}
