//! `palisade schema`.

use super::{Exit, Failure};

/// Options of `palisade schema`.
#[derive(clap::Args, Debug)]
pub struct Args {}

pub(super) fn run(_args: Args) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Bug, "not built yet"))
}
