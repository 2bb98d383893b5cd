//! The time that a gateway writes into its answers.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::offset;
use serde_json::Value;

/// From here on a number counts milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973.
const MILLISECONDS_FROM: f64 = 1e11;
/// Hours of Beijing time before UTC.
const BEIJING_H: i8 = 8;

/// The instant that a value names, ms after the epoch; nothing when it is no time.
pub(super) fn instant_ms(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().filter(|number| number.is_finite())?;
            let ms = if number.abs() < MILLISECONDS_FROM { number * 1_000.0 } else { number };
            Some(ms.round() as i64)
        }
        Value::String(text) => of_text(text.trim()),
        _ => None,
    }
}

fn of_text(text: &str) -> Option<i64> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_millisecond());
    }
    // Digits alone are a number that somebody wrote as text, and no date.
    if let Ok(number) = text.parse::<f64>() {
        return instant_ms(&Value::from(number));
    }
    let local: DateTime = text.parse().ok()?;
    Some(offset(BEIJING_H).to_timestamp(local).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_as_gateways_write_them() {
        let at = Some(1_776_104_045_000);
        for (written, expected) in [
            (json!(1_776_104_045_000_i64), at),
            (json!(1_776_104_045), at),
            (json!(1_776_104_045.25), Some(1_776_104_045_250)),
            (json!("1776104045"), at),
            (json!("2026-04-13T18:14:05Z"), at),
            (json!("2026-04-14T02:14:05+08:00"), at),
            (json!("2026-04-14 02:14:05"), at),
            (json!("2026-04-14T02:14:05.5"), Some(1_776_104_045_500)),
            (json!("noon"), None),
            (json!(null), None),
            (json!({}), None),
        ] {
            assert_eq!(instant_ms(&written), expected, "{written}");
        }
    }
}
