//! Sockets, timers and the process of the reference gateway.
//!
//! One task owns the broker and the rules; each connection has a reader and a writer. Packets for a link wait in its
//! own queue and leave in as few writes as possible; a link whose queue is full is closed, so that it cannot hold up
//! the others.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use rumqttc::{Packet, mqttbytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::broker::Link;
use super::defects::{Defects, Stall};
use super::flaws::{Bent, Row};
use super::hub::Hub;
use super::inputs::Said;
use super::linkage::Linkage;
use super::master::{self, Serial};
use super::store::Store;
use super::upstream::Forwarder;

const MAX_PACKET: usize = 1 << 20;
/// Packets that wait for one link before it is closed.
const LINK_QUEUE: usize = 16_384;
/// How long a new connection may take to say who it is.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How the gateway behaves.
#[derive(Debug, Default)]
pub struct Options {
    /// Its faults.
    pub defects: Defects,
    /// Seed of the faults.
    pub seed: u64,
    /// Pass everything on with no rules and no faults: the harness's own floor.
    pub echo: bool,
    /// The duty room's device, which is told to sound its siren; see [`super::commands`].
    pub commands: Option<String>,
    /// Who is told what when a device says something.
    pub linkage: Linkage,
    /// Serial lines that it polls.
    pub serial: Vec<Serial>,
    /// Where it keeps what a subscriber has yet to hear; in memory alone when there is none.
    pub store: Option<Store>,
    /// Where alarms are passed on to.
    pub upstream: Option<Forwarder>,
    /// Defects that its starter does not know: the seed of a draw and the row.
    pub sealed: Option<(u64, Row)>,
}

/// What happens to the hub.
pub(super) enum Event {
    /// A connection was accepted.
    Opened(Link, mpsc::Sender<Packet>),
    /// A packet came.
    Packet(Link, Packet),
    /// A connection is gone.
    Gone(Link),
    /// An input of a serial line changed.
    Changed(Said),
}

/// Serves until `stop` is done. The listener is the caller's, so that it can be bound to port 0.
pub async fn serve(listener: TcpListener, mut options: Options, stop: impl Future<Output = ()>) {
    let (events, inbox) = mpsc::channel(8192);
    let drawn = match options.sealed {
        Some((seed, row)) => row.open(seed),
        None => options.defects.catalogue.clone(),
    };
    let bent = Bent::new(&drawn, options.seed, &mut options.defects);
    if let Some(stall) = options.defects.stall.filter(|_| !options.echo) {
        tokio::spawn(stand_still(stall));
    }
    for serial in std::mem::take(&mut options.serial) {
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
    let hub = tokio::spawn(Hub::new(options, bent).run(inbox));
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

/// True when an address is reached from this machine alone.
pub fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().is_loopback()
}
