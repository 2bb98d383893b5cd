//! From a text to a checked contract, or to everything that is wrong.

use palisade_sim::contract::Class;
use palisade_sim::model::typed::{self, Problem, Problems, SourceText};
use serde_json::Value;

use super::{Contract, check};

/// What lies around a contract.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Whether a file stands beside it.
    pub beside: &'a dyn Fn(&str) -> bool,
    /// Whether a variable of the environment is set.
    pub set: &'a dyn Fn(&str) -> bool,
    /// The devices of the scenario that it is used with, when that is known.
    pub kit: Option<&'a Kit>,
}

/// The devices of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kit {
    /// Name and class of each, in the order of the scenario.
    pub devices: Vec<(String, Class)>,
}

impl Kit {
    /// Whether one of its devices is of one of these classes.
    pub fn has_one_of(&self, classes: &[Class]) -> bool {
        self.devices.iter().any(|(_, class)| classes.contains(class))
    }
}

/// A contract that can be used.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it says.
    pub contract: Contract,
    /// What is odd about it, with its place.
    pub warnings: Problems,
}

/// The JSON Schema of a contract.
pub fn schema() -> Value {
    schemars::schema_for!(Contract).to_value()
}

/// Reads and checks a contract.
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub fn read(text: &SourceText, around: &Around<'_>) -> Result<Checked, Problems> {
    let typed = typed::read::<Contract>(text, &schema(), "the contract");
    let (mut problems, mut warnings) = (typed.problems, Problems::default());
    let Some(contract) = typed.file else { return Err(problems.sorted(&text.name)) };
    if contract.contract == 1 {
        let to = (&mut problems, &mut warnings);
        check::contract(&contract, (&typed.spans, &typed.source), around, to);
    } else {
        let message =
            format!("this is a contract of format {}; this Palisade reads format 1", contract.contract);
        let help = "write `contract = 1` and follow `scenarios/sut/builtin/contract.toml`";
        let at = typed.spans.at("contract");
        problems.add(Problem::new(&typed.source, at, "contract::format", message, help));
    }
    if !problems.is_empty() {
        return Err(problems.sorted(&text.name));
    }
    Ok(Checked { contract, warnings: warnings.sorted(&text.name) })
}
