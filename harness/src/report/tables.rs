//! Tables as CSV, for a spreadsheet: one row a message, an incident, a device, a command.

use palisade_sim::words::Ms;

use super::Report;
use super::assemble::Assembled;
use super::commands;
use super::incidents::word;
use super::write::bug;
use crate::exit::Failure;

pub(super) type Row = Vec<String>;

/// All tables: name and content.
pub(super) fn all(assembled: &Assembled) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let report = &assembled.report;
    Ok(vec![
        ("tables/messages.csv".into(), csv(&MESSAGES, messages(assembled))?),
        ("tables/incidents.csv".into(), csv(&INCIDENTS, incidents(report))?),
        ("tables/devices.csv".into(), csv(&DEVICES, devices(report))?),
        ("tables/commands.csv".into(), csv(&commands::HEAD, assembled.commands.clone())?),
    ])
}

fn csv(head: &[&str], rows: Vec<Row>) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head).map_err(|e| bug("a table", e))?;
    for row in rows {
        writer.write_record(row).map_err(|e| bug("a table", e))?;
    }
    writer.into_inner().map_err(|e| bug("a table", e))
}

const MESSAGES: [&str; 13] = [
    "part",
    "id",
    "device",
    "class",
    "signal",
    "severity",
    "due",
    "outcome",
    "intended_us",
    "left_us",
    "observed_us",
    "answers",
    "because",
];

fn messages(assembled: &Assembled) -> Vec<Row> {
    let parts = [("main", &assembled.main), ("floor", &assembled.floor)];
    let rows = parts.into_iter().flat_map(|(part, p)| p.messages.iter().map(move |m| (part, m)));
    rows.map(|(part, m)| {
        let a = &m.answer;
        vec![
            part.to_owned(),
            m.id.clone(),
            m.device.clone(),
            m.class.clone(),
            m.signal.clone(),
            word(&a.severity),
            m.due.to_string(),
            a.outcome.word().to_owned(),
            a.intended_us.to_string(),
            or_empty(a.left_us),
            or_empty(a.observed_us),
            a.answers.to_string(),
            or_empty(m.because.as_deref()),
        ]
    })
    .collect()
}

const INCIDENTS: [&str; 14] = [
    "id",
    "kind",
    "gravity",
    "origin",
    "began",
    "ended",
    "east_m",
    "north_m",
    "actor",
    "outcome",
    "detected",
    "messages",
    "latency_ms",
    "why_no_latency",
];

fn incidents(report: &Report) -> Vec<Row> {
    let row = |i: &super::model::IncidentPart| {
        vec![
            i.id.to_string(),
            word(&i.kind),
            word(&i.gravity),
            word(&i.origin),
            Ms(i.began_ms).to_string(),
            i.ended_ms.map_or_else(String::new, |t| Ms(t).to_string()),
            i.at_m[0].to_string(),
            i.at_m[1].to_string(),
            i.actor.clone(),
            i.outcome.clone(),
            i.detected.to_string(),
            i.messages.to_string(),
            or_empty(i.latency_ms),
            i.why_no_latency.clone().unwrap_or_default(),
        ]
    };
    report.incidents.iter().map(row).collect()
}

const DEVICES: [&str; 19] = [
    "id",
    "class",
    "east_m",
    "north_m",
    "up_m",
    "stimuli",
    "expected",
    "answered",
    "late",
    "missed",
    "duplicate",
    "wrong",
    "out_of_order",
    "undecidable",
    "response_count",
    "response_p50_ms",
    "response_p90_ms",
    "response_p99_ms",
    "response_max_ms",
];

fn devices(report: &Report) -> Vec<Row> {
    let row = |d: &super::model::DevicePart| {
        let (o, r) = (&d.outcomes, &d.response_ms);
        let mut row = vec![d.id.clone(), d.class.clone()];
        row.extend(d.at_m.iter().map(f64::to_string));
        row.extend(
            [d.stimuli, o.expected, o.answered, o.late, o.missed, o.duplicate, o.wrong, o.out_of_order]
                .map(|n| n.to_string()),
        );
        row.extend([o.undecidable.to_string(), r.count.to_string()]);
        row.extend([r.p50, r.p90, r.p99, r.max].map(or_empty));
        row
    };
    report.devices.iter().map(row).collect()
}

pub(super) fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |v| v.to_string())
}
