//! What a plan hands out, made from the shipped compounds and read back by programs that others wrote.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;
mod edited;
mod layers;
mod manager;
mod planner;
mod prices;
mod sheet;
