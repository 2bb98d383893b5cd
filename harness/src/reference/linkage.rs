//! The linkage list (联动表) that an installer types: what a device says, and who is told what because of it.
//!
//! `device,signal,to,command`: when `device` says `signal`, `to` is told `command`. A command's id is made of the event's, so
//! that an event that comes twice leads to the same command.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::commands::Order;
use super::defects::Defects;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Who speaks.
    pub device: String,
    /// What it says.
    pub signal: String,
    /// Who is told.
    pub to: String,
    /// What it is told.
    pub command: String,
}

/// Why a list is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BadList {
    /// A row cannot be read.
    #[error("{0}; write the head line `device,signal,to,command` and four words on each line")]
    Row(#[from] csv::Error),
    /// A name that cannot stand in a topic.
    #[error("`{0}` is no device's name; it stands in topics, without / + #")]
    Name(String),
}

/// The list, by who says what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linkage {
    rows: BTreeMap<(String, String), Vec<Row>>,
}

impl Linkage {
    /// Reads a list. One without rows links nothing.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn read(text: &str) -> Result<Linkage, BadList> {
        let mut linkage = Linkage::default();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize() {
            let row: Row = row?;
            if row.to.is_empty() || row.to.contains(['/', '+', '#']) {
                return Err(BadList::Name(row.to));
            }
            linkage.rows.entry((row.device.clone(), row.signal.clone())).or_default().push(row);
        }
        Ok(linkage)
    }

    /// Writes a list.
    ///
    /// # Errors
    /// Never for rows of text.
    pub fn write(rows: &[Row]) -> Result<String, csv::Error> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        writer.write_record(["device", "signal", "to", "command"])?;
        rows.iter().try_for_each(|row| writer.serialize(row))?;
        let bytes = writer.into_inner().map_err(|error| error.into_error())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The same with what an installer got wrong.
    pub(super) fn bent(mut self, defects: &Defects) -> Linkage {
        let rows = std::mem::take(&mut self.rows).into_values().flatten();
        for mut row in rows {
            if defects.unlocks_on_call && row.signal == "call_confirmed" {
                row.signal = "call_started".into();
            }
            if defects.arm_reversed && row.command == "lift" {
                row.command = "lower".into();
            }
            self.rows.entry((row.device.clone(), row.signal.clone())).or_default().push(row);
        }
        self
    }

    /// The commands that an event of a device leads to, in the order of the list. `now_ms` is the gateway's wall clock.
    pub fn heard(&self, site: &str, device: &str, event: &Map<String, Value>, now_ms: i64) -> Vec<Order> {
        let text = |key: &str| event.get(key).and_then(Value::as_str);
        let cause = text("id");
        let (Some(id), Some(signal)) = (cause.or_else(|| text("number")), text("signal")) else {
            return Vec::new();
        };
        let rows = self.rows.get(&(device.to_owned(), signal.to_owned()));
        let order = |row: &Row| {
            let Row { to, command, .. } = row;
            let mut order = json!({
                "id": format!("{id}-{command}-{to}"), "command": command, "ts": now_ms, "args": {},
            });
            // An input that changed on a serial line has no id that a device could know.
            if let Some(cause) = cause {
                order["cause"] = cause.into();
            }
            Order { topic: format!("site/{site}/dev/{to}/cmd"), payload: order.to_string().into_bytes() }
        };
        rows.into_iter().flatten().map(order).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const LIST: &str = "device,signal,to,command\n\
        beam-1,beam_broken,cam-1,show\n\
        beam-1,beam_broken,cam-2,show\n\
        smoke-1,smoke_alarm,door-1,release\n";

    #[test]
    fn whoever_the_list_names_is_told() {
        let linkage = Linkage::read(LIST).unwrap();
        let told = |device: &str, signal: &str| -> Vec<String> {
            let event = json!({ "id": "r-1", "signal": signal });
            let orders = linkage.heard("yard", device, event.as_object().unwrap(), 5);
            let word = |order: &Order| {
                let body: Value = serde_json::from_slice(&order.payload).unwrap();
                assert_eq!((&body["cause"], &body["ts"]), (&json!("r-1"), &json!(5)));
                format!("{} {}", order.topic, body["id"].as_str().unwrap())
            };
            orders.iter().map(word).collect()
        };
        let shown = ["site/yard/dev/cam-1/cmd r-1-show-cam-1", "site/yard/dev/cam-2/cmd r-1-show-cam-2"];
        assert_eq!(told("beam-1", "beam_broken"), shown);
        assert_eq!(told("smoke-1", "smoke_alarm").len(), 1);
        assert!(told("beam-1", "beam_restored").is_empty() && told("beam-2", "beam_broken").is_empty());
    }

    #[test]
    fn an_installer_mistakes_the_ring_for_the_yes_and_up_for_down() {
        let list = "device,signal,to,command\n\
            door-1,call_confirmed,door-1,unlock\nbarrier-1,arm_blocked,barrier-1,lift\n";
        let told = |defects: &str, device: &str, signal: &str| -> Vec<String> {
            let linkage = Linkage::read(list).unwrap().bent(&defects.parse().unwrap());
            let event = json!({ "id": "r-1", "signal": signal });
            let orders = linkage.heard("yard", device, event.as_object().unwrap(), 5);
            let word = |order: &Order| {
                let body: Value = serde_json::from_slice(&order.payload).unwrap();
                body["command"].as_str().unwrap().to_owned()
            };
            orders.iter().map(word).collect()
        };
        assert_eq!(told("", "door-1", "call_confirmed"), ["unlock"]);
        assert!(told("unlocks-on-call", "door-1", "call_confirmed").is_empty());
        assert_eq!(told("unlocks-on-call", "door-1", "call_started"), ["unlock"]);
        assert_eq!(told("unlocks-on-call", "barrier-1", "arm_blocked"), ["lift"]);
        assert_eq!(told("arm-reversed", "barrier-1", "arm_blocked"), ["lower"]);
    }

    #[test]
    fn a_list_comes_back_and_a_wrong_one_is_refused() {
        let rows: Vec<Row> =
            csv::Reader::from_reader(LIST.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap();
        assert_eq!(Linkage::write(&rows).unwrap(), LIST);
        assert_eq!(Linkage::read(&Linkage::write(&[]).unwrap()).unwrap(), Linkage::default());
        for (from, to, said) in [
            ("cam-1,show", "cam/1,show", "`cam/1` is no device's name"),
            (",cam-1,show", ",show", "device,signal,to,command"),
            ("to,command", "to,do", "unknown field"),
        ] {
            let wrong = Linkage::read(&LIST.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(wrong.contains(said), "{wrong}");
        }
    }
}
