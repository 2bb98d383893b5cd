//! Commands of the gateway to the devices of a part of a run: received over any link, done by [`crate::actuator`] in the
//! time that the real device takes, answered over the link of the device, and written down. Nothing is done on this
//! machine but sending and recording.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

use palisade_sim::contract::{Class, Signal};
use palisade_sim::words::{DeviceIx, StimulusId};

use super::fleet::Common;
use crate::actuator::{Actuator, Effect};
use crate::record::{Answered, Command, Entry, Micros, Withheld};
use crate::wire::command::{Answer, Change, Malformed, Order};

/// How a device's answers and changes travel to the gateway.
pub trait Hands: Send + Sync + 'static {
    /// The device answers a command; `ts` is now, ms after the epoch.
    fn answer(&self, device: usize, answer: &Answer, ts: i64);
    /// The device is in another state because of the command with this number.
    fn changed(&self, device: usize, class: Class, number: u32, change: &Change, ts: i64);
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
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("devices", &self.0.devices.len()).finish_non_exhaustive()
    }
}

impl Orders {
    /// One state machine for each device of the tape, in its order.
    ///
    /// # Errors
    /// A sentence, when no thread can be started.
    pub fn start(common: Common, devices: Vec<Actuator>) -> Result<Orders, String> {
        let (wake, woken) = mpsc::channel();
        let hands = devices.iter().map(|_| OnceLock::new()).collect();
        let devices = devices.into_iter().map(Mutex::new).collect();
        let desk = Desk(Arc::new(Inner { common, devices, hands, numbers: AtomicU32::new(0), wake }));
        let works = desk.clone();
        let thread = std::thread::Builder::new()
            .name("commands".into())
            .spawn(move || works.work(&woken))
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

    /// A command came as JSON over a link such as `mqtt`. One that the broker had kept is refused: it may be old.
    pub fn told_json(&self, device: usize, payload: &[u8], retained: bool, link: &str) {
        let order = match Order::decode(payload) {
            Ok(order) if retained => Err(Malformed {
                id: Some(order.id),
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
            Ok(order) => (Some(order.id.clone()), order.verb.word().to_owned(), order.cause.clone()),
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
        let common = &self.0.common;
        let hands = self.0.hands.get(device).and_then(OnceLock::get);
        let mut said = None;
        for effect in effects {
            let executed_us = common.clock.now_us();
            let ts = common.clock.epoch_ms(executed_us);
            match effect {
                Effect::Changed { number, change } => {
                    said = change.signal.as_ref().map(|signal| (*number, signal.word()));
                    if let Some(hands) = hands {
                        hands.changed(device, class, *number, change, ts);
                    }
                }
                Effect::Answer { number, answer, repeated } => {
                    common.journal.write(Entry::Answered(Answered {
                        number: *number,
                        part: common.part.into(),
                        device: DeviceIx(device as u32),
                        id: answer.id.clone(),
                        executed_us,
                        ok: answer.ok,
                        state: answer.state.clone(),
                        why: answer.why.clone(),
                        repeated: *repeated,
                        signal: said.take_if(|(of, _)| of == number).map(|(_, word)| word),
                    }));
                    if let Some(hands) = hands {
                        hands.answer(device, answer, ts);
                    }
                }
            }
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
    use crate::wire::mqtt_json::Topics;

    struct Heard(Mutex<Sender<String>>);

    impl Hands for Heard {
        fn answer(&self, device: usize, answer: &Answer, _: i64) {
            let id = answer.id.as_deref().unwrap_or("none");
            let _ = self.0.lock().unwrap().send(format!("{device} {id} {} {}", answer.ok, answer.state));
        }
        fn changed(&self, device: usize, _: Class, number: u32, change: &Change, _: i64) {
            let _ = self.0.lock().unwrap().send(format!("{device} -> {} by {number}", change.state));
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
            topics,
            contract: Arc::new(crate::contract::Contract::plain("x", "mqtt://127.0.0.1:1", None)),
        };
        let times = Times { release: Ms(40), arm: Ms(20), relay: Ms(10) };
        let devices = [Class::Intercom, Class::Beam].map(|class| Actuator::new(class, times));
        let orders = Orders::start(common, devices.into()).unwrap();
        let (tell, told) = mpsc::channel();
        let heard = Arc::new(Heard(Mutex::new(tell)));
        (0..2).for_each(|device| orders.desk().attach(device, heard.clone()));
        let desk = orders.desk().clone();
        let json = |id: &str, verb: Verb| Order { id: id.into(), verb, ts: None, cause: None }.encode();
        desk.told_json(0, json("a", Verb::Unlock).as_bytes(), false, "mqtt");
        let next = || told.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        assert_eq!([next(), next(), next()], ["0 -> released by 0", "0 a true released", "0 -> locked by 0"]);
        desk.told_json(0, json("b", Verb::Unlock).as_bytes(), true, "mqtt");
        assert_eq!(next(), "0 b false locked");
        desk.told_json(1, b"{", false, "mqtt");
        assert_eq!(next(), "1 none false armed");
        let broken = Signal::BeamBroken { broken_ms: 60 };
        assert!(!desk.withholds(1, StimulusId(5), &broken, 0));
        desk.told_json(1, json("c", Verb::Disarm).as_bytes(), false, "mqtt");
        assert_eq!([next(), next()], ["1 -> disarmed by 3", "1 c true disarmed"]);
        assert!(desk.withholds(1, StimulusId(6), &broken, 7));
        drop(orders);
        writing.finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let entries: Vec<Entry> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [Entry::Command(unlock), Entry::Answered(done), ..] = &entries[..] else { panic!("{text}") };
        assert_eq!((unlock.command.as_str(), done.signal.as_deref()), ("unlock", Some("door_released")));
        let took_us = done.executed_us - unlock.received_us;
        assert!(took_us >= 10_000, "{took_us} µs, less than the relay takes");
        assert!(matches!(&entries[..], [.., Entry::Withheld(w)] if w.why == "disarmed" && w.stimulus.0 == 6));
    }
}
