//! Figures of the leg to the city platform: `upstream.missed`, `upstream.response.p99`.

use std::collections::BTreeMap;

use super::figure::{Figure, What, count, of_series};
use super::reason::list;
use crate::latency::Series;
use crate::pairing::{Outcome, Tally};

/// What became of the alarms that the city platform must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpstreamFacts {
    /// Counts.
    pub tally: Tally,
    /// From a message's intended instant to the post that was acknowledged.
    pub response: Series,
    /// Names for a reader, by what became of them.
    pub named: BTreeMap<Outcome, Vec<String>>,
}

/// The figure behind `upstream.`; nothing when there is no such name.
pub(super) fn figure(rest: &str, facts: Option<&UpstreamFacts>) -> Option<Figure> {
    let none = UpstreamFacts::default();
    let known = facts.unwrap_or(&none);
    let missing = "the gateway's contract has no `[upstream]`";
    let of = |value: Option<f64>, why_not: String| {
        let what = What::Upstream(rest.to_owned());
        Some(Figure { class: None, what, value: value.filter(|_| facts.is_some()), why_not })
    };
    if let Some(which) = rest.strip_prefix("response.") {
        let (value, too_few) = of_series(&known.response, which)?;
        let why_not =
            if facts.is_none() { missing.into() } else { too_few.unwrap_or("no alarm came".into()) };
        return of(value, why_not);
    }
    let (_, value) = count(rest, &known.tally)?;
    of(Some(value as f64), missing.into())
}

/// Why a threshold on it does not hold.
pub(super) fn sentence(rest: &str, found: &str, must: &str, facts: Option<&UpstreamFacts>) -> String {
    let expected = facts.map_or(0, |f| f.tally.expected);
    let singular = if rest == "duplicates" { "duplicate" } else { rest };
    let outcome = Outcome::ALL.into_iter().find(|o| o.word() == singular);
    let names = facts.zip(outcome).and_then(|(facts, outcome)| facts.named.get(&outcome));
    let names = names.map_or(String::new(), |names| format!(": {}", list(names)));
    if rest.starts_with("response.") {
        return format!("upstream.{rest} (from the message to the city platform) is {found}, must be {must}");
    }
    format!(
        "{found} of {expected} alarms for the city platform {} (must be {must}){names}",
        singular.replace('_', " ")
    )
}
