//! The model: data that the author wrote, checked once, owned from then on.
//!
//! [`site`] is the fixed geometry, [`scenario`] everything else; [`kit`], [`cast`] and [`drive`] are its parts.

pub mod cast;
pub mod drive;
pub mod kit;
pub mod scenario;
pub mod site;

pub use scenario::{Device, Household, Scenario, ScenarioFile};
pub use site::Site;
