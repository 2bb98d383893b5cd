//! Analysis: ask and answer, no ticking. What is seen, what is not, and whether the perimeter is closed.

pub mod against;
pub mod answer;
pub mod assumed;
pub mod beam;
pub mod bill;
pub mod bundle;
pub mod caster;
pub mod cells;
pub mod closing;
pub mod conditions;
pub mod coverage;
pub mod detection;
pub mod facade;
pub mod figures;
pub mod fixes;
pub mod gates;
pub mod kept;
pub mod light;
mod mesh;
mod miss;
mod parts;
pub mod perimeter;
pub mod prices;
pub mod priority;
pub mod privacy;
pub mod projection;
pub mod raster;
pub mod repairs;
pub mod rules;
#[cfg(test)]
mod sample;
pub mod scene;
pub mod shadow;
pub mod sightlines;
pub mod tiers;
mod trace;
mod vector;
pub mod veil;
pub mod views;
pub mod wall_line;
pub mod what_if;
pub mod zone;

use against::Against;
use answer::PlanAnswer;
use caster::Caster;
use rules::Finding;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tiers::TierAnswer;
use views::Views;
use what_if::{Asked, Suffers};

use crate::model::Scenario;

/// What the plan writes to `report.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanReport {
    /// Version of this format: 1.
    pub format: u32,
    /// Name of the compound.
    pub scenario: String,
    /// Coverage, gaps, perimeter.
    #[serde(flatten)]
    pub answer: PlanAnswer,
    /// What each beam zone makes of bodies, birds and fog.
    #[serde(default)]
    pub beams: beam::BeamsAnswer,
    /// What facade cameras see of windows and of falls.
    #[serde(default)]
    pub facade: facade::FacadeAnswer,
    /// Which charging sockets have a fire detector.
    #[serde(default)]
    pub detection: detection::DetectionAnswer,
    /// What the other cameras show of dwellings, and masks against it.
    #[serde(default)]
    pub privacy: privacy::PrivacyAnswer,
    /// Each rule of the book, in its order.
    pub rules: Vec<Finding>,
    /// How it stands to the tiers for its kind, the lowest first.
    #[serde(default)]
    pub tiers: Vec<TierAnswer>,
    /// What suffers when one thing at a time goes wrong, the worst first; empty when it was not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what_if: Vec<Suffers>,
    /// Of each sort of variant, how many there are and how many were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what_if_asked: Vec<Asked>,
    /// This plan against an older one, when it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
}

/// The planner's first answer: coverage of public ground, its gaps, and the perimeter.
pub fn plan(scenario: &Scenario) -> PlanAnswer {
    let caster = Caster::of(scenario);
    plan_with(scenario, &caster, &Views::of(scenario, &caster))
}

/// The same with a caster of the same site, under its conditions, and the views of the same scenario.
pub fn plan_with(scenario: &Scenario, caster: &Caster, views: &Views) -> PlanAnswer {
    let found = coverage::coverage_of(scenario, caster, views);
    PlanAnswer {
        coverage: found.classes,
        public_ground_m2: found.public_ground_m2,
        gaps: found.gaps,
        small_gaps: found.small_gaps,
        coverage_night: found.night.classes,
        gaps_night: found.night.gaps,
        small_gaps_night: found.night.small_gaps,
        measures: Vec::new(),
        cheapest: Vec::new(),
        grid: found.grid,
        perimeter: perimeter::perimeter_on(scenario, caster),
        cells: cells::cells(scenario, views),
    }
}
