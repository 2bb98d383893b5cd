//! The thread that plays all slaves of one line.

use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::JoinHandle;

use palisade_load::fault::{Applied, Fault as Disturbance, Way};
use palisade_load::process::prefer_this_thread;
use palisade_sim::words::{DeviceIx, Dice, StimulusId};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use thiserror::Error;

use super::count::Counts;
use super::faults::{Fault, Faults};
use super::news::{News, Spoilt};
use super::noise::{Noise, Wire};
use super::pty::{Pty, PtyError};
use crate::drivers::{Clock, wait_until};
use crate::record::{self, Micros};
use crate::wire::modbus::frame::{BROADCAST, Direction, LAST_UNIT};
use crate::wire::modbus::meaning::{Exception, Request};
use crate::wire::modbus::module::{Effect, Point, State, Table};
use crate::wire::modbus::receiver::{Heard, Receiver, Silence};
use crate::wire::modbus::slave::{Units, answer, refusal};
use crate::wire::modbus::{Frame, LineRate};

/// A broken stretch lasts until a silence of so long: see [`Silence::Coarse`].
const COARSE_US: Micros = 20_000;
/// The thread looks at least so often whether it should stop, µs.
const LOOK_US: Micros = 20_000;

/// How answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// In one piece, when their last character would have arrived.
    #[default]
    Frame,
    /// A byte at a time, each when it would have arrived: a stress for the gateway's reader.
    Byte,
}

/// What a line is.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name in the report.
    pub name: String,
    /// The name that the gateway opens.
    pub link: PathBuf,
    /// Speed and characters: all times on the line are computed from it.
    pub rate: LineRate,
    /// How long a slave thinks between the look at its inputs and the first character of its answer, µs.
    pub turnaround_us: Micros,
    /// How long an input stays on that no signal clears, µs.
    pub hold_us: Micros,
    /// How answers are written.
    pub pace: Pace,
    /// What slaves do wrong.
    pub faults: Faults,
    /// Seed of the faults.
    pub seed: u64,
}

/// Why a line could not be started.
#[derive(Debug, Error)]
#[error("line {line}: {error}")]
pub struct LineError {
    /// The line.
    pub line: String,
    /// Why.
    pub error: PtyError,
}

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A master sees a change from now on.
    Seen,
    /// It was so already: no master can see that anything happened.
    Same,
}

/// A line with its slaves, played until it is dropped.
#[derive(Debug)]
pub struct Line {
    shared: Arc<Shared>,
    table: Table,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    spec: Spec,
    clock: Clock,
    stop: AtomicBool,
    fault: OnceLock<String>,
    state: Mutex<Slaves>,
    coils: OnceLock<OnCoil>,
    noise: Noise,
}

/// What is told when a master has written a coil: unit, address, on or off.
type Tell = dyn Fn(u8, u16, bool) + Send + Sync;

/// Who is told when a master has written a coil.
struct OnCoil(Box<Tell>);

impl std::fmt::Debug for OnCoil {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnCoil")
    }
}

/// A handle with which a device's inputs are changed from another thread, as long as the line stands.
#[derive(Clone, Debug)]
pub struct Setter(Weak<Shared>);

impl Setter {
    /// Sets or clears an input now because of a stimulus. A master that polls from now on sees it.
    pub fn set(&self, point: Point, effect: Effect, stimulus: StimulusId) -> Change {
        self.0.upgrade().map_or(Change::Same, |line| line.set(point, effect, stimulus))
    }
}

#[derive(Debug)]
struct Slaves {
    units: Units,
    /// Inputs that fall back by themselves: when, unit, input.
    resets: Vec<(Micros, u8, u16)>,
    counts: Counts,
    /// What no master was told yet; nothing where slaves do nothing wrong.
    news: Option<News>,
}

impl Shared {
    fn slaves(&self) -> MutexGuard<'_, Slaves> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, point: Point, effect: Effect, stimulus: StimulusId) -> Change {
        let now_us = self.clock.now_us();
        let until_us = effect.held.then(|| now_us + self.spec.hold_us);
        let mut slaves = self.slaves();
        slaves.settle(now_us);
        slaves.set(point, effect, until_us, (Some(stimulus), now_us))
    }

    /// Tells of coils that a request has written.
    fn tell_coils(&self, unit: u8, frame: &Frame) {
        let Some(OnCoil(tell)) = self.coils.get() else { return };
        match Request::decode(frame.pdu()) {
            Ok(Request::WriteCoil { address, on }) => tell(unit, address, on),
            Ok(Request::WriteCoils { start, values }) => {
                (start..).zip(values).for_each(|(address, on)| tell(unit, address, on));
            }
            _ => {}
        }
    }
}

impl Line {
    /// Makes the pseudo terminal and plays the slaves of the table, all inputs off.
    ///
    /// # Errors
    /// When there is no terminal or no thread.
    pub fn open(spec: Spec, table: Table, clock: Clock) -> Result<Line, LineError> {
        let pty = Pty::open(&spec.link).map_err(|error| LineError { line: spec.name.clone(), error })?;
        let news = (spec.faults != Faults::default()).then(News::default);
        let slaves = Slaves { units: table.units(), resets: Vec::new(), counts: Counts::default(), news };
        let name = spec.name.clone();
        let (stop, fault, coils, noise) = Default::default();
        let shared = Arc::new(Shared { spec, clock, stop, fault, state: Mutex::new(slaves), coils, noise });
        let player = Player {
            shared: shared.clone(),
            receiver: Receiver::new(Direction::Request, shared.spec.rate, Silence::Coarse(COARSE_US)),
            pty,
            last: None,
            answered: 0,
            wire: Wire::default(),
        };
        let thread = std::thread::Builder::new().name(name.clone()).spawn(move || {
            prefer_this_thread();
            player.play()
        });
        match thread {
            Ok(thread) => Ok(Line { shared, table, thread: Some(thread) }),
            Err(error) => Err(LineError { line: name, error: PtyError::Terminal(error) }),
        }
    }

    /// Its name in the report.
    pub fn name(&self) -> &str {
        &self.shared.spec.name
    }

    /// The name that the gateway opens.
    pub fn link(&self) -> &Path {
        &self.shared.spec.link
    }

    /// Where the devices are on the line.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Where a device is on the line.
    pub fn point(&self, device: DeviceIx) -> Option<Point> {
        self.table.point(device)
    }

    /// Sets or clears an input now because of a stimulus. A master that polls from now on sees it.
    pub fn set(&self, point: Point, effect: Effect, stimulus: StimulusId) -> Change {
        self.shared.set(point, effect, stimulus)
    }

    /// The same for another thread.
    pub fn setter(&self) -> Setter {
        Setter(Arc::downgrade(&self.shared))
    }

    /// From now on tells of every coil that a master writes: unit, address, on or off. The first who asks is told.
    pub fn on_coil(&self, tell: impl Fn(u8, u16, bool) + Send + Sync + 'static) {
        let _ = self.shared.coils.set(OnCoil(Box::new(tell)));
    }

    /// From this instant on faults disturb its wire, drawn by a seed.
    pub fn disturb(&self, faults: Vec<Disturbance>, seed: u64, from_us: Micros) {
        self.shared.noise.begin(faults, seed, from_us);
    }

    /// What they did since this was asked the last time, with its instant on the run's clock.
    pub fn take_log(&self) -> Vec<(Micros, Applied)> {
        self.shared.noise.take_log()
    }

    /// What was done to answers that would have told what inputs show, as far as it is over; all of it at the end.
    pub(super) fn take_spoilt(&self, at_end: bool) -> Vec<Spoilt> {
        let end_us = at_end.then(|| self.shared.clock.now_us());
        self.shared.slaves().news.as_mut().map_or_else(Vec::new, |news| news.take(end_us))
    }

    /// Puts every input into the state that the tape gives it at a window's start. Returns the stimuli whose states a
    /// master now sees change.
    pub fn preset(&self, states: &[State], window_from_ms: i64) -> Vec<State> {
        let now_us = self.shared.clock.now_us();
        let mut slaves = self.shared.slaves();
        slaves.settle(now_us);
        let mut changed = Vec::new();
        for state in states {
            let Some(point) = self.table.point(state.device) else { continue };
            let mut effect = state.effect;
            let left_us = self.shared.spec.hold_us - (window_from_ms - state.due_ms) * 1_000;
            effect.on &= !effect.held || left_us > 0;
            let until_us = (effect.on && effect.held).then_some(now_us + left_us);
            if slaves.set(point, effect, until_us, (None, now_us)) == Change::Seen {
                changed.push(*state);
            }
        }
        changed
    }

    /// What was seen so far.
    pub fn figures(&self, part: &str) -> record::Line {
        let spec = &self.shared.spec;
        let now_us = self.shared.clock.now_us();
        let places = self.table.points().map(|(device, point)| record::Place {
            device,
            unit: point.unit,
            input: point.first,
        });
        let figures = self.shared.slaves().counts.figures(&spec.name, spec.rate, now_us, part);
        record::Line { places: places.collect(), ..figures }
    }

    /// Why the line does not work any more.
    pub fn fault(&self) -> Option<&str> {
        self.shared.fault.get().map(String::as_str)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

impl Slaves {
    fn set(
        &mut self,
        point: Point,
        effect: Effect,
        until_us: Option<Micros>,
        (stimulus, now_us): (Option<StimulusId>, Micros),
    ) -> Change {
        let address = point.first + effect.input;
        let Some(image) = self.units.get_mut(&point.unit) else { return Change::Same };
        if let (Some(reading), Some(register)) =
            (effect.reading, image.input_registers.get_mut(usize::from(address)))
        {
            *register = reading;
        }
        let Some(input) = image.inputs.get_mut(usize::from(address)) else { return Change::Same };
        let was = std::mem::replace(input, effect.on);
        self.resets.retain(|(_, unit, input)| (*unit, *input) != (point.unit, address));
        self.resets.extend(until_us.map(|until_us| (until_us, point.unit, address)));
        if was == effect.on {
            return Change::Same;
        }
        self.news.iter_mut().for_each(|news| news.shows((point.unit, address), stimulus, now_us));
        Change::Seen
    }

    /// Lets inputs fall back whose time has come.
    fn settle(&mut self, now_us: Micros) {
        let Slaves { units, resets, news, .. } = self;
        resets.retain(|(until_us, unit, input)| {
            let over = *until_us <= now_us;
            let on = units.get_mut(unit).and_then(|image| image.inputs.get_mut(usize::from(*input)));
            if let (true, Some(on)) = (over, on) {
                *on = false;
                news.iter_mut().for_each(|news| news.is_over((*unit, *input), *until_us));
            }
            !over
        });
    }
}

/// What the thread has to itself.
struct Player {
    shared: Arc<Shared>,
    receiver: Receiver,
    pty: Pty,
    /// The answer before, for the fault that repeats it.
    last: Option<Frame>,
    answered: u64,
    wire: Wire,
}

impl Player {
    fn play(mut self) {
        let shared = self.shared.clone();
        while !shared.stop.load(Ordering::Relaxed) {
            if let Err(error) = self.step() {
                // There is one writer, and only the first fault counts.
                let _ = shared.fault.set(format!("line {} broke: {error}", shared.spec.name));
                return;
            }
        }
    }

    /// Waits for bytes or the end of a silence, and does what follows.
    fn step(&mut self) -> std::io::Result<()> {
        let clock = self.shared.clock;
        let now_us = clock.now_us();
        let wakes = [self.receiver.wakes_us(now_us), self.wire.wakes_us(), Some(now_us + LOOK_US)];
        let wake_us = wakes.into_iter().flatten().min().unwrap_or(now_us);
        let wait = std::time::Duration::from_micros(u64::try_from(wake_us - now_us).unwrap_or(0));
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) };
        let mut ready = [PollFd::new(self.pty.master(), PollFlags::IN)];
        match poll(&mut ready, Some(&wait)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => self.receiver.idle(clock.now_us()),
            Ok(_) => self.read()?,
            Err(error) => return Err(error.into()),
        }
        self.deliver()?;
        while let Some(heard) = self.receiver.heard() {
            match heard {
                Heard::Frame { frame, began_us } => self.request(&frame, began_us)?,
                Heard::Broken(_) => self.shared.slaves().counts.broken(),
            }
        }
        Ok(())
    }

    fn read(&mut self) -> std::io::Result<()> {
        let mut bytes = [0; 512];
        match self.pty.master().read(&mut bytes) {
            Ok(n) => {
                let (shared, now_us) = (&self.shared, self.shared.clock.now_us());
                let noise = (&shared.noise, shared.spec.name.as_str());
                if let Some(bytes) = self.wire.push(noise, Way::Down, &bytes[..n], now_us) {
                    self.receiver.bytes(now_us, bytes);
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Hands on what leaves the wire by now, if faults disturb it.
    fn deliver(&mut self) -> std::io::Result<()> {
        let now_us = self.shared.clock.now_us();
        while let Some((way, bytes)) = self.wire.pull(&self.shared.noise, now_us) {
            match way {
                Way::Down => self.receiver.bytes(now_us, &bytes),
                Way::Up => self.put(&bytes)?,
            }
        }
        Ok(())
    }

    /// Bytes reach the port. When nobody reads, they are gone, as on a real line.
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self.pty.master().write_all(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.shared.slaves().counts.unsent();
                Ok(())
            }
            other => other,
        }
    }

    /// Answers when the line would have carried the request and the answer.
    fn request(&mut self, frame: &Frame, began_us: Micros) -> std::io::Result<()> {
        let shared = self.shared.clone();
        let Spec { rate, turnaround_us, ref faults, .. } = shared.spec;
        let stop = || shared.stop.load(Ordering::Relaxed);
        let heard_us = began_us + rate.time_us(frame.to_bytes().len()) + rate.frame_gap_us();
        if !wait_until(&shared.clock, heard_us, &stop) {
            return Ok(());
        }
        let Some((honest, told)) = self.look(frame, began_us) else { return Ok(()) };
        self.answered += 1;
        let fault = faults.draw(Dice::new(shared.spec.seed), &shared.spec.name, frame.unit(), self.answered);
        let mut bytes = self.bend(frame, &honest, fault);
        let lasting_us = turnaround_us + rate.time_us(bytes.len());
        {
            let mut slaves = shared.slaves();
            slaves.counts.answer(frame, &honest, lasting_us);
            fault.into_iter().for_each(|fault| slaves.counts.fault(fault));
            let news = slaves.news.iter_mut();
            news.for_each(|news| news.answered((frame.unit(), &told), fault, heard_us + lasting_us));
        }
        if fault == Some(Fault::Silent) {
            bytes.clear();
        }
        let slow_us = if fault == Some(Fault::Slow) { faults.slow_by_us } else { 0 };
        self.write(&bytes, heard_us + turnaround_us + slow_us)
    }

    /// Counts a request and lets the slaves see to it: their answer, and which news it tells.
    fn look(&mut self, frame: &Frame, began_us: Micros) -> Option<(Frame, Vec<StimulusId>)> {
        let mut slaves = self.shared.slaves();
        slaves.settle(self.shared.clock.now_us());
        if frame.unit() == BROADCAST {
            slaves.counts.broadcast();
        } else if slaves.units.contains_key(&frame.unit()) {
            slaves.counts.request(frame, began_us);
        } else {
            slaves.counts.stranger();
        }
        let answered = answer(&mut slaves.units, frame);
        let told = slaves.news.as_ref().map_or_else(Vec::new, |news| news.told_by(frame));
        let units: Vec<u8> = match frame.unit() {
            BROADCAST => slaves.units.keys().copied().collect(),
            unit => vec![unit],
        };
        drop(slaves);
        // A broadcast has no answer, and a refusal is one of an exception.
        let done = answered.as_ref().map_or(frame.unit() == BROADCAST, |a| a.function() == frame.function());
        if done {
            units.iter().for_each(|unit| self.shared.tell_coils(*unit, frame));
        }
        // A refusal tells nothing.
        answered.map(|answered| (answered, if done { told } else { Vec::new() }))
    }

    /// The answer's bytes as a fault leaves them.
    fn bend(&mut self, request: &Frame, honest: &Frame, fault: Option<Fault>) -> Vec<u8> {
        let last = self.last.replace(honest.clone());
        match fault {
            Some(Fault::Busy) => {
                refusal(request, Exception::Busy).unwrap_or_else(|| honest.clone()).to_bytes()
            }
            Some(Fault::WrongUnit) => {
                let neighbour = honest.unit() % LAST_UNIT + 1;
                let astray = Frame::new(neighbour, honest.pdu().to_vec());
                astray.unwrap_or_else(|| honest.clone()).to_bytes()
            }
            Some(Fault::CheckSum) => {
                let mut bytes = honest.to_bytes();
                if let Some(byte) = bytes.get_mut(2) {
                    *byte ^= 0x55;
                }
                bytes
            }
            Some(Fault::Stale) => last.unwrap_or_else(|| honest.clone()).to_bytes(),
            Some(Fault::Slow | Fault::Silent) | None => honest.to_bytes(),
        }
    }

    /// Writes bytes whose first character begins at an instant.
    fn write(&mut self, bytes: &[u8], begins_us: Micros) -> std::io::Result<()> {
        let shared = self.shared.clone();
        let stop = || shared.stop.load(Ordering::Relaxed);
        let piece = match shared.spec.pace {
            Pace::Frame => bytes.len().max(1),
            Pace::Byte => 1,
        };
        let mut arrived = 0;
        for piece in bytes.chunks(piece) {
            arrived += piece.len();
            if !wait_until(&shared.clock, begins_us + shared.spec.rate.time_us(arrived), &stop) {
                return Ok(());
            }
            let noise = (&shared.noise, shared.spec.name.as_str());
            if let Some(piece) = self.wire.push(noise, Way::Up, piece, shared.clock.now_us()) {
                self.put(piece)?;
            }
        }
        self.deliver()
    }
}

#[cfg(test)]
mod tests;
