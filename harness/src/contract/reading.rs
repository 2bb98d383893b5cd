//! Answers of a system under test, read as its contract says.

use palisade_sim::contract::Severity;
use serde_json::Value;

use super::Reaction;

/// How answers are read, filled in for one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    reaction: Reaction,
    /// What stands before and behind the device in the topic.
    around: Option<(String, String)>,
}

/// What an answer says; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The device.
    pub device: String,
    /// Our word for the signal.
    pub signal: String,
    /// How loudly.
    pub severity: Option<Severity>,
    /// The id that the device gave.
    pub id: Option<String>,
}

impl Reading {
    /// Reads as the reaction says, at the site of this name.
    pub fn new(reaction: Reaction, site: &str) -> Reading {
        let topic = reaction.topic.as_ref().map(|topic| topic.replace("{site}", site));
        let around = topic.map(|topic| match topic.split_once("{device}") {
            Some((before, behind)) => (before.to_owned(), behind.to_owned()),
            None => (topic, String::new()),
        });
        Reading { reaction, around }
    }

    /// The MQTT filter of all answers: the topic with any device.
    pub fn filter(&self) -> Option<String> {
        let (before, behind) = self.around.as_ref()?;
        let device = self.reaction.topic.as_ref().is_some_and(|topic| topic.contains("{device}"));
        Some(format!("{before}{}{behind}", if device { "+" } else { "" }))
    }

    /// Reads an answer. What cannot be read stays empty.
    pub fn read(&self, topic: &str, payload: &[u8]) -> Read {
        let object: Value = serde_json::from_slice(payload).unwrap_or_default();
        let fields = &self.reaction.fields;
        let text = |pointer: &Option<String>| {
            object.pointer(pointer.as_deref()?).and_then(Value::as_str).map(str::to_owned)
        };
        let signal = text(&Some(fields.signal.clone())).unwrap_or_default();
        let kind = text(&fields.kind).and_then(|kind| serde_json::from_value(kind.into()).ok());
        Read {
            device: text(&fields.device).or_else(|| self.device_of(topic)).unwrap_or_default(),
            signal: self.ours(signal),
            severity: kind,
            id: text(&fields.id),
        }
    }

    fn device_of(&self, topic: &str) -> Option<String> {
        let (before, behind) = self.around.as_ref()?;
        let device = topic.strip_prefix(before.as_str())?.strip_suffix(behind.as_str())?;
        (!device.is_empty()).then(|| device.to_owned())
    }

    /// Our word for the system's.
    fn ours(&self, theirs: String) -> String {
        let ours = self.reaction.words.iter().find(|(_, word)| **word == theirs);
        ours.map_or(theirs, |(signal, _)| signal.clone())
    }
}
