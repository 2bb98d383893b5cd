//! The twin of a residential compound: its site, people, incidents, devices and what they see.
//!
//! This crate is a function: text, a seed and recorded inputs go in, a tape comes out.
//! It reads no clock, no file, no socket and no environment.
//!
//! Rooms, each importing only from those before it: [`words`], [`contract`], [`model`] and [`analysis`] of
//! `palisade-layout`, then [`twin`] and [`whole`].

pub use palisade_layout::{analysis, contract, model, words};

pub mod twin;
pub mod whole;
