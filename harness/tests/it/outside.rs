//! Gateways that somebody else wrote, started by their contracts: Node-RED over MQTT and a polled serial line, a flow of
//! its with a fault, and the ThingsBoard gateway. `bash .ci/test` installs them; without PALISADE_SUTS these tests fail
//! and say so.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tiny::{Tiny, descendants, expected_is_the_sum, killed_and_gone, root, run, runs};

const PATIENCE: Duration = Duration::from_secs(120);

/// The tiny compound for gateways of somebody else. How quick a loaded machine is, is judged elsewhere.
struct Bench(Tiny);

impl Bench {
    fn new() -> Result<Bench> {
        ensure!(
            std::env::var_os("PALISADE_SUTS").is_some(),
            "PALISADE_SUTS is not set: run `bash .ci/test`, or set it to the folder that `bash .ci/sut` prints"
        );
        let patient = [
            ("deadline = \"2s\"", "deadline = \"5s\""),
            ("\"response.p99\" = \"< 2s\"", "spurious = \"== 0\""),
        ];
        Tiny::with(&patient).map(Bench)
    }

    fn out(&self) -> PathBuf {
        self.0.out()
    }

    fn command(&self, sut: &str, windows: &str) -> Command {
        let contract = root().join("scenarios/sut").join(sut).join("contract.toml");
        self.0.command(&["--windows", windows, "--sut", &contract.display().to_string()])
    }

    fn run(&self, sut: &str, windows: &str) -> Result<(Option<i32>, Report)> {
        let output = self.command(sut, windows).output()?;
        let report = self.report(&output)?;
        report.nobody_is_left()?;
        expected_is_the_sum(&report.0)?;
        Ok((output.status.code(), report))
    }

    fn report(&self, output: &Output) -> Result<Report> {
        let report = self.0.report();
        Ok(Report(report.with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?))
    }
}

struct Report(Value);

impl Report {
    fn count(&self, name: &str) -> Result<u64> {
        self.0["outcomes"][name].as_u64().with_context(|| format!("outcomes.{name}"))
    }

    fn notes(&self) -> Vec<&str> {
        self.0["notes"].as_array().into_iter().flatten().filter_map(|n| n["text"].as_str()).collect()
    }

    /// Names and numbers of the processes that the run started.
    fn processes(&self) -> Vec<(String, u32)> {
        let started = |text: &&str| {
            text.split_once(" is process ").and_then(|(id, n)| Some((id.into(), n.parse().ok()?)))
        };
        self.notes().iter().filter_map(started).collect()
    }

    fn nobody_is_left(&self) -> Result<()> {
        let processes = self.processes();
        ensure!(processes.len() == 2, "two programs were started: {processes:?}");
        for (id, number) in processes {
            ensure!(!runs(number), "{id} ({number}) was left behind");
        }
        Ok(())
    }

    /// Devices of which something was missed, as the list of failures names them.
    fn missed(&self) -> Vec<&str> {
        let failures = self.0["failures"].as_array().into_iter().flatten();
        failures.filter(|f| f["outcome"] == "missed").filter_map(|f| f["device"].as_str()).collect()
    }

    fn reasons(&self) -> String {
        self.0["verdict"]["reasons"].to_string()
    }
}

/// The intrusion: a beam on the serial line, cameras over MQTT.
const NIGHT: &str = "02:14:00+12s";

#[test]
fn node_red_passes_on_what_comes_over_mqtt_and_what_it_polls() -> Result<()> {
    let bench = Bench::new()?;
    let (exit, report) = bench.run("node-red", NIGHT)?;
    ensure!(exit == Some(0), "{exit:?}: {}", report.0["verdict"]);
    ensure!(report.count("answered")? == report.count("expected")?, "{}", report.0["outcomes"]);
    let beams = &report.0["latency_ms"]["beam"]["response"];
    let cameras = &report.0["latency_ms"]["camera"]["response"];
    ensure!(beams["count"].as_u64() > Some(0) && cameras["count"].as_u64() > Some(1), "{beams} {cameras}");
    ensure!(cameras["p50"].as_f64() > Some(0.0), "{cameras}");
    // Modbus carries no id, MQTT does.
    let correlation = &report.0["correlation"];
    ensure!(
        correlation["by_id"].as_u64() > Some(0) && correlation["by_key"].as_u64() > Some(0),
        "{correlation}"
    );
    let line = &report.0["links"][0];
    ensure!(line["polls"].as_u64() > Some(10) && line["broken"] == 0, "{line}");
    Ok(())
}

#[test]
fn a_flow_that_swallows_what_follows_closely_is_caught_and_the_device_named() -> Result<()> {
    let bench = Bench::new()?;
    let (exit, report) = bench.run("node-red-broken", NIGHT)?;
    ensure!(exit == Some(5), "{exit:?}: {}", report.0["verdict"]);
    let missed = report.missed();
    ensure!(missed.contains(&"cam-north-wall"), "{missed:?}");
    ensure!(report.reasons().contains("cam-north-wall"), "{}", report.reasons());
    ensure!(report.count("answered")? > 0, "the rest of the flow works: {}", report.0["outcomes"]);
    Ok(())
}

/// Two sockets of one charger report in the same millisecond. What the gateway makes of that is its affair; the report
/// must say it as it is.
#[test]
fn what_the_thingsboard_gateway_sends_to_its_platform_is_judged() -> Result<()> {
    let bench = Bench::new()?;
    let (exit, report) = bench.run("thingsboard", "20:43:46+7s")?;
    ensure!(report.count("answered")? > 0, "{}", report.0["outcomes"]);
    let latency = &report.0["latency_all_ms"]["response"];
    ensure!(latency["count"].as_u64() > Some(0) && latency["p50"].as_f64() > Some(0.0), "{latency}");
    ensure!(report.count("late")? == 0, "what is lost is missed, not late: {}", report.0["outcomes"]);
    let missed = report.missed();
    ensure!(missed.len() as u64 == report.count("missed")?, "each is named: {missed:?}");
    ensure!(exit == Some(if missed.is_empty() { 0 } else { 5 }), "{exit:?}: {}", report.0["verdict"]);
    if missed.contains(&"charger-a") {
        ensure!(report.reasons().contains("charger-a"), "{}", report.reasons());
        let merged = report.notes().into_iter().find(|note| note.starts_with("merged: "));
        ensure!(merged.is_some_and(|note| note.contains("charger-a")), "{:?}", report.notes());
    }
    Ok(())
}

/// Node-RED without the serial line, in a session that is kept. `looks`: whether the flow looks at the mark of what the broker
/// had kept. `limits`: what mosquitto is told in place of its generous queues.
fn over_mqtt_alone(bench: &Bench, looks: bool, limits: Option<&str>) -> Result<PathBuf> {
    let (shipped, folder) = (root().join("scenarios/sut/node-red"), bench.0.folder().join("over-mqtt"));
    fs::create_dir_all(&folder)?;
    fs::copy(shipped.join("settings.js"), folder.join("settings.js"))?;
    let mut broker = fs::read_to_string(shipped.join("mosquitto.conf"))?;
    if let Some(limits) = limits {
        let generous = "max_inflight_messages 1000\nmax_queued_messages 100000";
        ensure!(broker.contains(generous), "{broker}");
        broker = broker.replace(generous, limits);
    }
    fs::write(folder.join("mosquitto.conf"), broker)?;
    let flows: Vec<Value> = serde_json::from_str(&fs::read_to_string(shipped.join("flows.json"))?)?;
    let over_mqtt =
        |node: &Value| ["site", "bus", "events", "pass-on", "alarms"].iter().any(|id| node["id"] == *id);
    let mut flows: Vec<Value> = flows.into_iter().filter(over_mqtt).collect();
    ensure!(flows.len() == 5, "{flows:?}");
    for node in &mut flows {
        if node["id"] == "bus" {
            node["cleansession"] = false.into();
        }
        let text = node["func"].as_str().unwrap_or_default();
        ensure!(node["id"] != "pass-on" || text.contains("if (msg.retain) return null;"), "{text}");
        if !looks && node["id"] == "pass-on" {
            node["func"] = text.replace("if (msg.retain) return null;", "").into();
        }
    }
    fs::write(folder.join("flows.json"), serde_json::to_string(&flows)?)?;
    let text = fs::read_to_string(shipped.join("contract.toml"))?;
    let (before, rest) =
        text.split_once("[[link]]                  # Palisade makes it").context("a line")?;
    let (_, reaction) = rest.split_once("[[reaction]]").context("a reaction")?;
    let devices = "[[device]]\nlink = \"bus\"\nqos = 1";
    let contract = folder.join("contract.toml");
    fs::write(&contract, format!("{before}{devices}\n\n[[reaction]]{reaction}"))?;
    Ok(contract)
}

#[test]
fn a_flow_that_takes_what_the_broker_had_kept_for_news_answers_twice_after_a_restart() -> Result<()> {
    // That events are retained is said by the load's shape or by the contract.
    for (looks, by_shape) in [(true, true), (false, true), (false, false)] {
        let bench = Bench::new()?;
        let path = over_mqtt_alone(&bench, looks, None)?;
        if !by_shape {
            let text = fs::read_to_string(&path)?;
            fs::write(&path, text.replace("qos = 1\n", "qos = 1\nretain = true\n"))?;
        }
        let contract = path.display().to_string();
        let [shape, restart] = ["load/retained-backlog.toml", "faults/gateway-again.toml"]
            .map(|name| root().join("scenarios").join(name).display().to_string());
        let shipped =
            if by_shape { vec!["--shape", &shape, "--fault", &restart] } else { vec!["--fault", &restart] };
        let args = [&["--windows", NIGHT, "--sut", &contract, "--fleet", "4"][..], &shipped].concat();
        let output = bench.0.command(&args).output()?;
        let report = bench.report(&output)?;
        report.nobody_is_left()?;
        let kept =
            report.notes().iter().any(|note| note.contains("the broker keeps the last event of each device"));
        ensure!(kept == by_shape, "{:?}", report.notes());
        ensure!(report.0["faults"]["restarts"][0]["recovery_ms"].is_number(), "{}", report.0["faults"]);
        ensure!(report.count("missed")? == 0 && report.count("expected")? > 3, "{}", report.0["outcomes"]);
        let twice = report.count("duplicate")?;
        ensure!((twice > 0) != looks, "looks: {looks}, {}", report.0["outcomes"]);
        ensure!(output.status.code() == Some(if looks { 0 } else { 5 }), "{}", report.reasons());
    }
    Ok(())
}

#[test]
fn what_a_broker_with_a_short_queue_drops_for_an_absent_subscriber_is_named_with_what_the_broker_says()
-> Result<()> {
    let bench = Bench::new()?;
    let limits = "max_inflight_messages 3\nmax_queued_messages 6";
    let contract = over_mqtt_alone(&bench, true, Some(limits))?.display().to_string();
    let shape = bench.0.folder().join("shape.toml");
    let text = "shape = 1\nname = \"away\"\n\n[[flood]]\nat = \"3s\"\nwithin = \"4s\"\nclass = \"camera\"\n\n\
                [[subscriber]]\nname = \"duty-room\"\nwhat = { away = { at = \"2s\", lasts = \"6s\" } }\n";
    fs::write(&shape, text)?;
    let shape = shape.display().to_string();
    let args = ["--windows", NIGHT, "--sut", &contract, "--fleet", "12", "--shape", &shape];
    let output = bench.0.command(&args).output()?;
    let report = bench.report(&output)?;
    report.nobody_is_left()?;
    ensure!(output.status.code() == Some(5), "{}", report.reasons());
    let duty_room = &report.0["load"]["subscribers"][1];
    let count = |name: &str| duty_room[name].as_u64().with_context(|| format!("{name}: {duty_room}"));
    ensure!(count("lost")? > 3 && duty_room["session_kept"] == true, "{duty_room}");
    // Those under way and those in the queue came.
    let came = count("said_meanwhile")? - count("lost")?;
    ensure!((3..=12).contains(&came), "{came}: {duty_room}");
    let first = &duty_room["losses"][0];
    ensure!(first["topic"].to_string().contains("/alarm/cam"), "{first}");
    ensure!(first["waiting"].as_u64() >= Some(3), "{first}");
    let why = duty_room["why"].to_string();
    ensure!(why.contains("no more room") && why.contains("mosquitto says: "), "{why}");
    ensure!(why.contains("dropped for client palisade-"), "{why}");
    ensure!(report.reasons().contains("no more room"), "{}", report.reasons());
    Ok(())
}

#[test]
fn a_program_that_is_not_installed_is_named_and_the_others_are_stopped() -> Result<()> {
    let bench = Bench::new()?;
    let output = bench.command("thingsboard", NIGHT).env("PALISADE_SUTS", bench.0.folder()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(4), "{said}");
    ensure!(said.contains("thingsboard: there is no program") && said.contains("bash .ci/sut"), "{said}");
    // The broker wrote that it ends.
    let log = fs::read_to_string(bench.out().join("sut/mosquitto.log"))?;
    ensure!(log.contains("terminating"), "{log}");
    Ok(())
}

#[test]
fn a_variable_that_is_not_set_is_named_before_anything_starts() -> Result<()> {
    let bench = Bench::new()?;
    let output = bench.command("node-red", NIGHT).env_remove("PALISADE_SUTS").output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(3), "{said}");
    ensure!(said.contains("the environment has no variable `PALISADE_SUTS`"), "{said}");
    ensure!(said.contains("node-red/contract.toml:") && said.contains("bash .ci/sut"), "{said}");
    ensure!(!bench.out().exists(), "something was begun");
    Ok(())
}

#[test]
fn a_gateway_whose_broker_dies_is_lost_and_what_was_measured_stays() -> Result<()> {
    let bench = Bench::new()?;
    let child = bench.command("node-red", "02:14:00+60s").spawn()?;
    bench.0.wait_for("{\"left\"", PATIENCE)?;
    let text = fs::read_to_string(bench.out().join("journal.jsonl"))?;
    let broker = text.split("mosquitto is process ").nth(1).and_then(|rest| rest.split('"').next());
    let broker = broker.context("the broker's number is in the journal")?;
    ensure!(Command::new("kill").args(["-KILL", broker]).status()?.success(), "kill {broker}");
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(4), "{:?}: {said}", output.status);
    ensure!(said.contains("mosquitto ended by itself"), "{said}");
    let report = bench.report(&output)?;
    ensure!(report.0["partial"] == true, "{}", report.0["partial"]);
    report.nobody_is_left()
}

#[test]
fn no_program_of_a_gateway_outlives_a_killed_run() -> Result<()> {
    let bench = Bench::new()?;
    let child = bench.command("node-red", "02:14:00+60s").spawn()?;
    bench.0.wait_for("{\"left\"", PATIENCE)?;
    let started = descendants(child.id());
    for name in ["mosquitto", "node"] {
        ensure!(started.iter().any(|(program, _)| program.starts_with(name)), "no {name}: {started:?}");
    }
    killed_and_gone(child.id(), &started, PATIENCE)?;
    child.wait_with_output()?;
    Ok(())
}

/// Twenty seconds of the morning's rush in the shipped compound, with cameras at QoS 1: messages alone, close together,
/// and several of one camera.
fn rush(sut: &str) -> Result<Report> {
    ensure!(std::env::var_os("PALISADE_SUTS").is_some(), "PALISADE_SUTS is not set: run `bash .ci/test`");
    let folder = tempfile::tempdir()?;
    let scenarios = root().join("scenarios");
    let mut text = fs::read_to_string(scenarios.join("cuiyuan.toml"))?;
    for (from, to) in [
        ("\ncamera = 0\n", "\ncamera = 1\n"),
        ("\"lateness.p99\" = \"< 10ms\"", ""),
        ("deadline = \"2s\"", "deadline = \"5s\""),
    ] {
        ensure!(text.contains(from), "cuiyuan.toml no longer holds {from:?}");
        text = text.replace(from, to);
    }
    let scenario = folder.path().join("cuiyuan.toml");
    fs::write(&scenario, text)?;
    fs::create_dir(folder.path().join("sites"))?;
    fs::copy(scenarios.join("sites/cuiyuan.geojson"), folder.path().join("sites/cuiyuan.geojson"))?;
    let contract = scenarios.join("sut").join(sut).join("contract.toml").display().to_string();
    let out = folder.path().join("out");
    let output = run(&scenario, &out, &["--windows", "07:28:40+20s", "--sut", &contract]).output()?;
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    let report =
        Report(serde_json::from_str(&fs::read_to_string(out.join("report.json")).with_context(said)?)?);
    ensure!(report.count("expected")? > 200 && report.0["partial"] == false, "{}", said());
    expected_is_the_sum(&report.0)?;
    Ok(report)
}

impl Report {
    fn note(&self, begins: &str) -> Option<&str> {
        self.notes().into_iter().find(|note| note.starts_with(begins))
    }
}

/// Node-RED's client acknowledges and publishes in two writes, and the second waits until the broker has said something:
/// at the latest after its delayed acknowledgement of some 40 ms, sooner when the next message comes.
#[test]
fn a_gateway_that_is_slowest_when_nearly_idle_is_told_from_one_that_is_not() -> Result<()> {
    let idle = "slowest when nearly idle, camera: ";
    let node_red = rush("node-red")?;
    let note = node_red.note(idle).with_context(|| node_red.0["latency_ms"]["camera"].to_string())?;
    ensure!(note.contains("when something left in the 20 ms after"), "{note}");
    let ours = rush("builtin")?;
    ensure!(ours.note(idle).is_none(), "{:?}", ours.notes());
    Ok(())
}

/// How many missed messages the report says were merged with another, of how many.
fn merged(report: &Report) -> Result<(u64, u64)> {
    let missed = report.count("missed")?;
    let Some(note) = report.note("merged: ") else { return Ok((0, missed)) };
    let (some, rest) = note["merged: ".len()..].split_once(" of ").context("a share")?;
    ensure!(rest.starts_with(&format!("{missed} missed messages")), "{note}");
    Ok((some.parse()?, missed))
}

/// By the devices' clock only messages of one millisecond share a row; by its own all do that it converts in one.
#[test]
fn a_gateway_that_stamps_rows_itself_merges_more_of_them_and_the_report_says_merged() -> Result<()> {
    let (by_its_own, by_the_devices) = (rush("thingsboard-own-time")?, rush("thingsboard")?);
    let ((own, missed), (devices, _)) = (merged(&by_its_own)?, merged(&by_the_devices)?);
    ensure!(own > devices, "{own} merged of {missed}, and {devices} by the devices' clock");
    ensure!(own * 2 > missed, "merging explains most of what is missed: {own} of {missed}");
    ensure!(by_its_own.reasons().contains("missed"), "{}", by_its_own.reasons());
    Ok(())
}
