//! Integration tests of the twin.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;
mod lived;
mod plan;
mod rows;
mod whole_day;
