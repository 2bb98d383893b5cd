//! A first contract from a few answers: what `palisade contract init` asks, and the file that it writes.

use std::fmt::Write as _;

use palisade_sim::contract::Class;
use palisade_sim::model::scenario::Duration;
use serde_json::Value;

use super::check::{is_broker, signal_words};

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Which answer it is.
    pub key: &'static str,
    /// What is asked.
    pub text: &'static str,
    /// What an empty line means.
    pub usual: &'static str,
}

const fn ask(key: &'static str, text: &'static str, usual: &'static str) -> Question {
    Question { key, text, usual }
}

/// All questions, in order. What an earlier answer makes needless is not asked: see [`Answers::needs`].
pub const QUESTIONS: [Question; 16] = [
    ask("name", "What do people call the gateway?", "my gateway"),
    ask("program", "Shall Palisade start it? Its command line, or nothing when it runs already", ""),
    ask("ready", "A text that it prints when it is ready; nothing to wait until devices can connect", ""),
    ask("broker", "Where is the MQTT broker that devices speak to?", "127.0.0.1:1883"),
    ask("event", "On which topic does a device say what happened?", "site/{site}/dev/{device}/event"),
    ask("qos", "With which quality of service, 0, 1 or 2? Nothing for the kit's own", ""),
    ask(
        "serial",
        "Which classes hang on a serial line (Modbus RTU)? Such as beam, smoke_detector; nothing for none",
        "",
    ),
    ask("pty", "Which port does the gateway open for it? Palisade makes it", "/tmp/palisade-line"),
    ask("baud", "At how many baud?", "9600"),
    ask("alarm", "On which topic does the gateway say what it passes on?", "site/{site}/alarm/{device}"),
    ask(
        "example",
        "An example of what it says there, JSON in one line, to find the places of its fields; nothing to skip",
        "",
    ),
    ask("id", "Where in it is the id that the device gave? A JSON pointer, or - when there is none", "/id"),
    ask("device", "Where is the device's name? A JSON pointer, or - when only the topic has it", "/device"),
    ask("signal", "Where is what happened?", "/signal"),
    ask(
        "words",
        "Its words for our signals, such as beam_broken=intrusion, smoke_alarm=fire; nothing when they are the same",
        "",
    ),
    ask("deadline", "How long may an answer take?", "2s"),
];

/// What was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(Vec<(&'static str, String)>);

impl Answers {
    /// The answer to a question; what is usual when it was not asked.
    pub fn get(&self, key: &str) -> &str {
        let usual = || QUESTIONS.iter().find(|q| q.key == key).map_or("", |q| q.usual);
        self.0.iter().find(|(k, _)| *k == key).map_or_else(usual, |(_, answer)| answer.as_str())
    }

    /// Whether a question is worth asking after these answers.
    pub fn needs(&self, key: &str) -> bool {
        match key {
            "ready" => !self.get("program").is_empty(),
            "pty" | "baud" => !self.get("serial").is_empty(),
            _ => true,
        }
    }

    /// What an empty line means here: an example shows where its fields are.
    pub fn usual(&self, question: Question) -> String {
        let example: Option<Value> = serde_json::from_str(self.get("example")).ok();
        let found = example.and_then(|example| place(&example, names(question.key)?));
        found.unwrap_or_else(|| question.usual.to_owned())
    }

    /// Takes an answer; an empty one is what is usual.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn take(&mut self, question: Question, answer: &str) -> Result<(), String> {
        let answer = answer.trim();
        let answer = if answer.is_empty() { self.usual(question) } else { answer.to_owned() };
        let answer = if question.key == "broker" { host_and_port(&answer).to_owned() } else { answer };
        check(question.key, &answer)?;
        if question.key == "device" && answer == "-" && !self.get("alarm").contains(DEVICE) {
            return Err(format!("the topic {} does not tell the device: say where it is", self.get("alarm")));
        }
        self.0.retain(|(key, _)| *key != question.key);
        self.0.push((question.key, answer));
        Ok(())
    }
}

/// What a topic has in place of the device's name.
const DEVICE: &str = "{device}";

/// An address without the scheme that people paste with it.
fn host_and_port(address: &str) -> &str {
    address.strip_prefix("mqtt://").unwrap_or(address).trim_end_matches('/')
}

/// Names that a field commonly has in what gateways say.
fn names(key: &str) -> Option<&'static [&'static str]> {
    match key {
        "id" => Some(&[
            "id",
            "msgid",
            "messageid",
            "msg_id",
            "message_id",
            "eventid",
            "event_id",
            "uuid",
            "correlation",
        ]),
        "device" => {
            Some(&["device", "deviceid", "device_id", "dev", "devicename", "name", "source", "sensor"])
        }
        "signal" => Some(&[
            "signal",
            "event",
            "eventtype",
            "event_type",
            "type",
            "alarm",
            "alarmtype",
            "alarm_type",
            "code",
        ]),
        _ => None,
    }
}

/// The JSON pointer of the first text or number with one of these names: the outermost, in the order of the names.
fn place(example: &Value, names: &[&str]) -> Option<String> {
    let object = example.as_object()?;
    let plain = |v: &Value| v.is_string() || v.is_number();
    let here = names.iter().find_map(|name| {
        let key = object.iter().find(|(key, v)| key.eq_ignore_ascii_case(name) && plain(v))?.0;
        Some(format!("/{}", key.replace('~', "~0").replace('/', "~1")))
    });
    let within = || object.iter().find_map(|(key, v)| Some(format!("/{key}{}", place(v, names)?)));
    here.or_else(within)
}

fn check(key: &str, answer: &str) -> Result<(), String> {
    let bad = |text: String| Err(text);
    match key {
        "name" if answer.is_empty() => bad("a gateway needs a name in reports".into()),
        "program" => command(answer).map(|_| ()),
        "broker" if !is_broker(&format!("mqtt://{answer}")) => {
            bad(format!("`{answer}` is no address; write it like 127.0.0.1:1883"))
        }
        "event" | "alarm" => topic(answer).and_then(|()| match key {
            "event" if !answer.contains(DEVICE) => {
                bad(format!("all devices would speak on `{answer}`; put {DEVICE} into it"))
            }
            _ => Ok(()),
        }),
        "qos" if !["", "0", "1", "2"].contains(&answer) => bad(format!("`{answer}` is none of 0, 1 and 2")),
        "baud" if answer.parse::<u32>().is_err() => bad(format!("`{answer}` is no number")),
        "serial" => classes(answer).map(|_| ()),
        "example" if !answer.is_empty() => match serde_json::from_str::<Value>(answer) {
            Ok(Value::Object(_)) => Ok(()),
            Ok(_) => bad("the example is no JSON object".into()),
            Err(error) => bad(format!("the example is no JSON: {error}")),
        },
        "id" | "device" if answer == "-" => Ok(()),
        "id" | "device" | "signal" if !answer.starts_with('/') => {
            bad(format!("`{answer}` is no JSON pointer; it begins with a slash, such as /data/id"))
        }
        "words" => words(answer).map(|_| ()),
        "deadline" => match answer.parse::<Duration>() {
            Ok(deadline) if deadline.0.0 > 0 => Ok(()),
            Ok(_) => bad("a deadline of nothing can never be kept; write it like 2s".into()),
            Err(error) => bad(error.to_string()),
        },
        _ => Ok(()),
    }
}

fn topic(answer: &str) -> Result<(), String> {
    if answer.is_empty() || answer.contains(['#', '+']) {
        return Err("a topic is written with {site} and {device} in place of + and #".into());
    }
    let names = answer.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default());
    match names.into_iter().find(|name| !["site", "device"].contains(name)) {
        Some(name) => Err(format!(
            "nothing is known that `{{{name}}}` could stand for; there are {{site}} and {{device}}"
        )),
        None => Ok(()),
    }
}

/// The words of a command line, read as a shell reads them.
fn command(answer: &str) -> Result<Vec<String>, String> {
    let words = shlex::split(answer).ok_or_else(|| format!("a quote in `{answer}` is not closed"))?;
    let is_shells =
        |word: &&String| ["|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"].contains(&word.as_str());
    match words.iter().find(is_shells) {
        Some(word) => Err(format!(
            "no shell reads this, so `{word}` would be a word for the program; write sh -c \"…\""
        )),
        None => Ok(words),
    }
}

fn parts(answer: &str) -> impl Iterator<Item = &str> {
    answer.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn classes(answer: &str) -> Result<Vec<Class>, String> {
    let class = |word: &str| {
        let read = serde_json::from_value(Value::from(word));
        read.map_err(|error| format!("there is no class `{word}`: {error}"))
    };
    parts(answer).map(class).collect()
}

fn words(answer: &str) -> Result<Vec<(&str, &str)>, String> {
    let pair = |part| -> Result<(&str, &str), String> {
        let (ours, theirs) = str::split_once(part, '=').unwrap_or_default();
        let (ours, theirs) = (ours.trim(), theirs.trim());
        if ours.is_empty() || theirs.is_empty() {
            return Err(format!("`{part}` is no pair; write it like beam_broken=intrusion"));
        }
        if !signal_words().iter().any(|word| word == ours) {
            return Err(format!(
                "no device says `{ours}`; `palisade tape SCENARIO` lists what each class says"
            ));
        }
        Ok((ours, theirs))
    };
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for (ours, theirs) in parts(answer).map(pair).collect::<Result<Vec<_>, _>>()? {
        if pairs.iter().any(|(word, _)| *word == ours) {
            return Err(format!("`{ours}` is there twice; a signal has one word"));
        }
        pairs.push((ours, theirs));
    }
    Ok(pairs)
}

/// The contract's text.
pub fn contract(answers: &Answers) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let get = |key| answers.get(key);
    let mut out = format!(
        "# Written by `palisade contract init`. scenarios/sut/builtin/contract.toml explains every key.\n\
         contract = 1\nname = {}\ndeadline = {}\n",
        text(get("name")),
        text(get("deadline"))
    );
    let mut line = |what: String| {
        // Writing into a string does not fail.
        let _ = writeln!(out, "{what}");
    };
    // What was answered was checked when it was taken, here and below.
    let program = command(get("program")).unwrap_or_default();
    if let Some((name, args)) = program.split_first() {
        let args: Vec<String> = args.iter().map(|arg| text(arg)).collect();
        line(format!(
            "\n# Its output goes to sut/gateway.log in the run's folder.\n[[process]]\nid = \"gateway\"\nprogram = {}",
            text(name)
        ));
        line(format!("args = [{}]", args.join(", ")));
        if !get("ready").is_empty() {
            line(format!("ready = {{ line = {} }}", text(get("ready"))));
        }
    }
    line(format!(
        "\n[[link]]\nid = \"bus\"\ncarrier = \"mqtt\"\naddress = {}",
        text(&format!("mqtt://{}", get("broker")))
    ));
    let serial: Vec<String> = parts(get("serial")).map(text).collect();
    if !serial.is_empty() {
        line(format!(
            "\n# The list of units and inputs is {{work}}/line-1.csv.\n[[link]]\nid = \"line-1\"\ncarrier = \"modbus_rtu\"\npty = {}\nbaud = {}",
            text(get("pty")),
            get("baud")
        ));
        line(format!(
            "\n[[device]]\nclass = [{}]\nlink = \"line-1\"\nunit_from = 1\ninputs_per_unit = 16",
            serial.join(", ")
        ));
    }
    line(format!("\n[[device]]\nlink = \"bus\"\ntopic = {}", text(get("event"))));
    if !get("qos").is_empty() {
        line(format!("qos = {}", get("qos")));
    }
    line(format!("\n[[reaction]]\nlink = \"bus\"\ntopic = {}", text(get("alarm"))));
    let fields: Vec<String> = ["id", "device", "signal"]
        .into_iter()
        .filter(|key| get(key) != "-")
        .map(|key| format!("{key} = {}", text(get(key))))
        .collect();
    line(format!("fields = {{ {} }}", fields.join(", ")));
    if get("id") == "-" {
        line("correlate = [\"key\", \"order\"]".into());
    }
    let pairs: Vec<String> = words(get("words"))
        .unwrap_or_default()
        .iter()
        .map(|(a, b)| format!("{} = {}", text(a), text(b)))
        .collect();
    if !pairs.is_empty() {
        line(format!("words = {{ {} }}", pairs.join(", ")));
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::contract::{Around, read};
    use palisade_sim::model::load::SourceText;

    fn answered(given: &[(&str, &str)]) -> Answers {
        let mut answers = Answers::default();
        for question in QUESTIONS.into_iter() {
            if answers.needs(question.key) {
                let answer =
                    given.iter().find(|(key, _)| *key == question.key).map_or("", |(_, answer)| answer);
                answers.take(question, answer).unwrap();
            }
        }
        answers
    }

    fn sound(text: &str) {
        let around = Around { beside: &|_| true, set: &|_| true, kit: None };
        let source = SourceText { name: "c.toml".into(), text: text.to_owned() };
        let read = read(&source, &around);
        assert!(read.is_ok(), "{text}\n{:?}", read.err());
    }

    #[test]
    fn whatever_is_answered_the_contract_is_sound() {
        sound(&contract(&answered(&[])));
        let much = [
            ("name", "屏障 \"X\""),
            ("program", r#"mosquitto -c "/etc/my broker.conf" -p '1884'"#),
            ("broker", "mqtt://127.0.0.1:1884/"),
            ("qos", "1"),
            ("serial", "beam, smoke_detector"),
            ("id", "-"),
            ("words", "beam_broken=intrusion, smoke_alarm = fire"),
            ("deadline", "500ms"),
        ];
        let text = contract(&answered(&much));
        sound(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn an_example_shows_where_its_fields_are() {
        let example = r#"{"header":{"msgId":"7"},"deviceName":"b","data":{"alarmType":"x","event":{"a":1}}}"#;
        let answers = answered(&[("example", example)]);
        assert_eq!(
            ["id", "device", "signal"].map(|key| answers.get(key)),
            ["/header/msgId", "/deviceName", "/data/alarmType"]
        );
    }

    #[test]
    fn a_wrong_answer_is_refused_with_the_remedy() {
        for (key, answer, expected) in [
            ("program", "my-gateway --name \"a", "is not closed"),
            ("program", "cd /opt && ./gateway", "write sh -c"),
            ("broker", "localhost", "127.0.0.1:1883"),
            ("broker", "mqtts://localhost:8883", "is no address"),
            ("event", "site/+/dev/#", "{device} in place of"),
            ("event", "dev/event", "put {device} into it"),
            ("alarm", "alarm/{dev}", "nothing is known that `{dev}`"),
            ("qos", "3", "none of 0, 1 and 2"),
            ("serial", "beam, toaster", "no class `toaster`"),
            ("example", "[1]", "no JSON object"),
            ("example", "{", "no JSON:"),
            ("signal", "signal", "begins with a slash"),
            ("words", "smoke_alarm", "beam_broken=intrusion"),
            ("words", "smoke=fire", "no device says `smoke`"),
            ("words", "smoke_alarm=a, smoke_alarm=b", "`smoke_alarm` is there twice"),
            ("deadline", "soon", "soon"),
            ("deadline", "0s", "can never be kept"),
        ] {
            let question = QUESTIONS.into_iter().find(|q| q.key == key).unwrap();
            let said = Answers::default().take(question, answer).unwrap_err();
            assert!(said.contains(expected), "{key} {answer}: {said}");
        }
    }

    #[test]
    fn the_device_stands_in_the_topic_or_in_a_field() {
        let mut answers = Answers::default();
        let mut take =
            |key: &str, answer| answers.take(QUESTIONS.into_iter().find(|q| q.key == key).unwrap(), answer);
        take("alarm", "alarms").unwrap();
        assert!(take("device", "-").unwrap_err().contains("topic alarms does not tell the device"));
        take("device", "/source").unwrap();
    }
}
