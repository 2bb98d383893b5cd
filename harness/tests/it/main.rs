//! Integration tests of the harness, one binary.

mod against;
mod bench;
mod broken;
mod bytes;
mod commands;
mod compare;
mod faults;
mod fleet;
mod gateway;
mod house;
mod import;
mod outside;
mod peers;
mod processes;
mod proxy;
mod report;
mod rules;
mod run;
mod run_folder;
mod scenarios;
mod serial;
mod serial_run;
mod sight;
mod stills;
mod tiny;
mod view;
