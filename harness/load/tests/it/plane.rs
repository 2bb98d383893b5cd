//! The plane against a sink, and against servers that misbehave.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use palisade_load::codec::{QoS, Version};
use palisade_load::plane::{
    Backoff, Due, Outcome, PlaneError, Settings, Source, Steady, Storm, Told, Trace, Watch, WhenFull, Writes,
    run,
};
use palisade_load::sink::Sink;
use socket2::{Domain, SockRef, Socket, Type};

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn names(clients: usize) -> Vec<String> {
    (0..clients).map(|i| format!("device-{i}")).collect()
}

fn steady(rate: f64, messages: u64, qos: QoS) -> Steady {
    Steady { rate, messages, qos, topic: "site/gate/event".into(), payload: vec![b'x'; 16] }
}

fn drive(settings: &Settings, clients: usize, load: &Steady, threads: u32) -> Result<Outcome, PlaneError> {
    let (watch, stop) = (Watch::default(), AtomicBool::new(false));
    run(settings, &names(clients), load.split(threads, clients as u32), (&watch, &stop))
}

#[test]
fn every_message_arrives_once_in_both_versions_and_all_qualities() -> Result<()> {
    for version in [Version::V311, Version::V5] {
        for (qos, writes) in [
            (QoS::AtMostOnce, Writes::OneEach),
            (QoS::AtLeastOnce, Writes::Together),
            (QoS::ExactlyOnce, Writes::OneEach),
        ] {
            let sink = Sink::start(loopback())?;
            let settings = Settings { version, writes, ..Settings::new(sink.address()) };
            let outcome = drive(&settings, 7, &steady(20_000.0, 2_000, qos), 2)?;
            let all = outcome.all();
            let answers = if qos == QoS::AtMostOnce { 0 } else { 2_000 };
            ensure!(all.left == 2_000 && all.lateness.count() == 2_000, "{qos:?} {all:?}");
            ensure!((all.answered, all.service.count()) == (answers, answers), "{qos:?} {}", all.answered);
            ensure!((all.unanswered, all.refused, all.unsent, all.denied) == (0, 0, 0, 0), "{all:?}");
            ensure!(outcome.links.stood == 7 && outcome.links.broke == 0, "{:?}", outcome.links);
            let counts = sink.counts();
            // A sink that was not asked for an answer may still be reading.
            while counts.messages.load(Ordering::Relaxed) < 2_000 {
                thread::sleep(Duration::from_millis(1));
            }
            ensure!(
                counts.messages.load(Ordering::Relaxed) == 2_000 && counts.wrong.load(Ordering::Relaxed) == 0
            );
            ensure!(counts.bytes.load(Ordering::Relaxed) == 32_000);
        }
    }
    Ok(())
}

#[test]
fn a_sink_that_pauses_takes_all_the_same_and_answers_when_it_looks() -> Result<()> {
    let sink = Sink::pausing(loopback(), Duration::from_millis(20))?;
    let all = drive(&Settings::new(sink.address()), 4, &steady(500.0, 200, QoS::AtLeastOnce), 1)?.all();
    ensure!((all.left, all.answered, all.unanswered) == (200, 200, 0), "{all:?}");
    ensure!(sink.counts().messages.load(Ordering::Relaxed) == 200);
    // Whoever is answered at the next look waits for half of the pause on average.
    ensure!(all.service.percentile_us(50.0).is_some_and(|us| us > 2_000), "{:?}", all.service);
    Ok(())
}

#[test]
fn messages_leave_at_their_instants_and_not_before() -> Result<()> {
    let sink = Sink::start(loopback())?;
    let outcome = drive(&Settings::new(sink.address()), 3, &steady(500.0, 200, QoS::AtLeastOnce), 1)?;
    ensure!(outcome.lasted >= Duration::from_micros(398_000), "{:?}", outcome.lasted);
    let all = outcome.all();
    ensure!(all.pickup.percentile_us(50.0) < Some(2_000), "{:?}", all.pickup.percentile_us(50.0));
    ensure!(outcome.too_late(Duration::from_secs(1)).is_none());
    ensure!(
        outcome
            .too_late(Duration::ZERO)
            .is_some_and(|why| why.contains("the bound is 0ns; its threads") && why.contains(" waited "))
    );
    Ok(())
}

/// One message that is due at once, and how long after the start it was taken up.
struct AtOnce {
    start: Option<Instant>,
    tell: Option<mpsc::Sender<Option<Duration>>>,
}

impl Source for AtOnce {
    fn begin(&mut self, start: Instant) {
        self.start = Some(start);
    }

    fn peek(&self) -> Option<Due<'_>> {
        let (qos, topic, payload) = (QoS::AtMostOnce, "site/gate/event", &b"now"[..]);
        self.tell.as_ref().map(|_| Due {
            at: 0,
            client: 0,
            class: 0,
            qos,
            retain: false,
            topic,
            payload,
            tag: None,
        })
    }

    fn advance(&mut self) {
        let after = self.start.and_then(|start| Instant::now().checked_duration_since(start));
        self.tell.take().map(|tell| tell.send(after));
    }
}

#[test]
fn what_is_due_at_once_waits_for_the_start() -> Result<()> {
    let sink = Sink::start(loopback())?;
    let (tell, told) = mpsc::channel();
    let source = AtOnce { start: None, tell: Some(tell) };
    let settings = Settings { lead: Duration::from_millis(200), ..Settings::new(sink.address()) };
    let (watch, stop) = (Watch::default(), AtomicBool::new(false));
    run(&settings, &names(1), vec![source], (&watch, &stop))?;
    ensure!(told.recv()?.is_some(), "it left before the start");
    Ok(())
}

/// A server that greets and then does as it is told with its socket.
fn server(then: impl Fn(std::net::TcpStream, usize) + Send + 'static) -> Result<SocketAddr> {
    let listener = TcpListener::bind(loopback())?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for (i, mut socket) in listener.incoming().flatten().enumerate() {
            let mut connect = [0; 64];
            // The tests say too little in their first packet to fill this.
            if socket.read(&mut connect).is_ok() && socket.write_all(&[0x20, 2, 0, 0]).is_ok() {
                then(socket, i);
            }
        }
    });
    Ok(address)
}

#[test]
fn a_server_that_does_not_read_makes_messages_late_and_none_is_dropped_silently() -> Result<()> {
    let address = server(|mut socket, _| {
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(400));
            let mut drain = vec![0; 1 << 16];
            while socket.read(&mut drain).is_ok_and(|came| came > 0) {}
        });
    })?;
    // More than the buffers of the kernel hold on loopback.
    let big = Steady { payload: vec![7; 60_000], ..steady(1_000.0, 200, QoS::AtMostOnce) };
    let roomy = Settings { waiting_bytes: 64 << 20, ..Settings::new(address) };
    let all = drive(&roomy, 1, &big, 1)?.all();
    ensure!(
        (all.left, all.refused, all.unsent) == (200, 0, 0),
        "{} {} {}",
        all.left,
        all.refused,
        all.unsent
    );
    ensure!(all.lateness.percentile_us(99.0) > Some(100_000), "{:?}", all.lateness.percentile_us(99.0));
    ensure!(all.pickup.percentile_us(90.0) < Some(50_000), "the thread itself was in time");
    let tight = Settings { waiting_bytes: 128 << 10, ..Settings::new(address) };
    let outcome = drive(&tight, 1, &big, 1)?;
    let all = outcome.all();
    ensure!(all.refused > 0 && all.left + all.refused == 200, "{} {}", all.left, all.refused);
    ensure!(outcome.too_late(Duration::from_secs(9)).is_some_and(|why| why.contains("were not sent")));
    let held = Settings { when_full: WhenFull::Hold, ..tight };
    let all = drive(&held, 1, &big, 1)?.all();
    ensure!((all.left, all.refused) == (200, 0), "{} {}", all.left, all.refused);
    ensure!(all.pickup.percentile_us(99.0) > Some(100_000), "what is held up shows as late");
    Ok(())
}

#[test]
fn a_window_that_is_full_holds_messages_back() -> Result<()> {
    // It answers the first message after 200 ms, and nothing else.
    let address = server(|mut socket, _| {
        thread::sleep(Duration::from_millis(200));
        let _ = socket.write_all(&[0x40, 2, 0, 1]);
        thread::spawn(move || {
            let _ = socket.read_to_end(&mut Vec::new());
        });
    })?;
    let settings = Settings { unanswered: 1, grace: Duration::from_millis(300), ..Settings::new(address) };
    let all = drive(&settings, 1, &steady(1_000.0, 3, QoS::AtLeastOnce), 1)?.all();
    ensure!((all.left, all.answered, all.unanswered, all.unsent) == (2, 1, 1, 1), "{all:?}");
    ensure!(all.lateness.percentile_us(100.0) > Some(150_000), "{:?}", all.lateness.percentile_us(100.0));
    Ok(())
}

#[test]
fn what_was_not_answered_when_the_connection_broke_is_counted_and_the_rest_leaves_later() -> Result<()> {
    // The first connection reads for a moment, answers nothing and ends; the second one answers nothing and stays.
    let address = server(|mut socket, i| {
        if i == 0 {
            thread::sleep(Duration::from_millis(100));
            return;
        }
        thread::spawn(move || {
            let _ = socket.read_to_end(&mut Vec::new());
        });
    })?;
    let backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_millis(50) };
    let settings = Settings { backoff, grace: Duration::from_millis(400), ..Settings::new(address) };
    let outcome = drive(&settings, 1, &steady(500.0, 100, QoS::AtLeastOnce), 1)?;
    let all = outcome.all();
    ensure!((outcome.links.stood, outcome.links.broke) == (2, 1), "{:?}", outcome.links);
    ensure!(all.left == 100 && all.unanswered == 100 && all.unsent == 0, "{} {}", all.left, all.unanswered);
    ensure!(outcome.links.absence.count() == 1 && outcome.links.absence.percentile_us(50.0) > Some(20_000));
    Ok(())
}

#[test]
fn a_server_that_closes_right_behind_its_greeting_is_noticed() -> Result<()> {
    let listener = TcpListener::bind(loopback())?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let mut stay = Vec::new();
        for (i, mut socket) in listener.incoming().flatten().enumerate() {
            // The greeting leaves with the end, in one segment; nothing is said to what comes afterwards.
            let closes = i < 8;
            let _ = SockRef::from(&socket).set_tcp_cork(closes);
            if socket.read(&mut [0; 64]).is_ok() && socket.write_all(&[0x20, 2, 0, 0]).is_ok() {
                let _ = if closes { socket.shutdown(Shutdown::Write) } else { Ok(()) };
                stay.push(socket);
            }
        }
    });
    let backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_millis(50) };
    let settings = Settings { backoff, lead: Duration::from_millis(400), ..Settings::new(address) };
    let outcome = drive(&settings, 8, &steady(500.0, 80, QoS::AtMostOnce), 1)?;
    ensure!((outcome.links.stood, outcome.links.broke) == (16, 8), "{:?}", outcome.links);
    ensure!(outcome.all().left == 80, "{}", outcome.all().left);
    Ok(())
}

/// A steady load that keeps what became of each message.
struct Traced {
    steady: Steady,
    number: u64,
    traces: Vec<Trace>,
}

impl Source for Traced {
    fn peek(&self) -> Option<Due<'_>> {
        let Steady { qos, topic, payload, .. } = &self.steady;
        let at = (self.number as f64 * 1e9 / self.steady.rate) as u64;
        let tag = Some(self.number as u32);
        let (client, class, retain) = (0, 0, false);
        (self.number < self.steady.messages).then_some(Due {
            at,
            client,
            class,
            qos: *qos,
            retain,
            topic,
            payload,
            tag,
        })
    }

    fn advance(&mut self) {
        self.number += 1;
    }

    fn told(&mut self, told: Told) {
        self.traces[told.tag as usize].take(told);
    }
}

#[test]
fn what_was_not_acknowledged_leaves_again_first_and_marked() -> Result<()> {
    // The first connection takes what comes for a moment and ends; the second one keeps what it gets.
    let (tell, told) = mpsc::channel();
    let address = server(move |mut socket, i| {
        if i == 0 {
            thread::sleep(Duration::from_millis(100));
            return;
        }
        let tell = tell.clone();
        thread::spawn(move || {
            let mut came = Vec::new();
            let _ = socket.read_to_end(&mut came);
            let _ = tell.send(came);
        });
    })?;
    let backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_millis(50) };
    let grace = Duration::from_millis(300);
    let settings = Settings { backoff, grace, resend: true, ..Settings::new(address) };
    let steady = steady(500.0, 100, QoS::AtLeastOnce);
    let mut source = Traced { steady, number: 0, traces: vec![Trace::default(); 100] };
    let (watch, stop) = (Watch::default(), AtomicBool::new(false));
    let outcome = run(&settings, &names(1), vec![&mut source], (&watch, &stop))?;
    let all = outcome.all();
    ensure!((all.left, all.unanswered, all.unsent) == (100, 100, 0), "{all:?}");
    ensure!((20..90).contains(&all.repeated), "{all:?}");
    let again = source.traces.iter().filter(|trace| trace.again == 1).count() as u64;
    let waited = source.traces.iter().filter(|trace| trace.waited).count() as u64;
    ensure!(again == all.repeated && waited == all.stored && waited > 5, "{again} {waited} {all:?}");
    ensure!(source.traces.iter().all(|trace| trace.taken && trace.left_us().is_some()), "all left");
    ensure!(source.traces[..5].iter().all(|trace| trace.left_us() > Some(100_000)), "the last time counts");
    let came = told.recv_timeout(Duration::from_secs(5))?;
    // All of them, each of one length; a flag in the first byte of those that left before.
    let length = 2 + 2 + "site/gate/event".len() + 2 + 16;
    let flags: Vec<u8> = came.chunks(length).take(100).map(|packet| packet[0]).collect();
    let marked = flags.iter().take_while(|first| **first == 0x3a).count() as u64;
    ensure!(
        marked == all.repeated && flags.iter().skip(marked as usize).all(|first| *first == 0x32),
        "{flags:?}"
    );
    Ok(())
}

#[test]
fn a_storm_hits_whom_it_names() -> Result<()> {
    let sink = Sink::start(loopback())?;
    let (at, down, within) = (Duration::from_millis(50), Duration::ZERO, Duration::from_millis(20));
    let storms = vec![Storm { at, down, within, whom: vec![true, false, false] }];
    let settings = Settings { storms, lasts: Duration::from_millis(300), ..Settings::new(sink.address()) };
    let outcome = drive(&settings, 9, &steady(1_000.0, 9, QoS::AtMostOnce), 2)?;
    ensure!((outcome.links.dropped, outcome.links.stood) == (3, 12), "{:?}", outcome.links);
    Ok(())
}

#[test]
fn a_storm_breaks_everything_and_everything_comes_back() -> Result<()> {
    let sink = Sink::start(loopback())?;
    let (at, down) = (Duration::from_millis(200), Duration::ZERO);
    let storm = Storm { at, down, within: Duration::from_millis(300), whom: Vec::new() };
    let settings = Settings { storms: vec![storm], ..Settings::new(sink.address()) };
    let outcome = drive(&settings, 200, &steady(2_000.0, 2_000, QoS::AtMostOnce), 2)?;
    let links = &outcome.links;
    ensure!((links.stood, links.dropped, links.broke) == (400, 200, 0), "{links:?}");
    let absent = |percent| links.absence.percentile_us(percent).unwrap_or(0);
    ensure!(absent(100.0) >= 200_000 && absent(50.0) > 80_000, "{} {}", absent(50.0), absent(100.0));
    ensure!(outcome.all().left == 2_000, "{}", outcome.all().left);
    ensure!(outcome.all().lateness.percentile_us(100.0) > Some(100_000), "who was away spoke late");
    Ok(())
}

#[test]
fn what_is_due_while_nobody_has_a_connection_waits_and_leaves_in_one_burst() -> Result<()> {
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let sink = Sink::start(loopback())?;
        let (at, down) = (Duration::from_millis(300), Duration::from_millis(700));
        let storms = vec![Storm { at, down, within: Duration::from_millis(50), whom: Vec::new() }];
        let settings = Settings { storms, unanswered: 3, ..Settings::new(sink.address()) };
        let outcome = drive(&settings, 20, &steady(1_000.0, 1_500, qos), 1)?;
        let (all, links) = (outcome.all(), &outcome.links);
        ensure!((all.left, all.unsent, all.refused) == (1_500, 0, 0), "{all:?}");
        // A second's messages of 0.7 s, and a few of those who came back last.
        ensure!((600..=900).contains(&all.stored), "{all:?}");
        ensure!(links.absence.percentile_us(0.0) >= Some(690_000), "{links:?}");
        ensure!(
            links.drained.count() == 20 && links.drained.percentile_us(100.0) < Some(600_000),
            "{links:?}"
        );
        ensure!(all.lateness.percentile_us(100.0) > Some(600_000), "{all:?}");
    }
    let sink = Sink::start(loopback())?;
    let outcome = drive(&Settings::new(sink.address()), 20, &steady(1_000.0, 100, QoS::AtLeastOnce), 1)?;
    ensure!(outcome.all().stored == 0 && outcome.links.drained.count() == 0, "{outcome:?}");
    Ok(())
}

#[test]
fn a_silent_client_asks_whether_the_server_is_there() -> Result<()> {
    let sink = Sink::start(loopback())?;
    let short = |to| Settings {
        keep_alive: Some(Duration::from_millis(200)),
        lasts: Duration::from_millis(900),
        ..Settings::new(to)
    };
    let outcome = drive(&short(sink.address()), 2, &steady(1_000.0, 2, QoS::AtMostOnce), 1)?;
    ensure!((outcome.links.stood, outcome.links.broke) == (2, 0), "{:?}", outcome.links);
    let deaf = server(|mut socket, _| {
        thread::spawn(move || {
            let _ = socket.read_to_end(&mut Vec::new());
        });
    })?;
    let outcome = drive(&short(deaf), 1, &steady(1_000.0, 1, QoS::AtMostOnce), 1)?;
    ensure!(outcome.links.reasons.contains_key("no answer to PINGREQ"), "{:?}", outcome.links);
    Ok(())
}

#[test]
fn a_server_that_is_not_there_or_speaks_something_else_is_named() -> Result<()> {
    // A port that is taken and where nobody listens.
    let taken = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    taken.bind(&loopback().into())?;
    let gone = taken.local_addr()?.as_socket().context("an address")?;
    let check = |to, said: &str| {
        let settings = Settings { connect_patience: Duration::from_millis(300), ..Settings::new(to) };
        let error = drive(&settings, 2, &steady(1.0, 1, QoS::AtMostOnce), 1).expect_err(said).to_string();
        assert!(error.contains("0 of 2 clients were connected") && error.contains(said), "{error}");
    };
    check(gone, "refused");
    let listener = TcpListener::bind(loopback())?;
    let other = listener.local_addr()?;
    thread::spawn(move || {
        let mut kept = Vec::new();
        for mut socket in listener.incoming().flatten() {
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            kept.push(socket);
        }
    });
    check(other, "the server sent no MQTT: byte 0 of the packet");
    Ok(())
}

#[test]
fn more_clients_than_files_are_refused_with_the_remedy() {
    let settings = Settings::new(loopback());
    let error = drive(&settings, 2_000_000, &steady(1.0, 1, QoS::AtMostOnce), 1).expect_err("too many");
    assert!(error.to_string().contains("raise it with `ulimit -n 2000064`"), "{error}");
}
