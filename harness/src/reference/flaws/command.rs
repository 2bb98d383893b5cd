//! Defects of what devices are told.

use std::time::Duration;

use palisade_sim::words::{AgentKey, Dice};
use serde_json::{Map, Value};

use super::super::commands::Order;
use super::super::rules::Bypasses;
use super::{Flaw, millis};

/// How long after a command its repetition follows.
const FOLLOWS: Duration = Duration::from_millis(60);

pub(super) fn make(id: &str, strength: f64, dice: Dice) -> Option<Vec<Flaw>> {
    let flaw = match id {
        "commands-none" => Flaw::Orders(Box::new(|_| Vec::new())),
        "command-misdirected" => changed(misdirected()),
        "command-repeated" => {
            let mut number = 0;
            Flaw::Orders(Box::new(move |order| {
                number += 1;
                let again = dice.draw(AgentKey::of("command"), "again", number).chance(strength);
                let twice = again.then(|| (FOLLOWS, order.clone()));
                std::iter::once((Duration::ZERO, order)).chain(twice).collect()
            }))
        }
        "command-late" => Flaw::Orders(Box::new(move |order| vec![(millis(strength), order)])),
        "siren-left-on" => Flaw::Orders(Box::new(|order| {
            if word(&order) == "siren_off" { Vec::new() } else { vec![(Duration::ZERO, order)] }
        })),
        "acknowledge-misnamed" => changed(misnamed()),
        "bypass-forgotten" => Flaw::Switch(|switches, _| switches.bypasses = Bypasses::Forgotten),
        "bypass-endless" => Flaw::Switch(|switches, _| switches.bypasses = Bypasses::Endless),
        _ => return None,
    };
    Some(vec![flaw])
}

fn changed(mut change: impl FnMut(Order) -> Order + Send + 'static) -> Flaw {
    Flaw::Orders(Box::new(move |order| vec![(Duration::ZERO, change(order))]))
}

fn fields(order: &Order) -> Map<String, Value> {
    serde_json::from_slice(&order.payload).unwrap_or_default()
}

fn word(order: &Order) -> String {
    fields(order).get("command").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Every command goes to the device whose event caused the first one, instead of where it belongs.
fn misdirected() -> impl FnMut(Order) -> Order + Send {
    let mut first: Option<String> = None;
    move |order| {
        let named = fields(&order).get("args").and_then(|args| args.get("device")).cloned();
        if let (None, Some(Value::String(device))) = (&first, named) {
            first = Some(device);
        }
        let Some(device) = &first else { return order };
        let site = order.topic.split('/').nth(1).unwrap_or_default();
        Order { topic: format!("site/{site}/dev/{device}/cmd"), payload: order.payload }
    }
}

/// An acknowledgement names the device that was acknowledged before.
fn misnamed() -> impl FnMut(Order) -> Order + Send {
    let mut before: Option<Value> = None;
    move |mut order| {
        let mut body = fields(&order);
        if let Some(args) = body.get_mut("args").and_then(Value::as_object_mut)
            && let Some(device) = args.get("device").cloned()
        {
            if let Some(other) = before.replace(device) {
                args.insert("device".into(), other);
            }
            order.payload = Value::Object(body).to_string().into_bytes();
        }
        order
    }
}
