//! Few threads that keep thousands of MQTT connections and send each message at its instant.
//!
//! The loop is open: no message waits for the answer to another one, unless the protocol says so (a window of
//! unanswered messages that is full). A message that cannot leave stays queued and leaves late; one for which there is
//! no room is counted as refused. Nothing is dropped without being counted.
//!
//! A message whose connection breaks before it was written whole leaves on the next connection. One that had left and
//! was not acknowledged is counted as unanswered: sessions are clean, so the server forgets it too. It is sent a second
//! time, marked as sent before, if [`Settings::resend`] says so, as devices do that keep what nobody acknowledged. A thread sleeps on a timer of the kernel that wakes it together with its sockets, and polls for
//! the last stretch before an instant.

mod backoff;
mod connection;
mod outbox;
mod settings;
mod source;
mod tally;
mod threads;
pub(crate) mod timer;
mod trace;
mod worker;

pub use settings::{Backoff, Settings, Storm, WhenFull, Writes};
pub use source::{Due, Nanos, Source, Steady};
pub use tally::{ClassTally, Links, Outcome};
pub use threads::{PlaneError, Watch, run};
pub use trace::{Fate, Told, Trace, Traces, pack, unpack_us};
