//! Commands: those that are owed, and the dialect in which devices are told them.

use std::collections::BTreeMap;

use palisade_sim::model::typed::remedy;

use super::super::{DeviceRow, EVENT_TOPIC};
use super::{Desk, signal_words};
use crate::wire::command::{STATES, Verb};
use crate::wire::dialect::Dialect;

impl Desk<'_> {
    /// Commands that are owed must be such as devices can do.
    pub(super) fn commands(&mut self) {
        let words = signal_words();
        for (i, row) in self.contract.command.iter().enumerate() {
            let path = |key: &str| format!("command[{i}].{key}");
            self.signals(&path("signal"), &row.signal, &words);
            self.unsaid(&path("signal"), &row.signal, &row.class);
            let valid = Verb::WORDS;
            if !valid.contains(&row.command.as_str()) {
                let message = format!("no device can do `{}`", row.command);
                self.wrong(&path("command"), "contract::command", message, remedy(&row.command, &valid));
            }
            if row.deadline.0.0 <= 0 {
                let message = "a deadline of nothing can never be kept".to_owned();
                self.wrong(
                    &path("deadline"),
                    "contract::deadline",
                    message,
                    "write how long it may take, such as \"2s\"",
                );
            }
        }
    }

    /// Topics, places and words must each mean one thing.
    pub(super) fn dialect(&mut self, i: usize, row: &DeviceRow, dialect: &Dialect) {
        let path = |key: &str| format!("device[{i}].commands.{key}");
        self.topics(&path, row, dialect);
        let Dialect { fields, answer, .. } = dialect;
        self.places(&path, "fields", &fields.all());
        self.places(&path, "answer", &answer.all());
        self.words(&path, "words", &Verb::WORDS, &dialect.words);
        self.words(&path, "states", &STATES, &dialect.states);
    }

    /// Nobody can be told two things on one topic.
    fn topics(&mut self, path: &dyn Fn(&str) -> String, row: &DeviceRow, dialect: &Dialect) {
        let event = ("events", row.topic.as_deref().unwrap_or(EVENT_TOPIC));
        let all = [event, ("topic", &dialect.topic), ("ack", &dialect.ack), ("state", &dialect.state)];
        for (at, (key, topic)) in all.into_iter().enumerate().skip(1) {
            self.plain_text(&path(key), topic, &["site", "device"]);
            let (message, help) = if !topic.contains("{device}") {
                let message = format!("nobody could tell the devices on `{topic}` apart");
                (message, "put `{device}` into it")
            } else if topic.contains(['+', '#']) {
                (format!("`{topic}` is a filter and no topic"), "write it without `+` and `#`")
            } else if let Some((other, _)) = all[..at].iter().find(|(_, above)| *above == topic) {
                let other = if *other == "topic" { "commands" } else { other };
                (format!("`{topic}` is the topic of `{other}` already"), "write a topic of its own")
            } else {
                continue;
            };
            self.wrong(&path(key), "contract::topic", message, help);
        }
    }

    /// Places must be pointers, and none be inside another.
    fn places(&mut self, path: &dyn Fn(&str) -> String, table: &str, all: &[(&str, &str)]) {
        for (at, (key, pointer)) in all.iter().enumerate() {
            let place = path(&format!("{table}.{key}"));
            if pointer.is_empty() {
                let message = format!("`{table}.{key}` is the whole payload, where nothing else has room");
                self.wrong(&place, "contract::pointer", message, "name a member, such as \"/id\"");
                continue;
            }
            self.pointer(&place, key, pointer);
            let inside = |one: &str, other: &str| {
                one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let above = all[..at].iter().filter(|(_, p)| !p.is_empty());
            let mut above = above.filter(|(_, p)| inside(p, pointer) || inside(pointer, p));
            if let Some((other, there)) = above.next() {
                let message = format!(
                    "`{table}.{key}` at `{pointer}` leaves no room for `{table}.{other}` at `{there}`"
                );
                self.wrong(&place, "contract::pointer", message, "give each a place of its own");
            }
        }
    }

    /// Every word must be known, and a word of the gateway mean one of them.
    fn words(
        &mut self,
        path: &dyn Fn(&str) -> String,
        table: &str,
        ours: &[&str],
        theirs: &BTreeMap<String, String>,
    ) {
        for (key, word) in theirs {
            let place = path(&format!("{table}.{key}"));
            if !ours.contains(&key.as_str()) {
                let message = match table {
                    "words" => format!("no device can do `{key}`"),
                    _ => format!("no command brings a device to `{key}`"),
                };
                self.wrong(&place, "contract::command", message, remedy(key, ours));
                continue;
            }
            if word.is_empty() {
                let message = format!("the word for `{key}` is empty");
                self.wrong(&place, "contract::command", message, "write the gateway's word, or remove it");
            }
            // Of two words that are alike, the second is told; one that is ours for something else is told itself.
            let meant = |other: &&&str| match theirs.get(**other) {
                Some(same) => **other < key.as_str() && same == word,
                None => **other == word && **other != key,
            };
            if let Some(other) = ours.iter().find(meant) {
                let message = format!("`{word}` is the word for `{other}` already");
                let help = format!("write another word, or give `{other}` one in `{table}`");
                self.wrong(&place, "contract::command", message, help);
            }
        }
    }
}
