//! `--prices FILE`: the one list of prices, shipped or somebody's own.

use std::path::Path;

use palisade_sim::analysis::prices::Prices;
use palisade_sim::model::load::{Problem, Problems, SourceText};

use super::{Exit, Failure};

/// The prices of a file, or those that are shipped.
pub(super) fn prices(file: Option<&Path>) -> Result<Prices, Failure> {
    let Some(path) = file else {
        return Prices::shipped().map_err(|problems| Failure::new(Exit::Bug, listed(&problems)));
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        let remedy = "name a file of prices with --prices";
        Failure::new(Exit::Input, format!("{}: {error}; {remedy}", path.display()))
    })?;
    Prices::read(&SourceText { name: path.display().to_string(), text })
        .map_err(|problems| Failure::new(Exit::Input, listed(&problems)))
}

fn listed(problems: &Problems) -> String {
    let line = |p: &Problem| {
        let (line, column) = p.line_column();
        format!("{}:{line}:{column}: {}; {}", p.file(), p.message(), p.help())
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}
