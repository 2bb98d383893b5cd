//! What the copies of a compound came to, in the journal.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Micros;

/// The load of one part. Written once, at its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// When.
    pub at_us: Micros,
    /// `main`: the floor has no load.
    pub part: String,
    /// What was counted.
    #[serde(flatten)]
    pub counts: LoadCounts,
    /// Histograms of µs by name (`pickup`, `lateness`, `service`, `response`, `absence`, `drained`), as HdrHistogram's
    /// compressed V2 form in base64.
    pub histograms: BTreeMap<String, String>,
    /// Those who heard what the gateway said: the control first.
    #[serde(default)]
    pub subscribers: Vec<Subscribed>,
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
    /// Times that a connection stood.
    pub connected: u64,
    /// Times that one broke.
    pub broke: u64,
    /// Times that one was dropped in a storm on purpose.
    pub dropped: u64,
    /// Why they broke, with counts.
    pub reasons: BTreeMap<String, u64>,
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
