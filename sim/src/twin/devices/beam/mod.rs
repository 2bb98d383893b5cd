//! Active infrared beams (主动红外对射): zones of rays on top of a wall, broken for a computed time.
//!
//! A break is solved from a body's way through the tick ([`shadow`]), merged across ticks and over the rays of
//! the zone ([`zone`]); birds, branches, rain, sun and drift break it too ([`nuisance`]).

pub mod nuisance;
pub mod shadow;
pub mod zone;

pub(super) mod watch;
