//! What was put up, taken down, moved and set otherwise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::conditions::Conditions;
use super::Side;
use crate::model::Scenario;
use crate::words::Id;

/// What became of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The old plan does not have it.
    Added,
    /// The new plan does not have it.
    Removed,
    /// Both have it, with other keys.
    Changed,
}

/// A row of the kit that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceChange {
    /// Its table of the kit.
    pub table: String,
    /// Its name.
    pub id: Id,
    /// What became of it.
    pub fate: Fate,
    /// Where it was and where it is, local metres; nothing for what has no place.
    pub at_m: super::Two<Option<[f64; 2]>>,
    /// The keys that differ; none for a row that only one plan has.
    pub keys: Vec<KeyChange>,
}

/// A key that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeyChange {
    /// The key.
    pub key: String,
    /// What it said and says; null where it is not there.
    pub value: super::Two<Value>,
}

/// Something that stands on the site and differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThingChange {
    /// What it is: `tree`, `wall`, `building`.
    pub kind: String,
    /// Its name.
    pub id: Id,
    /// What became of it.
    pub fate: Fate,
}

/// Every row of the kit that differs, table by table.
pub(super) fn devices(before: &Scenario, after: &Scenario) -> Vec<DeviceChange> {
    let (old, new) = (tables(before), tables(after));
    let mut found = Vec::new();
    for (table, rows) in &new {
        let (Value::Array(rows), Some(Value::Array(earlier))) = (rows, old.get(table)) else { continue };
        let named = |rows: &[Value], id: &str| rows.iter().find(|r| id_of(r) == id).cloned();
        for row in rows {
            let id = id_of(row);
            match named(earlier, id) {
                None => found.push(device(table, id, Fate::Added, Vec::new(), [before, after])),
                Some(then) if then != *row => {
                    found.push(device(table, id, Fate::Changed, keys(&then, row), [before, after]));
                }
                Some(_) => {}
            }
        }
        let gone = earlier.iter().map(id_of).filter(|id| named(rows, id).is_none());
        found.extend(gone.map(|id| device(table, id, Fate::Removed, Vec::new(), [before, after])));
    }
    found
}

fn tables(scenario: &Scenario) -> Map<String, Value> {
    match serde_json::to_value(&scenario.file.kit) {
        Ok(Value::Object(tables)) => tables,
        _ => Map::new(),
    }
}

fn id_of(row: &Value) -> &str {
    row.get("id").and_then(Value::as_str).unwrap_or_default()
}

fn device(table: &str, id: &str, fate: Fate, keys: Vec<KeyChange>, plans: [&Scenario; 2]) -> DeviceChange {
    let at = |scenario: &Scenario| {
        scenario.device_by_id(id).map(|ix| scenario.device(ix).at_m).map(|[x, y, _]| [x, y])
    };
    let [before, after] = plans.map(at);
    DeviceChange { table: table.to_owned(), id: id.into(), fate, at_m: super::Two { before, after }, keys }
}

/// The keys in which two rows differ.
fn keys(then: &Value, now: &Value) -> Vec<KeyChange> {
    let (Value::Object(then), Value::Object(now)) = (then, now) else { return Vec::new() };
    let mut names: Vec<&String> = then.keys().chain(now.keys()).collect();
    names.sort();
    names.dedup();
    let change = |key: &String| {
        let value = |row: &Map<String, Value>| row.get(key).cloned().unwrap_or(Value::Null);
        let (before, after) = (value(then), value(now));
        let value = super::Two { before, after };
        (value.before != value.after).then(|| KeyChange { key: key.clone(), value })
    };
    names.into_iter().filter_map(change).collect()
}

/// Everything that stands on the site and differs, kind by kind.
pub(super) fn things(before: &Scenario, after: &Scenario) -> Vec<ThingChange> {
    let (old, new) = (&before.site, &after.site);
    let mut found = Vec::new();
    compare("compound", (&old.compounds, &new.compounds), |c| &c.id, &mut found);
    compare("building", (&old.buildings, &new.buildings), |b| &b.id, &mut found);
    compare("entrance", (&old.entrances, &new.entrances), |e| &e.id, &mut found);
    compare("wall", (&old.walls, &new.walls), |w| &w.id, &mut found);
    compare("gate", (&old.gates, &new.gates), |g| &g.id, &mut found);
    compare("path", (&old.paths, &new.paths), |p| &p.id, &mut found);
    compare("area", (&old.areas, &new.areas), |a| &a.id, &mut found);
    compare("tree", (&old.trees, &new.trees), |t| &t.id, &mut found);
    compare("lamp", (&old.lamps, &new.lamps), |l| &l.id, &mut found);
    found
}

fn compare<T: PartialEq>(
    kind: &str,
    (old, new): (&[T], &[T]),
    id: fn(&T) -> &Id,
    found: &mut Vec<ThingChange>,
) {
    let mut put =
        |thing: &T, fate| found.push(ThingChange { kind: kind.into(), id: id(thing).clone(), fate });
    for thing in new {
        match old.iter().find(|earlier| id(earlier) == id(thing)) {
            None => put(thing, Fate::Added),
            Some(earlier) if earlier != thing => put(thing, Fate::Changed),
            Some(_) => {}
        }
    }
    old.iter().filter(|t| !new.iter().any(|now| id(now) == id(t))).for_each(|t| put(t, Fate::Removed));
}

/// What else differs and moves figures, as sentences.
pub(super) fn notes(before: &Side, after: &Side) -> Vec<String> {
    let (old, new) = (before.scenario, after.scenario);
    let mut notes = Vec::new();
    if Conditions::of_day(old) != Conditions::of_day(new) {
        notes.push("the days differ in season or fog: figures hold both, the change of the plan and that of the weather".into());
    }
    if old.file.kit.provision != new.file.kit.provision {
        notes.push("[kit.provision] differs: rules about power, records and network may differ".into());
    }
    if old.file.cast.guard != new.file.cast.guard {
        notes.push("the rosters of guards differ; wages are not in the price".into());
    }
    notes
}
