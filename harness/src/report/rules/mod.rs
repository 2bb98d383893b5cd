//! Rules about timing, by their numbers, with what the run measured. What faults took of the time on the way is not the
//! gateway's: its answer counts from when it had the message, where that is known.
//!
//! A rule holds for what was driven. A class of devices that it is about, that stands in the compound, and that had no say
//! in the windows of the run, makes it not measured, however well the others did.

mod arms;
mod centre;
mod clock;
mod doors;
mod lines;
mod picture;
mod visits;

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::analysis::rules::{Check, Kind, Rule, RuleBook, Seen};
use palisade_sim::contract::{Class, Severity};
use palisade_sim::model::Scenario;
use palisade_sim::whole::tape::TapeDevice;
use palisade_sim::words::DeviceIx;

use super::assemble::Part;
use super::folder::Folder;
use super::model::{RulePart, RuleStatus};
use crate::pairing::{Commands, Deaf, Outcome, Told};
use crate::record::{Micros, Observation};
use crate::verdict::Message;

/// Messages named for a rule that is not met.
const NAMED: usize = 5;

/// What a run has for its rules, main part only.
#[derive(Default)]
struct Run<'a> {
    messages: &'a [Message],
    /// Commands that devices got.
    told: &'a [Told],
    /// All devices of the compound.
    devices: &'a [TapeDevice],
    scenario: Option<&'a Scenario>,
    /// What the gateway's clock said in an answer, ms after the epoch, by the instant at which the answer came.
    clocks: BTreeMap<Micros, i64>,
    /// The clock of this machine at the start, ms after the epoch.
    began_ms: Option<f64>,
    /// When windows begin.
    windows: Vec<Micros>,
    /// Devices that lost their lines.
    lost: Vec<lines::Lost>,
    /// When the gateway itself was away: from, to.
    restarts: Vec<(Micros, Micros)>,
    /// When the harness itself kept devices from hearing.
    deaf: Deaf,
    /// What it said on its own topics.
    offline: &'a [&'a Observation],
    listened_until_us: Micros,
}

/// Every rule about timing, in the order of the book that is shipped.
pub(super) fn parts(folder: &Folder, main: &Part, commands: &Commands) -> Vec<RulePart> {
    let journal = &folder.journal;
    let heard = || journal.observed.iter().filter(|o| o.part == "main" && !o.retained);
    let said: Vec<&Observation> = heard().collect();
    let lost = journal.links.iter().filter(|l| l.part == "main" && !l.up);
    let mut lost: Vec<_> = lost.map(|l| lines::Lost { device: l.device, at_us: l.at_us }).collect();
    // Lines that one cause cuts are noted in any order: the evidence has that of the tape.
    lost.sort_by_key(|one| (one.device, one.at_us));
    let restarts = journal.restarts.iter().filter(|one| one.part == "main");
    let run = Run {
        messages: &main.messages,
        told: &commands.told,
        devices: folder.tape.as_ref().map_or(&[], |tape| &tape.devices),
        scenario: folder.whole.as_ref().ok(),
        clocks: heard().filter_map(|o| Some((o.received_us, o.clock_ms?))).collect(),
        began_ms: journal.start.as_ref().map(|_| journal.began_unix_s() * 1_000.0),
        windows: journal.windows.iter().filter(|w| w.part == "main").map(|w| w.began_us).collect(),
        lost,
        restarts: restarts.map(|one| (one.down_us, one.open_us)).collect(),
        deaf: main.deaf.clone(),
        offline: &said,
        listened_until_us: journal.listened_until_us(),
    };
    let book = RuleBook::residential();
    let timing = book.iter().flat_map(|book| &book.rules).filter(|rule| rule.kind == Kind::Timing);
    timing.map(|rule| assess(rule, &run)).collect()
}

fn assess(rule: &Rule, run: &Run<'_>) -> RulePart {
    let mut part = RulePart {
        id: rule.id.clone(),
        title: rule.title.clone(),
        title_zh: rule.title_zh.clone(),
        clause: rule.clause.clone(),
        unconfirmed: rule.seen == Seen::Recall,
        ..RulePart::default()
    };
    match &rule.check {
        Check::AnswersWithin { classes, signals, either, most_s } => {
            let about = About { classes, signals, either: *either, ..About::speaking(classes) };
            within(&mut part, run, about, *most_s);
        }
        Check::NoneMissed { classes } => none_missed(&mut part, run, About::alarms(classes)),
        Check::ClockWithin { most_s } => clock::within(&mut part, run, *most_s),
        Check::PictureWithin { classes, most_s } => {
            picture::within(&mut part, run, About::alarms(classes), *most_s);
        }
        Check::DoorsReleased { classes, most_s } => {
            doors::opened(&mut part, run, About::alarms(classes), (doors::DOORS, *most_s));
        }
        Check::ArmsRaised { classes, most_s } => {
            doors::opened(&mut part, run, About::alarms(classes), (doors::ARMS, *most_s));
        }
        Check::HeardAtCentre { classes, most_s } => {
            centre::heard(&mut part, run, About::alarms(classes), *most_s);
        }
        Check::BlockedArmRaised { most_s } => arms::raised(&mut part, run, *most_s),
        Check::LeaveBeforePass {} => visits::leave_before_pass(&mut part, run),
        Check::LineLossReported { classes, most_s } => {
            let does = "lose their line (`palisade run … --fault FILE` cuts it)";
            lines::reported(&mut part, run, About { does, ..About::speaking(classes) }, *most_s);
        }
        Check::Needs(what) => part.needs = Some(what.clone()),
        _ => part.needs = Some("`palisade plan`, which looks at the layout".into()),
    }
    part
}

/// Which messages a rule is about.
#[derive(Clone, Copy)]
struct About<'a> {
    classes: &'a [String],
    /// All of the classes when it is empty.
    signals: &'a [String],
    /// Alarms alone.
    loud: bool,
    /// One of the classes is enough.
    either: bool,
    /// What devices must have done in a run.
    does: &'a str,
}

impl<'a> About<'a> {
    fn speaking(classes: &'a [String]) -> About<'a> {
        About { classes, signals: &[], loud: false, either: false, does: "speak" }
    }

    fn alarms(classes: &'a [String]) -> About<'a> {
        About { loud: true, does: "alarm", ..About::speaking(classes) }
    }

    /// Those that can be judged.
    fn of<'b>(self, run: &Run<'b>) -> Vec<&'b Message> {
        let is_meant = |m: &&Message| {
            self.classes.contains(&m.class)
                && (self.signals.is_empty() || self.signals.contains(&m.signal))
                && (!self.loud || m.answer.severity == Severity::Alarm)
                && m.answer.outcome != Outcome::Undecidable
        };
        run.messages.iter().filter(is_meant).collect()
    }
}

/// From when the gateway had a message, or should have left where that is not known.
fn had_us(m: &Message) -> Micros {
    let a = &m.answer;
    a.reached_us.unwrap_or(a.intended_us).max(a.intended_us)
}

/// From then to its answer, s.
fn took_s(m: &Message) -> Option<f64> {
    Some((m.answer.observed_us? - had_us(m)) as f64 / 1e6)
}

fn within(part: &mut RulePart, run: &Run<'_>, about: About<'_>, most_s: f64) {
    (part.demanded, part.unit) = (Some(most_s), "s".into());
    let judged = about.of(run);
    let slowest = judged.iter().filter_map(|m| took_s(m)).max_by(f64::total_cmp);
    let missed = judged.iter().filter(|m| m.answer.outcome == Outcome::Missed);
    let slow = judged.iter().filter(|m| took_s(m).is_some_and(|s| s > most_s));
    let wrong = slow.chain(missed).map(|m| m.name()).collect();
    conclude(part, run, about, &classes(&judged), (slowest, wrong));
}

fn none_missed(part: &mut RulePart, run: &Run<'_>, about: About<'_>) {
    (part.demanded, part.unit) = (Some(0.0), "alarms".into());
    let judged = about.of(run);
    let missed = judged.iter().filter(|m| m.answer.outcome == Outcome::Missed);
    let wrong: Vec<String> = missed.map(|m| m.name()).collect();
    conclude(part, run, about, &classes(&judged), (Some(wrong.len() as f64), wrong));
}

/// The class of each message.
fn classes<'a>(messages: &[&'a Message]) -> Vec<&'a str> {
    messages.iter().map(|m| m.class.as_str()).collect()
}

/// From what was judged, told by its classes, to the answer: a figure, what is wrong, and which classes had no say.
fn conclude(
    part: &mut RulePart,
    run: &Run<'_>,
    about: About<'_>,
    judged: &[&str],
    (found, wrong): (Option<f64>, Vec<String>),
) {
    let present: BTreeSet<&str> = run.devices.iter().map(|row| row.class.word()).collect();
    let spoke = |class: &&String| judged.contains(&class.as_str());
    part.judged = judged.len();
    part.driven = about.classes.iter().filter(spoke).cloned().collect();
    let silent = about.classes.iter().filter(|class| !spoke(class) && present.contains(class.as_str()));
    part.undriven = silent.cloned().collect();
    if about.either && !part.driven.is_empty() {
        part.undriven.clear();
    }
    part.measured = found.filter(|_| !judged.is_empty());
    part.status = match (wrong.is_empty(), part.driven.is_empty() || !part.undriven.is_empty()) {
        (false, _) => RuleStatus::Fail,
        (true, false) => RuleStatus::Pass,
        (true, true) => RuleStatus::NotMeasured,
    };
    part.evidence = wrong.into_iter().take(NAMED).collect();
    if part.status == RuleStatus::NotMeasured {
        part.needs = Some(needs(part, about));
    }
}

fn needs(part: &RulePart, about: About<'_>) -> String {
    let what = match about.signals {
        [] => about.does.to_owned(),
        signals => format!("say {}", signals.join(" or ")),
    };
    if part.undriven.is_empty() {
        return format!("a compound and a run in which one of {} {what}", about.classes.join(", "));
    }
    let among = if about.either { " or " } else { ", " };
    let seen = match &part.driven[..] {
        [] => String::new(),
        driven => format!(" (this one drove {})", driven.join(", ")),
    };
    format!("a run in which {} {what}{seen}", part.undriven.join(among))
}

impl Run<'_> {
    /// All devices of a class.
    fn of_class(&self, class: Class) -> impl Iterator<Item = DeviceIx> {
        let all = self.devices.iter().enumerate().filter(move |(_, row)| row.class == class);
        all.map(|(at, _)| DeviceIx(at as u32))
    }
}

/// Name of a device.
fn name(run: &Run<'_>, device: DeviceIx) -> String {
    run.devices.get(device.index()).map_or_else(|| format!("device {}", device.0), |row| row.id.to_string())
}

#[cfg(test)]
mod tests;
