//! Writing files: each beside its final name first, then renamed, so that a reader never sees half a file, and what an
//! earlier one held is not lost to a full disk.

use std::path::Path;
use std::{fs, io};

use crate::exit::{Exit, Failure};
use crate::record::remedy;

/// Writes one file of the report.
pub(super) fn file(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let to = folder.join(name);
    whole(&to, bytes).map_err(|error| {
        Failure::new(
            Exit::Harness,
            format!(
                "cannot write {}: {error}\n  remedy: {} and run `palisade report {}`",
                to.display(),
                remedy(&error),
                folder.display()
            ),
        )
    })
}

/// Writes a whole file or leaves what is there, and makes its folder.
pub(crate) fn whole(to: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = to.as_os_str().to_owned();
    beside.push(".part");
    let write = || {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&beside, bytes)?;
        fs::rename(&beside, to)
    };
    write().inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// A programmer's mistake while rendering.
pub(super) fn bug(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Bug, format!("{what} cannot be made: {error}"))
}
