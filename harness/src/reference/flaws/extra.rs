//! Defects that say what should not be said.

use std::time::Duration;

use palisade_sim::words::Dice;
use serde_json::{Map, json};

use super::{Flaw, Repeats, Saying, hit, millis};

/// How long after a real alarm an invented one follows.
const FOLLOWS: Duration = Duration::from_millis(120);

pub(super) fn make(id: &str, strength: f64, dice: Dice) -> Option<Vec<Flaw>> {
    let flaw = match id {
        "twice-at-random" => Flaw::Plain(|defects, share| defects.duplicate = share),
        "twice-after-retry" => Flaw::Switch(|switches, _| switches.passes = Repeats::Marked),
        "repeats-passed" => Flaw::Switch(|switches, _| switches.passes = Repeats::All),
        "replayed-after-restart" => Flaw::Switch(|switches, count| switches.replays = count as usize),
        "redelivered-after-return" => Flaw::Switch(|switches, count| switches.redelivers = count as usize),
        "retained-replay" => Flaw::Says(Box::new(|_, saying| vec![Saying { retain: true, ..saying }])),
        "spurious-alarm" => followed(dice, strength, |id| format!("{id}7")),
        "foreign-echo" => followed(dice, strength, |id| {
            let number = id.rsplit_once('-').map_or("1", |(_, number)| number);
            format!("r0echo-{number}")
        }),
        "heartbeat-alarm" => Flaw::Beats(Box::new(|site, device| {
            let body = json!({ "device": device, "signal": "heartbeat", "kind": "info" });
            let body = body.as_object().cloned().unwrap_or_default();
            let topic = format!("site/{site}/alarm/{device}");
            Some(Saying { topic, body, device: device.to_owned(), ..Saying::default() })
        })),
        "restore-invented" => restores(millis(strength)),
        _ => return None,
    };
    Some(vec![flaw])
}

/// A share of alarms is followed by one of the same device with an id that is made of the real one.
fn followed(dice: Dice, share: f64, id: fn(&str) -> String) -> Flaw {
    Flaw::Says(Box::new(move |arrival, saying| {
        if !hit(dice, arrival, "followed", share) {
            return vec![saying];
        }
        let mut more = Saying { after: saying.after + FOLLOWS, ..saying.beside() };
        more.set("id", id(&arrival.id));
        more.set("kind", "alarm");
        more.set("ts", arrival.ts - 60_000);
        vec![saying, more]
    }))
}

fn restores(after: Duration) -> Flaw {
    Flaw::Says(Box::new(move |arrival, saying| {
        if arrival.kind != "alarm" {
            return vec![saying];
        }
        let body = Map::from_iter([
            ("device".to_owned(), arrival.device.clone().into()),
            ("signal".to_owned(), "restored".into()),
            ("kind".to_owned(), "restore".into()),
        ]);
        let more = Saying { after: saying.after + after, body, ..saying.beside() };
        vec![saying, more]
    }))
}
