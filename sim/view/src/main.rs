//! `palisade-view`: pictures and a window of a run.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use palisade_view::run_folder::Run;
use palisade_view::stills;

/// Shows what a run left: a window, or still pictures.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Draw still pictures of a run.
    Stills {
        /// The run's folder, such as results/latest.
        run: PathBuf,
        /// Where the pictures go; `stills` in the run's folder when not given.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Width and height in pixels.
        #[arg(long, default_value = "1280x720", value_parser = size)]
        size: [u32; 2],
        /// Only these pictures, such as `noon,fire`.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
}

fn size(text: &str) -> Result<[u32; 2], String> {
    let wrong = || format!("`{text}` is no size; write it like 1280x720, with 64 to 4096 pixels each way");
    let (w, h) = text.split_once('x').ok_or_else(wrong)?;
    let size = [w, h].map(|n| n.parse::<u32>().unwrap_or(0));
    if size.iter().all(|n| (64..=4096).contains(n)) { Ok(size) } else { Err(wrong()) }
}

fn main() -> ExitCode {
    match Args::parse().what {
        Some(What::Stills { run, out, size, only }) => draw(run, out, size, &only),
        None => ExitCode::from(2),
    }
}

fn draw(folder: PathBuf, out: Option<PathBuf>, size: [u32; 2], only: &[String]) -> ExitCode {
    if let Some(wrong) = only.iter().find(|o| !stills::NAMES.contains(&o.as_str())) {
        eprintln!("palisade-view: there is no picture `{wrong}`; there are {}", stills::NAMES.join(", "));
        return ExitCode::from(2);
    }
    let run = match Run::read(&folder) {
        Ok(run) => Arc::new(run),
        Err(error) => {
            eprintln!("palisade-view: {error}");
            return ExitCode::from(3);
        }
    };
    let out = out.unwrap_or_else(|| folder.join("stills"));
    match stills::draw(run, &out, size, only, |title| eprintln!("drawing: {title}")) {
        Ok(drawn) => {
            for why in &drawn.left_out {
                eprintln!("left out: {why}");
            }
            eprintln!("{} pictures in {}", drawn.rows.len(), out.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("palisade-view: {error}");
            ExitCode::from(6)
        }
    }
}
