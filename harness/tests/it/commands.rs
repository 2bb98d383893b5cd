//! Commands of a gateway to the devices of a run, by the real binary: the built-in gateway's own, and those of a client
//! that knows its trade and of one that does not.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rumqttc::{Client, Connection, Event, MqttOptions, Packet, Publish, QoS};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
/// The intrusion over the north wall, until the zone is clear again.
const WINDOW: &str = "02:14:00+14s";

/// A process that is killed when the test is done with it.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The tiny site in a folder of its own. How punctual a loaded machine is is judged elsewhere.
fn bench() -> Result<tempfile::TempDir> {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let folder = tempfile::tempdir()?;
    let mut text = fs::read_to_string(scenarios.join("tiny.toml"))?;
    for (from, to) in [
        ("lateness_bound = \"10ms\"", "lateness_bound = \"20s\""),
        ("\"beam.response.p99\" = \"< 1s\"", "wrong = \"== 0\""),
    ] {
        ensure!(text.contains(from), "tiny.toml no longer holds {from:?}");
        text = text.replace(from, to);
    }
    fs::write(folder.path().join("tiny.toml"), text)?;
    fs::create_dir(folder.path().join("sites"))?;
    fs::copy(scenarios.join("sites/tiny.geojson"), folder.path().join("sites/tiny.geojson"))?;
    Ok(folder)
}

fn run(folder: &Path, args: &[&str]) -> (Command, PathBuf) {
    let out = folder.join("out");
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("run").arg(folder.join("tiny.toml")).args(["--no-floor", "--windows", WINDOW]).args(args);
    command.arg("--out").arg(&out).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    (command, out)
}

fn report(out: &Path) -> Result<Value> {
    let text = fs::read_to_string(out.join("report.json")).context("no report.json")?;
    Ok(serde_json::from_str(&text)?)
}

fn journal(out: &Path, kind: &str) -> Result<Vec<Value>> {
    let text = fs::read_to_string(out.join("journal.jsonl"))?;
    let all: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter_map(|entry| entry.get(kind).cloned()).collect())
}

#[test]
fn the_builtin_gateway_sounds_the_siren_and_it_is_recorded_but_not_judged() -> Result<()> {
    let folder = bench()?;
    let (mut command, out) = run(folder.path(), &[]);
    let output = command.output()?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report = report(&out)?;
    let commands = &report["commands"];
    let words: Vec<&str> =
        commands["list"].as_array().context("a list")?.iter().filter_map(|c| c["command"].as_str()).collect();
    // Beside the siren, the cameras that see the wall.
    let (show, siren): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| **word == "show");
    assert_eq!(siren, ["siren_on", "acknowledge", "siren_off"], "{commands:#}");
    ensure!(!show.is_empty(), "{commands:#}");
    assert_eq!((&commands["received"], &commands["executed"]), (&json!(words.len()), &json!(words.len())));
    assert_eq!((&commands["expected"], &commands["response_ms"]["count"]), (&json!(0), &json!(words.len())));
    ensure!(commands["execution_ms"]["p50"].as_f64() >= Some(30.0), "faster than a relay: {commands:#}");
    let cause = commands["list"][0]["cause"].as_str().context("a cause")?;
    ensure!(cause.starts_with("beam-north beam_broken"), "{cause}");
    let said = String::from_utf8(output.stdout)?;
    let all = words.len();
    let told = format!("{all} came: {all} executed; none was owed, so they are not judged");
    ensure!(said.contains(&told), "{said}");
    let page = fs::read_to_string(out.join("report.html"))?;
    ensure!(page.contains("id=\"commands\"") && page.contains("siren on"), "the page has the commands");
    Ok(())
}

#[test]
fn a_gateway_without_commands_sends_none() -> Result<()> {
    let folder = bench()?;
    let (mut command, out) = run(folder.path(), &["--defect", "no-commands"]);
    let output = command.output()?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(report(&out)?["commands"]["received"], 0);
    Ok(())
}

/// A client of the gateway's broker beside the run.
struct Operator {
    client: Client,
    connection: Connection,
    heard: Vec<Publish>,
}

impl Operator {
    fn connect(port: u16) -> Result<Operator> {
        let options = MqttOptions::new("operator", "127.0.0.1", port);
        let (client, connection) = Client::new(options, 100);
        for topic in [
            "site/tiny/dev/+/status",
            "site/tiny/dev/+/ack",
            "site/tiny/dev/+/event",
            "site/tiny/dev/+/state",
            "acs/tiny/#",
        ] {
            client.subscribe(topic, QoS::AtLeastOnce)?;
        }
        Ok(Operator { client, connection, heard: Vec::new() })
    }

    /// The first message that fits, of those that came or come. It is taken out.
    fn wait(&mut self, what: &str, fits: impl Fn(&Publish) -> bool) -> Result<Publish> {
        let began = Instant::now();
        loop {
            if let Some(at) = self.heard.iter().position(&fits) {
                return Ok(self.heard.remove(at));
            }
            ensure!(began.elapsed() < PATIENCE, "{what} did not come");
            match self.connection.recv_timeout(Duration::from_millis(200)) {
                Ok(Ok(Event::Incoming(Packet::Publish(publish)))) => self.heard.push(publish),
                Ok(Ok(_)) | Err(_) => {}
                Ok(Err(error)) => anyhow::bail!("the operator lost the broker: {error}"),
            }
        }
    }

    /// Tells a device something and waits for its answer.
    fn tell(&mut self, device: &str, payload: &str, id: Option<&str>) -> Result<Value> {
        self.client.publish(format!("site/tiny/dev/{device}/cmd"), QoS::AtLeastOnce, false, payload)?;
        let topic = format!("site/tiny/dev/{device}/ack");
        let answer = |p: &Publish| serde_json::from_slice::<Value>(&p.payload).unwrap_or_default();
        let found = self.wait(&format!("the answer to {payload}"), |p| {
            p.topic == topic && answer(p)["id"].as_str() == id
        })?;
        let answer = answer(&found);
        ensure!(answer["ts"].is_i64() && answer["ok"].is_boolean(), "{answer}");
        Ok(answer)
    }
}

fn order(id: &str, command: &str, args: Value) -> String {
    json!({ "id": id, "command": command, "ts": 1, "args": args }).to_string()
}

/// A gateway process and its port.
fn gateway(args: &[&str]) -> Result<(Killed, u16)> {
    let mut gateway = Killed(
        Command::new(env!("CARGO_BIN_EXE_palisade"))
            .arg("gateway")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let mut line = String::new();
    BufReader::new(gateway.0.stdout.take().context("stdout is piped")?).read_line(&mut line)?;
    let port = line.trim().rsplit_once(':').with_context(|| format!("no port in {line:?}"))?.1.parse()?;
    Ok((gateway, port))
}

/// A gateway of its own, a run against it, and a client beside them once the devices are there: the exit code, the report,
/// the folder.
fn beside(
    options: &[&str],
    act: impl FnOnce(&mut Operator) -> Result<()>,
) -> Result<(Option<i32>, Value, tempfile::TempDir)> {
    beside_with(options, "", act)
}

/// The same; where a contract is given, the run is by it, at the address of the gateway.
fn beside_with(
    options: &[&str],
    contract: &str,
    act: impl FnOnce(&mut Operator) -> Result<()>,
) -> Result<(Option<i32>, Value, tempfile::TempDir)> {
    let folder = bench()?;
    let (_gateway, port) = gateway(options)?;
    let mut sut = format!("mqtt://127.0.0.1:{port}");
    if !contract.is_empty() {
        let path = folder.path().join("contract.toml");
        fs::write(&path, contract.replace("ADDRESS", &sut))?;
        sut = path.display().to_string();
    }
    let (mut command, out) = run(folder.path(), &["--sut", &sut]);
    let mut measured = Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let mut operator = Operator::connect(port)?;
    for device in ["door-b01-1", "beam-north", "cam-middle", "barrier-south"] {
        let topic = format!("site/tiny/dev/{device}/status");
        operator.wait(device, |p| p.topic == topic && p.payload == "online")?;
    }
    act(&mut operator)?;
    let began = Instant::now();
    let status = loop {
        if let Some(status) = measured.0.try_wait()? {
            break status;
        }
        ensure!(began.elapsed() < PATIENCE, "the run did not end");
        // The operator keeps reading, as a client must.
        let _ = operator.connection.recv_timeout(Duration::from_millis(20));
    };
    Ok((status.code(), report(&out)?, folder))
}

/// The same with a gateway that has nothing to hide.
fn with_operator(act: impl FnOnce(&mut Operator) -> Result<()>) -> Result<(Value, tempfile::TempDir)> {
    let (code, report, folder) = beside(&[], act)?;
    assert_eq!(code, Some(0), "{}", report["verdict"]);
    Ok((report, folder))
}

/// The rows of a table of the run, by column.
fn table(folder: &Path, name: &str) -> Result<Vec<BTreeMap<String, String>>> {
    let mut reader = csv::Reader::from_path(folder.join("out/tables").join(name))?;
    let rows = reader.deserialize().collect::<Result<_, _>>();
    Ok(rows?)
}

#[test]
fn commands_are_executed_once_answered_and_wrong_ones_refused() -> Result<()> {
    let (report, folder) = with_operator(|operator| {
        let unlock = order("t-1", "unlock", json!({}));
        let answer = operator.tell("door-b01-1", &unlock, Some("t-1"))?;
        assert_eq!(
            (&answer["ok"], &answer["state"], &answer["why"]),
            (&json!(true), &json!("released"), &Value::Null)
        );
        let event = operator.wait("the door's event", |p| p.topic.ends_with("door-b01-1/event"))?;
        let event: Value = serde_json::from_slice(&event.payload)?;
        assert_eq!((&event["signal"], &event["by"]), (&json!("door_released"), &json!("command")));
        assert_eq!(operator.tell("door-b01-1", &unlock, Some("t-1"))?["ok"], true, "answered again");

        let raised = operator.tell("barrier-south", &order("t-2", "lift", json!({})), Some("t-2"))?;
        assert_eq!(raised["state"], "raised");
        for (device, payload, id, why) in [
            ("beam-north", "{\"id\":", None, "not JSON"),
            ("beam-north", &order("t-3", "explode", json!({})), Some("t-3"), "there is no command `explode`"),
            (
                "cam-middle",
                &order("t-4", "siren_on", json!({})),
                Some("t-4"),
                "class camera cannot `siren_on`",
            ),
            ("beam-north", &order("t-5", "bypass", json!({})), Some("t-5"), "needs `args/for_s`"),
        ] {
            let answer = operator.tell(device, payload, id)?;
            assert_eq!(answer["ok"], false, "{answer}");
            ensure!(answer["why"].as_str().is_some_and(|said| said.contains(why)), "{answer}");
        }
        let shut = |p: &Publish| {
            p.topic.ends_with("door-b01-1/state") && p.payload.windows(6).any(|w| w == b"locked")
        };
        operator.wait("the lock that closes by itself", shut).map(drop)
    })?;
    let commands = &report["commands"];
    let counts =
        ["received", "executed", "refused", "repeated", "unanswered"].map(|name| commands[name].as_u64());
    assert_eq!(counts, [7, 2, 4, 1, 0].map(Some), "{commands:#}");
    assert_eq!((&report["outcomes"]["spurious"], &report["outcomes"]["missed"]), (&json!(0), &json!(0)));
    // The door's and the barrier's events are messages like any: passed on, in time.
    let messages = table(folder.path(), "messages.csv")?;
    let caused: Vec<_> = messages.iter().filter(|m| !m["because"].is_empty()).collect();
    let told: Vec<[&str; 4]> =
        caused.iter().map(|m| ["device", "signal", "because", "outcome"].map(|c| m[c].as_str())).collect();
    let expected = [
        ["door-b01-1", "door_released", "unlock t-1", "answered"],
        ["barrier-south", "arm_raised", "lift t-2", "answered"],
    ];
    assert_eq!(told, expected);
    assert_eq!(report["outcomes"]["expected"].as_u64(), Some(messages.len() as u64));
    let commands = table(folder.path(), "commands.csv")?;
    let outcomes: Vec<&str> = commands.iter().map(|c| c["outcome"].as_str()).collect();
    assert_eq!(
        outcomes,
        ["executed", "repeated", "executed", "refused", "refused", "refused", "refused"],
        "{commands:?}"
    );
    for (command, message) in [&commands[0], &commands[2]].into_iter().zip(&caused) {
        assert_eq!((&command["said"], command["said_outcome"].as_str()), (&message["id"], "answered"));
        let at = |column: &str| command[column].parse::<i64>();
        ensure!(at("received_us")? < at("executed_us")? && at("executed_us")? <= at("answered_us")?);
        assert_eq!((command["cause"].as_str(), command["owed"].as_str()), ("", ""));
    }
    ensure!(commands[4]["why"].contains("explode"), "{:?}", commands[4]);
    let answered = journal(&folder.path().join("out"), "answered")?;
    let lift = answered.iter().find(|a| a["id"] == "t-2").context("the lift is in the journal")?;
    let began = journal(&folder.path().join("out"), "command")?;
    let began = began.iter().find(|c| c["id"] == "t-2").context("its command too")?;
    let took_us =
        lift["executed_us"].as_i64().unwrap_or_default() - began["received_us"].as_i64().unwrap_or_default();
    ensure!(took_us >= 1_500_000, "the arm takes the kit's 1,500 ms, and took {took_us} µs");
    Ok(())
}

#[test]
fn what_a_device_says_because_of_a_command_is_missed_like_any_message() -> Result<()> {
    let (code, report, folder) = beside(&["--defect", "deaf-to=door-b01-1"], |operator| {
        operator.tell("door-b01-1", &order("t-1", "unlock", json!({})), Some("t-1"))?;
        operator.tell("barrier-south", &order("t-2", "lift", json!({})), Some("t-2")).map(drop)
    })?;
    assert_eq!(code, Some(5), "{}", report["verdict"]);
    let outcomes = &report["outcomes"];
    assert_eq!((&outcomes["missed"], &outcomes["undecidable"]), (&json!(1), &json!(0)), "{outcomes}");
    let reasons = report["verdict"]["reasons"].to_string();
    ensure!(
        reasons.contains("door-b01-1 door_released") && reasons.contains("because of unlock t-1"),
        "{reasons}"
    );
    let failure = report["failures"][0]["text"].as_str().context("a failure")?;
    ensure!(failure.ends_with("because of the command unlock t-1"), "{failure}");
    let passed: Vec<String> =
        table(folder.path(), "commands.csv")?.iter().map(|c| c["said_outcome"].clone()).collect();
    assert_eq!(passed, ["missed", "answered"]);
    let told = report["commands"]["told"].as_str().context("a sentence")?;
    ensure!(told.ends_with("judged like any message: 1 of 2 answered"), "{told}");
    let page = fs::read_to_string(folder.path().join("out/report.html"))?;
    ensure!(page.contains("said door released:"), "the page shows what came of the command");
    Ok(())
}

#[test]
fn a_bypassed_zone_says_nothing_and_nothing_is_expected_of_the_gateway() -> Result<()> {
    let (report, folder) = with_operator(|operator| {
        let answer =
            operator.tell("beam-north", &order("b-1", "bypass", json!({ "for_s": 60 })), Some("b-1"))?;
        assert_eq!(answer["state"], "bypassed");
        Ok(())
    })?;
    let withheld = journal(&folder.path().join("out"), "withheld")?;
    ensure!(!withheld.is_empty() && withheld.iter().all(|w| w["why"] == "bypassed"), "{withheld:?}");
    let outcomes = &report["outcomes"];
    assert_eq!(outcomes["withheld"].as_u64(), Some(withheld.len() as u64));
    assert_eq!((&outcomes["missed"], &outcomes["undecidable"]), (&json!(0), &json!(0)));
    assert_eq!(outcomes["answered"], outcomes["expected"]);
    assert_eq!(report["outcomes_by_class"]["beam"]["withheld"].as_u64(), Some(withheld.len() as u64));
    let left = journal(&folder.path().join("out"), "left")?;
    ensure!(
        withheld.iter().all(|w| left.iter().all(|l| l["stimulus"] != w["stimulus"])),
        "it was sent for all that"
    );
    let told = report["commands"]["told"].as_str().context("a sentence")?;
    ensure!(told.contains("NOT SENT"), "{told}");
    Ok(())
}

/// A gateway whose doors and barriers are told what to do in a dialect of its own; barriers even without a number.
const DIALECT: &str = r#"
contract = 1
name = "an access controller"

[[link]]
id = "bus"
carrier = "mqtt"
address = "ADDRESS"

[[device]]
class = ["intercom"]
link = "bus"
[device.commands]
topic = "acs/{site}/{device}/set"
ack = "acs/{site}/{device}/result"
state = "acs/{site}/{device}/now"
fields = { id = "/request/no", command = "/do", cause = "/because" }
words = { unlock = "OpenDoor" }
answer = { id = "/reply/no", ok = "/reply/done", state = "/lock", why = "/reply/error", ts = "/at" }
states = { released = "open", locked = "shut" }

[[device]]
class = ["barrier"]
link = "bus"
[device.commands]
topic = "acs/{site}/{device}/arm"
numbered = false
words = { lift = "Up", lower = "Down" }

[[device]]
link = "bus"

[[reaction]]
link = "bus"

[[command]]
class = ["beam"]
severity = ["alarm"]
to = { devices = ["barrier-south"] }
command = "lift"
deadline = "60s"
"#;

#[test]
fn a_gateway_with_a_dialect_of_its_own_is_understood_answered_and_judged() -> Result<()> {
    let (code, report, folder) = beside_with(&[], DIALECT, |operator| {
        let say = |topic: &str, payload: Value| {
            operator.client.publish(topic, QoS::AtLeastOnce, false, payload.to_string())
        };
        // The usual topic and word mean nothing to such a door.
        say("site/tiny/dev/door-b01-1/cmd", json!({ "id": "u", "command": "unlock" }))?;
        say("acs/tiny/door-b01-1/set", json!({ "request": { "no": "1" }, "do": "unlock" }))?;
        say("acs/tiny/door-b01-1/set", json!({ "request": { "no": "2" }, "do": "OpenDoor" }))?;
        let mut heard = |topic: &str| -> Result<Value> {
            let found = operator.wait(topic, |p| p.topic == topic && !p.retain)?;
            Ok(serde_json::from_slice(&found.payload)?)
        };
        let refused = heard("acs/tiny/door-b01-1/result")?;
        assert_eq!((&refused["reply"]["no"], &refused["reply"]["done"]), (&json!("1"), &json!(false)));
        let why = refused["reply"]["error"].as_str().context("a reason")?;
        ensure!(why.starts_with("there is no command `unlock`; there are OpenDoor"), "{why}");
        assert_eq!(refused["lock"], "shut");
        let done = heard("acs/tiny/door-b01-1/result")?;
        assert_eq!((&done["reply"]["no"], &done["lock"]), (&json!("2"), &json!("open")));
        assert_eq!(heard("acs/tiny/door-b01-1/now")?["lock"], "open");
        // Once the beam has been crossed, the barrier is owed its order.
        operator.wait("the broken beam", |p| {
            p.topic.ends_with("beam-north/event") && p.payload.windows(11).any(|w| w == b"beam_broken")
        })?;
        let arm = "acs/tiny/barrier-south/arm";
        operator.client.publish(arm, QoS::AtLeastOnce, false, r#"{"command":"Up"}"#)?;
        operator.client.publish(arm, QoS::AtLeastOnce, false, r#"{"command":"Down"}"#)?;
        for state in ["raised", "lowered"] {
            let ack = "site/tiny/dev/barrier-south/ack";
            let answer = operator.wait(ack, |p| p.topic == ack)?;
            let answer: Value = serde_json::from_slice(&answer.payload)?;
            assert_eq!((&answer["id"], &answer["state"]), (&Value::Null, &json!(state)));
        }
        Ok(())
    })?;
    assert_eq!(code, Some(0), "{}", report["verdict"]);
    let commands = table(folder.path(), "commands.csv")?;
    let told: Vec<[&str; 4]> =
        commands.iter().map(|c| ["device", "command", "outcome", "owed"].map(|k| c[k].as_str())).collect();
    let expected = [
        ["door-b01-1", "unlock", "refused", ""],
        ["door-b01-1", "unlock", "executed", ""],
        ["barrier-south", "lift", "executed", "in_time"],
        ["barrier-south", "lower", "executed", ""],
    ];
    assert_eq!(told, expected);
    let caused = table(folder.path(), "messages.csv")?.into_iter().filter(|m| !m["because"].is_empty());
    let caused: Vec<String> = caused.map(|m| format!("{} {}", m["signal"], m["outcome"])).collect();
    assert_eq!(caused, ["door_released answered", "arm_raised answered", "arm_lowered answered"]);
    Ok(())
}

/// The tiny site against the embedded gateway by its shipped contract, which owes the siren for every alarm of a beam;
/// the gateway is given these options as well.
fn owing(options: &str) -> Result<(Option<i32>, Value, tempfile::TempDir)> {
    let folder = bench()?;
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/sut/builtin/contract.toml");
    let text = fs::read_to_string(shipped)?;
    let own = "\"--commands\", \"duty-room\"";
    ensure!(text.contains(own), "the contract no longer holds {own}");
    let contract = folder.path().join("contract.toml");
    fs::write(&contract, text.replace(own, &format!("{own}{options}")))?;
    let (mut command, out) = run(folder.path(), &["--sut", &contract.display().to_string()]);
    let output = command.output()?;
    let report = report(&out).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok((output.status.code(), report, folder))
}

#[test]
fn an_owed_command_is_judged_and_its_miss_names_the_alarm() -> Result<()> {
    let (code, good, folder) = owing("")?;
    assert_eq!(code, Some(0), "{}", good["verdict"]);
    assert_eq!((&good["commands"]["expected"], &good["commands"]["in_time"]), (&json!(1), &json!(1)));
    ensure!(
        good["commands"]["owed"][0]["response_ms"].as_f64() < Some(2_000.0),
        "{}",
        good["commands"]["owed"]
    );
    let checks = good["verdict"]["checks"].as_array().context("checks")?;
    ensure!(checks.iter().any(|c| c["figure"] == "commands.missed" && c["pass"] == true), "{checks:?}");

    // Cameras are told at the same time, over connections of their own.
    let told = table(folder.path(), "commands.csv")?;
    let siren = told.iter().find(|row| row["command"] == "siren_on").context("a siren")?;
    assert_eq!((siren["command"].as_str(), siren["owed"].as_str()), ("siren_on", "in_time"));
    let alarm = table(folder.path(), "messages.csv")?.into_iter().find(|m| m["id"] == siren["cause"]);
    assert_eq!(alarm.context("its alarm is a message")?["signal"], "beam_broken");

    let (code, bad, folder) = owing(", \"--defect\", \"no-commands\"")?;
    assert_eq!(code, Some(5), "{}", bad["verdict"]);
    assert_eq!((&bad["commands"]["missed"], &bad["outcomes"]["missed"]), (&json!(1), &json!(0)));
    let open = table(folder.path(), "commands.csv")?;
    let told = ["device", "outcome", "owed", "received_us"].map(|column| open[0][column].as_str());
    assert_eq!((told, open.len()), (["duty-room", "did_not_come", "missed", ""], 1));
    let reasons = bad["verdict"]["reasons"].to_string();
    ensure!(reasons.contains("siren_on to duty-room after beam-north beam_broken"), "{reasons}");

    let (code, lossy, _) = owing(", \"--defect\", \"deaf-to=beam-north\"")?;
    assert_eq!(code, Some(5), "a lost alarm leads to no command");
    assert_eq!(lossy["commands"]["missed"], 1);
    Ok(())
}
