//! Whether an alarm is heard at the centre: the siren of the duty room sounds, and the message names the zone.

use palisade_sim::contract::Class;

use super::{About, RulePart, Run, classes, conclude, had_us};
use crate::pairing::Outcome;
use crate::record::Micros;

const ON: &str = "siren_on";
const OFF: &str = "siren_off";

pub(super) fn heard(part: &mut RulePart, run: &Run<'_>, about: About<'_>, most_s: f64) {
    (part.demanded, part.unit) = (Some(most_s), "s".into());
    if !run.devices.iter().any(|row| row.class == Class::DutyRoom) {
        part.needs = Some("a compound with a duty room, whose siren sounds".into());
        return;
    }
    let most_us = (most_s * 1e6) as Micros;
    let sounds = sounds(run);
    let (mut judged, mut wrong, mut slowest) = (Vec::new(), Vec::new(), None);
    for m in about.of(run) {
        let from_us = had_us(m);
        let starts = sounds.iter().filter(|(_, off)| *off > from_us).map(|(on, _)| (*on).max(from_us));
        let took_us = starts.min().map(|at| at - from_us);
        if took_us.is_none() && run.listened_until_us < from_us + most_us {
            continue;
        }
        let is_late = took_us.is_none_or(|us| us > most_us);
        if is_late && run.deaf.one_of(run.of_class(Class::DutyRoom), from_us, from_us + most_us) {
            continue;
        }
        judged.push(m);
        slowest = slowest.max(took_us);
        wrong.extend(match took_us {
            None => Some(format!("{}: no siren sounds", m.name())),
            Some(us) if us > most_us => {
                Some(format!("{}: the siren sounds after {:.3} s", m.name(), us as f64 / 1e6))
            }
            Some(_) => None,
        });
        let is_named = !matches!(m.answer.outcome, Outcome::Missed | Outcome::Wrong);
        wrong.extend((!is_named).then(|| format!("{}: no message names the zone", m.name())));
    }
    let slowest = slowest.map(|us| us as f64 / 1e6);
    conclude(part, run, about, &classes(&judged), (slowest, wrong));
}

/// When a siren of a duty room sounds: from, to.
fn sounds(run: &Run<'_>) -> Vec<(Micros, Micros)> {
    let is_duty_room = |at: usize| run.devices.get(at).is_some_and(|row| row.class == Class::DutyRoom);
    let done = run
        .told
        .iter()
        .filter(|told| is_duty_room(told.command.device.index()) && told.execution_us().is_some());
    let mut words: Vec<(Micros, usize, &str)> = done
        .filter_map(|told| {
            let at_us = told.answer.as_ref()?.executed_us;
            Some((at_us, told.command.device.index(), told.command.command.as_str()))
        })
        .collect();
    words.sort_unstable();
    let off = |i: usize, room: usize| {
        let later = words[i..].iter().find(|(_, of, word)| *of == room && *word == OFF);
        later.map_or(Micros::MAX, |(at_us, ..)| *at_us)
    };
    let on = words.iter().enumerate().filter(|(_, (.., word))| *word == ON);
    on.map(|(i, (at_us, room, _))| (*at_us, off(i, *room))).collect()
}
