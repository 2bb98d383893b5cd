//! The copies of a compound, on the load plane: names and a site of their own, each with its own place in the windows.
//! Their acknowledgements are timed here, and what became of each message is kept in a few bytes; whoever hears the gateway
//! holds its answers against that.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use palisade_load::codec::QoS;
use palisade_load::plane::{self, Due, Outcome, PlaneError, Settings, Source, Told, Trace, Traces, Watch};
use palisade_sim::contract::Class;
use palisade_sim::whole::Tape;
use palisade_sim::words::{AgentKey, DeviceIx};

use super::fleet::{Common, frame};
use super::mqtt::{Address, Message};
use crate::fault::Afflicted;
use crate::record::Micros;
use crate::schedule::{Plan, Send, What};
use crate::shape::Shape;
use crate::wire::id::{mark_of_copy, tag_of_copy};
use crate::wire::mqtt_json::Topics;

/// New connections a second.
const CONNECTS_PER_S: u64 = 2_000;
/// From the last connection to the first message: the plan is announced meanwhile.
const LEAD: Duration = Duration::from_millis(300);
/// How long answers are waited for after the last message.
const GRACE: Duration = Duration::from_secs(2);

/// How many compounds there are, and how much of them speaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    /// The compound and its copies.
    pub compounds: u32,
    /// The shape of the load.
    pub shape: Shape,
    /// The file that it was read from.
    pub file: Option<PathBuf>,
    /// Where each copy's offset comes from.
    pub seed: u64,
    /// How late the load plane may take up one message in a hundred.
    pub lateness_bound: Duration,
}

impl Fleet {
    /// How many copies there are beside the compound itself.
    pub fn copies(&self) -> u32 {
        self.compounds.saturating_sub(1)
    }

    /// How much later than the compound a copy says everything, of a window of this length; what falls off the end
    /// comes first.
    pub fn offset_us(&self, copy: u32, window_us: Micros) -> Micros {
        (self.drawn(copy) % window_us.max(1) as u64) as Micros
    }

    /// What a copy's offsets come from.
    fn drawn(&self, copy: u32) -> u64 {
        AgentKey::of(&format!("{}/copy/{copy}", self.seed)).0
    }
}

/// The copies, ready to speak.
pub struct Crowd<'a> {
    fleet: &'a Fleet,
    tape: &'a Tape,
    common: &'a Common,
    /// What each copy says; floods stand behind the plan.
    sends: Vec<Send>,
    /// How many of them are the plan's, which a copy says in its own turn. One cause hits all copies at once.
    turned: usize,
    /// What each copy's offsets come from.
    drawn: Vec<u64>,
    /// Devices that are connected, in the order of the tape.
    devices: Vec<DeviceIx>,
    windows: Vec<(Micros, Micros)>,
    ends_us: Micros,
    traces: Traces,
}

impl<'a> Crowd<'a> {
    /// The copies of what a plan says. `wired` tells which devices have no connection of their own.
    pub fn new(
        fleet: &'a Fleet,
        (tape, plan): (&'a Tape, &Plan),
        common: &'a Common,
        (wired, floods): (impl Fn(DeviceIx) -> bool, &[Send]),
    ) -> Crowd<'a> {
        let all = (0..tape.devices.len()).map(|i| DeviceIx(i as u32));
        let devices: Vec<DeviceIx> = all.filter(|device| !wired(*device)).collect();
        let mut sends: Vec<Send> = compressed(fleet.shape.pace(), tape, plan);
        sends.retain(|send| !wired(send.device));
        let turned = sends.len();
        sends.extend(floods);
        let windows = plan.windows.iter().map(|w| (w.began_us, w.lasting.0 * 1000)).collect();
        let drawn = (1..=fleet.copies()).map(|copy| fleet.drawn(copy)).collect();
        let traces = Traces::of(sends.len() * fleet.copies() as usize);
        Crowd { fleet, tape, common, sends, turned, drawn, devices, windows, ends_us: plan.ends_us, traces }
    }

    /// Connections of all copies.
    pub fn clients(&self) -> usize {
        self.devices.len() * self.fleet.copies() as usize
    }

    /// What each copy says, in an order of its own.
    pub fn sends(&self) -> &[Send] {
        &self.sends
    }

    /// What became of each message so far: copy by copy, in the order of the sends.
    pub fn traces(&self) -> Vec<Trace> {
        self.traces.now()
    }

    /// When a copy should say what stands at a place among its sends, µs after the start.
    pub fn due_us(&self, copy: u32, place: usize) -> Micros {
        let at_us = self.sends.get(place).map_or(0, |send| send.at_us);
        if place < self.turned { self.turn(copy, at_us) } else { at_us }
    }

    /// The event that each copy says at each place, of those that are asked for; the plan's start is this instant of the
    /// run's clock.
    pub fn events(
        &self,
        start_us: Micros,
        asked: impl Fn(u32, usize) -> bool,
        mut each: impl FnMut(u32, usize, &Message),
    ) {
        for copy in 1..=self.fleet.copies() {
            let common = self.common_of(copy);
            for (place, send) in self.sends.iter().enumerate().filter(|(place, _)| asked(copy, *place)) {
                let at_us = start_us + self.due_us(copy, place);
                each(copy, place, &self.message(&common, copy, *send, at_us));
            }
        }
    }

    /// What a copy says at an instant of the run's clock. Faults of devices are the compound's own.
    fn message(&self, common: &Common, copy: u32, send: Send, at_us: Micros) -> Message {
        let name = self.name(copy, send.device);
        frame(common, &name, (self.tape, send), at_us, &Afflicted::default()).0
    }

    /// Connects, speaks, and waits for the acknowledgements. The plan's start is the start of `watch`.
    pub fn run(&self, to: &Address, (watch, stop): (&Watch, &AtomicBool)) -> Result<Outcome, PlaneError> {
        let shape = &self.fleet.shape;
        let duration = |ms: i64| Duration::from_millis(ms.unsigned_abs());
        let storms = shape.storm.iter();
        let settings = Settings {
            connect_within: Duration::from_micros(self.clients() as u64 * 1_000_000 / CONNECTS_PER_S),
            lead: LEAD,
            lasts: Duration::from_micros(self.ends_us.unsigned_abs()),
            grace: GRACE,
            seed: self.fleet.seed,
            storms: storms
                .map(|storm| plane::Storm {
                    at: duration(storm.at.0.0),
                    down: duration(storm.down.map_or(0, |down| down.0.0)),
                    within: duration(storm.within.0.0),
                    whom: self.devices.iter().map(|device| storm.hits(self.class(*device))).collect(),
                })
                .collect(),
            // As a device does that keeps what nobody has acknowledged.
            resend: true,
            ..Settings::new(to.resolve()?)
        };
        let mut source = self.source();
        plane::run(&settings, &self.names(), vec![&mut source], (watch, stop))
    }

    fn class(&self, device: DeviceIx) -> Class {
        self.tape.devices.get(device.index()).map_or(Class::DutyRoom, |row| row.class)
    }

    /// Names of all clients: copy by copy, in the order of the tape.
    fn names(&self) -> Vec<String> {
        let copies = 1..=self.fleet.copies();
        copies.flat_map(|copy| self.devices.iter().map(move |device| self.name(copy, *device))).collect()
    }

    fn name(&self, copy: u32, device: DeviceIx) -> String {
        self.tape
            .devices
            .get(device.index())
            .map_or_else(String::new, |row| format!("{}{}", row.id, mark_of_copy(copy)))
    }

    fn source(&self) -> Copies<'_> {
        let copies: Vec<Copy> = (1..=self.fleet.copies()).map(|copy| self.copy(copy)).collect();
        let first = |(i, copy): (usize, &Copy)| copy.says.first().map(|(at, _)| Reverse((*at, i)));
        let next = copies.iter().enumerate().filter_map(first).collect();
        let mut source = Copies { crowd: self, copies, next, start_us: 0, current: None };
        source.find();
        source
    }

    /// A copy says what the compound says, each window turned by the copy's offset.
    fn copy(&self, copy: u32) -> Copy {
        let mut says: Vec<(Micros, u32)> =
            (0..self.sends.len()).map(|place| (self.due_us(copy, place), place as u32)).collect();
        says.sort_unstable();
        Copy { number: copy, common: self.common_of(copy), says, said: 0 }
    }

    fn common_of(&self, copy: u32) -> Common {
        let mark = mark_of_copy(copy);
        let topics = Topics::of(&format!("{}{mark}", self.common.topics.site()));
        Common { topics, run: tag_of_copy(&self.common.run, copy), mark, ..self.common.clone() }
    }

    /// An instant of the plan in a copy's own turn.
    fn turn(&self, copy: u32, at_us: Micros) -> Micros {
        let window = self.windows.iter().rfind(|(began, lasts)| (*began..began + lasts).contains(&at_us));
        let Some((began, lasts)) = window else { return at_us };
        let drawn = self.drawn.get(copy as usize - 1).copied().unwrap_or_default();
        let lasts = (*lasts).max(1);
        began + (at_us - began + (drawn % lasts as u64) as Micros) % lasts
    }
}

/// What a plan says, at a pace: in each window what the day holds of so many times its length, its pauses as much shorter.
/// What two windows would hold is said in the first.
/// Signs of life keep their own pace.
fn compressed(pace: i64, tape: &Tape, plan: &Plan) -> Vec<Send> {
    if pace == 1 {
        return plan.sends.clone();
    }
    let mut sends: Vec<Send> =
        plan.sends.iter().filter(|send| matches!(send.what, What::Heartbeat(_))).copied().collect();
    let mut said = 0;
    for window in &plan.windows {
        // What stands behind the day was caused by a flood.
        let until = (window.from.0 + window.lasting.0 * pace).min(tape.lasting.0);
        let first = tape.stimuli.partition_point(|s| s.due < window.from).max(said);
        let after = tape.stimuli.partition_point(|s| s.due.0 < until).max(first);
        said = after;
        sends.extend(tape.stimuli[first..after].iter().map(|s| Send {
            at_us: window.began_us + (s.due - window.from).0 * 1_000 / pace,
            device: s.device,
            what: What::Stimulus(s.id),
        }));
    }
    sends.sort_unstable();
    sends
}

/// One copy.
struct Copy {
    number: u32,
    common: Common,
    /// When, and which of the crowd's sends, in order.
    says: Vec<(Micros, u32)>,
    said: usize,
}

/// All copies' messages in order of their instants.
struct Copies<'a> {
    crowd: &'a Crowd<'a>,
    copies: Vec<Copy>,
    /// The next instant of each copy that still has something to say.
    next: BinaryHeap<Reverse<(Micros, usize)>>,
    start_us: Micros,
    /// When, which client, which message, and the place of what became of it.
    current: Option<(Micros, u32, Message, u32)>,
}

impl Copies<'_> {
    /// Makes the next message, past those of copies that do not speak at that instant.
    fn find(&mut self) {
        self.current = None;
        while let Some(Reverse((at_us, i))) = self.next.pop() {
            let copy = &mut self.copies[i];
            let place = copy.says.get(copy.said).map_or(0, |(_, place)| *place);
            let send = self.crowd.sends.get(place as usize);
            copy.said += 1;
            if let Some((next, _)) = copy.says.get(copy.said) {
                self.next.push(Reverse((*next, i)));
            }
            let fleet = self.crowd.fleet;
            let Some(send) =
                send.filter(|_| copy.number <= fleet.shape.speaking(fleet.copies(), at_us / 1000))
            else {
                continue;
            };
            let Ok(device) = self.crowd.devices.binary_search(&send.device) else { continue };
            let message = self.crowd.message(&copy.common, copy.number, *send, self.start_us + at_us);
            let client = (copy.number - 1) * self.crowd.devices.len() as u32 + device as u32;
            let tag = (copy.number - 1) * self.crowd.sends.len() as u32 + place;
            self.current = Some((at_us, client, message, tag));
            return;
        }
    }
}

impl Source for Copies<'_> {
    fn begin(&mut self, start: Instant) {
        self.start_us = self.crowd.common.clock.at(start);
        // The message that was made before the start was known has the wrong time in it.
        if let Some((at_us, client, ..)) = self.current.take() {
            let copy = (client / self.crowd.devices.len() as u32) as usize;
            self.copies[copy].said -= 1;
            self.next.retain(|Reverse((_, i))| *i != copy);
            self.next.push(Reverse((at_us, copy)));
            self.find();
        }
    }

    fn peek(&self) -> Option<Due<'_>> {
        self.current.as_ref().map(|(at_us, client, message, tag)| Due {
            at: at_us.unsigned_abs() * 1_000,
            client: *client,
            class: 0,
            qos: QoS::from_bits(message.qos).unwrap_or_default(),
            retain: message.retain,
            topic: &message.topic,
            payload: message.payload.as_bytes(),
            // A sign of life is owed no answer.
            tag: message.stimulus.map(|_| *tag),
        })
    }

    fn advance(&mut self) {
        self.find();
    }

    fn told(&mut self, told: Told) {
        self.crowd.traces.take(told);
    }
}
