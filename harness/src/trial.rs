//! Records of a trial run (试运行记录): on which days each part of the security system wrote something down.
//!
//! A file is CSV (RFC 4180, UTF-8) with a head line. Its columns, in any order: `time` (`2026-04-14 02:31:05`, or the day alone,
//! on the clock of the place) and `system`: `alarm`, `video`, `access` or `patrol`. One line for each record, or for each day
//! with records; what they say is not read.

use std::path::Path;

use palisade_sim::analysis::rules::{System, TrialRecords};

use crate::patrols::{BadLog, Wrong, moment, rows};

/// Reads the records of a trial run.
///
/// # Errors
/// When the file cannot be read, a column is missing, a time is none, or a system is not known.
pub fn read(path: &Path) -> Result<TrialRecords, BadLog> {
    let records = rows(path, ["time", "system"], |[time, word]| {
        let at_s = moment(time)?;
        let system = System::ALL.into_iter().find(|system| system.word() == word);
        let words = System::ALL.map(|system| format!("`{}`", system.word())).join(", ");
        let system = system
            .ok_or_else(|| Wrong(format!("there is no system `{word}`"), format!("write one of {words}")))?;
        Ok((system, at_s))
    })?;
    Ok(TrialRecords::of(records))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_by_day_and_wrong_lines_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trial.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).expect("a file");
            super::read(&path).map_err(|e| e.to_string())
        };
        const DAY_S: i64 = 86_400;
        let expected = TrialRecords::of([(System::Alarm, 20_513 * DAY_S), (System::Video, 20_514 * DAY_S)]);
        let text = "system,time\nalarm,2026-03-01 08:00:00\nalarm,2026-03-01 20:00\nvideo,2026-03-02\n";
        assert_eq!(read(text), Ok(expected));
        for (text, said) in [
            (
                "time\n2026-03-01\n",
                "trial.csv:1: there is no column `system`; begin the file with the line `time,system`",
            ),
            ("time,system\nlater,alarm\n", "trial.csv:2: `later` is no time; write it like"),
            (
                "time,system\n2026-03-01,doors\n",
                "trial.csv:2: there is no system `doors`; write one of `alarm`, `video`",
            ),
        ] {
            let wrong = read(text).expect_err(text);
            assert!(wrong.contains(said), "`{said}` is not in `{wrong}`");
        }
    }
}
