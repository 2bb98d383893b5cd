//! What stands in a compound, and what can be asked of it while no time passes.
//!
//! Rooms, each importing only from those before it: [`words`], [`contract`], [`model`], [`analysis`]. The contract stands
//! below the model because the kit's device classes are its words. There is no engine here: this is what a planner needs,
//! and it is tested in seconds.

pub mod analysis;
pub mod contract;
pub mod model;
pub mod words;
