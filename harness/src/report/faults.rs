//! What disturbed the run on purpose, and how it went on afterwards.

use std::collections::{BTreeMap, BTreeSet};

use crate::words::counted;
use palisade_sim::words::{DeviceIx, StimulusId};

use super::assemble::{Names, Part};
use super::folder::{Folder, Journal};
use super::model::{DeviceFaultPart, EpisodePart, FaultPart, FaultsPart, RestartPart, Spread};
use super::terminal::ms;
use crate::pairing::{
    Cause, Deaf, Episode, Fate, Outages, Outcome, Swept, Ways, assumed, disturbances, episodes, swept,
};
use crate::record::{Afflicted, Befell, Expected, Left, Restart, Storm};
use crate::verdict::{ProxyFacts, RecoveryFacts};

/// Disturbances told one by one.
const TOLD: usize = 500;

/// What faults did to one part of a run.
#[derive(Default)]
pub(super) struct Disturbed {
    /// Events that a fault took: the event, its device and the fault.
    pub(super) taken: Vec<(StimulusId, DeviceIx, Cause)>,
    pub(super) episodes: Vec<Episode>,
}

impl Disturbed {
    /// The disturbance after which an event's answer did not come as it should.
    pub(super) fn of(&self, stimulus: StimulusId) -> Option<&Episode> {
        let harmed = self.episodes.iter().filter(|episode| episode.harmed.contains(&stimulus));
        harmed.max_by_key(|episode| (episode.device.is_some(), episode.began_us))
    }
}

/// What disturbed a part on purpose.
pub(super) struct Struck<'a> {
    befell: Vec<Befell>,
    afflicted: Vec<&'a Afflicted>,
    restarts: Vec<&'a Restart>,
    pub(super) storms: Vec<&'a Storm>,
}

impl<'a> Struck<'a> {
    pub(super) fn of(journal: &'a Journal, part: &str) -> Struck<'a> {
        Struck {
            befell: befell(journal, part),
            afflicted: journal.afflicted.iter().filter(|one| one.part == part).collect(),
            restarts: journal.restarts.iter().filter(|one| one.part == part).collect(),
            storms: journal.storms.iter().filter(|one| one.part == part).collect(),
        }
    }

    fn befell(&self) -> Vec<&Befell> {
        self.befell.iter().collect()
    }

    /// When the harness itself kept devices from hearing.
    pub(super) fn deaf(&self, outages: &Outages) -> Deaf {
        Deaf::of((&self.befell(), &self.afflicted, &self.storms), outages)
    }
}

/// What faults left of the ways of devices.
pub(super) fn ways(
    journal: &Journal,
    (part, struck): (&str, &Struck<'_>),
    (left, outages): (&BTreeMap<StimulusId, &Left>, &Outages),
    names: &Names<'_>,
) -> Ways {
    let passed = journal.passed.iter().filter(|one| one.part == part);
    Ways::of(
        names.run,
        (&struck.befell(), &struck.afflicted, &struck.restarts),
        passed,
        left,
        (outages, &|device| names.device(device).0),
    )
    .with_resends(journal.resent.iter().filter(|one| one.part == part).map(|one| one.stimulus))
    .with_spoilt(journal.spoilt.iter().filter(|one| one.part == part))
}

/// What befell devices. A wire's fault befalls all devices of its line; but for a cut, which is for good, the master's next
/// poll makes up for it, so that it may be late and is not lost.
fn befell(journal: &Journal, part: &str) -> Vec<Befell> {
    let mut all = Vec::new();
    for one in journal.befell.iter().filter(|one| one.part == part) {
        let Some(name) = &one.line else {
            all.push(one.clone());
            continue;
        };
        let line = journal.lines.get(&(part.to_owned(), name.clone()));
        let cut = ["cut", "reset", "half_open"].contains(&one.done.as_str());
        let (done, amount) =
            if cut { ("half_open", None) } else { ("held", one.amount.filter(|_| one.done == "held")) };
        all.extend(line.iter().flat_map(|line| &line.places).map(|place| Befell {
            device: place.device,
            done: done.into(),
            amount: amount.or((!cut).then_some(0)),
            ..one.clone()
        }));
    }
    all
}

/// What is owed, what is not, and what is only if it came.
pub(super) struct Owed {
    /// In spite of faults, later where they held it.
    pub(super) owed: Vec<Expected>,
    /// What faults took.
    pub(super) taken: Vec<(StimulusId, DeviceIx, Cause)>,
    /// What a storm or a fault may have taken with its line.
    pub(super) maybe: BTreeMap<StimulusId, Cause>,
}

/// What is owed in spite of faults and storms.
pub(super) fn owed(
    expected: Vec<Expected>,
    (ways, storms): (&Ways, &[&Storm]),
    left: &BTreeMap<StimulusId, &Left>,
) -> Owed {
    let (mut owed, mut taken, mut maybe) = (Vec::new(), Vec::new(), BTreeMap::new());
    for mut one in expected {
        match swept(storms.iter().copied(), &one, left.get(&one.stimulus).copied()) {
            Swept::Taken(number) => drop(maybe.insert(one.stimulus, Cause::Storm(number))),
            Swept::Kept(from_us) => one.intended_us = from_us,
            Swept::Later(later_us) if ways.resends(one.stimulus) > 0 => one.deadline_us += later_us,
            Swept::Later(_) | Swept::No => {}
        }
        let fate = ways.fate(&one, left.get(&one.stimulus).copied());
        if let Fate::Maybe { by, .. } = fate {
            maybe.insert(one.stimulus, by);
        }
        match fate {
            Fate::Taken { by } => taken.push((one.stimulus, one.device, by)),
            Fate::Owed { later_us } | Fate::Maybe { later_us, .. } => {
                one.deadline_us += later_us;
                owed.push(one);
            }
        }
    }
    Owed { owed, taken, maybe }
}

/// How each disturbance of a part went on.
pub(super) fn recovered(
    journal: &Journal,
    (part, struck): (&str, &Struck<'_>),
    answers: &[crate::pairing::Answer],
    outages: &Outages,
) -> Vec<Episode> {
    let faults: Vec<_> = journal.faults.iter().filter(|fault| fault.part == part).collect();
    episodes(
        &disturbances(&faults, (&struck.befell(), &struck.afflicted), (&struck.restarts, &struck.storms)),
        answers,
        outages,
        journal.listened_until_us(),
    )
}

/// How late the proxy handed on what faults had held; nothing when there was none, or nothing was held.
pub(super) fn proxy(journal: &Journal) -> Option<ProxyFacts> {
    let proxied = journal.proxied.as_ref()?;
    let (held, ms) = (proxied.held, |us: u64| us as f64 / 1_000.0);
    proxied.lateness_us.map(|[_, p99]| ProxyFacts { held, p99_ms: ms(p99), latest_ms: ms(proxied.latest_us) })
}

/// What the verdict looks at.
pub(super) fn facts(journal: &Journal, main: &Part, names: &Names<'_>) -> RecoveryFacts {
    let all = &main.disturbed.episodes;
    let lasting = !journal.faults.is_empty() || !journal.afflicted.is_empty();
    let mut facts = RecoveryFacts { disturbances: all.len(), lasting, ..RecoveryFacts::default() };
    all.iter().filter_map(|episode| episode.recovered_us).for_each(|us| facts.times.take(us));
    let slowest = all.iter().max_by_key(|episode| episode.recovered_us);
    facts.slowest = slowest.map_or_else(String::new, |episode| {
        format!("{} after {}", ms_of(episode.recovered_us), named(episode, names))
    });
    let never = all.iter().filter(|episode| is_unrecovered(episode));
    facts.unrecovered = never.map(|episode| named(episode, names)).collect();
    facts
}

/// Something was due, and nothing was answered in time.
fn is_unrecovered(episode: &Episode) -> bool {
    episode.blind_us.is_some() && episode.recovered_us.is_none()
}

fn ms_of(us: Option<i64>) -> String {
    format!("{} ms", ms(us.map(|us| us as f64 / 1_000.0)))
}

fn word(cause: Cause) -> String {
    match cause {
        Cause::Fault(number) => format!("fault {number}"),
        Cause::Device(number) => format!("device fault {number}"),
        Cause::Restart(number) => format!("restart {number}"),
        Cause::Storm(number) => format!("storm {number}"),
        Cause::Slave => "faults of slaves".to_owned(),
    }
}

/// A disturbance for a reader: what, whom, when.
pub(super) fn named(episode: &Episode, names: &Names<'_>) -> String {
    let whom =
        episode.device.map_or_else(|| "of the gateway".to_owned(), |d| format!("on {}", names.device(d).0));
    let (began, ended) = (episode.began_us as f64 / 1e6, episode.ended_us as f64 / 1e6);
    let until = if ended > began { format!(" until {ended:.1} s") } else { String::new() };
    format!("{} {whom} at {began:.1} s{until}", word(episode.cause))
}

/// The part of the report.
pub(super) fn part(folder: &Folder, main: &Part, names: &Names<'_>, facts: &RecoveryFacts) -> FaultsPart {
    let journal = &folder.journal;
    let proxied = journal.proxied.as_ref();
    let mut part = FaultsPart {
        name: proxied.map_or_else(String::new, |p| p.name.clone()),
        seed: proxied.map(|p| p.seed),
        connections: proxied.map_or(0, |p| p.connections),
        unreached: proxied.map_or(0, |p| p.unreached),
        proxy_lateness_p99_ms: proxy(journal).map(|late| late.p99_ms),
        devices: device_parts(journal, main, names),
        restarts: journal.restarts.iter().map(|restart| restart_part(restart, main)).collect(),
        list: journal.faults.iter().map(|fault| fault_part(fault, journal, main)).collect(),
        disturbances: facts.disturbances,
        unrecovered: facts.unrecovered.len(),
        recovery_ms: Spread::of(&facts.times),
        taken: main.disturbed.taken.len(),
        episodes: main.disturbed.episodes.iter().take(TOLD).map(|e| episode_part(e, names)).collect(),
        told: String::new(),
    };
    let of_slaves = main.disturbed.taken.iter().filter(|(_, _, by)| *by == Cause::Slave).count();
    part.told = told(&part, of_slaves);
    part
}

fn fault_part(fault: &crate::record::Fault, journal: &Journal, main: &Part) -> FaultPart {
    let cause = Cause::Fault(fault.number);
    let (mut done, mut devices) = (BTreeMap::new(), BTreeSet::new());
    for one in journal.befell.iter().filter(|one| one.fault == fault.number && one.part == fault.part) {
        *done.entry(one.done.clone()).or_insert(0) += 1;
        devices.insert(one.device);
    }
    let totals = journal.proxied.iter().flat_map(|proxied| &proxied.totals);
    let own = format!("{} ", fault.number);
    let episodes = || main.disturbed.episodes.iter().filter(|episode| episode.cause == cause);
    let times = episodes().filter_map(|episode| episode.recovered_us).map(|us| us as f64 / 1_000.0);
    FaultPart {
        number: fault.number,
        kind: fault.kind.clone(),
        text: fault.text.clone(),
        from_us: fault.from_us,
        until_us: fault.until_us,
        done,
        devices: devices.len(),
        done_in_all: totals
            .filter_map(|(key, [times, _])| Some((key.strip_prefix(&own)?.to_owned(), *times)))
            .collect(),
        taken: main.disturbed.taken.iter().filter(|(_, _, by)| *by == cause).count(),
        disturbances: episodes().count(),
        unrecovered: episodes().filter(|episode| is_unrecovered(episode)).count(),
        recovery_ms: Spread::of_samples(times.collect()),
    }
}

/// One row for each fault of devices.
fn device_parts(journal: &Journal, main: &Part, names: &Names<'_>) -> Vec<DeviceFaultPart> {
    let mut rows: BTreeMap<usize, DeviceFaultPart> = BTreeMap::new();
    for one in &journal.afflicted {
        let row = rows.entry(one.number).or_insert_with(|| DeviceFaultPart {
            number: one.number,
            kind: one.kind.clone(),
            text: one.text.clone(),
            from_us: one.from_us,
            until_us: one.until_us,
            ..DeviceFaultPart::default()
        });
        row.devices.push(names.device(one.device).0);
        row.reboots += one.away.len();
        let of = |device: DeviceIx, at_us: i64| {
            device == one.device && at_us >= one.from_us && one.until_us.is_none_or(|until| at_us < until)
        };
        let unsaid = journal.unsaid.iter().filter(|u| u.fault == one.number && u.device == one.device);
        row.unsaid += unsaid.count();
        if one.kind == "chatter" {
            row.repeated += journal.repeated.iter().filter(|r| r.device == one.device).count();
        }
        let answers = main.messages.iter().map(|m| &m.answer).filter(|a| of(a.device, a.intended_us));
        let (mut owed, mut good) = (0, 0);
        answers.for_each(|a| {
            owed += 1;
            good += usize::from(a.outcome == Outcome::Answered);
        });
        (row.owed, row.answered) = (row.owed + owed, row.answered + good);
    }
    for (number, row) in &mut rows {
        row.taken = main.disturbed.taken.iter().filter(|(_, _, by)| *by == Cause::Device(*number)).count();
    }
    rows.into_values().collect()
}

fn restart_part(restart: &Restart, main: &Part) -> RestartPart {
    let cause = Cause::Restart(restart.number);
    let episode = main.disturbed.episodes.iter().find(|episode| episode.cause == cause);
    let ms = |us: i64| us as f64 / 1_000.0;
    let meanwhile = restart.down_us..=restart.open_us + assumed().under_way_us();
    let broke = main.outages.all().iter().filter(|outage| meanwhile.contains(&outage.from_us)).count();
    RestartPart {
        broke: restart.process.is_none().then_some(broke),
        number: restart.number,
        text: restart.text.clone(),
        down_us: restart.down_us,
        down_ms: ms(restart.up_us - restart.down_us),
        let_in_ms: ms(restart.open_us - restart.up_us),
        recovery_ms: episode.and_then(|episode| episode.recovered_us).map(ms),
        harmed: episode.map_or(0, |episode| episode.harmed.len()),
        taken: main.disturbed.taken.iter().filter(|(_, _, by)| *by == cause).count(),
    }
}

fn episode_part(episode: &Episode, names: &Names<'_>) -> EpisodePart {
    let ms = |us: i64| us as f64 / 1_000.0;
    EpisodePart {
        cause: word(episode.cause),
        device: episode.device.map(|device| names.device(device).0),
        began_us: episode.began_us,
        ended_us: episode.ended_us,
        back_ms: episode.back_us.map(|back| ms(back - episode.began_us)),
        blind_ms: episode.blind_us.map(ms),
        recovery_ms: episode.recovered_us.map(ms),
        harmed: episode.harmed.len(),
    }
}

/// The same in a sentence. Of what was taken, so much was by slaves of serial lines.
fn told(part: &FaultsPart, of_slaves: usize) -> String {
    if part.list.is_empty() && part.restarts.is_empty() && part.devices.is_empty() {
        let swept = part.taken - of_slaves;
        let storms = (swept > 0)
            .then(|| format!("storms: {} may have gone with their lines", counted(swept, "message")));
        let slaves = (of_slaves > 0)
            .then(|| format!("slaves that do wrong on purpose never told {}", counted(of_slaves, "message")));
        let both: Vec<String> = storms.into_iter().chain(slaves).collect();
        return if both.is_empty() { String::new() } else { both.join("; ") + "; nothing is owed for them" };
    }
    let name = if part.name.is_empty() { "faults".to_owned() } else { format!("\"{}\"", part.name) };
    let mut said = vec![match part.list.len() {
        0 => name,
        _ => {
            let (connections, times) =
                (counted(part.connections, "connection"), counted(times(part), "time"));
            format!("{name}: {connections} disturbed {times}")
        }
    }];
    let ailing: usize = part.devices.iter().map(|row| row.devices.len()).sum();
    if ailing > 0 {
        let unsaid: usize = part.devices.iter().map(|row| row.unsaid).sum();
        said.push(format!(
            "{} with faults of their own, which kept {} to themselves",
            counted(ailing, "device"),
            counted(unsaid, "message")
        ));
    }
    if !part.restarts.is_empty() {
        let away = part.restarts.iter().map(|restart| restart.down_ms).fold(0.0, f64::max);
        said.push(format!(
            "{}, away for at most {} ms",
            counted(part.restarts.len(), "restart"),
            ms(Some(away))
        ));
        let unseen: Vec<String> = part
            .restarts
            .iter()
            .filter(|one| one.broke == Some(0))
            .map(|one| one.number.to_string())
            .collect();
        if !unseen.is_empty() {
            let numbers = unseen.join(", ");
            said.push(format!("no connection broke in restart {numbers}: nobody here saw a gateway go away"));
        }
    }
    if part.taken > 0 {
        said.push(format!(
            "{} never reached the gateway, for which nothing is owed",
            counted(part.taken, "message")
        ));
    }
    if part.disturbances > 0 {
        let spread = &part.recovery_ms;
        let open = part.disturbances - part.unrecovered - spread.count as usize;
        said.push(match spread.count {
            0 => format!("{} that ended", counted(part.disturbances, "disturbance")),
            n => format!(
                "answers in time again after {n} of {}, within p50 {} p99 {} max {} ms",
                counted(part.disturbances, "disturbance"),
                ms(spread.p50),
                ms(spread.p99),
                ms(spread.max)
            ),
        });
        if open > 0 {
            said.push(format!("after {open} nothing was due"));
        }
        if part.unrecovered > 0 {
            said.push(format!("after {} nothing was answered in time", part.unrecovered));
        }
    }
    said.join("; ")
}

fn times(part: &FaultsPart) -> u64 {
    part.list.iter().flat_map(|fault| fault.done_in_all.values()).sum()
}
