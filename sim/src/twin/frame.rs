//! The frame that all plugins of the twin share: the tick, the clock, bodies, and the way out.

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::prelude::*;

use crate::analysis::sightlines::{Caster, SightTable};
use crate::contract::{Cause, Class, Incident, IncidentKind, Origin, Place, Signal};
use crate::model::Scenario;
use crate::words::{AgentKey, DeviceIx, Dice, IncidentId, Ms, TrackId};

/// The schedule of one tick.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
pub struct SimTick;

/// The phases of a tick, chained in this order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Agents whose time has come change their plans.
    Decide,
    /// Bodies move from `from` to `to`.
    Move,
    /// Devices look at the segment from `from` to `to`.
    Sense,
    /// Due wake-ups are offered, tracks are closed, dead entities go.
    Report,
}

/// Whose systems run inside a phase, in this order: see [`Slot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Room {
    /// Residents, visitors, couriers, staff.
    People,
    /// Cars and bikes.
    Vehicles,
    /// Posts, tours, responders, duty room.
    Guards,
    /// Intruders.
    Intrusion,
    /// Charging, fires and the answer to them.
    Fire,
    /// Things that fall from facades, litter.
    Facade,
    /// Devices that look at what moved.
    Devices,
}

impl Room {
    /// All rooms in their order.
    pub const ALL: [Room; 7] = [
        Room::People,
        Room::Vehicles,
        Room::Guards,
        Room::Intrusion,
        Room::Fire,
        Room::Facade,
        Room::Devices,
    ];
}

/// A room's place in a phase. Rooms of one phase run one after the other, so that two rooms which both write
/// the [`Outbox`] are never ambiguous; a room orders its own systems with `chain`.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(pub Phase, pub Room);

impl Slot {
    /// Chains the phases of a schedule and the rooms inside each phase.
    pub fn arrange(schedule: &mut Schedule) {
        let phases = [Phase::Decide, Phase::Move, Phase::Sense, Phase::Report];
        for pair in phases.windows(2) {
            schedule.configure_sets(pair[0].before(pair[1]));
        }
        for phase in phases {
            for room in Room::ALL {
                schedule.configure_sets(Slot(phase, room).in_set(phase));
            }
            for pair in Room::ALL.windows(2) {
                schedule.configure_sets(Slot(phase, pair[0]).before(Slot(phase, pair[1])));
            }
        }
    }
}

/// The checked scenario.
#[derive(Resource, Clone, Deref)]
pub struct Plan(pub Arc<Scenario>);

/// The run's dice.
#[derive(Resource, Clone, Copy, Deref)]
pub struct Chance(pub Dice);

/// Which camera and which post sees which cell: the table that the planner looks up too.
#[derive(Resource, Clone, Deref)]
pub struct Sight(pub Arc<SightTable>);

/// The ray caster over the same site, for the few lines of sight that no table holds.
#[derive(Resource, Clone, Deref)]
pub struct Rays(pub Arc<Caster>);

/// Which row of the device table a device is.
#[derive(Resource, Clone, Debug, Default)]
pub struct DeviceTable {
    by_row: BTreeMap<(Class, usize), DeviceIx>,
    by_name: BTreeMap<(Class, crate::words::Id), DeviceIx>,
}

impl DeviceTable {
    /// The table of a scenario.
    pub fn of(scenario: &Scenario) -> DeviceTable {
        let mut table = DeviceTable::default();
        for (place, device) in scenario.devices.iter().enumerate() {
            table.by_row.insert((device.class, device.row), DeviceIx(place as u32));
            table.by_name.insert((device.class, device.id.clone()), DeviceIx(place as u32));
        }
        table
    }

    /// The device of a class that stands in a row of the kit's list.
    pub fn row(&self, class: Class, row: usize) -> Option<DeviceIx> {
        self.by_row.get(&(class, row)).copied()
    }

    /// The device of a class with a name.
    pub fn named(&self, class: Class, name: &crate::words::Id) -> Option<DeviceIx> {
        self.by_name.get(&(class, name.clone())).copied()
    }
}

/// What the gateway really said on an earlier, measured run: the recorded inputs of the *closed* way.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// One entry for each stimulus whose way through the gateway was measured.
    pub observations: Vec<RecordedObservation>,
}

/// When an alarm reached the duty room on a measured run, if it did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct RecordedObservation {
    /// When the device sent it.
    pub due: Ms,
    /// The device.
    pub device: DeviceIx,
    /// The signal's word, such as `beam_broken`.
    pub signal: String,
    /// When it came out; `None` when it was lost.
    pub arrived: Option<Ms>,
}

/// Now: this tick covers `[now, now + TICK)`.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Clock {
    /// Beginning of this tick.
    pub now: Ms,
}

impl Clock {
    /// End of this tick.
    pub fn end(self) -> Ms {
        self.now + Ms::TICK
    }
}

/// The earliest instant at which somebody must act although nobody moves. Reset before each tick.
#[derive(Resource, Default, Debug)]
pub struct NextWake(Option<Ms>);

impl NextWake {
    /// Asks that the tick which holds `at` is not jumped over.
    pub fn offer(&mut self, at: Option<Ms>) {
        self.0 = [self.0, at].into_iter().flatten().min();
    }

    /// The earliest offer since the last call.
    pub fn take(&mut self) -> Option<Ms> {
        self.0.take()
    }
}

/// Timed things to do, kept in order of (instant, agent, sequence). Each plugin owns one.
#[derive(Resource, Debug)]
pub struct Agenda<T: Send + Sync + 'static> {
    due: BTreeMap<(Ms, AgentKey, u64), T>,
    sequence: u64,
}

impl<T: Send + Sync + 'static> Default for Agenda<T> {
    fn default() -> Self {
        Agenda { due: BTreeMap::new(), sequence: 0 }
    }
}

impl<T: Send + Sync + 'static> Agenda<T> {
    /// Puts something down for an instant.
    pub fn add(&mut self, at: Ms, who: AgentKey, what: T) {
        self.sequence += 1;
        self.due.insert((at, who, self.sequence), what);
    }

    /// Takes the first entry that is due before `end`.
    pub fn pop_before(&mut self, end: Ms) -> Option<(Ms, AgentKey, T)> {
        let entry = self.due.first_entry()?;
        if entry.key().0 >= end {
            return None;
        }
        let ((at, who, _), what) = entry.remove_entry();
        Some((at, who, what))
    }

    /// The instant of the first entry.
    pub fn next(&self) -> Option<Ms> {
        self.due.first_key_value().map(|((at, _, _), _)| *at)
    }
}

/// Who or what a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Lives here.
    Resident,
    /// Comes to see somebody.
    Visitor,
    /// Brings parcels or meals.
    Courier,
    /// Cleaner, gardener, plumber.
    Staff,
    /// Guard.
    Guard,
    /// Intruder.
    Intruder,
    /// Car, van, truck.
    Vehicle,
    /// E-bike with its rider.
    Bike,
    /// Something thrown.
    Object,
}

/// Something that moves outdoors during this tick. Despawned when it goes indoors or leaves.
#[derive(Component, Clone, Debug)]
pub struct Body {
    /// Its stable key.
    pub key: AgentKey,
    /// What it is.
    pub role: Role,
    /// Its track.
    pub track: TrackId,
    /// Where it was at the beginning of the tick, m.
    pub from: [f64; 2],
    /// Where it is at the end of the tick, m. The body moves on the straight segment at constant speed.
    pub to: [f64; 2],
    /// Height of its feet above ground at the beginning and the end of the tick, m.
    pub feet_m: [f64; 2],
    /// Height of its top above its feet, m.
    pub height_m: f64,
    /// Depth of its body along its way, m; what a beam measures.
    pub depth_m: f64,
}

/// The incident that a body's stimuli are caused by.
#[derive(Component, Clone, Copy, Debug)]
pub struct Errand(pub IncidentId);

/// What leaves the twin. Incidents get their final numbers and stimuli theirs when the day is over and sorted.
#[derive(Resource, Default, Debug)]
pub struct Outbox {
    /// Incidents in the order in which they were opened.
    pub incidents: Vec<Incident>,
    /// (due, device, signal, cause) in the order in which they were said.
    pub stimuli: Vec<(Ms, DeviceIx, Signal, Cause)>,
}

impl Outbox {
    /// Opens an incident and returns its provisional number.
    pub fn open(
        &mut self,
        kind: IncidentKind,
        origin: Origin,
        began: Ms,
        place: Place,
        actor: impl Into<String>,
    ) -> IncidentId {
        let id = IncidentId(self.incidents.len() as u32);
        let actor = actor.into();
        self.incidents.push(Incident {
            id,
            kind,
            origin,
            began,
            ended: None,
            place,
            actor,
            outcome: String::new(),
        });
        id
    }

    /// Closes an incident with what came of it.
    pub fn close(&mut self, id: IncidentId, at: Ms, outcome: impl Into<String>) {
        let incident = &mut self.incidents[id.index()];
        incident.ended = Some(at);
        incident.outcome = outcome.into();
    }

    /// A device says something.
    pub fn say(&mut self, due: Ms, device: DeviceIx, signal: Signal, cause: Cause) {
        self.stimuli.push((due, device, signal, cause));
    }
}

/// One mover's way through the day: corners of a piecewise linear path.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Track {
    /// Its number.
    pub id: TrackId,
    /// Stable name of the mover, such as `resident/b03-1-0502/1`.
    pub who: String,
    /// What it is.
    pub role: Role,
    /// Corners in order of time: instant, east cm, north cm, feet above ground cm.
    pub corners: Vec<(Ms, i32, i32, i32)>,
}

/// Tracks as they grow.
#[derive(Resource, Default, Debug)]
pub struct TrackLog {
    /// One entry a track; a track's number is its index.
    pub tracks: Vec<Track>,
}

impl TrackLog {
    /// Begins a track.
    pub fn begin(&mut self, who: impl Into<String>, role: Role) -> TrackId {
        let id = TrackId(self.tracks.len() as u32);
        self.tracks.push(Track { id, who: who.into(), role, corners: Vec::new() });
        id
    }

    /// Forgets what was laid down after an instant, because the mover changed his way there.
    pub fn cut_after(&mut self, track: TrackId, at: Ms) {
        self.tracks[track.index()].corners.retain(|corner| corner.0 <= at);
    }

    /// Adds a corner: call it where a mover starts, turns, changes speed or stops.
    pub fn corner(&mut self, track: TrackId, at: Ms, xy_m: [f64; 2], feet_m: f64) {
        let cm = |m: f64| libm::round(m * 100.0) as i32;
        self.tracks[track.index()].corners.push((at, cm(xy_m[0]), cm(xy_m[1]), cm(feet_m)));
    }
}

/// An e-bike whose rider came home and wants it charged.
#[derive(Clone, Debug)]
pub struct ParkedBike {
    /// Stable name of the rider.
    pub who: String,
    /// Index of the household.
    pub household: usize,
    /// When it was parked.
    pub at: Ms,
    /// State of charge, 0..1.
    pub charge: f64,
}

/// Bikes parked since the fire and charging plugin last looked.
#[derive(Resource, Default, Debug)]
pub struct ParkedBikes(pub Vec<ParkedBike>);

/// Somebody calls for guards by voice, radio or telephone: a drill, flames that people saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// When the call is made.
    pub at: Ms,
    /// Where guards are wanted, m.
    pub place_m: [f64; 2],
    /// Because of what.
    pub why: IncidentId,
}

/// Calls made since the guards last looked. Whoever sends guards takes them out.
#[derive(Resource, Default, Debug)]
pub struct Calls(pub Vec<Call>);
