//! What the run's own figures say about the gateway's manner: messages that it made one of, and latency that falls as
//! load rises. Measured, and named for no product.

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::words::DeviceIx;

use super::model::Spread;
use super::terminal::ms;
use crate::pairing::Outcome;
use crate::verdict::Message;

/// Nothing else left for so long before a message and after it: it was alone, µs.
const ALONE_US: i64 = 100_000;
/// Something else left so soon before or after: it was in company, µs.
const COMPANY_US: i64 = 20_000;
/// What leaves within this is one arrival to the gateway, µs: none of it is company for the rest.
const AT_ONCE_US: i64 = 2_000;
/// Fewer messages of a kind say nothing.
const ENOUGH: u64 = 10;
/// How much slower messages that are alone must be before it is said: by this factor and by this many ms.
const SLOWER: (f64, f64) = (2.0, 5.0);
/// Merged messages that are named.
const NAMED: usize = 5;

/// All remarks on the main part. Devices of serial lines wait for polls and are left out where latency is compared.
pub(super) fn remarks(main: &[Message], floor: &[Message], polled: &BTreeSet<DeviceIx>) -> Vec<String> {
    let pushed = |messages: &[Message]| -> Vec<Message> {
        messages.iter().filter(|m| !polled.contains(&m.answer.device)).cloned().collect()
    };
    let (main_pushed, floor_pushed) = (pushed(main), pushed(floor));
    let classes: BTreeSet<&str> = main_pushed.iter().map(|m| m.class.as_str()).collect();
    let idle = classes.into_iter().filter_map(|class| idle(&main_pushed, class));
    let first = [beside_the_floor(&main_pushed, &floor_pushed), merged(main)];
    first.into_iter().flatten().chain(idle).collect()
}

fn responses(messages: &[Message]) -> Spread {
    Spread::of_samples(messages.iter().filter_map(Message::response_ms).collect())
}

fn of_class(messages: &[Message], class: &str) -> Spread {
    let one: Vec<Message> = messages.iter().filter(|m| m.class == class).cloned().collect();
    responses(&one)
}

/// The harness's own share beside the gateway's: of all, and of each class that both parts drove, since classes differ
/// in their quality of service.
fn beside_the_floor(main: &[Message], floor: &[Message]) -> Option<String> {
    let (gateway, harness) = (responses(main), responses(floor));
    let (Some(_), Some(_)) = (gateway.p50, harness.p50) else { return None };
    let classes: BTreeSet<&str> = floor.iter().map(|m| m.class.as_str()).collect();
    let each: String = classes
        .into_iter()
        .map(|class| (class, of_class(floor, class), of_class(main, class)))
        .filter(|(_, harness, gateway)| harness.count > 0 && gateway.count > 0)
        .map(|(class, harness, gateway)| format!("; {class}: {} | {} ms", ms(harness.p50), ms(gateway.p50)))
        .collect();
    Some(format!(
        "half of the answers came within: harness {} ms | SUT {} ms{each} (measured; the harness against its own echo, \
         {} answers; the gateway, {} answers of devices that are not polled)",
        ms(harness.p50),
        ms(gateway.p50),
        harness.count,
        gateway.count
    ))
}

/// Missed messages that were in the gateway together with one of their device that was passed on. Two that are due in
/// the same millisecond were; and so were two that left within the time that nine of ten answers of their class took.
/// A gateway that stamps rows with its own clock merges whatever it converts in one millisecond, and those may have left
/// far apart.
fn merged(main: &[Message]) -> Option<String> {
    let mut passed: BTreeMap<DeviceIx, Vec<&Message>> = BTreeMap::new();
    for m in main.iter().filter(|m| m.answer.observed_us.is_some()) {
        passed.entry(m.answer.device).or_default().push(m);
    }
    let missed: Vec<&Message> = main.iter().filter(|m| m.answer.outcome == Outcome::Missed).collect();
    let classes: BTreeSet<&str> = missed.iter().map(|m| m.class.as_str()).collect();
    let held: BTreeMap<&str, f64> =
        classes.into_iter().filter_map(|class| of_class(main, class).p90.map(|p90| (class, p90))).collect();
    let partner = |m: &Message| {
        let held_ms = held.get(m.class.as_str()).copied().unwrap_or(0.0);
        let with = *passed.get(&m.answer.device)?.iter().min_by_key(|with| apart_us(m, with))?;
        let together = with.due == m.due || apart_us(m, with) as f64 <= held_ms * 1_000.0;
        together.then_some(with)
    };
    let pairs: Vec<(&Message, &Message)> =
        missed.iter().filter_map(|m| partner(m).map(|with| (*m, with))).collect();
    if pairs.is_empty() {
        return None;
    }
    let named: Vec<String> =
        pairs.iter().take(NAMED).map(|(m, with)| format!("{} into {}", m.name(), with.id)).collect();
    let more = pairs.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let longest_us = pairs.iter().map(|(m, with)| apart_us(m, with)).max();
    Some(format!(
        "merged: {} of {} missed messages left within {} ms of one of their device that was passed on, when the gateway \
         had both, as if it made one message of two: {}{more}",
        pairs.len(),
        missed.len(),
        ms(longest_us.map(|us| us as f64 / 1_000.0)),
        named.join(", ")
    ))
}

/// How far apart two messages left, µs; one that never left counts from when it should have.
fn apart_us(one: &Message, other: &Message) -> i64 {
    let left = |m: &Message| m.answer.left_us.unwrap_or(m.answer.intended_us);
    (left(one) - left(other)).abs()
}

/// Responses of a class by what else left around a message, ms.
#[derive(Default)]
struct Around {
    /// Nothing, for long before and after.
    alone: Vec<f64>,
    /// Something soon after it.
    followed: Vec<f64>,
    /// Something soon before it, and nothing soon after.
    preceded: Vec<f64>,
}

impl Around {
    fn of(main: &[Message], class: &str) -> Around {
        let mut left: Vec<(i64, &Message)> =
            main.iter().filter_map(|m| m.answer.left_us.map(|at| (at, m))).collect();
        left.sort_by_key(|(at, m)| (*at, m.answer.stimulus));
        let mut around = Around::default();
        let mut before = i64::MAX;
        let mut rest = left.as_slice();
        while !rest.is_empty() {
            let same = rest.windows(2).take_while(|pair| pair[1].0 - pair[0].0 <= AT_ONCE_US).count() + 1;
            let (arrival, later) = rest.split_at(same);
            let after = later.first().map_or(i64::MAX, |(at, _)| at - arrival[same - 1].0);
            for (_, m) in arrival.iter().filter(|(_, m)| m.class == class) {
                around.sort_in(m.response_ms(), before, after);
            }
            (before, rest) = (after, later);
        }
        around
    }

    fn sort_in(&mut self, response_ms: Option<f64>, before: i64, after: i64) {
        let to = match (before, after) {
            (before, after) if before.min(after) >= ALONE_US => &mut self.alone,
            (_, after) if after <= COMPANY_US => &mut self.followed,
            (before, _) if before <= COMPANY_US => &mut self.preceded,
            _ => return,
        };
        to.extend(response_ms);
    }
}

/// Whether the gateway answers devices of a class more slowly the less it has to do. Within one class, since classes
/// differ in their quality of service. What follows a message and what went before it are two causes: a connection may
/// hold an answer back until there is more to send (Nagle's algorithm with delayed acknowledgements does, RFC 896 and
/// RFC 1122), and a program may fall asleep when nothing came.
fn idle(main: &[Message], class: &str) -> Option<String> {
    let Around { alone, followed, preceded } = Around::of(main, class);
    let alone = Spread::of_samples(alone);
    let said = |company: Vec<f64>, when: &str| {
        let company = Spread::of_samples(company);
        let (idle, busy) = alone.p50.zip(company.p50)?;
        let enough = alone.count.min(company.count) >= ENOUGH;
        (enough && idle >= busy * SLOWER.0 && idle >= busy + SLOWER.1).then(|| {
            format!(
                "slowest when nearly idle, {class}: half of the answers came within {} ms when nothing else had left for \
                 {} ms before and after ({} messages), and within {} ms when something left in the {} ms {when} ({}): \
                 latency falls as load rises",
                ms(alone.p50),
                ALONE_US / 1_000,
                alone.count,
                ms(company.p50),
                COMPANY_US / 1_000,
                company.count
            )
        })
    };
    said(followed, "after").or_else(|| said(preceded, "before"))
}

#[cfg(test)]
mod tests {
    use palisade_sim::contract::Severity;
    use palisade_sim::words::{Ms, StimulusId};

    use super::*;
    use crate::pairing::Answer;

    /// A message that left at an instant and was answered so many ms later, if at all.
    fn message(number: u32, device: u32, left_us: i64, response_ms: Option<i64>) -> Message {
        let outcome = if response_ms.is_some() { Outcome::Answered } else { Outcome::Missed };
        Message {
            answer: Answer {
                stimulus: StimulusId(number),
                device: DeviceIx(device),
                outcome,
                severity: Severity::Alarm,
                intended_us: left_us,
                deadline_us: 2_000_000,
                left_us: Some(left_us),
                reached_us: None,
                observed_us: response_ms.map(|ms| left_us + ms * 1_000),
                answers: usize::from(response_ms.is_some()),
                by: None,
                instead: None,
                overtook: None,
                link_down: false,
            },
            id: format!("r-{number}"),
            device: format!("beam-{device}"),
            class: "beam".into(),
            signal: "beam_broken".into(),
            because: None,
            due: Ms(left_us / 1_000),
        }
    }

    fn said(main: &[Message], floor: &[Message], polled: &[u32]) -> Vec<String> {
        remarks(main, floor, &polled.iter().map(|d| DeviceIx(*d)).collect())
    }

    #[test]
    fn a_missed_message_beside_a_passed_one_of_its_millisecond_was_merged() {
        let main = [message(1, 1, 5_000, None), message(2, 1, 5_040, Some(3)), message(3, 2, 5_000, Some(3))];
        let told = said(&main, &[], &[]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("merged: 1 of 1 missed messages")
                && told[0].contains("r-1 at 00:00:00.005 into r-2"),
            "{told:?}"
        );
        // Another device, or one that left when the gateway could be done with it: missed, and not more.
        for other in [message(2, 2, 5_040, Some(3)), message(2, 1, 9_000, Some(3))] {
            assert!(said(&[message(1, 1, 5_000, None), other], &[], &[]).is_empty());
        }
    }

    #[test]
    fn what_a_slow_gateway_has_at_once_may_have_left_far_apart() {
        let main = |answered_ms: i64| {
            let apart = |n: u32, left_ms: i64| message(n, n, left_ms * 1_000, Some(answered_ms));
            [message(1, 9, 0, None), message(2, 9, 140_000, Some(50)), apart(3, 500), apart(4, 900)]
        };
        // The usual time counts, and not how soon this one came out.
        let told = said(&main(200), &[], &[]);
        assert!(told.len() == 1 && told[0].contains("1 of 1 missed messages left within 140 ms"), "{told:?}");
        assert!(said(&main(100), &[], &[]).is_empty());
    }

    #[test]
    fn slow_when_idle_is_said_only_when_it_is_so() {
        // Twelve times a message alone, then one, and one so much later that is followed at once by nothing.
        let run = |alone: i64, first: i64, second: i64, apart_us: i64| -> Vec<Message> {
            let group = |i: i64| {
                let (at, n) = (i * 500_000, i as u32 * 3);
                let pair = at + 200_000;
                [
                    message(n, n, at, Some(alone)),
                    message(n + 1, n + 1, pair, Some(first)),
                    message(n + 2, n + 2, pair + apart_us, Some(second)),
                ]
            };
            (0..12).flat_map(group).collect()
        };
        for (alone, first, second, apart_us, what) in [
            (
                45,
                9,
                45,
                10_000,
                Some(
                    "45.0 ms when nothing else had left for 100 ms before and after (12 messages), and within 9.00 ms when something left in the 20 ms after (12)",
                ),
            ),
            (45, 45, 9, 10_000, Some("within 9.00 ms when something left in the 20 ms before (12)")),
            (9, 45, 45, 10_000, None),
            // Three ms are nothing.
            (4, 1, 1, 10_000, None),
            // One arrival of two is no company.
            (45, 9, 9, 1_000, None),
            (45, 9, 9, 50_000, None),
        ] {
            let told = said(&run(alone, first, second, apart_us), &[], &[]);
            assert_eq!(told.len(), usize::from(what.is_some()), "{told:?}");
            assert!(told.iter().zip(what).all(|(told, what)| told.contains(what)), "{told:?}");
        }
        let polled: Vec<u32> = (0..36).collect();
        assert!(said(&run(45, 9, 9, 10_000), &[], &polled).is_empty(), "polling explains it");
        assert!(said(&run(45, 9, 9, 10_000)[..27], &[], &[]).is_empty(), "nine of each are too few");
    }

    #[test]
    fn the_harness_stands_beside_the_gateway() {
        let told = said(&[message(1, 1, 0, Some(45))], &[message(1, 1, 0, Some(1))], &[]);
        assert!(told.len() == 1 && told[0].contains("harness 1.00 ms | SUT 45.0 ms"), "{told:?}");
        assert!(said(&[message(1, 1, 0, Some(45))], &[], &[]).is_empty());
    }
}
