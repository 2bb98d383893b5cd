//! Packets to bytes. Each body is written twice by the same code: once to count, once to write, so that the length in
//! front cannot disagree with what follows.

use super::property::{Place, Property, is_name};
use super::reason;
use super::{
    Ack, Acks, ConnAck, Connect, End, LONGEST_BODY, Many, Packet, Publish, QoS, Subscribe, Subscription,
    Unencodable, Unsubscribe, Version, Will,
};

/// Where bytes go.
pub trait Out {
    /// Appends.
    fn bytes(&mut self, bytes: &[u8]);

    /// Appends one.
    fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }
}

impl Out for Vec<u8> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Counts.
#[derive(Default)]
struct Count(usize);

impl Out for Count {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

type Done = Result<(), Unencodable>;

/// Appends a packet to `out`. On an error `out` is as it was.
pub fn encode(version: Version, packet: &Packet<'_>, out: &mut Vec<u8>) -> Done {
    let mut count = Count::default();
    body(version, packet, &mut count)?;
    if count.0 > LONGEST_BODY {
        return Err(Unencodable::PacketTooLong { bytes: count.0 });
    }
    out.byte(first(packet));
    variable(count.0 as u32, out);
    body(version, packet, out)
}

/// Kind and flags.
fn first(packet: &Packet<'_>) -> u8 {
    match packet {
        Packet::Connect(_) => 0x10,
        Packet::ConnAck(_) => 0x20,
        Packet::Publish(p) => 0x30 | u8::from(p.dup) << 3 | p.qos.bits() << 1 | u8::from(p.retain),
        Packet::PubAck(_) => 0x40,
        Packet::PubRec(_) => 0x50,
        Packet::PubRel(_) => 0x62,
        Packet::PubComp(_) => 0x70,
        Packet::Subscribe(_) => 0x82,
        Packet::SubAck(_) => 0x90,
        Packet::Unsubscribe(_) => 0xa2,
        Packet::UnsubAck(_) => 0xb0,
        Packet::PingReq => 0xc0,
        Packet::PingResp => 0xd0,
        Packet::Disconnect(_) => 0xe0,
        Packet::Auth(_) => 0xf0,
    }
}

fn body(version: Version, packet: &Packet<'_>, out: &mut impl Out) -> Done {
    match packet {
        Packet::Connect(connect) => self::connect(version, connect, out),
        Packet::ConnAck(ack) => conn_ack(version, ack, out),
        Packet::Publish(publish) => self::publish(version, publish, out),
        Packet::PubAck(ack) => self::ack(version, (ack, Place::PUBACK), out),
        Packet::PubRec(ack) => self::ack(version, (ack, Place::PUBREC), out),
        Packet::PubRel(ack) => self::ack(version, (ack, Place::PUBREL), out),
        Packet::PubComp(ack) => self::ack(version, (ack, Place::PUBCOMP), out),
        Packet::Subscribe(subscribe) => self::subscribe(version, subscribe, out),
        Packet::SubAck(acks) => self::acks(version, (acks, Place::SUBACK), out),
        Packet::Unsubscribe(unsubscribe) => self::unsubscribe(version, unsubscribe, out),
        Packet::UnsubAck(acks) => self::acks(version, (acks, Place::UNSUBACK), out),
        Packet::PingReq | Packet::PingResp => Ok(()),
        Packet::Disconnect(end) => self::end(version, (end, Place::DISCONNECT), out),
        Packet::Auth(_) if version == Version::V311 => Err(Unencodable::OnlyInV5 { what: "AUTH" }),
        Packet::Auth(end) => self::end(version, (end, Place::AUTH), out),
    }
}

fn connect(version: Version, connect: &Connect<'_>, out: &mut impl Out) -> Done {
    need(connect.version == version, "a CONNECT of another version than the connection's")?;
    let login = &connect.login;
    let nameless = version == Version::V311 && login.password.is_some() && login.user.is_none();
    need(!nameless, "MQTT 3.1.1 allows no password without a user name")?;
    text("MQTT", out)?;
    out.byte(version.level());
    let will = connect.will.map_or(0, |will| 4 | will.qos.bits() << 3 | u8::from(will.retain) << 5);
    let login_flags = u8::from(login.password.is_some()) << 6 | u8::from(login.user.is_some()) << 7;
    out.byte(u8::from(connect.clean) << 1 | will | login_flags);
    out.bytes(&connect.keep_alive_s.to_be_bytes());
    properties(version, connect.properties, Place::CONNECT, out)?;
    text(connect.client_id, out)?;
    connect.will.iter().try_for_each(|will| self::will(version, will, out))?;
    login.user.iter().try_for_each(|user| text(user, out))?;
    login.password.iter().try_for_each(|password| block(password, out))
}

fn will(version: Version, will: &Will<'_>, out: &mut impl Out) -> Done {
    properties(version, will.properties, Place::WILL, out)?;
    topic(will.topic, out)?;
    block(will.payload, out)
}

fn conn_ack(version: Version, ack: &ConnAck<'_>, out: &mut impl Out) -> Done {
    need(reason::conn_ack(version, ack.code), "a CONNACK with a code that the version does not have")?;
    need(!(ack.session_present && ack.code != 0), "a CONNACK that refuses and has a session")?;
    out.bytes(&[u8::from(ack.session_present), ack.code]);
    properties(version, ack.properties, Place::CONNACK, out)
}

fn publish(version: Version, publish: &Publish<'_>, out: &mut impl Out) -> Done {
    need(!(publish.dup && publish.qos == QoS::AtMostOnce), "a repeat at QoS 0")?;
    let alias = publish.properties.iter().any(|property| property.is_topic_alias());
    if publish.topic.is_empty() && alias {
        text("", out)?
    } else {
        topic(publish.topic, out)?
    }
    if publish.qos == QoS::AtMostOnce {
        need(publish.packet_id == 0, "a packet identifier at QoS 0")?;
    } else {
        packet_id(publish.packet_id, out)?;
    }
    properties(version, publish.properties, Place::PUBLISH, out)?;
    out.bytes(publish.payload);
    Ok(())
}

/// In 5.0 the reason is left out when all is well and nothing follows, the properties when there are none.
fn ack(version: Version, (ack, place): (&Ack<'_>, Place), out: &mut impl Out) -> Done {
    packet_id(ack.packet_id, out)?;
    reasoned(version, (ack.reason, ack.properties), place, out)
}

fn end(version: Version, (end, place): (&End<'_>, Place), out: &mut impl Out) -> Done {
    reasoned(version, (end.reason, end.properties), place, out)
}

fn reasoned(
    version: Version,
    (reason, many): (u8, Many<'_, Property<'_>>),
    place: Place,
    out: &mut impl Out,
) -> Done {
    if reason == 0 && many.is_empty() {
        return Ok(());
    }
    if version == Version::V311 {
        return Err(Unencodable::OnlyInV5 { what: "reason" });
    }
    need(reason::in_place(place, reason), "a reason code that this packet does not have")?;
    out.byte(reason);
    if many.is_empty() && place != Place::AUTH { Ok(()) } else { properties(version, many, place, out) }
}

fn subscribe(version: Version, subscribe: &Subscribe<'_>, out: &mut impl Out) -> Done {
    need(!subscribe.filters.is_empty(), "a SUBSCRIBE without a filter")?;
    packet_id(subscribe.packet_id, out)?;
    properties(version, subscribe.properties, Place::SUBSCRIBE, out)?;
    let fits = |one: Subscription<'_>| one.fits(version);
    need(subscribe.filters.iter().all(fits), "subscription options that the version does not have")?;
    subscribe.filters.put(out)
}

fn unsubscribe(version: Version, unsubscribe: &Unsubscribe<'_>, out: &mut impl Out) -> Done {
    need(!unsubscribe.filters.is_empty(), "an UNSUBSCRIBE without a filter")?;
    packet_id(unsubscribe.packet_id, out)?;
    properties(version, unsubscribe.properties, Place::UNSUBSCRIBE, out)?;
    unsubscribe.filters.put(out)
}

fn acks(version: Version, (acks, place): (&Acks<'_>, Place), out: &mut impl Out) -> Done {
    packet_id(acks.packet_id, out)?;
    properties(version, acks.properties, place, out)?;
    if version == Version::V311 && place == Place::UNSUBACK {
        return need(acks.codes.is_empty(), "an UNSUBACK of MQTT 3.1.1 with codes");
    }
    need(!acks.codes.is_empty(), "an answer without a code")?;
    let known = |code: &u8| reason::of_filter(version, place, *code);
    need(acks.codes.iter().all(known), "a reason code that this packet does not have")?;
    out.bytes(acks.codes);
    Ok(())
}

/// Length and properties; in 3.1.1 neither.
fn properties(version: Version, many: Many<'_, Property<'_>>, place: Place, out: &mut impl Out) -> Done {
    if version == Version::V311 {
        return if many.is_empty() { Ok(()) } else { Err(Unencodable::OnlyInV5 { what: "properties" }) };
    }
    place.check(many.iter()).map_err(|what| Unencodable::Forbidden { what })?;
    let mut count = Count::default();
    many.put(&mut count)?;
    variable(u32::try_from(count.0).unwrap_or(u32::MAX), out);
    many.put(out)
}

pub(super) fn variable(mut value: u32, out: &mut impl Out) {
    while value >= 0x80 {
        out.byte(value as u8 | 0x80);
        value >>= 7;
    }
    out.byte(value as u8);
}

pub(super) fn text(text: &str, out: &mut impl Out) -> Done {
    need(!text.contains('\0'), "text with the character U+0000")?;
    block(text.as_bytes(), out)
}

/// A topic name: not empty, no wildcards.
fn topic(name: &str, out: &mut impl Out) -> Done {
    need(is_name(name), "a topic name that is empty or has a wildcard")?;
    text(name, out)
}

pub(super) fn block(bytes: &[u8], out: &mut impl Out) -> Done {
    let length = u16::try_from(bytes.len()).map_err(|_| Unencodable::FieldTooLong { bytes: bytes.len() })?;
    out.bytes(&length.to_be_bytes());
    out.bytes(bytes);
    Ok(())
}

fn packet_id(id: u16, out: &mut impl Out) -> Done {
    need(id != 0, "a packet identifier of 0")?;
    out.bytes(&id.to_be_bytes());
    Ok(())
}

pub(super) fn need(holds: bool, what: &'static str) -> Done {
    if holds { Ok(()) } else { Err(Unencodable::Forbidden { what }) }
}
