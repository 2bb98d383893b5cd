//! Serial lines: what was seen on them, and how much of the latency polling alone explains.

use std::collections::BTreeMap;

use crate::words::counted;
use palisade_sim::words::DeviceIx;

use super::folder::Folder;
use super::model::{LinkPart, PolledPart, Spread, UnitPart};
use super::terminal::ms;
use crate::latency::polled::{Expected, Polled, expected};
use crate::record::{Line, Micros, UnitPolls};
use crate::verdict::Message;

/// Reading discrete inputs, by which alarms are found.
const INPUTS: u8 = 2;

/// The lines of the main part, in order of their names.
pub(super) fn links(folder: &Folder, messages: &[Message]) -> Vec<LinkPart> {
    let main = folder.journal.lines.iter().filter(|((part, _), _)| part == "main");
    main.map(|(_, line)| link(line, messages)).collect()
}

fn link(line: &Line, messages: &[Message]) -> LinkPart {
    let unit_of: BTreeMap<DeviceIx, u8> = line.places.iter().map(|p| (p.device, p.unit)).collect();
    let on_line: Vec<&Message> = messages
        .iter()
        .filter(|m| m.answer.left_us.is_some() && unit_of.contains_key(&m.answer.device))
        .collect();
    let polled: Vec<Polled> =
        on_line.iter().filter_map(|m| polled(line, *unit_of.get(&m.answer.device)?)).collect();
    let measured_ms = Spread::of_samples(on_line.iter().filter_map(|m| m.response_ms()).collect());
    let expected_ms = expected(&polled).map(|e| part(e, polled.len()));
    let mut part = LinkPart {
        name: line.line.clone(),
        carrier: "modbus_rtu".into(),
        rate: line.rate.clone(),
        devices: line.places.len(),
        polls: line.polls,
        answers: line.answers,
        exceptions: line.exceptions,
        broken: line.broken,
        strangers: line.strangers,
        unsent: line.unsent,
        faults: line.faults.clone(),
        units: line.units.iter().map(unit).collect(),
        expected_ms,
        measured_ms,
        told: String::new(),
    };
    part.told = told(&part);
    part
}

/// How a unit's inputs are looked at: by the function that reads them, else by the one that is used most.
fn polled(line: &Line, unit: u8) -> Option<Polled> {
    let of_unit = || line.units.iter().filter(|u| u.unit == unit && u.interval.is_some());
    let chosen = of_unit().find(|u| u.function == INPUTS).or_else(|| of_unit().max_by_key(|u| u.polls))?;
    Some(Polled { period_us: chosen.interval?.p50_us, answer_us: chosen.answer_us })
}

fn part(expected: Expected, count: usize) -> PolledPart {
    let Expected { p50_ms, p90_ms, p99_ms, max_ms } = expected;
    PolledPart { count, p50: p50_ms, p90: p90_ms, p99: p99_ms, max: max_ms }
}

fn unit(polls: &UnitPolls) -> UnitPart {
    let in_ms = |us: Micros| us as f64 / 1_000.0;
    UnitPart {
        unit: polls.unit,
        function: polls.function,
        polls: polls.polls,
        interval_p50_ms: polls.interval.map(|i| in_ms(i.p50_us)),
        interval_p90_ms: polls.interval.map(|i| in_ms(i.p90_us)),
        interval_max_ms: polls.interval.map(|i| in_ms(i.max_us)),
        answer_ms: in_ms(polls.answer_us),
    }
}

fn told(link: &LinkPart) -> String {
    let LinkPart { name, rate, polls, .. } = link;
    let mut text = format!("{name}, {rate} (line times computed): ");
    if *polls == 0 {
        return text + "the gateway never polled it";
    }
    let periods = link.units.iter().filter_map(|u| u.interval_p50_ms);
    let (shortest, longest) = periods.fold((f64::MAX, 0.0f64), |(a, b), p| (a.min(p), b.max(p)));
    text += &format!("{} of {}", counted(polls, "poll"), counted(link.devices, "device"));
    if longest > 0.0 {
        let range = match ms(Some(shortest)) == ms(Some(longest)) {
            true => ms(Some(longest)),
            false => format!("{} to {}", ms(Some(shortest)), ms(Some(longest))),
        };
        text += &format!(", a unit every {range} ms (p50, measured)");
    }
    for (count, what) in [
        (link.exceptions, "exceptions"),
        (link.broken, "broken frames"),
        (link.strangers, "polls of units that are not there"),
        (link.unsent, "answers not taken"),
        (link.faults.values().sum(), "faults played"),
    ] {
        if count > 0 {
            text += &format!(", {count} {what}");
        }
    }
    if let Some(e) = &link.expected_ms {
        let m = &link.measured_ms;
        text += &format!(
            "; latency is bounded by the poll: p50 {} / p99 {} ms expected of polling alone (computed), {} / {} ms measured",
            ms(Some(e.p50)),
            ms(Some(e.p99)),
            ms(m.p50),
            ms(m.p99)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Interval, Place};

    fn line() -> Line {
        let interval = |p50_us| Some(Interval { p50_us, p90_us: p50_us, max_us: 2 * p50_us });
        let unit =
            |unit, function, polls, interval| UnitPolls { unit, function, polls, interval, answer_us: 9_000 };
        Line {
            at_us: 9,
            part: "main".into(),
            line: "line-1".into(),
            rate: "9600 8N1".into(),
            polls: 320,
            answers: 320,
            exceptions: 0,
            broken: 2,
            strangers: 0,
            broadcasts: 0,
            unsent: 0,
            faults: BTreeMap::new(),
            units: vec![
                unit(1, 2, 100, interval(200_000)),
                unit(1, 4, 200, interval(100_000)),
                unit(2, 4, 20, interval(1_000_000)),
                unit(3, 2, 1, None),
            ],
            places: vec![Place { device: DeviceIx(4), unit: 1, input: 0 }],
        }
    }

    #[test]
    fn the_function_that_reads_inputs_counts() {
        let line = line();
        assert_eq!(polled(&line, 1), Some(Polled { period_us: 200_000, answer_us: 9_000 }));
        assert_eq!(polled(&line, 2).map(|p| p.period_us), Some(1_000_000));
        assert_eq!(polled(&line, 3), None);
    }

    #[test]
    fn a_line_is_told_in_a_sentence() {
        let told = link(&line(), &[]).told;
        assert_eq!(
            told,
            "line-1, 9600 8N1 (line times computed): 320 polls of 1 device, a unit every 100 to 1000 ms \
             (p50, measured), 2 broken frames"
        );
        let silent = link(&Line { polls: 0, units: Vec::new(), ..line() }, &[]).told;
        assert!(silent.ends_with("the gateway never polled it"), "{silent}");
    }
}
