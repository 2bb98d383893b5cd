//! Reading a journal while it is written.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::time::Duration;

use super::{Live, Timed};

/// A journal that is read as far as it is written.
#[derive(Debug)]
pub struct Follower {
    file: BufReader<File>,
    /// The beginning of a line whose end is not written yet.
    line: Vec<u8>,
}

impl Follower {
    /// Opens the journal of a run's folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(folder: &Path) -> io::Result<Follower> {
        Ok(Follower { file: BufReader::new(File::open(folder.join("journal.jsonl"))?), line: Vec::new() })
    }

    /// Takes in all whole lines that are written by now, and tells what had a length of time, with its part. Lines that cannot be read
    /// are passed over: the report counts them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn catch_up(&mut self, live: &mut Live, told: &mut dyn FnMut(&str, Timed)) -> io::Result<()> {
        loop {
            self.file.read_until(b'\n', &mut self.line)?;
            if self.line.last() != Some(&b'\n') {
                return Ok(());
            }
            if let Ok(entry) = serde_json::from_slice(&self.line)
                && let Some(timed) = live.take(entry)
            {
                told(live.part(), timed);
            }
            self.line.clear();
        }
    }

    /// How long nothing has been written.
    ///
    /// # Errors
    /// When the file cannot be asked.
    pub fn silent(&self) -> io::Result<Duration> {
        // A clock that was set back since tells nothing.
        Ok(self.file.get_ref().metadata()?.modified()?.elapsed().unwrap_or_default())
    }
}
