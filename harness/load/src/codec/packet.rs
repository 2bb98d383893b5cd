//! The packets, as the standard names them. A packet of either version is the same type; what only 5.0 has is empty in
//! 3.1.1.

use super::{Many, Property, Version};

/// Quality of service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QoS {
    /// 0: at most once, no answer.
    #[default]
    AtMostOnce,
    /// 1: at least once, answered by PUBACK.
    AtLeastOnce,
    /// 2: exactly once, PUBREC, PUBREL, PUBCOMP.
    ExactlyOnce,
}

impl QoS {
    /// From its two bits; 3 is none.
    pub fn from_bits(bits: u8) -> Option<QoS> {
        [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce].get(usize::from(bits)).copied()
    }

    /// Its two bits.
    pub fn bits(self) -> u8 {
        self as u8
    }
}

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Packet<'a> {
    /// A client asks for a session.
    Connect(Connect<'a>),
    /// The server's answer to CONNECT.
    ConnAck(ConnAck<'a>),
    /// A message.
    Publish(Publish<'a>),
    /// Answer to QoS 1.
    PubAck(Ack<'a>),
    /// First answer to QoS 2.
    PubRec(Ack<'a>),
    /// Release of QoS 2.
    PubRel(Ack<'a>),
    /// Last answer to QoS 2.
    PubComp(Ack<'a>),
    /// A client asks for messages.
    Subscribe(Subscribe<'a>),
    /// One code for each subscription.
    SubAck(Acks<'a>),
    /// A client no longer wants messages.
    Unsubscribe(Unsubscribe<'a>),
    /// In 5.0 one code for each filter, in 3.1.1 none.
    UnsubAck(Acks<'a>),
    /// Are you there?
    PingReq,
    /// Yes.
    PingResp,
    /// The connection ends on purpose.
    Disconnect(End<'a>),
    /// A step of an extended login, 5.0 only.
    Auth(End<'a>),
}

/// CONNECT.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connect<'a> {
    /// The version asked for.
    pub version: Version,
    /// Clean session (3.1.1), clean start (5.0).
    pub clean: bool,
    /// Seconds of silence after which the server may give up; 0 is never.
    pub keep_alive_s: u16,
    /// Who it is.
    pub client_id: &'a str,
    /// What the server says when the client vanishes.
    pub will: Option<Will<'a>>,
    /// Name and password.
    pub login: Login<'a>,
    /// 5.0.
    pub properties: Many<'a, Property<'a>>,
}

/// Name and password of a client. In 3.1.1 a password needs a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Login<'a> {
    /// The name.
    pub user: Option<&'a str>,
    /// The password, any bytes.
    pub password: Option<&'a [u8]>,
}

/// A last will.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Will<'a> {
    /// Where it is said.
    pub topic: &'a str,
    /// What is said.
    pub payload: &'a [u8],
    /// With which quality.
    pub qos: QoS,
    /// Whether the server keeps it.
    pub retain: bool,
    /// 5.0.
    pub properties: Many<'a, Property<'a>>,
}

/// CONNACK.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConnAck<'a> {
    /// The server had kept a session of this client.
    pub session_present: bool,
    /// 0 is welcome; the codes of the two versions differ.
    pub code: u8,
    /// 5.0.
    pub properties: Many<'a, Property<'a>>,
}

/// PUBLISH.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Publish<'a> {
    /// It may have been sent before.
    pub dup: bool,
    /// Quality of service.
    pub qos: QoS,
    /// The server keeps it, or had kept it.
    pub retain: bool,
    /// The topic; empty with a topic alias of 5.0.
    pub topic: &'a str,
    /// From 1; 0 with QoS 0, which has none.
    pub packet_id: u16,
    /// 5.0.
    pub properties: Many<'a, Property<'a>>,
    /// The message.
    pub payload: &'a [u8],
}

/// PUBACK, PUBREC, PUBREL, PUBCOMP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ack<'a> {
    /// Of the message.
    pub packet_id: u16,
    /// 5.0; 0 is success.
    pub reason: u8,
    /// 5.0.
    pub properties: Many<'a, Property<'a>>,
}

impl Ack<'_> {
    /// Well received.
    pub fn ok(packet_id: u16) -> Ack<'static> {
        Ack { packet_id, reason: 0, properties: Many::NONE }
    }
}

/// SUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subscribe<'a> {
    /// From 1.
    pub packet_id: u16,
    /// 5.0.
    pub properties: Many<'a, Property<'a>>,
    /// At least one.
    pub filters: Many<'a, Subscription<'a>>,
}

/// One subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription<'a> {
    /// The topic filter.
    pub filter: &'a str,
    /// Highest quality wanted in bits 0 and 1; in 5.0 also no local (2), retain as published (3), retain handling
    /// (4 and 5).
    pub options: u8,
}

/// UNSUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unsubscribe<'a> {
    /// From 1.
    pub packet_id: u16,
    /// 5.0.
    pub properties: Many<'a, Property<'a>>,
    /// At least one.
    pub filters: Many<'a, &'a str>,
}

/// SUBACK, UNSUBACK.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Acks<'a> {
    /// Of the request.
    pub packet_id: u16,
    /// 5.0.
    pub properties: Many<'a, Property<'a>>,
    /// One for each filter.
    pub codes: &'a [u8],
}

/// DISCONNECT, AUTH.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct End<'a> {
    /// 5.0; 0 is as usual.
    pub reason: u8,
    /// 5.0.
    pub properties: Many<'a, Property<'a>>,
}
