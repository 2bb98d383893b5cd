//! What chance alone would do.

use palisade_sim::words::{AgentKey, Dice, Draw};

/// Exchanges that are drawn for a test: the smallest p is one in so many.
const EXCHANGES: u32 = 4_000;
/// Draws for an interval.
const DRAWS: u32 = 1_000;

/// A second of driven time: latencies of the same messages in both runs, ms.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Block {
    pub(super) before: Vec<f64>,
    pub(super) after: Vec<f64>,
}

/// The value at rank `ceil(share x count)`; reorders the values.
pub fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    let rank = (share * values.len() as f64).ceil() as usize;
    let at = rank.clamp(1, values.len().max(1)) - 1;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(at, f64::total_cmp).1)
}

/// The same numbers for the same use, whoever asks.
fn draw(purpose: &str) -> Draw {
    Dice::new(0).draw(AgentKey::of("baseline"), purpose, 0)
}

/// Two-sided p of a quantile's change, when each block could as well have been the other way round.
pub(super) fn permuted(blocks: &[Block], share: f64) -> f64 {
    let seen = change(blocks.iter().map(|b| (b, false)), share).abs();
    let mut draw = draw("exchange");
    let mut at_least = 1_u32;
    for _ in 0..EXCHANGES {
        let exchanged = change(blocks.iter().map(|b| (b, draw.bits() & 1 == 1)), share).abs();
        // Sums that should be equal may differ in their last bit.
        at_least += u32::from(exchanged >= seen - 1e-9);
    }
    f64::from(at_least) / f64::from(EXCHANGES + 1)
}

/// Between what a quantile's change lies with 95 % confidence: blocks are drawn with replacement.
pub(super) fn interval(blocks: &[Block], share: f64) -> [f64; 2] {
    let mut draw = draw("interval");
    let mut changes: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let drawn: Vec<&Block> = blocks.iter().filter_map(|_| draw.pick(blocks)).collect();
            change(drawn.into_iter().map(|b| (b, false)), share)
        })
        .collect();
    [0.025, 0.975].map(|share| quantile(&mut changes, share).unwrap_or_default())
}

/// After minus before, of blocks of which some are the other way round.
fn change<'a>(blocks: impl Iterator<Item = (&'a Block, bool)>, share: f64) -> f64 {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (block, exchanged) in blocks {
        let (one, other) =
            if exchanged { (&block.after, &block.before) } else { (&block.before, &block.after) };
        before.extend_from_slice(one);
        after.extend_from_slice(other);
    }
    quantile(&mut after, share).unwrap_or_default() - quantile(&mut before, share).unwrap_or_default()
}

/// P-values adjusted so that the chance of one false finding among all is no more than each says (Holm 1979).
pub(super) fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut least: f64 = 0.0;
    for (rank, &i) in order.iter().enumerate() {
        least = least.max(p[i] * (p.len() - rank) as f64).min(1.0);
        adjusted[i] = least;
    }
    adjusted
}

/// One-sided p of a sum, when each of its parts could as well have had the other sign: as much, or more, by fair coins.
/// Exact. Parts of one each make it `McNemar`'s exact test.
pub(super) fn exchanged(parts: &[i64]) -> f64 {
    let seen: i64 = parts.iter().sum();
    // Probability of each sum from -reach to reach.
    let mut reach = 0;
    let mut chance = vec![1.0_f64];
    for part in parts.iter().map(|part| part.unsigned_abs() as usize).filter(|part| *part > 0) {
        let mut next = vec![0.0; chance.len() + 2 * part];
        for (i, share) in chance.iter().enumerate() {
            next[i] += share / 2.0;
            next[i + 2 * part] += share / 2.0;
        }
        (reach, chance) = (reach + part as i64, next);
    }
    // Added from the rarest on.
    let at_least = usize::try_from(seen + reach).unwrap_or_default();
    chance[at_least.min(chance.len() - 1)..].iter().rev().sum::<f64>().min(1.0)
}
