//! What the gateway's processes hold, in the journal.

use serde::{Deserialize, Serialize};

use super::Micros;

/// What a process of the gateway held at an instant. Only those that the run started itself are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// When.
    pub at_us: Micros,
    /// `floor` or `main`.
    pub part: String,
    /// The program's id in the contract; `gateway` for the built-in one.
    pub process: String,
    /// Its process id: another one after a restart.
    pub pid: u32,
    /// Memory in use and not on disk, kB of 1,024 bytes (`resident` of proc_pid_statm(5)).
    pub resident_kb: u64,
    /// Open files, connections among them (entries of /proc/PID/fd).
    pub files: u64,
}
