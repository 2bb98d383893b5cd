//! The planner's page: everything that the report holds is on it.

use anyhow::{Result, ensure};
use palisade_layout::analysis::rules::Basis;
use palisade_sheets::planner::page;

use crate::common::{Planned, put};

#[test]
fn every_answer_is_on_the_page() -> Result<()> {
    let planned = Planned::shipped("cuiyuan.toml")?;
    let html = page(&planned.material())?;
    let folder = tempfile::tempdir()?;
    put(folder.path(), "plan.html", html.as_bytes())?;
    for rule in &planned.report.rules {
        ensure!(html.contains(&format!("<th>{}</th>", rule.id)), "rule {} is missing", rule.id);
    }
    let rows = html.split("id=\"gaps\"").nth(1).unwrap_or_default();
    let section = rows.split("gaps.geojson").next().unwrap_or_default();
    let (rows, heads) = (section.matches("<tr>").count(), section.matches("<thead>").count());
    assert_eq!(rows, planned.report.answer.gaps.len() + heads);
    ensure!(heads == 2 && section.contains("smaller gaps</summary>"), "the smaller ones are folded away");
    for layer in ["zones", "gaps-body", "gaps-low", "kit-intercom", "perimeter", "trees", "ids"] {
        ensure!(html.contains(&format!("data-layer=\"{layer}\"")), "no switch for {layer}");
        ensure!(
            html.contains(&format!("layer {layer}\"")) || html.contains(&format!(" {layer}\"")),
            "no layer {layer}"
        );
    }
    ensure!(!html.contains("http://") && !html.contains("https://"), "the page needs no network");
    ensure!(html.len() < 2_500_000, "{} bytes", html.len());
    Ok(())
}

#[test]
fn a_figure_of_a_rule_says_what_it_rests_on() -> Result<()> {
    let mut planned = Planned::shipped("tiny.toml")?;
    let told = |planned: &Planned, basis: Basis| -> Result<usize> {
        let html = page(&planned.material())?;
        let rules =
            html.split("<section id=\"rules\">").nth(1).and_then(|rest| rest.split("</section>").next());
        Ok(rules.unwrap_or_default().matches(&format!("<span class=\"how\">{}</span>", basis.word())).count())
    };
    for basis in [Basis::Computed, Basis::Measured, Basis::Imported, Basis::Assumed] {
        planned.report.rules.iter_mut().for_each(|finding| finding.basis = None);
        assert_eq!(told(&planned, basis)?, 0);
        planned.report.rules[0].basis = Some(basis);
        assert_eq!(told(&planned, basis)?, 1);
    }
    Ok(())
}

#[test]
fn an_edition_that_is_not_in_the_report_is_not_on_the_page() -> Result<()> {
    let mut planned = Planned::shipped("tiny.toml")?;
    ensure!(page(&planned.material())?.contains("scrutinise"));
    planned.report.answer.coverage.remove("2025");
    ensure!(page(&planned.material())?.contains("scrutinise"), "it is there by night");
    planned.report.answer.coverage_night.remove("2025");
    ensure!(!page(&planned.material())?.contains("scrutinise"));
    Ok(())
}
