//! What the duty room has yet to hear, on disk: a gateway that acknowledged an alarm has it after a restart, too.
//!
//! While a subscriber is away whose session is kept, alarms for it are written as JSON lines before their message is
//! acknowledged; once it is back the file is emptied. A new process reads the file and says what it holds as soon as
//! somebody subscribes to it.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::topic;

/// An alarm that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Where it is said.
    pub topic: String,
    /// What is said, JSON.
    pub payload: String,
}

/// The file with what is waiting.
#[derive(Debug)]
pub struct Store {
    file: File,
    /// From the process before this one, not yet said.
    left: Vec<Kept>,
    /// Taken in and not yet written, with the instant at which it came; only a gateway with a defect has any.
    unwritten: VecDeque<(Duration, Kept)>,
    /// How long an alarm waits before it is written.
    pub writes_after: Duration,
}

impl Store {
    /// Opens the file, or makes it. Lines that do not read, such as one that a crash cut off, are passed over.
    ///
    /// # Errors
    /// When the file can be neither read nor written.
    pub fn open(path: &Path) -> io::Result<Store> {
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let left = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Ok(Store { file, left, unwritten: VecDeque::new(), writes_after: Duration::ZERO })
    }

    /// Keeps an alarm; `at` is the time since the process began.
    pub fn keep(&mut self, kept: Kept, at: Duration) -> io::Result<()> {
        self.unwritten.push_back((at, kept));
        while let Some((_, kept)) = self.unwritten.pop_front_if(|(came, _)| *came + self.writes_after <= at) {
            let mut line = serde_json::to_vec(&kept)?;
            line.push(b'\n');
            self.file.write_all(&line)?;
        }
        Ok(())
    }

    /// Forgets what was kept: the subscriber is back and has it.
    pub fn clear(&mut self) -> io::Result<()> {
        self.unwritten.clear();
        self.file.set_len(0)?;
        self.file.rewind()
    }

    /// Takes what the process before left under a filter that somebody subscribes to.
    pub fn left_for(&mut self, filter: &str) -> Vec<Kept> {
        self.left.extract_if(.., |kept| topic::matches(filter, &kept.topic)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn kept(number: u32) -> Kept {
        Kept { topic: format!("site/a/alarm/d{number}"), payload: "{}".into() }
    }

    #[test]
    fn what_was_kept_is_there_after_a_restart_and_gone_once_it_was_heard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.jsonl");
        let mut store = Store::open(&path).unwrap();
        (1..=3).for_each(|n| store.keep(kept(n), Duration::ZERO).unwrap());
        let mut again = Store::open(&path).unwrap();
        assert_eq!(again.left_for("other/#"), []);
        assert_eq!(again.left_for("site/+/alarm/#"), [kept(1), kept(2), kept(3)]);
        assert_eq!(again.left_for("site/+/alarm/#"), []);
        again.clear().unwrap();
        again.keep(kept(4), Duration::ZERO).unwrap();
        assert_eq!(Store::open(&path).unwrap().left_for("#"), [kept(4)]);
    }

    #[test]
    fn a_store_that_writes_late_loses_what_came_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.jsonl");
        let mut store = Store::open(&path).unwrap();
        store.writes_after = Duration::from_millis(100);
        (0..5).for_each(|n| store.keep(kept(n), Duration::from_millis(u64::from(n) * 50)).unwrap());
        assert_eq!(Store::open(&path).unwrap().left_for("#"), [kept(0), kept(1), kept(2)]);
    }
}
