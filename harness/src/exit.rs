//! Exit codes, and the one place where an error becomes one.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of `palisade`. They are public: CI jobs rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done, and the verdict (if any) is pass.
    Ok = 0,
    /// A bug in Palisade.
    Bug = 1,
    /// The command line is wrong.
    Usage = 2,
    /// An input is wrong: scenario, map, run folder.
    Input = 3,
    /// The gateway could not be reached or was lost.
    Sut = 4,
    /// The verdict is fail.
    Verdict = 5,
    /// The harness was too slow for its own schedule, or could not record.
    Harness = 6,
    /// Try again.
    TryAgain = 75,
    /// Interrupted; a partial report was written.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a verb could not do its work: the exit code and what to tell the user (what, where, remedy).
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// A failure with its exit code.
    pub fn new(exit: Exit, message: impl fmt::Display) -> Failure {
        Failure { exit, message: message.to_string() }
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
