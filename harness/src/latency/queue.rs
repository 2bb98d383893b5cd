//! How many messages wait for their answers at an instant: the queue that the gateway makes of its work.
//!
//! A message waits from when the gateway had it (or, where nobody looked, from when it left) until its first answer; one
//! that is never answered waits until its deadline.

use super::trend::{Trend, trend};
use crate::pairing::{Answer, Outcome};
use crate::record::Micros;

/// The queue is looked at in steps of this, µs.
const STEP_US: Micros = 100_000;

/// How many messages waited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Queue {
    /// At most so many at once.
    pub max: usize,
    /// When there were first so many, µs.
    pub max_at_us: Micros,
    /// How many at each step of 100 ms: the instant, and the count.
    pub steps: Vec<(Micros, usize)>,
    /// How it goes on while messages come, messages a second; nothing when there are too few steps.
    pub trend: Option<Trend>,
}

/// The queue of these messages. Those of one run of a part; waiting between windows counts like any other.
pub fn queue(answers: &[Answer]) -> Queue {
    let waits = |a: &Answer| -> Option<(Micros, Micros)> {
        let from = a.reached_us.or(a.left_us)?;
        let missed = (a.outcome == Outcome::Missed).then_some(a.intended_us + a.deadline_us);
        let until = a.observed_us.or(missed)?;
        (until > from).then_some((from, until))
    };
    let stretches: Vec<(Micros, Micros)> = answers.iter().filter_map(waits).collect();
    let mut turns: Vec<(Micros, isize)> = stretches.iter().flat_map(|(a, b)| [(*a, 1), (*b, -1)]).collect();
    // At one instant, whoever is answered goes before whoever comes.
    turns.sort_unstable();
    let mut queue = Queue::default();
    let (Some((first, _)), Some((last, _))) = (turns.first().copied(), turns.last().copied()) else {
        return queue;
    };
    let (mut now, mut next) = (0_isize, first);
    for (at, turn) in turns {
        while next < at {
            queue.steps.push((next, now.unsigned_abs()));
            next += STEP_US;
        }
        now += turn;
        if now.unsigned_abs() > queue.max {
            (queue.max, queue.max_at_us) = (now.unsigned_abs(), at);
        }
    }
    queue.steps.push((last, 0));
    let seconds = |us: Micros| us as f64 / 1e6;
    // When nothing more comes, every queue shrinks.
    let coming = stretches.iter().map(|(from, _)| *from).max().unwrap_or(last);
    let steps = queue.steps.iter().filter(|(at, _)| *at <= coming);
    let points: Vec<(f64, f64)> = steps.map(|(at, n)| (seconds(*at), *n as f64)).collect();
    queue.trend = trend(&points);
    queue
}

#[cfg(test)]
mod tests {
    use palisade_sim::contract::Severity;
    use palisade_sim::words::{DeviceIx, StimulusId};

    use super::*;

    /// One message each 100 ms, answered after `response_ms` of its number, if at all.
    fn run(response_ms: impl Fn(i64) -> Option<i64>) -> Queue {
        let answer = |i: i64| {
            let (at, response) = (i * 100_000, response_ms(i));
            Answer {
                stimulus: StimulusId(i as u32),
                device: DeviceIx(0),
                outcome: response.map_or(Outcome::Missed, |_| Outcome::Answered),
                severity: Severity::Alarm,
                intended_us: at,
                deadline_us: 2_000_000,
                left_us: Some(at),
                reached_us: None,
                observed_us: response.map(|ms| at + ms * 1_000),
                answers: 1,
                by: None,
                instead: None,
                overtook: None,
                link_down: false,
            }
        };
        queue(&(0..50).map(answer).collect::<Vec<_>>())
    }

    #[test]
    fn a_quick_gateway_has_no_queue_and_one_that_falls_behind_has_one_that_grows() {
        let quick = run(|_| Some(5));
        assert_eq!(quick.max, 1);
        assert!(!quick.trend.expect("enough steps").grows(), "{:?}", quick.trend);
        // Each answer takes 60 ms more than the one before: a service of 160 ms for a message each 100 ms.
        let slow = run(|i| Some(160 + i * 60));
        let trend = slow.trend.expect("enough steps");
        assert!(slow.max > 15 && trend.grows(), "{} {trend:?}", slow.max);
        // 10 messages a second come, 6.25 are answered.
        assert!((trend.slope - 3.75).abs() < 0.6, "{trend:?}");
        let steady = run(|_| Some(950));
        assert_eq!(steady.max, 10);
        assert!(steady.trend.expect("enough steps").slope.abs() < 0.5, "{:?}", steady.trend);
    }

    #[test]
    fn a_missed_message_waits_until_its_deadline() {
        let deaf = run(|_| None);
        assert_eq!((deaf.max, deaf.max_at_us), (20, 1_900_000));
        assert_eq!(queue(&[]), Queue::default());
    }
}
