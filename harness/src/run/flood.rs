//! What the shape of a load does to the compound itself: its devices say what one cause makes them say, and lose their
//! lines in storms, as those of the copies do.

use std::collections::BTreeSet;

use palisade_sim::contract::{Cause, Class, Nuisance, Stimulus};
use palisade_sim::whole::Tape;
use palisade_sim::words::{AgentKey, DeviceIx, Ms, StimulusId};

use super::part::Part;
use crate::drivers::crowd;
use crate::drivers::fleet::Fleet;
use crate::record::{Caused, Entry, Kept, Micros, Storm};
use crate::schedule::{Plan, Send, What};
use crate::shape::{Flood, Shape, spoken};

/// What is said beyond the day.
pub(super) struct Flooded {
    /// The day with it: behind all that stands on the tape, so that no number changes.
    pub(super) tape: Tape,
    /// When each leaves.
    pub(super) sends: Vec<Send>,
    /// The same for the journal, from the plan's start on.
    caused: Vec<Caused>,
}

/// What the floods of a part's shape make its devices say; nothing when there is no flood. Devices on serial lines say nothing
/// more: their inputs are one state, and a second break of a zone that is broken cannot be seen.
pub(super) fn flooded(part: &Part<'_>, plan: &Plan) -> Option<Flooded> {
    let shape = &part.copies?.shape;
    let wired = |device: &DeviceIx| part.lines.as_ref().is_some_and(|lines| lines.has(*device));
    let devices: Vec<DeviceIx> = (0..part.tape.devices.len()).map(|i| DeviceIx(i as u32)).collect();
    let devices: Vec<DeviceIx> = devices.into_iter().filter(|device| !wired(device)).collect();
    let all = spoken(shape, part.tape, &devices);
    if all.is_empty() {
        return None;
    }
    let (mut tape, mut sends, mut caused) = (part.tape.clone(), Vec::new(), Vec::new());
    for one in all {
        let stimulus = StimulusId(tape.stimuli.len() as u32);
        let (at_us, device) = (one.at_us, one.device);
        sends.push(Send { at_us, device, what: What::Stimulus(stimulus) });
        caused.push(Caused {
            stimulus,
            part: part.common.part.into(),
            device,
            signal: one.signal.word(),
            at_us,
            due: time_of_day(plan, at_us),
            cause: shape.flood[one.flood].cause().to_owned(),
        });
        // Nobody asks for the cause of what stands behind the day; the journal has it.
        let cause = Cause::Nuisance(Nuisance::Rain);
        tape.stimuli.push(Stimulus { id: stimulus, due: tape.lasting, device, signal: one.signal, cause });
    }
    Some(Flooded { tape, sends, caused })
}

/// How many devices a flood reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Devices of its class.
    pub(super) all: usize,
    /// Those of them that are on a serial line.
    pub(super) wired: usize,
    /// Those that say something.
    pub(super) say: usize,
}

/// The same for each flood of a shape.
pub(super) fn reach(shape: &Shape, tape: &Tape, wired: &dyn Fn(DeviceIx) -> bool) -> Vec<Reach> {
    let devices: Vec<DeviceIx> = (0..tape.devices.len()).map(|i| DeviceIx(i as u32)).collect();
    let (lines, free): (Vec<DeviceIx>, Vec<DeviceIx>) =
        devices.into_iter().partition(|device| wired(*device));
    let all = spoken(shape, tape, &free);
    let of = |(number, flood): (usize, &Flood)| Reach {
        all: tape.devices.iter().filter(|row| row.class == flood.class).count(),
        wired: lines.iter().filter(|device| tape.devices[device.index()].class == flood.class).count(),
        say: all.iter().filter(|one| one.flood == number).count(),
    };
    shape.flood.iter().enumerate().map(of).collect()
}

/// The time of day of an instant of the plan.
fn time_of_day(plan: &Plan, at_us: Micros) -> Ms {
    let window = plan.windows.iter().rfind(|w| w.began_us <= at_us).or(plan.windows.first());
    window.map_or(Ms(0), |w| Ms(w.from.0 + (at_us - w.began_us) / 1_000))
}

/// A plan with what floods add, which ends when the last answer is due that a flood or a storm can bring, and no sooner than
/// whoever is away or slow hears as the others do.
pub(super) fn with(plan: &Plan, sends: &[Send], part: &Part<'_>) -> Plan {
    let mut plan = plan.clone();
    plan.sends.extend(sends);
    plan.sends.sort_unstable();
    let storms = part.copies.iter().flat_map(|copies| &copies.shape.storm);
    let back = storms.map(|storm| (storm.at.0 + storm.lasts().0).0 * 1_000);
    let subscribers = part.copies.iter().flat_map(|copies| &copies.shape.subscriber);
    let hears = subscribers.map(|one| one.what.stretch()).map(|(at, lasts)| (at.0 + lasts.0).0 * 1_000);
    let last = back.chain(hears).chain(sends.iter().map(|send| send.at_us)).max();
    let patience = part.common.contract.longest_deadline().0.max(part.drain).0 * 1_000;
    plan.ends_us = last.map_or(plan.ends_us, |last| plan.ends_us.max(last + patience));
    plan
}

impl Flooded {
    /// Writes down what is caused, in a plan that starts at an instant.
    pub(super) fn write(&self, part: &Part<'_>, start_us: Micros) {
        for one in &self.caused {
            let caused = Caused { at_us: start_us + one.at_us, ..one.clone() };
            part.common.journal.write(Entry::Caused(caused));
        }
    }

    /// Devices with what they say, as far as the tape does not know it of them.
    pub(super) fn signals(&self) -> impl Iterator<Item = (String, &str)> {
        self.caused.iter().filter_map(|one| {
            Some((self.tape.devices.get(one.device.index())?.id.to_string(), one.signal.as_str()))
        })
    }

    /// One sentence for each cause.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut causes: Vec<(&str, &str)> =
            self.caused.iter().map(|one| (one.cause.as_str(), one.signal.as_str())).collect();
        causes.sort_unstable();
        causes.dedup();
        let of = |(cause, signal): &(&str, &str)| {
            let hit = self
                .caused
                .iter()
                .filter(|one| (one.cause.as_str(), one.signal.as_str()) == (*cause, *signal));
            let (instants, classes): (Vec<Micros>, BTreeSet<Class>) =
                hit.map(|one| (one.at_us, self.tape.devices[one.device.index()].class)).unzip();
            let all = self.tape.devices.iter().filter(|row| classes.contains(&row.class)).count();
            let of = if all > instants.len() { format!(" of {all}") } else { String::new() };
            let [from, to] = [instants.iter().min(), instants.iter().max()]
                .map(|at| at.map_or(0.0, |us| *us as f64 / 1e6));
            format!(
                "{cause}: {}{of} devices of the compound, and as many of each copy, say {signal} from {from:.1} s to {to:.1} s after \
                 the first message, beside what the day holds",
                instants.len()
            )
        };
        causes.iter().map(of).collect()
    }
}

/// Takes the lines of the compound's devices in the storms of a shape, in a plan that starts at an instant, and writes that
/// down.
pub(super) fn storms(part: &Part<'_>, fleet: &mut Fleet, copies: &crowd::Fleet, start_us: Micros) {
    for (number, storm) in (1..).zip(&copies.shape.storm) {
        let at_us = start_us + storm.at.0.0 * 1_000;
        let down_us = storm.down.map_or(0, |down| down.0.0) * 1_000;
        let rows = part.tape.devices.iter().enumerate().map(|(i, row)| (DeviceIx(i as u32), row));
        let hit = rows.filter(|(device, row)| storm.hits(row.class) && !fleet.lines().has(*device));
        let back = hit.map(|(device, row)| {
            let drawn = AgentKey::of(&format!("{}/storm/{number}/{}", copies.seed, row.id)).0;
            let within_us = (storm.within.0.0 * 1_000).max(1) as u64;
            Kept { device, back_us: at_us + down_us + (drawn % within_us) as Micros }
        });
        let back: Vec<Kept> = back.collect();
        fleet.storm(at_us, &back);
        let (part_name, cause) = (part.common.part.into(), storm.cause().to_owned());
        part.common.journal.write(Entry::Storm(Storm { number, part: part_name, at_us, cause, back }));
    }
}
