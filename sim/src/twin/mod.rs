//! The twin: agents and devices as engine plugins.
//!
//! One tick is four phases: [`Phase::Decide`], [`Phase::Move`], [`Phase::Sense`], [`Phase::Report`].
//! Agents read the world as the last tick left it (`Body::from`) and write the next (`Body::to`).
//! Order of plugins: people -> vehicles -> guards, intrusion, fire -> devices.

pub mod devices;
pub mod facade;
pub mod fire;
pub mod frame;
pub mod guards;
pub mod intrusion;
pub mod nav;
pub mod people;
pub mod vehicles;
pub mod walk;

pub use frame::{Agenda, Body, Clock, Errand, NextWake, Outbox, Phase, Role, Room, SimTick, Slot, TrackLog};
