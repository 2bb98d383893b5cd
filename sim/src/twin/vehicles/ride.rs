//! A drive, stage by stage: from the street to the gate and on to the car park, or the other way round.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::{AtBarrier, Ride, RideIx, RideStep, Rides, plate};
use crate::contract::{IncidentKind, Origin, Place};
use crate::twin::frame::{Agenda, Chance, Clock, Outbox, Plan, Role};
use crate::twin::nav::Nav;
use crate::twin::people::{Desk, Drive, Kind, People, Step};
use crate::twin::walk::{Mover, Stage};
use crate::words::{AgentKey, Ms};

/// All that a drive's step touches.
#[derive(SystemParam)]
pub(super) struct Road<'w, 's> {
    clock: Res<'w, Clock>,
    plan: Res<'w, Plan>,
    chance: Res<'w, Chance>,
    desk: ResMut<'w, Desk>,
    people: Res<'w, People>,
    steps: ResMut<'w, Agenda<Step>>,
    rides: ResMut<'w, Rides>,
    agenda: ResMut<'w, Agenda<RideStep>>,
    nav: ResMut<'w, Nav>,
    outbox: ResMut<'w, Outbox>,
    stage: Stage<'w, 's>,
}

/// Begins what was asked for and takes every step that is due in this tick.
pub(super) fn ride(mut road: Road) {
    for drive in std::mem::take(&mut road.desk.drives) {
        road.begin(&drive);
    }
    while let Some((at, _, step)) = road.agenda.pop_before(road.clock.end()) {
        match step {
            RideStep::Reached(ride) if road.rides.rides[ride].passed => road.end(ride, at),
            RideStep::Reached(ride) => road.present(ride, at),
            RideStep::Go(ride) => road.go_on(ride, at),
            RideStep::Refused(ride) => road.turn_back(ride, at),
        }
    }
}

impl Road<'_, '_> {
    fn begin(&mut self, drive: &Drive) {
        let person = &self.people.persons[drive.person as usize];
        let resident = person.kind == Kind::Resident;
        let flat = person.household.map(|h| self.plan.households[h].flat.clone()).unwrap_or_default();
        let name = if resident { format!("car/{flat}") } else { format!("car/{}", person.name) };
        let key = AgentKey::of(&name);
        let portal = &self.nav.places.portals[drive.portal];
        let lot = self.nav.places.lots[drive.lot].at;
        let place = if drive.outward { lot } else { portal.street[0] };
        let goal = if drive.outward { portal.at } else { portal.before };
        let where_m = Place::from_m(place[0], place[1], 0.0);
        let errand =
            self.outbox.open(IncidentKind::VehicleTrip, Origin::Plan, drive.at, where_m, name.clone());
        let mover = Mover { name: &name, key, role: Role::Vehicle };
        let body = self.stage.appear(mover, errand, drive.at, place);
        let speed_m_s = self.chance.draw(key, "speed", 0).normal_within(4.0, 0.6, 2.5, 5.5);
        let ride = self.rides.rides.len();
        self.rides.rides.push(Ride {
            plate: plate(&self.chance, &name),
            name,
            key,
            person: drive.person,
            resident,
            outward: drive.outward,
            errand,
            lot: drive.lot,
            portal: drive.portal,
            body,
            place,
            speed_m_s,
            passed: false,
        });
        self.go(ride, goal, drive.at);
    }

    /// Drives to a point. Where no way leads, it vanishes, and so does whoever sits in it.
    fn go(&mut self, index: RideIx, to: [f64; 2], at: Ms) {
        let ride = &mut self.rides.rides[index];
        let Some(way) = self.nav.drive(ride.place, to) else {
            self.nav.no_way += 1;
            self.stage.leave(ride.body, at, ride.place);
            self.outbox.close(ride.errand, at, "found no way");
            if !ride.outward {
                let key = self.people.persons[ride.person as usize].key;
                self.steps.add(at, key, Step::Refused(ride.person));
            }
            return;
        };
        let arrival = self.stage.go(ride.body, &way.points, at, ride.speed_m_s);
        ride.place = to;
        self.agenda.add(arrival, ride.key, RideStep::Reached(index));
    }

    fn present(&mut self, index: RideIx, at: Ms) {
        let ride = &self.rides.rides[index];
        match self.nav.places.portals[ride.portal].gate {
            Some(gate) => self.rides.at_gate.push(AtBarrier { at, ride: index, gate }),
            None => self.go_on(index, at),
        }
    }

    fn go_on(&mut self, index: RideIx, at: Ms) {
        let ride = &mut self.rides.rides[index];
        ride.passed = true;
        let places = &self.nav.places;
        let to = if ride.outward { places.portals[ride.portal].street[0] } else { places.lots[ride.lot].at };
        self.go(index, to, at);
    }

    fn turn_back(&mut self, index: RideIx, at: Ms) {
        let ride = &mut self.rides.rides[index];
        ride.passed = true;
        ride.outward = true;
        let street = self.nav.places.portals[ride.portal].street[0];
        let key = self.people.persons[ride.person as usize].key;
        self.steps.add(at, key, Step::Next(ride.person));
        self.go(index, street, at);
    }

    fn end(&mut self, index: RideIx, at: Ms) {
        let ride = &self.rides.rides[index];
        self.stage.leave(ride.body, at, ride.place);
        if self.outbox.incidents[ride.errand.index()].outcome.is_empty() {
            let what = if ride.outward { "drove out" } else { "parked" };
            self.outbox.close(ride.errand, at, what);
        } else {
            let what = self.outbox.incidents[ride.errand.index()].outcome.clone();
            self.outbox.close(ride.errand, at, what);
        }
        if !ride.outward {
            let key = self.people.persons[ride.person as usize].key;
            self.steps.add(at, key, Step::Next(ride.person));
        }
    }
}
