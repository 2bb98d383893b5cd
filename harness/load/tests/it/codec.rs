//! The codec against itself: what is written is read back, and no bytes break it.

use palisade_load::codec::{
    Ack, Connect, Inbox, LONGEST_BODY, Login, Many, Packet, Property, Publish, QoS, Unencodable, Value,
    Version, decode, encode, frame,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::parts::any_parts;

fn bytes(version: Version, packet: &Packet<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(version, packet, &mut out).expect("the standard allows it");
    out
}

/// What the reader says about these bytes.
fn read(version: Version, bytes: &[u8]) -> String {
    match frame(bytes, LONGEST_BODY).and_then(|frame| frame.map(|f| decode(version, f)).transpose()) {
        Ok(Some(packet)) => format!("{packet:?}"),
        Ok(None) => "more must come".into(),
        Err(error) => error.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_written_is_read_back(parts in any_parts()) {
        parts.with(|packet| {
            let bytes = bytes(parts.version, &packet);
            let frame = frame(&bytes, LONGEST_BODY).expect("well formed").expect("whole");
            prop_assert_eq!(frame.len(), bytes.len());
            let back = decode(parts.version, frame).expect("the standard allows it");
            prop_assert_eq!(back, packet);
            // What was read is written again as it came, from the borrowed bytes.
            prop_assert_eq!(self::bytes(parts.version, &back), bytes);
            Ok(())
        })?;
    }

    #[test]
    fn a_stream_may_come_in_any_pieces(
        many in vec(any_parts(), 1..4),
        cuts in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let version = many[0].version;
        let mut stream = Vec::new();
        let mut sent = Vec::new();
        for parts in many.iter().filter(|parts| parts.version == version) {
            parts.with(|packet| {
                encode(version, &packet, &mut stream).expect("the standard allows it");
                sent.push(format!("{packet:?}"));
            });
        }
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        ends.push(stream.len());
        ends.sort_unstable();
        let (mut inbox, mut came, mut from) = (Inbox::new(version, LONGEST_BODY), Vec::new(), 0);
        for end in ends {
            let each = |_: &mut Version, packet: Packet<'_>| {
                came.push(format!("{packet:?}"));
                true
            };
            inbox.feed(&stream[from..end], each).expect("well formed");
            from = end;
        }
        prop_assert_eq!(came, sent);
        prop_assert_eq!(inbox.pending(), 0);
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in vec(any::<u8>(), 0..60), fifth in any::<bool>()) {
        let version = if fifth { Version::V5 } else { Version::V311 };
        let mut inbox = Inbox::new(version, 1 << 16);
        let _ = inbox.feed(&bytes, |_, packet| {
            // What is accepted can be written, in the same number of bytes or fewer: reasons may be left out.
            let mut again = Vec::new();
            let version = if let Packet::Connect(connect) = &packet { connect.version } else { version };
            encode(version, &packet, &mut again).expect("what was read can be written");
            assert!(again.len() <= bytes.len());
            true
        });
    }

    #[test]
    fn a_wrong_byte_has_its_place(parts in any_parts(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = parts.with(|packet| bytes(parts.version, &packet));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(Some(frame)) = frame(&bytes, LONGEST_BODY) && let Err(error) = decode(parts.version, frame) {
            prop_assert!(error.at <= bytes.len(), "{}", error);
        }
    }
}

#[test]
fn wrong_bytes_are_named_with_their_place() {
    let v5 = Version::V5;
    let check = |version, bytes: &[u8], said: &str| assert_eq!(read(version, bytes), said, "{bytes:02x?}");
    check(v5, &[], "more must come");
    check(v5, &[0x30, 0x80], "more must come");
    check(v5, &[0x30, 5, 0, 1, b'a', 0], "more must come");
    check(v5, &[0x00, 0], "byte 0 of the packet: packets of kind 0 do not exist");
    check(v5, &[0x30, 0xff, 0xff, 0xff, 0xff, 1], "byte 1 of the packet: a length of more than four bytes");
    check(v5, &[0x30, 0x80, 0x00], "byte 1 of the packet: a length in more bytes than it needs");
    check(v5, &[0x31, 2, 0, 9], "byte 4 of the packet: the packet ends too early");
    check(v5, &[0x36, 2, 0, 0], "byte 0 of the packet: quality of service 3");
    check(v5, &[0x30, 4, 0, 1, 0xff, 0], "byte 4 of the packet: text that is not UTF-8");
    check(
        v5,
        &[0x30, 4, 0, 1, b'#', 0],
        "byte 2 of the packet: a topic name that is empty or has a wildcard",
    );
    check(v5, &[0x60, 2, 0, 1], "byte 0 of the packet: flags that this kind of packet does not have");
    check(v5, &[0x40, 2, 0, 0], "byte 2 of the packet: a packet identifier of 0");
    check(v5, &[0x40, 3, 0, 1, 0x92], "byte 4 of the packet: a reason code that this packet does not have");
    check(
        v5,
        &[0x20, 5, 0, 0, 2, 0x24, 2],
        "byte 5 of the packet: a property with a value that it cannot have",
    );
    check(
        v5,
        &[0x20, 5, 0, 0, 2, 0x01, 1],
        "byte 5 of the packet: a property that this packet does not have",
    );
    check(v5, &[0x20, 5, 0, 0, 2, 0x05, 1], "byte 5 of the packet: a property that does not exist");
    check(
        Version::V311,
        &[0xf0, 0],
        "byte 0 of the packet: packets of this kind do not exist in this version",
    );
    check(Version::V311, &[0x40, 3, 0, 1, 0], "byte 4 of the packet: bytes after the end of the packet");
    check(
        Version::V311,
        &[0x82, 6, 0, 1, 0, 1, b'a', 3],
        "byte 4 of the packet: subscription options that the version does not have",
    );
}

#[test]
fn what_has_no_bytes_is_refused_and_leaves_the_buffer_alone() {
    let check = |version, packet: Packet<'_>, said: &str| {
        let mut out = vec![7];
        let error: Unencodable = encode(version, &packet, &mut out).expect_err(said);
        assert_eq!((error.to_string().as_str(), out.as_slice()), (said, &[7][..]));
    };
    let publish = Publish {
        dup: false,
        qos: QoS::AtMostOnce,
        retain: false,
        topic: "a",
        packet_id: 0,
        properties: Many::NONE,
        payload: &[],
    };
    let v311 = Version::V311;
    check(
        v311,
        Packet::Publish(Publish { topic: "a/#", ..publish }),
        "a topic name that is empty or has a wildcard",
    );
    check(v311, Packet::Publish(Publish { qos: QoS::AtLeastOnce, ..publish }), "a packet identifier of 0");
    let long = "a".repeat(70_000);
    let said = "70000 bytes are more than the 65,535 that a field holds";
    check(v311, Packet::Publish(Publish { topic: &long, ..publish }), said);
    let alias = [Property { id: Property::TOPIC_ALIAS, value: Value::Two(1) }];
    let said = "MQTT 3.1.1 has no properties; use version 5 or leave it out";
    check(v311, Packet::Publish(Publish { properties: Many::Listed(&alias), ..publish }), said);
    let twice = [alias[0], alias[0]];
    let said = "a property twice that may stand once";
    check(Version::V5, Packet::Publish(Publish { properties: Many::Listed(&twice), ..publish }), said);
    check(
        v311,
        Packet::PubAck(Ack { reason: 0x80, ..Ack::ok(1) }),
        "MQTT 3.1.1 has no reason; use version 5 or leave it out",
    );
    let connect = Connect {
        version: v311,
        clean: true,
        keep_alive_s: 0,
        client_id: "a",
        will: None,
        login: Login { user: None, password: Some(b"x") },
        properties: Many::NONE,
    };
    check(v311, Packet::Connect(connect), "MQTT 3.1.1 allows no password without a user name");
}

#[test]
fn a_buffer_with_room_is_not_moved() {
    let mut out = Vec::with_capacity(64);
    let before = out.as_ptr();
    encode(Version::V311, &Packet::PubAck(Ack::ok(9)), &mut out).expect("allowed");
    assert_eq!((out.as_slice(), out.as_ptr(), out.capacity()), (&[0x40, 2, 0, 9][..], before, 64));
}

#[test]
fn garbage_with_a_great_length_is_not_waited_for() {
    let mut inbox = Inbox::new(Version::V311, 1_000);
    let error = inbox.feed(&[0x30, 0xff, 0x7f], |_, _| true).expect_err("too long");
    assert_eq!(error.to_string(), "byte 1 of the packet: a packet longer than is accepted here");
}

#[test]
fn golden_bytes_of_the_standard() {
    // 3.1.1, figure 3.6: the bytes of a CONNECT; 3.3: a PUBLISH `a/b` with identifier 10.
    let check = |version, bytes: &[u8], said: &str| {
        assert!(read(version, bytes).contains(said), "{}", read(version, bytes))
    };
    let connect = [0x10, 0x0d, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 10, 0, 1, b'c'];
    check(Version::V5, &connect, "Connect { version: V311, clean: true, keep_alive_s: 10, client_id: \"c\"");
    let publish = [0x32, 0x07, 0, 3, b'a', b'/', b'b', 0, 10];
    check(Version::V311, &publish, "qos: AtLeastOnce, retain: false, topic: \"a/b\", packet_id: 10");
}
