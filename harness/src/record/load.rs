//! What the copies of a compound came to, in the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Micros;

/// The load of one part. Written once, at its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// When.
    pub at_us: Micros,
    /// `main`: the floor has no load.
    pub part: String,
    /// Copies of the compound.
    pub copies: u32,
    /// Their connections when all stand.
    pub clients: usize,
    /// What the shape of the load is called.
    pub shape: String,
    /// How many seconds of the day passed for them in one of the run.
    pub compress: i64,
    /// Messages that were written whole to a socket.
    pub left: u64,
    /// Of QoS 1 and 2: acknowledged.
    pub answered: u64,
    /// Acknowledged with a reason that says no.
    pub denied: u64,
    /// Left and not acknowledged.
    pub unanswered: u64,
    /// Not taken: there was no room.
    pub refused: u64,
    /// Still waiting at the end.
    pub unsent: u64,
    /// Times that a connection stood.
    pub connected: u64,
    /// Times that one broke.
    pub broke: u64,
    /// Times that one was dropped in a storm on purpose.
    pub dropped: u64,
    /// Why they broke, with counts.
    pub reasons: BTreeMap<String, u64>,
    /// Histograms of µs by name (`pickup`, `lateness`, `service`, `response`, `absence`), as HdrHistogram's compressed V2 form
    /// in base64.
    pub histograms: BTreeMap<String, String>,
}
