//! Figures of those who hear the gateway beside the observer, and are away or slow: `subscribers.lost`,
//! `subscribers.behind.p99`, `subscribers.meanwhile.p99`.

use crate::words::counted;

use super::figure::{Figure, What, of_series};
use super::reason::list;
use crate::latency::Series;
use crate::record::SubscriberCounts;

/// What they heard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubscriberFacts {
    /// Of each: the control first.
    pub counts: Vec<SubscriberCounts>,
    /// By how much the others heard later than the control.
    pub behind: Series,
    /// How long the compound's own answers took meanwhile.
    pub meanwhile: Series,
}

/// One of the counts.
fn count(word: &str) -> Option<fn(&SubscriberCounts) -> u64> {
    Some(match word {
        "owed" => |one| one.owed,
        "lost" => |one| one.lost,
        "repeated" => |one| one.repeated,
        "duplicates" => |one| one.duplicates,
        "out_of_order" => |one| one.out_of_order,
        "broke" => |one| one.broke,
        "waiting" => |one| one.waiting_max,
        _ => return None,
    })
}

/// The figure behind `subscribers.`; nothing when there is no such name.
pub(super) fn figure(rest: &str, facts: Option<&SubscriberFacts>) -> Option<Figure> {
    let none = SubscriberFacts::default();
    let known = facts.unwrap_or(&none);
    let nobody =
        "no shape of the load has subscribers, or the gateway's answers come over no broker; see --shape";
    let of = |value: Option<f64>, why_not: &str| {
        let why_not = if facts.is_none() { nobody } else { why_not }.to_owned();
        let what = What::Subscribers(rest.to_owned());
        Some(Figure { class: None, what, value: value.filter(|_| facts.is_some()), why_not })
    };
    if let Some((path, which)) = rest.split_once('.') {
        let (series, empty) = match path {
            "behind" => (&known.behind, "they heard nothing"),
            "meanwhile" => (&known.meanwhile, "the compound had no answer while they were away or slow"),
            _ => return None,
        };
        let (value, too_few) = of_series(series, which)?;
        return of(value, too_few.as_deref().unwrap_or(empty));
    }
    if rest == "drained" {
        let longest = known.counts.iter().filter_map(|one| one.drained_ms).reduce(f64::max);
        return of(longest, "nothing had waited for them, or nothing of it came");
    }
    let each = known.counts.iter().map(count(rest)?);
    let value = if rest == "waiting" { each.max() } else { Some(each.sum()) };
    of(value.map(|value| value as f64), nobody)
}

/// Whether it is a time, ms.
pub(super) fn is_time(rest: &str) -> bool {
    rest == "drained" || rest.contains('.')
}

/// Why a threshold on it does not hold.
pub(super) fn sentence(rest: &str, found: &str, must: &str, facts: Option<&SubscriberFacts>) -> String {
    let counts = facts.map_or(&[][..], |facts| &facts.counts);
    let Some(of) = count(rest) else {
        let what = match rest.split_once('.') {
            Some(("behind", _)) => "later than the control",
            Some(_) => "the compound's answers while subscribers were away or slow",
            None => "until all that had waited was heard",
        };
        return format!("subscribers.{rest} ({what}) is {found}, must be {must}");
    };
    let hit = counts.iter().filter(|one| of(one) > 0);
    let told = |one: &SubscriberCounts| {
        let first = one.losses.first().filter(|_| rest == "lost");
        let first =
            first.map_or_else(String::new, |loss| format!("; {}; first {}", one.why.join("; "), loss.told()));
        format!("{} ({}): {} of {}{first}", one.name, one.did, of(one), one.owed)
    };
    let names: Vec<String> = hit.map(told).collect();
    format!(
        "{} to subscribers {} (must be {must}): {}",
        counted(found, "message"),
        rest.replace('_', " "),
        list(&names)
    )
}
