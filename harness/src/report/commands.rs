//! Commands of the gateway to devices, as data and in a sentence.

use std::collections::{BTreeMap, BTreeSet};

use crate::words::counted;
use palisade_sim::words::{Ms, StimulusId};

use super::assemble::{Names, Part};
use super::folder::{Folder, Journal};
use super::model::{CommandPart, CommandsPart, OwedPart, Spread};
use super::tables::{Row, or_empty};
use crate::pairing::{Came, Due, Heard, Outcome, Told, pair_commands};
use crate::record::{Command, Expected, Micros, Owed, Said, Withheld};
use crate::verdict::{CommandFacts, Message};
use crate::wire::id;

/// Commands told one by one; the counts hold all.
const TOLD: usize = 500;

/// The commands of the main part, paired and named.
pub(super) fn facts(folder: &Folder, names: &Names<'_>, part: &Part) -> CommandFacts {
    let journal = &folder.journal;
    let main = |part: &str| part == "main";
    let owed = owed_since(journal.owed.iter().filter(|o| main(&o.part)), part);
    let commands: Vec<_> = journal.commands.iter().filter(|c| main(&c.part)).cloned().collect();
    let answered: Vec<_> = journal.answered.iter().filter(|a| main(&a.part)).cloned().collect();
    let left: Vec<_> = journal.left.iter().filter(|l| main(&l.part)).cloned().collect();
    let withheld: Vec<_> = journal.withheld.iter().filter(|w| main(&w.part)).cloned().collect();
    let paired = pair_commands(Heard {
        run: names.run,
        owed: &owed,
        commands: &commands,
        answered: &answered,
        expected: &part.expected,
        left: &left,
        withheld: &withheld,
        deaf: &part.deaf,
        listened_until_us: journal.listened_until_us(),
    });
    CommandFacts {
        owed: paired.due.iter().map(|due| owed_name(due, names)).collect(),
        told: paired.told.iter().map(|told| told_name(told, names)).collect(),
        paired,
    }
}

/// What a storm kept or a fault held on its way causes its commands as much later.
fn owed_since<'a>(owed: impl Iterator<Item = &'a Owed>, part: &Part) -> Vec<Owed> {
    let own: BTreeMap<StimulusId, &Expected> = part.expected.iter().map(|one| (one.stimulus, one)).collect();
    let reached = part.messages.iter().filter_map(|m| Some((m.answer.stimulus, m.answer.reached_us?)));
    let reached: BTreeMap<StimulusId, Micros> = reached.collect();
    let since = |owed: &Owed| {
        let began = own.get(&owed.stimulus).map(|one| one.intended_us);
        began.max(reached.get(&owed.stimulus).copied()).unwrap_or(owed.intended_us).max(owed.intended_us)
    };
    let later =
        |owed: &Owed| Owed { deadline_us: owed.deadline_us + since(owed) - owed.intended_us, ..owed.clone() };
    owed.map(later).collect()
}

fn owed_name(due: &Due, names: &Names<'_>) -> String {
    let to = addressees(due, names);
    format!("{} to {to} after {}", due.owed.command, names.stimulus(due.owed.stimulus))
}

fn addressees(due: &Due, names: &Names<'_>) -> String {
    let all: Vec<String> = due.owed.devices.iter().take(3).map(|d| names.device(*d).0).collect();
    if all.is_empty() { "a device that the kit lacks".to_owned() } else { all.join(" or ") }
}

fn told_name(told: &Told, names: &Names<'_>) -> String {
    let command = &told.command;
    let why =
        told.answer.as_ref().and_then(|a| a.why.as_ref()).map_or(String::new(), |why| format!(" ({why})"));
    format!("{} to {}{why}", command_name(command), names.device(command.device).0)
}

/// What devices said because of commands in the main part: the command's name, and the time of day.
pub(super) fn said(journal: &Journal) -> BTreeMap<StimulusId, (&Said, String, Ms)> {
    let commands: BTreeMap<u32, &Command> =
        journal.commands.iter().filter(|c| c.part == "main").map(|c| (c.number, c)).collect();
    let main = journal.said.iter().filter(|s| s.part == "main");
    let told = main.map(|said| {
        let command = commands.get(&said.number);
        let name = command.map_or_else(|| format!("number {}", said.number), |c| command_name(c));
        (said.stimulus, (said, name, journal.time_of_day(said.at_us)))
    });
    told.collect()
}

/// Word and id of a command.
fn command_name(command: &Command) -> String {
    let word = if command.command.is_empty() { "what is no command" } else { &command.command };
    let id = command.id.as_ref().map_or(String::new(), |id| format!(" {id}"));
    format!("{word}{id}")
}

/// Stimuli of a part that were not sent.
pub(super) fn withheld<'a>(journal: &'a Journal, part: &str) -> Vec<&'a Withheld> {
    let mut seen = BTreeSet::new();
    journal.withheld.iter().filter(|w| w.part == part && seen.insert(w.stimulus)).collect()
}

/// Columns of the table of commands: one row for each that came, in order of reception, then one for each that was owed
/// and did not come. `cause` and `said` are ids of the table of messages.
pub(super) const HEAD: [&str; 17] = [
    "id",
    "device",
    "command",
    "link",
    "cause",
    "received_us",
    "executed_us",
    "answered_us",
    "response_ms",
    "execution_ms",
    "outcome",
    "state",
    "why",
    "owed",
    "deadline_ms",
    "said",
    "said_outcome",
];

/// Rows of the table of commands.
pub(super) fn rows(facts: &CommandFacts, names: &Names<'_>, messages: &[Message]) -> Vec<Row> {
    let said = Consequences::of(messages);
    let told = facts.paired.told.iter().map(|told| {
        let due = facts.paired.due.iter().filter(|due| due.by == Some(told.command.number));
        told_row(told, due.min_by_key(|due| due.came), names, said.of_command(told))
    });
    let open = facts.paired.due.iter().filter(|due| due.by.is_none());
    told.chain(open.map(|due| open_row(due, names))).collect()
}

fn told_row(told: &Told, due: Option<&Due>, names: &Names<'_>, said: Option<&Message>) -> Row {
    let (command, answer) = (&told.command, told.answer.as_ref());
    let ms = |us: i64| us as f64 / 1000.0;
    vec![
        command.id.clone().unwrap_or_default(),
        names.device(command.device).0,
        command.command.clone(),
        command.link.clone(),
        or_empty(told.cause.map(|id| names.wire_id(id))),
        command.received_us.to_string(),
        or_empty(answer.map(|a| a.executed_us)),
        or_empty(answer.and_then(|a| a.answered_us)),
        or_empty(told.response_us.map(ms)),
        or_empty(told.execution_us().map(ms)),
        told.outcome().to_owned(),
        or_empty(answer.map(|a| a.state.clone())),
        or_empty(answer.and_then(|a| a.why.clone())),
        or_empty(due.map(|due| due.came.word())),
        or_empty(due.map(|due| ms(due.owed.deadline_us))),
        or_empty(said.map(|m| m.id.clone())),
        or_empty(said.map(|m| m.answer.outcome.word())),
    ]
}

/// A command that was owed and did not come.
fn open_row(due: &Due, names: &Names<'_>) -> Row {
    let mut row = vec![String::new(); HEAD.len()];
    let filled = [
        ("device", addressees(due, names)),
        ("command", due.owed.command.clone()),
        ("cause", names.wire_id(due.owed.stimulus)),
        ("outcome", "did_not_come".to_owned()),
        ("owed", due.came.word().to_owned()),
        ("deadline_ms", (due.owed.deadline_us as f64 / 1000.0).to_string()),
    ];
    for (column, text) in filled {
        if let Some(at) = HEAD.iter().position(|name| *name == column) {
            row[at] = text;
        }
    }
    row
}

/// What devices said because of commands, and what became of it.
struct Consequences<'a>(BTreeMap<StimulusId, &'a Message>);

impl<'a> Consequences<'a> {
    fn of(messages: &'a [Message]) -> Consequences<'a> {
        let caused = messages.iter().filter(|m| id::is_of_command(m.answer.stimulus));
        Consequences(caused.map(|m| (m.answer.stimulus, m)).collect())
    }

    /// How many there were, and how many the gateway answered; nothing when there was none.
    fn sentence(&self) -> String {
        let all = self.0.len();
        let answered = self.0.values().filter(|m| m.answer.outcome == Outcome::Answered).count();
        if all == 0 {
            return String::new();
        }
        format!("; what they made devices say is judged like any message: {answered} of {all} answered")
    }

    fn of_command(&self, told: &Told) -> Option<&'a Message> {
        self.0.get(&id::of_command(told.command.number)).copied()
    }
}

/// The part of the report.
pub(super) fn part(facts: &CommandFacts, names: &Names<'_>, messages: &[Message]) -> CommandsPart {
    let commands = &facts.paired;
    let said = Consequences::of(messages);
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
        list: commands.told.iter().take(TOLD).map(|t| command(t, names, said.of_command(t))).collect(),
        owed: commands.due.iter().zip(&facts.owed).take(TOLD).map(owed).collect(),
        told: String::new(),
    };
    part.told = sentence(&part) + &said.sentence();
    part
}

fn command(told: &Told, names: &Names<'_>, said: Option<&Message>) -> CommandPart {
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
        said: said.map(|m| m.signal.clone()),
        said_outcome: said.map(|m| m.answer.outcome.word().to_owned()),
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
            "; NOT SENT, because the gateway had bypassed or disarmed its zone: {}",
            counted(part.withheld, "message")
        );
    }
    told
}
