//! Door stations: credentials, calls to flats, and the door that opens, closes, or is held open.

use std::collections::BTreeMap;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use crate::contract::{Cause, Class, IncidentKind, Origin, Place, Signal};
use crate::twin::frame::{Agenda, Chance, Clock, DeviceTable, NextWake, Outbox, Plan};
use crate::twin::people::{AtDoor, Desk, DoorUse, Kind, People, PersonIx, Step};
use crate::words::{AgentKey, DeviceIx, IncidentId, Ms};

/// Probability that a stranger who finds the door open goes in without ringing. Assumed.
const SLIPS_IN: f64 = 0.5;
/// How long a flat rings before the station gives up, ms.
const RINGS_FOR: Ms = Ms(30_000);

/// A door with its station.
#[derive(Debug)]
struct Door {
    row: usize,
    device: DeviceIx,
    opened: Ms,
    /// When it falls shut; shut already when in the past.
    shuts: Ms,
    open: bool,
    told_held: bool,
    cause: Option<IncidentId>,
}

/// Doors by entrance.
#[derive(Resource, Debug, Default)]
struct Doors(BTreeMap<usize, Door>);

/// Look at a door again: it may shut, or have stood open for too long.
pub(super) struct Look(usize);

#[derive(SystemParam)]
pub(super) struct Porter<'w> {
    clock: Res<'w, Clock>,
    plan: Res<'w, Plan>,
    chance: Res<'w, Chance>,
    people: Res<'w, People>,
    desk: ResMut<'w, Desk>,
    doors: ResMut<'w, Doors>,
    agenda: ResMut<'w, Agenda<Look>>,
    steps: ResMut<'w, Agenda<Step>>,
    outbox: ResMut<'w, Outbox>,
}

/// Puts the doors into the world.
pub(super) fn set_up(world: &mut World) {
    let scenario = world.resource::<Plan>().0.clone();
    let table = world.resource::<DeviceTable>();
    let rows = scenario.file.kit.intercom.iter().enumerate();
    let door = |(row, station): (usize, &crate::model::kit::Intercom)| {
        let entrance = scenario.site.entrances.iter().position(|door| door.id == station.entrance)?;
        let device = table.row(Class::Intercom, row)?;
        let shut = Ms(i64::MIN / 2);
        let door =
            Door { row, device, opened: shut, shuts: shut, open: false, told_held: false, cause: None };
        Some((entrance, door))
    };
    let doors = Doors(rows.filter_map(door).collect());
    world.insert_resource(doors);
    world.init_resource::<Agenda<Look>>();
}

pub(super) fn wake(agenda: Res<Agenda<Look>>, mut wake: ResMut<NextWake>) {
    wake.offer(agenda.next());
}

/// Serves whoever stands at a door, and lets doors fall shut.
pub(super) fn attend(mut porter: Porter) {
    let end = porter.clock.end();
    for request in std::mem::take(&mut porter.desk.doors) {
        porter.look_until(request.at);
        porter.serve(&request);
    }
    porter.look_until(end);
}

impl Porter<'_> {
    /// Lets doors fall shut that do so before an instant.
    fn look_until(&mut self, until: Ms) {
        while let Some((at, _, Look(entrance))) = self.agenda.pop_before(until) {
            self.look(entrance, at);
        }
    }

    fn look(&mut self, entrance: usize, at: Ms) {
        let Some(door) = self.doors.0.get_mut(&entrance) else { return };
        if !door.open {
            return;
        }
        let Some(cause) = door.cause.map(Cause::Incident) else { return };
        if door.shuts <= at {
            door.open = false;
            self.outbox.say(door.shuts, door.device, Signal::DoorClosed, cause);
            return;
        }
        let held = door.opened + self.plan.file.kit.intercom[door.row].held_open.0;
        if at >= held && !door.told_held {
            door.told_held = true;
            self.outbox.say(held, door.device, Signal::DoorHeldOpen, cause);
        }
        let next = if door.told_held { door.shuts } else { door.shuts.min(held) };
        self.agenda.add(next.max(at + Ms(1)), AgentKey(entrance as u64), Look(entrance));
    }

    fn let_go(&mut self, who: PersonIx, at: Ms) {
        let key = self.people.persons[who as usize].key;
        self.steps.add(at, key, Step::Next(who));
    }

    fn draw(&self, request: &AtDoor) -> crate::words::Draw {
        let key = self.people.persons[request.person as usize].key;
        self.chance.draw(key, "door", request.at.0 as u64)
    }

    fn serve(&mut self, request: &AtDoor) {
        let mut draw = self.draw(request);
        let Some(door) = self.doors.0.get(&request.entrance) else {
            self.without_station(request);
            return;
        };
        let (device, open) = (door.device, door.open && door.shuts > request.at);
        let cause = Cause::Incident(request.errand);
        match request.means {
            DoorUse::Ring(household) if open && draw.chance(SLIPS_IN) => {
                self.slip_in(request, household);
            }
            DoorUse::Ring(household) => self.ring(request, household, &mut draw),
            _ if open => self.pass(request, request.at + Ms(500), request.errand, &mut draw),
            means => {
                let inside = means == DoorUse::Inside;
                let by = if inside { "inside".to_owned() } else { self.credential(request.person) };
                let released = request.at + Ms(if inside { 300 } else { 900 });
                self.outbox.say(released, device, Signal::DoorReleased { by }, cause);
                self.pass(request, released + Ms(900), request.errand, &mut draw);
            }
        }
    }

    fn credential(&self, who: PersonIx) -> String {
        format!("card-{:08x}", self.people.persons[who as usize].key.0 as u32)
    }

    /// Goes through: opens the door, or keeps it open a little longer.
    fn pass(&mut self, request: &AtDoor, at: Ms, cause: IncidentId, draw: &mut crate::words::Draw) {
        let limit = self
            .doors
            .0
            .get(&request.entrance)
            .map_or(30.0, |door| self.plan.file.kit.intercom[door.row].held_open.as_seconds());
        let swings = Ms::from_seconds(draw.between(3.5, 7.0));
        let propped = Ms::from_seconds(draw.log_normal(1.2 * limit, 0.5));
        let shuts = at + if request.laden { propped } else { swings };
        let Some(door) = self.doors.0.get_mut(&request.entrance) else { return };
        if door.open && door.shuts > at {
            door.shuts = door.shuts.max(shuts);
        } else {
            if let (true, Some(before)) = (door.open, door.cause) {
                self.outbox.say(door.shuts, door.device, Signal::DoorClosed, Cause::Incident(before));
            }
            door.open = true;
            door.told_held = false;
            door.opened = at;
            door.shuts = shuts;
            door.cause = Some(cause);
            self.outbox.say(at, door.device, Signal::DoorOpened, Cause::Incident(cause));
            let held = at + self.plan.file.kit.intercom[door.row].held_open.0;
            self.agenda.add(shuts.min(held), AgentKey(request.entrance as u64), Look(request.entrance));
        }
        self.let_go(request.person, at + Ms(700));
    }

    fn slip_in(&mut self, request: &AtDoor, household: usize) {
        let place = self.place(request.entrance);
        let name = self.people.persons[request.person as usize].name.clone();
        let incident = self.outbox.open(IncidentKind::Tailgating, Origin::Chance, request.at, place, name);
        let flat = &self.plan.households[household].flat;
        let outcome = format!("through the open door without ringing {flat}");
        self.outbox.close(incident, request.at + Ms(1_000), outcome);
        self.let_go(request.person, request.at + Ms(1_000));
    }

    fn place(&self, entrance: usize) -> Place {
        let at = self.plan.site.entrances[entrance].at;
        Place::from_m(at.x, at.y, 0.0)
    }

    fn ring(&mut self, request: &AtDoor, household: usize, draw: &mut crate::words::Draw) {
        let Some(device) = self.doors.0.get(&request.entrance).map(|door| door.device) else { return };
        let person = &self.people.persons[request.person as usize];
        let (name, key, kind) = (person.name.clone(), person.key, person.kind);
        let flat = self.plan.households[household].flat.clone();
        let rung = request.at + Ms::from_seconds(draw.normal_within(4.0, 1.5, 1.5, 12.0));
        let place = self.place(request.entrance);
        let incident = self.outbox.open(IncidentKind::DoorCall, Origin::Plan, rung, place, name);
        let cause = Cause::Incident(incident);
        self.outbox.say(rung, device, Signal::CallStarted { flat: flat.clone() }, cause);
        let home = self.people.at_home[household] > 0;
        let takes = rung + Ms::from_seconds(draw.log_normal(9.0, 0.5).min(28.0));
        let (answers, likes) = (draw.chance(0.94), draw.unit());
        let welcome = likes < if kind == (Kind::Guest { expected: false }) { 0.35 } else { 0.985 };
        let talked = takes + Ms::from_seconds(draw.log_normal(6.0, 0.5));
        if !(home && answers) {
            let over = rung + RINGS_FOR;
            self.outbox.say(over, device, Signal::CallUnanswered { flat }, cause);
            self.outbox.close(incident, over, if home { "no answer" } else { "no answer: nobody at home" });
            self.steps.add(over + Ms(2_000), key, Step::Refused(request.person));
        } else if welcome {
            self.outbox.say(talked, device, Signal::CallConfirmed { flat }, cause);
            self.outbox.close(incident, talked, "confirmed and opened");
            self.pass(request, talked + Ms(1_500), incident, draw);
        } else {
            self.outbox.say(talked, device, Signal::CallRefused { flat }, cause);
            self.outbox.close(incident, talked, "refused");
            self.steps.add(talked + Ms(1_500), key, Step::Refused(request.person));
        }
    }

    /// A door without a station: keys, and strangers are let in by somebody who comes down.
    fn without_station(&mut self, request: &AtDoor) {
        let key = self.people.persons[request.person as usize].key;
        match request.means {
            DoorUse::Ring(household) if self.people.at_home[household] == 0 => {
                self.steps.add(request.at + Ms(60_000), key, Step::Refused(request.person));
            }
            DoorUse::Ring(_) => self.let_go(request.person, request.at + Ms(45_000)),
            _ => self.let_go(request.person, request.at + Ms(1_500)),
        }
    }
}
