//! Residents, visitors, couriers, staff: what they plan for the day, and how they carry it out.
//!
//! Everybody's day is drawn at midnight as programs ([`program`]): a start and stages. Between stages nobody costs
//! anything. At gates and doors people present themselves at the [`desk`], and the device there lets them go on.

pub mod census;
pub mod day;
pub mod desk;
mod life;
pub mod program;
mod strangers;

use bevy::prelude::*;

use super::frame::{Agenda, Chance, NextWake, Phase, Plan, Room, SimTick, Slot};
use super::nav::Nav;
use super::walk::Outdoors;
use crate::words::{AgentKey, IncidentId, Ms};
pub use desk::{AtDoor, AtGate, Desk, DoorUse, Drive};
pub use program::{Program, Stage, Start};

/// Why somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lives here.
    Resident,
    /// Visits a household; `expected` when the household knows of it.
    Guest {
        /// The household knows that he comes.
        expected: bool,
    },
    /// Brings parcels or meals.
    Courier,
    /// Works here.
    Staff,
}

/// A person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Stable name, such as `resident/b03-1-0502/1`.
    pub name: String,
    /// Stable key.
    pub key: AgentKey,
    /// Why he is here.
    pub kind: Kind,
    /// The household he lives in or visits.
    pub household: Option<usize>,
    /// Walking speed, m/s.
    pub speed_m_s: f64,
    pub(crate) now: Now,
}

/// What a person does at the moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Now {
    pub(crate) program: Option<Program>,
    pub(crate) body: Option<Outdoors>,
    pub(crate) place: [f64; 2],
    pub(crate) errand: Option<IncidentId>,
    /// Rings at a door; so many stages fall away when nobody lets him in.
    pub(crate) ringing: Option<usize>,
    /// True while inside the own flat.
    pub(crate) at_home: bool,
}

/// Number of a person in [`People::persons`].
pub type PersonIx = u32;

/// Everybody.
#[derive(Resource, Debug, Default)]
pub struct People {
    /// All persons.
    pub persons: Vec<Person>,
    /// How many members of each household are at home.
    pub at_home: Vec<u16>,
    /// Cars of residents, all of them parked at midnight.
    pub cars: u32,
}

impl People {
    /// Adds a person and returns his number.
    pub fn add(&mut self, name: String, kind: Kind, household: Option<usize>, speed_m_s: f64) -> PersonIx {
        let key = AgentKey::of(&name);
        self.persons.push(Person { name, key, kind, household, speed_m_s, now: Now::default() });
        self.persons.len() as PersonIx - 1
    }
}

/// What a person does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// A program begins.
    Begin(PersonIx, Box<Program>),
    /// The stage at hand is done.
    Next(PersonIx),
    /// The stage at hand is refused: he turns back.
    Refused(PersonIx),
}

/// Residents, visitors, couriers, staff.
pub struct PeoplePlugin;

impl Plugin for PeoplePlugin {
    fn build(&self, app: &mut App) {
        let world = app.world_mut();
        let scenario = world.resource::<Plan>().0.clone();
        let dice = world.resource::<Chance>().0;
        let nav = Nav::of(&scenario.site);
        let mut people = People { at_home: vec![0; scenario.households.len()], ..People::default() };
        let mut agenda = Agenda::<Step>::default();
        let planner = day::Planner::new(&scenario, dice, nav.places.clone());
        planner.residents(&mut people, &mut agenda);
        people.cars = planner.families.iter().map(|family| u32::from(family.car)).sum();
        strangers::guests(&planner, &mut people, &mut agenda);
        strangers::meals(&planner, &mut people, &mut agenda);
        strangers::parcels(&planner, &mut people, &mut agenda);
        strangers::staff(&planner, &mut people, &mut agenda);
        app.insert_resource(nav)
            .insert_resource(people)
            .insert_resource(agenda)
            .init_resource::<Desk>()
            .add_systems(SimTick, life::live.in_set(Slot(Phase::Decide, Room::People)))
            .add_systems(SimTick, wake.in_set(Slot(Phase::Report, Room::People)));
    }
}

fn wake(agenda: Res<Agenda<Step>>, mut wake: ResMut<NextWake>) {
    wake.offer(agenda.next());
}

/// An instant of the day from hours.
pub(crate) fn hours(hours: f64) -> Ms {
    Ms::from_seconds(hours * 3600.0)
}
