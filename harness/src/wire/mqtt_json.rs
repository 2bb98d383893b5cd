//! JSON on MQTT: the topics and payloads of devices, and the alarms that a gateway passes on.
//!
//! | topic | from | payload |
//! |---|---|---|
//! | `site/<site>/dev/<device>/event` | device | [`Event`] |
//! | `site/<site>/dev/<device>/state` | device, retained | the last [`Event`] of a device that latches |
//! | `site/<site>/dev/<device>/status` | device, retained, last will | `online` or `offline` |
//! | `site/<site>/dev/<device>/heartbeat` | device | [`heartbeat`] |
//! | `site/<site>/alarm/<device>` | gateway | [`Alarm`] |
//!
//! Commands to devices and their answers stand in [`crate::wire::command`].
//!
//! Numbers are JSON numbers; a number written as text is refused.

use palisade_sim::contract::{Class, Severity, Signal};
use serde_json::{Map, Value, json};
use thiserror::Error;

/// Payload of the status topic while a device is connected.
pub const ONLINE: &str = "online";
/// Payload of the status topic once it is not: the last will.
pub const OFFLINE: &str = "offline";
/// Name of the device that asks whether a gateway is ready. No kit may use it.
pub const PROBE: &str = "palisade-probe";

/// Fields of an event that are not the signal's own.
const ENVELOPE: [&str; 6] = ["id", "ts", "device", "class", "kind", "signal"];
/// Put before a signal's field whose name the envelope takes.
const OWN: &str = "signal_";

/// The topics of one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    site: String,
}

/// Which topic of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// What happened.
    Event,
    /// What it says now, retained.
    State,
    /// Whether it is connected, retained.
    Status,
    /// That it is alive.
    Heartbeat,
    /// What the gateway tells it to do: see [`crate::wire::command`].
    Command,
    /// What it answers to that.
    Ack,
}

impl Leaf {
    const ALL: [Leaf; 6] =
        [Leaf::Event, Leaf::State, Leaf::Status, Leaf::Heartbeat, Leaf::Command, Leaf::Ack];

    fn word(self) -> &'static str {
        match self {
            Leaf::Event => "event",
            Leaf::State => "state",
            Leaf::Status => "status",
            Leaf::Heartbeat => "heartbeat",
            Leaf::Command => "cmd",
            Leaf::Ack => "ack",
        }
    }
}

impl Topics {
    /// The topics of the site with this name in topics. What MQTT keeps for itself (`/ + #`) becomes `-`.
    pub fn of(site: &str) -> Topics {
        let site: String = site.chars().map(|c| if "/+#\0".contains(c) { '-' } else { c }).collect();
        Topics { site: if site.is_empty() { "site".into() } else { site } }
    }

    /// The site as topics name it.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// A topic of a device.
    pub fn device(&self, device: &str, leaf: Leaf) -> String {
        format!("site/{}/dev/{device}/{}", self.site, leaf.word())
    }

    /// Where the gateway passes on what a device said.
    pub fn alarm(&self, device: &str) -> String {
        format!("site/{}/alarm/{device}", self.site)
    }

    /// All alarms of the site.
    pub fn all_alarms(&self) -> String {
        format!("site/{}/alarm/#", self.site)
    }

    /// Site, device and leaf of a device's topic.
    pub fn read_device(topic: &str) -> Option<(Topics, &str, Leaf)> {
        let mut parts = topic.split('/');
        let ("site", site, "dev", device) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?)
        else {
            return None;
        };
        let last = parts.next()?;
        let leaf = Leaf::ALL.into_iter().find(|leaf| leaf.word() == last)?;
        parts.next().is_none().then(|| (Topics { site: site.to_owned() }, device, leaf))
    }

    /// The device of an alarm topic.
    pub fn read_alarm(topic: &str) -> Option<&str> {
        let mut parts = topic.splitn(4, '/');
        let ("site", _, "alarm", device) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?)
        else {
            return None;
        };
        Some(device)
    }
}

/// What a device says on its event topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `<run>-<stimulus>`.
    pub id: String,
    /// When it happened, ms after the epoch, on the run's clock.
    pub ts: i64,
    /// The device's name.
    pub device: String,
    /// Its class.
    pub class: Class,
    /// How loudly it is to be passed on.
    pub kind: Severity,
    /// What it says.
    pub signal: Signal,
}

/// What a gateway passes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The event's id, if the gateway keeps it.
    pub id: Option<String>,
    /// The device that it speaks of.
    pub device: String,
    /// The signal's word.
    pub signal: String,
    /// How loudly.
    pub kind: Option<Severity>,
    /// When it happened, ms after the epoch.
    pub ts: Option<i64>,
    /// When the gateway passed it on, ms after the epoch of its own clock.
    pub gateway_ts: Option<i64>,
}

/// Why a payload cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, but not an object.
    #[error("it is {0}, not an object")]
    NotAnObject(&'static str),
    /// A field is missing.
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
    /// A field has another type.
    #[error("the field `{field}` is {found}, not {wanted}")]
    Type {
        /// The field.
        field: &'static str,
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A field holds a word that is not known.
    #[error("the field `{field}` holds the unknown word `{word}`")]
    Word {
        /// The field.
        field: &'static str,
        /// What it holds.
        word: String,
    },
    /// The signal is not known or its fields are wrong.
    #[error("the signal `{word}` cannot be read: {why}")]
    Signal {
        /// The signal's word.
        word: String,
        /// Why.
        why: String,
    },
}

/// Whether a signal sets a state that is shown until the next one: retained on the state topic.
pub fn latches(signal: &Signal) -> bool {
    use Signal as S;
    matches!(
        signal,
        S::BeamBroken { .. }
            | S::BeamRestored
            | S::SmokeAlarm { .. }
            | S::SmokeCleared
            | S::HeatAlarm { .. }
            | S::HeatCleared
            | S::DoorOpened
            | S::DoorClosed
            | S::DoorHeldOpen
            | S::ArmRaised
            | S::ArmLowered
    )
}

/// The payload of a heartbeat: the device, its counter and the instant, ms after the epoch.
pub fn heartbeat(device: &str, count: u64, ts: i64) -> String {
    json!({ "device": device, "count": count, "ts": ts }).to_string()
}

/// The word of a severity on the wire.
pub fn kind_word(kind: Severity) -> &'static str {
    match kind {
        Severity::Info => "info",
        Severity::Restore => "restore",
        Severity::Warning => "warning",
        Severity::Alarm => "alarm",
    }
}

impl Event {
    /// The payload.
    pub fn encode(&self) -> String {
        let mut object = Map::new();
        object.insert("id".into(), self.id.clone().into());
        object.insert("ts".into(), self.ts.into());
        object.insert("device".into(), self.device.clone().into());
        object.insert("class".into(), self.class.word().into());
        object.insert("kind".into(), kind_word(self.kind).into());
        object.insert("signal".into(), self.signal.word().into());
        let fields = match serde_json::to_value(&self.signal) {
            Ok(Value::Object(tagged)) => tagged.into_iter().next().map(|(_, fields)| fields),
            _ => None,
        };
        if let Some(Value::Object(fields)) = fields {
            for (name, value) in fields {
                let name = if ENVELOPE.contains(&name.as_str()) { format!("{OWN}{name}") } else { name };
                object.insert(name, value);
            }
        }
        Value::Object(object).to_string()
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// When it is not an event: the first thing that is wrong.
    pub fn decode(payload: &[u8]) -> Result<Event, DecodeError> {
        let mut object = object(payload)?;
        let word = text(&object, "signal")?.ok_or(DecodeError::Missing("signal"))?;
        let event = Event {
            id: text(&object, "id")?.ok_or(DecodeError::Missing("id"))?,
            ts: whole(&object, "ts")?.ok_or(DecodeError::Missing("ts"))?,
            device: text(&object, "device")?.ok_or(DecodeError::Missing("device"))?,
            class: known(&object, "class")?.ok_or(DecodeError::Missing("class"))?,
            kind: known(&object, "kind")?.ok_or(DecodeError::Missing("kind"))?,
            signal: Signal::PanicPressed,
        };
        ENVELOPE.iter().for_each(|name| drop(object.remove(*name)));
        Ok(Event { signal: signal(word, object)?, ..event })
    }
}

impl Alarm {
    /// The payload. Fields that the gateway does not know are left out.
    pub fn encode(&self) -> String {
        let mut object = Map::new();
        if let Some(id) = &self.id {
            object.insert("id".into(), id.clone().into());
        }
        object.insert("device".into(), self.device.clone().into());
        object.insert("signal".into(), self.signal.clone().into());
        if let Some(kind) = self.kind {
            object.insert("kind".into(), kind_word(kind).into());
        }
        for (name, at) in [("ts", self.ts), ("gateway_ts", self.gateway_ts)] {
            if let Some(at) = at {
                object.insert(name.into(), at.into());
            }
        }
        Value::Object(object).to_string()
    }

    /// Reads what a gateway passed on. A gateway that names no device in the payload names it in the topic.
    ///
    /// # Errors
    /// When it is no alarm: the first thing that is wrong.
    pub fn decode(topic: &str, payload: &[u8]) -> Result<Alarm, DecodeError> {
        let object = object(payload)?;
        let named = text(&object, "device")?;
        Ok(Alarm {
            id: text(&object, "id")?,
            device: named
                .or_else(|| Topics::read_alarm(topic).map(str::to_owned))
                .ok_or(DecodeError::Missing("device"))?,
            signal: text(&object, "signal")?.ok_or(DecodeError::Missing("signal"))?,
            kind: known(&object, "kind")?,
            ts: whole(&object, "ts")?,
            gateway_ts: whole(&object, "gateway_ts")?,
        })
    }
}

fn object(payload: &[u8]) -> Result<Map<String, Value>, DecodeError> {
    match serde_json::from_slice(payload) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(DecodeError::NotAnObject(type_of(&other))),
        Err(error) => Err(DecodeError::NotJson(error.to_string())),
    }
}

fn signal(word: String, fields: Map<String, Value>) -> Result<Signal, DecodeError> {
    if let Ok(plain) = serde_json::from_value(Value::String(word.clone())) {
        return Ok(plain);
    }
    let own = |name: String| match name.strip_prefix(OWN) {
        Some(short) if ENVELOPE.contains(&short) => short.to_owned(),
        _ => name,
    };
    let fields: Map<String, Value> = fields.into_iter().map(|(name, value)| (own(name), value)).collect();
    let tagged = Map::from_iter([(word.clone(), Value::Object(fields))]);
    serde_json::from_value(Value::Object(tagged))
        .map_err(|error| DecodeError::Signal { word, why: error.to_string() })
}

fn text(object: &Map<String, Value>, field: &'static str) -> Result<Option<String>, DecodeError> {
    match object.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(DecodeError::Type { field, wanted: "text", found: type_of(other) }),
    }
}

fn whole(object: &Map<String, Value>, field: &'static str) -> Result<Option<i64>, DecodeError> {
    match object.get(field) {
        None => Ok(None),
        Some(Value::Number(number)) if number.as_i64().is_some() => Ok(number.as_i64()),
        Some(other) => Err(DecodeError::Type { field, wanted: "a whole number", found: type_of(other) }),
    }
}

fn known<T: serde::de::DeserializeOwned>(
    object: &Map<String, Value>,
    field: &'static str,
) -> Result<Option<T>, DecodeError> {
    let Some(word) = text(object, field)? else { return Ok(None) };
    serde_json::from_value(Value::String(word.clone()))
        .map(Some)
        .map_err(|_| DecodeError::Word { field, word })
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a point",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_sim::contract::TargetKind;
    use proptest::prelude::*;

    fn signals() -> impl Strategy<Value = Signal> {
        prop_oneof![
            any::<u32>().prop_map(|broken_ms| Signal::BeamBroken { broken_ms }),
            Just(Signal::BeamRestored),
            Just(Signal::DoorOpened),
            (any::<u32>(), any::<u32>()).prop_map(|(track, px_per_m)| Signal::TargetEntered {
                target: TargetKind::Bike,
                track,
                px_per_m
            }),
            (any::<i32>(), any::<i32>(), any::<u32>())
                .prop_map(|(storey, column, frames)| Signal::ObjectFell { storey, column, frames }),
            (".*", any::<bool>(), 0u8..=100).prop_map(|(plate, known, confidence_pct)| Signal::PlateRead {
                plate,
                known,
                confidence_pct
            }),
            (".*", any::<i32>()).prop_map(|(tour, due_offset_s)| Signal::CheckpointRead {
                tour,
                guard: "g-01".into(),
                due_offset_s
            }),
            proptest::collection::vec(".*", 0..4).prop_map(|missing| Signal::KitInspected { missing }),
            (".*", ".*").prop_map(|(device, finding)| Signal::AlarmClosed { device, finding }),
            any::<i32>().prop_map(|temperature_c| Signal::HeatAlarm { temperature_c }),
        ]
    }

    fn event(signal: Signal) -> Event {
        let kind = signal.severity();
        Event {
            id: "r-1".into(),
            ts: 1_776_100_000_000,
            device: "d".into(),
            class: Class::Beam,
            kind,
            signal,
        }
    }

    proptest! {
        #[test]
        fn an_event_comes_back(signal in signals(), id in ".*", device in ".*", ts in any::<i64>()) {
            let event = Event { id, device, ts, ..event(signal) };
            prop_assert_eq!(Event::decode(event.encode().as_bytes()), Ok(event));
        }

        #[test]
        fn an_alarm_comes_back(
            id in proptest::option::of(".*"), device in ".*", signal in ".*",
            ts in any::<Option<i64>>(), gateway_ts in any::<Option<i64>>(), loud in any::<bool>(),
        ) {
            let kind = loud.then_some(Severity::Warning);
            let alarm = Alarm { id, device, signal, kind, ts, gateway_ts };
            prop_assert_eq!(Alarm::decode("site/s/alarm/x", alarm.encode().as_bytes()), Ok(alarm));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Event::decode(&bytes);
            let _ = Alarm::decode("site/s/alarm/x", &bytes);
        }

        #[test]
        fn a_topic_comes_back(site in "[a-z院]{1,8}", device in "[a-z0-9-]{1,12}") {
            let topics = Topics::of(&site);
            for leaf in Leaf::ALL {
                let topic = topics.device(&device, leaf);
                prop_assert_eq!(Topics::read_device(&topic), Some((topics.clone(), device.as_str(), leaf)));
            }
            let alarm = topics.alarm(&device);
            prop_assert_eq!(Topics::read_alarm(&alarm), Some(device.as_str()));
        }
    }

    #[test]
    fn numbers_are_numbers() {
        let good = event(Signal::BeamBroken { broken_ms: 140 }).encode();
        let wrong = [
            (
                r#""ts":1776100000000"#,
                r#""ts":"1776100000000""#,
                "the field `ts` is text, not a whole number",
            ),
            (
                r#""ts":1776100000000"#,
                r#""ts":1.5"#,
                "the field `ts` is a number with a point, not a whole number",
            ),
            (r#""id":"r-1""#, r#""id":1"#, "the field `id` is a number, not text"),
            (r#""kind":"alarm""#, r#""kind":"loud""#, "the field `kind` holds the unknown word `loud`"),
            (r#""device":"d","#, "", "the field `device` is missing"),
        ];
        for (from, to, said) in wrong {
            let bad = good.replace(from, to);
            assert_ne!(bad, good);
            assert_eq!(Event::decode(bad.as_bytes()).expect_err(said).to_string(), said);
        }
        for bad in ["\"140\"", "140.0", "-1", "null"] {
            let bad = good.replace("140", bad);
            assert!(
                matches!(Event::decode(bad.as_bytes()), Err(DecodeError::Signal { ref word, .. }) if word == "beam_broken"),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_signal_with_a_device_of_its_own_keeps_both() {
        let signal = Signal::AlarmAcknowledged { device: "beam-1".into() };
        let text = event(signal).encode();
        assert!(text.contains(r#""device":"d""#) && text.contains(r#""signal_device":"beam-1""#), "{text}");
    }

    #[test]
    fn what_mqtt_keeps_for_itself_stays_out_of_topics() {
        assert_eq!(Topics::of("a/b+#").device("d", Leaf::Event), "site/a-b--/dev/d/event");
    }
}
