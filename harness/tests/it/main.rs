//! Tests of the harness from outside, one binary.

mod report;
mod run_folder;
