use std::fs::File;
use std::time::{Duration, Instant};

use palisade_sim::contract::{Class, Signal};

use super::*;
use crate::wire::modbus::module;

/// Read 4 discrete inputs of unit 1 from address 0.
const POLL: [u8; 6] = [1, 2, 0, 0, 0, 4];

struct Bench {
    line: Line,
    port: File,
    _folder: tempfile::TempDir,
}

fn bench(change: impl FnOnce(&mut Spec)) -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spec = Spec {
        name: "line-1".into(),
        link: folder.path().join("line-1"),
        rate: LineRate { baud: 115_200, ..LineRate::default() },
        turnaround_us: 1_000,
        hold_us: 150_000,
        pace: Pace::Frame,
        faults: Faults::default(),
        seed: 1,
    };
    change(&mut spec);
    let link = spec.link.clone();
    let kit = [Class::Beam, Class::Charger].into_iter().enumerate().map(|(i, c)| (DeviceIx(i as u32), c));
    let table = Table::allot(kit, 1, 4).expect("it fits");
    let line = Line::open(spec, table, Clock::start()).expect("a line");
    let port = File::options().read(true).write(true).open(link).expect("the port");
    Bench { line, port, _folder: folder }
}

impl Bench {
    /// Asks and takes as many bytes as come within the patience.
    fn ask(&mut self, body: &[u8], patience: Duration, wanted: usize) -> Vec<u8> {
        let request = Frame::new(body[0], body[1..].to_vec()).expect("short").to_bytes();
        self.port.write_all(&request).expect("written");
        let until = Instant::now() + patience;
        let mut all = Vec::new();
        while all.len() < wanted && Instant::now() < until {
            let mut ready = [PollFd::new(&self.port, PollFlags::IN)];
            let wait = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
            if poll(&mut ready, Some(&wait)).expect("polled") > 0 {
                let mut bytes = [0; 256];
                let n = self.port.read(&mut bytes).expect("read");
                all.extend_from_slice(&bytes[..n]);
            }
        }
        all
    }

    fn inputs(&mut self) -> u8 {
        let said = self.ask(&POLL, Duration::from_secs(5), 6);
        let frame = Frame::check(&said).expect("an answer");
        assert_eq!(frame.pdu()[..2], [2, 1]);
        frame.pdu()[2]
    }

    fn say(&self, device: u32, signal: &Signal) -> Change {
        let point = self.line.point(DeviceIx(device)).expect("on the line");
        let effect = module::effect(point.class, signal).expect("on the module");
        self.line.set(point, effect, StimulusId(device))
    }
}

#[test]
fn a_poll_sees_what_was_set_and_what_has_fallen_back() {
    let mut bench = bench(|_| ());
    assert_eq!(bench.inputs(), 0);
    assert_eq!(bench.say(0, &Signal::BeamBroken { broken_ms: 70 }), Change::Seen);
    assert_eq!(bench.say(0, &Signal::BeamBroken { broken_ms: 90 }), Change::Same);
    assert_eq!(bench.say(1, &Signal::SocketHot { socket: 2 }), Change::Seen);
    assert_eq!(bench.inputs(), 0b011);
    assert_eq!(bench.ask(&[1, 4, 0, 0, 0, 2], Duration::from_secs(5), 9)[3..7], [0, 90, 0, 2]);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(bench.inputs(), 0b001, "a hot socket falls back after its hold time, a broken beam does not");
    assert_eq!(bench.say(0, &Signal::BeamRestored), Change::Seen);
    assert_eq!(bench.inputs(), 0);
    let seen = bench.line.figures("main");
    assert_eq!((seen.polls, seen.answers, seen.exceptions, seen.broken), (5, 5, 0, 0));
    let inputs = seen.units.iter().find(|u| u.function == 2).expect("polled");
    assert_eq!((inputs.unit, inputs.polls), (1, 4));
    assert!(inputs.interval.expect("polled more than once").max_us >= 200_000);
}

#[test]
fn wrong_requests_are_answered_as_a_slave_does() {
    let mut bench = bench(|_| ());
    for (body, code) in [([1, 2, 0, 3, 0, 2], 2), ([1, 2, 0, 0, 0, 0], 3)] {
        let said = bench.ask(&body, Duration::from_secs(5), 5);
        assert_eq!(Frame::check(&said).expect("an answer").pdu(), [0x82, code]);
    }
    let unknown = bench.ask(&[1, 17], Duration::from_secs(5), 5);
    assert_eq!(Frame::check(&unknown).expect("an answer").pdu(), [0x80 | 17, 1]);
    let quiet = Duration::from_millis(60);
    assert_eq!(bench.ask(&[9, 2, 0, 0, 0, 4], quiet, 1), Vec::<u8>::new(), "there is no unit 9");
    assert_eq!(bench.ask(&[0, 5, 0, 1, 0xFF, 0], quiet, 1), Vec::<u8>::new(), "nobody answers a broadcast");
    bench.port.write_all(&[1, 2, 0, 0, 0, 4, 0xDE, 0xAD]).expect("written");
    assert_eq!(bench.ask(&[1, 1, 0, 0, 0, 4], Duration::from_secs(5), 6)[3], 0b10, "and it was carried out");
    let seen = bench.line.figures("main");
    assert_eq!((seen.exceptions, seen.strangers, seen.broadcasts, seen.broken), (3, 1, 1, 1));
}

#[test]
fn answers_take_the_time_of_the_line() {
    let mut slow = bench(|spec| spec.rate.baud = 1_200);
    let began = Instant::now();
    slow.inputs();
    // 8 and 6 characters of 10 bits, a gap of 3.5, and 1 ms.
    let computed = Duration::from_micros((8 + 6) * 8_334 + 29_167 + 1_000);
    assert!(began.elapsed() >= computed, "{:?} < {computed:?}", began.elapsed());
    let computed_us = slow.line.figures("main").units[0].answer_us;
    assert_eq!(computed_us, 1_000 + 50_000);
    let mut bytes = bench(|spec| {
        spec.pace = Pace::Byte;
        spec.rate.baud = 1_200;
    });
    assert_eq!(bytes.ask(&POLL, Duration::from_secs(5), 1).len(), 1, "the first byte comes alone");
}

#[test]
fn faults_are_played() {
    let frame = |unit, pdu: &[u8]| Frame::new(unit, pdu.to_vec()).expect("short").to_bytes();
    let mut damaged = frame(1, &[2, 1, 0]);
    damaged[2] ^= 0x55;
    for (spec, expected) in [
        ("silent=1", vec![]),
        ("busy=1", frame(1, &[0x82, 6])),
        ("wrong-unit=1", frame(2, &[2, 1, 0])),
        ("crc=1", damaged),
    ] {
        let mut bench = bench(|s| s.faults = spec.parse().expect("sound"));
        let patience = Duration::from_millis(if expected.is_empty() { 60 } else { 5_000 });
        assert_eq!(bench.ask(&POLL, patience, expected.len().max(1)), expected, "{spec}");
        let name = spec.split('=').next().expect("a name");
        assert_eq!(bench.line.figures("main").faults.get(name), Some(&1));
    }
    let mut stale = bench(|s| s.faults = "stale=1".parse().expect("sound"));
    assert_eq!(stale.inputs(), 0);
    stale.say(0, &Signal::BeamBroken { broken_ms: 70 });
    assert_eq!(stale.inputs(), 0, "the answer before");
    assert_eq!(stale.inputs(), 1);
    let mut slow = bench(|s| s.faults = "slow=1/120ms".parse().expect("sound"));
    let began = Instant::now();
    slow.inputs();
    assert!(began.elapsed() >= Duration::from_millis(120));
}

#[test]
fn messages_are_told_whose_answers_suffered() {
    let broken = Signal::BeamBroken { broken_ms: 70 };
    let mut honest = bench(|_| ());
    honest.say(0, &broken);
    honest.inputs();
    assert_eq!(honest.line.take_spoilt(true), []);
    let mut silent = bench(|s| s.faults = "silent=1".parse().expect("sound"));
    silent.say(0, &broken);
    silent.ask(&POLL, Duration::from_millis(40), 1);
    silent.ask(&[1, 4, 0, 0, 0, 2], Duration::from_millis(40), 1);
    assert_eq!(silent.line.take_spoilt(false), [], "it may still be told");
    let [one] = silent.line.take_spoilt(true).try_into().expect("one message");
    let Spoilt { stimulus, told, by, .. } = one;
    assert_eq!(
        (stimulus, told, by),
        (StimulusId(0), false, vec![Fault::Silent]),
        "a register tells no event"
    );
}

#[test]
fn a_window_starts_with_its_own_states() {
    let mut bench = bench(|_| ());
    let state = |device, input, held, due_ms| State {
        device: DeviceIx(device),
        stimulus: palisade_sim::words::StimulusId(device),
        effect: Effect { input, on: true, held, reading: None },
        due_ms,
    };
    // The second was hot 100 ms before the window, the third longer ago than it is held.
    let states = [state(0, 0, false, 5), state(1, 0, true, 9_900), state(1, 1, true, 5)];
    let changed = bench.line.preset(&states, 10_000);
    assert_eq!(changed.len(), 2);
    assert_eq!(bench.inputs(), 0b011);
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(bench.inputs(), 0b001);
    assert_eq!(bench.line.preset(&states[..1], 10_000), []);
}
