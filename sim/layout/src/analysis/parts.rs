//! A line cut into parts that follow each other: nothing left out, nothing twice.

use super::wall_line::Span;

/// Cuts closer to each other than this are one; rounding, not tolerance, m.
const SAME_M: f64 = 1e-6;

/// Cuts a line of a length at the ends of stretches on it and says of each piece what it is. Neighbours that are the
/// same become one part. The first begins at 0, the last ends at the length, and each begins where the one before
/// ends.
pub(super) fn parts<T: PartialEq>(
    length_m: f64,
    stretches: impl IntoIterator<Item = Span>,
    what: impl Fn(f64) -> T,
) -> Vec<(Span, T)> {
    let mut parts: Vec<(Span, T)> = Vec::new();
    for piece in cuts(length_m, stretches).windows(2) {
        let here = what((piece[0] + piece[1]) / 2.0);
        match parts.last_mut() {
            Some((span, before)) if *before == here => span[1] = piece[1],
            _ => parts.push(([piece[0], piece[1]], here)),
        }
    }
    parts
}

/// 0, the length, and every end between them, in order.
fn cuts(length_m: f64, stretches: impl IntoIterator<Item = Span>) -> Vec<f64> {
    let inside = |at: &f64| *at > SAME_M && *at < length_m - SAME_M;
    let mut ends: Vec<f64> = stretches.into_iter().flatten().filter(inside).collect();
    ends.sort_by(f64::total_cmp);
    ends.dedup_by(|b, a| *b - *a < SAME_M);
    let mut cuts = vec![0.0];
    cuts.append(&mut ends);
    if length_m > SAME_M {
        cuts.push(length_m);
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_neighbours_of_one_kind_are_one() {
        let inside = |at: f64| (2.0..5.0).contains(&at) || (5.0..6.0).contains(&at);
        let found = parts(10.0, [[2.0, 5.0], [5.0, 6.0], [5.0 + 1e-9, 12.0], [-3.0, 2.0]], inside);
        assert_eq!(found, [([0.0, 2.0], false), ([2.0, 6.0], true), ([6.0, 10.0], false)]);
        assert_eq!(parts(3.0, [], |_| 7), [([0.0, 3.0], 7)]);
        assert_eq!(parts(0.0, [[0.0, 1.0]], |_| 7), []);
    }
}
