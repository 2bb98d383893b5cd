//! The leg from the gateway to the city platform, as data and in a sentence.

use std::collections::{BTreeMap, BTreeSet};

use crate::words::counted;

use super::assemble::{Names, Part, failed, failure_text};
use super::folder::Folder;
use super::model::{CopyPosts, Spread, UpstreamPart};
use crate::latency::Series;
use crate::pairing::{Given, Outcome, Tally, Ways, acknowledged, pair_in_any_order};
use crate::record::{Expected, Forwarded};
use crate::verdict::{Message, UpstreamFacts};
use crate::wire::id::read_copy;

/// Failures told one by one; the counts hold all.
const FAILURES: usize = 2_000;

/// The leg, paired and measured.
pub(super) struct Leg {
    pub(super) facts: UpstreamFacts,
    messages: Vec<Message>,
}

/// Pairs what must be passed on with what the platform acknowledged. Nothing when the run has no platform.
pub(super) fn leg(folder: &Folder, names: &Names<'_>, main: &Part) -> Option<Leg> {
    let journal = &folder.journal;
    let city = journal.city.as_ref()?;
    let loud = main.messages.iter().filter(|m| city.severity.contains(&m.answer.severity));
    let expected: Vec<Expected> = loud
        .map(|m| Expected {
            stimulus: m.answer.stimulus,
            device: m.answer.device,
            part: city.part.clone(),
            intended_us: m.answer.intended_us,
            severity: m.answer.severity,
            deadline_us: city.deadline_us,
            correlate: Vec::new(),
        })
        .collect();
    let left: Vec<_> = journal.left.iter().filter(|l| l.part == city.part).cloned().collect();
    let posts = journal.forwarded.iter().filter(|f| f.part == city.part && of_copy(names.run, f).is_none());
    let posts: Vec<Forwarded> = posts.cloned().collect();
    // A post that was refused comes again, behind others.
    let pairing = pair_in_any_order(Given {
        run: names.run,
        expected: &expected,
        left: &left,
        observed: &acknowledged(&posts),
        facts: &names.facts,
        outages: &main.outages,
        ways: &Ways::default(),
        listened_until_us: journal.listened_until_us(),
    });
    let messages: Vec<Message> = pairing.answers.iter().map(|a| names.message(a)).collect();
    let mut response = Series::default();
    let in_any_way = messages.iter().filter(|m| m.answer.outcome != Outcome::Wrong);
    in_any_way
        .filter_map(|m| Some(m.answer.observed_us? - m.answer.intended_us))
        .for_each(|us| response.take(us));
    let mut named: BTreeMap<Outcome, Vec<String>> = BTreeMap::new();
    for message in &messages {
        named.entry(message.answer.outcome).or_default().push(message.name());
    }
    let facts = UpstreamFacts { tally: pairing.tally(), response, named };
    Some(Leg { facts, messages })
}

/// The id of a copy's message that a post is about.
fn of_copy<'a>(run: &str, post: &'a Forwarded) -> Option<&'a str> {
    let id = post.correlation.as_deref()?;
    read_copy(run, id).map(|_| id)
}

/// Posts about the copies of the compound.
fn copies(folder: &Folder) -> CopyPosts {
    let journal = &folder.journal;
    let run = journal.start.as_ref().map_or("", |start| start.run.as_str());
    let of = journal.forwarded.iter().filter_map(|post| Some((of_copy(run, post)?, post)));
    let acknowledged = of.clone().filter(|(_, post)| post.answered_us.is_some());
    let messages: BTreeSet<&str> = acknowledged.map(|(id, _)| id).collect();
    let judged = super::load::copies(journal.load.as_ref());
    let outcomes = judged.as_ref().and_then(|load| Some(load.answers.upstream.as_ref()?.all));
    let response_ms = judged.map_or_else(Spread::default, |load| Spread::of(&load.posted));
    CopyPosts { posts: of.count(), messages: messages.len(), outcomes, response_ms }
}

/// The part of the report.
pub(super) fn part(folder: &Folder, leg: &Leg) -> UpstreamPart {
    let journal = &folder.journal;
    let mut posts: BTreeMap<String, usize> = BTreeMap::new();
    for post in &journal.forwarded {
        *posts.entry(post.answered.clone()).or_default() += 1;
    }
    let bad = leg.messages.iter().filter(|m| m.answer.outcome != Outcome::Answered);
    let defects = journal.city.as_ref().map(|city| city.defects.clone()).unwrap_or_default();
    let (outcomes, copies) = (leg.facts.tally, copies(folder));
    UpstreamPart {
        outcomes,
        response_ms: Spread::of(&leg.facts.response),
        failures: bad.take(FAILURES).map(|m| failed(m, failure_text(m, &leg.messages))).collect(),
        told: told(&leg.facts, (&posts, &copies), &defects),
        posts,
        copies,
        defects,
    }
}

fn told(
    facts: &UpstreamFacts,
    (posts, copies): (&BTreeMap<String, usize>, &CopyPosts),
    defects: &str,
) -> String {
    let all = posts.values().sum::<usize>() - copies.posts;
    let mut told = format!("{}, with {}", leg_told(&facts.tally, ""), counted(all, "post"));
    told += &bad_told(&facts.tally);
    if let Some(tally) = copies.outcomes.filter(|tally| tally.expected > 0) {
        let posts = counted(copies.posts, "post");
        told += &format!("; {}, with {posts}{}", leg_told(&tally, " of the copies"), bad_told(&tally));
    } else if copies.posts > 0 {
        told += &format!(
            "; {} of the copies came with {}, and are not judged",
            counted(copies.messages, "message"),
            counted(copies.posts, "post")
        );
    }
    if !defects.is_empty() {
        told += &format!("; the platform on purpose: {defects}");
    }
    told
}

fn leg_told(tally: &Tally, whose: &str) -> String {
    let alarms = counted(tally.expected, "alarm");
    format!("{} of {alarms}{whose} reached the city platform once and in time", tally.answered)
}

fn bad_told(tally: &Tally) -> String {
    let bad = [
        (tally.missed, "missed"),
        (tally.late, "late"),
        (tally.duplicate, "posted again though acknowledged"),
        (tally.spurious, "posted for no alarm of this run"),
    ];
    bad.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("; {n} {what}")).collect()
}
