//! Chunks that change places.

use super::log::Done;
use super::stage::{Log, Piece, Queue, Scope, Stage, Waiting};
use super::{Nanos, Often};

#[derive(Debug)]
pub(super) struct Swap {
    scope: Scope,
    often: Often,
    within: Nanos,
    chunks: u64,
    /// The chunk that waits for the next one, and until when.
    held: Option<(Piece, Nanos)>,
    queue: Queue,
}

impl Swap {
    pub(super) fn new(scope: Scope, often: Often, within: Nanos) -> Swap {
        Swap { scope, often, within, chunks: 0, held: None, queue: Queue::default() }
    }

    /// Lets the held chunk go at an instant.
    fn release(&mut self, at: Nanos) {
        if let Some((mut piece, _)) = self.held.take() {
            piece.at = at;
            self.queue.push(piece);
        }
    }

    fn release_by_clock(&mut self, now: Nanos) {
        if let Some((_, until)) = self.held.as_ref().filter(|(_, until)| *until <= now) {
            self.release(*until);
        }
    }
}

impl Stage for Swap {
    fn take(&mut self, piece: Piece, log: &mut Log) {
        self.release_by_clock(piece.at);
        let at = piece.at;
        if piece.is_end() {
            self.release(at);
            return self.queue.push(piece);
        }
        let number = self.chunks;
        self.chunks += 1;
        if let Some((held, _)) = &self.held {
            self.scope.note(log, (at, held.offset), Done::Reordered(held.bytes().len()));
            self.queue.push(piece);
            self.release(at);
        } else if self.scope.befalls(self.often, at, number) {
            self.held = Some((piece, at.saturating_add(self.within)));
        } else {
            self.queue.push(piece);
        }
    }

    fn due(&self) -> Option<Nanos> {
        self.queue.due().or(self.held.as_ref().map(|(_, until)| *until))
    }

    fn give(&mut self, now: Nanos, _: &mut Log) -> Option<Piece> {
        self.queue.pop_due(now).or_else(|| {
            self.release_by_clock(now);
            self.queue.pop_due(now)
        })
    }

    fn waiting(&self) -> Waiting {
        let held = self.held.iter().map(|(piece, _)| Waiting { pieces: 1, bytes: piece.bytes().len() });
        held.chain([self.queue.waiting()]).sum()
    }
}
