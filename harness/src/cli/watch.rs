//! `palisade watch`: a run on the terminal while it is driven.

use std::path::PathBuf;

use super::{Exit, Failure};
use crate::live::screen;

/// Options of `palisade watch`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The run's folder.
    #[arg(default_value = "results/latest", value_name = "RUN")]
    run: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    screen::watch(&args.run, &|| false).map(|_| Exit::Ok).map_err(|error| {
        let text = format!(
            "`{}` cannot be watched: {error}\n  remedy: name the folder of a run, such as `palisade watch results/RUN`",
            args.run.display()
        );
        Failure::new(Exit::Input, text)
    })
}
