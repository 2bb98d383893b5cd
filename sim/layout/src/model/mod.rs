//! The model: data that the author wrote, checked once, owned from then on.
//!
//! [`site`] is the fixed geometry, [`scenario`] everything else; [`kit`], [`cast`] and [`drive`] are its parts.
//! [`load`](mod@load) turns text into a checked [`Scenario`], or into everything that is wrong with it.

mod build;
pub mod cast;
pub mod catalogue;
mod check;
pub mod drive;
mod geometry;
mod json;
pub mod kit;
pub mod lens;
pub mod load;
mod lookup;
mod near;
mod place;
mod problem;
pub mod scenario;
pub mod schema;
pub mod site;
mod structure;
pub mod threshold;
pub mod typed;

pub(crate) use build::devices;
pub use scenario::{Device, Household, Scenario, ScenarioFile};
pub use site::Site;

#[cfg(test)]
mod tests;
