//! `palisade contract init`: asks, and writes a contract.

use std::fs::OpenOptions;
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use super::say::{print, remark, remark_whole};
use super::{Exit, Failure};
use crate::contract::init::{Answers, QUESTIONS, contract};
use crate::input;

/// Options of `palisade contract`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Ask about a gateway and write its contract. An empty answer takes what stands in brackets.
    Init {
        /// The file to write.
        #[arg(default_value = "contract.toml", value_name = "FILE")]
        file: PathBuf,
    },
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let What::Init { file } = &args.what;
    // Before anything is asked: an answer that is lost is asked for in vain.
    let exists = |error: std::io::Error| {
        let remedy = if error.kind() == std::io::ErrorKind::AlreadyExists {
            "name another file, or remove it first"
        } else {
            "name a file that can be written"
        };
        Failure::new(Exit::Input, format!("cannot make {}: {error}\n  remedy: {remedy}", file.display()))
    };
    let mut out = OpenOptions::new().write(true).create_new(true).open(file).map_err(exists)?;
    let answers = ask()?;
    out.write_all(contract(&answers).as_bytes()).map_err(|error| {
        Failure::new(Exit::Harness, format!("{} could not be written: {error}", file.display()))
    })?;
    print(&format!("wrote {}\n", file.display()))?;
    match input::read_contract(file) {
        Ok(_) => {
            print(&format!("next   palisade run scenarios/tiny.toml --sut {}\n", file.display()))?;
            Ok(Exit::Ok)
        }
        Err(wrong) => {
            remark_whole(wrong.render(input::colour_on_stderr()));
            Ok(Exit::Input)
        }
    }
}

/// Asks all questions on stderr and reads the answers from stdin; a wrong one is asked again. Where stdin ends, the rest
/// is as usual.
fn ask() -> Result<Answers, Failure> {
    let unread =
        |error: std::io::Error| Failure::new(Exit::Input, format!("the answers could not be read: {error}"));
    let mut answers = Answers::default();
    let mut lines = std::io::stdin().lock().lines();
    for question in QUESTIONS {
        if !answers.needs(question.key) {
            continue;
        }
        loop {
            let usual = answers.usual(question);
            let shown = if usual.is_empty() { String::new() } else { format!(" [{usual}]") };
            remark_whole(format_args!("{}{shown}: ", question.text));
            let line = lines.next().transpose().map_err(unread)?;
            match answers.take(question, line.as_deref().unwrap_or_default()) {
                Ok(()) => break,
                Err(why) => remark(format_args!("  {why}")),
            }
        }
    }
    remark("");
    Ok(answers)
}
