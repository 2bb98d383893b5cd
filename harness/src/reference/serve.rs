//! Sockets, timers and the process of the reference gateway.
//!
//! One task owns the broker and the rules; each connection has a reader and a writer. Packets for a link wait in its
//! own queue and leave in as few writes as possible; a link whose queue is full is closed, so that it cannot hold up
//! the others.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use palisade_sim::words::Dice;
use rumqttc::{Packet, mqttbytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::broker::{Act, Broker, Link, own_message};
use super::defects::{Defects, Stall};
use super::inputs::Said;
use super::master::{self, Serial};
use super::rules::{Alarm, Ignored, Rules};

const MAX_PACKET: usize = 1 << 20;
/// Packets that wait for one link before it is closed.
const LINK_QUEUE: usize = 16_384;
/// How long an overtaken alarm waits for the one that overtakes it.
const OVERTAKEN_FOR: Duration = Duration::from_secs(1);
/// How long a new connection may take to say who it is.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How the gateway behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Its faults.
    pub defects: Defects,
    /// Seed of the faults.
    pub seed: u64,
    /// Pass everything on with no rules and no faults: the harness's own floor.
    pub echo: bool,
    /// The duty room's device, which is told to sound its siren; see [`super::commands`].
    pub commands: Option<String>,
    /// Serial lines that it polls.
    pub serial: Vec<Serial>,
}

enum Event {
    Opened(Link, mpsc::Sender<Packet>),
    Packet(Link, Packet),
    Gone(Link),
    /// An input of a serial line changed.
    Changed(Said),
}

/// Serves until `stop` is done. The listener is the caller's, so that it can be bound to port 0.
pub async fn serve(listener: TcpListener, options: Options, stop: impl Future<Output = ()>) {
    let (events, inbox) = mpsc::channel(8192);
    if let Some(stall) = options.defects.stall.filter(|_| !options.echo) {
        tokio::spawn(stand_still(stall));
    }
    for serial in options.serial.clone() {
        let events = events.clone();
        tokio::spawn(async move {
            let (tell, mut told) = mpsc::channel(64);
            let heard = async {
                while let Some(said) = told.recv().await {
                    if events.send(Event::Changed(said)).await.is_err() {
                        return;
                    }
                }
            };
            tokio::join!(master::poll(serial, tell), heard);
        });
    }
    let hub = tokio::spawn(Hub::new(options).run(inbox));
    tokio::select! {
        () = stop => {}
        () = accept(listener, events) => {}
    }
    hub.abort();
}

async fn accept(listener: TcpListener, events: mpsc::Sender<Event>) {
    for number in 1.. {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(Link(number), stream, events.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Blocks the only thread of the process, as a gateway does that collects garbage or waits for its disk.
async fn stand_still(stall: Stall) {
    let mut next = Instant::now() + stall.every;
    loop {
        sleep_until(next).await;
        std::thread::sleep(stall.lasting);
        next += stall.every;
    }
}

async fn connection(link: Link, stream: TcpStream, events: mpsc::Sender<Event>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::warn!(%error, "TCP_NODELAY could not be set");
    }
    let (reader, writer) = stream.into_split();
    let (outbox, queue) = mpsc::channel(LINK_QUEUE);
    if events.send(Event::Opened(link, outbox)).await.is_err() {
        return;
    }
    let writing = tokio::spawn(write_all(writer, queue));
    tokio::select! {
        () = read_all(link, reader, &events) => {}
        _ = writing => {}
    }
    let _ = events.send(Event::Gone(link)).await;
}

/// Reads packets until the link ends, breaks the protocol, or is silent for 1.5 times its keep-alive.
async fn read_all(link: Link, mut reader: OwnedReadHalf, events: &mpsc::Sender<Event>) {
    let mut buffer = BytesMut::with_capacity(4096);
    let mut patience = Some(CONNECT_LIMIT);
    loop {
        loop {
            match Packet::read(&mut buffer, MAX_PACKET) {
                Ok(packet) => {
                    if let Packet::Connect(connect) = &packet {
                        let limit = Duration::from_secs(u64::from(connect.keep_alive)) * 3 / 2;
                        patience = (!limit.is_zero()).then_some(limit);
                    }
                    if events.send(Event::Packet(link, packet)).await.is_err() {
                        return;
                    }
                }
                Err(mqttbytes::Error::InsufficientBytes(_)) => break,
                Err(error) => {
                    tracing::warn!(?error, link = link.0, "not MQTT");
                    return;
                }
            }
        }
        let read = reader.read_buf(&mut buffer);
        let outcome = match patience {
            Some(limit) => timeout(limit, read).await.unwrap_or(Ok(0)),
            None => read.await,
        };
        if !matches!(outcome, Ok(n) if n > 0) {
            return;
        }
    }
}

async fn write_all(mut writer: OwnedWriteHalf, mut queue: mpsc::Receiver<Packet>) {
    let mut buffer = BytesMut::with_capacity(4096);
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, 256).await > 0 {
        for packet in batch.drain(..) {
            if let Err(error) = packet.write(&mut buffer, MAX_PACKET) {
                tracing::error!(?error, "a packet could not be written");
            }
        }
        if writer.write_all(&buffer).await.is_err() {
            return;
        }
        buffer.clear();
    }
}

/// The task that owns the broker and the rules.
struct Hub {
    broker: Broker,
    rules: Rules,
    options: Options,
    links: BTreeMap<Link, mpsc::Sender<Packet>>,
    /// Alarms that wait, by the instant at which they leave and their number.
    waiting: BTreeMap<(Instant, u64), Alarm>,
    /// Alarms that wait to be overtaken, by device.
    overtaken: BTreeMap<String, (Instant, u64)>,
    number: u64,
}

impl Hub {
    fn new(options: Options) -> Hub {
        Hub {
            broker: Broker::default(),
            rules: Rules::new(
                options.echo,
                options.commands.clone().filter(|_| !options.defects.no_commands),
            ),
            options,
            links: BTreeMap::new(),
            waiting: BTreeMap::new(),
            overtaken: BTreeMap::new(),
            number: 0,
        }
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Event>) {
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
            Event::Packet(link, packet) => self.broker.packet(link, packet),
            Event::Gone(link) => {
                self.links.remove(&link);
                self.broker.gone(link);
            }
            Event::Changed(said) => {
                let alarm = self.rules.input(&said, now_ms());
                self.decide(alarm);
            }
        }
        self.act();
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
                    Act::Send(link, packet) => {
                        let full =
                            self.links.get(&link).is_some_and(|outbox| outbox.try_send(packet).is_err());
                        if full {
                            tracing::warn!(link = link.0, "the client does not read; its link is closed");
                            self.links.remove(&link);
                        }
                    }
                    Act::Close(link) => {
                        self.links.remove(&link);
                    }
                    Act::Published(publish) => self.heard(&publish.topic, &publish.payload),
                }
            }
        }
    }

    fn heard(&mut self, topic: &str, payload: &[u8]) {
        match self.rules.message(topic, payload, now_ms()) {
            Ok(alarm) => self.decide(alarm),
            Err(Ignored::NotForUs) => {}
            Err(ignored) => tracing::warn!("{ignored}"),
        }
    }

    /// Lets the defects have their way with an alarm.
    fn decide(&mut self, alarm: Alarm) {
        if self.options.echo {
            self.broker.distribute(own_message(&alarm.topic, alarm.payload));
            return;
        }
        let fate =
            self.options.defects.fate(Dice::new(self.options.seed), &alarm.device, alarm.id.as_deref());
        if fate.lost {
            return;
        }
        let due = Instant::now() + self.options.defects.delay;
        let overtakes = self.overtaken.remove(&alarm.device);
        if fate.overtaken && overtakes.is_none() {
            let key = self.wait(due + OVERTAKEN_FOR, alarm.clone());
            self.overtaken.insert(alarm.device, key);
            return;
        }
        if fate.twice {
            self.wait(due, alarm.clone());
        }
        self.wait(due, alarm);
        if let Some(late) = overtakes.and_then(|key| self.waiting.remove(&key)) {
            self.wait(due, late);
        }
    }

    fn wait(&mut self, until: Instant, alarm: Alarm) -> (Instant, u64) {
        self.number += 1;
        let key = (until, self.number);
        self.waiting.insert(key, alarm);
        key
    }

    fn say_what_is_due(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.waiting.first_entry().filter(|entry| entry.key().0 <= now) {
            let (key, alarm) = entry.remove_entry();
            if self.overtaken.get(&alarm.device) == Some(&key) {
                self.overtaken.remove(&alarm.device);
            }
            self.broker.distribute(own_message(&alarm.topic, alarm.payload));
            for order in alarm.orders {
                self.broker.distribute(own_message(&order.topic, order.payload));
            }
        }
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// True when an address is reached from this machine alone.
pub fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().is_loopback()
}
