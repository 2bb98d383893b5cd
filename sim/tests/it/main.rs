//! Integration tests of the twin.

#![allow(clippy::unwrap_used, reason = "tests")]

mod rows;
