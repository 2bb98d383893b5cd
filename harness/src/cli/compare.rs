//! `palisade compare`: runs side by side.

use std::fs;
use std::path::{Path, PathBuf};

use super::say::{print, remark};
use super::{Exit, Failure, OutputFormat};
use crate::report::compare::compare;

/// Options of `palisade compare`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The run folders, such as `results/cuiyuan-1 results/cuiyuan-2`.
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// How the table is printed.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
    /// Write the table as one HTML page as well.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let folders: Vec<&Path> = args.runs.iter().map(PathBuf::as_path).collect();
    let comparison = compare(&folders)?;
    if let Some(file) = &args.out {
        fs::write(file, comparison.page()?).map_err(|error| {
            let text = format!(
                "cannot write {}: {error}\n  remedy: name another file with --out FILE",
                file.display()
            );
            Failure::new(Exit::Harness, text)
        })?;
        remark(format_args!("wrote {}", file.display()));
    }
    let text = match args.output_format {
        OutputFormat::Human => comparison.text(),
        OutputFormat::Json => comparison.json()?,
    };
    print(&text)?;
    Ok(Exit::Ok)
}
