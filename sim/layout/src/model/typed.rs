//! Reading another TOML file than the scenario with the same care: every unknown key, missing key, wrong type and wrong
//! word at once, each with its place.

use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::de::DeTable;

use super::near;
pub use super::place::Spans;
pub use super::problem::{Problem, Problems, Source, SourceText};
use super::structure;

/// A file that could be read, perhaps without its unknown keys.
#[derive(Debug)]
pub struct Typed<T> {
    /// What it says; nothing when it cannot be read at all.
    pub file: Option<T>,
    /// Where each of its values stands.
    pub spans: Spans,
    /// Its text, for further problems.
    pub source: Source,
    /// What is wrong with its structure.
    pub problems: Problems,
}

/// Reads a text against the schema of its type, called `called` in messages.
pub fn read<T: DeserializeOwned>(text: &SourceText, schema: &Value, called: &str) -> Typed<T> {
    let source = text.source();
    let mut problems = Problems::default();
    let (table, errors) = DeTable::parse_recoverable(&text.text);
    for error in &errors {
        let span = error.span().unwrap_or_default();
        let help = "put right what stands here or just before it";
        problems.add(Problem::new(&source, span, "toml::syntax", error.message(), help));
    }
    let table = table.get_ref();
    let spans = Spans::of(table);
    if !problems.is_empty() {
        return Typed { file: None, spans, source, problems };
    }
    let unknown = structure::walk(schema, called, table, &source, &mut problems);
    let file = toml::from_str(&text.text)
        .map(|table: toml::Table| structure::without(table, &unknown))
        .and_then(T::deserialize);
    let file = match file {
        Ok(file) => Some(file),
        Err(error) => {
            if problems.is_empty() {
                let span = error.span().unwrap_or_default();
                problems.add(Problem::new(
                    &source,
                    span,
                    "toml::syntax",
                    error.message(),
                    "put right what stands here",
                ));
            }
            None
        }
    };
    Typed { file, spans, source, problems }
}

/// The remedy for a word that is none of the valid ones: the nearest, or all.
pub fn remedy(word: &str, valid: &[&str]) -> String {
    near::remedy(word, valid)
}
