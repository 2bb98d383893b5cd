//! Commands of the gateway to the devices of a part of a run: received over any link, done by [`crate::actuator`] in the
//! time that the real device takes, answered over the link of the device, and written down. Nothing is done on this
//! machine but sending and recording.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

use palisade_load::process::prefer_this_thread;
use palisade_sim::contract::{Class, Signal};
use palisade_sim::words::{DeviceIx, StimulusId};

use super::fleet::Common;
use crate::actuator::{Actuator, Effect};
use crate::record::{Answered, Command, Entry, Micros, Owed, Said, Withheld};
use crate::wire::command::{Answer, Change, Malformed, Order};
use crate::wire::id;

/// How a device's answers and changes travel to the gateway.
pub trait Hands: Send + Sync + 'static {
    /// The device answers a command; `ts` is now, ms after the epoch. False when it has no way to.
    fn answer(&self, device: usize, answer: &Answer, ts: i64) -> bool;
    /// The device says something because of a command. False when no gateway could see it.
    fn say(&self, device: usize, class: Class, said: Saying<'_>) -> bool;
    /// The device is in another state because of a command.
    fn change(&self, device: usize, class: Class, change: &Change, ts: i64);
}

/// What a device says because of a command.
#[derive(Clone, Copy, Debug)]
pub struct Saying<'a> {
    /// Its number as a stimulus.
    pub stimulus: StimulusId,
    /// What it says.
    pub signal: &'a Signal,
    /// When it is due, ms after the epoch.
    pub ts: i64,
}

/// What the gateway owes to devices once one of them has said something at an instant.
pub type Follows = dyn Fn(DeviceIx, StimulusId, &Signal, Micros) -> Vec<Owed> + Send + Sync;

/// Until when what devices say because of commands is judged.
#[derive(Debug, Default)]
struct Book {
    /// Nothing that is said from now on is.
    closed: bool,
    /// The last deadline of what is, µs.
    until_us: Micros,
}

enum Wake {
    At(Micros, usize),
    Stop,
}

/// The devices' state machines, and the thread that does what is due. Dropping it stops the thread; commands that are not done
/// by then stay unanswered.
#[derive(Debug)]
pub struct Orders {
    desk: Desk,
    thread: Option<JoinHandle<()>>,
}

/// A handle for the links of the devices. Clones speak of the same devices.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    common: Common,
    devices: Vec<Mutex<Actuator>>,
    hands: Vec<OnceLock<Arc<dyn Hands>>>,
    numbers: AtomicU32,
    wake: Sender<Wake>,
    book: Mutex<Book>,
    follows: Box<Follows>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("devices", &self.0.devices.len()).finish_non_exhaustive()
    }
}

impl Orders {
    /// One state machine for each device of the tape, in its order. `follows`: what is owed after what they say because of
    /// commands.
    ///
    /// # Errors
    /// A sentence, when no thread can be started.
    pub fn start(common: Common, devices: Vec<Actuator>, follows: Box<Follows>) -> Result<Orders, String> {
        let (wake, woken) = mpsc::channel();
        let hands = devices.iter().map(|_| OnceLock::new()).collect();
        let devices = devices.into_iter().map(Mutex::new).collect();
        let (numbers, book) = Default::default();
        let desk = Desk(Arc::new(Inner { common, devices, hands, numbers, wake, book, follows }));
        let works = desk.clone();
        let thread = std::thread::Builder::new()
            .name("commands".into())
            .spawn(move || {
                prefer_this_thread();
                works.work(&woken)
            })
            .map_err(|error| format!("a thread could not be started: {error}"))?;
        Ok(Orders { desk, thread: Some(thread) })
    }

    /// A handle for a link.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }
}

impl Drop for Orders {
    fn drop(&mut self) {
        let _ = self.desk.0.wake.send(Wake::Stop);
        // A thread that panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Desk {
    /// Says how answers of a device travel. Its first hands stay.
    pub fn attach(&self, device: usize, hands: Arc<dyn Hands>) {
        if let Some(place) = self.0.hands.get(device) {
            let _ = place.set(hands);
        }
    }

    /// A command came over a broker. One that the broker had kept is refused: it may be old.
    pub fn told_by_broker(&self, device: usize, order: Result<Order, Malformed>, retained: bool, link: &str) {
        let order = match order {
            Ok(order) if retained => Err(Malformed {
                id: order.id,
                word: order.verb.word().into(),
                cause: order.cause,
                why: "a retained command is not done: it may be old".into(),
            }),
            other => other,
        };
        self.told(device, order, link);
    }

    /// A command came over a link, read already.
    pub fn told(&self, device: usize, order: Result<Order, Malformed>, link: &str) {
        let received_us = self.0.common.clock.now_us();
        let Some(mut actuator) = self.lock(device) else { return };
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed);
        let (id, command, cause) = match &order {
            Ok(order) => (order.id.clone(), order.verb.word().to_owned(), order.cause.clone()),
            Err(wrong) => (wrong.id.clone(), wrong.word.clone(), wrong.cause.clone()),
        };
        self.0.common.journal.write(Entry::Command(Command {
            number,
            received_us,
            part: self.0.common.part.into(),
            device: DeviceIx(device as u32),
            command,
            id,
            cause,
            link: link.to_owned(),
        }));
        let at_once = match order {
            Ok(order) => actuator.told(number, order, received_us),
            Err(wrong) => Some(actuator.told_nonsense(number, wrong)),
        };
        let (next, class) = (actuator.next_us(), actuator.class());
        drop(actuator);
        self.carry_out(device, class, at_once.as_slice());
        if let Some(next_us) = next {
            // The thread ends only with the part.
            let _ = self.0.wake.send(Wake::At(next_us, device));
        }
    }

    /// Whether the device does not say this now; then it is written down as withheld.
    pub fn withholds(&self, device: usize, stimulus: StimulusId, signal: &Signal, at_us: Micros) -> bool {
        let why = self.lock(device).and_then(|actuator| actuator.withholds(signal));
        if let Some(why) = why {
            self.0.common.journal.write(Entry::Withheld(Withheld {
                stimulus,
                part: self.0.common.part.into(),
                device: DeviceIx(device as u32),
                at_us,
                why: why.to_owned(),
            }));
        }
        why.is_some()
    }

    /// The device said something of its own accord.
    pub fn said(&self, device: usize, signal: &Signal) {
        if let Some(mut actuator) = self.lock(device) {
            actuator.said(signal);
        }
    }

    /// From now on nothing is expected for what devices say because of commands: the run is over. Returns the last
    /// deadline of what was expected, µs.
    pub fn last_call(&self) -> Micros {
        let mut book = self.book();
        book.closed = true;
        book.until_us
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self, device: usize) -> Option<MutexGuard<'_, Actuator>> {
        self.0.devices.get(device).map(|d| d.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does what is due until it is stopped.
    fn work(&self, woken: &Receiver<Wake>) {
        let mut due: BinaryHeap<Reverse<(Micros, usize)>> = BinaryHeap::new();
        loop {
            let wait = due.peek().map(|Reverse((at_us, _))| self.0.common.clock.until(*at_us));
            let news = match wait {
                Some(wait) if wait.is_zero() => Err(RecvTimeoutError::Timeout),
                Some(wait) => woken.recv_timeout(wait),
                None => woken.recv().map_err(RecvTimeoutError::from),
            };
            match news {
                Ok(Wake::At(at_us, device)) => due.push(Reverse((at_us, device))),
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    let Some(Reverse((_, device))) = due.pop() else { continue };
                    let next_us = self.advance(device);
                    // Told anew each time: a device may stand here twice, which does no harm.
                    due.extend(next_us.map(|at_us| Reverse((at_us, device))));
                }
            }
        }
    }

    fn advance(&self, device: usize) -> Option<Micros> {
        let mut actuator = self.lock(device)?;
        let effects = actuator.advance(self.0.common.clock.now_us());
        let (next, class) = (actuator.next_us(), actuator.class());
        drop(actuator);
        self.carry_out(device, class, &effects);
        next
    }

    fn carry_out(&self, device: usize, class: Class, effects: &[Effect]) {
        let hands = self.0.hands.get(device).and_then(OnceLock::get);
        for effect in effects {
            match effect {
                Effect::Changed { number, at_us, change } => {
                    if let Some(signal) = &change.signal {
                        self.says(device, class, *number, signal, *at_us);
                    }
                    let ts = self.0.common.clock.epoch_ms(*at_us);
                    hands.iter().for_each(|hands| hands.change(device, class, change, ts));
                }
                Effect::Answer { number, answer, repeated } => {
                    self.answers(device, *number, answer, *repeated);
                }
            }
        }
    }

    fn answers(&self, device: usize, number: u32, answer: &Answer, repeated: bool) {
        let common = &self.0.common;
        let executed_us = common.clock.now_us();
        let ts = common.clock.epoch_ms(executed_us);
        let hands = self.0.hands.get(device).and_then(OnceLock::get);
        let given = hands.is_some_and(|hands| hands.answer(device, answer, ts));
        common.journal.write(Entry::Answered(Answered {
            number,
            part: common.part.into(),
            device: DeviceIx(device as u32),
            id: answer.id.clone(),
            executed_us,
            ok: answer.ok,
            state: answer.state.clone(),
            why: answer.why.clone(),
            repeated,
            answered_us: given.then(|| common.clock.now_us()),
        }));
    }

    /// A device says something because of a command: a stimulus of its own, which the gateway is to pass on like any.
    fn says(&self, device: usize, class: Class, number: u32, signal: &Signal, at_us: Micros) {
        let common = &self.0.common;
        let (stimulus, ix) = (id::of_command(number), DeviceIx(device as u32));
        let part = common.part.to_owned();
        let said = Said { stimulus, number, part, device: ix, signal: signal.word(), at_us };
        common.journal.write(Entry::Said(said));
        let saying = Saying { stimulus, signal, ts: common.clock.epoch_ms(at_us) };
        let hands = self.0.hands.get(device).and_then(OnceLock::get);
        if hands.is_some_and(|hands| hands.say(device, class, saying)) {
            self.expect(ix, class, saying, at_us);
        }
    }

    fn expect(&self, device: DeviceIx, class: Class, said: Saying<'_>, at_us: Micros) {
        let common = &self.0.common;
        let mut book = self.book();
        if book.closed {
            return;
        }
        let expected = common.expected((said.stimulus, said.signal), device, class, at_us);
        if let Some(expected) = expected {
            book.until_us = book.until_us.max(at_us + expected.deadline_us);
            common.journal.write(Entry::Expected(expected));
        }
        for owed in (self.0.follows)(device, said.stimulus, said.signal, at_us) {
            book.until_us = book.until_us.max(at_us + owed.deadline_us);
            common.journal.write(Entry::Owed(owed));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use palisade_sim::words::Ms;

    use super::*;
    use crate::actuator::Times;
    use crate::drivers::Clock;
    use crate::record;
    use crate::wire::command::Verb;
    use crate::wire::dialect::Dialect;
    use crate::wire::mqtt_json::Topics;

    struct Heard(Mutex<Sender<String>>);

    impl Hands for Heard {
        fn answer(&self, device: usize, answer: &Answer, _: i64) -> bool {
            let id = answer.id.as_deref().unwrap_or("none");
            self.0.lock().unwrap().send(format!("{device} {id} {} {}", answer.ok, answer.state)).is_ok()
        }
        fn say(&self, device: usize, _: Class, said: Saying<'_>) -> bool {
            let text = format!("{device} says {} as {}", said.signal.word(), id::wire_id("r", said.stimulus));
            self.0.lock().unwrap().send(text).is_ok()
        }
        fn change(&self, device: usize, _: Class, change: &Change, _: i64) {
            let _ = self.0.lock().unwrap().send(format!("{device} -> {}", change.state));
        }
    }

    #[test]
    fn commands_are_done_in_the_devices_time_answered_and_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let writing = record::create(&path).unwrap();
        let (journal, topics) = (writing.journal().clone(), Topics::of("s"));
        let common = Common {
            clock: Clock::start(),
            journal,
            part: "main",
            run: "r".into(),
            mark: String::new(),
            topics,
            contract: Arc::new(crate::contract::Contract::plain("x", "mqtt://127.0.0.1:1", None)),
            retain: false,
        };
        let times = Times { release: Ms(40), arm: Ms(20), relay: Ms(10) };
        let devices = [Class::Intercom, Class::Beam].map(|class| Actuator::new(class, times));
        let follows = |device, stimulus, _: &Signal, intended_us| {
            let (part, command) = ("main".into(), "siren_on".into());
            vec![Owed { stimulus, part, devices: vec![device], command, intended_us, deadline_us: 5_000_000 }]
        };
        let orders = Orders::start(common, devices.into(), Box::new(follows)).unwrap();
        let (tell, told) = mpsc::channel();
        let heard = Arc::new(Heard(Mutex::new(tell)));
        (0..2).for_each(|device| orders.desk().attach(device, heard.clone()));
        let desk = orders.desk().clone();
        let order = |id: &str, verb: Verb| Ok(Order { id: Some(id.into()), verb, ts: None, cause: None });
        desk.told_by_broker(0, order("a", Verb::Unlock), false, "mqtt");
        let next = || told.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        let seen = [next(), next(), next(), next()];
        assert_eq!(
            seen,
            ["0 says door_released as r-cmd0", "0 -> released", "0 a true released", "0 -> locked"]
        );
        desk.told_by_broker(0, order("b", Verb::Unlock), true, "mqtt");
        assert_eq!(next(), "0 b false locked");
        desk.told_by_broker(1, Dialect::default().read(b"{"), false, "mqtt");
        assert_eq!(next(), "1 none false armed");
        let broken = Signal::BeamBroken { broken_ms: 60 };
        assert!(!desk.withholds(1, StimulusId(5), &broken, 0));
        desk.told_by_broker(1, order("c", Verb::Disarm), false, "mqtt");
        assert_eq!([next(), next()], ["1 -> disarmed", "1 c true disarmed"]);
        assert!(desk.withholds(1, StimulusId(6), &broken, 7));
        let last_us = desk.last_call();
        desk.told_by_broker(0, order("d", Verb::Unlock), false, "mqtt");
        (0..3).for_each(|_| drop(next()));
        drop(orders);
        writing.finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let entries: Vec<Entry> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [
            Entry::Command(unlock),
            Entry::Said(said),
            Entry::Expected(expected),
            Entry::Owed(owed),
            Entry::Answered(done),
            ..,
        ] = &entries[..]
        else {
            panic!("{text}")
        };
        assert_eq!((unlock.command.as_str(), said.signal.as_str()), ("unlock", "door_released"));
        assert_eq!((said.stimulus, said.at_us), (expected.stimulus, expected.intended_us));
        assert_eq!((owed.stimulus, last_us), (said.stimulus, said.at_us + owed.deadline_us));
        let took_us = done.executed_us - unlock.received_us;
        assert!(took_us >= 10_000, "{took_us} µs, less than the relay takes");
        assert!(done.answered_us >= Some(done.executed_us));
        let withheld =
            |e: &Entry| matches!(e, Entry::Withheld(w) if w.why == "disarmed" && w.stimulus.0 == 6);
        assert!(entries.iter().any(withheld));
        let count = |of: fn(&Entry) -> bool| entries.iter().filter(|e| of(e)).count();
        let after_the_end =
            (count(|e| matches!(e, Entry::Said(_))), count(|e| matches!(e, Entry::Expected(_))));
        assert_eq!(after_the_end, (2, 1), "what is said after the last call is not expected");
    }
}
