//! What a gateway says, read by a contract: which device and signal it speaks of, and the id that it carries.

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::contract::Severity;
use serde_json::Value;

use super::clock::instant_ms;
use super::{ALARM_TOPIC, Contract, Reaction, Upstream};

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The device, as the gateway named it; empty when it named none.
    pub device: String,
    /// The signal in our word where it is known, else in the gateway's; empty when it named none.
    pub signal: String,
    /// How loudly.
    pub severity: Option<Severity>,
    /// The id.
    pub id: Option<String>,
    /// The gateway's own clock when it said it, ms after the epoch.
    pub clock_ms: Option<i64>,
}

/// Reads what is said on one link.
#[derive(Clone, Debug)]
pub struct Decoder {
    rows: Vec<Reaction>,
    site: String,
    /// Signals that each device has on the tape: what a gateway's word can mean.
    signals: BTreeMap<String, BTreeSet<String>>,
}

impl Decoder {
    /// For the reactions that appear on a link. `signals`: what each device says on the tape.
    pub fn of(
        contract: &Contract,
        link: &str,
        site: &str,
        signals: BTreeMap<String, BTreeSet<String>>,
    ) -> Decoder {
        let rows = contract.reaction.iter().filter(|row| row.link == link).cloned().collect();
        Decoder { rows, site: site.to_owned(), signals }
    }

    /// For what is posted to the city platform.
    pub fn upstream(upstream: &Upstream, site: &str, signals: BTreeMap<String, BTreeSet<String>>) -> Decoder {
        let row = Reaction {
            signal: Vec::new(),
            severity: Vec::new(),
            class: Vec::new(),
            link: String::new(),
            topic: None,
            fields: upstream.fields.clone(),
            words: upstream.words.clone(),
            deadline: None,
            correlate: Vec::new(),
        };
        Decoder { rows: vec![row], site: site.to_owned(), signals }
    }

    /// The filters that must be subscribed to on a broker, without repeats.
    pub fn filters(&self) -> Vec<String> {
        self.filters_of(|topic| topic.replace("{site}", &self.site))
    }

    /// The same for the copies of the site as well, whatever they are called.
    pub fn filters_of_all_sites(&self) -> Vec<String> {
        self.filters_of(str::to_owned)
    }

    fn filters_of(&self, sited: impl Fn(&str) -> String) -> Vec<String> {
        let open = |level: &&str| level.contains("{device}") || level.contains("{site}");
        let filter = |row: &Reaction| {
            let topic = sited(row.topic.as_deref().unwrap_or(ALARM_TOPIC));
            let levels: Vec<&str> = topic.split('/').map(|l| if open(&l) { "+" } else { l }).collect();
            levels.join("/")
        };
        let all: BTreeSet<String> = self.rows.iter().map(filter).collect();
        all.into_iter().collect()
    }

    /// A device can also say this, beside what it says on the tape.
    pub fn may_say(&mut self, device: &str, signal: &str) {
        self.signals.entry(device.to_owned()).or_default().insert(signal.to_owned());
    }

    /// The id that a message carries, whatever its topic.
    pub fn id(&self, json: &Value) -> Option<String> {
        self.rows.iter().find_map(|row| text(json.pointer(row.fields.id.as_deref()?)?))
    }

    /// Reads a message. What cannot be read keeps what its topic tells.
    pub fn read(&self, topic: &str, payload: &[u8]) -> Read {
        let json: Value = serde_json::from_slice(payload).unwrap_or(Value::Null);
        self.read_of(&self.site, |device| device, topic, &json)
    }

    /// Reads a message about a copy of the site: a mark stands behind the names of the site and of its devices. A device
    /// is told without it, and is empty when it does not bear it.
    pub fn read_copy(&self, mark: &str, topic: &str, json: &Value) -> Read {
        self.read_of(&format!("{}{mark}", self.site), |device| unmarked(mark, &device), topic, json)
    }

    fn read_of(&self, site: &str, named: impl Fn(String) -> String, topic: &str, json: &Value) -> Read {
        let mut best = Read::default();
        for row in &self.rows {
            let pattern = row.topic.as_deref().unwrap_or(ALARM_TOPIC).replace("{site}", site);
            let Some(device) = device_in(&pattern, topic) else { continue };
            let read = self.by_row(row, (device, &named), json);
            let whole = !read.device.is_empty() && self.knows(&read);
            if whole {
                return read;
            }
            if best.device.is_empty() {
                best = read;
            }
        }
        best
    }

    /// Reads a row of a platform: an object whose device stands in it.
    pub fn read_row(&self, row_json: &Value) -> Read {
        self.read_row_of(&|device| device, row_json)
    }

    /// The same of a row about a copy, whose device is told as in [`Decoder::read_copy`].
    pub fn read_row_of_copy(&self, mark: &str, row_json: &Value) -> Read {
        self.read_row_of(&|device| unmarked(mark, &device), row_json)
    }

    fn read_row_of(&self, named: &dyn Fn(String) -> String, row_json: &Value) -> Read {
        let read = self.rows.iter().map(|row| self.by_row(row, ("", named), row_json));
        let all: Vec<Read> = read.collect();
        all.iter().find(|r| self.knows(r)).or(all.first()).cloned().unwrap_or_default()
    }

    fn knows(&self, read: &Read) -> bool {
        self.signals.get(&read.device).is_some_and(|s| s.contains(&read.signal))
    }

    fn by_row(
        &self,
        row: &Reaction,
        (device, named): (&str, &dyn Fn(String) -> String),
        json: &Value,
    ) -> Read {
        let at = |pointer: &Option<String>| pointer.as_deref().and_then(|p| text(json.pointer(p)?));
        let device = named(at(&row.fields.device).unwrap_or_else(|| device.to_owned()));
        let theirs = at(&row.fields.signal).unwrap_or_default();
        let severity = at(&row.fields.kind).and_then(|word| serde_json::from_value(Value::String(word)).ok());
        let clock_ms = row.fields.time.as_deref().and_then(|place| instant_ms(json.pointer(place)?));
        Read { signal: self.ours(row, &device, &theirs), device, severity, id: at(&row.fields.id), clock_ms }
    }

    /// Our word for the gateway's: the one signal of that device for which the row writes it so.
    fn ours(&self, row: &Reaction, device: &str, theirs: &str) -> String {
        if row.words.is_empty() {
            return theirs.to_owned();
        }
        let said = self.signals.get(device);
        let means = |ours: &&String| row.words.get(*ours).is_some_and(|word| word == theirs);
        let mut found = said.into_iter().flatten().filter(means);
        match (found.next(), found.next()) {
            (Some(one), None) => one.clone(),
            // Several could be meant, or none: its own word stands, and the time window decides.
            _ => theirs.to_owned(),
        }
    }
}

/// The device that bears a mark; empty when it does not.
fn unmarked(mark: &str, device: &str) -> String {
    device.strip_suffix(mark).unwrap_or_default().to_owned()
}

/// Text of a JSON value that can be an id or a word.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The device in a topic that has the shape of a pattern; empty when the pattern names none.
fn device_in<'a>(pattern: &str, topic: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once("{device}") else {
        return (pattern == topic).then_some("");
    };
    let rest = topic.strip_prefix(before)?.strip_suffix(after)?;
    (!rest.is_empty() && !rest.contains('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn decoder(words: &[(&str, &str)]) -> Decoder {
        let mut contract = Contract::plain("x", "mqtt://h:1", None);
        contract.reaction[0].words = words.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        let set = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
        let signals = BTreeMap::from([
            ("beam-1".to_owned(), set(&["beam_broken", "beam_restored"])),
            ("cam-1".to_owned(), set(&["line_crossed", "target_entered"])),
        ]);
        Decoder::of(&contract, "bus", "yard", signals)
    }

    #[test]
    fn a_plain_alarm_is_read_and_its_topic_is_subscribed_to() {
        let decoder = decoder(&[]);
        assert_eq!(decoder.filters(), ["site/yard/alarm/+"]);
        assert_eq!(decoder.filters_of_all_sites(), ["site/+/alarm/+"]);
        let read = decoder.read(
            "site/yard/alarm/beam-1",
            br#"{"id":"r-7","device":"beam-1","signal":"beam_broken","kind":"alarm","gateway_ts":1776104045000}"#,
        );
        assert_eq!(read.clock_ms, Some(1_776_104_045_000));
        assert_eq!((read.device.as_str(), read.signal.as_str()), ("beam-1", "beam_broken"));
        assert_eq!((read.severity, read.id.as_deref()), (Some(Severity::Alarm), Some("r-7")));
        let torn = decoder.read("site/yard/alarm/beam-1", b"{");
        assert_eq!((torn.device.as_str(), torn.signal.as_str(), torn.id), ("beam-1", "", None));
        assert_eq!(decoder.read("site/other/alarm/beam-1", b"{}"), Read::default());
    }

    #[test]
    fn an_answer_about_a_copy_names_its_site_and_its_device() {
        let decoder = decoder(&[]);
        let read = |topic: &str, device: &str| {
            let json = serde_json::json!({ "id": "rc3-7", "device": device, "signal": "beam_broken" });
            assert_eq!(decoder.id(&json).as_deref(), Some("rc3-7"));
            let read = decoder.read_copy("-c3", topic, &json);
            (read.device, read.signal)
        };
        let as_it_should = ("beam-1".to_owned(), "beam_broken".to_owned());
        assert_eq!(read("site/yard-c3/alarm/beam-1-c3", "beam-1-c3"), as_it_should);
        assert_eq!(read("site/yard-c3/alarm/beam-1-c3", "beam-1").0, "", "the compound's own");
        assert_eq!(read("site/yard-c4/alarm/beam-1-c3", "beam-1-c3").0, "", "another site's topic");
        let row = |device: &str| {
            let json = serde_json::json!({ "id": "rc3-7", "device": device, "signal": "beam_broken" });
            decoder.read_row_of_copy("-c3", &json).device
        };
        assert_eq!((row("beam-1-c3").as_str(), row("beam-1").as_str()), ("beam-1", ""));
    }

    #[test]
    fn a_gateways_word_means_what_that_device_can_say() {
        let decoder =
            decoder(&[("beam_broken", "alarm"), ("line_crossed", "alarm"), ("target_entered", "alarm")]);
        let read = |device: &str| {
            let payload = format!(r#"{{"device":"{device}","signal":"alarm"}}"#);
            decoder.read(&format!("site/yard/alarm/{device}"), payload.as_bytes()).signal
        };
        assert_eq!(read("beam-1"), "beam_broken");
        assert_eq!(read("cam-1"), "alarm", "two signals of the camera could be meant");
    }
}
