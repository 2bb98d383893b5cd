//! The run's folder: where everything that a run leaves is written.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure};
use crate::record::{FAULTS, INSTANTS, SHAPE, SUT};

/// Where runs go when nothing else is said.
const RESULTS: &str = "results";

/// What a run leaves beside the copies of its inputs, which are written over.
const ARTEFACTS: [&str; 11] = [
    "journal.jsonl",
    "tape.bin",
    "tracks.bin",
    "plan.json",
    "report.json",
    "report.html",
    "junit.xml",
    crate::report::baseline::FILE,
    super::linkage::FILE,
    FAULTS,
    SHAPE,
];
/// Folders of a run, with the ending of the files in them.
const INNER: [(&str, &str); 6] = [
    ("histograms", "hlog"),
    ("tables", "csv"),
    ("stills", "png"),
    ("stills", "json"),
    (SUT, "log"),
    (SUT, INSTANTS),
];
/// Room that is kept for the report, bytes.
const BALLAST: usize = 8 << 20;

/// Room on the disk that is kept until the report is made. The file has no name any more, so that nothing is left of
/// it however the process ends; the room is free once this is dropped.
#[derive(Debug)]
pub(super) struct Ballast(#[expect(dead_code, reason = "held open")] File);

/// Makes the folder: `asked`, or `results/<scenario>-<time in UTC>`, to which `results/latest` then points. Tried before any work
/// is done. What another run left in it is removed, so that nothing of it is shown as this run's.
///
/// # Errors
/// Exit 6, naming the folder, when it cannot be written.
pub(super) fn make(asked: Option<&Path>, scenario: &Path) -> Result<(PathBuf, Ballast), Failure> {
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
    let ballast = ballast(&folder).map_err(refused)?;
    clear(&folder).map_err(refused)?;
    if asked.is_none()
        && let Some(name) = folder.file_name()
    {
        let latest = Path::new(RESULTS).join("latest");
        let _ = fs::remove_file(&latest);
        std::os::unix::fs::symlink(name, &latest).map_err(refused)?;
    }
    Ok((folder, ballast))
}

fn ballast(folder: &Path) -> std::io::Result<Ballast> {
    let path = folder.join(".ballast");
    let mut file = File::create(&path)?;
    // Not all the same, so that no file system stores it as nothing.
    let mut state = 1u32;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(BALLAST)
    .collect();
    let written = file.write_all(&bytes).and_then(|()| file.sync_data());
    fs::remove_file(&path)?;
    written.map(|()| Ballast(file))
}

/// Removes what another run left: only regular files with the names that a run gives, never a link, nothing else. A
/// folder without any of a run's own files is not a run's.
fn clear(folder: &Path) -> std::io::Result<()> {
    let regular = |path: &Path| path.symlink_metadata().is_ok_and(|m| m.is_file());
    if !ARTEFACTS[..4].iter().any(|name| regular(&folder.join(name))) {
        return Ok(());
    }
    let mut old: Vec<PathBuf> = ARTEFACTS.iter().map(|name| folder.join(name)).collect();
    old.extend(with_ending(folder, "hlog")?);
    for (inner, ending) in INNER {
        let inner = folder.join(inner);
        if inner.symlink_metadata().is_ok_and(|m| m.is_dir()) {
            old.extend(with_ending(&inner, ending)?);
        }
    }
    for path in old.iter().filter(|path| regular(path)) {
        fs::remove_file(path)?;
    }
    for (inner, _) in INNER {
        // It stays when it holds something that is not a run's.
        let _ = fs::remove_dir(folder.join(inner));
    }
    Ok(())
}

fn with_ending(folder: &Path, ending: &str) -> std::io::Result<Vec<PathBuf>> {
    let all = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    Ok(all.into_iter().filter(|path| path.extension().is_some_and(|e| e == ending)).collect())
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
        // Half of it is of no use, and its room is.
        let _ = fs::remove_file(path);
        Failure::new(Exit::Harness, crate::record::not_written(path, &error))
    })
}
