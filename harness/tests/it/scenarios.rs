#![allow(clippy::unwrap_used, reason = "tests")]
//! Every shipped scenario loads and matches the committed schema; the committed schema is current.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// All scenario files outside `broken`.
fn shipped(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("broken") {
            found.extend(shipped(&path));
        } else if path.extension().is_some_and(|e| e == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn committed_schema() -> String {
    std::fs::read_to_string(folder().join("scenario.schema.json")).unwrap()
}

#[test]
fn the_committed_schema_is_current() {
    let out = Command::new(env!("CARGO_BIN_EXE_palisade")).args(["schema", "scenario"]).output().unwrap();
    assert!(out.status.success());
    let now = String::from_utf8(out.stdout).unwrap();
    assert_eq!(
        now,
        committed_schema(),
        "write it anew: palisade schema scenario > scenarios/scenario.schema.json"
    );
}

#[test]
fn every_scenario_loads_and_matches_the_schema() {
    let schema: Value = serde_json::from_str(&committed_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let files = shipped(&folder());
    assert!(files.iter().any(|f| f.ends_with("tiny.toml")));
    for file in files {
        palisade::input::read(&file).unwrap_or_else(|wrong| panic!("{}:\n{wrong}", file.display()));
        let table: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        let json = serde_json::to_value(table).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }
}

#[test]
fn the_schema_refuses_what_check_refuses() {
    let schema: Value = serde_json::from_str(&committed_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["unknown-key", "unknown-table", "missing-key", "wrong-type", "wrong-word", "bad-times"] {
        let text = std::fs::read_to_string(folder().join(format!("broken/{name}.toml"))).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert!(!validator.is_valid(&serde_json::to_value(table).unwrap()), "{name} matches the schema");
    }
}
