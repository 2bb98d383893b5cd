//! What devices were told, against what they should have been.
//!
//! | a message that was answered | command that is owed |
//! |---|---|
//! | alarm of a beam, smoke or heat detector | `siren_on` to the duty room |
//! | restore after an alarm of the same device | `acknowledge` with that device |
//! | the same, and nothing else is in alarm | `siren_off` |
//! | a bypass that the operator asks for | `bypass` to the device |

use std::collections::BTreeMap;

use super::case::{Case, LATE_US, UNDER_WAY_US};
use super::record::Order;

/// Classes whose alarms sound the siren.
const LOUD: [&str; 3] = ["beam", "smoke_detector", "heat_detector"];

/// How far a siren's end may be from the restore that we take for the last one, µs.
const SIREN_US: i64 = 1_000_000;

/// Something about commands that is not as it should be. Orders are places in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A command that never came: its word, and the message that should have caused it.
    Missing(&'static str, Option<usize>),
    /// A command that came to another device.
    Misdirected(usize),
    /// A command that came again.
    Again(usize),
    /// A command that came late.
    Late(usize),
    /// An acknowledgement of another device's alarm.
    Misnamed(usize),
    /// A command that nothing called for.
    Uncalled(usize),
    /// A command because of the alarm of a bypassed zone or of its end, and that alarm.
    Bypassed(usize, usize),
}

/// A command that is owed, or may come.
struct Due {
    word: &'static str,
    to: String,
    about: Option<String>,
    cause: Option<usize>,
    from_us: i64,
    /// It may be absent: what it depends on was itself lost.
    optional: bool,
    /// The alarm of a bypassed zone without which nobody would command it.
    bypassed: Option<usize>,
    /// The id of the order that came for it.
    came: Option<String>,
}

impl Told {
    /// All of a case, whose answers are known already.
    pub(super) fn all(case: &Case<'_>) -> Vec<Told> {
        if case.record.duty_room.is_empty() {
            return Vec::new();
        }
        let mut due = due(case);
        let mut found = Vec::new();
        for (o, order) in case.record.orders.iter().enumerate() {
            // Of two that an order may be, one for which no other order came, and best the one that is to go where it went.
            let fits = due.iter_mut().filter(|due| due.is(order, case));
            let had_another = |due: &Due| due.came.as_ref().is_some_and(|id| *id != order.id);
            match fits.min_by_key(|due| (had_another(due), due.to != order.to)) {
                None => found.push(Told::Uncalled(o)),
                // One that was answered twice is told twice, which is the same fault.
                Some(due) if due.came.is_some() => {
                    if due.cause.is_none_or(|cause| case.answers[cause].len() < 2) {
                        found.push(Told::Again(o));
                    }
                }
                Some(due) => {
                    due.came = Some(order.id.clone());
                    found.extend(due.bypassed.map(|alarm| Told::Bypassed(o, alarm)));
                    if due.to != order.to {
                        found.push(Told::Misdirected(o));
                    }
                    if due.about != order.about {
                        found.push(Told::Misnamed(o));
                    }
                    let waited = order.at_us - due.from_us;
                    if !due.optional
                        && waited > LATE_US
                        && !case.record.is_disturbed(due.from_us, order.at_us)
                    {
                        found.push(Told::Late(o));
                    }
                }
            }
        }
        // Which restore was the last one depends on the order in which the gateway heard them.
        let stopped = |due: &Due| {
            let near = |order: &&Order| (order.at_us - due.from_us).abs() < SIREN_US;
            let stops = case.record.orders.iter().filter(|order| order.command == "siren_off");
            due.word == "siren_off" && stops.filter(near).count() > 0
        };
        // A gateway that was killed soon after an answer may have had no time for the command.
        let overtaken = |due: &Due| {
            let soon = |to_us: i64| (to_us - UNDER_WAY_US..=to_us).contains(&due.from_us);
            due.cause.is_some() && case.record.lives.iter().any(|life| soon(life.to_us))
        };
        let excused = |due: &Due| due.optional || stopped(due) || overtaken(due);
        let missing = due.iter().filter(|due| due.came.is_none() && !excused(due));
        found.extend(missing.map(|due| Told::Missing(due.word, due.cause)));
        found
    }
}

impl Due {
    fn is(&self, order: &Order, case: &Case<'_>) -> bool {
        if self.word != order.command {
            return false;
        }
        match self.cause {
            Some(cause) => order.cause.as_ref() == Some(&case.record.sent[cause].id),
            None => order.cause.is_none(),
        }
    }
}

/// What should and what may be told.
fn due(case: &Case<'_>) -> Vec<Due> {
    let record = case.record;
    let duty = |word, cause: usize, about: Option<&String>, (optional, bypassed)| Due {
        word,
        to: record.duty_room.clone(),
        about: about.cloned(),
        cause: Some(cause),
        from_us: case.answered_us(cause).unwrap_or(record.sent[cause].at_us),
        optional,
        bypassed,
        came: None,
    };
    let mut all: Vec<Due> = Vec::new();
    // Of each process of the gateway: devices in alarm, each with that alarm if its zone was bypassed, and whether something was lost
    // that could have changed them.
    let mut lives: BTreeMap<usize, (BTreeMap<&str, Option<usize>>, bool)> = BTreeMap::new();
    for i in case.taken.iter().copied() {
        let sent = &record.sent[i];
        if !LOUD.contains(&sent.class.as_str()) {
            continue;
        }
        let (alarming, unsure) = lives.entry(record.life_at(sent.at_us)).or_default();
        let bypassed = (!case.owes(i)).then_some(i);
        let is_lost = !case.is_answered(i) || bypassed.is_some();
        *unsure |= is_lost;
        match sent.kind.as_str() {
            "alarm" => {
                let of_zone = alarming.entry(&sent.device).or_insert(bypassed);
                *of_zone = of_zone.and(bypassed);
                all.push(duty("siren_on", i, None, (is_lost, bypassed)));
            }
            "restore" => {
                let Some(bypassed) = alarming.remove(sent.device.as_str()) else { continue };
                all.push(duty("acknowledge", i, Some(&sent.device), (*unsure, bypassed)));
                all.push(duty("siren_off", i, None, (*unsure || !alarming.is_empty(), bypassed)));
            }
            _ => {}
        }
    }
    all.extend(record.bypasses.iter().map(|bypass| Due {
        word: "bypass",
        to: bypass.device.clone(),
        about: None,
        cause: None,
        from_us: bypass.from_us,
        optional: false,
        bypassed: None,
        came: None,
    }));
    all
}
