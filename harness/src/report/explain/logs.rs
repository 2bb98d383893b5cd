//! What the gateway's programs wrote into their logs around an instant.

use std::fs;
use std::path::{Path, PathBuf};

use crate::record::{INSTANTS, Micros, SUT};

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) at_us: Micros,
    /// The log's name without its ending: the program's id, with a number for what it said before a restart.
    pub(super) program: String,
    pub(super) text: String,
}

/// Lines of a run's logs that came between two instants, in order of time.
pub(super) fn between(run: &Path, from: Micros, until: Micros) -> Vec<Line> {
    let entries = fs::read_dir(run.join(SUT)).into_iter().flatten();
    let logs = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut logs: Vec<PathBuf> = logs.filter(|path| path.extension().is_some_and(|e| e == "log")).collect();
    logs.sort();
    let mut lines: Vec<Line> = logs.iter().flat_map(|log| read(log).unwrap_or_default()).collect();
    lines.retain(|line| (from..=until).contains(&line.at_us) && !line.text.trim().is_empty());
    lines.sort_by_key(|line| line.at_us);
    lines
}

/// All lines of a log that have an instant; nothing for a log without any.
fn read(log: &Path) -> Option<Vec<Line>> {
    let said = fs::read(log).ok()?;
    let instants = fs::read_to_string(log.with_extension(INSTANTS)).ok()?;
    let program = log.file_stem()?.to_string_lossy().into_owned();
    let said = String::from_utf8_lossy(&said);
    let line = |(text, at_us): (&str, &str)| {
        let (program, text) = (program.clone(), text.trim_end().to_owned());
        Some(Line { at_us: at_us.parse().ok()?, program, text })
    };
    Some(said.lines().zip(instants.lines()).filter_map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_logs_are_told_in_order_of_their_instants() -> std::io::Result<()> {
        let run = tempfile::tempdir()?;
        let sut = run.path().join(SUT);
        fs::create_dir(&sut)?;
        let write = |name: &str, text: &str| fs::write(sut.join(name), text);
        write("broker.log", "ready\nlost a client\n\nlast words without an end")?;
        write("broker.us", "100\n2500\n2600\n")?;
        write("flow.1.log", "before the restart\n")?;
        write("flow.1.us", "1500\n")?;
        write("other.log", "without instants\n")?;
        let told: Vec<String> = between(run.path(), 1_000, 3_000)
            .into_iter()
            .map(|line| format!("{} {}: {}", line.at_us, line.program, line.text))
            .collect();
        assert_eq!(told, ["1500 flow.1: before the restart", "2500 broker: lost a client"]);
        assert_eq!(between(&sut, 0, 9_000), []);
        Ok(())
    }
}
