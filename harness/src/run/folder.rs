//! The run's folder: where everything that a run leaves is written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};

/// Where runs go when nothing else is said.
const RESULTS: &str = "results";

/// Makes the folder: `asked`, or `results/<scenario>-<time in UTC>`, to which `results/latest` then points. Tried before any work
/// is done.
///
/// # Errors
/// Exit 6, naming the folder, when it cannot be written.
pub(super) fn make(asked: Option<&Path>, scenario: &Path) -> Result<PathBuf, Failure> {
    let folder = match asked {
        Some(folder) => folder.to_owned(),
        None => {
            let stem = scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let time = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%SZ").to_string();
            unused(&Path::new(RESULTS).join(format!("{stem}-{time}")))
        }
    };
    let refused = |error| {
        let text = format!(
            "the folder {} cannot be written: {error}\n  remedy: name another one with --out DIR",
            folder.display()
        );
        Failure::new(Exit::Harness, text)
    };
    fs::create_dir_all(&folder).map_err(refused)?;
    let trial = folder.join(".trial");
    fs::write(&trial, b"room?").and_then(|()| fs::remove_file(&trial)).map_err(refused)?;
    if asked.is_none()
        && let Some(name) = folder.file_name()
    {
        let latest = Path::new(RESULTS).join("latest");
        let _ = fs::remove_file(&latest);
        std::os::unix::fs::symlink(name, &latest).map_err(refused)?;
    }
    Ok(folder)
}

/// The path, or with a number behind it when a run of the same second has it.
fn unused(path: &Path) -> PathBuf {
    let numbered = (2..).map(|n| PathBuf::from(format!("{}-{n}", path.display())));
    std::iter::once(path.to_owned()).chain(numbered).find(|p| !p.exists()).unwrap_or_else(|| path.to_owned())
}

/// Writes a file of the run.
///
/// # Errors
/// Exit 6, naming the file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| {
        let text =
            format!("{} could not be written: {error}\n  remedy: make room and run again", path.display());
        Failure::new(Exit::Harness, text)
    })
}
