//! Figures of commands: `commands.missed`, `commands.refused`, `commands.response.p99`, and why they do not hold.

use super::figure::{Figure, What, of_series};
use super::reason::list;
use crate::latency::Series;
use crate::pairing::{Came, Commands, Told};

/// The commands of the main part with the names that a reader needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandFacts {
    /// What was paired.
    pub paired: Commands,
    /// Each owed command with the name of its cause, in the order of `paired.due`.
    pub owed: Vec<String>,
    /// Each command that came, in the order of `paired.told`.
    pub told: Vec<String>,
}

impl CommandFacts {
    /// From the intended instant of the alarm that caused a command to its reception, all with a known cause. One that
    /// came again is not among them.
    pub fn response(&self) -> Series {
        let again = |t: &&Told| t.answer.as_ref().is_some_and(|a| a.repeated);
        series(self.paired.told.iter().filter(|t| !again(t)).filter_map(|t| t.response_us))
    }

    /// From the reception of a command to its execution, all that were executed.
    pub fn execution(&self) -> Series {
        series(self.paired.told.iter().filter_map(Told::execution_us))
    }
}

fn series(samples: impl Iterator<Item = i64>) -> Series {
    let mut series = Series::default();
    samples.for_each(|us| series.take(us));
    series
}

/// The figure `commands.<rest>`; nothing when there is no such name.
pub(super) fn figure(rest: &str, facts: &CommandFacts) -> Option<Figure> {
    let commands = &facts.paired;
    let figure =
        |what, value, why_not: &str| Figure { class: None, what, value, why_not: why_not.to_owned() };
    if let Some((path, which)) = rest.split_once('.') {
        let series = match path {
            "response" => facts.response(),
            "execution" => facts.execution(),
            _ => return None,
        };
        let (value, why_not) = of_series(&series, which)?;
        let why_not = why_not.unwrap_or(if path == "response" {
            "no command came whose cause is known".into()
        } else {
            "no command was executed".into()
        });
        return Some(figure(What::CommandTime(path.to_owned()), value, &why_not));
    }
    let count = match rest {
        "received" => commands.received(),
        "executed" => commands.executed(),
        "refused" => commands.refused(),
        "repeated" => commands.repeated(),
        "unanswered" => commands.unanswered(),
        "expected" => commands.due.len(),
        "late" => commands.count(Came::Late),
        "missed" => commands.count(Came::Missed),
        "withheld" => commands.withheld,
        _ => return None,
    };
    Some(figure(What::Command(rest.to_owned()), Some(count as f64), ""))
}

/// Why a count of commands does not hold, with names.
pub(super) fn sentence(word: &str, found: &str, must: &str, facts: &CommandFacts) -> String {
    let commands = &facts.paired;
    let owed = |came: Came| {
        let named = commands.due.iter().zip(&facts.owed).filter(|(due, _)| due.came == came);
        list(&named.map(|(_, name)| name.clone()).collect::<Vec<_>>())
    };
    let told = |of: fn(&Told) -> bool| {
        let named = commands.told.iter().zip(&facts.told).filter(|(told, _)| of(told));
        list(&named.map(|(_, name)| name.clone()).collect::<Vec<_>>())
    };
    let all = commands.due.len();
    match word {
        "missed" => format!(
            "{found} of {all} commands that were owed never came (must be {must}): {}",
            owed(Came::Missed)
        ),
        "late" => format!(
            "{found} of {all} commands that were owed came late (must be {must}): {}",
            owed(Came::Late)
        ),
        "refused" => {
            let refused = told(|t| t.answer.as_ref().is_some_and(|a| !a.ok && !a.repeated));
            format!("{found} commands were refused (must be {must}): {refused}")
        }
        "repeated" => {
            let again = told(|t| t.answer.as_ref().is_some_and(|a| a.repeated));
            format!("{found} commands came again (must be {must}): {again}")
        }
        "unanswered" => {
            let open = told(|t| t.answer.is_none());
            format!("{found} commands had no answer when the run ended (must be {must}): {open}")
        }
        "withheld" => format!(
            "{found} messages were not sent, because the gateway had bypassed or disarmed their zones (must be {must})"
        ),
        _ => format!("commands.{word} is {found}, must be {must}"),
    }
}
