//! From a text to a checked contract, or to everything that is wrong.

use palisade_sim::model::typed::{self, Problem, Problems, SourceText};
use serde_json::Value;

use super::{Contract, check};

/// The JSON Schema of a contract.
pub fn schema() -> Value {
    schemars::schema_for!(Contract).to_value()
}

/// Reads and checks a contract. `beside`: whether a file stands beside it.
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub fn read(text: &SourceText, beside: &dyn Fn(&str) -> bool) -> Result<Contract, Problems> {
    let typed = typed::read::<Contract>(text, &schema(), "the contract");
    let mut problems = typed.problems;
    let Some(contract) = typed.file else { return Err(problems.sorted(&text.name)) };
    if contract.contract == 1 {
        check::contract(&contract, &typed.spans, &typed.source, beside, &mut problems);
    } else {
        let message =
            format!("this is a contract of format {}; this Palisade reads format 1", contract.contract);
        let help = "write `contract = 1` and follow `scenarios/sut/builtin/contract.toml`";
        let at = typed.spans.at("contract");
        problems.add(Problem::new(&typed.source, at, "contract::format", message, help));
    }
    if problems.is_empty() { Ok(contract) } else { Err(problems.sorted(&text.name)) }
}
