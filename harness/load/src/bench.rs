//! What a generator costs: messages per second of its processor, memory per connection, lateness. Against a sink in a
//! process of its own, so that the sink's work is not counted.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::codec::{Connect, Login, Many, Packet, Publish, QoS, Unencodable, Version, encode};
use crate::others::{Other, Others};
use crate::plane::{Outcome, PlaneError, Settings, Source, Steady, Watch, WhenFull, Writes, run};
use crate::process::{CpuTime, UsageError, resident_bytes};
use crate::series::Series;

/// Bytes of a message.
const PAYLOAD: usize = 16;
const TOPIC: &str = "load/gate/event";

/// A measurement that could not be made.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The plane.
    #[error(transparent)]
    Plane(#[from] PlaneError),
    /// The kernel's figures.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// A socket of raw writes.
    #[error("raw writes: {0}")]
    Raw(#[from] io::Error),
    /// A packet of raw writes.
    #[error(transparent)]
    Packet(#[from] Unencodable),
    /// The plane's thread panicked.
    #[error("the load plane panicked")]
    Panicked,
}

/// Messages and what they cost the generator's process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Messages that left, and were acknowledged at QoS 1.
    pub messages: u64,
    /// Calls of `write`.
    pub writes: u64,
    /// Processor time of this process, user and system.
    pub cpu: Duration,
    /// By the wall clock.
    pub wall: Duration,
}

impl Rate {
    /// Messages per second of the processor.
    pub fn per_cpu_second(&self) -> f64 {
        self.messages as f64 / self.cpu.as_secs_f64().max(1e-9)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.messages as f64 / self.writes.max(1) as f64;
        write!(
            f,
            "{:>9.0} messages per cpu second ({} in {:.2} s of cpu, {:.2} s of wall, {each:.2} a write)",
            self.per_cpu_second(),
            self.messages,
            self.cpu.as_secs_f64(),
            self.wall.as_secs_f64(),
        )
    }
}

fn names(clients: u32) -> Vec<String> {
    (0..clients).map(|i| format!("load-{i}")).collect()
}

fn steady(rate: f64, messages: u64, qos: QoS) -> Steady {
    Steady { rate, messages, qos, topic: TOPIC.into(), payload: vec![b'x'; PAYLOAD] }
}

fn once(settings: &Settings, clients: u32, load: &Steady) -> Result<Outcome, PlaneError> {
    let (watch, stop) = (Watch::default(), AtomicBool::new(false));
    run(settings, &names(clients), load.split(1, clients), (&watch, &stop))
}

/// As many messages as go through, on one thread.
pub fn throughput(
    to: SocketAddr,
    clients: u32,
    (qos, messages): (QoS, u64),
    writes: Writes,
) -> Result<Rate, BenchError> {
    let settings = Settings {
        when_full: WhenFull::Hold,
        spin: Duration::ZERO,
        writes,
        waiting_bytes: 64 << 10,
        grace: Duration::from_secs(30),
        ..Settings::new(to)
    };
    let (before, began) = (CpuTime::now()?, Instant::now());
    let outcome = once(&settings, clients, &steady(0.0, messages, qos))?;
    let (cpu, wall) = (CpuTime::now()?.own.saturating_sub(before.own), began.elapsed());
    let all = outcome.all();
    let messages = if qos == QoS::AtMostOnce { all.left } else { all.answered };
    Ok(Rate { messages, writes: outcome.writes, cpu, wall })
}

/// Packets that are encoded already, written one after the other to sockets that do not wait.
pub fn raw_writes(to: SocketAddr, clients: u32, messages: u64) -> Result<Rate, BenchError> {
    let mut packet = Vec::new();
    let publish = Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic: TOPIC,
        packet_id: 0,
        properties: Many::NONE,
        payload: &[b'x'; PAYLOAD],
    };
    encode(Version::V311, &Packet::Publish(publish), &mut packet)?;
    let mut sockets = names(clients).iter().map(|id| greeted(to, id)).collect::<Result<Vec<_>, _>>()?;
    let (before, began) = (CpuTime::now()?, Instant::now());
    let mut written = 0;
    while written < messages {
        for socket in &mut sockets {
            match socket.write(&packet) {
                Ok(bytes) if bytes == packet.len() => written += 1,
                // A socket that takes a part of 33 bytes is full; the measurement would go on with half a packet.
                Ok(_) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    thread::sleep(Duration::from_micros(50))
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    let cpu = CpuTime::now()?.own.saturating_sub(before.own);
    Ok(Rate { messages: written, writes: written, cpu, wall: began.elapsed() })
}

/// A socket whose session stands and that no longer waits.
fn greeted(to: SocketAddr, client_id: &str) -> Result<TcpStream, BenchError> {
    let mut socket = TcpStream::connect(to)?;
    socket.set_nodelay(true)?;
    let (version, login, properties) = (Version::V311, Login::default(), Many::NONE);
    let connect = Connect { version, clean: true, keep_alive_s: 0, client_id, will: None, login, properties };
    let mut bytes = Vec::new();
    encode(version, &Packet::Connect(connect), &mut bytes)?;
    socket.write_all(&bytes)?;
    socket.read_exact(&mut [0; 4])?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Lateness at a rate that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Lateness {
    /// Left minus intended, one for each pass.
    pub passes: Vec<Series>,
    /// Who else used the processors meanwhile.
    pub others: Vec<Other>,
}

impl Lateness {
    /// The pass with the lowest 99th percentile.
    pub fn best(&self) -> Option<&Series> {
        self.passes.iter().min_by_key(|pass| pass.percentile_us(99.0))
    }
}

/// Messages at `rate` for `lasts`, `passes` times.
pub fn lateness(
    to: SocketAddr,
    clients: u32,
    (rate, lasts): (f64, Duration),
    passes: u32,
) -> Result<Lateness, BenchError> {
    let load = steady(rate, (rate * lasts.as_secs_f64()) as u64, QoS::AtMostOnce);
    let settings = Settings { spin: Duration::from_millis(1), ..Settings::new(to) };
    let pass = |_| Ok(once(&settings, clients, &load)?.all().lateness);
    let before = Others::look();
    let passes = (0..passes).map(pass).collect::<Result<_, BenchError>>()?;
    Ok(Lateness { passes, others: before.until(&Others::look()) })
}

/// Says nothing.
struct Silence;

impl Source for Silence {
    fn peek(&self) -> Option<crate::plane::Due<'_>> {
        None
    }

    fn advance(&mut self) {}
}

/// Bytes of this process for each connection, while `clients` of them stand; measured best before anything else.
pub fn memory(to: SocketAddr, clients: u32) -> Result<u64, BenchError> {
    let before = resident_bytes()?;
    let settings = Settings {
        connect_within: Duration::from_secs(2),
        lasts: Duration::from_secs(3_600),
        ..Settings::new(to)
    };
    let names = names(clients);
    let (watch, stop) = (Watch::default(), AtomicBool::new(false));
    let measured = thread::scope(|scope| {
        let plane = scope.spawn(|| run(&settings, &names, vec![Silence], (&watch, &stop)));
        while watch.start().is_none() && !plane.is_finished() {
            thread::sleep(Duration::from_millis(5));
        }
        let measured = resident_bytes();
        stop.store(true, Ordering::Relaxed);
        plane.join().map_err(|_| BenchError::Panicked)??;
        Ok::<u64, BenchError>(measured?)
    })?;
    Ok(measured.saturating_sub(before) / u64::from(clients.max(1)))
}
