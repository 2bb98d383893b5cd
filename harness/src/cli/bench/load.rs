//! `palisade bench load`.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use palisade_load::bench::{self, BenchError, Lateness, Rate};
use palisade_load::codec::QoS;
use palisade_load::others::Other;
use palisade_load::plane::Writes;

use super::super::say::print;
use super::super::{Exit, Failure};
use super::generators::{Task, locust, mqttv5};

/// Options of `palisade bench load`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Connections that messages are sent over.
    #[arg(long, value_name = "N", default_value_t = 100)]
    connections: u32,
    /// Messages of each measurement.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    messages: u64,
    /// Connections that stand at once while memory is measured.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    held: u32,
    /// Messages a second while lateness is measured.
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    rate: u32,
    /// Seconds of one pass of lateness, and of each generator that others wrote.
    #[arg(long, value_name = "N", default_value_t = 3)]
    seconds: u64,
    /// Passes; the best counts.
    #[arg(long, value_name = "N", default_value_t = 5)]
    passes: u32,
    /// Exit with 5 when a target is missed. They are meant for the defaults, a release build and a quiet machine.
    #[arg(long)]
    strict: bool,
}

/// Messages of one processor second that the plane should reach at QoS 0, with a write for each.
const QOS_0: f64 = 250_000.0;
/// The same at QoS 1.
const QOS_1: f64 = 100_000.0;
/// Bytes of the harness that a connection may take.
const CONNECTION: f64 = 10_000.0;
/// Lateness (p99, best pass), µs.
const LATENESS_US: f64 = 100.0;

/// Raw writes of a processor second on the slowest machine for which the rate at QoS 0 is demanded. Most of what a message costs
/// is the same system call, so a machine that manages fewer is asked for as much less. They are no floor: they go to one socket
/// after the other, the sink sleeps between them, and a write that wakes it costs more than one of a burst that finds it awake.
const RAW: f64 = 284_000.0;

/// How long the sink sleeps between two looks while lateness is measured, ms.
const PAUSE_MS: u64 = 1;

/// A sink in a process of its own, which ends with this one.
struct Sink {
    child: Child,
    address: SocketAddr,
}

impl Sink {
    /// Starts one that sleeps `pause_ms` after each look, or wakes for each message when that is 0.
    fn start(pause_ms: u64) -> Result<Sink, Failure> {
        let cannot = |why: &dyn std::fmt::Display| {
            Failure::new(Exit::Harness, format!("no sink could be started: {why}"))
        };
        let program = std::env::current_exe().map_err(|error| cannot(&error))?;
        let mut command = Command::new(program);
        command
            .args(["sink", "--pause-ms", &pause_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| cannot(&error))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            // An unreadable line is no address, which is told below.
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        let address = line.trim().strip_prefix("listening ").and_then(|address| address.parse().ok());
        let mut sink = Sink { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        sink.address = address.ok_or_else(|| cannot(&format!("it said `{}`", line.trim())))?;
        Ok(sink)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The ways that are measured.
const WAYS: [(&str, QoS, Writes); 4] = [
    ("QoS 0, a write for each message", QoS::AtMostOnce, Writes::OneEach),
    ("QoS 0, what is due in one write", QoS::AtMostOnce, Writes::Together),
    ("QoS 1, a write for each message", QoS::AtLeastOnce, Writes::OneEach),
    ("QoS 1, what is due in one write", QoS::AtLeastOnce, Writes::Together),
];

/// What was measured; of rates the best pass.
struct Figures {
    per_connection: u64,
    raw: Rate,
    ways: [Rate; 4],
    lateness: Lateness,
    peers: Vec<(&'static str, u8, Result<Rate, String>)>,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let (eager, lazy) = (Sink::start(0)?, Sink::start(PAUSE_MS)?);
    let failed = |error: BenchError| {
        Failure::new(Exit::Harness, format!("the load plane could not be measured: {error}"))
    };
    let figures = measure(&args, (eager.address, lazy.address)).map_err(failed)?;
    print(&table(&args, &figures))?;
    let missed = args.strict && targets(&figures).iter().any(|target| !target.met);
    Ok(if missed { Exit::Verdict } else { Exit::Ok })
}

/// A target, and what was measured.
struct Target {
    what: &'static str,
    demanded: f64,
    found: f64,
    met: bool,
}

impl Target {
    fn at_least(what: &'static str, demanded: f64, found: f64) -> Target {
        Target { what, demanded, found, met: found >= demanded }
    }

    fn at_most(what: &'static str, demanded: f64, found: f64) -> Target {
        Target { what, demanded, found, met: found <= demanded }
    }
}

fn targets(figures: &Figures) -> [Target; 4] {
    let p99 = figures.lateness.best().and_then(|best| best.percentile_us(99.0));
    let [zero, _, one, _] = figures.ways.map(|rate| rate.per_cpu_second());
    [
        Target::at_least("QoS 0, messages per cpu second", QOS_0 * slower(&figures.raw), zero),
        Target::at_least("QoS 1, messages per cpu second", QOS_1, one),
        Target::at_most("bytes a connection", CONNECTION, figures.per_connection as f64),
        Target::at_most("lateness p99, µs", LATENESS_US, p99.map_or(f64::INFINITY, |us| us as f64)),
    ]
}

/// How much less this machine writes than the one for which the rate is demanded; 1 when it writes as much.
fn slower(raw: &Rate) -> f64 {
    (raw.per_cpu_second() / RAW).min(1.0)
}

/// Memory first, before anything else has touched it; then the ways take turns, so that a busy stretch of the machine
/// hits all of them. Lateness is the generator's alone beside a sink that leaves it its processor.
fn measure(args: &Args, (to, lazy): (SocketAddr, SocketAddr)) -> Result<Figures, BenchError> {
    let per_connection = bench::memory(to, args.held)?;
    let (mut raw, mut ways) = (Rate::default(), [Rate::default(); 4]);
    for _ in 0..args.passes.max(1) {
        raw = better(raw, bench::raw_writes(to, args.connections, args.messages)?);
        for (best, (_, qos, writes)) in ways.iter_mut().zip(WAYS) {
            *best = better(*best, bench::throughput(to, args.connections, (qos, args.messages), writes)?);
        }
    }
    let lasts = Duration::from_secs(args.seconds);
    let lateness =
        bench::lateness(lazy, args.connections, (f64::from(args.rate), lasts), args.passes.max(1))?;
    let mut peers = Vec::new();
    for qos in [0, 1] {
        let task = Task { to, connections: args.connections, seconds: args.seconds, qos };
        let best = |one: fn(Task) -> Result<Rate, String>| {
            (1..args.passes).try_fold(one(task)?, |best, _| Ok(better(best, one(task)?)))
        };
        peers.push(("mqttv5-cli", qos, best(mqttv5)));
        peers.push(("Locust with paho-mqtt", qos, best(locust)));
    }
    Ok(Figures { per_connection, raw, ways, lateness, peers })
}

fn better(a: Rate, b: Rate) -> Rate {
    if b.per_cpu_second() > a.per_cpu_second() { b } else { a }
}

fn table(args: &Args, figures: &Figures) -> String {
    let mut out = format!(
        "load on {} connections, 16-byte messages, a sink in a process of its own; measured, best of {}\n",
        args.connections, args.passes
    );
    let mut row = |name: &str, rate: &Rate| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name:<34}{rate}");
    };
    row("raw writes, packets encoded before", &figures.raw);
    figures.ways.iter().zip(WAYS).for_each(|(rate, (name, ..))| row(name, rate));
    for (name, qos, rate) in &figures.peers {
        if let Ok(rate) = rate {
            row(&format!("{name}, QoS {qos}"), rate);
        }
    }
    ratios(&mut out, figures);
    late(&mut out, args, &figures.lateness);
    let _ = writeln!(out, "memory at {} connections: {} bytes each", args.held, figures.per_connection);
    if slower(&figures.raw) < 1.0 {
        let _ = writeln!(
            out,
            "raw writes are fewer here than the {RAW:.0} for which {QOS_0:.0} are demanded at QoS 0: so much less is demanded"
        );
    }
    for Target { what, demanded, found, met } in targets(figures) {
        let met = if met { "met" } else { "MISSED" };
        let _ = writeln!(out, "target {what}: {demanded:.0}, {met} ({found:.0})");
    }
    out
}

/// The plane against raw writes and against each peer, at the same quality and a write for each message.
fn ratios(out: &mut String, figures: &Figures) {
    let [zero, _, one, _] = figures.ways;
    let ratio = zero.per_cpu_second() / figures.raw.per_cpu_second();
    let _ = writeln!(out, "QoS 0 to raw writes: {ratio:.2}");
    for (name, qos, rate) in &figures.peers {
        let own = if *qos == 0 { zero } else { one };
        let _ = match rate {
            Ok(rate) => {
                writeln!(out, "QoS {qos} to {name}: {:.1}", own.per_cpu_second() / rate.per_cpu_second())
            }
            Err(why) => writeln!(out, "{why}"),
        };
    }
}

fn late(out: &mut String, args: &Args, lateness: &Lateness) {
    let Some(best) = lateness.best() else { return };
    let at = |percent| best.percentile_us(percent).unwrap_or(0);
    let all: Vec<String> =
        lateness.passes.iter().map(|pass| pass.percentile_us(99.0).unwrap_or(0).to_string()).collect();
    let _ = writeln!(
        out,
        "lateness at {} messages a second: p50 {} µs, p99 {} µs, max {} µs in the best pass; p99 of each: {} µs",
        args.rate,
        at(50.0),
        at(99.0),
        at(100.0),
        all.join(", ")
    );
    let used = |other: &Other| format!("{} {:.1} %", other.name, other.processors * 100.0);
    let others: Vec<String> = lateness.others.iter().map(used).collect();
    if !others.is_empty() {
        let _ = writeln!(out, "meanwhile others used of one processor: {}", others.join(", "));
    }
}
