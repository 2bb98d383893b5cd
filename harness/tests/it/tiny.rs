//! The tiny compound in a folder of its own, driven by the real binary; and what is seen of the processes of a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Outcomes, which sum to what was expected.
const OUTCOMES: [&str; 7] =
    ["answered", "late", "missed", "duplicate", "wrong", "out_of_order", "undecidable"];

/// What every copy changes. How punctual a loaded machine is is judged elsewhere, and what is driven need not hold a
/// beam.
const CHANGES: [(&str, &str); 2] = [
    ("lateness_bound = \"10ms\"", "lateness_bound = \"20s\""),
    ("\"beam.response.p99\" = \"< 1s\"", "wrong = \"== 0\""),
];

/// A copy of the scenario with its site.
pub(crate) struct Tiny {
    folder: tempfile::TempDir,
}

/// The folder of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Tiny {
    /// A copy with changes: texts and what stands in their place.
    pub(crate) fn with(changes: &[(&str, &str)]) -> Result<Tiny> {
        let scenarios = root().join("scenarios");
        let folder = tempfile::tempdir()?;
        let mut text = fs::read_to_string(scenarios.join("tiny.toml"))?;
        for (from, to) in CHANGES.iter().chain(changes) {
            ensure!(text.contains(from), "tiny.toml no longer holds {from:?}");
            text = text.replace(from, to);
        }
        fs::write(folder.path().join("tiny.toml"), text)?;
        fs::create_dir(folder.path().join("sites"))?;
        fs::copy(scenarios.join("sites/tiny.geojson"), folder.path().join("sites/tiny.geojson"))?;
        Ok(Tiny { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn scenario(&self) -> PathBuf {
        self.folder().join("tiny.toml")
    }

    /// The run's folder.
    pub(crate) fn out(&self) -> PathBuf {
        self.folder().join("out")
    }

    /// `palisade run` of the copy into [`Tiny::out`], without a floor.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        run(&self.scenario(), &self.out(), args)
    }

    pub(crate) fn report(&self) -> Result<Value> {
        let text = fs::read_to_string(self.out().join("report.json")).context("no report.json")?;
        Ok(serde_json::from_str(&text)?)
    }

    pub(crate) fn journal(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(self.out().join("journal.jsonl"))?;
        text.lines().map(|line| serde_json::from_str(line).context("a whole line")).collect()
    }

    /// Waits until the journal of the run holds a text.
    pub(crate) fn wait_for(&self, text: &str, patience: Duration) -> Result<()> {
        let journal = self.out().join("journal.jsonl");
        let began = Instant::now();
        while !fs::read_to_string(&journal).is_ok_and(|said| said.contains(text)) {
            ensure!(began.elapsed() < patience, "the journal had no `{text}` in {patience:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// A short window at night, with one break of a beam in it.
pub(crate) const NIGHT: [&str; 2] = ["--windows", "02:14:00+3s"];

/// Exit code, report and stderr of a run of that window of the tiny compound.
pub(crate) fn judged(changes: &[(&str, &str)], args: &[&str]) -> Result<(Option<i32>, Value, String)> {
    let tiny = Tiny::with(changes)?;
    let output = tiny.command(&[&NIGHT, args].concat()).output()?;
    let said = String::from_utf8(output.stderr)?;
    let report = tiny.report().with_context(|| said.clone())?;
    Ok((output.status.code(), report, said))
}

/// `palisade run` without a floor: nothing on its input, its output kept.
pub(crate) fn run(scenario: &Path, out: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("run").arg(scenario).arg("--no-floor").args(args).arg("--out").arg(out);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What was expected, which is the sum of the outcomes.
pub(crate) fn expected_is_the_sum(report: &Value) -> Result<u64> {
    let outcomes = &report["outcomes"];
    let of = |name: &str| outcomes[name].as_u64().with_context(|| format!("outcomes.{name}"));
    let sum = OUTCOMES.iter().map(|name| of(name)).sum::<Result<u64>>()?;
    ensure!(sum == of("expected")?, "{outcomes}");
    Ok(sum)
}

/// Process ids of a process's children.
pub(crate) fn children(of: u32) -> Result<Vec<u32>> {
    let mut all = Vec::new();
    // A child stands under the thread that started it.
    for task in fs::read_dir(format!("/proc/{of}/task"))? {
        let text = fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        all.extend(text.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    Ok(all)
}

/// The name and process id of everything that a process started, and of what that started, and so on.
pub(crate) fn descendants(of: u32) -> Vec<(String, u32)> {
    let mut all = Vec::new();
    // One that has ended meanwhile has no children.
    for child in children(of).unwrap_or_default() {
        let name = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
        all.push((name.trim().to_owned(), child));
        all.extend(descendants(child));
    }
    all
}

/// Whether a process runs. One that waits to be reaped does not.
pub(crate) fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// Kills a process without a word, and waits until none of these runs any more.
pub(crate) fn killed_and_gone(pid: u32, started: &[(String, u32)], patience: Duration) -> Result<()> {
    let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status()?;
    ensure!(killed.success(), "kill {pid}");
    let began = Instant::now();
    loop {
        let left: Vec<_> = started.iter().filter(|(_, pid)| runs(*pid)).collect();
        if left.is_empty() {
            return Ok(());
        }
        ensure!(began.elapsed() < patience, "left behind: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
