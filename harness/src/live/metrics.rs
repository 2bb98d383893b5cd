//! A run for a monitoring system: OpenMetrics over HTTP, on loopback unless told otherwise.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tiny_http::{Header, Response, Server};

use super::follow::Follower;
use super::{Live, Timed};
use crate::record::Pulse;

/// The media type of what is answered.
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The part whose figures are the gateway's.
const MAIN: &str = "main";
/// How often the journal is looked at, and whether the run has ended.
const LOOK: Duration = Duration::from_millis(100);
/// Upper bounds of the buckets, s: 1, 2, 5 in each decade from 100 µs to 10 s.
const BUCKETS: [f64; 16] =
    [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

/// The metrics, by their names.
struct Metrics {
    registry: Registry,
    left: Counter,
    answers: Counter,
    in_time: Counter,
    late: Counter,
    again: Counter,
    unnamed: Counter,
    faults: Counter,
    restarts: Counter,
    commands: Counter,
    forwarded: Counter,
    told: bool,
    expected: Gauge,
    open: Gauge,
    overdue: Gauge,
    down: Gauge,
    latest: Gauge<f64, AtomicU64>,
    copies: Option<Copies>,
    lateness: Histogram,
    response: Histogram,
}

/// Those of the copies of a compound, once they speak.
#[derive(Default)]
struct Copies {
    connected: Gauge,
    left: Counter,
    acknowledged: Counter,
    answers: Counter,
    pickup: Gauge<f64, AtomicU64>,
}

impl Copies {
    fn new(registry: &mut Registry, judged: bool) -> Copies {
        let copies = Copies::default();
        registry.register("load_connections", "Connections of copies that stand", copies.connected.clone());
        registry.register(
            "load_messages",
            "Messages of copies that left, heartbeats too",
            copies.left.clone(),
        );
        registry.register(
            "load_acknowledged",
            "Messages of copies that were acknowledged",
            copies.acknowledged.clone(),
        );
        if judged {
            registry.register("load_answers", "Answers to messages of copies", copies.answers.clone());
        }
        registry.register_with_unit(
            "load_pickup_p99",
            "Taken up minus intended, so far",
            Unit::Seconds,
            copies.pickup.clone(),
        );
        copies
    }

    fn set(&self, pulse: &Pulse) {
        self.connected.set(i64::from(pulse.connected));
        raise(&self.left, pulse.left);
        raise(&self.acknowledged, pulse.acknowledged);
        raise(&self.answers, pulse.answers.unwrap_or_default());
        self.pickup.set(pulse.pickup_us as f64 / 1e6);
    }
}

/// A counter never falls.
fn raise(counter: &Counter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

impl Metrics {
    fn new() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("palisade"),
            left: Counter::default(),
            answers: Counter::default(),
            in_time: Counter::default(),
            late: Counter::default(),
            again: Counter::default(),
            unnamed: Counter::default(),
            faults: Counter::default(),
            restarts: Counter::default(),
            commands: Counter::default(),
            forwarded: Counter::default(),
            told: false,
            expected: Gauge::default(),
            open: Gauge::default(),
            overdue: Gauge::default(),
            down: Gauge::default(),
            latest: Gauge::default(),
            copies: None,
            lateness: Histogram::new(BUCKETS),
            response: Histogram::new(BUCKETS),
        };
        let m = &mut metrics;
        m.registry.register("messages", "Messages of devices that left", m.left.clone());
        m.registry.register("answers", "Answers of the gateway that came", m.answers.clone());
        m.registry.register("answers_in_time", "Expected answers that came in time", m.in_time.clone());
        m.registry.register("answers_late", "Expected answers after their deadline", m.late.clone());
        for (name, help, counter) in [
            ("answers_again", "Answers to messages that had one", &m.again),
            ("answers_unnamed", "Answers that name no message of this run", &m.unnamed),
            ("faults", "Times that a fault befell a connection", &m.faults),
            ("restarts", "Restarts of the gateway", &m.restarts),
            ("commands", "Commands that devices got", &m.commands),
            ("forwarded", "Alarms that the city platform got", &m.forwarded),
        ] {
            m.registry.register(name, help, counter.clone());
        }
        m.registry.register("answers_expected", "Answers that this part expects in all", m.expected.clone());
        m.registry.register("alarms_open", "Messages without an answer, still in time", m.open.clone());
        m.registry.register(
            "alarms_overdue",
            "Messages without an answer past their deadline",
            m.overdue.clone(),
        );
        m.registry.register("devices_down", "Devices without a connection", m.down.clone());
        let seconds = Unit::Seconds;
        m.registry.register_with_unit("run", "Instant of the newest entry", seconds, m.latest.clone());
        let seconds = Unit::Seconds;
        m.registry.register_with_unit("lateness", "Left minus intended", seconds, m.lateness.clone());
        let seconds = Unit::Seconds;
        m.registry.register_with_unit("response", "Answer minus intended", seconds, m.response.clone());
        metrics
    }

    /// Takes over what was counted. The floor's figures are not the gateway's and are not shown.
    fn set(&mut self, live: &Live) {
        if let Some(start) = live.start.as_ref().filter(|_| !std::mem::replace(&mut self.told, true)) {
            let labels = [
                ("run", start.run.clone()),
                ("scenario", start.scenario.clone()),
                ("seed", start.seed.to_string()),
                ("sut", start.sut.clone()),
            ];
            self.registry.register("run", "What is driven", Info::new(labels.to_vec()));
        }
        raise(&self.left, live.left);
        raise(&self.answers, live.answers);
        raise(&self.in_time, live.in_time);
        raise(&self.late, live.late);
        raise(&self.again, live.again);
        raise(&self.unnamed, live.strangers);
        raise(&self.faults, live.faults);
        raise(&self.restarts, live.restarts);
        raise(&self.commands, live.commands);
        raise(&self.forwarded, live.forwarded);
        let open = live.open(live.at_us);
        let gauge = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.expected.set(gauge(live.expected() as u64));
        self.open.set(gauge(open.waiting));
        self.overdue.set(gauge(open.overdue));
        self.down.set(gauge(live.down.len() as u64));
        self.latest.set(live.at_us as f64 / 1e6);
        if let Some(pulse) = live.pulses.back() {
            let judged = pulse.answers.is_some();
            self.copies.get_or_insert_with(|| Copies::new(&mut self.registry, judged)).set(pulse);
        }
    }

    fn time(&self, timed: Timed) {
        match timed {
            Timed::Left(us) => self.lateness.observe(us as f64 / 1e6),
            Timed::Answered(us) => self.response.observe(us as f64 / 1e6),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Answers until it is dropped.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Listens at an address and answers with the run in `folder()`, once that is known.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn open(at: SocketAddr, folder: Arc<std::sync::OnceLock<PathBuf>>) -> io::Result<Endpoint> {
        let server = Server::http(at).map_err(io::Error::other)?;
        let address = server.server_addr().to_ip().unwrap_or(at);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("metrics".into())
            .spawn(move || serve(&server, &folder, &stopped))?;
        Ok(Endpoint { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // A panic of its own has been reported by its thread.
            let _ = thread.join();
        }
    }
}

fn serve(server: &Server, folder: &std::sync::OnceLock<PathBuf>, stop: &AtomicBool) {
    let mut metrics = Metrics::new();
    let mut live = Live::default();
    let mut follower = None;
    while !stop.load(Ordering::SeqCst) {
        let request = server.recv_timeout(LOOK);
        follower = follower.or_else(|| folder.get().and_then(|folder| Follower::open(folder).ok()));
        if let Some(follower) = &mut follower {
            follow(follower, &mut live, &mut metrics);
        }
        let Ok(Some(request)) = request else { continue };
        let answer = match request.url() {
            "/metrics" => {
                let mut response = Response::from_string(metrics.text());
                if let Ok(header) = Header::from_bytes("Content-Type", TYPE) {
                    response.add_header(header);
                }
                request.respond(response)
            }
            _ => request.respond(Response::from_string("ask for /metrics\n").with_status_code(404)),
        };
        // Whoever asked has gone away.
        let _ = answer;
    }
}

fn follow(follower: &mut Follower, live: &mut Live, metrics: &mut Metrics) {
    // What cannot be read now is read the next time, or told by the run itself.
    let _ = follower.catch_up(live, &mut |part, timed| {
        if part == MAIN {
            metrics.time(timed);
        }
    });
    if live.part() == MAIN {
        metrics.set(live);
    }
}
