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
    let unreadable = |why: String| BadLog::Unreadable { file: path.into(), why };
    let bytes = std::fs::read(path).map_err(|e| unreadable(e.to_string()))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let place = Place { file: path, scenario };
    let head = reader.headers().map_err(|e| place.torn(&e))?.clone();
    let columns =
        COLUMNS.map(|name| head.iter().position(|title| title.trim_start_matches('\u{feff}') == name));
    if let Some(missing) = columns.iter().position(Option::is_none) {
        let why = format!("there is no column `{}`", COLUMNS[missing]);
        return Err(place.wrong(1, why, "begin the file with the line `time,checkpoint,person`".into()));
    }
    let columns = columns.map(Option::unwrap_or_default);
    let mut touches = Vec::new();
    for row in reader.records() {
        touches.push(place.touch(&row.map_err(|e| place.torn(&e))?, columns)?);
    }
    Ok(PatrolLog::imported(touches))
}

/// Where a problem is.
struct Place<'a> {
    file: &'a Path,
    scenario: &'a Scenario,
}

impl Place<'_> {
    fn wrong(&self, line: u64, why: String, remedy: String) -> BadLog {
        BadLog::Line { file: self.file.into(), line, why, remedy }
    }

    fn torn(&self, error: &csv::Error) -> BadLog {
        let line = error.position().map_or(1, csv::Position::line);
        self.wrong(line, error.to_string(), "write a time, a checkpoint and a person on each line".into())
    }

    fn touch(&self, row: &csv::StringRecord, columns: [usize; 3]) -> Result<Touch, BadLog> {
        let line = row.position().map_or(1, csv::Position::line);
        let [time, checkpoint, person] = columns.map(|column| row.get(column).unwrap_or_default());
        let at: DateTime = time.parse().map_err(|_| {
            let remedy = "write it like `2026-04-14 02:31:05`, on the clock of the place";
            self.wrong(line, format!("`{time}` is no time"), remedy.into())
        })?;
        let points = &self.scenario.file.kit.checkpoint;
        if !points.iter().any(|p| p.id.as_str() == checkpoint) {
            let known: Vec<&str> = points.iter().map(|p| p.id.as_str()).collect();
            let remedy = format!("name one of [[kit.checkpoint]]: {}", known.join(", "));
            return Err(self.wrong(line, format!("there is no checkpoint `{checkpoint}`"), remedy));
        }
        if person.is_empty() {
            let remedy = "write who touched the point; a name or a number of the recorder will do";
            return Err(self.wrong(line, "nobody is named".into(), remedy.into()));
        }
        Ok(Touch { at_s: seconds(at), checkpoint: checkpoint.into(), person: person.into() })
    }
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
