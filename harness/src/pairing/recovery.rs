//! How soon after a fault its device, or the gateway, answered as it should.
//!
//! An episode begins when a fault harms a connection and ends with the fault: a break ends as it happens. The time to
//! recover counts from the end, or from the first event that came to the gateway after it when that is later, to the
//! first answer in time to such an event: when nothing was due, nothing can be seen, and that time is told apart.

use palisade_sim::words::{DeviceIx, StimulusId};

use super::{Answer, Outages, Outcome};
use crate::record::{Afflicted, Befell, Fault, Micros, Restart, Storm};

/// What disturbed a run on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A fault, by its place in its file, from 1.
    Fault(usize),
    /// A fault of a device, by its place in its file, from 1.
    Device(usize),
    /// A restart of the gateway, by its place in the run, from 1.
    Restart(usize),
    /// A storm of the load's shape, by its place in it, from 1.
    Storm(usize),
    /// Slaves of a serial line, because the contract asks for it.
    Slave,
}

/// One time that a device, or the whole gateway, was disturbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// By what.
    pub cause: Cause,
    /// Whom; the whole gateway when nothing is said.
    pub device: Option<DeviceIx>,
    /// When it began, µs.
    pub began_us: Micros,
    /// When the disturbance itself was over, µs.
    pub ended_us: Micros,
    /// When the device's connection stood again, where one had broken, µs.
    pub back_us: Option<Micros>,
    /// From the end to the first event that came to the gateway, µs; nothing when none came.
    pub blind_us: Option<Micros>,
    /// From then to the first answer in time, µs; nothing when none came.
    pub recovered_us: Option<Micros>,
    /// Events due from the beginning until it had recovered whose answers did not come as they should.
    pub harmed: Vec<StimulusId>,
}

/// When something disturbed whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disturbance {
    /// By what.
    pub cause: Cause,
    /// Whom.
    pub device: Option<DeviceIx>,
    /// From when, µs.
    pub began_us: Micros,
    /// Until when, µs.
    pub ended_us: Micros,
}

/// What faults and restarts did, as disturbances: each break, and each device that a fault with an end befell. A fault that lasts to
/// the end of the run has none to recover from.
pub fn disturbances(
    faults: &[&Fault],
    (befell, afflicted): (&[&Befell], &[&Afflicted]),
    (restarts, storms): (&[&Restart], &[&Storm]),
) -> Vec<Disturbance> {
    let mut all: Vec<Disturbance> = restarts.iter().map(|restart| of_restart(restart)).collect();
    all.extend(storms.iter().map(|storm| of_storm(storm)));
    all.extend(afflicted.iter().flat_map(|one| of_reboots(one)));
    for one in befell {
        let (cause, device) = (Cause::Fault(one.fault), Some(one.device));
        if matches!(one.done.as_str(), "cut" | "reset" | "half_open") {
            all.push(Disturbance { cause, device, began_us: one.at_us, ended_us: one.at_us });
        } else if let Some(ended_us) = faults.iter().find(|f| f.number == one.fault).and_then(|f| f.until_us)
        {
            // The first time that it befell the device begins its disturbance.
            let known = |d: &&mut Disturbance| (d.cause, d.device) == (cause, device);
            match all.iter_mut().find(known) {
                Some(known) => known.began_us = known.began_us.min(one.at_us),
                None => all.push(Disturbance { cause, device, began_us: one.at_us, ended_us }),
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// A restart ends when the gateway is ready and devices are let in.
fn of_restart(restart: &Restart) -> Disturbance {
    let cause = Cause::Restart(restart.number);
    Disturbance { cause, device: None, began_us: restart.down_us, ended_us: restart.open_us }
}

/// A storm ends when the last device may be back.
fn of_storm(storm: &Storm) -> Disturbance {
    let ended_us = storm.back.iter().map(|kept| kept.back_us).max().unwrap_or(storm.at_us);
    Disturbance { cause: Cause::Storm(storm.number), device: None, began_us: storm.at_us, ended_us }
}

/// A device that starts anew is disturbed while it is away.
fn of_reboots(one: &Afflicted) -> impl Iterator<Item = Disturbance> {
    let (cause, device) = (Cause::Device(one.number), Some(one.device));
    one.away.iter().map(move |(began_us, ended_us)| Disturbance {
        cause,
        device,
        began_us: *began_us,
        ended_us: *ended_us,
    })
}

/// How each disturbance went on. One that ended when nobody listened any more is left out.
pub fn episodes(
    disturbances: &[Disturbance],
    answers: &[Answer],
    outages: &Outages,
    listened_until_us: Micros,
) -> Vec<Episode> {
    let seen = disturbances.iter().filter(|one| one.ended_us < listened_until_us);
    seen.map(|one| episode(one, answers, outages)).collect()
}

fn episode(one: &Disturbance, answers: &[Answer], outages: &Outages) -> Episode {
    let of = || answers.iter().filter(|a| one.device.is_none_or(|device| a.device == device));
    // When the gateway had it, or else when it should have had it.
    let came = |a: &Answer| a.reached_us.or(a.left_us).unwrap_or(a.intended_us);
    let judged = || of().filter(|a| came(a) >= one.ended_us && a.outcome != Outcome::Undecidable);
    let first_us = judged().map(came).min();
    let good = judged().filter(|a| a.outcome == Outcome::Answered);
    let recovered_at = good.filter_map(|a| a.observed_us).min();
    let until = recovered_at.unwrap_or(Micros::MAX);
    let harmed = of().filter(|a| (one.began_us..until).contains(&a.intended_us));
    let harmed = harmed.filter(|a| !matches!(a.outcome, Outcome::Answered | Outcome::Undecidable));
    Episode {
        cause: one.cause,
        device: one.device,
        began_us: one.began_us,
        ended_us: one.ended_us,
        back_us: one.device.and_then(|device| outages.next_up(device, one.began_us)),
        blind_us: first_us.map(|first| first - one.ended_us),
        recovered_us: recovered_at.zip(first_us).map(|(at, first)| at - first),
        harmed: harmed.map(|a| a.stimulus).collect(),
    }
}

#[cfg(test)]
mod tests {
    use palisade_sim::contract::Severity;

    use super::*;

    const SECOND: Micros = 1_000_000;

    /// An event of a device that was due at a second, and was answered after so many ms, if at all.
    fn answer(number: u32, device: u32, at_s: i64, response_ms: Option<i64>) -> Answer {
        let (outcome, due) = (Outcome::Missed, at_s * SECOND);
        Answer {
            stimulus: StimulusId(number),
            device: DeviceIx(device),
            outcome: response_ms.map_or(outcome, |_| Outcome::Answered),
            severity: Severity::Alarm,
            intended_us: due,
            deadline_us: 2 * SECOND,
            left_us: Some(due),
            reached_us: None,
            observed_us: response_ms.map(|ms| due + ms * 1_000),
            answers: 1,
            by: None,
            instead: None,
            overtook: None,
            link_down: false,
        }
    }

    fn cut(device: Option<u32>, at_s: i64) -> Disturbance {
        let (cause, at) = (Cause::Fault(1), at_s * SECOND);
        Disturbance { cause, device: device.map(DeviceIx), began_us: at, ended_us: at }
    }

    /// How long nothing was seen, how long it took, and what was harmed.
    fn check(one: Disturbance, answers: &[Answer], seen: (Option<i64>, Option<i64>, &[u32])) {
        let episodes = episodes(&[one], answers, &Outages::default(), 100 * SECOND);
        let [episode] = episodes.as_slice() else { panic!("{episodes:?}") };
        let harmed: Vec<u32> = episode.harmed.iter().map(|id| id.0).collect();
        let ms = |us: Option<Micros>| us.map(|us| us / 1_000);
        assert_eq!((ms(episode.blind_us), ms(episode.recovered_us), harmed.as_slice()), seen, "{one:?}");
    }

    #[test]
    fn the_time_to_recover_counts_from_the_first_event_that_could_show_it() {
        let day = [
            answer(1, 1, 5, Some(3)),
            answer(2, 1, 12, None),
            answer(3, 2, 13, Some(4)),
            answer(4, 1, 15, Some(250)),
            answer(5, 1, 30, None),
        ];
        check(cut(Some(1), 10), &day, (Some(2_000), Some(3_250), &[2]));
        check(cut(Some(2), 10), &day, (Some(3_000), Some(4), &[]));
        check(cut(None, 10), &day, (Some(2_000), Some(1_004), &[2]));
        check(cut(Some(1), 20), &day, (Some(10_000), None, &[5]));
        check(cut(Some(2), 20), &day, (None, None, &[]));
    }

    #[test]
    fn breaks_end_as_they_happen_and_a_fault_with_an_end_ends_once_for_each_device() {
        let fault = |number, until_us| Fault {
            number,
            part: "main".into(),
            kind: "x".into(),
            text: "x".into(),
            from_us: 0,
            until_us,
        };
        let befell = |fault, device, at_us, done: &str| Befell {
            at_us,
            part: "main".into(),
            fault,
            device: DeviceIx(device),
            line: None,
            connection: 0,
            way: "up".into(),
            offset: 0,
            done: done.into(),
            amount: None,
        };
        let (slow, cuts, always) = (fault(1, Some(900)), fault(2, None), fault(3, None));
        let done = [
            befell(1, 7, 300, "held"),
            befell(1, 7, 200, "held"),
            befell(1, 8, 400, "held"),
            befell(2, 7, 500, "cut"),
            befell(2, 7, 600, "cut"),
            befell(3, 7, 100, "flipped"),
        ];
        let found =
            disturbances(&[&slow, &cuts, &always], (&done.iter().collect::<Vec<_>>(), &[]), (&[], &[]));
        let told: Vec<_> =
            found.iter().map(|d| (d.cause, d.device.map(|d| d.0), d.began_us, d.ended_us)).collect();
        let (first, second) = (Cause::Fault(1), Cause::Fault(2));
        let (seven, eight) = (Some(7), Some(8));
        let breaks = [(second, seven, 500, 500), (second, seven, 600, 600)];
        assert_eq!(told, [[(first, seven, 200, 900), (first, eight, 400, 900)], breaks].concat());
    }
}
