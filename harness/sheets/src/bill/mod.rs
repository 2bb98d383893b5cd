//! The bill of materials: every device, and what all of them cost at assumed prices.

mod prices;
mod table;
mod workbook;

pub use table::csv;
pub use workbook::workbook;
