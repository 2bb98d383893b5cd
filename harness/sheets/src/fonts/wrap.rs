//! Lines of a text: where it may break, in Chinese and elsewhere.

use super::{is_han, width};

/// Signs that may not begin a line.
const CLOSING: &str = "，。；：、！？）》」』”’%,.;:!?)";
/// Signs that may not end one.
const OPENING: &str = "（《「『“‘(";

/// Lines of a text that are no wider than `most`, in the units of `size`. Chinese breaks between any two letters but
/// before closing and after opening signs; the rest breaks at spaces.
pub(crate) fn wrap(text: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last().map_or("", String::as_str);
        let fits = size * width(&format!("{line}{}", piece.trim_end()), false) <= most;
        if fits || line.is_empty() {
            if let Some(line) = lines.last_mut() {
                line.push_str(piece);
            }
        } else {
            lines.push(piece.to_owned());
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// What may not be torn apart.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    for pair in letters.windows(2) {
        let ((_, a), (at, b)) = (pair[0], pair[1]);
        let breaks = a == ' ' || ((is_han(a) || is_han(b)) && b != ' ');
        if breaks && !CLOSING.contains(b) && !OPENING.contains(a) {
            pieces.push(&text[from..at]);
            from = at;
        }
    }
    pieces.push(&text[from..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_where_the_script_allows() {
        for (text, most, lines) in [
            ("北墙有六米没有对射。", 5.0, vec!["北墙有六米", "没有对射。"]),
            ("北墙有六米，没有", 5.0, vec!["北墙有六", "米，没有"]),
            ("a wall of brick", 3.8, vec!["a wall", "of brick"]),
            ("摄像机 cam-07", 5.0, vec!["摄像机", "cam-07"]),
        ] {
            assert_eq!(wrap(text, 1.0, most), lines, "{text}");
        }
    }
}
