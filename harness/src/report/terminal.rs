//! The summary on the terminal: the verdict first, the next command to type last, at most 100 columns.

use super::Report;

/// The summary without colour.
pub fn render(report: &Report) -> String {
    let verdict = if report.verdict.pass { "PASS" } else { "FAIL" };
    format!("{verdict}  {}\n", report.scenario.path)
}
