//! `palisade run`.

use super::{Exit, Failure};

/// Options of `palisade run`.
#[derive(clap::Args, Debug)]
pub struct Args {}

pub(super) fn run(_args: Args) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Bug, "not built yet"))
}
