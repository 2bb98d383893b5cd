//! `palisade keep`: runs a program until standard input closes. Hidden from help: a run starts the programs of a contract
//! with it, so that none is left behind when the run is killed.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Exit, Failure};
use crate::run;

/// Options of `palisade keep`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Where the instant of each line of its output is written, µs.
    #[arg(long, value_name = "FILE", requires = "zero_us")]
    instants: Option<PathBuf>,
    /// Where the machine's monotonic clock stands at 0 of these instants, µs.
    #[arg(long, value_name = "US")]
    zero_us: Option<i64>,
    /// The program and its arguments. Its output goes to standard error.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let instants = args.instants.zip(args.zero_us).map(|(file, zero_us)| run::Instants { file, zero_us });
    run::keep(&args.command, instants)
        .map(|()| Exit::Ok)
        .map_err(|error| Failure::new(Exit::Bug, format!("the program cannot be kept: {error}")))
}
