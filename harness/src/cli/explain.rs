//! `palisade explain`: one message from the wall to the wire to silence.

use std::path::PathBuf;

use super::say::print;
use super::{Exit, Failure, OutputFormat};
use crate::report::explain::explain;

/// Options of `palisade explain`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The run's folder.
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The message: its id on the wire, or its number on the tape; the id that an observation carries which answers
    /// nothing; what failed first when not given.
    id: Option<String>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let explanation = explain(&args.run, args.id.as_deref())?;
    let text = match args.output_format {
        OutputFormat::Human => explanation.text(),
        OutputFormat::Json => {
            let json = serde_json::to_string_pretty(&explanation);
            json.map_err(|error| Failure::new(Exit::Bug, error))? + "\n"
        }
    };
    print(&text)?;
    Ok(Exit::Ok)
}
