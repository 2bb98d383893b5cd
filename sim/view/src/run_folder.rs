//! What a run left, read for showing: scenario, day, plan and, where they are there, what the gateway said.

use std::fs;
use std::path::{Path, PathBuf};

use palisade_sim::analysis::answer::PlanAnswer;
use palisade_sim::model::Scenario;
use palisade_sim::model::load::{self, SourceText};
use palisade_sim::twin::frame::Track;
use palisade_sim::whole::tracks::position_cm;
use palisade_sim::whole::{Tape, Tracks};
use palisade_sim::words::{Ms, TrackId};
use serde::Deserialize;

/// Why a folder cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum NoRun {
    /// A file is missing or unreadable.
    #[error(
        "{}: {why}\n  help: name a run's folder, such as results/latest; `palisade run SCENARIO` makes one",
        file.display()
    )]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// The scenario in the folder is wrong.
    #[error("{}: {problems}", file.display())]
    Scenario {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problems: String,
    },
}

/// What the report says of one incident.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Told {
    /// The incident's number on the tape.
    pub id: u32,
    /// Whether a device noticed it.
    #[serde(default)]
    pub detected: bool,
    /// From its beginning to the gateway's first answer, ms.
    #[serde(default)]
    pub latency_ms: Option<f64>,
    /// Why there is no latency.
    #[serde(default)]
    pub why_no_latency: Option<String>,
    /// What devices and gateway said.
    #[serde(default)]
    pub said: Vec<Said>,
}

/// One message of a device, and what became of it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Said {
    /// When, ms of the day.
    pub due_ms: i64,
    /// The device.
    pub device: String,
    /// Its word.
    pub signal: String,
    /// Class of the outcome, when the message was driven.
    #[serde(default)]
    pub outcome: Option<String>,
    /// How long the answer took, ms.
    #[serde(default)]
    pub response_ms: Option<f64>,
}

/// Percentiles of a device's answers, ms.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Response {
    /// How many.
    #[serde(default)]
    pub count: u64,
    /// Median.
    #[serde(default)]
    pub p50: Option<f64>,
    /// 99th percentile.
    #[serde(default)]
    pub p99: Option<f64>,
    /// Longest.
    #[serde(default)]
    pub max: Option<f64>,
}

/// What the report says of one device.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct DeviceTold {
    /// Its name.
    pub id: String,
    /// Messages on the tape.
    #[serde(default)]
    pub stimuli: u64,
    /// Counts by class of outcome.
    #[serde(default)]
    pub outcomes: std::collections::BTreeMap<String, u64>,
    /// How long its answers took.
    #[serde(default)]
    pub response_ms: Response,
}

/// A driven window of the day.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Driven {
    /// Where it starts, ms of the day.
    pub from_ms: i64,
    /// How long it is, ms.
    pub lasting_ms: i64,
}

/// The parts of `report.json` that are shown.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Report {
    /// Incidents that matter.
    #[serde(default)]
    pub incidents: Vec<Told>,
    /// Devices.
    #[serde(default)]
    pub devices: Vec<DeviceTold>,
    /// Windows.
    #[serde(default)]
    pub windows: Vec<Driven>,
}

/// A run.
#[derive(Debug)]
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// The scenario.
    pub scenario: Scenario,
    /// Incidents and stimuli.
    pub tape: Tape,
    /// Who was where.
    pub tracks: Tracks,
    /// Tracks with a part in each minute.
    pub minutes: Vec<Vec<TrackId>>,
    /// Coverage, gaps, perimeter; nothing when the plan was not made.
    pub plan: Option<PlanAnswer>,
    /// What came of it; nothing when the run has not ended.
    pub report: Option<Report>,
}

impl Run {
    /// Reads a run's folder.
    ///
    /// # Errors
    /// The file that is missing or wrong, and what to do.
    pub fn read(folder: &Path) -> Result<Run, NoRun> {
        let path = |name: &str| folder.join(name);
        let toml = text(&path("scenario.toml"))?;
        let geometry = text(&path("site.geojson"))?;
        let scenario = load::load(&toml, Some(&geometry)).map_err(|problems| {
            let list: Vec<String> = problems.iter().map(|p| p.message().to_owned()).collect();
            NoRun::Scenario { file: path("scenario.toml"), problems: list.join("; ") }
        })?;
        let wrong = |name: &str, why: String| NoRun::File { file: path(name), why };
        let tape = Tape::from_bytes(&bytes(&path("tape.bin"))?);
        let tape = tape.map_err(|e| wrong("tape.bin", e.to_string()))?;
        let tracks = Tracks::from_bytes(&bytes(&path("tracks.bin"))?);
        let tracks = tracks.map_err(|e| wrong("tracks.bin", e.to_string()))?;
        let plan = optional(&path("plan.json"))?;
        let report = optional(&path("report.json"))?;
        let minutes = tracks.by_minute();
        Ok(Run { folder: folder.to_owned(), scenario, tape, tracks, minutes, plan, report })
    }

    /// Tracks that have a part in the minute of an instant.
    pub fn about(&self, at: Ms) -> impl Iterator<Item = &Track> {
        let minute = at.0.div_euclid(60_000).max(0) as usize;
        let ids = self.minutes.get(minute).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.tracks.tracks.get(id.index()))
    }

    /// Everybody who is out at an instant, with place (m) and way (m/s, east and north).
    pub fn movers(&self, at: Ms) -> Vec<Mover<'_>> {
        self.about(at).filter_map(|track| mover(track, at)).collect()
    }
}

/// Somebody or something at an instant.
#[derive(Clone, Copy, Debug)]
pub struct Mover<'a> {
    /// The track.
    pub track: &'a Track,
    /// East, north, feet above ground, m.
    pub at_m: [f64; 3],
    /// Velocity, m/s, east and north.
    pub way_m_s: [f64; 2],
    /// Metres walked since the track's last corner: for the legs.
    pub walked_m: f64,
}

/// A mover of a track at an instant.
pub fn mover(track: &Track, at: Ms) -> Option<Mover<'_>> {
    let at_m = position_cm(track, at)?.map(|cm| f64::from(cm) / 100.0);
    let after = track.corners.partition_point(|corner| corner.0 <= at).max(1);
    let before = track.corners[after - 1];
    let next = track.corners.get(after).copied().unwrap_or(before);
    let seconds = (next.0 - before.0).seconds();
    let metres = |a: i32, b: i32| f64::from(b - a) / 100.0;
    let (dx, dy) = (metres(before.1, next.1), metres(before.2, next.2));
    let way_m_s = if seconds > 0.0 { [dx / seconds, dy / seconds] } else { [0.0, 0.0] };
    let walked_m = (at - before.0).seconds() * (way_m_s[0].powi(2) + way_m_s[1].powi(2)).sqrt();
    Some(Mover { track, at_m, way_m_s, walked_m })
}

fn bytes(file: &Path) -> Result<Vec<u8>, NoRun> {
    fs::read(file).map_err(|e| NoRun::File { file: file.to_owned(), why: e.to_string() })
}

fn text(file: &Path) -> Result<SourceText, NoRun> {
    let text = String::from_utf8(bytes(file)?)
        .map_err(|_| NoRun::File { file: file.to_owned(), why: "it is not UTF-8 text".into() })?;
    Ok(SourceText { name: file.display().to_string(), text })
}

fn optional<T: for<'a> Deserialize<'a>>(file: &Path) -> Result<Option<T>, NoRun> {
    if !file.exists() {
        return Ok(None);
    }
    let read = serde_json::from_slice(&bytes(file)?);
    read.map(Some).map_err(|e| NoRun::File { file: file.to_owned(), why: e.to_string() })
}
