//! Did you mean: the nearest of the valid names.

/// Edits (insert, drop, change, swap of neighbours) from one word to another.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// The nearest valid name, when one is near: at most a third of the word's letters differ, and at least one may.
pub(crate) fn nearest<'a>(word: &str, valid: &[&'a str]) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    let scored = valid.iter().map(|v| (edits(&word.to_lowercase(), &v.to_lowercase()), *v));
    scored.min_by_key(|(distance, _)| *distance).filter(|(distance, _)| *distance <= allowed).map(|(_, v)| v)
}

/// A remedy that names the nearest valid name and the valid names (the first twelve when there are more).
pub(crate) fn remedy(word: &str, valid: &[&str]) -> String {
    let mut text = nearest(word, valid).map_or(String::new(), |v| format!("did you mean `{v}`? "));
    match valid {
        [] => text.push_str("there is none here yet"),
        [one] => text.push_str(&format!("the only valid name is `{one}`")),
        _ => {
            let shown: Vec<String> = valid.iter().take(12).map(|v| format!("`{v}`")).collect();
            let more = valid.len().saturating_sub(12);
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            text.push_str(&format!("valid names are {}{tail}", shown.join(", ")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        for (a, b, n) in
            [("", "", 0), ("beam", "beam", 0), ("baem", "beam", 1), ("bem", "beam", 1), ("a", "xyz", 3)]
        {
            assert_eq!(edits(a, b), n, "{a} {b}");
        }
    }

    #[test]
    fn names_the_nearest() {
        assert_eq!(nearest("heigth_m", &["height_m", "width_m"]), Some("height_m"));
        assert_eq!(nearest("zzz", &["height_m", "width_m"]), None);
        assert_eq!(remedy("baem", &["beam"]), "did you mean `beam`? the only valid name is `beam`");
    }
}
