//! Commands of the gateway to devices, as data and in a sentence.

use std::collections::BTreeSet;

use super::assemble::Names;
use super::folder::{Folder, Journal};
use super::model::{CommandPart, CommandsPart, OwedPart, Spread};
use crate::pairing::{Came, Due, Heard, Told, pair_commands};
use crate::record::{Observation, Withheld};
use crate::verdict::CommandFacts;
use crate::wire::mqtt_json::command_id;

/// Commands told one by one; the counts hold all.
const TOLD: usize = 500;

/// The commands of the main part, paired and named.
pub(super) fn facts(folder: &Folder, names: &Names<'_>) -> CommandFacts {
    let journal = &folder.journal;
    let main = |part: &str| part == "main";
    let owed: Vec<_> = journal.owed.iter().filter(|o| main(&o.part)).cloned().collect();
    let commands: Vec<_> = journal.commands.iter().filter(|c| main(&c.part)).cloned().collect();
    let answered: Vec<_> = journal.answered.iter().filter(|a| main(&a.part)).cloned().collect();
    let expected: Vec<_> = journal.expected.iter().filter(|e| main(&e.part)).cloned().collect();
    let left: Vec<_> = journal.left.iter().filter(|l| main(&l.part)).cloned().collect();
    let withheld: Vec<_> = journal.withheld.iter().filter(|w| main(&w.part)).cloned().collect();
    let paired = pair_commands(Heard {
        run: names.run,
        owed: &owed,
        commands: &commands,
        answered: &answered,
        expected: &expected,
        left: &left,
        withheld: &withheld,
        listened_until_us: journal.listened_until_us(),
    });
    CommandFacts {
        owed: paired.due.iter().map(|due| owed_name(due, names)).collect(),
        told: paired.told.iter().map(|told| told_name(told, names)).collect(),
        paired,
    }
}

fn owed_name(due: &Due, names: &Names<'_>) -> String {
    let all: Vec<String> = due.owed.devices.iter().take(3).map(|d| names.device(*d).0).collect();
    let to = if all.is_empty() { "a device that the kit lacks".to_owned() } else { all.join(" or ") };
    format!("{} to {to} after {}", due.owed.command, names.stimulus(due.owed.stimulus))
}

fn told_name(told: &Told, names: &Names<'_>) -> String {
    let command = &told.command;
    let word = if command.command.is_empty() { "what is no command" } else { &command.command };
    let id = command.id.as_ref().map_or(String::new(), |id| format!(" {id}"));
    let why =
        told.answer.as_ref().and_then(|a| a.why.as_ref()).map_or(String::new(), |why| format!(" ({why})"));
    format!("{word}{id} to {}{why}", names.device(command.device).0)
}

/// Whether the gateway passes on what a device said because of a command: by its id, else by device and signal.
pub(super) fn is_of_command(journal: &Journal, names: &Names<'_>, part: &str, seen: &Observation) -> bool {
    let mut said = journal.answered.iter().filter(|a| a.part == part && a.signal.is_some());
    match &seen.correlation {
        Some(id) => said.any(|a| *id == command_id(names.run, a.number)),
        None => said.any(|a| {
            a.signal.as_ref() == Some(&seen.signal)
                && a.executed_us <= seen.received_us
                && names.device(a.device).0 == seen.device
        }),
    }
}

/// Stimuli of a part that were not sent.
pub(super) fn withheld<'a>(journal: &'a Journal, part: &str) -> Vec<&'a Withheld> {
    let mut seen = BTreeSet::new();
    journal.withheld.iter().filter(|w| w.part == part && seen.insert(w.stimulus)).collect()
}

/// The part of the report.
pub(super) fn part(facts: &CommandFacts, names: &Names<'_>) -> CommandsPart {
    let commands = &facts.paired;
    let mut part = CommandsPart {
        received: commands.received(),
        executed: commands.executed(),
        refused: commands.refused(),
        repeated: commands.repeated(),
        unanswered: commands.unanswered(),
        expected: commands.due.len(),
        in_time: commands.count(Came::InTime),
        late: commands.count(Came::Late),
        missed: commands.count(Came::Missed),
        undecidable: commands.count(Came::Undecidable),
        withheld: commands.withheld,
        response_ms: Spread::of(&facts.response()),
        execution_ms: Spread::of(&facts.execution()),
        list: commands.told.iter().take(TOLD).map(|t| command(t, names)).collect(),
        owed: commands.due.iter().zip(&facts.owed).take(TOLD).map(owed).collect(),
        told: String::new(),
    };
    part.told = sentence(&part);
    part
}

fn command(told: &Told, names: &Names<'_>) -> CommandPart {
    let (command, answer) = (&told.command, told.answer.as_ref());
    CommandPart {
        received_us: command.received_us,
        device: names.device(command.device).0,
        command: command.command.clone(),
        id: command.id.clone(),
        cause: told.cause.map(|id| names.stimulus(id)),
        link: command.link.clone(),
        response_ms: told.response_us.map(|us| us as f64 / 1000.0),
        execution_ms: told.execution_us().map(|us| us as f64 / 1000.0),
        ok: answer.map(|a| a.ok),
        repeated: answer.is_some_and(|a| a.repeated),
        state: answer.map_or_else(String::new, |a| a.state.clone()),
        why: answer.and_then(|a| a.why.clone()),
    }
}

fn owed((due, name): (&Due, &String)) -> OwedPart {
    let after = |us: i64| (us - due.owed.intended_us) as f64 / 1000.0;
    OwedPart {
        name: name.clone(),
        outcome: due.came.word().to_owned(),
        deadline_ms: due.owed.deadline_us as f64 / 1000.0,
        response_ms: due.received_us.map(after),
    }
}

fn sentence(part: &CommandsPart) -> String {
    if part.received == 0 && part.expected == 0 && part.withheld == 0 {
        return String::new();
    }
    let counts = |all: &[(usize, &str)]| {
        let shown: Vec<String> =
            all.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        shown.join(", ")
    };
    let mut told = match part.received {
        0 => "no command came".to_owned(),
        n => {
            let became = counts(&[
                (part.executed, "executed"),
                (part.refused, "refused"),
                (part.repeated, "repeated"),
                (part.unanswered, "unanswered"),
            ]);
            format!("{n} came: {became}")
        }
    };
    if part.expected > 0 {
        let owed = counts(&[
            (part.in_time, "in time"),
            (part.late, "late"),
            (part.missed, "missed"),
            (part.undecidable, "undecidable"),
        ]);
        told += &format!("; {} owed: {owed}", part.expected);
    } else {
        told += "; none was owed, so they are not judged";
    }
    if part.withheld > 0 {
        told += &format!(
            "; {} messages were NOT SENT, because the gateway had bypassed or disarmed their zones",
            part.withheld
        );
    }
    told
}
