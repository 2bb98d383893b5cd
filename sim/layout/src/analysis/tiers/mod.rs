//! Tiers (建设等级): which equipment a compound of this kind should have, and which it has.
//!
//! The checklists are data (`assets/tiers`), dated and assumed. A walled compound is held against those for walled
//! ones, an open one against those for open ones.

mod count;
mod data;

pub use data::{Demand, Found, Item, Per, Tier, Unreadable};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use geo::{Euclidean, Length as _};

use super::answer::PlanAnswer;
use super::prices::Prices;
use super::rules::{Basis, Finding, Status};
use crate::model::Scenario;

/// Whether a compound has a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Walls, fences or hedges stand around it (封闭式小区).
    Walled,
    /// Streets lead through it (开放式小区).
    Open,
}

impl Kind {
    /// What a compound is: walled when walls, fences and hedges of the perimeter are at least half as long as its outline, or
    /// there are any and no outline is known. Half is assumed.
    pub fn of(scenario: &Scenario) -> Kind {
        let site = &scenario.site;
        let walls_m: f64 = site.rim().map(|w| Euclidean.length(&w.line)).sum();
        let outline_m: f64 = site.compounds.iter().map(|c| Euclidean.length(c.outline.exterior())).sum();
        if walls_m > 0.0 && walls_m >= 0.5 * outline_m { Kind::Walled } else { Kind::Open }
    }
}

/// How a compound stands to one tier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TierAnswer {
    /// The tier.
    pub name: String,
    /// The same in Chinese.
    pub name_zh: String,
    /// For which compounds it is.
    pub kind: Kind,
    /// When it was put together.
    pub dated: String,
    /// What its counts rest on.
    pub basis: Basis,
    /// True when every item is met.
    pub met: bool,
    /// What the missing units cost together, yuan, at the prices of the list.
    pub cost_yuan: f64,
    /// Its checklist, in its order.
    pub items: Vec<TierItem>,
}

/// One line of the checklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TierItem {
    /// The system that it belongs to.
    pub system: u32,
    /// Its name.
    pub id: String,
    /// What is asked for.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: String,
    /// Met, not met, or nothing here that it is about.
    pub status: Status,
    /// What is demanded, in `unit`.
    pub demanded: f64,
    /// What was counted, in `unit`; computed from the scenario.
    pub found: f64,
    /// Unit of both.
    pub unit: String,
    /// What equipment the missing units lack costs, yuan.
    pub cost_yuan: f64,
    /// Whether it also takes people, who are paid month by month and have no price here.
    #[serde(default)]
    pub people: bool,
}

/// Holds a compound against the tiers for its kind, in their order. `plan` and `rules` are the plan of the same
/// scenario.
pub fn tiers(
    (list, prices): (&[Tier], &Prices),
    scenario: &Scenario,
    plan: &PlanAnswer,
    rules: &[Finding],
) -> Vec<TierAnswer> {
    let kind = Kind::of(scenario);
    let counts = count::Counts { scenario, plan, rules };
    list.iter().filter(|tier| tier.kind == kind).map(|tier| answer(tier, prices, &counts)).collect()
}

fn answer(tier: &Tier, prices: &Prices, counts: &count::Counts<'_>) -> TierAnswer {
    let items: Vec<TierItem> = tier.items.iter().map(|item| line(item, prices, counts)).collect();
    TierAnswer {
        name: tier.name.clone(),
        name_zh: tier.name_zh.clone(),
        kind: tier.kind,
        dated: tier.dated.clone(),
        basis: tier.basis,
        met: items.iter().all(|i| i.status != Status::Fail),
        cost_yuan: items.iter().map(|i| i.cost_yuan).sum(),
        items,
    }
}

/// Rounding below which a demand is not rounded up, and a shortfall is none.
const TINY: f64 = 1e-9;

fn line(item: &Item, prices: &Prices, counts: &count::Counts<'_>) -> TierItem {
    let there = counts.per(item.demand.per);
    let demanded = libm::ceil(item.demand.count * there - TINY);
    let found = counts.found(item);
    let missing = (demanded - found).max(0.0);
    // What is built and has no people lacks no equipment.
    let unbuilt = (demanded - counts.built(item).max(found)).max(0.0);
    let status = match (there > 0.0, missing > TINY) {
        (false, _) => Status::NotApplicable,
        (true, true) => Status::Fail,
        (true, false) => Status::Pass,
    };
    TierItem {
        system: item.system,
        id: item.id.clone(),
        title: item.title.clone(),
        title_zh: item.title_zh.clone(),
        status,
        demanded,
        found,
        unit: item.unit.clone(),
        people: item.found.takes_people(),
        cost_yuan: unbuilt * item.pieces * item.piece.map_or(0.0, |piece| prices.piece_yuan(piece)),
    }
}

#[cfg(test)]
mod tests;
