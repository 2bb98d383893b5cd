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

fn committed_schema(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).unwrap()
}

/// What `palisade schema NAME` must print.
const SCHEMAS: [(&str, &str); 4] = [
    ("scenario", "scenario.schema.json"),
    ("contract", "sut/contract.schema.json"),
    ("shape", "load/shape.schema.json"),
    ("fault", "faults/fault.schema.json"),
];

#[test]
fn the_committed_schemas_are_current() {
    for (name, file) in SCHEMAS {
        let out = Command::new(env!("CARGO_BIN_EXE_palisade")).args(["schema", name]).output().unwrap();
        assert!(out.status.success());
        let now = String::from_utf8(out.stdout).unwrap();
        assert_eq!(now, committed_schema(file), "write it anew: palisade schema {name} > scenarios/{file}");
    }
}

#[test]
fn every_scenario_contract_shape_and_fault_loads_and_matches_its_schema() {
    let validators = SCHEMAS.map(|(_, file)| {
        let schema: Value = serde_json::from_str(&committed_schema(file)).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    });
    let files = shipped(&folder());
    assert!(files.iter().any(|f| f.ends_with("tiny.toml")));
    assert!(files.iter().any(|f| f.ends_with("builtin/contract.toml")));
    assert!(files.iter().any(|f| f.ends_with("load/reconnect-storm.toml")));
    assert!(files.iter().any(|f| f.ends_with("faults/half-open.toml")));
    for file in files {
        let (kind, read) = if palisade::input::is_contract(&file) {
            (1, palisade::input::read_contract(&file).map(|_| ()))
        } else if palisade::input::is_shape(&file) {
            (2, palisade::input::read_shape(&file).map(|_| ()))
        } else if palisade::input::is_faults(&file) {
            (3, palisade::input::read_faults(&file).map(|_| ()))
        } else {
            (0, palisade::input::read(&file).map(|_| ()))
        };
        read.unwrap_or_else(|wrong| panic!("{}:\n{wrong}", file.display()));
        let validator = &validators[kind];
        let table: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        let json = serde_json::to_value(table).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }
}

#[test]
fn the_schema_refuses_what_check_refuses() {
    let schema: Value = serde_json::from_str(&committed_schema("scenario.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["unknown-key", "unknown-table", "missing-key", "wrong-type", "wrong-word", "bad-times"] {
        let text = std::fs::read_to_string(folder().join(format!("broken/{name}.toml"))).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert!(!validator.is_valid(&serde_json::to_value(table).unwrap()), "{name} matches the schema");
    }
}

/// What a leak, a slow queue or a tired gateway shows itself by.
const TRENDS: [&str; 4] = ["leak.memory", "leak.files", "drift.response", "queue.slope"];

#[test]
fn the_soak_asks_for_every_trend_and_the_night_drives_it_for_an_hour() {
    let soak = palisade::input::read(&folder().join("soak.toml")).unwrap().scenario;
    for trend in TRENDS {
        assert!(soak.file.thresholds.contains_key(trend), "{trend}: {:?}", soak.file.thresholds);
    }
    let driven = soak.file.drive.windows.iter().map(|window| window.lasting.as_seconds()).sum::<f64>();
    assert_eq!(driven, 3_600.0);
    let night = std::fs::read_to_string(folder().join("../.ci/night")).unwrap();
    assert!(night.contains("run scenarios/soak.toml --fleet 20"), "{night}");
}
