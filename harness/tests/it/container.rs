//! The container file: what it copies is there, and the program that it copies runs alone, from an empty folder.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::tiny::root;

/// Words of each `COPY` line.
fn copies() -> Result<Vec<Vec<String>>> {
    let text = fs::read_to_string(root().join("assets/ci/Containerfile"))?;
    let lines = text.lines().filter_map(|line| line.strip_prefix("COPY "));
    Ok(lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect())
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, to) = (entry?.path(), to.to_owned());
        let to = to.join(path.file_name().context("a name")?);
        if path.is_dir() {
            copy(&path, &to)?;
        } else {
            fs::copy(&path, &to)?;
        }
    }
    Ok(())
}

#[test]
fn what_the_container_file_copies_is_there() -> Result<()> {
    let copies = copies()?;
    ensure!(copies.len() == 3, "{copies:?}");
    let manifest = fs::read_to_string(root().join("harness/Cargo.toml"))?;
    for words in &copies {
        match words.as_slice() {
            [stage, from, _] if stage == "--from=build" => {
                // What `cargo build --release` makes of the package that stands for the program.
                let name = from.strip_prefix("/src/target/release/").context("a release binary")?;
                let has = |line: &str| line.trim() == format!("name = \"{name}\"");
                ensure!(
                    manifest.lines().any(has),
                    "{from}: harness/Cargo.toml makes no program of this name"
                );
            }
            [from, _] => ensure!(root().join(from).is_dir(), "COPY {from}: there is no such folder"),
            _ => anyhow::bail!("{words:?}"),
        }
    }
    let kept_out = fs::read_to_string(root().join(".dockerignore"))?;
    ensure!(
        ["target", ".git"].iter().all(|folder| kept_out.lines().any(|line| line == *folder)),
        "{kept_out}"
    );
    Ok(())
}

#[test]
fn the_program_runs_alone_in_an_empty_folder_with_the_scenarios_beside_it() -> Result<()> {
    let release = std::env::var("PALISADE_RELEASE_BIN")
        .context("no release binary; `bash .ci/test` builds it and sets PALISADE_RELEASE_BIN")?;
    let image = tempfile::tempdir()?;
    let (bin, work, share) =
        (image.path().join("bin"), image.path().join("work"), image.path().join("share/scenarios"));
    fs::create_dir_all(&bin)?;
    fs::create_dir(&work)?;
    fs::copy(&release, bin.join("palisade"))?;
    copy(&root().join("scenarios"), &share)?;
    // How punctual a loaded machine is is judged elsewhere.
    let tiny = fs::read_to_string(share.join("tiny.toml"))?;
    let patient = tiny.replace("lateness_bound = \"10ms\"", "lateness_bound = \"20s\"");
    let patient = patient.replace("\"beam.response.p99\" = \"< 1s\"\n", "");
    ensure!(patient.len() != tiny.len(), "tiny.toml says otherwise");
    fs::write(share.join("tiny.toml"), patient)?;
    let palisade = |args: &[&str]| -> Result<String> {
        let mut command = Command::new(bin.join("palisade"));
        let output =
            command.args(args).current_dir(&work).env_clear().env("PATH", "/usr/bin:/bin").output()?;
        let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        ensure!(output.status.success(), "{args:?}: {said}");
        Ok(said)
    };
    let scenario = share.join("tiny.toml").display().to_string();
    palisade(&["check", &scenario])?;
    let said = palisade(&["run", &scenario, "--windows", "02:14:00+6s", "--out", "results/run"])?;
    ensure!(said.contains("PASS"), "{said}");
    for file in ["report.json", "junit.xml", "report.html"] {
        ensure!(work.join("results/run").join(file).is_file(), "no {file}: {said}");
    }
    Ok(())
}
