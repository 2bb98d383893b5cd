//! How a plane behaves.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use crate::codec::Version;

/// How connections are made, kept and made again, and how messages leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The server.
    pub to: SocketAddr,
    /// The protocol's version.
    pub version: Version,
    /// Silence after which a client asks whether the server is there; none: it never asks.
    pub keep_alive: Option<Duration>,
    /// The first connections are spread evenly over this time.
    pub connect_within: Duration,
    /// How long after that the last one may stand, before the plane gives up.
    pub connect_patience: Duration,
    /// From the last connection to the first message: time for all threads, and for the caller, to learn of the start.
    pub lead: Duration,
    /// How a broken connection is made again.
    pub backoff: Backoff,
    /// Where chance comes from.
    pub seed: u64,
    /// Messages of QoS 1 and 2 that one client may have unanswered; further ones wait. The server's receive maximum
    /// of 5.0 may lower it.
    pub unanswered: u16,
    /// Bytes that one client may have waiting.
    pub waiting_bytes: usize,
    /// What happens to a message for which there is no room.
    pub when_full: WhenFull,
    /// How messages become system calls.
    pub writes: Writes,
    /// How long before an instant a thread polls instead of sleeping; by default not at all with a single processor.
    pub spin: Duration,
    /// The plane stays connected at least this long after its start.
    pub lasts: Duration,
    /// How long after the last message answers are waited for.
    pub grace: Duration,
    /// Instants at which connections break.
    pub storms: Vec<Storm>,
    /// Messages of QoS 1 and 2 whose connection broke without an answer leave again on the next one, marked as sent
    /// before. Their bytes are kept until they are answered.
    pub resend: bool,
}

impl Settings {
    /// MQTT 3.1.1 to this server, with the defaults of the plane.
    pub fn new(to: SocketAddr) -> Settings {
        // Whoever is preferred and polls on the only processor leaves the server none.
        let alone = thread::available_parallelism().is_ok_and(|processors| processors.get() == 1);
        Settings {
            to,
            version: Version::V311,
            keep_alive: Some(Duration::from_secs(30)),
            connect_within: Duration::from_millis(500),
            connect_patience: Duration::from_secs(10),
            lead: Duration::from_millis(5),
            backoff: Backoff { first: Duration::from_millis(50), longest: Duration::from_secs(2) },
            seed: 1,
            unanswered: 1_000,
            waiting_bytes: 256 << 10,
            when_full: WhenFull::Refuse,
            writes: Writes::OneEach,
            spin: Duration::from_micros(if alone { 0 } else { 80 }),
            lasts: Duration::ZERO,
            grace: Duration::from_secs(5),
            storms: Vec::new(),
            resend: false,
        }
    }
}

/// Pauses before a connection is tried again: doubled after each failure, each drawn from the upper half of its length
/// so that clients do not come in step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
}

/// Connections are dropped at an instant, as in a power cut: reset, without DISCONNECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storm {
    /// When, after the start.
    pub at: Duration,
    /// Nobody connects for so long. What a client has to say meanwhile waits in it, and leaves in one burst.
    pub down: Duration,
    /// Every client connects again at an instant drawn from this time after that.
    pub within: Duration,
    /// Whom it hits, by the place in the list of clients; a list that is shorter holds again and again. All when it is
    /// empty.
    pub whom: Vec<bool>,
}

impl Storm {
    /// Whether it hits the client at this place.
    pub fn hits(&self, client: u32) -> bool {
        self.whom.is_empty() || self.whom[client as usize % self.whom.len()]
    }
}

/// What happens to a message for which a client has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It is counted as refused, and the others keep their instants.
    Refuse,
    /// The thread waits until there is room; its other messages are late too. For measuring what goes through.
    Hold,
}

/// How messages become system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// One for each message.
    OneEach,
    /// One for all that are due on a connection, when a thread comes to it.
    Together,
}
