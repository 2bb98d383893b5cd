//! What stands on the site and what is in the kit, counted.

use geo::Area as _;

use super::data::{Found, Item, Per};
use crate::analysis::answer::PlanAnswer;
use crate::analysis::conditions::Conditions;
use crate::analysis::gates::left_alone;
use crate::analysis::rules::Finding;
use crate::model::Scenario;
use crate::model::cast::Duty;
use crate::model::site::{Gate, GateFor, Use};

/// A planned scenario.
pub(super) struct Counts<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) plan: &'a PlanAnswer,
    pub(super) rules: &'a [Finding],
}

fn many<T>(items: impl IntoIterator<Item = T>) -> f64 {
    items.into_iter().count() as f64
}

impl Counts<'_> {
    /// How many of these there are.
    pub(super) fn per(&self, per: Per) -> f64 {
        let (site, kit) = (&self.scenario.site, &self.scenario.file.kit);
        match per {
            Per::Compound => 1.0,
            Per::Gate | Per::GateForPeople | Per::GateForVehicles => many(self.gates(per)),
            Per::Entrance => many(&site.entrances),
            Per::Block => many(site.buildings.iter().filter(|b| b.usage == Use::Residential)),
            Per::PerimeterM => self.plan.perimeter.whole_m() - self.plan.perimeter.gates_m,
            Per::Hectare => self.scenario.ground_m2() / 10_000.0,
            Per::Household => self.scenario.households.len() as f64,
            Per::HundredHouseholds => self.scenario.households.len() as f64 / 100.0,
            Per::Socket => kit.charger.iter().map(|c| f64::from(c.sockets)).sum(),
        }
    }

    /// Gates that a demand is for: those of one kind where it is for that kind, else all.
    fn gates(&self, per: Per) -> impl Iterator<Item = &Gate> {
        self.scenario.site.gates.iter().filter(move |gate| match per {
            Per::GateForPeople => gate.passage != GateFor::Vehicles,
            Per::GateForVehicles => gate.passage != GateFor::Pedestrians,
            _ => true,
        })
    }

    /// How much of it is there.
    pub(super) fn found(&self, item: &Item) -> f64 {
        let (site, kit) = (&self.scenario.site, &self.scenario.file.kit);
        match &item.found {
            Found::GatePosts => {
                let today = Conditions::default();
                let manned =
                    |gate: &&Gate| self.has_post(gate) && left_alone(self.scenario, &today, gate).is_empty();
                many(self.gates(item.demand.per).filter(manned))
            }
            Found::Barriers => {
                let closed = |gate: &crate::words::Id| kit.barrier.iter().any(|b| b.gate == *gate);
                many(self.gates(item.demand.per).filter(|g| closed(&g.id)))
            }
            Found::OuterPosts => many(&kit.outer_post),
            Found::Cells => many(&kit.grid_cell),
            Found::Checkpoints => {
                let walked =
                    |id: &crate::words::Id| kit.guard_tour.iter().any(|t| t.checkpoints.contains(id));
                many(kit.checkpoint.iter().filter(|p| walked(&p.id)))
            }
            Found::Rounds => many(kit.guard_tour.iter().flat_map(|t| &t.starts)),
            Found::FireStations => many(&kit.fire_station),
            Found::FirePoints => many(&kit.fire_point),
            Found::Sockets => self.per(Per::Socket),
            Found::FireDetectors => many(&kit.smoke_detector) + many(&kit.heat_detector),
            Found::Intercoms => {
                let has = |id: &crate::words::Id| kit.intercom.iter().any(|i| i.entrance == *id);
                many(site.entrances.iter().filter(|e| has(&e.id)))
            }
            Found::GuardedM => self.plan.perimeter.guarded_m,
            Found::ByRule(id) => self.by_rule(id, item.demand.count),
            Found::Cameras => many(&kit.camera),
            Found::FacadeCameras => many(&kit.facade_camera),
            Found::Guards => many(&self.scenario.file.cast.guard),
            Found::DutyRooms => {
                let cast = &self.scenario.file.cast;
                let staffed = |id: &crate::words::Id| cast.round_the_clock(&Duty::DutyRoom(id.clone()));
                many(kit.duty_room.iter().filter(|d| d.operators > 0 && staffed(&d.id)))
            }
        }
    }

    fn has_post(&self, gate: &Gate) -> bool {
        self.scenario.file.kit.gate_post.iter().any(|post| post.gate == gate.id)
    }

    /// How much of it is built, whether or not people are there for it.
    pub(super) fn built(&self, item: &Item) -> f64 {
        match &item.found {
            Found::GatePosts => many(self.gates(item.demand.per).filter(|gate| self.has_post(gate))),
            Found::DutyRooms => many(&self.scenario.file.kit.duty_room),
            _ => self.found(item),
        }
    }

    /// What a rule has counted already, of each thing at most so much.
    fn by_rule(&self, id: &str, most: f64) -> f64 {
        let counted = self.rules.iter().filter(|f| f.id == id).flat_map(|f| &f.each);
        counted.map(|each| each.found.min(most)).sum()
    }
}

impl Scenario {
    /// Ground of the compound, buildings included, m²; without an outline, of the rectangle that holds the site.
    pub fn ground_m2(&self) -> f64 {
        let outlines: f64 = self.site.compounds.iter().map(|c| c.outline.unsigned_area()).sum();
        if outlines > 0.0 {
            return outlines;
        }
        crate::analysis::raster::extent(&self.site, &[]).map_or(0.0, |e| e.unsigned_area())
    }
}
