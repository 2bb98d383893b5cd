//! Defects that bend the gateway: the catalogue, and what each of them does to messages on their way.
//!
//! A defect is made of a few [`Flaw`]s, each of which has its hand at one place. [`Bent`] holds those of one gateway and
//! is asked by the hub; without defects it does nothing.

pub mod catalogue;
mod command;
mod content;
mod extra;
mod link;
mod loss;
mod time;

use std::time::Duration;

use palisade_sim::words::{AgentKey, Dice};
use serde_json::{Map, Value};

use super::commands::Order;
use super::defects::Defects;
use super::rules::Bypasses;
pub use catalogue::{Drawn, Row};

/// A device's message as the gateway hears it.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// The device, from the topic.
    pub device: String,
    /// Its class, as it says it.
    pub class: String,
    /// What it says.
    pub signal: String,
    /// How loudly.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// When it happened, epoch milliseconds.
    pub ts: i64,
    /// Quality of service.
    pub qos: u8,
    /// Marked as sent before.
    pub dup: bool,
    /// 0 with QoS 0.
    pub packet_id: u16,
    /// Of the payload.
    pub bytes: usize,
    /// Since the gateway started.
    pub at: Duration,
    /// Since the device's connection, if it is not its first one.
    pub since_return: Option<Duration>,
    /// The gateway's wall clock, epoch milliseconds.
    pub now_ms: i64,
}

/// An alarm on its way out.
#[derive(Clone, Debug, Default)]
pub struct Saying {
    /// Where it is said.
    pub topic: String,
    /// What is said.
    pub body: Map<String, Value>,
    /// What is said instead, when it is no JSON.
    pub raw: Option<Vec<u8>>,
    /// How long it is held back.
    pub after: Duration,
    /// Whether the broker keeps it.
    pub retain: bool,
    /// Whether it takes the place of an alarm of its device that still waits.
    pub replaces: bool,
    /// The device that it is about.
    pub device: String,
    /// What devices are told with it.
    pub orders: Vec<Order>,
}

impl Saying {
    /// The payload.
    pub fn payload(&self) -> Vec<u8> {
        self.raw.clone().unwrap_or_else(|| Value::Object(self.body.clone()).to_string().into_bytes())
    }

    /// Another one beside this, which leads to no commands.
    fn beside(&self) -> Saying {
        Saying { orders: Vec::new(), ..self.clone() }
    }

    fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.body.insert(field.to_owned(), value.into());
    }
}

type Loses = Box<dyn FnMut(&Arrival) -> bool + Send>;
type Says = Box<dyn FnMut(&Arrival, Saying) -> Vec<Saying> + Send>;
type Status = Box<dyn FnMut(&str, &[u8]) -> bool + Send>;
type Beats = Box<dyn FnMut(&str, &str) -> Option<Saying> + Send>;
type Orders = Box<dyn FnMut(Order) -> Vec<(Duration, Order)> + Send>;
type Acks = Box<dyn FnMut(u64) -> Option<Duration> + Send>;

/// What a defect does, and where.
enum Flaw {
    /// True for a message that leads to nothing.
    Loses(Loses),
    /// What is said for an alarm.
    Says(Says),
    /// True for a device's status that is not heard: the device and the payload.
    Status(Status),
    /// What is said for a heartbeat: the site and the device.
    Beats(Beats),
    /// Which commands are sent for one, and how much later.
    Orders(Orders),
    /// How much later an acknowledgement is sent, or not at all; acknowledgements are numbered.
    Acks(Acks),
    /// A switch of the parts that have one.
    Switch(fn(&mut Switches, f64)),
    /// A fault that `--defect` knows by itself.
    Plain(fn(&mut Defects, f64)),
}

/// Switches of broker, rules and store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Switches {
    /// How bypasses are kept.
    pub bypasses: Bypasses,
    /// A message that came before passes again.
    pub passes: Repeats,
    /// The session of a client that comes back is not there any more.
    pub forgets_sessions: bool,
    /// A good-bye counts as a broken link.
    pub will_after_goodbye: bool,
    /// How long an alarm waits before it is stored.
    pub stores_after: Duration,
    /// The last so many alarms are said again after a restart.
    pub replays: usize,
    /// The last so many alarms are said again when a subscriber comes back.
    pub redelivers: usize,
}

/// Which messages that came before pass again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeats {
    /// None.
    #[default]
    None,
    /// Those with the DUP flag.
    Marked,
    /// All.
    All,
}

/// The flaws of one gateway.
#[derive(Default)]
pub struct Bent {
    flaws: Vec<Flaw>,
    acks: u64,
    /// Switches of other parts.
    pub switches: Switches,
}

impl std::fmt::Debug for Bent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bent").field("flaws", &self.flaws.len()).finish()
    }
}

impl Bent {
    /// Makes the defects; what `--defect` knows by itself is set in `plain`.
    pub fn new(drawn: &[Drawn], seed: u64, plain: &mut Defects) -> Bent {
        let mut bent = Bent::default();
        for Drawn { id, strength } in drawn {
            for flaw in make(id, *strength, Dice::new(seed)) {
                match flaw {
                    Flaw::Switch(turn) => turn(&mut bent.switches, *strength),
                    Flaw::Plain(set) => set(plain, *strength),
                    other => bent.flaws.push(other),
                }
            }
        }
        // What is lost is lost before anything else could be done with it.
        bent.flaws.sort_by_key(|flaw| !matches!(flaw, Flaw::Loses(_)));
        bent
    }

    /// Whether nothing is done to any message.
    pub fn is_straight(&self) -> bool {
        self.flaws.is_empty() && self.switches == Switches::default()
    }

    /// What is said for an alarm. Each flaw sees every message, also those that another one loses.
    pub fn says(&mut self, arrival: &Arrival, saying: Saying) -> Vec<Saying> {
        let mut lost = false;
        let mut all = vec![saying];
        for flaw in &mut self.flaws {
            match flaw {
                Flaw::Loses(loses) => lost |= loses(arrival),
                Flaw::Says(says) if !lost => {
                    all = all.into_iter().flat_map(|saying| says(arrival, saying)).collect();
                }
                _ => {}
            }
        }
        if lost { Vec::new() } else { all }
    }

    /// Whether a device's status is heard.
    pub fn hears_status(&mut self, device: &str, payload: &[u8]) -> bool {
        !self.flaws.iter_mut().any(|flaw| match flaw {
            Flaw::Status(deaf) => deaf(device, payload),
            _ => false,
        })
    }

    /// What is said for a heartbeat.
    pub fn beat(&mut self, site: &str, device: &str) -> Option<Saying> {
        self.flaws.iter_mut().find_map(|flaw| match flaw {
            Flaw::Beats(beats) => beats(site, device),
            _ => None,
        })
    }

    /// The commands that are sent, and how much later.
    pub fn orders(&mut self, orders: Vec<Order>) -> Vec<(Duration, Order)> {
        let mut all: Vec<(Duration, Order)> =
            orders.into_iter().map(|order| (Duration::ZERO, order)).collect();
        for flaw in &mut self.flaws {
            if let Flaw::Orders(change) = flaw {
                let later = |(after, order)| {
                    change(order)
                        .into_iter()
                        .map(move |(more, order)| (after + more, order))
                        .collect::<Vec<_>>()
                };
                all = all.into_iter().flat_map(later).collect();
            }
        }
        all
    }

    /// How much later an acknowledgement is sent; `None` when it is not.
    pub fn ack(&mut self) -> Option<Duration> {
        self.acks += 1;
        let number = self.acks;
        self.flaws.iter_mut().try_fold(Duration::ZERO, |after, flaw| match flaw {
            Flaw::Acks(acks) => acks(number).map(|more| after + more),
            _ => Some(after),
        })
    }
}

/// The flaws that a defect is made of.
fn make(id: &str, strength: f64, dice: Dice) -> Vec<Flaw> {
    loss::make(id, strength, dice)
        .or_else(|| extra::make(id, strength, dice))
        .or_else(|| content::make(id, strength, dice))
        .or_else(|| time::make(id, strength))
        .or_else(|| link::make(id, strength, dice))
        .or_else(|| command::make(id, strength, dice))
        .unwrap_or_default()
}

/// True for the share of messages that the dice draw for this purpose.
fn hit(dice: Dice, arrival: &Arrival, purpose: &str, share: f64) -> bool {
    let who = AgentKey::of(&format!("{}/{}", arrival.device, arrival.id));
    dice.draw(who, purpose, 0).chance(share)
}

fn millis(strength: f64) -> Duration {
    Duration::from_millis(strength.max(0.0) as u64)
}

/// Names in the order in which they were first heard.
#[derive(Default)]
struct InOrder(Vec<String>);

impl InOrder {
    /// The place of a name, from 1.
    fn place(&mut self, name: &str) -> usize {
        let known = self.0.iter().position(|known| known == name);
        1 + known.unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defect_of_the_catalogue_is_made_of_something() {
        for entry in catalogue::all() {
            assert!(!make(&entry.id, 1.0, Dice::new(1)).is_empty(), "{}: nothing makes it", entry.id);
        }
        assert!(make("no-such-thing", 1.0, Dice::new(1)).is_empty());
    }

    #[test]
    fn without_defects_all_passes() {
        let mut bent = Bent::new(&[], 1, &mut Defects::default());
        let order = Order { topic: "t".into(), payload: Vec::new() };
        assert_eq!(bent.says(&Arrival::default(), Saying::default()).len(), 1);
        assert_eq!(bent.orders(vec![order.clone()]), [(Duration::ZERO, order)]);
        assert_eq!(bent.ack(), Some(Duration::ZERO));
        assert!(bent.hears_status("d", b"offline") && bent.beat("s", "d").is_none());
    }
}
