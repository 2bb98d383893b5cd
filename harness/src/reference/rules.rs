//! The gateway's rules: what a device said becomes what the duty room is told.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use super::commands::{Commander, Order};
use super::inputs::Said;
use super::linkage::Linkage;

/// How many ids of each device are remembered to recognise a message that is sent again.
const REMEMBERED: usize = 256;

/// What leaves the rules: a message on the alarm topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// `site/<site>/alarm/<device>`.
    pub topic: String,
    /// The device that it speaks of.
    pub device: String,
    /// The device's own id of the message, when it has one.
    pub id: Option<String>,
    /// JSON.
    pub payload: Vec<u8>,
    /// What devices are told because of it.
    pub orders: Vec<Order>,
}

/// Why a message led to nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Ignored {
    /// The topic is none that the rules know.
    #[error("not a device's event or status")]
    NotForUs,
    /// The payload is not a JSON object with `id` and `signal`.
    #[error("{device}: the event is not a JSON object with the texts `id` and `signal`")]
    Malformed {
        /// The device, from the topic.
        device: String,
    },
    /// The zone is bypassed.
    #[error("{device}: its alarm is bypassed")]
    Bypassed {
        /// The device.
        device: String,
    },
    /// The same message came a second time.
    #[error("{device}: message {id} came again")]
    Repeated {
        /// The device.
        device: String,
        /// The message.
        id: String,
    },
}

/// How the gateway keeps to a bypass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bypasses {
    /// For as long as it lasts.
    #[default]
    Kept,
    /// Not at all.
    Forgotten,
    /// For ever.
    Endless,
}

/// The rules with what they remember.
#[derive(Debug, Default)]
pub struct Rules {
    /// Pass everything on at once and remember nothing: the floor.
    echo: bool,
    commander: Commander,
    /// Who is told what when a device says something.
    pub linkage: Linkage,
    seen: BTreeMap<String, VecDeque<String>>,
    /// How often an input of a device has changed.
    changes: BTreeMap<String, u64>,
    online: BTreeMap<String, bool>,
    /// How bypasses are kept.
    pub bypasses: Bypasses,
    /// Until when the alarms of a device of a site are bypassed, epoch milliseconds.
    bypassed: BTreeMap<(String, String), i64>,
}

impl Rules {
    /// Rules that remember, and tell the duty room's device what to do if there is one; or, for the floor, that only
    /// pass on.
    pub fn new(echo: bool, duty_room: Option<String>) -> Rules {
        let commander = Commander::new(duty_room.filter(|_| !echo));
        Rules { echo, commander, ..Rules::default() }
    }

    /// What a message published to the broker leads to. `now_ms` is the gateway's wall clock, epoch milliseconds.
    ///
    /// # Errors
    /// Why it leads to nothing.
    pub fn message(&mut self, topic: &str, payload: &[u8], now_ms: i64) -> Result<Alarm, Ignored> {
        let levels: Vec<&str> = topic.split('/').collect();
        match levels[..] {
            ["site", site, "dev", device, "event"] => self.event(site, device, payload, now_ms),
            ["site", site, "dev", device, "status"] if !self.echo => {
                self.status(site, device, payload, now_ms)
            }
            _ => Err(Ignored::NotForUs),
        }
    }

    /// What the operator asks for on `site/<site>/operator/bypass`, as `{"id", "device", "for_s"}`: the device is told,
    /// and its alarms are not passed on until that time is over. Nothing for another topic or another payload.
    pub fn operator(&mut self, topic: &str, payload: &[u8], now_ms: i64) -> Option<Order> {
        let levels: Vec<&str> = topic.split('/').collect();
        let ["site", site, "operator", "bypass"] = levels[..] else { return None };
        let asked: Map<String, Value> = serde_json::from_slice(payload).ok()?;
        let device = asked.get("device")?.as_str()?;
        let for_s = asked.get("for_s")?.as_i64().filter(|for_s| *for_s > 0)?;
        let until = now_ms.saturating_add(for_s.saturating_mul(1000));
        self.bypassed.insert((site.to_owned(), device.to_owned()), until);
        let order = json!({
            "id": format!("{}-bypass", asked.get("id")?.as_str()?), "command": "bypass", "ts": now_ms,
            "args": { "for_s": for_s },
        });
        Some(Order {
            topic: format!("site/{site}/dev/{device}/cmd"),
            payload: order.to_string().into_bytes(),
        })
    }

    fn is_bypassed(&self, site: &str, device: &str, now_ms: i64) -> bool {
        let until = self.bypassed.get(&(site.to_owned(), device.to_owned()));
        until.is_some_and(|until| match self.bypasses {
            Bypasses::Kept => now_ms < *until,
            Bypasses::Forgotten => false,
            Bypasses::Endless => true,
        })
    }

    /// Forgets that a device sent this message, so that it passes again.
    pub fn forget(&mut self, device: &str, id: &str) {
        if let Some(seen) = self.seen.get_mut(device) {
            seen.retain(|known| known != id);
        }
    }

    fn event(&mut self, site: &str, device: &str, payload: &[u8], now_ms: i64) -> Result<Alarm, Ignored> {
        let malformed = || Ignored::Malformed { device: device.to_owned() };
        let event: Map<String, Value> = serde_json::from_slice(payload).map_err(|_| malformed())?;
        let text = |key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
        let (id, signal) = text("id").zip(text("signal")).ok_or_else(malformed)?;
        if !self.echo && !self.is_new(device, &id) {
            return Err(Ignored::Repeated { device: device.to_owned(), id });
        }
        if event.get("kind").is_some_and(|kind| kind == "alarm") && self.is_bypassed(site, device, now_ms) {
            return Err(Ignored::Bypassed { device: device.to_owned() });
        }
        let alarm = json!({
            "id": id,
            "device": device,
            "signal": signal,
            "kind": event.get("kind").cloned().unwrap_or_else(|| "info".into()),
            "ts": event.get("ts").cloned().unwrap_or(Value::Null),
            "gateway_ts": now_ms,
        });
        let mut orders = self.commander.heard(site, device, &event, now_ms);
        orders.extend(self.linkage.heard(site, device, &event, now_ms));
        Ok(Alarm { orders, ..alarm_on(site, device, Some(id), &alarm) })
    }

    /// A device that was online and vanished is a warning; one that comes back or says good-bye is not.
    fn status(&mut self, site: &str, device: &str, payload: &[u8], now_ms: i64) -> Result<Alarm, Ignored> {
        let online = payload == b"online";
        let was = self.online.insert(device.to_owned(), online);
        if online || was != Some(true) || payload != b"offline" {
            return Err(Ignored::NotForUs);
        }
        let alarm = json!({
            "device": device, "signal": "device_offline", "kind": "warning", "gateway_ts": now_ms,
        });
        Ok(alarm_on(site, device, None, &alarm))
    }

    /// What a changed input leads to. Modbus carries no id: the alarm has none either.
    pub fn input(&mut self, said: &Said, now_ms: i64) -> Alarm {
        let Said { site, device, class, signal, kind } = said;
        let count = self.changes.entry(device.clone()).or_default();
        *count += 1;
        let alarm = json!({ "device": device, "signal": signal, "kind": kind, "gateway_ts": now_ms });
        let number = format!("input-{count}");
        let event = Map::from_iter([
            ("number".to_owned(), format!("{device}-{number}").into()),
            ("class".to_owned(), class.clone().into()),
            ("kind".to_owned(), kind.clone().into()),
            ("signal".to_owned(), signal.clone().into()),
        ]);
        let mut orders = self.commander.heard(site, device, &event, now_ms);
        orders.extend(self.linkage.heard(site, device, &event, now_ms));
        // The number is for the defects, which are drawn for each message.
        Alarm { orders, ..alarm_on(site, device, Some(number), &alarm) }
    }

    fn is_new(&mut self, device: &str, id: &str) -> bool {
        let seen = self.seen.entry(device.to_owned()).or_default();
        if seen.iter().any(|known| known == id) {
            return false;
        }
        if seen.len() == REMEMBERED {
            seen.pop_front();
        }
        seen.push_back(id.to_owned());
        true
    }
}

fn alarm_on(site: &str, device: &str, id: Option<String>, payload: &Value) -> Alarm {
    Alarm {
        topic: format!("site/{site}/alarm/{device}"),
        device: device.to_owned(),
        id,
        payload: payload.to_string().into_bytes(),
        orders: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const EVENT: &str = "site/a/dev/beam-07/event";

    #[test]
    fn an_event_becomes_an_alarm_once() {
        let mut rules = Rules::new(false, None);
        let payload = br#"{"id":"r1-5","signal":"beam_broken","kind":"alarm","ts":12}"#;
        let alarm = rules.message(EVENT, payload, 99).unwrap();
        assert_eq!(alarm.topic, "site/a/alarm/beam-07");
        let said: Value = serde_json::from_slice(&alarm.payload).unwrap();
        assert_eq!(
            said,
            json!({"id": "r1-5", "device": "beam-07", "signal": "beam_broken", "kind": "alarm", "ts": 12, "gateway_ts": 99})
        );
        assert!(matches!(rules.message(EVENT, payload, 100), Err(Ignored::Repeated { .. })));
        let mut echo = Rules::new(true, None);
        assert!(echo.message(EVENT, payload, 1).is_ok() && echo.message(EVENT, payload, 2).is_ok());
    }

    #[test]
    fn what_is_not_an_event_leads_to_nothing() {
        let mut rules = Rules::new(false, None);
        assert_eq!(rules.message("site/a/dev/b/heartbeat", b"{}", 0), Err(Ignored::NotForUs));
        for payload in [&b"not json"[..], b"[]", br#"{"id":5,"signal":"x"}"#, br#"{"id":"5"}"#] {
            assert!(matches!(rules.message(EVENT, payload, 0), Err(Ignored::Malformed { .. })));
        }
    }

    #[test]
    fn a_changed_input_becomes_an_alarm_without_an_id() {
        let mut rules = Rules::new(false, Some("duty-room".into()));
        let said = |signal: &str, kind: &str| Said {
            site: "a".into(),
            device: "beam-07".into(),
            class: "beam".into(),
            signal: signal.into(),
            kind: kind.into(),
        };
        let alarm = rules.input(&said("beam_broken", "alarm"), 99);
        assert_eq!(alarm.topic, "site/a/alarm/beam-07");
        let payload: Value = serde_json::from_slice(&alarm.payload).unwrap();
        assert_eq!(
            payload,
            json!({"device": "beam-07", "signal": "beam_broken", "kind": "alarm", "gateway_ts": 99})
        );
        let order: Value = serde_json::from_slice(&alarm.orders[0].payload).unwrap();
        assert_eq!((&order["command"], order.get("cause")), (&json!("siren_on"), None));
        let again = rules.input(&said("beam_restored", "restore"), 100);
        assert_ne!(again.id, alarm.id, "each is lost or kept on its own");
        assert_eq!(again.orders.len(), 2);
    }

    #[test]
    fn a_bypassed_zone_is_silent_until_its_time_is_over() {
        for (bypasses, within, after) in [
            (Bypasses::Kept, false, true),
            (Bypasses::Forgotten, true, true),
            (Bypasses::Endless, false, false),
        ] {
            let mut rules = Rules { bypasses, ..Rules::default() };
            let asked = br#"{"id":"o1","device":"beam-07","for_s":2}"#;
            let order = rules.operator("site/a/operator/bypass", asked, 1_000).unwrap();
            assert_eq!(order.topic, "site/a/dev/beam-07/cmd");
            let order: Value = serde_json::from_slice(&order.payload).unwrap();
            assert_eq!(order["args"], json!({ "for_s": 2 }));
            let mut passes = |id: &str, now_ms| {
                let event = format!(r#"{{"id":"{id}","signal":"beam_broken","kind":"alarm"}}"#);
                rules.message(EVENT, event.as_bytes(), now_ms).is_ok()
            };
            assert_eq!(passes("1", 2_999), within, "{bypasses:?}");
            assert_eq!(passes("2", 3_000), after, "{bypasses:?}");
        }
        assert_eq!(Rules::default().operator("site/a/operator/bypass", b"{}", 0), None);
    }

    #[test]
    fn only_a_device_that_was_online_goes_offline() {
        let mut rules = Rules::new(false, None);
        let topic = "site/a/dev/cam-1/status";
        assert!(rules.message(topic, b"offline", 0).is_err());
        assert!(rules.message(topic, b"online", 0).is_err());
        let alarm = rules.message(topic, b"offline", 0).unwrap();
        assert!(String::from_utf8(alarm.payload).unwrap().contains("device_offline"));
        assert!(rules.message(topic, b"offline", 0).is_err());
    }
}
