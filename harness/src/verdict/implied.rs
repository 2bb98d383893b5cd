//! What holds in every run, also where the scenario has no word for it.

use palisade_sim::model::drive::Thresholds;

use super::{Evidence, load};

/// What a threshold that nobody typed says.
const NONE: &str = "== 0";
/// Follows the reason when it does not hold.
pub(super) const REMEDY: &str =
    "; nobody typed this threshold: name the figure under [thresholds] to ask for another";
/// Of every gateway.
const ALWAYS: [&str; 6] = ["missed", "wrong", "duplicate", "out_of_order", "late", "spurious"];
/// Wherever commands are owed.
const COMMANDS: [&str; 1] = ["commands.missed"];
/// Wherever there is a city platform.
const UPSTREAM: [&str; 3] = ["upstream.missed", "upstream.duplicates", "upstream.late"];
/// Wherever somebody subscribes.
const SUBSCRIBERS: [&str; 1] = ["subscribers.lost"];

/// The thresholds that hold unasked: all that speak of what is there, without those whose figure is named. One of a single device class
/// names another figure.
pub(super) fn implied(
    thresholds: &Thresholds,
    evidence: &Evidence<'_>,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = |there: bool, names: &'static [&'static str]| if there { names } else { &[] };
    let of_load = load::implied(evidence.load);
    let all = [
        &ALWAYS[..],
        of(!evidence.commands.paired.due.is_empty(), &COMMANDS),
        of(evidence.upstream.is_some(), &UPSTREAM),
        of(evidence.subscribers.is_some(), &SUBSCRIBERS),
        &of_load,
    ];
    let named = |name: &str| thresholds.keys().any(|typed| singular(typed) == singular(name));
    all.concat()
        .into_iter()
        .filter(|name| !named(name))
        .map(|name| (name, NONE))
        .collect::<Vec<_>>()
        .into_iter()
}

/// `duplicate` and `duplicates` are one figure.
fn singular(name: &str) -> &str {
    name.strip_suffix('s').filter(|name| name.ends_with("duplicate")).unwrap_or(name)
}
