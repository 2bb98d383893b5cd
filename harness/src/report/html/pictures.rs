//! Pictures of the run as rows of the page, with their bytes in them.

use base64::Engine as _;
use palisade_sim::words::Ms;
use serde::Serialize;

use crate::report::stills::Still;

/// A picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Row {
    title: String,
    title_zh: String,
    /// Time of day, when it has one.
    at: String,
    caption: String,
    width: u32,
    height: u32,
    /// The PNG, base64.
    pub(super) data: String,
}

pub(super) fn rows(stills: &[Still]) -> Vec<Row> {
    let row = |still: &Still| Row {
        title: still.row.title.clone(),
        title_zh: still.row.title_zh.clone().unwrap_or_default(),
        at: still.row.at_ms.map_or_else(String::new, clock),
        caption: still.row.caption.clone().unwrap_or_default(),
        width: still.pixels[0],
        height: still.pixels[1],
        data: base64::engine::general_purpose::STANDARD.encode(&still.png),
    };
    stills.iter().map(row).collect()
}

/// Hours, minutes and seconds.
fn clock(ms: i64) -> String {
    let time = Ms(ms).to_string();
    time.split('.').next().unwrap_or_default().to_owned()
}
