#![allow(clippy::unwrap_used, reason = "tests")]
//! Every file in `scenarios/broken` goes through the real binary; what it says is on record beside it.
//! `PALISADE_RECORD=1` writes the records anew.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn check(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("check")
        .args(arguments)
        .env("NO_COLOR", "1")
        .current_dir(root())
        .output()
        .unwrap()
}

/// Names of the broken files of a folder below `scenarios/broken`, sorted.
fn names_in(folder: &str) -> Vec<String> {
    let files = std::fs::read_dir(root().join("scenarios/broken").join(folder)).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let toml = files.filter_map(|f| f.strip_suffix(".toml").map(|name| format!("{folder}{name}")));
    let mut names: Vec<String> = toml.collect();
    names.sort();
    names
}

/// Names of all broken files: scenarios, contracts, load shapes, faults.
fn names() -> Vec<String> {
    [names_in(""), names_in("contracts/"), names_in("shapes/"), names_in("faults/")].concat()
}

/// What is said of a file where it is not what is on record.
fn unless_on_record(name: &str, said: &str) -> Option<String> {
    let record = root().join(format!("scenarios/broken/{name}.txt"));
    if std::env::var_os("PALISADE_RECORD").is_some() {
        std::fs::write(&record, said).unwrap();
        return None;
    }
    let same = std::fs::read_to_string(&record).ok().as_deref() == Some(said);
    (!same).then(|| format!("{name} says:\n{said}"))
}

/// The scenario with which the contracts of `with-tiny` are checked: alone they are sound.
const TINY: &str = "scenarios/tiny.toml";

/// As with `2>&1 | head -1`: nobody reads on.
#[test]
fn a_reader_that_has_gone_away_is_no_bug_and_a_full_disk_is_told() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let check = |file: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.current_dir(root()).args(["check", file]);
        command
    };
    let gone = || (writer.try_clone().unwrap(), writer.try_clone().unwrap());
    for (file, code) in [("scenarios/broken/bad-day.toml", 3), ("scenarios/tiny.toml", 0)] {
        let (stdout, stderr) = gone();
        let status = check(file).stdout(stdout).stderr(stderr).status().unwrap();
        assert_eq!(status.code(), Some(code), "{file}");
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let said = check("scenarios/tiny.toml").stdout(full).output().unwrap();
    assert_eq!(said.status.code(), Some(6));
    assert!(String::from_utf8_lossy(&said.stderr).contains("cannot write to stdout"), "{said:?}");
}

#[test]
fn each_contract_that_does_not_fit_its_scenario_says_what_is_on_record() {
    let names = names_in("with-tiny/");
    assert!(names.len() >= 6, "only {} contracts", names.len());
    let mut differ = Vec::new();
    for name in &names {
        let path = format!("scenarios/broken/{name}.toml");
        let alone = check(&[&path]);
        assert_eq!(alone.status.code(), Some(0), "{name}: {alone:?}");
        let out = check(&[TINY, &path]);
        assert_eq!(out.status.code(), Some(3), "{name}: {out:?}");
        assert_eq!(
            check(&[&path, TINY]).stderr,
            out.stderr,
            "{name}: the order of the files does not matter"
        );
        let said = String::from_utf8(out.stderr).unwrap();
        differ.extend(unless_on_record(name, &said));
    }
    assert!(differ.is_empty(), "not on record (PALISADE_RECORD=1 writes anew):\n{}", differ.join("\n"));
}

#[test]
fn a_run_refuses_a_contract_that_does_not_fit_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["run", TINY, "--sut", "scenarios/broken/with-tiny/units-overlap.toml", "--out"])
        .arg(folder.path().join("out"))
        .current_dir(root())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(3), "{out:?}");
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(said.contains("contract::units") && said.contains("units-overlap.toml:"), "{said}");
    assert!(!folder.path().join("out").exists(), "nothing was begun");
}

#[test]
fn a_row_for_which_a_scenario_has_no_device_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("scenarios/sut/builtin-serial/contract.toml")).unwrap();
    let row = "[[device]]\nclass = [\"outer_post\"]\nlink = \"bus\"\n\n[[device]]\nclass = [\"outer_post\"]";
    let text = text.replacen("[[device]]", &format!("{row}\nlink = \"bus\"\n\n[[device]]"), 1);
    let path = folder.path().join("contract.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let out = check(&[TINY, path]);
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(0), "{said}");
    assert_eq!(said.matches("contract::no-device").count(), 1, "{said}");
    assert!(said.contains('⚠'), "{said}");
    let json = check(&[TINY, path, "--output-format", "json"]);
    let list: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["severity"], "warning");
}

#[test]
fn a_signal_that_no_class_of_its_row_says_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contract.toml");
    let shipped = std::fs::read_to_string(root().join("scenarios/sut/builtin/contract.toml")).unwrap();
    let said = |row: &str, with: &[&str]| {
        std::fs::write(&path, format!("{shipped}\n[[reaction]]\nlink = \"bus\"\n{row}\n")).unwrap();
        let out = check(&[&[path.to_str().unwrap()], with].concat());
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(0), "{said}");
        said
    };
    let beam = said("class = [\"beam\"]\nsignal = [\"beam_broken\", \"smoke_alarm\"]", &[]);
    assert_eq!(beam.matches("contract::unsaid").count(), 1, "{beam}");
    assert!(beam.contains("no device of these classes ever says `smoke_alarm`"), "{beam}");
    // Somebody says it where the class is open; which devices there are, only a scenario tells.
    assert!(!said("signal = [\"water_on\"]", &[]).contains("unsaid"));
    let both = "class = [\"beam\", \"smoke_detector\"]\nsignal = [\"beam_broken\", \"smoke_alarm\"]";
    assert!(!said(both, &[TINY]).contains("unsaid"));
}

#[test]
fn each_broken_file_says_what_is_on_record() {
    let names = names();
    assert!(
        names_in("").len() >= 28 && names_in("contracts/").len() >= 10,
        "only {} broken files",
        names.len()
    );
    let (mut differ, mut with_three) = (Vec::new(), 0);
    for name in &names {
        let out = check(&[&format!("scenarios/broken/{name}.toml")]);
        assert_eq!(out.status.code(), Some(3), "{name}: {out:?}");
        assert!(out.stdout.is_empty(), "{name} prints on stdout");
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(!said.contains('\u{1b}'), "{name}: colour although NO_COLOR is set");
        let last = said.lines().last().unwrap_or_default();
        let count = last.split(' ').next().and_then(|n| n.parse::<usize>().ok());
        with_three += usize::from(count.unwrap_or_else(|| panic!("{name} ends with {last}")) >= 3);
        differ.extend(unless_on_record(name, &said));
    }
    assert!(differ.is_empty(), "not on record (PALISADE_RECORD=1 writes anew):\n{}", differ.join("\n"));
    assert!(with_three >= 5, "only {with_three} files show three problems or more at once");
}

#[test]
fn every_problem_has_a_place_a_code_and_a_remedy() {
    let paths: Vec<String> = names().iter().map(|n| format!("scenarios/broken/{n}.toml")).collect();
    let mut arguments: Vec<&str> = paths.iter().map(String::as_str).collect();
    arguments.extend(["--output-format", "json"]);
    let out = check(&arguments);
    assert_eq!(out.status.code(), Some(3));
    let list: Vec<serde_json::Value> = serde_json::from_slice(&out.stdout).unwrap();
    assert!(list.len() > paths.len());
    for problem in list {
        assert!(problem["line"].as_u64().is_some_and(|n| n > 0), "{problem}");
        assert!(problem["column"].as_u64().is_some_and(|n| n > 0), "{problem}");
        for key in ["file", "code", "message", "help"] {
            assert!(problem[key].as_str().is_some_and(|t| !t.is_empty()), "{key}: {problem}");
        }
    }
}

#[test]
fn a_missing_file_is_named_with_a_remedy() {
    let out = check(&["scenarios/nowhere.toml", "scenarios/tiny.toml"]);
    assert_eq!(out.status.code(), Some(3));
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(
        said.contains("scenarios/nowhere.toml: there is no such file") && said.contains("help:"),
        "{said}"
    );
    let good = String::from_utf8(out.stdout).unwrap();
    assert!(good.starts_with("scenarios/tiny.toml: ok, 4 buildings, 48 flats,"), "{good}");
}
