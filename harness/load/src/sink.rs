//! A server that says yes to everything and keeps nothing: what a generator can do at best.
//!
//! It accepts every CONNECT, answers QoS 1 and 2, SUBSCRIBE and PINGREQ, counts messages, and forwards none.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use socket2::{Domain, Protocol, Socket, Type};

use crate::codec::{Ack, Acks, ConnAck, Inbox, Many, Packet, Publish, QoS, Version, encode};

const LISTENER: Token = Token(usize::MAX);
const READ: usize = 256 << 10;
const LONGEST_PACKET: usize = 1 << 20;
/// Connections that may wait to be accepted: a storm's worth.
const BACKLOG: i32 = 16_384;
/// Bytes of answers that may wait for one client, before it is dropped.
const WAITING: usize = 1 << 20;

/// What a sink has seen.
#[derive(Debug, Default)]
pub struct Counts {
    /// Connections that said CONNECT.
    pub clients: AtomicU64,
    /// Messages.
    pub messages: AtomicU64,
    /// Bytes of messages' payloads.
    pub bytes: AtomicU64,
    /// Connections that said something else than MQTT.
    pub wrong: AtomicU64,
}

/// A sink on a thread of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    counts: Arc<Counts>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Sink {
    /// Listens; port 0 takes a free one.
    pub fn start(address: SocketAddr) -> io::Result<Sink> {
        Sink::pausing(address, Duration::ZERO)
    }

    /// [`Sink::start`] with a [`Server::pause`].
    pub fn pausing(address: SocketAddr, pause: Duration) -> io::Result<Sink> {
        let (mut server, address) = Server::bind(address)?;
        server.pause = pause;
        let (counts, stop) = (Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
        let (theirs, stopping) = (Arc::clone(&counts), Arc::clone(&stop));
        let thread =
            thread::Builder::new().name("sink".into()).spawn(move || server.run(&theirs, &stopping))?;
        Ok(Sink { address, counts, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Whoever drops a sink has no use for its error.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The sink's sockets.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    poll: Poll,
    /// How long it sleeps after each look at its sockets. Without a pause it wakes for each message: a processor's work, which the
    /// kernel puts where whoever wakes it runs.
    pub pause: Duration,
}

struct Client {
    socket: TcpStream,
    inbox: Inbox,
    version: Version,
    answers: Vec<u8>,
}

impl Server {
    /// Listens; says where.
    pub fn bind(address: SocketAddr) -> io::Result<(Server, SocketAddr)> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        let mut listener = TcpListener::from_std(socket.into());
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let address = listener.local_addr()?;
        Ok((Server { listener, poll, pause: Duration::ZERO }, address))
    }

    /// Serves until `stop`.
    pub fn run(mut self, counts: &Counts, stop: &AtomicBool) -> io::Result<()> {
        let (mut events, mut buffer) = (Events::with_capacity(1_024), vec![0; READ]);
        let (mut clients, mut next) = (BTreeMap::new(), 0);
        let at_most = if self.pause.is_zero() { Duration::from_millis(20) } else { Duration::ZERO };
        while !stop.load(Ordering::Relaxed) {
            match self.poll.poll(&mut events, Some(at_most)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in events.iter() {
                if event.token() == LISTENER {
                    self.accept(&mut clients, &mut next)?;
                } else if let Some(client) = clients.get_mut(&event.token().0)
                    && client.serve((&mut buffer, event.is_read_closed()), counts).is_err()
                {
                    clients.remove(&event.token().0);
                }
            }
            if !self.pause.is_zero() {
                thread::sleep(self.pause);
            }
        }
        Ok(())
    }

    fn accept(&self, clients: &mut BTreeMap<usize, Client>, next: &mut usize) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((socket, _)) => {
                    clients.insert(*next, Client::new(socket, self.poll.registry(), Token(*next))?);
                    *next += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // A client that hung up while it waited is no trouble of the listener's.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Client {
    fn new(mut socket: TcpStream, registry: &Registry, token: Token) -> io::Result<Client> {
        socket.set_nodelay(true)?;
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        let inbox = Inbox::new(Version::V311, LONGEST_PACKET);
        Ok(Client { socket, inbox, version: Version::V311, answers: Vec::new() })
    }

    /// Reads, counts, answers. An error ends the connection. A client that has `closed` says so once, so that its end is read
    /// at once, too.
    fn serve(&mut self, (buffer, closed): (&mut [u8], bool), counts: &Counts) -> io::Result<()> {
        loop {
            let came = match self.socket.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(came) => came,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.answer(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.take(&buffer[..came], counts)?;
            self.answer()?;
            if came < buffer.len() && !closed {
                return Ok(());
            }
        }
    }

    fn take(&mut self, piece: &[u8], counts: &Counts) -> io::Result<()> {
        let (version, answers) = (&mut self.version, &mut self.answers);
        let mut on = true;
        let fed = self.inbox.feed(piece, |speaks, packet| {
            if let Packet::Connect(connect) = &packet {
                (*version, *speaks) = (connect.version, connect.version);
                counts.clients.fetch_add(1, Ordering::Relaxed);
            }
            on = answer(*version, &packet, answers, counts);
            on
        });
        if fed.is_err() || !on {
            counts.wrong.fetch_add(u64::from(fed.is_err()), Ordering::Relaxed);
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(())
    }

    fn answer(&mut self) -> io::Result<()> {
        while !self.answers.is_empty() {
            match self.socket.write(&self.answers) {
                Ok(written) => drop(self.answers.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.answers.len() < WAITING => {
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.answers.is_empty() && self.answers.capacity() > 512 {
            self.answers = Vec::new();
        }
        Ok(())
    }
}

/// Appends the answer to a packet; false ends the connection.
fn answer(version: Version, packet: &Packet<'_>, out: &mut Vec<u8>, counts: &Counts) -> bool {
    let properties = Many::NONE;
    let reply = match packet {
        Packet::Connect(_) => Packet::ConnAck(ConnAck { session_present: false, code: 0, properties }),
        Packet::Publish(publish) => {
            count(publish, counts);
            match publish.qos {
                QoS::AtMostOnce => return true,
                QoS::AtLeastOnce => Packet::PubAck(Ack::ok(publish.packet_id)),
                QoS::ExactlyOnce => Packet::PubRec(Ack::ok(publish.packet_id)),
            }
        }
        Packet::PubRel(ack) => Packet::PubComp(Ack::ok(ack.packet_id)),
        Packet::Subscribe(subscribe) => {
            let codes: Vec<u8> = subscribe.filters.iter().map(|filter| filter.options & 3).collect();
            let acks = Acks { packet_id: subscribe.packet_id, properties, codes: &codes };
            return encode(version, &Packet::SubAck(acks), out).is_ok();
        }
        Packet::Unsubscribe(unsubscribe) => {
            let filters = if version == Version::V5 { unsubscribe.filters.iter().count() } else { 0 };
            let codes = vec![0; filters];
            let acks = Acks { packet_id: unsubscribe.packet_id, properties, codes: &codes };
            return encode(version, &Packet::UnsubAck(acks), out).is_ok();
        }
        Packet::PingReq => Packet::PingResp,
        _ => return false,
    };
    encode(version, &reply, out).is_ok()
}

fn count(publish: &Publish<'_>, counts: &Counts) {
    counts.messages.fetch_add(1, Ordering::Relaxed);
    counts.bytes.fetch_add(publish.payload.len() as u64, Ordering::Relaxed);
}
