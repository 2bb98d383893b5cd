//! Barriers: a plate is read, the arm rises, the vehicle passes, the arm falls.

use std::collections::BTreeMap;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use crate::contract::{Cause, Class, IncidentKind, Origin, Place, Signal};
use crate::model::cast::Duty;
use crate::model::kit::Lane;
use crate::twin::frame::{Agenda, Chance, Clock, DeviceTable, NextWake, Outbox, Plan};
use crate::twin::guards::Roster;
use crate::twin::people::People;
use crate::twin::vehicles::{AtBarrier, RideIx, RideStep, Rides, misread};
use crate::words::{AgentKey, DeviceIx, Draw, IncidentId, Ms};

/// Time from reaching the loop to the plate's reading.
const READS: Ms = Ms(600);
/// Share of visitors' cars that follow under an arm that is still up. Assumed.
const FOLLOWS: f64 = 0.15;
/// Probability that the falling arm is stopped by its anti-crush sensor. Assumed.
const BLOCKED: f64 = 0.002;

/// One arm.
#[derive(Debug)]
struct Arm {
    device: DeviceIx,
    row: usize,
    duty: Duty,
    /// When the arm is down again and the next vehicle is read.
    free_at: Ms,
    /// Up from here until it falls.
    up: Option<(Ms, Ms)>,
    cause: Option<IncidentId>,
}

/// All arms, and who stands behind them.
#[derive(Resource, Debug, Default)]
struct Arms {
    arms: Vec<Arm>,
    /// Arms of each gate.
    by_gate: BTreeMap<usize, Vec<usize>>,
    /// Vehicles inside.
    parked: u32,
    /// Places behind the barriers.
    places: u32,
    told_full: bool,
    /// When each plate came in.
    entered: BTreeMap<String, Ms>,
}

/// An arm begins to fall.
pub(super) struct Falls(usize);

#[derive(SystemParam)]
pub(super) struct Booth<'w> {
    clock: Res<'w, Clock>,
    plan: Res<'w, Plan>,
    chance: Res<'w, Chance>,
    roster: Res<'w, Roster>,
    arms: ResMut<'w, Arms>,
    rides: ResMut<'w, Rides>,
    agenda: ResMut<'w, Agenda<Falls>>,
    steps: ResMut<'w, Agenda<RideStep>>,
    outbox: ResMut<'w, Outbox>,
}

/// Puts the arms into the world; residents' cars stand behind them.
pub(super) fn set_up(world: &mut World) {
    let scenario = world.resource::<Plan>().0.clone();
    let table = world.resource::<DeviceTable>();
    let mut arms = Arms { parked: world.resource::<People>().cars, ..Arms::default() };
    for (row, barrier) in scenario.file.kit.barrier.iter().enumerate() {
        let gate = scenario.site.gates.iter().position(|gate| gate.id == barrier.gate);
        let (Some(gate), Some(device)) = (gate, table.row(Class::Barrier, row)) else { continue };
        arms.places = arms.places.max(barrier.places);
        arms.by_gate.entry(gate).or_default().push(arms.arms.len());
        let duty = Duty::Barrier(barrier.id.clone());
        arms.arms.push(Arm { device, row, duty, free_at: Ms(0), up: None, cause: None });
    }
    world.insert_resource(arms);
    world.init_resource::<Agenda<Falls>>();
}

pub(super) fn wake(agenda: Res<Agenda<Falls>>, mut wake: ResMut<NextWake>) {
    wake.offer(agenda.next());
}

/// Serves vehicles at the gates.
pub(super) fn attend(mut booth: Booth) {
    let end = booth.clock.end();
    for vehicle in std::mem::take(&mut booth.rides.at_gate) {
        booth.fall_until(vehicle.at);
        booth.serve(vehicle);
    }
    booth.fall_until(end);
}

impl Booth<'_> {
    fn fall_until(&mut self, until: Ms) {
        while let Some((at, _, Falls(arm))) = self.agenda.pop_before(until) {
            self.fall(arm, at);
        }
    }

    fn fall(&mut self, index: usize, at: Ms) {
        let arm = &mut self.arms.arms[index];
        let Some((_, falls)) = arm.up else { return };
        if falls > at {
            self.agenda.add(falls, AgentKey(index as u64), Falls(index));
            return;
        }
        self.lower(index, at);
    }

    fn lower(&mut self, index: usize, at: Ms) {
        let arm = &mut self.arms.arms[index];
        let row = &self.plan.file.kit.barrier[arm.row];
        let Some(cause) = arm.cause.map(Cause::Incident) else { return };
        let key = AgentKey::of(row.id.as_str());
        let blocked = self.chance.draw(key, "crush", at.0 as u64).chance(BLOCKED);
        let down = at + row.arm.0 + Ms(if blocked { 4_000 } else { 0 });
        if blocked {
            self.outbox.say(at + Ms(400), arm.device, Signal::ArmBlocked, cause);
        }
        self.outbox.say(down, arm.device, Signal::ArmLowered, cause);
        arm.up = None;
        arm.free_at = arm.free_at.max(down);
    }

    fn answer(&mut self, ride: RideIx, at: Ms, step: RideStep) {
        self.steps.add(at, self.rides.rides[ride].key, step);
    }

    fn arm_for(&self, gate: usize, outward: bool) -> Option<usize> {
        let arms = self.arms.by_gate.get(&gate)?;
        let lane = |arm: &usize| self.plan.file.kit.barrier[self.arms.arms[*arm].row].lane;
        let wanted = if outward { Lane::Out } else { Lane::In };
        let find = |fits: &dyn Fn(Lane) -> bool| arms.iter().copied().find(|arm| fits(lane(arm)));
        find(&|lane| lane == wanted).or_else(|| find(&|lane| lane == Lane::Both)).or(arms.first().copied())
    }

    fn serve(&mut self, vehicle: AtBarrier) {
        let (ride, at) = (vehicle.ride, vehicle.at);
        let (outward, resident) = (self.rides.rides[ride].outward, self.rides.rides[ride].resident);
        let Some(index) = self.arm_for(vehicle.gate, outward) else {
            self.answer(ride, at + Ms(300), RideStep::Go(ride));
            return;
        };
        let mut draw = self.chance.draw(self.rides.rides[ride].key, "barrier", at.0 as u64);
        let still_up = self.arms.arms[index].up.is_some_and(|(_, falls)| falls > at);
        if !outward && self.arms.parked >= self.arms.places && !resident {
            self.full(ride, index, at);
        } else if still_up && !resident && draw.chance(FOLLOWS) {
            self.follow(ride, index, at, vehicle.gate);
        } else {
            self.read(ride, index, at, &mut draw);
        }
    }

    fn full(&mut self, ride: RideIx, index: usize, at: Ms) {
        let errand = self.rides.rides[ride].errand;
        if !self.arms.told_full {
            self.arms.told_full = true;
            let device = self.arms.arms[index].device;
            self.outbox.say(at + READS, device, Signal::CarParkFull, Cause::Incident(errand));
        }
        self.outbox.close(errand, at, "turned away: car park full");
        self.answer(ride, at + Ms(8_000), RideStep::Refused(ride));
    }

    /// Under the arm that is still up for the vehicle before.
    fn follow(&mut self, ride: RideIx, index: usize, at: Ms, gate: usize) {
        let gate_at = self.plan.site.gates[gate].at;
        let place = Place::from_m(gate_at.x, gate_at.y, 0.0);
        let name = self.rides.rides[ride].name.clone();
        let incident = self.outbox.open(IncidentKind::PiggyBacking, Origin::Chance, at, place, name);
        self.outbox.close(incident, at + Ms(2_500), "under the arm raised for the vehicle before");
        let device = self.arms.arms[index].device;
        let cause = Cause::Incident(incident);
        self.outbox.say(at + Ms(1_200), device, Signal::ArmPiggyBacked, cause);
        self.note_passage(ride, at);
        self.hold_up(index, at + Ms(3_500));
        self.answer(ride, at + Ms(300), RideStep::Go(ride));
    }

    fn hold_up(&mut self, index: usize, until: Ms) {
        let arm = &mut self.arms.arms[index];
        if let Some((_, falls)) = &mut arm.up {
            *falls = (*falls).max(until);
        }
        arm.free_at = arm.free_at.max(until);
    }

    fn read(&mut self, ride: RideIx, index: usize, at: Ms, draw: &mut Draw) {
        let (plate, resident, outward, errand) = {
            let ride = &self.rides.rides[ride];
            (ride.plate.clone(), ride.resident, ride.outward, ride.errand)
        };
        let arm = &self.arms.arms[index];
        let row = &self.plan.file.kit.barrier[arm.row];
        let (device, cause) = (arm.device, Cause::Incident(errand));
        let manned = self.roster.strength(&arm.duty, 1, at) > 0;
        let turn = arm.free_at.max(at);
        let waited_s = (turn - at).seconds();
        let read = turn + READS;
        let wrong = draw.chance(row.misread);
        let (by_hand, second) = (draw.log_normal(18.0, 0.4), draw.between(6.0, 10.0));
        let registers = draw.log_normal(if manned { 30.0 } else { 60.0 }, 0.35);
        let sharp = draw.between(88.0, 100.0) as u8;
        let seen = if wrong { misread(&plate, draw) } else { plate.clone() };
        let confidence_pct = if wrong { 55 + (sharp - 88) } else { sharp };
        let known = resident && !wrong;
        let first = Signal::PlateRead { plate: seen, known, confidence_pct };
        self.outbox.say(read, device, first, cause);
        let (lift, how) = match (known, resident, outward) {
            (true, ..) => (read + Ms(200), "plate known"),
            (false, true, _) if manned => (read + Ms::from_seconds(by_hand), "plate misread, opened by hand"),
            (false, true, _) => {
                let again = read + Ms::from_seconds(second);
                let signal = Signal::PlateRead { plate, known: true, confidence_pct: sharp };
                self.outbox.say(again, device, signal, cause);
                (again + Ms(200), "plate misread, read again")
            }
            (false, false, true) => (read + Ms(700), "visitor"),
            (false, false, false) if manned => (read + Ms::from_seconds(registers), "visitor, registered"),
            (false, false, false) => {
                (read + Ms::from_seconds(registers), "visitor, registered from the duty room")
            }
        };
        let stay = self.note_passage(ride, lift);
        let what = if outward { "drove out" } else { "drove in" };
        let outcome = format!("{what}: {how}{stay}; waited {waited_s:.0} s");
        self.outbox.close(errand, lift, outcome);
        self.raise(ride, index, lift, cause);
    }

    /// The arm rises, the vehicle passes, the arm falls unless another one follows.
    fn raise(&mut self, ride: RideIx, index: usize, lift: Ms, cause: Cause) {
        let outward = self.rides.rides[ride].outward;
        let errand = self.rides.rides[ride].errand;
        if let Some((_, falls)) = self.arms.arms[index].up {
            self.lower(index, falls);
        }
        let arm = &mut self.arms.arms[index];
        let rises = self.plan.file.kit.barrier[arm.row].arm.0;
        let up = lift + rises;
        let passed = up + Ms(2_600);
        self.outbox.say(up, arm.device, Signal::ArmRaised, cause);
        self.outbox.say(passed, arm.device, Signal::VehiclePassed { outward }, cause);
        arm.up = Some((up, passed + Ms(1_000)));
        arm.free_at = passed + Ms(1_000) + rises;
        arm.cause = Some(errand);
        self.agenda.add(passed + Ms(1_000), AgentKey(index as u64), Falls(index));
        self.answer(ride, up + Ms(300), RideStep::Go(ride));
    }

    /// Counts the vehicle in or out; matches an exit to its entry.
    fn note_passage(&mut self, ride: RideIx, at: Ms) -> String {
        let ride = &self.rides.rides[ride];
        if ride.outward {
            self.arms.parked = self.arms.parked.saturating_sub(1);
            self.arms.told_full = false;
            match self.arms.entered.remove(&ride.plate) {
                Some(entered) => format!(", inside for {} min", (at - entered).0 / 60_000),
                None => String::new(),
            }
        } else {
            self.arms.parked += 1;
            self.arms.entered.insert(ride.plate.clone(), at);
            String::new()
        }
    }
}
