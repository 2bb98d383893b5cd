//! `palisade view`: starts the sibling program `palisade-view`, the way `cargo x` starts `cargo-x`. A run or a test of a
//! gateway never needs it, so it is built by itself: it compiles a renderer.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Exit, Failure};

/// The sibling's name.
const NAME: &str = "palisade-view";

/// Options of `palisade view`.
#[derive(clap::Args, Debug)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// What `palisade-view` is given: a run folder, `stills RUN --out DIR`, `--help` and so on.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Becomes the sibling: its exit code is this command's, and so is a signal.
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let beside = std::env::current_exe().ok().and_then(|own| own.parent().map(Path::to_owned));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(program) = find(beside.as_deref(), &path) else { return Err(missing(beside.as_deref())) };
    let error = Command::new(&program).args(args.arguments).exec();
    let text = format!("cannot start {}: {error}\n  remedy: {BUILD}", program.display());
    Err(Failure::new(Exit::TryAgain, text))
}

const BUILD: &str = "build it with `cargo build --release -p palisade-view` (about 25 minutes on two cores), then type \
                     the same command again";

/// Not 2 or 3, since the command and what it names are right; not 4, which speaks of the gateway under test. The same
/// command works once the program is built: try again.
fn missing(beside: Option<&Path>) -> Failure {
    let beside = beside.map_or_else(String::new, |folder| format!(" in {} or", folder.display()));
    let text = format!("there is no {NAME}{beside} on the PATH\n  remedy: {BUILD}");
    Failure::new(Exit::TryAgain, text)
}

/// The sibling beside the own program, else the first on the path.
fn find(beside: Option<&Path>, path: &OsString) -> Option<PathBuf> {
    let folders = beside.map(Path::to_owned).into_iter().chain(std::env::split_paths(path));
    folders.map(|folder| folder.join(NAME)).find(|program| program.is_file())
}
