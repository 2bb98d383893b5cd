//! Logs of patrols: what an electronic guard-tour system exports, and what the twin's guards did on a day.
//!
//! A log is CSV (RFC 4180, UTF-8) with a head line. Its columns, in any order: `time` (`2026-04-14 02:31:05` or with a
//! `T`, on the clock of the place), `checkpoint` (its name in the kit), `person`.

use std::path::{Path, PathBuf};

use jiff::civil::{DateTime, date};
use palisade_sim::analysis::rules::{PatrolLog, Touch};
use palisade_sim::contract::Signal;
use palisade_sim::model::Scenario;
use palisade_sim::whole::Tape;

const COLUMNS: [&str; 3] = ["time", "checkpoint", "person"];

/// Why a log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadLog {
    /// The file cannot be read.
    #[error("{}: {why}; name a file that can be read with --log", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why, in a few words.
        why: String,
    },
    /// A line says something that is wrong.
    #[error("{}:{line}: {why}; {remedy}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
        /// What to do about it.
        remedy: String,
    },
}

/// Reads a log of real rounds.
///
/// # Errors
/// When the file cannot be read, a column is missing, a time is none, or a checkpoint is not in the kit.
pub fn read(path: &Path, scenario: &Scenario) -> Result<PatrolLog, BadLog> {
    let points = &scenario.file.kit.checkpoint;
    let touches = rows(path, COLUMNS, |[time, checkpoint, person]| {
        let at_s = moment(time)?;
        if !points.iter().any(|p| p.id.as_str() == checkpoint) {
            let known: Vec<&str> = points.iter().map(|p| p.id.as_str()).collect();
            let remedy = format!("name one of [[kit.checkpoint]]: {}", known.join(", "));
            return Err(Wrong(format!("there is no checkpoint `{checkpoint}`"), remedy));
        }
        if person.is_empty() {
            let remedy = "write who touched the point; a name or a number of the recorder will do";
            return Err(Wrong("nobody is named".into(), remedy.into()));
        }
        Ok(Touch { at_s, checkpoint: checkpoint.into(), person: person.into() })
    })?;
    Ok(PatrolLog::imported(touches))
}

/// What is wrong with a line, and what to do about it.
pub(crate) struct Wrong(pub(crate) String, pub(crate) String);

/// Reads what each line of a log says in some columns, which may stand in any order among others.
pub(crate) fn rows<const N: usize, T>(
    path: &Path,
    columns: [&str; N],
    mut read: impl FnMut([&str; N]) -> Result<T, Wrong>,
) -> Result<Vec<T>, BadLog> {
    let wrong = |line: u64, Wrong(why, remedy): Wrong| BadLog::Line { file: path.into(), line, why, remedy };
    let torn = |error: &csv::Error| {
        let remedy = format!("write {} on each line", columns.map(|c| format!("a {c}")).join(", "));
        wrong(error.position().map_or(1, csv::Position::line), Wrong(error.to_string(), remedy))
    };
    let unreadable = |error: std::io::Error| BadLog::Unreadable { file: path.into(), why: error.to_string() };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let head = reader.headers().map_err(|e| torn(&e))?.clone();
    let places =
        columns.map(|name| head.iter().position(|title| title.trim_start_matches('\u{feff}') == name));
    if let Some(missing) = places.iter().position(Option::is_none) {
        let why = format!("there is no column `{}`", columns[missing]);
        return Err(wrong(1, Wrong(why, format!("begin the file with the line `{}`", columns.join(",")))));
    }
    let places = places.map(Option::unwrap_or_default);
    let mut all = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|e| torn(&e))?;
        let line = row.position().map_or(1, csv::Position::line);
        let fields = places.map(|place| row.get(place).unwrap_or_default());
        all.push(read(fields).map_err(|what| wrong(line, what))?);
    }
    Ok(all)
}

/// A time, as seconds since 1970 on the clock of the place.
pub(crate) fn moment(time: &str) -> Result<i64, Wrong> {
    let at: Result<DateTime, _> = time.parse();
    at.map(seconds).map_err(|_| {
        let remedy = "write it like `2026-04-14 02:31:05`, on the clock of the place";
        Wrong(format!("`{time}` is no time"), remedy.into())
    })
}

/// Seconds since 1970 on the clock of the place.
fn seconds(at: DateTime) -> i64 {
    at.duration_since(date(1970, 1, 1).at(0, 0, 0, 0)).as_secs()
}

/// The rounds of the day that a run was made from; nothing where the folder holds no sound tape.
pub fn lived(run: &Path, scenario: &Scenario) -> Option<PatrolLog> {
    let tape = Tape::from_bytes(&std::fs::read(run.join("tape.bin")).ok()?).ok()?;
    let midnight: jiff::civil::Date = scenario.file.day.date.parse().ok()?;
    let start = seconds(midnight.at(0, 0, 0, 0));
    let touches = tape.stimuli.iter().filter_map(|stimulus| match &stimulus.signal {
        Signal::CheckpointRead { guard, .. } => Some(Touch {
            at_s: start + stimulus.due.0.div_euclid(1000),
            checkpoint: tape.devices.get(stimulus.device.index())?.id.to_string(),
            person: guard.clone(),
        }),
        _ => None,
    });
    Some(PatrolLog::lived(touches.collect(), [start, start + tape.lasting.0 / 1000]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<PatrolLog, String> {
        let yard = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/tiny.toml");
        let scenario = crate::input::load(yard.as_ref()).map_err(|e| e.to_string())?.scenario;
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let path = folder.path().join("rounds.csv");
        std::fs::write(&path, text).map_err(|e| e.to_string())?;
        read(&path, &scenario).map_err(|e| e.to_string())
    }

    #[test]
    fn a_log_is_read_whatever_the_order_of_columns_and_lines() {
        let plain = "time,checkpoint,person\n2026-04-14 02:31:05,cp-1,wang\n2026-04-14T04:30:00,cp-2,li\n";
        let other = "\u{feff}person, note ,time,checkpoint\nli,,2026-04-14 04:30,cp-2\nwang,x,2026-04-14 02:31:05,cp-1\n";
        let read = read_text(plain).expect("a log");
        assert_eq!(read_text(other), Ok(read));
    }

    #[test]
    fn a_wrong_line_is_named_with_its_place_and_a_remedy() {
        for (text, expected) in [
            ("time,person\n", "rounds.csv:1: there is no column `checkpoint`; begin the file with"),
            ("time,checkpoint,person\nsoon,cp-1,wang\n", "rounds.csv:2: `soon` is no time; write it like"),
            (
                "time,checkpoint,person\n2026-04-14 02:31,cp-1,wang\n2026-04-14 02:40,cp-9,wang\n",
                "rounds.csv:3: there is no checkpoint `cp-9`; name one of [[kit.checkpoint]]: cp-1,",
            ),
            ("time,checkpoint,person\n2026-04-14 02:31,cp-1,\n", "rounds.csv:2: nobody is named; write who"),
            ("time,checkpoint,person\n2026-04-14 02:31,cp-1\n", "rounds.csv:2: "),
        ] {
            let said = read_text(text).expect_err(text);
            assert!(said.contains(expected), "`{expected}` is not in `{said}`");
        }
    }
}
