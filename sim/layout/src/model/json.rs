//! A JSON reader that remembers where each value stands, so that a problem in a map can point at its place.

use std::ops::Range;

/// A value and the bytes it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Json {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

/// What it is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<Member>),
}

/// One member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) value: Json,
}

/// Why the text is no JSON: the byte where reading stopped and what was expected there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stopped {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

const DEPTH: usize = 64;

impl Json {
    /// Reads a whole text.
    pub(crate) fn parse(text: &str) -> Result<Json, Stopped> {
        let mut reader = Reader { bytes: text.as_bytes(), text, at: 0 };
        if text.starts_with('\u{feff}') {
            reader.at = 3;
        }
        let value = reader.value(0)?;
        reader.blank();
        if reader.at < text.len() {
            return reader.stop("the end of the file");
        }
        Ok(value)
    }

    /// The member of that name.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        self.members().iter().find(|m| m.key == key).map(|m| &m.value)
    }

    /// Its members, none when it is no object.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    /// Its elements, when it is a list.
    pub(crate) fn list(&self) -> Option<&[Json]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// Its text, when it is text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its number, when it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self.value {
            Value::Number(n) => Some(n),
            _ => None,
        }
    }

    /// What it is, for a sentence.
    pub(crate) fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn stop<T>(&self, expected: &'static str) -> Result<T, Stopped> {
        Err(Stopped { at: self.at, expected })
    }

    fn blank(&mut self) {
        while self.bytes.get(self.at).is_some_and(|b| b" \t\r\n".contains(b)) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.blank();
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Json, Stopped> {
        self.blank();
        let start = self.at;
        if depth > DEPTH {
            return self.stop("fewer brackets inside brackets");
        }
        let value = match self.bytes.get(self.at) {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Json { span: start..self.at, value })
    }

    fn word(&mut self) -> Result<Value, Stopped> {
        let words = [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))];
        for (word, value) in words {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.stop("a value")
    }

    fn number(&mut self) -> Result<Value, Stopped> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|b| b"+-.eE0123456789".contains(b)) {
            self.at += 1;
        }
        match self.text[start..self.at].parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Number(number)),
            _ => Err(Stopped { at: start, expected: "a number" }),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Stopped> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            if !self.take(b',') {
                return self.stop("`,` or `]`");
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Stopped> {
        self.at += 1;
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Value::Map(members));
        }
        loop {
            self.blank();
            let start = self.at;
            if self.bytes.get(start) != Some(&b'"') {
                return self.stop("a name in double quotes");
            }
            let key = self.string()?;
            let key_span = start..self.at;
            if !self.take(b':') {
                return self.stop("`:`");
            }
            members.push(Member { key, key_span, value: self.value(depth + 1)? });
            if self.take(b'}') {
                return Ok(Value::Map(members));
            }
            if !self.take(b',') {
                return self.stop("`,` or `}`");
            }
        }
    }

    /// Finds the closing quote; escapes are left to `serde_json`.
    fn string(&mut self) -> Result<String, Stopped> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(b'\n') | None => {
                    self.at = self.at.min(self.bytes.len());
                    return self.stop("a closing `\"`");
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_str(&self.text[start..self.at])
            .map_err(|_| Stopped { at: start, expected: "text without broken escapes" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn says_where_a_value_stands() {
        let text = r#"{"a": [1, -2.5e1], "b": "x\"y"}"#;
        let json = Json::parse(text).unwrap();
        let a = json.get("a").unwrap();
        assert_eq!(&text[a.span.clone()], "[1, -2.5e1]");
        assert_eq!(a.list().unwrap()[1].number(), Some(-25.0));
        assert_eq!(json.get("b").unwrap().text(), Some("x\"y"));
    }

    #[test]
    fn says_where_it_stopped() {
        for (text, at, expected) in [
            ("{\"a\" 1}", 5, "`:`"),
            ("[1 2]", 3, "`,` or `]`"),
            ("", 0, "a value"),
            ("{} x", 3, "the end of the file"),
            ("\"abc", 4, "a closing `\""),
        ] {
            let stopped = Json::parse(text).unwrap_err();
            assert_eq!(stopped.at, at, "{text}");
            assert!(stopped.expected.starts_with(expected), "{text}: {}", stopped.expected);
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}\",:\\\\a0-9.eé -]{0,60}") {
            let ours = Json::parse(&text).is_ok();
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert!(ours || !theirs, "refused what is JSON: {text}");
        }
    }
}
