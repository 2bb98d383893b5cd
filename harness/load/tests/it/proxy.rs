//! The fault proxy with real sockets: what a device and a gateway see of it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use palisade_load::codec::QoS;
use palisade_load::fault::{Done, Fault, Moment, Nanos, Outcome, Proxy, Settings, Way, What, Witness};
use palisade_load::plane::{self, Steady, Watch};
use palisade_load::sink::Sink;

const MS: Nanos = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(5);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn fault(what: What) -> Fault {
    Fault { ways: Way::BOTH.to_vec(), connections: 1.0, from: 0, until: Nanos::MAX, what }
}

fn start(to: SocketAddr, faults: Vec<Fault>) -> Result<Proxy> {
    Ok(Proxy::start(Settings {
        listen: loopback(),
        to,
        faults,
        seed: 1,
        threads: 2,
        quiet: false,
        witness: None,
    })?)
}

/// A proxy, and the two ends of one connection through it.
struct Through {
    proxy: Proxy,
    device: TcpStream,
    gateway: TcpStream,
}

impl Through {
    fn of(faults: Vec<Fault>) -> Result<Through> {
        let listener = TcpListener::bind(loopback())?;
        let proxy = start(listener.local_addr()?, faults)?;
        let device = TcpStream::connect(proxy.address())?;
        let (gateway, _) = listener.accept()?;
        for socket in [&device, &gateway] {
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_nodelay(true)?;
        }
        Ok(Through { proxy, device, gateway })
    }

    fn done(self) -> Result<(Outcome, Vec<Done>)> {
        let (outcome, log) = self.proxy.stop()?;
        Ok((outcome, log.into_iter().map(|applied| applied.done).collect()))
    }
}

fn is_silent(mut socket: &TcpStream, pause: Duration) -> Result<bool> {
    socket.set_read_timeout(Some(pause))?;
    let read = socket.read(&mut [0; 16]);
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock))
}

#[test]
fn without_faults_both_ways_pass_unchanged_and_each_ends_by_itself() -> Result<()> {
    let Through { proxy, mut device, mut gateway } = Through::of(vec![])?;
    let sent: Vec<u8> = (0..3_000_000_u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
    let back = sent.iter().rev().copied().collect::<Vec<u8>>();
    let (mut up, mut down) = (Vec::new(), Vec::new());
    thread::scope(|scope| -> Result<()> {
        let writer = scope.spawn(|| -> Result<()> {
            (&device).write_all(&sent)?;
            Ok(device.shutdown(Shutdown::Write)?)
        });
        gateway.read_to_end(&mut up)?;
        writer.join().map_err(|_| anyhow::anyhow!("the writer panicked"))?
    })?;
    thread::scope(|scope| -> Result<()> {
        scope.spawn(|| {
            gateway.write_all(&back)?;
            gateway.shutdown(Shutdown::Write)
        });
        device.read_to_end(&mut down)?;
        Ok(())
    })?;
    ensure!(
        up == sent && down == back,
        "{} of {} and {} of {}",
        up.len(),
        sent.len(),
        down.len(),
        back.len()
    );
    let (outcome, log) = proxy.stop()?;
    ensure!((outcome.connections, outcome.reset, log.len()) == (1, 0, 0), "{log:?}");
    ensure!(outcome.came == [3_000_000; 2] && outcome.left == outcome.came, "{:?}", outcome.left);
    Ok(())
}

#[test]
fn who_speaks_to_somebody_that_has_closed_is_reset() -> Result<()> {
    for delay in [vec![], vec![fault(What::Delay { by: 20 * MS, jitter: 0 })]] {
        let Through { proxy, mut device, mut gateway } = Through::of(delay)?;
        gateway.write_all(b"bye")?;
        drop(gateway);
        let mut said = Vec::new();
        device.read_to_end(&mut said)?;
        ensure!(said == b"bye", "{said:?}");
        let until = Instant::now() + PATIENCE;
        let told = loop {
            thread::sleep(Duration::from_millis(5));
            match device.write_all(b"heartbeat") {
                Err(error) => break error,
                Ok(()) => ensure!(Instant::now() < until, "what nobody reads is taken for good"),
            }
        };
        ensure!(matches!(told.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{told}");
        let (outcome, _) = proxy.stop()?;
        ensure!((outcome.connections, outcome.reset) == (1, 1), "{outcome:?}");
    }
    Ok(())
}

#[test]
fn a_delay_is_felt_and_never_too_short() -> Result<()> {
    let mut through = Through::of(vec![fault(What::Delay { by: 40 * MS, jitter: 10 * MS })])?;
    let began = Instant::now();
    through.device.write_all(b"x")?;
    through.gateway.read_exact(&mut [0])?;
    through.gateway.write_all(b"y")?;
    through.device.read_exact(&mut [0])?;
    ensure!(began.elapsed() >= Duration::from_millis(80), "{:?}", began.elapsed());
    let (outcome, done) = through.done()?;
    let held = |done: &Done| matches!(done, Done::Held(ns) if (40 * MS..=50 * MS).contains(ns));
    ensure!(done.len() == 2 && done.iter().all(held), "{done:?}");
    ensure!(outcome.lateness.count() == 2);
    Ok(())
}

#[test]
fn a_slow_line_slows_its_sender_down() -> Result<()> {
    let through = Through::of(vec![fault(What::Rate { bytes_per_s: 10_000 })])?;
    through.device.set_nonblocking(true)?;
    let (mut sent, until) = (0, Instant::now() + Duration::from_millis(400));
    while Instant::now() < until {
        match (&through.device).write(&[7; 65_536]) {
            Ok(n) => sent += n,
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
    let (outcome, _) = through.done()?;
    // What the kernel's own buffers take is not in the proxy.
    ensure!(outcome.came[0] < 200_000, "{} of {sent} bytes wait in the proxy", outcome.came[0]);
    ensure!((2_000..=5_500).contains(&outcome.left[0]), "{} bytes in 0.4 s", outcome.left[0]);
    Ok(())
}

#[test]
fn a_cut_ends_both_sides_in_order() -> Result<()> {
    let mut through = Through::of(vec![fault(What::Cut(Moment::AfterBytes(5)))])?;
    through.device.write_all(b"seven..")?;
    let (mut up, mut down) = (Vec::new(), Vec::new());
    through.gateway.read_to_end(&mut up)?;
    through.device.read_to_end(&mut down)?;
    ensure!(up == b"seven" && down.is_empty(), "{up:?} {down:?}");
    let (outcome, done) = through.done()?;
    ensure!(outcome.cut == 1 && done == [Done::Cut, Done::Swallowed(2)], "{done:?}");
    Ok(())
}

#[test]
fn a_reset_reaches_both_sides_and_so_does_one_of_a_side() -> Result<()> {
    let is_reset = |mut socket: &TcpStream| match socket.read(&mut [0; 16]) {
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(()),
        other => Err(anyhow::anyhow!("{other:?}")),
    };
    let through = Through::of(vec![fault(What::Reset(Moment::After(50 * MS, 50 * MS)))])?;
    is_reset(&through.device).context("the device")?;
    is_reset(&through.gateway).context("the gateway")?;
    let (outcome, done) = through.done()?;
    ensure!((outcome.reset, done.as_slice()) == (1, &[Done::Reset][..]), "{done:?}");

    let Through { proxy, device, gateway } = Through::of(vec![])?;
    socket2::SockRef::from(&device).set_linger(Some(Duration::ZERO))?;
    drop(device);
    is_reset(&gateway).context("the gateway, when the device breaks off")?;
    ensure!(proxy.take_log().is_empty(), "no fault did it");
    Ok(())
}

#[test]
fn nobody_is_told_of_a_half_open_connection() -> Result<()> {
    let mut through = Through::of(vec![fault(What::HalfOpen(Moment::AfterBytes(3)))])?;
    through.device.write_all(b"abcdef")?;
    let mut came = [0; 3];
    through.gateway.read_exact(&mut came)?;
    ensure!(&came == b"abc");
    through.device.write_all(b"more")?;
    through.device.shutdown(Shutdown::Both)?;
    ensure!(is_silent(&through.gateway, Duration::from_millis(150))?, "the gateway was told");
    through.gateway.write_all(b"are you there?")?;
    ensure!(is_silent(&through.gateway, Duration::from_millis(150))?, "the gateway was told");
    let (_, done) = through.done()?;
    ensure!(done.contains(&Done::HalfOpen) && done.contains(&Done::Swallowed(4)), "{done:?}");
    Ok(())
}

#[test]
fn a_gateway_that_is_not_there_is_counted_and_the_device_is_told() -> Result<()> {
    let nobody = TcpListener::bind(loopback())?.local_addr()?;
    let proxy = start(nobody, vec![])?;
    let mut device = TcpStream::connect(proxy.address())?;
    device.set_read_timeout(Some(PATIENCE))?;
    let read = device.read(&mut [0; 16]);
    ensure!(matches!(&read, Err(error) if error.kind() == ErrorKind::ConnectionReset), "{read:?}");
    let (outcome, _) = proxy.stop()?;
    ensure!(outcome.unreached == 1 && outcome.why.is_some_and(|why| why.contains("refused")));
    Ok(())
}

#[test]
fn a_fleet_passes_through_a_slow_line_and_every_message_is_answered_once() -> Result<()> {
    let sink = Sink::start(loopback())?;
    let proxy = start(sink.address(), vec![fault(What::Delay { by: 5 * MS, jitter: 20 * MS })])?;
    let clients: Vec<String> = (0..800).map(|i| format!("device-{i}")).collect();
    let load = Steady {
        rate: 4_000.0,
        messages: 4_000,
        qos: QoS::AtLeastOnce,
        topic: "site/gate/event".into(),
        payload: vec![b'x'; 16],
    };
    let (watch, stop) = (Watch::default(), AtomicBool::new(false));
    let sources = load.split(1, clients.len() as u32);
    let outcome = plane::run(&plane::Settings::new(proxy.address()), &clients, sources, (&watch, &stop))?;
    let all = outcome.all();
    ensure!((all.left, all.answered, all.unanswered) == (4_000, 4_000, 0), "{all:?}");
    ensure!(all.response.percentile_us(0.0) >= Some(10_000), "up and down are 5 ms each");
    ensure!(sink.counts().messages.load(Ordering::Relaxed) == 4_000);
    let (through, log) = proxy.stop()?;
    ensure!((through.connections, through.unreached) == (800, 0), "{} came", through.connections);
    ensure!(log.len() >= 8_000, "{} chunks were held", log.len());
    Ok(())
}

/// Names a connection by the first byte of its device, and keeps what passes up.
#[derive(Debug, Default)]
struct ByFirstByte(Mutex<Vec<u8>>);

impl Witness for ByFirstByte {
    fn key(&self, _: u64, first: &[u8]) -> Option<u64> {
        first.first().copied().map(u64::from)
    }

    fn passed(&self, _: u64, way: Way, bytes: &[u8]) {
        if way == Way::Up {
            self.0.lock().expect("no panic").extend(bytes);
        }
    }
}

#[test]
fn nothing_is_disturbed_before_the_beginning_and_instants_count_from_it() -> Result<()> {
    let listener = TcpListener::bind(loopback())?;
    let (to, listen) = (listener.local_addr()?, loopback());
    let faults = vec![fault(What::Cut(Moment::At(60 * MS, 0)))];
    let proxy =
        Proxy::start(Settings { listen, to, faults, seed: 1, threads: 1, quiet: true, witness: None })?;
    let mut device = TcpStream::connect(proxy.address())?;
    device.set_read_timeout(Some(PATIENCE))?;
    let (mut gateway, _) = listener.accept()?;
    // Longer than the fault's instant: the proxy's own start does not count.
    thread::sleep(Duration::from_millis(90));
    device.write_all(b"x")?;
    gateway.read_exact(&mut [0])?;
    let begins = Instant::now() + Duration::from_millis(50);
    proxy.begin(begins);
    ensure!(device.read(&mut [0])? == 0, "it was not cut");
    let after = begins.elapsed();
    ensure!(after >= Duration::from_millis(60), "cut {after:?} after the beginning");
    let (_, log) = proxy.stop()?;
    let cut = log.iter().map(|applied| (applied.at / MS, applied.done)).collect::<Vec<_>>();
    ensure!(cut == [(60, Done::Cut)], "{cut:?}");
    Ok(())
}

#[test]
fn a_device_has_its_own_faults_in_whatever_order_devices_connect() -> Result<()> {
    let befallen = |order: [u8; 8]| -> Result<Vec<u8>> {
        let listener = TcpListener::bind(loopback())?;
        let (to, listen) = (listener.local_addr()?, loopback());
        let half = Fault { connections: 0.5, ..fault(What::Cut(Moment::AfterBytes(2))) };
        let seen = Arc::new(ByFirstByte::default());
        let witness: Option<Arc<dyn Witness>> = Some(seen.clone());
        let faults = vec![half];
        let proxy =
            Proxy::start(Settings { listen, to, faults, seed: 9, threads: 2, quiet: false, witness })?;
        let mut cut = Vec::new();
        for name in order {
            let mut device = TcpStream::connect(proxy.address())?;
            device.set_read_timeout(Some(Duration::from_millis(200)))?;
            let (mut gateway, _) = listener.accept()?;
            device.write_all(&[name, name, name])?;
            gateway.read_exact(&mut [0; 2])?;
            if matches!(device.read(&mut [0]), Ok(0)) {
                cut.push(name);
            }
        }
        let passed = seen.0.lock().expect("no panic").len();
        ensure!(passed == 24 - cut.len(), "{passed} bytes were seen, {cut:?} were cut");
        cut.sort_unstable();
        Ok(cut)
    };
    let once = befallen(*b"abcdefgh")?;
    ensure!(!once.is_empty() && once.len() < 8, "{once:?}");
    ensure!(once == befallen(*b"hgfbadec")?, "another order, other faults");
    Ok(())
}
