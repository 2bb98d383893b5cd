//! The end of a connection: cut, reset, or half-open, when nobody is told.

use super::dice::Purpose;
use super::log::Done;
use super::stage::{Body, Log, Piece, Queue, Scope, Stage, Waiting};
use super::{Moment, Nanos};

#[derive(Debug)]
pub(super) struct Sever {
    scope: Scope,
    how: Done,
    /// When it happens by the clock.
    at: Option<Nanos>,
    /// After how many bytes it happens.
    bytes: Option<u64>,
    passed: u64,
    /// The place behind the last byte that came.
    offset: u64,
    done: bool,
    queue: Queue,
}

impl Sever {
    pub(super) fn new(scope: Scope, how: Done, moment: Moment, opened: Nanos) -> Sever {
        let drawn = |within| scope.dice.up_to(Purpose::Moment, 0, within);
        let (at, bytes) = match moment {
            Moment::At(at, within) => (Some(at.saturating_add(drawn(within))), None),
            Moment::After(after, within) => {
                (Some(opened.saturating_add(after).saturating_add(drawn(within))), None)
            }
            Moment::AfterBytes(bytes) => (None, Some(bytes)),
        };
        let at = at.filter(|at| *at >= opened && scope.holds(*at));
        Sever { scope, how, at, bytes, passed: 0, offset: 0, done: false, queue: Queue::default() }
    }

    fn happen(&mut self, at: Nanos, log: &mut Log) {
        (self.done, self.at, self.bytes) = (true, None, None);
        self.scope.note(log, (at, self.offset), self.how);
        let fault = self.scope.dice.fault;
        let body = match self.how {
            Done::Cut => Body::Cut(fault),
            Done::Reset => Body::Reset(Some(fault)),
            _ => return,
        };
        self.queue.push(Piece { at, offset: self.offset, body });
    }

    fn happen_by_clock(&mut self, now: Nanos, log: &mut Log) {
        if let Some(at) = self.at.filter(|at| *at <= now) {
            self.happen(at, log);
        }
    }

    /// What passes before the last byte that may.
    fn happen_by_bytes(&mut self, piece: &mut Piece, log: &mut Log) {
        let len = piece.bytes().len();
        let Some(bytes) = self.bytes else { return };
        if self.passed + len as u64 >= bytes && self.scope.holds(piece.at) {
            let passes = piece.split(bytes.saturating_sub(self.passed) as usize);
            self.offset = piece.offset;
            let at = piece.at;
            if !passes.bytes().is_empty() {
                self.queue.push(passes);
            }
            self.happen(at, log);
        }
    }
}

impl Stage for Sever {
    fn take(&mut self, mut piece: Piece, log: &mut Log) {
        self.happen_by_clock(piece.at, log);
        if !piece.is_end() {
            self.happen_by_bytes(&mut piece, log);
        }
        let len = piece.bytes().len();
        if self.done {
            if len > 0 {
                self.scope.note(log, (piece.at, piece.offset), Done::Swallowed(len));
            }
            return;
        }
        self.passed += len as u64;
        self.offset = piece.offset + if matches!(piece.body, Body::Bytes(_)) { len as u64 } else { 0 };
        self.queue.push(piece);
    }

    fn due(&self) -> Option<Nanos> {
        self.queue.due().or(self.at)
    }

    fn give(&mut self, now: Nanos, log: &mut Log) -> Option<Piece> {
        self.queue.pop_due(now).or_else(|| {
            self.happen_by_clock(now, log);
            self.queue.pop_due(now)
        })
    }

    fn waiting(&self) -> Waiting {
        self.queue.waiting()
    }
}
