//! Any packet that the standard allows, made of parts that a property test draws.

use palisade_load::codec::{
    Ack, Acks, ConnAck, Connect, End, Login, Many, Packet, Property, Publish, QoS, Subscribe, Subscription,
    Unsubscribe, Value, Version, Will,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// What a packet is made of.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) version: Version,
    /// 1 to 15, as in the first byte.
    pub(crate) kind: u8,
    flags: u8,
    id: u16,
    number: u16,
    texts: [String; 3],
    blocks: [Vec<u8>; 2],
    drawn: Vec<Drawn>,
    filters: Vec<(String, u8)>,
    codes: Vec<u8>,
}

/// What a property is made of.
#[derive(Clone, Debug)]
struct Drawn {
    which: usize,
    number: u32,
    text: String,
    block: Vec<u8>,
}

/// Parts of any packet of any version.
pub(crate) fn any_parts() -> impl Strategy<Value = Parts> {
    let text = || "[a-z/ 门岗€\u{10348}]{0,9}";
    let drawn = (any::<usize>(), any::<u32>(), text(), vec(any::<u8>(), 0..5))
        .prop_map(|(which, number, text, block)| Drawn { which, number, text, block });
    let filter = ("(([a-z门]{0,3}|\\+)/){0,3}(#|[a-z]{1,4})", any::<u8>());
    let rows = (vec(drawn, 0..7), vec(filter, 1..4), vec(any::<u8>(), 1..5));
    let long = prop_oneof![9 => 0..40_usize, 1 => 120..140_usize, 1 => 16_370..16_400_usize];
    let blocks = [long.prop_flat_map(|n| vec(any::<u8>(), n)).boxed(), vec(any::<u8>(), 0..9).boxed()];
    let head = (prop_oneof![Just(Version::V311), Just(Version::V5)], 1..16_u8, any::<u8>());
    (head, 1..=u16::MAX, any::<u16>(), [text(), text(), text()], blocks, rows).prop_map(
        |((version, kind, flags), id, number, texts, blocks, (drawn, filters, codes))| {
            let kind = if version == Version::V311 { kind.min(14) } else { kind };
            Parts { version, kind, flags, id, number, texts, blocks, drawn, filters, codes }
        },
    )
}

/// Identifiers of the properties that a packet may have, by table 2-4 of the standard; 0 is a will.
fn allowed(kind: u8) -> &'static [u8] {
    match kind {
        0 => &[0x18, 0x01, 0x02, 0x03, 0x08, 0x09, 0x26],
        1 => &[0x11, 0x21, 0x27, 0x22, 0x19, 0x17, 0x26, 0x15],
        2 => {
            &[0x11, 0x21, 0x24, 0x25, 0x27, 0x12, 0x22, 0x1f, 0x26, 0x28, 0x29, 0x2a, 0x13, 0x1a, 0x1c, 0x15]
        }
        3 => &[0x01, 0x02, 0x23, 0x08, 0x09, 0x26, 0x0b, 0x03],
        8 => &[0x0b, 0x26],
        10 => &[0x26],
        14 => &[0x11, 0x1f, 0x26, 0x1c],
        15 => &[0x15, 0x1f, 0x26],
        _ => &[0x1f, 0x26],
    }
}

/// Codes that a packet may have, by the tables of the standard.
fn codes(version: Version, kind: u8) -> &'static [u8] {
    match (version, kind) {
        (Version::V311, 2) => &[0, 1, 2, 3, 4, 5],
        (Version::V311, 9) => &[0, 1, 2, 0x80],
        (Version::V311, _) => &[0],
        (_, 2) => &[
            0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97,
            0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
        ],
        (_, 4 | 5) => &[0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
        (_, 6 | 7) => &[0, 0x92],
        (_, 9) => &[0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
        (_, 11) => &[0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91],
        (_, 14) => {
            &[0, 4, 0x80, 0x81, 0x82, 0x87, 0x8b, 0x8d, 0x8e, 0x93, 0x97, 0x98, 0x9c, 0xa0, 0xa1, 0xa2]
        }
        (_, 15) => &[0, 0x18, 0x19],
        _ => &[0],
    }
}

impl Drawn {
    fn property(&self, id: u8) -> Property<'_> {
        let value = match id {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => Value::Byte(self.number as u8 & 1),
            0x02 | 0x11 | 0x18 => Value::Four(self.number),
            0x27 => Value::Four(self.number.max(1)),
            0x13 | 0x22 => Value::Two(self.number as u16),
            0x21 | 0x23 => Value::Two((self.number as u16).max(1)),
            0x0b => Value::Variable((self.number & 0x0fff_ffff).max(1)),
            0x09 => Value::Block(&self.block),
            0x26 => Value::Pair(&self.text, "value"),
            0x08 => Value::Text(if self.text.is_empty() { "answer" } else { &self.text }),
            _ => Value::Text(&self.text),
        };
        Property { id, value }
    }
}

impl Parts {
    /// The packet, handed to `look`.
    pub(crate) fn with<T>(&self, look: impl FnOnce(Packet<'_>) -> T) -> T {
        let (own, will) = (self.properties(self.kind), self.properties(0));
        let filters: Vec<Subscription<'_>> = self.subscriptions();
        let names: Vec<&str> = self.filters.iter().map(|(filter, _)| filter.as_str()).collect();
        let known = codes(self.version, self.kind);
        let codes: Vec<u8> = self.codes.iter().map(|i| known[usize::from(*i) % known.len()]).collect();
        let properties = Many::Listed(&own);
        let (packet_id, reason) = (self.id, codes[0]);
        let ack = Ack { packet_id, reason, properties };
        let none = self.version == Version::V311 && self.kind == 11;
        let acks = Acks { packet_id, properties, codes: if none { &[] } else { &codes } };
        look(match self.kind {
            1 => Packet::Connect(self.connect(properties, Many::Listed(&will))),
            2 => {
                let session_present = reason == 0 && self.flags & 1 != 0;
                Packet::ConnAck(ConnAck { session_present, code: reason, properties })
            }
            3 => Packet::Publish(self.publish(properties)),
            4 => Packet::PubAck(ack),
            5 => Packet::PubRec(ack),
            6 => Packet::PubRel(ack),
            7 => Packet::PubComp(ack),
            8 => Packet::Subscribe(Subscribe { packet_id, properties, filters: Many::Listed(&filters) }),
            9 => Packet::SubAck(acks),
            10 => Packet::Unsubscribe(Unsubscribe { packet_id, properties, filters: Many::Listed(&names) }),
            11 => Packet::UnsubAck(acks),
            12 => Packet::PingReq,
            13 => Packet::PingResp,
            14 => Packet::Disconnect(End { reason, properties }),
            _ => Packet::Auth(End { reason, properties }),
        })
    }

    fn properties(&self, kind: u8) -> Vec<Property<'_>> {
        if self.version == Version::V311 {
            return Vec::new();
        }
        let known = allowed(kind);
        let mut taken: Vec<Property<'_>> = Vec::new();
        for drawn in &self.drawn {
            let id = known[drawn.which % known.len()];
            let again = id == Property::USER || (id == Property::SUBSCRIPTION_ID && kind == 3);
            if again || taken.iter().all(|property| property.id != id) {
                taken.push(drawn.property(id));
            }
        }
        if kind == 15 && taken.iter().all(|property| property.id != Property::AUTH_METHOD) {
            taken.push(Property { id: Property::AUTH_METHOD, value: Value::Text("SCRAM-SHA-1") });
        }
        if taken.iter().any(|property| property.id == Property::AUTH_METHOD) {
            taken.push(Property { id: Property::AUTH_DATA, value: Value::Block(&self.blocks[1]) });
        }
        taken
    }

    fn subscriptions(&self) -> Vec<Subscription<'_>> {
        let options = |drawn: u8| match self.version {
            Version::V311 => drawn % 3,
            Version::V5 => (drawn % 3) | (drawn & 0x0c) | (((drawn >> 4) % 3) << 4),
        };
        self.filters.iter().map(|(filter, o)| Subscription { filter, options: options(*o) }).collect()
    }

    fn topic(&self) -> &str {
        if self.texts[0].is_empty() { "site/gate" } else { &self.texts[0] }
    }

    fn qos(&self) -> QoS {
        QoS::from_bits(self.flags % 3).unwrap_or_default()
    }

    fn connect<'a>(
        &'a self,
        properties: Many<'a, Property<'a>>,
        will: Many<'a, Property<'a>>,
    ) -> Connect<'a> {
        let has = |bit: u8| self.flags & 1 << bit != 0;
        let will = has(2).then(|| Will {
            topic: self.topic(),
            payload: &self.blocks[0],
            qos: self.qos(),
            retain: has(5),
            properties: will,
        });
        let user = has(7).then_some(self.texts[2].as_str());
        let may = user.is_some() || self.version == Version::V5;
        let login = Login { user, password: (may && has(6)).then_some(&self.blocks[1]) };
        Connect {
            version: self.version,
            clean: has(1) || self.texts[1].is_empty(),
            keep_alive_s: self.number,
            client_id: &self.texts[1],
            will,
            login,
            properties,
        }
    }

    fn publish<'a>(&'a self, properties: Many<'a, Property<'a>>) -> Publish<'a> {
        let qos = self.qos();
        let first = qos == QoS::AtMostOnce;
        let alias = properties.iter().any(|property| property.id == Property::TOPIC_ALIAS);
        Publish {
            dup: !first && self.flags & 8 != 0,
            qos,
            retain: self.flags & 16 != 0,
            topic: if alias && self.flags & 32 != 0 { "" } else { self.topic() },
            packet_id: if first { 0 } else { self.id },
            properties,
            payload: &self.blocks[0],
        }
    }
}
