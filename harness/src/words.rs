//! How things are counted in sentences.

use std::fmt::Display;

/// So many of something: `1 message`, `2 messages`, `0 copies`.
pub fn counted(n: impl Display, noun: &str) -> String {
    let n = n.to_string();
    match noun.strip_suffix('y') {
        _ if n == "1" => format!("1 {noun}"),
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{n} {stem}ies"),
        _ => format!("{n} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_one_and_all_else_is_many() {
        let said = [counted(1, "time"), counted(0_u64, "message"), counted(-1, "day"), counted(2, "copy")];
        assert_eq!(said, ["1 time", "0 messages", "-1 days", "2 copies"]);
        assert_eq!(counted("1,240", "window"), "1,240 windows");
    }
}
