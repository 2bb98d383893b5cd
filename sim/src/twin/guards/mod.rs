//! Guards: shifts and relief, tours, rounds of cells, and where they are sent.
//!
//! [`roster`] says who is on duty; [`tour`] what a walk is and when each point is due; [`patrol`] lets them walk;
//! [`dispatch`] sends them to alarms. Checkpoints, radios and the duty room are devices and look on from outside.

pub mod dispatch;
mod patrol;
pub mod roster;
mod shift;
pub mod tour;

use bevy::prelude::*;

use super::frame::{Agenda, Chance, NextWake, Phase, Plan, Room, SimTick, Slot};
use super::nav::Nav;
use super::walk::Outdoors;
use crate::model::Scenario;
use crate::model::cast::Duty;
use crate::words::{AgentKey, Dice, IncidentId, Ms};
pub use dispatch::{Order, Orders, Radio, Report};
pub use roster::Roster;
use tour::TourWalk;

/// Number of a guard in the cast's list.
pub type GuardIx = usize;

/// What a guard does at the moment.
#[derive(Clone, Debug, Default)]
pub(crate) enum Task {
    /// Off duty.
    #[default]
    Off,
    /// On duty, nothing to walk: at his post, or waiting at the base.
    Ready,
    /// Walks a tour.
    Touring,
    /// Walks round a cell; the corners that are left.
    Round(Vec<[f64; 2]>),
    /// Sent somewhere.
    Sent(Order),
    /// On the way back to the base.
    Returning,
}

/// A guard.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Stable name, `guard/<id>`.
    pub name: String,
    /// Stable key.
    pub key: AgentKey,
    /// Trained before the job and in the last year.
    pub trained: bool,
    /// Carries a radio.
    pub radio: bool,
    /// Walking speed of his own, m/s.
    pub speed_m_s: f64,
    /// Where he stands or waits, m.
    pub base: [f64; 2],
    /// He stands outdoors at his post.
    pub stands: bool,
    pub(crate) task: Task,
    pub(crate) body: Option<Outdoors>,
    pub(crate) place: [f64; 2],
    pub(crate) errand: Option<IncidentId>,
    pub(crate) tour: Option<TourWalk>,
    /// Counts changes of plan, so that what was planned before is not done.
    pub(crate) change: u32,
}

/// All guards of the cast.
#[derive(Resource, Debug, Default)]
pub struct Guards {
    /// In the cast's order.
    pub guards: Vec<Guard>,
    /// What they did since the devices last looked.
    pub noted: Vec<Noted>,
    /// What they say since the devices last looked.
    pub reports: Vec<Report>,
}

/// Something that a guard did, for the devices to see.
#[derive(Clone, Debug)]
pub enum Noted {
    /// Took over.
    On(GuardIx, Ms, IncidentId),
    /// Left.
    Off(GuardIx, Ms, IncidentId),
    /// Touched a checkpoint.
    Touched {
        /// Who.
        guard: GuardIx,
        /// When.
        at: Ms,
        /// Row of the checkpoint in the kit.
        checkpoint: usize,
        /// Row of the tour in the kit.
        tour: usize,
        /// How long after the planned instant.
        offset: Ms,
        /// His tour.
        errand: IncidentId,
    },
    /// Nobody touched a checkpoint in its window.
    Lapsed {
        /// When the window closed.
        at: Ms,
        /// Row of the checkpoint in the kit.
        checkpoint: usize,
        /// Row of the tour in the kit.
        tour: usize,
        /// The deviation.
        deviation: IncidentId,
    },
}

/// What comes next for a guard or a tour.
#[derive(Clone, Debug)]
pub(crate) enum GuardStep {
    On(GuardIx, bool),
    Off(GuardIx, bool),
    Tour { tour: usize, start: usize },
    Arrived(GuardIx, u32),
    Touch(GuardIx, u32),
    SearchOver(GuardIx, u32),
    Window { tour: usize, start: usize, point: usize },
    CellRound(usize),
}

/// Guards.
pub struct GuardsPlugin;

impl Plugin for GuardsPlugin {
    fn build(&self, app: &mut App) {
        let world = app.world_mut();
        let scenario = world.resource::<Plan>().0.clone();
        let dice = world.resource::<Chance>().0;
        let roster = Roster::of(&scenario, &dice);
        let nav = world.resource::<Nav>();
        let guards = (0..roster.turns.len()).map(|guard| cast_guard(&scenario, &dice, nav, guard)).collect();
        let mut nav = app.world_mut().resource_mut::<Nav>();
        let (start, _) = base(&scenario, &Duty::Tour(crate::words::Id::default()));
        let start = nav.stand_near(start).unwrap_or(start);
        let tours = tour::Tours::of(&scenario, &mut nav, start);
        let agenda = shift::day(&scenario, &dice, &roster, &tours);
        app.insert_resource(Guards { guards, ..Guards::default() })
            .insert_resource(roster)
            .insert_resource(tours)
            .insert_resource(agenda)
            .init_resource::<Orders>()
            .init_resource::<Radio>()
            .add_systems(SimTick, patrol::act.in_set(Slot(Phase::Decide, Room::Guards)))
            .add_systems(SimTick, wake.in_set(Slot(Phase::Report, Room::Guards)));
    }
}

fn wake(agenda: Res<Agenda<GuardStep>>, mut wake: ResMut<NextWake>) {
    wake.offer(agenda.next());
}

fn cast_guard(scenario: &Scenario, dice: &Dice, nav: &Nav, guard: GuardIx) -> Guard {
    let cast = &scenario.file.cast.guard[guard];
    let name = format!("guard/{}", cast.id);
    let key = AgentKey::of(&name);
    let speed_m_s = dice.draw(key, "speed", 0).normal_within(1.0, 0.07, 0.8, 1.2);
    let (base, stands) = base(scenario, &cast.duty);
    let base = nav.stand_near(base).unwrap_or(base);
    Guard {
        name,
        key,
        trained: cast.trained,
        radio: cast.radio,
        speed_m_s,
        base,
        stands,
        task: Task::Off,
        body: None,
        place: base,
        errand: None,
        tour: None,
        change: 0,
    }
}

/// Where a duty is done, m, and whether one stands outdoors for it.
fn base(scenario: &Scenario, duty: &Duty) -> ([f64; 2], bool) {
    let kit = &scenario.file.kit;
    let gates = &scenario.site.gates;
    let gate = |id: &crate::words::Id| gates.iter().find(|gate| gate.id == *id);
    let at_gate = |id: &crate::words::Id| gate(id).map(|gate| [gate.at.x + 1.0, gate.at.y]);
    let room = kit.duty_room.first().map(|room| room.at_m);
    let station = kit.fire_station.first().map(|station| station.at_m);
    let first_gate = gates.first().map(|gate| [gate.at.x, gate.at.y]);
    let somewhere = room.or(station).or(first_gate).unwrap_or([0.0, 0.0]);
    match duty {
        Duty::GatePost(id) => {
            let post = kit.gate_post.iter().find(|post| post.id == *id);
            (post.and_then(|post| at_gate(&post.gate)).unwrap_or(somewhere), true)
        }
        Duty::Barrier(id) => {
            let barrier = kit.barrier.iter().find(|barrier| barrier.id == *id);
            (barrier.and_then(|barrier| at_gate(&barrier.gate)).unwrap_or(somewhere), true)
        }
        Duty::OuterPost(id) => {
            let post = kit.outer_post.iter().find(|post| post.id == *id);
            (post.map_or(somewhere, |post| post.at_m), true)
        }
        Duty::DutyRoom(id) => {
            let here = kit.duty_room.iter().find(|room| room.id == *id);
            (here.map_or(somewhere, |room| room.at_m), false)
        }
        Duty::Responder => (station.unwrap_or(somewhere), false),
        Duty::Tour(_) => (somewhere, false),
        Duty::GridCell(id) => {
            let cell = kit.grid_cell.iter().find(|cell| cell.id == *id);
            (cell.and_then(|cell| cell.outline_m.first().copied()).unwrap_or(somewhere), false)
        }
    }
}
