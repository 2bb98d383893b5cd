//! Which way an intruder takes: any, the quickest, or the one on which he is least likely to be seen.

use crate::model::cast::Policy;
use crate::words::Draw;

/// What he weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// Time from his first step to the target, s.
    pub seconds: f64,
    /// Chance of being seen on the way, 0..1.
    pub seen: f64,
}

/// Chances this near to each other are alike to him, and so are times, as a share of the best.
const ALIKE: [f64; 2] = [0.02, 0.05];

/// The chosen offer; nothing when there is none. Among alike ones the covert takes the quicker, and everybody draws
/// among those that are still alike.
pub fn choose(policy: Policy, offers: &[Offer], draw: &mut Draw) -> Option<usize> {
    let best = |of: &dyn Fn(&Offer) -> f64, rows: &[usize]| {
        rows.iter().map(|n| of(&offers[*n])).fold(f64::INFINITY, f64::min)
    };
    let all: Vec<usize> = (0..offers.len()).collect();
    let quick = |rows: Vec<usize>| -> Vec<usize> {
        let limit = best(&|o| o.seconds, &rows) * (1.0 + ALIKE[1]);
        rows.into_iter().filter(|n| offers[*n].seconds <= limit).collect()
    };
    let fitting = match policy {
        Policy::Random => all,
        Policy::Rushing => quick(all),
        Policy::Covert => {
            let limit = best(&|o| o.seen, &all) + ALIKE[0];
            quick(all.into_iter().filter(|n| offers[*n].seen <= limit).collect())
        }
    };
    draw.pick(&fitting).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{AgentKey, Dice};

    const OFFERS: [Offer; 4] = [
        Offer { seconds: 60.0, seen: 0.9 },
        Offer { seconds: 300.0, seen: 0.1 },
        Offer { seconds: 200.0, seen: 0.11 },
        Offer { seconds: 100.0, seen: 0.5 },
    ];

    fn choices(policy: Policy) -> Vec<usize> {
        let mut all: Vec<usize> = (0..60)
            .filter_map(|n| choose(policy, &OFFERS, &mut Dice::new(n).draw(AgentKey::of("i"), "way", 0)))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    #[test]
    fn each_policy_takes_what_it_looks_for() {
        assert_eq!(choices(Policy::Rushing), [0]);
        assert_eq!(choices(Policy::Covert), [2], "as covert as the slower one");
        assert_eq!(choices(Policy::Random), [0, 1, 2, 3]);
        assert_eq!(choose(Policy::Covert, &[], &mut Dice::new(1).draw(AgentKey::of("i"), "way", 0)), None);
    }
}
