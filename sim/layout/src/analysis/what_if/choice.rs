//! Which variants are asked where there are more than wanted: every sort keeps its share, and at least one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::variants::Variant;
use crate::words::{AgentKey, Dice};

/// Variants of one sort: how many there are, and how many of them are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// What goes wrong, in words: `camera out`, `lamp out`.
    pub what: String,
    /// How many of them there are; nothing for what is drawn without an end, as parked vans are.
    pub there: Option<usize>,
    /// How many are asked.
    pub asked: usize,
}

/// Of each list at most so many, all together about `count`. Where all of them are no more than that, all; else each has
/// its share of the whole, by largest remainder, but at least one.
pub(super) fn shares(sizes: &[usize], count: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    if all <= count {
        return sizes.to_vec();
    }
    let mut shares: Vec<usize> = sizes.iter().map(|size| (size * count / all).max(1).min(*size)).collect();
    let mut by_rest: Vec<usize> = (0..sizes.len()).filter(|i| shares[*i] < sizes[*i]).collect();
    by_rest.sort_by_key(|i| std::cmp::Reverse(sizes[*i] * count % all));
    let left = count.saturating_sub(shares.iter().sum());
    by_rest.into_iter().take(left).for_each(|i| shares[i] += 1);
    // What the small lists have beyond their share, the largest go without.
    while shares.iter().sum::<usize>() > count {
        match shares.iter_mut().max().filter(|most| **most > 1) {
            Some(most) => *most -= 1,
            None => break,
        }
    }
    shares
}

/// So many of a list, drawn by a seed; they keep their order.
pub(super) fn some(mut all: Vec<Variant>, count: usize, seed: u64, what: &str) -> Vec<Variant> {
    let mut draw = Dice::new(seed).draw(AgentKey::of("what-if"), what, 0);
    while all.len() > count {
        all.remove(draw.below(all.len()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_keeps_its_share_and_none_is_dropped() {
        for (sizes, count, expected) in [
            (vec![3, 2, 1], 6, vec![3, 2, 1]),
            (vec![3, 2, 1], 100, vec![3, 2, 1]),
            (vec![60, 30, 10], 50, vec![30, 15, 5]),
            (vec![98, 1, 1], 50, vec![48, 1, 1]),
            (vec![70, 20, 10, 0], 10, vec![7, 2, 1, 0]),
            (vec![5, 5, 5], 0, vec![1, 1, 1]),
        ] {
            assert_eq!(shares(&sizes, count), expected, "{sizes:?} {count}");
        }
    }
}
