//! Structure: the typed text against the schema. Every unknown key, missing key, wrong type and wrong word at once.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::near::remedy;
use super::place::join;
use super::problem::{Problem, Problems, Source};
use super::scenario::{Duration, TimeOfDay};
use super::schema::words_of;

/// Paths of keys that are not known; without them the rest may still be read.
pub(crate) type Unknown = Vec<Vec<Step>>;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Item(usize),
}

/// Walks a parsed text against the schema of what it should be, called `called` in messages, and adds every problem of
/// structure.
pub(crate) fn walk(
    root: &Value,
    called: &str,
    table: &DeTable<'_>,
    source: &Source,
    problems: &mut Problems,
) -> Unknown {
    let mut walk = Walk { root, source, problems, steps: Vec::new(), unknown: Vec::new() };
    walk.table(root, table, 0..0, called);
    walk.unknown
}

struct Walk<'a> {
    root: &'a Value,
    source: &'a Source,
    problems: &'a mut Problems,
    steps: Vec<Step>,
    unknown: Unknown,
}

type Span = std::ops::Range<usize>;

impl<'a> Walk<'a> {
    fn wrong(&mut self, span: Span, code: &'static str, message: String, help: String) {
        self.problems.add(Problem::new(self.source, span, code, message, help));
    }

    /// Follows references and drops `null` alternatives; also says the name of the type.
    fn resolve(&self, schema: &'a Value) -> (&'a Value, &'a str) {
        let (mut schema, mut name) = (schema, "");
        loop {
            if let Some(reference) = schema["$ref"].as_str() {
                name = reference.rsplit('/').next().unwrap_or_default();
                schema = &self.root["$defs"][name];
            } else if let Some(parts) = schema["anyOf"].as_array() {
                let Some(part) = parts.iter().find(|p| p["type"] != "null") else { return (schema, name) };
                schema = part;
            } else {
                return (schema, name);
            }
        }
    }

    fn table(&mut self, schema: &'a Value, table: &DeTable<'_>, span: Span, called: &str) {
        let Some(properties) = schema["properties"].as_object() else {
            return self.map(schema, table);
        };
        let valid: Vec<&str> = properties.keys().map(String::as_str).collect();
        for (key, value) in table {
            let name: &str = key.get_ref();
            self.steps.push(Step::Key(name.to_owned()));
            match properties.get(name) {
                Some(inner) => self.value(inner, value, name),
                None => {
                    self.unknown.push(self.steps.clone());
                    let message = format!("`{name}` is no key of {called}");
                    self.wrong(key.span(), "scenario::unknown-key", message, remedy(name, &valid));
                }
            }
            self.steps.pop();
        }
        for needed in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(needed) {
                let about = properties[needed]["description"].as_str().unwrap_or_default();
                let message = format!("{called} lacks the key `{needed}`");
                let help = format!("add `{needed} = ...`: {}", lower_first(about));
                self.wrong(span.clone(), "scenario::missing-key", message, help);
            }
        }
    }

    /// A table whose keys are free.
    fn map(&mut self, schema: &'a Value, table: &DeTable<'_>) {
        if !schema["additionalProperties"].is_object() {
            return;
        }
        for (key, value) in table {
            self.steps.push(Step::Key(key.get_ref().to_string()));
            self.value(&schema["additionalProperties"], value, key.get_ref());
            self.steps.pop();
        }
    }

    fn value(&mut self, schema: &'a Value, value: &Spanned<DeValue<'_>>, key: &str) {
        let (schema, name) = self.resolve(schema);
        if schema["oneOf"].is_array() || schema["enum"].is_array() {
            return self.choice(schema, value, key);
        }
        let needed = match &schema["type"] {
            Value::Array(types) => {
                types.iter().filter_map(Value::as_str).find(|t| *t != "null").unwrap_or("")
            }
            other => other.as_str().unwrap_or_default(),
        };
        match (needed, value.get_ref()) {
            ("object", DeValue::Table(table)) => {
                self.table(schema, table, value.span(), &format!("`{}`", self.path()));
            }
            ("array", DeValue::Array(items)) => self.list(schema, items, value.span(), key),
            ("string", DeValue::String(text)) => self.text(name, text, value.span(), key),
            ("integer", DeValue::Integer(number)) => {
                let parsed = i128::from_str_radix(number.as_str(), number.radix()).ok();
                self.range(schema, parsed, value.span(), key);
            }
            ("number", DeValue::Float(number)) => {
                if !number.as_str().parse::<f64>().is_ok_and(f64::is_finite) {
                    self.mismatch("a finite number", value, key);
                }
            }
            ("number", DeValue::Integer(_)) | ("boolean", DeValue::Boolean(_)) => {}
            ("", _) => {}
            (needed, _) => {
                let wanted = match (needed, name) {
                    ("string", "Duration") => "a length of time as text, such as \"2s\"",
                    ("string", "TimeOfDay") => "a time of day as text, such as \"07:30\"",
                    ("string", _) => "text in quotes",
                    ("integer", _) => "a whole number",
                    ("number", _) => "a number",
                    ("boolean", _) => "true or false",
                    ("array", _) => "a list in square brackets, or tables headed `[[...]]`",
                    _ => "a table",
                };
                self.mismatch(wanted, value, key);
            }
        }
    }

    fn mismatch(&mut self, wanted: &str, value: &Spanned<DeValue<'_>>, key: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a bare date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{key}` must be {wanted}; this is {found}");
        self.wrong(value.span(), "scenario::wrong-type", message, format!("write {wanted}"));
    }

    fn list(&mut self, schema: &'a Value, items: &toml::de::DeArray<'_>, span: Span, key: &str) {
        let length = schema["minItems"].as_u64().filter(|_| schema["minItems"] == schema["maxItems"]);
        if let Some(length) = length.filter(|n| *n != items.len() as u64) {
            let message = format!("`{key}` must have {length} elements; this has {}", items.len());
            self.wrong(
                span,
                "scenario::wrong-length",
                message,
                format!("write {length} elements in square brackets"),
            );
        }
        for (i, item) in items.iter().enumerate() {
            self.steps.push(Step::Item(i));
            self.value(&schema["items"], item, key);
            self.steps.pop();
        }
    }

    fn text(&mut self, name: &str, text: &str, span: Span, key: &str) {
        let outcome = match name {
            "Duration" => text.parse::<Duration>().map(|_| ()),
            "TimeOfDay" => text.parse::<TimeOfDay>().map(|_| ()),
            _ => Ok(()),
        };
        if let Err(wrong) = outcome {
            let (sentence, remedy) = wrong.split_once("; ").unwrap_or((&wrong, ""));
            self.wrong(span, "scenario::wrong-text", format!("`{key}`: {sentence}"), remedy.to_owned());
        }
    }

    fn range(&mut self, schema: &Value, number: Option<i128>, span: Span, key: &str) {
        let least = schema["minimum"].as_f64().map_or(i128::from(i64::MIN), |n| n as i128);
        let widest = if schema["format"] == "uint32" { u32::MAX.into() } else { i64::MAX.into() };
        let most: i128 = schema["maximum"].as_f64().map_or(widest, |n| n as i128);
        if !number.is_some_and(|n| (least..=most).contains(&n)) {
            let message = format!("`{key}` must be a whole number from {least} to {most}");
            self.wrong(span, "scenario::out-of-range", message, "write a number in that range".into());
        }
    }

    /// An enum: a word, or a table with one key that is a word.
    fn choice(&mut self, schema: &'a Value, value: &Spanned<DeValue<'_>>, key: &str) {
        let plain = words_of(schema);
        let parts = schema["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        let tagged: Vec<(&str, &'a Value)> = parts
            .iter()
            .filter_map(|p| p["properties"].as_object())
            .flat_map(|o| o.iter().map(|(k, v)| (k.as_str(), v)))
            .collect();
        let mut valid: Vec<&str> = plain.iter().map(String::as_str).collect();
        valid.extend(tagged.iter().map(|(k, _)| *k));
        match value.get_ref() {
            DeValue::String(word) if plain.iter().any(|p| p == word) => {}
            DeValue::String(word) if tagged.iter().any(|(k, _)| k == word) => {
                let message = format!("`{word}` must say more");
                let help = format!("write `{key} = {{ {word} = ... }}`");
                self.wrong(value.span(), "scenario::wrong-type", message, help);
            }
            DeValue::String(word) => {
                let message = format!("`{word}` is no `{key}`");
                self.wrong(value.span(), "scenario::unknown-word", message, remedy(word, &valid));
            }
            DeValue::Table(table) if !tagged.is_empty() && table.len() == 1 => {
                for (tag, inner) in table {
                    let name: &str = tag.get_ref();
                    match tagged.iter().find(|(k, _)| *k == name) {
                        Some((_, inner_schema)) => {
                            self.steps.push(Step::Key(name.to_owned()));
                            self.value(inner_schema, inner, name);
                            self.steps.pop();
                        }
                        None => {
                            let message = format!("`{name}` is no `{key}`");
                            self.wrong(tag.span(), "scenario::unknown-word", message, remedy(name, &valid));
                        }
                    }
                }
            }
            _ if tagged.is_empty() => self.mismatch("one of its words, in quotes", value, key),
            _ => self.mismatch("a table with one key, such as `{ tour = \"tour-1\" }`", value, key),
        }
    }

    fn path(&self) -> String {
        self.steps.iter().fold(String::new(), |path, step| match step {
            Step::Key(key) => join(&path, key),
            Step::Item(i) => format!("{path}[{i}]"),
        })
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    let rest: String = chars.collect();
    format!("{first}{}", rest.replace('\n', " ")).trim_end_matches('.').to_owned()
}

/// The table without the keys that are not known.
pub(crate) fn without(mut table: toml::Table, unknown: &Unknown) -> toml::Table {
    for path in unknown {
        drop_at(&mut table, path);
    }
    table
}

fn drop_at(table: &mut toml::Table, path: &[Step]) {
    match path {
        [Step::Key(key)] => {
            table.remove(key);
        }
        [Step::Key(key), rest @ ..] => {
            if let Some(value) = table.get_mut(key) {
                drop_in(value, rest);
            }
        }
        _ => {}
    }
}

fn drop_in(value: &mut toml::Value, path: &[Step]) {
    match (value, path) {
        (toml::Value::Table(table), path) => drop_at(table, path),
        (toml::Value::Array(items), [Step::Item(i), rest @ ..]) => {
            if let Some(item) = items.get_mut(*i) {
                drop_in(item, rest);
            }
        }
        _ => {}
    }
}
