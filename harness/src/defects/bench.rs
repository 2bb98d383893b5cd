//! Many rows at once, and the confusion matrix.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;

use super::conduct::{Subject, conduct};
use super::exercise::{exercise, without_restart};
use super::floor::Floor;
use super::node_red;
use super::sealed::{Judged, Sealed};
use crate::diagnosis::Record;
use crate::reference::flaws::Row as Place;
use crate::reference::flaws::catalogue::{self, Drawn};
use crate::run::Stop;

/// The word for a gateway without defects.
pub const HEALTHY: &str = "healthy";
/// How often an exercise is done at most.
const ATTEMPTS: u32 = 3;
/// The share of an exercise that may be disturbed.
const DISTURBED: f64 = 0.2;
/// How often is looked whether somebody asked for an end.
const LOOK: Duration = Duration::from_millis(50);

/// What is asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// The gateway's program: `palisade` itself.
    pub program: PathBuf,
    /// Where Node-RED is installed, when its flow is bent in place of the embedded gateway.
    pub suts: Option<PathBuf>,
    /// Draws defects, strengths, pairs and exercises.
    pub seed: u64,
    /// How many gateways without a defect.
    pub healthy: usize,
    /// How many pairs of defects.
    pub pairs: usize,
    /// Only these defects; all when there is none.
    pub only: Vec<String>,
    /// How many exercises run at the same time.
    pub at_once: usize,
    /// Where the record of each exercise is kept, as JSON; nowhere when there is none.
    pub records: Option<PathBuf>,
}

/// One gateway.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Row {
    /// The defect, two with ` + ` between, or `healthy`.
    pub id: String,
    /// What it does, in a sentence.
    pub what: String,
    /// How strong it was, with its unit; empty when it knows no degrees.
    pub strength: String,
    /// What the judge said.
    pub said: String,
    /// Whether that is the defect.
    pub named: bool,
    /// What spoke for it, with ids of messages.
    pub evidence: Vec<String>,
    /// How often the exercise was done until the judge was sure, at most three times.
    pub exercises: u32,
}

/// What came out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Matrix {
    /// Version of this format: 1.
    pub format: u32,
    /// The seed.
    pub seed: u64,
    /// Gateways that were to be exercised and were not, because somebody asked for an end.
    pub left_out: usize,
    /// One row for each defect, and one `healthy`: as if one gateway, blamed when any of them was.
    pub rows: Vec<Row>,
    /// The gateways without a defect, one by one.
    pub healthy: Vec<Row>,
    /// Pairs of defects.
    pub pairs: Vec<Row>,
}

impl Matrix {
    /// Whether every defect was named and no healthy gateway blamed.
    pub fn is_clean(&self) -> bool {
        self.all().all(|row| row.named)
    }

    /// All rows.
    pub fn all(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().chain(&self.healthy).chain(&self.pairs)
    }
}

/// Exercises all gateways and judges them; those that are done by then, when somebody asks for an end. `tell` hears of each
/// row as it is done.
///
/// # Errors
/// When a gateway cannot be started, or the machine is too busy for an exercise even at the third attempt.
pub async fn run(options: &Options, stop: &Stop, mut tell: impl FnMut(&Row)) -> io::Result<Matrix> {
    let defects = if options.suts.is_some() { node_red::DEFECTS.len() } else { catalogue::all().len() };
    let of = |place| match &options.suts {
        Some(_) => Place::Among(&node_red::DEFECTS, place),
        None => Place::One(place),
    };
    let wanted = |place: &usize| {
        let drawn = of(*place).open(options.seed);
        options.only.is_empty() || drawn.iter().any(|drawn| options.only.iter().any(|id| id == drawn.id))
    };
    let ones = (0..defects).filter(wanted).map(|place| (0, options.seed, of(place)));
    let healthy = (0..options.healthy).map(|n| (1, options.seed + n as u64, Place::Healthy));
    let pairs = (0..options.pairs).map(|place| (2, options.seed, Place::Two(place)));
    let room = Arc::new(Semaphore::new(options.at_once.max(1)));
    let floor = Arc::new(Floor::start(&options.program).await?);
    let mut tasks = JoinSet::new();
    for (number, (list, seed, place)) in ones.chain(healthy).chain(pairs).enumerate() {
        let (room, floor, options) = (room.clone(), floor.clone(), options.clone());
        tasks.spawn(async move {
            let _place = room.acquire_owned().await.map_err(io::Error::other)?;
            let row = exercised(&options, &floor, Sealed::new(seed, place), (seed, number)).await?;
            io::Result::Ok((list, row))
        });
    }
    let mut lists = [Vec::new(), Vec::new(), Vec::new()];
    while let Some(done) = next(&mut tasks, stop).await {
        let (list, row): (usize, Row) = done.map_err(io::Error::other)??;
        tell(&row);
        lists[list].push(row);
    }
    let left_out = tasks.len();
    // Each takes its gateway and its folder with it.
    tasks.shutdown().await;
    let [mut rows, healthy, mut pairs] = lists;
    let order = |id: &str| catalogue::all().iter().position(|entry| entry.id == id);
    rows.sort_by_key(|row| order(&row.id));
    pairs.sort_by(|one, other| one.id.cmp(&other.id));
    let worst = healthy.iter().find(|row| !row.named).or(healthy.first()).cloned();
    rows.extend(worst);
    Ok(Matrix { format: 1, seed: options.seed, left_out, rows, healthy, pairs })
}

/// The next exercise that is done; nothing when all are, or somebody asked for an end.
async fn next<T: 'static>(tasks: &mut JoinSet<T>, stop: &Stop) -> Option<Result<T, JoinError>> {
    let asked = async {
        while !stop.asked() {
            sleep(LOOK).await;
        }
    };
    tokio::select! {
        done = tasks.join_next() => done,
        () = asked => None,
    }
}

/// Exercises one gateway, judges it, and only then looks what it was. An exercise that was disturbed, or that leaves the
/// judge with something it cannot explain, is done again, with the envelope closed.
async fn exercised(
    options: &Options,
    floor: &Floor,
    sealed: Sealed,
    (seed, number): (u64, usize),
) -> io::Result<Row> {
    let mut steps = exercise(seed.wrapping_add(number as u64));
    if options.suts.is_some() {
        steps = without_restart(steps);
    }
    let subject = Subject { program: &options.program, suts: options.suts.as_deref(), sealed: &sealed };
    let mut attempt = 1;
    let (record, judged) = loop {
        let name = format!("{number}-{attempt}");
        let record = conduct(subject, &steps, floor, (seed, &name)).await?;
        let judged = Judged::of(&record);
        let is_busy = disturbed(&record) > DISTURBED;
        if !is_busy && (judged.is_sure() || attempt == ATTEMPTS) {
            break (record, judged);
        }
        if attempt == ATTEMPTS {
            let share = disturbed(&record) * 100.0;
            let text =
                format!("this machine was too busy for an exercise: {share:.0} % of it was not in time");
            return Err(io::Error::other(text));
        }
        tracing::info!(number, is_busy, "the exercise is done again");
        attempt += 1;
    };
    let (drawn, diagnosis) = sealed.open(judged);
    let mut ids: Vec<&str> = drawn.iter().map(|drawn| drawn.id).collect();
    ids.sort_unstable();
    let id = if ids.is_empty() { HEALTHY.to_owned() } else { ids.join(" + ") };
    if let Some(folder) = &options.records {
        let name = format!("{}-{number}.json", id.replace(" + ", "+"));
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(name), serde_json::to_vec(&record)?)?;
    }
    let entries = drawn.iter().filter_map(|drawn| catalogue::find(drawn.id).map(|entry| (drawn, entry)));
    let (what, strength): (Vec<&str>, Vec<String>) =
        entries.map(|(drawn, entry)| (entry.what.as_str(), strength(drawn, entry))).unzip();
    Ok(Row {
        named: diagnosis.said == id,
        what: if drawn.is_empty() { "has no defect".into() } else { what.join("; ") },
        strength: strength.join("; "),
        id,
        said: diagnosis.said,
        evidence: diagnosis.evidence,
        exercises: attempt,
    })
}

fn strength(drawn: &Drawn, entry: &catalogue::Entry) -> String {
    match &entry.unit {
        Some(unit) if drawn.strength > 1.0 => format!("{} {unit}", drawn.strength),
        Some(unit) => format!("{:.2} {unit}", drawn.strength),
        None => String::new(),
    }
}

/// Which share of an exercise was not in time.
fn disturbed(record: &Record) -> f64 {
    let all = record.lives.last().map_or(1, |life| life.to_us.max(1));
    let late: i64 = record.disturbed.iter().map(|(from, to)| to - from).sum();
    late as f64 / all as f64
}
