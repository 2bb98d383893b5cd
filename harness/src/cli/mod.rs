//! The command line: one file per verb.

mod bench;
mod check;
mod compare;
mod contract;
mod defects;
mod doctor;
mod explain;
mod gateway;
mod import;
mod keep;
mod plan;
mod prices;
mod proxy;
mod rank;
mod rays;
mod report;
mod run;
mod say;
mod schema;
mod shrink;
mod sink;
mod tape;
mod view;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

pub use crate::exit::{Exit, Failure};
use say::remark;

/// Rehearses the security of a residential compound before anything is installed.
#[derive(Parser, Debug)]
#[command(name = "palisade", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// How results are printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For a reader.
    #[default]
    Human,
    /// For a program: one JSON document.
    Json,
}

/// The verbs.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Check scenario files and print every problem with its place and remedy.
    Check(check::Args),
    /// Read an OpenStreetMap file and write a scenario with proposed kit.
    Import(import::Args),
    /// Work out coverage, gaps and the perimeter, without a gateway.
    Plan(plan::Args),
    /// Say which of several compounds is built first, why, and who pays.
    Rank(rank::Args),
    /// Live through the day and write the tape, without a gateway.
    Tape(tape::Args),
    /// Live through the day, drive a gateway with it, judge what it says.
    Run(run::Args),
    /// Run the embedded reference gateway on loopback.
    Gateway(gateway::Args),
    /// Bend the embedded gateway by every defect of a catalogue, and say which were recognised.
    Defects(defects::Args),
    /// Put faults between devices and a gateway, drawn by seed.
    Proxy(proxy::Args),
    /// Make the report of a run folder again.
    Report(report::Args),
    /// Set runs side by side: verdicts, answers and latency in one table.
    Compare(compare::Args),
    /// Write the contract of a gateway from a few answers.
    Contract(contract::Args),
    /// Tell one message from the wall to the wire to silence.
    Explain(explain::Args),
    /// Find the smallest scenario that still fails.
    Shrink(shrink::Args),
    /// Follow a run on the terminal while it is driven, from another one.
    Watch(watch::Args),
    /// Look at a run in 3D: starts `palisade-view`, which is built by itself.
    View(view::Args),
    /// Print a JSON Schema: `scenario` or `report`.
    Schema(schema::Args),
    /// Say what this machine has, what is missing and how to get it.
    Doctor(doctor::Args),
    /// Measure Palisade on this machine, beside others where they are installed.
    Bench(bench::Args),
    /// Answer a list of rays against a mesh.
    #[command(hide = true)]
    Rays(rays::Args),
    /// Keep a program until standard input closes.
    #[command(hide = true)]
    Keep(keep::Args),
    /// Take every MQTT message and keep none, until standard input closes.
    #[command(hide = true)]
    Sink(sink::Args),
}

/// Parses the command line, does it, and turns the outcome into an exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok }.into();
        }
    };
    let outcome = match cli.verb {
        Verb::Check(args) => check::run(args),
        Verb::Import(args) => import::run(args),
        Verb::Plan(args) => plan::run(args),
        Verb::Rank(args) => rank::run(args),
        Verb::Tape(args) => tape::run(args),
        Verb::Run(args) => run::run(&args),
        Verb::Gateway(args) => gateway::run(args),
        Verb::Defects(args) => defects::run(args),
        Verb::Proxy(args) => proxy::run(args),
        Verb::Report(args) => report::run(args),
        Verb::Compare(args) => compare::run(args),
        Verb::Contract(args) => contract::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Shrink(args) => shrink::run(&args),
        Verb::Watch(args) => watch::run(&args),
        Verb::View(args) => view::run(args),
        Verb::Schema(args) => schema::run(args),
        Verb::Doctor(args) => doctor::run(args),
        Verb::Bench(args) => bench::run(args),
        Verb::Rays(args) => rays::run(args),
        Verb::Keep(args) => keep::run(args),
        Verb::Sink(args) => sink::run(args),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            remark(&failure);
            failure.exit().into()
        }
    }
}
