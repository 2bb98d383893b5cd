//! Reading a journal back, also one that was cut.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Entry;

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// The entries in the order in which they were written.
    pub entries: Vec<Entry>,
    /// True when the last line breaks off: the writer was cut.
    pub cut: bool,
}

/// Why a journal cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{file} cannot be read: {error}")]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line that is not the last is no entry.
    #[error("{file} line {line} is no journal entry: {why}")]
    Line {
        /// The file.
        file: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why.
        why: String,
    },
}

/// Reads a journal. A last line that breaks off is left out and reported.
///
/// # Errors
/// When the file cannot be read or a whole line is no entry.
pub fn read(path: &Path) -> Result<Contents, ReadError> {
    let text = std::fs::read(path).map_err(|error| ReadError::Io { file: path.to_owned(), error })?;
    let text = String::from_utf8_lossy(&text);
    let mut contents = Contents::default();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        match serde_json::from_str(line) {
            Ok(entry) => contents.entries.push(entry),
            Err(_) if !line.ends_with('\n') => contents.cut = true,
            Err(error) => {
                let why = error.to_string();
                return Err(ReadError::Line { file: path.to_owned(), line: index + 1, why });
            }
        }
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::super::{End, Note, create};
    use super::*;

    fn note(at_us: i64) -> Entry {
        Entry::Note(Note { at_us, kind: "info".into(), text: "院子".into() })
    }

    #[test]
    fn what_is_written_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.jsonl");
        let writing = create(&path).expect("it can be made");
        let written: Vec<Entry> = (0..500).map(note).chain([Entry::End(End { at_us: 9 })]).collect();
        written.iter().for_each(|entry| writing.journal().write(entry.clone()));
        writing.finish().expect("room enough");
        assert_eq!(read(&path).expect("whole"), Contents { entries: written, cut: false });
    }

    #[test]
    fn a_cut_last_line_is_reported_and_the_rest_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.jsonl");
        let line = serde_json::to_string(&note(1)).expect("json");
        std::fs::write(&path, format!("{line}\n{line}\n{}", &line[..20])).expect("written");
        let contents = read(&path).expect("readable");
        assert_eq!((contents.entries.len(), contents.cut), (2, true));
        std::fs::write(&path, format!("{line}\n{}\n{line}\n", &line[..20])).expect("written");
        let said = read(&path).expect_err("a broken line in the middle").to_string();
        assert!(said.contains("line 2"), "{said}");
    }

    #[test]
    fn a_full_disk_is_told_with_the_file() {
        let path = Path::new("/dev/full");
        let writing = create(path).expect("it can be opened");
        (0..10).for_each(|i| writing.journal().write(note(i)));
        let said = writing.finish().expect_err("nothing can be written there");
        assert!(said.contains("/dev/full could not be written"), "{said}");
    }
}
