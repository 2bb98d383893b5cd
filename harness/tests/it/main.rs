//! Integration tests of the harness, one binary.

mod broken;
mod gateway;
mod house;
mod import;
mod report;
mod run_folder;
mod scenarios;
