//! A keeper stands between a run and a program of the system under test, as a process of its own (`palisade keep`), so
//! that the program ends with the run however the run ends: a killed process cleans nothing up, but its pipes close.
//!
//! The keeper's standard input is that pipe, its standard output says what becomes of the program in a line each, and
//! its standard error is the program's output. It may stamp each line of that: it does so in its own process, so that a
//! program that says much costs the run nothing.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, PipeReader, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::drivers::monotonic_us;
use crate::record::Micros;

/// How long the last words of a program that has ended may take.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long a program may take to end after it was asked to.
const GOODBYE: Duration = Duration::from_secs(3);
/// The keeper's word that the program runs, before its process id.
const STARTED: &str = "started ";
/// The keeper's word that the program has ended, before its wait status.
const ENDED: &str = "ended ";
/// The keeper's word that the program could not be started, before the reason.
const REFUSED: &str = "refused ";

/// A program behind its keeper. Dropping it stops the program and whatever is left of its process group.
#[derive(Debug)]
pub(super) struct Kept {
    keeper: Child,
    said: BufReader<ChildStdout>,
    program: Pid,
    /// How the program ended, once that is known.
    ended: Option<String>,
}

impl Kept {
    /// Starts a keeper, which is a command that has everything but its pipes, and waits until its program runs.
    ///
    /// # Errors
    /// Why the program could not be started.
    pub(super) fn start(mut keeper: Command) -> Result<Kept, String> {
        let unkept = |error: io::Error| format!("its keeper could not be started: {error}");
        let mut keeper =
            keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0).spawn().map_err(unkept)?;
        let stdout = keeper.stdout.take().expect("its output is a pipe");
        let mut said = BufReader::new(stdout);
        let mut line = String::new();
        // An unreadable line is no word of the keeper.
        let _ = said.read_line(&mut line);
        let program =
            line.trim().strip_prefix(STARTED).and_then(|pid| pid.parse().ok().and_then(Pid::from_raw));
        match program {
            Some(program) => Ok(Kept { keeper, said, program, ended: None }),
            None => {
                drop(keeper.stdin.take());
                let status = keeper.wait().map_err(unkept)?;
                Err(line.trim().strip_prefix(REFUSED).map_or_else(|| by(status), str::to_owned))
            }
        }
    }

    /// The program's process id, which is its group's, too.
    pub(super) fn id(&self) -> u32 {
        self.program.as_raw_nonzero().get().unsigned_abs()
    }

    /// Ends the program and its process group without a word.
    pub(super) fn kill(&self) {
        // Errors mean that nobody of the group is left.
        let _ = kill_process_group(self.program, Signal::KILL);
    }

    /// How the program ended, if it has.
    pub(super) fn ended(&mut self) -> Option<&str> {
        if self.ended.is_none() {
            let status = self.keeper.try_wait().ok().flatten()?;
            self.ended = Some(self.farewell(status));
        }
        self.ended.as_deref()
    }

    /// What the keeper, which has ended, said of the program's end. A keeper that was killed said nothing, and then
    /// nobody else stops the program.
    fn farewell(&mut self, keeper: ExitStatus) -> String {
        let mut rest = String::new();
        let _ = self.said.read_to_string(&mut rest);
        match rest.trim().strip_prefix(ENDED).and_then(|status| status.parse().ok()) {
            Some(status) => by(ExitStatus::from_raw(status)),
            None => {
                let _ = kill_process_group(self.program, Signal::KILL);
                format!("its keeper ended: {}", by(keeper))
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Ok(status) = self.keeper.wait()
            && self.ended.is_none()
        {
            self.farewell(status);
        }
    }
}

/// By what a program ended, in words.
fn by(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

/// What a keeper waits for.
enum Event {
    /// Whoever started it is gone, or wants the program to end.
    Closed,
    /// The program's process has ended. It is not reaped yet.
    Ended,
}

/// Keeps a program, given with its arguments, until it ends or standard input closes; then asks its process group to end, and makes it end when it
/// does not. The group is one of its own, so that a Ctrl-C on the terminal does not reach it before it is stopped here.
///
/// # Errors
/// When what happens cannot be waited for. That the program could not be started is said on standard output.
pub(crate) fn keep(command: &[OsString], instants: Option<Instants>) -> io::Result<()> {
    let (program, args) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let (output, stamped) = match instants {
        None => (io::stderr().as_fd().try_clone_to_owned()?, None),
        Some(Instants { file, zero_us }) => {
            let (said, output) = io::pipe()?;
            (OwnedFd::from(output), Some((said, File::create(file)?, zero_us)))
        }
    };
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).process_group(0);
    let spawned = command.spawn();
    // With it goes this process's own end of the program's output.
    drop(command);
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return say(&format!("{REFUSED}{error}")),
    };
    let (heard, all_heard) = mpsc::channel();
    std::thread::spawn(move || {
        if let Some((said, file, zero_us)) = stamped {
            stamp(said, file, zero_us);
        }
        let _ = heard.send(());
    });
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let group = group.ok_or_else(|| io::Error::other("a process has no number"))?;
    // Nobody reads it when whoever started this is gone already, which the closed input says, too.
    let _ = say(&format!("{STARTED}{}", child.id()));
    let (tell, told) = mpsc::channel();
    let tell_closed = tell.clone();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = tell_closed.send(Event::Closed);
    });
    std::thread::spawn(move || {
        let _ = waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let _ = tell.send(Event::Ended);
    });
    if let Ok(Event::Closed) = told.recv() {
        // Errors mean that nobody of the group is left.
        let _ = kill_process_group(group, Signal::TERM);
        let _ = told.recv_timeout(GOODBYE);
    }
    // The leader is not reaped yet, so that the number is still its own: whoever of its group is left ends now.
    let _ = kill_process_group(group, Signal::KILL);
    let status = child.wait()?;
    // Somebody who has left the group may hold the pipe for ever.
    let _ = all_heard.recv_timeout(LAST_WORDS);
    let _ = say(&format!("{ENDED}{}", status.into_raw()));
    Ok(())
}

/// Where the instants of a program's lines are written.
pub(crate) struct Instants {
    /// The file: a line each, µs.
    pub(crate) file: PathBuf,
    /// Where the machine's monotonic clock stands at 0 of these instants, µs.
    pub(crate) zero_us: Micros,
}

/// Passes a program's output on to standard error, and writes down when each line came.
fn stamp(mut said: PipeReader, mut file: File, zero_us: Micros) {
    let mut some = [0; 1 << 14];
    while let Ok(n @ 1..) = said.read(&mut some) {
        let at_us = monotonic_us() - zero_us;
        let lines = some[..n].iter().filter(|byte| **byte == b'\n').count();
        // A full disk must not hold the program up.
        let _ = io::stderr().write_all(&some[..n]);
        let _ = file.write_all(format!("{at_us}\n").repeat(lines).as_bytes());
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
