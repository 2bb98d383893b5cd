//! Those who do not live here: guests, couriers with meals, couriers with parcels, staff.

use std::collections::{BTreeMap, VecDeque};

use super::day::Planner;
use super::program::{Program, Stage, Start};
use super::{Kind, People, Step, hours};
use crate::twin::frame::{Agenda, Role};
use crate::words::{AgentKey, Draw, Ms};

/// Share of guests whom the household does not expect: touts, meter readers, the wrong door. Assumed.
const UNEXPECTED: f64 = 0.05;
/// Share of deliveries that are meals; the rest are parcels. Assumed.
const MEALS: f64 = 0.4;
/// Households for each cleaner. Assumed.
const HOUSEHOLDS_PER_CLEANER: usize = 150;

/// Guests by hour of the day.
const GUESTS_BY_HOUR: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.01, 0.02, 0.04, 0.08, 0.09, 0.07, 0.05, 0.05, 0.07, 0.07, 0.07, 0.08,
    0.1, 0.1, 0.06, 0.03, 0.01, 0.0,
];
/// Meals by hour of the day.
const MEALS_BY_HOUR: [f64; 24] = [
    0.005, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.02, 0.02, 0.01, 0.05, 0.22, 0.17, 0.05, 0.02, 0.02, 0.03, 0.12,
    0.14, 0.06, 0.03, 0.02, 0.01, 0.005,
];

/// The instants of a day at which something happens that has an expected number for each hour.
fn instants(draw: &mut Draw, by_hour: &[f64; 24], busy: &[f64; 24], mean: f64) -> Vec<Ms> {
    let mut found = Vec::new();
    for hour in 0..24 {
        for _ in 0..draw.poisson(mean * by_hour[hour] * busy[hour]) {
            found.push(hours(hour as f64 + draw.unit()));
        }
    }
    found.sort();
    found
}

/// Guests, on foot or by car.
pub(super) fn guests(planner: &Planner, people: &mut People, agenda: &mut Agenda<Step>) {
    let cast = &planner.scenario.file.cast;
    for household in lived_in(planner) {
        let flat = &planner.scenario.households[household].flat;
        let streams = [("on foot", cast.visitors_per_flat), ("by car", cast.visiting_cars_per_flat)];
        let mut number = 0;
        for (stream, mean) in streams {
            let mut draw = planner.dice.draw(AgentKey::of(flat), stream, 0);
            for at in instants(&mut draw, &GUESTS_BY_HOUR, &planner.busy, mean) {
                let name = format!("visitor/{flat}/{number}");
                number += 1;
                let mut own = planner.dice.draw(AgentKey::of(&name), "visit", 0);
                let expected = !own.chance(UNEXPECTED);
                let lasting = Ms::from_seconds(own.log_normal(4500.0, 0.8).min(6.0 * 3600.0));
                let program = if stream == "by car" {
                    visit_by_car(planner, household, lasting, &mut own)
                } else {
                    visit_on_foot(planner, household, lasting, &mut own)
                };
                let Some(program) = program else { continue };
                let speed = own.normal_within(1.34, 0.26, 0.8, 2.0);
                let who = people.add(name, Kind::Guest { expected }, Some(household), speed);
                let key = people.persons[who as usize].key;
                agenda.add(at, key, Step::Begin(who, Box::new(program)));
            }
        }
    }
}

fn lived_in<'a>(planner: &'a Planner) -> impl Iterator<Item = usize> + use<'a> {
    (0..planner.families.len()).filter(|h| !planner.families[*h].members.is_empty())
}

/// Rings, stays, comes out: what is done at a household's door.
fn call_on(entrance: usize, household: usize, lasting: Ms) -> [Stage; 3] {
    [Stage::Ring { entrance, household, skip: 2 }, Stage::Indoors(lasting), Stage::Exit(entrance)]
}

fn visit_on_foot(planner: &Planner, household: usize, lasting: Ms, draw: &mut Draw) -> Option<Program> {
    let entrance = planner.scenario.households[household].entrance;
    let door = planner.places.doors[entrance]?;
    let mut program = from_street(planner, door, Role::Visitor, "to a household", draw)?;
    program.stages.extend(call_on(entrance, household, lasting));
    program.stages.extend(to_street(planner, door, draw)?);
    Some(program)
}

fn visit_by_car(planner: &Planner, household: usize, lasting: Ms, draw: &mut Draw) -> Option<Program> {
    let entrance = planner.scenario.households[household].entrance;
    let door = planner.places.doors[entrance]?;
    let portal = planner.portal(door, true, draw)?;
    let lots = &planner.places.lots;
    let open: Vec<usize> = (0..lots.len()).filter(|lot| !lots[*lot].garage).collect();
    let lot = draw.pick(&open).copied().or(if lots.is_empty() { None } else { Some(0) })?;
    let mut stages = VecDeque::from([Stage::DriveIn { lot, portal }, Stage::Alight(lot), Stage::Walk(door)]);
    stages.extend(call_on(entrance, household, lasting));
    stages.extend([Stage::Walk(lots[lot].at), Stage::DriveOut { lot, portal }]);
    let purpose = "to a household";
    Some(Program { start: Start::Unseen, stages, role: Role::Visitor, purpose, laden: false })
}

/// The beginning of a program: from the street through the gate to a door.
fn from_street(
    planner: &Planner,
    door: [f64; 2],
    role: Role,
    purpose: &'static str,
    draw: &mut Draw,
) -> Option<Program> {
    let portal = planner.portal(door, false, draw)?;
    let start = Start::Street { portal, point: draw.below(3) };
    let stages = VecDeque::from(planner.through_gate(portal, door));
    Some(Program { start, stages, role, purpose, laden: false })
}

/// The end of a program: through the gate and away.
fn to_street(planner: &Planner, door: [f64; 2], draw: &mut Draw) -> Option<[Stage; 4]> {
    let portal = planner.portal(door, false, draw)?;
    let gate = &planner.places.portals[portal];
    let street = gate.street[draw.below(gate.street.len())];
    let pass = Stage::Gate { portal, inward: false };
    Some([Stage::Walk(gate.at), pass, Stage::Walk(street), Stage::Gone])
}

/// Couriers with meals: one household each.
pub(super) fn meals(planner: &Planner, people: &mut People, agenda: &mut Agenda<Step>) {
    let mean = planner.scenario.file.cast.deliveries_per_flat * MEALS;
    for household in lived_in(planner) {
        let place = &planner.scenario.households[household];
        let mut draw = planner.dice.draw(AgentKey::of(&place.flat), "meals", 0);
        for (number, at) in instants(&mut draw, &MEALS_BY_HOUR, &planner.busy, mean).into_iter().enumerate() {
            let name = format!("courier/meal/{}/{number}", place.flat);
            let mut own = planner.dice.draw(AgentKey::of(&name), "round", 0);
            let Some(door) = planner.places.doors[place.entrance] else { continue };
            let begin = from_street(planner, door, Role::Courier, "with a meal", &mut own);
            let Some((mut program, end)) = begin.zip(to_street(planner, door, &mut own)) else { continue };
            let upstairs = Ms::from_seconds(60.0 + 4.0 * f64::from(place.storey) + own.exponential(30.0));
            program.stages.extend(call_on(place.entrance, household, upstairs));
            program.stages.extend(end);
            let speed = own.normal_within(1.5, 0.2, 1.1, 2.0);
            let who = people.add(name, Kind::Courier, Some(household), speed);
            let key = people.persons[who as usize].key;
            agenda.add(at, key, Step::Begin(who, Box::new(program)));
        }
    }
}

/// Couriers with parcels: one for each building and half of the day, from door to door.
pub(super) fn parcels(planner: &Planner, people: &mut People, agenda: &mut Agenda<Step>) {
    let mean = planner.scenario.file.cast.deliveries_per_flat * (1.0 - MEALS);
    let mut rounds: BTreeMap<(usize, usize), BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    for household in lived_in(planner) {
        let place = &planner.scenario.households[household];
        let mut draw = planner.dice.draw(AgentKey::of(&place.flat), "parcels", 0);
        for _ in 0..draw.poisson(mean * planner.busy[10].min(2.0)) {
            let half = draw.below(2);
            let doors = rounds.entry((place.building, half)).or_default();
            doors.entry(place.entrance).or_default().push(household);
        }
    }
    for ((building, half), doors) in rounds {
        let name = format!("courier/parcel/{}/{half}", planner.scenario.site.buildings[building].id);
        let mut draw = planner.dice.draw(AgentKey::of(&name), "round", 0);
        let begins = if half == 0 { draw.normal(10.3, 0.7) } else { draw.normal(15.4, 1.0) };
        let Some(program) = parcel_round(planner, &doors, &mut draw) else { continue };
        let first = doors.values().next().and_then(|households| households.first()).copied();
        let who = people.add(name, Kind::Courier, first, draw.normal_within(1.45, 0.2, 1.1, 2.0));
        let key = people.persons[who as usize].key;
        agenda.add(hours(begins), key, Step::Begin(who, Box::new(program)));
    }
}

fn parcel_round(planner: &Planner, doors: &BTreeMap<usize, Vec<usize>>, draw: &mut Draw) -> Option<Program> {
    let place = |entrance: &usize| planner.places.doors[*entrance];
    let first = doors.keys().find_map(place)?;
    let last = doors.keys().rev().find_map(place)?;
    let mut program = from_street(planner, first, Role::Courier, "with parcels", draw)?;
    program.laden = draw.chance(0.15);
    for (entrance, households) in doors {
        let (Some(door), Some(household)) = (place(entrance), households.first()) else { continue };
        let lasting = households.iter().map(|_| draw.log_normal(45.0, 0.4)).sum::<f64>() + 60.0;
        program.stages.push_back(Stage::Walk(door));
        program.stages.extend(call_on(*entrance, *household, Ms::from_seconds(lasting)));
    }
    program.stages.extend(to_street(planner, last, draw)?);
    Some(program)
}

/// Cleaners and a gardener, who come in the morning and go in the afternoon.
pub(super) fn staff(planner: &Planner, people: &mut People, agenda: &mut Agenda<Step>) {
    let doors: Vec<usize> =
        (0..planner.places.doors.len()).filter(|d| planner.places.doors[*d].is_some()).collect();
    if lived_in(planner).next().is_none() {
        return;
    }
    let cleaners = planner.scenario.households.len().div_ceil(HOUSEHOLDS_PER_CLEANER);
    for number in 0..=cleaners {
        let gardener = number == cleaners;
        let name = if gardener { "staff/gardener".into() } else { format!("staff/cleaner-{number}") };
        let mut draw = planner.dice.draw(AgentKey::of(&name), "day", 0);
        let Some(first) = planner.places.spots.first().copied() else { continue };
        let begin = from_street(planner, first, Role::Staff, "at work here", &mut draw);
        let Some((mut program, end)) = begin.zip(to_street(planner, first, &mut draw)) else { continue };
        for _ in 0..14 {
            let half_hour = Ms::from_seconds(draw.normal_within(1700.0, 500.0, 600.0, 3600.0));
            let (door, spot) = (draw.pick(&doors).copied(), draw.pick(&planner.places.spots).copied());
            match door.and_then(|door| planner.places.doors[door].map(|at| (door, at))) {
                Some((door, at)) if !gardener => {
                    let inside = [Stage::Enter(door), Stage::Indoors(half_hour), Stage::Exit(door)];
                    program.stages.push_back(Stage::Walk(at));
                    program.stages.extend(inside);
                }
                _ => {
                    program.stages.extend(spot.map(Stage::Walk));
                    program.stages.push_back(Stage::Stay(half_hour));
                }
            }
        }
        program.stages.extend(end);
        let begins = draw.normal_within(6.8, 0.3, 6.0, 8.0);
        let who = people.add(name, Kind::Staff, None, draw.normal_within(1.2, 0.15, 0.9, 1.6));
        let key = people.persons[who as usize].key;
        agenda.add(hours(begins), key, Step::Begin(who, Box::new(program)));
    }
}
