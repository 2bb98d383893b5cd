//! The proxy: a listener that numbers connections in the order of their arrival, and threads that serve them.

use std::io;
use std::net::{self, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::{Domain, Protocol, Socket, Type};

use super::log::Applied;
use super::worker::{Arrival, Worker};
use super::{Fault, Nanos, Witness};
use crate::process::prefer_this_thread;
use crate::series::Series;

/// Connections that may wait to be accepted: a storm's worth.
const BACKLOG: i32 = 16_384;
/// How often a wish to stop is looked for, and how long a listener without a free file rests.
const LOOK: Duration = Duration::from_millis(20);

/// What a proxy does.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where devices connect; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The gateway.
    pub to: SocketAddr,
    /// What happens on the way, in this order.
    pub faults: Vec<Fault>,
    /// Where chance comes from.
    pub seed: u64,
    /// Threads that serve, from 1.
    pub threads: usize,
    /// Whether everything passes undisturbed until [`Proxy::begin`]; else faults count from the start.
    pub quiet: bool,
    /// Who looks at what passes.
    pub witness: Option<Arc<dyn Witness>>,
}

/// What went through a proxy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Connections that devices made.
    pub connections: u64,
    /// Those for which the gateway could not be reached.
    pub unreached: u64,
    /// The last reason.
    pub why: Option<String>,
    /// Times that no file was free for a connection that waited.
    pub no_file: u64,
    /// Connections that a fault cut.
    pub cut: u64,
    /// Connections that a fault, or one of their sides, reset.
    pub reset: u64,
    /// Bytes that came from devices and from the gateway.
    pub came: [u64; 2],
    /// Bytes that left to the gateway and to devices.
    pub left: [u64; 2],
    /// How much later than its instant left what a fault had held: the proxy's own lateness.
    pub lateness: Series,
}

impl Outcome {
    fn merge(&mut self, other: Outcome) {
        self.connections += other.connections;
        self.unreached += other.unreached;
        self.why = other.why.or(self.why.take());
        self.no_file += other.no_file;
        self.cut += other.cut;
        self.reset += other.reset;
        for way in 0..2 {
            self.came[way] += other.came[way];
            self.left[way] += other.left[way];
        }
        self.lateness.merge(&other.lateness);
    }
}

/// What all threads see.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    started: Instant,
    /// From when instants of faults count, once that is known.
    begins: OnceLock<Instant>,
    /// What leaves from now on is nobody's measurement.
    pub(super) over: AtomicBool,
    pub(super) stop: AtomicBool,
    /// Devices that connect wait.
    held: AtomicBool,
    pub(super) log: Mutex<Vec<Applied>>,
}

impl Shared {
    /// The clock of faults; before they begin, the proxy's own.
    pub(super) fn now(&self) -> Nanos {
        let now = Instant::now();
        let from = self.begins.get().copied().filter(|begins| *begins <= now).unwrap_or(self.started);
        nanos(now.saturating_duration_since(from))
    }

    /// Whether faults are at work.
    pub(super) fn has_begun(&self) -> bool {
        self.begins.get().is_some_and(|begins| *begins <= Instant::now())
    }

    /// How long until faults begin, if that is known and has not happened.
    pub(super) fn begins_in(&self) -> Option<Duration> {
        self.begins.get().map(|begins| begins.saturating_duration_since(Instant::now()))
    }
}

fn nanos(time: Duration) -> Nanos {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A proxy on threads of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<io::Result<Outcome>>>,
}

impl Proxy {
    /// Listens. Instants of faults count from here, or from [`Proxy::begin`] when it is quiet until then.
    ///
    /// # Errors
    /// The address is taken or not this machine's, or the kernel gives no poll or thread.
    pub fn start(settings: Settings) -> io::Result<Proxy> {
        let listener = listen(settings.listen)?;
        let address = listener.local_addr()?;
        let threads = settings.threads.max(1);
        let (stop, log) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let (started, begins) = (Instant::now(), OnceLock::new());
        if !settings.quiet {
            // It is empty, so this cannot fail.
            let _ = begins.set(started);
        }
        let shared = Arc::new(Shared {
            settings,
            started,
            begins,
            stop,
            over: AtomicBool::new(false),
            held: AtomicBool::new(false),
            log,
        });
        // What is begun here is ended by its drop when a later step fails.
        let mut proxy = Proxy { address, shared: Arc::clone(&shared), threads: Vec::new() };
        let mut workers = Vec::new();
        for _ in 0..threads {
            let (sleeper, waker) = Worker::sleeper()?;
            let (hand_over, arrivals) = channel();
            workers.push((hand_over, waker));
            let shared = Arc::clone(&shared);
            proxy.spawn(move || {
                prefer_this_thread();
                Worker::new(&shared, sleeper, arrivals).run()
            })?;
        }
        proxy.spawn(move || accept(listener, &shared, &workers))?;
        Ok(proxy)
    }

    fn spawn(&mut self, work: impl FnOnce() -> io::Result<Outcome> + Send + 'static) -> io::Result<()> {
        self.threads.push(thread::Builder::new().name("fault proxy".into()).spawn(work)?);
        Ok(())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long it has been running: the clock of its faults and its log.
    pub fn now(&self) -> Nanos {
        self.shared.now()
    }

    /// Faults begin at this instant, and their instants count from it; connections that stand then are as if they had
    /// been opened at it. Said once; what is said later changes nothing.
    pub fn begin(&self, at: Instant) {
        let _ = self.shared.begins.set(at);
    }

    /// Nothing is measured any more: what is held from now on, such as the goodbyes of all devices, counts for no lateness.
    pub fn settle(&self) {
        self.shared.over.store(true, Ordering::Relaxed);
    }

    /// Whether devices that connect wait until they are let through. Those whose connection stands are not touched.
    pub fn hold(&self, hold: bool) {
        self.shared.held.store(hold, Ordering::SeqCst);
    }

    /// What was done since this was asked the last time, in order within a connection and a way.
    pub fn take_log(&self) -> Vec<Applied> {
        std::mem::take(&mut self.shared.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether one of its threads has ended, which only happens when the kernel fails it.
    pub fn is_broken(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Ends it: connections that are open are reset.
    ///
    /// # Errors
    /// A thread had ended before, for this reason.
    pub fn stop(mut self) -> io::Result<(Outcome, Vec<Applied>)> {
        let outcome = self.end()?;
        Ok((outcome, self.take_log()))
    }

    fn end(&mut self) -> io::Result<Outcome> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut all = Outcome::default();
        let ended: Vec<_> = self.threads.drain(..).map(JoinHandle::join).collect();
        for one in ended {
            all.merge(one.map_err(|_| io::Error::other("a thread of the proxy panicked"))??);
        }
        Ok(all)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Whoever drops a proxy has no use for its outcome.
        let _ = self.end();
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// Numbers connections and hands them to the workers in turn.
fn accept(
    mut listener: TcpListener,
    shared: &Shared,
    workers: &[(Sender<Arrival>, Waker)],
) -> io::Result<Outcome> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(8));
    poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
    let (mut outcome, mut number) = (Outcome::default(), 0_u64);
    while !shared.stop.load(Ordering::Relaxed) {
        match poll.poll(&mut events, Some(LOOK)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        if shared.held.load(Ordering::SeqCst) {
            continue;
        }
        // The listener is asked even without an event: the event of a connection for which no file was free is gone.
        loop {
            match listener.accept() {
                Ok((device, _)) => {
                    let (hand_over, waker) = &workers[(number % workers.len() as u64) as usize];
                    // A worker that has ended takes none; `is_broken` tells.
                    let _ = hand_over.send((number, net::TcpStream::from(device)));
                    waker.wake()?;
                    number += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    outcome.no_file += 1;
                    thread::sleep(LOOK);
                    break;
                }
            }
        }
    }
    Ok(outcome)
}
