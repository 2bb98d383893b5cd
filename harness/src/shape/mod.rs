//! Load shapes: how many copies of a compound speak at an instant, when all of them lose their connections, when one
//! cause makes hundreds of devices speak at once. Data in a file of its own; no sockets, no clocks.

mod flood;
mod read;

use palisade_sim::contract::{Class, Signal};
use palisade_sim::model::scenario::Duration;
use palisade_sim::words::Ms;
use schemars::JsonSchema;
use serde::Deserialize;

pub use flood::{Spoken, spoken};
pub use read::{read, schema};

/// A load shape.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Version of this format: 1.
    pub shape: u32,
    /// What reports call it.
    pub name: String,
    /// So much of the day passes for the copies in one second of the run, s: 20 lets each say in a window what the compound
    /// says in one that is twenty times as long, with pauses that are as much shorter. Load only; 1 when left out.
    pub compress: Option<u32>,
    /// The broker keeps the last event of each device, of the compound and of its copies, whatever the contract says: a gateway
    /// that subscribes again gets all of them at once, marked as retained, and must not take them for news.
    #[serde(default)]
    pub retain: bool,
    /// How much of the fleet speaks, one stretch after the other; all of it when there is none, and the last level
    /// stays.
    #[serde(default)]
    pub level: Vec<Level>,
    /// Instants at which devices of the compound and of all copies lose their connections.
    #[serde(default)]
    pub storm: Vec<Storm>,
    /// Instants at which one cause makes a class of devices speak, in the compound and in all copies.
    #[serde(default)]
    pub flood: Vec<Flood>,
    /// Others who hear what the gateway says, beside one who is always there and reads at once.
    #[serde(default)]
    pub subscriber: Vec<Subscriber>,
}

/// A stretch of a shape.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// How long it is.
    pub lasts: Duration,
    /// Share of the fleet that speaks at its beginning, 0 to 1.
    pub from: f64,
    /// Share at its end; the same as at its beginning when left out.
    pub to: Option<f64>,
}

/// Connections of the compound and of all copies break at once, as in a power cut.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// When, after the first message.
    pub at: Duration,
    /// Nobody comes back before so long: what devices have to say meanwhile they keep, and send in one burst with its own
    /// times. At once when left out.
    pub down: Option<Duration>,
    /// Every device connects again at an instant drawn from this time.
    pub within: Duration,
    /// What reports call it: `power cut`.
    pub cause: Option<String>,
    /// Whom it hits; all devices when nothing is said.
    #[serde(default)]
    pub class: Vec<Class>,
}

/// One more who hears what the gateway says of all compounds, at QoS 1, in a session that the gateway keeps.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscriber {
    /// What reports call it: small letters, digits and hyphens.
    pub name: String,
    /// What it does.
    pub what: Habit,
}

/// What a subscriber does. Externally tagged: `what = { away = { at = "3s", lasts = "5s" } }`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Habit {
    /// Its line breaks without a goodbye, what is said waits in the gateway, and it comes back.
    Away {
        /// When, after the first message.
        at: Duration,
        /// For how long.
        lasts: Duration,
    },
    /// It reads slowly, out of a small buffer, and acknowledges as slowly.
    Slow {
        /// From when on, after the first message.
        at: Duration,
        /// For how long.
        lasts: Duration,
        /// So many bytes a second; 0: nothing.
        bytes_per_s: u32,
    },
}

impl Habit {
    /// From when on, and for how long.
    pub fn stretch(&self) -> (Duration, Duration) {
        match self {
            Habit::Away { at, lasts } | Habit::Slow { at, lasts, .. } => (*at, *lasts),
        }
    }
}

impl Shape {
    /// Whether it says something to a compound without copies.
    pub fn befalls_one(&self) -> bool {
        self.retain || !(self.storm.is_empty() && self.flood.is_empty() && self.subscriber.is_empty())
    }
}

impl Storm {
    /// What reports call it.
    pub fn cause(&self) -> &str {
        self.cause.as_deref().unwrap_or("storm")
    }

    /// Whether it hits devices of a class.
    pub fn hits(&self, class: Class) -> bool {
        self.class.is_empty() || self.class.contains(&class)
    }

    /// From its beginning until the last one may be back.
    pub fn lasts(&self) -> Duration {
        Duration(self.down.map_or(Ms(0), |down| down.0) + self.within.0)
    }
}

/// One cause, hundreds of devices: each device of a class, in the compound and in each copy, says one thing more than the
/// day holds. It is a message of its own, which the gateway must pass on.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flood {
    /// When, after the first message.
    pub at: Duration,
    /// All of them speak within this time.
    pub within: Duration,
    /// Which devices.
    pub class: Class,
    /// What reports call it: `thunderstorm`.
    pub cause: Option<String>,
    /// What each says: `"beam_restored"`, `{ beam_broken = { broken_ms = 400 } }`; what it says first that day when nothing is
    /// said, and then those that are silent all day stay so.
    pub says: Option<Signal>,
}

impl Flood {
    /// What reports call it.
    pub fn cause(&self) -> &str {
        self.cause.as_deref().unwrap_or("flood")
    }
}

impl Shape {
    /// All of the fleet, all the time.
    pub fn constant() -> Shape {
        let (compress, retain, level, storm, flood, subscriber) = Default::default();
        Shape { shape: 1, name: "constant".into(), compress, retain, level, storm, flood, subscriber }
    }

    /// How many seconds of the day pass for the copies in one of the run, from 1.
    pub fn pace(&self) -> i64 {
        i64::from(self.compress.unwrap_or(1).max(1))
    }

    /// How much of the fleet speaks at an instant, ms after the first message.
    pub fn share(&self, at_ms: i64) -> f64 {
        let mut began = 0;
        for level in &self.level {
            let lasts = level.lasts.0.0;
            if at_ms < began + lasts {
                let part = (at_ms - began) as f64 / lasts as f64;
                return level.from + (level.end() - level.from) * part;
            }
            began += lasts;
        }
        self.level.last().map_or(1.0, Level::end)
    }

    /// How many of `copies` speak at an instant: the first ones.
    pub fn speaking(&self, copies: u32, at_ms: i64) -> u32 {
        (self.share(at_ms) * f64::from(copies)).round() as u32
    }
}

impl Level {
    fn end(&self) -> f64 {
        self.to.unwrap_or(self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(seconds: f64, from: f64, to: Option<f64>) -> Level {
        Level { lasts: Duration::seconds(seconds), from, to }
    }

    #[test]
    fn levels_follow_one_another_and_the_last_one_stays() {
        let check = |level: Vec<Level>, expected: [u32; 5]| {
            let shape = Shape { level, ..Shape::constant() };
            let speaking = [0, 5_000, 10_000, 15_000, 99_000].map(|ms| shape.speaking(10, ms));
            assert_eq!(speaking, expected, "{shape:?}");
        };
        check(vec![], [10, 10, 10, 10, 10]);
        check(vec![level(10.0, 0.0, Some(1.0))], [0, 5, 10, 10, 10]);
        check(vec![level(10.0, 0.2, None), level(6.0, 1.0, None), level(1.0, 0.2, None)], [2, 2, 10, 10, 2]);
        check(vec![level(20.0, 1.0, Some(0.0))], [10, 8, 5, 3, 0]);
    }
}
