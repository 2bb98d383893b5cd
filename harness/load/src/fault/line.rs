//! A connection without sockets: bytes go in with their instants, and come out with theirs.

use super::log::{Applied, Done};
use super::stage::{Body, Log, Piece, Queue, Stage, Waiting, stages};
use super::{Fault, Nanos, Way};

/// What leaves a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Departure {
    /// When it is due.
    pub at: Nanos,
    /// On which way.
    pub way: Way,
    /// What it is.
    pub what: Leaves,
}

/// What leaves a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaves {
    /// Bytes for the receiver.
    Bytes(Vec<u8>),
    /// The sender has no more; the other way goes on.
    Finish,
    /// Both sides are closed.
    Cut,
    /// Both sides are reset.
    Reset,
}

/// One connection.
#[derive(Debug)]
pub struct Line {
    connection: u64,
    pipes: [Pipe; 2],
    log: Log,
    over: bool,
}

#[derive(Debug)]
struct Pipe {
    stages: Vec<Box<dyn Stage>>,
    out: Queue,
    /// Bytes that came.
    came: u64,
    finished: bool,
}

impl Pipe {
    fn take(&mut self, piece: Piece, log: &mut Log) {
        match self.stages.first_mut() {
            Some(first) => first.take(piece, log),
            None => self.out.push(piece),
        }
    }

    /// Lets every piece go as far as it gets by now.
    fn advance(&mut self, now: Nanos, log: &mut Log) {
        for place in 0..self.stages.len() {
            while let Some(piece) = self.stages[place].give(now, log) {
                match self.stages.get_mut(place + 1) {
                    Some(next) => next.take(piece, log),
                    None => self.out.push(piece),
                }
            }
        }
    }

    fn due(&self) -> Option<Nanos> {
        self.stages.iter().filter_map(|stage| stage.due()).chain(self.out.due()).min()
    }

    fn waiting(&self) -> Waiting {
        self.stages.iter().map(|stage| stage.waiting()).chain([self.out.waiting()]).sum()
    }
}

impl Line {
    /// The connection with this number, counted from 0, opened at an instant. Its chance is drawn by its number.
    pub fn new(faults: &[Fault], seed: u64, connection: u64, opened: Nanos) -> Line {
        Line::with_key(faults, (seed, connection), connection, opened)
    }

    /// The same, with chance that is drawn by a seed and a key of its own.
    pub fn with_key(faults: &[Fault], (seed, key): (u64, u64), connection: u64, opened: Nanos) -> Line {
        let pipe = |way| Pipe {
            stages: stages(faults, (seed, key), way, opened),
            out: Queue::default(),
            came: 0,
            finished: false,
        };
        Line { connection, pipes: Way::BOTH.map(pipe), log: Log::new(), over: false }
    }

    /// Bytes came from the sender of a way. Instants never go back, and what leaves by then has been pulled; bytes for a
    /// connection that is over go nowhere.
    pub fn push(&mut self, way: Way, bytes: &[u8], now: Nanos) {
        if !bytes.is_empty() && !self.over {
            self.enter(way, Body::Bytes(bytes.to_vec()), now);
            self.pipes[way as usize].came += bytes.len() as u64;
        }
    }

    /// The sender of a way has no more.
    pub fn finish(&mut self, way: Way, now: Nanos) {
        if !std::mem::replace(&mut self.pipes[way as usize].finished, true) {
            self.enter(way, Body::Finish, now);
        }
    }

    /// The sender of a way broke the connection; it may have said before that it has no more. Said once.
    pub fn reset(&mut self, way: Way, now: Nanos) {
        self.pipes[way as usize].finished = true;
        self.enter(way, Body::Reset(None), now);
    }

    fn enter(&mut self, way: Way, body: Body, at: Nanos) {
        if self.over {
            return;
        }
        let pipe = &mut self.pipes[way as usize];
        pipe.take(Piece { at, offset: pipe.came, body }, &mut self.log);
    }

    /// When something leaves next, or would.
    pub fn next(&self) -> Option<Nanos> {
        if self.over { None } else { self.pipes.iter().filter_map(Pipe::due).min() }
    }

    /// What leaves by now, the earliest first.
    pub fn pull(&mut self, now: Nanos) -> Option<Departure> {
        // Instant by instant: what ends the connection on one way ends it on the other before anything later happens.
        while let Some(at) = self.next().filter(|at| *at <= now) {
            self.pipes.iter_mut().for_each(|pipe| pipe.advance(at, &mut self.log));
            if let Some(departure) = self.depart(at) {
                return Some(departure);
            }
        }
        None
    }

    fn depart(&mut self, now: Nanos) -> Option<Departure> {
        let due = |way: Way| self.pipes[way as usize].out.due().filter(|at| *at <= now).map(|at| (at, way));
        let (at, way) = Way::BOTH.into_iter().filter_map(due).min()?;
        let what = match self.pipes[way as usize].out.pop()?.body {
            Body::Bytes(bytes) | Body::Extra(bytes) => Leaves::Bytes(bytes),
            Body::Finish => Leaves::Finish,
            Body::Cut(fault) => {
                self.lose((at, way), Some(fault));
                Leaves::Cut
            }
            Body::Reset(fault) => {
                self.lose((at, way), fault);
                Leaves::Reset
            }
        };
        Some(Departure { at, way, what })
    }

    /// The connection is over, and what was on its way is lost.
    fn lose(&mut self, (at, first): (Nanos, Way), fault: Option<usize>) {
        self.over = true;
        let Some(fault) = fault else { return };
        // A fault of both ways breaks them at one instant, and it is one break.
        let again =
            |a: &Applied| a.fault == fault && a.way != first && matches!(a.done, Done::Cut | Done::Reset);
        self.log.retain(|a| !again(a));
        for way in Way::BOTH {
            let pipe = &self.pipes[way as usize];
            let (lost, connection, offset) = (pipe.waiting().bytes, self.connection, pipe.came);
            if lost > 0 {
                let done = Done::Lost(lost);
                self.log.push(Applied { at, connection, way, fault, offset, done });
            }
        }
    }

    /// Bytes of a way that came and have not left.
    pub fn waiting(&self, way: Way) -> usize {
        self.pipes[way as usize].waiting().bytes
    }

    /// Whether nothing more will leave: it was cut or reset, or both senders have no more and all has left. A sender that
    /// breaks the connection afterwards is still told of.
    pub fn is_over(&self) -> bool {
        self.over || self.pipes.iter().all(|pipe| pipe.finished && pipe.waiting().pieces == 0)
    }

    /// What was done since this was asked the last time.
    pub fn take_log(&mut self) -> Vec<Applied> {
        let mut log = std::mem::take(&mut self.log);
        // Stages know the key only.
        log.iter_mut().for_each(|one| one.connection = self.connection);
        log
    }
}
