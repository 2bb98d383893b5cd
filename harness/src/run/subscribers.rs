//! Those who hear the gateway beside the observer while it is loaded: who is away, who reads slowly, and what they missed.

use std::time::Duration;

use palisade_load::subscribe::{self, Account, CONTROL, Settings, Subscribers};

use super::part::Part;
use crate::latency;
use crate::record::{Micros, Subscribed, SubscriberCounts};
use crate::shape::{Habit, Shape, Subscriber};

/// Begins to listen, when the shape has subscribers and the gateway can be heard by others.
pub(super) fn listen(part: &Part<'_>, shape: &Shape) -> Result<Option<Subscribers>, String> {
    if shape.subscriber.is_empty() || part.heard_on.is_empty() {
        return Ok(None);
    }
    let to = part.address.resolve().map_err(|error| format!("{}: {error}", part.address))?;
    let all = shape.subscriber.iter().map(subscriber).collect();
    let prefix = format!("palisade-{}", part.common.run);
    let settings = Settings { prefix, ..Settings::new(to, part.heard_on.clone(), all) };
    Subscribers::listen(&settings).map(Some).map_err(|error| error.to_string())
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

/// What became of the gateway's messages for one of them. Instants are on the run's clock.
pub(super) fn account(one: &subscribe::Subscriber, account: &Account, start_us: Micros) -> Subscribed {
    let us = |time: Duration| start_us + time.as_micros() as Micros;
    Subscribed {
        stretch_us: one.habit.stretch().map(|(from, to)| (us(from), us(to))),
        counts: SubscriberCounts {
            name: one.name.clone(),
            did: did(one.habit),
            owed: account.owed,
            lost: account.lost,
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
    let mut said = format!("{who} {}: {} messages owed, {} lost", counts.did, counts.owed, counts.lost);
    let more = [
        (counts.repeated, "repeated and marked so"),
        (counts.duplicates, "heard twice"),
        (counts.out_of_order, "out of order"),
        (counts.broke, "times its connection broke"),
    ];
    said.extend(more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!(", {n} {what}")));
    if counts.said_meanwhile > 0 {
        said += &format!(
            "; {} were said meanwhile, at most {} waited at once",
            counts.said_meanwhile, counts.waiting_max
        );
    }
    said.extend(counts.drained_ms.map(|ms| format!(", all heard {ms:.0} ms later")));
    if counts.session_kept == Some(false) {
        said += "; the gateway had forgotten its session";
    }
    said.extend(counts.reasons.iter().map(|(why, n)| format!("; {n} times: {why}")));
    said
}
