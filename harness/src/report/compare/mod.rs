//! Runs side by side: the same figures of each, and whether they may be compared at all.

mod model;
mod page;
mod rows;
mod terminal;

use std::fs;
use std::path::Path;

pub use model::{ClassTimes, Comparison, FoundBy, PolledTimes, RunColumn, Times};

use super::{Report, assemble, folder};
use crate::exit::Failure;

/// Reads the reports of run folders and sets them side by side, in the order given.
///
/// # Errors
/// Exit 3 when a folder is not a run's.
pub fn compare(folders: &[&Path]) -> Result<Comparison, Failure> {
    let reports = folders.iter().map(|folder| read(folder)).collect::<Result<Vec<Report>, Failure>>()?;
    Ok(Comparison::of(&reports))
}

/// The report of a run folder: as it was written, or made anew where it was not or cannot be read. Nothing is written.
fn read(path: &Path) -> Result<Report, Failure> {
    let written = fs::read(path.join("report.json")).ok();
    let written: Option<Report> = written.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let mut report = match written.filter(|_| path.join("journal.jsonl").is_file()) {
        Some(report) => report,
        None => assemble::assemble(&folder::read(path)?).report,
    };
    // Where it is now, which need not be where it was made.
    report.run.folder = path.display().to_string();
    Ok(report)
}

impl Comparison {
    /// The table for a terminal, at most 100 columns.
    pub fn text(&self) -> String {
        terminal::render(self)
    }

    /// One page without any other file.
    ///
    /// # Errors
    /// Only for a bug.
    pub fn page(&self) -> Result<String, Failure> {
        page::render(self)
    }

    /// The same as JSON.
    ///
    /// # Errors
    /// Only for a bug.
    pub fn json(&self) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(self).map_err(|e| super::write::bug("the comparison", e))?;
        Ok(text + "\n")
    }
}
