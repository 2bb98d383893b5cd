//! All serial lines of a run: who is where, what is said there at its intended time, what was seen in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use palisade_load::fault::Fault as Disturbance;
use palisade_sim::contract::{Class, Signal, Stimulus};
use palisade_sim::words::{DeviceIx, Ms, StimulusId};

use super::line::{Change, Line, LineError, Setter, Spec};
use crate::drivers::Clock;
use crate::drivers::orders::{Desk, Hands, Saying};
use crate::record::{Befell, Entry, Journal, Left, Micros, Note, Spoilt};
use crate::wire::command::{Answer, Change as StateChange, Order, Verb};
use crate::wire::modbus::module::{Effect, Point, Table, before, effect};

/// A device that shows on its inputs what it does.
struct Inputs {
    setter: Setter,
    point: Point,
    line: String,
    scribe: Scribe,
}

impl Hands for Inputs {
    /// The echo of the write was the answer.
    fn answer(&self, _: usize, _: &Answer, _: i64) -> bool {
        false
    }

    fn say(&self, _: usize, class: Class, said: Saying<'_>) -> bool {
        let Some(effect) = effect(class, said.signal) else { return false };
        let seen = self.setter.set(self.point, effect, said.stimulus) == Change::Seen;
        if seen {
            self.scribe.left(said.stimulus, &self.line, self.point, effect);
        } else {
            self.scribe.same(said.signal, &self.line, self.point, effect);
        }
        seen
    }

    /// What a module shows, it has said.
    fn change(&self, _: usize, _: Class, _: &StateChange, _: i64) {}
}

/// Writes down what inputs show.
#[derive(Clone, Debug)]
struct Scribe {
    clock: Clock,
    journal: Journal,
    part: &'static str,
}

impl Scribe {
    fn left(&self, stimulus: StimulusId, line: &str, point: Point, effect: Effect) {
        self.journal.write(Entry::Left(Left {
            stimulus,
            part: self.part.into(),
            left_us: self.clock.now_us(),
            topic: format!("{line}/unit {}/input {}", point.unit, point.first + effect.input),
            payload: if effect.on { "on" } else { "off" }.into(),
            qos: None,
        }));
    }

    /// Remarks that an input was so already.
    fn same(&self, signal: &Signal, line: &str, point: Point, effect: Effect) {
        let state = if effect.on { "on" } else { "off" };
        let input = point.first + effect.input;
        let text = format!(
            "{line}: input {input} of unit {} was {state} already: a master cannot see that {} was said again",
            point.unit,
            signal.word()
        );
        self.journal.write(Entry::Note(Note { at_us: self.clock.now_us(), kind: "serial".into(), text }));
    }
}

/// The lines of one part of a run. Its devices have no connection of their own.
#[derive(Debug)]
pub struct Lines {
    lines: Vec<Line>,
    /// Which line a device is on.
    of: BTreeMap<DeviceIx, usize>,
    scribe: Scribe,
}

impl Lines {
    /// Makes every line, with all inputs off.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn open(
        lines: Vec<(Spec, Table)>,
        clock: Clock,
        journal: Journal,
        part: &'static str,
    ) -> Result<Lines, LineError> {
        let mut all = Lines::none(clock, journal, part);
        for (spec, table) in lines {
            all.of.extend(table.points().map(|(device, _)| (device, all.lines.len())));
            all.lines.push(Line::open(spec, table, clock)?);
        }
        Ok(all)
    }

    /// No lines.
    pub fn none(clock: Clock, journal: Journal, part: &'static str) -> Lines {
        Lines { lines: Vec::new(), of: BTreeMap::new(), scribe: Scribe { clock, journal, part } }
    }

    /// How many devices are on lines.
    pub fn devices(&self) -> usize {
        self.of.len()
    }

    /// Whether a device is on a line.
    pub fn has(&self, device: DeviceIx) -> bool {
        self.of.contains_key(&device)
    }

    /// Whether a master can see a signal of a device that is on a line.
    pub fn carries(&self, device: DeviceIx, signal: &Signal) -> bool {
        self.place(device, signal).is_some()
    }

    fn place(&self, device: DeviceIx, signal: &Signal) -> Option<(&Line, Point, Effect)> {
        let line = self.lines.get(*self.of.get(&device)?)?;
        let point = line.point(device)?;
        Some((line, point, effect(point.class, signal)?))
    }

    /// Takes what a master writes to coils as commands to devices, and shows on inputs what devices do because of them.
    /// A device's coil has the address of its first input; [`Verb::of_coil`] says what on and off mean. The answer that
    /// the protocol has is the echo, given at once; when it is done is seen on the inputs.
    pub fn obey(&self, desk: &Desk) {
        for line in &self.lines {
            for (device, point) in line.table().points() {
                let (setter, scribe) = (line.setter(), self.scribe.clone());
                let hands = Inputs { setter, point, line: line.name().to_owned(), scribe };
                desk.attach(device.index(), Arc::new(hands));
            }
            let (table, name, desk) = (line.table().clone(), line.name().to_owned(), desk.clone());
            let count = AtomicU64::new(0);
            line.on_coil(move |unit, address, on| {
                let meant = table.points().find(|(_, point)| (point.unit, point.first) == (unit, address));
                let verb = meant.and_then(|(device, point)| Some((device, Verb::of_coil(point.class, on)?)));
                let Some((device, verb)) = verb else { return };
                // A written coil has no id of its own: every write is a command.
                let id = format!("{name}-{}", count.fetch_add(1, Ordering::Relaxed));
                desk.told(device.index(), Ok(Order { id: Some(id), verb, ts: None, cause: None }), "modbus");
            });
        }
    }

    /// Puts all inputs into the state that the tape gives them at a window's start. What a master sees change because
    /// of that is written down as having left without being expected: an answer to it is neither owed nor spurious.
    pub fn begin(&self, stimuli: &[Stimulus], from: Ms) {
        for line in &self.lines {
            for state in line.preset(&before(line.table(), stimuli, from.0), from.0) {
                let Some(point) = line.point(state.device) else { continue };
                self.scribe.left(state.stimulus, line.name(), point, state.effect);
            }
        }
    }

    /// A device says something now: its input changes, and its instant is written down. False when a master cannot
    /// see it: no input stands for the signal, or the input is so already.
    pub fn say(&self, stimulus: &Stimulus) -> bool {
        let Some((line, point, effect)) = self.place(stimulus.device, &stimulus.signal) else { return false };
        let change = line.set(point, effect, stimulus.id);
        self.scribe.left(stimulus.id, line.name(), point, effect);
        if change == Change::Same {
            self.scribe.same(&stimulus.signal, line.name(), point, effect);
        }
        change == Change::Seen
    }

    /// Writes down what was seen on each line, at the end of a part.
    pub fn write_figures(&self) {
        self.write_spoilt(true);
        for line in &self.lines {
            self.scribe.journal.write(Entry::Line(line.figures(self.scribe.part)));
        }
    }

    /// How many requests were seen on all lines.
    pub fn polls(&self) -> u64 {
        self.lines.iter().map(|line| line.figures(self.scribe.part).polls).sum()
    }

    /// From this instant on faults disturb all wires, drawn by a seed for each.
    pub fn disturb(&self, faults: &[Disturbance], seed: u64, from_us: Micros) {
        self.lines.iter().for_each(|line| line.disturb(faults.to_vec(), seed, from_us));
    }

    /// Writes down what slaves' own faults did to messages since the last time.
    fn write_spoilt(&self, at_end: bool) {
        for (line, one) in self
            .lines
            .iter()
            .flat_map(|line| line.take_spoilt(at_end).into_iter().map(move |one| (line, one)))
        {
            let mut by: BTreeMap<String, u64> = BTreeMap::new();
            one.by.iter().for_each(|fault| *by.entry(fault.word().to_owned()).or_default() += 1);
            self.scribe.journal.write(Entry::Spoilt(Spoilt {
                at_us: one.at_us,
                part: self.scribe.part.into(),
                line: line.name().to_owned(),
                stimulus: one.stimulus,
                told: one.told,
                by,
            }));
        }
    }

    /// Writes down what faults did to wires, and slaves' own ones to messages, since the last time.
    pub fn write_disturbances(&self) {
        self.write_spoilt(false);
        for line in &self.lines {
            let Some((device, _)) = line.table().points().next() else { continue };
            for (at_us, one) in line.take_log() {
                let (done, amount) = one.done.words();
                self.scribe.journal.write(Entry::Befell(Befell {
                    at_us,
                    part: self.scribe.part.into(),
                    fault: one.fault + 1,
                    device,
                    line: Some(line.name().to_owned()),
                    connection: 0,
                    way: one.way.word().into(),
                    offset: one.offset,
                    done: done.into(),
                    amount: amount.map(|(_, amount)| amount),
                }));
            }
        }
    }

    /// Why a line does not work any more.
    pub fn fault(&self) -> Option<&str> {
        self.lines.iter().find_map(Line::fault)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use palisade_sim::contract::{Cause, Class, Nuisance};

    use super::*;
    use crate::drivers::serial::{Faults, Pace};
    use crate::record;
    use crate::wire::modbus::LineRate;

    fn stimulus(id: u32, due: i64, device: u32, signal: Signal) -> Stimulus {
        let (id, device, due) = (StimulusId(id), DeviceIx(device), Ms(due));
        Stimulus { id, due, device, signal, cause: Cause::Nuisance(Nuisance::Bird) }
    }

    #[test]
    fn a_written_coil_is_a_command_and_its_effect_is_on_the_input() {
        use std::io::{Read as _, Write as _};
        use std::time::{Duration, Instant};

        use crate::actuator::{Actuator, Times};
        use crate::drivers::fleet::Common;
        use crate::drivers::orders::Orders;
        use crate::wire::id;
        use crate::wire::modbus::Frame;
        use crate::wire::mqtt_json::Topics;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.jsonl");
        let writing = record::create(&path).expect("a journal");
        let (clock, journal) = (Clock::start(), writing.journal().clone());
        let spec = Spec {
            name: "line-1".into(),
            link: folder.path().join("line-1"),
            rate: LineRate { baud: 115_200, ..LineRate::default() },
            turnaround_us: 0,
            hold_us: 2_000_000,
            pace: Pace::Frame,
            faults: Faults::default(),
            seed: 1,
        };
        let link = spec.link.clone();
        let classes = [Class::Barrier, Class::Beam];
        let kit = classes.into_iter().enumerate().map(|(i, c)| (DeviceIx(i as u32), c));
        let table = Table::allot(kit, 1, 8).expect("it fits");
        let lines = Lines::open(vec![(spec, table)], clock, journal.clone(), "main").expect("a line");
        let common = Common {
            clock,
            journal,
            part: "main",
            run: "r".into(),
            mark: String::new(),
            topics: Topics::of("s"),
            contract: Arc::new(crate::contract::Contract::plain("x", "mqtt://127.0.0.1:1", None)),
            retain: false,
        };
        let times = Times { release: Ms(50), arm: Ms(40), relay: Ms(10) };
        let devices = classes.map(|class| Actuator::new(class, times)).into();
        let orders = Orders::start(common, devices, Box::new(|_, _, _, _| Vec::new())).expect("a thread");
        lines.obey(orders.desk());
        let mut port = std::fs::File::options().read(true).write(true).open(link).expect("the port");
        let mut ask = |pdu: &[u8], wanted: usize| {
            port.write_all(&Frame::new(1, pdu.to_vec()).expect("short").to_bytes()).expect("written");
            let mut answer = vec![0; wanted];
            port.read_exact(&mut answer).expect("an answer");
            answer
        };
        // Write one coil: the arm of the barrier, whose first input is 0. The answer is the echo.
        assert_eq!(ask(&[5, 0, 0, 0xFF, 0], 8)[1..6], [5, 0, 0, 0xFF, 0]);
        let began = Instant::now();
        // Read one input until the arm is up.
        while ask(&[2, 0, 0, 0, 1], 6)[3] != 1 {
            assert!(began.elapsed() < Duration::from_secs(20), "the arm did not rise");
        }
        // Coils 1 to 3 in one request: only the beam at 3 has a meaning. A coil that is not there is refused.
        ask(&[15, 0, 1, 0, 3, 1, 0b111], 8);
        assert_eq!(ask(&[5, 0, 99, 0xFF, 0], 5)[1], 5 | 0x80);
        let broken = Signal::BeamBroken { broken_ms: 80 };
        while !orders.desk().withholds(1, StimulusId(4), &broken, 0) {
            assert!(began.elapsed() < Duration::from_secs(20), "the zone was not disarmed");
        }
        drop((lines, orders));
        writing.finish().expect("written");
        let text = std::fs::read_to_string(&path).expect("read");
        let told: Vec<(String, String, u32)> = text
            .lines()
            .filter_map(|line| match serde_json::from_str(line).expect("an entry") {
                Entry::Command(c) => Some((c.command, c.link, c.device.0)),
                _ => None,
            })
            .collect();
        let entries: Vec<Entry> = text.lines().map(|l| serde_json::from_str(l).expect("an entry")).collect();
        let raised = id::of_command(0);
        let said = |e: &&Entry| match e {
            Entry::Said(s) => s.stimulus == raised && s.signal == "arm_raised",
            Entry::Expected(e) => e.stimulus == raised && e.device == DeviceIx(0),
            Entry::Left(l) => l.stimulus == raised && l.topic == "line-1/unit 1/input 0" && l.payload == "on",
            _ => false,
        };
        assert_eq!(entries.iter().filter(said).count(), 3, "the raised arm is a message of its own: {text}");
        let modbus = |word: &str, device| (word.to_owned(), "modbus".to_owned(), device);
        assert_eq!(told, [modbus("lift", 0), modbus("disarm", 1)]);
    }

    #[test]
    fn what_is_said_is_written_down() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.jsonl");
        let writing = record::create(&path).expect("a journal");
        let clock = Clock::start();
        let spec = |name: &str| Spec {
            name: name.into(),
            link: folder.path().join(name),
            rate: LineRate::default(),
            turnaround_us: 0,
            hold_us: 2_000_000,
            pace: Pace::Frame,
            faults: Faults::default(),
            seed: 1,
        };
        let table = |device, class| Table::allot([(DeviceIx(device), class)], 1, 4).expect("it fits");
        let kit =
            vec![(spec("line-1"), table(0, Class::Beam)), (spec("line-2"), table(7, Class::SmokeDetector))];
        let lines = Lines::open(kit, clock, writing.journal().clone(), "main").expect("lines");
        let before = [
            stimulus(3, 100, 0, Signal::BeamBroken { broken_ms: 60 }),
            stimulus(4, 200, 7, Signal::SmokeAlarm { obscuration_pct_per_m_x100: 500 }),
            stimulus(5, 900, 7, Signal::SmokeCleared),
        ];
        lines.begin(&before, Ms(1_000));
        lines.begin(&before, Ms(1_000));
        assert!(lines.say(&stimulus(6, 1_100, 0, Signal::BeamRestored)));
        assert!(!lines.say(&stimulus(7, 1_200, 0, Signal::BeamRestored)));
        assert!(!lines.say(&stimulus(8, 1_200, 1, Signal::BeamRestored)), "that one is on no line");
        assert!(lines.has(DeviceIx(7)) && !lines.has(DeviceIx(1)));
        assert!(!lines.carries(DeviceIx(7), &Signal::TamperOpened));
        lines.write_figures();
        drop(lines);
        writing.finish().expect("written");
        let text = std::fs::read_to_string(&path).expect("read");
        let entries: Vec<Entry> = text.lines().map(|l| serde_json::from_str(l).expect("an entry")).collect();
        let left: Vec<(u32, &str, &str)> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Left(l) => Some((l.stimulus.0, l.topic.as_str(), l.payload.as_str())),
                _ => None,
            })
            .collect();
        let input = "line-1/unit 1/input 0";
        assert_eq!(left, [(3, input, "on"), (6, input, "off"), (7, input, "off")]);
        let noted = entries
            .iter()
            .any(|e| matches!(e, Entry::Note(n) if n.kind == "serial" && n.text.contains("was off already")));
        assert!(noted);
        let names: BTreeSet<&str> = entries
            .iter()
            .filter_map(|e| if let Entry::Line(l) = e { Some(l.line.as_str()) } else { None })
            .collect();
        assert_eq!(names, BTreeSet::from(["line-1", "line-2"]));
    }
}
