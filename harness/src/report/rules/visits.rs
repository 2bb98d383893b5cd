//! Whether a visitor has leave before he has his pass: he is entered in the register at a gate post, or the resident said yes
//! before the door was opened for him.

use palisade_sim::contract::Class;

use super::{About, RulePart, Run, conclude, name};
use crate::pairing::{Outcome, Told};
use crate::verdict::Message;

/// What a post says when it entered a visitor.
const REGISTERED: &str = "visitor_registered";
/// What a door station says of a call.
const CALLS: [&str; 4] = ["call_started", CONFIRMED, "call_refused", "call_unanswered"];
/// The resident said yes.
const CONFIRMED: &str = "call_confirmed";
/// The command that lets one visitor in.
const UNLOCK: &str = "unlock";
/// The command that lets everybody out, which may be a pass, too.
const RELEASE: &str = "release";

pub(super) fn leave_before_pass(part: &mut RulePart, run: &Run<'_>) {
    (part.demanded, part.unit) = (Some(0.0), "visitors without leave".into());
    let meant = [Class::GatePost, Class::Intercom].map(|class| class.word().to_owned());
    let does = "let a visitor in (`visitor_registered` of a post, `unlock` of a door)";
    let about = About { does, ..About::speaking(&meant) };
    let (mut judged, mut wrong) = (Vec::new(), Vec::new());
    for m in about.of(run).into_iter().filter(|m| m.signal == REGISTERED) {
        judged.push(Class::GatePost.word());
        let is_lost = m.answer.outcome == Outcome::Missed;
        wrong.extend(is_lost.then(|| format!("{}: the register has no entry", m.name())));
    }
    for told in run.told.iter().filter(|told| is_pass(run, told)) {
        judged.push(Class::Intercom.word());
        wrong.extend(without_leave(run, told));
    }
    conclude(part, run, about, &judged, (Some(wrong.len() as f64), wrong));
}

/// The message that caused a command, where it is one of this run.
fn cause<'a>(run: &Run<'a>, told: &Told) -> Option<&'a Message> {
    run.messages.iter().find(|m| Some(m.answer.stimulus) == told.cause)
}

/// Whether a command opened a door for a visitor. What follows from something else than a call does not: a fire alarm, a button.
fn is_pass(run: &Run<'_>, told: &Told) -> bool {
    let is_door =
        run.devices.get(told.command.device.index()).is_some_and(|row| row.class == Class::Intercom);
    let for_visitor = match (cause(run, told), told.command.command.as_str()) {
        (Some(m), UNLOCK | RELEASE) => CALLS.contains(&m.signal.as_str()),
        (None, word) => word == UNLOCK,
        _ => false,
    };
    is_door && for_visitor && told.execution_us().is_some()
}

/// Why a door should not have been opened; nothing where the resident had said yes.
fn without_leave(run: &Run<'_>, told: &Told) -> Option<String> {
    if cause(run, told).is_some_and(|m| m.signal == CONFIRMED) {
        return None;
    }
    let (door, at_us) = (told.command.device, told.command.received_us);
    let calls = run.messages.iter().filter(|m| m.answer.device == door && CALLS.contains(&m.signal.as_str()));
    let last = calls.filter(|m| m.answer.intended_us <= at_us).max_by_key(|m| m.answer.intended_us);
    match last {
        Some(m) if m.signal == CONFIRMED => None,
        Some(m) => Some(format!("{} is opened after no more than {}", name(run, door), m.name())),
        None => Some(format!("{} is opened, and nobody had rung", name(run, door))),
    }
}
