//! The twin of a residential compound: its site, people, incidents, devices and what they see.
//!
//! This crate is a function: text, a seed and recorded inputs go in, a tape comes out.
//! It reads no clock, no file, no socket and no environment.
//!
//! Rooms, each importing only from those before it: [`words`], [`contract`], [`model`], [`analysis`], [`twin`],
//! [`whole`]. The contract stands below the model because the kit's device classes are its words.

pub mod analysis;
pub mod contract;
pub mod model;
pub mod twin;
pub mod whole;
pub mod words;
