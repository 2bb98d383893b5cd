//! Commands of the gateway in a story: those that a message caused, and those that nobody knows the cause of.

use super::super::assemble::Assembled;
use super::super::commands::HEAD;
use super::super::tables::Row;
use super::Step;
use crate::record::Micros;

/// What a row of the table of commands has in a column.
fn cell<'a>(row: &'a Row, column: &str) -> &'a str {
    let at = HEAD.iter().position(|name| *name == column);
    at.and_then(|at| row.get(at)).map_or("", String::as_str)
}

/// Commands with the gateway's own id.
pub(super) fn with_id<'a>(assembled: &'a Assembled, id: &str) -> Vec<&'a Row> {
    assembled.commands.iter().filter(|row| !id.is_empty() && cell(row, "id") == id).collect()
}

/// Commands that came because of a message, and those that were owed because of it.
pub(super) fn because_of<'a>(assembled: &'a Assembled, message: &str) -> Vec<&'a Row> {
    assembled.commands.iter().filter(|row| cell(row, "cause") == message).collect()
}

/// The wire id of the message that caused a command, if it is known.
pub(super) fn cause<'a>(row: &'a Row) -> Option<&'a str> {
    Some(cell(row, "cause")).filter(|id| !id.is_empty())
}

/// When it came, µs.
pub(super) fn received_us(row: &Row) -> Option<Micros> {
    cell(row, "received_us").parse().ok()
}

/// What it is called, and what became of it.
pub(super) fn name(row: &Row) -> (String, String) {
    let name = format!("{} {} to {}", cell(row, "command"), cell(row, "id"), cell(row, "device"));
    (name, cell(row, "outcome").to_owned())
}

/// One command as a step, with its time after an instant.
pub(super) fn step(row: &Row, since_us: Micros) -> Step {
    let of = |column: &str| cell(row, column);
    let with = |before: &str, column: &str| match of(column) {
        "" => String::new(),
        some => format!("{before}{some}"),
    };
    let received_us = received_us(row);
    let text = match received_us {
        None => format!(
            "{} to {} was owed within {} ms and did not come ({})",
            of("command"),
            of("device"),
            of("deadline_ms"),
            of("owed")
        ),
        Some(_) => format!(
            "the gateway told {} to {}{} over {}: {}{}{}{}{}{}",
            of("device"),
            of("command"),
            with(" with the id ", "id"),
            of("link"),
            of("outcome"),
            with(", because ", "why"),
            with("; the device is then ", "state"),
            with("; it was owed, and came ", "owed").replace('_', " "),
            with("; it made the device say ", "said"),
            with(", which was ", "said_outcome").replace('_', " ")
        ),
    };
    let after_ms = received_us.map(|at| (at - since_us) as f64 / 1_000.0);
    Step { after_ms, stage: "command", text, bytes: None }
}
