//! What the gateway tells devices to do: the siren of the duty room, and that alarms are acknowledged.
//!
//! | event of a beam, smoke or heat detector | command to the duty room |
//! |---|---|
//! | `kind` is `alarm` | `siren_on` |
//! | `kind` is `restore`, after an alarm of the same device | `acknowledge` with that device |
//! | the same, and no other alarm is left | `siren_off` as well |
//!
//! A command's id is made of the event's, so that an event that leads to a command twice leads to the same command. A
//! lost alarm leads to none, and a late one to a late one: the defects hold for both. No rule opens a door.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Classes whose alarms sound the siren.
const LOUD: [&str; 3] = ["beam", "smoke_detector", "heat_detector"];

/// A command on its way to a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// `site/<site>/dev/<device>/cmd`.
    pub topic: String,
    /// JSON.
    pub payload: Vec<u8>,
}

/// Decides which commands an event leads to.
#[derive(Debug, Default)]
pub struct Commander {
    /// The duty room's device; nothing when no commands are sent.
    duty_room: Option<String>,
    /// Devices in alarm, by site.
    alarming: BTreeSet<(String, String)>,
}

impl Commander {
    /// Commands go to this device; none are sent when there is none.
    pub fn new(duty_room: Option<String>) -> Commander {
        Commander { duty_room, ..Commander::default() }
    }

    /// The commands that an event of a device leads to, in order. `now_ms` is the gateway's wall clock.
    pub fn heard(&mut self, site: &str, device: &str, event: &Map<String, Value>, now_ms: i64) -> Vec<Order> {
        let text = |key: &str| event.get(key).and_then(Value::as_str);
        let cause = text("id");
        let (Some(duty_room), Some(number)) = (&self.duty_room, cause.or_else(|| text("number"))) else {
            return Vec::new();
        };
        if !text("class").is_some_and(|class| LOUD.contains(&class)) {
            return Vec::new();
        }
        let key = (site.to_owned(), device.to_owned());
        let mut words: Vec<(&str, Value)> = Vec::new();
        match text("kind") {
            Some("alarm") => {
                self.alarming.insert(key);
                words.push(("siren_on", json!({})));
            }
            Some("restore") if self.alarming.remove(&key) => {
                words.push(("acknowledge", json!({ "device": device })));
                if !self.alarming.iter().any(|(of, _)| of == site) {
                    words.push(("siren_off", json!({})));
                }
            }
            _ => {}
        }
        let order = |(word, args): (&str, Value)| {
            let mut order = json!({
                "id": format!("{number}-{word}"), "command": word, "ts": now_ms, "args": args,
            });
            // An input that changed on a serial line has no id that a device could know.
            if let Some(cause) = cause {
                order["cause"] = cause.into();
            }
            let topic = format!("site/{site}/dev/{duty_room}/cmd");
            Order { topic, payload: order.to_string().into_bytes() }
        };
        words.into_iter().map(order).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn words(commander: &mut Commander, device: &str, class: &str, kind: &str) -> Vec<String> {
        let event = json!({ "id": format!("r-{device}"), "class": class, "kind": kind });
        let orders = commander.heard("s", device, event.as_object().unwrap(), 5);
        let word = |order: &Order| {
            assert_eq!(order.topic, "site/s/dev/duty/cmd");
            let order: Value = serde_json::from_slice(&order.payload).unwrap();
            assert_eq!(order["cause"], format!("r-{device}"));
            order["command"].as_str().unwrap().to_owned()
        };
        orders.iter().map(word).collect()
    }

    #[test]
    fn the_siren_sounds_until_the_last_alarm_is_over() {
        let mut commander = Commander::new(Some("duty".into()));
        assert_eq!(words(&mut commander, "beam-1", "beam", "alarm"), ["siren_on"]);
        assert_eq!(words(&mut commander, "smoke-1", "smoke_detector", "alarm"), ["siren_on"]);
        assert_eq!(words(&mut commander, "beam-1", "beam", "restore"), ["acknowledge"]);
        assert_eq!(
            words(&mut commander, "smoke-1", "smoke_detector", "restore"),
            ["acknowledge", "siren_off"]
        );
        assert!(words(&mut commander, "beam-1", "beam", "restore").is_empty());
    }

    #[test]
    fn other_classes_and_quieter_events_lead_to_nothing() {
        let mut commander = Commander::new(Some("duty".into()));
        assert!(words(&mut commander, "cam-1", "camera", "alarm").is_empty());
        assert!(words(&mut commander, "beam-1", "beam", "info").is_empty());
        assert!(words(&mut Commander::new(None), "beam-1", "beam", "alarm").is_empty());
    }
}
