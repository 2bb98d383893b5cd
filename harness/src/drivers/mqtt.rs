//! One device's MQTT connection through `rumqttc`: last will, retained status, reconnection with patience.
//!
//! A message is handed over by [`Device::say`], which never waits. It is stamped as having left when the client
//! reports that it was written and flushed to the socket, right after the system call; what the kernel does then is
//! not seen. What was handed over while the connection was down leaves after the reconnection, late against its
//! intended instant. Messages of QoS 1 and 2 that were not acknowledged are sent again; they are stamped once, and
//! each time that they are sent again is told.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use palisade_sim::words::StimulusId;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, LastWill, MqttOptions, NetworkOptions, Outgoing, Packet,
    PubAck, PubComp, QoS, Request,
};
use thiserror::Error;
use tokio::sync::watch;

use crate::wire::mqtt_json::{Leaf, OFFLINE, ONLINE, Topics};

/// Messages that may wait in a device that cannot send, before further ones are refused.
const WAITING: usize = 1_024;
/// How long a connection may take.
const CONNECT_S: u64 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Where a gateway's broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Name or number of the machine.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// The text is no broker's address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not an address; write mqtt://HOST:PORT")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    /// Reads `mqtt://HOST:PORT`; the port is 1883 when left out.
    fn from_str(text: &str) -> Result<Address, AddressError> {
        let wrong = || AddressError(text.to_owned());
        let rest = text.strip_prefix("mqtt://").ok_or_else(wrong)?.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            // The colons of a bare IPv6 address are no port's.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, port.parse().ok().filter(|p| *p > 0).ok_or_else(wrong)?)
            }
            _ => (rest, 1883),
        };
        if host.is_empty() || host.contains(['/', '@', ' ', '?']) {
            return Err(wrong());
        }
        Ok(Address { host: host.to_owned(), port })
    }
}

impl Address {
    /// The first place that its name has.
    ///
    /// # Errors
    /// When it has none.
    pub fn resolve(&self) -> io::Result<SocketAddr> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let mut found = (host, self.port).to_socket_addrs()?;
        found.next().ok_or_else(|| io::Error::other("the name has no address"))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mqtt://{}:{}", self.host, self.port)
    }
}

/// A client with the options that every connection of the harness has.
pub fn client(id: &str, to: &Address, will: Option<LastWill>) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(id, &to.host, to.port);
    options.set_keep_alive(Duration::from_secs(30)).set_clean_session(true);
    options.set_max_packet_size(256 * 1024, 256 * 1024);
    if let Some(will) = will {
        options.set_last_will(will);
    }
    let (client, mut events) = AsyncClient::new(options, WAITING);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CONNECT_S);
    events.set_network_options(network);
    (client, events)
}

/// What a device sends, for the stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The stimulus, when it is one.
    pub stimulus: Option<StimulusId>,
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: String,
    /// MQTT quality of service, 0..2.
    pub qos: u8,
    /// Whether the broker keeps it for those who subscribe later.
    pub retain: bool,
}

/// What a device's connection tells the harness.
pub trait Listener: Send + Sync + 'static {
    /// The message was written to the socket just now.
    fn left(&self, device: usize, message: &Message);
    /// The message was written once more just now, marked as a repeat.
    fn again(&self, device: usize, message: &Message);
    /// The connection stands.
    fn up(&self, device: usize);
    /// The connection broke or could not be made.
    fn down(&self, device: usize, why: &str);
    /// The gateway told the device something; `retained` when the broker had kept it.
    fn told(&self, device: usize, payload: &[u8], retained: bool);
}

/// One device's connection.
#[derive(Debug)]
pub struct Device {
    index: usize,
    client: AsyncClient,
    status: String,
    /// Where it is told what to do.
    commands: String,
    /// Handed over and not yet written, in order. Its lock is held while the client takes the message, so that the
    /// orders agree.
    waiting: Mutex<VecDeque<Message>>,
    closing: AtomicBool,
    /// Whether it runs; a device that starts anew does not for a while.
    power: watch::Sender<bool>,
}

impl Device {
    /// A device that connects once [`Device::run`] runs. `commands`: the topic on which it is told what to do.
    pub fn new(
        index: usize,
        name: &str,
        (topics, commands): (&Topics, String),
        to: &Address,
    ) -> (Device, EventLoop) {
        let status = topics.device(name, Leaf::Status);
        let will = LastWill::new(status.clone(), OFFLINE, QoS::AtLeastOnce, true);
        let (client, events) = client(name, to, Some(will));
        let (waiting, closing) = Default::default();
        let power = watch::Sender::new(true);
        (Device { index, client, status, commands, waiting, closing, power }, events)
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a message over. It never waits; false when the device has too many unsent ones.
    pub fn say(&self, message: Message) -> bool {
        let mut waiting = self.waiting();
        let taken = self.client.try_publish(
            message.topic.clone(),
            quality(message.qos),
            message.retain,
            message.payload.clone().into_bytes(),
        );
        if taken.is_ok() {
            waiting.push_back(message);
        }
        taken.is_ok()
    }

    /// Takes its power away, or gives it back. Without power it has no connection, says no goodbye, and forgets what it had
    /// to say.
    pub fn power(&self, on: bool) {
        self.power.send_replace(on);
    }

    /// Waits until its power is away, or there again.
    async fn powered(&self, on: bool) {
        // The sender lives as long as this device.
        let _ = self.power.subscribe().wait_for(|is| *is == on).await;
    }

    /// It has no power: the connection is gone with all that it knew.
    async fn reboot(&self, events: &mut EventLoop, listener: &dyn Listener) {
        events.clean();
        events.pending.clear();
        events.state.events.clear();
        self.waiting().clear();
        listener.down(self.index, "the device starts anew");
        self.powered(true).await;
    }

    /// Says goodbye: sets its own status to offline, since the last will is not sent after a goodbye.
    pub fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        let (topic, payload) = (self.status.clone(), OFFLINE.to_owned());
        self.say(Message { stimulus: None, topic, payload, qos: 1, retain: true });
        // A full queue belongs to a connection that is down: it has nobody to say goodbye to.
        let _ = self.client.try_disconnect();
    }

    /// Listens for commands and says that it is there.
    fn greet(&self, listener: &dyn Listener) {
        // A queue that is full has no room for the status either; both are asked for again at the next connection.
        let _ = self.client.try_subscribe(self.commands.clone(), QoS::AtLeastOnce);
        let (topic, payload) = (self.status.clone(), ONLINE.to_owned());
        self.say(Message { stimulus: None, topic, payload, qos: 1, retain: true });
        listener.up(self.index);
    }

    /// Keeps the connection until it is closed.
    pub async fn run(&self, mut events: EventLoop, listener: &dyn Listener) {
        let mut pause = FIRST_PAUSE;
        let mut again = VecDeque::new();
        // What left and is not acknowledged, by packet id.
        let mut flying: BTreeMap<u16, Message> = BTreeMap::new();
        loop {
            let event = tokio::select! {
                event = events.poll() => event,
                () = self.powered(false) => {
                    self.reboot(&mut events, listener).await;
                    flying.clear();
                    again.clear();
                    continue;
                }
            };
            match event {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    pause = FIRST_PAUSE;
                    self.greet(listener);
                }
                Ok(Event::Incoming(Packet::Publish(publish))) if publish.topic == self.commands => {
                    listener.told(self.index, &publish.payload, publish.retain);
                }
                Ok(Event::Outgoing(Outgoing::Publish(id))) => {
                    let message = self.published(again.pop_front().flatten(), listener);
                    flying.extend(message.filter(|message| message.qos > 0).map(|message| (id, message)));
                }
                Ok(Event::Incoming(Packet::PubAck(PubAck { pkid, .. }))) => drop(flying.remove(&pkid)),
                Ok(Event::Incoming(Packet::PubComp(PubComp { pkid, .. }))) => drop(flying.remove(&pkid)),
                Ok(Event::Outgoing(Outgoing::Disconnect)) => return,
                Ok(_) => {}
                Err(_) if self.closing.load(Ordering::SeqCst) => return,
                Err(error) => {
                    listener.down(self.index, &reason(&error));
                    let unsent = self.salvage(&mut events, &mut flying, &mut again);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    self.reconnect(&mut events, unsent, &again, listener).await;
                    if self.closing.load(Ordering::SeqCst) {
                        return;
                    }
                }
            }
        }
    }

    /// A message was written: one that had left before, or the first that waits.
    fn published(&self, repeat: Option<Message>, listener: &dyn Listener) -> Option<Message> {
        if let Some(message) = &repeat {
            listener.again(self.index, message);
            return repeat;
        }
        let message = self.waiting().pop_front();
        message.iter().for_each(|message| listener.left(self.index, message));
        message
    }

    /// Takes what the broken connection had not finished out of the client, which would forget it. `again` tells of each
    /// which message it is when it left before; it held the same of what was salvaged last and is still to be written.
    fn salvage(
        &self,
        events: &mut EventLoop,
        flying: &mut BTreeMap<u16, Message>,
        again: &mut VecDeque<Option<Message>>,
    ) -> Vec<Request> {
        let mut waiting = self.waiting();
        let mut kept = 0;
        // Prepared, but not flushed: they did not leave this time.
        for event in events.state.events.drain(..) {
            let Event::Outgoing(Outgoing::Publish(id)) = event else { continue };
            match again.pop_front().flatten() {
                Some(repeat) => drop(flying.insert(id, repeat)),
                // A QoS 0 message that was prepared is nowhere any more: it never left and never will.
                None if waiting.get(kept).is_some_and(|message| message.qos == 0) => {
                    drop(waiting.remove(kept))
                }
                None => kept += 1,
            }
        }
        let requests = std::mem::take(&mut events.pending);
        let requests: Vec<Request> =
            requests.into_iter().filter(|r| matches!(r, Request::Publish(_))).collect();
        *again = requests
            .iter()
            .map(|request| match request {
                Request::Publish(publish) if publish.pkid != 0 => flying.remove(&publish.pkid),
                _ => again.pop_front().flatten(),
            })
            .collect();
        flying.clear();
        requests
    }

    /// Connects again and puts the salvaged messages first.
    async fn reconnect(
        &self,
        events: &mut EventLoop,
        requests: Vec<Request>,
        again: &VecDeque<Option<Message>>,
        listener: &dyn Listener,
    ) {
        let mut pause = FIRST_PAUSE * 2;
        while !self.closing.load(Ordering::SeqCst) {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    let repeats = again.iter().map(Option::is_some);
                    events.pending.extend(requests.into_iter().zip(repeats).map(|(r, dup)| fresh(r, dup)));
                    self.greet(listener);
                    return;
                }
                Ok(_) => {}
                Err(error) => {
                    listener.down(self.index, &reason(&error));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// A request for the new session: a new packet id, and marked as a repeat when it left before.
fn fresh(request: Request, repeat: bool) -> Request {
    match request {
        Request::Publish(mut publish) => {
            publish.pkid = 0;
            publish.dup = repeat;
            Request::Publish(publish)
        }
        other => other,
    }
}

/// Quality of service from its number.
pub fn quality(qos: u8) -> QoS {
    match qos {
        0 => QoS::AtMostOnce,
        1 => QoS::AtLeastOnce,
        _ => QoS::ExactlyOnce,
    }
}

fn reason(error: &ConnectionError) -> String {
    match error {
        ConnectionError::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown() {
        for (text, shown) in [
            ("mqtt://127.0.0.1:1884", "mqtt://127.0.0.1:1884"),
            ("mqtt://broker/", "mqtt://broker:1883"),
            ("mqtt://[::1]:1884", "mqtt://[::1]:1884"),
        ] {
            assert_eq!(text.parse::<Address>().expect(text).to_string(), shown);
        }
        for bad in ["broker:1883", "mqtt://", "mqtt://a:0", "mqtt://a:70000", "mqtt://u@h:1", "tcp://a:1"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
