//! Writing the journal: a thread of its own, so that a slow disk never holds up a message.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Entry;

/// What is written reaches the file within this time.
const FLUSH: Duration = Duration::from_millis(100);

/// The journal of a run, open for writing. Clones write to the same file.
#[derive(Clone, Debug)]
pub struct Journal {
    // Without a bound on purpose: a bounded channel would make the sender of a message wait for the disk. It holds
    // at most a few entries for each message of the run.
    entries: Sender<Option<Entry>>,
    fault: Arc<OnceLock<String>>,
}

/// The thread that writes. Dropping it without [`Writing::finish`] leaves the file as it is.
#[derive(Debug)]
pub struct Writing {
    journal: Journal,
    thread: JoinHandle<()>,
}

/// Starts a journal.
///
/// # Errors
/// When the file cannot be made.
pub fn create(path: &Path) -> io::Result<Writing> {
    let file = File::create(path)?;
    let (entries, to_write) = mpsc::channel();
    let fault = Arc::new(OnceLock::new());
    let journal = Journal { entries, fault: fault.clone() };
    let path = path.to_owned();
    let thread = std::thread::Builder::new().name("journal".into()).spawn(move || {
        if let Err(error) = write_all(file, &to_write) {
            // Only the first fault counts, and there is only one writer.
            let _ = fault.set(not_written(&path, &error));
        }
    })?;
    Ok(Writing { journal, thread })
}

/// Adds an entry to a journal whose writer has stopped, on a line of its own.
///
/// # Errors
/// When it cannot be written.
pub fn append(path: &Path, entry: &Entry) -> io::Result<()> {
    let mut line = b"\n".to_vec();
    serde_json::to_writer(&mut line, entry)?;
    line.push(b'\n');
    // The line before may have been cut in the middle.
    OpenOptions::new().append(true).open(path)?.write_all(&line)
}

/// A file of the run that cannot be written, with the remedy.
pub fn not_written(path: &Path, error: &io::Error) -> String {
    format!("{} could not be written: {error}; {} and run again", path.display(), remedy(error))
}

/// What lets a file be written that could not be.
pub fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room",
        _ => "make it writable",
    }
}

fn write_all(file: File, entries: &Receiver<Option<Entry>>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    let mut flushed = Instant::now();
    loop {
        match entries.recv_timeout(FLUSH) {
            Ok(Some(entry)) => {
                serde_json::to_writer(&mut out, &entry)?;
                out.write_all(b"\n")?;
            }
            Ok(None) | Err(RecvTimeoutError::Disconnected) => return out.flush(),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if flushed.elapsed() >= FLUSH {
            out.flush()?;
            flushed = Instant::now();
        }
    }
}

impl Journal {
    /// Writes an entry. It never waits; what cannot be written is told by [`Journal::fault`].
    pub fn write(&self, entry: Entry) {
        // The writer is gone only after a fault, which is reported already.
        let _ = self.entries.send(Some(entry));
    }

    /// Why the journal cannot be written any more, naming the file.
    pub fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }
}

impl Writing {
    /// A handle to write with.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// A sentence that names the file, when something could not be written.
    pub fn finish(self) -> Result<(), String> {
        let _ = self.journal.entries.send(None);
        let panicked = self.thread.join().is_err();
        match self.journal.fault.get() {
            Some(fault) => Err(fault.clone()),
            None if panicked => Err("the journal's writer stopped; this is a bug".into()),
            None => Ok(()),
        }
    }
}
