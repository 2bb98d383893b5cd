//! What the twin hands over: what really happened ([`truth`]) and what devices would report ([`stimulus`]).
//! Plain data, no engine types.

pub mod stimulus;
pub mod truth;

pub use stimulus::{Cause, Class, Nuisance, Severity, Signal, Stimulus, TargetKind};
pub use truth::{Gravity, Incident, IncidentKind, Origin, Place};
