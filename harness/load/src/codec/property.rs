//! Properties of MQTT 5.0: what each is, where it may stand (table 2-4 of the standard), how often.

use super::encode::{Out, block, need, text, variable};
use super::reader::Reader;
use super::{Item, LONGEST_BODY, Malformed, Subscription, Unencodable, Version};

/// One property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property<'a> {
    /// Its identifier.
    pub id: u8,
    /// Its value, of the kind that belongs to the identifier.
    pub value: Value<'a>,
}

/// What a property holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// One byte.
    Byte(u8),
    /// Two bytes.
    Two(u16),
    /// Four bytes.
    Four(u32),
    /// One to four bytes.
    Variable(u32),
    /// UTF-8.
    Text(&'a str),
    /// Any bytes.
    Block(&'a [u8]),
    /// Name and value.
    Pair(&'a str, &'a str),
}

/// What kind of value an identifier has, and which values are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// 0 or 1.
    Flag,
    Two,
    /// Two bytes, not 0.
    TwoFromOne,
    Four,
    /// Four bytes, not 0.
    FourFromOne,
    /// Not 0.
    VariableFromOne,
    Text,
    /// Text without wildcards.
    Topic,
    Block,
    Pair,
}

/// Where properties stand: a set of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u16);

impl Place {
    pub(super) const CONNECT: Place = Place(1);
    pub(super) const CONNACK: Place = Place(1 << 1);
    pub(super) const PUBLISH: Place = Place(1 << 2);
    pub(super) const WILL: Place = Place(1 << 3);
    pub(super) const PUBACK: Place = Place(1 << 4);
    pub(super) const PUBREC: Place = Place(1 << 5);
    pub(super) const PUBREL: Place = Place(1 << 6);
    pub(super) const PUBCOMP: Place = Place(1 << 7);
    pub(super) const SUBSCRIBE: Place = Place(1 << 8);
    pub(super) const SUBACK: Place = Place(1 << 9);
    pub(super) const UNSUBSCRIBE: Place = Place(1 << 10);
    pub(super) const UNSUBACK: Place = Place(1 << 11);
    pub(super) const DISCONNECT: Place = Place(1 << 12);
    pub(super) const AUTH: Place = Place(1 << 13);

    const MESSAGE: Place = Place::PUBLISH.or(Place::WILL);
    const LOGIN: Place = Place::CONNECT.or(Place::CONNACK);
    const REASONED: Place = Place(0b11_1010_1111_0010);
    const ALL: Place = Place(0b11_1111_1111_1111);

    const fn or(self, other: Place) -> Place {
        Place(self.0 | other.0)
    }

    const fn has(self, other: Place) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether these may stand here together.
    pub(super) fn check<'a>(
        self,
        properties: impl Iterator<Item = Property<'a>>,
    ) -> Result<(), &'static str> {
        let mut seen = 0_u64;
        for property in properties {
            let (kind, places) = known(property.id).ok_or("a property that does not exist")?;
            if !places.has(self) {
                return Err("a property that this packet does not have");
            }
            if kind == Kind::Topic && matches!(property.value, Value::Text(topic) if !is_name(topic)) {
                return Err("a topic name that is empty or has a wildcard");
            }
            if !property.value.is(kind) {
                return Err("a property with a value that it cannot have");
            }
            let bit = 1 << property.id;
            let repeats = property.id == Property::USER
                || (property.id == Property::SUBSCRIPTION_ID && self == Place::PUBLISH);
            if seen & bit != 0 && !repeats {
                return Err("a property twice that may stand once");
            }
            seen |= bit;
        }
        let has = |id: u8| seen & 1 << id != 0;
        if has(Property::AUTH_DATA) && !has(Property::AUTH_METHOD) {
            return Err("authentication data without a method");
        }
        if self == Place::AUTH && !has(Property::AUTH_METHOD) {
            return Err("an AUTH without its method");
        }
        Ok(())
    }
}

/// Kind and places of an identifier.
fn known(id: u8) -> Option<(Kind, Place)> {
    Some(match id {
        0x01 => (Kind::Flag, Place::MESSAGE),
        0x02 => (Kind::Four, Place::MESSAGE),
        0x03 => (Kind::Text, Place::MESSAGE),
        0x08 => (Kind::Topic, Place::MESSAGE),
        0x09 => (Kind::Block, Place::MESSAGE),
        0x0b => (Kind::VariableFromOne, Place::PUBLISH.or(Place::SUBSCRIBE)),
        0x11 => (Kind::Four, Place::LOGIN.or(Place::DISCONNECT)),
        0x12 | 0x1a => (Kind::Text, Place::CONNACK),
        0x13 => (Kind::Two, Place::CONNACK),
        0x15 => (Kind::Text, Place::LOGIN.or(Place::AUTH)),
        0x16 => (Kind::Block, Place::LOGIN.or(Place::AUTH)),
        0x17 | 0x19 => (Kind::Flag, Place::CONNECT),
        0x18 => (Kind::Four, Place::WILL),
        0x1c => (Kind::Text, Place::CONNACK.or(Place::DISCONNECT)),
        0x1f => (Kind::Text, Place::REASONED),
        0x21 => (Kind::TwoFromOne, Place::LOGIN),
        0x22 => (Kind::Two, Place::LOGIN),
        0x23 => (Kind::TwoFromOne, Place::PUBLISH),
        0x24 | 0x25 | 0x28 | 0x29 | 0x2a => (Kind::Flag, Place::CONNACK),
        0x26 => (Kind::Pair, Place::ALL),
        0x27 => (Kind::FourFromOne, Place::LOGIN),
        _ => return None,
    })
}

impl Value<'_> {
    fn is(self, kind: Kind) -> bool {
        match (kind, self) {
            (Kind::Flag, Value::Byte(byte)) => byte <= 1,
            (Kind::Two, Value::Two(_)) | (Kind::Four, Value::Four(_)) => true,
            (Kind::TwoFromOne, Value::Two(number)) => number > 0,
            (Kind::FourFromOne, Value::Four(number)) => number > 0,
            (Kind::VariableFromOne, Value::Variable(number)) => number > 0 && number as usize <= LONGEST_BODY,
            (Kind::Text | Kind::Topic, Value::Text(_)) | (Kind::Block, Value::Block(_)) => true,
            (Kind::Pair, Value::Pair(..)) => true,
            _ => false,
        }
    }
}

impl Property<'_> {
    /// Subscription identifier.
    pub const SUBSCRIPTION_ID: u8 = 0x0b;
    /// Session expiry interval, seconds.
    pub const SESSION_EXPIRY: u8 = 0x11;
    /// Authentication method.
    pub const AUTH_METHOD: u8 = 0x15;
    /// Authentication data.
    pub const AUTH_DATA: u8 = 0x16;
    /// Receive maximum: messages of QoS 1 and 2 that the other side takes at once.
    pub const RECEIVE_MAXIMUM: u8 = 0x21;
    /// Topic alias.
    pub const TOPIC_ALIAS: u8 = 0x23;
    /// User property.
    pub const USER: u8 = 0x26;

    pub(super) fn is_topic_alias(&self) -> bool {
        self.id == Property::TOPIC_ALIAS
    }
}

impl<'a> Item<'a> for Property<'a> {
    fn put(&self, out: &mut impl Out) -> Result<(), Unencodable> {
        out.byte(self.id);
        match self.value {
            Value::Byte(byte) => out.byte(byte),
            Value::Two(number) => out.bytes(&number.to_be_bytes()),
            Value::Four(number) => out.bytes(&number.to_be_bytes()),
            Value::Variable(number) => variable(number, out),
            Value::Text(value) => text(value, out)?,
            Value::Block(bytes) => block(bytes, out)?,
            Value::Pair(name, value) => {
                text(name, out)?;
                text(value, out)?;
            }
        }
        Ok(())
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let at = *reader;
        let id = reader.u8()?;
        let (kind, _) = known(id).ok_or(at.wrong("a property that does not exist"))?;
        let value = match kind {
            Kind::Flag => Value::Byte(reader.u8()?),
            Kind::Two | Kind::TwoFromOne => Value::Two(reader.u16()?),
            Kind::Four | Kind::FourFromOne => Value::Four(reader.u32()?),
            Kind::VariableFromOne => Value::Variable(reader.variable()?),
            Kind::Text | Kind::Topic => Value::Text(reader.text()?),
            Kind::Block => Value::Block(reader.block()?),
            Kind::Pair => Value::Pair(reader.text()?, reader.text()?),
        };
        Ok(Property { id, value })
    }
}

impl Subscription<'_> {
    /// Whether the version has these options.
    pub(super) fn fits(&self, version: Version) -> bool {
        let options = self.options;
        match version {
            Version::V311 => options <= 2,
            // Retain handling 3 does not exist; a shared subscription cannot be told to leave out its own messages.
            Version::V5 => {
                let no_local = options & 4 != 0;
                options < 0x30 && options & 3 < 3 && !(no_local && self.filter.starts_with("$share/"))
            }
        }
    }
}

impl<'a> Item<'a> for Subscription<'a> {
    fn put(&self, out: &mut impl Out) -> Result<(), Unencodable> {
        self.filter.put(out)?;
        out.byte(self.options);
        Ok(())
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Subscription { filter: <&str>::take(reader)?, options: reader.u8()? })
    }
}

/// A topic name: not empty, no wildcards.
pub(super) fn is_name(topic: &str) -> bool {
    !topic.is_empty() && !topic.contains(['+', '#'])
}

/// A topic filter.
impl<'a> Item<'a> for &'a str {
    fn put(&self, out: &mut impl Out) -> Result<(), Unencodable> {
        need(is_filter(self), "a topic filter that is empty or has a wildcard inside a level")?;
        text(self, out)
    }

    fn take(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let at = *reader;
        let filter = reader.text()?;
        let wrong = at.wrong("a topic filter that is empty or has a wildcard inside a level");
        is_filter(filter).then_some(filter).ok_or(wrong)
    }
}

/// `+` stands for a whole level, `#` for all the last ones.
fn is_filter(filter: &str) -> bool {
    let Some(before) = filter.strip_suffix('#') else {
        return !filter.is_empty() && levels(filter);
    };
    before.is_empty() || (before.ends_with('/') && levels(before))
}

fn levels(filter: &str) -> bool {
    filter.split('/').all(|level| level == "+" || !level.contains(['+', '#']))
}
