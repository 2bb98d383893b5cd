//! 翠苑's morning with copies beside it: five minutes after which a healthy gateway is as it was and one that leaks a
//! little and slows down a little is found out, and a gateway that stalls.

use std::fs;
use std::path::Path;
use std::process::Child;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tiny::{root, run};

/// How punctual a loaded machine is is judged elsewhere.
const STEADY: &str = r#"late = ">= 0"
"leak.memory" = "< 400"
"leak.files" = "< 1"
"drift.response" = "< 1""#;

/// Starts a run of 翠苑 with other thresholds in a folder of its own.
fn start(folder: &Path, thresholds: &str, args: &[&str]) -> Result<Child> {
    let text = fs::read_to_string(root().join("scenarios/cuiyuan.toml"))?;
    let (before, rest) = text.split_once("[thresholds]").context("no thresholds")?;
    let (_, after) = rest.split_once("\n\n").context("thresholds end with an empty line")?;
    let drive = before.replace("total = \"60s\"", "total = \"60s\"\nlateness_bound = \"20s\"");
    ensure!(drive != before, "cuiyuan.toml drives otherwise");
    let scenario = folder.join("cuiyuan.toml");
    fs::write(&scenario, format!("{drive}[thresholds]\n{thresholds}\n\n{after}"))?;
    fs::create_dir(folder.join("sites"))?;
    fs::copy(root().join("scenarios/sites/cuiyuan.geojson"), folder.join("sites/cuiyuan.geojson"))?;
    Ok(run(&scenario, &folder.join("out"), args).spawn()?)
}

fn ended(child: Child, folder: &Path, exit: i32) -> Result<(Value, String)> {
    let output = child.wait_with_output()?;
    let said = String::from_utf8(output.stdout)? + &String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(exit), "{:?}: {said}", output.status);
    let text = fs::read_to_string(folder.join("out/report.json"))?;
    Ok((serde_json::from_str(&text)?, said))
}

#[test]
fn five_minutes_leave_a_healthy_gateway_as_it_was_and_show_a_small_leak_and_a_small_drift() -> Result<()> {
    let (well, bent) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let args = ["--windows", "07:30:00+5m", "--fleet", "3"];
    let healthy = start(well.path(), STEADY, &args)?;
    let defects = ["--defect", "leaks=2,delay-grows=0.1"];
    let ill = start(bent.path(), STEADY, &[&args[..], &defects].concat())?;
    let (report, said) = ended(healthy, well.path(), 0)?;
    ensure!(report["outcomes"]["answered"].as_u64() > Some(800), "{}", report["outcomes"]);
    ensure!(report["drift"]["lasted_s"].as_f64() > Some(280.0), "{}", report["drift"]);
    ensure!(report["usage"][0]["lasted_s"].as_f64() > Some(280.0), "{}", report["usage"]);
    ensure!(said.contains("\n  process ") && said.contains("\n  drift "), "{said}");
    let (report, said) = ended(ill, bent.path(), 5)?;
    // 2 kB for each event of three compounds, and 0.1 ms a second is 6 ms a minute.
    let events = 3.0 * report["outcomes"]["expected"].as_f64().context("a count")?;
    let leak = report["usage"][0]["memory_kb"]["trend_per_min"].as_f64().context("a trend")?;
    let promised = 2.0 * events / 5.0;
    ensure!((0.7..1.5).contains(&(leak / promised)), "{leak} kB a minute, {promised} were kept: {said}");
    let drift = report["drift"]["response_ms_per_min"].as_f64().context("a drift")?;
    ensure!((4.5..7.5).contains(&drift), "{drift} ms a minute: {said}");
    for figure in ["leak.memory", "drift.response"] {
        ensure!(said.contains(&format!("{figure} is ")), "{figure}: {said}");
    }
    Ok(())
}

/// From intended to observed of the messages of a run, ms, in the order in which they were due: (intended, response).
fn responses(folder: &Path) -> Result<Vec<(f64, f64)>> {
    let mut table = csv::Reader::from_path(folder.join("out/tables/messages.csv"))?;
    let header = table.headers()?.clone();
    let column = |name: &str| header.iter().position(|h| h == name).with_context(|| name.to_owned());
    let (due, seen) = (column("intended_us")?, column("observed_us")?);
    let mut all = Vec::new();
    for row in table.records() {
        let row = row?;
        let ms = |at: usize| -> Result<f64> { Ok(row[at].parse::<f64>()? / 1000.0) };
        all.push((ms(due)?, ms(seen)? - ms(due)?));
    }
    Ok(all)
}

/// The value that one in a hundred exceeds.
fn p99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() as f64 * 0.99).ceil() as usize - 1]
}

/// A gateway that stands still for 500 ms in every 5 s answers what is due t after the beginning of a standstill
/// 500 - t late, and all else at once. When the first standstill begins is looked for; the rest is arithmetic. A
/// generator that waits for the gateway sends next to nothing meanwhile and sees none of it.
#[test]
fn a_gateway_that_stalls_shows_its_stalls_in_p99_of_the_response() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let args = ["--windows", "07:30:00+1m", "--defect", "stall=500ms/5s"];
    let run = start(folder.path(), "\"missed\" = \"== 0\"", &args)?;
    let (report, said) = ended(run, folder.path(), 0)?;
    let responses = responses(folder.path())?;
    ensure!(responses.len() > 300, "{said}");
    let made = |began: f64| -> Vec<f64> {
        responses.iter().map(|(due, _)| (500.0 - (due - began).rem_euclid(5_000.0)).max(0.0)).collect()
    };
    let off = |began: f64| -> f64 {
        made(began).iter().zip(&responses).map(|(made, (_, seen))| (made - seen).abs().min(100.0)).sum()
    };
    let began = (0..5_000).map(f64::from).min_by(|a, b| off(*a).total_cmp(&off(*b))).context("phases")?;
    let truth = p99(made(began));
    ensure!((300.0..500.0).contains(&truth), "{truth} ms of a standstill of 500 ms every 5 s");
    let told = report["latency_all_ms"]["response"]["p99"].as_f64().context("p99")?;
    ensure!((told / truth - 1.0).abs() < 0.05, "p99 is told as {told} ms, {truth} ms were made: {said}");
    Ok(())
}
