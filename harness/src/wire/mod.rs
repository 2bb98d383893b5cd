//! What devices and gateways write, as bytes and back. Pure: no sockets, no clocks.

pub mod command;
pub mod dialect;
pub mod id;
pub mod modbus;
pub mod mqtt_json;
