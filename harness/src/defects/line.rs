//! A client's connection: what is written is written at once, what comes is stamped where it is read.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use palisade_load::codec::{Ack, Connect, Inbox, Login, Many, Packet, Publish, QoS, Subscribe, Subscription};
use palisade_load::codec::{Version, Will, encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const LONGEST: usize = 1 << 20;
/// How long a gateway may take to let a client in.
const PATIENCE: Duration = Duration::from_secs(8);

/// Something that came over a connection.
#[derive(Debug)]
pub(super) enum Came {
    /// A message was acknowledged.
    Acknowledged(u16),
    /// A subscription was granted.
    Subscribed,
    /// A message.
    Message { topic: String, payload: Vec<u8>, retained: bool, packet_id: u16 },
}

/// Which connection, when, what.
pub(super) type Event = (usize, Instant, Came);

/// An open connection.
#[derive(Debug)]
pub(super) struct Line {
    writer: OwnedWriteHalf,
    reading: JoinHandle<()>,
}

/// Who connects.
pub(super) struct Client<'a> {
    pub name: &'a str,
    pub clean: bool,
    /// Topic on which `offline` is said when the line breaks.
    pub will: Option<&'a str>,
}

fn text(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

impl Line {
    /// Connects and waits until the gateway lets the client in. What comes then goes to `inbox` with this `number`.
    pub(super) async fn open(
        to: SocketAddr,
        client: Client<'_>,
        number: usize,
        inbox: mpsc::UnboundedSender<Event>,
    ) -> io::Result<Line> {
        let opened = async {
            let stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            let (mut reader, mut writer) = stream.into_split();
            let will = client.will.map(|topic| Will {
                topic,
                payload: b"offline",
                qos: QoS::AtLeastOnce,
                retain: true,
                properties: Many::NONE,
            });
            let connect = Connect {
                version: Version::V311,
                clean: client.clean,
                keep_alive_s: 60,
                client_id: client.name,
                will,
                login: Login::default(),
                properties: Many::NONE,
            };
            writer.write_all(&bytes(&Packet::Connect(connect))?).await?;
            // CONNACK is the first packet and has four bytes; what follows it is the reader's.
            let mut welcome = [0; 4];
            reader.read_exact(&mut welcome).await?;
            if welcome[0] != 0x20 || welcome[3] != 0 {
                return Err(text("the gateway did not let a client in"));
            }
            let reading = tokio::spawn(read(reader, number, inbox));
            Ok(Line { writer, reading })
        };
        timeout(PATIENCE, opened).await.map_err(|_| text("the gateway let nobody in"))?
    }

    /// Writes a packet.
    pub(super) async fn write(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        self.writer.write_all(&bytes(packet)?).await
    }

    /// Publishes.
    pub(super) async fn publish(
        &mut self,
        topic: &str,
        payload: &[u8],
        (qos, packet_id, dup, retain): (u8, u16, bool, bool),
    ) -> io::Result<()> {
        let qos = QoS::from_bits(qos).unwrap_or_default();
        let properties = Many::NONE;
        let packet = Publish { dup, qos, retain, topic, packet_id, properties, payload };
        self.write(&Packet::Publish(packet)).await
    }

    /// Subscribes with QoS 1.
    pub(super) async fn subscribe(&mut self, filter: &str) -> io::Result<()> {
        let filters = [Subscription { filter, options: 1 }];
        let packet = Subscribe { packet_id: 1, properties: Many::NONE, filters: Many::Listed(&filters) };
        self.write(&Packet::Subscribe(packet)).await
    }

    /// Acknowledges a message.
    pub(super) async fn acknowledge(&mut self, packet_id: u16) -> io::Result<()> {
        self.write(&Packet::PubAck(Ack::ok(packet_id))).await
    }

    /// Says good-bye and closes.
    pub(super) async fn good_bye(mut self) {
        // A gateway that is gone needs no good-bye.
        let _ = self.write(&Packet::Disconnect(Default::default())).await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

fn bytes(packet: &Packet<'_>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    encode(Version::V311, packet, &mut bytes).map_err(text)?;
    Ok(bytes)
}

async fn read(mut reader: OwnedReadHalf, number: usize, inbox: mpsc::UnboundedSender<Event>) {
    let mut packets = Inbox::new(Version::V311, LONGEST);
    let mut piece = vec![0; 16_384];
    while let Ok(count) = reader.read(&mut piece).await {
        let now = Instant::now();
        if count == 0 {
            return;
        }
        let fed = packets.feed(&piece[..count], |_, packet| {
            let came = match packet {
                Packet::PubAck(ack) => Came::Acknowledged(ack.packet_id),
                Packet::SubAck(_) => Came::Subscribed,
                Packet::Publish(publish) => Came::Message {
                    topic: publish.topic.to_owned(),
                    payload: publish.payload.to_vec(),
                    retained: publish.retain,
                    packet_id: if publish.qos == QoS::AtMostOnce { 0 } else { publish.packet_id },
                },
                _ => return true,
            };
            inbox.send((number, now, came)).is_ok()
        });
        if fed.is_err() {
            return;
        }
    }
}
