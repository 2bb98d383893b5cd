//! Answers that the page has no section of its own for, as plain tables: what the report holds is never left out.

use palisade_layout::analysis::PlanReport;
use serde::Serialize;
use serde_json::{Map, Value};

/// Members of the report that the page tells in sections of its own.
const TOLD: [&str; 23] = [
    "format",
    "scenario",
    "coverage",
    "coverage_night",
    "public_ground_m2",
    "gaps",
    "small_gaps",
    "gaps_night",
    "small_gaps_night",
    "measures",
    "cheapest",
    "grid",
    "perimeter",
    "rules",
    "what_if",
    "what_if_asked",
    "facade",
    "detection",
    "privacy",
    "beams",
    "tiers",
    "cells",
    "against",
];
/// Rows of a table at most; the report holds all.
const ROWS: usize = 40;

/// One answer as a table.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Table {
    /// The member of the report.
    name: String,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Rows that are not shown.
    left: usize,
}

/// A table for each other member of the report that holds anything.
pub(super) fn tables(report: &PlanReport) -> Vec<Table> {
    // The grid is large and told by the map.
    let slim = PlanReport {
        answer: palisade_layout::analysis::answer::PlanAnswer {
            grid: palisade_layout::analysis::answer::Grid::default(),
            ..report.answer.clone()
        },
        ..report.clone()
    };
    let Ok(Value::Object(members)) = serde_json::to_value(slim) else { return Vec::new() };
    let others = members.into_iter().filter(|(name, _)| !TOLD.contains(&name.as_str()));
    others.filter_map(|(name, value)| table(name, value)).collect()
}

fn table(name: String, value: Value) -> Option<Table> {
    let items = match value {
        Value::Array(items) => items,
        Value::Null => return None,
        Value::Object(members) if members.values().all(Value::is_object) => {
            members.into_iter().map(|(key, value)| with_key(key, value)).collect()
        }
        other => vec![other],
    };
    let mut heads: Vec<String> = Vec::new();
    for key in items.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        if !heads.contains(key) {
            heads.push(key.clone());
        }
    }
    if heads.is_empty() {
        return None;
    }
    let left = items.len().saturating_sub(ROWS);
    let row = |item: &Value| heads.iter().map(|head| item.get(head).map_or_else(String::new, text)).collect();
    let rows = items.iter().take(ROWS).map(row).collect();
    Some(Table {
        name: name.replace('_', " "),
        heads: heads.iter().map(|h| h.replace('_', " ")).collect(),
        rows,
        left,
    })
}

/// An object of objects becomes rows that say their key first.
fn with_key(key: String, value: Value) -> Value {
    let mut row = Map::from_iter([("key".to_owned(), Value::String(key))]);
    if let Value::Object(members) = value {
        row.extend(members);
    }
    Value::Object(row)
}

/// A value in a cell: figures with two places, lists by their length where they are long.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(n) => {
            n.as_f64().map_or_else(|| n.to_string(), |x| format!("{}", (x * 100.0).round() / 100.0))
        }
        Value::Array(items) if items.len() > 4 || items.iter().any(|i| i.is_array() || i.is_object()) => {
            format!("{} entries", items.len())
        }
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(members) => members
            .iter()
            .map(|(k, v)| format!("{} {}", k.replace('_', " "), text(v)))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Bool(flag) => flag.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_becomes_a_table_whatever_its_shape() {
        let made = |value: Value| table("what_if".into(), value).map(|t| (t.name, t.heads, t.rows, t.left));
        let rows = made(json!([{ "id": "a", "lost_m2": 1.234 }, { "id": "b", "why": ["x", "y"] }]));
        let heads = ["id", "lost m2", "why"].map(String::from).to_vec();
        let cells = [["a", "1.23", ""], ["b", "", "x, y"]].map(|r| r.map(String::from).to_vec()).to_vec();
        assert_eq!(rows, Some(("what if".into(), heads, cells, 0)));
        let keyed = made(json!({ "basic": { "pass": 3 } })).expect("a table");
        assert_eq!(keyed.1, ["key", "pass"]);
        let long = made(Value::Array(vec![json!({ "n": 1 }); 50])).expect("a table");
        assert_eq!((long.2.len(), long.3), (ROWS, 10));
        assert_eq!(made(json!([])), None);
        assert_eq!(made(Value::Null), None);
    }
}
