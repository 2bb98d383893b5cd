//! Commands: which the gateway owed, which came, and what devices made of them.
//!
//! A command that names its cause answers that cause alone. One that names none answers every owed command of its word
//! and device in whose time it falls, since a siren that sounds already need not be told again; else it is the late
//! answer to the earliest owed one that nothing answers. The same id again is no command of its own.

use std::collections::{BTreeMap, BTreeSet};

use palisade_sim::contract::{Class, Severity, Signal};
use palisade_sim::whole::Tape;
use palisade_sim::whole::tape::TapeDevice;
use palisade_sim::words::{DeviceIx, Ms, StimulusId};

use super::Deaf;
use crate::record::{Answered, Command, Expected, Left, Micros, Owed, Withheld};
use crate::schedule::{Plan, What};
use crate::wire::id;

/// Which command is expected after which message of a device. A list that is empty leaves its part open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Words of the signals.
    pub signals: Vec<String>,
    /// Severities of the signals.
    pub severities: Vec<Severity>,
    /// Classes of the devices that say them.
    pub classes: Vec<Class>,
    /// Who must be told.
    pub to: To,
    /// The command's word.
    pub command: String,
    /// How long after the message's intended instant the command is in time.
    pub deadline: Ms,
}

/// Who must be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// The device that said it.
    Itself,
    /// One of these devices.
    Devices(Vec<String>),
    /// One device of this class.
    Class(Class),
}

impl Rule {
    fn fits(&self, class: Class, signal: &str, severity: Severity) -> bool {
        (self.signals.is_empty() || self.signals.iter().any(|s| s == signal))
            && (self.severities.is_empty() || self.severities.contains(&severity))
            && (self.classes.is_empty() || self.classes.contains(&class))
    }
}

/// A message of a device that may owe commands.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its number.
    pub stimulus: StimulusId,
    /// The device.
    pub device: DeviceIx,
    /// What it says.
    pub signal: &'a Signal,
    /// When it should leave, µs.
    pub intended_us: Micros,
}

/// Every command that the gateway owes for one message, for which several rules may fit.
pub fn owed_for(rules: &[Rule], devices: &[TapeDevice], said: Said<'_>, part: &str) -> Vec<Owed> {
    let Some(row) = devices.get(said.device.index()) else { return Vec::new() };
    let (word, severity) = (said.signal.word(), said.signal.severity());
    let owed = |rule: &Rule| Owed {
        stimulus: said.stimulus,
        part: part.to_owned(),
        devices: match &rule.to {
            To::Itself => vec![said.device],
            to => meant(to, devices),
        },
        command: rule.command.clone(),
        intended_us: said.intended_us,
        deadline_us: rule.deadline.0 * 1000,
    };
    rules.iter().filter(|rule| rule.fits(row.class, &word, severity)).map(owed).collect()
}

/// Every command that the gateway owes for what a plan sends.
pub fn owed(rules: &[Rule], tape: &Tape, plan: &Plan, start_us: Micros, part: &str) -> Vec<Owed> {
    let stimuli = plan.sends.iter().filter_map(|send| {
        let What::Stimulus(id) = send.what else { return None };
        Some((send, tape.stimuli.get(id.index())?))
    });
    let owed = stimuli.flat_map(|(send, stimulus)| {
        let intended_us = start_us + send.at_us;
        let said = Said { stimulus: stimulus.id, device: send.device, signal: &stimulus.signal, intended_us };
        owed_for(rules, &tape.devices, said, part)
    });
    owed.collect()
}

fn meant(to: &To, devices: &[TapeDevice]) -> Vec<DeviceIx> {
    let meant = |row: &TapeDevice| match to {
        To::Itself => false,
        To::Devices(names) => names.iter().any(|name| name == row.id.as_str()),
        To::Class(class) => row.class == *class,
    };
    let all = devices.iter().enumerate().filter(|(_, row)| meant(row));
    all.map(|(i, _)| DeviceIx(i as u32)).collect()
}

/// What is to be paired: one part of one run.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The run's tag.
    pub run: &'a str,
    /// Commands that the gateway owed.
    pub owed: &'a [Owed],
    /// Commands that devices received.
    pub commands: &'a [Command],
    /// What devices answered.
    pub answered: &'a [Answered],
    /// Messages that were to be sent.
    pub expected: &'a [Expected],
    /// Messages that were.
    pub left: &'a [Left],
    /// Messages that a device was told to keep to itself.
    pub withheld: &'a [Withheld],
    /// When the harness itself kept devices from hearing.
    pub deaf: &'a Deaf,
    /// Until when somebody listened, µs on the run's clock.
    pub listened_until_us: Micros,
}

/// What became of an owed command. The first that fits counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Came {
    /// Its cause never left, the run was cut before its deadline, or it did not come in time where the harness itself kept one
    /// who could be told from hearing.
    Undecidable,
    /// It never came.
    Missed,
    /// It came after its deadline.
    Late,
    /// It came in time.
    InTime,
}

impl Came {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Came::Undecidable => "undecidable",
            Came::Missed => "missed",
            Came::Late => "late",
            Came::InTime => "in_time",
        }
    }
}

/// An owed command and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// What was owed.
    pub owed: Owed,
    /// What became of it.
    pub came: Came,
    /// When it came, µs.
    pub received_us: Option<Micros>,
    /// The number of the command that answers it.
    pub by: Option<u32>,
}

/// A command that a device received.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The command.
    pub command: Command,
    /// What the device answered; nothing when it did not.
    pub answer: Option<Answered>,
    /// The message that caused it, when it is known.
    pub cause: Option<StimulusId>,
    /// From the intended instant of its cause to its reception, µs.
    pub response_us: Option<Micros>,
}

impl Told {
    /// What the device made of it, in a word: `executed`, `refused`, `repeated`, `unanswered`.
    pub fn outcome(&self) -> &'static str {
        match &self.answer {
            None => "unanswered",
            Some(answer) if answer.repeated => "repeated",
            Some(answer) if answer.ok => "executed",
            Some(_) => "refused",
        }
    }

    /// From its reception to its execution, µs; nothing when nothing was executed.
    pub fn execution_us(&self) -> Option<Micros> {
        let answer = self.answer.as_ref().filter(|a| a.ok && !a.repeated)?;
        Some(answer.executed_us - self.command.received_us)
    }
}

/// All commands of one part of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commands {
    /// Those that came, in order of reception.
    pub told: Vec<Told>,
    /// Those that were owed, in order of (intended instant, stimulus).
    pub due: Vec<Due>,
    /// How many messages a device was told to keep to itself.
    pub withheld: usize,
}

impl Commands {
    /// How many came, were done, refused, came again, were not answered.
    pub fn received(&self) -> usize {
        self.told.len()
    }

    /// How many were done.
    pub fn executed(&self) -> usize {
        self.answers(|a| a.ok && !a.repeated)
    }

    /// How many were refused.
    pub fn refused(&self) -> usize {
        self.answers(|a| !a.ok && !a.repeated)
    }

    /// How many came again with an id that was answered before.
    pub fn repeated(&self) -> usize {
        self.answers(|a| a.repeated)
    }

    /// How many the device had not answered when the run ended.
    pub fn unanswered(&self) -> usize {
        self.told.iter().filter(|t| t.answer.is_none()).count()
    }

    fn answers(&self, of: impl Fn(&Answered) -> bool) -> usize {
        self.told.iter().filter(|t| t.answer.as_ref().is_some_and(&of)).count()
    }

    /// How many owed commands came so.
    pub fn count(&self, came: Came) -> usize {
        self.due.iter().filter(|d| d.came == came).count()
    }
}

/// Pairs the commands of one part of a run.
pub fn pair_commands(heard: Heard<'_>) -> Commands {
    let withheld: BTreeSet<StimulusId> = heard.withheld.iter().map(|w| w.stimulus).collect();
    let mut told = told(heard);
    // What a line does not carry was never to be sent, and owes nothing.
    let to_send: BTreeSet<StimulusId> = heard.expected.iter().map(|e| e.stimulus).collect();
    let owes = |o: &&Owed| to_send.contains(&o.stimulus) && !withheld.contains(&o.stimulus);
    let mut owed: Vec<&Owed> = heard.owed.iter().filter(owes).collect();
    owed.sort_by_key(|o| (o.intended_us, o.stimulus, &o.command));
    let found = found(&owed, &told);
    for (owed, by) in owed.iter().zip(&found) {
        if let Some(told) = by.and_then(|i| told.get_mut(i)).filter(|t| t.cause.is_none()) {
            told.cause = Some(owed.stimulus);
            told.response_us = Some(told.command.received_us - owed.intended_us);
        }
    }
    let left: BTreeSet<StimulusId> = heard.left.iter().map(|l| l.stimulus).collect();
    let due = |(owed, by): (&&Owed, &Option<usize>)| {
        let received_us = by.map(|i| told[i].command.received_us);
        let deadline = owed.intended_us + owed.deadline_us;
        let in_time = received_us.is_some_and(|at| at <= deadline);
        let deaf = || heard.deaf.one_of(owed.devices.iter().copied(), owed.intended_us, deadline);
        let came = match received_us {
            _ if !left.contains(&owed.stimulus) => Came::Undecidable,
            _ if !in_time && deaf() => Came::Undecidable,
            None if heard.listened_until_us < deadline => Came::Undecidable,
            None => Came::Missed,
            Some(at) if at > deadline => Came::Late,
            Some(_) => Came::InTime,
        };
        Due { owed: (*owed).clone(), came, received_us, by: by.map(|i| told[i].command.number) }
    };
    let due = owed.iter().zip(&found).map(due).collect();
    Commands { told, due, withheld: withheld.len() }
}

fn told(heard: Heard<'_>) -> Vec<Told> {
    let answers: BTreeMap<u32, &Answered> = heard.answered.iter().map(|a| (a.number, a)).collect();
    let intended: BTreeMap<StimulusId, Micros> =
        heard.expected.iter().map(|e| (e.stimulus, e.intended_us)).collect();
    let mut told: Vec<Told> = heard
        .commands
        .iter()
        .map(|command| {
            let cause = command.cause.as_deref().and_then(|id| id::read(heard.run, id)).flatten();
            let cause = cause.filter(|id| intended.contains_key(id));
            let since = cause.and_then(|id| intended.get(&id));
            Told {
                answer: answers.get(&command.number).map(|a| (*a).clone()),
                cause,
                response_us: since.map(|since| command.received_us - since),
                command: command.clone(),
            }
        })
        .collect();
    told.sort_by_key(|t| (t.command.received_us, t.command.number));
    told
}

/// For each owed command the place of the one that answers it.
fn found(owed: &[&Owed], told: &[Told]) -> Vec<Option<usize>> {
    let meant = |o: &Owed, t: &Told| {
        let again = t.answer.as_ref().is_some_and(|a| a.repeated);
        !again && t.command.command == o.command && o.devices.contains(&t.command.device)
    };
    let nameless = |t: &Told| t.command.cause.is_none();
    let in_time =
        |o: &Owed, t: &Told| (o.intended_us..=o.intended_us + o.deadline_us).contains(&t.command.received_us);
    let first = |o: &Owed| {
        let named = told.iter().position(|t| meant(o, t) && t.cause == Some(o.stimulus));
        named.or_else(|| told.iter().position(|t| meant(o, t) && nameless(t) && in_time(o, t)))
    };
    let mut found: Vec<Option<usize>> = owed.iter().map(|o| first(o)).collect();
    let mut used: BTreeSet<usize> = found.iter().flatten().copied().collect();
    for (owed, found) in owed.iter().zip(&mut found) {
        if found.is_none() {
            let late = told.iter().enumerate().position(|(i, t)| {
                let after = t.command.received_us > owed.intended_us;
                !used.contains(&i) && meant(owed, t) && nameless(t) && after
            });
            used.extend(late);
            *found = late;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::Outages;
    use super::*;
    use crate::record::{Kept, Storm};

    const DUTY: DeviceIx = DeviceIx(9);

    fn owes(stimulus: u32, intended_us: Micros) -> Owed {
        Owed {
            stimulus: StimulusId(stimulus),
            part: "main".into(),
            devices: vec![DUTY],
            command: "siren_on".into(),
            intended_us,
            deadline_us: 1_000,
        }
    }

    fn came(number: u32, received_us: Micros, cause: Option<&str>) -> Command {
        Command {
            number,
            received_us,
            part: "main".into(),
            device: DUTY,
            command: "siren_on".into(),
            id: Some(format!("c{number}")),
            cause: cause.map(str::to_owned),
            link: "mqtt".into(),
        }
    }

    fn done(number: u32, executed_us: Micros, ok: bool, repeated: bool) -> Answered {
        Answered {
            number,
            part: "main".into(),
            device: DUTY,
            id: None,
            executed_us,
            ok,
            state: String::new(),
            why: None,
            repeated,
            answered_us: None,
        }
    }

    /// Owed commands are caused by messages that were sent in their instants.
    fn pair(owed: &[Owed], commands: &[Command], answered: &[Answered], withheld: &[u32]) -> Commands {
        pair_with(owed, commands, (answered, withheld), &Deaf::default())
    }

    fn pair_with(
        owed: &[Owed],
        commands: &[Command],
        (answered, withheld): (&[Answered], &[u32]),
        deaf: &Deaf,
    ) -> Commands {
        let expected = |o: &Owed| Expected {
            stimulus: o.stimulus,
            device: DeviceIx(0),
            part: "main".into(),
            intended_us: o.intended_us,
            severity: Severity::Alarm,
            deadline_us: 5,
            correlate: Vec::new(),
        };
        let left = |o: &Owed| Left {
            stimulus: o.stimulus,
            part: "main".into(),
            left_us: o.intended_us,
            topic: String::new(),
            payload: String::new(),
            qos: None,
        };
        let kept = |&id: &u32| Withheld {
            stimulus: StimulusId(id),
            part: "main".into(),
            device: DeviceIx(0),
            at_us: 0,
            why: "bypassed".into(),
        };
        pair_commands(Heard {
            run: "r",
            owed,
            commands,
            answered,
            expected: &owed.iter().map(expected).collect::<Vec<_>>(),
            left: &owed.iter().filter(|o| o.stimulus.0 < 100).map(left).collect::<Vec<_>>(),
            withheld: &withheld.iter().map(kept).collect::<Vec<_>>(),
            deaf,
            listened_until_us: 50_000,
        })
    }

    fn words(commands: &Commands) -> Vec<&'static str> {
        commands.due.iter().map(|d| d.came.word()).collect()
    }

    #[test]
    fn a_command_that_names_its_cause_answers_that_alone() {
        let owed = [owes(1, 1_000), owes(2, 1_100), owes(3, 1_200)];
        let commands =
            [came(0, 1_300, Some("r-2")), came(1, 9_000, Some("r-3")), came(2, 1_300, Some("x-1"))];
        let paired = pair(&owed, &commands, &[], &[]);
        assert_eq!(words(&paired), ["missed", "in_time", "late"]);
        assert_eq!((paired.told[0].cause, paired.told[0].response_us), (Some(StimulusId(2)), Some(200)));
    }

    #[test]
    fn one_without_a_cause_answers_all_in_whose_time_it_falls() {
        let owed = [owes(1, 1_000), owes(2, 1_100), owes(3, 5_000), owes(4, 20_000)];
        let commands = [came(0, 1_300, None), came(1, 6_500, None)];
        let paired = pair(&owed, &commands, &[], &[]);
        assert_eq!(words(&paired), ["in_time", "in_time", "late", "missed"]);
    }

    #[test]
    fn another_word_or_device_and_a_repeat_answer_nothing() {
        let mut other = came(0, 1_100, None);
        other.command = "siren_off".into();
        let mut elsewhere = came(1, 1_100, None);
        elsewhere.device = DeviceIx(3);
        let again = [done(2, 1_100, true, true)];
        let paired = pair(&[owes(1, 1_000)], &[other, elsewhere, came(2, 1_100, None)], &again, &[]);
        assert_eq!(words(&paired), ["missed"]);
    }

    #[test]
    fn what_cannot_be_known_is_undecidable_and_what_is_withheld_owes_nothing() {
        // 100 never left; 2 was due shortly before nobody listened any more.
        let paired = pair(&[owes(100, 1_000), owes(2, 49_500), owes(3, 2_000)], &[], &[], &[3]);
        assert_eq!((words(&paired), paired.withheld), (vec!["undecidable", "undecidable"], 1));
    }

    #[test]
    fn what_could_not_be_heard_because_of_the_harness_is_undecidable_unless_it_came_in_time() {
        let back = vec![Kept { device: DUTY, back_us: 2_000 }];
        let (part, cause) = ("main".to_owned(), "storm".to_owned());
        let storm = Storm { number: 1, part, at_us: 1_000, cause, back };
        let deaf = Deaf::of((&[], &[], &[&storm]), &Outages::default());
        let owed = [owes(1, 1_000), owes(2, 1_100), owes(3, 1_200), owes(4, 9_000_000)];
        let commands = [came(0, 1_300, Some("r-2")), came(1, 9_000, Some("r-3"))];
        let paired = pair_with(&owed, &commands, (&[], &[]), &deaf);
        assert_eq!(words(&paired), ["undecidable", "in_time", "undecidable", "undecidable"]);
        let paired = pair_with(&owed, &commands, (&[], &[]), &Deaf::default());
        assert_eq!(words(&paired), ["missed", "in_time", "late", "undecidable"], "4 was due after the end");
    }

    #[test]
    fn each_command_is_counted_once() {
        let commands = [0, 1, 2, 3, 4].map(|n| came(n, 100 * i64::from(n), None));
        let answered = [
            done(0, 30, true, false),
            done(1, 131, true, false),
            done(2, 200, false, false),
            done(3, 300, true, true),
        ];
        let all = pair(&[], &commands, &answered, &[]);
        let counts = [all.received(), all.executed(), all.refused(), all.repeated(), all.unanswered()];
        assert_eq!(counts, [5, 2, 1, 1, 1]);
        let took: Vec<_> = all.told.iter().filter_map(Told::execution_us).collect();
        assert_eq!(took, [30, 31]);
    }
}
