//! Which codes each packet may carry, from the tables of the standard (3.1.1: 3.2.2.3 and 3.9.3; 5.0: 2.4).

use super::Version;
use super::property::Place;

const CONNACK: &[u8] = &[
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99,
    0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
];
const RECEIVED: &[u8] = &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const RELEASED: &[u8] = &[0x00, 0x92];
const SUBACK: &[u8] = &[0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2];
const UNSUBACK: &[u8] = &[0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91];
const DISCONNECT: &[u8] = &[
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96,
    0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
];
const AUTH: &[u8] = &[0x00, 0x18, 0x19];

/// Codes of CONNACK.
pub(super) fn conn_ack(version: Version, code: u8) -> bool {
    match version {
        Version::V311 => code <= 5,
        Version::V5 => CONNACK.contains(&code),
    }
}

/// Codes that 5.0 added to a packet.
pub(super) fn in_place(place: Place, code: u8) -> bool {
    let codes = match place {
        Place::PUBACK | Place::PUBREC => RECEIVED,
        Place::PUBREL | Place::PUBCOMP => RELEASED,
        Place::DISCONNECT => DISCONNECT,
        Place::AUTH => AUTH,
        _ => &[],
    };
    codes.contains(&code)
}

/// Codes of SUBACK and UNSUBACK, one for each filter.
pub(super) fn of_filter(version: Version, place: Place, code: u8) -> bool {
    match (version, place) {
        (Version::V311, Place::SUBACK) => matches!(code, 0 | 1 | 2 | 0x80),
        (Version::V5, Place::SUBACK) => SUBACK.contains(&code),
        (Version::V5, Place::UNSUBACK) => UNSUBACK.contains(&code),
        _ => false,
    }
}
