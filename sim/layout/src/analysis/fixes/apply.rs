//! A fix as keys of the scenario, old and new, and how it is applied.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::super::answer::{Change, Fix, Table};
use crate::model::{Scenario, devices};

/// Why a fix cannot be applied to a layout.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// What is to be changed is not there, or what is to be added is there already.
    #[error("{id}: `{key}` is not what the fix starts from; plan this layout again and take its own fix")]
    Other {
        /// The device, tree or lamp.
        id: String,
        /// The key.
        key: String,
    },
    /// The keys make no device, tree or lamp.
    #[error("{id}: {why}; plan this layout again and take its own fix")]
    Wrong {
        /// The device, tree or lamp.
        id: String,
        /// What is wrong.
        why: String,
    },
}

/// The layout with a fix applied.
///
/// # Errors
/// When the layout is not the one that the fix was made for.
pub fn apply(fix: &Fix, layout: &Scenario) -> Result<Scenario, Unfit> {
    let mut fixed = layout.clone();
    let id = fix.device.as_str();
    match fix.change.first().map(|change| change.table) {
        Some(Table::Tree) => {
            let found = fixed.site.trees.iter_mut().find(|tree| tree.id == fix.device);
            let tree = found.ok_or_else(|| Unfit::Other { id: id.to_owned(), key: "id".into() })?;
            *tree = changed(Some(tree), &fix.change, id)?;
        }
        Some(Table::Lamp) => {
            if fixed.site.lamps.iter().any(|lamp| lamp.id == fix.device) {
                return Err(Unfit::Other { id: id.to_owned(), key: "id".into() });
            }
            fixed.site.lamps.push(changed(None, &fix.change, id)?);
        }
        _ => {
            let cameras = &mut fixed.file.kit.camera;
            match cameras.iter_mut().find(|camera| camera.id == fix.device) {
                Some(camera) => *camera = changed(Some(camera), &fix.change, id)?,
                None => cameras.push(changed(None, &fix.change, id)?),
            }
        }
    }
    fixed.devices = devices(&fixed.file, &fixed.site);
    Ok(fixed)
}

fn changed<T: Serialize + DeserializeOwned>(
    old: Option<&T>,
    change: &[Change],
    id: &str,
) -> Result<T, Unfit> {
    let wrong = |why: serde_json::Error| Unfit::Wrong { id: id.to_owned(), why: why.to_string() };
    let mut keys = keys_of(old).map_err(wrong)?;
    for step in change {
        if said(&keys, &step.key).as_ref() != step.old.as_ref() {
            return Err(Unfit::Other { id: id.to_owned(), key: step.key.clone() });
        }
        keys.insert(step.key.clone(), step.new.clone());
    }
    serde_json::from_value(Value::Object(keys)).map_err(wrong)
}

fn keys_of<T: Serialize>(row: Option<&T>) -> Result<Map<String, Value>, serde_json::Error> {
    Ok(match row.map(serde_json::to_value).transpose()? {
        Some(Value::Object(keys)) => keys,
        _ => Map::new(),
    })
}

/// What a row says of a key; nothing where it says nothing.
fn said(keys: &Map<String, Value>, key: &str) -> Option<Value> {
    keys.get(key).filter(|value| !value.is_null()).cloned()
}

/// The keys in which two rows differ; all keys of a new row.
pub(super) fn changes<T: Serialize>(table: Table, id: &str, old: Option<&T>, new: &T) -> Vec<Change> {
    let (Ok(old), Ok(new)) = (keys_of(old), keys_of(Some(new))) else { return Vec::new() };
    let differs = |(key, new): (String, Value)| {
        let old = said(&old, &key);
        let says = old.is_some() || !new.is_null();
        (says && old.as_ref() != Some(&new)).then(|| Change { table, id: id.into(), key, old, new })
    };
    new.into_iter().filter_map(differs).collect()
}
