//! What latency polling alone brings: a computed distribution that is shown beside the measured one.
//!
//! A change that is not announced waits for the next look. When looks come every P and changes know nothing of them, the
//! wait is uniform between 0 and P; the answer's characters come on top. What a gateway is slower than that is its own.

use crate::record::Micros;

/// How one message's input was polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polled {
    /// From one poll to the next, µs, measured.
    pub period_us: Micros,
    /// From the look at the inputs to the last character of the answer, µs, computed.
    pub answer_us: Micros,
}

/// Latencies that polling alone explains, ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// Half are no longer.
    pub p50_ms: f64,
    /// 90 % are no longer.
    pub p90_ms: f64,
    /// 99 % are no longer.
    pub p99_ms: f64,
    /// None is longer.
    pub max_ms: f64,
}

/// What to expect of messages that were polled so: the mixture of their uniform distributions. Nothing without any.
pub fn expected(messages: &[Polled]) -> Option<Expected> {
    let longest = messages.iter().map(|m| m.period_us + m.answer_us).max()?;
    let at = |share: f64| quantile(messages, share, longest as f64) / 1_000.0;
    Some(Expected { p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99), max_ms: longest as f64 / 1_000.0 })
}

/// The share of messages that are answered within `us`.
fn within(messages: &[Polled], us: f64) -> f64 {
    let one = |m: &Polled| ((us - m.answer_us as f64) / (m.period_us as f64).max(1.0)).clamp(0.0, 1.0);
    messages.iter().map(one).sum::<f64>() / messages.len() as f64
}

/// The latency, µs, within which a share of them is answered: halved 40 times, far below a microsecond.
fn quantile(messages: &[Polled], share: f64, longest: f64) -> f64 {
    let (mut low, mut high) = (0.0, longest);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if within(messages, middle) < share { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_spreads_latency_evenly() {
        let all = [Polled { period_us: 200_000, answer_us: 10_000 }; 3];
        let Expected { p50_ms, p90_ms, p99_ms, max_ms } = expected(&all).expect("some");
        for (is, should) in [(p50_ms, 110.0), (p90_ms, 190.0), (p99_ms, 208.0), (max_ms, 210.0)] {
            assert!((is - should).abs() < 0.001, "{is} {should}");
        }
        assert_eq!(expected(&[]), None);
    }

    #[test]
    fn slower_units_are_the_tail() {
        let one = |period_us| Polled { period_us, answer_us: 0 };
        // Three in four within 100 ms, the last one within 1,000 ms.
        let found = expected(&[one(100_000), one(100_000), one(100_000), one(1_000_000)]).expect("some");
        assert!((found.p90_ms - 600.0).abs() < 0.001, "{found:?}");
        assert!(found.p50_ms < 66.0 && found.p50_ms > 64.0, "{found:?}");
    }
}
