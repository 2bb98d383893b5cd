//! What a run failed by, with what it takes to try it again.

use std::path::Path;

use palisade_sim::model::drive::Window;
use palisade_sim::model::scenario::{Duration, TimeOfDay};
use palisade_sim::words::Ms;

use super::Report;
use super::assemble::{Assembled, assemble, command, tape_unread};
use super::explain::{SPURIOUS, find, with_id};
use super::folder::{self, Folder};
use super::model::CheckPart;
use super::told::quoted;
use crate::exit::{Exit, Failure};
use crate::pairing::Outcome;
use crate::record::Start;
use crate::verdict::{Message, is_of_the_harness};

/// What must come again.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A message that was not answered as it should be.
    Message {
        /// Its class of outcome.
        outcome: String,
        /// The device.
        device: String,
        /// The signal's word.
        signal: String,
        /// When in the day it was due.
        due: Ms,
        /// How long after that its answer is in time.
        deadline: Ms,
    },
    /// A threshold that did not hold: the name of its figure.
    Threshold(String),
}

impl Target {
    /// Whether a run failed in the same way. A figure that was not measured did not fail.
    pub fn comes_again(&self, report: &Report) -> bool {
        match self {
            Target::Message { outcome, device, signal, .. } => report
                .failures
                .iter()
                .any(|f| (&f.outcome, &f.device, &f.signal) == (outcome, device, signal)),
            Target::Threshold(figure) => {
                // A harness that is too slow spoils figures; that is no fault of the gateway.
                report.harness.valid && report.verdict.checks.iter().any(|c| c.figure == *figure && broken(c))
            }
        }
    }
}

/// Whether a threshold was measured and does not hold.
fn broken(check: &CheckPart) -> bool {
    check.found.is_some() && !check.pass
}

/// What a run failed by.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// What must come again.
    pub target: Target,
    /// What that is called, and what it is: `beam-7 beam_broken r1-7 at 02:14:03 is missed`.
    pub told: String,
    /// The windows that were driven.
    pub windows: Vec<Window>,
    /// The run's first line: seed, gateway, defects, options.
    pub start: Start,
}

/// What a run's folder failed by: a message by its id, a threshold by the name of its figure; without a word the first
/// message that failed, or else the first threshold that does not hold.
///
/// # Errors
/// Exit 3 when the folder is not a run's, has no such message, nothing failed by it, or its run cannot be driven again.
pub fn failing(path: &Path, asked: Option<&str>) -> Result<Failing, Failure> {
    let folder = folder::read(path)?;
    let assembled = assemble(&folder);
    let start = drivable(&folder)?.clone();
    let (target, told) = target(&folder, &assembled, asked)?;
    let windows = folder.journal.windows.iter().filter(|w| w.part == "main");
    let windows = windows.map(|w| Window { from: TimeOfDay(w.from), lasting: Duration(w.lasting) }).collect();
    Ok(Failing { target, told, windows, start })
}

/// The first line of a run that can be driven again from its folder.
///
/// # Errors
/// Exit 3 when there is none, or what it was driven with is not in the folder.
pub(super) fn drivable(folder: &Folder) -> Result<&Start, Failure> {
    let path = folder.path.display();
    let wrong = |text: String| Failure::new(Exit::Input, text);
    let Some(start) = &folder.journal.start else {
        return Err(wrong(format!("`{path}` holds no run: its journal has no first line")));
    };
    if let Some(unread) = tape_unread(folder) {
        return Err(wrong(format!(
            "what failed in `{path}` cannot be driven again: {unread}\n  remedy: drive the whole run again, with `{}`",
            command(folder)
        )));
    }
    let contract = start.sut.ends_with(".toml");
    let options = !folder.journal.lines.is_empty() || !folder.journal.owed.is_empty();
    if options && !contract {
        return Err(wrong(format!(
            "`{path}` had serial lines or owed commands that stand in no contract, so it cannot be driven again from its folder\n  \
             remedy: drive its scenario with a contract: `palisade run SCENARIO --sut CONTRACT`"
        )));
    }
    Ok(start)
}

/// The threshold on a figure, if it was measured and does not hold.
pub(super) fn threshold<'a>(report: &'a Report, figure: &str) -> Option<&'a CheckPart> {
    report.verdict.checks.iter().find(|check| check.figure == figure && broken(check))
}

/// The threshold that does not hold because of what became of a message on the way to the city platform.
pub(super) fn of_upstream<'a>(report: &'a Report, id: &str) -> Option<&'a CheckPart> {
    let failure = report.upstream.as_ref()?.failures.iter().find(|f| f.id == id)?;
    let plural = if failure.outcome == Outcome::Duplicate.word() { "s" } else { "" };
    threshold(report, &format!("upstream.{}{plural}", failure.outcome))
}

fn target(folder: &Folder, assembled: &Assembled, asked: Option<&str>) -> Result<(Target, String), Failure> {
    let checks = &assembled.report.verdict.checks;
    let Some(asked) = asked else {
        let own = assembled.main.messages.iter().find(|m| m.answer.outcome.failed());
        let of_gateway = |c: &&CheckPart| broken(c) && !is_of_the_harness(&c.figure);
        let check = || checks.iter().find(of_gateway).or(checks.iter().find(|c| !c.pass));
        return match own {
            Some(message) => Ok(of_message(message)),
            None => check().map_or_else(|| Err(nothing(folder)), of_threshold),
        };
    };
    if let Some(check) = checks.iter().find(|c| c.figure == asked) {
        return of_threshold(check);
    }
    let message = match find(folder, assembled, asked) {
        Ok(message) => message,
        Err(failure) => {
            // What answers nothing fails by its number alone.
            let spurious =
                threshold(&assembled.report, SPURIOUS).filter(|_| with_id(assembled, asked).is_some());
            return spurious.map_or(Err(failure), of_threshold);
        }
    };
    if message.answer.outcome.failed() {
        return Ok(of_message(message));
    }
    Err(Failure::new(Exit::Input, why_not(&assembled.report, message)))
}

fn of_message(message: &Message) -> (Target, String) {
    let answer = &message.answer;
    let outcome = answer.outcome.word().to_owned();
    let told = format!("{} is {}", message.name(), outcome.replace('_', " "));
    let (device, signal) = (message.device.clone(), message.signal.clone());
    let deadline = Ms(answer.deadline_us.div_euclid(1_000));
    (Target::Message { outcome, device, signal, due: message.due, deadline }, told)
}

fn of_threshold(check: &CheckPart) -> Result<(Target, String), Failure> {
    let (figure, must, found) = (&check.figure, &check.must, &check.found_text);
    let of_harness = is_of_the_harness(figure);
    if broken(check) && !of_harness {
        return Ok((Target::Threshold(figure.clone()), format!("{figure} is not {must}")));
    }
    let text = if check.pass {
        format!("{figure} holds: it must be {must} and is {found}\n  remedy: name what failed")
    } else if of_harness {
        format!(
            "{figure} must be {must} and is {found}: that judges the harness, not the gateway, and it cannot be shrunk\n  remedy: \
             drive the run again on a machine with less beside it"
        )
    } else {
        format!(
            "{figure} must be {must} and is {found}: the run fails because of that, and it cannot be shrunk\n  remedy: name what \
             else failed"
        )
    };
    Err(Failure::new(Exit::Input, text))
}

/// Why a message that did not fail cannot be shrunk.
fn why_not(report: &Report, message: &Message) -> String {
    let name = message.name();
    if message.answer.outcome == Outcome::Undecidable {
        return format!(
            "nobody knows what became of {name}: the run was over before that could be judged\n  remedy: drive it to its end, with \
             `{}`",
            report.run.command
        );
    }
    match of_upstream(report, &message.id) {
        Some(check) => format!(
            "{name} was answered as it should be, and failed on the way to the city platform\n  remedy: name {}",
            check.figure
        ),
        None => format!(
            "{name} was answered as it should be\n  remedy: name a message that failed, or the figure of a threshold that does not \
             hold"
        ),
    }
}

fn nothing(folder: &Folder) -> Failure {
    let text = format!(
        "every message of `{0}` was answered as it should be or cannot be judged, and no threshold fails: there is nothing to \
         shrink\n  remedy: name a run that failed; `palisade report {0}` tells its verdict",
        quoted(&folder.path.display().to_string())
    );
    Failure::new(Exit::Input, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_on_the_harness_is_nothing_to_shrink() {
        let broken = |figure: &str| CheckPart {
            figure: figure.into(),
            must: "< 10ms".into(),
            found: Some(12.0),
            ..CheckPart::default()
        };
        let refused = of_threshold(&broken("beam.lateness.max")).expect_err("refused");
        assert!(
            refused.exit() == Exit::Input && refused.to_string().contains("judges the harness"),
            "{refused:?}"
        );
        assert!(of_threshold(&broken("beam.response.max")).is_ok());
    }
}
