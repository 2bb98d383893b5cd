//! The journal of a run: one JSON line for each thing that happened on the wire, written as it happens, so that
//! whatever was measured before a fault is on disk.
//!
//! A run folder `results/<run>/` holds:
//!
//! | file | what |
//! |---|---|
//! | `scenario.toml`, `site.geojson` | the inputs, copied |
//! | `tape.bin`, `tracks.bin` | the twin's day |
//! | `plan.json` | the planner's first answer: coverage, gaps, perimeter |
//! | `faults.toml`, `shape.toml` | what disturbed the run and what its copies did, copied, if it had them |
//! | `sut/ID.log`, `sut/ID.us` | what a program of the gateway said, and the instant of each line |
//! | `linkage.csv` | what the built-in gateway was told about cameras and doors |
//! | `journal.jsonl` | [`Entry`] lines; the last one is [`Entry::End`] unless the run was cut |
//! | `stills/` | pictures with their index `stills.json`, if `palisade report RUN --stills DIR` put them there |
//! | `report.json`, `report.html`, `junit.xml`, `*.hlog`, `tables/*.csv` | made from the above by `palisade report RUN` |
//!
//! All instants are microseconds of one monotonic clock since the run's start.

mod faults;
mod flood;
mod load;
mod upstream;
mod usage;
mod writer;

pub use faults::{Afflicted, Befell, Fault, Passed, Proxied, Repeated, Restart, Spoilt, Unsaid, digest};
pub use flood::{Caused, Kept, Storm};
pub use load::{
    CopyFailure, CopyTally, Load, LoadAnswers, LoadCounts, LoadUpstream, Pulse, Subscribed, SubscriberCounts,
    SubscriberLoss,
};
pub use upstream::{City, Forwarded};
pub use usage::Usage;
pub use writer::{Journal, Writing, append, create, not_written, remedy};

use std::collections::BTreeMap;

use crate::contract::Correlate;
use palisade_sim::contract::Severity;
use palisade_sim::words::{DeviceIx, Ms, StimulusId};
use serde::{Deserialize, Serialize};

/// The copy of a run's file of faults.
pub const FAULTS: &str = "faults.toml";
/// The copy of a run's load shape.
pub const SHAPE: &str = "shape.toml";
/// The folder of the gateway's own files, its programs' logs among them.
pub const SUT: &str = "sut";
/// Ending of the file beside a log `ID.log` that holds the instant of each of its lines, µs on the run's clock.
pub const INSTANTS: &str = "us";

/// Microseconds since the run's start, on the monotonic clock.
pub type Micros = i64;

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// First line.
    Start(Start),
    /// A window of the day begins.
    Window(WindowEntry),
    /// Something is expected of the gateway. All that the tape asks for are written before a part's first window begins;
    /// what devices say because of commands is expected when they say it.
    Expected(Expected),
    /// A stimulus left.
    Left(Left),
    /// The gateway said something.
    Observed(Observation),
    /// A device's connection went down or came back.
    Link(Link),
    /// A command is expected of the gateway. All of a part's are written before its first window begins.
    Owed(Owed),
    /// The gateway told a device to do something.
    Command(Command),
    /// The device answered.
    Answered(Answered),
    /// A device said something because of a command: a stimulus of its own, which stands on no tape.
    Said(Said),
    /// A stimulus was not sent, because the gateway had disarmed or bypassed the device's zone. Nothing is expected
    /// of the gateway for it.
    Withheld(Withheld),
    /// A fault will be at work.
    Fault(Fault),
    /// A fault did something to a connection.
    Befell(Befell),
    /// An event left the proxy of the faults whole.
    Passed(Passed),
    /// Slaves of a serial line did to a message what the contract asks for.
    Spoilt(Spoilt),
    /// A device does something wrong on purpose.
    Afflicted(Afflicted),
    /// A device with a fault keeps a message to itself.
    Unsaid(Unsaid),
    /// A device that chatters says something again.
    Repeated(Repeated),
    /// A device sent a message again that had not been acknowledged when its connection was lost.
    Resent(Resent),
    /// One cause makes a device say something that stands on no tape.
    Caused(Caused),
    /// Devices lose their connections on purpose.
    Storm(Storm),
    /// The gateway was restarted on purpose.
    Restart(Restart),
    /// What went through the proxy of the faults in all.
    Proxied(Proxied),
    /// What must be passed on to the city platform.
    City(City),
    /// The gateway posted something to the city platform.
    Forwarded(Forwarded),
    /// What a process of the gateway held at an instant.
    Usage(Usage),
    /// How far the copies of the compound are.
    Pulse(Pulse),
    /// What the copies of the compound came to.
    Load(Box<Load>),
    /// What was seen on a serial line so far.
    Line(Line),
    /// The machine while a part was driven.
    Machine(Machine),
    /// How promptly the observer heard while a part was driven.
    Hearing(Hearing),
    /// Something that a reader of the report should know: a gateway that exited, a disk that is full.
    Note(Note),
    /// Last line of a run that was not cut.
    End(End),
}

/// What the run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Version of this journal: 1.
    pub format: u32,
    /// Tag that begins every wire id of this run, so that leftovers of another run are recognised.
    pub run: String,
    /// The scenario's path as typed.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The gateway: `builtin`, `mqtt://127.0.0.1:1883`.
    pub sut: String,
    /// What people call the gateway, from its contract; empty without one.
    #[serde(default)]
    pub sut_name: String,
    /// Defects asked of the builtin gateway, as typed.
    pub defects: String,
    /// Wall clock at micros 0, RFC 3339.
    pub wall_clock: String,
    /// Which part of the run these entries measure: `floor` or `main`.
    pub part: String,
    /// Options that were typed and are not told by the fields above, such as `--no-floor`.
    #[serde(default)]
    pub options: Vec<String>,
}

/// A message that left once more, marked as a repeat (DUP of MQTT).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resent {
    /// The stimulus.
    pub stimulus: StimulusId,
    /// `floor` or `main`.
    pub part: String,
    /// The device.
    pub device: DeviceIx,
    /// When.
    pub at_us: Micros,
}

/// A window of the day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowEntry {
    /// Which, from 0.
    pub index: u32,
    /// Where in the day it starts.
    pub from: Ms,
    /// How long it is.
    pub lasting: Ms,
    /// Instant on the run's clock of its first millisecond.
    pub began_us: Micros,
    /// `floor` windows are driven against the echo gateway, `main` windows against the SUT.
    pub part: String,
}

/// An answer that the gateway owes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// The stimulus.
    pub stimulus: StimulusId,
    /// The device.
    pub device: DeviceIx,
    /// `floor` or `main`.
    pub part: String,
    /// When it should leave.
    pub intended_us: Micros,
    /// How loudly it is to be passed on.
    pub severity: Severity,
    /// How long after `intended_us` the answer is in time.
    pub deadline_us: Micros,
    /// How its answer may be found, by the contract; by id, key and order when nothing is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub correlate: Vec<Correlate>,
}

/// A stimulus that left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Left {
    /// The stimulus.
    pub stimulus: StimulusId,
    /// `floor` or `main`.
    pub part: String,
    /// When it was written to the socket.
    pub left_us: Micros,
    /// The bytes' topic and payload as sent.
    pub topic: String,
    /// The payload as sent.
    pub payload: String,
    /// The MQTT quality of service with which it was published; nothing on a serial line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qos: Option<u8>,
}

/// What the gateway said, decoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When it was received.
    pub received_us: Micros,
    /// `floor` or `main`.
    pub part: String,
    /// The topic.
    pub topic: String,
    /// The device that it speaks of, as the gateway named it.
    pub device: String,
    /// The signal that it speaks of.
    pub signal: String,
    /// How loudly.
    pub severity: Option<Severity>,
    /// The wire id that it carries, if any: `<run>-<stimulus>`.
    pub correlation: Option<String>,
    /// The payload as received, cut at 2,000 characters.
    pub payload: String,
    /// True when the broker replayed a retained message.
    pub retained: bool,
    /// The gateway's own clock when it said it, ms after the epoch, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ms: Option<i64>,
}

/// A device's connection went down or came back. A message that is due meanwhile is late or lost through no fault of the
/// harness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// When.
    pub at_us: Micros,
    /// `floor` or `main`.
    pub part: String,
    /// The device, by its place in the tape's device table.
    pub device: DeviceIx,
    /// True when it came back.
    pub up: bool,
}

/// A command that the gateway owes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Owed {
    /// The stimulus that is its cause.
    pub stimulus: StimulusId,
    /// `floor` or `main`.
    pub part: String,
    /// The devices of which one must receive it.
    pub devices: Vec<DeviceIx>,
    /// The command's word.
    pub command: String,
    /// When its cause should leave.
    pub intended_us: Micros,
    /// How long after `intended_us` the command is in time.
    pub deadline_us: Micros,
}

/// A command of the gateway, as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Its number in this part of the run, whatever its id.
    pub number: u32,
    /// When it was received.
    pub received_us: Micros,
    /// `floor` or `main`.
    pub part: String,
    /// The device that was told.
    pub device: DeviceIx,
    /// The command's word; empty when it could not be read.
    pub command: String,
    /// The gateway's id of it, if it could be read.
    pub id: Option<String>,
    /// The wire id of the event that caused it, if the gateway says so.
    pub cause: Option<String>,
    /// Over which link it came: `mqtt`, `modbus`.
    pub link: String,
}

/// What a device answered to a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The command's number.
    pub number: u32,
    /// `floor` or `main`.
    pub part: String,
    /// The device.
    pub device: DeviceIx,
    /// The gateway's id of the command, if it could be read.
    pub id: Option<String>,
    /// When it was done, or refused.
    pub executed_us: Micros,
    /// Whether it was done.
    pub ok: bool,
    /// What the device is in now.
    pub state: String,
    /// Why it was not done.
    pub why: Option<String>,
    /// True when the same id was answered before: nothing was done this time.
    pub repeated: bool,
    /// When the answer was given to the device's connection; nothing on a serial line, where the echo is the answer.
    #[serde(default)]
    pub answered_us: Option<Micros>,
}

/// What a device said because of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The stimulus, by a number that no tape has: see [`crate::wire::id`].
    pub stimulus: StimulusId,
    /// The command's number.
    pub number: u32,
    /// `floor` or `main`.
    pub part: String,
    /// The device.
    pub device: DeviceIx,
    /// The signal's word.
    pub signal: String,
    /// When it should leave: when the command was done.
    pub at_us: Micros,
}

/// A stimulus that was not sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Withheld {
    /// The stimulus.
    pub stimulus: StimulusId,
    /// `floor` or `main`.
    pub part: String,
    /// The device.
    pub device: DeviceIx,
    /// When it should have left.
    pub at_us: Micros,
    /// What its zone was in: `bypassed` or `disarmed`.
    pub why: String,
}

/// What was seen on a serial line since it was opened. The last one of a part holds all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at_us: Micros,
    /// `floor` or `main`.
    pub part: String,
    /// The line's name.
    pub line: String,
    /// Speed and characters, `9600 8N1`; times on the line are computed from it.
    pub rate: String,
    /// Requests for a unit of the line.
    pub polls: u64,
    /// Answers, exceptions among them.
    pub answers: u64,
    /// Requests that a slave refused.
    pub exceptions: u64,
    /// Stretches of bytes that were no frame, or had a wrong check sum.
    pub broken: u64,
    /// Requests for units that are not on the line, which nobody answers.
    pub strangers: u64,
    /// Requests for all units, which nobody answers.
    pub broadcasts: u64,
    /// Answers that nobody took from the port.
    pub unsent: u64,
    /// Faults that were played, and how often.
    pub faults: BTreeMap<String, u64>,
    /// How each unit was polled, by function.
    pub units: Vec<UnitPolls>,
    /// Which devices are on the line, and where.
    pub places: Vec<Place>,
}

/// The machine while a part was driven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// When the part ended.
    pub at_us: Micros,
    /// `floor` or `main`.
    pub part: String,
    /// Processors.
    pub cores: usize,
    /// Share of their time that was used, by anybody.
    pub busy: f64,
    /// Share of their time that the host gave to others.
    pub steal: f64,
    /// Share of the time in which something that could run waited for a processor; nothing where the kernel does not say.
    pub pressure: Option<f64>,
    /// Programs beside the run that used most of them.
    #[serde(default)]
    pub others: Vec<Beside>,
}

/// A program beside the run: neither Palisade nor what Palisade started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// As far as the kernel keeps its name.
    pub program: String,
    /// Processors that all of this name used on the average; 1.0 is a whole one.
    pub processors: f64,
}

/// How promptly the observer heard: every 10 ms it looks at the clock, behind the answers that wait for it, and as late as it
/// comes to that an answer may be stamped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hearing {
    /// When the part ended.
    pub at_us: Micros,
    /// `floor` or `main`.
    pub part: String,
    /// How late it came to each look, µs: a histogram in HdrHistogram's compressed form, in base64.
    pub delays: String,
}

/// Where a device is on a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The device.
    pub device: DeviceIx,
    /// Its slave, 1 to 247.
    pub unit: u8,
    /// Its first discrete input.
    pub input: u16,
}

/// How a unit was polled with one function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitPolls {
    /// The unit, 1 to 247.
    pub unit: u8,
    /// The function: 1 to 4.
    pub function: u8,
    /// How often.
    pub polls: u64,
    /// Time from one poll of the same first address to the next, measured; nothing before the second.
    pub interval: Option<Interval>,
    /// From the look at the inputs to the last character of the answer, computed from the line's rate.
    pub answer_us: Micros,
}

/// A measured interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Half were at most so long.
    pub p50_us: Micros,
    /// Nine in ten were.
    pub p90_us: Micros,
    /// The longest.
    pub max_us: Micros,
}

/// Kind of the remark that the load plane could not keep its instants: the run is not valid.
pub const LATE_LOAD: &str = "late_load";

/// A remark for the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at_us: Micros,
    /// `info`, `connection` (devices lost theirs), `observer` (it did not hear for a while), `lost` (the gateway is gone),
    /// `interrupted` (somebody stopped the run), `disk` (could not write),
    /// `load` (what the copies of the compound did), [`LATE_LOAD`].
    pub kind: String,
    /// A sentence.
    pub text: String,
}

/// The run came to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at_us: Micros,
}
