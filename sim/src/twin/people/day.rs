//! The day of the residents: work, school, errands, dogs, strolls.

use std::collections::VecDeque;
use std::sync::Arc;

use super::census::{Family, Member, Work, family};
use super::program::{Program, Stage, Start};
use super::{Kind, People, Step, hours};
use crate::model::Scenario;
use crate::twin::frame::{Agenda, Role};
use crate::twin::nav::{Places, distance};
use crate::words::{AgentKey, Dice, Draw, Ms};

/// Draws everybody's day.
pub(super) struct Planner<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) dice: Dice,
    pub(super) places: Arc<Places>,
    /// How busy this day is, and each of its hours: counts at real gates vary far more than a Poisson process.
    pub(super) busy: [f64; 24],
    pub(super) families: Vec<Family>,
    weekend: bool,
}

/// A resident whose day is drawn.
struct Someone<'a> {
    member: &'a Member,
    household: usize,
    entrance: usize,
    door: [f64; 2],
}

/// How somebody gets about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    Foot,
    Bike,
    Car,
}

impl<'a> Planner<'a> {
    pub(super) fn new(scenario: &'a Scenario, dice: Dice, places: Arc<Places>) -> Planner<'a> {
        let mut draw = dice.draw(AgentKey::of("compound"), "busy", 0);
        let day = draw.log_normal(1.0, 0.12);
        let busy = std::array::from_fn(|_| day * draw.log_normal(0.9, 0.45));
        let families = (0..scenario.households.len()).map(|h| family(scenario, &dice, h)).collect();
        let date: Result<jiff::civil::Date, _> = scenario.file.day.date.parse();
        let weekday = date.map_or(jiff::civil::Weekday::Tuesday, jiff::civil::Date::weekday);
        let weekend = matches!(weekday, jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        Planner { scenario, dice, places, busy, families, weekend }
    }

    /// Everybody who lives here, with his programs.
    pub(super) fn residents(&self, people: &mut People, agenda: &mut Agenda<Step>) {
        for (household, family) in self.families.iter().enumerate() {
            let entrance = self.scenario.households[household].entrance;
            let Some(door) = self.places.doors[entrance] else { continue };
            let mut cars = u32::from(family.car);
            let mut bikes = family.bikes;
            let dog_walker = family.members.iter().position(|member| member.age >= 16);
            for (number, member) in family.members.iter().enumerate() {
                let kind = Kind::Resident;
                let who = people.add(member.name.clone(), kind, Some(household), member.speed_m_s);
                people.persons[who as usize].now.at_home = member.work != Work::Night;
                people.at_home[household] += u16::from(member.work != Work::Night);
                let someone = Someone { member, household, entrance, door };
                let mut add = |at: Ms, program: Program| {
                    agenda.add(at, AgentKey::of(&member.name), Step::Begin(who, Box::new(program)));
                };
                self.at_work(&someone, &mut cars, &mut bikes, &mut add);
                self.at_leisure(&someone, &mut add);
                if family.dog && dog_walker == Some(number) {
                    self.with_the_dog(&someone, &mut add);
                }
            }
        }
    }

    fn draw(&self, someone: &Someone, purpose: &str) -> Draw {
        self.dice.draw(AgentKey::of(&someone.member.name), purpose, 0)
    }

    fn at_work(&self, someone: &Someone, cars: &mut u32, bikes: &mut u32, add: &mut impl FnMut(Ms, Program)) {
        let mut draw = self.draw(someone, "work");
        let member = someone.member;
        let goes = if self.weekend { draw.chance(0.12) } else { draw.chance(0.94) };
        let (out, back, purposes) = match member.work {
            Work::Home => return,
            Work::Night if !goes => return,
            Work::Night => {
                let back = draw.normal_within(7.0, 0.5, 5.5, 9.5);
                let out = draw.normal_within(21.2, 0.6, 19.0, 23.0);
                (out, back, ["to the night shift", "from the night shift"])
            }
            Work::Pupil if !goes || self.weekend => return,
            Work::Pupil => {
                let out = draw.normal_within(7.35, 0.18, 6.8, 7.9);
                let end = if member.age < 12 { 15.6 } else { 17.3 };
                (out, draw.normal_within(end, 0.4, end - 0.8, end + 1.5), ["to school", "from school"])
            }
            Work::Day if !goes => return,
            Work::Day => {
                let out = draw.normal_within(7.85, 0.55, 5.8, 10.5);
                let back = draw.normal_within(18.4, 0.9, 15.5, 22.8);
                (out, back, ["to work", "from work"])
            }
        };
        let means = self.means(member, cars, bikes, &mut draw);
        let charge_pct = draw.between(15.0, 80.0) as u8;
        let gone = self.out(someone, means, purposes[0], &mut draw);
        let come = self.back(someone, means, purposes[1], charge_pct, &mut draw);
        add(hours(out), gone);
        add(hours(back), come);
    }

    /// The car goes to the first who takes it, e-bikes to the next.
    fn means(&self, member: &Member, cars: &mut u32, bikes: &mut u32, draw: &mut Draw) -> Means {
        let roads = !self.places.lots.is_empty() && !self.places.ways_in(true).is_empty();
        let (drives, rides) = (draw.chance(0.75), draw.chance(0.7));
        if member.age >= 18 && *cars > 0 && roads && drives {
            *cars -= 1;
            return Means::Car;
        }
        if member.age >= 16 && *bikes > 0 && rides {
            *bikes -= 1;
            return Means::Bike;
        }
        Means::Foot
    }

    /// The nearest gate mostly, sometimes another.
    pub(super) fn portal(&self, near: [f64; 2], vehicle: bool, draw: &mut Draw) -> Option<usize> {
        let fits = self.places.ways_in(vehicle);
        let off = |portal: &usize| distance(self.places.portals[*portal].at, near);
        let other = draw.chance(0.2);
        let any = draw.below(fits.len());
        if other {
            return fits.get(any).copied();
        }
        fits.into_iter().min_by(|a, b| off(a).total_cmp(&off(b)).then(a.cmp(b)))
    }

    /// The car park of a household: a garage where there is one, mostly.
    pub(super) fn lot(&self, name: &str, near: [f64; 2]) -> Option<usize> {
        let mut draw = self.dice.draw(AgentKey::of(name), "lot", 0);
        let garage = draw.chance(0.75);
        let lots = &self.places.lots;
        let rank = |lot: &usize| (lots[*lot].garage != garage, distance(lots[*lot].at, near));
        (0..lots.len()).min_by(|a, b| {
            let (a, b) = (rank(a), rank(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        })
    }

    fn out(&self, of: &Someone, means: Means, purpose: &'static str, draw: &mut Draw) -> Program {
        let portal = self.portal(of.door, means == Means::Car, draw);
        let point = draw.below(3);
        let lot = self.lot(&self.scenario.households[of.household].flat, of.door);
        let mut stages = VecDeque::new();
        match (means, portal, lot) {
            (Means::Car, Some(portal), Some(lot)) => {
                if !self.places.lots[lot].garage {
                    stages.extend([Stage::Exit(of.entrance), Stage::Walk(self.places.lots[lot].at)]);
                }
                stages.push_back(Stage::DriveOut { lot, portal });
            }
            (_, Some(portal), _) => {
                let gate = &self.places.portals[portal];
                stages.extend([
                    Stage::Exit(of.entrance),
                    Stage::Walk(gate.at),
                    Stage::Gate { portal, inward: false },
                    Stage::Walk(gate.street[point % gate.street.len()]),
                    Stage::Gone,
                ]);
            }
            _ => {}
        }
        let role = if means == Means::Bike { Role::Bike } else { Role::Resident };
        Program { start: Start::Unseen, stages, role, purpose, laden: false }
    }

    fn back(
        &self,
        of: &Someone,
        means: Means,
        purpose: &'static str,
        charge_pct: u8,
        draw: &mut Draw,
    ) -> Program {
        let portal = self.portal(of.door, means == Means::Car, draw);
        let (point, laden) = (draw.below(3), draw.chance(0.025));
        let lot = self.lot(&self.scenario.households[of.household].flat, of.door);
        let mut stages = VecDeque::new();
        let mut start = Start::Unseen;
        match (means, portal, lot) {
            (Means::Car, Some(portal), Some(lot)) => {
                stages.push_back(Stage::DriveIn { lot, portal });
                if !self.places.lots[lot].garage {
                    let walk = [Stage::Alight(lot), Stage::Walk(of.door), Stage::Enter(of.entrance)];
                    stages.extend(walk);
                }
            }
            (_, Some(portal), _) => {
                start = Start::Street { portal, point };
                stages.extend(self.through_gate(portal, of.door));
                if means == Means::Bike {
                    stages.push_back(Stage::ParkBike(charge_pct));
                }
                stages.push_back(Stage::Enter(of.entrance));
            }
            _ => {}
        }
        stages.push_back(Stage::Home);
        let role = if means == Means::Bike { Role::Bike } else { Role::Resident };
        Program { start, stages, role, purpose, laden }
    }

    /// From the street through a gate to a door.
    pub(super) fn through_gate(&self, portal: usize, door: [f64; 2]) -> [Stage; 3] {
        let before = self.places.portals[portal].before;
        [Stage::Walk(before), Stage::Gate { portal, inward: true }, Stage::Walk(door)]
    }

    fn at_leisure(&self, someone: &Someone, add: &mut impl FnMut(Ms, Program)) {
        let age = someone.member.age;
        let home = someone.member.work == Work::Home || self.weekend;
        let errands: &[(f64, f64, f64, &str)] = if age < 6 {
            &[]
        } else if home && age >= 18 {
            &[(0.65, 7.4, 1.0, "market"), (0.3, 10.2, 0.9, "errand"), (0.3, 15.3, 1.2, "errand 2")]
        } else {
            &[(0.18, 20.0, 0.8, "errand")]
        };
        for (chance, around, sd, word) in errands {
            let mut draw = self.draw(someone, word);
            let out = draw.normal_within(*around, *sd, around - 2.5, around + 2.5);
            let away = draw.log_normal(0.75, 0.5).clamp(0.2, 3.0);
            let busy = self.busy[(out as usize).min(23)];
            if draw.chance(chance * busy) {
                let purpose = if *word == "market" { "to the market" } else { "on an errand" };
                add(hours(out), self.out(someone, Means::Foot, purpose, &mut draw));
                add(hours(out + away), self.back(someone, Means::Foot, "back from errands", 0, &mut draw));
            }
        }
        let strolls: &[(f64, f64, f64, &str)] = match (age, home) {
            (3..12, _) => &[(0.5, 17.2, 0.6, "play")],
            (55.., true) => {
                &[(0.4, 6.6, 0.5, "morning"), (0.35, 16.0, 0.8, "play"), (0.35, 19.4, 0.5, "evening")]
            }
            (16.., _) => &[(0.15, 20.1, 0.7, "evening")],
            _ => &[],
        };
        for (chance, around, sd, word) in strolls {
            let mut draw = self.draw(someone, word);
            let begins = draw.normal_within(*around, *sd, around - 1.5, around + 1.5);
            if draw.chance(chance * self.busy[(begins as usize).min(23)]) {
                add(hours(begins), self.stroll(someone, *word == "play", "for a stroll", &mut draw));
            }
        }
    }

    fn with_the_dog(&self, someone: &Someone, add: &mut impl FnMut(Ms, Program)) {
        for (around, sd, word) in [(6.6, 0.4, "dog 1"), (21.7, 0.75, "dog 2")] {
            let mut draw = self.draw(someone, word);
            let begins = draw.normal_within(around, sd, around - 1.5, around + 2.2);
            add(hours(begins), self.stroll(someone, false, "with the dog", &mut draw));
        }
    }

    /// Round by a few spots and home again; children and those with them stay on the playground.
    fn stroll(&self, of: &Someone, play: bool, purpose: &'static str, draw: &mut Draw) -> Program {
        let playgrounds = &self.places.playgrounds;
        let mut stages = VecDeque::from([Stage::Exit(of.entrance)]);
        if play && !playgrounds.is_empty() {
            stages.push_back(Stage::Walk(playgrounds[draw.below(playgrounds.len())]));
            stages.push_back(Stage::Stay(Ms::from_seconds(draw.log_normal(1500.0, 0.5))));
        } else {
            for _ in 0..2 + draw.below(3) {
                let spot = draw.pick(&self.places.spots).copied();
                let rest = draw.exponential(90.0);
                stages.extend(spot.map(Stage::Walk));
                stages.push_back(Stage::Stay(Ms::from_seconds(rest)));
            }
        }
        stages.extend([Stage::Walk(of.door), Stage::Enter(of.entrance), Stage::Home]);
        Program { start: Start::Unseen, stages, role: Role::Resident, purpose, laden: false }
    }
}
