//! Further clients who hear what a gateway says, at QoS 1: one that is always there, which is the control, and beside it
//! those who go away while their session is kept, or read slowly.
//!
//! A broker gives the same bytes to all who subscribed to a topic. What the control has heard and another one has not
//! was therefore lost on the way to that one alone; what it heard later waited in the broker. No id inside a message
//! is needed for it, so any gateway can be judged.
//!
//! Each subscriber is a thread of its own that waits on its socket, so that one who does not read holds up nobody.

mod account;
mod ear;
mod line;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use thiserror::Error;

pub use account::{Account, Heard, Loss, Pattern, TOLD, account};
pub use ear::Ear;

use crate::codec::{Publish, Version};
use crate::process::prefer_this_thread;
use crate::series::Series;
use line::Line;

/// What is done with each message that comes, and when it came.
pub type Hears = Box<dyn FnMut(&Publish<'_>, Instant) + Send>;

/// How often whoever reads looks how late it comes to what waits for it.
pub const PROMPT: Duration = Duration::from_millis(10);
/// What was said so lately may still be under way to somebody.
const UNDER_WAY: Duration = Duration::from_secs(1);
/// What the control is called.
pub const CONTROL: &str = "control";

/// What a subscriber does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// It reads what comes.
    Reads,
    /// Its line breaks without a goodbye; its session is kept, and it comes back.
    Away {
        /// When, after the start.
        at: Duration,
        /// For so long.
        lasts: Duration,
    },
    /// It reads slowly, out of a small buffer.
    Slow {
        /// From when on, after the start.
        at: Duration,
        /// For so long.
        lasts: Duration,
        /// So many bytes a second; 0: nothing.
        bytes_per_s: u32,
    },
}

impl Habit {
    /// The stretch in which it does not hear as the others do, after the start.
    pub fn stretch(self) -> Option<(Duration, Duration)> {
        match self {
            Habit::Reads => None,
            Habit::Away { at, lasts } | Habit::Slow { at, lasts, .. } => Some((at, at + lasts)),
        }
    }
}

/// A subscriber beside the control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// What reports call it.
    pub name: String,
    /// What it does.
    pub habit: Habit,
}

/// Who listens to what.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The server.
    pub to: SocketAddr,
    /// The protocol's version.
    pub version: Version,
    /// Put before the names, so that no other client is called so.
    pub prefix: String,
    /// What is subscribed to.
    pub filters: Vec<String>,
    /// Those beside the control.
    pub subscribers: Vec<Subscriber>,
    /// How long connecting and subscribing may take.
    pub patience: Duration,
    /// After the end nobody is waited for any more who was silent for so long.
    pub quiet: Duration,
    /// Nor anybody at all after so long.
    pub longest: Duration,
}

impl Settings {
    /// MQTT 3.1.1 to this server, with the defaults.
    pub fn new(to: SocketAddr, filters: Vec<String>, subscribers: Vec<Subscriber>) -> Settings {
        Settings {
            to,
            version: Version::V311,
            prefix: "subscriber".into(),
            filters,
            subscribers,
            patience: Duration::from_secs(5),
            quiet: Duration::from_millis(500),
            longest: Duration::from_secs(10),
        }
    }
}

/// A subscriber that could not begin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the subscriber `{name}` could not listen at {to}: {why}")]
pub struct SubscribeError {
    /// Who.
    pub name: String,
    /// Where.
    pub to: SocketAddr,
    /// Why not.
    pub why: String,
}

/// All that one subscriber noticed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// Messages in the order in which they came.
    pub heard: Vec<Heard>,
    /// Topic and payload of messages, by what stands for them, as far as there is room. The control alone keeps them, so that
    /// what another one lost has a name.
    pub words: BTreeMap<u64, (String, Vec<u8>)>,
    /// When it began to connect again after its absence.
    pub back: Option<Instant>,
    /// Whether the server still had its session then.
    pub kept: Option<bool>,
    /// Why its connection broke, with counts; its own absence is not among them.
    pub reasons: BTreeMap<String, u64>,
    /// When a connection broke that had stood.
    pub broke: Vec<Instant>,
    /// How late it came to its looks at the clock, one every 10 ms from the start on while it read, behind all that waited in
    /// its socket.
    pub looks: Series,
}

/// A log that is being written.
#[derive(Clone, Debug, Default)]
struct Notebook(Arc<Mutex<Log>>);

impl Notebook {
    fn open(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies what is new in it: whoever writes waits meanwhile.
    fn read_on(&self, copy: &mut Log) {
        let log = self.open();
        copy.heard.extend_from_slice(log.heard.get(copy.heard.len()..).unwrap_or_default());
        if copy.words.len() < log.words.len() {
            for (message, words) in &log.words {
                copy.words.entry(*message).or_insert_with(|| words.clone());
            }
        }
        (copy.back, copy.kept) = (log.back, log.kept);
        copy.reasons.clone_from(&log.reasons);
    }
}

/// What the threads share.
#[derive(Debug, Default)]
struct Times {
    start: OnceLock<Instant>,
    end: OnceLock<Instant>,
}

/// Subscribers that listen. Dropping them lets their threads end.
#[derive(Debug)]
pub struct Subscribers {
    times: Arc<Times>,
    all: Vec<(Subscriber, Listening)>,
}

/// One who listens on a thread of its own.
#[derive(Debug)]
struct Listening {
    thread: JoinHandle<()>,
    log: Notebook,
    /// It has subscribed and its connection stands, now and later.
    stands: Arc<AtomicBool>,
}

impl Subscribers {
    /// Connects all of them; returns when each has subscribed.
    pub fn listen(settings: &Settings) -> Result<Subscribers, SubscribeError> {
        let control = Subscriber { name: CONTROL.into(), habit: Habit::Reads };
        let mut listening = Subscribers { times: Arc::default(), all: Vec::new() };
        let settings = Arc::new(settings.clone());
        for one in std::iter::once(&control).chain(&settings.subscribers) {
            let failed = |why| SubscribeError { name: one.name.clone(), to: settings.to, why };
            listening.add(one.clone(), &settings).map_err(failed)?;
        }
        Ok(listening)
    }

    fn add(&mut self, one: Subscriber, settings: &Arc<Settings>) -> Result<(), String> {
        let listening = listen(&one.name, (one.habit, None), settings, &self.times)?;
        self.all.push((one, listening));
        Ok(())
    }

    /// From this instant on what is heard counts, and stretches are counted.
    pub fn begin(&self, start: Instant) {
        self.times.start.get_or_init(|| start);
    }

    /// Nothing that is said from now on counts. Waits until everybody has what waited for it, and takes stock: the control
    /// first, then the others in their order.
    pub fn end(mut self) -> Vec<(Subscriber, Account)> {
        let end = *self.times.end.get_or_init(Instant::now);
        let start = *self.times.start.get_or_init(|| end);
        let all = std::mem::take(&mut self.all);
        let logs = all.into_iter().map(|(one, listening)| {
            // A thread that panicked has heard nothing more.
            let _ = listening.thread.join();
            (one, std::mem::take(&mut *listening.log.open()))
        });
        let logs: Vec<(Subscriber, Log)> = logs.collect();
        stock(logs.iter().map(|(one, log)| (one, log)), (start, end), account)
    }

    /// Who can take stock meanwhile.
    pub fn so_far(&self) -> SoFar {
        let all = self.all.iter().map(|(one, listening)| (one.clone(), listening.log.clone()));
        let copies = Mutex::new(vec![Log::default(); self.all.len()]);
        SoFar { times: self.times.clone(), all: all.collect(), copies }
    }
}

/// Takes stock while subscribers listen.
#[derive(Debug)]
pub struct SoFar {
    times: Arc<Times>,
    all: Vec<(Subscriber, Notebook)>,
    /// Of each, what was read of its log.
    copies: Mutex<Vec<Log>>,
}

impl SoFar {
    /// When what is heard began to count.
    pub fn start(&self) -> Option<Instant> {
        self.times.start.get().copied()
    }

    /// What became of the messages by now; the control first, which is taken to hear within a second. What somebody else has not
    /// heard counts only if it has heard something that was said later.
    pub fn accounts(&self) -> Vec<(Subscriber, Account)> {
        let Some(start) = self.start() else { return Vec::new() };
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        self.all.iter().zip(copies.iter_mut()).for_each(|((_, log), copy)| log.read_on(copy));
        let by = Instant::now() - UNDER_WAY;
        stock(self.all.iter().map(|(one, _)| one).zip(copies.iter()), (start, by), account::so_far)
    }
}

/// What each of them heard within a window, by what was asked of those beside the control.
fn stock<'a>(
    logs: impl Iterator<Item = (&'a Subscriber, &'a Log)>,
    window: (Instant, Instant),
    account: impl Fn(&Log, &Log, Habit, (Instant, Instant)) -> Account,
) -> Vec<(Subscriber, Account)> {
    let logs: Vec<(&Subscriber, &Log)> = logs.collect();
    let Some(((first, control), others)) = logs.split_first() else { return Vec::new() };
    let beside: Vec<&Log> = others.iter().map(|(_, log)| *log).collect();
    let own = account::of_control(control, &beside, window);
    let each = others.iter().map(|(one, log)| ((*one).clone(), account(control, log, one.habit, window)));
    std::iter::once(((*first).clone(), own)).chain(each).collect()
}

/// A thread that has connected and subscribed, and listens.
fn listen(
    name: &str,
    (habit, hears): (Habit, Option<Hears>),
    settings: &Arc<Settings>,
    times: &Arc<Times>,
) -> Result<Listening, String> {
    let (tell, told) = mpsc::channel();
    let (times, settings) = (Arc::clone(times), Arc::clone(settings));
    let id = format!("{}-{name}", settings.prefix);
    let patience = settings.patience;
    let stands = Arc::<AtomicBool>::default();
    let log = Notebook::default();
    let (stood, written) = (stands.clone(), log.clone());
    let listens = move || {
        prefer_this_thread();
        let mut line = Line::new(id, (habit, hears), &settings, (&times, stood, written));
        let begun = line.begin();
        let good = begun.is_ok();
        // Nobody waits any more when the patience has ended.
        if tell.send(begun).is_ok() && good {
            line.run();
        }
    };
    let thread = thread::Builder::new().name("subscriber".into()).spawn(listens);
    let thread = thread.map_err(|error| error.to_string())?;
    told.recv_timeout(patience).unwrap_or_else(|_| Err(format!("no SUBACK within {patience:?}")))?;
    Ok(Listening { thread, log, stands })
}

impl Drop for Subscribers {
    fn drop(&mut self) {
        self.times.end.get_or_init(Instant::now);
    }
}
