//! What a contract's types cannot say: names that must exist, keys that a carrier needs, rows that nobody reaches.

mod commands;
mod fit;
mod lines;
mod texts;
mod upstream;

use std::collections::BTreeSet;

use palisade_sim::contract::{Class, Signal};
use palisade_sim::model::typed::{Problem, Problems, Source, Spans, remedy};
use serde_json::Value;

use super::says::says;
use super::{Around, Carrier, Contract, Correlate, Link, Reaction, Ready};

struct Desk<'a> {
    contract: &'a Contract,
    spans: &'a Spans,
    source: &'a Source,
    around: &'a Around<'a>,
    problems: &'a mut Problems,
    warnings: &'a mut Problems,
}

/// Adds every problem of a contract, and what is odd about it.
pub(super) fn contract(
    contract: &Contract,
    (spans, source): (&Spans, &Source),
    around: &Around<'_>,
    (problems, warnings): (&mut Problems, &mut Problems),
) {
    let mut desk = Desk { contract, spans, source, around, problems, warnings };
    desk.names();
    desk.processes();
    desk.links();
    desk.devices();
    desk.reactions();
    desk.commands();
    desk.upstream();
    if let Some(kit) = around.kit {
        desk.kit(kit);
    }
}

/// Words of all signals.
pub(crate) fn signal_words() -> Vec<String> {
    let schema = schemars::schema_for!(Signal).to_value();
    let mut words = Vec::new();
    for part in schema["oneOf"].as_array().into_iter().flatten() {
        words.extend(part["const"].as_str().map(str::to_owned));
        words.extend(
            part["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
        );
        words.extend(part["properties"].as_object().into_iter().flat_map(|o| o.keys().cloned()));
    }
    words
}

impl Desk<'_> {
    fn wrong(&mut self, path: &str, code: &'static str, message: String, help: impl Into<String>) {
        self.problems.add(Problem::new(self.source, self.spans.at(path), code, message, help));
    }

    fn names(&mut self) {
        let lists: [(&str, Vec<String>); 2] = [
            ("process", self.contract.process.iter().map(|p| p.id.clone()).collect()),
            ("link", self.contract.link.iter().map(|l| l.id.clone()).collect()),
        ];
        for (table, ids) in lists {
            let mut seen = BTreeSet::new();
            for (i, id) in ids.iter().enumerate() {
                let path = format!("{table}[{i}].id");
                if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                    let message = format!("`{id}` is no name: it becomes part of file names");
                    self.wrong(&path, "contract::name", message, "use letters, digits, `-` and `_`");
                } else if !seen.insert(id) {
                    let message = format!("`{id}` is the name of two rows of `{table}`");
                    self.wrong(&path, "contract::duplicate", message, "give one of them another name");
                }
            }
        }
        let mut seen = BTreeSet::new();
        for (i, port) in self.contract.ports.names.iter().enumerate() {
            if !seen.insert(port) {
                let message = format!("`{port}` is the name of two ports");
                let path = format!("ports.names[{i}]");
                self.wrong(&path, "contract::duplicate", message, "remove it, or give it another name");
            }
        }
        if self.contract.deadline.is_some_and(|d| d.0.0 <= 0) {
            let message = "a deadline of nothing can never be kept".to_owned();
            self.wrong(
                "deadline",
                "contract::deadline",
                message,
                "write how long an answer may take, such as \"2s\"",
            );
        }
    }

    fn processes(&mut self) {
        for (i, process) in self.contract.process.iter().enumerate() {
            let path = |key: &str| format!("process[{i}].{key}");
            let install = process.install.as_deref();
            self.program_text(&path("program"), &process.program, install);
            for (k, arg) in process.args.iter().enumerate() {
                self.program_text(&path(&format!("args[{k}]")), arg, install);
            }
            for (name, value) in &process.env {
                self.program_text(&path(&format!("env.{name}")), value, install);
            }
            for (k, file) in process.files.iter().enumerate() {
                if !(self.around.beside)(file) {
                    let message = format!("there is no file `{file}` beside the contract");
                    let help = "files are relative to the contract; put it there or write its name as it is";
                    self.wrong(&path(&format!("files[{k}]")), "contract::missing-file", message, help);
                }
            }
            if let Some(Ready::Port(port)) = &process.ready
                && !self.contract.ports.names.contains(port)
            {
                let message = format!("`{port}` is no port of this contract");
                self.wrong(
                    &path("ready"),
                    "contract::port",
                    message,
                    format!("add \"{port}\" to `names` of `[ports]`"),
                );
            }
        }
    }

    fn links(&mut self) {
        if self.contract.link.is_empty() {
            let message = "a contract without a link connects nothing".to_owned();
            self.wrong("link", "contract::no-link", message, "add a `[[link]]`");
        }
        for (i, link) in self.contract.link.iter().enumerate() {
            self.link(i, link);
        }
        let brokers: Vec<usize> = (0..self.contract.link.len())
            .filter(|i| self.contract.link[*i].carrier == Carrier::Mqtt)
            .collect();
        if brokers.is_empty() && !self.contract.link.is_empty() {
            let message = "there is no broker: devices without a row of their own speak on one".to_owned();
            self.wrong("link", "contract::broker", message, "add a `[[link]]` with `carrier = \"mqtt\"`");
        }
        for i in brokers.iter().skip(1) {
            let message = "a second broker: devices and answers are carried over one so far".to_owned();
            self.wrong(&format!("link[{i}].carrier"), "contract::broker", message, "remove it");
        }
    }

    fn link(&mut self, i: usize, link: &Link) {
        let path = |key: &str| format!("link[{i}].{key}");
        let (key, value, example) = match link.carrier {
            Carrier::Mqtt => ("address", &link.address, "mqtt://127.0.0.1:1883"),
            Carrier::ModbusRtu => ("pty", &link.pty, "{work}/line-1"),
            Carrier::Thingsboard => ("listen", &link.listen, "127.0.0.1:{port.platform}"),
        };
        match value {
            None => {
                let message = format!("link `{}` lacks `{key}`, which its carrier needs", link.id);
                self.wrong(
                    &path("carrier"),
                    "contract::link",
                    message,
                    format!("add `{key} = \"{example}\"`"),
                );
            }
            Some(text) => {
                self.plain_text(&path(key), text, &["work", "site"]);
                self.same_place(i, key, text);
                let filled = self
                    .contract
                    .ports
                    .names
                    .iter()
                    .fold(text.clone(), |t, p| t.replace(&format!("{{port.{p}}}"), "1"));
                let bad = match link.carrier {
                    Carrier::Mqtt => !is_broker(&filled),
                    Carrier::Thingsboard => filled.parse::<core::net::SocketAddr>().is_err(),
                    Carrier::ModbusRtu => text.is_empty(),
                };
                if bad && !filled.contains('{') {
                    let message = format!("`{text}` is no {key} for this carrier");
                    self.wrong(
                        &path(key),
                        "contract::address",
                        message,
                        format!("write it like \"{example}\""),
                    );
                }
            }
        }
        for (other, given) in [("address", &link.address), ("pty", &link.pty), ("listen", &link.listen)] {
            if other != key && given.is_some() {
                let message = format!("`{other}` says nothing about a link of this carrier");
                self.wrong(
                    &path(other),
                    "contract::link",
                    message,
                    format!("remove it, or change `carrier`; here it is `{key}` that counts"),
                );
            }
        }
        self.line(i, link);
    }

    /// Two links cannot be at one place.
    fn same_place(&mut self, i: usize, key: &str, text: &str) {
        let place = |link: &Link| match link.carrier {
            Carrier::Mqtt => None,
            Carrier::ModbusRtu => link.pty.clone(),
            Carrier::Thingsboard => link.listen.clone(),
        };
        let above = self.contract.link[..i].iter().find(|l| place(l).as_deref() == Some(text));
        if let Some(above) = above {
            let message = format!("`{text}` is the `{key}` of `{}` already", above.id);
            let help = "write another one: each link is a place of its own";
            self.wrong(&format!("link[{i}].{key}"), "contract::duplicate", message, help);
        }
    }

    /// The carrier of a link that a row names; a problem when there is none.
    fn carrier(&mut self, path: &str, id: &str) -> Option<Carrier> {
        let found = self.contract.link(id).map(|l| l.carrier);
        if found.is_none() {
            let ids: Vec<&str> = self.contract.link.iter().map(|l| l.id.as_str()).collect();
            let message = format!("there is no link `{id}`");
            self.wrong(path, "contract::unknown-link", message, remedy(id, &ids));
        }
        found
    }

    fn devices(&mut self) {
        for (i, row) in self.contract.device.iter().enumerate() {
            let path = |key: &str| format!("device[{i}].{key}");
            let carrier = self.carrier(&path("link"), &row.link);
            let serial =
                [("unit_from", row.unit_from.is_some()), ("inputs_per_unit", row.inputs_per_unit.is_some())];
            let mqtt = [
                ("topic", row.topic.is_some()),
                ("qos", row.qos.is_some()),
                ("retain", row.retain),
                ("commands", row.commands.is_some()),
            ];
            match carrier {
                Some(Carrier::Mqtt) => {
                    self.foreign(&path, &serial, "a broker");
                }
                Some(Carrier::ModbusRtu) => {
                    self.foreign(&path, &mqtt, "a serial line");
                    self.on_line(i, row);
                }
                Some(Carrier::Thingsboard) => {
                    let message =
                        format!("devices cannot speak on `{}`: there Palisade is the platform", row.link);
                    self.wrong(&path("link"), "contract::link", message, "name a broker or a serial line");
                }
                None => {}
            }
            self.unit_twice(i, row);
            if let (Some(dialect), Some(Carrier::Mqtt)) = (&row.commands, carrier) {
                self.dialect(i, row, dialect);
            }
            if let Some(topic) = &row.topic {
                self.plain_text(&path("topic"), topic, &["site", "device"]);
                if !topic.contains("{device}") {
                    let message =
                        format!("all devices would speak on `{topic}`, and nobody could tell them apart");
                    self.wrong(&path("topic"), "contract::topic", message, "put `{device}` into it");
                }
            }
            if row.qos.is_some_and(|q| q > 2) {
                let message = "quality of service is 0, 1 or 2".to_owned();
                self.wrong(&path("qos"), "contract::qos", message, "write 0, 1 or 2");
            }
            if i > 0 && self.contract.device[..i].iter().any(|r| r.class.is_empty() && r.devices.is_empty()) {
                let message = "no device comes here: a row above fits them all".to_owned();
                self.wrong(
                    &format!("device[{i}]"),
                    "contract::unreached",
                    message,
                    "put the row that fits all last",
                );
            }
        }
    }

    fn foreign(&mut self, path: &dyn Fn(&str) -> String, keys: &[(&str, bool)], what: &str) {
        for (key, _) in keys.iter().filter(|(_, given)| *given) {
            let message = format!("`{key}` says nothing about devices on {what}");
            self.wrong(&path(key), "contract::key", message, "remove it, or name another link");
        }
    }

    fn reactions(&mut self) {
        let words = signal_words();
        if self.contract.reaction.is_empty() {
            let message =
                "without a reaction nothing is expected of the gateway, and nothing can fail".to_owned();
            self.wrong("reaction", "contract::no-reaction", message, "add a `[[reaction]]`");
        }
        let first = self.contract.reaction.first().map(|row| row.link.clone());
        for (i, row) in self.contract.reaction.iter().enumerate() {
            self.reaction(i, row, &words);
            if Some(&row.link) != first.as_ref() {
                let message =
                    "answers are heard on one link so far, and a row above names another".to_owned();
                self.wrong(
                    &format!("reaction[{i}].link"),
                    "contract::link",
                    message,
                    "name the same link in all rows",
                );
            }
        }
    }

    fn reaction(&mut self, i: usize, row: &Reaction, words: &[String]) {
        let path = |key: &str| format!("reaction[{i}].{key}");
        self.signals(&path("signal"), &row.signal, words);
        self.unsaid(&path("signal"), &row.signal, &row.class);
        for ours in row.words.keys() {
            self.signals(&path(&format!("words.{ours}")), std::slice::from_ref(ours), words);
        }
        let carrier = self.carrier(&path("link"), &row.link);
        if carrier == Some(Carrier::ModbusRtu) {
            let message = format!("an answer cannot appear on `{}`: there the gateway only asks", row.link);
            self.wrong(
                &path("link"),
                "contract::link",
                message,
                "name the broker or platform where alarms appear",
            );
        }
        if let Some(topic) = &row.topic {
            if carrier == Some(Carrier::Thingsboard) {
                let message = "a platform has no topics of its own".to_owned();
                self.wrong(&path("topic"), "contract::key", message, "remove it");
            }
            self.plain_text(&path("topic"), topic, &["site", "device"]);
            if !topic.contains("{device}") && row.fields.device.is_none() {
                let message = "nothing tells which device an answer speaks of".to_owned();
                self.wrong(
                    &path("topic"),
                    "contract::topic",
                    message,
                    "put `{device}` into the topic, or say `fields.device`",
                );
            }
        }
        let fields = &row.fields;
        for (key, pointer) in [
            ("id", &fields.id),
            ("device", &fields.device),
            ("signal", &fields.signal),
            ("kind", &fields.kind),
            ("time", &fields.time),
        ] {
            if let Some(pointer) = pointer {
                self.pointer(&path(&format!("fields.{key}")), key, pointer);
            }
        }
        if row.deadline.is_some_and(|d| d.0.0 <= 0) {
            let message = "a deadline of nothing can never be kept".to_owned();
            self.wrong(
                &path("deadline"),
                "contract::deadline",
                message,
                "write how long an answer may take, such as \"2s\"",
            );
        }
        self.correlation(&path("correlate"), row);
    }

    fn correlation(&mut self, path: &str, row: &Reaction) {
        if row.correlate.is_empty() {
            let message = "without a way to match them, no answer belongs to any message".to_owned();
            self.wrong(
                path,
                "contract::correlate",
                message,
                "write one or more of `id`, `key`, `order`, `window`",
            );
        }
        for (k, way) in row.correlate.iter().enumerate() {
            let before = &row.correlate[..k];
            let place = format!("{path}[{k}]");
            if before.contains(way) {
                let message = "this way was tried already: it stands before".to_owned();
                self.wrong(&place, "contract::correlate", message, "remove it");
            } else if *way == Correlate::Order
                && !before.contains(&Correlate::Key)
                && !before.contains(&Correlate::Window)
            {
                let message =
                    "`order` decides among several that `key` or `window` leaves open, and neither \
                               stands before it"
                        .to_owned();
                self.wrong(&place, "contract::correlate", message, "put it behind \"key\" or \"window\"");
            }
        }
    }

    /// Warns of signals that no device of these classes says; of those of the scenario where none is named.
    fn unsaid(&mut self, path: &str, signals: &[String], classes: &[Class]) {
        let (classes, whose): (Vec<Class>, _) = match self.around.kit {
            _ if !classes.is_empty() => (classes.to_vec(), "of these classes"),
            Some(kit) => (kit.devices.iter().map(|(_, class)| *class).collect(), "of the scenario"),
            None => return,
        };
        let known = signal_words();
        for (k, word) in signals.iter().enumerate() {
            let said = classes.iter().any(|class| says(*class).contains(&word.as_str()));
            if said || !known.contains(word) {
                continue;
            }
            let place = if signals.len() > 1 { format!("{path}[{k}]") } else { path.to_owned() };
            let message = format!("no device {whose} ever says `{word}`: the row waits for it in vain");
            let help = "name the class that says it, or remove the signal";
            self.remark(&place, "contract::unsaid", message, help);
        }
    }

    fn signals(&mut self, path: &str, given: &[String], words: &[String]) {
        for (k, word) in given.iter().enumerate() {
            if !words.contains(word) {
                let valid: Vec<&str> = words.iter().map(String::as_str).collect();
                let place = if given.len() > 1 { format!("{path}[{k}]") } else { path.to_owned() };
                let message = format!("no device says `{word}`");
                self.wrong(&place, "contract::signal", message, remedy(word, &valid));
            }
        }
    }
}

/// Whether a text has the form `mqtt://HOST:PORT`.
pub(super) fn is_broker(text: &str) -> bool {
    let rest = text.strip_prefix("mqtt://").map(|r| r.trim_end_matches('/'));
    rest.and_then(|r| r.rsplit_once(':')).is_some_and(|(host, port)| {
        let is_host = !host.is_empty() && !host.contains(['/', '@', ' ', '?']);
        is_host && port.parse::<u16>().is_ok_and(|p| p > 0)
    })
}
