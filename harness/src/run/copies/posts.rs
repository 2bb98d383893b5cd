//! What the gateway posted of copies to the city platform, held against what they said.

use std::collections::HashMap;

use super::Ledger;
use super::judge::Firsts;
use crate::latency::Series;
use crate::pairing::copies::{self, Heard, Told};
use crate::pairing::{Outcome, Posts};
use crate::record::{CopyFailure, LoadUpstream, Micros};
use crate::run::city::CopyPost;

/// What counts of the posts, message by message as what was heard.
pub(super) struct Posted {
    pub(super) heard: Vec<Heard>,
    /// Posts about what no copy can have said.
    pub(super) strays: usize,
}

/// Sorts posts, which stand in the order in which they came; the start is an instant of the run's clock.
pub(super) fn heard(posts: &[CopyPost], ledger: &Ledger, start_us: Micros) -> Posted {
    let mut all =
        Posted { heard: vec![Heard::default(); ledger.says.len() * ledger.copies as usize], strays: 0 };
    let mut so_far: HashMap<usize, Posts> = HashMap::new();
    for post in posts {
        match ledger.slot(post.copy, post.stimulus) {
            Some((place, slot)) => {
                if so_far.entry(slot).or_default().counts(post.received_us, post.acknowledged_us) {
                    let after_us = (post.received_us - start_us).max(0).unsigned_abs();
                    all.heard[slot].take(after_us * 1_000, ledger.names[place].differs(&post.read));
                }
            }
            None => all.strays += usize::from(!ledger.is_made(&post.id)),
        }
    }
    all
}

/// Judges the leg, and how long it took until the platform had what was said. `answered` is what is known of the answers
/// to the same, and `failure` puts a message into words.
pub(super) fn judge(
    leg: &copies::Crowd<'_>,
    strays: usize,
    (answered, failure): (&copies::Crowd<'_>, &dyn Fn(&Told) -> CopyFailure),
) -> (LoadUpstream, Series) {
    let (mut judged, mut took, mut firsts) = (LoadUpstream::default(), Series::default(), Firsts::default());
    leg.each(|told| {
        match told.outcome {
            Some(outcome) => judged.all.add(outcome),
            None => judged.all.taken += 1,
        }
        if let Some(heard_us) = told.heard_us.filter(|_| told.outcome != Some(Outcome::Wrong)) {
            took.take((heard_us - told.from_us).max(0));
        }
        firsts.take(told.outcome, || {
            let own = answered.one(told.copy, told.place).and_then(|told| told.outcome);
            let answered = own.map_or("taken", Outcome::word).to_owned();
            CopyFailure { answered: Some(answered), ..failure(told) }
        });
    });
    judged.failures = firsts.all();
    judged.all.spurious = strays + leg.unsaid();
    (judged, took)
}
