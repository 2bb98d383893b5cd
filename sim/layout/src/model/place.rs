//! Where each value of a TOML text stands: `kit.beam[3].wall` -> bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Spans by path.
#[derive(Debug, Default)]
pub struct Spans {
    by_path: BTreeMap<String, Range<usize>>,
}

impl Spans {
    /// Of every value in a table.
    pub fn of(table: &DeTable<'_>) -> Spans {
        let mut spans = Spans::default();
        spans.table("", table);
        spans
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = join(path, key.get_ref());
            self.value(path, value);
        }
    }

    fn value(&mut self, path: String, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(&path, table),
            DeValue::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.value(format!("{path}[{i}]"), item);
                }
            }
            _ => {}
        }
        self.by_path.insert(path, value.span());
    }

    /// The span of the value at a path; of the nearest thing that holds it when it was left to its default.
    pub fn at(&self, path: &str) -> Range<usize> {
        let mut path = path;
        loop {
            if let Some(span) = self.by_path.get(path) {
                return span.clone();
            }
            match path.rfind(['.', '[']) {
                Some(cut) => path = &path[..cut],
                None => return 0..0,
            }
        }
    }
}

/// The path of a key inside a table.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
