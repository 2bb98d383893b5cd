//! Rules about the gateway's timing fall by a defective gateway, rules about patrols by a log.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A touched checkpoint, a broken beam, a smoke alarm.
const WINDOWS: &str = "00:30:50+2s,02:14:08+3s,20:42:11+3s";

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// The yard with patience enough for a slow gateway, so that what is slow is not missed.
fn patient_yard(folder: &Path) -> Result<PathBuf> {
    let mut text = fs::read_to_string(scenarios().join("tiny.toml"))?;
    for (from, to) in [
        ("deadline = \"2s\"", "deadline = \"10s\""),
        ("drain = \"2s\"", "drain = \"8s\""),
        ("lateness_bound = \"10ms\"", "lateness_bound = \"20s\""),
    ] {
        ensure!(text.contains(from), "tiny.toml no longer holds {from:?}");
        text = text.replace(from, to);
    }
    let path = folder.join("tiny.toml");
    fs::write(&path, text)?;
    fs::create_dir(folder.join("sites"))?;
    fs::copy(scenarios().join("sites/tiny.geojson"), folder.join("sites/tiny.geojson"))?;
    Ok(path)
}

/// Runs the yard against the embedded gateway, with a defect or without; the run's folder.
fn run(yard: &Path, name: &str, defect: &[&str]) -> Result<PathBuf> {
    let out = yard.with_file_name(name);
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("run")
        .arg(yard)
        .args(["--no-floor", "--windows", WINDOWS, "--out"])
        .arg(&out)
        .args(defect)
        .output()?;
    ensure!(out.join("report.json").exists(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(out)
}

fn plan(yard: &Path, more: &[&str]) -> Result<Output> {
    let out = tempfile::tempdir()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("plan").arg(yard).arg("--out").arg(out.path()).args(more);
    Ok(command.output()?)
}

/// Each rule as the plan's JSON has it.
fn findings(yard: &Path, more: &[&str]) -> Result<Vec<Value>> {
    let output = plan(yard, &[more, &["--output-format", "json"]].concat())?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout)?;
    Ok(report["rules"].as_array().context("rules")?.clone())
}

/// Holds some rules' words against what was found, such as `8: pass measured`.
fn check(findings: &[Value], expected: &[&str]) {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    for line in expected {
        let id = line.split(':').next().unwrap_or_default();
        let found = findings.iter().find(|f| f["id"] == id).unwrap_or_else(|| panic!("no rule {id}"));
        let said = format!("{id}: {} {}", word(&found["status"]), word(&found["basis"]));
        assert_eq!(said, *line, "{found:#}");
    }
}

#[test]
fn timing_rules_hold_with_a_healthy_gateway_and_fall_with_a_defective_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let yard = patient_yard(folder.path())?;
    let [healthy, slow, lossy] = std::thread::scope(|scope| {
        let yard = &yard;
        let slow = scope.spawn(move || run(yard, "slow", &["--defect", "delay=6s"]));
        let lossy = scope.spawn(move || run(yard, "lossy", &["--defect", "deaf-to=beam-north"]));
        let healthy = run(yard, "healthy", &[]);
        let joined = |run: std::thread::ScopedJoinHandle<'_, Result<PathBuf>>| run.join().expect("no panic");
        [healthy, joined(slow), joined(lossy)]
    });
    let of = |run: Result<PathBuf>| -> Result<Vec<Value>> {
        let run = run?;
        findings(&yard, &["--run", run.to_str().context("a path")?])
    };
    let timed = ["8", "9", "10", "12", "41"];
    let lines = |status: &str| timed.map(|id| format!("{id}: {status}"));
    check(&of(healthy)?, &lines("pass measured").each_ref().map(String::as_str));
    check(
        &of(slow)?,
        &[
            "8: fail measured",
            "9: fail measured",
            "10: fail measured",
            "12: pass measured",
            "34: not_assessable -",
            "41: fail measured",
        ],
    );
    check(
        &of(lossy)?,
        &["8: fail measured", "9: fail measured", "12: fail measured", "34: not_assessable -"],
    );
    check(&findings(&yard, &[])?, &lines("not_assessable -").each_ref().map(String::as_str));
    Ok(())
}

#[test]
fn what_no_run_can_show_says_what_it_needs() -> Result<()> {
    let output = plan(&scenarios().join("tiny.toml"), &[])?;
    let text = String::from_utf8(output.stdout)?;
    for needed in [
        "not assessable 11, 42: needs a SUT whose linked picture is observed",
        "not assessable 13: needs line faults played to the SUT",
        "not assessable 14: needs an audit of the SUT's record",
        "not assessable 43: needs the SUT's clock in its answers",
        "not assessable 35b, 36b, 36c, 36d, 38b: needs a log of patrols",
    ] {
        ensure!(text.contains(needed), "`{needed}` is not in\n{text}");
    }
    Ok(())
}

/// A log of the yard's four points, every two hours for some days.
fn log(days: u32, persons: &[&str], keep: impl Fn(u32) -> bool) -> String {
    let mut text = "time,checkpoint,person\n".to_owned();
    for round in (0..=12 * days).filter(|round| keep(*round)) {
        let (day, hour) = (1 + round / 12, round % 12 * 2);
        for person in persons {
            for point in 1..=4 {
                let _ = writeln!(text, "2026-03-{day:02} {hour:02}:00:00,cp-{point},{person}");
            }
        }
    }
    text
}

#[test]
fn patrol_rules_hold_by_one_log_and_fall_by_another() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (yard, path) = (scenarios().join("tiny.toml"), folder.path().join("rounds.csv"));
    let of = |text: String| -> Result<Vec<Value>> {
        fs::write(&path, text)?;
        findings(&yard, &["--log", path.to_str().context("a path")?])
    };
    let sound = of(log(30, &["wang", "li"], |_| true))?;
    check(
        &sound,
        &[
            "35b: pass imported",
            "36b: pass imported",
            "36c: pass imported",
            "36d: pass imported",
            "38b: pass imported",
            "40: pass assumed",
            "8: not_assessable -",
        ],
    );
    let lax = of(log(20, &["wang"], |round| !(30..60).contains(&round)))?;
    check(
        &lax,
        &[
            "35b: pass imported",
            "36b: fail imported",
            "36c: fail imported",
            "36d: fail imported",
            "38b: fail imported",
            "40: pass assumed",
        ],
    );
    let short = of(log(30, &["wang", "li"], |_| true).replace("cp-3", "cp-2"))?;
    check(&short, &["35b: fail imported"]);
    Ok(())
}

#[test]
fn a_wrong_log_is_wrong_input() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rounds.csv");
    fs::write(&path, "time,checkpoint,person\n2026-03-01 25:00:00,cp-1,wang\n")?;
    let output = plan(&scenarios().join("tiny.toml"), &["--log", path.to_str().context("a path")?])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    ensure!(said.contains("rounds.csv:2: `2026-03-01 25:00:00` is no time; write it like"), "{said}");
    Ok(())
}
