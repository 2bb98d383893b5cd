//! The rows of the table, for the terminal and the page alike: figures turned into text.

use std::collections::BTreeSet;

use palisade_sim::words::Ms;
use serde::Serialize;

use super::model::{Comparison, RunColumn, Times};
use crate::report::terminal::ms;

/// Said where a row does not apply to a run.
const NOT_APPLICABLE: &str = "n/a";

/// A group of rows under a heading.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Group {
    pub(super) title: &'static str,
    /// What kind of number its rows are.
    pub(super) how: &'static str,
    pub(super) rows: Vec<Row>,
}

/// One figure of each run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) cells: Vec<Cell>,
}

/// A figure for a reader.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Cell {
    pub(super) text: String,
    /// True when it speaks against the run.
    pub(super) fault: bool,
}

pub(super) fn groups(comparison: &Comparison) -> Vec<Group> {
    let runs = &comparison.runs;
    let told = |r: &RunColumn| r.commands_received + r.commands_expected > 0;
    let mut groups = vec![
        Group { title: "Run", how: "", rows: heads(runs) },
        Group { title: "Answers", how: "measured", rows: answers(runs) },
        Group { title: "Manner", how: "measured", rows: manner(runs) },
        Group { title: "Response, ms: p50 / p99 / max", how: "measured", rows: responses(runs) },
        Group { title: "Harness, ms: p50 / p99", how: "measured", rows: harness(runs) },
        Group { title: "What was driven", how: "computed", rows: driven(comparison) },
    ];
    if runs.iter().any(told) {
        groups.insert(4, Group { title: "Commands", how: "measured", rows: commands(runs) });
    }
    groups
}

fn row(label: &str, runs: &[RunColumn], cell: impl Fn(&RunColumn) -> Cell) -> Row {
    Row { label: label.to_owned(), cells: runs.iter().map(cell).collect() }
}

fn plain(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), fault: false }
}

fn heads(runs: &[RunColumn]) -> Vec<Row> {
    let verdict = |r: &RunColumn| {
        let partial = if r.partial { ", partial" } else { "" };
        let exit = if r.exit == 0 { String::new() } else { format!(" (exit {})", r.exit) };
        Cell { text: format!("{}{exit}{partial}", r.verdict.to_uppercase()), fault: r.verdict != "pass" }
    };
    let mut rows = vec![
        row("gateway", runs, |r| plain(&r.gateway)),
        row("folder", runs, |r| plain(&r.folder)),
        row("verdict", runs, verdict),
    ];
    if runs.iter().any(|r| !r.why.is_empty()) {
        let short = |text: &str| match text.char_indices().nth(150) {
            Some((at, _)) => format!("{} …", &text[..at]),
            None => text.to_owned(),
        };
        rows.push(row("why", runs, |r| plain(short(&r.why))));
    }
    rows
}

fn answers(runs: &[RunColumn]) -> Vec<Row> {
    type Count = fn(&RunColumn) -> usize;
    let counts: [(&str, bool, Count); 10] = [
        ("expected", false, |r| r.outcomes.expected),
        ("answered", false, |r| r.outcomes.answered),
        ("late", true, |r| r.outcomes.late),
        ("missed", true, |r| r.outcomes.missed),
        ("duplicate", true, |r| r.outcomes.duplicate),
        ("wrong", true, |r| r.outcomes.wrong),
        ("out of order", true, |r| r.outcomes.out_of_order),
        ("undecidable", true, |r| r.outcomes.undecidable),
        ("spurious", true, |r| r.outcomes.spurious),
        ("false alarms", false, |r| r.outcomes.false_alarm),
    ];
    let cell = |bad: bool, n: usize| Cell { text: n.to_string(), fault: bad && n > 0 };
    counts.into_iter().map(|(label, bad, count)| row(label, runs, |r| cell(bad, count(r)))).collect()
}

/// How devices' messages got to the gateway, and how its answers were found: what must be alike where times are compared.
fn manner(runs: &[RunColumn]) -> Vec<Row> {
    let joined = |parts: Vec<String>| {
        if parts.is_empty() { plain(NOT_APPLICABLE) } else { plain(parts.join(", ")) }
    };
    let delivery = |r: &RunColumn| {
        let published = r.published_by_qos.iter().map(|(qos, count)| format!("{count} by MQTT at QoS {qos}"));
        let polled = r.polled.iter().filter(|polled| polled.messages > 0).map(|polled| {
            let (from, to) = (ms(Some(polled.shortest_ms)), ms(Some(polled.longest_ms)));
            let every = if from == to { from } else { format!("{from} to {to}") };
            format!("{} polled every {every} ms", polled.messages)
        });
        joined(published.chain(polled).collect())
    };
    let found_by = |r: &RunColumn| {
        let ways = [
            (r.found_by.id, "by id"),
            (r.found_by.order, "by device, signal and order"),
            (r.found_by.window, "by device and time"),
        ];
        let used = ways.into_iter().filter(|(count, _)| *count > 0);
        joined(used.map(|(count, way)| format!("{count} {way}")).collect())
    };
    vec![row("delivery", runs, delivery), row("answers found", runs, found_by)]
}

fn times(times: Times) -> Cell {
    match times.max {
        None => plain(NOT_APPLICABLE),
        Some(_) => plain(format!("{} / {} / {}", ms(times.p50), ms(times.p99), ms(times.max))),
    }
}

fn responses(runs: &[RunColumn]) -> Vec<Row> {
    let classes: BTreeSet<&String> = runs.iter().flat_map(|r| r.by_class.keys()).collect();
    let of_class = |class: &String| {
        row(&class.replace('_', " "), runs, |r| {
            let Some(found) = r.by_class.get(class) else { return plain(NOT_APPLICABLE) };
            if found.response_ms.max.is_some() {
                return times(found.response_ms);
            }
            Cell { text: format!("none of {} came", found.expected), fault: true }
        })
    };
    let all = row("all classes", runs, |r| match (r.response_ms.max, r.outcomes.expected) {
        (None, expected @ 1..) => Cell { text: format!("none of {expected} came"), fault: true },
        _ => times(r.response_ms),
    });
    std::iter::once(all).chain(classes.into_iter().map(of_class)).collect()
}

fn commands(runs: &[RunColumn]) -> Vec<Row> {
    let owed = |r: &RunColumn| match (r.commands_expected, r.commands_missed) {
        (0, _) => plain(NOT_APPLICABLE),
        (all, missed) => Cell { text: format!("{missed} of {all}"), fault: missed > 0 },
    };
    vec![
        row("received", runs, |r| plain(r.commands_received.to_string())),
        row("owed and missed", runs, owed),
        row("after the alarm", runs, |r| times(r.commands_response_ms)),
    ]
}

fn harness(runs: &[RunColumn]) -> Vec<Row> {
    let floor = |r: &RunColumn| match r.floor_ms.p50 {
        None => plain("not measured"),
        Some(_) => plain(format!("{} / {}", ms(r.floor_ms.p50), ms(r.floor_ms.p99))),
    };
    let lateness = |r: &RunColumn| match r.lateness_p99_ms {
        None => plain(NOT_APPLICABLE),
        p99 => Cell { text: format!("{} / {}", ms(r.lateness_p50_ms), ms(p99)), fault: r.verdict == "void" },
    };
    vec![row("harness's echo", runs, floor), row("lateness", runs, lateness)]
}

fn driven(comparison: &Comparison) -> Vec<Row> {
    let runs = &comparison.runs;
    let tape = |r: &RunColumn| Cell {
        text: r.tape.get(..12).unwrap_or("none").to_owned(),
        fault: !comparison.same_tape,
    };
    let windows = |r: &RunColumn| {
        let from = |w: &[i64; 2]| Ms(w[0]).to_string().trim_end_matches(".000").to_owned();
        let each: Vec<String> =
            r.windows_ms.iter().take(3).map(|w| format!("{}+{}s", from(w), w[1] / 1000)).collect();
        let more = r.windows_ms.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = if each.is_empty() { "none".to_owned() } else { each.join(" ") + &more };
        Cell { text, fault: !comparison.same_windows }
    };
    vec![
        row("scenario, seed", runs, |r| plain(format!("{}, {}", r.scenario, r.seed))),
        row("tape", runs, tape),
        row("windows", runs, windows),
    ]
}
