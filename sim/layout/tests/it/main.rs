//! Integration tests of the layout.

mod mutations;
mod open;
