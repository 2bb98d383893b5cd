//! MQTT 3.1.1 and 5.0 as bytes, both directions, without a socket.
//!
//! A packet borrows what it holds: encoding appends to the caller's buffer and allocates nothing else, decoding points
//! into the bytes that it was given. A packet that breaks the standard is [`Malformed`], with the byte and the reason.

mod decode;
mod encode;
mod frame;
mod many;
mod packet;
mod property;
mod reader;
mod reason;

use thiserror::Error;

pub use decode::decode;
pub use encode::encode;
pub use frame::{Frame, Inbox, LONGEST_BODY, frame};
pub use many::{Item, Many};
pub use packet::{
    Ack, Acks, ConnAck, Connect, End, Login, Packet, Publish, QoS, Subscribe, Subscription, Unsubscribe, Will,
};
pub use property::{Property, Value};

/// The version of the protocol that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// MQTT 3.1.1, protocol level 4.
    V311,
    /// MQTT 5.0, protocol level 5.
    V5,
}

impl Version {
    /// The protocol level that CONNECT states.
    pub fn level(self) -> u8 {
        match self {
            Version::V311 => 4,
            Version::V5 => 5,
        }
    }
}

/// Bytes that are no packet of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("byte {at} of the packet: {what}")]
pub struct Malformed {
    /// Which byte of the packet, from 0, counted from its first.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// A packet that has no bytes in this version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unencodable {
    /// A text or a block is longer than its two length bytes can say.
    #[error("{bytes} bytes are more than the 65,535 that a field holds")]
    FieldTooLong {
        /// Bytes of the field.
        bytes: usize,
    },
    /// The packet is longer than four length bytes can say.
    #[error("{bytes} bytes are more than the 268,435,455 that a packet holds")]
    PacketTooLong {
        /// Bytes after the fixed header.
        bytes: usize,
    },
    /// MQTT 3.1.1 has no place for it.
    #[error("MQTT 3.1.1 has no {what}; use version 5 or leave it out")]
    OnlyInV5 {
        /// What is not there.
        what: &'static str,
    },
    /// The packet contradicts the standard.
    #[error("{what}")]
    Forbidden {
        /// What is wrong.
        what: &'static str,
    },
}
