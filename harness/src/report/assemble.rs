//! From a run folder to the report as data: pairs, measures, has it judged, and puts the figures in their places.

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::contract::Cause;
use palisade_sim::model::drive::{Drive, Thresholds};
use palisade_sim::whole::Tape;
use palisade_sim::words::{DeviceIx, Ms, StimulusId};

use super::faults::{Disturbed, Struck};
use super::folder::Folder;
use super::model::{
    CheckPart, ConnectionsPart, CorrelationPart, DevicePart, DriftPart, ExtraPart, FORMAT, FailurePart,
    HarnessPart, NotAssessedPart, NotePart, Paths, QueuePart, Report, RunPart, ScenarioPart, Spread, SutPart,
    Tally, TapePart, VerdictPart, WindowPart,
};
use super::tables::Row;
use super::told::quoted;
use super::{commands, faults, incidents, links, load, looks_like, machine, remarks, rules, upstream, usage};
use crate::latency::drift::{Drift, drift};
use crate::latency::queue::{Queue, queue};
use crate::latency::{Latency, Series};
use crate::pairing::{Answer, By, Deaf, Extra, ExtraKind, Fact, Given, Outages, Outcome, Pairing, pair};
use crate::record::{Caused, Expected, LATE_LOAD, Left, Micros, Said, WindowEntry};
use crate::verdict::{
    CommandFacts, Evidence, LeakFacts, LoadFacts, Message, NotAssessed, RecoveryFacts, SubscriberFacts,
    UpstreamFacts, Verdict, judge, message_name,
};
use crate::wire::id::{self, wire_id};
use crate::words::counted;

/// Failures told one by one; `outcomes` counts them all.
const FAILURES: usize = 2_000;
/// Unasked observations told one by one.
const EXTRAS: usize = 500;

/// The report with what its tables and histograms are made of.
pub(super) struct Assembled {
    pub(super) report: Report,
    pub(super) main: Part,
    pub(super) floor: Part,
    /// Histograms of the copies of the compound, by name.
    pub(super) load: BTreeMap<String, Series>,
    /// Rows of the table of commands.
    pub(super) commands: Vec<Row>,
    /// Responses of the leg to the city platform, if there is one.
    pub(super) upstream: Option<Series>,
}

/// One part of the run, paired and measured.
pub(super) struct Part {
    pub(super) pairing: Pairing,
    /// What was owed in spite of faults and storms.
    pub(super) expected: Vec<Expected>,
    /// When the harness itself kept devices from hearing.
    pub(super) deaf: Deaf,
    pub(super) messages: Vec<Message>,
    pub(super) latency: Latency,
    pub(super) tally: Tally,
    pub(super) by_class: BTreeMap<String, Tally>,
    pub(super) outages: Outages,
    pub(super) disturbed: Disturbed,
    pub(super) queue: Queue,
    pub(super) drift: Drift,
}

/// Names of what the journal numbers.
pub(super) struct Names<'a> {
    pub(super) run: &'a str,
    tape: Option<&'a Tape>,
    pub(super) facts: BTreeMap<StimulusId, Fact>,
    /// What devices said because of commands, with the command's name and the time of day.
    said: BTreeMap<StimulusId, (&'a Said, String, Ms)>,
    /// What one cause made devices say beside the tape.
    caused: BTreeMap<StimulusId, &'a Caused>,
    /// What devices that chatter said again, by what it is on the tape.
    again: BTreeMap<StimulusId, StimulusId>,
}

impl<'a> Names<'a> {
    fn of(folder: &'a Folder) -> Names<'a> {
        let tape = folder.tape.as_ref().ok();
        let run = folder.journal.start.as_ref().map_or("", |s| s.run.as_str());
        let facts = tape.map(facts).unwrap_or_default();
        let mut names = Names {
            run,
            tape,
            facts,
            said: commands::said(&folder.journal),
            again: BTreeMap::new(),
            caused: BTreeMap::new(),
        };
        let of_commands = names.said.iter().map(|(id, (said, ..))| {
            let (device, signal) = (names.device(said.device).0, said.signal.clone());
            (*id, Fact { device, signal, nuisance: false })
        });
        let of_commands: Vec<_> = of_commands.collect();
        names.facts.extend(of_commands);
        for caused in &folder.journal.caused {
            let (device, signal) = (names.device(caused.device).0, caused.signal.clone());
            // Its cause is as real as an incident, so that nobody is blamed for passing it on.
            names.facts.insert(caused.stimulus, Fact { device, signal, nuisance: false });
            names.caused.insert(caused.stimulus, caused);
        }
        for again in &folder.journal.repeated {
            if let Some(fact) = names.facts.get(&again.of).cloned() {
                names.facts.insert(again.stimulus, fact);
                names.again.insert(again.stimulus, again.of);
            }
        }
        names
    }

    /// Name and class of a device.
    pub(super) fn device(&self, device: DeviceIx) -> (String, String) {
        let row = self.tape.and_then(|t| t.devices.get(device.index()));
        row.map_or_else(
            || (format!("device {}", device.0), "unknown".to_owned()),
            |d| (d.id.to_string(), d.class.word().to_owned()),
        )
    }

    /// The id of a stimulus on the wire.
    pub(super) fn wire_id(&self, id: StimulusId) -> String {
        wire_id(self.run, id)
    }

    /// Device, signal, wire id and time of day of a stimulus, and the command that caused it, if one did.
    pub(super) fn stimulus(&self, id: StimulusId) -> String {
        let wire_id = wire_id(self.run, id);
        match (self.facts.get(&id), self.due(id)) {
            (Some(fact), Some(due)) => {
                message_name((&fact.device, &fact.signal), &wire_id, due, self.because(id))
            }
            _ => wire_id,
        }
    }

    fn due(&self, id: StimulusId) -> Option<Ms> {
        let of = self.again.get(&id).copied().unwrap_or(id);
        let on_tape = self.tape.and_then(|t| t.stimuli.get(of.index())).map(|s| s.due);
        let said = || self.said.get(&id).map(|(_, _, due)| *due);
        on_tape.or_else(|| self.caused.get(&id).map(|caused| caused.due)).or_else(said)
    }

    /// The command, or the cause of a flood, because of which a device said something.
    fn because(&self, id: StimulusId) -> Option<&str> {
        let caused = self.caused.get(&id).map(|caused| caused.cause.as_str());
        caused.or_else(|| self.said.get(&id).map(|(_, command, _)| command.as_str()))
    }

    pub(super) fn message(&self, answer: &crate::pairing::Answer) -> Message {
        let (device, class) = self.device(answer.device);
        Message {
            answer: answer.clone(),
            id: wire_id(self.run, answer.stimulus),
            device,
            class,
            signal: self.facts.get(&answer.stimulus).map_or_else(String::new, |f| f.signal.clone()),
            due: self.due(answer.stimulus).unwrap_or(Ms(0)),
            because: self.because(answer.stimulus).map(str::to_owned),
        }
    }
}

/// What pairing needs to know of each stimulus.
fn facts(tape: &Tape) -> BTreeMap<StimulusId, Fact> {
    let fact = |s: &palisade_sim::contract::Stimulus| Fact {
        device: tape.devices.get(s.device.index()).map_or_else(String::new, |d| d.id.to_string()),
        signal: s.signal.word(),
        nuisance: matches!(s.cause, Cause::Nuisance(_)),
    };
    tape.stimuli.iter().map(|s| (s.id, fact(s))).collect()
}

fn part(folder: &Folder, names: &Names<'_>, part: &str) -> Part {
    let journal = &folder.journal;
    let of = |p: &str| p == part;
    let withheld = commands::withheld(journal, part);
    let kept: BTreeSet<StimulusId> = withheld.iter().map(|w| w.stimulus).collect();
    // What was not sent because the gateway said so expects nothing.
    let owed = journal.expected.iter().filter(|e| of(&e.part) && !kept.contains(&e.stimulus));
    let expected: Vec<_> = owed.cloned().collect();
    let left: Vec<_> = journal.left.iter().filter(|l| of(&l.part)).cloned().collect();
    let observed: Vec<_> = journal.observed.iter().filter(|o| of(&o.part)).cloned().collect();
    let links = journal.links.iter().filter(|l| of(&l.part));
    let outages = Outages::of(links, |d| names.device(d).0);
    // In the order of the journal: the first time that it left counts.
    let sent: BTreeMap<StimulusId, &Left> = left.iter().rev().map(|l| (l.stimulus, l)).collect();
    let struck = Struck::of(journal, part);
    let ways = faults::ways(journal, (part, &struck), (&sent, &outages), names);
    let faults::Owed { owed: mut expected, mut taken, maybe } =
        faults::owed(expected, (&ways, &struck.storms), &sent);
    let mut pairing = pair(Given {
        run: names.run,
        expected: &expected,
        left: &left,
        observed: &observed,
        facts: &names.facts,
        outages: &outages,
        ways: &ways,
        listened_until_us: journal.listened_until_us(),
    });
    let gone = |answer: &mut Answer| answer.observed_us.is_none() && maybe.contains_key(&answer.stimulus);
    taken.extend(pairing.answers.extract_if(.., gone).map(|a| (a.stimulus, a.device, maybe[&a.stimulus])));
    let kept: BTreeSet<StimulusId> = pairing.answers.iter().map(|answer| answer.stimulus).collect();
    expected.retain(|one| kept.contains(&one.stimulus));
    let messages: Vec<Message> = pairing.answers.iter().map(|a| names.message(a)).collect();
    let mut by_class: BTreeMap<String, Tally> = BTreeMap::new();
    let mut latency = Latency::default();
    for m in &messages {
        by_class.entry(m.class.clone()).or_default().add(m.answer.outcome);
        latency.take(&m.class, &m.answer);
    }
    for id in &pairing.false_alarms {
        let device = names.tape.and_then(|t| t.stimuli.get(id.index())).map(|s| names.device(s.device).1);
        if let Some(class) = device {
            by_class.entry(class).or_default().false_alarm += 1;
        }
    }
    for withheld in &withheld {
        by_class.entry(names.device(withheld.device).1).or_default().withheld += 1;
    }
    for (_, device, _) in &taken {
        by_class.entry(names.device(*device).1).or_default().taken += 1;
    }
    let tally = Tally { withheld: withheld.len(), taken: taken.len(), ..pairing.tally() };
    let queue = queue(&pairing.answers);
    // Whoever comes back after an outage is answered late for that reason.
    let connected = messages.iter().filter(|m| !m.answer.link_down);
    let drift =
        drift(connected.filter_map(|m| Some((m.class.as_str(), m.answer.intended_us, m.response_ms()?))));
    let episodes = faults::recovered(journal, (part, &struck), &pairing.answers, &outages);
    Part {
        tally,
        pairing,
        expected,
        deaf: struck.deaf(&outages),
        messages,
        latency,
        by_class,
        outages,
        disturbed: Disturbed { taken, episodes },
        queue,
        drift,
    }
}

/// Makes the report as data.
pub(super) fn assemble(folder: &Folder) -> Assembled {
    let names = Names::of(folder);
    let main = part(folder, &names, "main");
    let floor = part(folder, &names, "floor");
    let (drive, thresholds) =
        folder.file.as_ref().map_or_else(|_| Default::default(), |f| (f.drive.clone(), f.thresholds.clone()));
    let commands = commands::facts(folder, &names, &main);
    let recovery = faults::facts(&folder.journal, &main, &names);
    let leg = upstream::leg(folder, &names, &main);
    let usage = usage::parts(&folder.journal);
    let leak = usage::facts(&usage);
    let subscribers = load::facts(folder.journal.load.as_ref(), &main.messages);
    let copies = load::copies(folder.journal.load.as_ref());
    let of_load = (subscribers.as_ref(), copies.as_ref());
    let facts = (&commands, &recovery, leg.as_ref().map(|leg| &leg.facts), &leak, of_load);
    let verdict = verdict(folder, &names, (&main, &floor), facts, (&drive, &thresholds));
    let mut report = report(folder, &names, &main, &floor, &drive, verdict);
    report.rules = rules::parts(folder, &main, &commands.paired);
    if let Some(why) = usage::harness_leaks(&usage) {
        report.harness.valid = false;
        report.harness.reasons.push(why);
    }
    report.usage = usage;
    report.queue = QueuePart::of(&main.queue);
    report.drift = DriftPart::of(&main.drift);
    report.faults = faults::part(folder, &main, &names, &recovery);
    report.upstream = leg.as_ref().map(|leg| upstream::part(folder, leg));
    report.commands = commands::part(&commands, &names, &main.messages);
    let commands = commands::rows(&commands, &names, &main.messages);
    let load = folder.journal.load.as_ref().map(load::series).unwrap_or_default();
    report.load =
        folder.journal.load.as_ref().map(|entry| load::part(entry, (&load, &drive), &main.messages));
    if report.harness.valid {
        report.verdict.stands.clear();
    }
    report.exit = report.exit() as u8;
    Assembled { report, main, floor, load, commands, upstream: leg.map(|leg| leg.facts.response) }
}

/// What the verdict looks at beside the messages of the two parts.
type Facts<'a> = (
    &'a CommandFacts,
    &'a RecoveryFacts,
    Option<&'a UpstreamFacts>,
    &'a LeakFacts,
    (Option<&'a SubscriberFacts>, Option<&'a LoadFacts>),
);

fn verdict(
    folder: &Folder,
    names: &Names<'_>,
    (main, floor): (&Part, &Part),
    (commands, recovery, upstream, leak, (subscribers, load)): Facts<'_>,
    (drive, thresholds): (&Drive, &Thresholds),
) -> Verdict {
    let extras: Vec<(ExtraKind, String)> =
        main.pairing.extras.iter().map(|e| (e.kind, extra_name(e))).collect();
    let false_alarms: Vec<String> =
        main.pairing.false_alarms.iter().filter_map(|id| false_alarm_name(names, *id)).collect();
    let cut: Vec<String> = folder.journal.cuts().into_iter().map(|(_, sentence)| sentence).collect();
    let proxy = faults::proxy(&folder.journal);
    judge(
        thresholds,
        Evidence {
            tally: &main.tally,
            by_class: &main.by_class,
            latency: &main.latency,
            floor: &floor.latency,
            plan: folder.plan.as_ref().ok(),
            messages: &main.messages,
            extras: &extras,
            false_alarms: &false_alarms,
            commands,
            recovery,
            queue: &main.queue,
            drift: &main.drift,
            upstream,
            subscribers,
            load,
            leak,
            cut: &cut,
            heard_all: folder.journal.note("observer").is_none(),
            hearing: folder.journal.hearing.as_ref(),
            proxy: proxy.as_ref(),
            lateness_bound_ms: drive.lateness_bound().as_seconds() * 1000.0,
        },
    )
}

fn extra_name(extra: &Extra) -> String {
    let seen = &extra.observation;
    let id = seen.correlation.as_deref().unwrap_or("without id");
    format!("{} {} {id} on {}", seen.device, seen.signal, seen.topic)
}

fn false_alarm_name(names: &Names<'_>, id: StimulusId) -> Option<String> {
    let stimulus = names.tape?.stimuli.get(id.index())?;
    let why = match stimulus.cause {
        Cause::Nuisance(nuisance) => format!("{nuisance:?}").to_lowercase(),
        Cause::Incident(_) => return None,
    };
    let (device, _) = names.device(stimulus.device);
    Some(format!("{device} {} ({why}) at {}", stimulus.signal.word(), stimulus.due))
}

fn report(
    folder: &Folder,
    names: &Names<'_>,
    main: &Part,
    floor: &Part,
    drive: &Drive,
    verdict: Verdict,
) -> Report {
    let journal = &folder.journal;
    let plan = folder.plan.as_ref().ok();
    let mut lateness = main.latency.all.lateness.clone();
    lateness.merge(&floor.latency.all.lateness);
    let disk = journal.not_recorded().map(|(_, sentence)| sentence);
    let load = journal.note(LATE_LOAD).map(|note| note.text.clone());
    let paths = |l: &Latency| l.by_class.iter().map(|(c, p)| (c.clone(), Paths::of(p))).collect();
    let mut report = Report {
        format: FORMAT,
        partial: !journal.cuts().is_empty(),
        scenario: scenario(folder),
        tape: names.tape.map(tape_part).unwrap_or_default(),
        sut: sut(folder),
        run: run(folder, main),
        harness: HarnessPart {
            valid: verdict.invalid.is_empty() && disk.is_none() && load.is_none(),
            lateness_ms: Spread::of(&lateness),
            lateness_bound_ms: drive.lateness_bound().as_seconds() * 1000.0,
            hearing_ms: journal.hearing.as_ref().map(Spread::of),
            reasons: verdict.invalid.iter().cloned().chain(disk).chain(load).collect(),
        },
        outcomes: main.tally,
        outcomes_by_class: main.by_class.clone(),
        outcomes_floor: floor.tally,
        latency_ms: paths(&main.latency),
        latency_all_ms: Paths::of(&main.latency.all),
        floor_ms: paths(&floor.latency),
        floor_all_ms: Paths::of(&floor.latency.all),
        correlation: correlation(&main.pairing),
        published_by_qos: published_by_qos(folder),
        connections: connections(folder, names, main),
        links: links::links(folder, &main.messages),
        coverage: plan.map(|p| p.coverage.clone()).unwrap_or_default(),
        gaps: plan.map(|p| p.gaps.clone()).unwrap_or_default(),
        small_gaps: plan.map(|p| p.small_gaps).unwrap_or_default(),
        public_ground_m2: plan.map_or(0.0, |p| p.public_ground_m2),
        perimeter: plan.map(|p| p.perimeter.clone()),
        windows: windows(folder, main, floor),
        devices: devices(folder, names, main),
        failures: failures(main, names),
        extras: main.pairing.extras.iter().take(EXTRAS).map(extra).collect(),
        notes: manner(folder, main, floor).into_iter().chain(notes(folder, &verdict.remarks)).collect(),
        provenance: provenance(folder),
        machine: journal.machine.as_ref().map(machine::part),
        verdict: verdict_part(verdict),
        ..Report::default()
    };
    if let Some(tape) = names.tape {
        report.incidents = incidents::told(tape, &main.messages);
        report.incidents_by_kind = incidents::by_kind(tape);
    }
    report.exit = report.exit() as u8;
    report
}

fn scenario(folder: &Folder) -> ScenarioPart {
    let start = folder.journal.start.as_ref();
    let name = folder.file.as_ref().map(|f| f.name.clone()).ok();
    ScenarioPart {
        path: start.map_or_else(String::new, |s| s.scenario.clone()),
        seed: start.map_or(0, |s| s.seed),
        name: name.or(folder.tape.as_ref().ok().map(|t| t.name.clone())).unwrap_or_default(),
        attribution: folder.geometry.as_ref().ok().and_then(|g| attribution(g)),
    }
}

/// The member `attribution` or `license` of the GeoJSON's top level, if it is text.
fn attribution(geometry: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(geometry).ok()?;
    let said = ["attribution", "license"].iter().find_map(|key| {
        value.get(key).or_else(|| value.get("properties")?.get(key)).and_then(|v| v.as_str())
    });
    said.map(str::to_owned)
}

fn tape_part(tape: &Tape) -> TapePart {
    TapePart { digest: tape.digest(), incidents: tape.incidents.len(), stimuli: tape.stimuli.len() }
}

fn sut(folder: &Folder) -> SutPart {
    let start = folder.journal.start.as_ref();
    SutPart {
        address: start.map_or_else(String::new, |s| s.sut.clone()),
        name: start.map_or_else(String::new, |s| s.sut_name.clone()),
        defects: start.map_or_else(String::new, |s| s.defects.clone()),
        lost: folder.journal.note("lost").is_some(),
        reached: folder.journal.reached(),
    }
}

/// What to type to run the same again: options are repeated where they differ from the scenario's own.
pub(super) fn command(folder: &Folder) -> String {
    let Some(start) = folder.journal.start.as_ref() else { return String::new() };
    let mut command = format!("palisade run {} --seed {}", quoted(&start.scenario), start.seed);
    let own_sut = folder.file.as_ref().map_or("builtin", |f| f.sut.address.as_str());
    if start.sut != own_sut {
        command += &format!(" --sut {}", quoted(&start.sut));
    }
    if !start.defects.is_empty() {
        command += &format!(" --defect {}", quoted(&start.defects));
    }
    for option in &start.options {
        command += &format!(" {}", quoted(option));
    }
    command
}

fn connections(folder: &Folder, names: &Names<'_>, main: &Part) -> ConnectionsPart {
    let all = main.outages.all();
    let Some(first) = all.first() else { return ConnectionsPart::default() };
    let end = folder.journal.last_us;
    let longest = all.iter().map(|o| o.until_us.unwrap_or(end) - o.from_us).max().unwrap_or_default();
    let devices: BTreeSet<DeviceIx> = all.iter().map(|o| o.device).collect();
    let never_back = all.iter().filter(|o| o.until_us.is_none()).count();
    let messages = main.messages.iter().filter(|m| m.answer.link_down).count();
    let resent = folder.journal.resent.iter().filter(|one| one.part == "main").count();
    let again = match resent {
        0 => String::new(),
        n => format!("; {n} messages were sent again, since their acknowledgements had not come"),
    };
    let told = format!(
        "connections lost: {} by {}, the first ({}) {:.1} s after the start, down for {:.1} s at the longest, {never_back} never came back; {messages} messages were due meanwhile and do not count in the harness's lateness{again}",
        counted(all.len(), "time"),
        counted(devices.len(), "device"),
        names.device(first.device).0,
        first.from_us as f64 / 1e6,
        longest as f64 / 1e6,
    );
    ConnectionsPart {
        lost: all.len(),
        never_back,
        devices: devices.len(),
        first_us: Some(first.from_us),
        longest_ms: Some(longest as f64 / 1000.0),
        messages,
        resent,
        told,
    }
}

fn run(folder: &Folder, main: &Part) -> RunPart {
    let start = folder.journal.start.as_ref();
    RunPart {
        tag: start.map_or_else(String::new, |s| s.run.clone()),
        wall_clock: start.map_or_else(String::new, |s| s.wall_clock.clone()),
        lasted_s: folder.journal.last_us as f64 / 1e6,
        interrupted: folder.journal.note("interrupted").is_some(),
        folder: folder.path.display().to_string(),
        driven: main.messages.iter().filter(|m| m.answer.left_us.is_some()).count(),
        command: command(folder),
    }
}

fn published_by_qos(folder: &Folder) -> BTreeMap<u8, usize> {
    let main = folder.journal.left.iter().filter(|l| l.part == "main");
    main.filter_map(|l| l.qos).fold(BTreeMap::new(), |mut counts, qos| {
        *counts.entry(qos).or_default() += 1;
        counts
    })
}

fn correlation(pairing: &Pairing) -> CorrelationPart {
    let unmatched = pairing.extras.len();
    let (by_id, by_key) = (pairing.by_id, pairing.by_key);
    let used = match (by_id, by_key, pairing.by_window) {
        (0, 0, 0) => "no observation was matched".to_owned(),
        (_, 0, 0) => format!("all {by_id} observations by the id that they carried"),
        (0, _, 0) => format!("no observation carried an id: all {by_key} by device, signal and order"),
        (_, _, 0) => format!("{by_id} observations by id, {by_key} without one by device, signal and order"),
        (_, _, n) => format!(
            "{by_id} observations by id, {by_key} by device, signal and order, {n} by device and time alone"
        ),
    };
    CorrelationPart { by_id, by_key, by_window: pairing.by_window, unmatched, used }
}

fn windows(folder: &Folder, main: &Part, floor: &Part) -> Vec<WindowPart> {
    // What a flood brings after a window's end, or a storm holds beyond it, is of the window before, so that all add up.
    let reach = |w: &WindowEntry| {
        let others = || folder.journal.windows.iter().filter(|other| other.part == w.part);
        let next_us = others().map(|other| other.began_us).filter(|began| *began > w.began_us).min();
        let is_first = others().all(|other| other.began_us >= w.began_us);
        let from_us = if is_first { Micros::MIN } else { w.began_us };
        from_us..next_us.unwrap_or(Micros::MAX)
    };
    let window = |w: &WindowEntry| {
        let (part, reach) = (if w.part == "floor" { floor } else { main }, reach(w));
        let inside = || part.pairing.answers.iter().filter(|a| reach.contains(&a.intended_us));
        WindowPart {
            index: w.index,
            part: w.part.clone(),
            from_ms: w.from.0,
            lasting_ms: w.lasting.0,
            expected: inside().count(),
            answered: inside().filter(|a| a.outcome == Outcome::Answered).count(),
        }
    };
    folder.journal.windows.iter().map(window).collect()
}

fn devices(folder: &Folder, names: &Names<'_>, main: &Part) -> Vec<DevicePart> {
    let Some(tape) = names.tape else { return Vec::new() };
    let mut rows: Vec<DevicePart> = tape
        .devices
        .iter()
        .map(|d| DevicePart {
            id: d.id.to_string(),
            class: d.class.word().to_owned(),
            at_m: d.at_m,
            stimuli: 0,
            outcomes: Tally::default(),
            response_ms: Spread::default(),
        })
        .collect();
    for stimulus in &tape.stimuli {
        if let Some(row) = rows.get_mut(stimulus.device.index()) {
            row.stimuli += 1;
        }
    }
    for (device, beside) in outside(folder, tape, main) {
        if let Some(row) = rows.get_mut(device.index()) {
            *beside(&mut row.outcomes) += 1;
        }
    }
    let mut samples: Vec<Vec<f64>> = vec![Vec::new(); rows.len()];
    for m in &main.messages {
        let at = m.answer.device.index();
        if let Some(row) = rows.get_mut(at) {
            row.outcomes.add(m.answer.outcome);
            samples[at].extend(m.response_ms());
        }
    }
    for (row, samples) in rows.iter_mut().zip(samples) {
        row.response_ms = Spread::of_samples(samples);
    }
    rows
}

/// Counts of a tally that stand outside its sum.
type Beside = fn(&mut Tally) -> &mut usize;

/// What is counted of devices outside the sum, a message each.
fn outside(folder: &Folder, tape: &Tape, main: &Part) -> Vec<(DeviceIx, Beside)> {
    let taken = main.disturbed.taken.iter().map(|(_, device, _)| (*device, (|t| &mut t.taken) as Beside));
    let withheld = commands::withheld(&folder.journal, "main").into_iter();
    let withheld = withheld.map(|one| (one.device, (|t| &mut t.withheld) as Beside));
    let false_alarms = main.pairing.false_alarms.iter().filter_map(|id| tape.stimuli.get(id.index()));
    let false_alarms = false_alarms.map(|one| (one.device, (|t| &mut t.false_alarm) as Beside));
    taken.chain(withheld).chain(false_alarms).collect()
}

fn failures(main: &Part, names: &Names<'_>) -> Vec<FailurePart> {
    let bad = main.messages.iter().filter(|m| m.answer.outcome != Outcome::Answered);
    bad.take(FAILURES).map(|m| failure(m, main, names)).collect()
}

fn failure(m: &Message, main: &Part, names: &Names<'_>) -> FailurePart {
    let text = format!("{}{}", failure_text(m, &main.messages), disturbance(m, main, names));
    failed(m, text)
}

/// A message that did not come as it should, with why.
pub(super) fn failed(m: &Message, text: String) -> FailurePart {
    FailurePart {
        id: m.id.clone(),
        outcome: m.answer.outcome.word().to_owned(),
        device: m.device.clone(),
        class: m.class.clone(),
        signal: m.signal.clone(),
        due_ms: m.due.0,
        intended_us: m.answer.intended_us,
        left_us: m.answer.left_us,
        observed_us: m.answer.observed_us,
        text,
    }
}

/// What disturbed the gateway or the device's connection then, if something did on purpose.
fn disturbance(m: &Message, main: &Part, names: &Names<'_>) -> String {
    let episode = main.disturbed.of(m.answer.stimulus);
    episode.map_or_else(String::new, |episode| format!("; {} was in its way", faults::named(episode, names)))
}

/// What an answer must say. One that was found by device and time alone has a word of the gateway's own.
fn expected(m: &Message) -> String {
    let severity = incidents::word(&m.answer.severity);
    let signal = if m.answer.by == Some(By::Window) { "any signal" } else { &m.signal };
    format!("{} {signal} {severity}", m.device)
}

pub(super) fn failure_text(m: &Message, main: &[Message]) -> String {
    let a = &m.answer;
    let deadline = a.deadline_us as f64 / 1000.0;
    let after = m.response_ms().unwrap_or_default();
    let text = match a.outcome {
        Outcome::Undecidable if a.left_us.is_none() => "it was never sent".into(),
        Outcome::Missed if a.left_us.is_none() => {
            "it was never sent: its device had no connection to the gateway".into()
        }
        Outcome::Missed if a.link_down => {
            format!("no answer came; its device had lost its connection, the deadline was {deadline:.0} ms")
        }
        Outcome::Undecidable => "the run was cut before its deadline".into(),
        Outcome::Missed => format!("no answer came; the deadline was {deadline:.0} ms"),
        Outcome::Wrong => {
            let said = a.instead.as_deref().unwrap_or("something else");
            format!("the gateway said: {said}; expected was: {}", expected(m))
        }
        Outcome::OutOfOrder => {
            let earlier = a.overtook.and_then(|id| main.iter().find(|m| m.answer.stimulus == id));
            let earlier = earlier.map_or_else(|| "an earlier message".to_owned(), |m| m.id.clone());
            format!("its answer came before that to {earlier}, which left earlier")
        }
        Outcome::Duplicate => format!("{} answers came, the first after {after:.1} ms", a.answers),
        Outcome::Late => format!("its answer came after {after:.1} ms, the deadline is {deadline:.0} ms"),
        Outcome::Answered => String::new(),
    };
    match &m.because {
        Some(command) if id::is_of_command(m.answer.stimulus) => {
            format!("{text}; the device said it because of the command {command}")
        }
        Some(cause) => format!("{text}; the device said it because of a {cause}"),
        None => text,
    }
}

fn extra(extra: &Extra) -> ExtraPart {
    let seen = &extra.observation;
    ExtraPart {
        kind: extra.kind.word().to_owned(),
        received_us: seen.received_us,
        topic: seen.topic.clone(),
        device: seen.device.clone(),
        signal: seen.signal.clone(),
        correlation: seen.correlation.clone(),
    }
}

/// What the figures say about the gateway's manner, and which defect would explain its failures. The built-in one is
/// made by us and has no manner worth telling.
fn manner(folder: &Folder, main: &Part, floor: &Part) -> Vec<NotePart> {
    let places = folder.journal.lines.values().flat_map(|line| &line.places);
    let polled: BTreeSet<DeviceIx> = places.map(|place| place.device).collect();
    let is_ours = folder.journal.start.as_ref().is_none_or(|start| start.sut == "builtin");
    let remarks =
        if is_ours { Vec::new() } else { remarks::remarks(&main.messages, &floor.messages, &polled) };
    let told = remarks.into_iter().chain(looks_like::looks_like(&main.messages, &polled));
    told.map(|text| NotePart { at_us: None, kind: "remark".into(), text }).collect()
}

fn notes(folder: &Folder, remarks: &[String]) -> Vec<NotePart> {
    let journal = &folder.journal;
    let mut notes: Vec<NotePart> = journal
        .notes
        .iter()
        .map(|n| NotePart { at_us: Some(n.at_us), kind: n.kind.clone(), text: n.text.clone() })
        .collect();
    let missing = [
        ("the planner's answer cannot be read, so coverage and gaps are missing", folder.plan.as_ref().err()),
        ("the scenario cannot be read, so no threshold was applied", folder.file.as_ref().err()),
        ("the geometry cannot be read, so the plan is drawn without it", folder.whole.as_ref().err()),
        ("the pictures in `stills` are left out", folder.stills.as_ref().err()),
    ];
    notes.extend(journal.load.iter().flat_map(load::so_far));
    let mut say = |text: String| notes.push(NotePart { at_us: None, kind: "report".into(), text });
    tape_unread(folder).into_iter().for_each(&mut say);
    for (what, why) in missing {
        if let Some(why) = why {
            say(format!("{what}: {why}"));
        }
    }
    remarks.iter().cloned().chain(unreadable_lines(folder)).for_each(&mut say);
    notes
}

/// That the tape could not be read, and why.
pub(super) fn tape_unread(folder: &Folder) -> Option<String> {
    let why = folder.tape.as_ref().err()?;
    Some(format!("the tape is left out, so incidents, devices and names are missing: {why}"))
}

/// That lines of the journal could not be read.
pub(super) fn unreadable_lines(folder: &Folder) -> Option<String> {
    let lines = folder.journal.unreadable;
    (lines > 0).then(|| format!("{lines} lines of the journal could not be read"))
}

fn provenance(folder: &Folder) -> BTreeMap<String, String> {
    // A map names its source; a site without one was drawn by the author of the scenario.
    let named = folder.geometry.as_ref().ok().and_then(|g| attribution(g)).is_some();
    let site = if named { "imported" } else { "assumed" };
    [
        ("outcomes", "measured"),
        ("latency_ms", "measured"),
        ("floor_ms", "measured"),
        ("harness.lateness_ms", "measured"),
        ("harness.hearing_ms", "measured"),
        ("machine", "measured"),
        ("upstream", "measured"),
        ("baseline", "computed"),
        ("published_by_qos", "measured"),
        ("links.polls", "measured"),
        ("links.units.interval_ms", "measured"),
        ("links.units.answer_ms", "computed"),
        ("links.expected_ms", "computed"),
        ("links.measured_ms", "measured"),
        ("commands", "measured"),
        ("faults", "measured"),
        ("load", "measured"),
        ("usage", "measured"),
        ("rules", "measured"),
        ("queue", "measured"),
        ("drift", "measured"),
        ("incidents", "computed"),
        ("incidents.latency_ms", "measured"),
        ("tape", "computed"),
        ("coverage", "computed"),
        ("gaps", "computed"),
        ("perimeter", "computed"),
        ("site", site),
        ("kit", "assumed"),
        ("cast", "assumed"),
        ("thresholds", "assumed"),
    ]
    .map(|(what, how)| (what.to_owned(), how.to_owned()))
    .into()
}

fn verdict_part(verdict: Verdict) -> VerdictPart {
    let check = |c: crate::verdict::Check| CheckPart {
        figure: c.figure,
        must: c.must,
        found: c.found,
        found_text: c.found_text,
        pass: c.pass,
        implied: c.implied,
        not_assessed: c.not_assessed,
    };
    let not_assessed =
        |one: NotAssessed| NotAssessedPart { class: one.class, taken: one.taken, of: one.of, told: one.told };
    VerdictPart {
        pass: verdict.pass,
        reasons: verdict.reasons,
        checks: verdict.checks.into_iter().map(check).collect(),
        not_assessed: verdict.not_assessed.into_iter().map(not_assessed).collect(),
        stands: verdict.stands,
    }
}
