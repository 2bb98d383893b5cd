//! The reference gateway: a small MQTT broker with honest rules from a device's message to an alarm, in a process of
//! its own. It serves the demonstration, the tests and the harness's own floor, and it can be bent: see [`Defects`].
//!
//! | file | what |
//! |---|---|
//! | [`broker`] | the broker as a state machine: packets in, packets out; no socket, no clock |
//! | [`topic`] | topic filters |
//! | [`rules`] | from a device's message to an alarm |
//! | [`commands`] | from an alarm to commands to the duty room |
//! | [`defects`] | faults on demand, drawn by seed |
//! | [`serve`] | sockets, timers, the process |

pub mod broker;
pub mod commands;
pub mod defects;
pub mod rules;
pub mod serve;
pub mod topic;

pub use defects::Defects;
pub use serve::{Options, serve};
