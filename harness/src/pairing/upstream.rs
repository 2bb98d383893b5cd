//! The upstream leg: which alarm reached the city platform, and what was posted although it was acknowledged.

use std::collections::BTreeMap;

use crate::record::{Forwarded, Micros, Observation};

/// The posts of one message so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posts {
    /// When the platform had first said that it has it.
    acknowledged_us: Option<Micros>,
}

impl Posts {
    /// Whether the next post counts as an answer, by when it came and when it was acknowledged, if it was. One that was refused
    /// or not answered must be made again, so it counts for nothing; one that left before the acknowledgement of an earlier
    /// one had is rightly made; one after it is a duplicate.
    pub fn counts(&mut self, received_us: Micros, acknowledged_us: Option<Micros>) -> bool {
        match self.acknowledged_us {
            Some(before) => received_us > before,
            None => {
                self.acknowledged_us = acknowledged_us;
                acknowledged_us.is_some()
            }
        }
    }
}

/// When the platform said that it has what was posted, if it did.
pub fn acknowledged_us(answered: &str, answered_us: Option<Micros>) -> Option<Micros> {
    answered_us.filter(|_| answered == "taken" || answered == "slow")
}

/// What of the posts counts as an answer: see [`Posts`]. Without an id the same words can be another alarm: only an id makes
/// two posts one.
pub fn acknowledged(posts: &[Forwarded]) -> Vec<Observation> {
    let mut sorted: Vec<&Forwarded> = posts.iter().filter(|p| p.answered != "odd").collect();
    sorted.sort_by_key(|p| p.received_us);
    let mut by_id: BTreeMap<&str, Posts> = BTreeMap::new();
    let mut counted = Vec::new();
    for post in sorted {
        let mut alone = Posts::default();
        let posts = post.correlation.as_deref().map_or(&mut alone, |id| by_id.entry(id).or_default());
        if posts.counts(post.received_us, acknowledged_us(&post.answered, post.answered_us)) {
            counted.push(observation(post));
        }
    }
    counted
}

fn observation(post: &Forwarded) -> Observation {
    Observation {
        received_us: post.received_us,
        part: post.part.clone(),
        topic: "the city platform".into(),
        device: post.device.clone(),
        signal: post.signal.clone(),
        severity: post.severity,
        correlation: post.correlation.clone(),
        payload: post.payload.clone(),
        retained: false,
        clock_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(at: Micros, id: &str, answered: &str, answered_us: Option<Micros>) -> Forwarded {
        Forwarded {
            received_us: at,
            part: "main".into(),
            device: "beam-1".into(),
            signal: "beam_broken".into(),
            severity: None,
            correlation: (!id.is_empty()).then(|| id.to_owned()),
            payload: String::new(),
            answered: answered.into(),
            answered_us,
        }
    }

    #[test]
    fn only_what_was_acknowledged_counts_and_only_repetitions_after_it() {
        let check = |posts: &[Forwarded], expected: &[Micros]| {
            let at: Vec<Micros> = acknowledged(posts).iter().map(|o| o.received_us).collect();
            assert_eq!(at, expected, "{posts:?}");
        };
        check(&[post(1, "a", "taken", Some(2))], &[1]);
        check(&[post(1, "a", "refused", Some(2)), post(5, "a", "taken", Some(6))], &[5]);
        check(&[post(1, "a", "mute", None), post(5, "a", "down", None)], &[]);
        check(&[post(1, "a", "taken", Some(2)), post(5, "a", "taken", Some(6))], &[1, 5]);
        // Acknowledged after it was posted again: the gateway could not know.
        check(&[post(1, "a", "slow", Some(9)), post(5, "a", "taken", Some(6))], &[1]);
        check(&[post(1, "a", "slow", None), post(5, "a", "taken", Some(6))], &[5]);
        check(&[post(1, "a", "odd", Some(2))], &[]);
        check(&[post(1, "", "taken", Some(2)), post(5, "", "taken", Some(6))], &[1, 5]);
    }
}
