//! Modbus RTU: what a master asks on a serial line and what slaves answer. Pure: no port, no clock.
//!
//! | file | what |
//! |---|---|
//! | [`bytes`] | the check sum, and line times computed from the baud rate |
//! | [`frame`] | one frame: unit, function, data, check sum; how long it is |
//! | [`receiver`] | from bytes with their instants to frames, by length and by silence |
//! | [`meaning`] | requests and responses |
//! | [`slave`] | what a slave answers from its coils, inputs and registers |
//! | [`module`] | how devices of a compound appear on an I/O module: which signal sets which input |
//!
//! | function | | data |
//! |---|---|---|
//! | 1, 2 | read coils, discrete inputs | at most 2,000 bits |
//! | 3, 4 | read holding, input registers | at most 125 |
//! | 5, 6 | write a coil, a holding register | the answer is the echo |
//! | 15, 16 | write many | at most 1,968 bits, 123 registers |

pub mod bytes;
pub mod frame;
pub mod meaning;
pub mod module;
pub mod receiver;
pub mod slave;
#[cfg(test)]
mod tests;

pub use bytes::{LineRate, Parity};
pub use frame::Frame;
