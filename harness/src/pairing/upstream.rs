//! The upstream leg: which alarm reached the city platform, and what was posted although it was acknowledged.

use std::collections::BTreeMap;

use crate::record::{Forwarded, Micros, Observation};

/// What of the posts counts as an answer. A post that was refused or not answered must be made again, so it counts for
/// nothing; one that left before the acknowledgement of an earlier one had is rightly made; one after it is a duplicate.
pub fn acknowledged(posts: &[Forwarded]) -> Vec<Observation> {
    let mut sorted: Vec<&Forwarded> = posts.iter().filter(|p| p.answered != "odd").collect();
    sorted.sort_by_key(|p| p.received_us);
    // Until when a repetition is right, by what the post is about.
    let mut taken: BTreeMap<String, Option<Micros>> = BTreeMap::new();
    let mut counted = Vec::new();
    for post in sorted {
        let key = post.correlation.clone().unwrap_or_else(|| format!("{} {}", post.device, post.signal));
        let yes = post.answered == "taken" || post.answered == "slow";
        let acknowledged = yes && post.answered_us.is_some();
        // Without an id the same words can be another alarm: only an id makes two posts one.
        let before = taken.get(&key).filter(|_| post.correlation.is_some());
        let counts = match before {
            None => acknowledged,
            Some(ack) => ack.is_some_and(|ack| post.received_us > ack),
        };
        if acknowledged && before.is_none() {
            taken.insert(key, post.answered_us);
        }
        if counts {
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
