//! The defect bench, by the real binary: gateways in processes of their own, in real time.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

fn defects(args: &[&str]) -> Result<Output> {
    Ok(Command::new(env!("CARGO_BIN_EXE_palisade")).arg("defects").args(args).output()?)
}

fn matrix(args: &[&str]) -> Result<(Option<i32>, Value)> {
    let output = defects(&[args, &["--output-format", "json"]].concat())?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let matrix = serde_json::from_slice(&output.stdout).with_context(|| format!("no matrix: {told}"))?;
    Ok((output.status.code(), matrix))
}

/// Rows of a list that were not named, ready to show.
fn unnamed(matrix: &Value, list: &str) -> Vec<String> {
    let rows = matrix[list].as_array().into_iter().flatten();
    let missed = rows.filter(|row| row["named"] != true);
    missed.map(|row| format!("{} ({}): said {}", row["id"], row["strength"], row["said"])).collect()
}

#[test]
fn every_defect_is_named_and_no_healthy_gateway_blamed() -> Result<()> {
    let (code, matrix) = matrix(&["--seed", "1", "--healthy", "20", "--pairs", "20", "--at-once", "16"])?;
    for list in ["rows", "healthy", "pairs"] {
        let missed = unnamed(&matrix, list);
        ensure!(missed.is_empty(), "{list}: {missed:#?}");
    }
    assert_eq!(code, Some(0));
    crate::gate::obeys("defects", &matrix);
    let rows = matrix["rows"].as_array().context("rows")?;
    ensure!(rows.iter().any(|row| row["id"] == "upstream-forgotten"), "the leg to the city platform");
    ensure!(rows.len() > 40, "{} rows", rows.len());
    for row in rows {
        assert_eq!(row["named"], row["said"] == row["id"]);
        let evidence = row["evidence"].to_string();
        let is_healthy = row["id"] == "healthy";
        // Ids of an exercise are `r`, four hexadecimal digits, `-` and a number.
        let is_id = |word: &str| {
            let (run, number) = word.split_once('-').unwrap_or_default();
            run.len() == 5 && run.starts_with('r') && number.starts_with(|c: char| c.is_ascii_digit())
        };
        let mut words = evidence.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        ensure!(is_healthy || words.any(is_id), "{row}: no id of a message as evidence");
        ensure!(row["what"].as_str().is_some_and(|what| !what.is_empty()), "{row}: no sentence");
    }
    let last = rows.last().context("a row")?;
    assert_eq!(last["id"], "healthy");
    assert_eq!(matrix["healthy"].as_array().map(Vec::len), Some(20));
    assert_eq!(matrix["pairs"].as_array().map(Vec::len), Some(20));
    Ok(())
}

#[test]
fn another_seed_draws_another_strength_and_the_defect_is_named_again() -> Result<()> {
    let only = "oversize-lost,ts-zone-off,flood-second-lost,wills-ignored";
    let mut strengths = Vec::new();
    for seed in ["11", "12"] {
        let (code, matrix) = matrix(&["--seed", seed, "--only", only, "--healthy", "0"])?;
        assert_eq!((code, unnamed(&matrix, "rows")), (Some(0), Vec::new()), "seed {seed}");
        strengths.push(
            matrix["rows"]
                .as_array()
                .context("rows")?
                .iter()
                .map(|row| row["strength"].to_string())
                .collect::<String>(),
        );
    }
    assert_ne!(strengths[0], strengths[1]);
    Ok(())
}

#[test]
fn the_same_judge_names_the_defects_of_node_red() -> Result<()> {
    ensure!(
        std::env::var_os("PALISADE_SUTS").is_some(),
        "PALISADE_SUTS is not set: run `bash .ci/test`, or set it to the folder that `bash .ci/sut` prints"
    );
    let (code, matrix) = matrix(&["--sut", "node-red", "--seed", "1", "--healthy", "1", "--at-once", "4"])?;
    assert_eq!((code, unnamed(&matrix, "rows")), (Some(0), Vec::new()));
    assert_eq!(matrix["rows"].as_array().map(Vec::len), Some(13), "twelve defects and a healthy one");
    Ok(())
}

#[test]
fn the_catalogue_is_listed_and_an_unknown_defect_refused() -> Result<()> {
    let output = defects(&["--list"])?;
    assert_eq!(output.status.code(), Some(0));
    let listed = String::from_utf8(output.stdout)?;
    ensure!(listed.lines().count() >= 40 && listed.contains("flood-second-lost"), "{listed}");
    let output = defects(&["--only", "no-such-thing"])?;
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr)?;
    ensure!(told.contains("palisade defects --list"), "{told}");
    Ok(())
}

#[test]
fn what_can_come_to_nothing_is_refused_before_it_begins() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("a-file");
    std::fs::write(&file, "")?;
    let beneath = file.join("records").display().to_string();
    for (args, code, expected) in [
        (&["--only", "none", "--healthy", "0"][..], 2, "name a defect with --only"),
        (&["--at-once", "0"], 2, "--at-once"),
        (&["--records", &beneath], 3, "name a folder that can be written"),
    ] {
        let output = defects(args)?;
        let told = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        ensure!(told.contains(expected), "{args:?}: {told}");
    }
    Ok(())
}

#[test]
fn who_interrupts_it_gets_what_is_done_and_nothing_is_left() -> Result<()> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["defects", "--only", "none", "--healthy", "3", "--output-format", "json"])
        .stdout(Stdio::piped())
        .spawn()?;
    let mine = format!("palisade-defects-{}-", child.id());
    let folders = || -> Result<usize> {
        let mut count = 0;
        for place in [Path::new("/dev/shm"), &std::env::temp_dir()] {
            let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
            count += entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&mine)).count();
        }
        Ok(count)
    };
    while folders()? < 3 {
        ensure!(child.try_wait()?.is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT)?;
    let mut text = String::new();
    child.stdout.take().context("stdout")?.read_to_string(&mut text)?;
    assert_eq!(child.wait()?.code(), Some(130));
    let matrix: Value = serde_json::from_str(&text)?;
    crate::gate::obeys("defects", &matrix);
    assert_eq!((&matrix["left_out"], matrix["healthy"].as_array().map(Vec::len)), (&Value::from(3), Some(0)));
    assert_eq!(folders()?, 0, "a folder was left");
    Ok(())
}
