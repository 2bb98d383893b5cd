//! Drives a gateway with a compound's real traffic and judges what it says.
//!
//! Rooms: pure ([`wire`], [`actuator`], [`pairing`], [`latency`], [`baseline`], [`limit`], [`shrink`], [`shape`], [`fault`], [`verdict`], [`diagnosis`]) know nothing of tokio; shell ([`drivers`], [`run`],
//! [`observe`], [`record`], [`live`], [`progress`], [`import`], [`defects`]) owns sockets, clocks and files; out ([`report`]) renders and
//! decides nothing; top ([`cli`]); own ([`reference`]) is a small honest gateway in a process of its own.

pub mod actuator;
pub mod baseline;
pub mod cli;
pub mod contract;
pub mod defects;
pub mod diagnosis;
pub mod drivers;
pub mod exit;
pub mod fault;
pub mod import;
pub mod input;
pub mod latency;
pub mod limit;
pub mod live;
pub mod observe;
pub mod pairing;
pub mod patrols;
pub mod progress;
pub mod record;
pub mod reference;
pub mod report;
pub mod run;
pub mod schedule;
pub mod shape;
pub mod shrink;
pub mod trial;
pub mod verdict;
pub mod wire;
pub mod words;
