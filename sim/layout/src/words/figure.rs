//! How figures are written, wherever people read them.

/// A figure without places, its thousands apart: `1,240`.
pub fn thousands(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let mut out = String::new();
    if x < 0.0 && digits != "0" {
        out.push('-');
    }
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Figures that stand beside each other, with two digits behind the point; with more, up to five, where two that differ
/// would look alike.
pub fn apart<const N: usize>(figures: [Option<f64>; N]) -> [Option<String>; N] {
    let rounded = |scale: f64| figures.map(|x| x.map(|x| (libm::round(x * scale) / scale).to_string()));
    // What is alike at five digits differs by a rounding.
    let finest = rounded(1e5);
    let told = |written: &[Option<String>; N]| {
        let mut pairs = (0..N).flat_map(|a| (0..a).map(move |b| (a, b)));
        pairs.all(|(a, b)| finest[a] == finest[b] || written[a] != written[b])
    };
    [1e2, 1e3, 1e4].map(rounded).into_iter().find(told).unwrap_or_else(|| finest.clone())
}

#[cfg(test)]
mod tests {
    use super::{apart, thousands};

    #[test]
    fn figures_that_differ_do_not_look_alike() {
        let written = |figures| apart(figures).map(Option::unwrap_or_default);
        assert_eq!(written([Some(0.25), Some(1.0), None]), ["0.25", "1", ""]);
        assert_eq!(written([Some(0.9971), Some(1.0), Some(1.0)]), ["0.997", "1", "1"]);
        assert_eq!(written([Some(0.99996), Some(0.999_97), Some(1.0)]), ["0.99996", "0.99997", "1"]);
        assert_eq!(written([Some(0.1 + 0.2), Some(0.3), None]), ["0.3", "0.3", ""]);
        assert_eq!(written([Some(0.9971), Some(0.9971 + 1e-15), Some(1.0)]), ["0.997", "0.997", "1"]);
    }

    #[test]
    fn thousands_stand_apart_whatever_the_sign() {
        for (x, expected) in [
            (0.0, "0"),
            (-0.4, "0"),
            (999.4, "999"),
            (1_240.0, "1,240"),
            (-123.0, "-123"),
            (-123_456.0, "-123,456"),
            (12_345_678.0, "12,345,678"),
        ] {
            assert_eq!(thousands(x), expected);
        }
    }
}
