//! One thread: its clients, its timers, its messages.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Token};

use super::backoff::share;
use super::connection::{Broken, Connection, State};
use super::settings::{Settings, Storm, WhenFull, Writes};
use super::source::{Nanos, Source};
use super::tally::Outcome;
use super::threads::Watch;
use super::timer::{Sleeper, TIMER};
use super::trace::Fate;
use crate::process::{prefer_this_thread, waited_for_processor};
use crate::series::Series;

/// Messages taken up before the sockets are looked at again.
const BATCH: usize = 256;
/// Bytes read at once, for all clients of the thread.
const READ: usize = 64 << 10;
/// How long a server may take to accept a connection and to answer CONNECT.
const GREETING: Duration = Duration::from_secs(5);
/// The share of the keep-alive time after which a silent client asks.
const PATIENT: f64 = 0.7;
/// No sleep is longer, so that a wish to stop is seen.
const LOOK: Duration = Duration::from_millis(20);
/// How often whoever watches is told how far it is.
const SHOW: Nanos = 250_000_000;
/// How often all that was measured is kept for whoever must do without the end.
const KEEP: Nanos = 2_000_000_000;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wake {
    /// A client of this generation connects: one whose line was taken meanwhile has another instant.
    Dial(usize, u32),
    /// A client of this generation should stand by now.
    Greet(usize, u32),
    /// A client of this generation may have been silent for too long.
    Look(usize, u32),
    /// Everything breaks.
    Storm(usize),
}

/// One thread of the plane.
pub(super) struct Worker<'a> {
    settings: &'a Settings,
    watch: &'a Watch,
    /// Instants count from here; later the start of the messages.
    epoch: Instant,
    thread: u32,
    threads: u32,
    clients: Vec<Connection>,
    sleeper: Sleeper,
    timers: BinaryHeap<Reverse<(Nanos, Wake)>>,
    /// Clients with bytes that were not tried yet.
    touched: Vec<usize>,
    buffer: Vec<u8>,
    /// When whoever watches was told last, and how many messages had left and were acknowledged then.
    shown: (Nanos, (u64, u64)),
    /// When all that was measured was kept last.
    kept: Nanos,
    pub(super) outcome: Outcome,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        watch: &'a Watch,
        (thread, threads): (u32, u32),
        names: &[String],
    ) -> io::Result<Worker<'a>> {
        let own = names.iter().skip(thread as usize).step_by(threads as usize);
        let clients: Vec<Connection> = own.map(|id| Connection::new(id.clone(), settings)).collect();
        let mut worker = Worker {
            settings,
            watch,
            epoch: watch.epoch(),
            thread,
            threads,
            clients,
            sleeper: Sleeper::new()?,
            timers: BinaryHeap::new(),
            touched: Vec::new(),
            buffer: vec![0; READ],
            shown: (0, (0, 0)),
            kept: 0,
            outcome: Outcome::default(),
        };
        let within = settings.connect_within.as_nanos() as u64;
        for place in 0..worker.clients.len() {
            let at = within * u64::from(worker.global(place)) / names.len().max(1) as u64;
            worker.timers.push(Reverse((at, Wake::Dial(place, 0))));
        }
        Ok(worker)
    }

    /// A client's place in the list of all.
    fn global(&self, place: usize) -> u32 {
        place as u32 * self.threads + self.thread
    }

    fn now(&self) -> Nanos {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Connects all clients and keeps them until the plane's start, which all threads learn at once.
    pub(super) fn connect(&mut self) -> io::Result<Option<Instant>> {
        let mut events = Events::with_capacity(1_024);
        let mut told = false;
        loop {
            if let Some(start) = self.watch.start() {
                return Ok(Some(start));
            }
            if self.watch.is_over() {
                return Ok(None);
            }
            if !told && self.clients.iter().all(|client| client.state == State::Up) {
                told = true;
                self.watch.ready(self.threads, self.settings.lead);
            }
            self.serve(&mut events, self.now() + 1_000_000)?;
        }
    }

    /// Sends what the source has, from `start` on, and waits for the answers.
    pub(super) fn drive(
        &mut self,
        start: Instant,
        source: &mut impl Source,
        stop: &AtomicBool,
    ) -> io::Result<()> {
        self.restart(start);
        source.begin(start);
        self.outcome.nice = Some(prefer_this_thread());
        let waited = waited_for_processor().unwrap_or_default();
        let mut events = Events::with_capacity(1_024);
        let lasts = self.settings.lasts.as_nanos() as u64;
        let mut emptied = None;
        while !stop.load(Ordering::Relaxed) {
            let early = start.saturating_duration_since(Instant::now()).as_nanos() as u64;
            if early > 0 {
                // Also what is due at once is not due before.
                self.serve(&mut events, early)?;
                continue;
            }
            let now = self.now();
            let next = if emptied.is_none() { self.take_due(source, now) } else { None };
            self.flush_touched();
            if next.is_none() {
                let since = *emptied.get_or_insert(now);
                let owed = self.clients.iter().any(Connection::owes);
                let patient = now < since + self.settings.grace.as_nanos() as u64;
                if now >= lasts && !(owed && patient) {
                    break;
                }
            }
            self.serve(&mut events, next.unwrap_or(now + LOOK.as_nanos() as u64))?;
            self.tell(source);
            if now >= self.shown.0 + SHOW {
                self.show(now);
            }
            if now >= self.kept + KEEP {
                self.watch.keep(self.thread, &self.outcome);
                self.kept = now;
            }
        }
        self.end();
        self.show(self.now());
        self.tell(source);
        // A kernel that does not tell leaves it at nothing.
        self.outcome.waited = waited_for_processor().unwrap_or_default().saturating_sub(waited);
        Ok(())
    }

    /// Tells the source what happened to its messages.
    fn tell(&mut self, source: &mut impl Source) {
        self.outcome.told.drain(..).for_each(|told| source.told(told));
    }

    /// Tells whoever watches how far it is.
    fn show(&mut self, now: Nanos) {
        let all = self.outcome.classes.values();
        let (left, answered) = all.clone().fold((0, 0), |(l, a), class| (l + class.left, a + class.answered));
        let mut pickup = Series::default();
        all.for_each(|class| pickup.merge(&class.pickup));
        let ((l, a), late) = (self.shown.1, pickup.percentile_us(99.0).unwrap_or_default());
        self.watch.tell(self.thread, (left - l, answered - a), late);
        self.shown = (now, (left, answered));
    }

    /// From now on instants count from `start`.
    fn restart(&mut self, start: Instant) {
        let before = start.saturating_duration_since(self.epoch).as_nanos() as u64;
        self.epoch = start;
        let timers = std::mem::take(&mut self.timers).into_vec();
        self.timers = timers
            .into_iter()
            .map(|Reverse((at, wake))| Reverse((at.saturating_sub(before), wake)))
            .collect();
        for client in &mut self.clients {
            client.last_written = 0;
            client.dialled = client.dialled.saturating_sub(before);
        }
        for (i, storm) in self.settings.storms.iter().enumerate() {
            self.timers.push(Reverse((storm.at.as_nanos() as u64, Wake::Storm(i))));
        }
    }

    /// Takes up what is due. Returns when the next message is; now, when the batch is full or a client has no room.
    fn take_due(&mut self, source: &mut impl Source, mut now: Nanos) -> Option<Nanos> {
        for _ in 0..BATCH {
            let due = source.peek()?;
            if due.at > now {
                now = self.now();
                if due.at > now {
                    return Some(due.at);
                }
            }
            let place = ((due.client - self.thread) / self.threads) as usize;
            let client = &mut self.clients[place];
            let full =
                client.outbox.waiting() + due.payload.len() + due.topic.len() > self.settings.waiting_bytes;
            if full && self.settings.when_full == WhenFull::Hold {
                return Some(now + 100_000);
            }
            let tally = self.outcome.class(due.class);
            tally.pickup.take_ns(now.saturating_sub(due.at));
            let waits = client.state != State::Up;
            if full || client.push(&due, self.settings.version).is_err() {
                tally.refused += 1;
            } else {
                tally.stored += u64::from(waits);
                self.outcome.tell(due.tag, if waits { Fate::Waits } else { Fate::Taken }, now);
                if self.settings.writes == Writes::OneEach {
                    self.flush(place);
                    // The clock was read when it had left; a second look would cost a part of what a message does.
                    let written = self.clients[place].last_written;
                    now = if written > now { written } else { self.now() };
                } else {
                    self.touched.push(place);
                }
            }
            source.advance();
        }
        Some(now)
    }

    fn flush(&mut self, place: usize) {
        let epoch = self.epoch;
        let clock = || u64::try_from(epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let done = self.clients[place].flush(clock, &mut self.outcome);
        self.settle(place, done);
    }

    fn flush_touched(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.drain(..).for_each(|place| self.flush(place));
        self.touched = touched;
    }

    /// Looks at sockets and timers until `next`, or until one of them had something.
    fn serve(&mut self, events: &mut Events, next: Nanos) -> io::Result<()> {
        let timer = self.timers.peek().map_or(Nanos::MAX, |Reverse((at, _))| *at);
        let now = self.now();
        let until = Duration::from_nanos(next.min(timer).saturating_sub(now));
        // The last stretch is polled through: waking up takes longer than a look.
        self.sleeper.wait(events, until.saturating_sub(self.settings.spin).min(LOOK))?;
        let now = self.now();
        for event in events.iter() {
            if event.token() == TIMER {
                continue;
            }
            self.event(event, now);
        }
        while self.timers.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            if let Some(Reverse((_, wake))) = self.timers.pop() {
                self.wake(wake, now);
            }
        }
        Ok(())
    }

    fn event(&mut self, event: &Event, now: Nanos) {
        let place = event.token().0;
        let before = self.clients[place].state;
        let mut done = Ok(());
        if event.is_writable() {
            done = self.clients[place].writable(self.settings, now, &mut self.outcome);
        }
        if event.is_readable() && done.is_ok() {
            let into = (&mut self.buffer[..], event.is_read_closed());
            done = self.clients[place].read(into, self.settings, now, &mut self.outcome);
        }
        if before != State::Up && self.clients[place].state == State::Up {
            self.rose(place, now);
        }
        self.settle(place, done);
    }

    /// A client stands: what waited for it leaves now, and its silence is watched.
    fn rose(&mut self, place: usize, now: Nanos) {
        self.watch.rose();
        self.touched.push(place);
        if let Some(keep_alive) = self.settings.keep_alive {
            let at = now + keep_alive.mul_f64(PATIENT).as_nanos() as u64;
            self.timers.push(Reverse((at, Wake::Look(place, self.clients[place].generation))));
        }
    }

    /// A broken connection is counted and made again after a pause.
    fn settle(&mut self, place: usize, done: Result<(), Broken>) {
        let Err(Broken(why)) = done else { return };
        self.outcome.links.broke += 1;
        self.watch.broke(&why);
        *self.outcome.links.reasons.entry(why).or_default() += 1;
        self.lose(place);
        let client = self.global(place);
        let connection = &mut self.clients[place];
        connection.failures += 1;
        let pause = self
            .settings
            .backoff
            .pause(connection.failures, share(self.settings.seed, client, connection.generation));
        let wake = Wake::Dial(place, connection.generation);
        self.timers.push(Reverse((self.now() + pause.as_nanos() as u64, wake)));
    }

    fn lose(&mut self, place: usize) {
        let now = self.now();
        if self.clients[place].state == State::Up {
            self.watch.fell();
        }
        self.clients[place].lose(now, &mut self.outcome);
    }

    fn wake(&mut self, wake: Wake, now: Nanos) {
        match wake {
            Wake::Dial(place, generation) if self.clients[place].is_down(generation) => self.dial(place, now),
            Wake::Greet(place, generation) if self.clients[place].is_greeting(generation) => {
                let why = format!("no CONNACK within {} s", GREETING.as_secs());
                self.settle(place, Err(Broken(why)));
            }
            Wake::Look(place, generation) if self.clients[place].generation == generation => {
                self.look(place, now);
            }
            Wake::Storm(i) => self.storm(&self.settings.storms[i], i as u32, now),
            Wake::Dial(..) | Wake::Greet(..) | Wake::Look(..) => {}
        }
    }

    fn dial(&mut self, place: usize, now: Nanos) {
        let connection = &mut self.clients[place];
        let done = connection.dial(self.settings.to, self.sleeper.poll.registry(), Token(place), now);
        let look = Wake::Greet(place, connection.generation);
        self.timers.push(Reverse((now + GREETING.as_nanos() as u64, look)));
        self.settle(place, done);
    }

    /// A client that was silent asks; one that asked before and got no answer has lost its server.
    fn look(&mut self, place: usize, now: Nanos) {
        let Some(keep_alive) = self.settings.keep_alive else { return };
        let connection = &mut self.clients[place];
        let generation = connection.generation;
        if connection.pinged {
            return self.settle(place, Err(Broken("no answer to PINGREQ".into())));
        }
        let silence = keep_alive.mul_f64(PATIENT).as_nanos() as u64;
        let mut again = connection.last_written + silence;
        if again <= now {
            let done = connection.ping(self.settings.version, now, &mut self.outcome);
            self.settle(place, done);
            again = now + silence;
        }
        self.timers.push(Reverse((again, Wake::Look(place, generation))));
    }

    /// Whom it hits breaks, and comes back within the storm's time.
    fn storm(&mut self, storm: &Storm, number: u32, now: Nanos) {
        for place in 0..self.clients.len() {
            if !storm.hits(self.global(place)) {
                continue;
            }
            if self.clients[place].state != State::Down {
                self.outcome.links.dropped += 1;
            }
            self.lose(place);
            // A stream of its own, apart from those of the pauses.
            let share = share(self.settings.seed ^ 0x5701, self.global(place), number);
            let at = now + (storm.down + storm.within.mul_f64(share)).as_nanos() as u64;
            self.timers.push(Reverse((at, Wake::Dial(place, self.clients[place].generation))));
        }
    }

    /// Counts what is left over and says goodbye.
    fn end(&mut self) {
        let now = self.now();
        for client in &mut self.clients {
            client.give_up(&mut self.outcome);
            for (class, again) in client.outbox.rest().filter_map(|mark| Some((mark.class?, mark.again))) {
                let tally = self.outcome.class(class);
                // What left once and waits to leave again was not answered.
                *(if again { &mut tally.unanswered } else { &mut tally.unsent }) += 1;
            }
            client.close(self.settings.version, now, &mut self.outcome);
        }
        self.outcome.lasted = Duration::from_nanos(now);
    }
}
