//! Shows what a run left: still pictures and a window. It reads run folders and never runs a twin.

pub mod actors;
pub mod bench;
pub mod eye;
pub mod lens;
pub mod light;
pub mod overlays;
pub mod pad;
pub mod paint;
pub mod run_folder;
pub mod scene;
pub mod stage;
pub mod stills;
pub mod studio;
pub mod window;
