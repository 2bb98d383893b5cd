//! A stage of a line: one fault on one way of one connection.

use std::collections::VecDeque;

use super::alter::Alter;
use super::dice::{Dice, Purpose};
use super::hold::Hold;
use super::log::{Applied, Done};
use super::pace::Pace;
use super::sever::Sever;
use super::swap::Swap;
use super::{Fault, Nanos, Often, Way, What};

/// What goes from stage to stage.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// When it left the stage before.
    pub(super) at: Nanos,
    /// The place of its first byte in what the sender sent.
    pub(super) offset: u64,
    pub(super) body: Body,
}

/// A piece is bytes, or the end of the stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Bytes that take no place in what the sender sent: a second time, or from nobody.
    Extra(Vec<u8>),
    /// The sender has no more.
    Finish,
    /// The end of the connection, and the fault that made it.
    Cut(usize),
    /// A reset, and the fault that made it; none when a side made it.
    Reset(Option<usize>),
}

impl Piece {
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Bytes(bytes) | Body::Extra(bytes) => bytes,
            Body::Finish | Body::Cut(_) | Body::Reset(_) => &[],
        }
    }

    pub(super) fn bytes_mut(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.body {
            Body::Bytes(bytes) | Body::Extra(bytes) => Some(bytes),
            Body::Finish | Body::Cut(_) | Body::Reset(_) => None,
        }
    }

    pub(super) fn is_end(&self) -> bool {
        matches!(self.body, Body::Finish | Body::Cut(_) | Body::Reset(_))
    }

    /// Keeps what is behind the first `n` bytes, and gives those.
    pub(super) fn split(&mut self, n: usize) -> Piece {
        let mut head = Piece { at: self.at, offset: self.offset, body: Body::Extra(Vec::new()) };
        if let Body::Bytes(bytes) = &mut self.body {
            head.body = Body::Bytes(bytes.drain(..n).collect());
            self.offset += n as u64;
        } else if let Body::Extra(bytes) = &mut self.body {
            head.body = Body::Extra(bytes.drain(..n).collect());
        }
        head
    }
}

/// Pieces in the order in which they leave, and how many bytes they are.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pieces: VecDeque<Piece>,
    bytes: usize,
}

impl Queue {
    pub(super) fn push(&mut self, piece: Piece) {
        self.bytes += piece.bytes().len();
        self.pieces.push_back(piece);
    }

    pub(super) fn front(&self) -> Option<&Piece> {
        self.pieces.front()
    }

    pub(super) fn due(&self) -> Option<Nanos> {
        self.front().map(|piece| piece.at)
    }

    pub(super) fn waiting(&self) -> Waiting {
        Waiting { pieces: self.pieces.len(), bytes: self.bytes }
    }

    pub(super) fn pop(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.bytes -= piece.bytes().len();
        Some(piece)
    }

    /// The first piece, if its instant has come.
    pub(super) fn pop_due(&mut self, now: Nanos) -> Option<Piece> {
        if self.due()? <= now { self.pop() } else { None }
    }

    /// Takes the first `n` bytes off the first piece.
    pub(super) fn pop_bytes(&mut self, n: usize) -> Option<Piece> {
        let front = self.pieces.front_mut()?;
        if front.is_end() || n >= front.bytes().len() {
            return self.pop();
        }
        self.bytes -= n;
        Some(front.split(n))
    }
}

/// What has come and not left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) pieces: usize,
    pub(super) bytes: usize,
}

impl std::iter::Sum for Waiting {
    fn sum<I: Iterator<Item = Waiting>>(all: I) -> Waiting {
        all.fold(Waiting::default(), |a, b| Waiting { pieces: a.pieces + b.pieces, bytes: a.bytes + b.bytes })
    }
}

/// What a stage did.
pub(super) type Log = Vec<Applied>;

/// One fault at work. What it gives depends only on what it took and on those instants, not on when it is asked.
pub(super) trait Stage: std::fmt::Debug + Send {
    /// Takes a piece; instants never go back.
    fn take(&mut self, piece: Piece, log: &mut Log);
    /// When it has something to give.
    fn due(&self) -> Option<Nanos>;
    /// What it has to give by now.
    fn give(&mut self, now: Nanos, log: &mut Log) -> Option<Piece>;
    /// What is in it.
    fn waiting(&self) -> Waiting;
}

/// Where and when a stage is at work, and its chance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    pub(super) dice: Dice,
    pub(super) from: Nanos,
    pub(super) until: Nanos,
}

impl Scope {
    pub(super) fn holds(&self, at: Nanos) -> bool {
        (self.from..self.until).contains(&at)
    }

    /// Whether the chunk with this number is befallen.
    pub(super) fn befalls(&self, often: Often, at: Nanos, number: u64) -> bool {
        self.holds(at)
            && match often {
                Often::Chance(p) => self.dice.unit(Purpose::Chunk, number) < p,
                Often::Every(n) => (number + 1).is_multiple_of(u64::from(n.max(1))),
            }
    }

    pub(super) fn note(&self, log: &mut Log, (at, offset): (Nanos, u64), done: Done) {
        let Dice { connection, fault, way, .. } = self.dice;
        log.push(Applied { at, connection, way, fault, offset, done });
    }
}

/// The stages of a way of a connection: those faults that befall it.
pub(super) fn stages(
    faults: &[Fault],
    (seed, connection): (u64, u64),
    way: Way,
    opened: Nanos,
) -> Vec<Box<dyn Stage>> {
    let befallen = |(place, fault): (usize, &Fault)| {
        let dice = Dice { seed, connection, fault: place, way };
        let scope = Scope { dice, from: fault.from, until: fault.until };
        let here = fault.ways.contains(&way) && dice.unit(Purpose::Connection, 0) < fault.connections;
        here.then(|| stage(&fault.what, scope, opened))
    };
    faults.iter().enumerate().filter_map(befallen).collect()
}

fn stage(what: &What, scope: Scope, opened: Nanos) -> Box<dyn Stage> {
    match *what {
        What::Delay { by, jitter } => Box::new(Hold::new(scope, by, jitter)),
        What::Rate { bytes_per_s } => Box::new(Pace::rate(scope, bytes_per_s)),
        What::Drip { bytes, every } => Box::new(Pace::drip(scope, bytes, every)),
        What::Cut(moment) => Box::new(Sever::new(scope, Done::Cut, moment, opened)),
        What::Reset(moment) => Box::new(Sever::new(scope, Done::Reset, moment, opened)),
        What::HalfOpen(moment) => Box::new(Sever::new(scope, Done::HalfOpen, moment, opened)),
        What::Reorder { often, within } => Box::new(Swap::new(scope, often, within)),
        What::Truncate(_) | What::Duplicate(_) | What::Garbage { .. } | What::Flip { .. } => {
            Box::new(Alter::new(scope, what.clone()))
        }
    }
}
