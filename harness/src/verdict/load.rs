//! Figures of the copies of the compound: `load.missed`, `load.response.p99`, `load.broke`.

use super::NotAssessed;
use super::figure::{Figure, What, count, of_series};
use super::reason::list;
use crate::latency::Series;
use crate::pairing::Outcome;
use crate::record::{CopyFailure, LoadAnswers, LoadCounts};

/// What the copies came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadFacts {
    /// What was counted of messages and connections.
    pub counts: LoadCounts,
    /// What became of the answers to them.
    pub answers: LoadAnswers,
    /// From the due instant of a message, or from its leaving where a storm had held it, to its answer.
    pub response: Series,
    /// The same to the post that the city platform acknowledged.
    pub posted: Series,
    /// How late the one who heard them came to what waited for it.
    pub hearing: Series,
}

/// One of the counts of messages and connections.
fn transport(word: &str) -> Option<fn(&LoadCounts) -> u64> {
    Some(match word {
        "left" => |one| one.left,
        "denied" => |one| one.denied,
        "unanswered" => |one| one.unanswered,
        "refused" => |one| one.refused,
        "unsent" => |one| one.unsent,
        "broke" => |one| one.broke,
        _ => return None,
    })
}

/// The figure behind `load.`; nothing when there is no such name.
pub(super) fn figure(rest: &str, facts: Option<&LoadFacts>) -> Option<Figure> {
    let none = LoadFacts::default();
    let known = facts.unwrap_or(&none);
    let heard = facts.is_some_and(|facts| facts.answers.heard);
    let of = |value: Option<f64>, is_known: bool, why_not: &str| {
        let why_not = match facts {
            None => "no copies of the compound spoke; see --fleet",
            Some(_) => why_not,
        };
        let what = What::Load(rest.to_owned());
        Some(Figure { class: None, what, value: value.filter(|_| is_known), why_not: why_not.to_owned() })
    };
    if let Some(of_transport) = transport(rest) {
        return of(Some(of_transport(&known.counts) as f64), facts.is_some(), "");
    }
    let why_not = format!("answers to the copies are not judged: {}", known.answers.why_not);
    if let Some(which) = rest.strip_prefix("response.") {
        let (value, too_few) = of_series(&known.response, which)?;
        let why_not = if heard { too_few.unwrap_or("no answer came".into()) } else { why_not };
        return of(value, heard, &why_not);
    }
    if let Some(rest) = rest.strip_prefix("upstream.") {
        let leg = known.answers.upstream.as_ref();
        let why_not = if heard { "the gateway's contract has no `[upstream]`".to_owned() } else { why_not };
        if let Some(which) = rest.strip_prefix("response.") {
            let (value, too_few) = of_series(&known.posted, which)?;
            let too_few = leg.map(|_| too_few.unwrap_or("no alarm came".into()));
            return of(value, leg.is_some(), &too_few.unwrap_or(why_not));
        }
        let (_, value) = count(rest, &leg.map(|leg| leg.all).unwrap_or_default())?;
        return of(Some(value as f64), leg.is_some(), &why_not);
    }
    let (_, value) = count(rest, &known.answers.all)?;
    of(Some(value as f64), heard, &why_not)
}

/// What the answers to copies are called among classes.
pub(super) const LOAD: &str = "load";

/// Whether a figure is one of answers to the copies.
pub(super) fn is_of_answers(what: &What) -> bool {
    matches!(what, What::Load(rest) if transport(rest).is_none())
}

/// Whether a figure is one of answers to the copies that cannot be held against the gateway: not all that came was heard.
pub(super) fn is_not_assessed(what: &What, facts: Option<&LoadFacts>) -> bool {
    is_of_answers(what) && facts.is_some_and(|facts| facts.answers.heard && !facts.answers.promised)
}

/// Why they are not assessed.
pub(super) fn not_assessed(facts: &LoadFacts) -> NotAssessed {
    let LoadAnswers { all, why_not, .. } = &facts.answers;
    NotAssessed {
        class: Some(LOAD.to_owned()),
        taken: all.taken,
        of: all.taken + all.expected,
        told: format!("what became of answers to the copies is not assessed: {why_not}"),
    }
}

/// Figures that must be 0 wherever the gateway owes every answer to the copies. Twice the day in half the time says nothing
/// about a deadline.
pub(super) fn implied(facts: Option<&LoadFacts>) -> Vec<&'static str> {
    const ANSWERS: [&str; 6] =
        ["load.missed", "load.duplicates", "load.wrong", "load.out_of_order", "load.spurious", "load.late"];
    const UPSTREAM: [&str; 3] = ["load.upstream.missed", "load.upstream.duplicates", "load.upstream.late"];
    let Some(facts) = facts.filter(|facts| facts.answers.heard && facts.answers.promised) else {
        return Vec::new();
    };
    let upstream = facts.answers.upstream.iter().flat_map(|_| UPSTREAM);
    let all = ANSWERS.into_iter().chain(upstream);
    all.filter(|name| facts.counts.compress <= 1 || !name.ends_with("late")).collect()
}

/// Why a threshold on it does not hold.
pub(super) fn sentence(rest: &str, found: &str, must: &str, facts: Option<&LoadFacts>) -> String {
    let Some(facts) = facts else { return format!("load.{rest} is {found}, must be {must}") };
    let (answers, counts) = (&facts.answers, &facts.counts);
    if transport(rest).is_some() {
        let why: Vec<String> = counts.reasons.iter().map(|(why, n)| format!("{why} ({n})")).collect();
        let why = if why.is_empty() { String::new() } else { format!("; connections broke: {}", list(&why)) };
        return format!("load.{rest} is {found} of the copies, must be {must}{why}");
    }
    if rest.starts_with("response.") {
        return format!("load.{rest} (answers to the copies) is {found}, must be {must}");
    }
    if let Some(rest) = rest.strip_prefix("upstream.") {
        return of_city(rest, (found, must), answers);
    }
    let singular = singular(rest);
    let said = format!(
        "{found} of {} answers to the {} copies {} (must be {must})",
        answers.all.expected,
        counts.copies,
        singular.replace('_', " ")
    );
    if rest == "spurious" {
        return format!("{said}: {}", list(&answers.spurious));
    }
    if answers.all.expected > 0 && answers.all.missed == answers.all.expected {
        let site = answers.copies.first().map_or("", |copy| copy.site.as_str());
        return format!(
            "{said}: none came at all; does the gateway serve other sites than the compound's, such as {site}? `load.{rest} = \
             \">= 0\"` asks for nothing"
        );
    }
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.word() == singular);
    let Some(outcome) = outcome else { return said };
    let named = named(&answers.failures, singular);
    let classes = answers.by_class.iter().map(|(class, tally)| (class, tally.of(outcome)));
    let classes: Vec<String> =
        classes.filter(|(_, n)| *n > 0).map(|(class, n)| format!("{class} {n}")).collect();
    let mut copies: Vec<_> = answers.copies.iter().filter(|copy| copy.outcomes.of(outcome) > 0).collect();
    copies.sort_by_key(|copy| std::cmp::Reverse(copy.outcomes.of(outcome)));
    let copies: Vec<String> =
        copies.iter().map(|copy| format!("{} {}", copy.site, copy.outcomes.of(outcome))).collect();
    format!("{said}: by class {}; by copy {}; {}", list(&classes), list(&copies), list(&named))
}

fn singular(rest: &str) -> &str {
    if rest == "duplicates" { "duplicate" } else { rest }
}

/// Messages that had an outcome.
fn named(failures: &[CopyFailure], outcome: &str) -> Vec<String> {
    let of = failures.iter().filter(|one| one.outcome == outcome);
    of.map(|one| format!("{} {} {}", one.device, one.signal, one.id)).collect()
}

/// Why a threshold on the leg to the city platform does not hold.
fn of_city(rest: &str, (found, must): (&str, &str), answers: &LoadAnswers) -> String {
    if rest.starts_with("response.") {
        return format!(
            "load.upstream.{rest} (from a copy's message to the city platform) is {found}, must be {must}"
        );
    }
    let leg = answers.upstream.as_ref();
    let singular = singular(rest);
    let names = named(leg.map_or(&[], |leg| leg.failures.as_slice()), singular);
    let names = if names.is_empty() { String::new() } else { format!(": {}", list(&names)) };
    format!(
        "{found} of {} alarms of the copies for the city platform {} (must be {must}){names}",
        leg.map_or(0, |leg| leg.all.expected),
        singular.replace('_', " ")
    )
}
