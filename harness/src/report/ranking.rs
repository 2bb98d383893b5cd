//! Compounds in the order in which they should be built, as a table with reasons.

use std::fmt::Write as _;

use palisade_sheets::thousands;
use palisade_sim::analysis::priority::{Ranked, Scale};
use palisade_sim::model::scenario::Purse;

/// The table, and the scale by which it was made.
pub fn table(ranked: &[Ranked], tier: &str, scale: &Scale) -> String {
    let (w, h) = (scale.weights, scale.half);
    let mut out = format!(
        "Which compound first, to tier {tier}. Points are 0 to 1; weights, half-values and prices are assumed ({}).\n\
         weights: willing {}, small {}, crimes {}; half a point at {} yuan, {} flats, {} crimes a year for each 1,000 \
         flats\n",
        scale.dated,
        w.willing,
        w.small,
        w.crimes,
        thousands(h.cost_yuan),
        thousands(h.households),
        h.crimes_per_1000_households,
    );
    for one in ranked {
        let place = one.place.map_or("-".to_owned(), |place| place.to_string());
        let points = one.points.map_or("not ranked".to_owned(), |points| format!("{points:.2}"));
        let _ = writeln!(out, "\n{place:>3}  {}  {points}", one.name);
        for priority in &one.priorities {
            let points = priority.points.map_or("   -".to_owned(), |points| format!("{points:.2}"));
            let _ = writeln!(out, "     {:<8} {points}  {}", priority.name, priority.reason);
        }
        let payers: Vec<String> =
            one.pays.iter().map(|p| format!("{} {} yuan", purse(p.who), thousands(p.yuan))).collect();
        let pays = if payers.is_empty() { "nobody has said".to_owned() } else { payers.join(", ") };
        let short = match one.short_yuan {
            Some(short) if short > 0.0 => format!("; {} yuan short", thousands(short)),
            _ => String::new(),
        };
        let _ = writeln!(out, "     pays     {pays}{short}");
    }
    out
}

fn purse(who: Purse) -> &'static str {
    match who {
        Purse::Owners => "owners (业主)",
        Purse::Developer => "developer (开发商)",
        Purse::Public => "public money (财政)",
        Purse::Crowdfunding => "crowdfunding (众筹)",
    }
}
