//! `palisade run` by its real binary: what it exits with, and that whatever was measured is in the report.

use std::fs;
use std::ops::Deref;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::tiny::{Tiny, children, descendants, expected_is_the_sum, killed_and_gone, root};

const PATIENCE: Duration = Duration::from_secs(60);

/// The tiny compound, driven for ten seconds in one window.
struct Bench(Tiny);

impl Bench {
    fn new() -> Result<Bench> {
        Bench::with(&[])
    }

    fn with(changes: &[(&str, &str)]) -> Result<Bench> {
        let brief = [("total = \"60s\"", "total = \"10s\"")];
        Tiny::with(&[&brief, changes].concat()).map(Bench)
    }

    /// Runs to the end: exit code, stdout, stderr.
    fn run(&self, args: &[&str]) -> Result<(Option<i32>, String, String)> {
        let output = self.command(args).output()?;
        Ok((output.status.code(), String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
    }

    /// Starts a run and waits until its first message has left.
    fn started(&self, args: &[&str]) -> Result<Child> {
        let child = self.command(args).process_group(0).spawn()?;
        self.wait_for("{\"left\"", PATIENCE)?;
        Ok(child)
    }
}

impl Deref for Bench {
    type Target = Tiny;

    fn deref(&self) -> &Tiny {
        &self.0
    }
}

fn ended(mut child: Child) -> Result<(Option<i32>, String)> {
    let began = Instant::now();
    while child.try_wait()?.is_none() {
        if began.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            anyhow::bail!("the run did not end in {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output()?;
    Ok((output.status.code(), String::from_utf8(output.stderr)?))
}

fn signal(name: &str, process: u32) -> Result<()> {
    ensure!(
        Command::new("kill").args([name, &process.to_string()]).status()?.success(),
        "kill {name} {process}"
    );
    Ok(())
}

#[test]
fn an_honest_gateway_passes_and_every_id_is_in_the_journal() -> Result<()> {
    let bench = Bench::new()?;
    let (code, stdout, stderr) = bench.run(&[])?;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    ensure!(stdout.contains("PASS") && stdout.contains("report.html"), "{stdout}");
    let report = bench.report()?;
    assert_eq!(report["partial"], false);
    let expected = expected_is_the_sum(&report)?;
    ensure!(expected >= 5, "only {expected} messages in the best ten seconds");
    assert_eq!(report["outcomes"]["answered"], expected);
    let journal = bench.journal()?;
    let stimuli = |kind: &str| -> Vec<u64> {
        let mut all: Vec<u64> = journal.iter().filter_map(|entry| entry[kind]["stimulus"].as_u64()).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(stimuli("left"), stimuli("expected"));
    assert_eq!(stimuli("left").len() as u64, expected);
    ensure!(stderr.contains(&format!(": {expected} sent, {expected} answers")), "a line a window: {stderr}");
    ensure!(!journal.iter().any(|e| e.to_string().contains("device_offline")), "the goodbyes are no answers");
    Ok(())
}

#[test]
fn a_gateway_that_loses_alarms_fails_with_their_names() -> Result<()> {
    let bench = Bench::new()?;
    let (code, stdout, stderr) = bench.run(&["--defect", "drop=0.5"])?;
    assert_eq!(code, Some(5), "{stdout}{stderr}");
    let report = bench.report()?;
    expected_is_the_sum(&report)?;
    let missed = report["outcomes"]["missed"].as_u64().context("missed")?;
    let failure = report["failures"].as_array().context("failures")?.first().context("a failure")?;
    let device = failure["device"].as_str().context("its device")?;
    ensure!(missed > 0 && stdout.contains(device), "{missed} missed; {device} is not named in {stdout}");
    assert_eq!(report["verdict"]["pass"], false);
    let reasons = report["verdict"]["reasons"].to_string();
    ensure!(reasons.contains(device), "{reasons}");
    Ok(())
}

#[test]
fn each_defect_has_its_own_class() -> Result<()> {
    let bench = Bench::with(&[("deadline = \"2s\"", "deadline = \"500ms\"")])?;
    let (_, stdout, stderr) = bench.run(&["--defect", "duplicate=1,delay=700ms"])?;
    let report = bench.report().with_context(|| format!("{stdout}{stderr}"))?;
    // Said twice and too late: the first class that fits is `duplicate`.
    assert_eq!(report["outcomes"]["duplicate"].as_u64(), Some(expected_is_the_sum(&report)?));

    let bench = Bench::with(&[("deadline = \"2s\"", "deadline = \"500ms\"")])?;
    bench.run(&["--defect", "delay=700ms"])?;
    let report = bench.report()?;
    assert_eq!(report["outcomes"]["late"].as_u64(), Some(expected_is_the_sum(&report)?));
    Ok(())
}

#[test]
fn a_closed_port_is_said_within_ten_seconds() -> Result<()> {
    let bench = Bench::new()?;
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let sut = format!("mqtt://127.0.0.1:{closed}");
    let (code, _, stderr) = bench.run(&["--sut", &sut, "--windows", "02:14:00+6s, 07:32+4s"])?;
    assert_eq!(code, Some(4), "{stderr}");
    ensure!(stderr.contains(&closed.to_string()), "the address is named: {stderr}");
    let report = bench.report()?;
    assert_eq!(report["partial"], true);
    // What was typed is repeated, though nothing of it was driven.
    let again = report["run"]["command"].as_str().unwrap_or_default();
    ensure!(again.contains(" --windows=02:14+6s,07:32+4s"), "{again}");
    Ok(())
}

#[test]
fn an_interrupted_run_reports_what_it_measured() -> Result<()> {
    let bench = Bench::new()?;
    let child = bench.started(&[])?;
    signal("-INT", child.id())?;
    let (code, stderr) = ended(child)?;
    assert_eq!(code, Some(130), "{stderr}");
    let report = bench.report()?;
    assert_eq!(report["partial"], true);
    let sum = expected_is_the_sum(&report)?;
    // What was never sent counts too: the run that was not cut expects as much.
    ensure!(report["outcomes"]["undecidable"].as_u64() > Some(0), "{}", report["outcomes"]);
    let whole = Bench::new()?;
    whole.run(&[])?;
    assert_eq!(whole.report()?["outcomes"]["expected"], sum);
    Ok(())
}

#[test]
fn an_interrupt_while_nobody_answers_ends_at_once() -> Result<()> {
    let bench = Bench::new()?;
    // It accepts and never answers.
    let mute = std::net::TcpListener::bind("127.0.0.1:0")?;
    let sut = format!("mqtt://{}", mute.local_addr()?);
    let child = bench.command(&["--sut", &sut]).process_group(0).spawn()?;
    bench.wait_for("start", PATIENCE)?;
    let asked = Instant::now();
    signal("-INT", child.id())?;
    let (code, stderr) = ended(child)?;
    assert_eq!(code, Some(130), "{stderr}");
    ensure!(asked.elapsed() < Duration::from_secs(5), "it took {:?}", asked.elapsed());
    assert_eq!(bench.report()?["partial"], true);
    Ok(())
}

#[test]
fn a_folder_of_another_run_shows_nothing_of_it() -> Result<()> {
    let bench = Bench::new()?;
    fs::create_dir_all(bench.out().join("tables"))?;
    for name in
        ["journal.jsonl", "tape.bin", "report.html", "junit.xml", "response.hlog", "tables/devices.csv"]
    {
        fs::write(bench.out().join(name), "old")?;
    }
    for name in ["mine.txt", "tables/mine.txt"] {
        fs::write(bench.out().join(name), "mine")?;
    }
    // Nobody listens: this run has no day of its own.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    bench.run(&["--sut", &format!("mqtt://127.0.0.1:{closed}")])?;
    ensure!(!bench.out().join("tape.bin").exists(), "the day of another run");
    for name in ["journal.jsonl", "report.html", "junit.xml", "response.hlog", "tables/devices.csv"] {
        ensure!(fs::read_to_string(bench.out().join(name)).map_or(true, |text| text != "old"), "{name}");
    }
    for name in ["mine.txt", "tables/mine.txt"] {
        assert_eq!(fs::read_to_string(bench.out().join(name))?, "mine");
    }
    Ok(())
}

#[test]
fn what_the_scenario_does_not_have_is_said_before_any_work() -> Result<()> {
    let bench = Bench::new()?;
    for (args, named) in
        [(["--windows", "23:59:59+99s"], "23:59:59"), (["--defect", "deaf-to=nobody"], "nobody")]
    {
        let (code, _, stderr) = bench.run(&args)?;
        assert_eq!(code, Some(2), "{stderr}");
        ensure!(stderr.contains(named), "{stderr}");
        ensure!(!bench.out().exists(), "a folder was made for {args:?}");
    }
    Ok(())
}

#[test]
fn a_gateway_that_dies_half_way_is_reported_as_lost() -> Result<()> {
    let bench = Bench::new()?;
    let child = bench.started(&[])?;
    let gateway = children(child.id())?.first().copied().context("the run has a gateway")?;
    signal("-KILL", gateway)?;
    let (code, stderr) = ended(child)?;
    assert_eq!(code, Some(4), "{stderr}");
    let report = bench.report()?;
    assert_eq!(report["partial"], true);
    assert_eq!(report["sut"]["lost"], true);
    assert_eq!(report["verdict"]["pass"], false);
    expected_is_the_sum(&report)?;
    Ok(())
}

/// However a gateway is started: as a part of the run, or as a program of a contract.
#[test]
fn no_gateway_outlives_a_killed_run() -> Result<()> {
    let contract = root().join("scenarios/sut/builtin/contract.toml");
    let contract = contract.to_str().context("a path")?;
    for (args, programs) in [(&[][..], 1), (&["--sut", contract][..], 2)] {
        let bench = Bench::new()?;
        let child = bench.started(args)?;
        let started = descendants(child.id());
        ensure!(started.len() == programs, "the gateway, and its keeper in a contract: {started:?}");
        killed_and_gone(child.id(), &started, PATIENCE)?;
        ended(child)?;
        what_was_measured_is_on_disk(&bench)?;
    }
    Ok(())
}

/// At its first line, before anything is due, with messages under way, in the middle and later.
#[test]
fn a_run_that_is_killed_at_any_instant_leaves_what_was_measured() -> Result<()> {
    let instants = [
        ("{\"start\"", 0),
        ("{\"expected\"", 0),
        ("{\"left\"", 5),
        ("{\"observed\"", 40),
        ("{\"observed\"", 1_500),
    ];
    for (line, later_ms) in instants {
        let bench = Bench::new()?;
        let child = bench.command(&[]).process_group(0).spawn()?;
        bench.wait_for(line, PATIENCE)?;
        std::thread::sleep(Duration::from_millis(later_ms));
        signal("-KILL", child.id())?;
        ended(child)?;
        what_was_measured_is_on_disk(&bench).with_context(|| format!("{later_ms} ms after {line}"))?;
    }
    Ok(())
}

/// The report can be made from it.
fn what_was_measured_is_on_disk(bench: &Bench) -> Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_palisade")).arg("report").arg(bench.out()).output()?;
    ensure!(output.status.code() != Some(0), "a cut run is no pass");
    assert_eq!(bench.report()?["partial"], true);
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_any_work() -> Result<()> {
    let bench = Bench::new()?;
    fs::write(bench.out(), "a file, not a folder")?;
    let (code, _, stderr) = bench.run(&[])?;
    assert_eq!(code, Some(6), "{stderr}");
    ensure!(stderr.contains(&bench.out().display().to_string()), "the folder is named: {stderr}");
    Ok(())
}

#[test]
fn a_disk_that_is_full_ends_the_run_and_names_the_file() -> Result<()> {
    let bench = Bench::new()?;
    // Every write to the journal fails as on a full disk.
    fs::create_dir(bench.out())?;
    std::os::unix::fs::symlink("/dev/full", bench.out().join("journal.jsonl"))?;
    let (code, _, stderr) = bench.run(&[])?;
    assert_eq!(code, Some(6), "{stderr}");
    ensure!(stderr.contains("journal.jsonl") && stderr.contains("make room"), "{stderr}");
    Ok(())
}

#[test]
fn a_day_that_does_not_fit_on_the_disk_still_has_a_report() -> Result<()> {
    let bench = Bench::new()?;
    fs::create_dir(bench.out())?;
    std::os::unix::fs::symlink("/dev/full", bench.out().join("tape.bin"))?;
    let (code, stdout, stderr) = bench.run(&[])?;
    assert_eq!(code, Some(6), "{stderr}");
    ensure!(stderr.contains("tape.bin"), "{stderr}");
    // Why, once for each reader; of a job's cases that of the verdict.
    let again = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.arg("report").arg(bench.out()).args(["--output-format", format]).output()
    };
    let junit = fs::read_to_string(bench.out().join("junit.xml"))?;
    let described = junit.split(r#"type="verdict">"#).nth(1).context("the run's verdict is a test case")?;
    for told in [&stdout, &String::from_utf8(again("github")?.stdout)?, described] {
        let unwrapped = told.split_whitespace().collect::<Vec<_>>().join(" ");
        for why in ["the run could not be recorded", "tape.bin could not be written"] {
            ensure!(unwrapped.matches(why).count() == 1, "{why}: {told}");
        }
    }
    let page = fs::read_to_string(bench.out().join("report.html"))?;
    ensure!(page.contains("The harness cannot be trusted:</p>"), "the page's head says so");
    ensure!(page.contains("<li>the run could not be recorded"), "and why");
    ensure!(page.contains("The harness cannot be trusted</strong>: the run could not be recorded"));
    let report = bench.report()?;
    assert_eq!(report["partial"], true);
    let notes = report["notes"].to_string();
    ensure!(notes.contains("disk") && notes.contains("tape.bin"), "{notes}");
    ensure!(bench.journal()?[0].get("start").is_some(), "the journal has no first line");
    Ok(())
}

#[test]
fn figures_are_told_to_this_machine_alone() -> Result<()> {
    let bench = Bench::new()?;
    let (code, _, stderr) = bench.run(&["--metrics", "0.0.0.0:0"])?;
    assert_eq!(code, Some(2), "{stderr}");
    ensure!(stderr.contains("say --expose if that is meant"), "{stderr}");
    ensure!(!bench.out().exists(), "nothing was begun");
    Ok(())
}

#[test]
fn defects_are_for_the_builtin_gateway() -> Result<()> {
    let bench = Bench::new()?;
    let (code, _, stderr) = bench.run(&["--sut", "mqtt://127.0.0.1:1", "--defect", "drop=0.1"])?;
    assert_eq!(code, Some(2), "{stderr}");
    let (code, _, stderr) = bench.run(&["--defect", "dorp=0.1"])?;
    assert_eq!(code, Some(2), "{stderr}");
    ensure!(stderr.contains("duplicate"), "the valid names are listed: {stderr}");
    Ok(())
}
