//! What a run failed by, with what it takes to try it again.

use std::path::Path;

use palisade_sim::model::drive::Window;
use palisade_sim::model::scenario::{Duration, TimeOfDay};
use palisade_sim::words::Ms;

use super::Report;
use super::assemble::{Assembled, assemble};
use super::explain::find;
use super::folder::{self, Folder};
use super::model::CheckPart;
use crate::exit::{Exit, Failure};
use crate::pairing::Outcome;
use crate::record::Start;

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
/// message that was not answered as it should be, or else the first threshold that does not hold.
///
/// # Errors
/// Exit 3 when the folder is not a run's, has no such message, nothing failed by it, or its run cannot be driven again.
pub fn failing(path: &Path, asked: Option<&str>) -> Result<Failing, Failure> {
    let folder = folder::read(path)?;
    let assembled = assemble(&folder);
    let wrong = |text: String| Failure::new(Exit::Input, text);
    let Some(start) = folder.journal.start.clone() else {
        return Err(wrong(format!("`{}` holds no run: its journal has no first line", path.display())));
    };
    let contract = start.sut.ends_with(".toml");
    if !contract && !(folder.journal.lines.is_empty() && folder.journal.owed.is_empty()) {
        return Err(wrong(format!(
            "`{}` had serial lines or owed commands that stand in no contract, so it cannot be driven again from its folder\n  \
             remedy: drive its scenario with a contract: `palisade run SCENARIO --sut CONTRACT`",
            path.display()
        )));
    }
    let (target, told) = target(&folder, &assembled, asked)?;
    let windows = folder.journal.windows.iter().filter(|w| w.part == "main");
    let windows = windows.map(|w| Window { from: TimeOfDay(w.from), lasting: Duration(w.lasting) }).collect();
    Ok(Failing { target, told, windows, start })
}

fn target(folder: &Folder, assembled: &Assembled, asked: Option<&str>) -> Result<(Target, String), Failure> {
    let checks = &assembled.report.verdict.checks;
    let no_message = assembled.main.messages.iter().all(|m| m.answer.outcome == Outcome::Answered);
    let check = match asked {
        Some(name) => checks.iter().find(|c| c.figure == name),
        None if no_message => checks.iter().find(|c| broken(c)),
        None => None,
    };
    if let Some(check) = check {
        let (figure, must) = (&check.figure, &check.must);
        if !broken(check) {
            let text =
                format!("{figure} holds: it must be {must} and is {}; name what failed", check.found_text);
            return Err(Failure::new(Exit::Input, text));
        }
        return Ok((Target::Threshold(figure.clone()), format!("{figure} is not {must}")));
    }
    let message = find(folder, assembled, asked)?;
    let answer = &message.answer;
    if answer.outcome == Outcome::Answered {
        let text = format!(
            "{} was answered as it should be; name a message that failed, or the figure of a threshold that does not hold",
            message.name()
        );
        return Err(Failure::new(Exit::Input, text));
    }
    let outcome = answer.outcome.word().to_owned();
    let told = format!("{} is {}", message.name(), outcome.replace('_', " "));
    let (device, signal) = (message.device.clone(), message.signal.clone());
    let deadline = Ms(answer.deadline_us.div_euclid(1_000));
    Ok((Target::Message { outcome, device, signal, due: message.due, deadline }, told))
}
