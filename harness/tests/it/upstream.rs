//! The leg to the city platform: the embedded gateway passes alarms on to a platform that refuses, is late and is mute.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Drives twelve seconds of the tiny day in which beams break; the exit code and the report.
fn run(more: &[&str], change: impl Fn(String) -> String) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    run_into(more, change, &folder.path().join("run"))
}

/// The same, whose folder is kept.
fn run_into(more: &[&str], change: impl Fn(String) -> String, out: &Path) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("scenarios/sut/builtin-upstream/contract.toml")).unwrap();
    let contract = folder.path().join("contract.toml");
    fs::write(&contract, change(text)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .current_dir(root)
        .args(["run", "scenarios/tiny.toml", "--no-floor", "--windows", "02:14:00+12s", "--sut"])
        .arg(&contract)
        .arg("--out")
        .arg(out)
        .args(more)
        .output()
        .unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let report = fs::read(out.join("report.json")).unwrap_or_else(|_| panic!("{said}"));
    let mut report: Value = serde_json::from_slice(&report).unwrap();
    report["hlog"] = out.join("upstream-response.hlog").is_file().into();
    (output.status.code(), report, said)
}

#[test]
fn alarms_reach_a_platform_that_refuses_and_is_mute() {
    // Half of all posts fail, so that some alarm surely needs several.
    let (code, report, said) =
        run(&[], |text| text.replace("refuse = 0.2, mute = 0.1", "refuse = 0.4, mute = 0.1"));
    assert_eq!(code, Some(0), "{said}");
    let upstream = &report["upstream"];
    let expected = upstream["outcomes"]["expected"].as_u64().unwrap();
    assert!(expected > 0, "{upstream}");
    assert_eq!(upstream["outcomes"]["answered"].as_u64(), Some(expected), "{upstream}");
    assert_eq!(upstream["response_ms"]["count"].as_u64(), Some(expected));
    assert_eq!(report["hlog"], true);
    let check = report["verdict"]["checks"].as_array().unwrap();
    assert!(check.iter().any(|c| c["figure"] == "upstream.missed" && c["pass"] == true), "{check:?}");
    assert!(said.contains("reached the city platform once and in time"), "{said}");
}

#[test]
fn a_gateway_that_forgets_the_city_platform_fails_and_the_alarms_are_named() {
    let (code, report, said) = run(&[], |text| {
        text.replace("\"--upstream\"", "\"--defect\", \"upstream-forgotten=1\", \"--upstream\"")
    });
    assert_eq!(code, Some(5), "{said}");
    let upstream = &report["upstream"];
    assert_eq!(upstream["outcomes"]["missed"], upstream["outcomes"]["expected"], "{upstream}");
    assert_eq!(report["outcomes"]["missed"], 0, "the alarms themselves were passed on");
    let reasons = report["verdict"]["reasons"].to_string();
    assert!(reasons.contains("alarms for the city platform missed") && reasons.contains("beam"), "{reasons}");
}

#[test]
fn alarms_of_copies_must_reach_the_platform_too() {
    let (code, report, said) = run(&["--fleet", "3"], |text| text);
    assert_eq!(code, Some(0), "{said}");
    let (upstream, copies) = (&report["upstream"], &report["upstream"]["copies"]);
    assert!(copies["messages"].as_u64() > Some(3) && copies["posts"].as_u64() > Some(3), "{upstream}");
    assert_eq!(upstream["outcomes"]["spurious"], 0, "{upstream}");
    let owed = copies["outcomes"]["expected"].as_u64();
    assert!(owed > Some(3) && copies["outcomes"]["answered"].as_u64() == owed, "{copies}");
    assert_eq!(copies["response_ms"]["count"].as_u64(), owed, "{copies}");
    let told = upstream["told"].to_string();
    assert!(told.contains("alarms of the copies reached the city platform once and in time"), "{told}");
    let checks = report["verdict"]["checks"].as_array().unwrap();
    assert!(checks.iter().any(|c| c["figure"] == "load.upstream.missed" && c["pass"] == true), "{checks:?}");
}

#[test]
fn a_gateway_that_forgets_alarms_of_copies_fails_and_one_of_them_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let kept = out.to_str().unwrap();
    let forgets = |text: String| {
        text.replace("\"--upstream\"", "\"--defect\", \"upstream-forgotten=1\", \"--upstream\"")
    };
    let (code, report, said) = run_into(&["--fleet", "3"], forgets, &out);
    assert_eq!(code, Some(5), "{said}");
    let reasons = report["verdict"]["reasons"].to_string();
    assert!(
        reasons.contains(" alarms of the copies for the city platform missed (must be == 0): "),
        "{reasons}"
    );
    let failures = report["load"]["answers"]["upstream"]["failures"].as_array().unwrap();
    assert!(failures.len() > 3 && failures.iter().all(|f| f["answered"] == "answered"), "{failures:?}");
    assert_eq!(report["load"]["answers"]["all"]["missed"], 0, "the alarms themselves were passed on");
    let id = failures[0]["id"].as_str().unwrap();
    let explained =
        Command::new(env!("CARGO_BIN_EXE_palisade")).args(["explain", kept, id]).output().unwrap();
    let text = String::from_utf8_lossy(&explained.stdout);
    assert!(text.contains("answered, missed on the way to the city platform"), "{text}");
    assert!(text.contains("shrink") && text.contains("load.upstream.missed"), "{text}");
}
