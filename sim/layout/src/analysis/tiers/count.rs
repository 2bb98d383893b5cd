//! What stands on the site and what is in the kit, counted.

use geo::Area as _;

use super::data::{Found, Per};
use crate::analysis::answer::PlanAnswer;
use crate::analysis::rules::Finding;
use crate::model::Scenario;
use crate::model::kit::CameraTask;
use crate::model::site::{GateFor, Use};

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
            Per::Gate => many(&site.gates),
            Per::GateForPeople => many(site.gates.iter().filter(|g| g.passage != GateFor::Vehicles)),
            Per::GateForVehicles => many(site.gates.iter().filter(|g| g.passage != GateFor::Pedestrians)),
            Per::Entrance => many(&site.entrances),
            Per::Block => many(site.buildings.iter().filter(|b| b.usage == Use::Residential)),
            Per::PerimeterM => self.plan.perimeter.whole_m() - self.plan.perimeter.gates_m,
            Per::Hectare => self.scenario.ground_m2() / 10_000.0,
            Per::Household => self.scenario.households.len() as f64,
            Per::HundredHouseholds => self.scenario.households.len() as f64 / 100.0,
            Per::Socket => kit.charger.iter().map(|c| f64::from(c.sockets)).sum(),
        }
    }

    /// How much of it is there.
    pub(super) fn found(&self, found: Found) -> f64 {
        let (site, kit) = (&self.scenario.site, &self.scenario.file.kit);
        match found {
            Found::GatePosts => {
                let manned =
                    |gate: &crate::words::Id| kit.gate_post.iter().any(|p| p.gate == *gate && p.guards > 0);
                many(site.gates.iter().filter(|g| manned(&g.id)))
            }
            Found::Barriers => many(site.gates.iter().filter(|g| kit.barrier.iter().any(|b| b.gate == g.id))),
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
            Found::EntranceCameras => many(kit.camera.iter().filter(|c| c.task == CameraTask::Entrance)),
            Found::EntrancesSeen => self.entrances_seen(),
            Found::Cameras => many(&kit.camera),
            Found::FacadeCameras => many(&kit.facade_camera),
            Found::Guards => many(&self.scenario.file.cast.guard),
            Found::DutyRooms => many(kit.duty_room.iter().filter(|d| d.operators > 0)),
        }
    }

    /// The rule about entrances has asked the cameras already.
    fn entrances_seen(&self) -> f64 {
        let share = self.rules.iter().find(|f| f.id == "19").and_then(|f| f.measured).unwrap_or(0.0);
        libm::round(share * self.scenario.site.entrances.len() as f64)
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
