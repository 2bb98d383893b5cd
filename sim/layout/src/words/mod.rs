//! Words that every room uses: time, chance, identifiers, and how a figure is written.

pub mod chance;
mod figure;
pub mod id;
pub mod spread;
pub mod time;

pub use chance::{AgentKey, Dice, Draw};
pub use figure::{apart, thousands};
pub use id::{DeviceIx, Id, IncidentId, StimulusId, TrackId};
pub use spread::Spread;
pub use time::Ms;
