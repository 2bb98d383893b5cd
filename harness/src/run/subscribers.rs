//! Those who hear the gateway beside the observer while it is loaded: who is away, who reads slowly, and what they missed.

use std::time::Duration;

use crate::words::counted;
use palisade_load::subscribe::{self, Account, CONTROL, Loss, Pattern, Settings, SoFar, Subscribers};

use super::part::Part;
use crate::drivers::fleet::Common;
use crate::latency;
use crate::record::{Micros, Subscribed, SubscriberCounts, SubscriberLoss};
use crate::shape::{Habit, Shape, Subscriber};

/// Losses that a report shows one by one, and the characters of a payload.
const SHOWN: usize = 20;
const PAYLOAD: usize = 200;

/// Begins to listen, when the shape has subscribers and the gateway can be heard by others.
pub(super) fn listen(part: &Part<'_>, shape: &Shape) -> Result<Option<Subscribers>, String> {
    if shape.subscriber.is_empty() || part.heard_on.is_empty() {
        return Ok(None);
    }
    let to = part.address.resolve().map_err(|error| format!("{}: {error}", part.address))?;
    let all = shape.subscriber.iter().map(subscriber).collect();
    let settings = Settings { prefix: prefix(part), ..Settings::new(to, part.heard_on.clone(), all) };
    Subscribers::listen(&settings).map(Some).map_err(|error| error.to_string())
}

/// What their client ids begin with, before `-` and the name.
fn prefix(part: &Part<'_>) -> String {
    format!("palisade-{}", part.common.run)
}

/// What the programs of the gateway say of messages that they gave up for a subscriber.
pub(super) fn gives_up(part: &Part<'_>, one: &subscribe::Subscriber) -> Vec<String> {
    part.processes.gives_up(&format!("{}-{}", prefix(part), one.name))
}

fn subscriber(one: &Subscriber) -> subscribe::Subscriber {
    let of = |time: &palisade_sim::model::scenario::Duration| Duration::from_millis(time.0.0.unsigned_abs());
    let habit = match &one.what {
        Habit::Away { at, lasts } => subscribe::Habit::Away { at: of(at), lasts: of(lasts) },
        Habit::Slow { at, lasts, bytes_per_s } => {
            subscribe::Habit::Slow { at: of(at), lasts: of(lasts), bytes_per_s: *bytes_per_s }
        }
    };
    subscribe::Subscriber { name: one.name.clone(), habit }
}

/// What became of the gateway's messages for one of them, and what its programs `said` of it. Instants are on the run's
/// clock.
pub(super) fn account(
    one: &subscribe::Subscriber,
    account: &Account,
    (start_us, said): (Micros, Vec<String>),
) -> Subscribed {
    let us = |time: Duration| start_us + time.as_micros() as Micros;
    Subscribed {
        stretch_us: one.habit.stretch().map(|(from, to)| (us(from), us(to))),
        counts: SubscriberCounts {
            name: one.name.clone(),
            did: did(one.habit),
            owed: account.owed,
            lost: account.lost,
            losses: account.losses.iter().take(SHOWN).map(loss).collect(),
            why: why(account, said),
            repeated: account.repeated,
            duplicates: account.duplicates,
            out_of_order: account.out_of_order,
            said_meanwhile: account.said_meanwhile,
            waiting_max: account.waiting_max,
            drained_ms: account.drained.map(|time| time.as_secs_f64() * 1_000.0),
            session_kept: account.kept,
            broke: account.broke,
            reasons: account.reasons.clone(),
        },
        behind: latency::Series::pack(account.behind.histogram()).unwrap_or_default(),
    }
}

/// The same of all of them while they listen: what the gateway's programs say of it is not asked yet.
pub(super) fn so_far(common: &Common, all: &SoFar) -> Vec<Subscribed> {
    let Some(start) = all.start() else { return Vec::new() };
    let (start_us, driven) = (common.clock.at(start), start.elapsed());
    let known = all.accounts().into_iter().filter(|(one, _)| is_over(one, driven));
    known.map(|(one, by_now)| account(&one, &by_now, (start_us, Vec::new()))).collect()
}

/// Whether it hears as the others do from now on: of whoever is still away or slow nothing is known.
pub(super) fn is_over(one: &subscribe::Subscriber, driven: Duration) -> bool {
    one.habit.stretch().is_none_or(|(_, until)| until <= driven)
}

fn loss(loss: &Loss) -> SubscriberLoss {
    let (topic, payload) = loss.words.clone().unwrap_or_default();
    SubscriberLoss {
        said_s: loss.said.as_secs_f64(),
        topic,
        payload: String::from_utf8_lossy(&payload).chars().take(PAYLOAD).collect(),
        waiting: loss.waiting,
    }
}

/// What can be known of why messages never came.
fn why(account: &Account, said: Vec<String>) -> Vec<String> {
    let mut why = Vec::new();
    if account.lost == 0 {
        return why;
    }
    match account.pattern {
        _ if account.kept == Some(false) => {
            why.push("the gateway had forgotten its session".to_owned());
        }
        Some(Pattern::All) => why.push("nothing of what was said meanwhile came".to_owned()),
        Some(Pattern::Newest(came)) => {
            why.push(format!(
                "of what was said meanwhile the first {came} came and nothing after: there was no more room"
            ));
        }
        Some(Pattern::Oldest(came)) => {
            why.push(format!("of what was said meanwhile the last {came} came: the oldest made room"));
        }
        Some(Pattern::Scattered) | None => {}
    }
    let waited = account.losses.iter().map(|loss| loss.waiting).min().filter(|least| *least > 0);
    why.extend(waited.map(|least| format!("each was said while {least} or more waited for it already")));
    if account.broke > 0 {
        why.push(format!("its connection broke {}", counted(account.broke, "time")));
    }
    why.extend(said);
    if why.is_empty() {
        why.push("nothing that can be seen from outside tells why".to_owned());
    }
    why
}

fn did(habit: subscribe::Habit) -> String {
    let from = |(at, lasts): (Duration, Duration)| {
        format!("from {:.1} s on for {:.1} s", at.as_secs_f64(), lasts.as_secs_f64())
    };
    match habit {
        subscribe::Habit::Reads => "was always there".into(),
        subscribe::Habit::Away { at, lasts } => format!("was away {}", from((at, lasts))),
        subscribe::Habit::Slow { at, lasts, bytes_per_s: 0 } => format!("read nothing {}", from((at, lasts))),
        subscribe::Habit::Slow { at, lasts, bytes_per_s } => {
            format!("read {bytes_per_s} bytes a second {}", from((at, lasts)))
        }
    }
}

/// A sentence for each of them.
pub(super) fn sentences(all: &[Subscribed]) -> Vec<String> {
    all.iter().map(|one| sentence(&one.counts)).collect()
}

fn sentence(counts: &SubscriberCounts) -> String {
    let who =
        if counts.name == CONTROL { "the control".to_owned() } else { format!("subscriber {}", counts.name) };
    let owed = counted(counts.owed, "message");
    let mut said = format!("{who} {}: {owed} owed, {} lost", counts.did, counts.lost);
    let more = [
        (counts.repeated, "repeated and marked so"),
        (counts.duplicates, "heard twice"),
        (counts.out_of_order, "out of order"),
    ];
    said.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")));
    if counts.broke > 0 && counts.lost == 0 {
        said += &format!(", its connection broke {}", counted(counts.broke, "time"));
    }
    if counts.said_meanwhile > 0 {
        said += &format!(
            "; {} were said meanwhile, at most {} waited at once",
            counts.said_meanwhile, counts.waiting_max
        );
    }
    said.extend(counts.drained_ms.map(|ms| format!(", all heard {ms:.0} ms later")));
    if counts.session_kept == Some(false) && counts.lost == 0 {
        said += "; the gateway had forgotten its session";
    }
    said.extend(counts.why.iter().map(|why| format!("; {why}")));
    let first: Vec<String> = counts.losses.iter().take(3).map(SubscriberLoss::told).collect();
    if !first.is_empty() {
        said += &format!("; lost first: {}", first.join(", "));
    }
    said.extend(counts.reasons.iter().map(|(why, n)| format!("; {}: {why}", counted(n, "time"))));
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(pattern: Option<Pattern>, waiting: &[u64], kept: Option<bool>) -> Account {
        let loss = |waiting: &u64| Loss { said: Duration::from_secs(4), words: None, waiting: *waiting };
        let losses: Vec<Loss> = waiting.iter().map(loss).collect();
        Account { owed: 40, lost: losses.len() as u64, losses, pattern, kept, ..Account::default() }
    }

    #[test]
    fn why_something_was_lost_is_said_as_far_as_it_can_be_known() {
        let check = |account: &Account, said: &[&str], expected: &[&str]| {
            let said = said.iter().map(|line| (*line).to_owned()).collect();
            assert_eq!(why(account, said), expected);
        };
        check(&lost(None, &[], Some(false)), &[], &[]);
        let forgotten = lost(Some(Pattern::All), &[0, 0], Some(false));
        check(&forgotten, &[], &["the gateway had forgotten its session"]);
        let short = lost(Some(Pattern::Newest(9)), &[9, 10], Some(true));
        let room = "of what was said meanwhile the first 9 came and nothing after: there was no more room";
        let waited = "each was said while 9 or more waited for it already";
        check(&short, &["mosquitto says: dropped"], &[room, waited, "mosquitto says: dropped"]);
        let oldest = lost(Some(Pattern::Oldest(9)), &[0, 0], Some(true));
        check(&oldest, &[], &["of what was said meanwhile the last 9 came: the oldest made room"]);
        let chance = lost(Some(Pattern::Scattered), &[0, 3], Some(true));
        check(&chance, &[], &["nothing that can be seen from outside tells why"]);
    }
}
