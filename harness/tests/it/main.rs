//! Tests of the harness from outside, one binary.

mod gateway;
mod report;
mod run_folder;
