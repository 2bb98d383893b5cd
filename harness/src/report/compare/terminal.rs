//! The table on a terminal: three runs beside one another, further ones below. At most 100 columns.

use super::model::Comparison;
use super::rows::{self, Group};
use crate::report::terminal::{columns, wrap};

/// Columns.
const WIDTH: usize = 100;
/// Runs beside one another.
const BESIDE: usize = 3;
/// Columns of the labels, with the indent.
const LABEL: usize = 19;

pub(super) fn render(comparison: &Comparison) -> String {
    let mut out = String::new();
    for warning in &comparison.warnings {
        for (i, line) in wrap(warning, WIDTH - 3).iter().enumerate() {
            let mark = if i == 0 { "!!" } else { "  " };
            out.push_str(&format!("{mark} {line}\n"));
        }
    }
    if !comparison.warnings.is_empty() {
        out.push('\n');
    }
    let groups = rows::groups(comparison);
    let places: Vec<usize> = (0..comparison.runs.len()).collect();
    for (i, beside) in places.chunks(BESIDE).enumerate() {
        if i > 0 {
            out.push('\n');
        }
        table(comparison, &groups, beside, &mut out);
    }
    if comparison.same_tape && comparison.same_windows {
        out.push_str("\n  All runs drove the same windows of the same tape.\n");
    }
    out
}

fn table(comparison: &Comparison, groups: &[Group], runs: &[usize], out: &mut String) {
    let width = (WIDTH - LABEL) / runs.len().max(1);
    let width = width.min(36);
    let letters: Vec<Vec<String>> = runs.iter().map(|&r| vec![comparison.runs[r].letter.clone()]).collect();
    line("", &letters, width, out);
    for group in groups {
        out.push_str(&format!("{}\n", group.title));
        for row in &group.rows {
            let cells = runs.iter().map(|&r| {
                let cell = &row.cells[r];
                let mark = if cell.fault { "* " } else { "" };
                broken(&format!("{mark}{}", cell.text), width - 2)
            });
            line(&row.label, &cells.collect::<Vec<_>>(), width, out);
        }
    }
    out.push_str("  * speaks against the run; n/a: does not apply to it\n");
}

/// One row, in as many lines as its longest cell needs.
fn line(label: &str, cells: &[Vec<String>], width: usize, out: &mut String) {
    let lines = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
    for i in 0..lines {
        let mut text = pad(if i == 0 { label } else { "" }, LABEL - 2);
        for cell in cells {
            text.push_str(&pad(cell.get(i).map_or("", String::as_str), width));
        }
        out.push_str(&format!("  {}\n", text.trim_end()).replace("  \n", "\n"));
    }
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// Broken at spaces, and inside words that are too long for a line: paths and addresses are.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in wrap(text, width) {
        let mut part = String::new();
        for letter in line.chars() {
            if columns(&part) + columns(letter.encode_utf8(&mut [0; 4])) > width {
                lines.push(std::mem::take(&mut part));
            }
            part.push(letter);
        }
        lines.push(part);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_broken_and_nothing_is_lost() {
        let text = "results/a-very-long-folder-of-a-run and more";
        let lines = broken(text, 12);
        assert!(lines.iter().all(|l| columns(l) <= 12), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
    }
}
