//! Bytes to packets, with every rule of the standard that one packet alone can break.

use super::property::{Place, Property, is_name};
use super::reader::Reader;
use super::reason;
use super::{
    Ack, Acks, ConnAck, Connect, End, Frame, Item, Login, Malformed, Many, Packet, Publish, QoS, Subscribe,
    Unsubscribe, Version, Will,
};

type Got<T> = Result<T, Malformed>;

/// What a frame says, as [`super::frame`] found it. A CONNECT says its own version.
pub fn decode<'a>(version: Version, frame: Frame<'a>) -> Got<Packet<'a>> {
    let reader = Reader::new(frame.body, frame.header);
    Ok(match frame.first >> 4 {
        1 => Packet::Connect(connect(reader)?),
        2 => Packet::ConnAck(conn_ack(version, reader)?),
        3 => Packet::Publish(publish(version, frame.first, reader)?),
        4 => Packet::PubAck(ack(version, Place::PUBACK, reader)?),
        5 => Packet::PubRec(ack(version, Place::PUBREC, reader)?),
        6 => Packet::PubRel(ack(version, Place::PUBREL, reader)?),
        7 => Packet::PubComp(ack(version, Place::PUBCOMP, reader)?),
        8 => Packet::Subscribe(subscribe(version, reader)?),
        9 => Packet::SubAck(acks(version, Place::SUBACK, reader)?),
        10 => Packet::Unsubscribe(unsubscribe(version, reader)?),
        11 => Packet::UnsubAck(acks(version, Place::UNSUBACK, reader)?),
        12 => empty(reader, Packet::PingReq)?,
        13 => empty(reader, Packet::PingResp)?,
        14 => Packet::Disconnect(end(version, Place::DISCONNECT, reader)?),
        15 if version == Version::V5 => Packet::Auth(end(version, Place::AUTH, reader)?),
        _ => return Err(Malformed { at: 0, what: "packets of this kind do not exist in this version" }),
    })
}

fn need(holds: bool, at: Reader<'_>, what: &'static str) -> Got<()> {
    if holds { Ok(()) } else { Err(at.wrong(what)) }
}

fn empty<'a>(reader: Reader<'a>, packet: Packet<'a>) -> Got<Packet<'a>> {
    reader.end().map(|()| packet)
}

fn connect<'a>(mut reader: Reader<'a>) -> Got<Connect<'a>> {
    let start = reader;
    need(reader.text()? == "MQTT", start, "a protocol that is not MQTT")?;
    let at = reader;
    let version = match reader.u8()? {
        4 => Version::V311,
        5 => Version::V5,
        _ => return Err(at.wrong("a protocol level that is neither 4 (3.1.1) nor 5 (5.0)")),
    };
    let at = reader;
    let flags = reader.u8()?;
    let has = |bit: u8| flags & 1 << bit != 0;
    need(!has(0), at, "the reserved flag of CONNECT is set")?;
    need(has(2) || flags & 0x38 == 0, at, "quality or retain of a will without a will")?;
    let nameless = version == Version::V311 && has(6) && !has(7);
    need(!nameless, at, "a password without a user name, which MQTT 3.1.1 forbids")?;
    let qos = QoS::from_bits(flags >> 3 & 3).ok_or(at.wrong("quality of service 3"))?;
    let keep_alive_s = reader.u16()?;
    let properties = properties(version, Place::CONNECT, &mut reader)?;
    let client_id = reader.text()?;
    let will = if has(2) { Some(will(version, (qos, has(5)), &mut reader)?) } else { None };
    let user = if has(7) { Some(reader.text()?) } else { None };
    let password = if has(6) { Some(reader.block()?) } else { None };
    reader.end()?;
    let login = Login { user, password };
    Ok(Connect { version, clean: has(1), keep_alive_s, client_id, will, login, properties })
}

fn will<'a>(version: Version, (qos, retain): (QoS, bool), reader: &mut Reader<'a>) -> Got<Will<'a>> {
    let properties = properties(version, Place::WILL, reader)?;
    let topic = topic(reader)?;
    Ok(Will { topic, payload: reader.block()?, qos, retain, properties })
}

fn conn_ack<'a>(version: Version, mut reader: Reader<'a>) -> Got<ConnAck<'a>> {
    let at = reader;
    let flags = reader.u8()?;
    need(flags <= 1, at, "flags that CONNACK does not have")?;
    let at = reader;
    let code = reader.u8()?;
    need(reason::conn_ack(version, code), at, "a code that this version's CONNACK does not have")?;
    need(flags == 0 || code == 0, at, "a CONNACK that refuses and has a session")?;
    let properties = properties(version, Place::CONNACK, &mut reader)?;
    reader.end()?;
    Ok(ConnAck { session_present: flags == 1, code, properties })
}

fn publish<'a>(version: Version, first: u8, mut reader: Reader<'a>) -> Got<Publish<'a>> {
    let wrong = |what| Malformed { at: 0, what };
    let qos = QoS::from_bits(first >> 1 & 3).ok_or(wrong("quality of service 3"))?;
    let (dup, retain) = (first & 8 != 0, first & 1 != 0);
    if dup && qos == QoS::AtMostOnce {
        return Err(wrong("a repeat at QoS 0"));
    }
    let at = reader;
    let topic = reader.text()?;
    let packet_id = if qos == QoS::AtMostOnce { 0 } else { reader.packet_id()? };
    let properties = properties(version, Place::PUBLISH, &mut reader)?;
    let alias = topic.is_empty() && properties.iter().any(|property| property.is_topic_alias());
    need(alias || is_name(topic), at, "a topic name that is empty or has a wildcard")?;
    Ok(Publish { dup, qos, retain, topic, packet_id, properties, payload: reader.all() })
}

fn ack<'a>(version: Version, place: Place, mut reader: Reader<'a>) -> Got<Ack<'a>> {
    let packet_id = reader.packet_id()?;
    let End { reason, properties } = end(version, place, reader)?;
    Ok(Ack { packet_id, reason, properties })
}

/// Reason and properties, either of which may be left out at the end.
fn end<'a>(version: Version, place: Place, mut reader: Reader<'a>) -> Got<End<'a>> {
    if version == Version::V311 || reader.is_empty() {
        reader.end()?;
        return Ok(End::default());
    }
    let at = reader;
    let reason = reader.u8()?;
    need(reason::in_place(place, reason), at, "a reason code that this packet does not have")?;
    if reader.is_empty() && place != Place::AUTH {
        return Ok(End { reason, properties: Many::NONE });
    }
    let properties = properties(version, place, &mut reader)?;
    reader.end()?;
    Ok(End { reason, properties })
}

fn subscribe<'a>(version: Version, mut reader: Reader<'a>) -> Got<Subscribe<'a>> {
    let packet_id = reader.packet_id()?;
    let properties = properties(version, Place::SUBSCRIBE, &mut reader)?;
    let at = reader;
    let filters: Many<'a, super::Subscription<'a>> = row(&mut reader)?;
    let fits = filters.iter().all(|subscription| subscription.fits(version));
    need(fits, at, "subscription options that the version does not have")?;
    Ok(Subscribe { packet_id, properties, filters })
}

fn unsubscribe<'a>(version: Version, mut reader: Reader<'a>) -> Got<Unsubscribe<'a>> {
    let packet_id = reader.packet_id()?;
    let properties = properties(version, Place::UNSUBSCRIBE, &mut reader)?;
    Ok(Unsubscribe { packet_id, properties, filters: row(&mut reader)? })
}

/// At least one, to the end of the packet.
fn row<'a, T: Item<'a>>(reader: &mut Reader<'a>) -> Got<Many<'a, T>> {
    need(!reader.is_empty(), *reader, "a request without a filter")?;
    let mut look = *reader;
    while !look.is_empty() {
        T::take(&mut look)?;
    }
    Ok(Many::Encoded(reader.all()))
}

fn acks<'a>(version: Version, place: Place, mut reader: Reader<'a>) -> Got<Acks<'a>> {
    let packet_id = reader.packet_id()?;
    let properties = properties(version, place, &mut reader)?;
    if version == Version::V311 && place == Place::UNSUBACK {
        reader.end()?;
        return Ok(Acks { packet_id, properties, codes: &[] });
    }
    need(!reader.is_empty(), reader, "an answer without a code")?;
    let at = reader.at();
    let codes = reader.all();
    match codes.iter().position(|code| !reason::of_filter(version, place, *code)) {
        Some(i) => Err(Malformed { at: at + i, what: "a reason code that this packet does not have" }),
        None => Ok(Acks { packet_id, properties, codes }),
    }
}

/// Properties with their length in front; none in 3.1.1.
fn properties<'a>(version: Version, place: Place, reader: &mut Reader<'a>) -> Got<Many<'a, Property<'a>>> {
    if version == Version::V311 {
        return Ok(Many::NONE);
    }
    let length = reader.variable()?;
    let mut part = reader.part(length as usize)?;
    let (at, mut look) = (part, part);
    while !look.is_empty() {
        Property::take(&mut look)?;
    }
    let many = Many::Encoded(part.all());
    place.check(many.iter()).map_err(|what| at.wrong(what))?;
    Ok(many)
}

fn topic<'a>(reader: &mut Reader<'a>) -> Got<&'a str> {
    let at = *reader;
    let topic = reader.text()?;
    need(is_name(topic), at, "a topic name that is empty or has a wildcard")?;
    Ok(topic)
}
