//! Restarts of the gateway: when, what of it, and how.

use std::fmt;

use palisade_sim::model::scenario::Duration;
use palisade_sim::words::AgentKey;
use schemars::JsonSchema;
use serde::Deserialize;

/// The gateway, or a program of it, goes down and comes up again. Instants count from the run's first message.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// Once, at this time. Either this or `every`.
    pub at: Option<Duration>,
    /// Again and again, after each such time.
    pub every: Option<Duration>,
    /// The instant is drawn evenly from this time after it.
    pub within: Option<Duration>,
    /// Which program of the contract, by its id; the whole gateway when left out.
    pub process: Option<String>,
    /// How it ends; without a word when nothing is said.
    pub how: Option<How>,
    /// How long it is away; as long as it takes when left out.
    pub down: Option<Duration>,
    /// A command that restarts a gateway which somebody else runs, as program and arguments; it has ended when the gateway
    /// may come up again. It stands alone: `process`, `how` and `down` are the command's own affair.
    #[serde(default)]
    pub command: Vec<String>,
}

/// How a program ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Killed, as by a power cut.
    #[default]
    Kill,
    /// Asked to end, and killed when it does not.
    Stop,
}

impl Restart {
    /// When it happens until an instant, ms after the first message, in order. `number` is its place in the file.
    pub fn instants(&self, (seed, number): (u64, usize), until_ms: i64) -> Vec<i64> {
        let period = self.every.map_or(0, |every| every.0.0);
        let rounds = if period > 0 { 1..=until_ms / period } else { 1..=1 };
        rounds.map(|round| self.instant((seed, number), round)).filter(|at| *at < until_ms).collect()
    }

    /// When it happens for the first time (`round` 1) or again, ms after the first message.
    pub fn instant(&self, (seed, number): (u64, usize), round: i64) -> i64 {
        let within = self.within.map_or(0, |within| within.0.0).unsigned_abs() + 1;
        let drawn = (AgentKey::of(&format!("{seed}/restart/{number}/{round}")).0 % within) as i64;
        let every = self.every.map_or(0, |every| every.0.0);
        self.at.map_or(every * round, |at| at.0.0) + drawn
    }
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.process.as_deref().unwrap_or("the gateway");
        match (self.command.is_empty(), self.how.unwrap_or_default()) {
            (false, _) => write!(f, "`{}`", self.command.join(" ")),
            (true, How::Kill) => write!(f, "{of} is killed and started again"),
            (true, How::Stop) => write!(f, "{of} is stopped and started again"),
        }?;
        match (self.at, self.every) {
            (Some(at), _) => write!(f, " at {at}"),
            (None, every) => write!(f, " every {}", every.unwrap_or_default()),
        }?;
        self.within.map_or(Ok(()), |within| write!(f, ", within {within}"))?;
        self.down.map_or(Ok(()), |down| write!(f, ", away for {down}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restart(at: Option<f64>, every: Option<f64>, within: Option<f64>) -> Restart {
        let seconds = |s: Option<f64>| s.map(Duration::seconds);
        let (at, every, within) = (seconds(at), seconds(every), seconds(within));
        Restart { at, every, within, process: None, how: None, down: None, command: Vec::new() }
    }

    #[test]
    fn a_restart_happens_once_or_again_and_again_and_never_after_the_end() {
        assert_eq!(restart(Some(3.0), None, None).instants((1, 0), 10_000), [3_000]);
        assert_eq!(restart(None, Some(3.0), None).instants((1, 0), 10_000), [3_000, 6_000, 9_000]);
        assert!(restart(Some(10.0), None, None).instants((1, 0), 10_000).is_empty());
        let drawn = |seed| restart(None, Some(3.0), Some(1.0)).instants((seed, 0), 10_000);
        assert!(
            drawn(1).iter().zip([3_000, 6_000, 9_000]).all(|(at, from)| (from..=from + 1_000).contains(at))
        );
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn it_is_said_in_words() {
        let mut one = restart(Some(3.0), None, Some(1.0));
        assert_eq!(one.to_string(), "the gateway is killed and started again at 3s, within 1s");
        one.process = Some("node-red".into());
        (one.how, one.down) = (Some(How::Stop), Some(Duration::seconds(2.0)));
        assert_eq!(one.to_string(), "node-red is stopped and started again at 3s, within 1s, away for 2s");
        one.command = vec!["systemctl".into(), "restart".into(), "gw".into()];
        assert!(one.to_string().starts_with("`systemctl restart gw` at 3s"));
    }
}
