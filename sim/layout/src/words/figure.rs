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

#[cfg(test)]
mod tests {
    use super::thousands;

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
