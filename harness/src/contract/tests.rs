use super::*;

const GOOD: &str = r#"
contract = 1
name = "a gateway"
deadline = "2s"
[ports]
names = ["mqtt"]
[[process]]
id = "broker"
program = "mosquitto"
ready = { port = "mqtt" }
[[link]]
id = "bus"
carrier = "mqtt"
address = "mqtt://127.0.0.1:{port.mqtt}"
[[link]]
id = "line-1"
carrier = "modbus_rtu"
pty = "{work}/line-1"
[[device]]
class = ["beam"]
link = "line-1"
unit_from = 1
inputs_per_unit = 16
[[reaction]]
link = "bus"
topic = "site/{site}/alarm/{device}"
fields = { id = "/id", signal = "/what/kind" }
words = { beam_broken = "intrusion" }
"#;

#[test]
fn a_contract_is_read() {
    let contract = Contract::read(GOOD).expect("it is sound");
    assert_eq!(contract.process[0].patience, Duration(Ms(30_000)));
    assert!(contract.device[0].fits(Class::Beam, "b") && !contract.device[0].fits(Class::Camera, "c"));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (change, with, what, at) in [
        ("contract = 1", "contract = 2", "contract = 2 is not known", None),
        ("id = \"line-1\"", "id = \"bus\"", "the link `bus` stands there twice", Some("\"bus\"")),
        ("ready = { port = \"mqtt\" }", "ready = { port = \"ui\" }", "`ui` is no port", Some("\"ui\"")),
        ("unit_from = 1", "", "devices on `line-1` need unit_from", Some("\"line-1\"")),
        ("link = \"bus\"", "link = \"nowhere\"", "`nowhere` is no link", Some("\"nowhere\"")),
        ("link = \"bus\"", "link = \"line-1\"", "the system only asks", Some("\"line-1\"")),
        ("topic = \"site/{site}/alarm/{device}\"", "", "needs a topic", Some("\"bus\"")),
        ("carrier = \"modbus_rtu\"", "carrier = \"osdp\"", "unknown variant", None),
        ("pty =", "tty =", "unknown field", None),
    ] {
        let text = GOOD.replacen(change, with, 1);
        assert_ne!(text, GOOD);
        let wrong = Contract::read(&text).expect_err(what);
        let found =
            wrong.iter().find(|w| w.text.contains(what)).unwrap_or_else(|| panic!("{what}: {wrong:?}"));
        if let Some(at) = at {
            assert_eq!(found.span.clone().map(|span| &text[span]), Some(at), "{what}");
        }
    }
}

#[test]
fn answers_are_read_in_the_systems_own_words() {
    let contract = Contract::read(GOOD).expect("it is sound");
    let reading = Reading::new(contract.reaction[0].clone(), "yard");
    assert_eq!(reading.filter().as_deref(), Some("site/yard/alarm/+"));
    let read = reading.read("site/yard/alarm/beam-1", br#"{"id":"r-1","what":{"kind":"intrusion"}}"#);
    let wanted = Read {
        device: "beam-1".into(),
        signal: "beam_broken".into(),
        severity: None,
        id: Some("r-1".into()),
    };
    assert_eq!(read, wanted);
    assert_eq!(reading.read("elsewhere", b"no json"), Read::default());
}
