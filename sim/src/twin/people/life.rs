//! Carrying programs out: one stage after the other, each at its exact instant.

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;

use super::desk::{AtDoor, AtGate, Desk, DoorUse, Drive};
use super::program::{Program, Stage, Start};
use super::{Kind, People, PersonIx, Step};
use crate::contract::{IncidentKind, Origin, Place};
use crate::twin::frame::{Agenda, Clock, Outbox, ParkedBike, ParkedBikes, Role};
use crate::twin::nav::Nav;
use crate::twin::walk::{Mover, Stage as OnStage};
use crate::words::Ms;

/// Speed of an e-bike inside a compound, m/s.
const BIKE_M_S: f64 = 3.6;
/// How long somebody waits before he tries again to begin what he could not begin, ms.
const LATER: Ms = Ms(60_000);

/// All that a person's step touches.
#[derive(SystemParam)]
pub(super) struct Life<'w, 's> {
    clock: Res<'w, Clock>,
    people: ResMut<'w, People>,
    agenda: ResMut<'w, Agenda<Step>>,
    nav: ResMut<'w, Nav>,
    desk: ResMut<'w, Desk>,
    outbox: ResMut<'w, Outbox>,
    bikes: ResMut<'w, ParkedBikes>,
    stage: OnStage<'w, 's>,
}

/// Takes every step that is due in this tick.
pub(super) fn live(mut life: Life) {
    while let Some((at, key, step)) = life.agenda.pop_before(life.clock.end()) {
        match step {
            Step::Begin(who, program) if life.person(who).program.is_some() => {
                life.agenda.add(at + LATER, key, Step::Begin(who, program));
            }
            Step::Begin(who, program) => life.begin(who, *program, at),
            Step::Next(who) => {
                life.person(who).ringing = None;
                life.advance(who, at);
            }
            Step::Refused(who) => life.turn_back(who, at),
        }
    }
}

/// What a stage leads to.
enum After {
    GoOn,
    Wait,
    Over(&'static str),
}

impl Life<'_, '_> {
    fn person(&mut self, who: PersonIx) -> &mut super::Now {
        &mut self.people.persons[who as usize].now
    }

    fn begin(&mut self, who: PersonIx, program: Program, at: Ms) {
        if !self.could_start(who, &program) {
            return;
        }
        let start = program.start;
        self.person(who).program = Some(program);
        if let Start::Street { portal, point } = start {
            let street = self.nav.places.portals[portal].street.clone();
            self.appear(who, at, street[point % street.len()]);
        }
        self.advance(who, at);
    }

    /// Nobody comes out of a flat that he is not in, nor home while he is there.
    fn could_start(&self, who: PersonIx, program: &Program) -> bool {
        let person = &self.people.persons[who as usize];
        let out = matches!(program.stages.front(), Some(Stage::Exit(_) | Stage::DriveOut { .. }));
        person.kind != Kind::Resident || person.now.at_home == out
    }

    fn appear(&mut self, who: PersonIx, at: Ms, place: [f64; 2]) {
        let person = &mut self.people.persons[who as usize];
        let role = person.now.program.as_ref().map_or(Role::Resident, |program| program.role);
        let name = person.name.clone();
        let mover = Mover { name: &name, key: person.key, role };
        let where_m = Place::from_m(place[0], place[1], 0.0);
        let errand = self.outbox.open(IncidentKind::Trip, Origin::Plan, at, where_m, name.clone());
        person.now.body = Some(self.stage.appear(mover, errand, at, place));
        person.now.errand = Some(errand);
        person.now.place = place;
    }

    fn vanish(&mut self, who: PersonIx, at: Ms, what: &str) {
        let now = &mut self.people.persons[who as usize].now;
        let purpose = now.program.as_ref().map_or("", |program| program.purpose);
        if let Some(body) = now.body.take() {
            self.stage.leave(body, at, now.place);
        }
        if let Some(errand) = now.errand.take() {
            self.outbox.close(errand, at, format!("{purpose}: {what}"));
        }
    }

    fn advance(&mut self, who: PersonIx, at: Ms) {
        loop {
            let next = self.person(who).program.as_mut().and_then(|program| program.stages.pop_front());
            let after = match next {
                Some(stage) => self.perform(who, at, stage),
                None => After::Over("done"),
            };
            match after {
                After::GoOn => {}
                After::Wait => return,
                After::Over(what) => {
                    self.vanish(who, at, what);
                    self.person(who).program = None;
                    return;
                }
            }
        }
    }

    fn perform(&mut self, who: PersonIx, at: Ms, stage: Stage) -> After {
        match stage {
            Stage::Exit(entrance) => self.come_out(who, at, entrance),
            Stage::Enter(entrance) => self.at_door(who, at, entrance, DoorUse::Credential),
            Stage::Ring { entrance, household, skip } => {
                self.person(who).ringing = Some(skip);
                self.at_door(who, at, entrance, DoorUse::Ring(household))
            }
            Stage::Walk(to) => self.walk(who, at, to),
            Stage::Gate { portal, inward } => self.at_gate(who, at, portal, inward),
            Stage::Stay(lasting) => self.wait(who, at + lasting),
            Stage::Indoors(lasting) => {
                self.vanish(who, at, "went in");
                self.wait(who, at + lasting)
            }
            Stage::ParkBike(charge_pct) => {
                let person = &self.people.persons[who as usize];
                if let Some(household) = person.household {
                    let charge = f64::from(charge_pct) / 100.0;
                    self.bikes.0.push(ParkedBike { who: person.name.clone(), household, at, charge });
                }
                After::GoOn
            }
            Stage::DriveOut { lot, portal } => {
                self.leaves_home(who);
                self.vanish(who, at, "at the car");
                self.desk.drives.push(Drive { at, person: who, outward: true, lot, portal });
                After::Over("drove off")
            }
            Stage::DriveIn { lot, portal } => {
                self.desk.drives.push(Drive { at, person: who, outward: false, lot, portal });
                After::Wait
            }
            Stage::Alight(lot) => {
                let place = self.nav.places.lots[lot].at;
                self.appear(who, at, place);
                After::GoOn
            }
            Stage::Home => {
                self.comes_home(who);
                After::Over("home")
            }
            Stage::Gone => After::Over("out of sight"),
        }
    }

    fn wait(&mut self, who: PersonIx, until: Ms) -> After {
        let key = self.people.persons[who as usize].key;
        self.agenda.add(until, key, Step::Next(who));
        After::Wait
    }

    fn come_out(&mut self, who: PersonIx, at: Ms, entrance: usize) -> After {
        let Some(place) = self.nav.places.doors[entrance] else { return After::Over("no door") };
        self.leaves_home(who);
        self.appear(who, at, place);
        self.at_door(who, at, entrance, DoorUse::Inside)
    }

    fn at_door(&mut self, who: PersonIx, at: Ms, entrance: usize, means: DoorUse) -> After {
        let now = self.person(who);
        let laden = now.program.as_ref().is_some_and(|program| program.laden);
        let Some(errand) = now.errand else { return After::GoOn };
        self.desk.doors.push(AtDoor { at, person: who, entrance, means, laden, errand });
        After::Wait
    }

    fn at_gate(&mut self, who: PersonIx, at: Ms, portal: usize, inward: bool) -> After {
        let gate = self.nav.places.portals[portal].gate;
        let (Some(gate), Some(errand)) = (gate, self.person(who).errand) else { return After::GoOn };
        self.desk.gates.push(AtGate { at, person: who, gate, inward, errand });
        After::Wait
    }

    fn walk(&mut self, who: PersonIx, at: Ms, to: [f64; 2]) -> After {
        let person = &mut self.people.persons[who as usize];
        let Some(body) = person.now.body else { return After::GoOn };
        let riding = person.now.program.as_ref().is_some_and(|program| program.role == Role::Bike);
        let speed = if riding { BIKE_M_S } else { person.speed_m_s };
        let Some(way) = self.nav.way(person.now.place, to) else {
            self.nav.no_way += 1;
            return After::Over("found no way");
        };
        let arrival = self.stage.go(body, &way.points, at, speed);
        person.now.place = to;
        self.wait(who, arrival)
    }

    fn leaves_home(&mut self, who: PersonIx) {
        let person = &mut self.people.persons[who as usize];
        if let (true, Some(household)) = (person.now.at_home, person.household) {
            person.now.at_home = false;
            self.people.at_home[household] -= 1;
        }
    }

    fn comes_home(&mut self, who: PersonIx) {
        let person = &mut self.people.persons[who as usize];
        if let (false, Kind::Resident, Some(household)) = (person.now.at_home, person.kind, person.household)
        {
            person.now.at_home = true;
            self.people.at_home[household] += 1;
        }
    }

    /// Refused at a door, the next stages fall away; refused at a gate, he goes back where he came from.
    fn turn_back(&mut self, who: PersonIx, at: Ms) {
        let place = self.person(who).place;
        let ringing = self.person(who).ringing.take();
        let Some(program) = self.people.persons[who as usize].now.program.as_mut() else { return };
        if let Some(skip) = ringing {
            program.stages.drain(..skip.min(program.stages.len()));
        } else {
            let portals = &self.nav.places.portals;
            let streets = portals.iter().flat_map(|portal| portal.street.iter());
            let nearest = streets.copied().min_by(|a, b| {
                crate::twin::nav::distance(place, *a).total_cmp(&crate::twin::nav::distance(place, *b))
            });
            program.stages.clear();
            program.stages.extend(nearest.map(Stage::Walk));
            program.stages.push_back(Stage::Gone);
            program.purpose = "turned away";
        }
        self.advance(who, at);
    }
}
