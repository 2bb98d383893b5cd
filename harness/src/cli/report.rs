//! `palisade report`.

use super::{Exit, Failure};

/// Options of `palisade report`.
#[derive(clap::Args, Debug)]
pub struct Args {}

pub(super) fn run(_args: Args) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Bug, "not built yet"))
}
