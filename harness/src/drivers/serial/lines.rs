//! All serial lines of a run: who is where, what is said there at its intended time, what was seen in the end.

use std::collections::BTreeMap;

use palisade_sim::contract::{Signal, Stimulus};
use palisade_sim::words::{DeviceIx, Ms, StimulusId};

use super::line::{Change, Line, LineError, Spec};
use crate::drivers::Clock;
use crate::record::{Entry, Journal, Left, Note};
use crate::wire::modbus::module::{Effect, Point, Table, before, effect};

/// The lines of one part of a run. Its devices have no connection of their own.
#[derive(Debug)]
pub struct Lines {
    lines: Vec<Line>,
    /// Which line a device is on.
    of: BTreeMap<DeviceIx, usize>,
    clock: Clock,
    journal: Journal,
    part: &'static str,
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
        let mut all = Lines { lines: Vec::new(), of: BTreeMap::new(), clock, journal, part };
        for (spec, table) in lines {
            all.of.extend(table.points().map(|(device, _)| (device, all.lines.len())));
            all.lines.push(Line::open(spec, table, clock)?);
        }
        Ok(all)
    }

    /// No lines.
    pub fn none(clock: Clock, journal: Journal, part: &'static str) -> Lines {
        Lines { lines: Vec::new(), of: BTreeMap::new(), clock, journal, part }
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

    /// Puts all inputs into the state that the tape gives them at a window's start. What a master sees change because
    /// of that is written down as having left without being expected: an answer to it is neither owed nor spurious.
    pub fn begin(&self, stimuli: &[Stimulus], from: Ms) {
        for line in &self.lines {
            for state in line.preset(&before(line.table(), stimuli, from.0), from.0) {
                let Some(point) = line.point(state.device) else { continue };
                self.left(state.stimulus, line, point, state.effect);
            }
        }
    }

    /// A device says something now: its input changes, and its instant is written down. False when a master cannot
    /// see it: no input stands for the signal, or the input is so already.
    pub fn say(&self, stimulus: &Stimulus) -> bool {
        let Some((line, point, effect)) = self.place(stimulus.device, &stimulus.signal) else { return false };
        let change = line.set(point, effect);
        self.left(stimulus.id, line, point, effect);
        if change == Change::Same {
            let state = if effect.on { "on" } else { "off" };
            let input = point.first + effect.input;
            let text = format!(
                "{}: input {input} of unit {} was {state} already: a master cannot see that {} was said again",
                line.name(),
                point.unit,
                stimulus.signal.word()
            );
            self.note("serial", text);
        }
        change == Change::Seen
    }

    fn left(&self, stimulus: StimulusId, line: &Line, point: Point, effect: Effect) {
        self.journal.write(Entry::Left(Left {
            stimulus,
            part: self.part.into(),
            left_us: self.clock.now_us(),
            topic: format!("{}/unit {}/input {}", line.name(), point.unit, point.first + effect.input),
            payload: if effect.on { "on" } else { "off" }.into(),
        }));
    }

    fn note(&self, kind: &str, text: String) {
        self.journal.write(Entry::Note(Note { at_us: self.clock.now_us(), kind: kind.into(), text }));
    }

    /// Writes down what was seen on each line so far.
    pub fn write_figures(&self) {
        for line in &self.lines {
            self.journal.write(Entry::Line(line.figures(self.part)));
        }
    }

    /// How many requests were seen on all lines.
    pub fn polls(&self) -> u64 {
        self.lines.iter().map(|line| line.figures(self.part).polls).sum()
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
