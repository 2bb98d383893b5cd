//! Serial lines: a pseudo terminal that the gateway opens as its serial port, and the slaves that it polls there.
//!
//! | file | what |
//! |---|---|
//! | [`pty`] | the pseudo terminal with its name in the file system |
//! | [`line`] | the thread that plays all slaves of one line |
//! | [`lines`] | all lines of a run |
//! | [`faults`] | what slaves do wrong when asked to, drawn by seed |
//! | [`count`] | what was seen on a line |
//!
//! A pseudo terminal has neither speed nor parity: bytes arrive at once. What a real line would take is *computed* from
//! the rate and waited for: an answer is written when the request's characters, the silence behind them, the slave's
//! own time and the answer's characters would have passed. A gateway that wants a parity bit is refused by the C
//! library: it opens the port with 8N1, and parity stands in the computed times alone.

pub mod count;
pub mod faults;
pub mod line;
pub mod lines;
mod news;
mod noise;
pub mod pty;

pub use faults::Faults;
pub use line::{Line, LineError, Pace, Spec};
pub use lines::Lines;
