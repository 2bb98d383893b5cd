//! How devices of a compound appear on I/O modules: which signal sets which discrete input, and where each device's
//! inputs are. The input register at the same address holds the last reading.
//!
//! | class | inputs, in order | until | reading |
//! |---|---|---|---|
//! | beam | broken | restored | ms that it was broken |
//! | smoke detector | smoke | cleared | % per m × 100 |
//! | heat detector | heat | cleared | °C, two's complement |
//! | charger | a socket is hot; a current is abnormal | held | the socket |
//! | gate post | panic | held | |
//! | barrier | arm up; blocked; car park full | lowered; held; held | |
//! | intercom | door open | closed | |
//! | fire station | water on | held | |
//!
//! Other signals are not on a module: nobody can poll them.

use std::collections::BTreeMap;

use palisade_sim::contract::{Class, Severity, Signal};
use palisade_sim::words::{DeviceIx, StimulusId};
use thiserror::Error;

use super::frame::LAST_UNIT;
use super::slave::{Image, Units};

/// One discrete input of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Word of the signal that sets it, and how loud that is.
    pub on: (&'static str, Severity),
    /// Word of the signal that clears it, and how loud that is; one without is cleared after the hold time.
    pub off: Option<(&'static str, Severity)>,
}

const fn input(on: &'static str, loud: Severity, off: Option<(&'static str, Severity)>) -> Input {
    Input { on: (on, loud), off }
}

/// The inputs of a class, in order.
pub fn inputs(class: Class) -> &'static [Input] {
    use Severity::{Alarm, Info, Restore, Warning};
    match class {
        Class::Beam => const { &[input("beam_broken", Alarm, Some(("beam_restored", Restore)))] },
        Class::SmokeDetector => const { &[input("smoke_alarm", Alarm, Some(("smoke_cleared", Restore)))] },
        Class::HeatDetector => const { &[input("heat_alarm", Alarm, Some(("heat_cleared", Restore)))] },
        Class::Charger => {
            const { &[input("socket_hot", Alarm, None), input("current_abnormal", Warning, None)] }
        }
        Class::GatePost => const { &[input("panic_pressed", Alarm, None)] },
        Class::Barrier => {
            const {
                &[
                    input("arm_raised", Info, Some(("arm_lowered", Info))),
                    input("arm_blocked", Warning, None),
                    input("car_park_full", Warning, None),
                ]
            }
        }
        Class::Intercom => const { &[input("door_opened", Info, Some(("door_closed", Info)))] },
        Class::FireStation => const { &[input("water_on", Info, None)] },
        _ => &[],
    }
}

/// What a signal does to an input of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Which of the device's inputs, from 0.
    pub input: u16,
    /// What it becomes.
    pub on: bool,
    /// Whether it falls back by itself after the hold time.
    pub held: bool,
    /// What the register beside it holds from now on.
    pub reading: Option<u16>,
}

/// What a signal does on a module; nothing when it is not on one.
pub fn effect(class: Class, signal: &Signal) -> Option<Effect> {
    let word = signal.word();
    inputs(class).iter().enumerate().find_map(|(at, input)| {
        let on = input.on.0 == word;
        (on || input.off.is_some_and(|(off, _)| off == word)).then(|| Effect {
            input: at as u16,
            on,
            held: on && input.off.is_none(),
            reading: reading(signal),
        })
    })
}

fn reading(signal: &Signal) -> Option<u16> {
    let capped = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
    match signal {
        Signal::BeamBroken { broken_ms } => Some(capped(*broken_ms)),
        Signal::SmokeAlarm { obscuration_pct_per_m_x100 } => Some(capped(*obscuration_pct_per_m_x100)),
        Signal::HeatAlarm { temperature_c } => {
            let whole = i16::try_from(*temperature_c);
            Some(whole.unwrap_or(if *temperature_c < 0 { i16::MIN } else { i16::MAX }).cast_unsigned())
        }
        Signal::SocketHot { socket } | Signal::CurrentAbnormal { socket } => Some(u16::from(*socket)),
        _ => None,
    }
}

/// Where a device's first input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The slave.
    pub unit: u8,
    /// Address of its first discrete input.
    pub first: u16,
    /// The class, which says how many there are.
    pub class: Class,
}

/// Where the devices of a line are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    points: BTreeMap<DeviceIx, Point>,
    /// Inputs of each slave.
    sizes: BTreeMap<u8, u16>,
}

/// Why devices do not fit a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DoesNotFit {
    /// More units than a line can have.
    #[error("the devices need units beyond {LAST_UNIT}; give each unit more inputs, or split the line")]
    Units,
    /// A device has more inputs than a unit.
    #[error("a {} has {wanted} inputs and a unit {given}; give each unit more", .class.word())]
    Inputs {
        /// The device's class.
        class: Class,
        /// How many it has.
        wanted: usize,
        /// How many a unit has.
        given: u16,
    },
    /// A class without inputs.
    #[error("a {} has nothing that a Modbus module could show; give it another link", .0.word())]
    Class(Class),
}

impl Table {
    /// Gives each device its inputs, in order; no device lies across two units.
    ///
    /// # Errors
    /// When they do not fit.
    pub fn allot(
        devices: impl IntoIterator<Item = (DeviceIx, Class)>,
        unit_from: u8,
        inputs_per_unit: u16,
    ) -> Result<Table, DoesNotFit> {
        let mut table = Table::default();
        let (mut unit, mut next) = (unit_from, 0);
        for (device, class) in devices {
            let wanted = inputs(class).len();
            if wanted == 0 {
                return Err(DoesNotFit::Class(class));
            }
            let width = u16::try_from(wanted).unwrap_or(u16::MAX);
            if width > inputs_per_unit {
                return Err(DoesNotFit::Inputs { class, wanted, given: inputs_per_unit });
            }
            if next + width > inputs_per_unit {
                (unit, next) = (unit.checked_add(1).ok_or(DoesNotFit::Units)?, 0);
            }
            if !(1..=LAST_UNIT).contains(&unit) {
                return Err(DoesNotFit::Units);
            }
            table.points.insert(device, Point { unit, first: next, class });
            table.sizes.insert(unit, inputs_per_unit);
            next += width;
        }
        Ok(table)
    }

    /// Adds the devices of another table of the same line.
    ///
    /// # Errors
    /// With a unit that both use.
    pub fn join(&mut self, other: Table) -> Result<(), u8> {
        if let Some(unit) = other.sizes.keys().find(|unit| self.sizes.contains_key(unit)) {
            return Err(*unit);
        }
        self.points.extend(other.points);
        self.sizes.extend(other.sizes);
        Ok(())
    }

    /// Where a device is.
    pub fn point(&self, device: DeviceIx) -> Option<Point> {
        self.points.get(&device).copied()
    }

    /// Devices and where they are.
    pub fn points(&self) -> impl Iterator<Item = (DeviceIx, Point)> + '_ {
        self.points.iter().map(|(device, point)| (*device, *point))
    }

    /// The slaves with everything off.
    pub fn units(&self) -> Units {
        let image = |size: u16| Image {
            coils: vec![false; usize::from(size)],
            inputs: vec![false; usize::from(size)],
            holding: vec![0; usize::from(size)],
            input_registers: vec![0; usize::from(size)],
        };
        self.sizes.iter().map(|(unit, size)| (*unit, image(*size))).collect()
    }

    /// The table as a list that a gateway's author can work from: a row for each input, comma separated.
    pub fn csv(&self, site: &str, name: impl Fn(DeviceIx) -> String) -> String {
        let mut rows: Vec<(u8, u16, String)> = Vec::new();
        for (device, point) in self.points() {
            for (at, input) in inputs(point.class).iter().enumerate() {
                let address = point.first + at as u16;
                let (name, class) = (name(device), point.class.word());
                let off = input.off.map_or(",".to_owned(), |(off, kind)| format!("{off},{}", word_of(kind)));
                let (on, kind) = (input.on.0, word_of(input.on.1));
                let row = format!("{},{address},{site},{name},{class},{on},{kind},{off}\n", point.unit);
                rows.push((point.unit, address, row));
            }
        }
        rows.sort();
        std::iter::once(HEADER.to_owned()).chain(rows.into_iter().map(|(_, _, row)| row)).collect()
    }
}

/// First row of the list.
const HEADER: &str = "unit,input,site,device,class,on,on_kind,off,off_kind\n";

fn word_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Restore => "restore",
        Severity::Warning => "warning",
        Severity::Alarm => "alarm",
    }
}

/// A state of an input that an earlier stimulus left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The device.
    pub device: DeviceIx,
    /// The stimulus.
    pub stimulus: StimulusId,
    /// What it does.
    pub effect: Effect,
    /// When it was due, ms of the day.
    pub due_ms: i64,
}

/// What the tape says of every input just before an instant of the day: the last stimulus that touched it. An input
/// that no stimulus touched is off.
pub fn before(table: &Table, stimuli: &[palisade_sim::contract::Stimulus], at_ms: i64) -> Vec<State> {
    let mut last: BTreeMap<(DeviceIx, u16), State> = BTreeMap::new();
    for stimulus in stimuli.iter().take_while(|s| s.due.0 < at_ms) {
        let Some(point) = table.point(stimulus.device) else { continue };
        let Some(effect) = effect(point.class, &stimulus.signal) else { continue };
        let (device, due_ms) = (stimulus.device, stimulus.due.0);
        last.insert((device, effect.input), State { device, stimulus: stimulus.id, effect, due_ms });
    }
    last.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_sim::contract::{Cause, Nuisance, Stimulus};
    use palisade_sim::words::Ms;

    #[test]
    fn signals_set_and_clear_inputs() {
        let set = |on, held, reading| Some(Effect { input: 0, on, held, reading });
        for (class, signal, expected) in [
            (Class::Beam, Signal::BeamBroken { broken_ms: 140 }, set(true, false, Some(140))),
            (Class::Beam, Signal::BeamRestored, set(false, false, None)),
            (Class::Beam, Signal::BeamBroken { broken_ms: 70_000 }, set(true, false, Some(u16::MAX))),
            (Class::HeatDetector, Signal::HeatAlarm { temperature_c: -5 }, set(true, false, Some(0xFFFB))),
            (Class::Charger, Signal::SocketHot { socket: 3 }, set(true, true, Some(3))),
            (Class::Charger, Signal::ChargeStarted { socket: 3 }, None),
            (Class::Camera, Signal::LitterSeen, None),
        ] {
            assert_eq!(effect(class, &signal), expected, "{class:?} {signal:?}");
        }
        let abnormal = effect(Class::Charger, &Signal::CurrentAbnormal { socket: 1 });
        assert_eq!(abnormal.map(|e| e.input), Some(1));
    }

    #[test]
    fn every_word_is_a_signal_as_loud_as_the_twin_says() {
        for class in [
            Class::Beam,
            Class::SmokeDetector,
            Class::HeatDetector,
            Class::Charger,
            Class::GatePost,
            Class::Barrier,
            Class::Intercom,
            Class::FireStation,
        ] {
            for (word, loud) in inputs(class).iter().flat_map(|i| std::iter::once(i.on).chain(i.off)) {
                let fields = serde_json::json!({"broken_ms": 1, "obscuration_pct_per_m_x100": 1, "temperature_c": 1,
                    "socket": 1});
                let plain = serde_json::from_value::<Signal>(word.into());
                let tagged = serde_json::from_value(serde_json::json!({ word: fields }));
                let signal: Signal = plain.or(tagged).expect(word);
                assert_eq!((signal.word().as_str(), signal.severity()), (word, loud));
            }
        }
    }

    fn devices(classes: &[Class]) -> Vec<(DeviceIx, Class)> {
        classes.iter().enumerate().map(|(i, class)| (DeviceIx(i as u32), *class)).collect()
    }

    #[test]
    fn devices_get_their_inputs_in_order() {
        let kit = devices(&[Class::Beam, Class::Charger, Class::Charger, Class::Beam]);
        let table = Table::allot(kit.clone(), 5, 4).expect("it fits");
        let places: Vec<(u8, u16)> = table.points().map(|(_, p)| (p.unit, p.first)).collect();
        assert_eq!(places, [(5, 0), (5, 1), (6, 0), (6, 2)], "a charger does not lie across two units");
        assert_eq!(table.units().keys().copied().collect::<Vec<u8>>(), [5, 6]);
        let list = table.csv("yard", |device| format!("d{}", device.0));
        assert_eq!(list.lines().count(), 7);
        assert!(
            list.contains("5,0,yard,d0,beam,beam_broken,alarm,beam_restored,restore\n5,1,yard,d1,charger,socket_hot,alarm,,\n")
        );
        assert_eq!(Table::allot(kit.clone(), 247, 4), Err(DoesNotFit::Units));
        assert_eq!(Table::allot(kit.clone(), 0, 9), Err(DoesNotFit::Units));
        assert!(matches!(Table::allot(kit, 1, 1), Err(DoesNotFit::Inputs { wanted: 2, .. })));
        assert_eq!(Table::allot(devices(&[Class::Camera]), 1, 8), Err(DoesNotFit::Class(Class::Camera)));
    }

    #[test]
    fn a_window_starts_with_what_the_tape_says() {
        let table = Table::allot(devices(&[Class::Beam, Class::Beam]), 1, 8).expect("it fits");
        let said = [
            (100, 0, Signal::BeamBroken { broken_ms: 60 }),
            (200, 1, Signal::BeamBroken { broken_ms: 60 }),
            (2_200, 1, Signal::BeamRestored),
            (3_000, 0, Signal::BeamRestored),
        ];
        let stimuli: Vec<Stimulus> = said
            .into_iter()
            .enumerate()
            .map(|(id, (due, device, signal))| Stimulus {
                id: StimulusId(id as u32),
                due: Ms(due),
                device: DeviceIx(device),
                signal,
                cause: Cause::Nuisance(Nuisance::Bird),
            })
            .collect();
        let seen = |at_ms| -> Vec<(u32, bool)> {
            before(&table, &stimuli, at_ms).iter().map(|s| (s.stimulus.0, s.effect.on)).collect()
        };
        assert_eq!(seen(100), []);
        assert_eq!(seen(2_300), [(0, true), (2, false)]);
        assert_eq!(seen(9_000), [(3, false), (2, false)]);
    }
}
