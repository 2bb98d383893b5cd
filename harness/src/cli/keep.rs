//! `palisade keep`: runs a program until standard input closes. Hidden from help: a run starts the programs of a contract
//! with it, so that none is left behind when the run is killed.

use std::ffi::OsString;

use super::{Exit, Failure};
use crate::run;

/// Options of `palisade keep`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The program and its arguments. Its output goes to standard error.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    run::keep(&args.command)
        .map(|()| Exit::Ok)
        .map_err(|error| Failure::new(Exit::Bug, format!("the program cannot be kept: {error}")))
}
