//! All devices of a run, and the thread that gives each its messages at the intended instants. Open loop: no send
//! waits for an answer.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use palisade_load::process::prefer_this_thread;
use palisade_sim::contract::{Class, Signal};
use palisade_sim::whole::Tape;
use palisade_sim::words::{DeviceIx, StimulusId};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::mqtt::{Address, Device, Listener, Message, client};
use super::orders::{Desk, Hands, Saying};
use super::outage::{Outage, summary};
use super::serial::Lines;
use super::{Clock, wait_until};
use crate::contract::{Contract, DeviceRow};
use crate::fault::{Afflicted, Ail};
use crate::record::{Entry, Expected, Journal, Kept, Left, Link, Micros, Note, Resent, WindowEntry};
use crate::schedule::{Plan, Send, What};
use crate::wire::command::{Answer, Change};
use crate::wire::dialect::Dialect;
use crate::wire::id::wire_id;
use crate::wire::mqtt_json::{Event, Leaf, Topics, heartbeat, latches};

/// How long the double of a device waits before it connects again.
const DOUBLE: Duration = Duration::from_secs(1);
/// How often a wait looks whether somebody asked to stop.
const LOOK: Duration = Duration::from_millis(50);

/// What the devices of one part of a run have in common.
#[derive(Clone, Debug)]
pub struct Common {
    /// The clock of the run.
    pub clock: Clock,
    /// Where entries go.
    pub journal: Journal,
    /// `floor` or `main`.
    pub part: &'static str,
    /// The run's tag.
    pub run: String,
    /// What stands behind the names of its devices: nothing, but for a copy of the compound.
    pub mark: String,
    /// The site's topics.
    pub topics: Topics,
    /// How devices speak and what is expected of the gateway.
    pub contract: Arc<Contract>,
    /// The broker keeps the last event of each device, whatever the contract says.
    pub retain: bool,
}

impl Common {
    /// The contract's row for a device. One that names a device of the compound holds for those of its copies, too.
    fn speech(&self, class: Class, device: &str) -> Option<&DeviceRow> {
        self.contract.speech(class, device.strip_suffix(self.mark.as_str()).unwrap_or(device))
    }

    /// Where a device says what happened, by the contract.
    pub fn event_topic(&self, class: Class, device: &str) -> String {
        match self.speech(class, device).and_then(|row| row.topic.as_deref()) {
            Some(topic) => self.fill(topic, device),
            None => self.topics.device(device, Leaf::Event),
        }
    }

    /// How a device is told what to do, by the contract.
    pub fn dialect(&self, class: Class, device: &str) -> Cow<'_, Dialect> {
        let own = self.speech(class, device).and_then(|row| row.commands.as_ref());
        own.map_or_else(|| Cow::Owned(Dialect::default()), Cow::Borrowed)
    }

    /// A topic of a contract with its places filled in.
    fn fill(&self, topic: &str, device: &str) -> String {
        topic.replace("{site}", self.topics.site()).replace("{device}", device)
    }

    /// Quality of service of a device's messages, by the contract, else as `kit` says.
    pub fn qos(&self, class: Class, device: &str, kit: u8) -> u8 {
        self.speech(class, device).and_then(|row| row.qos).unwrap_or(kit)
    }

    /// Whether the broker keeps a device's last event, by the load's shape or by the contract.
    pub fn retains(&self, class: Class, device: &str) -> bool {
        self.retain || self.speech(class, device).is_some_and(|row| row.retain)
    }

    /// The payload of an event.
    fn event(&self, stimulus: StimulusId, device: &str, class: Class, signal: &Signal, ts: i64) -> String {
        let (id, device) = (wire_id(&self.run, stimulus), device.to_owned());
        Event { id, ts, device, class, kind: signal.severity(), signal: signal.clone() }.encode()
    }

    fn too_many(&self, device: &str) {
        self.note("info", format!("{device} has too many unsent messages; one was not sent"));
    }

    /// The answer that the gateway owes for what a device says, if the contract asks for one.
    pub fn expected(
        &self,
        (stimulus, signal): (StimulusId, &Signal),
        device: DeviceIx,
        class: Class,
        intended_us: Micros,
    ) -> Option<Expected> {
        let severity = signal.severity();
        let reaction = self.contract.reaction(class, &signal.word(), severity)?;
        Some(Expected {
            stimulus,
            device,
            part: self.part.into(),
            intended_us,
            severity,
            deadline_us: self.contract.deadline_of(reaction).0.0 * 1000,
            correlate: reaction.correlate.clone(),
        })
    }

    /// Writes a remark, with the instant.
    pub fn note(&self, kind: &str, text: impl Into<String>) {
        let (at_us, kind, text) = (self.clock.now_us(), kind.to_owned(), text.into());
        self.journal.write(Entry::Note(Note { at_us, kind, text }));
    }
}

/// Figures that are watched while a part runs.
#[derive(Debug, Default)]
pub struct Figures {
    /// Devices whose connection stands.
    pub connected: AtomicUsize,
    /// Stimuli that left.
    pub left: AtomicUsize,
    /// Answers that came.
    pub answers: AtomicUsize,
    /// Greatest lateness of a message handed over, µs.
    pub latest_us: AtomicI64,
    /// Index of the window that is driven.
    pub window: AtomicUsize,
    /// Whether the observer hears what the gateway says.
    pub hears: AtomicBool,
}

struct Ears {
    common: Common,
    figures: Arc<Figures>,
    names: Vec<String>,
    standing: Vec<AtomicBool>,
    changed: Notify,
    why: Mutex<String>,
    /// Connections that broke, in order.
    outages: Mutex<Vec<Outage>>,
    /// Where commands go.
    desk: Desk,
    /// How each device is told what to do.
    dialects: Vec<Arc<Dialect>>,
}

impl Ears {
    fn outages(&self) -> MutexGuard<'_, Vec<Outage>> {
        self.outages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn link(&self, device: usize, at_us: Micros, up: bool) {
        let (part, device) = (self.common.part.into(), DeviceIx(device as u32));
        self.common.journal.write(Entry::Link(Link { at_us, part, device, up }));
    }
}

impl Listener for Ears {
    fn left(&self, _device: usize, message: &Message) {
        let left_us = self.common.clock.now_us();
        let Some(stimulus) = message.stimulus else { return };
        self.figures.left.fetch_add(1, Ordering::Relaxed);
        self.common.journal.write(Entry::Left(Left {
            stimulus,
            part: self.common.part.into(),
            left_us,
            topic: message.topic.clone(),
            payload: message.payload.clone(),
            qos: Some(message.qos),
        }));
    }

    fn again(&self, device: usize, message: &Message) {
        let (at_us, part) = (self.common.clock.now_us(), self.common.part.into());
        let Some(stimulus) = message.stimulus else { return };
        let device = DeviceIx(device as u32);
        self.common.journal.write(Entry::Resent(Resent { stimulus, part, device, at_us }));
    }

    fn up(&self, device: usize) {
        if !self.standing[device].swap(true, Ordering::SeqCst) {
            self.figures.connected.fetch_add(1, Ordering::SeqCst);
            let at_us = self.common.clock.now_us();
            let mut outages = self.outages();
            // The first connection of all ends no outage.
            let broken = outages.iter_mut().rev().find(|o| o.device == device && o.up_us.is_none());
            if let Some(outage) = broken {
                outage.up_us = Some(at_us);
                self.link(device, at_us, true);
            }
        }
        self.changed.notify_one();
    }

    fn down(&self, device: usize, why: &str) {
        if let Ok(mut last) = self.why.lock() {
            why.clone_into(&mut last);
        }
        if self.standing[device].swap(false, Ordering::SeqCst) {
            self.figures.connected.fetch_sub(1, Ordering::SeqCst);
            let down_us = self.common.clock.now_us();
            self.outages().push(Outage { device, down_us, up_us: None, why: why.to_owned() });
            self.link(device, down_us, false);
        }
        self.changed.notify_one();
    }

    fn told(&self, device: usize, payload: &[u8], retained: bool) {
        let order = self.dialects[device].read(payload);
        self.desk.told_by_broker(device, order, retained, "mqtt");
    }
}

/// What devices answer to commands, and what they say because of them.
struct Mouths {
    common: Common,
    devices: Vec<Mouth>,
}

/// What a device answers with.
struct Mouth {
    connection: Arc<Device>,
    name: String,
    qos: u8,
    dialect: Arc<Dialect>,
}

impl Mouths {
    /// A device that cannot send keeps it to itself, and the gateway will notice.
    fn send(&self, mouth: &Mouth, topic: &str, payload: String, retain: bool) -> bool {
        let topic = self.common.fill(topic, &mouth.name);
        mouth.connection.say(Message { stimulus: None, topic, payload, qos: mouth.qos, retain })
    }
}

impl Hands for Mouths {
    fn answer(&self, device: usize, answer: &Answer, ts: i64) -> bool {
        let Some(mouth) = self.devices.get(device) else { return false };
        self.send(mouth, &mouth.dialect.ack, mouth.dialect.answer(answer, ts), false)
    }

    /// One that cannot send has still said it: as with what stands on the tape, the gateway is asked for it.
    fn say(&self, device: usize, class: Class, said: Saying<'_>) -> bool {
        let Some(Mouth { connection, name, qos, .. }) = self.devices.get(device) else { return false };
        let payload = self.common.event(said.stimulus, name, class, said.signal, said.ts);
        let (stimulus, topic) = (Some(said.stimulus), self.common.event_topic(class, name));
        let retain = self.common.retains(class, name);
        if !connection.say(Message { stimulus, topic, payload, qos: *qos, retain }) {
            self.common.too_many(name);
        }
        true
    }

    fn change(&self, device: usize, class: Class, change: &Change, ts: i64) {
        if let Some(mouth) = self.devices.get(device) {
            let payload = mouth.dialect.change(change, &mouth.name, class, ts);
            self.send(mouth, &mouth.dialect.state, payload, true);
        }
    }
}

/// What devices are connected with.
#[derive(Debug)]
pub struct Wires<'a> {
    /// The broker of all devices that are on no line.
    pub broker: &'a Address,
    /// Serial lines.
    pub lines: Lines,
}

/// All devices, connected.
pub struct Fleet {
    /// Those on serial lines have no connection: theirs is never made.
    devices: Vec<Arc<Device>>,
    lines: Lines,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    ears: Arc<Ears>,
    /// Devices that do something wrong on purpose.
    afflicted: Afflicted,
    /// Where devices connect.
    broker: Address,
    runtime: Runtime,
}

impl Fleet {
    /// Connects every device of the tape.
    ///
    /// # Errors
    /// A sentence, when not all stand within `patience`, or `stop` says so before.
    pub fn connect(
        tape: &Tape,
        wires: Wires<'_>,
        common: &Common,
        figures: Arc<Figures>,
        patience: Duration,
        stop: &dyn Fn() -> bool,
        desk: &Desk,
    ) -> Result<Fleet, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .on_thread_start(|| {
                prefer_this_thread();
            })
            .worker_threads(2)
            .thread_name("devices")
            .enable_all()
            .build()
            .map_err(|error| format!("the runtime could not be started: {error}"))?;
        let names: Vec<String> = tape.devices.iter().map(|d| d.id.to_string()).collect();
        let standing = names.iter().map(|_| AtomicBool::new(false)).collect();
        let (changed, why, outages) = Default::default();
        let (common, desk) = (common.clone(), desk.clone());
        let dialects = tape.devices.iter().zip(&names);
        let dialects = dialects.map(|(row, name)| Arc::new(common.dialect(row.class, name).into_owned()));
        let dialects = dialects.collect();
        let ears = Arc::new(Ears { common, figures, names, standing, changed, why, outages, desk, dialects });
        let Wires { broker, lines } = wires;
        let (broker, afflicted) = (broker.clone(), Afflicted::default());
        let mut fleet =
            Fleet { devices: Vec::new(), lines, tasks: Vec::new(), ears, afflicted, broker, runtime };
        let mut loops = Vec::new();
        for (index, name) in fleet.ears.names.iter().enumerate() {
            let common = &fleet.ears.common;
            let commands = common.fill(&fleet.ears.dialects[index].topic, name);
            let (device, events) = Device::new(index, name, (&common.topics, commands), &fleet.broker);
            fleet.devices.push(Arc::new(device));
            loops.push(events);
        }
        // Whoever is told something can answer: this stands before the first connection.
        fleet.lines.obey(&fleet.ears.desk);
        fleet.give_mouths(tape);
        for (index, (device, events)) in fleet.devices.iter().zip(loops).enumerate() {
            if fleet.lines.has(DeviceIx(index as u32)) {
                continue;
            }
            let (runs, ears) = (device.clone(), fleet.ears.clone());
            fleet.tasks.push(fleet.runtime.spawn(async move { runs.run(events, &*ears).await }));
        }
        match fleet.wait_for_all(patience, stop) {
            Ok(()) => Ok(fleet),
            Err(why) => {
                fleet.runtime.shutdown_background();
                Err(why)
            }
        }
    }

    fn give_mouths(&self, tape: &Tape) {
        let ears = &self.ears;
        let rows = self.devices.iter().zip(&ears.names).zip(&tape.devices).zip(&ears.dialects);
        let devices = rows.map(|(((device, name), row), dialect)| Mouth {
            connection: device.clone(),
            name: name.clone(),
            qos: ears.common.qos(row.class, name, row.qos),
            dialect: dialect.clone(),
        });
        let mouths: Arc<dyn Hands> =
            Arc::new(Mouths { devices: devices.collect(), common: ears.common.clone() });
        (0..self.devices.len()).for_each(|device| ears.desk.attach(device, mouths.clone()));
    }

    fn wait_for_all(&self, patience: Duration, stop: &dyn Fn() -> bool) -> Result<(), String> {
        let wanted = self.connections();
        let all = async {
            while self.ears.figures.connected.load(Ordering::SeqCst) < wanted {
                if stop() {
                    return;
                }
                // A change between the look and the wait has left its permit.
                let _ = tokio::time::timeout(LOOK, self.ears.changed.notified()).await;
            }
        };
        let waited = self.runtime.block_on(async { tokio::time::timeout(patience, all).await });
        if stop() {
            return Err("stopped while connecting".into());
        }
        waited.map_err(|_| {
            let stand = self.ears.figures.connected.load(Ordering::SeqCst);
            let why = self.ears.why.lock().map(|why| why.clone()).unwrap_or_default();
            let why = if why.is_empty() { "no answer".to_owned() } else { why };
            format!("{stand} of {wanted} devices could connect within {} s: {why}", patience.as_secs())
        })
    }

    /// Writes down every answer that the plan expects, so that a run that is cut does not look whole. Nothing is
    /// expected for a signal that its line does not carry.
    pub fn announce(&self, tape: &Tape, plan: &Plan, drive: Timing) {
        for send in &plan.sends {
            let Some((id, of)) = send.what.id().zip(send.what.stimulus()) else { continue };
            let Some(stimulus) = tape.stimuli.get(of.index()) else { continue };
            if !self.afflicted.is_owed(send.device, send.at_us) {
                continue;
            }
            if self.lines.has(send.device) && !self.lines.carries(send.device, &stimulus.signal) {
                continue;
            }
            let common = &self.ears.common;
            let class = tape.devices.get(send.device.index()).map_or(Class::DutyRoom, |row| row.class);
            let said = (id, &stimulus.signal);
            let expected = common.expected(said, send.device, class, drive.start_us + send.at_us);
            expected.into_iter().for_each(|expected| common.journal.write(Entry::Expected(expected)));
        }
    }

    /// One remark for each time that connections were lost together. Called once, before they are closed.
    pub fn remark_outages(&self) {
        for text in summary(&self.ears.outages(), &self.ears.names) {
            self.ears.common.note("connection", text);
        }
    }

    /// Sends the plan, which starts at `start_us` on the run's clock. Returns when the last message was handed over
    /// or `stop` says so.
    pub fn drive(&self, tape: &Tape, plan: &Plan, drive: Timing, stop: &dyn Fn() -> bool) {
        let mut windows = plan.windows.iter().peekable();
        for send in &plan.sends {
            while let Some(w) = windows.next_if(|w| w.began_us <= send.at_us) {
                let began_us = drive.start_us + w.began_us;
                if !wait_until(&self.ears.common.clock, began_us, stop) {
                    return;
                }
                let part = self.ears.common.part.into();
                let (index, from, lasting) = (w.index, w.from, w.lasting);
                self.ears.figures.window.store(index as usize, Ordering::Relaxed);
                let entry = WindowEntry { index, from, lasting, began_us, part };
                self.ears.common.journal.write(Entry::Window(entry));
                self.lines.begin(&tape.stimuli, from);
            }
            if self.lines.has(send.device) {
                if !self.say_on_line(tape, *send, drive.start_us + send.at_us, stop) {
                    return;
                }
                continue;
            }
            let (message, state) = self.message(tape, *send, drive);
            let at_us = drive.start_us + send.at_us;
            if !wait_until(&self.ears.common.clock, at_us, stop) {
                return;
            }
            let Some(device) = self.devices.get(send.device.index()) else { continue };
            if self.withheld(tape, *send, at_us) {
                continue;
            }
            if !device.say(message) {
                self.ears.common.too_many(&self.ears.names[send.device.index()]);
            }
            let late = self.ears.common.clock.now_us() - at_us;
            self.ears.figures.latest_us.fetch_max(late, Ordering::Relaxed);
            if let Some(state) = state {
                // Whether it is refused was seen with the event itself.
                let _ = device.say(state);
            }
        }
    }

    /// What a device on a serial line says, at its instant. False when it was stopped before.
    fn say_on_line(&self, tape: &Tape, send: Send, at_us: Micros, stop: &dyn Fn() -> bool) -> bool {
        // A sign of life is that a slave answers.
        let Some(id) = send.what.stimulus() else { return true };
        let Some(stimulus) = tape.stimuli.get(id.index()) else { return true };
        let clock = &self.ears.common.clock;
        if !wait_until(clock, at_us, stop) {
            return false;
        }
        if !self.withheld(tape, send, at_us) && self.lines.say(stimulus) {
            self.ears.figures.left.fetch_add(1, Ordering::Relaxed);
            self.ears.figures.latest_us.fetch_max(clock.now_us() - at_us, Ordering::Relaxed);
        }
        true
    }

    /// How many devices have a connection of their own when all stand.
    pub fn connections(&self) -> usize {
        self.devices.len() - self.lines.devices()
    }

    /// Where commands go.
    pub fn desk(&self) -> &Desk {
        &self.ears.desk
    }

    /// The serial lines.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Whether the gateway has told the device to keep this to itself.
    fn withheld(&self, tape: &Tape, send: Send, at_us: Micros) -> bool {
        let Some((id, of)) = send.what.id().zip(send.what.stimulus()) else { return false };
        let Some(stimulus) = tape.stimuli.get(of.index()) else { return false };
        let desk = &self.ears.desk;
        let withheld = desk.withholds(send.device.index(), id, &stimulus.signal, at_us);
        if !withheld {
            desk.said(send.device.index(), &stimulus.signal);
        }
        withheld
    }

    /// The message, and the state that it sets.
    fn message(&self, tape: &Tape, send: Send, drive: Timing) -> (Message, Option<Message>) {
        let name = &self.ears.names[send.device.index()];
        frame(&self.ears.common, name, (tape, send), drive.start_us + send.at_us, &self.afflicted)
    }

    /// From now on these devices do something wrong, in a plan that starts at an instant.
    pub fn afflict(&mut self, afflicted: &Afflicted) {
        self.afflicted = afflicted.clone();
    }

    /// Lets devices lose their power and their names as they shall, for a plan that starts at an instant and lasts so long.
    pub fn ail(&mut self, start_us: Micros, ends_us: Micros) {
        let clock = self.ears.common.clock;
        for one in self.afflicted.all() {
            let Some(device) = self.devices.get(one.device.index()).cloned() else { continue };
            let away = one.away(ends_us);
            if !away.is_empty() {
                self.tasks.push(self.runtime.spawn(async move {
                    for (from, to) in away {
                        tokio::time::sleep(clock.until(start_us + from)).await;
                        device.power(false);
                        tokio::time::sleep(clock.until(start_us + to)).await;
                        device.power(true);
                    }
                }));
            } else if one.ail == Ail::DuplicateId {
                let (name, broker) = (self.ears.names[one.device.index()].clone(), self.broker.clone());
                let (from, until) = (start_us + one.from_us, start_us + one.until_us.min(ends_us));
                self.tasks.push(self.runtime.spawn(async move {
                    tokio::time::sleep(clock.until(from)).await;
                    let _ = tokio::time::timeout(clock.until(until), double(&name, &broker)).await;
                }));
            }
        }
    }

    /// Takes the lines of devices away at an instant, and gives each its own back at another.
    pub fn storm(&mut self, at_us: Micros, back: &[Kept]) {
        let clock = self.ears.common.clock;
        for kept in back.iter().copied() {
            let Some(device) = self.devices.get(kept.device.index()).cloned() else { continue };
            self.tasks.push(self.runtime.spawn(async move {
                tokio::time::sleep(clock.until(at_us)).await;
                device.line(false);
                tokio::time::sleep(clock.until(kept.back_us)).await;
                device.line(true);
            }));
        }
    }

    /// Says goodbye for every device.
    pub fn close(self) {
        self.devices.iter().for_each(|device| device.close());
        let tasks = self.tasks;
        let all = async move {
            for task in tasks {
                // A task that panicked has nothing to close.
                let _ = task.await;
            }
        };
        let until = Instant::now() + Duration::from_secs(1);
        // Connections that cannot be closed in a second are dropped with the runtime.
        let _ = self.runtime.block_on(async { tokio::time::timeout_at(until.into(), all).await });
        self.runtime.shutdown_background();
    }
}

/// A client with a device's name, which connects whenever it was thrown out.
async fn double(name: &str, broker: &Address) {
    let (_kept, mut events) = client(name, broker, None);
    loop {
        if events.poll().await.is_err() {
            tokio::time::sleep(DOUBLE).await;
        }
    }
}

/// What a device of this name says at an instant, and the state that it sets.
pub(super) fn frame(
    common: &Common,
    name: &str,
    (tape, send): (&Tape, Send),
    at_us: Micros,
    afflicted: &Afflicted,
) -> (Message, Option<Message>) {
    let ts = common.clock.epoch_ms(at_us) + afflicted.clock_ms(send.device, send.at_us);
    let row = tape.devices.get(send.device.index());
    let stimulus = send.what.stimulus().and_then(|id| tape.stimuli.get(id.index()));
    let Some((stimulus, id)) = stimulus.zip(send.what.id()) else {
        let What::Heartbeat(count) = send.what else { unreachable!("the plan is made from this tape") };
        let (topic, payload) = (common.topics.device(name, Leaf::Heartbeat), heartbeat(name, count, ts));
        return (Message { stimulus: None, topic, payload, qos: 0, retain: false }, None);
    };
    let class = row.map_or(Class::DutyRoom, |row| row.class);
    let payload = common.event(id, name, class, &stimulus.signal, ts);
    let payload = afflicted.payload(send.device, send.at_us, payload);
    let qos = common.qos(class, name, row.map_or(1, |row| row.qos));
    let state = latches(&stimulus.signal).then(|| Message {
        stimulus: None,
        topic: common.fill(&common.dialect(class, name).state, name),
        payload: payload.clone(),
        qos,
        retain: true,
    });
    let (topic, retain) = (common.event_topic(class, name), common.retains(class, name));
    (Message { stimulus: Some(id), topic, payload, qos, retain }, state)
}

/// When a plan is driven.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The plan's start on the run's clock, µs.
    pub start_us: Micros,
}
