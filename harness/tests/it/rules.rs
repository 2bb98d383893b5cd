//! Rules about the gateway's timing fall by a defective gateway, rules about patrols by a log.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Each class that a rule about timing asks for has its say: a beam and a camera alarm, the panic button, smoke, heat, an
/// overdue checkpoint.
const WINDOWS: &str = "02:14:09+2s,12:59:59+2s,20:42:12+2s,20:44:39+2s,22:33:10+2s";
/// A beam and a camera alone.
const BEAM: &str = "02:14:09+2s";
/// The same without a fire.
const NO_FIRE: &str = "02:14:09+2s,12:59:59+2s";

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// The yard with patience enough for a slow gateway, so that what is slow is not missed.
fn patient_yard(folder: &Path) -> Result<PathBuf> {
    yard(folder, &[("deadline = \"2s\"", "deadline = \"10s\""), ("drain = \"2s\"", "drain = \"7s\"")])
}

/// The yard with what is typed there instead, on a machine that may be slow.
fn yard(folder: &Path, changes: &[(&str, &str)]) -> Result<PathBuf> {
    let mut text = fs::read_to_string(scenarios().join("tiny.toml"))?;
    for (from, to) in changes.iter().chain(&[("lateness_bound = \"10ms\"", "lateness_bound = \"20s\"")]) {
        ensure!(text.contains(from), "tiny.toml no longer holds {from:?}");
        text = text.replace(from, to);
    }
    fs::create_dir_all(folder.join("sites"))?;
    let path = folder.join("tiny.toml");
    fs::write(&path, text)?;
    fs::copy(scenarios().join("sites/tiny.geojson"), folder.join("sites/tiny.geojson"))?;
    Ok(path)
}

/// Runs the yard against the embedded gateway, in some windows and with some options; the run's folder.
fn run(yard: &Path, name: &str, windows: &str, options: &[&str]) -> Result<PathBuf> {
    let out = yard.with_file_name(name);
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("run")
        .arg(yard)
        .args(["--no-floor", "--windows", windows, "--out"])
        .arg(&out)
        .args(options)
        .output()?;
    ensure!(out.join("report.json").exists(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(out)
}

fn plan(yard: &Path, more: &[&str]) -> Result<Output> {
    let out = tempfile::tempdir()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("plan").arg(yard).args(["--fixes", "0", "--out"]).arg(out.path()).args(more);
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

/// Runs of the yard side by side, each with its windows and options, and what the plan makes of each.
fn judged(yard: &Path, runs: &[(&str, &str, &[&str])]) -> Result<Vec<Vec<Value>>> {
    let folders = std::thread::scope(|scope| {
        let start = |&(name, windows, options)| scope.spawn(move || run(yard, name, windows, options));
        let started: Vec<_> = runs.iter().map(start).collect();
        let joined = started.into_iter().map(|run| run.join().expect("no panic"));
        joined.collect::<Result<Vec<PathBuf>>>()
    })?;
    folders.iter().map(|run| findings(yard, &["--run", run.to_str().context("a path")?])).collect()
}

/// The rules that a run judges.
const TIMED: [&str; 9] = ["8", "9", "10", "11", "12", "34", "41", "42", "43"];

#[test]
fn timing_rules_hold_with_a_healthy_gateway_and_fall_with_a_defective_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let yard = patient_yard(folder.path())?;
    let found = judged(
        &yard,
        &[
            ("healthy", WINDOWS, &[]),
            ("slow", "02:14:09+2s,20:42:12+2s,22:33:10+2s", &["--defect", "delay=6s"]),
            ("lossy", "02:14:09+2s,22:33:10+2s", &["--defect", "deaf-to=beam-north,deaf-to=duty-room"]),
            ("ahead", BEAM, &["--defect", "clock-off=8"]),
            ("mute", "02:14:09+2s,20:42:12+2s", &["--defect", "commands-none"]),
            ("dawdling", "02:14:09+2s,20:42:12+2s", &["--defect", "command-late=5000"]),
        ],
    )?;
    let lines = |status: &str| {
        [&TIMED[..], &["32", "33b"]].concat().iter().map(|id| format!("{id}: {status}")).collect()
    };
    let (pass, open): (Vec<String>, Vec<String>) = (lines("pass measured"), lines("not_assessable -"));
    let words = |lines: &[String]| lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    check(&found[0], &words(&pass).lines().collect::<Vec<_>>());
    let one = found[0].iter().find(|f| f["id"] == "8").context("rule 8")?;
    let record = one["record"].as_str().context("where it is written")?;
    ensure!(record.ends_with("healthy/journal.jsonl"), "{record}");
    let driven: Value = serde_json::json!(["beam", "camera", "smoke_detector", "heat_detector"]);
    assert_eq!(one["driven"], driven);
    let falls: [&[&str]; 5] = [
        &["8", "9", "10", "11", "32", "33b", "34", "41", "42"],
        &["8", "9", "10", "11", "12", "34", "41", "42"],
        &["43"],
        &["11", "32", "33b", "42"],
        &["11", "32", "33b", "42"],
    ];
    for (found, falls) in found[1..].iter().zip(falls) {
        let fallen: Vec<&str> = found
            .iter()
            .filter(|f| f["kind"] == "timing" && f["status"] == "fail")
            .filter_map(|f| f["id"].as_str())
            .collect();
        assert_eq!(fallen, falls);
    }
    // A gateway that is slow with everything does not show what its clock said.
    check(&found[1], &["43: not_assessable measured"]);
    let named = |found: &[Value], id: &str, words: &str| {
        let evidence = found.iter().find(|f| f["id"] == id).map(|f| f["evidence"].to_string());
        ensure!(evidence.as_ref().is_some_and(|e| e.contains(words)), "{id}: {evidence:?}");
        Ok(())
    };
    named(&found[2], "12", "beam-north beam_broken")?;
    named(&found[3], "43", "beam-north beam_broken")?;
    named(&found[4], "42", "no camera that sees it was called up")?;
    named(&found[4], "32", "door-b01-1 is not released: smoke-shed smoke_alarm")?;
    named(&found[4], "33b", "barrier-south is not raised: smoke-shed smoke_alarm")?;
    named(&found[4], "11", "beam-north beam_broken")?;
    named(&found[5], "32", "door-b01-1 is released after 5.")?;
    check(&findings(&yard, &[])?, &words(&open).lines().collect::<Vec<_>>());
    Ok(())
}

/// A courier is entered in the register, rings, and is let in.
const VISITOR: &str = "10:38:43+2s,10:39:34+8s";

#[test]
fn a_gateway_that_opens_the_door_to_whoever_rings_gives_passes_without_leave() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let yard = patient_yard(folder.path())?;
    let found = judged(
        &yard,
        &[
            ("healthy", VISITOR, &[]),
            ("eager", VISITOR, &["--defect", "unlocks-on-call"]),
            ("forgetful", VISITOR, &["--defect", "deaf-to=post-east"]),
            ("mute", VISITOR, &["--defect", "no-commands"]),
        ],
    )?;
    check(&found[0], &["31: pass measured"]);
    check(&found[1], &["31: fail measured"]);
    check(&found[2], &["31: fail measured"]);
    check(&found[3], &["31: not_assessable measured"]);
    let evidence = |found: &[Value]| {
        found.iter().find(|f| f["id"] == "31").map(|f| f["evidence"].to_string()).unwrap_or_default()
    };
    for (found, names) in [
        (&found[1], "door-b02-1 is opened after no more than door-b02-1 call_started"),
        (&found[2], "post-east visitor_registered"),
    ] {
        ensure!(evidence(found).contains(names), "`{names}` is not in {}", evidence(found));
    }
    Ok(())
}

#[test]
fn an_arm_that_met_something_is_raised_by_a_healthy_gateway_and_brought_down_by_a_reversed_one() -> Result<()>
{
    let folder = tempfile::tempdir()?;
    // A day with so many cars that an arm comes down on one.
    let busy =
        [("\nseed = 1 ", "\nseed = 2 "), ("visiting_cars_per_flat = 0.08", "visiting_cars_per_flat = 6.0")];
    let yard = yard(folder.path(), &busy)?;
    let met = "15:16:49+8s";
    let found = judged(
        &yard,
        &[
            ("healthy", met, &[]),
            ("reversed", met, &["--defect", "arm-reversed"]),
            ("mute", met, &["--defect", "commands-none"]),
            ("late", met, &["--defect", "command-late=3000"]),
            ("quiet", "15:16:58+2s", &[]),
        ],
    )?;
    check(&found[0], &["33a: pass measured"]);
    check(&found[1], &["33a: fail measured"]);
    check(&found[2], &["33a: fail measured"]);
    check(&found[3], &["33a: fail measured"]);
    check(&found[4], &["33a: not_assessable -"]);
    for (found, names) in [
        (&found[1], "barrier-south arm_blocked"),
        (&found[1], "it is told to come down"),
        (&found[2], "it is not raised"),
        (&found[3], "it is raised after 3."),
    ] {
        let evidence = found.iter().find(|f| f["id"] == "33a").map(|f| f["evidence"].to_string());
        ensure!(evidence.as_ref().is_some_and(|e| e.contains(names)), "`{names}` is not in {evidence:?}");
    }
    let needs = found[4].iter().find(|f| f["id"] == "33a").map(|f| f["needs"].clone());
    assert_eq!(needs, Some(serde_json::json!("a run in which barrier say arm_blocked")));
    Ok(())
}

/// Every line is cut, once.
const CUT: &str = "faults = 1\nname = \"cut\"\n[[fault]]\nwhat = { cut = { at = \"2s\" } }\n";

#[test]
fn a_line_that_is_cut_is_reported_by_a_healthy_gateway_and_not_by_one_that_ignores_wills() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let yard = patient_yard(folder.path())?;
    let cut = folder.path().join("cut.toml");
    fs::write(&cut, CUT)?;
    let cut = cut.to_str().context("a path")?;
    let found = judged(
        &yard,
        &[
            ("healthy", BEAM, &["--fault", cut]),
            ("deaf", BEAM, &["--fault", cut, "--defect", "wills-ignored"]),
            ("whole", BEAM, &[]),
        ],
    )?;
    check(&found[0], &["13: pass measured"]);
    check(&found[1], &["13: fail measured"]);
    check(&found[2], &["13: not_assessable -"]);
    let evidence = found[1].iter().find(|f| f["id"] == "13").map(|f| f["evidence"].to_string());
    ensure!(
        evidence.as_ref().is_some_and(|e| e.contains("beam-north: nothing was said of its line")),
        "{evidence:?}"
    );
    Ok(())
}

#[test]
fn what_a_run_did_not_drive_is_named_and_never_passes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let yard = yard(folder.path(), &[])?;
    let run = run(&yard, "short", NO_FIRE, &[])?;
    let path = run.to_str().context("a path")?;
    let found = findings(&yard, &["--run", path])?;
    check(
        &found,
        &[
            "8: not_assessable measured",
            "9: pass measured",
            "12: not_assessable measured",
            "32: not_assessable -",
            "34: not_assessable -",
        ],
    );
    let said = String::from_utf8(plan(&yard, &["--run", path])?.stdout)?;
    for needed in [
        "not assessable 8: needs a run in which smoke_detector, heat_detector speak (this one drove beam, camera)",
        "not assessable 12: needs a run in which smoke_detector, heat_detector alarm (this one drove beam, gate_post, camera)",
        "not assessable 34: needs a run in which checkpoint or duty_room say checkpoint_overdue",
    ] {
        ensure!(said.contains(needed), "`{needed}` is not in\n{said}");
    }
    ensure!(said.contains("short/journal.jsonl"), "{said}");
    // Of another kit it says nothing.
    let other = folder.path().join("turned.toml");
    let text = fs::read_to_string(&yard)?;
    ensure!(text.contains("bearing_deg = 205.0"), "tiny.toml no longer turns its camera there");
    fs::write(&other, text.replace("bearing_deg = 205.0", "bearing_deg = 200.0"))?;
    let output = plan(&other, &["--run", path])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    for part in ["tiny.toml", "turned.toml", "first in camera cam-south-gate", "palisade run"] {
        ensure!(said.contains(part), "`{part}` is not in\n{said}");
    }
    // Who lives there is nothing to the gateway.
    fs::write(&other, text.replace("occupancy = 0.92", "occupancy = 0.5"))?;
    check(&findings(&other, &["--run", path])?, &["9: pass measured", "38b: not_assessable -"]);
    Ok(())
}

#[test]
fn what_no_run_can_show_says_what_it_needs() -> Result<()> {
    let output = plan(&scenarios().join("tiny.toml"), &[])?;
    let text = String::from_utf8(output.stdout)?;
    for needed in [
        "not assessable 14: needs an audit of the SUT's record and of its users' rights",
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
            "40: not_assessable -",
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
            "40: not_assessable -",
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

#[test]
fn a_trial_run_is_proved_by_records_and_a_log_of_patrols_proves_its_own_part() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let yard = yard(folder.path(), &[("trial_days = 30.0", "")])?;
    let (records, rounds) = (folder.path().join("trial.csv"), folder.path().join("rounds.csv"));
    fs::write(&rounds, log(30, &["wang", "li"], |_| true))?;
    let file = |path: &Path| path.display().to_string();
    let of = |more: &[&str], systems: &[&str], off: std::ops::Range<u32>| -> Result<Value> {
        let mut text = "time,system\n".to_owned();
        for system in systems {
            for day in (1..=30).filter(|day| *system != "video" || !off.contains(day)) {
                let _ = writeln!(text, "2026-03-{day:02},{system}");
            }
        }
        fs::write(&records, text)?;
        let found = findings(&yard, &[&["--trial", &file(&records)], more].concat())?;
        found.into_iter().find(|f| f["id"] == "40").context("rule 40")
    };
    let all = ["alarm", "video", "access", "patrol"];
    check(&[of(&[], &all, 0..0)?], &["40: pass imported"]);
    let off = of(&[], &all, 9..12)?;
    check(std::slice::from_ref(&off), &["40: fail imported"]);
    assert_eq!(off["evidence"], serde_json::json!(["video: no record from 03-09 to 03-11"]));
    ensure!(off["record"].as_str().is_some_and(|record| record.ends_with("trial.csv")), "{off:#}");
    check(&[of(&[], &all[..3], 0..0)?], &["40: not_assessable -"]);
    let rounds = file(&rounds);
    check(&[of(&["--log", &rounds], &all[..3], 0..0)?], &["40: pass imported"]);
    let said = String::from_utf8(plan(&yard, &["--log", &rounds])?.stdout)?;
    for needed in [
        "not assessable 40: needs records of 30 d of alarm, video, access",
        "patrol has records on 31 d from 03-01 to 03-31",
    ] {
        ensure!(said.contains(needed), "`{needed}` is not in\n{said}");
    }
    fs::write(&records, "time,system\n2026-03-01,doors\n")?;
    let output = plan(&yard, &["--trial", &file(&records)])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    ensure!(said.contains("trial.csv:2: there is no system `doors`; write one of `alarm`"), "{said}");
    Ok(())
}
