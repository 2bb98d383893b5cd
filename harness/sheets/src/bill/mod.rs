//! The bill of materials: every device, and what all of them cost by the list of prices.

mod table;
mod workbook;

pub use table::csv;
pub use workbook::workbook;
