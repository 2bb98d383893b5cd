//! Reads scenario files from disk and shows what is wrong with them.

use std::fmt;
use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme};
use palisade_sim::model::Scenario;
use palisade_sim::model::load::{self as model, Problems, SourceText};
use palisade_sim::model::typed::Problem;

use crate::contract::{Around, Checked, Contract, Kit};
use crate::exit::{Exit, Failure};
use crate::fault::Faults;
use crate::shape::Shape;

/// A scenario that is sound, with the texts that it was read from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The checked scenario.
    pub scenario: Arc<Scenario>,
    /// The scenario file.
    pub toml: SourceText,
    /// The geometry file.
    pub geometry: SourceText,
}

/// Why a scenario cannot be used.
#[derive(Debug)]
pub enum Wrong {
    /// The file itself cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why, in a few words.
        why: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// It says something that is wrong.
    Problems(Problems),
}

impl Wrong {
    /// Text for a terminal: every problem with its place, then how many there are.
    pub fn render(&self, colour: bool) -> String {
        match self {
            Wrong::Unreadable { file, why, remedy } => {
                format!("cannot read {}: {why}\n  help: {remedy}\n", file.display())
            }
            Wrong::Problems(problems) => render(problems, colour),
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Wrong {}

/// Reads and checks the scenario at a path; all problems at once.
pub fn read(path: &Path) -> Result<Loaded, Wrong> {
    let toml =
        text_of(path).map_err(|(why, remedy)| Wrong::Unreadable { file: path.to_owned(), why, remedy })?;
    let relative = model::geometry_path(&toml).map_err(Wrong::Problems)?;
    let beside = path.parent().unwrap_or(Path::new("")).join(relative);
    let geometry = text_of(&beside).ok();
    let scenario = model::load(&toml, geometry.as_ref()).map_err(Wrong::Problems)?;
    Ok(Loaded { scenario: Arc::new(scenario), toml, geometry: geometry.unwrap_or_default() })
}

/// The same for a verb that needs the scenario: a failure with exit code 3 and all problems as its message.
pub fn load(path: &Path) -> Result<Loaded, Failure> {
    read(path).map_err(|wrong| Failure::new(Exit::Input, wrong.render(colour_on_stderr()).trim_end()))
}

/// Reads and checks the contract at a path; all problems at once.
pub fn read_contract(path: &Path) -> Result<Contract, Wrong> {
    read_contract_for(path, None).map(|checked| checked.contract)
}

/// The same, for the devices of a scenario.
pub fn read_contract_for(path: &Path, kit: Option<&Kit>) -> Result<Checked, Wrong> {
    let text =
        text_of(path).map_err(|(why, remedy)| Wrong::Unreadable { file: path.to_owned(), why, remedy })?;
    let beside = |name: &str| path.parent().unwrap_or(Path::new("")).join(name).is_file();
    let set = |name: &str| std::env::var(name).is_ok();
    let around = Around { beside: &beside, set: &set, kit };
    crate::contract::read(&text, &around).map_err(Wrong::Problems)
}

/// The same for a verb that needs the contract: a failure with exit code 3 and all problems as its message.
pub fn contract(path: &Path, kit: &Kit) -> Result<Checked, Failure> {
    read_contract_for(path, Some(kit))
        .map_err(|wrong| Failure::new(Exit::Input, wrong.render(colour_on_stderr()).trim_end()))
}

/// The devices of a scenario, as a contract is checked against them.
pub fn kit(scenario: &Scenario) -> Kit {
    Kit { devices: scenario.devices.iter().map(|device| (device.id.to_string(), device.class)).collect() }
}

/// Whether a file is a contract: it has the key `contract` at its top.
pub fn is_contract(path: &Path) -> bool {
    has_at_its_top(path, "contract")
}

/// Whether a file is a load shape: it has the key `shape` at its top.
pub fn is_shape(path: &Path) -> bool {
    has_at_its_top(path, "shape")
}

/// Whether a file holds faults: it has the key `faults` at its top.
pub fn is_faults(path: &Path) -> bool {
    has_at_its_top(path, "faults")
}

fn has_at_its_top(path: &Path, word: &str) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let top = text.lines().take_while(|line| !line.trim_start().starts_with('['));
    top.filter_map(|line| line.split_once('=')).any(|(key, _)| key.trim() == word)
}

/// Reads and checks the load shape at a path; all problems at once.
pub fn read_shape(path: &Path) -> Result<Shape, Wrong> {
    let text =
        text_of(path).map_err(|(why, remedy)| Wrong::Unreadable { file: path.to_owned(), why, remedy })?;
    crate::shape::read(&text).map_err(Wrong::Problems)
}

/// The same for a verb that needs the shape: a failure with exit code 3 and all problems as its message.
pub fn shape(path: &Path) -> Result<Shape, Failure> {
    read_shape(path).map_err(|wrong| Failure::new(Exit::Input, wrong.render(colour_on_stderr()).trim_end()))
}

/// Reads and checks the faults at a path; all problems at once.
pub fn read_faults(path: &Path) -> Result<Faults, Wrong> {
    let text =
        text_of(path).map_err(|(why, remedy)| Wrong::Unreadable { file: path.to_owned(), why, remedy })?;
    crate::fault::read(&text).map_err(Wrong::Problems)
}

/// The same for a verb that needs the faults: a failure with exit code 3 and all problems as its message.
pub fn faults(path: &Path) -> Result<Faults, Failure> {
    read_faults(path).map_err(|wrong| Failure::new(Exit::Input, wrong.render(colour_on_stderr()).trim_end()))
}

/// Whether stderr shows colours: it is a terminal and `NO_COLOR` is not set.
pub fn colour_on_stderr() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

fn render(problems: &Problems, colour: bool) -> String {
    let mut text = String::new();
    problems.iter().for_each(|problem| one(&mut text, problem, colour));
    text.push_str(&format!("{problems}\n"));
    text
}

/// Text for a terminal: what is odd and can be used all the same, with its place.
pub fn render_warnings(warnings: &Problems, colour: bool) -> String {
    let mut text = String::new();
    warnings.iter().for_each(|problem| one(&mut text, problem, colour));
    text
}

/// Adds one problem with its place.
fn one(text: &mut String, problem: &Problem, colour: bool) {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler =
        GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false).with_context_lines(1);
    if handler.render_report(text, problem).is_err() {
        text.push_str(problem.message());
    }
    text.push('\n');
}

fn text_of(path: &Path) -> Result<SourceText, (String, &'static str)> {
    let name = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(SourceText { name, text }),
            Err(_) => Err(("it is not UTF-8 text".into(), "save it as UTF-8")),
        },
        Err(error) => Err(match error.kind() {
            ErrorKind::NotFound => (
                "there is no such file".into(),
                "check the path; `scenarios/` holds those that come with Palisade",
            ),
            ErrorKind::PermissionDenied => ("permission denied".into(), "make it readable for this user"),
            ErrorKind::IsADirectory => ("it is a folder".into(), "name the `.toml` file in it"),
            _ => (error.to_string(), "check the disk and the path"),
        }),
    }
}
