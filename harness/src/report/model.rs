//! The report as data: `report.json` is this structure, and `palisade schema report` its schema.
//!
//! Names are public: CI jobs read them. A field is added, never renamed, while `format` is 1.

use std::collections::BTreeMap;

use palisade_sim::analysis::answer::{Gap, Perimeter, Share, SmallGaps};
use palisade_sim::contract::{Gravity, IncidentKind, Origin, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::usage::SOAK_S;
use crate::baseline::Comparison;
use crate::latency::drift::Drift;
use crate::latency::queue::Queue;
use crate::latency::trend::Trend;
use crate::latency::{ENOUGH_FOR_P999, Path, Series};
pub use crate::pairing::Tally;
use crate::record::{LoadAnswers, LoadCounts, SubscriberCounts};

/// Version of the report's format.
pub const FORMAT: u32 = 1;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Version of this format: 1.
    pub format: u32,
    /// True when the run was cut, interrupted or lost its gateway: figures hold for what was measured.
    pub partial: bool,
    /// What was run.
    pub scenario: ScenarioPart,
    /// The twin's day.
    pub tape: TapePart,
    /// The gateway.
    pub sut: SutPart,
    /// When and for how long.
    pub run: RunPart,
    /// Whether the harness kept its own schedule.
    pub harness: HarnessPart,
    /// What became of the answers that were expected, main part only.
    pub outcomes: Tally,
    /// The same by device class.
    pub outcomes_by_class: BTreeMap<String, Tally>,
    /// The same for the floor run against the echo gateway.
    pub outcomes_floor: Tally,
    /// Latency by device class, ms, measured.
    pub latency_ms: BTreeMap<String, Paths>,
    /// Latency of all classes together, ms, measured.
    pub latency_all_ms: Paths,
    /// The floor: the first seconds of one window against the echo gateway, by device class, ms, measured.
    pub floor_ms: BTreeMap<String, Paths>,
    /// The floor of all classes together, ms, measured.
    pub floor_all_ms: Paths,
    /// How observations found their stimuli.
    pub correlation: CorrelationPart,
    /// Messages of the main part that left, by the MQTT quality of service with which they were published, measured.
    /// Those on serial lines are in `links`.
    #[serde(default)]
    pub published_by_qos: BTreeMap<u8, usize>,
    /// Connections of devices that were lost in the main part.
    pub connections: ConnectionsPart,
    /// Serial lines of the main part, and what polling alone would bring.
    #[serde(default)]
    pub links: Vec<LinkPart>,
    /// Rules about timing, by their numbers, with what was measured.
    #[serde(default)]
    pub rules: Vec<RulePart>,
    /// What the gateway's processes held while they were driven, those that the run started itself.
    #[serde(default)]
    pub usage: Vec<UsagePart>,
    /// What the copies of the compound came to; nothing when nobody but the compound spoke.
    #[serde(default)]
    pub load: Option<LoadPart>,
    /// How many messages waited for their answers, main part only.
    #[serde(default)]
    pub queue: QueuePart,
    /// Whether answers take longer the longer the run lasts; main part only.
    #[serde(default)]
    pub drift: DriftPart,
    /// What disturbed the run on purpose, and how it went on afterwards; main part only.
    #[serde(default)]
    pub faults: FaultsPart,
    /// Commands of the gateway to devices, main part only.
    #[serde(default)]
    pub commands: CommandsPart,
    /// Edition of IEC 62676-4 -> height of the target, m -> class -> share of the public ground, computed.
    pub coverage: BTreeMap<String, BTreeMap<String, BTreeMap<String, Share>>>,
    /// Public ground that no camera sees at the working density, computed.
    pub gaps: Vec<Gap>,
    /// Gaps too small to be among `gaps`, computed.
    pub small_gaps: SmallGaps,
    /// Public ground, of which the shares are taken, m², computed.
    pub public_ground_m2: f64,
    /// Whether the beams close the perimeter, computed.
    pub perimeter: Option<Perimeter>,
    /// Windows of the day that were driven.
    pub windows: Vec<WindowPart>,
    /// Incidents that matter (notable and grave), and those of daily life that were driven; at most 4,000.
    pub incidents: Vec<IncidentPart>,
    /// Count of all incidents by kind.
    pub incidents_by_kind: BTreeMap<String, KindCount>,
    /// Devices that were driven or are installed, in the order of the kit.
    pub devices: Vec<DevicePart>,
    /// Answers that were not `answered`, at most 2,000; `outcomes` counts them all.
    pub failures: Vec<FailurePart>,
    /// What the gateway said without being asked: leftovers, inventions, replays; at most 500.
    pub extras: Vec<ExtraPart>,
    /// What a reader should know: lost connections, parts that could not be made and why.
    pub notes: Vec<NotePart>,
    /// What kind of number each part of this report is: `computed`, `measured`, `imported` or `assumed`.
    pub provenance: BTreeMap<String, String>,
    /// The leg from the gateway to the city platform; nothing when there is none.
    #[serde(default)]
    pub upstream: Option<UpstreamPart>,
    /// The machine while the gateway was driven; nothing where it says nothing of itself.
    #[serde(default)]
    pub machine: Option<MachinePart>,
    /// The run held against earlier ones; nothing when none was named.
    #[serde(default)]
    pub baseline: Option<Comparison>,
    /// Thresholds applied to the figures.
    pub verdict: VerdictPart,
    /// The exit code that follows from all this.
    pub exit: u8,
}

/// What was run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioPart {
    /// The scenario's path as typed.
    pub path: String,
    /// The seed.
    pub seed: u64,
    /// What people call the compound.
    pub name: String,
    /// Where the geometry comes from, if it says so.
    pub attribution: Option<String>,
}

/// The twin's day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TapePart {
    /// Digest of the tape, hex; empty when the run failed before there was one.
    pub digest: String,
    /// Incidents of the whole day.
    pub incidents: usize,
    /// Stimuli of the whole day.
    pub stimuli: usize,
}

/// The gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SutPart {
    /// `builtin`, `mqtt://HOST:PORT` or the contract's path, as typed.
    pub address: String,
    /// What people call it, from its contract; empty without one.
    #[serde(default)]
    pub name: String,
    /// Defects asked of the builtin gateway, as typed; empty for none.
    pub defects: String,
    /// True when it went away during the run, or was never reached.
    pub lost: bool,
    /// True when a device was connected to it.
    pub reached: bool,
}

/// When and for how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunPart {
    /// Tag that begins every wire id of this run.
    pub tag: String,
    /// Wall clock at the start, RFC 3339.
    pub wall_clock: String,
    /// From the start to the last line of the journal, s.
    pub lasted_s: f64,
    /// True when somebody stopped it.
    pub interrupted: bool,
    /// Its folder, as typed.
    pub folder: String,
    /// Messages of the main part that left and expected an answer.
    pub driven: usize,
    /// What to type to run the same again.
    pub command: String,
}

/// Whether the harness kept its own schedule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HarnessPart {
    /// False when the figures cannot be trusted; `reasons` says why.
    pub valid: bool,
    /// How long after its intended instant each message left, ms, both parts, measured. Messages whose device had no
    /// connection are not among them.
    pub lateness_ms: Spread,
    /// The bound on its p99, ms, from the scenario; it takes at least two late messages to break it.
    pub lateness_bound_ms: f64,
    /// How late the observer came to what waited for it, ms, main part: it looks at the clock every 10 ms, behind the answers
    /// that have come, and an answer may be stamped so late. Nothing where a platform hears the answers.
    #[serde(default)]
    pub hearing_ms: Option<Spread>,
    /// Why the run is not valid; empty when it is.
    pub reasons: Vec<String>,
}

/// What came to the city platform about copies of the compound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CopyPosts {
    /// Posts.
    pub posts: usize,
    /// Messages of copies that were acknowledged at least once.
    pub messages: usize,
    /// What became of the alarms that must be passed on; nothing where they are not judged.
    #[serde(default)]
    pub outcomes: Option<Tally>,
    /// When a copy's message was owed to the post that the platform acknowledged, ms.
    #[serde(default)]
    pub response_ms: Spread,
}

/// Alarms that the gateway passed on to the city platform (雪亮工程), which Palisade plays; measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UpstreamPart {
    /// What became of the alarms that must be passed on.
    pub outcomes: Tally,
    /// Intended instant of a message to the post that the platform acknowledged, ms.
    pub response_ms: Spread,
    /// Posts about copies of the compound; what failed stands in `load.answers.upstream`.
    pub copies: CopyPosts,
    /// Posts that came, by what the platform did: `taken`, `slow`, `refused`, `mute`, `down`, `odd`.
    pub posts: BTreeMap<String, usize>,
    /// What the platform does wrong on purpose; empty for nothing.
    pub defects: String,
    /// Alarms that did not come as they should, at most 2,000.
    pub failures: Vec<FailurePart>,
    /// The same in a sentence.
    pub told: String,
}

/// The machine while the gateway was driven, measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MachinePart {
    /// Processors.
    pub cores: usize,
    /// Share of their time that was used, by anybody.
    pub busy: f64,
    /// Share of their time that the host gave to others (steal).
    pub steal: f64,
    /// Share of the time in which something that could run waited for a processor (pressure stall information).
    pub pressure: Option<f64>,
    /// Programs beside the run that used most of the processors, at most three; what used less than 0.005 of one is left out.
    #[serde(default)]
    pub others: Vec<OtherProgram>,
    /// The same in a sentence, with what to do about it.
    pub told: String,
}

/// A program that ran beside: neither Palisade nor what Palisade started. A gateway that somebody else started may be one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OtherProgram {
    /// Its name, as far as the kernel keeps it.
    pub program: String,
    /// Processors that all of this name used on the average; 1.0 is a whole one.
    pub processors: f64,
}

/// The three histograms of a path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Paths {
    /// Left minus intended: judges the harness.
    pub lateness: Spread,
    /// Observed minus left: the gateway and the line.
    pub service: Spread,
    /// Observed minus intended: what the duty room feels.
    pub response: Spread,
}

/// A histogram in a few figures, ms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// Samples.
    pub count: u64,
    /// Half of the samples are no longer; nothing when there is no sample.
    pub p50: Option<f64>,
    /// 90 % are no longer.
    pub p90: Option<f64>,
    /// 99 % are no longer.
    pub p99: Option<f64>,
    /// 99.9 % are no longer; nothing below 10,000 samples.
    #[serde(rename = "p99.9")]
    pub p999: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

/// How observations found their stimuli.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CorrelationPart {
    /// Observations matched by the id they carried.
    pub by_id: usize,
    /// Observations without an id, matched by device, signal and order.
    pub by_key: usize,
    /// Observations matched by device and time alone.
    #[serde(default)]
    pub by_window: usize,
    /// Observations that matched nothing.
    pub unmatched: usize,
    /// The same in a sentence.
    pub used: String,
}

/// Connections of devices that went down while the gateway was driven.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionsPart {
    /// How often one went down.
    pub lost: usize,
    /// Of those, how many never came back.
    pub never_back: usize,
    /// Devices that lost theirs at least once.
    pub devices: usize,
    /// When the first went down, µs on the run's clock.
    pub first_us: Option<i64>,
    /// The longest time that one was down, ms; to the end of the journal for one that never came back.
    pub longest_ms: Option<f64>,
    /// Messages that were due or left meanwhile.
    pub messages: usize,
    /// Messages that left once more, since their acknowledgements had not come before their connections were lost.
    #[serde(default)]
    pub resent: usize,
    /// The same in a sentence; empty when none was lost.
    pub told: String,
}

/// A serial line and how the gateway polled it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LinkPart {
    /// Its name.
    pub name: String,
    /// `modbus_rtu`.
    pub carrier: String,
    /// Speed and characters, such as `9600 8N1`; times on the line are computed from it.
    pub rate: String,
    /// Devices on it.
    pub devices: usize,
    /// Requests that the gateway sent to units of the line, measured.
    pub polls: u64,
    /// Answers, exceptions among them.
    pub answers: u64,
    /// Requests that a slave refused.
    pub exceptions: u64,
    /// Stretches of bytes that were no frame, or had a wrong check sum.
    pub broken: u64,
    /// Requests for units that are not on the line.
    pub strangers: u64,
    /// Answers that the gateway did not take from its port.
    pub unsent: u64,
    /// Faults that the slaves played, and how often.
    pub faults: BTreeMap<String, u64>,
    /// How each unit was polled.
    pub units: Vec<UnitPart>,
    /// What polling alone explains; nothing when no driven message's input was polled twice.
    pub expected_ms: Option<PolledPart>,
    /// Intended instant to observation of the line's driven messages, ms, measured.
    pub measured_ms: Spread,
    /// The same in a plain sentence.
    pub told: String,
}

/// How a unit was polled with one function.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnitPart {
    /// The unit, 1 to 247.
    pub unit: u8,
    /// The function: 1 to 4.
    pub function: u8,
    /// How often.
    pub polls: u64,
    /// From one poll to the next, half were at most so long, ms, measured.
    pub interval_p50_ms: Option<f64>,
    /// Nine in ten were at most so long, ms, measured.
    pub interval_p90_ms: Option<f64>,
    /// The longest, ms, measured.
    pub interval_max_ms: Option<f64>,
    /// From the look at the inputs to the last character of the answer, ms, computed.
    pub answer_ms: f64,
}

/// Latencies that polling alone explains, ms: uniform from 0 to each unit's measured interval, and the computed time of
/// the answer's characters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PolledPart {
    /// Messages that it is made for.
    pub count: usize,
    /// Half are no longer.
    pub p50: f64,
    /// 90 % are no longer.
    pub p90: f64,
    /// 99 % are no longer.
    pub p99: f64,
    /// None is longer.
    pub max: f64,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleStatus {
    /// What was measured holds it.
    Pass,
    /// What was measured does not.
    Fail,
    /// This run cannot tell; `needs` says what could. Whatever it did measure stands in `measured`.
    #[default]
    NotMeasured,
}

/// A rule about timing, with what the run measured. An answer counts from when the gateway had the message, where a fault held
/// it on its way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RulePart {
    /// Its number.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: String,
    /// Standard and clause.
    pub clause: String,
    /// True when the clause is told from memory.
    pub unconfirmed: bool,
    /// Whether it holds.
    pub status: RuleStatus,
    /// What was measured.
    pub measured: Option<f64>,
    /// What is demanded at most.
    pub demanded: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// Messages that were looked at.
    pub judged: usize,
    /// Classes of devices of which some were.
    #[serde(default)]
    pub driven: Vec<String>,
    /// Classes that it is about, that stand in the compound, and of which none was: it is not known to hold for them.
    #[serde(default)]
    pub undriven: Vec<String>,
    /// Messages that do not hold it, at most 5.
    pub evidence: Vec<String>,
    /// What it needs, when this run cannot tell.
    pub needs: Option<String>,
}

/// What a process of the gateway held while it was driven, measured; of one that was restarted, its longest life.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsagePart {
    /// The program's id in the contract; `gateway` for the built-in one; `palisade` for the harness.
    pub process: String,
    /// Whether it is the harness itself: its growth is no figure of the gateway, and makes the run void.
    #[serde(default)]
    pub own: bool,
    /// How often it was started.
    pub lives: usize,
    /// How often it was looked at.
    pub looks: usize,
    /// From the first look to the last, s.
    pub lasted_s: f64,
    /// Memory in use and not on disk, kB of 1,024 bytes.
    pub memory_kb: HeldPart,
    /// Open files, connections among them.
    pub files: HeldPart,
    /// The same in a sentence.
    pub told: String,
}

/// How much of something was held.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeldPart {
    /// At the first look.
    pub first: u64,
    /// At the last one.
    pub last: u64,
    /// At most.
    pub most: u64,
    /// By how much more each minute, without the first fifth: Theil–Sen slope, computed; nothing with fewer than 8 looks.
    pub trend_per_min: Option<f64>,
    /// Its 95 % interval, from and to.
    pub trend_from_to: Option<[f64; 2]>,
    /// Whether it grows: the whole interval is above zero.
    pub grows: bool,
}

/// What the copies of the compound came to: their acknowledgements are timed, and the gateway's answers to them are judged
/// where they carry ids. Times are ms, measured; `load-*.hlog` holds all samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadPart {
    /// What was counted.
    #[serde(flatten)]
    pub counts: LoadCounts,
    /// Taken up by the load plane minus intended: judges the plane.
    pub pickup_ms: Spread,
    /// The bound on its p99, ms, from the scenario; nothing in runs without copies.
    #[serde(default)]
    pub pickup_bound_ms: Option<f64>,
    /// Left minus intended: with what a server that does not read held back.
    pub lateness_ms: Spread,
    /// Acknowledged minus left.
    pub service_ms: Spread,
    /// Acknowledged minus intended.
    #[serde(alias = "response_ms")]
    pub acknowledged_ms: Spread,
    /// From the loss of a connection to the next CONNACK.
    pub absence_ms: Spread,
    /// From there until the last message that had waited in the device was acknowledged, or had left at QoS 0.
    #[serde(default)]
    pub drained_ms: Spread,
    /// Answered minus intended, or minus left where a storm had held a message.
    #[serde(default)]
    pub answers_ms: Spread,
    /// How late the one who hears the answers came to what waited for it: so late an answer may be stamped.
    #[serde(default)]
    pub hearing_ms: Spread,
    /// What the gateway answered to them; nothing in runs of old.
    #[serde(default)]
    pub answers: Option<LoadAnswers>,
    /// Those who heard what the gateway said: first a control who is always there, then those who were away or slow.
    #[serde(default)]
    pub subscribers: Vec<SubscriberPart>,
}

/// One who heard what the gateway says of all compounds, at QoS 1, held against a control who is always there. Measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriberPart {
    /// What was counted.
    #[serde(flatten)]
    pub counts: SubscriberCounts,
    /// Heard minus heard by the control.
    pub behind_ms: Spread,
    /// How long the compound's own answers took that were due while it was away or slow.
    pub compound_meanwhile_ms: Spread,
    /// And those at other times.
    pub compound_otherwise_ms: Spread,
}

/// How many messages waited for their answers: the queue that the gateway makes of its work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueuePart {
    /// At most so many at once, measured.
    pub max: usize,
    /// When there were first so many, µs on the run's clock.
    pub max_at_us: i64,
    /// By how many more each second while messages came: Theil–Sen slope, computed from what was measured.
    pub slope_per_s: Option<f64>,
    /// Its 95 % interval, from and to.
    pub slope_from_to: Option<[f64; 2]>,
    /// Whether it grows: the whole interval is above zero.
    pub grows: bool,
    /// The same in a sentence; empty when nothing waited.
    pub told: String,
}

/// How the response goes on over the run: each device class against itself, messages of lost connections left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DriftPart {
    /// By how many ms answers take longer each minute: Theil–Sen slope of medians of stretches, computed from what was
    /// measured; nothing when there are too few.
    pub response_ms_per_min: Option<f64>,
    /// Its 95 % interval, from and to.
    pub from_to: Option<[f64; 2]>,
    /// Whether it grows: the whole interval is above zero.
    pub grows: bool,
    /// Answers that it is made of, measured.
    pub answers: usize,
    /// From the first of them to the last, s, measured.
    pub lasted_s: f64,
    /// The same in a sentence; empty when there are too few, or the run is shorter than a soak.
    pub told: String,
}

/// What disturbed the run on purpose. Instants are µs on the run's clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FaultsPart {
    /// What the file of faults calls itself; empty when nothing was disturbed.
    pub name: String,
    /// The seed by which they were drawn.
    pub seed: Option<u64>,
    /// Connections that devices and copies made through the proxy of the faults, measured.
    pub connections: u64,
    /// Of those, how many found no gateway.
    pub unreached: u64,
    /// How late that proxy was for its own instants, p99, ms, measured; nothing when no fault held anything.
    pub proxy_lateness_p99_ms: Option<f64>,
    /// The faults, in the order of their file.
    pub list: Vec<FaultPart>,
    /// Faults of devices, in the order of their file.
    pub devices: Vec<DeviceFaultPart>,
    /// Restarts of the gateway on purpose, in order.
    pub restarts: Vec<RestartPart>,
    /// Times that a fault broke a connection, or ended on a device that it had befallen, or that the gateway was
    /// restarted.
    pub disturbances: usize,
    /// Of those, how many after which messages were due and none was answered in time.
    pub unrecovered: usize,
    /// From the end of a disturbance, or from the first message that came to the gateway after it when that is later, to
    /// the first answer in time to one, ms, measured. After some disturbances nothing was due: they are not in here.
    pub recovery_ms: Spread,
    /// Messages that the gateway never had, or had altered, because of a fault. Nothing is owed for them.
    pub taken: usize,
    /// The disturbances in order of their cause, at most 500.
    pub episodes: Vec<EpisodePart>,
    /// The same in a sentence; empty when nothing was disturbed.
    pub told: String,
}

/// A fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FaultPart {
    /// Its place in its file, from 1.
    pub number: usize,
    /// Its word: `delay`, `cut`.
    pub kind: String,
    /// The fault in words.
    pub text: String,
    /// From when on it was at work.
    pub from_us: i64,
    /// Until when; nothing when it lasted to the end.
    pub until_us: Option<i64>,
    /// What it did to connections of the compound, and how often: `held`, `cut`, `reset`, `half_open`, `swallowed`, `lost`,
    /// `truncated`, `duplicated`, `reordered`, `inserted`, `flipped`.
    pub done: BTreeMap<String, usize>,
    /// Devices of the compound that it befell.
    pub devices: usize,
    /// What it did to all connections, those of copies among them.
    pub done_in_all: BTreeMap<String, u64>,
    /// Messages that it took.
    pub taken: usize,
    /// Disturbances that it made.
    pub disturbances: usize,
    /// Of those, how many were not recovered from.
    pub unrecovered: usize,
    /// Times to recover, ms.
    pub recovery_ms: Spread,
}

/// A fault of devices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceFaultPart {
    /// Its place among the faults of devices in its file, from 1.
    pub number: usize,
    /// Its word: `silent`, `stuck`, `chatter`, `clock`, `reboot`, `duplicate_id`, `old_firmware`.
    pub kind: String,
    /// The fault in words.
    pub text: String,
    /// From when on.
    pub from_us: i64,
    /// Until when; nothing when it lasted to the end.
    pub until_us: Option<i64>,
    /// The devices that it befell.
    pub devices: Vec<String>,
    /// Messages that they kept to themselves. Nothing is owed for them.
    pub unsaid: usize,
    /// Messages that they said more than the day has. Each is owed for.
    pub repeated: usize,
    /// Times that they started anew.
    pub reboots: usize,
    /// Messages of theirs that the gateway never had because of it. Nothing is owed for them.
    pub taken: usize,
    /// Answers that the gateway owed them while it lasted.
    pub owed: usize,
    /// Of those, how many came as they should.
    pub answered: usize,
}

/// A restart of the gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RestartPart {
    /// Which of the run, from 1.
    pub number: usize,
    /// The restart in words.
    pub text: String,
    /// When it began to end.
    pub down_us: i64,
    /// Until it was ready again, ms.
    pub down_ms: f64,
    /// From then until the observer heard it and devices were let in, ms: the harness's own share.
    pub let_in_ms: f64,
    /// Connections of the compound that broke meanwhile: with none, nobody saw that the gateway was away. Nothing where one
    /// program of it was restarted, which devices need not notice.
    pub broke: Option<usize>,
    /// From then, or from the first message after it, to the first answer in time, ms.
    pub recovery_ms: Option<f64>,
    /// Messages due from its beginning until the recovery whose answers did not come as they should.
    pub harmed: usize,
    /// Messages at QoS 0 that left meanwhile and are gone. Nothing is owed for them.
    pub taken: usize,
}

/// One time that a device, or the whole gateway, was disturbed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EpisodePart {
    /// `fault 1`, `device fault 1`, `restart 2`.
    pub cause: String,
    /// The device; nothing for the whole gateway.
    pub device: Option<String>,
    /// When it began.
    pub began_us: i64,
    /// When the disturbance itself was over.
    pub ended_us: i64,
    /// From its beginning until the device had a fresh connection, ms, where it lost the old one.
    pub back_ms: Option<f64>,
    /// From its end to the first message that came to the gateway, ms: for so long nothing could be seen.
    pub blind_ms: Option<f64>,
    /// From then to the first answer in time, ms.
    pub recovery_ms: Option<f64>,
    /// Messages due from its beginning until the recovery whose answers did not come as they should.
    pub harmed: usize,
}

/// Commands of the gateway to devices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandsPart {
    /// Commands that devices received; the next four sum to it.
    pub received: usize,
    /// Done.
    pub executed: usize,
    /// Refused, with a reason.
    pub refused: usize,
    /// Came again with an id that was answered before: answered again, not done again.
    pub repeated: usize,
    /// Not answered when the run ended.
    pub unanswered: usize,
    /// Commands that the gateway owed by the contract; the next four sum to it.
    pub expected: usize,
    /// Of those, came in time.
    pub in_time: usize,
    /// Came after their deadline.
    pub late: usize,
    /// Never came.
    pub missed: usize,
    /// Cannot be judged: the cause was never sent, or the run was cut before the deadline.
    pub undecidable: usize,
    /// Messages that were not sent, because the gateway had bypassed or disarmed their zones.
    pub withheld: usize,
    /// From the intended instant of the alarm that caused a command to its reception, ms, measured.
    pub response_ms: Spread,
    /// From a command's reception to its execution, ms, measured; it holds the time that the real device takes.
    pub execution_ms: Spread,
    /// The same in a sentence; empty when there is nothing to tell.
    pub told: String,
    /// The commands in order of reception, at most 500.
    pub list: Vec<CommandPart>,
    /// Owed commands in order of their causes, at most 500.
    pub owed: Vec<OwedPart>,
}

/// A command that a device received.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CommandPart {
    /// When it was received, µs on the run's clock.
    pub received_us: i64,
    /// The device.
    pub device: String,
    /// Its word; empty when it could not be read.
    pub command: String,
    /// The gateway's id of it.
    pub id: Option<String>,
    /// The message that caused it: device, signal, wire id and time of day; nothing when it is not known.
    pub cause: Option<String>,
    /// Over which link it came: `mqtt`, `modbus`.
    pub link: String,
    /// From the intended instant of its cause to its reception, ms.
    pub response_ms: Option<f64>,
    /// From its reception to its execution, ms.
    pub execution_ms: Option<f64>,
    /// Whether it was done; nothing when it was not answered.
    pub ok: Option<bool>,
    /// True when the same id was answered before.
    pub repeated: bool,
    /// What the device was in then.
    pub state: String,
    /// Why it was refused.
    pub why: Option<String>,
    /// What the device said because of it, which the gateway had to pass on: the signal's word.
    #[serde(default)]
    pub said: Option<String>,
    /// What became of that: a class of outcome.
    #[serde(default)]
    pub said_outcome: Option<String>,
}

/// A command that the gateway owed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OwedPart {
    /// The command, who must be told, and the message that caused it.
    pub name: String,
    /// `in_time`, `late`, `missed` or `undecidable`.
    pub outcome: String,
    /// How long after its cause it was in time, ms.
    pub deadline_ms: f64,
    /// How long after its cause it came, ms.
    pub response_ms: Option<f64>,
}

/// A window of the day that was driven.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WindowPart {
    /// Which, from 0.
    pub index: u32,
    /// `floor` or `main`.
    pub part: String,
    /// Where in the day it starts, ms after midnight.
    pub from_ms: i64,
    /// How long it is, ms.
    pub lasting_ms: i64,
    /// Answers expected from its beginning to that of the next: with what a flood brings after its end, or a storm holds beyond it.
    pub expected: usize,
    /// Of those, answered well.
    pub answered: usize,
}

/// An incident and what was said about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentPart {
    /// Its number on the tape.
    pub id: u32,
    /// What happened.
    pub kind: IncidentKind,
    /// How much it matters.
    pub gravity: Gravity,
    /// Plan, chance or script.
    pub origin: Origin,
    /// When it began, ms after midnight.
    pub began_ms: i64,
    /// When it was over, ms after midnight.
    pub ended_ms: Option<i64>,
    /// Where, local metres.
    pub at_m: [f64; 2],
    /// Who.
    pub actor: String,
    /// What came of it.
    pub outcome: String,
    /// True when some device noticed it.
    pub detected: bool,
    /// From its beginning to the first message of a device, ms; computed by the twin.
    pub noticed_after_ms: Option<i64>,
    /// From the intended instant of its first answered message to the gateway's answer, ms; measured.
    pub latency_ms: Option<f64>,
    /// Why there is no latency.
    pub why_no_latency: Option<String>,
    /// Messages of devices about it, all of the day.
    pub messages: usize,
    /// What devices said, at most 24, those that were driven first.
    pub said: Vec<SaidPart>,
}

/// What a device said about an incident, and what the gateway made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaidPart {
    /// When the device reported it, ms after midnight.
    pub due_ms: i64,
    /// The device.
    pub device: String,
    /// The signal's word.
    pub signal: String,
    /// How loudly it is to be passed on.
    pub severity: Severity,
    /// Its class of outcome; nothing when it was not driven over the wire.
    pub outcome: Option<String>,
    /// Intended instant to observation, ms.
    pub response_ms: Option<f64>,
}

/// How often a kind of incident happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KindCount {
    /// How often.
    pub count: usize,
    /// How many some device noticed.
    pub detected: usize,
    /// How often in each hour of the day.
    pub by_hour: [u32; 24],
}

/// A device and how its messages fared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DevicePart {
    /// Its name.
    pub id: String,
    /// Its class.
    pub class: String,
    /// East, north, up, m.
    pub at_m: [f64; 3],
    /// Messages of the whole day.
    pub stimuli: usize,
    /// What became of its expected answers. What had no stimulus is counted of no device.
    pub outcomes: Tally,
    /// Intended instant to observation, ms.
    pub response_ms: Spread,
}

/// An answer that did not come as it should.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FailurePart {
    /// Its wire id.
    pub id: String,
    /// Class of outcome.
    pub outcome: String,
    /// The device.
    pub device: String,
    /// The device's class.
    pub class: String,
    /// The signal's word.
    pub signal: String,
    /// When in the day it was due, ms after midnight.
    pub due_ms: i64,
    /// When it should have left, µs on the run's clock.
    pub intended_us: i64,
    /// When it left.
    pub left_us: Option<i64>,
    /// When the first answer came.
    pub observed_us: Option<i64>,
    /// A plain sentence.
    pub text: String,
}

/// Something the gateway said that answers nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExtraPart {
    /// `no_such_stimulus`, `other_run`, `retained_replay` or `device_offline` (which was true).
    pub kind: String,
    /// When it came, µs on the run's clock.
    pub received_us: i64,
    /// Topic.
    pub topic: String,
    /// The device that it names.
    pub device: String,
    /// The signal that it names.
    pub signal: String,
    /// The id that it carries.
    pub correlation: Option<String>,
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotePart {
    /// When, µs on the run's clock; nothing for remarks made afterwards.
    pub at_us: Option<i64>,
    /// `info`, `load`, `idle`, `connection`, `observer`, `lost`, `interrupted`, `disk`, `report`, `remark`.
    pub kind: String,
    /// A sentence.
    pub text: String,
}

/// Thresholds applied to the figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VerdictPart {
    /// True when every threshold holds and the run could be judged.
    pub pass: bool,
    /// Why not, in plain sentences that name messages and devices; empty when it passed.
    pub reasons: Vec<String>,
    /// Each threshold and what was found.
    pub checks: Vec<CheckPart>,
    /// Device classes of which faults took so much that what holds of them says nothing, and answers to copies that a threshold
    /// asks for though something stood in their way.
    #[serde(default)]
    pub not_assessed: Vec<NotAssessedPart>,
    /// What stands although the run is void, in sentences: losses of messages that had left in time.
    #[serde(default)]
    pub stands: Vec<String>,
}

/// What is not assessed: a device class of which faults took more than the share that `assets/assumptions/judge.toml` allows,
/// or the answers to copies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NotAssessedPart {
    /// The class, or `load` for the answers to copies; nothing for all together.
    pub class: Option<String>,
    /// Messages that faults took, measured.
    pub taken: usize,
    /// Messages in all.
    pub of: usize,
    /// The same in a sentence.
    pub told: String,
}

/// One threshold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckPart {
    /// The figure's name, such as `missed` or `beam.response.p99`.
    pub figure: String,
    /// What it must be, as typed.
    pub must: String,
    /// What it is; nothing when it was not measured or not assessed.
    pub found: Option<f64>,
    /// The same for a reader, with its unit.
    pub found_text: String,
    /// Whether it holds, or is not assessed.
    pub pass: bool,
    /// Nobody typed it: it holds of every run, unless the scenario names its figure.
    #[serde(default)]
    pub implied: bool,
    /// It says nothing, of too little or of what something else spoiled: see [`VerdictPart::not_assessed`].
    #[serde(default)]
    pub not_assessed: bool,
}

impl Spread {
    /// The figures of a series.
    pub fn of(series: &Series) -> Spread {
        let enough = series.count() >= ENOUGH_FOR_P999;
        Spread {
            count: series.count(),
            p50: series.percentile_ms(50.0),
            p90: series.percentile_ms(90.0),
            p99: series.percentile_ms(99.0),
            p999: series.percentile_ms(99.9).filter(|_| enough),
            max: series.max_ms(),
        }
    }

    /// The figures of a few samples, ms, exactly: the value at rank `ceil(share x count)`.
    pub fn of_samples(mut samples: Vec<f64>) -> Spread {
        samples.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * samples.len() as f64).ceil() as usize;
            samples.get(rank.saturating_sub(1)).copied()
        };
        let enough = samples.len() as u64 >= ENOUGH_FOR_P999;
        Spread {
            count: samples.len() as u64,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999).filter(|_| enough),
            max: samples.last().copied(),
        }
    }
}

impl QueuePart {
    /// The figures of a queue.
    pub fn of(queue: &Queue) -> QueuePart {
        let trend = queue.trend;
        let mut part = QueuePart {
            max: queue.max,
            max_at_us: queue.max_at_us,
            slope_per_s: trend.map(|trend| trend.slope),
            slope_from_to: trend.map(|trend| [trend.low, trend.high]),
            grows: trend.is_some_and(|trend| trend.grows()),
            told: String::new(),
        };
        if part.max > 0 {
            let at = part.max_at_us as f64 / 1e6;
            part.told = format!(
                "at most {} messages waited for their answers at once, {at:.1} s after the start",
                part.max
            );
        }
        if let Some(trend) = trend.filter(|trend| trend.grows()) {
            part.told += &format!(
                "; the queue grew by {:.2} messages a second ({:.2} to {:.2}), so that the gateway fell behind",
                trend.slope, trend.low, trend.high
            );
        }
        part
    }
}

impl DriftPart {
    /// The figures of a drift.
    pub fn of(drift: &Drift) -> DriftPart {
        let lasted_s = drift.lasted_us as f64 / 1e6;
        let told = |t: Trend| {
            let (slope, low, high) = (t.slope, t.low, t.high);
            let how = if t.grows() { "answers take longer" } else { "answers take no longer" };
            format!(
                "{how} the longer it runs: {slope:+.3} ms a minute ({low:.3} to {high:.3}), {} answers in {lasted_s:.0} s",
                drift.answers
            )
        };
        DriftPart {
            response_ms_per_min: drift.trend.map(|trend| trend.slope),
            from_to: drift.trend.map(|trend| [trend.low, trend.high]),
            grows: drift.trend.is_some_and(|trend| trend.grows()),
            answers: drift.answers,
            lasted_s,
            told: drift.trend.filter(|_| lasted_s >= SOAK_S).map_or_else(String::new, told),
        }
    }
}

impl Paths {
    /// The figures of a path.
    pub fn of(path: &Path) -> Paths {
        Paths {
            lateness: Spread::of(&path.lateness),
            service: Spread::of(&path.service),
            response: Spread::of(&path.response),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_few_samples_are_exact() {
        let spread = Spread::of_samples((1..=200).rev().map(f64::from).collect());
        assert_eq!((spread.count, spread.p50, spread.p90), (200, Some(100.0), Some(180.0)));
        assert_eq!((spread.p99, spread.p999, spread.max), (Some(198.0), None, Some(200.0)));
        assert_eq!(Spread::of_samples(Vec::new()), Spread::default());
    }

    #[test]
    fn a_series_and_its_samples_agree_to_three_digits() {
        let mut series = Series::default();
        (1..=1000).for_each(|i| series.take(i * 1000));
        let exact = Spread::of_samples((1..=1000).map(f64::from).collect());
        let close =
            |a: Option<f64>, b: Option<f64>| (a.zip(b)).is_some_and(|(a, b)| (a - b).abs() <= b * 0.001);
        let rough = Spread::of(&series);
        assert!(close(rough.p50, exact.p50) && close(rough.p99, exact.p99) && rough.max == exact.max);
    }
}
