//! The reference gateway: a small MQTT broker with honest rules from a device's message to an alarm, in a process of
//! its own. It serves the demonstration, the tests and the harness's own floor, and it can be bent: see [`Defects`].
//!
//! | file | what |
//! |---|---|
//! | [`broker`] | the broker as a state machine: packets in, packets out; no socket, no clock |
//! | [`topic`] | topic filters |
//! | [`rules`] | from a device's message to an alarm |
//! | [`commands`] | from an alarm to commands to the duty room |
//! | [`linkage`] | from what a device says to commands to others, by a list |
//! | [`defects`] | faults on demand, drawn by seed |
//! | [`flaws`] | the catalogue of defects, and what each of them does |
//! | [`store`] | what the duty room has yet to hear, on disk |
//! | [`master`] | the gateway as Modbus master on a serial port |
//! | [`inputs`] | what the inputs that it polls mean |
//! | [`upstream`] | alarms passed on to the city platform |
//! | [`serve`] | sockets and the process |
//! | `hub` | the task that owns all of it |

pub mod broker;
pub mod commands;
pub mod defects;
pub mod flaws;
mod hub;
pub mod inputs;
pub mod linkage;
pub mod master;
pub mod rules;
pub mod serve;
pub mod store;
pub mod topic;
pub mod upstream;

pub use defects::Defects;
pub use inputs::Inputs;
pub use linkage::Linkage;
pub use master::Serial;
pub use serve::{Options, serve};
