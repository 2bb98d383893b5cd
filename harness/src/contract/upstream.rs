//! The city platform behind a gateway (雪亮工程): what must be passed on to it, and what it does wrong itself.

use std::collections::BTreeMap;

use palisade_sim::contract::Severity;
use palisade_sim::model::scenario::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fields;

/// The city platform, which Palisade plays: it takes alarms over HTTP and acknowledges each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Where it listens, `HOST:PORT`: the gateway posts to `http://HOST:PORT` and `path`.
    pub listen: String,
    /// The path of alarms.
    #[serde(default = "alarms")]
    pub path: String,
    /// How loud a message is that must be passed on.
    #[serde(default = "alarm")]
    pub severity: Vec<Severity>,
    /// Where the parts of what is posted stand.
    #[serde(default)]
    pub fields: Fields,
    /// The gateway's words for our signals.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// How long after a message's instant the platform must have acknowledged it.
    #[serde(default = "five_seconds")]
    pub deadline: Duration,
    /// What the platform does wrong.
    #[serde(default)]
    pub defects: PlatformDefects,
}

fn alarms() -> String {
    "/alarms".into()
}

fn alarm() -> Vec<Severity> {
    vec![Severity::Alarm]
}

fn five_seconds() -> Duration {
    Duration::seconds(5.0)
}

/// What the city platform does wrong: shares of all requests, 0 to 1, which sum to 1 at most. A request suffers one
/// defect or none, drawn by the run's seed. What was not acknowledged must be posted again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlatformDefects {
    /// It refuses: 503, try again.
    pub refuse: f64,
    /// It answers late.
    pub slow: f64,
    /// How late a slow answer comes.
    pub slow_by: Duration,
    /// It takes the alarm and says nothing: the connection closes without an answer.
    pub mute: f64,
    /// Its network is down for this long, once, from `down_from` on: no connection is answered.
    pub down: Duration,
    /// When its network goes down, after the first message.
    pub down_from: Duration,
}

impl Default for PlatformDefects {
    fn default() -> PlatformDefects {
        let none = Duration::seconds(0.0);
        PlatformDefects {
            refuse: 0.0,
            slow: 0.0,
            slow_by: Duration::seconds(1.0),
            mute: 0.0,
            down: none,
            down_from: none,
        }
    }
}

impl PlatformDefects {
    /// Each share with its key.
    pub fn shares(&self) -> [(&'static str, f64); 3] {
        [("refuse", self.refuse), ("slow", self.slow), ("mute", self.mute)]
    }
}
