//! `palisade check`: every problem of every file, with its place and remedy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::words::counted;
use palisade_sim::model::Scenario;
use palisade_sim::model::typed::{Problem, Problems};
use serde_json::{Value, json};

use super::say::{print, remark_whole};
use super::{Exit, Failure, OutputFormat};
use crate::contract::{Checked, Contract, Kit};
use crate::fault::Faults;
use crate::input::{self, Wrong};
use crate::shape::Shape;

/// Options of `palisade check`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Scenario files, contracts, load shapes and faults; contracts are checked against the scenarios that are named with them.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How problems are printed: for a reader on stderr, or as one JSON document on stdout.
    #[arg(long, value_enum, default_value_t)]
    pub output_format: OutputFormat,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let json = args.output_format == OutputFormat::Json;
    let (mut exit, mut list, mut good) = (Exit::Ok, Vec::new(), String::new());
    let other = |file: &PathBuf| input::is_contract(file) || input::is_shape(file) || input::is_faults(file);
    let scenario = |file: &PathBuf| !other(file);
    let read: Vec<_> = args.files.iter().map(|file| scenario(file).then(|| input::read(file))).collect();
    let sound = read.iter().flatten().filter_map(|read| read.as_ref().ok());
    let kits: Vec<Kit> = sound.map(|loaded| input::kit(&loaded.scenario)).collect();
    for (file, read) in args.files.iter().zip(read) {
        let said = match read {
            Some(read) => read.map(|loaded| (counts(&loaded.scenario), Problems::default())),
            None if input::is_shape(file) => {
                input::read_shape(file).map(|shape| (stretches(&shape), Problems::default()))
            }
            None if input::is_faults(file) => {
                input::read_faults(file).map(|faults| (befalls(&faults), Problems::default()))
            }
            None => contract(file, &kits).map(|checked| (parts(&checked.contract), checked.warnings)),
        };
        match said {
            Ok((said, warnings)) => {
                good.push_str(&format!("{}: {said}\n", file.display()));
                list.extend(objects(&warnings));
                if !json {
                    remark_whole(input::render_warnings(&warnings, input::colour_on_stderr()));
                }
            }
            Err(wrong) => {
                exit = Exit::Input;
                list.extend(as_json(&wrong));
                if !json {
                    remark_whole(wrong.render(input::colour_on_stderr()));
                }
            }
        }
    }
    let text = if json { format!("{:#}\n", Value::Array(list)) } else { good };
    print(&text)?;
    Ok(exit)
}

/// The contract, checked against each of the scenarios that were named with it; the first that it does not fit counts.
fn contract(file: &Path, kits: &[Kit]) -> Result<Checked, Wrong> {
    let mut checked = input::read_contract_for(file, kits.first())?;
    for kit in kits.iter().skip(1) {
        let next = input::read_contract_for(file, Some(kit))?;
        next.warnings.iter().for_each(|odd| checked.warnings.add(odd.clone()));
    }
    Ok(checked)
}

/// `ok, 2 links, 3 reactions, 2 programs`.
fn parts(contract: &Contract) -> String {
    let (links, reactions) = (contract.link.len(), contract.reaction.len());
    format!(
        "ok, contract of {}: {}, {}, {}",
        contract.name,
        counted(links, "link"),
        counted(reactions, "reaction"),
        counted(contract.process.len(), "program")
    )
}

/// `ok, shape ramp: 1 level, 0 storms, 0 floods, 0 subscribers`.
fn stretches(shape: &Shape) -> String {
    let (levels, storms) = (shape.level.len(), shape.storm.len());
    let (floods, subscribers) = (shape.flood.len(), shape.subscriber.len());
    format!(
        "ok, shape {}: {}, {}, {}, {}",
        shape.name,
        counted(levels, "level"),
        counted(storms, "storm"),
        counted(floods, "flood"),
        counted(subscribers, "subscriber")
    )
}

/// `ok, faults flaky link: delay, reset`.
fn befalls(faults: &Faults) -> String {
    let mut words: Vec<&str> = faults.lines().iter().map(|fault| fault.what.word()).collect();
    words.extend(faults.device.iter().map(|device| device.what.word()));
    words.extend(faults.restart.iter().map(|_| "restart"));
    format!("ok, faults {}: {}", faults.name, words.join(", "))
}

/// `2 buildings, 48 flats, 39 devices (gate_post 1, ...)`.
fn counts(scenario: &Scenario) -> String {
    let mut by_class = BTreeMap::new();
    for device in &scenario.devices {
        *by_class.entry(device.class).or_insert(0) += 1;
    }
    let classes: Vec<String> = by_class.iter().map(|(class, n)| format!("{} {n}", class.word())).collect();
    format!(
        "ok, {}, {}, {} ({})",
        counted(scenario.site.buildings.len(), "building"),
        counted(scenario.households.len(), "flat"),
        counted(scenario.devices.len(), "device"),
        classes.join(", ")
    )
}

/// One object a problem: `file`, `line`, `column`, `severity` (`error` or `warning`), `code`, `message`, `help`.
fn as_json(wrong: &Wrong) -> Vec<Value> {
    match wrong {
        Wrong::Unreadable { file, why, remedy } => vec![json!({
            "file": file.display().to_string(),
            "line": null,
            "column": null,
            "severity": "error",
            "code": "file::unreadable",
            "message": why,
            "help": remedy,
        })],
        Wrong::Problems(problems) => objects(problems),
    }
}

fn objects(problems: &Problems) -> Vec<Value> {
    let object = |problem: &Problem| {
        let (line, column) = problem.line_column();
        json!({
            "file": problem.file(),
            "line": line,
            "column": column,
            "severity": problem.severity_word(),
            "code": problem.code(),
            "message": problem.message(),
            "help": problem.help(),
        })
    };
    problems.iter().map(object).collect()
}
