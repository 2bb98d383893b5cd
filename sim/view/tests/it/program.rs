//! The program's own words for mistakes.

use std::process::{Command, Output};

fn view(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade-view")).args(args).output().unwrap()
}

#[test]
fn a_folder_that_is_no_run_is_named_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display().to_string();
    for args in [vec!["stills", &path], vec![&path], vec!["bench", "seek", &path]] {
        let out = view(&args);
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(3), "{said}");
        assert!(said.contains("scenario.toml") && said.contains("palisade run"), "{said}");
    }
}

#[test]
fn a_missing_driver_is_named_with_its_package() {
    let out = Command::new(env!("CARGO_BIN_EXE_palisade-view"))
        .args(["stills", &crate::yard::folder().display().to_string(), "--only", "noon"])
        // No folder of drivers: what a machine without the package looks like.
        .env("PALISADE_VULKAN_FOLDERS", "/nowhere")
        .env_remove("VK_ICD_FILENAMES")
        .env_remove("VK_DRIVER_FILES")
        .output()
        .unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(6), "{said}");
    assert!(said.contains("mesa-vulkan-drivers"), "{said}");
}

#[test]
fn wrong_words_are_usage() {
    let run = crate::yard::folder().display().to_string();
    for args in [
        vec!["stills", &run, "--only", "moon"],
        vec!["stills", &run, "--size", "1x1"],
        vec!["stills", &run, "--camera", "no-such"],
        vec!["bench", "nothing", &run],
    ] {
        assert_eq!(view(&args).status.code(), Some(2), "{args:?}");
    }
    let said = String::from_utf8(view(&["stills", &run, "--camera", "no-such"]).stderr).unwrap();
    assert!(said.contains("no-such") && said.contains("cam-"), "the cameras that it has are named: {said}");
}

/// The same text and seed: the same tape from this binary as from all others of the workspace.
#[test]
fn the_day_is_the_one_on_record() {
    let record =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/it/tiny-day.digest")).unwrap();
    let run = palisade_view::run_folder::Run::read(&crate::yard::folder()).unwrap();
    let mut lines = record.lines();
    assert_eq!(lines.next(), Some(run.tape.digest().as_str()));
    assert_eq!(lines.next(), Some(run.tracks.digest().as_str()));
}
