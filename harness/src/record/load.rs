//! What the copies of a compound came to, in the journal.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Micros;
use crate::pairing::Tally;

/// The load of one part: what was measured so far, every two seconds or, where judging takes long, more rarely, and all of it at
/// its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// When.
    pub at_us: Micros,
    /// `main`: the floor has no load.
    pub part: String,
    /// More is to come: it counts if the end never does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub so_far: bool,
    /// What was counted.
    #[serde(flatten)]
    pub counts: LoadCounts,
    /// Histograms of µs by name (`pickup`, `lateness`, `service`, `acknowledged`, `absence`, `drained`, `answers`, `hearing`,
    /// `upstream`), as HdrHistogram's compressed V2 form in base64.
    pub histograms: BTreeMap<String, String>,
    /// Those who heard what the gateway said: the control first.
    #[serde(default)]
    pub subscribers: Vec<Subscribed>,
    /// What the gateway answered to the copies; nothing in journals of old.
    #[serde(default)]
    pub answers: Option<LoadAnswers>,
}

/// How far the copies of a compound are, once a second: for whoever watches a run. The report goes by [`Load`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    /// When.
    pub at_us: Micros,
    /// Connections that stand.
    pub connected: u32,
    /// Messages that have left, heartbeats too.
    pub left: u64,
    /// Of them, those that the gateway's side acknowledged.
    pub acknowledged: u64,
    /// Answers that were heard; nothing where nobody can tell whose they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<u64>,
    /// How late messages were taken up, p99 so far, µs.
    pub pickup_us: u64,
}

/// What was counted of the copies of a compound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadCounts {
    /// Copies of the compound.
    pub copies: u32,
    /// Their connections when all stand.
    pub clients: usize,
    /// What the shape of the load is called.
    pub shape: String,
    /// How many seconds of the day passed for them in one of the run: over 1 it is load alone, and says nothing about a
    /// deadline.
    pub compress: i64,
    /// Messages that were written whole to a socket.
    pub left: u64,
    /// Of QoS 1 and 2: acknowledged.
    pub answered: u64,
    /// Acknowledged with a reason that says no.
    pub denied: u64,
    /// Left and not acknowledged: the connection broke, or the patience ended.
    pub unanswered: u64,
    /// Not taken: there was no room.
    pub refused: u64,
    /// Still waiting at the end.
    pub unsent: u64,
    /// Waited in their device because it had no connection when they were due.
    #[serde(default)]
    pub stored: u64,
    /// Times that one left again, marked as sent before: its connection had broken without an acknowledgement.
    #[serde(default)]
    pub repeated: u64,
    /// Times that a connection stood.
    pub connected: u64,
    /// Times that one broke.
    pub broke: u64,
    /// Times that one was dropped in a storm on purpose.
    pub dropped: u64,
    /// Why they broke, with counts.
    pub reasons: BTreeMap<String, u64>,
}

/// What the gateway answered to what copies said, each held against the message that it answers by its id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadAnswers {
    /// Whether the answers were heard and carry ids; without that nothing is known of them.
    pub heard: bool,
    /// Whether the gateway owes all of them that are counted: the run was whole, and nobody was deaf.
    pub promised: bool,
    /// Why not, of both.
    pub why_not: String,
    /// Of all copies.
    pub all: Tally,
    /// The same by device class.
    pub by_class: BTreeMap<String, Tally>,
    /// How many copies lack something or had it wrong, late or twice.
    pub harmed: u32,
    /// The first of them; `harmed` counts all.
    pub copies: Vec<CopyTally>,
    /// The first messages whose answers were not as they should be, and behind them the first that nobody can judge; `all` counts
    /// them all.
    pub failures: Vec<CopyFailure>,
    /// The first observations that carry an id of a copy which nobody has said.
    pub spurious: Vec<String>,
    /// Observations about copies that carry no id: a gateway's own words, which are not judged.
    pub unnamed: u64,
    /// What became of the same on the way to the city platform; nothing where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<LoadUpstream>,
}

/// What became of the alarms of copies on the way to the city platform.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LoadUpstream {
    /// Of all copies.
    pub all: Tally,
    /// The first that did not come as they should; `all` counts them all.
    pub failures: Vec<CopyFailure>,
}

/// What became of what one copy said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CopyTally {
    /// Which copy, from 1.
    pub copy: u32,
    /// Its site in topics.
    pub site: String,
    /// What became of its messages.
    #[serde(flatten)]
    pub outcomes: Tally,
}

/// A copy's message whose answer was not as it should be. Instants are µs of the run's clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CopyFailure {
    /// Its id on the wire.
    pub id: String,
    /// What became of it: `missed`, `late` and so on.
    pub outcome: String,
    /// The device, as the copy calls it.
    pub device: String,
    /// Its class.
    pub class: String,
    /// What it said.
    pub signal: String,
    /// MQTT quality of service.
    pub qos: u8,
    /// When it was due.
    pub due_us: Micros,
    /// From when on its answer was owed: later than it was due where a storm, a restart or a fault had its line. Missing in what
    /// an older version wrote, whose instants count from the load's start.
    #[serde(default)]
    pub owed_from_us: Option<Micros>,
    /// How long after that an answer was in time.
    #[serde(default)]
    pub deadline_us: Micros,
    /// When it last left; nothing when it never did.
    pub left_us: Option<Micros>,
    /// When the gateway first had it as it had left, where a proxy saw it pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached_us: Option<Micros>,
    /// It left more than once: its connection had broken without an acknowledgement.
    #[serde(default)]
    pub again: bool,
    /// When the first answer came; nothing when none did.
    pub heard_us: Option<Micros>,
    /// How many answers came.
    pub answers: u8,
    /// What became of its answer, where all this is about the way to the city platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
}

/// One who heard what the gateway said, beside a control who is always there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subscribed {
    /// From when to when it was away or slow, µs on the run's clock; nothing for the control.
    pub stretch_us: Option<(Micros, Micros)>,
    /// What was counted.
    #[serde(flatten)]
    pub counts: SubscriberCounts,
    /// Histogram of µs by which it heard later than the control, packed as those of the load.
    pub behind: String,
}

/// What became of the gateway's messages for one subscriber.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriberCounts {
    /// What it is called; `control` is always there.
    pub name: String,
    /// What it did.
    pub did: String,
    /// Messages that were owed to it: those that the control heard.
    pub owed: u64,
    /// Owed, and never heard.
    pub lost: u64,
    /// The first of those that were lost, at most 20, in the order in which they were said.
    #[serde(default)]
    pub losses: Vec<SubscriberLoss>,
    /// What can be known of why they were lost, in sentences; among them what the gateway's programs said of it.
    #[serde(default)]
    pub why: Vec<String>,
    /// Heard more often than said, and marked as sent before, which QoS 1 allows.
    pub repeated: u64,
    /// Heard more often than said, without a mark.
    pub duplicates: u64,
    /// Heard after one of the same topic that the control heard later.
    pub out_of_order: u64,
    /// Said while it was away or slow.
    pub said_meanwhile: u64,
    /// The most messages that waited for it in the gateway at once.
    pub waiting_max: u64,
    /// From its coming back, or its reading at full pace, until it had heard what was said meanwhile, ms; nothing when nothing
    /// had waited.
    pub drained_ms: Option<f64>,
    /// Whether the gateway still had its session when it came back.
    pub session_kept: Option<bool>,
    /// Times that its connection broke, its own absence aside.
    pub broke: u64,
    /// Why, with counts.
    pub reasons: BTreeMap<String, u64>,
}

/// A message of the gateway that the control heard and a subscriber never did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriberLoss {
    /// When the control heard it, s after the first message.
    pub said_s: f64,
    /// Its topic; empty when too much was said to keep all of it.
    pub topic: String,
    /// Its payload as text, the first 200 characters.
    pub payload: String,
    /// How many messages waited for the subscriber then that it heard later.
    pub waiting: u64,
}

impl SubscriberLoss {
    /// In few words: `4.2 s site/tiny/alarm/beam-1 {"id":…}`.
    pub fn told(&self) -> String {
        format!("{:.1} s {} {}", self.said_s, self.topic, self.payload)
    }
}
