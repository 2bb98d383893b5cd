//! What a device does when the gateway tells it to: the state machine of one device. Pure: instants come in, effects
//! go out, no clock and no socket.
//!
//! Commands are done one after the other, each in the time that the real device takes ([`Times`]): a lock and an arm
//! take what the kit says, everything else is the pull of a relay. The same id again is answered again and not done
//! again. A zone that is disarmed or bypassed reports no alarms, and [`Actuator::withholds`] says so. An arm that met
//! something refuses to be lowered until it is down or the vehicle has passed.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use palisade_sim::contract::{Class, Severity, Signal};
use palisade_sim::model::kit::Kit;
use palisade_sim::words::Ms;

use crate::record::Micros;
use crate::wire::command::{Answer, Change, Malformed, Order, Verb};

/// From a command to the pull of a relay. Assumed: what small controllers take.
const RELAY: Ms = Ms(30);
/// Commands that wait in a device before it says that it is busy.
const QUEUE: usize = 16;
/// A lock that is released until it is told to lock.
const HELD: Micros = Micros::MAX;
/// Ids of commands that a device remembers.
const REMEMBERED: usize = 64;

/// How long a device takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// How long a lock stays released.
    pub release: Ms,
    /// How long an arm takes to rise, and to fall.
    pub arm: Ms,
    /// From a command to the pull of a relay.
    pub relay: Ms,
}

impl Times {
    /// The times of a device of the kit; for what the kit does not say of it, its usual values.
    pub fn of(kit: &Kit, device: &str) -> Times {
        let lock = kit.intercom.iter().find(|i| i.id.as_str() == device);
        let barrier = kit.barrier.iter().find(|b| b.id.as_str() == device);
        Times {
            release: lock.map_or(Ms(5_000), |i| i.release.0),
            arm: barrier.map_or(Ms(1_500), |b| b.arm.0),
            relay: RELAY,
        }
    }
}

/// What a device does, to be carried out by the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It answers the command with this number.
    Answer {
        /// The number under which it was told.
        number: u32,
        /// What it answers.
        answer: Answer,
        /// True when the same id was answered before: nothing was done this time.
        repeated: bool,
    },
    /// It is in another state, because of the command with this number.
    Changed {
        /// The number under which it was told.
        number: u32,
        /// When it changed.
        at_us: Micros,
        /// What changed.
        change: Change,
    },
}

#[derive(Clone, Debug)]
struct Job {
    number: u32,
    order: Order,
    done_us: Micros,
    /// Numbers under which the same id came again meanwhile.
    again: Vec<u32>,
}

/// One device's lock, arm, zone and siren.
#[derive(Clone, Debug)]
pub struct Actuator {
    class: Class,
    times: Times,
    raised: bool,
    /// The falling arm met something, which is still there.
    blocked: bool,
    armed: bool,
    siren: bool,
    /// Released until, [`HELD`] for until it is locked, and by which command.
    released: Option<(Micros, u32)>,
    /// Bypassed until, and by which command.
    bypassed: Option<(Micros, u32)>,
    jobs: VecDeque<Job>,
    answered: VecDeque<Answer>,
}

impl Actuator {
    /// A device at rest: locked, arm down, zone armed, siren off.
    pub fn new(class: Class, times: Times) -> Actuator {
        Actuator {
            class,
            times,
            raised: false,
            blocked: false,
            armed: true,
            siren: false,
            released: None,
            bypassed: None,
            jobs: VecDeque::new(),
            answered: VecDeque::new(),
        }
    }

    /// The device's class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The device is told something at an instant. `number` tells commands of a run apart, whatever their ids. What
    /// cannot be done is answered at once; what can is done later, see [`Actuator::next_us`].
    pub fn told(&mut self, number: u32, order: Order, now_us: Micros) -> Option<Effect> {
        let id = order.id.clone();
        let same = |other: &Option<String>| other.is_some() && *other == order.id;
        if let Some(job) = self.jobs.iter_mut().find(|job| same(&job.order.id)) {
            job.again.push(number);
            return None;
        }
        if let Some(answer) = self.answered.iter().find(|a| same(&a.id)) {
            return Some(Effect::Answer { number, answer: answer.clone(), repeated: true });
        }
        if !order.verb.fits(self.class) {
            let why = format!("a device of class {} cannot `{}`", self.class.word(), order.verb.word());
            return Some(self.refuse(number, id, why));
        }
        if self.blocked && order.verb == Verb::Lower {
            return Some(self.refuse(number, id, "something is under the arm".into()));
        }
        if self.jobs.len() >= QUEUE {
            let why = format!("busy: {QUEUE} commands wait already");
            // Not remembered: the same id may be tried again.
            return Some(self.answer_of(number, id, Some(why)));
        }
        let from_us = self.jobs.back().map_or(now_us, |job| job.done_us.max(now_us));
        let done_us = from_us + self.takes(&order.verb).0 * 1000;
        self.jobs.push_back(Job { number, order, done_us, again: Vec::new() });
        None
    }

    /// The answer to what is no command.
    pub fn told_nonsense(&mut self, number: u32, wrong: Malformed) -> Effect {
        self.answer_of(number, wrong.id, Some(wrong.why))
    }

    fn takes(&self, verb: &Verb) -> Ms {
        // Where the arm stands once everything before is done.
        let raised = self.jobs.iter().fold(self.raised, |raised, job| match job.order.verb {
            Verb::Lift => true,
            Verb::Lower => false,
            _ => raised,
        });
        match verb {
            Verb::Lift if !raised => self.times.arm,
            Verb::Lower if raised => self.times.arm,
            _ => self.times.relay,
        }
    }

    fn answer_of(&self, number: u32, id: Option<String>, why: Option<String>) -> Effect {
        let answer = Answer { id, ok: why.is_none(), state: self.state().into(), why };
        Effect::Answer { number, answer, repeated: false }
    }

    fn refuse(&mut self, number: u32, id: Option<String>, why: String) -> Effect {
        let effect = self.answer_of(number, id, Some(why));
        if let Effect::Answer { answer, .. } = &effect {
            self.remember(answer.clone());
        }
        effect
    }

    fn remember(&mut self, answer: Answer) {
        if self.answered.len() == REMEMBERED {
            self.answered.pop_front();
        }
        self.answered.push_back(answer);
    }

    /// When something happens by itself next: a command is done, a lock closes, a bypass is over.
    pub fn next_us(&self) -> Option<Micros> {
        let done = self.jobs.front().map(|job| job.done_us);
        let over = [self.released, self.bypassed].into_iter().flatten().map(|(until_us, _)| until_us);
        done.into_iter().chain(over.filter(|until_us| *until_us != HELD)).min()
    }

    /// Everything that has happened by now, in order.
    pub fn advance(&mut self, now_us: Micros) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(at_us) = self.next_us().filter(|at_us| *at_us <= now_us) {
            // A lock that closes in the instant in which it is released again closes first.
            if let Some((_, number)) = self.released.take_if(|(until_us, _)| *until_us == at_us) {
                effects.push(changed(number, at_us, "locked"));
            }
            if let Some((_, number)) = self.bypassed.take_if(|(until_us, _)| *until_us == at_us) {
                effects.push(changed(number, at_us, self.state()));
            }
            if let Some(job) = self.jobs.pop_front_if(|job| job.done_us == at_us) {
                self.finish(job, at_us, &mut effects);
            }
        }
        effects
    }

    fn finish(&mut self, job: Job, at_us: Micros, effects: &mut Vec<Effect>) {
        let change = self.execute(job.number, &job.order.verb, at_us);
        let state = change.as_ref().map_or_else(|| self.state_after(&job.order.verb), |c| c.state);
        effects.extend(change.map(|change| Effect::Changed { number: job.number, at_us, change }));
        let answer = Answer { id: job.order.id, ok: true, state: state.into(), why: None };
        self.remember(answer.clone());
        effects.push(Effect::Answer { number: job.number, answer: answer.clone(), repeated: false });
        let again = job.again.into_iter();
        effects.extend(again.map(|number| Effect::Answer { number, answer: answer.clone(), repeated: true }));
    }

    /// Does it; what changed, if anything.
    fn execute(&mut self, number: u32, verb: &Verb, at_us: Micros) -> Option<Change> {
        let state = self.state_after(verb);
        let (is_new, signal) = match verb {
            Verb::Unlock => {
                let was_held = self.is_held();
                if !was_held {
                    self.released = Some((at_us + self.times.release.0 * 1000, number));
                }
                (!was_held, Some(Signal::DoorReleased { by: "command".into() }))
            }
            Verb::Release => {
                let was_held = self.is_held();
                self.released = Some((HELD, number));
                (!was_held, Some(Signal::DoorReleased { by: "command".into() }))
            }
            Verb::Lock => (self.released.take().is_some(), None),
            Verb::Lift => (!std::mem::replace(&mut self.raised, true), Some(Signal::ArmRaised)),
            Verb::Lower => (std::mem::replace(&mut self.raised, false), Some(Signal::ArmLowered)),
            Verb::Arm => {
                let was = self.withholding().is_some();
                self.bypassed = None;
                self.armed = true;
                (was, None)
            }
            Verb::Disarm => (std::mem::replace(&mut self.armed, false), None),
            Verb::Bypass { for_s } => {
                self.bypassed = Some((at_us + for_s * 1_000_000, number));
                (true, None)
            }
            Verb::SirenOn => (!std::mem::replace(&mut self.siren, true), None),
            Verb::SirenOff => (std::mem::replace(&mut self.siren, false), None),
            Verb::Silence => (std::mem::replace(&mut self.siren, false), None),
            Verb::Acknowledge { .. } | Verb::Show => (true, None),
        };
        is_new.then_some(Change { state, signal })
    }

    /// Whether the lock stays released until it is locked.
    fn is_held(&self) -> bool {
        self.released.is_some_and(|(until_us, _)| until_us == HELD)
    }

    fn state_after(&self, verb: &Verb) -> &'static str {
        match verb {
            Verb::Unlock | Verb::Release => "released",
            Verb::Lock => "locked",
            Verb::Lift => "raised",
            Verb::Lower => "lowered",
            Verb::Arm => "armed",
            Verb::Disarm => "disarmed",
            Verb::Bypass { .. } => "bypassed",
            Verb::Acknowledge { .. } => "acknowledged",
            Verb::SirenOn => "siren_on",
            Verb::SirenOff => "siren_off",
            Verb::Silence => "silenced",
            Verb::Show => "shown",
        }
    }

    /// What the device is in, in a word.
    pub fn state(&self) -> &'static str {
        match self.class {
            Class::Intercom if self.released.is_some() => "released",
            Class::Intercom => "locked",
            Class::Barrier if self.raised => "raised",
            Class::Barrier => "lowered",
            Class::Beam | Class::SmokeDetector | Class::HeatDetector => self.withholding().unwrap_or("armed"),
            Class::DutyRoom if self.siren => "siren_on",
            _ => "ready",
        }
    }

    fn withholding(&self) -> Option<&'static str> {
        match (self.bypassed, self.armed) {
            (Some(_), _) => Some("bypassed"),
            (None, false) => Some("disarmed"),
            (None, true) => None,
        }
    }

    /// Why the device does not say this now, in a word: its zone is disarmed or bypassed. An opened housing is always
    /// reported. Call it after [`Actuator::advance`] to the same instant.
    pub fn withholds(&self, signal: &Signal) -> Option<&'static str> {
        let loud = matches!(signal.severity(), Severity::Alarm | Severity::Restore);
        let zone = matches!(self.class, Class::Beam | Class::SmokeDetector | Class::HeatDetector);
        self.withholding().filter(|_| zone && loud && *signal != Signal::TamperOpened)
    }

    /// The device said this of its own accord: its arm follows.
    pub fn said(&mut self, signal: &Signal) {
        match signal {
            Signal::ArmRaised => self.raised = true,
            Signal::ArmBlocked => (self.raised, self.blocked) = (true, true),
            Signal::VehiclePassed { .. } => self.blocked = false,
            Signal::ArmLowered => (self.raised, self.blocked) = (false, false),
            _ => {}
        }
    }
}

/// What changes by itself, which no device says.
fn changed(number: u32, at_us: Micros, state: &'static str) -> Effect {
    Effect::Changed { number, at_us, change: Change { state, signal: None } }
}
