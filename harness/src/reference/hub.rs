//! The task that owns the broker, the rules, the store and the defects.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use palisade_sim::words::Dice;
use rumqttc::{Packet, Publish};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::broker::{Act, Broker, Link, own_message};
use super::commands::Order;
use super::flaws::{Arrival, Bent, Repeats, Saying};
use super::rules::{Alarm, Ignored, Rules};
use super::serve::{Event, Options};
use super::store::Kept;

/// How long an overtaken alarm waits for the one that overtakes it.
const OVERTAKEN_FOR: Duration = Duration::from_secs(1);

/// An alarm that leaves.
#[derive(Clone, Debug)]
struct Leaving {
    alarm: Alarm,
    retain: bool,
    /// It takes the place of one of its device that waits.
    replaces: bool,
}

/// What waits for its instant.
#[derive(Debug)]
enum Waiting {
    Leaving(Leaving),
    Order(Order),
    Packet(Link, Packet),
}

/// By the instant at which it leaves, and a number.
type Key = (Instant, u64);

/// The task.
pub(super) struct Hub {
    broker: Broker,
    rules: Rules,
    bent: Bent,
    options: Options,
    began: Instant,
    links: BTreeMap<Link, mpsc::Sender<Packet>>,
    /// How often each client has connected.
    connects: BTreeMap<String, u32>,
    /// When a link began whose client had been here before.
    returned: BTreeMap<Link, Instant>,
    /// The link whose packet is being worked on.
    from: Option<Link>,
    waiting: BTreeMap<Key, Waiting>,
    /// Alarms that wait to be overtaken, by device.
    overtaken: BTreeMap<String, Key>,
    /// The site of the first alarm.
    first_site: Option<String>,
    /// The last that were said; only a gateway with a defect remembers any.
    said: VecDeque<Kept>,
    number: u64,
}

impl Hub {
    pub(super) fn new(mut options: Options, bent: Bent) -> Hub {
        let mut rules =
            Rules::new(options.echo, options.commands.clone().filter(|_| !options.defects.no_commands));
        rules.bypasses = bent.switches.bypasses;
        if !options.echo && !options.defects.no_commands {
            rules.linkage = std::mem::take(&mut options.linkage).bent(&options.defects);
        }
        if let Some(store) = &mut options.store {
            store.writes_after = bent.switches.stores_after;
        }
        Hub {
            broker: Broker::default(),
            rules,
            bent,
            options,
            began: Instant::now(),
            links: BTreeMap::new(),
            connects: BTreeMap::new(),
            returned: BTreeMap::new(),
            from: None,
            waiting: BTreeMap::new(),
            overtaken: BTreeMap::new(),
            first_site: None,
            said: VecDeque::new(),
            number: 0,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Event>) {
        loop {
            let next = self.waiting.keys().next().map(|(at, _)| *at);
            let alarm_clock = async {
                match next {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = inbox.recv() => match event {
                    Some(event) => self.event(event),
                    None => return,
                },
                () = alarm_clock => {}
            }
            self.say_what_is_due();
            self.act();
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Opened(link, outbox) => {
                self.links.insert(link, outbox);
            }
            Event::Packet(link, packet) => self.packet(link, packet),
            Event::Gone(link) => {
                self.links.remove(&link);
                self.returned.remove(&link);
                self.broker.gone(link);
            }
            Event::Changed(said) => {
                let alarm = self.rules.input(&said, now_ms());
                self.decide(alarm, None);
            }
        }
        self.act();
        self.from = None;
    }

    fn packet(&mut self, link: Link, packet: Packet) {
        self.from = Some(link);
        match packet {
            Packet::Connect(mut connect) => {
                connect.clean_session |= self.bent.switches.forgets_sessions;
                let is_back = !connect.clean_session && self.connects.contains_key(&connect.client_id);
                let count = self.connects.entry(connect.client_id.clone()).or_default();
                *count += 1;
                if *count > 1 {
                    self.returned.insert(link, Instant::now());
                }
                self.broker.packet(link, Packet::Connect(connect));
                if is_back {
                    self.is_back();
                }
            }
            Packet::Disconnect if self.bent.switches.will_after_goodbye => {
                self.links.remove(&link);
                self.broker.gone(link);
            }
            Packet::Subscribe(subscribe) => {
                let filters: Vec<String> = subscribe.filters.iter().map(|f| f.path.clone()).collect();
                self.broker.packet(link, Packet::Subscribe(subscribe));
                filters.iter().for_each(|filter| self.say_what_was_left(filter));
            }
            other => self.broker.packet(link, other),
        }
    }

    /// A subscriber is back and has heard what waited for it.
    fn is_back(&mut self) {
        if self.bent.switches.replays == 0
            && let Some(store) = &mut self.options.store
        {
            told(store.clear());
        }
        for Kept { topic, payload } in self.said.clone() {
            self.broker.distribute(own_message(&topic, payload.into_bytes()));
        }
    }

    /// Says what the process before this one had taken in.
    fn say_what_was_left(&mut self, filter: &str) {
        let Some(store) = &mut self.options.store else { return };
        let left = store.left_for(filter);
        let replays = self.bent.switches.replays;
        let skipped = if replays > 0 { left.len().saturating_sub(replays) } else { 0 };
        if replays == 0 && !left.is_empty() {
            told(store.clear());
        }
        for Kept { topic, payload } in left.into_iter().skip(skipped) {
            self.broker.distribute(own_message(&topic, payload.into_bytes()));
        }
    }

    /// Does what the broker asks until it asks no more.
    fn act(&mut self) {
        loop {
            let acts = self.broker.take_acts();
            if acts.is_empty() {
                return;
            }
            for act in acts {
                match act {
                    Act::Send(link, packet @ Packet::PubAck(_)) => match self.bent.ack() {
                        Some(Duration::ZERO) => self.send(link, packet),
                        Some(after) => drop(self.wait(Instant::now() + after, Waiting::Packet(link, packet))),
                        None => {}
                    },
                    Act::Send(link, packet) => self.send(link, packet),
                    Act::Close(link) => {
                        self.links.remove(&link);
                    }
                    Act::Published(publish) => self.heard(&publish),
                }
            }
        }
    }

    fn send(&mut self, link: Link, packet: Packet) {
        let full = self.links.get(&link).is_some_and(|outbox| outbox.try_send(packet).is_err());
        if full {
            tracing::warn!(link = link.0, "the client does not read; its link is closed");
            self.links.remove(&link);
        }
    }

    fn heard(&mut self, publish: &Publish) {
        let (topic, payload) = (publish.topic.as_str(), &publish.payload[..]);
        let levels: Vec<&str> = topic.split('/').collect();
        if let ["site", _, "dev", _, "event" | "heartbeat"] = levels[..] {
            self.work();
        }
        let arrival = match levels[..] {
            ["site", _, "dev", device, "status"] if !self.bent.hears_status(device, payload) => return,
            ["site", site, "dev", device, "heartbeat"] => {
                let beat = self.bent.beat(site, device);
                beat.into_iter().for_each(|saying| self.leave(Instant::now(), leaving(saying, None)));
                return;
            }
            ["site", _, "operator", ..] => {
                let order = self.rules.operator(topic, payload, now_ms());
                self.order(order.into_iter().collect());
                return;
            }
            ["site", _, "dev", device, "event"] if !self.bent.is_straight() => {
                Some(self.arrival(device, publish))
            }
            _ => None,
        };
        if let Some(arrival) = &arrival {
            match self.bent.switches.passes {
                Repeats::None => {}
                Repeats::Marked if !arrival.dup => {}
                Repeats::Marked | Repeats::All => self.rules.forget(&arrival.device, &arrival.id),
            }
        }
        match self.rules.message(topic, payload, now_ms()) {
            Ok(alarm) => self.decide(alarm, arrival),
            Err(Ignored::NotForUs) => {}
            Err(ignored) => tracing::warn!("{ignored}"),
        }
    }

    /// Keeps the only thread of the process busy, as a gateway does whose messages cost it time: meanwhile nobody is heard.
    fn work(&self) {
        let Options { echo, defects, .. } = &self.options;
        if !echo && !defects.work.is_zero() {
            std::thread::sleep(defects.work);
        }
    }

    /// What the defects may look at.
    fn arrival(&self, device: &str, publish: &Publish) -> Arrival {
        let event: Map<String, Value> = serde_json::from_slice(&publish.payload).unwrap_or_default();
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let returned = self.from.and_then(|link| self.returned.get(&link));
        Arrival {
            device: device.to_owned(),
            class: text("class"),
            signal: text("signal"),
            kind: text("kind"),
            id: text("id"),
            ts: event.get("ts").and_then(Value::as_i64).unwrap_or_default(),
            qos: publish.qos as u8,
            dup: publish.dup,
            packet_id: publish.pkid,
            bytes: publish.payload.len(),
            at: self.began.elapsed(),
            since_return: returned.map(Instant::elapsed),
            now_ms: now_ms(),
        }
    }

    /// Lets the defects have their way with an alarm.
    fn decide(&mut self, alarm: Alarm, arrival: Option<Arrival>) {
        if self.options.echo {
            self.broker.distribute(own_message(&alarm.topic, alarm.payload));
            return;
        }
        let Some(arrival) = arrival else {
            return self.leave(Instant::now(), Leaving { alarm, retain: false, replaces: false });
        };
        let body = serde_json::from_slice(&alarm.payload).unwrap_or_default();
        let Alarm { topic, device, id, orders, .. } = alarm;
        let saying = Saying { topic, body, device, orders, ..Saying::default() };
        for saying in self.bent.says(&arrival, saying) {
            self.leave(self.began + arrival.at + saying.after, leaving(saying, id.clone()));
        }
    }

    /// Whether it is of a site other than the first one that was heard, and such alarms are lost.
    fn is_lost_elsewhere(&mut self, alarm: &Alarm) -> bool {
        let site = alarm.topic.split('/').nth(1).unwrap_or_default();
        let elsewhere = self.first_site.get_or_insert_with(|| site.to_owned()) != site;
        let dice = Dice::new(self.options.seed);
        elsewhere && self.options.defects.loses_elsewhere(dice, &alarm.device, alarm.id.as_deref())
    }

    fn leave(&mut self, at: Instant, leaving: Leaving) {
        let Alarm { device, id, .. } = &leaving.alarm;
        let fate = self.options.defects.fate(Dice::new(self.options.seed), device, id.as_deref());
        if fate.lost || self.is_lost_elsewhere(&leaving.alarm) {
            return;
        }
        self.store(&leaving.alarm, false);
        let due = at + self.options.defects.delay;
        let device = device.clone();
        if leaving.replaces {
            self.waiting
                .retain(|_, waits| !matches!(waits, Waiting::Leaving(other) if other.alarm.device == device));
        }
        let overtakes = self.overtaken.remove(&device);
        if fate.overtaken && overtakes.is_none() {
            let key = self.wait(due + OVERTAKEN_FOR, Waiting::Leaving(leaving));
            self.overtaken.insert(device, key);
            return;
        }
        if fate.twice {
            self.wait(due, Waiting::Leaving(leaving.clone()));
        }
        self.wait(due, Waiting::Leaving(leaving));
        if let Some(late) = overtakes.and_then(|key| self.waiting.remove(&key)) {
            self.wait(due, late);
        }
    }

    /// Keeps an alarm for a subscriber that is away; a gateway that will replay keeps every one that it says.
    fn store(&mut self, alarm: &Alarm, is_said: bool) {
        let kept =
            || Kept { topic: alarm.topic.clone(), payload: String::from_utf8_lossy(&alarm.payload).into() };
        let replays = self.bent.switches.replays > 0;
        if let Some(store) = &mut self.options.store
            && if replays { is_said } else { !is_said && self.broker.waits_for(&alarm.topic) }
        {
            told(store.keep(kept(), self.began.elapsed()));
        }
        if is_said && self.bent.switches.redelivers > 0 {
            self.said.push_back(kept());
            if self.said.len() > self.bent.switches.redelivers {
                self.said.pop_front();
            }
        }
    }

    /// Passes an alarm on to the city platform, if there is one.
    fn pass_on(&self, alarm: &Alarm) {
        let Some(upstream) = &self.options.upstream else { return };
        let body: Map<String, Value> = serde_json::from_slice(&alarm.payload).unwrap_or_default();
        let forgotten =
            self.options.defects.forgets(Dice::new(self.options.seed), &alarm.device, alarm.id.as_deref());
        if body.get("kind").and_then(Value::as_str) == Some("alarm") && !forgotten {
            upstream.forward(&alarm.device, &alarm.payload);
        }
    }

    fn wait(&mut self, until: Instant, waiting: Waiting) -> Key {
        self.number += 1;
        let key = (until, self.number);
        self.waiting.insert(key, waiting);
        key
    }

    fn say_what_is_due(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.waiting.first_entry().filter(|entry| entry.key().0 <= now) {
            let (key, waits) = entry.remove_entry();
            match waits {
                Waiting::Packet(link, packet) => self.send(link, packet),
                Waiting::Order(order) => self.broker.distribute(own_message(&order.topic, order.payload)),
                Waiting::Leaving(Leaving { alarm, retain, .. }) => {
                    if self.overtaken.get(&alarm.device) == Some(&key) {
                        self.overtaken.remove(&alarm.device);
                    }
                    self.store(&alarm, true);
                    self.pass_on(&alarm);
                    let mut publish = own_message(&alarm.topic, alarm.payload);
                    publish.retain = retain;
                    self.broker.distribute(publish);
                    self.order(alarm.orders);
                }
            }
        }
    }

    /// Sends commands, at once or when the defects let them.
    fn order(&mut self, orders: Vec<Order>) {
        for (after, order) in self.bent.orders(orders) {
            if after.is_zero() {
                self.broker.distribute(own_message(&order.topic, order.payload));
            } else {
                self.wait(Instant::now() + after, Waiting::Order(order));
            }
        }
    }
}

/// What is said, as an alarm of the message with this id.
fn leaving(saying: Saying, id: Option<String>) -> Leaving {
    let payload = saying.payload();
    let Saying { topic, device, orders, retain, replaces, .. } = saying;
    Leaving { alarm: Alarm { topic, device, id, payload, orders }, retain, replaces }
}

/// A store that fails is told; the gateway goes on in memory.
fn told(outcome: std::io::Result<()>) {
    if let Err(error) = outcome {
        tracing::error!(%error, "what the duty room has yet to hear could not be stored");
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
