//! Sending guards: orders from the duty room, the radio they come over, and what guards report back.

use bevy::prelude::Resource;

use super::GuardIx;
use crate::contract::Origin;
use crate::words::{Draw, IncidentId, Ms};

/// Somebody is wanted somewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Its number, counted by who gives it.
    pub number: u32,
    /// When it is given.
    pub at: Ms,
    /// Where, m.
    pub place_m: [f64; 2],
    /// Where the reason comes from.
    pub origin: Origin,
    /// In a few words: the device that alarmed.
    pub what: String,
    /// What really happened there, if anything did.
    pub because: Option<IncidentId>,
    /// How often nobody was free for it.
    pub tries: u32,
}

/// Orders that nobody has taken yet.
#[derive(Resource, Default, Debug)]
pub struct Orders(pub Vec<Order>);

/// What a guard says over the radio.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Who; none when nobody could be sent.
    pub guard: Option<GuardIx>,
    /// When it has been said.
    pub at: Ms,
    /// The order it belongs to.
    pub order: u32,
    /// What is said.
    pub what: Said,
    /// The dispatch.
    pub errand: Option<IncidentId>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// On the way.
    OnTheWay,
    /// Arrived.
    Arrived,
    /// Dealt with; what was found.
    DealtWith(String),
    /// Nobody is free.
    NobodyFree,
}

impl Said {
    /// The words.
    pub fn words(&self) -> String {
        match self {
            Said::OnTheWay => "on the way".into(),
            Said::Arrived => "arrived".into(),
            Said::DealtWith(finding) => format!("dealt with: {finding}"),
            Said::NobodyFree => "nobody free".into(),
        }
    }
}

/// The radio channel: half duplex, one talker at a time, the others wait.
#[derive(Resource, Default, Debug)]
pub struct Radio {
    free_at: Ms,
}

impl Radio {
    /// Talks as soon as the channel is free; returns when it has been said. A message and its read-back take 4 to 9 s.
    pub fn talk(&mut self, at: Ms, draw: &mut Draw) -> Ms {
        let start = self.free_at.max(at);
        self.free_at = start + Ms::from_seconds(draw.between(4.0, 9.0));
        self.free_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{AgentKey, Dice};

    #[test]
    fn two_talkers_wait_for_each_other() {
        let mut draw = Dice::new(1).draw(AgentKey(1), "radio", 0);
        let mut radio = Radio::default();
        let first = radio.talk(Ms(1000), &mut draw);
        let second = radio.talk(Ms(1500), &mut draw);
        assert!(first.0 >= 5000 && second.0 >= first.0 + 4000);
        assert!(radio.talk(Ms(100_000), &mut draw).0 <= 109_000);
    }
}
