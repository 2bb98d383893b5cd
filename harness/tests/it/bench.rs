//! `palisade bench`: what it counts and compares, and what it says when something is missing. No times: a loaded machine
//! has its own.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::sight::panel;

/// A camera that looks north onto the panel, and one that has it behind it.
const CAMERAS: &str = r#"[
    { "x_m": 2.0, "y_m": 0.5, "z_m": 2.5, "yaw_deg": 90.0, "hfov_deg": 80.0, "range_m": 16.0 },
    { "x_m": 2.0, "y_m": 8.0, "z_m": 2.5, "yaw_deg": 90.0, "hfov_deg": 80.0, "range_m": 16.0 }
]"#;

/// Exit code, stdout and stderr of `palisade bench sight` on a panel, with these cameras and this Python.
fn sight(cameras: &str, python: &str) -> Result<(Option<i32>, String, String)> {
    let folder = tempfile::tempdir()?;
    let (mesh, list) = (folder.path().join("panel.glb"), folder.path().join("cameras.json"));
    std::fs::write(&mesh, panel(0.0))?;
    std::fs::write(&list, cameras)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command
        .args(["bench", "sight", "--passes", "1", "--threads", "2", "--rays", "20000", "--mesh"])
        .arg(&mesh);
    let output = command.arg("--cameras").arg(&list).env("PALISADE_PEERS_PYTHON", python).output()?;
    Ok((output.status.code(), String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

/// The share of points seen in the row that begins so.
fn seen(table: &str, begins: &str) -> Result<f64> {
    let row = table.lines().find(|line| line.starts_with(begins)).context("no such row")?;
    let share = row.rsplit_once("seen ").and_then(|(_, rest)| rest.split_whitespace().next());
    share.and_then(|share| share.parse().ok()).with_context(|| row.to_owned())
}

#[test]
fn all_ways_of_seeing_count_the_same_and_embree_does_too() -> Result<()> {
    let python = std::env::var("PALISADE_PEERS_PYTHON")
        .context("PALISADE_PEERS_PYTHON is not set: run `bash .ci/test`, which installs Embree")?;
    let (exit, table, said) = sight(CAMERAS, &python)?;
    ensure!(exit == Some(0), "{table}{said}");
    ensure!(table.starts_with("sight on 2 triangles, 2 cameras, "), "{table}");
    ensure!(table.contains("the same count for every camera and height"), "{table}");
    ensure!(table.contains("the same cells, for every 7th"), "{table}");
    let ways = ["by rays in bundles", "by shadows, the whole map", "Embree, casting alone"];
    let shares = ways.map(|way| seen(&table, way));
    let [bundles, shadows, embree] = shares;
    let (bundles, shadows, embree) = (bundles?, shadows?, embree?);
    // The one sees little more than the panel, the other all.
    ensure!(bundles == shadows && (0.4..0.7).contains(&bundles), "{table}");
    ensure!((embree - bundles).abs() <= 0.002, "{table}");
    let row = table.lines().find(|line| line.starts_with("same answer as Embree")).context("no such row")?;
    ensure!(row.contains(" % of 20000 random rays, ") && row.contains("[target: >= 99.99 %"), "{row}");
    let share: f64 =
        row["same answer as Embree".len()..].split_whitespace().next().context("a share")?.parse()?;
    ensure!(share >= 99.99, "{row}");
    for begins in ["one camera moved: and gaps redrawn", "200 variants", "500 seeded mutations"] {
        let row = table.lines().find(|line| line.starts_with(begins)).context("no such row")?;
        ensure!(row.contains("[target: "), "{row}");
    }
    Ok(())
}

#[test]
fn a_peer_that_is_missing_is_named_and_the_rest_is_measured() -> Result<()> {
    let (exit, table, said) = sight(CAMERAS, "palisade-no-such-python")?;
    ensure!(exit == Some(0), "{table}{said}");
    ensure!(table.contains("Embree was not measured: there is no `palisade-no-such-python`"), "{table}");
    ensure!(table.contains("the same count for every camera and height"), "{table}");
    Ok(())
}

#[test]
fn what_it_needs_is_asked_for() -> Result<()> {
    for cameras in ["[]", "[{}]", "no list"] {
        let (exit, _, said) = sight(cameras, "python3")?;
        ensure!(exit == Some(3) && said.contains("cameras.json") && said.contains("--cameras"), "{said}");
    }
    let mut bare = Command::new(env!("CARGO_BIN_EXE_palisade"));
    let output = bare.args(["bench", "sight"]).env_remove("PALISADE_SITES").output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2) && said.contains("--mesh"), "{said}");
    let mut lost = Command::new(env!("CARGO_BIN_EXE_palisade"));
    let sites = Path::new("/palisade-no-such-folder");
    let output = lost.args(["bench", "sight"]).env("PALISADE_SITES", sites).output()?;
    ensure!(output.status.code() == Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// `palisade bench load`, a short one, with this Python and without mqttv5-cli.
fn load(python: &str) -> Result<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.args(["bench", "load", "--connections", "4", "--messages", "2000", "--held", "50"]);
    command.args(["--rate", "2000", "--seconds", "1", "--passes", "1"]);
    command.env("PALISADE_PEERS_PYTHON", python).env("PALISADE_MQTTV5", "palisade-no-such-mqttv5");
    let output = command.output()?;
    let table = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{table}{}", String::from_utf8_lossy(&output.stderr));
    Ok(table)
}

#[test]
fn the_load_plane_is_measured_beside_locust() -> Result<()> {
    let python = std::env::var("PALISADE_PEERS_PYTHON")
        .context("PALISADE_PEERS_PYTHON is not set: run `bash .ci/test`, which installs Locust")?;
    let table = load(&python)?;
    for row in [
        "raw writes, packets encoded before",
        "QoS 0, a write for each message",
        "QoS 1, what is due in one write",
    ] {
        let line = table.lines().find(|line| line.starts_with(row)).with_context(|| table.clone())?;
        ensure!(line.contains("(2000 in "), "{line}");
    }
    ensure!(
        table.contains("Locust with paho-mqtt, QoS 0") && table.contains("QoS 1 to Locust with paho-mqtt: "),
        "{table}"
    );
    ensure!(table.contains("lateness at 2000 messages a second: p50 "), "{table}");
    ensure!(table.contains("memory at 50 connections: "), "{table}");
    Ok(())
}

#[test]
fn a_generator_that_is_missing_is_named_with_its_remedy() -> Result<()> {
    let table = load("palisade-no-such-python")?;
    ensure!(table.contains("Locust was not measured: `palisade-no-such-python` has no Locust"), "{table}");
    ensure!(
        table.contains(
            "mqttv5-cli was not measured: `palisade-no-such-mqttv5` did not run; install it with `cargo"
        ),
        "{table}"
    );
    Ok(())
}
