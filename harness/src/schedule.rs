//! Which stretches of the day are driven over the wire, and when each message leaves. Pure.
//!
//! # How windows are chosen
//! A candidate starts on a whole second. Windows are taken one at a time, the best first, none over another.
//! The first half (rounded up) is taken by *score*: each incident that caused a stimulus in the window counts
//! `weight · log2(1 + stimuli) / 2^held`, where the weight is 1 for daily life, 4 for what breaks the house rules,
//! 16 for what endangers life or property, and `held` is how many incidents of that kind the windows hold already.
//! The rest is taken by the sheer number of answers that they expect. So both the grave night and the morning rush
//! are driven. Between equals the earlier wins.

use std::collections::BTreeMap;

use palisade_sim::contract::{Cause, Gravity, IncidentKind};
use palisade_sim::model::drive::{Drive, Window};
use palisade_sim::model::scenario::{Duration, TimeOfDay};
use palisade_sim::whole::Tape;
use palisade_sim::words::{AgentKey, DeviceIx, IncidentId, Ms, StimulusId};
use thiserror::Error;

use crate::record::Micros;
use crate::wire::id;

const SECOND: i64 = 1000;

/// Why windows cannot be driven.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WindowError {
    /// A window cannot be read.
    #[error("`{0}` is not a window; write it like 02:14:00+20s, several with commas between")]
    Unreadable(String),
    /// It has no length.
    #[error("the window at {0} has no length; give it at least one second")]
    Empty(TimeOfDay),
    /// It reaches past the end of the day.
    #[error(
        "the window at {from} lasts {lasting}, past the end of the day; start it earlier or make it shorter"
    )]
    PastTheDay {
        /// Where it starts.
        from: TimeOfDay,
        /// How long it lasts.
        lasting: Duration,
    },
    /// Two share an instant.
    #[error("the windows at {0} and {1} overlap; join them or move one")]
    Overlap(TimeOfDay, TimeOfDay),
}

/// Reads `02:14:00+20s,08:00+10s`.
///
/// # Errors
/// When a part is not a window.
pub fn parse_windows(text: &str) -> Result<Vec<Window>, WindowError> {
    let one = |part: &str| {
        let (from, lasting) = part.trim().split_once('+')?;
        Some(Window { from: from.parse().ok()?, lasting: lasting.parse().ok()? })
    };
    text.split(',').map(|part| one(part).ok_or_else(|| WindowError::Unreadable(part.to_owned()))).collect()
}

/// The windows to drive, in order of the day: those asked for, else those of the scenario, else chosen ones.
///
/// # Errors
/// When windows that were asked for overlap, are empty or reach past the day.
pub fn windows(tape: &Tape, drive: &Drive, asked: Option<&[Window]>) -> Result<Vec<Window>, WindowError> {
    let given = check(asked.unwrap_or(&drive.windows), tape.lasting)?;
    Ok(if given.is_empty() { choose(tape, drive) } else { given })
}

/// Windows in order of the day, for a day of this length.
///
/// # Errors
/// When they overlap, are empty or reach past the day.
pub fn check(given: &[Window], day: Ms) -> Result<Vec<Window>, WindowError> {
    let mut windows = given.to_vec();
    windows.sort_by_key(|w| w.from);
    for w in &windows {
        if w.lasting.0.0 == 0 {
            return Err(WindowError::Empty(w.from));
        }
        if w.from.0 + w.lasting.0 > day {
            return Err(WindowError::PastTheDay { from: w.from, lasting: w.lasting });
        }
    }
    match windows.windows(2).find(|pair| pair[0].from.0 + pair[0].lasting.0 > pair[1].from.0) {
        Some(pair) => Err(WindowError::Overlap(pair[0].from, pair[1].from)),
        None => Ok(windows),
    }
}

fn choose(tape: &Tape, drive: &Drive) -> Vec<Window> {
    let length = drive.window.0.0.min(drive.total.0.0).clamp(SECOND, tape.lasting.0.max(SECOND));
    let count = (drive.total.0.0 / length).max(1) as usize;
    let mut held = BTreeMap::new();
    let mut chosen: Vec<i64> = Vec::new();
    for round in 0..count {
        let by_score = round < count.div_ceil(2);
        let best = candidates(tape, length, &chosen)
            .map(|from| (worth(tape, from, length, by_score.then_some(&held)), from))
            .filter(|(worth, _)| *worth > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((_, from)) = best else { break };
        for (kind, _) in incidents(tape, from, length).into_values() {
            *held.entry(kind).or_insert(0u32) += 1;
        }
        chosen.push(from);
    }
    if chosen.is_empty() {
        chosen.push(0);
    }
    chosen.sort_unstable();
    let window = |from| Window { from: TimeOfDay(Ms(from)), lasting: Duration(Ms(length)) };
    chosen.into_iter().map(window).collect()
}

fn candidates(tape: &Tape, length: i64, chosen: &[i64]) -> impl Iterator<Item = i64> {
    let last = (tape.lasting.0 - length).div_euclid(SECOND);
    let free = move |from: &i64| chosen.iter().all(|c| (c - from).abs() >= length);
    (0..=last.max(0)).map(|s| s * SECOND).filter(free)
}

/// The stimuli of a stretch.
fn stretch(tape: &Tape, from: i64, length: i64) -> &[palisade_sim::contract::Stimulus] {
    let first = tape.stimuli.partition_point(|s| s.due.0 < from);
    let after = tape.stimuli.partition_point(|s| s.due.0 < from + length);
    &tape.stimuli[first..after]
}

/// Incidents that caused a stimulus in the stretch: their kind and how many.
fn incidents(tape: &Tape, from: i64, length: i64) -> BTreeMap<IncidentId, (IncidentKind, u32)> {
    let mut found = BTreeMap::new();
    for stimulus in stretch(tape, from, length) {
        let Cause::Incident(id) = stimulus.cause else { continue };
        let Some(incident) = tape.incidents.get(id.index()) else { continue };
        found.entry(id).or_insert((incident.kind, 0)).1 += 1;
    }
    found
}

/// The score of a stretch; the number of its stimuli when nothing is held against it.
fn worth(tape: &Tape, from: i64, length: i64, held: Option<&BTreeMap<IncidentKind, u32>>) -> f64 {
    let Some(held) = held else { return stretch(tape, from, length).len() as f64 };
    let mut parts: Vec<(IncidentKind, f64)> = incidents(tape, from, length)
        .into_values()
        .map(|(kind, stimuli)| (kind, weight(kind) * f64::from(1 + stimuli).log2()))
        .collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut seen: BTreeMap<IncidentKind, u32> = BTreeMap::new();
    let part = |(kind, points): (IncidentKind, f64)| {
        let seen = seen.entry(kind).or_insert_with(|| held.get(&kind).copied().unwrap_or(0));
        *seen += 1;
        points * 0.5f64.powi(*seen as i32 - 1)
    };
    parts.into_iter().map(part).sum()
}

fn weight(kind: IncidentKind) -> f64 {
    match kind.gravity() {
        Gravity::Routine => 1.0,
        Gravity::Notable => 4.0,
        Gravity::Grave => 16.0,
    }
}

/// A window with its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which, from 0.
    pub index: u32,
    /// Where in the day it starts.
    pub from: Ms,
    /// How long it is.
    pub lasting: Ms,
    /// When its first millisecond is driven, µs after the plan's start.
    pub began_us: Micros,
}

/// What leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A stimulus of the tape.
    Stimulus(StimulusId),
    /// A sign of life, counted from 0 for each device.
    Heartbeat(u64),
    /// A device that chatters says something of the tape again, as a message of its own.
    Again {
        /// What it says.
        of: StimulusId,
        /// Which repetition of the plan, from 0.
        number: u32,
    },
}

impl What {
    /// What it says, on the tape; nothing for a sign of life.
    pub fn stimulus(self) -> Option<StimulusId> {
        match self {
            What::Stimulus(id) | What::Again { of: id, .. } => Some(id),
            What::Heartbeat(_) => None,
        }
    }

    /// Its number as a stimulus on the wire.
    pub fn id(self) -> Option<StimulusId> {
        match self {
            What::Stimulus(id) => Some(id),
            What::Again { number, .. } => Some(id::of_repeat(number)),
            What::Heartbeat(_) => None,
        }
    }
}

/// A message with the instant at which it should leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Send {
    /// When, µs after the plan's start.
    pub at_us: Micros,
    /// Who says it.
    pub device: DeviceIx,
    /// What.
    pub what: What,
}

/// Everything that leaves, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The windows, one after the other.
    pub windows: Vec<Placed>,
    /// The messages in order of (instant, device).
    pub sends: Vec<Send>,
    /// When listening ends, µs after the plan's start.
    pub ends_us: Micros,
}

/// Lays the windows one after the other with `drain` of listening after each, and adds heartbeats.
///
/// Each device's heartbeats have a phase of their own, from its name. Nothing is sent for what was already going
/// on when a window starts.
pub fn plan(tape: &Tape, windows: &[Window], heartbeat: Ms, drain: Ms) -> Plan {
    let mut plan = Plan::default();
    for (index, window) in windows.iter().enumerate() {
        let (from, lasting) = (window.from.0, window.lasting.0);
        let began_us = plan.ends_us;
        plan.windows.push(Placed { index: index as u32, from, lasting, began_us });
        plan.sends.extend(stretch(tape, from.0, lasting.0).iter().map(|s| Send {
            at_us: began_us + (s.due - from).0 * 1000,
            device: s.device,
            what: What::Stimulus(s.id),
        }));
        plan.ends_us = began_us + (lasting + drain).0 * 1000;
    }
    let period = heartbeat.0 * 1000;
    if period > 0 {
        for (device, row) in tape.devices.iter().enumerate() {
            let phase = (AgentKey::of(&format!("heartbeat/{}", row.id)).0 % period as u64) as i64;
            let beats = (phase..plan.ends_us).step_by(period as usize).enumerate();
            plan.sends.extend(beats.map(|(count, at_us)| Send {
                at_us,
                device: DeviceIx(device as u32),
                what: What::Heartbeat(count as u64),
            }));
        }
    }
    plan.sends.sort_unstable();
    plan
}

/// When the last of these windows ends, after the first message.
pub fn last_ends(windows: &[Window], drain: Ms) -> Ms {
    let driven: Ms = windows.iter().map(|window| window.lasting.0).fold(Ms(0), |all, one| all + one);
    Ms(driven.0 + drain.0 * (windows.len().max(1) - 1) as i64)
}

/// The short first run against the harness's own echo: the beginning of the window that expects most answers.
pub fn floor_window(tape: &Tape, windows: &[Window], at_most: Ms) -> Option<Window> {
    let cut = |w: &Window| Window { from: w.from, lasting: Duration(w.lasting.0.min(at_most)) };
    let answers = |w: &Window| stretch(tape, w.from.0.0, w.lasting.0.0).len();
    windows.iter().map(cut).max_by(|a, b| answers(a).cmp(&answers(b)).then(b.from.cmp(&a.from)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_sim::contract::{Class, Incident, Origin, Place, Signal, Stimulus};
    use palisade_sim::whole::tape::TapeDevice;
    use palisade_sim::words::Id;

    /// A day of one hour: (kind, when its stimuli are due, s).
    fn tape(what: &[(IncidentKind, &[i64])]) -> Tape {
        let incident = |(i, (kind, due)): (usize, &(IncidentKind, &[i64]))| Incident {
            id: IncidentId(i as u32),
            kind: *kind,
            origin: Origin::Plan,
            began: Ms(due[0] * 1000),
            ended: None,
            place: Place::default(),
            actor: String::new(),
            outcome: String::new(),
        };
        let mut due: Vec<(i64, u32)> = what
            .iter()
            .enumerate()
            .flat_map(|(i, (_, due))| due.iter().map(move |s| (*s, i as u32)))
            .collect();
        due.sort_unstable();
        let stimulus = |(id, (due, cause)): (usize, (i64, u32))| Stimulus {
            id: StimulusId(id as u32),
            due: Ms(due * 1000 + 250),
            device: DeviceIx(id as u32 % 2),
            signal: Signal::BeamRestored,
            cause: Cause::Incident(IncidentId(cause)),
        };
        let device = |n: &str| TapeDevice { id: Id::from(n), class: Class::Beam, at_m: [0.0; 3], qos: 1 };
        Tape {
            name: "t".into(),
            scenario_digest: String::new(),
            seed: 1,
            lasting: Ms(3_600_000),
            devices: vec![device("beam-1"), device("beam-2")],
            incidents: what.iter().enumerate().map(incident).collect(),
            stimuli: due.into_iter().enumerate().map(stimulus).collect(),
        }
    }

    fn drive(total: f64, window: f64) -> Drive {
        Drive { total: Duration::seconds(total), window: Duration::seconds(window), ..Drive::default() }
    }

    fn froms(windows: &[Window]) -> Vec<i64> {
        windows.iter().map(|w| w.from.0.0 / 1000).collect()
    }

    #[test]
    fn the_grave_night_and_the_morning_rush_are_both_driven() {
        use IncidentKind as K;
        let rush: Vec<i64> = (0..40).map(|i| 2000 + i / 4).collect();
        let night = tape(&[(K::Intrusion, &[100, 102]), (K::Trip, &rush), (K::Trip, &[3000])]);
        let windows = windows(&night, &drive(20.0, 10.0), None).expect("chosen");
        // 2009 is the last start that holds the rush's last stimuli only in part: the whole of it starts at 2000.
        assert_eq!(froms(&windows), [93, 2000]);
    }

    #[test]
    fn a_second_of_the_same_kind_counts_less() {
        use IncidentKind as K;
        let day = tape(&[(K::Fire, &[100, 101]), (K::Fire, &[500, 501]), (K::Litter, &[900, 901, 902])]);
        let windows = windows(&day, &drive(20.0, 10.0), None).expect("chosen");
        assert_eq!(windows.len(), 2);
        let held = BTreeMap::from([(K::Fire, 1)]);
        let fresh = worth(&day, 495_000, 10_000, Some(&BTreeMap::new()));
        assert!((worth(&day, 495_000, 10_000, Some(&held)) - fresh / 2.0).abs() < 1e-9);
    }

    #[test]
    fn chosen_windows_do_not_overlap_and_lie_in_the_day() {
        let dense: Vec<i64> = (0..3600).collect();
        let day = tape(&[(IncidentKind::Trip, &dense)]);
        let windows = windows(&day, &drive(60.0, 10.0), None).expect("chosen");
        assert_eq!(windows.len(), 6);
        for pair in windows.windows(2) {
            assert!(pair[0].from.0 + pair[0].lasting.0 <= pair[1].from.0);
        }
    }

    #[test]
    fn windows_are_read_and_wrong_ones_refused() {
        let read = parse_windows("00:14:00+20s, 00:01+10s").expect("two windows");
        assert_eq!(froms(&windows(&tape(&[]), &drive(1.0, 1.0), Some(&read)).expect("good")), [60, 840]);
        let wrong = |text: &str| {
            let read = parse_windows(text)?;
            windows(&tape(&[]), &drive(1.0, 1.0), Some(&read))
        };
        assert!(matches!(wrong("8:00+10s"), Err(WindowError::Unreadable(_))));
        assert!(matches!(wrong("00:10+0s"), Err(WindowError::Empty(_))));
        assert!(matches!(wrong("00:59:55+10s"), Err(WindowError::PastTheDay { .. })));
        assert!(matches!(wrong("00:10+10s,00:10:09+1s"), Err(WindowError::Overlap(..))));
    }

    #[test]
    fn each_stimulus_of_a_window_leaves_once_at_its_instant() {
        let day = tape(&[(IncidentKind::Fire, &[100, 101, 109, 110, 205])]);
        let asked = parse_windows("00:01:40+10s,00:03:20+10s").expect("windows");
        let plan = plan(&day, &asked, Ms(10_000), Ms(2000));
        let sent: Vec<i64> =
            plan.sends.iter().filter(|s| matches!(s.what, What::Stimulus(_))).map(|s| s.at_us).collect();
        assert_eq!(sent, [250_000, 1_250_000, 9_250_000, 12_000_000 + 5_250_000]);
        assert_eq!(plan.ends_us, 24_000_000);
        assert_eq!((last_ends(&asked, Ms(2_000)), last_ends(&[], Ms(2_000))), (Ms(22_000), Ms(0)));
        let beats = |d| {
            let of = |s: &&Send| s.device == DeviceIx(d) && matches!(s.what, What::Heartbeat(_));
            plan.sends.iter().filter(of).map(|s| s.at_us).collect::<Vec<_>>()
        };
        assert!(beats(0).windows(2).all(|p| p[1] - p[0] == 10_000_000) && beats(0).len() >= 2);
        assert_ne!(beats(0)[0], beats(1)[0]);
    }

    #[test]
    fn the_floor_is_the_beginning_of_the_fullest_window() {
        let day = tape(&[(IncidentKind::Fire, &[100, 101, 205])]);
        let asked = parse_windows("00:01:40+10s,00:03:20+10s").expect("windows");
        let floor = floor_window(&day, &asked, Ms(6000)).expect("one");
        assert_eq!((floor.from.0, floor.lasting.0), (Ms(100_000), Ms(6000)));
    }
}
