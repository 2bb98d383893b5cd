//! The answer to `palisade plan` for people and for other programs. It renders what the analysis found and decides nothing.

mod beams;
mod cells;
mod coverage;
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

pub use layers::geojson;
pub use what_if::table as what_if_table;

/// Gaps and stretches that a table shows; the files hold all.
const SHOWN: usize = 10;

/// The answer as tables, one after the other.
pub fn text(scenario: &Scenario, report: &PlanReport, book: &RuleBook, prices: &Prices) -> String {
    [
        coverage::table(scenario, &report.answer),
        coverage::gaps(&report.answer),
        fixes::table(&report.answer, &format!("{}, {}", prices.how.word(), prices.dated)),
        perimeter::table(&report.answer.perimeter),
        beams::table(&report.beams),
        facade::table(&report.facade),
        privacy::table(&report.privacy),
        cells::table(&report.answer.cells),
        rules::table(&report.rules, book),
        tiers::table(&report.tiers),
    ]
    .concat()
}
