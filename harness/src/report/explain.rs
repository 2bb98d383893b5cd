//! One message from the wall to the wire to silence: what happened, which device noticed, the bytes that left, what
//! stood in the way, what the gateway said around it and its programs wrote into their logs, what it told devices to do, what
//! became of it on the way to the city platform, and the picture of that instant if there is one. Of a message of a copy of the
//! compound less is kept, and less is told.

mod commands;
mod copies;
mod extras;
mod logs;

pub(super) use extras::{SPURIOUS, with_id};

use std::collections::BTreeMap;
use std::path::Path;

use palisade_sim::contract::{Cause, Incident, Stimulus};
use palisade_sim::whole::Tape;
use palisade_sim::words::StimulusId;
use schemars::JsonSchema;
use serde::Serialize;

use super::assemble::{Assembled, assemble, tape_unread, unreadable_lines};
use super::failing::{drivable, of_upstream, threshold};
use super::folder::{self, Folder};
use super::incidents::word;
use super::model::FailurePart;
use super::tables::Row;
use super::told::quoted;
use crate::exit::{Exit, Failure};
use crate::pairing::Outcome;
use crate::record::{CopyFailure, Forwarded, Kept, Line, Micros, Observation, SUT};
use crate::verdict::Message;
use crate::wire::id;

/// Version of what is told.
const FORMAT: u32 = 1;
/// How far before a message and after its deadline the gateway is listened to, µs.
const AROUND_US: Micros = 1_000_000;
/// Words of the gateway about others that are told one by one.
const OTHERS: usize = 4;
/// Lines of logs that are told one by one.
const LINES: usize = 8;
/// A picture of no more than this is of the same instant, ms.
const SAME_INSTANT_MS: i64 = 1_000;

/// What became of one message, step by step.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Explanation {
    /// Version of this format: 1.
    pub format: u32,
    /// Its wire id.
    pub id: String,
    /// Device, signal, id and time of day.
    pub name: String,
    /// Its class of outcome by what the gateway answered; `spurious` for what answers nothing.
    pub outcome: String,
    /// Its class of outcome on the way to the city platform, where that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// In order of time.
    pub steps: Vec<Step>,
    /// What to type to look further.
    pub next: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// When, ms after the message was due, or after what answers nothing was heard; nothing for what has no instant.
    pub after_ms: Option<f64>,
    /// `unread`, `incident`, `device`, `wire`, `connection`, `fault`, `gateway`, `log`, `silence`, `command`, `city`, `outcome`,
    /// `picture`.
    pub stage: &'static str,
    /// A sentence.
    pub text: String,
    /// Bytes as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}

/// What a story is about.
enum Subject<'a> {
    /// A message of the compound.
    Message(&'a Message),
    /// A message of a copy.
    Copy(&'a CopyFailure),
    /// Something that answers nothing.
    Extra(&'a Observation),
    /// A command without a known cause.
    Command(Vec<&'a Row>),
}

/// Explains a message of a run's folder: by its wire id, by its number on the tape, or by the gateway's id of a command that
/// it caused. What answers nothing is explained by the id that it carries, a command without a known cause by itself. Without
/// a word what failed first is explained.
///
/// # Errors
/// Exit 3 when the folder is not a run's, or has no such message.
pub fn explain(path: &Path, asked: Option<&str>) -> Result<Explanation, Failure> {
    let folder = folder::read(path)?;
    let assembled = assemble(&folder);
    let subject = match asked {
        Some(asked) => wanted(&folder, &assembled, asked)?,
        None => unasked(&folder, &assembled)?,
    };
    let mut told = match subject {
        Subject::Message(message) => Story { folder: &folder, assembled: &assembled, message }.tell(),
        Subject::Copy(failure) => copies::tell(&folder, &assembled, failure),
        Subject::Extra(seen) => extras::tell(&folder, &assembled, seen),
        Subject::Command(rows) => alone(&folder, &rows),
    };
    told.steps.splice(..0, unread(&folder));
    Ok(told)
}

/// What is named.
fn wanted<'a>(folder: &'a Folder, assembled: &'a Assembled, asked: &str) -> Result<Subject<'a>, Failure> {
    if let Some(failure) = copies::named(folder, asked)? {
        return Ok(Subject::Copy(failure));
    }
    let rows = commands::with_id(assembled, asked);
    if let Some(cause) = rows.iter().find_map(|row| commands::cause(row)) {
        return find(folder, assembled, cause).map(Subject::Message);
    }
    if !rows.is_empty() {
        return Ok(Subject::Command(rows));
    }
    let message = find(folder, assembled, asked);
    extras::with_id(assembled, asked)
        .filter(|_| message.is_err())
        .map_or_else(|| message.map(Subject::Message), |seen| Ok(Subject::Extra(seen)))
}

/// What failed first: a message of the compound, then one of a copy, then what answers nothing, then what a threshold names.
/// What nobody can judge is told when there is nothing else.
fn unasked<'a>(folder: &'a Folder, assembled: &'a Assembled) -> Result<Subject<'a>, Failure> {
    if let Some(message) = first(assembled) {
        return Ok(Subject::Message(message));
    }
    if let Some(failure) = copies::first(folder, true)? {
        return Ok(Subject::Copy(failure));
    }
    let open = || assembled.main.messages.iter().find(|m| m.answer.outcome == Outcome::Undecidable);
    let message = || named(assembled).or_else(open).map(Subject::Message);
    if let Some(subject) = extras::first(assembled).map(Subject::Extra).or_else(message) {
        return Ok(subject);
    }
    if let Some(failure) = copies::first(folder, false)? {
        return Ok(Subject::Copy(failure));
    }
    let path = folder.path.display();
    let verdict = &assembled.report.verdict;
    let why = match verdict.reasons.first().filter(|_| !verdict.pass) {
        Some(why) => format!("no message of `{path}` failed, and what did fail names none: {why}"),
        None => {
            format!("every message of `{path}` was answered as it should be: there is nothing to explain")
        }
    };
    let id = assembled.main.messages.first().map_or("ID", |m| m.id.as_str());
    let text = format!("{why}\n  remedy: name one by its id, such as `palisade explain {path} {id}`");
    Err(Failure::new(Exit::Input, text))
}

/// The first message that stands in a reason of the verdict by its name.
fn named(assembled: &Assembled) -> Option<&Message> {
    let messages = &assembled.main.messages;
    let mut reasons = assembled.report.verdict.reasons.iter();
    reasons.find_map(|reason| messages.iter().find(|m| reason.contains(&m.name())))
}

/// What of the folder could not be read, so that a story lacks it.
fn unread(folder: &Folder) -> impl Iterator<Item = Step> {
    let told = tape_unread(folder).into_iter().chain(unreadable_lines(folder));
    told.map(|text| Step { after_ms: None, stage: "unread", text, bytes: None })
}

/// A command that no message caused, as far as anybody knows.
fn alone(folder: &Folder, rows: &[&Row]) -> Explanation {
    let row = rows[0];
    let since_us = commands::received_us(row).unwrap_or_default();
    let mut steps: Vec<Step> = rows.iter().map(|row| commands::step(row, since_us)).collect();
    steps.extend(log_steps(&folder.path, (since_us - AROUND_US, since_us + AROUND_US), since_us));
    let (name, outcome) = commands::name(row);
    let next = vec![folder.path.join("tables/commands.csv").display().to_string()];
    let id = row.first().cloned().unwrap_or_default();
    Explanation { format: FORMAT, id, name, outcome, upstream: None, steps, next }
}

/// What the gateway's programs wrote between two instants: the lines nearest to a third.
fn log_steps(run: &Path, (from, until): (Micros, Micros), due: Micros) -> Vec<Step> {
    let mut lines = logs::between(run, from, until);
    let all = lines.len();
    lines.sort_by_key(|line| (line.at_us - due).abs());
    lines.truncate(LINES);
    lines.sort_by_key(|line| line.at_us);
    let step = |after_ms, text| Step { after_ms, stage: "log", text, bytes: None };
    let told = lines.iter().map(|line| {
        let after_ms = (line.at_us - due) as f64 / 1_000.0;
        step(Some(after_ms), format!("{} wrote: {}", line.program, line.text))
    });
    let mut steps: Vec<Step> = told.collect();
    if all > LINES {
        let (more, seconds) = (all - LINES, (until - from) as f64 / 1e6);
        steps.push(step(None, format!("{more} more lines of logs in these {seconds:.1} s; see {SUT}/*.log")));
    }
    steps
}

/// The message of an id.
///
/// # Errors
/// Exit 3 when there is none.
pub(super) fn find<'a>(
    folder: &Folder,
    assembled: &'a Assembled,
    asked: &str,
) -> Result<&'a Message, Failure> {
    let run = folder.journal.start.as_ref().map_or("", |start| start.run.as_str());
    let messages = &assembled.main.messages;
    let path = folder.path.display();
    let bad = |m: &&Message| m.answer.outcome != Outcome::Answered;
    if let Some((copy, _)) = id::read_copy(run, asked) {
        let text = format!(
            "`{asked}` is a message of copy {copy}, which cannot be tried alone\n  remedy: name the figure that fails, such as \
             load.missed, or a message of the compound itself"
        );
        return Err(Failure::new(Exit::Input, text));
    }
    let number = asked.parse().ok().map(StimulusId);
    let wanted = id::read(run, asked).flatten().or(number);
    messages.iter().find(|m| Some(m.answer.stimulus) == wanted).ok_or_else(|| {
        let some: Vec<&str> = messages.iter().filter(bad).take(4).map(|m| m.id.as_str()).collect();
        let known = if some.is_empty() {
            "every message was answered as it should be".to_owned()
        } else {
            format!("those that were not answered as they should be begin with {}", some.join(", "))
        };
        let text = format!(
            "`{path}` drove no message `{asked}` that expects an answer, and its gateway gave no command of that id\n  remedy: name an \
             id of this run, such as {run}-12; {known}"
        );
        Failure::new(Exit::Input, text)
    })
}

/// The first message of the compound that failed: by the gateway, or on the way to the city platform.
fn first(assembled: &Assembled) -> Option<&Message> {
    let messages = &assembled.main.messages;
    let upstream = || {
        let leg = assembled.report.upstream.as_ref()?;
        let failure = leg.failures.iter().find(|f| f.outcome != Outcome::Undecidable.word())?;
        messages.iter().find(|m| m.id == failure.id)
    };
    messages.iter().find(|m| m.answer.outcome.failed()).or_else(upstream)
}

/// The stretch of the run about which something is told.
#[derive(Clone, Copy)]
struct About {
    /// When a message was due, µs: instants are told from here.
    due_us: Micros,
    /// Until when its answer was in time, µs.
    until_us: Micros,
}

impl About {
    fn after(self, us: Micros) -> Option<f64> {
        Some((us - self.due_us) as f64 / 1_000.0)
    }

    /// Whether something that lasts is within reach.
    fn meets(self, from: Micros, until: Micros) -> bool {
        from <= self.until_us && until >= self.due_us - AROUND_US
    }

    /// Restarts of the gateway on purpose about that time.
    fn restarts(self, folder: &Folder) -> Vec<Step> {
        let near = folder.journal.restarts.iter().filter(|r| self.meets(r.down_us, r.open_us));
        near.map(|restart| {
            let text = format!(
                "{}: down for {}, devices were let in {} after it began",
                restart.text,
                length(restart.up_us - restart.down_us),
                length(restart.open_us - restart.down_us)
            );
            Step { after_ms: self.after(restart.down_us), stage: "fault", text, bytes: None }
        })
        .collect()
    }

    /// The stretch without a word of the gateway, about any device of the compound, in which the message was due. What it says
    /// about copies is not kept one by one.
    fn silence(self, folder: &Folder) -> Step {
        let of = if folder.journal.load.is_some() { " about the compound" } else { "" };
        let heard = folder.journal.observed.iter().filter(|o| o.part == "main").map(|o| o.received_us);
        let (before, after): (Vec<Micros>, Vec<Micros>) = heard.partition(|at| *at <= self.due_us);
        let text = match (before.into_iter().max(), after.into_iter().min()) {
            (None, None) => format!("the gateway said nothing{of} in the whole run"),
            (Some(before), None) => {
                format!("its last word{of} in the run came {} before", length(self.due_us - before))
            }
            (before, Some(after)) => {
                let since = before.map_or_else(
                    || format!("it had said nothing{of} before"),
                    |before| {
                        format!("its last word{of} before came {} earlier", length(self.due_us - before))
                    },
                );
                let device =
                    if of.is_empty() { "about any device" } else { "about any device of the compound" };
                format!("{since}; its next word, {device}, came {} after", length(after - self.due_us))
            }
        };
        Step { after_ms: None, stage: "silence", text, bytes: None }
    }
}

/// What happened in the compound that made a device speak.
fn cause(tape: &Tape, stimulus: &Stimulus) -> Option<Step> {
    match stimulus.cause {
        Cause::Incident(id) => {
            tape.incidents.iter().find(|i| i.id == id).map(|found| incident(tape, found, stimulus))
        }
        Cause::Nuisance(nuisance) => Some(Step {
            after_ms: Some(0.0),
            stage: "incident",
            text: format!("nothing happened: the device was fooled ({})", word(&nuisance)),
            bytes: None,
        }),
    }
}

fn incident(tape: &Tape, incident: &Incident, stimulus: &Stimulus) -> Step {
    let [x, y] = incident.place.xy_m();
    let others = tape.stimuli.iter().filter(|s| s.cause == stimulus.cause && s.id != stimulus.id).count();
    let ended = incident.ended.map_or_else(|| "did not end that day".to_owned(), |t| format!("ended at {t}"));
    let outcome = if incident.outcome.is_empty() { String::new() } else { format!(", {}", incident.outcome) };
    let text = format!(
        "{} by {} at ({x:.1}, {y:.1}) m began at {}, {ended}{outcome}; {others} other messages are about it",
        word(&incident.kind).replace('_', " "),
        incident.actor,
        incident.began
    );
    let after_ms = Some((incident.began - stimulus.due).0 as f64);
    Step { after_ms, stage: "incident", text, bytes: None }
}

/// What a device says, from where.
fn says(tape: &Tape, stimulus: &Stimulus, name: &str) -> Step {
    let row = tape.devices.get(stimulus.device.index());
    let at = row.map_or_else(String::new, |d| {
        let [x, y, z] = d.at_m;
        format!(" ({} at {x:.1}, {y:.1}, {z:.1} m)", d.class.word())
    });
    let (signal, due) = (&stimulus.signal, stimulus.due);
    let text = format!("{name}{at} says {} ({}) at {due}", signal.word(), word(&signal.severity()));
    Step { after_ms: Some(0.0), stage: "device", text, bytes: None }
}

struct Story<'a> {
    folder: &'a Folder,
    assembled: &'a Assembled,
    message: &'a Message,
}

impl Story<'_> {
    fn tell(&self) -> Explanation {
        let mut steps = self.twin();
        steps.extend(self.sent());
        steps.extend(self.connection());
        steps.extend(self.faults());
        steps.extend(self.slaves());
        steps.extend(self.about().restarts(self.folder));
        steps.extend(self.storms());
        steps.extend(self.gateway());
        let caused = commands::because_of(self.assembled, &self.message.id);
        steps.extend(caused.into_iter().map(|row| commands::step(row, self.message.answer.intended_us)));
        steps.push(self.outcome());
        steps.extend(self.city());
        // What has no instant of its own stays where it is told.
        steps.extend(self.picture());
        let upstream = self.upstream().map(|failure| failure.outcome.clone());
        let id = self.message.id.clone();
        // Names and times of day stand on the tape.
        let name = if self.tape().is_some() { self.message.name() } else { id.clone() };
        let outcome = self.message.answer.outcome.word().to_owned();
        Explanation { format: FORMAT, id, name, outcome, upstream, steps, next: self.next() }
    }

    /// How it failed on the way to the city platform, if it did.
    fn upstream(&self) -> Option<&FailurePart> {
        let leg = self.assembled.report.upstream.as_ref()?;
        leg.failures.iter().find(|f| f.id == self.message.id)
    }

    fn next(&self) -> Vec<String> {
        let report = &self.assembled.report;
        let run = quoted(&self.folder.path.display().to_string());
        let own = self.message.answer.outcome.failed().then(|| self.message.id.clone());
        let figure = || of_upstream(report, &self.message.id).map(|check| check.figure.clone());
        let shrinks = own.or_else(figure).filter(|_| drivable(self.folder).is_ok());
        let shrink =
            |what| format!("palisade shrink {run} {what}    # the smallest scenario that still fails");
        let view = format!("palisade view {run}    # in 3D; M jumps to missed alarms");
        [Some(view), shrinks.map(shrink), Some(report.run.command.clone())].into_iter().flatten().collect()
    }

    fn about(&self) -> About {
        let answer = &self.message.answer;
        About { due_us: answer.intended_us, until_us: answer.intended_us + answer.deadline_us }
    }

    fn after(&self, us: Micros) -> Option<f64> {
        self.about().after(us)
    }

    fn tape(&self) -> Option<&Tape> {
        self.folder.tape.as_ref().ok()
    }

    fn stimulus(&self) -> Option<&Stimulus> {
        self.tape()?.stimuli.get(self.message.answer.stimulus.index())
    }

    /// What happened in the compound, and who noticed.
    fn twin(&self) -> Vec<Step> {
        let Some(tape) = self.tape() else { return Vec::new() };
        let Some(stimulus) = self.stimulus() else {
            let because = self.message.because.as_deref().unwrap_or("something that the tape does not tell");
            let text = format!("the device said it because of {because}");
            return vec![Step { after_ms: None, stage: "incident", text, bytes: None }];
        };
        let said = says(tape, stimulus, &self.message.device);
        cause(tape, stimulus).into_iter().chain([said]).collect()
    }

    /// The bytes that left.
    fn sent(&self) -> Vec<Step> {
        let answer = &self.message.answer;
        let left =
            self.folder.journal.left.iter().find(|l| l.part == "main" && l.stimulus == answer.stimulus);
        let Some(left) = left else {
            let text = "it never left".to_owned();
            return vec![Step { after_ms: None, stage: "wire", text, bytes: None }];
        };
        let (text, bytes) = match left.qos {
            Some(qos) => {
                let bytes = left.payload.len();
                (
                    format!("{bytes} bytes left by MQTT at QoS {qos} on {}", left.topic),
                    Some(left.payload.clone()),
                )
            }
            None => {
                let text = format!("{} was switched {}; a poll reads it", left.topic, left.payload);
                (text, None)
            }
        };
        vec![Step { after_ms: self.after(left.left_us), stage: "wire", text, bytes }]
    }

    /// What slaves of its serial line did wrong on purpose: to it, or to nothing of it.
    fn slaves(&self) -> Option<Step> {
        let number = |by: &BTreeMap<String, u64>| -> Vec<String> {
            by.iter().map(|(word, n)| format!("{word} {n}")).collect()
        };
        let mut spoilt = self.folder.journal.spoilt.iter().filter(|one| one.part == "main");
        if let Some(one) = spoilt.find(|one| one.stimulus == self.message.answer.stimulus) {
            let end = if one.told { "an answer told it" } else { "its input showed it no more" };
            let text = format!(
                "answers of {} about it, or right before it, suffered on purpose ({}), until {end}",
                one.line,
                number(&one.by).join(", ")
            );
            return Some(Step { after_ms: self.after(one.at_us), stage: "fault", text, bytes: None });
        }
        let device = self.message.answer.device;
        let on = |line: &&Line| line.part == "main" && line.places.iter().any(|p| p.device == device);
        let line = self.folder.journal.lines.values().find(on).filter(|line| !line.faults.is_empty())?;
        let text = format!(
            "faults of slaves befell {} of {} answers of {} in the whole run ({}); none of them is known to have kept it back",
            line.faults.values().sum::<u64>(),
            line.answers,
            line.line,
            number(&line.faults).join(", ")
        );
        Some(Step { after_ms: None, stage: "fault", text, bytes: None })
    }

    /// What became of the device's connection meanwhile.
    fn connection(&self) -> Vec<Step> {
        let answer = &self.message.answer;
        let until = answer.intended_us + answer.deadline_us;
        let of_device =
            self.assembled.main.outages.all().into_iter().filter(|outage| outage.device == answer.device);
        let near = of_device.filter(|outage| {
            outage.from_us <= until && outage.until_us.is_none_or(|up| up >= answer.intended_us - AROUND_US)
        });
        near.map(|outage| {
            let back = match outage.until_us {
                Some(up) => format!("came back {:.1} s later", (up - outage.from_us) as f64 / 1e6),
                None => "never came back".into(),
            };
            let text = format!("the device's connection went down and {back}");
            Step { after_ms: self.after(outage.from_us), stage: "connection", text, bytes: None }
        })
        .collect()
    }

    /// What stood in the way on purpose.
    fn faults(&self) -> Vec<Step> {
        let answer = &self.message.answer;
        let until = answer.intended_us + answer.deadline_us;
        let journal = &self.folder.journal;
        let near = journal.befell.iter().filter(|b| {
            b.device == answer.device && (answer.intended_us - AROUND_US..=until).contains(&b.at_us)
        });
        let mut steps: Vec<Step> = near
            .map(|befell| {
                let fault = journal.faults.iter().find(|f| f.number == befell.fault);
                let what = fault.map_or_else(String::new, |f| format!(": {}", f.text));
                let to = if befell.way == "up" { "to the gateway" } else { "to the device" };
                let text = format!(
                    "{} on the way {to} by fault {}{what}",
                    befell.done.replace('_', " "),
                    befell.fault
                );
                Step { after_ms: self.after(befell.at_us), stage: "fault", text, bytes: None }
            })
            .collect();
        if !journal.faults.is_empty() {
            let passed = journal.passed.iter().find(|p| p.id == self.message.id);
            steps.push(Step {
                after_ms: passed.and_then(|p| self.after(p.at_us)),
                stage: "fault",
                text: match passed {
                    Some(_) => "it left the proxy of the faults whole: the gateway had it".into(),
                    None => "the proxy of the faults never passed it on whole under this id".into(),
                },
                bytes: None,
            });
        }
        steps
    }

    fn storms(&self) -> Vec<Step> {
        let answer = &self.message.answer;
        let storms = self.folder.journal.storms.iter().filter(|storm| storm.part == "main");
        let told = storms.filter_map(|storm| {
            let own = |kept: &&Kept| kept.device == answer.device;
            let kept = storm.back.iter().find(own).filter(|k| self.about().meets(storm.at_us, k.back_us))?;
            let (number, away) = (storm.number, length(kept.back_us - storm.at_us));
            let text =
                format!("{} (storm {number} of the load's shape) took its line for {away}", storm.cause);
            Some(Step { after_ms: self.after(storm.at_us), stage: "fault", text, bytes: None })
        });
        told.collect()
    }

    /// What the gateway said of this device, of others, and when it said nothing.
    fn gateway(&self) -> Vec<Step> {
        let answer = &self.message.answer;
        let (from, until) =
            (answer.intended_us - AROUND_US, answer.intended_us + answer.deadline_us + AROUND_US);
        let main = self.folder.journal.observed.iter().filter(|o| o.part == "main");
        let near: Vec<&Observation> = main.filter(|o| (from..=until).contains(&o.received_us)).collect();
        let (own, others): (Vec<&Observation>, Vec<&Observation>) =
            near.iter().partition(|o| o.device == self.message.device || self.is_answer(o));
        let mut steps: Vec<Step> = own.iter().map(|o| self.said(o)).collect();
        steps.extend(self.others(&others));
        steps.extend(log_steps(&self.folder.path, (from, until), answer.intended_us));
        steps.push(self.about().silence(self.folder));
        steps.sort_by(|a, b| a.after_ms.unwrap_or(f64::MAX).total_cmp(&b.after_ms.unwrap_or(f64::MAX)));
        steps
    }

    fn is_answer(&self, seen: &Observation) -> bool {
        seen.correlation.as_deref() == Some(self.message.id.as_str())
    }

    fn said(&self, seen: &Observation) -> Step {
        let this = if self.is_answer(seen) { "this message" } else { "the device, another message" };
        let retained = if seen.retained { " (a retained message, replayed)" } else { "" };
        let id = seen.correlation.as_deref().unwrap_or("without id");
        let text = format!("of {this}: {} {id} on {}{retained}", seen.signal, seen.topic);
        let bytes = Some(seen.payload.clone());
        Step { after_ms: self.after(seen.received_us), stage: "gateway", text, bytes }
    }

    /// The gateway about others: how often, and the words nearest to the message's instant.
    fn others(&self, others: &[&Observation]) -> Vec<Step> {
        let due = self.message.answer.intended_us;
        let mut nearest: Vec<&&Observation> = others.iter().collect();
        nearest.sort_by_key(|o| (o.received_us - due).abs());
        let mut steps: Vec<Step> = nearest
            .into_iter()
            .take(OTHERS)
            .map(|o| Step {
                after_ms: self.after(o.received_us),
                stage: "gateway",
                text: format!("of another device: {} {}", o.device, o.signal),
                bytes: None,
            })
            .collect();
        if others.len() > OTHERS {
            let text = format!(
                "it said {} more words about other devices from 1 s before until 1 s after the deadline",
                others.len() - OTHERS
            );
            steps.push(Step { after_ms: None, stage: "gateway", text, bytes: None });
        }
        steps
    }

    fn outcome(&self) -> Step {
        let answer = &self.message.answer;
        let deadline = answer.deadline_us as f64 / 1_000.0;
        let failure = self.assembled.report.failures.iter().find(|f| f.id == self.message.id);
        let text = failure.map_or_else(
            || format!("it was answered as it should be; the deadline was {deadline:.0} ms"),
            |f| format!("{}: {}", f.outcome.replace('_', " "), f.text),
        );
        let at = answer.observed_us.unwrap_or(answer.intended_us + answer.deadline_us);
        Step { after_ms: self.after(at), stage: "outcome", text, bytes: None }
    }

    /// What became of it on the leg to the city platform, if it must be passed on.
    fn city(&self) -> Vec<Step> {
        let (journal, answer) = (&self.folder.journal, &self.message.answer);
        let Some(city) = journal.city.as_ref().filter(|c| c.severity.contains(&answer.severity)) else {
            return Vec::new();
        };
        let until = answer.intended_us + city.deadline_us + AROUND_US;
        let of_this = |post: &&Forwarded| match &post.correlation {
            Some(id) => *id == self.message.id,
            None => {
                let near = (answer.intended_us..=until).contains(&post.received_us);
                near && (&post.device, &post.signal) == (&self.message.device, &self.message.signal)
            }
        };
        let posts = journal.forwarded.iter().filter(of_this);
        let mut steps: Vec<Step> = posts.map(|post| posted(post, self.after(post.received_us))).collect();
        let text = self.upstream().map_or_else(
            || "it reached the city platform once and in time".to_owned(),
            |f| format!("on the way to the city platform it was {}: {}", f.outcome.replace('_', " "), f.text),
        );
        steps.push(Step { after_ms: None, stage: "city", text, bytes: None });
        steps
    }

    /// The picture nearest to the instant.
    fn picture(&self) -> Option<Step> {
        let due = self.message.due.0;
        let stills = self.folder.stills.as_ref().ok()?;
        let timed = stills.iter().filter_map(|still| Some((still.row.at_ms?, still)));
        let (at, still) = timed.min_by_key(|(at, _)| (at - due).abs())?;
        let apart = (at - due).abs();
        let when = if apart <= SAME_INSTANT_MS {
            "of that instant".to_owned()
        } else {
            format!("nearest to it, {:.0} s apart", apart as f64 / 1e3)
        };
        let text = format!("stills/{}, {when}: {}", still.row.file, still.row.title);
        Some(Step { after_ms: None, stage: "picture", text, bytes: None })
    }
}

/// A post to the city platform.
fn posted(post: &Forwarded, after_ms: Option<f64>) -> Step {
    let acknowledged = post.answered_us.map_or_else(
        || "gave no answer".to_owned(),
        |at| format!("answered {} later", length(at - post.received_us)),
    );
    let text = format!("posted to the city platform ({}), which {acknowledged}", post.answered);
    Step { after_ms, stage: "city", text, bytes: Some(post.payload.clone()) }
}

/// A length of time in few letters.
fn length(us: Micros) -> String {
    if us < 1_000_000 { format!("{:.1} ms", us as f64 / 1e3) } else { format!("{:.1} s", us as f64 / 1e6) }
}

impl Explanation {
    /// The steps for a terminal, at most 100 columns but for bytes and commands, which are not broken.
    pub fn text(&self) -> String {
        let upstream = self.upstream.as_ref().map_or_else(String::new, |outcome| {
            format!(", {} on the way to the city platform", outcome.replace('_', " "))
        });
        let mut out = format!("{}: {}{upstream}\n\n", self.name, self.outcome.replace('_', " "));
        for step in &self.steps {
            let when = step.after_ms.map_or_else(String::new, |ms| format!("{ms:+.1} ms"));
            for (i, line) in super::terminal::wrap(&step.text, 100 - 30).iter().enumerate() {
                let (when, stage) = if i == 0 { (when.as_str(), step.stage) } else { ("", "") };
                out += &format!("  {when:>14}  {stage:<10}  {line}\n");
            }
            if let Some(bytes) = &step.bytes {
                out += &format!("{:30}{bytes}\n", "");
            }
        }
        out += "\n";
        for (i, next) in self.next.iter().enumerate() {
            out += &format!("  {:<10}{next}\n", if i == 0 { "next" } else { "" });
        }
        out
    }
}
