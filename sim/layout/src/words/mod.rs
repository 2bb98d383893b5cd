//! Words that every room uses: time, chance, identifiers.

pub mod chance;
pub mod id;
pub mod spread;
pub mod time;

pub use chance::{AgentKey, Dice, Draw};
pub use id::{DeviceIx, Id, IncidentId, StimulusId, TrackId};
pub use spread::Spread;
pub use time::Ms;
