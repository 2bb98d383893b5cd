//! What a run leaves, read by programs that others wrote; and the twin's tape from the other binaries of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use palisade::{input, report};
use palisade_sim::whole::{Inputs, Tape, live};
use serde_json::Value;

use crate::run_folder::{Fault, Run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A run folder with its report; two messages were lost.
fn made() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let faults = vec![(2_003, Fault::Missed), (2_300, Fault::Missed)];
    Run { faults, ..Run::sound() }.write(folder.path());
    report::make(folder.path())?;
    Ok(folder)
}

#[test]
fn histograms_junit_and_json_read_back_in_python() -> Result<()> {
    let python = std::env::var("PALISADE_PEERS_PYTHON").context(
        "the Python readers are not installed; `bash .ci/test` installs them and sets PALISADE_PEERS_PYTHON",
    )?;
    let folder = made()?;
    let output = Command::new(python)
        .arg(root().join("harness/tests/peers/read_back.py"))
        .arg(folder.path())
        .arg(root().join("assets/schema/report.schema.json"))
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(seen["schema_errors"], serde_json::json!([]));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(folder.path().join("report.json"))?)?;
    for name in ["lateness", "service", "response"] {
        let ours = &report["latency_all_ms"][name];
        let theirs = &seen["histograms"][name];
        assert_eq!(ours["count"], theirs["count"], "{name}");
        for (mine, their) in [("p50", "p50_us"), ("p99", "p99_us")] {
            let mine = ours[mine].as_f64().context("ms")? * 1000.0;
            let their = theirs[their].as_f64().context("us")?;
            ensure!((mine - their).abs() <= their * 0.002 + 1.0, "{name}: {mine} us here, {their} us there");
        }
    }
    let failures = seen["junit"]["failures"].as_u64().context("failures")?;
    ensure!(failures > 0 && seen["junit"]["tests"].as_u64() > Some(failures), "{}", seen["junit"]);
    Ok(())
}

#[test]
fn the_page_opens_in_a_browser_without_a_network() -> Result<()> {
    let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser"]
        .into_iter()
        .find(|path| Path::new(path).exists())
        .context("chromium is not installed: apt-get install chromium")?;
    let folder = made()?;
    let profile = tempfile::tempdir()?;
    let page = folder.path().join("report.html");
    let open = |what: &str| {
        Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--window-size=1280,1600", what])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("file://{}", page.display()))
            .output()
    };
    let dom = String::from_utf8(open("--dump-dom")?.stdout)?;
    for wanted in ["<title>Fail", "<svg", "missed", "id=\"plan\""] {
        ensure!(dom.contains(wanted), "the page as the browser built it lacks {wanted:?}");
    }
    let picture = folder.path().join("page.png");
    open(&format!("--screenshot={}", picture.display()))?;
    let size = std::fs::metadata(&picture).context("no screenshot")?.len();
    ensure!(size > 30_000, "the picture of the page is nearly empty: {size} bytes");
    Ok(())
}

/// The digest that `sim` commits, lived here: another binary with other features turned on.
#[test]
fn the_harness_lives_the_same_tiny_day_as_the_twin_alone() -> Result<()> {
    let scenario = input::load(&root().join("scenarios/tiny.toml"))?.scenario;
    let committed = std::fs::read_to_string(root().join("sim/tests/it/tiny-day.digest"))?;
    let seed = 1;
    let day = live(Arc::clone(&scenario), seed, &Inputs::default(), &mut |_| {});
    assert_eq!(Some(day.tape.digest().as_str()), committed.lines().next());
    Ok(())
}

#[test]
fn debug_and_release_write_the_same_tape() -> Result<()> {
    let release = std::env::var("PALISADE_RELEASE_BIN")
        .context("no release binary; `bash .ci/test` builds it and sets PALISADE_RELEASE_BIN")?;
    let folder = tempfile::tempdir()?;
    let mut digests = Vec::new();
    for (name, binary) in [("debug", env!("CARGO_BIN_EXE_palisade")), ("release", &release)] {
        let out = folder.path().join(name);
        let output = Command::new(binary)
            .arg("tape")
            .arg(root().join("scenarios/tiny.toml"))
            .args(["--seed", "7", "--out"])
            .arg(&out)
            .output()?;
        ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        digests.push(Tape::from_bytes(&std::fs::read(out.join("tape.bin"))?)?.digest());
    }
    assert_eq!(digests[0], digests[1]);
    Ok(())
}

/// The README's first figures: a whole day of the shipped compound, by the release binary.
#[test]
fn a_day_of_the_shipped_compound_is_lived_within_its_memory() -> Result<()> {
    let release = std::env::var("PALISADE_RELEASE_BIN")
        .context("no release binary; `bash .ci/test` builds it and sets PALISADE_RELEASE_BIN")?;
    let folder = tempfile::tempdir()?;
    // 300 MB of address space would be less than the program maps; the resident set is read from the kernel.
    let script = format!(
        "'{release}' tape '{}' --out '{}' >/dev/null & pid=$!; peak=0; \
         while kill -0 $pid 2>/dev/null; do \
           now=$(awk '/VmHWM/ {{print $2}}' /proc/$pid/status 2>/dev/null); \
           [ -n \"$now\" ] && [ \"$now\" -gt $peak ] && peak=$now; sleep 0.05; \
         done; wait $pid && echo $peak",
        root().join("scenarios/cuiyuan.toml").display(),
        folder.path().display(),
    );
    let output = Command::new("bash").args(["-c", &script]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let peak_kib: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
    ensure!(peak_kib > 1_000 && peak_kib < 300_000, "peak resident set {peak_kib} KiB");
    let tape = Tape::from_bytes(&std::fs::read(folder.path().join("tape.bin"))?)?;
    ensure!(tape.stimuli.len() > 50_000, "{} stimuli in a day of 1,008 flats", tape.stimuli.len());
    Ok(())
}
