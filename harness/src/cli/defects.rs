//! `palisade defects`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::say::{print, remark};
use super::{Exit, Failure, OutputFormat};
use crate::defects;
use crate::defects::bench::{HEALTHY, Matrix, Options, Row};
use crate::defects::node_red;
use crate::reference::flaws::catalogue;
use crate::run::Stop;
use crate::words::counted;

/// Options of `palisade defects`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Draws which gateway has which defect, how strong, which pairs, and the exercises.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Bend this gateway in place of the embedded one, by the twelve defects that its flow has. PALISADE_SUTS names the
    /// folder that `bash .ci/sut` prints.
    #[arg(long, value_enum, conflicts_with = "pairs")]
    sut: Option<Other>,
    /// Gateways without a defect, of which none may be blamed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    healthy: usize,
    /// Pairs of defects, of which both must be named.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pairs: usize,
    /// Only these defects, with commas between; `none` for no single ones.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// How many gateways are exercised at the same time.
    #[arg(long, value_name = "N", default_value = "10")]
    at_once: NonZeroUsize,
    /// Keep what was sent and heard in each exercise in this folder, as JSON.
    #[arg(long, value_name = "DIR")]
    records: Option<PathBuf>,
    /// Print the catalogue and exercise nobody.
    #[arg(long)]
    list: bool,
    /// How the matrix is printed.
    #[arg(long, value_enum, default_value_t)]
    output_format: OutputFormat,
}

/// A gateway that somebody else wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Other {
    /// mosquitto and Node-RED 4.1.
    NodeRed,
}

fn suts() -> Result<PathBuf, Failure> {
    std::env::var_os("PALISADE_SUTS").map(PathBuf::from).ok_or_else(|| {
        let text = "--sut node-red: set PALISADE_SUTS to the folder that `bash .ci/sut` prints";
        Failure::new(Exit::Usage, text)
    })
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    if args.list {
        return print(&(listed(args.output_format)? + "\n")).map(|()| Exit::Ok);
    }
    if let Some(id) = args.only.iter().find(|id| *id != "none" && catalogue::find(id).is_none()) {
        let text = format!("--only: there is no defect `{id}`; `palisade defects --list` names them");
        return Err(Failure::new(Exit::Usage, text));
    }
    let strange = |id: &&String| *id != "none" && !node_red::DEFECTS.contains(&id.as_str());
    if let Some(id) = args.only.iter().find(strange).filter(|_| args.sut.is_some()) {
        let all = node_red::DEFECTS.join(", ");
        let text = format!("--only: the flow of Node-RED has no defect `{id}`; it has {all}");
        return Err(Failure::new(Exit::Usage, text));
    }
    if !args.only.is_empty() && args.only.iter().all(|id| id == "none") && args.healthy + args.pairs == 0 {
        let text = "nothing is left to exercise; name a defect with --only, or ask for gateways with --healthy or --pairs";
        return Err(Failure::new(Exit::Usage, text));
    }
    args.records.as_deref().map(records).transpose()?;
    let bug = |error: std::io::Error| Failure::new(Exit::Bug, error.to_string());
    let options = Options {
        program: std::env::current_exe().map_err(bug)?,
        suts: args.sut.map(|Other::NodeRed| suts()).transpose()?,
        seed: args.seed,
        healthy: args.healthy,
        pairs: args.pairs,
        only: args.only,
        at_once: args.at_once.get(),
        records: args.records,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Bug, format!("no runtime: {error}")))?;
    let tell = |row: &Row| {
        if !row.named {
            remark(format_args!("{}: said {}", row.id, row.said));
        }
    };
    let stop = Stop::on_signals()?;
    let matrix = runtime
        .block_on(defects::run(&options, &stop, tell))
        .map_err(|error| Failure::new(Exit::Harness, format!("the bench stopped: {error}")))?;
    let text = match args.output_format {
        OutputFormat::Human => human(&matrix),
        OutputFormat::Json => json(&matrix)?,
    };
    print(&(text + "\n"))?;
    Ok(match matrix.is_clean() {
        _ if matrix.left_out > 0 => Exit::Interrupted,
        true => Exit::Ok,
        false => Exit::Verdict,
    })
}

/// Makes the folder of the records, before anything is exercised in vain.
fn records(folder: &Path) -> Result<(), Failure> {
    let made = std::fs::create_dir_all(folder).and_then(|()| Ok(access(folder, Access::WRITE_OK)?));
    made.map_err(|error| {
        let folder = folder.display();
        let text = format!("--records {folder}: {error}\n  remedy: name a folder that can be written");
        Failure::new(Exit::Input, text)
    })
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map_err(|error| Failure::new(Exit::Bug, error.to_string()))
}

fn listed(format: OutputFormat) -> Result<String, Failure> {
    if format == OutputFormat::Json {
        return json(&catalogue::all());
    }
    let line = |entry: &catalogue::Entry| {
        let range = match (entry.least, entry.most, &entry.unit) {
            (Some(least), Some(most), Some(unit)) => format!(" ({least} to {most} {unit})"),
            _ => String::new(),
        };
        format!("{:<10} {:<26} {}{range}", entry.strand, entry.id, entry.what)
    };
    Ok(catalogue::all().iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn human(matrix: &Matrix) -> String {
    let mut lines = Vec::new();
    if matrix.left_out > 0 {
        lines.push(format!("interrupted: {} not exercised", counted(matrix.left_out, "gateway")));
    }
    let single = |row: &&Row| row.id != HEALTHY;
    let mut part = |title: &str, rows: Vec<&Row>| {
        if rows.is_empty() {
            return;
        }
        let named = rows.iter().filter(|row| row.named).count();
        lines.push(format!("{title}: {named} of {}", rows.len()));
        for row in rows {
            let mark = if row.named { "named " } else { "MISSED" };
            let strength =
                if row.strength.is_empty() { String::new() } else { format!(", {}", row.strength) };
            lines.push(format!("  {mark} {}{strength}", row.id));
            if !row.named {
                lines.push(format!("         said: {}", row.said));
            }
            lines.extend(row.evidence.iter().map(|evidence| format!("         {evidence}")));
        }
    };
    part("defects named", matrix.rows.iter().filter(single).collect());
    part("pairs of which both were named", matrix.pairs.iter().collect());
    part("healthy gateways that nobody blamed", matrix.healthy.iter().collect());
    lines.join("\n")
}
