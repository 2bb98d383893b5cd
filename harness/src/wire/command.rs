//! Commands of a gateway to devices, and what devices answer: JSON on MQTT. [`Dialect`] reads and writes it, also for a
//! gateway that has topics, places and words of its own; these are the usual ones.
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
//! | `release`, `lock` | intercom | | `released` until `lock`, `locked` |
//! | `lift`, `lower` | barrier | | `raised`, `lowered`, after the kit's `arm` |
//! | `arm`, `disarm` | beam | | `armed`, `disarmed` |
//! | `bypass` | beam, smoke and heat detector | `for_s`, 1 to 86,400 | `bypassed`, and what it was before once that is over |
//! | `acknowledge` | duty room | `device`, whose alarm is meant | `acknowledged` |
//! | `siren_on`, `siren_off` | duty room, beam, smoke and heat detector | | `siren_on`, `siren_off` |
//! | `silence` | smoke and heat detector | | `silenced` |
//! | `show` | camera | | `shown`: its picture is called up |

use palisade_sim::contract::{Class, Signal};

#[cfg(doc)]
use super::dialect::Dialect;

/// Longest bypass, s.
pub const LONGEST_BYPASS_S: i64 = 86_400;
/// Characters that an id may have.
pub(super) const ID: usize = 200;

/// What a device is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Release the lock for as long as the kit says.
    Unlock,
    /// Release the lock until it is locked again, as in an emergency.
    Release,
    /// Lock it.
    Lock,
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
    /// Send the picture, which somebody looks at.
    Show,
}

impl Verb {
    /// The words of all commands.
    pub const WORDS: [&str; 13] = [
        "unlock",
        "release",
        "lock",
        "lift",
        "lower",
        "arm",
        "disarm",
        "bypass",
        "acknowledge",
        "siren_on",
        "siren_off",
        "silence",
        "show",
    ];

    /// The word on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Verb::Unlock => "unlock",
            Verb::Release => "release",
            Verb::Lock => "lock",
            Verb::Lift => "lift",
            Verb::Lower => "lower",
            Verb::Arm => "arm",
            Verb::Disarm => "disarm",
            Verb::Bypass { .. } => "bypass",
            Verb::Acknowledge { .. } => "acknowledge",
            Verb::SirenOn => "siren_on",
            Verb::SirenOff => "siren_off",
            Verb::Silence => "silence",
            Verb::Show => "show",
        }
    }

    /// Whether devices of this class can do it.
    pub fn fits(&self, class: Class) -> bool {
        use Class as C;
        let detector = matches!(class, C::SmokeDetector | C::HeatDetector);
        match self {
            Verb::Unlock | Verb::Release | Verb::Lock => class == C::Intercom,
            Verb::Lift | Verb::Lower => class == C::Barrier,
            Verb::Arm | Verb::Disarm => class == C::Beam,
            Verb::Bypass { .. } => detector || class == C::Beam,
            Verb::Acknowledge { .. } => class == C::DutyRoom,
            Verb::SirenOn | Verb::SirenOff => detector || matches!(class, C::DutyRoom | C::Beam),
            Verb::Silence => detector,
            Verb::Show => class == C::Camera,
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

/// Words of what commands bring devices to.
pub const STATES: [&str; 13] = [
    "locked",
    "released",
    "raised",
    "lowered",
    "armed",
    "disarmed",
    "bypassed",
    "acknowledged",
    "siren_on",
    "siren_off",
    "silenced",
    "shown",
    "ready",
];

/// A command as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The gateway's own id of the command. The same id again is the same command; without one, each is its own.
    pub id: Option<String>,
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

/// What a device is told by one of our words. `for_s` and `device` give what the command may carry.
pub(super) fn verb(
    word: &str,
    for_s: impl FnOnce() -> Result<i64, String>,
    device: impl FnOnce() -> Result<Option<String>, String>,
) -> Result<Verb, String> {
    Ok(match word {
        "unlock" => Verb::Unlock,
        "release" => Verb::Release,
        "lock" => Verb::Lock,
        "lift" => Verb::Lift,
        "lower" => Verb::Lower,
        "arm" => Verb::Arm,
        "disarm" => Verb::Disarm,
        "bypass" => {
            let for_s = for_s()?;
            if !(1..=LONGEST_BYPASS_S).contains(&for_s) {
                return Err(format!("`for_s` is {for_s}, it must be from 1 to {LONGEST_BYPASS_S}"));
            }
            Verb::Bypass { for_s }
        }
        "acknowledge" => Verb::Acknowledge { device: device()? },
        "siren_on" => Verb::SirenOn,
        "siren_off" => Verb::SirenOff,
        "silence" => Verb::Silence,
        "show" => Verb::Show,
        other => return Err(format!("there is no command `{other}`; there are {}", Verb::WORDS.join(", "))),
    })
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

/// What a command changed at a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is in now.
    pub state: &'static str,
    /// What it says about it on its event topic; nothing when a real device says nothing.
    pub signal: Option<Signal>,
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect;
    use super::*;
    use proptest::prelude::*;

    fn verbs() -> impl Strategy<Value = Verb> {
        let device = proptest::option::of("[a-z0-9-]{1,12}");
        prop_oneof![
            Just(Verb::Unlock),
            Just(Verb::Release),
            Just(Verb::Lock),
            Just(Verb::Lift),
            Just(Verb::Lower),
            Just(Verb::Arm),
            Just(Verb::Disarm),
            (1..=LONGEST_BYPASS_S).prop_map(|for_s| Verb::Bypass { for_s }),
            device.prop_map(|device| Verb::Acknowledge { device }),
            Just(Verb::SirenOn),
            Just(Verb::SirenOff),
            Just(Verb::Silence),
            Just(Verb::Show),
        ]
    }

    proptest! {
        #[test]
        fn a_command_comes_back(
            id in proptest::option::of(".{1,40}"), verb in verbs(), ts in any::<Option<i64>>(), cause in proptest::option::of(".{1,40}"),
        ) {
            let order = Order { id, verb, ts, cause };
            let dialect = Dialect { numbered: false, ..Dialect::default() };
            prop_assert_eq!(dialect.read(dialect.write(&order).as_bytes()), Ok(order));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Dialect::default().read(&bytes);
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
                "there is no command `open`; there are unlock, release",
            ),
            (r#"{"id":"c1","command":"bypass"}"#, Some("c1"), "`bypass` needs `args/for_s`, in seconds"),
            (
                r#"{"id":"c1","command":"bypass","args":{"for_s":"60"}}"#,
                Some("c1"),
                "the field `args/for_s` is not a whole number",
            ),
            (
                r#"{"id":"c1","command":"bypass","args":{"for_s":0}}"#,
                Some("c1"),
                "`for_s` is 0, it must be from 1 to 86400",
            ),
            (
                r#"{"id":"c1","command":"acknowledge","args":[]}"#,
                Some("c1"),
                "the field `args` is not an object",
            ),
            (r#"{"id":"c1","command":"arm","ts":1.5}"#, Some("c1"), "the field `ts` is not a whole number"),
        ] {
            let wrong = Dialect::default().read(payload.as_bytes()).expect_err(payload);
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
