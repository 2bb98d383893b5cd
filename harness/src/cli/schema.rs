//! `palisade schema`: prints a JSON Schema.

use clap::ValueEnum;

use super::say::print;
use super::{Exit, Failure};

/// Options of `palisade schema`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which schema.
    pub name: Name,
}

/// The schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Of a scenario file.
    Scenario,
    /// Of a contract with a gateway.
    Contract,
    /// Of a load shape.
    Shape,
    /// Of a file of faults.
    Fault,
    /// Of a run's `report.json`.
    Report,
    /// Of a plan's `report.json`.
    Plan,
    /// Of `palisade explain --output-format json`.
    Explain,
    /// Of what `palisade run --find-limit` writes and prints (`limit.json`).
    Limit,
    /// Of the matrix that `palisade defects --output-format json` prints.
    Defects,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let text = match args.name {
        Name::Scenario => format!("{:#}\n", palisade_sim::model::schema::scenario_schema()),
        Name::Contract => format!("{:#}\n", crate::contract::schema()),
        Name::Shape => format!("{:#}\n", crate::shape::schema()),
        Name::Fault => format!("{:#}\n", crate::fault::schema()),
        Name::Report => crate::report::schema()?,
        Name::Plan => crate::report::plan::schema()?,
        Name::Explain => crate::report::schema_of::<crate::report::explain::Explanation>()?,
        Name::Limit => crate::report::schema_of::<crate::report::limit::Limit>()?,
        Name::Defects => crate::report::schema_of::<crate::defects::Matrix>()?,
    };
    print(&text)?;
    Ok(Exit::Ok)
}
