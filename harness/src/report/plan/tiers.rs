//! How a compound stands to the tiers for its kind: what is met in a word, what is missing line by line.

use std::fmt::Write as _;

use palisade_sim::analysis::rules::Status;
use palisade_sim::analysis::tiers::TierAnswer;

use super::thousands;

/// A line for each tier, and one for each item that it lacks.
pub(super) fn table(tiers: &[TierAnswer]) -> String {
    let mut out = String::new();
    for tier in tiers {
        let of = |status: Status| tier.items.iter().filter(move |i| i.status == status);
        let (met, missing) = (of(Status::Pass).count(), of(Status::Fail).count());
        let price = match missing {
            0 => "met".to_owned(),
            _ => format!("{missing} not, about {} yuan to it", thousands(tier.cost_yuan)),
        };
        let _ = writeln!(
            out,
            "\nTier {} {} (counts and prices assumed, {}): {met} of {} items met, {price}.",
            tier.name,
            tier.name_zh,
            tier.dated,
            met + missing,
        );
        for item in of(Status::Fail) {
            let _ = writeln!(
                out,
                "  FAIL {:>2} {}\n            {} {} where {} are asked for; {} yuan",
                item.system,
                item.title,
                thousands(item.found),
                item.unit,
                thousands(item.demanded),
                thousands(item.cost_yuan),
            );
        }
    }
    out
}
