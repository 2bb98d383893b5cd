//! Charging, fire, and the answer to it.

pub mod curve;
pub mod flame;
pub mod plume;
