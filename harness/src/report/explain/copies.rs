//! The same of a message of a copy of the compound, of which instants are kept and no bytes: what happened, when it left, what
//! stood in the way, what became of the same message of the compound itself, and how the copy fared.

use palisade_sim::words::StimulusId;

use super::{
    AROUND_US, About, Assembled, Explanation, FORMAT, Folder, Step, cause, drivable, length, log_steps, says,
    threshold,
};
use crate::exit::{Exit, Failure};
use crate::pairing::Outcome;
use crate::record::{CopyFailure, LoadAnswers, Micros};
use crate::report::told::quoted;
use crate::wire::id;
use crate::words::counted;

/// The first message of a copy that failed; also one that nobody can judge, where only that is asked for.
///
/// # Errors
/// Exit 3 when too little of it is kept.
pub(super) fn first(folder: &Folder, failed: bool) -> Result<Option<&CopyFailure>, Failure> {
    let mut failures = failures(folder);
    let one = failures.find(|one| !failed || one.outcome != Outcome::Undecidable.word());
    one.map(|one| of_this_version(folder, one)).transpose()
}

/// The message of a copy that is named; nothing when it is none of a copy.
///
/// # Errors
/// Exit 3 when nothing is kept of it.
pub(super) fn named<'a>(folder: &'a Folder, asked: &str) -> Result<Option<&'a CopyFailure>, Failure> {
    let run = folder.journal.start.as_ref().map_or("", |start| start.run.as_str());
    let Some((copy, _)) = id::read_copy(run, asked) else { return Ok(None) };
    if let Some(one) = failures(folder).find(|one| one.id == asked) {
        return of_this_version(folder, one).map(Some);
    }
    let first = failures(folder).next().map_or_else(
        || "of its copies no message failed".to_owned(),
        |one| {
            let kept = failures(folder).count();
            format!("it keeps the first {kept} of those that failed, from {} on", one.id)
        },
    );
    let text = format!(
        "`{}` keeps nothing of the message `{asked}` of copy {copy}: either it was answered as it should be, or many failed before \
         it\n  remedy: name another; {first}",
        folder.path.display()
    );
    Err(Failure::new(Exit::Input, text))
}

/// A message whose instants are known on the run's clock.
fn of_this_version<'a>(folder: &Folder, one: &'a CopyFailure) -> Result<&'a CopyFailure, Failure> {
    if one.owed_from_us.is_some() {
        return Ok(one);
    }
    let text = format!(
        "`{}` was written by an older version, which did not keep from when on an answer to `{}` was owed\n  remedy: drive it again, \
         or see `load.answers` in its report.json",
        folder.path.display(),
        one.id
    );
    Err(Failure::new(Exit::Input, text))
}

fn answers(folder: &Folder) -> Option<&LoadAnswers> {
    folder.journal.load.as_ref()?.answers.as_ref()
}

/// Messages of copies that did not fare as they should: by their answers, then on the way to the city platform.
fn failures(folder: &Folder) -> impl Iterator<Item = &CopyFailure> {
    let of_leg = answers(folder).into_iter().flat_map(leg_failures);
    answers(folder).into_iter().flat_map(|answers| &answers.failures).chain(of_leg)
}

fn leg_failures(answers: &LoadAnswers) -> &[CopyFailure] {
    answers.upstream.as_ref().map_or(&[], |leg| &leg.failures)
}

/// Tells it.
pub(super) fn tell(folder: &Folder, assembled: &Assembled, one: &CopyFailure) -> Explanation {
    let run = folder.journal.start.as_ref().map_or("", |start| start.run.as_str());
    let (copy, stimulus) = id::read_copy(run, &one.id).unwrap_or_default();
    let owed_us = one.owed_from_us.unwrap_or(one.due_us);
    let about = About { due_us: one.due_us, until_us: owed_us + one.deadline_us };
    let leg = answers(folder).and_then(|answers| leg_failures(answers).iter().find(|leg| leg.id == one.id));
    let outcome_word = one.answered.as_ref().unwrap_or(&one.outcome);
    let mut steps = twin(folder, one, stimulus);
    steps.push(left(one, about));
    steps.extend(faults(folder, about));
    steps.extend(reached(folder, one, about));
    steps.extend(storms(folder, one, stimulus, about));
    steps.extend(about.restarts(folder));
    steps.extend(heard(one, about));
    steps.extend(city(folder, one, leg, about));
    steps.extend(compounds_own(assembled, stimulus));
    steps.extend(fared(folder, copy));
    steps.extend(log_steps(&folder.path, (one.due_us - AROUND_US, about.until_us + AROUND_US), one.due_us));
    steps.push(about.silence(folder));
    steps.extend(one.answered.is_none().then(|| outcome(one, about)));
    let plural = if one.outcome == Outcome::Duplicate.word() { "s" } else { "" };
    let leg_word = if one.answered.is_some() { "upstream." } else { "" };
    let figure = &format!("load.{leg_word}{}{plural}", one.outcome);
    let path = quoted(&folder.path.display().to_string());
    let fails = threshold(&assembled.report, figure).is_some() && drivable(folder).is_ok();
    let shrink =
        format!("palisade shrink {path} {figure}    # the smallest scenario and fleet that still fail");
    Explanation {
        format: FORMAT,
        id: one.id.clone(),
        name: format!(
            "{} {} ({}), due at {:.1} s of the run",
            one.device,
            one.signal,
            one.id,
            one.due_us as f64 / 1e6
        ),
        outcome: outcome_word.clone(),
        upstream: leg.map(|leg| leg.outcome.clone()),
        steps,
        next: fails.then_some(shrink).into_iter().chain([assembled.report.run.command.clone()]).collect(),
    }
}

/// What happened in the day that the copy lives like the compound, later by its offset.
fn twin(folder: &Folder, one: &CopyFailure, stimulus: Option<StimulusId>) -> Vec<Step> {
    let on_tape = folder.tape.as_ref().ok().zip(stimulus);
    let said = on_tape.and_then(|(tape, id)| Some((tape, tape.stimuli.get(id.index())?)));
    if let Some((tape, stimulus)) = said {
        let device = says(tape, stimulus, &one.device);
        let text =
            format!("{} by the day that the copy lives like the compound, later by its offset", device.text);
        return cause(tape, stimulus).into_iter().chain([Step { text, ..device }]).collect();
    }
    let flood = folder.journal.caused.iter().find(|caused| Some(caused.stimulus) == stimulus);
    let because = flood.map_or_else(
        || "something that the tape does not tell".to_owned(),
        |flood| format!("a {} (a flood of the load's shape)", flood.cause),
    );
    let text = format!("{} says {} because of {because}", one.device, one.signal);
    vec![Step { after_ms: Some(0.0), stage: "incident", text, bytes: None }]
}

fn left(one: &CopyFailure, about: About) -> Step {
    let text = match (one.left_us, one.again) {
        (None, _) => "it never left: its device had no connection, or the gateway did not read it".to_owned(),
        (Some(_), false) => format!("it left by MQTT at QoS {}; the bytes of copies are not kept", one.qos),
        (Some(_), true) => format!(
            "it left for the last time by MQTT at QoS {}: its connection had broken without an acknowledgement; the bytes of \
             copies are not kept",
            one.qos
        ),
    };
    Step { after_ms: one.left_us.and_then(|at| about.after(at)), stage: "wire", text, bytes: None }
}

/// Whether the gateway had it, as far as the proxy saw.
fn reached(folder: &Folder, one: &CopyFailure, about: About) -> Option<Step> {
    if one.reached_us.is_none() && folder.journal.faults.is_empty() {
        return None;
    }
    let text = if one.reached_us.is_some() {
        "it came through the proxy to the gateway as it had left"
    } else {
        "the proxy did not see it come to the gateway, and no fault took it from its line"
    };
    let after_ms = one.reached_us.and_then(|at| about.after(at));
    Some(Step { after_ms, stage: "wire", text: text.to_owned(), bytes: None })
}

/// Faults that were on the way of all connections about that time: what they did to those of copies is judged and not kept.
fn faults(folder: &Folder, about: About) -> Vec<Step> {
    let journal = &folder.journal;
    let near = journal.faults.iter().filter(|f| about.meets(f.from_us, f.until_us.unwrap_or(Micros::MAX)));
    near.map(|fault| {
        let text = format!(
            "fault {} was on the way: {}; what it did to each line of a copy is not kept",
            fault.number, fault.text
        );
        Step { after_ms: None, stage: "fault", text, bytes: None }
    })
    .collect()
}

/// Storms that took the line of the same device of the compound: they befall all copies alike.
fn storms(folder: &Folder, one: &CopyFailure, stimulus: Option<StimulusId>, about: About) -> Vec<Step> {
    let tape = folder.tape.as_ref().ok();
    let caused = folder.journal.caused.iter().find(|caused| Some(caused.stimulus) == stimulus);
    let on_tape = tape.zip(stimulus).and_then(|(tape, id)| tape.stimuli.get(id.index()));
    let device = caused.map(|caused| caused.device).or(on_tape.map(|said| said.device));
    let near = folder.journal.storms.iter().filter_map(|storm| {
        let own = storm.back.iter().find(|kept| Some(kept.device) == device)?;
        about.meets(storm.at_us, own.back_us).then_some(storm)
    });
    near.map(|storm| {
        let (cause, number, class) = (&storm.cause, storm.number, &one.class);
        let text = format!(
            "{cause} (storm {number} of the load's shape) took the lines of devices of the class {class}"
        );
        Step { after_ms: about.after(storm.at_us), stage: "fault", text, bytes: None }
    })
    .collect()
}

fn heard(one: &CopyFailure, about: About) -> Option<Step> {
    if let Some(outcome) = &one.answered {
        let text = if outcome == Outcome::Answered.word() {
            "the gateway itself answered it as it should".to_owned()
        } else {
            format!("by the gateway itself it is {}", outcome.replace('_', " "))
        };
        return Some(Step { after_ms: None, stage: "gateway", text, bytes: None });
    }
    let at = one.heard_us?;
    let more =
        if one.answers > 1 { format!(", and {} more after it", one.answers - 1) } else { String::new() };
    let text = format!("of this message: an answer{more}");
    Some(Step { after_ms: about.after(at), stage: "gateway", text, bytes: None })
}

/// Its posts to the city platform, and what became of it there.
fn city(folder: &Folder, one: &CopyFailure, leg: Option<&CopyFailure>, about: About) -> Vec<Step> {
    let of_this = folder.journal.forwarded.iter().filter(|post| post.correlation.as_ref() == Some(&one.id));
    let posts = of_this.map(|post| super::posted(post, about.after(post.received_us)));
    let told = leg.map(|leg| {
        let (what, deadline) = (leg.outcome.replace('_', " "), length(leg.deadline_us));
        let text = format!("on the way to the city platform it was {what}; the deadline was {deadline}");
        Step { after_ms: None, stage: "city", text, bytes: None }
    });
    posts.chain(told).collect()
}

/// The compound's own message of the same stimulus.
fn compounds_own(assembled: &Assembled, stimulus: Option<StimulusId>) -> Option<Step> {
    let own = assembled.main.messages.iter().find(|m| Some(m.answer.stimulus) == stimulus)?;
    let became = match own.response_ms() {
        Some(ms) if own.answer.outcome == Outcome::Answered => format!("was answered after {ms:.1} ms"),
        Some(ms) => format!("was {} after {ms:.1} ms", own.answer.outcome.word().replace('_', " ")),
        None => format!("was {}", own.answer.outcome.word().replace('_', " ")),
    };
    let text = format!("the compound's own message of the same ({}) {became}", own.id);
    Some(Step { after_ms: None, stage: "gateway", text, bytes: None })
}

/// How the copy fared, and all of them.
fn fared(folder: &Folder, copy: u32) -> Option<Step> {
    let answers = answers(folder)?;
    let tally = answers.copies.iter().find(|told| told.copy == copy);
    let own = tally.map_or_else(String::new, |told| {
        let (good, owed) = (told.outcomes.answered, told.outcomes.expected);
        format!(
            "{good} of {owed} messages of its copy (site {}) were answered as they should be; ",
            told.site
        )
    });
    let (good, owed, harmed) = (answers.all.answered, answers.all.expected, answers.harmed);
    let text = format!("{own}{good} of {owed} of all copies; {} lack something", counted(harmed, "copy"));
    Some(Step { after_ms: None, stage: "gateway", text, bytes: None })
}

fn outcome(one: &CopyFailure, about: About) -> Step {
    let held = one.owed_from_us.map_or(0, |owed| owed - one.due_us);
    let since = if held > 0 {
        format!(
            ", counted from {} after it was due, since the gateway could not have it before",
            length(held)
        )
    } else {
        String::new()
    };
    let deadline = length(one.deadline_us);
    let nobody =
        if one.outcome == Outcome::Undecidable.word() { ": nobody listened until its deadline" } else { "" };
    let text = format!("{}{nobody}; the deadline was {deadline}{since}", one.outcome.replace('_', " "));
    let at = one.heard_us.unwrap_or(about.until_us);
    Step { after_ms: about.after(at), stage: "outcome", text, bytes: None }
}
