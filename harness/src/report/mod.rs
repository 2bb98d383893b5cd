//! The report of a run, made from its folder. It renders what [`crate::pairing`], [`crate::latency`] and
//! [`crate::verdict`] found and decides nothing itself.

mod assemble;
pub mod baseline;
mod commands;
pub mod compare;
pub mod explain;
pub mod failing;
mod faults;
mod folder;
pub mod github;
mod hlog;
mod html;
mod incidents;
mod junit;
pub mod limit;
mod links;
mod load;
mod looks_like;
mod machine;
pub mod model;
pub mod plan;
pub mod ranking;
mod remarks;
mod rules;
mod stills;
mod tables;
pub mod terminal;
pub(crate) mod told;
mod upstream;
mod usage;
mod write;

use std::path::Path;

use crate::exit::{Exit, Failure};
pub(crate) use folder::scenario_of;
pub use model::{Report, RulePart, RuleStatus};
pub use stills::adopt as adopt_stills;
pub(crate) use write::whole;

impl Report {
    /// The exit code. The worst wins, in this order: interrupted (130), the gateway was lost (4), the harness could
    /// not measure or its journal has no end (6), the verdict is fail (5), all well (0).
    pub fn exit(&self) -> Exit {
        if self.run.interrupted {
            Exit::Interrupted
        } else if self.sut.lost {
            Exit::Sut
        } else if !self.harness.valid || self.partial {
            Exit::Harness
        } else if !self.verdict.pass {
            Exit::Verdict
        } else {
            Exit::Ok
        }
    }
}

/// Reads a run folder, pairs, judges, writes every format into it, and returns the report.
///
/// # Errors
/// When the folder is not a run's (exit 3) or a file cannot be written (exit 6).
pub fn make(folder: &Path) -> Result<Report, Failure> {
    let folder = folder::read(folder)?;
    let mut assembled = assemble::assemble(&folder);
    if let Some(comparison) = baseline::of_run(&folder, &assembled) {
        baseline::apply(&mut assembled, comparison);
    }
    let when =
        hlog::When { began_unix_s: folder.journal.began_unix_s(), lasted_s: assembled.report.run.lasted_s };
    let mut files = vec![("report.json".to_owned(), json(&assembled.report)?.into_bytes())];
    files.push(("junit.xml".into(), junit::render(&assembled.report)?.into_bytes()));
    files.push(("report.html".into(), html::render(&assembled, &folder)?.into_bytes()));
    files.extend(hlog::all(&assembled, when)?);
    files.extend(hlog::of_load(&assembled, when)?);
    files.extend(tables::all(&assembled)?);
    for (name, bytes) in files {
        write::file(&folder.path, &name, &bytes)?;
    }
    Ok(assembled.report)
}

/// `report.json` as text.
///
/// # Errors
/// Only for a bug.
pub fn json(report: &Report) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(report).map_err(|e| write::bug("report.json", e))?;
    Ok(text + "\n")
}

/// The JSON Schema of `report.json` as text.
///
/// # Errors
/// Only for a bug.
pub fn schema() -> Result<String, Failure> {
    schema_of::<Report>()
}

/// The JSON Schema of something that is written, as text.
///
/// # Errors
/// Only for a bug.
pub fn schema_of<T: schemars::JsonSchema>() -> Result<String, Failure> {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let text = serde_json::to_string_pretty(&schema).map_err(|e| write::bug("a schema", e))?;
    Ok(text + "\n")
}
