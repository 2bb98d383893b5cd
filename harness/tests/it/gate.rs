//! A run as a CI job's gate: held against earlier runs, explained, and the sample jobs themselves.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use palisade::baseline::{Finding, Standing};
use palisade::report;
use palisade::report::baseline::{Baselines, FILE};
use palisade::report::explain::explain;
use serde_json::Value;

use crate::run_folder::{Fault, Run};
use crate::tiny::Tiny;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn palisade(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade")).current_dir(root()).args(args).output().unwrap()
}

/// A run folder whose report is held against a sound run.
fn held(run: &Run) -> (tempfile::TempDir, palisade::report::Report) {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    Run::sound().write(&old);
    run.write(&new);
    fs::write(new.join(FILE), Baselines::read(&[&old], 0.05).unwrap().json().unwrap()).unwrap();
    let report = report::make(&new).unwrap();
    (folder, report)
}

#[test]
fn a_run_like_its_baseline_passes() {
    let (_folder, report) = held(&Run::sound());
    let comparison = report.baseline.as_ref().unwrap();
    assert!(report.verdict.pass && comparison.pass(), "{:?}", report.verdict.reasons);
    assert_eq!(comparison.baselines[0].paired, 412);
    assert!(comparison.baselines[0].latency.iter().all(|c| c.finding != Finding::Worse));
}

#[test]
fn a_run_that_loses_more_than_its_baseline_fails_and_names_what_it_lost() {
    let faults: Vec<(u32, Fault)> = (0..30).map(|i| (2_003 + 11 * i, Fault::Missed)).collect();
    let (folder, report) = held(&Run { faults, ..Run::sound() });
    let reason = report.verdict.reasons.iter().find(|r| r.starts_with("all: 30 messages")).unwrap();
    assert!(reason.contains("r1a2-2003"), "{reason}");
    assert_eq!(report.exit, 5);
    let page = fs::read_to_string(folder.path().join("new/report.html")).unwrap();
    assert!(page.contains("Beside earlier runs") && page.contains("r1a2-2003"));
}

#[test]
fn a_run_of_another_day_is_no_baseline_and_no_verdict() {
    let mut other = Run::sound();
    other.tape.stimuli.truncate(5_999);
    let (folder, report) = held(&other);
    let comparison = report.baseline.as_ref().unwrap();
    assert!(report.verdict.pass && report.exit == 0, "{:?}", report.verdict.reasons);
    assert_eq!(comparison.outcome, Standing::Incomparable);
    assert!(comparison.remarks[0].contains("another version of Palisade"), "{:?}", comparison.remarks);
    let page = fs::read_to_string(folder.path().join("new/report.html")).unwrap();
    assert!(page.contains("it cannot be held against"), "the page says so, too");
    let junit = fs::read_to_string(folder.path().join("new/junit.xml")).unwrap();
    assert!(junit.contains("<skipped message=\"it cannot be held against"), "{junit}");
    let cut = tempfile::tempdir().unwrap();
    Run { ended: false, ..Run::sound() }.write(cut.path());
    let said = Baselines::read(&[cut.path()], 0.05).unwrap_err().to_string();
    assert!(said.contains("it was cut before its end") && said.contains("remedy"), "{said}");
}

#[test]
fn what_the_harness_did_not_send_is_no_loss() {
    let faults: Vec<(u32, Fault)> = (0..30).map(|i| (2_003 + 11 * i, Fault::Unsent)).collect();
    let (_folder, report) = held(&Run { faults, ..Run::sound() });
    let comparison = report.baseline.as_ref().unwrap();
    assert_eq!(comparison.baselines[0].paired, 412 - 30);
    assert!(comparison.baselines[0].answers.iter().all(|l| l.lost == 0), "{comparison:?}");
}

#[test]
fn faults_are_compared_by_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, file: &str, text: &str| {
        let path = folder.path().join(name);
        Run::sound().write(&path);
        let journal = fs::read_to_string(path.join("journal.jsonl")).unwrap();
        let typed = format!("\"options\":[\"--fault={file}\"");
        let journal = journal.replacen("\"options\":[", &typed, 1);
        fs::write(path.join("journal.jsonl"), journal).unwrap();
        fs::write(path.join("faults.toml"), text).unwrap();
        path
    };
    let old = run("old", "flaky.toml", "faults = 1\n");
    let against = |new: &Path| {
        fs::write(new.join(FILE), Baselines::read(&[&old], 0.05).unwrap().json().unwrap()).unwrap();
        report::make(new).unwrap().baseline.unwrap()
    };
    let same = against(&run("new", "./elsewhere/flaky.toml", "faults = 1\n"));
    assert_eq!((same.outcome, same.remarks), (Standing::Stands, vec![]));
    let other = against(&run("other", "flaky.toml", "faults = 1\nname = \"x\"\n"));
    assert_eq!(other.outcome, Standing::Incomparable);
    assert!(other.remarks[0].contains("load and faults differ: then --fault with digest"), "{other:?}");
}

#[test]
fn what_is_no_baseline_is_said_before_anything_is_driven() {
    let folder = tempfile::tempdir().unwrap();
    Run::sound().write(folder.path());
    let path = folder.path().to_str().unwrap();
    let said = |args: &[&str], code: i32, expected: &str| {
        let output = palisade(&[&["run", "scenarios/tiny.toml"], args].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    said(&["--baseline", "results/nowhere"], 3, "there is no such folder");
    said(&["--baseline", path, "--out", path], 2, "which it would write over");
    said(&["--baseline", path, "--tolerance", "much"], 2, "no percentage");
    said(&["--tolerance", "3%"], 2, "--baseline");
    said(&["--find-limit", "--baseline", path], 2, "cannot be used with");
}

#[test]
fn a_missed_alarm_is_told_from_the_wall_to_silence() {
    let folder = tempfile::tempdir().unwrap();
    let faults = vec![(2_003, Fault::Missed), (2_005, Fault::Wrong)];
    let links = vec![(0, 27_100_000, false), (0, 27_400_000, true)];
    Run { faults, links, ..Run::sound() }.write(folder.path());
    let told = |id: Option<&str>| {
        let text = explain(folder.path(), id).unwrap().text();
        text.replace(&folder.path().display().to_string(), "results/run")
    };
    insta::assert_snapshot!("explain_missed", told(None));
    insta::assert_snapshot!("explain_wrong", told(Some("r1a2-2005")));
    assert!(told(Some("2010")).contains("it was answered as it should be"));
    let json = palisade(&["explain", folder.path().to_str().unwrap(), "--output-format", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json["id"].as_str(), json["outcome"].as_str()), (Some("r1a2-2003"), Some("missed")));
    obeys("explain", &json);
}

#[test]
fn logs_commands_and_the_city_are_told_with_a_message() {
    let folder = tempfile::tempdir().unwrap();
    Run { faults: vec![(2_003, Fault::Missed)], ..Run::sound() }.write(folder.path());
    let file = folder.path().join("journal.jsonl");
    let mut journal = fs::read_to_string(&file).unwrap();
    let expected = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = |line: Value| (line["expected"]["stimulus"] == 2_003).then(|| line["expected"].clone());
    let expected = expected.into_iter().filter_map(of).find(|e| e["part"] == "main").unwrap();
    let at = expected["intended_us"].as_i64().unwrap();
    let command = |number: u32, id: &str, cause: Value| {
        serde_json::json!({"command": {
            "number": number, "received_us": at + 20_000, "part": "main", "device": 3, "command": "siren_on", "id": id,
            "cause": cause, "link": "mqtt"
        }})
    };
    let more = [
        command(0, "c-7", "r1a2-2003".into()),
        serde_json::json!({"answered": {
            "number": 0, "part": "main", "device": 3, "id": "c-7", "executed_us": at + 50_000, "ok": false,
            "state": "ready", "why": "no siren", "repeated": false
        }}),
        command(1, "c-8", Value::Null),
        serde_json::json!({"city": {
            "part": "main", "severity": [expected["severity"]], "deadline_us": 5_000_000, "defects": ""
        }}),
        serde_json::json!({"forwarded": {
            "received_us": at + 30_000, "part": "main", "device": "x", "signal": "y", "severity": null,
            "correlation": "r1a2-2003", "payload": "{}", "answered": "refused", "answered_us": at + 31_000
        }}),
    ];
    more.iter().for_each(|line| journal += &format!("{line}\n"));
    fs::write(&file, journal).unwrap();
    fs::create_dir(folder.path().join("sut")).unwrap();
    fs::write(folder.path().join("sut/flow.log"), "ready\nqueue is full\n").unwrap();
    fs::write(folder.path().join("sut/flow.us"), format!("9\n{}\n", at + 10_000)).unwrap();
    let told = |id: &str| explain(folder.path(), Some(id)).unwrap();
    let story = told("r1a2-2003");
    // The id of a command leads to the message that caused it.
    assert_eq!(told("c-7"), story);
    let of = |stage: &str| -> Vec<(Option<f64>, &str)> {
        let steps = story.steps.iter().filter(|s| s.stage == stage);
        steps.map(|s| (s.after_ms, s.text.as_str())).collect()
    };
    assert_eq!(of("log"), [(Some(10.0), "flow wrote: queue is full")]);
    let [(Some(20.0), command)] = of("command")[..] else { panic!("{story:#?}") };
    assert!(command.contains("siren_on with the id c-7 over mqtt: refused, because no siren"), "{command}");
    let [(Some(30.0), posted), (None, became)] = of("city")[..] else { panic!("{story:#?}") };
    assert!(posted.contains("(refused), which answered 1.0 ms later"), "{posted}");
    assert!(became.contains("on the way to the city platform it was missed"), "{became}");
    let alone = told("c-8");
    assert!(alone.name.starts_with("siren_on c-8 to ") && alone.outcome == "unanswered", "{alone:?}");
    assert_eq!(alone.steps.iter().filter(|s| s.stage == "log").count(), 1);
}

#[test]
fn what_cannot_be_explained_is_said_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    Run::sound().write(folder.path());
    let said = |id| explain(folder.path(), id).unwrap_err().to_string();
    assert!(said(None).contains("there is nothing to explain") && said(None).contains("r1a2-2000"));
    assert!(said(Some("9")).contains("name an id of this run, such as r1a2-12"), "{}", said(Some("9")));
    assert!(explain(Path::new("results/nowhere"), None).unwrap_err().to_string().contains("no such folder"));
}

/// The script of a job file, as a program that others wrote reads the YAML.
fn script(job: &str, step: &str) -> String {
    let python = std::env::var("PALISADE_PEERS_PYTHON").expect(
        "the Python readers are not installed; `bash .ci/test` installs them and sets PALISADE_PEERS_PYTHON",
    );
    let output = Command::new(python)
        .arg(root().join("harness/tests/peers/ci_job.py"))
        .args([root().join("assets/ci").join(job).as_os_str(), step.as_ref()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A gateway's repository in which a job is tried: the tiny compound, a few seconds of it.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("palisade");
    fs::create_dir_all(to.join("sites")).unwrap();
    let toml = fs::read_to_string(root().join("scenarios/tiny.toml")).unwrap();
    let short =
        toml.replacen("[drive]\n", "[drive]\nwindows = [{ from = \"02:14:00\", lasting = \"6s\" }]\n", 1);
    // The thresholds ask for what is not in these seconds.
    let kept: Vec<&str> = short.lines().filter(|line| !line.starts_with("\"beam.response")).collect();
    fs::write(to.join("scenario.toml"), kept.join("\n")).unwrap();
    fs::copy(root().join("scenarios/sites/tiny.geojson"), to.join("sites/tiny.geojson")).unwrap();
    folder
}

/// Runs a script of a job in a repository, on its main branch, with what else is set.
fn job(shell: &[&str], script: &str, repository: &Path, set: &[(&str, &str)]) -> Output {
    let own = Path::new(env!("CARGO_BIN_EXE_palisade")).parent().unwrap();
    let path = format!("{}:{}", own.display(), std::env::var("PATH").unwrap());
    Command::new(shell[0])
        .args(&shell[1..])
        .arg(script)
        .current_dir(repository)
        .env("PATH", path)
        .env("CI_COMMIT_BRANCH", "main")
        .env("CI_DEFAULT_BRANCH", "main")
        .envs(set.iter().copied())
        .output()
        .unwrap()
}

const GITHUB: [&str; 6] = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"];
const GITLAB: [&str; 2] = ["sh", "-ec"];
/// A few seconds, where nothing is to be compared.
const SHORT: (&str, &str) = ("WINDOWS", "02:14:05+6s");

fn check(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

fn report_in(repository: &Path) -> Value {
    let text = fs::read_to_string(repository.join("results/run/report.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The contract of the embedded gateway with a defect, so that the gateway changes and the scenario does not.
fn contract(repository: &Path, name: &str, defect: &str) -> String {
    let text = fs::read_to_string(root().join("scenarios/sut/builtin/contract.toml")).unwrap();
    let bent = text.replacen("args = [\"gateway\", ", &format!("args = [\"gateway\", {defect}"), 1);
    assert!(defect.is_empty() || bent != text);
    let file = repository.join(name);
    fs::write(&file, bent).unwrap();
    file.display().to_string()
}

#[test]
fn a_gateway_that_gets_slower_fails_the_next_job() {
    let here = repository();
    let file = |name: &str, defect: &str| contract(here.path(), name, defect);
    let (sound, slow) = (file("sound.toml", ""), file("slow.toml", "\"--defect\", \"delay=150ms\", "));
    let rehearse = script("github-actions.yml", "rehearse");
    let said = check(&job(&GITHUB, &rehearse, here.path(), &[("PALISADE_SUT", &sound)]), 0);
    assert!(said.contains("no baseline: nothing is compared"), "{said}");
    assert!(report_in(here.path())["baseline"].is_null());
    let keep = script("github-actions.yml", "keep a good run as the next baseline");
    check(&job(&GITHUB, &keep, here.path(), &[]), 0);
    // Both are in time; it is slower, and the windows of the sample job suffice to say so.
    let said = check(&job(&GITHUB, &rehearse, here.path(), &[("PALISADE_SUT", &slow)]), 5);
    assert!(
        said.contains("::error file=palisade/scenario.toml,title=baseline::all response p50 went"),
        "{said}"
    );
    let report = report_in(here.path());
    assert_eq!(report["baseline"]["outcome"], "worse");
    assert_eq!(report["outcomes"]["expected"], report["outcomes"]["answered"]);
    assert_eq!(
        report["baseline"]["baselines"].as_array().unwrap().len(),
        2,
        "the last one and the pinned one"
    );
}

#[test]
fn a_changed_scenario_is_green_and_has_its_own_baseline() {
    let here = repository();
    let rehearse = script("gitlab-ci.yml", "rehearse");
    let set = [SHORT, ("PALISADE_SUT", "builtin")];
    let kept = || -> Vec<PathBuf> {
        let days = fs::read_dir(here.path().join("results/baseline")).unwrap();
        days.map(|day| day.unwrap().path()).collect()
    };
    let said = check(&job(&GITLAB, &rehearse, here.path(), &set), 0);
    assert!(said.contains("no baseline"), "{said}");
    let first = kept();
    assert_eq!(first.len(), 1);
    assert!(first[0].join("1/journal.jsonl").is_file() && first[0].join("pinned/journal.jsonl").is_file());
    // Six seconds are too few to test anything, which is said and is no pass of the comparison.
    let said = check(&job(&GITLAB, &rehearse, here.path(), &set), 0);
    assert!(said.contains("nothing could be tested"), "{said}");
    assert_eq!(report_in(here.path())["baseline"]["outcome"], "untested");
    let junit = fs::read_to_string(here.path().join("results/run/junit.xml")).unwrap();
    assert!(junit.contains("<skipped message=\"nothing could be tested"), "{junit}");
    assert!(first[0].join("2/journal.jsonl").is_file());
    let file = here.path().join("palisade/scenario.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("occupancy = 0.92", "occupancy = 0.9", 1)).unwrap();
    let said = check(&job(&GITLAB, &rehearse, here.path(), &set), 0);
    assert!(said.contains("no baseline"), "{said}");
    let second = kept();
    assert!(second.len() == 1 && second != first, "{first:?} {second:?}");
    // Held against a run of the other day all the same, it says that this is no verdict, and goes on.
    let other = here.path().join("other");
    fs::rename(second[0].join("1"), &other).unwrap();
    fs::write(&file, text).unwrap();
    let run = |more: &[&str]| {
        let common = ["run", file.to_str().unwrap(), "--no-floor", "--windows", SHORT.1, "--out"];
        let out = here.path().join("held");
        let output = palisade(&[&common[..], &[out.to_str().unwrap()], more].concat());
        let report: Value = serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
        (check(&output, 0), report["baseline"].clone())
    };
    let (said, held) = run(&["--baseline", other.to_str().unwrap()]);
    assert!(said.contains("its scenario.toml is not that of") && said.contains("the run goes on"), "{said}");
    assert_eq!(held["outcome"], "incomparable");
    assert!(
        held["remarks"][0].as_str().unwrap().contains("its scenario or its map is another one"),
        "{held}"
    );
}

#[test]
fn only_the_default_branch_writes_the_baselines() {
    let python = std::env::var("PALISADE_PEERS_PYTHON").expect("`bash .ci/test` sets PALISADE_PEERS_PYTHON");
    let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))";
    let file = fs::File::open(root().join("assets/ci/gitlab-ci.yml")).unwrap();
    let output = Command::new(python).args(["-c", read]).stdin(file).output().unwrap();
    let job = serde_json::from_slice::<Value>(&output.stdout).unwrap()["rehearse"].clone();
    assert_eq!(
        (&job["cache"]["policy"], &job["variables"]["BASELINES"]),
        (&"$BASELINES".into(), &"pull".into())
    );
    let rules = job["rules"].as_array().unwrap();
    let writes = rules.iter().filter(|rule| rule["variables"]["BASELINES"] == "pull-push");
    let when: Vec<&Value> = writes.map(|rule| &rule["if"]).collect();
    assert_eq!(when, ["$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"]);
}

#[test]
fn three_baselines_are_kept_beside_the_pinned_one() {
    let here = tempfile::tempdir().unwrap();
    let keep = script("github-actions.yml", "keep a good run as the next baseline");
    let run = here.path().join("results/run");
    let kept =
        |name: &str| fs::read_to_string(here.path().join("results/baseline").join(name).join("n")).ok();
    for n in 1..=5 {
        fs::create_dir_all(&run).unwrap();
        fs::write(run.join("n"), n.to_string()).unwrap();
        let pin = if n == 4 { "1" } else { "" };
        check(&job(&GITHUB, &keep, here.path(), &[("PIN", pin)]), 0);
        assert_eq!(kept("pinned").as_deref(), Some(if n < 4 { "1" } else { "4" }));
    }
    let names = ["1", "2", "3", "4"].map(kept);
    assert_eq!(names, [Some("5".into()), Some("4".into()), Some("3".into()), None]);
}

#[test]
fn a_gateway_that_is_not_there_fails_the_job_with_its_own_code() {
    let here = repository();
    // With the code of the gateway, not with the last command's.
    let set = [SHORT, ("PALISADE_SUT", "mqtt://127.0.0.1:1")];
    check(&job(&GITHUB, &script("github-actions.yml", "rehearse"), here.path(), &set), 4);
    let set = [SHORT, ("PALISADE_SUT", "mqtt://127.0.0.1:1")];
    check(&job(&GITLAB, &script("gitlab-ci.yml", "rehearse"), here.path(), &set), 4);
}

#[test]
fn a_day_is_named_by_scenario_contract_and_version() {
    let here = repository();
    let script = script("github-actions.yml", "name the day");
    let day = || check(&job(&GITHUB, &script, here.path(), &[]), 0);
    let first = day();
    assert!(first.starts_with("day=") && first == day(), "{first}");
    fs::write(here.path().join("palisade/notes.txt"), "no input").unwrap();
    assert_eq!(day(), first);
    fs::write(here.path().join("palisade/contract.toml"), "contract = 1\n").unwrap();
    assert_ne!(day(), first);
}

#[test]
fn a_contract_is_asked_for_and_its_gateway_driven() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my contract.toml");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let answers = format!(
        "测试网关\npalisade gateway --listen '127.0.0.1:{port}'\nlistening\nnowhere\nmqtt://127.0.0.1:{port}\n\n\n\n\n{}\n",
        r#"{"id":"1","device":"beam-1","signal":"beam_broken","kind":"alarm"}"#
    );
    let ask = |answers: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["contract", "init"])
            .arg(&file)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), answers.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = ask(&answers);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("`nowhere` is no address"), "{said}");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains(&format!("--sut '{}'", file.display())), "{told}");
    let again = ask("");
    assert_eq!(again.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&again.stderr).contains("name another file"));
    let out = folder.path().join("run");
    let run = palisade(&[
        "run",
        "scenarios/tiny.toml",
        "--no-floor",
        "--windows",
        "02:14:00+6s",
        "--sut",
        file.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    let report: Value = serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["sut"]["name"], "测试网关", "{}", String::from_utf8_lossy(&run.stderr));
    assert!(report["outcomes"]["expected"].as_u64() > Some(0));
    assert_eq!(report["outcomes"]["expected"], report["outcomes"]["answered"], "{}", report["failures"]);
}

#[test]
fn who_leaves_while_a_contract_is_asked_for_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("contract.toml");
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["contract", "init"])
        .arg(&file)
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut asked = [0];
    std::io::Read::read_exact(child.stderr.as_mut().unwrap(), &mut asked).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let nowhere = folder.path().join("nowhere/contract.toml").display().to_string();
    let output = palisade(&["contract", "init", &nowhere]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(3) && said.contains("name a file that can be written"), "{said}");
    assert!(!said.contains("What do people call the gateway"), "{said}");
}

#[test]
fn the_limit_of_a_gateway_is_found() {
    // A gateway that loses nine alarms in ten fails alone: that is no question of load, and exit 5.
    let folder = tempfile::tempdir().unwrap();
    let compound = repository();
    let scenario = compound.path().join("palisade/scenario.toml");
    let find = |more: &[&str], out: &str| {
        let out = folder.path().join(out);
        let common = ["run", scenario.to_str().unwrap(), "--find-limit", "--no-floor", "--out"];
        let output = palisade(&[&common[..], &[out.to_str().unwrap()], more].concat());
        let text = fs::read_to_string(out.join("limit.json"));
        let json: Value = serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default();
        (output.status.code(), json, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, json, said) = find(&["--fleet", "3"], "sound");
    assert_eq!(code, Some(0), "{said}");
    let fleets: Vec<u64> =
        json["runs"].as_array().unwrap().iter().filter_map(|r| r["fleet"].as_u64()).collect();
    assert_eq!(fleets, [1, 2, 3], "{said}");
    assert!(
        json["knee"].is_null() && json["told"].as_str().unwrap().contains("the limit lies above"),
        "{json}"
    );
    let (code, json, said) = find(&["--fleet", "4", "--defect", "drop=0.9"], "broken");
    assert_eq!(code, Some(5), "{said}");
    assert!(json["told"].as_str().unwrap().contains("fails already"), "{json}");
    obeys("limit", &json);
    // One that nobody reaches has no limit.
    let (code, json, said) = find(&["--fleet", "4", "--sut", "mqtt://127.0.0.1:1"], "absent");
    assert_eq!((code, json["runs"].as_array().map(Vec::len)), (Some(4), Some(1)), "{said}");
    assert!(json["told"].as_str().unwrap().starts_with("nothing is known of the limit"), "{json}");
    obeys("limit", &json);
}

/// Each message of a device keeps the gateway busy for 10 ms: it bears 100 a second. What is offered beyond that waits, on average
/// for half of what has come too much until the end: half of the answers come within 300 ms up to a tenth more in 6 s.
#[test]
fn the_limit_of_a_gateway_of_known_capacity_is_found_within_its_confidence() {
    const CAPACITY_PER_S: f64 = 100.0;
    const MAY_WAIT: f64 = 2.0 * 0.3 / 6.0;
    let half = [("\"response.p99\" = \"< 2s\"", "\"response.p50\" = \"< 300ms\"")];
    let tiny = Tiny::with(&half).unwrap();
    // Copies that live twenty times as fast say the same each second, so that only the number of copies makes the load.
    let shape = root().join("scenarios/load/compressed.toml").display().to_string();
    let args = [
        "--windows",
        "07:45:07+6s",
        "--find-limit",
        "--fleet",
        "40",
        "--shape",
        &shape,
        "--defect",
        "work=10ms",
    ];
    let output = tiny.command(&args).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let json: Value = serde_json::from_slice(&fs::read(tiny.out().join("limit.json")).unwrap()).unwrap();
    obeys("limit", &json);
    let of = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{json}"));
    let (knee, low, high) = (of(&json["knee"]), of(&json["between"][0]), of(&json["between"][1]));
    assert!(low <= knee && knee <= high && high / low < 1.6, "{said}");
    // A fleet's size at which it is offered as much as it bears.
    let runs = json["runs"].as_array().unwrap();
    let size = |run: &Value| of(&run["fleet"]);
    let rate = |run: &Value| of(&run["offered_per_s"]);
    let most = runs.iter().max_by(|a, b| size(a).total_cmp(&size(b))).unwrap();
    let a_copy = (rate(most) - rate(&runs[0])) / (size(most) - size(&runs[0]));
    let bears = |per_s: f64| size(&runs[0]) + (per_s - rate(&runs[0])) / a_copy;
    // The machine's own share is up to an eighth: its timers are late, and the threads of the run need its processors.
    let true_knee = bears(CAPACITY_PER_S * 0.875)..bears(CAPACITY_PER_S * (1.0 + MAY_WAIT));
    assert!(low <= true_knee.end && true_knee.start <= high, "{true_knee:?}\n{said}");
    let offered = of(&json["offered_per_s"]);
    assert!((0.8 * CAPACITY_PER_S..1.2 * CAPACITY_PER_S).contains(&offered), "{offered}\n{said}");
    // What is far below passes, and what is far above fails; one run may be the machine's hiccup.
    let odd = runs.iter().filter(|run| {
        let load = rate(run) / CAPACITY_PER_S;
        let far = run["verdict"] != "void" && !(0.7..1.35).contains(&load);
        far && (run["verdict"] == "pass") != (load < 1.0)
    });
    assert!(odd.count() <= 1, "{said}");
    assert!(json["told"].as_str().unwrap().contains("messages/s), with 90 % probability between"), "{json}");
}

/// Whether something that was printed obeys the schema that is printed for it.
pub(crate) fn obeys(schema: &str, value: &Value) {
    let printed = palisade(&["schema", schema]);
    assert_eq!(printed.status.code(), Some(0));
    let committed = fs::read(root().join(format!("assets/schema/{schema}.schema.json"))).unwrap_or_default();
    let remedy = format!("palisade schema {schema} > assets/schema/{schema}.schema.json");
    assert!(committed == printed.stdout, "write it anew: {remedy}");
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    // A schema that allows everything says nothing.
    assert!(!validator.is_valid(&serde_json::json!({ "format": "one" })));
}

#[test]
fn a_failure_is_shrunk_to_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let compound = repository();
    let scenario = compound.path().join("palisade/scenario.toml");
    let deaf = ["--no-floor", "--defect", "deaf-to=cam-north-wall", "--windows", "02:14:05+8s"];
    let run =
        palisade(&[&["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()][..], &deaf].concat());
    assert_eq!(run.status.code(), Some(5), "{}", String::from_utf8_lossy(&run.stderr));
    let shrunk = palisade(&["shrink", out.to_str().unwrap(), "--budget", "5m"]);
    let said = String::from_utf8_lossy(&[&shrunk.stdout[..], &shrunk.stderr[..]].concat()).into_owned();
    assert_eq!(shrunk.status.code(), Some(0), "{said}");
    assert!(said.contains("is missed still, in 4 of 4 runs, with "), "{said}");
    let text = fs::read_to_string(out.join("shrunk/scenario.toml")).unwrap();
    assert!(text.contains("cam-north-wall"), "{text}");
    let devices = |text: &str| text.matches("[[kit.").count();
    let all = devices(&fs::read_to_string(&scenario).unwrap());
    assert!(devices(&text) <= all / 3, "{} of {all} rows are left\n{said}", devices(&text));
    // What is left fails by itself in the same way.
    let again = folder.path().join("again");
    let small = out.join("shrunk/scenario.toml");
    let command =
        ["run", small.to_str().unwrap(), "--no-floor", "--defect", "deaf-to=cam-north-wall", "--out"];
    let run = palisade(&[&command[..], &[again.to_str().unwrap()]].concat());
    assert_eq!(run.status.code(), Some(5), "{}", String::from_utf8_lossy(&run.stderr));
    let good = palisade(&["shrink", again.to_str().unwrap(), "9999"]);
    assert_eq!(good.status.code(), Some(3));
    // Defects are the run's own gateway's, and another one has none.
    let nobody = ["--sut", "mqtt://127.0.0.1:9", "--budget", "1ms"];
    let other = palisade(&[&["shrink", again.to_str().unwrap()][..], &nobody].concat());
    let said = check(&other, 6);
    assert!(
        said.contains("--defect deaf-to=cam-north-wall is left out")
            && said.contains("no time to drive it once"),
        "{said}"
    );
}

/// A run of the small compound that fails, with more in its scenario.
fn failed(compound: &Path, more: &[(&str, &str)], options: &[&str]) -> PathBuf {
    let file = compound.join("palisade/scenario.toml");
    let mut text = fs::read_to_string(&file).unwrap();
    for (old, new) in more {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    fs::write(&file, text).unwrap();
    let out = compound.join("run");
    let common = ["run", file.to_str().unwrap(), "--no-floor", "--out", out.to_str().unwrap()];
    check(&palisade(&[&common[..], options].concat()), 5);
    out
}

#[test]
fn faults_and_copies_that_a_failure_does_without_are_taken_away() {
    let compound = repository();
    let faults = compound.path().join("faults.toml");
    // The gateway is deaf to a camera, whatever disturbs its line and whoever else speaks.
    let text = "faults = 1\nname = \"two\"\n\
                [[fault]]\nway = \"up\"\nwhat = { delay = { by = \"5ms\" } }\n\
                [[fault]]\nway = \"down\"\nwhat = { delay = { by = \"9ms\" } }\n";
    fs::write(&faults, text).unwrap();
    let deaf = ["--defect", "deaf-to=cam-north-wall", "--windows", "02:14:05+8s", "--fleet", "3", "--fault"];
    // Nor does it matter how many copies speak.
    let shape = compound.path().join("shape.toml");
    let levels = "shape = 1\nname = \"half\"\n[[level]]\nlasts = \"2s\"\nfrom = 0.5\n[[level]]\nlasts = \"2s\"\nfrom = 1.0\n";
    fs::write(&shape, levels).unwrap();
    let files = [faults.to_str().unwrap(), "--shape", shape.to_str().unwrap()];
    let out = failed(compound.path(), &[], &[&deaf[..], &files].concat());
    let own = palisade(&["shrink", out.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert!(check(&own, 2).contains("the run's own folder"));
    // What an earlier one left in the folder goes.
    fs::create_dir(out.join("shrunk")).unwrap();
    fs::write(out.join("shrunk/faults.toml"), text).unwrap();
    fs::write(out.join("shrunk/scenario.toml"), "# Made by `palisade shrink`: an earlier one\n").unwrap();
    // What the run was disturbed by is read from its folder, not from where it was typed.
    fs::remove_file(&faults).unwrap();
    let shrunk = palisade(&["shrink", out.to_str().unwrap(), "--budget", "3m"]);
    let said = check(&shrunk, 0);
    assert!(said.contains("0 of 2 rows of faults, 0 of 2 rows of the shape, 1 of 3 compounds"), "{said}");
    let next = said.lines().find(|line| line.trim_start().starts_with("next")).unwrap();
    assert!(["--fault", "--fleet", "--shape"].iter().all(|option| !next.contains(option)), "{next}");
    assert!(!out.join("shrunk/faults.toml").exists());
}

#[test]
fn a_flood_that_a_failure_needs_stays_and_a_storm_that_it_does_not_goes() {
    let compound = repository();
    let shape = compound.path().join("shape.toml");
    // The gateway cannot keep up with so many at once.
    let text = "shape = 1\nname = \"both\"\n[[storm]]\nat = \"1s\"\nwithin = \"500ms\"\n\
                [[flood]]\nat = \"3s\"\nwithin = \"100ms\"\nclass = \"beam\"\nsays = { beam_broken = { broken_ms = 400 } }\n";
    fs::write(&shape, text).unwrap();
    let tight = [("\"response.p99\" = \"< 2s\"", "\"response.p99\" = \"< 250ms\"")];
    let options = ["--windows", "02:14:05+6s", "--defect", "work=100ms", "--shape", shape.to_str().unwrap()];
    let out = failed(compound.path(), &tight, &options);
    let said = check(&palisade(&["shrink", out.to_str().unwrap(), "response.p99", "--budget", "3m"]), 0);
    assert!(said.contains("1 of 2 rows of the shape"), "{said}");
    let kept = fs::read_to_string(out.join("shrunk/shape.toml")).unwrap();
    assert!(kept.contains("[[flood]]") && !kept.contains("[[storm]]"), "{kept}");
    let next = said.lines().find(|line| line.trim_start().starts_with("next")).unwrap();
    let words: Vec<&str> = next.split_whitespace().skip(2).collect();
    let again = compound.path().join("again");
    check(&palisade(&[&words[..], &["--out", again.to_str().unwrap()]].concat()), 5);
}

#[test]
fn a_fault_that_a_failure_needs_stays() {
    let compound = repository();
    let faults = compound.path().join("faults.toml");
    // The gateway is slower than the threshold allows only where the line is slow on the way to it.
    let text = "faults = 1\nname = \"two\"\n\
                [[fault]]\nway = \"up\"\nwhat = { delay = { by = \"400ms\" } }\n\
                [[fault]]\nway = \"down\"\nwhat = { delay = { by = \"9ms\" } }\n";
    fs::write(&faults, text).unwrap();
    let tight = [("\"response.p99\" = \"< 2s\"", "\"response.p99\" = \"< 300ms\"")];
    let options = ["--windows", "02:14:05+6s,07:32:20+4s", "--fault", faults.to_str().unwrap()];
    let out = failed(compound.path(), &tight, &options);
    let shrunk = palisade(&["shrink", out.to_str().unwrap(), "response.p99", "--budget", "3m"]);
    let said = check(&shrunk, 0);
    assert!(
        said.contains("response.p99 is not < 300ms still") && said.contains("1 of 2 rows of faults"),
        "{said}"
    );
    let kept = fs::read_to_string(out.join("shrunk/faults.toml")).unwrap();
    assert!(kept.contains("400ms") && !kept.contains("9ms"), "{kept}");
    let text = fs::read_to_string(out.join("shrunk/scenario.toml")).unwrap();
    let windows = text.lines().find(|line| line.starts_with("windows = ")).unwrap();
    assert_eq!(windows.matches("from = ").count(), 1, "one of the two windows is enough: {windows}");
    let again = compound.path().join("again");
    let file = out.join("shrunk/scenario.toml");
    let faults = out.join("shrunk/faults.toml");
    let command = ["run", file.to_str().unwrap(), "--no-floor", "--fault", faults.to_str().unwrap(), "--out"];
    check(&palisade(&[&command[..], &[again.to_str().unwrap()]].concat()), 5);
    let holds = palisade(&["shrink", out.to_str().unwrap(), "missed"]);
    assert!(check(&holds, 3).contains("missed holds"));
}
