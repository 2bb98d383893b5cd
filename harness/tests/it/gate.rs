//! A run as a CI job's gate: held against earlier runs, explained, and the sample jobs themselves.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use palisade::baseline::Finding;
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
fn a_run_of_another_day_is_no_baseline() {
    let mut other = Run::sound();
    other.tape.stimuli.truncate(5_999);
    let (_folder, report) = held(&other);
    assert!(!report.verdict.pass);
    assert!(report.verdict.reasons.iter().any(|r| r.contains("another day")), "{:?}", report.verdict.reasons);
    let cut = tempfile::tempdir().unwrap();
    Run { ended: false, ..Run::sound() }.write(cut.path());
    let said = Baselines::read(&[cut.path()], 0.05).unwrap_err().to_string();
    assert!(said.contains("it was cut before its end") && said.contains("remedy"), "{said}");
}

#[test]
fn what_is_no_baseline_is_said_before_anything_is_driven() {
    let folder = tempfile::tempdir().unwrap();
    Run::sound().write(folder.path());
    let path = folder.path().to_str().unwrap();
    let check = |args: &[&str], code: i32, expected: &str| {
        let output = palisade(&[&["run", "scenarios/tiny.toml"], args].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    check(&["--baseline", path], 3, "its scenario.toml is not that of scenarios/tiny.toml");
    check(&["--baseline", "results/nowhere"], 3, "there is no such folder");
    check(&["--baseline", path, "--out", path], 2, "which it would write over");
    check(&["--baseline", path, "--tolerance", "much"], 2, "no percentage");
    check(&["--tolerance", "3%"], 2, "--baseline");
    check(&["--find-limit", "--baseline", path], 2, "cannot be used with");
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

fn job(shell: &[&str], script: &str, repository: &Path, sut: &str) -> Output {
    let own = Path::new(env!("CARGO_BIN_EXE_palisade")).parent().unwrap();
    let path = format!("{}:{}", own.display(), std::env::var("PATH").unwrap());
    Command::new(shell[0])
        .args(&shell[1..])
        .arg(script)
        .current_dir(repository)
        .env("PATH", path)
        .env("PALISADE_SUT", sut)
        .env("CI_COMMIT_BRANCH", "main")
        .env("CI_DEFAULT_BRANCH", "main")
        .output()
        .unwrap()
}

#[test]
fn the_sample_jobs_run_and_hold_the_second_run_against_the_first() {
    let bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"];
    let check = |output: &Output, code: i32| {
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&said));
    };
    let here = repository();
    let report = || -> Value {
        let text = fs::read_to_string(here.path().join("results/run/report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    check(&job(&["sh", "-c"], &script("gitlab-ci.yml", "rehearse"), here.path(), "builtin"), 0);
    assert!(report()["baseline"].is_null());
    assert!(here.path().join("results/baseline/journal.jsonl").is_file());
    check(&job(&bash, &script("github-actions.yml", "rehearse"), here.path(), "builtin"), 0);
    assert!(report()["baseline"]["baselines"][0]["paired"].as_u64() > Some(0), "{}", report()["baseline"]);
    check(
        &job(&bash, &script("github-actions.yml", "keep a good run as the next baseline"), here.path(), ""),
        0,
    );
    // A gateway that is not there fails the job with the code of the gateway, not with the last command's.
    let gone = job(&bash, &script("github-actions.yml", "rehearse"), here.path(), "mqtt://127.0.0.1:1");
    check(&gone, 4);
}

#[test]
fn a_contract_is_asked_for_and_its_gateway_driven() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("contract.toml");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let answers = format!(
        "测试网关\npalisade gateway --listen 127.0.0.1:{port}\nlistening\nnowhere\n127.0.0.1:{port}\n\n\n\n\n{}\n",
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
fn the_limit_of_a_gateway_is_found() {
    // A gateway that loses one alarm in five fails alone: that is no question of load, and exit 5.
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
    let (code, json, said) = find(&["--fleet", "4", "--defect", "drop=1"], "broken");
    assert_eq!(code, Some(5), "{said}");
    assert!(json["told"].as_str().unwrap().contains("fails already"), "{json}");
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
    let deaf = ["--no-floor", "--defect", "deaf-to=cam-north-wall", "--windows", "02:14:00+12s"];
    let run =
        palisade(&[&["run", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()][..], &deaf].concat());
    assert_eq!(run.status.code(), Some(5), "{}", String::from_utf8_lossy(&run.stderr));
    let shrunk = palisade(&["shrink", out.to_str().unwrap(), "--budget", "2m"]);
    let said = String::from_utf8_lossy(&[&shrunk.stdout[..], &shrunk.stderr[..]].concat()).into_owned();
    assert_eq!(shrunk.status.code(), Some(0), "{said}");
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
}
