//! Defects that spoil what is said.

use std::collections::BTreeMap;

use palisade_sim::words::Dice;
use serde_json::Value;

use super::{Arrival, Flaw, InOrder, Saying, hit};

const HOUR_MS: i64 = 3_600_000;

pub(super) fn make(id: &str, strength: f64, dice: Dice) -> Option<Vec<Flaw>> {
    let flaw = match id {
        "wrong-device" => wrong_device(strength as usize),
        "wrong-topic" => wrong_topic(),
        "id-case-folded" => on_id(|id| id.to_lowercase()),
        "id-truncated" => on_id(move |id| id.chars().take(strength as usize).collect()),
        "id-previous" => previous_id(),
        "id-missing" => changed(|_, saying| drop(saying.body.shift_remove("id"))),
        "severity-swapped" => changed(|arrival, saying| match arrival.kind.as_str() {
            "alarm" => saying.set("kind", "info"),
            "info" => saying.set("kind", "alarm"),
            _ => {}
        }),
        "ts-zone-off" => on_ts(move |_, ts| ts + strength as i64 * HOUR_MS),
        "ts-own-clock" => on_ts(|arrival, _| arrival.now_ms),
        "ts-in-seconds" => on_ts(|_, ts| ts / 1000),
        "clock-off" => changed(move |_, saying| {
            if let Some(ms) = saying.body.get("gateway_ts").and_then(Value::as_i64) {
                saying.set("gateway_ts", ms + (strength * 1_000.0) as i64);
            }
        }),
        "malformed-json" => changed(move |arrival, saying| {
            if hit(dice, arrival, "malformed", strength) {
                let whole = saying.payload();
                saying.raw = Some(whole[..whole.len() * 2 / 3].to_vec());
            }
        }),
        "text-garbled" => changed(|arrival, saying| {
            let latin: String = arrival.device.bytes().map(char::from).collect();
            saying.set("device", latin);
        }),
        _ => return None,
    };
    Some(vec![flaw])
}

/// Changes what is said and nothing else.
fn changed(mut change: impl FnMut(&Arrival, &mut Saying) + Send + 'static) -> Flaw {
    Flaw::Says(Box::new(move |arrival, mut saying| {
        change(arrival, &mut saying);
        vec![saying]
    }))
}

/// Changes the id of what is said, if it has one.
fn on_id(change: impl Fn(&str) -> String + Send + 'static) -> Flaw {
    changed(move |_, saying| {
        if let Some(id) = saying.body.get("id").and_then(Value::as_str).map(&change) {
            saying.set("id", id);
        }
    })
}

/// Changes the time of what is said, if it has one.
fn on_ts(change: impl Fn(&Arrival, i64) -> i64 + Send + 'static) -> Flaw {
    changed(move |arrival, saying| {
        if let Some(ts) = saying.body.get("ts").and_then(Value::as_i64) {
            saying.set("ts", change(arrival, ts));
        }
    })
}

/// What the n-th device says is said of the first one.
fn wrong_device(n: usize) -> Flaw {
    let mut names = InOrder::default();
    changed(move |arrival, saying| {
        if names.place(&arrival.device) == n {
            let other = names.0[0].clone();
            saying.topic = topic_of(&saying.topic, &other);
            saying.set("device", other);
        }
    })
}

fn wrong_topic() -> Flaw {
    let mut before: Option<String> = None;
    changed(move |arrival, saying| {
        if let Some(other) = before.replace(arrival.device.clone()) {
            saying.topic = topic_of(&saying.topic, &other);
        }
    })
}

fn previous_id() -> Flaw {
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    changed(move |arrival, saying| {
        if let Some(id) = before.insert(arrival.device.clone(), arrival.id.clone()) {
            saying.set("id", id);
        }
    })
}

/// The same topic for another device.
fn topic_of(topic: &str, device: &str) -> String {
    let site = topic.rsplit_once('/').map_or(topic, |(site, _)| site);
    format!("{site}/{device}")
}
