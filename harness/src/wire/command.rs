//! Commands of a gateway to devices, and what devices answer: JSON on MQTT.
//!
//! | topic | from | payload |
//! |---|---|---|
//! | `site/<site>/dev/<device>/cmd` | gateway | [`Order`]: `{"id", "command", "ts", "args", "cause"}` |
//! | `site/<site>/dev/<device>/ack` | device | [`Answer`]: `{"id", "ok", "state", "why", "ts"}` |
//! | `site/<site>/dev/<device>/state` | device, retained | [`Change`], when a command changed what the device is in |
//!
//! `id` and `command` are texts that must be there. `ts` is the gateway's wall clock, ms after the epoch. `cause` is the
//! `id` of the event that made the gateway act. A field that is not known is passed over.
//!
//! | command | devices that can do it | `args` | state that follows |
//! |---|---|---|---|
//! | `unlock` | intercom | | `released`, and `locked` once the kit's `release` is over |
//! | `lift`, `lower` | barrier | | `raised`, `lowered`, after the kit's `arm` |
//! | `arm`, `disarm` | beam | | `armed`, `disarmed` |
//! | `bypass` | beam, smoke and heat detector | `for_s`, 1 to 86,400 | `bypassed`, and what it was before once that is over |
//! | `acknowledge` | duty room | `device`, whose alarm is meant | `acknowledged` |
//! | `siren_on`, `siren_off` | duty room, beam, smoke and heat detector | | `siren_on`, `siren_off` |
//! | `silence` | smoke and heat detector | | `silenced` |

use palisade_sim::contract::{Class, Signal};
use serde_json::{Map, Value, json};

/// Longest bypass, s.
pub const LONGEST_BYPASS_S: i64 = 86_400;
/// Characters of an id that are kept.
const ID: usize = 200;

/// What a device is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Release the lock for as long as the kit says.
    Unlock,
    /// Raise the arm.
    Lift,
    /// Lower the arm.
    Lower,
    /// Report alarms of the zone.
    Arm,
    /// Report no alarms of the zone.
    Disarm,
    /// Report no alarms for a time.
    Bypass {
        /// For how long, s.
        for_s: i64,
    },
    /// Mark an alarm as acknowledged.
    Acknowledge {
        /// The device whose alarm is meant, when it is said.
        device: Option<String>,
    },
    /// Sound the siren.
    SirenOn,
    /// Stop the siren.
    SirenOff,
    /// Stop the sounder of a detector; its alarm stays.
    Silence,
}

impl Verb {
    /// The words of all commands.
    pub const WORDS: [&str; 10] = [
        "unlock",
        "lift",
        "lower",
        "arm",
        "disarm",
        "bypass",
        "acknowledge",
        "siren_on",
        "siren_off",
        "silence",
    ];

    /// The word on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Verb::Unlock => "unlock",
            Verb::Lift => "lift",
            Verb::Lower => "lower",
            Verb::Arm => "arm",
            Verb::Disarm => "disarm",
            Verb::Bypass { .. } => "bypass",
            Verb::Acknowledge { .. } => "acknowledge",
            Verb::SirenOn => "siren_on",
            Verb::SirenOff => "siren_off",
            Verb::Silence => "silence",
        }
    }

    /// Whether devices of this class can do it.
    pub fn fits(&self, class: Class) -> bool {
        use Class as C;
        let detector = matches!(class, C::SmokeDetector | C::HeatDetector);
        match self {
            Verb::Unlock => class == C::Intercom,
            Verb::Lift | Verb::Lower => class == C::Barrier,
            Verb::Arm | Verb::Disarm => class == C::Beam,
            Verb::Bypass { .. } => detector || class == C::Beam,
            Verb::Acknowledge { .. } => class == C::DutyRoom,
            Verb::SirenOn | Verb::SirenOff => detector || matches!(class, C::DutyRoom | C::Beam),
            Verb::Silence => detector,
        }
    }

    /// Words of the signals that a device of a class says because of commands.
    pub fn said_by(class: Class) -> &'static [&'static str] {
        match class {
            Class::Intercom => &["door_released"],
            Class::Barrier => &["arm_raised", "arm_lowered"],
            _ => &[],
        }
    }

    /// What it means that the coil of a device on an I/O module is written: on or off. Nothing when devices of this
    /// class have no coil.
    ///
    /// | class | on | off |
    /// |---|---|---|
    /// | intercom | `unlock`, a pulse | `lock` follows by itself: nothing |
    /// | barrier | `lift` | `lower` |
    /// | beam | `disarm` (the zone is shunted) | `arm` |
    /// | smoke and heat detector | `siren_on` (its sounder base) | `siren_off` |
    /// | duty room | `siren_on` | `siren_off` |
    pub fn of_coil(class: Class, on: bool) -> Option<Verb> {
        let either = |yes: Verb, no: Verb| Some(if on { yes } else { no });
        match class {
            Class::Intercom => on.then_some(Verb::Unlock),
            Class::Barrier => either(Verb::Lift, Verb::Lower),
            Class::Beam => either(Verb::Disarm, Verb::Arm),
            Class::SmokeDetector | Class::HeatDetector | Class::DutyRoom => {
                either(Verb::SirenOn, Verb::SirenOff)
            }
            _ => None,
        }
    }
}

/// A command as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The gateway's own id of the command. The same id again is the same command.
    pub id: String,
    /// What to do.
    pub verb: Verb,
    /// When the gateway sent it, ms after the epoch of its clock.
    pub ts: Option<i64>,
    /// The id of the event that caused it.
    pub cause: Option<String>,
}

/// Why a payload is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Its id, when it could be read.
    pub id: Option<String>,
    /// Its word as it came; empty when it could not be read.
    pub word: String,
    /// The event that caused it, when it could be read.
    pub cause: Option<String>,
    /// What is wrong, in a sentence.
    pub why: String,
}

impl Order {
    /// Reads a payload.
    ///
    /// # Errors
    /// The first thing that is wrong, with what could be read for all that.
    pub fn decode(payload: &[u8]) -> Result<Order, Malformed> {
        let nothing = |why: String| Malformed { id: None, word: String::new(), cause: None, why };
        let object: Map<String, Value> = match serde_json::from_slice(payload) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return Err(nothing("the command is not a JSON object".into())),
            Err(error) => return Err(nothing(format!("the command is not JSON: {error}"))),
        };
        let known = |field: &str| text(&object, field).ok().flatten();
        let malformed = |why: String| Malformed {
            id: known("id"),
            word: known("command").unwrap_or_default(),
            cause: known("cause"),
            why,
        };
        let needed = |field: &str| {
            text(&object, field)
                .and_then(|found| found.ok_or_else(|| format!("the field `{field}` is missing")))
                .map_err(malformed)
        };
        let (id, word) = (needed("id")?, needed("command")?);
        Ok(Order {
            verb: verb(&word, object.get("args")).map_err(malformed)?,
            ts: whole(&object, "ts").map_err(malformed)?,
            cause: text(&object, "cause").map_err(malformed)?,
            id,
        })
    }

    /// The payload.
    pub fn encode(&self) -> String {
        let mut object = Map::new();
        object.insert("id".into(), self.id.clone().into());
        object.insert("command".into(), self.verb.word().into());
        if let Some(ts) = self.ts {
            object.insert("ts".into(), ts.into());
        }
        let args = match &self.verb {
            Verb::Bypass { for_s } => json!({ "for_s": for_s }),
            Verb::Acknowledge { device: Some(device) } => json!({ "device": device }),
            _ => json!({}),
        };
        object.insert("args".into(), args);
        if let Some(cause) = &self.cause {
            object.insert("cause".into(), cause.clone().into());
        }
        Value::Object(object).to_string()
    }
}

fn verb(word: &str, args: Option<&Value>) -> Result<Verb, String> {
    let none = Map::new();
    let args = match args {
        None | Some(Value::Null) => &none,
        Some(Value::Object(args)) => args,
        Some(_) => return Err("the field `args` is not an object".into()),
    };
    Ok(match word {
        "unlock" => Verb::Unlock,
        "lift" => Verb::Lift,
        "lower" => Verb::Lower,
        "arm" => Verb::Arm,
        "disarm" => Verb::Disarm,
        "bypass" => {
            let for_s = whole(args, "for_s")?.ok_or("`bypass` needs `for_s` in `args`, in seconds")?;
            if !(1..=LONGEST_BYPASS_S).contains(&for_s) {
                return Err(format!("`for_s` is {for_s}, it must be from 1 to {LONGEST_BYPASS_S}"));
            }
            Verb::Bypass { for_s }
        }
        "acknowledge" => Verb::Acknowledge { device: text(args, "device")? },
        "siren_on" => Verb::SirenOn,
        "siren_off" => Verb::SirenOff,
        "silence" => Verb::Silence,
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(format!("there is no command `{other}`; there are {}", Verb::WORDS.join(", ")));
        }
    })
}

fn text(object: &Map<String, Value>, field: &str) -> Result<Option<String>, String> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Err(format!("the field `{field}` is empty")),
        Some(Value::String(text)) if text.chars().count() > ID => {
            Err(format!("the field `{field}` has more than {ID} characters"))
        }
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("the field `{field}` is not text")),
    }
}

fn whole(object: &Map<String, Value>, field: &str) -> Result<Option<i64>, String> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            value.as_i64().map(Some).ok_or_else(|| format!("the field `{field}` is not a whole number"))
        }
    }
}

/// What a device answers to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The command's id; nothing when it could not be read.
    pub id: Option<String>,
    /// Whether it was done.
    pub ok: bool,
    /// What the device is in now.
    pub state: String,
    /// Why it was not done; nothing when it was.
    pub why: Option<String>,
}

impl Answer {
    /// The payload; `ts` is when it was done or refused, ms after the epoch.
    pub fn encode(&self, ts: i64) -> String {
        json!({ "id": self.id, "ok": self.ok, "state": self.state, "why": self.why, "ts": ts }).to_string()
    }
}

/// What a command changed at a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is in now.
    pub state: &'static str,
    /// What it says about it on its event topic; nothing when a real device says nothing.
    pub signal: Option<Signal>,
}

impl Change {
    /// The payload of the state topic; `ts` is when it changed, ms after the epoch.
    pub fn encode(&self, device: &str, class: Class, ts: i64) -> String {
        let signal = self.signal.as_ref().map(Signal::word);
        json!({
            "ts": ts, "device": device, "class": class.word(), "state": self.state, "signal": signal,
            "by": "command",
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verbs() -> impl Strategy<Value = Verb> {
        let device = proptest::option::of("[a-z0-9-]{1,12}");
        prop_oneof![
            Just(Verb::Unlock),
            Just(Verb::Lift),
            Just(Verb::Lower),
            Just(Verb::Arm),
            Just(Verb::Disarm),
            (1..=LONGEST_BYPASS_S).prop_map(|for_s| Verb::Bypass { for_s }),
            device.prop_map(|device| Verb::Acknowledge { device }),
            Just(Verb::SirenOn),
            Just(Verb::SirenOff),
            Just(Verb::Silence),
        ]
    }

    proptest! {
        #[test]
        fn a_command_comes_back(
            id in ".{1,40}", verb in verbs(), ts in any::<Option<i64>>(), cause in proptest::option::of(".{1,40}"),
        ) {
            let order = Order { id, verb, ts, cause };
            prop_assert_eq!(Order::decode(order.encode().as_bytes()), Ok(order));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Order::decode(&bytes);
        }

        #[test]
        fn every_word_is_known(verb in verbs()) {
            prop_assert!(Verb::WORDS.contains(&verb.word()));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (payload, id, said) in [
            ("{", None, "the command is not JSON: EOF"),
            ("[]", None, "the command is not a JSON object"),
            (r#"{"command":"arm"}"#, None, "the field `id` is missing"),
            (r#"{"id":7,"command":"arm"}"#, None, "the field `id` is not text"),
            (r#"{"id":"","command":"arm"}"#, None, "the field `id` is empty"),
            (r#"{"id":"c1"}"#, Some("c1"), "the field `command` is missing"),
            (
                r#"{"id":"c1","command":"open"}"#,
                Some("c1"),
                "there is no command `open`; there are unlock, lift",
            ),
            (r#"{"id":"c1","command":"bypass"}"#, Some("c1"), "`bypass` needs `for_s` in `args`"),
            (
                r#"{"id":"c1","command":"bypass","args":{"for_s":"60"}}"#,
                Some("c1"),
                "the field `for_s` is not a whole number",
            ),
            (
                r#"{"id":"c1","command":"bypass","args":{"for_s":0}}"#,
                Some("c1"),
                "`for_s` is 0, it must be from 1 to 86400",
            ),
            (r#"{"id":"c1","command":"arm","args":[]}"#, Some("c1"), "the field `args` is not an object"),
            (r#"{"id":"c1","command":"arm","ts":1.5}"#, Some("c1"), "the field `ts` is not a whole number"),
        ] {
            let wrong = Order::decode(payload.as_bytes()).expect_err(payload);
            assert_eq!(wrong.id.as_deref(), id, "{payload}");
            assert!(wrong.why.starts_with(said), "{payload}: {}", wrong.why);
        }
    }

    #[test]
    fn a_coil_does_what_devices_of_its_class_can_do() {
        for class in [Class::Intercom, Class::Barrier, Class::Beam, Class::SmokeDetector, Class::DutyRoom] {
            for on in [true, false] {
                assert!(Verb::of_coil(class, on).is_none_or(|verb| verb.fits(class)), "{class:?}");
            }
        }
        assert_eq!(Verb::of_coil(Class::Camera, true), None);
        assert_eq!(Verb::of_coil(Class::Intercom, false), None);
    }
}
