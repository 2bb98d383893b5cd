//! The fault proxy of a run: it stands between devices and the gateway, and the journal says what it did and which
//! events the gateway had. It is quiet until the first message is due; instants of faults count from there.
//!
//! Chance is drawn by device and by how many connections it has made, so that a seed gives each device the same faults
//! in whatever order devices connect, and copies beside it change nothing.

mod copies;
mod eye;

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use palisade_load::fault::{Applied, Done, Outcome, Proxy, Settings};
use palisade_sim::whole::Tape;

pub use self::copies::{Befallen, Came, Line, Lines, Passage, event_digest};
use self::eye::{Eye, Who};
use super::fleet::Common;
use super::mqtt::Address;
use crate::fault::Faults;
use crate::record::{Befell, Entry, Fault, Micros, Proxied};

/// Connections that are known at once.
const KNOWN: usize = 1 << 16;
/// Threads that serve the connections.
const THREADS: usize = 2;
/// How often what was done is written down.
const LOOK: Duration = Duration::from_millis(50);

/// The faults of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What happens.
    pub faults: Faults,
    /// The file that it was read from, as typed.
    pub file: String,
    /// Where chance comes from.
    pub seed: u64,
}

/// Tells whether a fault made an id that no copy has given.
pub type Made = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// A proxy at work.
#[derive(Debug)]
pub struct Between {
    /// Where devices connect.
    pub address: Address,
    proxy: Arc<Proxy>,
    watch: Arc<Watch>,
    thread: JoinHandle<()>,
}

impl Between {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// A sentence, when the gateway's address is none or the kernel gives no port or thread.
    pub fn start(plan: &Plan, to: &Address, tape: &Tape, common: &Common) -> Result<Between, String> {
        let to = to.resolve().map_err(|error| format!("{to} has no address: {error}"))?;
        let eye = Arc::new(Eye::new(tape, common));
        let settings = Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            to,
            faults: plan.faults.lines(),
            seed: plan.seed,
            threads: THREADS,
            quiet: true,
            witness: Some(eye.clone()),
        };
        let failed = |error| format!("the proxy for the faults could not be started: {error}");
        let proxy = Arc::new(Proxy::start(settings).map_err(failed)?);
        let address = Address { host: "127.0.0.1".into(), port: proxy.address().port() };
        let (begun_us, stop, written) = Default::default();
        let (plan, common) = (plan.clone(), common.clone());
        let watch = Arc::new(Watch { plan, common, eye, begun_us, stop, written });
        let (seen, writes) = (proxy.clone(), watch.clone());
        let write_down = move || {
            while !writes.stop.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK);
                writes.write(|| seen.take_log());
            }
        };
        let thread = std::thread::Builder::new().name("faults".into()).spawn(write_down).map_err(failed)?;
        Ok(Between { address, proxy, watch, thread })
    }

    /// From this instant of the run's clock on there are faults.
    pub fn begin(&self, at_us: Micros) {
        self.watch.begun_us.store(at_us, Ordering::SeqCst);
        self.watch.announce(at_us);
        self.proxy.begin(self.watch.common.clock.instant(at_us));
    }

    /// The part has been driven: how late goodbyes leave is not told.
    pub fn settle(&self) {
        self.proxy.settle();
    }

    /// Whether devices that connect wait until they are let through.
    pub fn hold(&self, hold: bool) {
        self.proxy.hold(hold);
    }

    /// What was seen of the lines of copies so far.
    pub fn copies(&self) -> Lines {
        self.watch.write(|| self.proxy.take_log());
        let came = self.watch.eye.copies().clone();
        Lines { came, befallen: lock(&self.watch.written).befallen.clone() }
    }

    /// Whether an event of a copy came to the gateway with an id; one that no copy has given was made by a fault.
    pub fn made(&self) -> Made {
        let (eye, run) = (self.watch.eye.clone(), self.watch.common.run.clone());
        Box::new(move |id| eye.copies().came(&run, id))
    }

    /// Ends it, and writes down the rest. Connections that stand are reset.
    pub fn end(self) {
        self.watch.stop.store(true, Ordering::Relaxed);
        // A watcher that panicked has nothing more to write.
        let _ = self.thread.join();
        let Some(proxy) = Arc::into_inner(self.proxy) else { return };
        match proxy.stop() {
            Ok((outcome, rest)) => {
                self.watch.write(|| rest);
                self.watch.sum_up(&outcome);
            }
            Err(error) => {
                self.watch.common.note("info", format!("the proxy for the faults stopped: {error}"))
            }
        }
    }
}

/// Writes down what faults did.
#[derive(Debug)]
struct Watch {
    plan: Plan,
    common: Common,
    eye: Arc<Eye>,
    begun_us: AtomicI64,
    stop: AtomicBool,
    written: Mutex<Written>,
}

/// What was written down so far.
#[derive(Debug, Default)]
struct Written {
    /// By fault and word: how often, how much.
    totals: BTreeMap<(usize, &'static str), [u64; 2]>,
    /// Whose connections are, as far as was asked lately: the proxy's threads wait meanwhile.
    known: HashMap<u64, Who>,
    /// What befell lines of copies.
    befallen: HashMap<Line, Vec<Befallen>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    fn announce(&self, at_us: Micros) {
        let us = |ns: u64| i64::try_from(ns / 1_000).unwrap_or(i64::MAX);
        for (i, (fault, line)) in self.plan.faults.fault.iter().zip(self.plan.faults.lines()).enumerate() {
            self.common.journal.write(Entry::Fault(Fault {
                number: i + 1,
                part: self.common.part.into(),
                kind: line.what.word().into(),
                text: fault.to_string(),
                from_us: at_us + us(line.from),
                until_us: (line.until != u64::MAX).then(|| at_us + us(line.until)),
            }));
        }
    }

    /// Writes down what is in the log: what somebody took from it is written before another one takes more.
    fn write(&self, take_log: impl FnOnce() -> Vec<Applied>) {
        let begun_us = self.begun_us.load(Ordering::SeqCst);
        let Written { totals, known, befallen } = &mut *lock(&self.written);
        if known.len() > KNOWN {
            known.clear();
        }
        for one in take_log() {
            let (word, amount) = one.done.words();
            let amount = amount.map(|(_, amount)| amount);
            let total = totals.entry((one.fault + 1, word)).or_default();
            *total = [total[0] + 1, total[1] + amount.unwrap_or(0)];
            let at_us = begun_us + i64::try_from(one.at / 1_000).unwrap_or(i64::MAX);
            let who = known.get(&one.connection).copied().or_else(|| {
                let who = self.eye.who(one.connection)?;
                known.insert(one.connection, who);
                Some(who)
            });
            let device = match who {
                None => continue,
                Some(Who::Copy(line)) => {
                    let held_ns = amount.filter(|_| matches!(one.done, Done::Held(_)));
                    let what = Befallen { at_us, connection: one.connection, fault: one.fault + 1, held_ns };
                    copies::befell(befallen.entry(line).or_default(), what);
                    continue;
                }
                Some(Who::Own(device)) => device,
            };
            self.common.journal.write(Entry::Befell(Befell {
                at_us,
                part: self.common.part.into(),
                fault: one.fault + 1,
                device,
                line: None,
                connection: one.connection,
                way: one.way.word().into(),
                offset: one.offset,
                done: word.into(),
                amount,
            }));
        }
    }

    fn sum_up(&self, outcome: &Outcome) {
        let late = |percent| outcome.lateness.percentile_us(percent);
        let written = lock(&self.written);
        let totals = written.totals.iter();
        self.common.journal.write(Entry::Proxied(Proxied {
            at_us: self.common.clock.now_us(),
            part: self.common.part.into(),
            seed: self.plan.seed,
            name: self.plan.faults.name.clone(),
            connections: outcome.connections,
            unreached: outcome.unreached,
            came: outcome.came,
            left: outcome.left,
            lateness_us: late(50.0).zip(late(99.0)).map(|(half, most)| [half, most]),
            latest_us: late(100.0).unwrap_or_default(),
            held: outcome.lateness.count(),
            totals: totals.map(|((fault, word), total)| (format!("{fault} {word}"), *total)).collect(),
        }));
    }
}
