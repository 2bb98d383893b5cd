//! What a threshold says: `== 0`, `< 2s`, `>= 99.5`.

use std::str::FromStr;

use palisade_sim::model::scenario::Duration;

/// How a figure is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

/// A comparison with a number; times are in ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// How.
    pub op: Op,
    /// With what.
    pub value: f64,
}

impl Bound {
    /// Whether a value holds it.
    pub fn holds(self, found: f64) -> bool {
        match self.op {
            Op::Less => found < self.value,
            Op::AtMost => found <= self.value,
            Op::Equal => found == self.value,
            Op::NotEqual => found != self.value,
            Op::AtLeast => found >= self.value,
            Op::More => found > self.value,
        }
    }
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Bound, String> {
        const OPS: [(&str, Op); 6] = [
            ("<=", Op::AtMost),
            (">=", Op::AtLeast),
            ("==", Op::Equal),
            ("!=", Op::NotEqual),
            ("<", Op::Less),
            (">", Op::More),
        ];
        let wrong =
            || format!("`{text}` is not a comparison; write it like \"== 0\", \"< 2s\" or \"<= 500ms\"");
        let text = text.trim();
        let (word, op) = OPS.iter().find(|(word, _)| text.starts_with(word)).ok_or_else(wrong)?;
        let right = text[word.len()..].trim();
        let value = match right.parse::<f64>() {
            Ok(value) if value.is_finite() => value,
            _ => right.parse::<Duration>().map_err(|_| wrong())?.0.0 as f64,
        };
        Ok(Bound { op: *op, value })
    }
}
