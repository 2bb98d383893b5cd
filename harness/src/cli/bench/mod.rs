//! `palisade bench`: measures Palisade on this machine, beside others where they are installed.

mod agreement;
mod compound;
mod embree;
mod generators;
mod load;
mod sight;
mod what_if;

use super::{Exit, Failure};

/// Options of `palisade bench`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to measure.
    #[command(subcommand)]
    pub what: What,
}

/// What is measured.
#[derive(clap::Subcommand, Debug)]
pub enum What {
    /// Sight: the map of a compound by rays and by shadows, beside Embree; one camera moved; the same random rays.
    Sight(sight::Args),
    /// The load plane: messages per second of its processor, memory per connection, lateness; beside mqttv5-cli and
    /// Locust where they are installed.
    Load(load::Args),
    /// What-if: a compound planned again under everything that may go wrong.
    #[command(name = "what-if")]
    Variants(what_if::Args),
}

pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    match args.what {
        What::Sight(args) => sight::run(args),
        What::Load(args) => load::run(args),
        What::Variants(args) => what_if::run(args),
    }
}
