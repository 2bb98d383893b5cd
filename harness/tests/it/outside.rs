//! Gateways that somebody else wrote, started by their contracts: Node-RED over MQTT and a polled serial line, a flow of
//! its with a fault, and the ThingsBoard gateway. `bash .ci/test` installs them; without PALISADE_SUTS these tests fail
//! and say so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(120);

/// The tiny site in a folder of its own. How quick a loaded machine is, is judged elsewhere.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Result<Bench> {
        ensure!(
            std::env::var_os("PALISADE_SUTS").is_some(),
            "PALISADE_SUTS is not set: run `bash .ci/test`, or set it to the folder that `bash .ci/sut` prints"
        );
        let scenarios = root().join("scenarios");
        let folder = tempfile::tempdir()?;
        let mut text = fs::read_to_string(scenarios.join("tiny.toml"))?;
        for (from, to) in [
            ("lateness_bound = \"10ms\"", "lateness_bound = \"20s\""),
            ("deadline = \"2s\"", "deadline = \"5s\""),
            ("\"beam.response.p99\" = \"< 1s\"", "wrong = \"== 0\""),
            ("\"response.p99\" = \"< 2s\"", "spurious = \"== 0\""),
        ] {
            ensure!(text.contains(from), "tiny.toml no longer holds {from:?}");
            text = text.replace(from, to);
        }
        fs::write(folder.path().join("tiny.toml"), text)?;
        fs::create_dir(folder.path().join("sites"))?;
        fs::copy(scenarios.join("sites/tiny.geojson"), folder.path().join("sites/tiny.geojson"))?;
        Ok(Bench { folder })
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn command(&self, sut: &str, windows: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        let contract = root().join("scenarios/sut").join(sut).join("contract.toml");
        command.arg("run").arg(self.folder.path().join("tiny.toml")).arg("--no-floor");
        command.arg("--sut").arg(contract).args(["--windows", windows]).arg("--out").arg(self.out());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, sut: &str, windows: &str) -> Result<(Option<i32>, Report)> {
        let output = self.command(sut, windows).output()?;
        let report = self.report(&output)?;
        report.nobody_is_left()?;
        report.classes_sum_up()?;
        Ok((output.status.code(), report))
    }

    fn report(&self, output: &Output) -> Result<Report> {
        let text = fs::read_to_string(self.out().join("report.json"));
        let text = text.with_context(|| format!("no report: {}", String::from_utf8_lossy(&output.stderr)))?;
        Ok(Report(serde_json::from_str(&text)?))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

struct Report(Value);

impl Report {
    fn count(&self, name: &str) -> Result<u64> {
        self.0["outcomes"][name].as_u64().with_context(|| format!("outcomes.{name}"))
    }

    fn classes_sum_up(&self) -> Result<()> {
        let mut sum = 0;
        for name in ["answered", "late", "missed", "duplicate", "wrong", "out_of_order", "undecidable"] {
            sum += self.count(name)?;
        }
        ensure!(sum == self.count("expected")?, "{}", self.0["outcomes"]);
        Ok(())
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
            ensure!(!Path::new(&format!("/proc/{number}")).exists(), "{id} ({number}) was left behind");
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

#[test]
fn a_program_that_is_not_installed_is_named_and_the_others_are_stopped() -> Result<()> {
    let bench = Bench::new()?;
    let output = bench.command("thingsboard", NIGHT).env("PALISADE_SUTS", bench.folder.path()).output()?;
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
    let journal = bench.out().join("journal.jsonl");
    let began = Instant::now();
    let text = loop {
        let text = fs::read_to_string(&journal).unwrap_or_default();
        if text.contains("{\"left\"") {
            break text;
        }
        ensure!(began.elapsed() < PATIENCE, "no message left in {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    };
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
