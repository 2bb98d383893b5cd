//! What the gateway's processes and the harness hold, in the journal.

use serde::{Deserialize, Serialize};

use super::Micros;

/// What a process held at an instant: the harness, and those of the gateway that the run started itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// When.
    pub at_us: Micros,
    /// `floor` or `main`.
    pub part: String,
    /// The program's id in the contract; `gateway` for the built-in one; `palisade` for the harness.
    pub process: String,
    /// Whether it is the harness itself.
    #[serde(default)]
    pub own: bool,
    /// Its process id: another one after a restart.
    pub pid: u32,
    /// Memory in use and not on disk, kB of 1,024 bytes (`resident` of proc_pid_statm(5)).
    pub resident_kb: u64,
    /// Open files, connections among them (entries of /proc/PID/fd).
    pub files: u64,
}
