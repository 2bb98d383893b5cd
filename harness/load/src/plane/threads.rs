//! The threads of a plane, and what one may look at while they run.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::settings::Settings;
use super::source::Source;
use super::tally::Outcome;
use super::worker::Worker;
use crate::process::OpenFiles;

/// A plane that could not do its work.
#[derive(Debug, Error)]
pub enum PlaneError {
    /// Not all clients were connected in time.
    #[error("{connected} of {clients} clients were connected after {patience:?}; last reason: {why}")]
    Unreached {
        /// How many stood.
        connected: u32,
        /// How many there are.
        clients: usize,
        /// How long was waited.
        patience: Duration,
        /// The last reason.
        why: String,
    },
    /// This process may not open so many files.
    #[error(
        "{clients} clients need a file each, and this process may open {limit}; raise it with `ulimit -n {}`",
        clients + 64
    )]
    TooFewFiles {
        /// How many clients there are.
        clients: usize,
        /// The limit.
        limit: u64,
    },
    /// There is no thread, or no client.
    #[error("a plane needs at least one thread and one client")]
    Empty,
    /// The kernel refused something that every plane needs.
    #[error("the load plane stopped: {0}")]
    Kernel(#[from] io::Error),
}

/// What one may look at while a plane runs.
#[derive(Debug)]
pub struct Watch {
    epoch: Instant,
    connected: AtomicU32,
    left: AtomicU64,
    answered: AtomicU64,
    /// Of each thread.
    pickup_us: Mutex<BTreeMap<u32, u64>>,
    /// Of each thread, all classes as one.
    so_far: Mutex<BTreeMap<u32, Outcome>>,
    ready: AtomicU32,
    start: OnceLock<Instant>,
    over: AtomicBool,
    why: Mutex<String>,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch {
            epoch: Instant::now(),
            connected: AtomicU32::new(0),
            left: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            pickup_us: Mutex::default(),
            so_far: Mutex::default(),
            ready: AtomicU32::new(0),
            start: OnceLock::new(),
            over: AtomicBool::new(false),
            why: Mutex::new("none was refused; the server is slow to answer".into()),
        }
    }
}

impl Watch {
    /// Clients whose connection stands.
    pub fn connected(&self) -> u32 {
        self.connected.load(Ordering::Relaxed)
    }

    /// Messages that have left, and that were acknowledged: a look back of up to a quarter of a second.
    pub fn messages(&self) -> (u64, u64) {
        (self.left.load(Ordering::Relaxed), self.answered.load(Ordering::Relaxed))
    }

    /// How late the plane takes up messages, p99 so far of the thread that is latest, µs.
    pub fn pickup_us(&self) -> u64 {
        self.pickups().values().copied().max().unwrap_or_default()
    }

    fn pickups(&self) -> MutexGuard<'_, BTreeMap<u32, u64>> {
        self.pickup_us.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread's own messages since it last told, and its lateness so far.
    pub(super) fn tell(&self, thread: u32, (left, answered): (u64, u64), pickup_us: u64) {
        self.left.fetch_add(left, Ordering::Relaxed);
        self.answered.fetch_add(answered, Ordering::Relaxed);
        self.pickups().insert(thread, pickup_us);
    }

    /// What the threads had done when they last said so, every two seconds, with all classes as one: whoever dies meanwhile
    /// leaves that.
    pub fn so_far(&self) -> Outcome {
        let mut all = Outcome::default();
        self.kept().values().for_each(|one| all.merge(one));
        all
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<u32, Outcome>> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread has done so far.
    pub(super) fn keep(&self, thread: u32, outcome: &Outcome) {
        let kept = outcome.in_one();
        self.kept().insert(thread, kept);
    }

    /// The instant from which the messages count, once it is known.
    pub fn start(&self) -> Option<Instant> {
        self.start.get().copied()
    }

    pub(super) fn epoch(&self) -> Instant {
        self.epoch
    }

    pub(super) fn rose(&self) {
        self.connected.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn fell(&self) {
        self.connected.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn broke(&self, why: &str) {
        let mut last = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != why {
            why.clone_into(&mut last);
        }
    }

    /// A thread's clients all stand; the last thread sets the start.
    pub(super) fn ready(&self, threads: u32, lead: Duration) {
        if self.ready.fetch_add(1, Ordering::SeqCst) + 1 == threads {
            let _ = self.start.set(Instant::now() + lead);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// Connects all clients, sends what the sources have from then on, one thread for each source, and waits for the
/// answers. `stop` ends it early; what was done is told all the same.
pub fn run<S: Source>(
    settings: &Settings,
    clients: &[String],
    sources: Vec<S>,
    (watch, stop): (&Watch, &AtomicBool),
) -> Result<Outcome, PlaneError> {
    let files = OpenFiles::raised();
    if files.connections() < clients.len() as u64 {
        return Err(PlaneError::TooFewFiles { clients: clients.len(), limit: files.limit });
    }
    if sources.is_empty() || clients.is_empty() {
        return Err(PlaneError::Empty);
    }
    let threads = sources.len() as u32;
    let ended = thread::scope(|scope| {
        let workers: Vec<_> = sources
            .into_iter()
            .zip(0..)
            .map(|(source, thread)| {
                scope.spawn(move || work(settings, clients, (thread, threads), source, (watch, stop)))
            })
            .collect();
        await_start(settings, watch, stop);
        workers.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
    });
    let mut all = Outcome::default();
    for one in ended {
        all.merge(&one.map_err(|_| io::Error::other("a thread of it panicked"))??);
    }
    if watch.start().is_none() && !stop.load(Ordering::Relaxed) {
        let why = watch.why.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let patience = settings.connect_within + settings.connect_patience;
        return Err(PlaneError::Unreached {
            connected: watch.connected(),
            clients: clients.len(),
            patience,
            why,
        });
    }
    Ok(all)
}

/// Gives up when the clients do not all stand in time.
fn await_start(settings: &Settings, watch: &Watch, stop: &AtomicBool) {
    let deadline = Instant::now() + settings.connect_within + settings.connect_patience;
    while watch.start().is_none() {
        if Instant::now() > deadline || stop.load(Ordering::Relaxed) {
            watch.over.store(true, Ordering::Relaxed);
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn work(
    settings: &Settings,
    clients: &[String],
    place: (u32, u32),
    mut source: impl Source,
    (watch, stop): (&Watch, &AtomicBool),
) -> io::Result<Outcome> {
    let mut worker = Worker::new(settings, watch, place, clients)?;
    if let Some(start) = worker.connect()? {
        worker.drive(start, &mut source, stop)?;
    }
    Ok(worker.outcome)
}
