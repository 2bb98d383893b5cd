//! The plane's figures in a build that has no engine in it: `cargo run --release -p palisade-load --example load`.
//! With `sink MS` as arguments it is the sink, on a free port that it prints, which looks at its sockets once in MS
//! milliseconds; 0: whenever something comes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use palisade_load::bench;
use palisade_load::codec::QoS;
use palisade_load::plane::Writes;
use palisade_load::sink::{Counts, Server};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("sink") => sink(Duration::from_millis(arguments.next().context("sink MS")?.parse()?)),
        _ => measure(),
    }
}

/// Serves until standard input closes.
fn sink(pause: Duration) -> Result<()> {
    let (mut server, address) = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    server.pause = pause;
    writeln!(std::io::stdout(), "{address}")?;
    let (counts, stop) = (Counts::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| server.run(&counts, &stop));
        let read = std::io::stdin().read_to_end(&mut Vec::new());
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        read.map(drop)
    })?;
    Ok(())
}

/// Measures against a sink in a process of its own, which ends with it.
fn beside(pause_ms: &str, measure: impl FnOnce(SocketAddr) -> Result<()>) -> Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["sink", pause_ms])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("a pipe")?).read_line(&mut line)?;
    let measured = measure(line.trim().parse()?);
    drop(child.stdin.take());
    child.wait()?;
    measured
}

fn measure() -> Result<()> {
    beside("0", rates)?;
    // As `palisade bench load`: one that wakes for each message works on the generator's own processor.
    beside("1", lateness)
}

fn rates(to: SocketAddr) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "memory per connection at 10000: {} bytes", bench::memory(to, 10_000)?)?;
    for _ in 0..3 {
        writeln!(out, "raw writes        {}", bench::raw_writes(to, 100, 1_000_000)?)?;
        for (name, qos, writes) in [
            ("QoS 0, one each  ", QoS::AtMostOnce, Writes::OneEach),
            ("QoS 0, together  ", QoS::AtMostOnce, Writes::Together),
            ("QoS 1, one each  ", QoS::AtLeastOnce, Writes::OneEach),
            ("QoS 1, together  ", QoS::AtLeastOnce, Writes::Together),
        ] {
            writeln!(out, "{name} {}", bench::throughput(to, 100, (qos, 1_000_000), writes)?)?;
        }
    }
    Ok(())
}

fn lateness(to: SocketAddr) -> Result<()> {
    let lateness = bench::lateness(to, 100, (50_000.0, Duration::from_secs(2)), 5)?;
    for pass in &lateness.passes {
        let at = |percent| pass.percentile_us(percent).unwrap_or(0);
        writeln!(
            std::io::stdout(),
            "lateness at 50000/s: p50 {} p99 {} p99.9 {} max {} us",
            at(50.0),
            at(99.0),
            at(99.9),
            at(100.0)
        )?;
    }
    Ok(())
}
