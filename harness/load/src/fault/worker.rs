//! One thread of the proxy: its connections and their instants.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::net;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Token, Waker};

use super::Nanos;
use super::line::Line;
use super::log::Applied;
use super::pair::{Desk, Pair, Served};
use super::proxy::{Outcome, Shared};
use crate::plane::timer::{Sleeper, TIMER};

const WAKER: Token = Token(usize::MAX - 1);
const READ: usize = 16 << 10;
/// No sleep is longer, so that a wish to stop is seen.
const LOOK: Duration = Duration::from_millis(20);

/// A device that has connected, and its number.
pub(super) type Arrival = (u64, net::TcpStream);

/// One thread.
pub(super) struct Worker<'a> {
    shared: &'a Shared,
    sleeper: Sleeper,
    arrivals: Receiver<Arrival>,
    pairs: BTreeMap<u64, Pair>,
    timers: BinaryHeap<Reverse<(Nanos, u64)>>,
    /// Connections with something to do.
    touched: Vec<u64>,
    log: Vec<Applied>,
    buffer: Vec<u8>,
    outcome: Outcome,
    /// Whether faults are at work, as far as the connections here know.
    begun: bool,
}

impl<'a> Worker<'a> {
    pub(super) fn new(shared: &'a Shared, sleeper: Sleeper, arrivals: Receiver<Arrival>) -> Worker<'a> {
        Worker {
            shared,
            sleeper,
            arrivals,
            pairs: BTreeMap::new(),
            timers: BinaryHeap::new(),
            touched: Vec::new(),
            log: Vec::new(),
            buffer: vec![0; READ],
            outcome: Outcome::default(),
            begun: shared.has_begun(),
        }
    }

    /// A poll, and what wakes it when a connection is handed over.
    pub(super) fn sleeper() -> io::Result<(Sleeper, Waker)> {
        let sleeper = Sleeper::new()?;
        let waker = Waker::new(sleeper.poll.registry(), WAKER)?;
        Ok((sleeper, waker))
    }

    /// Serves until it shall stop; open connections are then reset.
    pub(super) fn run(mut self) -> io::Result<Outcome> {
        let mut events = Events::with_capacity(1_024);
        while !self.shared.stop.load(Ordering::Relaxed) {
            self.sleeper.wait(&mut events, self.pause())?;
            self.look(&events);
            while let Ok(arrival) = self.arrivals.try_recv() {
                self.open(arrival);
            }
            self.begin();
            let now = self.shared.now();
            while let Some(Reverse((_, number))) =
                self.timers.peek().copied().filter(|Reverse((at, _))| *at <= now)
            {
                self.timers.pop();
                if let Some(pair) = self.pairs.get_mut(&number) {
                    pair.armed = None;
                    self.touched.push(number);
                }
            }
            self.serve_touched();
            self.hand_in();
        }
        self.pairs.values().for_each(Pair::reset);
        Ok(self.outcome)
    }

    fn pause(&self) -> Duration {
        if !self.touched.is_empty() {
            return Duration::ZERO;
        }
        let begins = self.shared.begins_in().filter(|_| !self.begun);
        let next = self.timers.peek().map_or(Nanos::MAX, |Reverse((at, _))| *at);
        // A timer of zero length would never fire.
        Duration::from_nanos(next.saturating_sub(self.shared.now())).min(begins.unwrap_or(LOOK)).min(LOOK)
    }

    /// Faults begin once: from then on instants count from there.
    fn begin(&mut self) {
        if self.begun || !self.shared.has_begun() {
            return;
        }
        self.begun = true;
        self.timers.clear();
        let now = self.shared.now();
        for (number, pair) in &mut self.pairs {
            let (settings, begun, over) = (&self.shared.settings, true, false);
            let (buffer, outcome) = (&mut self.buffer[..], &mut self.outcome);
            pair.befall(&mut Desk { settings, number: *number, begun, over, now, buffer, outcome }, 0);
            self.touched.push(*number);
        }
    }

    fn look(&mut self, events: &Events) {
        for event in events.iter().filter(|event| ![TIMER, WAKER].contains(&event.token())) {
            let (number, side) = ((event.token().0 / 2) as u64, event.token().0 % 2);
            let Some(pair) = self.pairs.get_mut(&number) else { continue };
            match pair.event(side, event.is_readable(), event.is_writable()) {
                Ok(()) => self.touched.push(number),
                Err(error) => self.unreached(number, &error),
            }
        }
    }

    /// The gateway did not take a connection: the device sees what it would have seen without a proxy.
    fn unreached(&mut self, number: u64, error: &io::Error) {
        self.outcome.unreached += 1;
        self.outcome.why = Some(error.to_string());
        self.close(number, true);
    }

    fn open(&mut self, (number, device): Arrival) {
        self.outcome.connections += 1;
        if let Err(error) = self.connect(number, device) {
            self.outcome.unreached += 1;
            self.outcome.why = Some(error.to_string());
        }
    }

    fn connect(&mut self, number: u64, device: net::TcpStream) -> io::Result<()> {
        device.set_nonblocking(true)?;
        device.set_nodelay(true)?;
        let mut device = TcpStream::from_std(device);
        let mut gateway = TcpStream::connect(self.shared.settings.to)?;
        let registry = self.sleeper.poll.registry();
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut device, Token(number as usize * 2), both)?;
        registry.register(&mut gateway, Token(number as usize * 2 + 1), both)?;
        gateway.set_nodelay(true)?;
        let settings = &self.shared.settings;
        // Without a witness the number is the key, and nothing is waited for.
        let key = settings.witness.is_none().then_some(number);
        let faults = if key.is_some() && self.begun { &settings.faults[..] } else { &[] };
        let line = Line::new(faults, settings.seed, number, self.shared.now());
        self.pairs.insert(number, Pair::new(line, key, device, gateway));
        self.touched.push(number);
        Ok(())
    }

    fn serve_touched(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for number in touched {
            let Some(pair) = self.pairs.get_mut(&number) else { continue };
            let (settings, begun, now) = (&self.shared.settings, self.begun, self.shared.now());
            let over = self.shared.over.load(Ordering::Relaxed);
            let (buffer, outcome) = (&mut self.buffer[..], &mut self.outcome);
            let served = pair.serve(&mut Desk { settings, number, begun, over, now, buffer, outcome });
            self.log.append(&mut pair.line.take_log());
            match served {
                Served::Over => self.close(number, false),
                Served::Again => self.touched.push(number),
                Served::Waits => self.arm(number),
            }
        }
    }

    fn arm(&mut self, number: u64) {
        let Some(pair) = self.pairs.get_mut(&number) else { return };
        if let Some(next) = pair.line.next().filter(|next| pair.armed.is_none_or(|armed| *next < armed)) {
            pair.armed = Some(next);
            self.timers.push(Reverse((next, number)));
        }
    }

    fn close(&mut self, number: u64, reset: bool) {
        if let Some(pair) = self.pairs.remove(&number).filter(|_| reset) {
            pair.reset();
        }
    }

    fn hand_in(&mut self) {
        if !self.log.is_empty() {
            self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).append(&mut self.log);
        }
    }
}
