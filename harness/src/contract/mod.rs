//! The contract between Palisade and a gateway: which links there are, how devices speak on them, what is expected of
//! the gateway in return and where it appears, and the programs that the gateway is made of.
//!
//! [`read`] turns a text into a checked [`Contract`], or into everything that is wrong with it; [`decode`] reads what
//! the gateway says by it.

mod check;
mod clock;
pub mod decode;
pub mod init;
mod read;
mod says;
mod upstream;

use std::collections::BTreeMap;

use palisade_sim::contract::{Class, Severity};
use palisade_sim::model::scenario::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use decode::{Decoder, Read};
pub use read::{Around, Checked, Kit, read, schema};
pub(crate) use says::says;
pub use upstream::{PlatformDefects, Upstream};

use crate::wire::dialect::Dialect;
use crate::wire::modbus::Parity;

/// A contract as typed. Keys are the field names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Version of this format: 1.
    pub contract: u32,
    /// What the gateway is called in reports.
    pub name: String,
    /// How long an answer may take where a reaction says nothing else; the scenario's own when nothing is said.
    #[serde(default)]
    pub deadline: Option<Duration>,
    /// Free loopback ports that are picked at the start.
    #[serde(default)]
    pub ports: Ports,
    /// The programs that the gateway is made of, started in this order and stopped in reverse.
    #[serde(default)]
    pub process: Vec<Process>,
    /// What connects devices and gateway.
    pub link: Vec<Link>,
    /// How devices speak: the first row that fits a device holds.
    #[serde(default)]
    pub device: Vec<DeviceRow>,
    /// What is expected of the gateway: the first row that fits a message holds. Messages that fit none expect nothing.
    #[serde(default)]
    pub reaction: Vec<Reaction>,
    /// Commands that the gateway owes to devices.
    #[serde(default)]
    pub command: Vec<CommandRow>,
    /// The city platform behind the gateway, which Palisade plays.
    #[serde(default)]
    pub upstream: Option<Upstream>,
    /// Whether a probe device asks until the gateway passes its message on, before anything is measured.
    #[serde(default = "yes")]
    pub probe: bool,
}

fn two_seconds() -> Duration {
    Duration::seconds(2.0)
}

fn yes() -> bool {
    true
}

/// Free loopback ports that are picked at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    /// Their names: `{port.NAME}`.
    pub names: Vec<String>,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// What it is called in messages, and its log.
    pub id: String,
    /// Its name on the path, or its path; `${NAME}` is taken from the environment.
    pub program: String,
    /// Its arguments; `${NAME}`, `{work}`, `{site}` and `{port.NAME}` are filled in.
    #[serde(default)]
    pub args: Vec<String>,
    /// Variables of its environment, filled in alike.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Files beside the contract that are copied into the folder `{work}`, filled in alike.
    #[serde(default)]
    pub files: Vec<String>,
    /// How it shows that it is ready; at once when nothing is said.
    #[serde(default)]
    pub ready: Option<Ready>,
    /// How long it may take until it is ready.
    #[serde(default = "thirty_seconds")]
    pub patience: Duration,
    /// How it is installed, said when it is missing.
    #[serde(default)]
    pub install: Option<String>,
}

fn thirty_seconds() -> Duration {
    Duration::seconds(30.0)
}

/// How a program shows that it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// It accepts connections at the loopback port of this name.
    Port(String),
    /// Its output holds this text.
    Line(String),
}

/// What carries bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// A broker: needs `address`.
    Mqtt,
    /// A serial line that the gateway polls: needs `pty`.
    ModbusRtu,
    /// The platform behind a ThingsBoard gateway, which Palisade plays: needs `listen`.
    Thingsboard,
}

/// How answers are written on a serial line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// In one piece, when their last character would have arrived.
    #[default]
    Frame,
    /// A byte at a time, each when it would have arrived.
    Byte,
}

/// What slaves of a serial line do wrong: shares of all answers, 0 to 1, which sum to 1 at most. An answer suffers one
/// fault or none, drawn by the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LineFaults {
    /// The answer comes late.
    pub slow: f64,
    /// How late a slow answer comes.
    pub slow_by: Duration,
    /// The answer does not come.
    pub silent: f64,
    /// The slave refuses: busy, exception 6.
    pub busy: f64,
    /// The answer carries the unit of a neighbour.
    pub wrong_unit: f64,
    /// A byte of the answer is damaged, so that its check sum is wrong.
    pub crc: f64,
    /// The answer is that to the poll before.
    pub stale: f64,
}

impl Default for LineFaults {
    fn default() -> LineFaults {
        let slow_by = Duration::seconds(0.5);
        LineFaults { slow: 0.0, slow_by, silent: 0.0, busy: 0.0, wrong_unit: 0.0, crc: 0.0, stale: 0.0 }
    }
}

impl LineFaults {
    /// Each share with its key.
    pub fn shares(&self) -> [(&'static str, f64); 6] {
        [
            ("slow", self.slow),
            ("silent", self.silent),
            ("busy", self.busy),
            ("wrong_unit", self.wrong_unit),
            ("crc", self.crc),
            ("stale", self.stale),
        ]
    }
}

/// What connects devices and gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Its name.
    pub id: String,
    /// What carries bytes on it.
    pub carrier: Carrier,
    /// `mqtt`: the broker, `mqtt://HOST:PORT`.
    #[serde(default)]
    pub address: Option<String>,
    /// `thingsboard`: where Palisade listens, `HOST:PORT`.
    #[serde(default)]
    pub listen: Option<String>,
    /// `modbus_rtu`: the name under which the gateway opens the pseudo terminal that Palisade makes.
    #[serde(default)]
    pub pty: Option<String>,
    /// `modbus_rtu`: bits a second; times on the line are computed from it.
    #[serde(default = "baud")]
    pub baud: u32,
    /// `modbus_rtu`: parity.
    #[serde(default)]
    pub parity: Parity,
    /// `modbus_rtu`: stop bits, 1 or 2.
    #[serde(default = "one")]
    pub stop_bits: u8,
    /// `modbus_rtu`: how long an input stays on that no signal clears; 2 s when nothing is said.
    #[serde(default)]
    pub hold: Option<Duration>,
    /// `modbus_rtu`: how long a slave thinks before the first character of its answer; 5 ms when nothing is said.
    #[serde(default)]
    pub turnaround: Option<Duration>,
    /// `modbus_rtu`: how answers are written; in one piece when nothing is said.
    #[serde(default)]
    pub pace: Option<Pace>,
    /// `modbus_rtu`: what slaves do wrong; nothing when nothing is said.
    #[serde(default)]
    pub faults: Option<LineFaults>,
}

fn baud() -> u32 {
    9_600
}

fn one() -> u8 {
    1
}

/// How devices speak: those of the classes and those of the names; all when neither is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceRow {
    /// Classes.
    #[serde(default)]
    pub class: Vec<Class>,
    /// Names of the kit.
    #[serde(default)]
    pub devices: Vec<String>,
    /// The link.
    pub link: String,
    /// `mqtt`: the topic of events; `{site}` and `{device}` are filled in.
    #[serde(default)]
    pub topic: Option<String>,
    /// `mqtt`: quality of service of events, 0..2; the kit's when nothing is said.
    #[serde(default)]
    pub qos: Option<u8>,
    /// `mqtt`: whether events are retained, as many devices do: whoever subscribes later gets the last one of each device,
    /// marked as retained, and must not take it for a new one. Commands and their answers never are.
    #[serde(default)]
    pub retain: bool,
    /// `mqtt`: how these devices are told what to do, and how they answer, where the gateway has a dialect of its own.
    #[serde(default)]
    pub commands: Option<Dialect>,
    /// `modbus_rtu`: the unit of the first device; the others follow in the order of the kit.
    #[serde(default)]
    pub unit_from: Option<u8>,
    /// `modbus_rtu`: discrete inputs of a unit.
    #[serde(default)]
    pub inputs_per_unit: Option<u16>,
}

/// How an answer is matched with the message that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Correlate {
    /// By the id that the device gave.
    Id,
    /// By device and signal.
    Key,
    /// By their order, among several that a way before it leaves open. Needs `key` or `window` before it.
    Order,
    /// By device alone, within the deadline.
    Window,
}

/// Where in an answer its parts stand: JSON pointers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// The id that the device gave.
    pub id: Option<String>,
    /// The device; the topic's `{device}` when nothing is said.
    pub device: Option<String>,
    /// The signal, in the gateway's word.
    pub signal: Option<String>,
    /// How loudly: `info`, `restore`, `warning`, `alarm`.
    pub kind: Option<String>,
    /// The gateway's own clock when it said it: seconds or milliseconds since 1970, or a text like `2026-04-14T02:14:05+08:00`,
    /// which is Beijing time where it names no offset.
    pub time: Option<String>,
}

impl Default for Fields {
    fn default() -> Fields {
        let at = |p: &str| Some(p.to_owned());
        Fields {
            id: at("/id"),
            device: at("/device"),
            signal: at("/signal"),
            kind: at("/kind"),
            time: at("/gateway_ts"),
        }
    }
}

/// What is expected of the gateway. A list that is empty leaves its part open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// Words of signals, such as `beam_broken`.
    #[serde(default)]
    pub signal: Vec<String>,
    /// Severities of signals.
    #[serde(default)]
    pub severity: Vec<Severity>,
    /// Classes of the devices that say them.
    #[serde(default)]
    pub class: Vec<Class>,
    /// Where the answer appears.
    pub link: String,
    /// `mqtt`: its topic; `{site}` is filled in, `{device}` is read from it.
    #[serde(default)]
    pub topic: Option<String>,
    /// Where its parts stand.
    #[serde(default)]
    pub fields: Fields,
    /// The gateway's words for our signals.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// How long it may take.
    #[serde(default)]
    pub deadline: Option<Duration>,
    /// How it is matched, tried in this order.
    #[serde(default = "every_way")]
    pub correlate: Vec<Correlate>,
}

fn every_way() -> Vec<Correlate> {
    vec![Correlate::Id, Correlate::Key, Correlate::Order]
}

/// Who must be told a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The device that said the message.
    Itself,
    /// One device of a class.
    Class(Class),
    /// One of these devices.
    Devices(Vec<String>),
}

/// A command that the gateway owes after a message. A list that is empty leaves its part open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRow {
    /// Words of signals.
    #[serde(default)]
    pub signal: Vec<String>,
    /// Severities of signals.
    #[serde(default)]
    pub severity: Vec<Severity>,
    /// Classes of the devices that say them.
    #[serde(default)]
    pub class: Vec<Class>,
    /// Who must be told.
    pub to: Target,
    /// The command's word, such as `siren_on`.
    pub command: String,
    /// How long it may take.
    #[serde(default = "two_seconds")]
    pub deadline: Duration,
}

/// The topic of events where a contract names none.
pub const EVENT_TOPIC: &str = "site/{site}/dev/{device}/event";
/// The topic of alarms where a contract names none.
pub const ALARM_TOPIC: &str = "site/{site}/alarm/{device}";

impl Contract {
    /// The contract of the embedded gateway, and of whoever keeps to its topics: one broker, every device on it,
    /// everything passed on with its id.
    pub fn plain(name: &str, address: &str, deadline: Option<Duration>) -> Contract {
        let link = "bus".to_owned();
        Contract {
            contract: 1,
            name: name.to_owned(),
            deadline,
            ports: Ports::default(),
            process: Vec::new(),
            link: vec![Link {
                id: link.clone(),
                carrier: Carrier::Mqtt,
                address: Some(address.to_owned()),
                listen: None,
                pty: None,
                baud: baud(),
                parity: Parity::None,
                stop_bits: one(),
                hold: None,
                turnaround: None,
                pace: None,
                faults: None,
            }],
            device: vec![DeviceRow { link: link.clone(), ..DeviceRow::default() }],
            reaction: vec![Reaction {
                signal: Vec::new(),
                severity: Vec::new(),
                class: Vec::new(),
                link,
                topic: None,
                fields: Fields::default(),
                words: BTreeMap::new(),
                deadline: None,
                correlate: every_way(),
            }],
            command: Vec::new(),
            upstream: None,
            probe: true,
        }
    }

    /// The row by which a device speaks; it speaks on the broker, as [`crate::wire`] says, when there is none.
    pub fn speech(&self, class: Class, device: &str) -> Option<&DeviceRow> {
        self.speech_row(class, device).map(|row| &self.device[row])
    }

    /// The place of that row among all.
    pub fn speech_row(&self, class: Class, device: &str) -> Option<usize> {
        self.device.iter().position(|row| row.fits(class, device))
    }

    /// The broker.
    pub fn broker(&self) -> Option<&Link> {
        self.link.iter().find(|l| l.carrier == Carrier::Mqtt)
    }

    /// What is expected after a message.
    pub fn reaction(&self, class: Class, signal: &str, severity: Severity) -> Option<&Reaction> {
        self.reaction.iter().find(|row| row.fits(class, signal, severity))
    }

    /// A link by its name.
    pub fn link(&self, id: &str) -> Option<&Link> {
        self.link.iter().find(|l| l.id == id)
    }

    /// How long an answer by a row may take.
    pub fn deadline_of(&self, row: &Reaction) -> Duration {
        row.deadline.or(self.deadline).unwrap_or_else(two_seconds)
    }

    /// The longest time that any answer may take.
    pub fn longest_deadline(&self) -> Duration {
        let rows = self.reaction.iter().map(|row| self.deadline_of(row));
        let upstream = self.upstream.as_ref().map(|upstream| upstream.deadline);
        rows.max().or(self.deadline).max(upstream).unwrap_or_else(two_seconds)
    }
}

impl DeviceRow {
    /// Whether the row speaks of a device.
    pub fn fits(&self, class: Class, device: &str) -> bool {
        (self.class.is_empty() && self.devices.is_empty())
            || self.class.contains(&class)
            || self.devices.iter().any(|d| d == device)
    }
}

impl Reaction {
    /// Whether the row speaks of a message.
    pub fn fits(&self, class: Class, signal: &str, severity: Severity) -> bool {
        (self.signal.is_empty() || self.signal.iter().any(|s| s == signal))
            && (self.severity.is_empty() || self.severity.contains(&severity))
            && (self.class.is_empty() || self.class.contains(&class))
    }
}
