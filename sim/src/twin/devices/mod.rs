//! Devices: each looks at what moved or burns and says what it would report.

pub mod beam;
pub mod camera;
pub mod charger;
pub mod facade_camera;
pub mod fire_station;
pub mod heat;
pub mod outer_post;
pub mod smoke;
