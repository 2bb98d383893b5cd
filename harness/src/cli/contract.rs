//! `palisade contract init`: asks, and writes a contract.

use std::fs::{self, File};
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::say::{print, remark, remark_whole};
use super::{Exit, Failure};
use crate::contract::init::{Answers, QUESTIONS, contract};
use crate::input;
use crate::report::told::quoted;

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
    can_be_made(file).map_err(|error| cannot(file, &error))?;
    let answers = ask()?;
    make(file, &contract(&answers)).map_err(|error| cannot(file, &error))?;
    print(&format!("wrote {}\n", file.display()))?;
    match input::read_contract(file) {
        Ok(_) => {
            let sut = quoted(&file.display().to_string());
            print(&format!("next   palisade run scenarios/tiny.toml --sut {sut}\n"))?;
            Ok(Exit::Ok)
        }
        Err(wrong) => {
            remark_whole(wrong.render(input::colour_on_stderr()));
            Ok(Exit::Input)
        }
    }
}

fn cannot(file: &Path, error: &io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::AlreadyExists => "name another file, or remove it first",
        _ => "name a file that can be written",
    };
    Failure::new(Exit::Input, format!("cannot make {}: {error}\n  remedy: {remedy}", file.display()))
}

/// Whether a file is not there and can be. Nothing is made: whoever leaves while he is asked leaves nothing behind.
fn can_be_made(file: &Path) -> io::Result<()> {
    if file.symlink_metadata().is_ok() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there already"));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(access(folder, Access::WRITE_OK)?)
}

/// Makes a file, whole or not at all, and never over another one.
fn make(file: &Path, text: &str) -> io::Result<()> {
    let mut out = File::create_new(file)?;
    out.write_all(text.as_bytes()).inspect_err(|_| drop(fs::remove_file(file)))
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
