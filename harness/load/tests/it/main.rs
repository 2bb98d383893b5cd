//! Tests of the load plane as a whole.

mod codec;
mod parts;
mod peer;
mod plane;
mod proxy;
mod subscribe;
