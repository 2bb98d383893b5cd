//! A table of the page.

use serde::Serialize;

/// A table.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Grid {
    title: String,
    /// Where its figures are from.
    how: String,
    /// A sentence above it; nothing when empty.
    note: String,
    heads: Vec<Head>,
    rows: Vec<Row>,
    /// Rows that are not shown.
    left: usize,
}

#[derive(Debug, PartialEq, Serialize)]
struct Head {
    text: String,
    /// True over a column of figures.
    number: bool,
}

#[derive(Debug, PartialEq, Serialize)]
struct Row {
    tone: &'static str,
    cells: Vec<String>,
}

/// Rows of a table at most; the report holds all.
const ROWS: usize = 60;

impl Grid {
    /// An empty table. Heads that end in `#` stand over figures.
    pub(super) fn new(title: impl Into<String>, heads: &[&str]) -> Grid {
        let head =
            |text: &&str| Head { text: text.trim_end_matches('#').into(), number: text.ends_with('#') };
        Grid {
            title: title.into(),
            how: "computed".into(),
            note: String::new(),
            heads: heads.iter().map(head).collect(),
            rows: Vec::new(),
            left: 0,
        }
    }

    /// Says where its figures are from, when they are not computed.
    pub(super) fn from(self, how: &str) -> Grid {
        Grid { how: how.into(), ..self }
    }

    pub(super) fn noted(self, note: impl Into<String>) -> Grid {
        Grid { note: note.into(), ..self }
    }

    /// Adds a row, as long as there is room for it. The tone is `good`, `bad` or empty.
    pub(super) fn row(&mut self, tone: &'static str, cells: impl IntoIterator<Item = String>) {
        if self.rows.len() < ROWS {
            self.rows.push(Row { tone, cells: cells.into_iter().collect() });
        } else {
            self.left += 1;
        }
    }

    /// The table, unless it has no row.
    pub(super) fn filled(self) -> Option<Grid> {
        (!self.rows.is_empty()).then_some(self)
    }
}
