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
        fixes::table(&report.answer, &prices.dated),
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

/// A whole number with commas.
fn thousands(x: f64) -> String {
    let digits = format!("{x:.0}");
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_commas() {
        let shown = [0.0, 12.4, 999.6, 1_234_567.0].map(thousands);
        assert_eq!(shown, ["0", "12", "1,000", "1,234,567"]);
    }
}
