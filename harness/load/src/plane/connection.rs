//! One client: its socket, what it has to say, what it waits for.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, Socket, Type};

use super::outbox::{Mark, Outbox};
use super::settings::Settings;
use super::source::{Due, Nanos};
use super::tally::Outcome;
use super::trace::Fate;
use crate::codec::{
    Ack, ConnAck, Connect, End, Inbox, Login, Many, Packet, Property, Publish, QoS, Unencodable, Value,
    Version, encode,
};

/// The longest packet that a server may send.
const LONGEST_PACKET: usize = 64 << 10;
/// The flag of a PUBLISH that was sent before, in its first byte.
const DUP: u8 = 0x08;
/// Entries that are kept room for when all messages are answered.
const KEPT_FLIGHTS: usize = 32;

/// Where a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Down,
    /// The socket is being connected, or CONNECT is out.
    Greeting,
    Up,
}

/// A message that left and waits for its answer.
#[derive(Clone, Debug)]
struct Flight {
    mark: Mark,
    class: u8,
    left: Nanos,
    /// Its bytes; none when it never leaves again.
    packet: Box<[u8]>,
}

/// Why a connection is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) String);

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Broken {
        Broken(error.to_string())
    }
}

/// A client.
#[derive(Debug)]
pub(super) struct Connection {
    id: String,
    socket: Option<TcpStream>,
    pub(super) state: State,
    /// CONNECT is written.
    greeted: bool,
    /// The socket took less than it was given; it says when it takes more.
    blocked: bool,
    pub(super) outbox: Outbox,
    inbox: Inbox,
    flights: VecDeque<Flight>,
    /// How many may wait for an answer.
    window: u16,
    /// What is not answered leaves again on the next connection.
    keeps: bool,
    last_id: u16,
    /// Failures in a row.
    pub(super) failures: u32,
    /// Counts connections, so that a timer of an old one is told apart.
    pub(super) generation: u32,
    pub(super) dialled: Nanos,
    pub(super) lost: Option<Nanos>,
    /// Since when what had waited for the connection drains, and the last of it.
    drains: Option<(Nanos, Mark)>,
    pub(super) last_written: Nanos,
    pub(super) pinged: bool,
}

impl Connection {
    pub(super) fn new(id: String, settings: &Settings) -> Connection {
        Connection {
            id,
            socket: None,
            state: State::Down,
            greeted: false,
            blocked: false,
            outbox: Outbox::default(),
            inbox: Inbox::new(settings.version, LONGEST_PACKET),
            flights: VecDeque::new(),
            window: settings.unanswered,
            keeps: settings.resend,
            last_id: 0,
            failures: 0,
            generation: 0,
            dialled: 0,
            lost: None,
            drains: None,
            last_written: 0,
            pinged: false,
        }
    }

    /// Starts to connect. Nagle's algorithm is off, and closing resets: ten thousand clients that come back at once
    /// would otherwise use up the ports of the machine.
    pub(super) fn dial(
        &mut self,
        to: SocketAddr,
        registry: &Registry,
        token: Token,
        now: Nanos,
    ) -> Result<(), Broken> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        socket.set_linger(Some(Duration::ZERO))?;
        match socket.connect(&to.into()) {
            Err(error) if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
                return Err(error.into());
            }
            _ => {}
        }
        let mut socket = TcpStream::from_std(socket.into());
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        self.socket = Some(socket);
        (self.state, self.greeted, self.blocked) = (State::Greeting, false, false);
        (self.dialled, self.pinged) = (now, false);
        self.generation = self.generation.wrapping_add(1);
        Ok(())
    }

    /// The socket can be written to: says CONNECT, if that is what it has to say, else what waits.
    pub(super) fn writable(
        &mut self,
        settings: &Settings,
        now: Nanos,
        outcome: &mut Outcome,
    ) -> Result<(), Broken> {
        if self.state == State::Greeting && !self.greeted {
            self.greet(settings, now)?;
        }
        self.blocked = false;
        self.flush(|| now, outcome)
    }

    fn greet(&mut self, settings: &Settings, now: Nanos) -> Result<(), Broken> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        if let Some(error) = socket.take_error()? {
            return Err(error.into());
        }
        let connect = Connect {
            version: settings.version,
            clean: true,
            keep_alive_s: settings.keep_alive.map_or(0, |time| time.as_secs().clamp(1, 65_535) as u16),
            client_id: &self.id,
            will: None,
            login: Login::default(),
            properties: Many::NONE,
        };
        let mut bytes = Vec::new();
        encode(settings.version, &Packet::Connect(connect), &mut bytes)
            .map_err(|error| Broken(error.to_string()))?;
        // A socket that has just been made has room for a few hundred bytes.
        let written = socket.write(&bytes)?;
        (self.greeted, self.last_written) = (true, now);
        if written == bytes.len() { Ok(()) } else { Err(Broken("CONNECT was written in part".into())) }
    }

    /// Queues a message. Its bytes are made now, so that a later repeat of its topic costs nothing.
    pub(super) fn push(&mut self, due: &Due<'_>, version: Version) -> Result<(), Unencodable> {
        let packet_id = if due.qos == QoS::AtMostOnce { 0 } else { self.next_id() };
        let publish = Publish {
            dup: false,
            qos: due.qos,
            retain: due.retain,
            topic: due.topic,
            packet_id,
            properties: Many::NONE,
            payload: due.payload,
        };
        encode(version, &Packet::Publish(publish), self.outbox.buffer())?;
        self.outbox.mark(due.at, packet_id, Some(due.class), due.tag);
        Ok(())
    }

    fn next_id(&mut self) -> u16 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.last_id
    }

    /// Queues a packet that belongs to the protocol.
    fn push_own(&mut self, packet: &Packet<'_>, version: Version, now: Nanos) {
        // These have no field that could be too long.
        if encode(version, packet, self.outbox.buffer()).is_ok() {
            self.outbox.mark(now, 0, None, None);
        }
    }

    /// Asks whether the server is there.
    pub(super) fn ping(&mut self, version: Version, now: Nanos, outcome: &mut Outcome) -> Result<(), Broken> {
        self.pinged = true;
        self.push_own(&Packet::PingReq, version, now);
        self.flush(|| now, outcome)
    }

    /// Says goodbye, as far as the socket takes it at once.
    pub(super) fn close(&mut self, version: Version, now: Nanos, outcome: &mut Outcome) {
        if self.state == State::Up && self.outbox.is_empty() {
            self.push_own(&Packet::Disconnect(End::default()), version, now);
            // The other side may be gone already, and then needs no goodbye.
            let _ = self.flush(|| now, outcome);
            if let Some(socket) = &self.socket {
                let _ = socket2::SockRef::from(socket).set_linger(None);
            }
        }
        self.socket = None;
    }

    /// Writes what may leave, as far as the socket takes it.
    pub(super) fn flush(&mut self, clock: impl Fn() -> Nanos, outcome: &mut Outcome) -> Result<(), Broken> {
        let Some(socket) = self.socket.as_mut().filter(|_| self.state == State::Up && !self.blocked) else {
            return Ok(());
        };
        loop {
            let free = usize::from(self.window).saturating_sub(self.flights.len());
            let ready = self.outbox.ready(free);
            if ready.is_empty() {
                return Ok(());
            }
            let asked = ready.len();
            let written = match socket.write(ready) {
                Ok(0) => return Err(Broken("the server closed the connection".into())),
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked = true;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let now = clock();
            outcome.writes += 1;
            self.last_written = now;
            let (flights, drains, keeps) = (&mut self.flights, &mut self.drains, self.keeps);
            self.outbox.wrote(written, |mark, packet| {
                let Some(class) = mark.class else { return };
                if mark.again {
                    outcome.class(class).repeated += 1;
                    outcome.tell(mark.tag, Fate::Again, now);
                } else {
                    outcome.left(class, mark.due, now);
                    outcome.tell(mark.tag, Fate::Left, now);
                }
                if mark.id == 0 {
                    drained(drains, (mark.due, mark.id), now, outcome);
                } else {
                    let packet = if keeps { Box::from(packet) } else { Box::default() };
                    flights.push_back(Flight { mark, class, left: now, packet });
                }
            });
            if written < asked {
                self.blocked = true;
                return Ok(());
            }
        }
    }

    /// Reads what has come. A read that fills less than the buffer has emptied the socket, but for the end that a server which
    /// has `closed` sent behind it: of that nobody is told again.
    pub(super) fn read(
        &mut self,
        (buffer, closed): (&mut [u8], bool),
        settings: &Settings,
        now: Nanos,
        outcome: &mut Outcome,
    ) -> Result<(), Broken> {
        loop {
            let Some(socket) = &mut self.socket else { return Ok(()) };
            let came = match socket.read(buffer) {
                Ok(0) => return Err(Broken("the server closed the connection".into())),
                Ok(came) => came,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.take((&buffer[..came], closed), settings, now, outcome)?;
            if came < buffer.len() && !closed {
                return Ok(());
            }
        }
    }

    /// Takes in what the server said. One that has `closed` is told nothing more.
    fn take(
        &mut self,
        (piece, closed): (&[u8], bool),
        settings: &Settings,
        now: Nanos,
        outcome: &mut Outcome,
    ) -> Result<(), Broken> {
        let mut inbox = std::mem::replace(&mut self.inbox, Inbox::new(settings.version, LONGEST_PACKET));
        let mut broken = None;
        let fed = inbox.feed(piece, |_, packet| match self.packet(&packet, settings, now, outcome) {
            Ok(()) => true,
            Err(why) => {
                broken = Some(why);
                false
            }
        });
        self.inbox = inbox;
        fed.map_err(|error| Broken(format!("the server sent no MQTT: {error}")))?;
        broken.map_or(Ok(()), Err)?;
        // Answers have made room in the window.
        if self.outbox.is_empty() || closed { Ok(()) } else { self.flush(|| now, outcome) }
    }

    fn packet(
        &mut self,
        packet: &Packet<'_>,
        settings: &Settings,
        now: Nanos,
        outcome: &mut Outcome,
    ) -> Result<(), Broken> {
        match packet {
            Packet::ConnAck(ack) if self.state == State::Greeting => {
                self.welcome(ack, settings, now, outcome)
            }
            _ if self.state != State::Up => Err(Broken("the server spoke before CONNACK".into())),
            Packet::PubAck(ack) | Packet::PubComp(ack) => self.answered(ack, now, outcome),
            Packet::PubRec(ack) if ack.reason >= 0x80 => self.answered(ack, now, outcome),
            Packet::PubRec(ack) => {
                self.push_own(&Packet::PubRel(Ack::ok(ack.packet_id)), settings.version, now);
                Ok(())
            }
            Packet::PingResp => {
                self.pinged = false;
                Ok(())
            }
            Packet::Disconnect(end) => {
                Err(Broken(format!("the server said DISCONNECT, reason {:#04x}", end.reason)))
            }
            // It has not subscribed, so a message would be a fault of the server; it is not this plane's to judge.
            _ => Ok(()),
        }
    }

    fn welcome(
        &mut self,
        ack: &ConnAck<'_>,
        settings: &Settings,
        now: Nanos,
        outcome: &mut Outcome,
    ) -> Result<(), Broken> {
        if ack.code != 0 {
            return Err(Broken(format!("the server refused the connection, code {:#04x}", ack.code)));
        }
        let receives = ack.properties.iter().find_map(|property| match property {
            Property { id: Property::RECEIVE_MAXIMUM, value: Value::Two(messages) } => Some(messages),
            _ => None,
        });
        self.window = settings.unanswered.min(receives.unwrap_or(u16::MAX));
        (self.state, self.failures) = (State::Up, 0);
        outcome.links.stood += 1;
        outcome.links.greeting.take_ns(now.saturating_sub(self.dialled));
        if let Some(lost) = self.lost.take() {
            outcome.links.absence.take_ns(now.saturating_sub(lost));
            self.drains =
                self.outbox.rest().filter(|mark| mark.class.is_some()).last().map(|mark| (now, mark));
        }
        Ok(())
    }

    fn answered(&mut self, ack: &Ack<'_>, now: Nanos, outcome: &mut Outcome) -> Result<(), Broken> {
        // Servers answer in order, so it is nearly always the first.
        let place = self.flights.iter().position(|flight| flight.mark.id == ack.packet_id);
        let Some(flight) = place.and_then(|place| self.flights.remove(place)) else {
            return Err(Broken(format!(
                "the server answered packet {}, which waits for none",
                ack.packet_id
            )));
        };
        if self.flights.is_empty() && self.flights.capacity() > KEPT_FLIGHTS {
            self.flights.shrink_to(KEPT_FLIGHTS);
        }
        let tally = outcome.class(flight.class);
        tally.answered += 1;
        tally.denied += u64::from(ack.reason >= 0x80);
        tally.service.take_ns(now.saturating_sub(flight.left));
        tally.response.take_ns(now.saturating_sub(flight.mark.due));
        drained(&mut self.drains, (flight.mark.due, flight.mark.id), now, outcome);
        Ok(())
    }

    /// Drops the connection, and counts what it owed.
    pub(super) fn lose(&mut self, now: Nanos, outcome: &mut Outcome) {
        self.socket = None;
        if self.state == State::Up {
            self.lost = Some(now);
        }
        (self.state, self.drains) = (State::Down, None);
        self.generation = self.generation.wrapping_add(1);
        self.inbox.clear();
        self.outbox.rewind();
        if self.keeps {
            self.outbox.put_back(self.flights.drain(..).map(marked));
        } else {
            self.give_up(outcome);
        }
    }

    /// Whether this is still the connection of that generation, and is gone.
    pub(super) fn is_down(&self, generation: u32) -> bool {
        self.generation == generation && self.state == State::Down
    }

    /// Whether this is still the connection of that generation, and does not stand.
    pub(super) fn is_greeting(&self, generation: u32) -> bool {
        self.generation == generation && self.state == State::Greeting
    }

    /// Whether something is still under way.
    pub(super) fn owes(&self) -> bool {
        !self.outbox.is_empty() || !self.flights.is_empty()
    }

    /// What waits for an answer will not get one.
    pub(super) fn give_up(&mut self, outcome: &mut Outcome) {
        self.flights.drain(..).for_each(|flight| outcome.class(flight.class).unanswered += 1);
    }
}

/// A packet that had left, marked as sent before.
fn marked(flight: Flight) -> (Mark, Box<[u8]>) {
    let mut packet = flight.packet;
    if let Some(first) = packet.first_mut() {
        *first |= DUP;
    }
    (flight.mark, packet)
}

/// A message is done: perhaps the last one that had waited for the connection.
fn drained(drains: &mut Option<(Nanos, Mark)>, (due, id): (Nanos, u16), now: Nanos, outcome: &mut Outcome) {
    if let Some((since, _)) = drains.take_if(|(_, last)| (last.due, last.id) == (due, id)) {
        outcome.links.drained.take_ns(now.saturating_sub(since));
    }
}
