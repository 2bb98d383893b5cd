//! How a gateway writes commands, and how it wants them answered: its topics, the places of a payload's parts, its words.
//! What nothing is said of is as [`super::command`] has it.
//!
//! Places are JSON pointers (RFC 6901), to read from and to write to: `/reply/number` is the member `number` of the member
//! `reply`.

use std::collections::BTreeMap;

use palisade_sim::contract::{Class, Signal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::command::{Answer, Change, ID, Malformed, Order, Verb, verb};

/// A dialect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dialect {
    /// Topic of commands; `{site}` and `{device}` are filled in.
    pub topic: String,
    /// Topic of answers.
    pub ack: String,
    /// Topic of what a device is in, retained.
    pub state: String,
    /// Where the parts of a command stand.
    pub fields: OrderFields,
    /// The gateway's words for commands, such as `unlock = "OpenDoor"`; ours where it has none.
    pub words: BTreeMap<String, String>,
    /// Whether a command must carry an id. Without one each message is a command of its own, and none is a repeat.
    pub numbered: bool,
    /// Where the parts of an answer are written.
    pub answer: AnswerFields,
    /// The gateway's words for what a device is in, such as `released = "open"`; ours where it has none.
    pub states: BTreeMap<String, String>,
}

/// Where the parts of a command stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrderFields {
    /// The gateway's id of the command.
    pub id: String,
    /// What to do.
    pub command: String,
    /// When it was sent, ms after the epoch.
    pub ts: String,
    /// The id of the event that caused it.
    pub cause: String,
    /// `bypass`: for how long, s.
    pub for_s: String,
    /// `acknowledge`: the device whose alarm is meant.
    pub device: String,
}

/// Where the parts of an answer, and of what a device is in, are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerFields {
    /// The gateway's id of the command.
    pub id: String,
    /// Whether it was done.
    pub ok: String,
    /// What the device is in.
    pub state: String,
    /// Why it was not done.
    pub why: String,
    /// When, ms after the epoch.
    pub ts: String,
}

/// The topic of a device that ends with this word.
fn topic(last: &str) -> String {
    format!("site/{{site}}/dev/{{device}}/{last}")
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect {
            topic: topic("cmd"),
            ack: topic("ack"),
            state: topic("state"),
            fields: OrderFields::default(),
            words: BTreeMap::new(),
            numbered: true,
            answer: AnswerFields::default(),
            states: BTreeMap::new(),
        }
    }
}

impl Default for OrderFields {
    fn default() -> OrderFields {
        let [id, command, ts, cause, for_s, device] =
            ["/id", "/command", "/ts", "/cause", "/args/for_s", "/args/device"].map(str::to_owned);
        OrderFields { id, command, ts, cause, for_s, device }
    }
}

impl Default for AnswerFields {
    fn default() -> AnswerFields {
        let [id, ok, state, why, ts] = ["/id", "/ok", "/state", "/why", "/ts"].map(str::to_owned);
        AnswerFields { id, ok, state, why, ts }
    }
}

impl OrderFields {
    /// Each with its key.
    pub fn all(&self) -> [(&'static str, &str); 6] {
        [
            ("id", &self.id),
            ("command", &self.command),
            ("ts", &self.ts),
            ("cause", &self.cause),
            ("for_s", &self.for_s),
            ("device", &self.device),
        ]
    }
}

impl AnswerFields {
    /// Each with its key.
    pub fn all(&self) -> [(&'static str, &str); 5] {
        [("id", &self.id), ("ok", &self.ok), ("state", &self.state), ("why", &self.why), ("ts", &self.ts)]
    }
}

impl Dialect {
    /// The gateway's word for a command.
    pub fn word<'a>(&'a self, ours: &'a str) -> &'a str {
        self.words.get(ours).map_or(ours, String::as_str)
    }

    /// The gateway's word for what a device is in.
    fn state_word<'a>(&'a self, ours: &'a str) -> &'a str {
        self.states.get(ours).map_or(ours, String::as_str)
    }

    /// Reads a command.
    ///
    /// # Errors
    /// The first thing that is wrong, with what could be read for all that.
    pub fn read(&self, payload: &[u8]) -> Result<Order, Malformed> {
        let nothing = |why: String| Malformed { id: None, word: String::new(), cause: None, why };
        let json = match serde_json::from_slice(payload) {
            Ok(json @ Value::Object(_)) => json,
            Ok(_) => return Err(nothing("the command is not a JSON object".into())),
            Err(error) => return Err(nothing(format!("the command is not JSON: {error}"))),
        };
        let fields = &self.fields;
        let known = |pointer: &str| text(&json, pointer).ok().flatten();
        let malformed = |why: String| Malformed {
            id: known(&fields.id),
            word: known(&fields.command).map_or_else(String::new, |theirs| self.ours(&theirs).to_owned()),
            cause: known(&fields.cause),
            why,
        };
        let missing = |pointer: &str| format!("the field `{}` is missing", name(pointer));
        let id = text(&json, &fields.id).map_err(malformed)?;
        if id.is_none() && self.numbered {
            return Err(malformed(missing(&fields.id)));
        }
        let theirs = text(&json, &fields.command).map_err(malformed)?;
        let theirs = theirs.ok_or_else(|| malformed(missing(&fields.command)))?;
        Ok(Order {
            verb: self.verb(&theirs, &json).map_err(malformed)?,
            ts: whole(&json, &fields.ts).map_err(malformed)?,
            cause: text(&json, &fields.cause).map_err(malformed)?,
            id,
        })
    }

    /// Our word for the gateway's; its own when it is none of ours.
    fn ours<'a>(&'a self, theirs: &'a str) -> &'a str {
        Verb::WORDS.into_iter().find(|ours| self.word(ours) == theirs).unwrap_or(theirs)
    }

    fn verb(&self, theirs: &str, json: &Value) -> Result<Verb, String> {
        let ours = Verb::WORDS.into_iter().find(|ours| self.word(ours) == theirs);
        let Some(ours) = ours else {
            let theirs: String = theirs.chars().take(40).collect();
            let all: Vec<&str> = Verb::WORDS.iter().map(|ours| self.word(ours)).collect();
            return Err(format!("there is no command `{theirs}`; there are {}", all.join(", ")));
        };
        let for_s = || {
            let place = name(&self.fields.for_s);
            whole(json, &self.fields.for_s)?.ok_or_else(|| format!("`{theirs}` needs `{place}`, in seconds"))
        };
        verb(ours, for_s, || text(json, &self.fields.device))
    }

    /// Writes a command as the gateway would.
    pub fn write(&self, order: &Order) -> String {
        let fields = &self.fields;
        let mut parts: Vec<(&String, Value)> = vec![(&fields.command, self.word(order.verb.word()).into())];
        parts.extend(order.id.clone().map(|id| (&fields.id, id.into())));
        parts.extend(order.ts.map(|ts| (&fields.ts, ts.into())));
        parts.extend(order.cause.clone().map(|cause| (&fields.cause, cause.into())));
        match &order.verb {
            Verb::Bypass { for_s } => parts.push((&fields.for_s, (*for_s).into())),
            Verb::Acknowledge { device: Some(device) } => parts.push((&fields.device, device.clone().into())),
            _ => {}
        }
        object(parts.iter().map(|(at, value)| (at.as_str(), value.clone())))
    }

    /// Writes an answer; `ts` is when the command was done or refused, ms after the epoch.
    pub fn answer(&self, answer: &Answer, ts: i64) -> String {
        let at = &self.answer;
        object([
            (at.id.as_str(), answer.id.clone().into()),
            (&at.ok, answer.ok.into()),
            (&at.state, self.state_word(&answer.state).into()),
            (&at.why, answer.why.clone().into()),
            (&at.ts, ts.into()),
        ])
    }

    /// Writes what a device is in after a command; `ts` is since when, ms after the epoch.
    pub fn change(&self, change: &Change, device: &str, class: Class, ts: i64) -> String {
        let signal = change.signal.as_ref().map(Signal::word);
        object([
            (self.answer.ts.as_str(), ts.into()),
            ("/device", device.into()),
            ("/class", class.word().into()),
            (&self.answer.state, self.state_word(change.state).into()),
            ("/signal", signal.into()),
            ("/by", "command".into()),
        ])
    }
}

/// The names on the way to a place.
fn steps(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"))
}

/// A place for a reader: `args/for_s`.
fn name(pointer: &str) -> &str {
    pointer.trim_start_matches('/')
}

/// A JSON object with values at places. What stands in the way of a later place is replaced.
fn object<'a>(parts: impl IntoIterator<Item = (&'a str, Value)>) -> String {
    let mut root = Value::Object(Map::new());
    for (pointer, value) in parts {
        let mut at = &mut root;
        for step in steps(pointer) {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            at = &mut at[step];
        }
        *at = value;
    }
    root.to_string()
}

/// What stands at a place; an error when something on the way there is no object.
fn find<'a>(json: &'a Value, pointer: &str) -> Result<Option<&'a Value>, String> {
    let (mut at, mut way) = (json, String::new());
    for step in steps(pointer) {
        match at {
            Value::Null => return Ok(None),
            Value::Object(members) => match members.get(&step) {
                Some(member) => at = member,
                None => return Ok(None),
            },
            _ => return Err(format!("the field `{}` is not an object", name(&way))),
        }
        way = format!("{way}/{step}");
    }
    Ok(if at.is_null() { None } else { Some(at) })
}

fn text(json: &Value, pointer: &str) -> Result<Option<String>, String> {
    match find(json, pointer)? {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => {
            Err(format!("the field `{}` is empty", name(pointer)))
        }
        Some(Value::String(text)) if text.chars().count() > ID => {
            Err(format!("the field `{}` has more than {ID} characters", name(pointer)))
        }
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("the field `{}` is not text", name(pointer))),
    }
}

fn whole(json: &Value, pointer: &str) -> Result<Option<i64>, String> {
    let Some(value) = find(json, pointer)? else { return Ok(None) };
    value.as_i64().map(Some).ok_or_else(|| format!("the field `{}` is not a whole number", name(pointer)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// A dialect in which nothing is as usual.
    fn foreign() -> Dialect {
        toml::from_str(
            r#"
            topic = "acs/{site}/{device}/set"
            fields = { id = "/request/no", command = "/do", ts = "/at", cause = "/because", for_s = "/for", device = "/of" }
            words = { unlock = "OpenDoor", bypass = "Mute" }
            answer = { id = "/reply/no", ok = "/reply/done", state = "/now", why = "/reply/error", ts = "/at" }
            states = { released = "open" }
            "#,
        )
        .unwrap()
    }

    #[test]
    fn a_command_of_another_dialect_is_read_and_answered_in_it() {
        let dialect = foreign();
        let order =
            dialect.read(br#"{"request":{"no":"7"},"do":"OpenDoor","because":"r-1","at":5}"#).unwrap();
        assert_eq!(
            order,
            Order { id: Some("7".into()), verb: Verb::Unlock, ts: Some(5), cause: Some("r-1".into()) }
        );
        let mute = dialect.read(br#"{"request":{"no":"8"},"do":"Mute","for":60}"#).unwrap();
        assert_eq!(mute.verb, Verb::Bypass { for_s: 60 });
        // A command that it has no word for has ours.
        assert_eq!(dialect.read(br#"{"request":{"no":"9"},"do":"lift"}"#).unwrap().verb, Verb::Lift);
        let answer = Answer { id: Some("7".into()), ok: true, state: "released".into(), why: None };
        let said: Value = serde_json::from_str(&dialect.answer(&answer, 9)).unwrap();
        let reply = serde_json::json!({ "no": "7", "done": true, "error": null });
        assert_eq!(said, serde_json::json!({ "reply": reply, "now": "open", "at": 9 }));
        let change = Change { state: "released", signal: None };
        let said: Value = serde_json::from_str(&dialect.change(&change, "d", Class::Intercom, 9)).unwrap();
        assert_eq!((&said["now"], &said["at"], &said["device"]), (&"open".into(), &9.into(), &"d".into()));
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_dialect() {
        for (payload, id, word, said) in [
            (
                r#"{"request":{"no":"7"},"do":"unlock"}"#,
                Some("7"),
                "unlock",
                "there is no command `unlock`; there are OpenDoor, release",
            ),
            (r#"{"request":{"no":"7"},"do":"Mute"}"#, Some("7"), "bypass", "`Mute` needs `for`, in seconds"),
            (r#"{"request":7,"do":"Mute"}"#, None, "bypass", "the field `request` is not an object"),
            (r#"{"do":"OpenDoor"}"#, None, "unlock", "the field `request/no` is missing"),
        ] {
            let wrong = foreign().read(payload.as_bytes()).unwrap_err();
            assert_eq!((wrong.id.as_deref(), wrong.word.as_str()), (id, word), "{payload}");
            assert!(wrong.why.starts_with(said), "{payload}: {}", wrong.why);
        }
    }

    #[test]
    fn where_commands_have_no_number_none_is_asked_for() {
        let dialect = Dialect { numbered: false, ..Dialect::default() };
        let order = dialect.read(br#"{"command":"lift"}"#).unwrap();
        assert_eq!((order.id, order.verb), (None, Verb::Lift));
    }

    #[test]
    fn names_with_slashes_are_written_as_pointers_have_them() {
        assert_eq!(object([("/a~1b/c~0d", 1.into())]), r#"{"a/b":{"c~d":1}}"#);
    }
}
