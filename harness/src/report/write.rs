//! Writing files into the run folder: each beside its final name first, then renamed, so that a reader never sees
//! half a file.

use std::fs;
use std::path::Path;

use crate::exit::{Exit, Failure};

/// Writes one file of the report.
pub(super) fn file(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let to = folder.join(name);
    let beside = folder.join(format!("{name}.part"));
    let write = || {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&beside, bytes)?;
        fs::rename(&beside, &to)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&beside);
        Failure::new(
            Exit::Harness,
            format!(
                "cannot write {}: {error}\n  remedy: make room and run `palisade report {}`",
                to.display(),
                folder.display()
            ),
        )
    })
}

/// A programmer's mistake while rendering.
pub(super) fn bug(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Bug, format!("{what} cannot be made: {error}"))
}
