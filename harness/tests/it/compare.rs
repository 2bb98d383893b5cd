//! `palisade compare`: runs side by side, on the terminal, as JSON and as a page; and by the real binary.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

use palisade::report;
use palisade::report::compare::{Comparison, compare};

use crate::run_folder::{Fault, Run};

/// Run folders with a name that is the same on every machine.
fn compared(runs: &[Run]) -> (tempfile::TempDir, Comparison) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..runs.len()).map(|i| folder.path().join(format!("run-{i}"))).collect();
    for (run, path) in runs.iter().zip(&paths) {
        std::fs::create_dir(path).unwrap();
        run.write(path);
        report::make(path).unwrap();
    }
    let mut comparison = compare(&paths.iter().map(|p| p.as_path()).collect::<Vec<_>>()).unwrap();
    for (i, run) in comparison.runs.iter_mut().enumerate() {
        run.folder = format!("results/cuiyuan-2026-03-0{}-080000Z", i + 1);
    }
    (folder, comparison)
}

fn faulty() -> Run {
    let faults = vec![(2_003, Fault::Missed), (2_050, Fault::Wrong), (2_100, Fault::Late)];
    Run { faults, ..Run::sound() }
}

fn cut() -> Run {
    Run { ended: false, notes: vec![("interrupted", "somebody stopped the run")], ..Run::sound() }
}

fn wide(line: &str) -> usize {
    line.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum()
}

#[test]
fn three_runs_stand_beside_one_another_in_100_columns() {
    let (_folder, comparison) = compared(&[Run::sound(), faulty(), cut()]);
    let text = comparison.text();
    assert!(text.lines().all(|line| wide(line) <= 100), "{text}");
    insta::assert_snapshot!("compare_three", text);
    let json: serde_json::Value = serde_json::from_str(&comparison.json().unwrap()).unwrap();
    assert_eq!(json["same_tape"], true);
    assert_eq!(json["runs"][1]["outcomes"]["missed"], 1);
    assert_eq!(json["runs"][2]["verdict"], "interrupted");
    assert_eq!(json["runs"][2]["partial"], true);
}

#[test]
fn runs_of_different_days_are_said_to_be_so_loudly() {
    let mut other = Run::sound();
    other.tape.seed = 1;
    other.tape.stimuli.truncate(other.tape.stimuli.len() - 1);
    let (_folder, comparison) = compared(&[Run::sound(), other]);
    let text = comparison.text();
    assert!(text.starts_with("!! NOT THE SAME TAPE"), "{text}");
    assert!(!text.contains("All runs drove the same"), "{text}");
    let page = comparison.page().unwrap();
    assert!(page.contains("NOT THE SAME TAPE") && page.contains("class=\"top open\""));
}

#[test]
fn the_page_stands_alone() {
    let (_folder, comparison) = compared(&[Run::sound(), faulty()]);
    let page = comparison.page().unwrap();
    for asks in ["src=", "href=\"http", "url(http", "@import", "<script"] {
        assert!(!page.contains(asks), "{asks}");
    }
    assert!(page.contains("class=\"f fault\">1</td>") && page.contains("drop=0.05"), "{page}");
    assert!(page.contains("翠苑") && page.contains("url(data:font/ttf;base64,"));
    assert!(page.len() < 200_000, "{} bytes", page.len());
}

#[test]
fn by_the_binary_a_page_is_written_and_what_is_no_run_is_refused() {
    let (folder, _) = compared(&[Run::sound(), faulty()]);
    let palisade = |args: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.arg("compare").args(args).output().unwrap()
    };
    let (a, b, page) =
        (folder.path().join("run-0"), folder.path().join("run-1"), folder.path().join("page.html"));
    let good = palisade(&[&a, &b, Path::new("--out"), &page]);
    assert_eq!(good.status.code(), Some(0), "a failed run is no failure to compare");
    assert!(String::from_utf8_lossy(&good.stdout).contains("FAIL (exit 5)"));
    assert!(std::fs::read_to_string(&page).unwrap().contains("2 runs side by side"));
    // A report that was never made, or that cannot be read, is made anew; nothing is written.
    std::fs::write(b.join("report.json"), "{}").unwrap();
    let again = palisade(&[&a, &b]);
    assert_eq!(again.stdout, good.stdout);
    assert_eq!(std::fs::read_to_string(b.join("report.json")).unwrap(), "{}");
    let nowhere = palisade(&[&a, folder.path()]);
    assert_eq!(nowhere.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("is not a run folder"));
    assert_eq!(palisade(&[&a]).status.code(), Some(2), "one run alone has nothing beside it");
}
