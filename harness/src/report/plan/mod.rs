//! The answer to `palisade plan` for people and for other programs. It renders what the analysis found and decides nothing.

mod against;
mod beams;
mod cells;
mod coverage;
mod detection;
mod facade;
mod fixes;
mod layers;
mod perimeter;
mod privacy;
mod rules;
mod tiers;
mod what_if;

use palisade_sheets::thousands;
use palisade_sim::analysis::PlanReport;
use palisade_sim::analysis::prices::Prices;
use palisade_sim::analysis::rules::RuleBook;
use palisade_sim::model::Scenario;

use crate::exit::Failure;

pub use layers::{against_geojson, geojson};

/// Gaps and stretches that a table shows; the files hold all.
const SHOWN: usize = 10;

/// The answer as tables, one after the other. Where the plan is held against an older one, only the comparison is told: the
/// files hold the rest.
pub fn text(scenario: &Scenario, report: &PlanReport, book: &RuleBook, prices: &Prices) -> String {
    if let Some(told) = &report.against {
        return against::table(told) + &what_if::table(&report.what_if, &report.what_if_asked);
    }
    let dated = format!("{}, {}", prices.how.word(), prices.dated);
    [
        coverage::table(scenario, &report.answer),
        coverage::gaps(&report.answer),
        fixes::table(&report.answer, &dated),
        perimeter::table(&report.answer.perimeter, &dated),
        beams::table(&report.beams),
        facade::table(&report.facade),
        detection::table(&report.detection),
        privacy::table(&report.privacy),
        cells::table(&report.answer.cells),
        rules::table(&report.rules, book),
        tiers::table(&report.tiers),
        what_if::table(&report.what_if, &report.what_if_asked),
    ]
    .concat()
}

/// The JSON Schema of what a plan writes to `report.json`, as it is committed.
///
/// # Errors
/// Only for a bug.
pub fn schema() -> Result<String, Failure> {
    super::schema_of::<PlanReport>()
}
