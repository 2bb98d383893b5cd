//! Defects of connections, acknowledgements, memory and the leg to the city platform.

use std::collections::BTreeSet;
use std::time::Duration;

use palisade_sim::words::{AgentKey, Dice};
use serde_json::Map;

use super::{Flaw, Saying, hit, millis};

/// How long after a message a device is said to be offline.
const FOLLOWS: Duration = Duration::from_millis(80);

pub(super) fn make(id: &str, strength: f64, dice: Dice) -> Option<Vec<Flaw>> {
    let flaw = match id {
        "wills-ignored" => Flaw::Status(Box::new(|_, payload| payload == b"offline")),
        "offline-false" => offline_false(dice, strength),
        "upstream-forgotten" => Flaw::Plain(|defects, share| defects.upstream_forgotten = share),
        "goodbye-as-offline" => Flaw::Switch(|switches, _| switches.will_after_goodbye = true),
        "offline-once" => {
            let mut vanished = BTreeSet::new();
            Flaw::Status(Box::new(move |device, payload| {
                if payload == b"offline" {
                    vanished.insert(device.to_owned());
                    return false;
                }
                vanished.contains(device)
            }))
        }
        "acks-late" => Flaw::Acks(Box::new(move |_| Some(millis(strength)))),
        "acks-missing" => Flaw::Acks(Box::new(move |number| {
            let forgotten = dice.draw(AgentKey::of("acknowledgement"), "forgotten", number).chance(strength);
            (!forgotten).then_some(Duration::ZERO)
        })),
        "leaks" => {
            let mut kept: Vec<Vec<u8>> = Vec::new();
            // Written, so that the pages are really there.
            Flaw::Loses(Box::new(move |_| {
                kept.push(vec![1; strength as usize * 1000]);
                false
            }))
        }
        _ => return None,
    };
    Some(vec![flaw])
}

fn offline_false(dice: Dice, share: f64) -> Flaw {
    Flaw::Says(Box::new(move |arrival, saying| {
        if !hit(dice, arrival, "offline", share) {
            return vec![saying];
        }
        let body = Map::from_iter([
            ("device".to_owned(), arrival.device.clone().into()),
            ("signal".to_owned(), "device_offline".into()),
            ("kind".to_owned(), "warning".into()),
        ]);
        let more = Saying { after: saying.after + FOLLOWS, body, ..saying.beside() };
        vec![saying, more]
    }))
}
