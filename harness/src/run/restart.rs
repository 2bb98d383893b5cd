//! Restarts of the gateway while it is driven. Devices are let in again once the observer hears, so that no answer is
//! lost to the harness itself.

use std::collections::VecDeque;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::part::{Ending, PATIENCE, Part};
use crate::drivers::fleet::Figures;
use crate::fault::{How, Restart};
use crate::record::{Entry, Micros};

/// How long a command that restarts a gateway may take, and how long its address may be closed afterwards.
const COMMAND: Duration = Duration::from_secs(60);
/// How often a wait looks.
const LOOK: Duration = Duration::from_millis(10);

/// A restart that is still to come: when, µs on the run's clock, and its place in its file.
pub(super) type Due = (Micros, usize);

/// All restarts of a plan, in order.
pub(super) fn due(restarts: &[Restart], seed: u64, (start_us, lasts_us): (Micros, Micros)) -> VecDeque<Due> {
    let mut due: Vec<Due> = Vec::new();
    for (number, restart) in restarts.iter().enumerate() {
        let instants = restart.instants((seed, number), lasts_us / 1_000);
        due.extend(instants.iter().map(|at_ms| (start_us + at_ms * 1_000, number)));
    }
    due.sort_unstable();
    due.into()
}

impl Part<'_> {
    /// Does the restarts whose instants have come. Why the run ends, when a gateway does not come back.
    pub(super) fn restart(&mut self, due: &mut VecDeque<Due>, figures: &Figures) -> Result<(), Ending> {
        while let Some((_, number)) = due.pop_front_if(|(at_us, _)| *at_us <= self.common.clock.now_us()) {
            let Some(restart) = self.faults.and_then(|plan| plan.faults.restart.get(number)) else {
                continue;
            };
            let number = self.restarts.len() + 1;
            self.progress.line(|| format!("restart {number}: {restart}"));
            self.hold(true);
            let clock = self.common.clock;
            let down_us = clock.now_us();
            let again = self.again(restart);
            let up_us = clock.now_us();
            let heard = again.and_then(|()| self.wait_for_ears(figures));
            self.hold(false);
            heard.map_err(|why| {
                let asked = self.stop.asked();
                let lost = format!("restart {number}: the gateway did not come back: {why}");
                if asked { Ending::Interrupted } else { Ending::Lost(lost) }
            })?;
            let done = crate::record::Restart {
                number,
                part: self.common.part.into(),
                text: restart.to_string(),
                process: restart.process.clone(),
                down_us,
                up_us,
                open_us: clock.now_us(),
            };
            self.common.journal.write(Entry::Restart(done.clone()));
            self.restarts.push(done);
        }
        Ok(())
    }

    /// Devices that connect are not let through, or are again.
    fn hold(&self, hold: bool) {
        self.between.iter().for_each(|between| between.hold(hold));
    }

    fn again(&mut self, restart: &Restart) -> Result<(), String> {
        let stop = self.stop;
        let asked = || stop.asked();
        let how = restart.how.unwrap_or_default();
        let down = Duration::from_millis(restart.down.map_or(0, |down| down.0.0).unsigned_abs());
        if let [program, args @ ..] = restart.command.as_slice() {
            command(program, args, &asked)?;
            let address = self.address.resolve().map_err(|error| format!("{}: {error}", self.address))?;
            let open = || TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok();
            return wait(COMMAND, &asked, open).map_err(|()| format!("nobody listens at {}", self.address));
        }
        match &mut self.gateway {
            Some(gateway) => gateway.again(how == How::Kill, down)?,
            None => self.processes.again(restart.process.as_deref(), how == How::Kill, down, &asked)?,
        }
        Ok(())
    }

    fn wait_for_ears(&self, figures: &Figures) -> Result<(), String> {
        let copies = self.copies_hear.as_ref();
        let hears = || {
            figures.hears.load(Ordering::SeqCst) && copies.is_none_or(|hears| hears.load(Ordering::SeqCst))
        };
        wait(PATIENCE, &|| self.stop.asked(), hears)
            .map_err(|()| format!("the observer could not subscribe again within {} s", PATIENCE.as_secs()))
    }
}

/// Runs a command to its end.
fn command(program: &str, args: &[String], stop: &dyn Fn() -> bool) -> Result<(), String> {
    let quiet = (Stdio::null(), Stdio::null());
    let spawned = Command::new(Path::new(program)).args(args).stdin(quiet.0).stdout(quiet.1).spawn();
    let mut child = spawned.map_err(|error| format!("`{program}` could not be started: {error}"))?;
    let mut status = None;
    let ended = wait(COMMAND, stop, || {
        status = child.try_wait().transpose();
        status.is_some()
    });
    if ended.is_err() {
        // One that has ended meanwhile cannot be killed, and needs not.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("`{program}` did not end within {} s", COMMAND.as_secs()));
    }
    match status {
        Some(Ok(status)) if !status.success() => Err(format!("`{program}` failed: {status}")),
        Some(Err(error)) => Err(format!("`{program}`: {error}")),
        _ => Ok(()),
    }
}

/// Waits until something is so; not longer than `patience`, and not when somebody asked to stop.
fn wait(patience: Duration, stop: &dyn Fn() -> bool, mut so: impl FnMut() -> bool) -> Result<(), ()> {
    let until = Instant::now() + patience;
    while !so() {
        if Instant::now() >= until || stop() {
            return Err(());
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_run_to_its_end_or_named() {
        let args = |text: &str| vec!["-c".to_owned(), text.to_owned()];
        assert_eq!(command("sh", &args("exit 0"), &|| false), Ok(()));
        assert!(command("sh", &args("exit 3"), &|| false).is_err_and(|why| why.contains("exit status: 3")));
        assert!(command("no-such-program", &[], &|| false).is_err_and(|why| why.contains("no-such-program")));
        assert!(command("sh", &args("sleep 30"), &|| true).is_err_and(|why| why.contains("did not end")));
    }
}
