//! `palisade report RUN --stills DIR`: pictures in the page, kept by the run.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use serde_json::json;

use crate::run_folder::Run;

/// A picture of one pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn png() -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(PNG).unwrap()
}

/// The same with a text of so many bytes in it.
fn png_of(bytes: usize) -> Vec<u8> {
    let mut png = png();
    let end = png.split_off(png.len() - 12);
    png.extend((bytes as u32).to_be_bytes());
    png.extend(b"tEXt");
    png.extend(std::iter::repeat_n(b'x', bytes + 4));
    png.extend(end);
    png
}

/// A run, and a folder with pictures of it.
fn bench() -> (tempfile::TempDir, std::path::PathBuf, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (run, stills) = (folder.path().join("run"), folder.path().join("pictures"));
    fs::create_dir(&run).unwrap();
    fs::create_dir(&stills).unwrap();
    Run::sound().write(&run);
    fs::write(stills.join("noon.png"), png()).unwrap();
    fs::write(stills.join("wall.png"), png()).unwrap();
    index(
        &stills,
        &json!([
            { "file": "noon.png", "title": "The compound <at> noon", "title_zh": "小区正午", "at_ms": 43_200_000, "caption": "From the south." },
            { "file": "wall.png", "title": "The wall" },
        ]),
    );
    (folder, run, stills)
}

fn index(stills: &Path, rows: &serde_json::Value) {
    fs::write(stills.join("stills.json"), rows.to_string()).unwrap();
}

fn report(run: &Path, stills: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("report").arg(run);
    if let Some(stills) = stills {
        command.arg("--stills").arg(stills);
    }
    command.output().unwrap()
}

fn page(run: &Path) -> String {
    fs::read_to_string(run.join("report.html")).unwrap()
}

#[test]
fn pictures_stand_in_the_page_and_stay_with_the_run() {
    let (_folder, run, stills) = bench();
    let first = report(&run, Some(&stills));
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    let with = page(&run);
    assert_eq!(with.matches(&format!("data:image/png;base64,{PNG}")).count(), 2);
    for part in ["id=\"pictures\"", "The compound &lt;at&gt; noon", "小区正午", "12:00:00", "From the south."]
    {
        assert!(with.contains(part), "{part}");
    }
    assert!(with.find("id=\"pictures\"") < with.find("id=\"answers\""), "near the top");
    // Made again without the option, and without the folder.
    fs::remove_dir_all(&stills).unwrap();
    assert_eq!(report(&run, None).status.code(), Some(0));
    assert_eq!(page(&run), with);
    assert_eq!(
        report(&run, Some(&run.join("stills"))).status.code(),
        Some(0),
        "its own folder is a folder as well"
    );
    assert_eq!(page(&run), with);
}

#[test]
fn other_pictures_take_the_place_of_the_old_ones() {
    let (_folder, run, stills) = bench();
    report(&run, Some(&stills));
    index(&stills, &json!([{ "file": "wall.png", "title": "Only the wall" }]));
    report(&run, Some(&stills));
    assert!(page(&run).contains("Only the wall") && !page(&run).contains("小区正午"));
    assert!(!run.join("stills/noon.png").exists() && run.join("stills/wall.png").exists());
}

#[test]
fn what_is_no_picture_is_refused_and_the_run_keeps_what_it_had() {
    let (folder, run, stills) = bench();
    report(&run, Some(&stills));
    let before = page(&run);
    let mut cut = png();
    cut.truncate(40);
    let (gif, cut) = (b"GIF89a, not a PNG".to_vec(), cut);
    for (bytes, said) in
        [(gif, "noon.png is no whole PNG picture: it does not begin as one"), (cut, "its end is missing")]
    {
        fs::write(stills.join("noon.png"), bytes).unwrap();
        let refused = report(&run, Some(&stills));
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(3), "{text}");
        assert!(text.contains(said) && text.contains("palisade-view stills"), "{text}");
    }
    fs::write(folder.path().join("secret.png"), png()).unwrap();
    for (rows, said) in [
        (json!([{ "file": "../secret.png", "title": "x" }]), "is no file beside it"),
        (json!([{ "file": "none.png", "title": "x" }]), "none.png cannot be read"),
        (json!({ "file": "wall.png" }), "stills.json is no list of pictures"),
        (json!([]), "names no picture"),
    ] {
        index(&stills, &rows);
        let refused = report(&run, Some(&stills));
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!((refused.status.code(), text.contains(said)), (Some(3), true), "{text}");
    }
    fs::remove_file(stills.join("stills.json")).unwrap();
    assert_eq!(report(&run, Some(&stills)).status.code(), Some(3));
    assert_eq!(page(&run), before);
    assert_eq!(report(folder.path(), Some(&stills)).status.code(), Some(3), "no run");
    assert!(!folder.path().join("stills").exists());
}

#[test]
fn big_pictures_are_warned_of_and_damaged_ones_of_the_run_are_left_out_with_a_note() {
    let (_folder, run, stills) = bench();
    fs::write(stills.join("noon.png"), png_of(6_100_000)).unwrap();
    let big = report(&run, Some(&stills));
    assert_eq!(big.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&big.stderr).contains("6.1 MB, more than 6 MB"));
    assert!(page(&run).len() > 8_000_000, "it is in the page for all that");
    assert!(page(&run).contains("id=\"device-rows\""), "and no row had to give way to it");
    fs::write(run.join("stills/noon.png"), "no picture").unwrap();
    assert_eq!(report(&run, None).status.code(), Some(0));
    assert!(
        !page(&run).contains("id=\"pictures\"")
            && page(&run).contains("the pictures in `stills` are left out")
    );
}
