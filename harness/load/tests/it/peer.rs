//! The codec against another one that somebody else wrote, byte for byte.

use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::MqttError;
use palisade_load::codec::{Frame, LONGEST_BODY, Packet, Version, decode, encode, frame};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::parts::any_parts;

/// The bytes that the peer makes of what it has read in a frame.
fn again(version: Version, frame: Frame<'_>) -> Result<Vec<u8>, MqttError> {
    macro_rules! read {
        ($kind:ty) => {
            <$kind>::parse(frame.body).map(|(packet, _)| packet.to_continuous_buffer())
        };
    }
    match (version, frame.first >> 4) {
        (Version::V311, 1) => read!(v3_1_1::Connect),
        (Version::V311, 2) => read!(v3_1_1::Connack),
        (Version::V311, 3) => v3_1_1::Publish::parse(frame.first & 15, frame.body.into())
            .map(|(packet, _)| packet.to_continuous_buffer()),
        (Version::V311, 4) => read!(v3_1_1::Puback),
        (Version::V311, 5) => read!(v3_1_1::Pubrec),
        (Version::V311, 6) => read!(v3_1_1::Pubrel),
        (Version::V311, 7) => read!(v3_1_1::Pubcomp),
        (Version::V311, 8) => read!(v3_1_1::Subscribe),
        (Version::V311, 9) => read!(v3_1_1::Suback),
        (Version::V311, 10) => read!(v3_1_1::Unsubscribe),
        (Version::V311, 11) => read!(v3_1_1::Unsuback),
        (Version::V311, 12) => read!(v3_1_1::Pingreq),
        (Version::V311, 13) => read!(v3_1_1::Pingresp),
        (Version::V311, 14) => read!(v3_1_1::Disconnect),
        (Version::V5, 1) => read!(v5_0::Connect),
        (Version::V5, 2) => read!(v5_0::Connack),
        (Version::V5, 3) => v5_0::Publish::parse(frame.first & 15, frame.body.into())
            .map(|(packet, _)| packet.to_continuous_buffer()),
        (Version::V5, 4) => read!(v5_0::Puback),
        (Version::V5, 5) => read!(v5_0::Pubrec),
        (Version::V5, 6) => read!(v5_0::Pubrel),
        (Version::V5, 7) => read!(v5_0::Pubcomp),
        (Version::V5, 8) => read!(v5_0::Subscribe),
        (Version::V5, 9) => read!(v5_0::Suback),
        (Version::V5, 10) => read!(v5_0::Unsubscribe),
        (Version::V5, 11) => read!(v5_0::Unsuback),
        (Version::V5, 12) => read!(v5_0::Pingreq),
        (Version::V5, 13) => read!(v5_0::Pingresp),
        (Version::V5, 14) => read!(v5_0::Disconnect),
        (Version::V5, 15) => read!(v5_0::Auth),
        (version, kind) => unreachable!("{version:?} has no packets of kind {kind}"),
    }
}

/// The peer refuses a password without a user name in 5.0, where the standard allows it (3.1.2.9).
fn too_strict(packet: &Packet<'_>) -> bool {
    matches!(packet, Packet::Connect(c) if c.login.user.is_none() && c.login.password.is_some())
}

/// What the standard forbids and the peer's packets let pass, seen in some hundred thousand packets with a wrong byte. The flags
/// are checked by its connection, not by its packets.
const LEFT_OPEN: [&str; 13] = [
    "flags that this kind of packet does not have",
    "text with the character U+0000",
    "a topic filter that is empty or has a wildcard inside a level",
    "a topic name that is empty or has a wildcard",
    "subscription options that the version does not have",
    "flags that CONNACK does not have",
    "a CONNACK that refuses and has a session",
    "bytes after the end of the packet",
    "quality of service 3",
    "quality or retain of a will without a will",
    "the reserved flag of CONNECT is set",
    "a repeat at QoS 0",
    "authentication data without a method",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_peer_reads_what_is_written_and_writes_the_same_bytes(parts in any_parts()) {
        let mut bytes = Vec::new();
        parts.with(|packet| encode(parts.version, &packet, &mut bytes)).expect("the standard allows it");
        let frame = frame(&bytes, LONGEST_BODY).expect("well formed").expect("whole");
        prop_assume!(!parts.with(|packet| too_strict(&packet)));
        let theirs = again(parts.version, frame);
        prop_assert!(theirs.is_ok(), "{:?} for {:02x?}", theirs, bytes);
        prop_assert_eq!(theirs.unwrap_or_default(), bytes);
    }

    #[test]
    fn what_the_peer_refuses_is_refused_and_the_rest_has_a_reason(
        parts in any_parts(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = Vec::new();
        parts.with(|packet| encode(parts.version, &packet, &mut bytes)).expect("the standard allows it");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let Ok(Some(frame)) = frame(&bytes, LONGEST_BODY) else { return Ok(()) };
        // Another kind, or a CONNECT of the other version, is another packet.
        let other = parts.kind == 1 && bytes.get(frame.header + 6) != Some(&parts.version.level());
        if frame.first >> 4 != parts.kind || other {
            return Ok(());
        }
        match (decode(parts.version, frame), again(parts.version, frame)) {
            (Ok(packet), theirs) => prop_assert!(theirs.is_ok() || too_strict(&packet), "{packet:?} {theirs:?}"),
            (Err(ours), Ok(_)) => prop_assert!(LEFT_OPEN.contains(&ours.what), "{ours} {bytes:02x?}"),
            (Err(_), Err(_)) => {}
        }
    }
}

#[test]
fn the_peer_means_the_same() {
    let mut runner = TestRunner::deterministic();
    let strategy = any_parts();
    let mut seen = 0;
    while seen < 200 {
        let parts = strategy.new_tree(&mut runner).expect("drawn").current();
        parts.with(|packet| {
            let Packet::Publish(ours) = packet else { return };
            let mut bytes = Vec::new();
            encode(parts.version, &packet, &mut bytes).expect("the standard allows it");
            let frame = frame(&bytes, LONGEST_BODY).expect("well formed").expect("whole");
            let says = (ours.topic, ours.payload, ours.qos.bits(), ours.dup, ours.retain, ours.packet_id);
            macro_rules! check {
                ($kind:ty) => {{
                    let (theirs, _) = <$kind>::parse(frame.first & 15, frame.body.into()).expect("read");
                    let (topic, payload) = (theirs.topic_name(), theirs.payload().as_slice());
                    let (qos, id) = (theirs.qos() as u8, theirs.packet_id().unwrap_or(0));
                    assert_eq!((topic, payload, qos, theirs.dup(), theirs.retain(), id), says);
                }};
            }
            match parts.version {
                Version::V311 => check!(v3_1_1::Publish),
                Version::V5 => check!(v5_0::Publish),
            }
            seen += 1;
        });
    }
}
