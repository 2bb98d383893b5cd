//! What a system under test is made of, how devices reach it, and how its answers are read. Pure: text in, data out.
//!
//! `{work}`, `{site}` and `{port.NAME}` in texts are filled in when a run starts; `${NAME}` is taken from the environment.

mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use palisade_sim::contract::Class;
use palisade_sim::model::scenario::Duration;
use palisade_sim::words::Ms;
pub use reading::{Read, Reading};
use serde::Deserialize;

/// The version of the format that is read.
pub const FORMAT: u32 = 1;

/// A contract.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Version of the format: 1.
    pub contract: u32,
    /// What people call the system under test.
    pub name: String,
    /// How long an answer may take; the scenario's own when nothing is said.
    pub deadline: Option<Duration>,
    /// Programs, in the order in which they start.
    #[serde(default)]
    pub process: Vec<Process>,
    /// Free loopback ports.
    #[serde(default)]
    pub ports: Ports,
    /// How it is reached.
    pub link: Vec<Link>,
    /// How devices reach it; the first row that fits a device wins. Devices without a row use the first MQTT link.
    #[serde(default)]
    pub device: Vec<DeviceRow>,
    /// Where its answers appear.
    pub reaction: Vec<Reaction>,
}

/// Free loopback ports, picked when a run starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    /// Their names: `mqtt` is `{port.mqtt}`.
    pub names: Vec<String>,
}

/// A program of the system under test.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// What it is called in messages; its output goes to `<id>.log`.
    pub id: String,
    /// Its name on the path, or its path.
    pub program: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// Variables of its environment, beside ours.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Files beside the contract that are copied into `{work}`, filled in.
    #[serde(default)]
    pub files: Vec<String>,
    /// When it is ready; at once when nothing is said.
    pub ready: Option<Ready>,
    /// How long it may take to be ready.
    #[serde(default = "patience")]
    pub patience: Duration,
    /// How it is installed, said when it is missing.
    pub install: Option<String>,
}

fn patience() -> Duration {
    Duration(Ms(30_000))
}

/// How a program shows that it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ready {
    /// It accepts connections at the port of this name.
    Port(String),
    /// Its output holds this text.
    Line(String),
}

/// A way to the system under test.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "carrier", rename_all = "snake_case", deny_unknown_fields)]
pub enum Link {
    /// A broker, to which devices connect.
    Mqtt {
        /// Its name.
        id: String,
        /// `mqtt://HOST:PORT`.
        address: String,
    },
    /// A serial line that the system under test polls: Palisade makes a pseudo terminal of this name.
    ModbusRtu {
        /// Its name.
        id: String,
        /// The name that the system under test opens.
        pty: String,
        /// Bits a second.
        baud: Option<u32>,
    },
    /// The platform behind a ThingsBoard gateway: Palisade listens.
    Thingsboard {
        /// Its name.
        id: String,
        /// `HOST:PORT`, on loopback.
        listen: String,
    },
}

impl Link {
    /// Its name.
    pub fn id(&self) -> &str {
        match self {
            Link::Mqtt { id, .. } | Link::ModbusRtu { id, .. } | Link::Thingsboard { id, .. } => id,
        }
    }
}

/// How some devices reach the system under test.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRow {
    /// Devices of these classes.
    #[serde(default)]
    pub class: Vec<Class>,
    /// These devices; all when neither is given.
    #[serde(default)]
    pub devices: Vec<String>,
    /// The link.
    pub link: String,
    /// On a serial line: the slave of the first one, 1..=247.
    pub unit_from: Option<u8>,
    /// On a serial line: discrete inputs of each slave.
    pub inputs_per_unit: Option<u16>,
}

impl DeviceRow {
    /// Whether a device is meant.
    pub fn fits(&self, class: Class, name: &str) -> bool {
        (self.class.is_empty() && self.devices.is_empty())
            || self.class.contains(&class)
            || self.devices.iter().any(|device| device == name)
    }
}

/// Where answers appear, and how they are read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// The link.
    pub link: String,
    /// On MQTT: the topic, with `{site}` and `{device}`.
    pub topic: Option<String>,
    /// Where in the JSON of an answer its parts are.
    pub fields: Fields,
    /// The system's own words for our signals: `{ beam_broken = "intrusion" }`. A signal without one keeps its own.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
}

/// JSON pointers into an answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// The device; the topic's `{device}` when nothing is said.
    pub device: Option<String>,
    /// The signal's word.
    pub signal: String,
    /// The id that the device gave, when it is kept.
    pub id: Option<String>,
    /// How loudly.
    pub kind: Option<String>,
}

/// What is wrong with a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// In a sentence, with the remedy.
    pub text: String,
    /// Where in the file, bytes.
    pub span: Option<Range<usize>>,
}

impl Contract {
    /// Reads a contract and checks that its parts fit together.
    ///
    /// # Errors
    /// Everything that is wrong; the first thing only when the file cannot be read at all.
    pub fn read(text: &str) -> Result<Contract, Vec<Wrong>> {
        let contract: Contract = toml::from_str(text)
            .map_err(|error| vec![Wrong { text: error.message().to_owned(), span: error.span() }])?;
        let wrong = contract.check();
        if wrong.is_empty() {
            return Ok(contract);
        }
        // The place is that of the first text which the sentence quotes.
        let place = |sentence: &str| {
            let quoted = format!("\"{}\"", sentence.split('`').nth(1)?);
            text.find(&quoted).map(|at| at..at + quoted.len())
        };
        Err(wrong.into_iter().map(|text| Wrong { span: place(&text), text }).collect())
    }

    fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.contract != FORMAT {
            wrong.push(format!("contract = {} is not known here; write contract = {FORMAT}", self.contract));
        }
        twice(&mut wrong, "link", self.link.iter().map(Link::id));
        twice(&mut wrong, "process", self.process.iter().map(|p| p.id.as_str()));
        twice(&mut wrong, "port", self.ports.names.iter().map(String::as_str));
        let count = |wanted: fn(&Link) -> bool| self.link.iter().filter(|link| wanted(link)).count();
        if count(|link| matches!(link, Link::Mqtt { .. })) != 1 {
            wrong.push("there must be one mqtt link: devices without a row of their own use it".into());
        }
        for row in &self.device {
            self.check_row(row, &mut wrong);
        }
        if self.reaction.len() != 1 {
            wrong.push(format!("there are {} reactions; write one", self.reaction.len()));
        }
        for reaction in &self.reaction {
            match (self.named(&reaction.link), &reaction.topic) {
                (Some(Link::Mqtt { id, .. }), None) => {
                    wrong.push(format!("a reaction on `{id}` needs a topic"));
                }
                (Some(Link::ModbusRtu { id, .. }), _) => {
                    wrong.push(format!("on `{id}` the system only asks: name the link of its answers"));
                }
                (None, _) => wrong.push(self.unknown(&reaction.link)),
                _ => {}
            }
        }
        for process in &self.process {
            if let Some(Ready::Port(port)) = &process.ready
                && !self.ports.names.contains(port)
            {
                wrong.push(format!("`{port}` is no port; add it to [ports] names"));
            }
        }
        wrong
    }

    fn check_row(&self, row: &DeviceRow, wrong: &mut Vec<String>) {
        match self.named(&row.link) {
            Some(Link::ModbusRtu { id, .. }) if row.unit_from.is_none() || row.inputs_per_unit.is_none() => {
                wrong.push(format!("devices on `{id}` need unit_from and inputs_per_unit"));
            }
            Some(Link::Thingsboard { id, .. }) => {
                wrong.push(format!("devices do not reach `{id}`: it is where the system sends its answers"));
            }
            Some(_) => {}
            None => wrong.push(self.unknown(&row.link)),
        }
    }

    fn unknown(&self, link: &str) -> String {
        let names: Vec<&str> = self.link.iter().map(Link::id).collect();
        format!("`{link}` is no link; there are {}", names.join(", "))
    }

    /// The link of this name.
    pub fn named(&self, link: &str) -> Option<&Link> {
        self.link.iter().find(|l| l.id() == link)
    }
}

fn twice<'a>(wrong: &mut Vec<String>, what: &str, names: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    wrong.extend(
        names
            .filter(|name| !seen.insert(*name))
            .map(|name| format!("the {what} `{name}` stands there twice; give it another name")),
    );
}

#[cfg(test)]
mod tests;
