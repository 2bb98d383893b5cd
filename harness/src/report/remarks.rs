//! What the run's own figures say about the gateway's manner: messages that it made one of, and latency that falls as
//! load rises. Measured, and named for no product.

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::words::{DeviceIx, Ms};

use super::model::Spread;
use super::terminal::ms;
use crate::pairing::Outcome;
use crate::verdict::Message;

/// A message that left so long after the one before was alone, µs: nothing else keeps the gateway busy.
const ALONE_US: i64 = 100_000;
/// One that left so soon after the one before was in company, µs.
const COMPANY_US: i64 = 20_000;
/// Fewer messages of a kind say nothing.
const ENOUGH: usize = 10;
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

/// Missed messages that share device and millisecond with one that was passed on.
fn merged(main: &[Message]) -> Option<String> {
    let mut passed: BTreeMap<(DeviceIx, Ms), &Message> = BTreeMap::new();
    for m in main.iter().filter(|m| m.answer.observed_us.is_some()) {
        passed.insert((m.answer.device, m.due), m);
    }
    let missed: Vec<&Message> = main.iter().filter(|m| m.answer.outcome == Outcome::Missed).collect();
    let pairs: Vec<(&Message, &Message)> =
        missed.iter().filter_map(|m| passed.get(&(m.answer.device, m.due)).map(|with| (*m, *with))).collect();
    if pairs.is_empty() {
        return None;
    }
    let named: Vec<String> =
        pairs.iter().take(NAMED).map(|(m, with)| format!("{} into {}", m.name(), with.id)).collect();
    let more = pairs.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Some(format!(
        "merged: {} of {} missed messages have the device and the millisecond of one that was passed on, as if the \
         gateway made one message of two: {}{more}",
        pairs.len(),
        missed.len(),
        named.join(", ")
    ))
}

/// Whether the gateway answers devices of a class more slowly the less it has to do. Within one class, since classes
/// differ in their quality of service.
fn idle(main: &[Message], class: &str) -> Option<String> {
    let mut left: Vec<(i64, &Message)> =
        main.iter().filter_map(|m| m.answer.left_us.map(|at| (at, m))).collect();
    left.sort_by_key(|(at, m)| (*at, m.answer.stimulus));
    let (mut alone, mut company) = (Vec::new(), Vec::new());
    let mut before = None;
    for (at, m) in left {
        let gap = before.map_or(i64::MAX, |before| at - before);
        before = Some(at);
        let Some(response) = m.response_ms().filter(|_| m.class == class) else { continue };
        if gap >= ALONE_US {
            alone.push(response);
        } else if gap <= COMPANY_US {
            company.push(response);
        }
    }
    if alone.len().min(company.len()) < ENOUGH {
        return None;
    }
    let (alone, company) = (Spread::of_samples(alone), Spread::of_samples(company));
    let (idle, busy) = alone.p50.zip(company.p50)?;
    (idle >= busy * SLOWER.0 && idle >= busy + SLOWER.1).then(|| {
        format!(
            "slowest when nearly idle, {class}: half of the answers came within {} ms when nothing had left for {} ms before \
             ({} messages), and within {} ms when something had in the last {} ms ({}): latency falls as load rises",
            ms(alone.p50),
            ALONE_US / 1_000,
            alone.count,
            ms(company.p50),
            COMPANY_US / 1_000,
            company.count
        )
    })
}

#[cfg(test)]
mod tests {
    use palisade_sim::contract::Severity;
    use palisade_sim::words::StimulusId;

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
        // Another device, or another millisecond: missed, and not more.
        for other in [message(2, 2, 5_040, Some(3)), message(2, 1, 6_000, Some(3))] {
            assert!(said(&[message(1, 1, 5_000, None), other], &[], &[]).is_empty());
        }
    }

    #[test]
    fn slow_when_idle_is_said_only_when_it_is_so() {
        // Twelve times a message alone, then one right behind it.
        let run = |alone: i64, company: i64| -> Vec<Message> {
            (0..12_i64)
                .flat_map(|i| {
                    let at = i * 500_000;
                    let n = i as u32 * 2;
                    [message(n, n, at, Some(alone)), message(n + 1, n + 1, at + 10_000, Some(company))]
                })
                .collect()
        };
        let told = said(&run(45, 9), &[], &[]);
        assert!(told.len() == 1 && told[0].contains("45.0 ms") && told[0].contains("9.00 ms"), "{told:?}");
        assert!(said(&run(9, 45), &[], &[]).is_empty());
        assert!(said(&run(4, 1), &[], &[]).is_empty(), "three ms are nothing");
        let polled: Vec<u32> = (0..24).collect();
        assert!(said(&run(45, 9), &[], &polled).is_empty(), "polling explains it");
        assert!(said(&run(45, 9)[..12], &[], &[]).is_empty(), "six of each are too few");
    }

    #[test]
    fn the_harness_stands_beside_the_gateway() {
        let told = said(&[message(1, 1, 0, Some(45))], &[message(1, 1, 0, Some(1))], &[]);
        assert!(told.len() == 1 && told[0].contains("harness 1.00 ms | SUT 45.0 ms"), "{told:?}");
        assert!(said(&[message(1, 1, 0, Some(45))], &[], &[]).is_empty());
    }
}
