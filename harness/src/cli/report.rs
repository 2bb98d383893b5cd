//! `palisade report`: makes the report of a run folder again.

use std::path::PathBuf;

use clap::ValueEnum;

use super::say::{print, remark};
use super::{Exit, Failure};
use crate::report;

/// Options of `palisade report`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The run folder, such as `results/cuiyuan-1`.
    run: PathBuf,
    /// Put the pictures of this folder into the page, as `palisade-view stills RUN --out DIR` wrote them; the run
    /// keeps them.
    #[arg(long, value_name = "DIR")]
    stills: Option<PathBuf>,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t)]
    output_format: Format,
}

/// How a report is printed on stdout.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For a reader.
    #[default]
    Human,
    /// For a program: one JSON document.
    Json,
    /// For a job on GitHub: what failed as annotations.
    Github,
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    if let Some(stills) = &args.stills
        && let Some(warning) = report::adopt_stills(stills, &args.run)?
    {
        remark(&warning);
    }
    let report = report::make(&args.run)?;
    let text = match args.output_format {
        Format::Human => report::terminal::render(&report),
        Format::Json => report::json(&report)?,
        Format::Github => report::github::render(&report),
    };
    print(&text)?;
    Ok(report.exit())
}
