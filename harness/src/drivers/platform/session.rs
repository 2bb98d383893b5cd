//! What a ThingsBoard platform answers to a gateway: packets of one connection go in, packets and rows come out. No
//! socket, no clock. MQTT 5, which is what gateways of version 3.8 speak.
//!
//! A platform is no broker: nothing that a gateway publishes comes back to it, whatever it subscribed to. That matters,
//! since a gateway that hears its own question answers it and waits for ever.

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectReturnCode, Login, Packet, PingResp, PubAck, Publish, SubAck, Subscribe,
    SubscribeReasonCode, UnsubAck, UnsubAckReason,
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
#[allow(clippy::large_enum_variant, reason = "it lives for a moment, and most of them are packets")]
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
    number: u16,
}

impl Session {
    /// What is to be done about a packet, in order.
    pub(super) fn packet(&mut self, packet: Packet) -> Vec<Act> {
        match packet {
            Packet::Connect(_, _, login) if !self.connected => self.connect(login.as_ref()),
            _ if !self.connected => vec![Act::Close("its first packet was no CONNECT".into())],
            Packet::Subscribe(subscribe) => self.subscribe(subscribe),
            Packet::Unsubscribe(unsubscribe) => {
                let reasons = vec![UnsubAckReason::Success; unsubscribe.filters.len()];
                let ack = UnsubAck { pkid: unsubscribe.pkid, reasons, properties: None };
                vec![Act::Send(Packet::UnsubAck(ack))]
            }
            Packet::Publish(publish) => self.published(&publish),
            Packet::PingReq(_) => vec![Act::Send(Packet::PingResp(PingResp))],
            Packet::PubAck(_) => Vec::new(),
            Packet::Disconnect(_) => vec![Act::Close("it said good-bye".into())],
            other => vec![Act::Close(format!("it sent what no gateway may send: {other:?}"))],
        }
    }

    fn connect(&mut self, login: Option<&Login>) -> Vec<Act> {
        // The access token is the user's name; which one it is does not matter to a platform that has one gateway.
        if login.is_none_or(|login| login.username.is_empty()) {
            let why = "it gave no access token".to_owned();
            return vec![answer(ConnectReturnCode::NotAuthorized), Act::Close(why)];
        }
        self.connected = true;
        vec![answer(ConnectReturnCode::Success)]
    }

    fn subscribe(&mut self, subscribe: Subscribe) -> Vec<Act> {
        let mut odd = Vec::new();
        let mut codes = Vec::new();
        for filter in subscribe.filters {
            if MAY_HEAR.contains(&filter.path.as_str()) {
                // At most QoS 1 is granted.
                let qos = if filter.qos == QoS::AtMostOnce { filter.qos } else { QoS::AtLeastOnce };
                codes.push(SubscribeReasonCode::Success(qos));
            } else {
                codes.push(SubscribeReasonCode::NotAuthorized);
                odd.push(Act::Odd(format!(
                    "it asked to hear {}, which a platform does not grant",
                    filter.path
                )));
            }
        }
        let ack = SubAck { pkid: subscribe.pkid, return_codes: codes, properties: None };
        let ack = Act::Send(Packet::SubAck(ack));
        std::iter::once(ack).chain(odd).collect()
    }

    fn published(&mut self, publish: &Publish) -> Vec<Act> {
        let mut acts = Vec::new();
        match publish.qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => acts.push(Act::Send(Packet::PubAck(PubAck::new(publish.pkid, None)))),
            QoS::ExactlyOnce => return vec![Act::Close("a platform knows QoS 0 and 1 only".into())],
        }
        let Ok(topic) = std::str::from_utf8(&publish.topic) else {
            return vec![Act::Close("a topic of its is no UTF-8".into())];
        };
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
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload.to_string(), None);
        publish.pkid = self.number;
        Act::Send(Packet::Publish(publish))
    }
}

fn answer(code: ConnectReturnCode) -> Act {
    Act::Send(Packet::ConnAck(ConnAck { session_present: false, code, properties: None }))
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
    use rumqttc::v5::mqttbytes::v5::{Connect, Filter, PingReq};

    use super::*;

    fn hello(login: Option<Login>) -> Packet {
        let connect =
            Connect { keep_alive: 60, client_id: "gateway".into(), clean_start: true, properties: None };
        Packet::Connect(connect, None, login)
    }

    fn greeted() -> Session {
        let mut session = Session::default();
        let acts = session.packet(hello(Some(Login::new("token", ""))));
        assert!(
            matches!(&acts[..], [Act::Send(Packet::ConnAck(ack))] if ack.code == ConnectReturnCode::Success)
        );
        session
    }

    fn publish(topic: &str, payload: &str) -> Packet {
        let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload.to_owned(), None);
        publish.pkid = 7;
        Packet::Publish(publish)
    }

    #[test]
    fn the_question_about_limits_is_answered_and_never_echoed() {
        let mut session = greeted();
        // Even to a gateway that asked to hear its own questions.
        let filters = [
            Filter::new("v1/devices/me/rpc/request/+", QoS::ExactlyOnce),
            Filter::new("v1/devices/me/rpc/response/+", QoS::AtLeastOnce),
            Filter::new("#", QoS::AtLeastOnce),
        ];
        let ask = Subscribe::new_many(filters, None);
        let acts = session.packet(Packet::Subscribe(ask));
        let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
        assert!(
            matches!(&acts[0], Act::Send(Packet::SubAck(ack)) if ack.return_codes == [granted, granted, SubscribeReasonCode::NotAuthorized])
        );
        assert!(matches!(&acts[1], Act::Odd(text) if text.contains('#')));
        let acts = session
            .packet(publish("v1/devices/me/rpc/request/3", r#"{"method":"getSessionLimits","params":{}}"#));
        let said: Vec<&[u8]> = acts
            .iter()
            .filter_map(|act| match act {
                Act::Send(Packet::Publish(publish)) => Some(&publish.topic[..]),
                _ => None,
            })
            .collect();
        assert_eq!(said, [b"v1/devices/me/rpc/response/3"]);
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
        let acts = Session::default().packet(hello(None));
        assert!(
            matches!(&acts[..], [Act::Send(Packet::ConnAck(ack)), Act::Close(_)] if ack.code == ConnectReturnCode::NotAuthorized)
        );
        assert!(matches!(&Session::default().packet(Packet::PingReq(PingReq))[..], [Act::Close(_)]));
    }
}
