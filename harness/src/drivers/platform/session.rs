//! What a ThingsBoard platform answers to a gateway: packets of one connection go in, packets and rows come out. No
//! socket, no clock.
//!
//! A platform is no broker: nothing that a gateway publishes comes back to it, whatever it subscribed to. That matters,
//! since a gateway that hears its own question answers it and waits for ever.

use rumqttc::{
    ConnAck, Connect, ConnectReturnCode, Packet, PubAck, Publish, QoS, SubAck, Subscribe,
    SubscribeReasonCode, UnsubAck,
};
use serde_json::{Map, Value, json};

/// Topics that a gateway may listen to. A `+` stands for one level.
const MAY_HEAR: [&str; 9] = [
    "v1/devices/me/rpc/request/+",
    "v1/devices/me/rpc/response/+",
    "v1/devices/me/attributes",
    "v1/devices/me/attributes/response/+",
    "v1/gateway/rpc",
    "v1/gateway/attributes",
    "v1/gateway/attributes/response",
    "v2/fw/response/+/chunk/+",
    "v2/sw/response/+/chunk/+",
];
/// A question of the gateway, with its number behind it.
const QUESTION: &str = "v1/devices/me/rpc/request/";
const ANSWER: &str = "v1/devices/me/rpc/response/";
const ASKED_ATTRIBUTES: &str = "v1/devices/me/attributes/request/";
const ATTRIBUTES: &str = "v1/devices/me/attributes/response/";
const TELEMETRY: &str = "v1/gateway/telemetry";
const CONNECT: &str = "v1/gateway/connect";

/// A row of telemetry.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The device, as the gateway names it.
    pub device: String,
    /// The instant that the gateway gave it, ms after the epoch.
    pub ts: Option<i64>,
    /// Its keys.
    pub values: Map<String, Value>,
}

impl Row {
    /// The row as one JSON object: `device`, `ts`, `values`.
    pub fn json(&self) -> String {
        json!({ "device": self.device, "ts": self.ts, "values": self.values }).to_string()
    }
}

/// What comes of a packet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Send this.
    Send(Packet),
    /// Close the connection after what was sent before, and why.
    Close(String),
    /// The gateway said that a device is there.
    Device(String),
    /// The gateway passed on a row.
    Row(Row),
    /// Something that a reader should know: a payload that is none.
    Odd(String),
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Session {
    connected: bool,
    /// What was granted.
    hears: Vec<String>,
    number: u16,
}

impl Session {
    /// What is to be done about a packet, in order.
    pub(super) fn packet(&mut self, packet: Packet) -> Vec<Act> {
        match packet {
            Packet::Connect(connect) if !self.connected => self.connect(&connect),
            _ if !self.connected => vec![Act::Close("its first packet was no CONNECT".into())],
            Packet::Subscribe(subscribe) => self.subscribe(subscribe),
            Packet::Unsubscribe(unsubscribe) => {
                self.hears.retain(|filter| !unsubscribe.topics.contains(filter));
                vec![Act::Send(Packet::UnsubAck(UnsubAck::new(unsubscribe.pkid)))]
            }
            Packet::Publish(publish) => self.published(&publish),
            Packet::PingReq => vec![Act::Send(Packet::PingResp)],
            Packet::PubAck(_) => Vec::new(),
            Packet::Disconnect => vec![Act::Close("it said good-bye".into())],
            other => vec![Act::Close(format!("it sent what no gateway may send: {other:?}"))],
        }
    }

    fn connect(&mut self, connect: &Connect) -> Vec<Act> {
        // The access token is the user's name; which one it is does not matter to a platform that has one gateway.
        if connect.login.as_ref().is_none_or(|login| login.username.is_empty()) {
            let refused = ConnAck::new(ConnectReturnCode::NotAuthorized, false);
            let why = "it gave no access token".to_owned();
            return vec![Act::Send(Packet::ConnAck(refused)), Act::Close(why)];
        }
        self.connected = true;
        vec![Act::Send(Packet::ConnAck(ConnAck::new(ConnectReturnCode::Success, false)))]
    }

    fn subscribe(&mut self, subscribe: Subscribe) -> Vec<Act> {
        let mut odd = Vec::new();
        let mut codes = Vec::new();
        for filter in subscribe.filters {
            if MAY_HEAR.contains(&filter.path.as_str()) {
                codes.push(SubscribeReasonCode::Success(filter.qos.min_with_one()));
                self.hears.push(filter.path);
            } else {
                codes.push(SubscribeReasonCode::Failure);
                odd.push(Act::Odd(format!(
                    "it asked to hear {}, which a platform does not grant",
                    filter.path
                )));
            }
        }
        let ack = Act::Send(Packet::SubAck(SubAck::new(subscribe.pkid, codes)));
        std::iter::once(ack).chain(odd).collect()
    }

    fn published(&mut self, publish: &Publish) -> Vec<Act> {
        let mut acts = Vec::new();
        match publish.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => acts.push(Act::Send(Packet::PubAck(PubAck::new(publish.pkid)))),
            QoS::ExactlyOnce => return vec![Act::Close("a platform knows QoS 0 and 1 only".into())],
        }
        let topic = publish.topic.as_str();
        if let Some(number) = topic.strip_prefix(QUESTION) {
            acts.extend(self.question(number, &publish.payload));
        } else if let Some(number) = topic.strip_prefix(ASKED_ATTRIBUTES) {
            acts.push(self.say(format!("{ATTRIBUTES}{number}"), &json!({})));
        } else if topic == TELEMETRY {
            acts.extend(telemetry(&publish.payload));
        } else if topic == CONNECT {
            acts.push(device(&publish.payload));
        }
        acts
    }

    /// The gateway asks what it may send before it sends anything; the answer sets no limits but a size.
    fn question(&mut self, number: &str, payload: &[u8]) -> Option<Act> {
        let question: Value = serde_json::from_slice(payload).unwrap_or_default();
        let unlimited = json!({ "messages": "", "telemetryMessages": "", "telemetryDataPoints": "" });
        match question["method"].as_str() {
            Some("getSessionLimits") => Some(self.say(
                format!("{ANSWER}{number}"),
                &json!({
                    "maxPayloadSize": 65_536,
                    "maxInflightMessages": 100,
                    "rateLimits": unlimited,
                    "gatewayRateLimits": unlimited,
                }),
            )),
            // What the gateway answers to our own questions would stand here; we ask none.
            _ => Some(Act::Odd(format!("it asked {}, which is not known here", question["method"]))),
        }
    }

    fn say(&mut self, topic: String, payload: &Value) -> Act {
        self.number = self.number.checked_add(1).unwrap_or(1);
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload.to_string());
        publish.pkid = self.number;
        Act::Send(Packet::Publish(publish))
    }
}

/// At most QoS 1 is granted.
trait MinWithOne {
    fn min_with_one(self) -> QoS;
}

impl MinWithOne for QoS {
    fn min_with_one(self) -> QoS {
        if self == QoS::AtMostOnce { QoS::AtMostOnce } else { QoS::AtLeastOnce }
    }
}

fn device(payload: &[u8]) -> Act {
    let said: Value = serde_json::from_slice(payload).unwrap_or_default();
    match said["device"].as_str() {
        Some(device) => Act::Device(device.to_owned()),
        None => Act::Odd("it connected a device without a name".into()),
    }
}

/// `{ device: [{ ts, values }] }`; a row without `ts` is its values.
fn telemetry(payload: &[u8]) -> Vec<Act> {
    let Ok(Value::Object(devices)) = serde_json::from_slice(payload) else {
        return vec![Act::Odd("it sent telemetry that is no JSON object".into())];
    };
    let mut acts = Vec::new();
    for (device, rows) in devices {
        let Value::Array(rows) = rows else {
            acts.push(Act::Odd(format!("{device}: its telemetry is no list")));
            continue;
        };
        for row in rows {
            acts.push(match row {
                Value::Object(mut row) => match row.remove("values") {
                    Some(Value::Object(values)) => {
                        let ts = row.get("ts").and_then(Value::as_i64);
                        Act::Row(Row { device: device.clone(), ts, values })
                    }
                    Some(_) => Act::Odd(format!("{device}: the values of a row are no object")),
                    None => Act::Row(Row { device: device.clone(), ts: None, values: row }),
                },
                _ => Act::Odd(format!("{device}: a row is no object")),
            });
        }
    }
    acts
}

#[cfg(test)]
mod tests {
    use rumqttc::SubscribeFilter;

    use super::*;

    fn greeted() -> Session {
        let mut session = Session::default();
        let mut connect = Connect::new("gateway");
        connect.set_login("token", "");
        let acts = session.packet(Packet::Connect(connect));
        assert!(
            matches!(&acts[..], [Act::Send(Packet::ConnAck(ack))] if ack.code == ConnectReturnCode::Success)
        );
        session
    }

    fn publish(topic: &str, payload: &str) -> Packet {
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload);
        publish.pkid = 7;
        Packet::Publish(publish)
    }

    #[test]
    fn the_question_about_limits_is_answered_and_never_echoed() {
        let mut session = greeted();
        // Even to a gateway that asked to hear its own questions.
        let ask = Subscribe::new_many([
            SubscribeFilter::new("v1/devices/me/rpc/request/+".into(), QoS::ExactlyOnce),
            SubscribeFilter::new("v1/devices/me/rpc/response/+".into(), QoS::AtLeastOnce),
            SubscribeFilter::new("#".into(), QoS::AtLeastOnce),
        ]);
        let acts = session.packet(Packet::Subscribe(ask));
        let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
        assert!(
            matches!(&acts[0], Act::Send(Packet::SubAck(ack)) if ack.return_codes == [granted, granted, SubscribeReasonCode::Failure])
        );
        assert!(matches!(&acts[1], Act::Odd(text) if text.contains('#')));
        let acts = session
            .packet(publish("v1/devices/me/rpc/request/3", r#"{"method":"getSessionLimits","params":{}}"#));
        let said: Vec<&str> = acts
            .iter()
            .filter_map(|act| match act {
                Act::Send(Packet::Publish(publish)) => Some(publish.topic.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(said, ["v1/devices/me/rpc/response/3"]);
    }

    #[test]
    fn every_row_of_telemetry_comes_out_on_its_own() {
        let mut session = greeted();
        let payload = r#"{"beam-1":[{"ts":5,"values":{"id":"a"}},{"id":"b"},7],"beam-2":{}}"#;
        let acts = session.packet(publish("v1/gateway/telemetry", payload));
        let rows: Vec<String> = acts
            .iter()
            .filter_map(|act| match act {
                Act::Row(row) => Some(row.json()),
                _ => None,
            })
            .collect();
        assert_eq!(
            rows,
            [
                r#"{"device":"beam-1","ts":5,"values":{"id":"a"}}"#,
                r#"{"device":"beam-1","ts":null,"values":{"id":"b"}}"#
            ]
        );
        assert_eq!(acts.iter().filter(|act| matches!(act, Act::Odd(_))).count(), 2);
        assert!(matches!(&acts[0], Act::Send(Packet::PubAck(ack)) if ack.pkid == 7));
    }

    #[test]
    fn who_gives_no_token_or_speaks_first_of_something_else_is_shown_out() {
        let acts = Session::default().packet(Packet::Connect(Connect::new("gateway")));
        assert!(
            matches!(&acts[..], [Act::Send(Packet::ConnAck(ack)), Act::Close(_)] if ack.code == ConnectReturnCode::NotAuthorized)
        );
        assert!(matches!(&Session::default().packet(Packet::PingReq)[..], [Act::Close(_)]));
    }
}
