//! `palisade proxy`: faults between devices and a gateway.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::words::counted;
use palisade_load::fault::{Applied, Outcome, Proxy, Settings, Way};
use palisade_load::process::OpenFiles;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::say::remark;
use super::{Exit, Failure};
use crate::fault::Faults;
use crate::input;

/// How often the list of what was done is written.
const LOOK: Duration = Duration::from_millis(50);

/// Options of `palisade proxy`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Where devices connect; port 0 takes any free port, and the line `listening ADDRESS` names it.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The gateway.
    #[arg(long, value_name = "ADDRESS")]
    to: SocketAddr,
    /// What happens on the way; `scenarios/faults/flaky-link.toml` explains every key. Nothing when it is left out.
    #[arg(long, value_name = "FILE")]
    fault: Option<PathBuf>,
    /// Seed of the faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write each thing that a fault did, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Threads that serve the connections.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Listen on an address that other machines reach. The proxy asks nobody for a password.
    #[arg(long)]
    expose: bool,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    if !crate::reference::serve::is_loopback(&args.listen) && !args.expose {
        let message = format!(
            "--listen {}: other machines reach this address, and the proxy lets everybody through; \
             say --expose if that is meant",
            args.listen
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let faults = args.fault.as_deref().map(input::faults).transpose()?;
    if faults.as_ref().is_some_and(|faults| !faults.restart.is_empty() || !faults.device.is_empty()) {
        let text = "--fault: a proxy restarts no gateway and is no device; use `palisade run --fault`, or leave `[[restart]]` and \
                    `[[device]]` out";
        return Err(Failure::new(Exit::Usage, text));
    }
    let mut tally = Tally::new(faults.as_ref(), args.log.as_deref())?;
    let lines = faults.as_ref().map(Faults::lines).unwrap_or_default();
    let Args { listen, to, seed, threads, .. } = args;
    let threads = usize::from(threads);
    let settings = Settings { listen, to, faults: lines, seed, threads, quiet: false, witness: None };
    let proxy = Proxy::start(settings)
        .map_err(|error| Failure::new(Exit::Sut, format!("cannot listen on {listen}: {error}")))?;
    introduce(&proxy, faults.as_ref(), (to, seed))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Bug, format!("no runtime: {error}")))?;
    let watched = runtime.block_on(watch(&proxy, &mut tally));
    let (outcome, rest) =
        proxy.stop().map_err(|error| Failure::new(Exit::Harness, format!("the proxy stopped: {error}")))?;
    watched?;
    tally.take(&rest)?;
    tally.end()?;
    say(&summary(&outcome, &tally))?;
    Ok(Exit::Ok)
}

/// Says what will happen, and where it listens.
fn introduce(proxy: &Proxy, faults: Option<&Faults>, (to, seed): (SocketAddr, u64)) -> Result<(), Failure> {
    let files = OpenFiles::raised();
    let name = faults.map_or("no faults", |faults| &faults.name);
    remark(format_args!("{name}, seed {seed}, to {to}; room for {} connections", files.connections() / 2));
    for (i, fault) in faults.iter().flat_map(|faults| &faults.fault).enumerate() {
        remark(format_args!("fault {}: {fault}", i + 1));
    }
    say(&format!("listening {}\n", proxy.address()))
}

fn say(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    let said = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    said.map_err(|error| Failure::new(Exit::Harness, format!("cannot write to stdout: {error}")))
}

/// Keeps the list of what was done until somebody stops it.
async fn watch(proxy: &Proxy, tally: &mut Tally) -> Result<(), Failure> {
    let no_signal = |error| Failure::new(Exit::Bug, format!("cannot wait for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signal)?;
    while !proxy.is_broken() {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
        tally.take(&proxy.take_log())?;
    }
    Ok(())
}

/// What was done, counted and written.
struct Tally {
    log: Option<(PathBuf, BufWriter<File>)>,
    words: Vec<String>,
    /// Times, and how much, by the fault's place and what it did.
    done: BTreeMap<(usize, &'static str), (u64, u64, &'static str)>,
}

impl Tally {
    fn new(faults: Option<&Faults>, log: Option<&Path>) -> Result<Tally, Failure> {
        let words = faults.iter().flat_map(|faults| faults.lines()).map(|fault| fault.what.word().to_owned());
        let open = |path: &Path| match File::create(path) {
            Ok(file) => Ok((path.to_owned(), BufWriter::new(file))),
            Err(error) => Err(unwritten(path, &error)),
        };
        Ok(Tally { log: log.map(open).transpose()?, words: words.collect(), done: BTreeMap::new() })
    }

    fn take(&mut self, applied: &[Applied]) -> Result<(), Failure> {
        for one in applied {
            let (word, amount) = one.done.words();
            let (unit, much) = amount.unwrap_or(("", 0));
            let entry = self.done.entry((one.fault, word)).or_insert((0, 0, unit));
            (entry.0, entry.1) = (entry.0 + 1, entry.1 + much);
            if let Some((path, file)) = &mut self.log {
                let line = as_json(one, &self.words[one.fault]);
                writeln!(file, "{line}").map_err(|error| unwritten(path, &error))?;
            }
        }
        self.flush()
    }

    /// What was done is on disk when somebody kills the proxy.
    fn flush(&mut self) -> Result<(), Failure> {
        let Some((path, file)) = &mut self.log else { return Ok(()) };
        file.flush().map_err(|error| unwritten(path, &error))
    }

    fn end(&mut self) -> Result<(), Failure> {
        let Some((path, file)) = &mut self.log else { return Ok(()) };
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(|error| unwritten(path, &error))
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let text = format!("cannot write {}: {error}; name a file in a folder that is yours", path.display());
    Failure::new(Exit::Harness, text)
}

/// `{"at_ns":…,"connection":…,"way":"up","fault":1,"kind":"delay","offset":…,"done":"held","ns":…}`
fn as_json(one: &Applied, kind: &str) -> serde_json::Value {
    let (word, amount) = one.done.words();
    let mut line = json!({
        "at_ns": one.at,
        "connection": one.connection,
        "way": one.way.word(),
        "fault": one.fault + 1,
        "kind": kind,
        "offset": one.offset,
        "done": word,
    });
    if let Some((unit, much)) = amount {
        line[unit] = much.into();
    }
    line
}

/// What went through and what was done to it, all of it measured.
fn summary(outcome: &Outcome, tally: &Tally) -> String {
    let mut text = counted(outcome.connections, "connection");
    if outcome.unreached > 0 {
        let why = outcome.why.as_deref().unwrap_or("no reason was given");
        text.push_str(&format!(", {} of them without the gateway ({why})", outcome.unreached));
    }
    if outcome.no_file > 0 {
        text.push_str("; others waited for a free file: raise `ulimit -n`");
    }
    text.push('\n');
    for way in Way::BOTH {
        let (came, left) = (outcome.came[way as usize], outcome.left[way as usize]);
        text.push_str(&format!("{}: {came} bytes came, {left} left\n", way.word()));
    }
    for ((fault, word), (times, much, unit)) in &tally.done {
        let kind = &tally.words[*fault];
        let much = match *unit {
            "ns" => format!(", {:.1} ms on average", *much as f64 / 1e6 / (*times).max(1) as f64),
            "bytes" => format!(", {much} bytes"),
            _ => String::new(),
        };
        text.push_str(&format!("fault {} ({kind}): {word} {}{much}\n", fault + 1, counted(times, "time")));
    }
    let late = |percent| outcome.lateness.percentile_us(percent);
    if let (Some(half), Some(most)) = (late(50.0), late(99.0)) {
        text.push_str(&format!("lateness of the proxy itself (measured): p50 {half} µs, p99 {most} µs\n"));
    }
    text
}
