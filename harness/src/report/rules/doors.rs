//! Whether people get out in a fire, and those who help get in: every door is released, every arm raised, soon after the alarm,
//! and stays so while it stands.

use palisade_sim::contract::{Class, Severity};
use palisade_sim::words::DeviceIx;

use super::{About, RulePart, Run, classes, conclude, had_us, name};
use crate::pairing::Told;
use crate::record::Micros;
use crate::verdict::Message;

/// From when to when a way is open.
type Open = (Micros, Micros);

/// What shuts a way, and the commands and words for it.
#[derive(Clone, Copy)]
pub(super) struct Way {
    class: Class,
    what: &'static str,
    opens: &'static str,
    /// Opens it for as long as the kit says.
    pulse: Option<&'static str>,
    shuts: &'static str,
    opened: &'static str,
    shut: &'static str,
}

/// Doors that a door station locks.
pub(super) const DOORS: Way = Way {
    class: Class::Intercom,
    what: "a door that a door station locks",
    opens: "release",
    pulse: Some("unlock"),
    shuts: "lock",
    opened: "released",
    shut: "locked",
};

/// Arms of barriers.
pub(super) const ARMS: Way = Way {
    class: Class::Barrier,
    what: "a barrier",
    opens: "lift",
    pulse: None,
    shuts: "lower",
    opened: "raised",
    shut: "lowered",
};

pub(super) fn opened(part: &mut RulePart, run: &Run<'_>, about: About<'_>, (way, most_s): (Way, f64)) {
    (part.demanded, part.unit) = (Some(most_s), "s".into());
    let doors: Vec<(DeviceIx, Vec<Open>)> = ways(run, way);
    if doors.is_empty() {
        part.needs = Some(format!("a compound with {}", way.what));
        return;
    }
    let most_us = (most_s * 1e6) as Micros;
    let (mut judged, mut wrong, mut slowest) = (Vec::new(), Vec::new(), None);
    for m in about.of(run) {
        let from_us = had_us(m);
        let until_us = until_us(run, m);
        if until_us < from_us + most_us {
            continue;
        }
        let took_us = |open: &[Open]| {
            let at = open.iter().filter(|(_, to)| *to > from_us).map(|(from, _)| (*from).max(from_us)).min();
            at.filter(|at| *at < until_us).map(|at| at - from_us)
        };
        let late = doors.iter().filter(|(_, open)| took_us(open).is_none_or(|us| us > most_us));
        if run.deaf.one_of(late.map(|(door, _)| *door), from_us, from_us + most_us) {
            continue;
        }
        judged.push(m);
        for (door, open) in &doors {
            let (door, took_us) = (name(run, *door), took_us(open));
            slowest = slowest.max(took_us);
            let why = match took_us {
                None => Some(format!("is not {}", way.opened)),
                Some(us) if us > most_us => Some(format!("is {} after {:.3} s", way.opened, us as f64 / 1e6)),
                Some(us) => {
                    let shut = shut_us(open, from_us + us).filter(|shut| *shut < until_us);
                    shut.map(|at| format!("is {} again after {:.1} s", way.shut, (at - from_us) as f64 / 1e6))
                }
            };
            wrong.extend(why.map(|why| format!("{door} {why}: {}", m.name())));
        }
    }
    let slowest = slowest.map(|us| us as f64 / 1e6);
    conclude(part, run, about, &classes(&judged), (slowest, wrong));
}

/// Until when an alarm stands and is looked at: until it clears, another window of the day begins, or nobody listens.
fn until_us(run: &Run<'_>, m: &Message) -> Micros {
    let from_us = m.answer.intended_us;
    let clears = run.messages.iter().filter(|other| {
        other.answer.device == m.answer.device
            && other.answer.severity == Severity::Restore
            && other.answer.intended_us > from_us
    });
    let next = run.windows.iter().copied().filter(|at| *at > from_us);
    let ends = clears.map(|other| other.answer.intended_us).chain(next);
    ends.chain([run.listened_until_us]).min().unwrap_or(from_us)
}

/// When what is open at an instant is shut next.
fn shut_us(open: &[Open], at_us: Micros) -> Option<Micros> {
    let mut until_us = at_us;
    // One pulse after the other keeps it open, too.
    while let Some((_, to)) = open.iter().find(|(from, to)| *from <= until_us && *to > until_us) {
        until_us = *to;
    }
    (until_us != Micros::MAX).then_some(until_us)
}

/// Every device of the way's class with the times at which commands had it open.
fn ways(run: &Run<'_>, way: Way) -> Vec<(DeviceIx, Vec<Open>)> {
    run.of_class(way.class).map(|device| (device, times(run, way, device))).collect()
}

fn times(run: &Run<'_>, way: Way, door: DeviceIx) -> Vec<Open> {
    let name = name(run, door);
    let kit = run.scenario.and_then(|s| s.file.kit.intercom.iter().find(|i| i.id.as_str() == name));
    let pulse_us = kit.map_or(0, |i| i.release.0.0 * 1_000);
    let done = |told: &&Told| told.command.device == door && told.execution_us().is_some();
    let mut done: Vec<(Micros, &str)> = (run.told.iter().filter(done))
        .filter_map(|told| Some((told.answer.as_ref()?.executed_us, told.command.command.as_str())))
        .collect();
    done.sort_unstable();
    let mut open: Vec<Open> = Vec::new();
    for (at_us, word) in done {
        if word == way.opens {
            open.push((at_us, Micros::MAX));
        } else if Some(word) == way.pulse {
            open.push((at_us, at_us + pulse_us));
        } else if word == way.shuts {
            open.iter_mut().for_each(|(_, to)| *to = (*to).min(at_us));
        }
    }
    open
}
