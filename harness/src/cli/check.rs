//! `palisade check`: every problem of every file, with its place and remedy.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use palisade_sim::model::Scenario;
use serde_json::{Value, json};

use super::{Exit, Failure, OutputFormat};
use crate::contract::Contract;
use crate::input::{self, Wrong};

/// Options of `palisade check`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Scenario files and contracts.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How problems are printed: for a reader on stderr, or as one JSON document on stdout.
    #[arg(long, value_enum, default_value_t)]
    pub output_format: OutputFormat,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let json = args.output_format == OutputFormat::Json;
    let (mut exit, mut list, mut good) = (Exit::Ok, Vec::new(), String::new());
    for file in &args.files {
        let read = if input::is_contract(file) {
            input::read_contract(file)
                .map(|contract| good.push_str(&format!("{}: {}\n", file.display(), parts(&contract))))
        } else {
            input::read(file)
                .map(|loaded| good.push_str(&format!("{}: {}\n", file.display(), counts(&loaded.scenario))))
        };
        match read {
            Ok(()) => {}
            Err(wrong) => {
                exit = Exit::Input;
                list.extend(as_json(&wrong));
                if !json {
                    eprint!("{}", wrong.render(input::colour_on_stderr()));
                }
            }
        }
    }
    let text = if json { format!("{:#}\n", Value::Array(list)) } else { good };
    std::io::stdout().write_all(text.as_bytes()).map_err(|e| Failure::new(Exit::Harness, e))?;
    Ok(exit)
}

/// `ok, 2 links, 3 reactions, 2 programs`.
fn parts(contract: &Contract) -> String {
    let (links, reactions) = (contract.link.len(), contract.reaction.len());
    format!(
        "ok, contract of {}: {links} links, {reactions} reactions, {} programs",
        contract.name,
        contract.process.len()
    )
}

/// `2 buildings, 48 flats, 39 devices (gate_post 1, ...)`.
fn counts(scenario: &Scenario) -> String {
    let mut by_class = BTreeMap::new();
    for device in &scenario.devices {
        *by_class.entry(device.class).or_insert(0) += 1;
    }
    let classes: Vec<String> = by_class.iter().map(|(class, n)| format!("{} {n}", class.word())).collect();
    format!(
        "ok, {} buildings, {} flats, {} devices ({})",
        scenario.site.buildings.len(),
        scenario.households.len(),
        scenario.devices.len(),
        classes.join(", ")
    )
}

/// One object a problem: `file`, `line`, `column`, `code`, `message`, `help`.
fn as_json(wrong: &Wrong) -> Vec<Value> {
    match wrong {
        Wrong::Unreadable { file, why, remedy } => vec![json!({
            "file": file.display().to_string(),
            "line": null,
            "column": null,
            "code": "file::unreadable",
            "message": why,
            "help": remedy,
        })],
        Wrong::Problems(problems) => problems
            .iter()
            .map(|problem| {
                let (line, column) = problem.line_column();
                json!({
                    "file": problem.file(),
                    "line": line,
                    "column": column,
                    "code": problem.code(),
                    "message": problem.message(),
                    "help": problem.help(),
                })
            })
            .collect(),
    }
}
