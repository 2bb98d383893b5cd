//! Delay and jitter.

use super::Nanos;
use super::dice::Purpose;
use super::log::Done;
use super::stage::{Log, Piece, Queue, Scope, Stage, Waiting};

#[derive(Debug)]
pub(super) struct Hold {
    scope: Scope,
    by: Nanos,
    jitter: Nanos,
    chunks: u64,
    /// When the last piece leaves; none leaves before it.
    last: Nanos,
    queue: Queue,
}

impl Hold {
    pub(super) fn new(scope: Scope, by: Nanos, jitter: Nanos) -> Hold {
        Hold { scope, by, jitter, chunks: 0, last: 0, queue: Queue::default() }
    }
}

impl Stage for Hold {
    fn take(&mut self, mut piece: Piece, log: &mut Log) {
        let came = piece.at;
        if self.scope.holds(came) {
            let more = self.scope.dice.up_to(Purpose::Size, self.chunks, self.jitter);
            piece.at = came.saturating_add(self.by).saturating_add(more);
        }
        piece.at = piece.at.max(self.last);
        self.last = piece.at;
        self.chunks += 1;
        if piece.at > came && !piece.is_end() {
            self.scope.note(log, (came, piece.offset), Done::Held(piece.at - came));
        }
        self.queue.push(piece);
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
