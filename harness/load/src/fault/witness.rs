//! Whoever looks at what goes through a proxy.

use std::fmt::Debug;

use super::Way;

/// Looks at what passes, and names connections. The proxy's threads call it: it must not wait.
pub trait Witness: Debug + Send + Sync {
    /// What the chance of a connection is drawn by, from the first bytes that its device sent; its number when nothing
    /// is said. A key that belongs to the device gives each device its own faults, in whatever order they connect.
    fn key(&self, connection: u64, first: &[u8]) -> Option<u64>;

    /// Bytes that leave the proxy to the receiver of a way, in order on each connection and way.
    fn passed(&self, connection: u64, way: Way, bytes: &[u8]);
}
