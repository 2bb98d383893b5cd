//! What is printed: results on stdout, remarks on stderr. A reader that has gone away (`| head`) has seen what it wanted.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use super::{Exit, Failure};

/// Prints a result. One that cannot be written to where it is asked for (a full disk) is a failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Harness, format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// A remark, a line of its own.
pub(crate) fn remark(text: impl Display) {
    remark_whole(format_args!("{text}\n"));
}

/// A remark with its own line ends, or a question.
pub(crate) fn remark_whole(text: impl Display) {
    // Nobody is there to be told of a stderr that cannot be written.
    let _ = write!(std::io::stderr(), "{text}");
}
