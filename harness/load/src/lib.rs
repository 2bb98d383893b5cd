//! The load plane: an MQTT codec without sockets, and few threads that keep thousands of connections to their instants.
//!
//! It knows nothing of a compound. What is to leave, and when, is handed to it; what left, and how late, is handed back.

pub mod bench;
pub mod codec;
pub mod fault;
pub mod others;
pub mod plane;
pub mod process;
pub mod series;
pub mod sink;
pub mod subscribe;
