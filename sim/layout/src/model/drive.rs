//! How a run drives the gateway, which gateway it is, and what it must reach.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scenario::{Duration, TimeOfDay};

/// How the day is driven over the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Drive {
    /// Windows of the day driven at real time; chosen by the incidents in them when empty.
    pub windows: Vec<Window>,
    /// Length of all chosen windows together.
    pub total: Duration,
    /// Length of one chosen window.
    pub window: Duration,
    /// How often each device says that it is alive.
    pub heartbeat: Duration,
    /// How long the harness listens after the last stimulus of a window.
    pub drain: Duration,
    /// Lateness (p99) above which the run is invalid: 10 ms when left out, and 2 ms for the copies of a fleet.
    pub lateness_bound: Option<Duration>,
}

impl Drive {
    /// Lateness of the compound itself (p99) above which the run is invalid.
    pub fn lateness_bound(&self) -> Duration {
        self.lateness_bound.unwrap_or(Duration::seconds(0.010))
    }

    /// The same of the copies of a fleet.
    pub fn load_lateness_bound(&self) -> Duration {
        self.lateness_bound.unwrap_or(Duration::seconds(0.002))
    }
}

impl Default for Drive {
    fn default() -> Drive {
        Drive {
            windows: Vec::new(),
            total: Duration::seconds(60.0),
            window: Duration::seconds(10.0),
            heartbeat: Duration::seconds(10.0),
            drain: Duration::seconds(2.0),
            lateness_bound: None,
        }
    }
}

/// A stretch of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Where it starts.
    pub from: TimeOfDay,
    /// How long it lasts.
    pub lasting: Duration,
}

/// The system under test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sut {
    /// `builtin`, or `mqtt://HOST:PORT`.
    pub address: String,
    /// The first level of device topics: `site/<name>/dev/<device>/event`.
    pub topic_site: Option<String>,
    /// How long a device's message may take to come out.
    pub deadline: Duration,
}

impl Default for Sut {
    fn default() -> Sut {
        Sut { address: "builtin".into(), topic_site: None, deadline: Duration::seconds(2.0) }
    }
}

/// Thresholds: a figure's name and what it must be, such as `"missed" = "== 0"` or `"response.p99" = "< 2s"`,
/// `"beam.response.p99" = "< 500ms"`.
pub type Thresholds = BTreeMap<String, String>;
