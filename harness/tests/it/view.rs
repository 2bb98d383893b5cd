//! `palisade view` starts its sibling, by the real binary and a sibling that only says what it was given.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// A folder with the program under another name for the same file, so that it has no real sibling.
fn alone() -> Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let program = folder.path().join("palisade");
    std::fs::hard_link(env!("CARGO_BIN_EXE_palisade"), &program)?;
    Ok((folder, program))
}

/// Written by another process: this one starts many, and none of them must hold the file open while it is executed.
fn sibling(folder: &Path) -> Result<()> {
    let to = folder.join("palisade-view");
    let mut install =
        Command::new("install").args(["-m", "755", "/dev/stdin"]).arg(&to).stdin(Stdio::piped()).spawn()?;
    let script = b"#!/bin/sh\nfor word in \"$@\"; do printf '%s\\n' \"[$word]\"; done\nexit 7\n";
    install.stdin.take().context("stdin is piped")?.write_all(script)?;
    ensure!(install.wait()?.success(), "install");
    Ok(())
}

#[test]
fn the_sibling_gets_the_arguments_and_its_exit_code_is_ours() -> Result<()> {
    let (folder, program) = alone()?;
    let elsewhere = tempfile::tempdir()?;
    sibling(elsewhere.path())?;
    let given = ["view", "results/a b", "--lang", "zh", "--help"];
    let told = "[results/a b]\n[--lang]\n[zh]\n[--help]\n";
    // Found on the path, which needs the shell as well.
    let path = format!("{}:/usr/bin:/bin", elsewhere.path().display());
    let output = Command::new(&program).args(given).env("PATH", &path).output()?;
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), told);
    // Beside the program, with nothing on the path.
    sibling(folder.path())?;
    let output = Command::new(&program).args(given).env("PATH", "").output()?;
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), told);
    Ok(())
}

#[test]
fn without_the_sibling_it_says_how_to_build_it() -> Result<()> {
    let (_folder, program) = alone()?;
    let output = Command::new(&program).args(["view", "results/latest"]).env("PATH", "").output()?;
    assert_eq!(output.status.code(), Some(75));
    let said = String::from_utf8(output.stderr)?;
    ensure!(said.contains("cargo build --release -p palisade-view") && said.contains("25 minutes"), "{said}");
    Ok(())
}
