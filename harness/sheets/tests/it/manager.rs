//! The manager's page: one page of A4, in Chinese, and nothing on it that the plan did not find.

use anyhow::{Context, Result, ensure};
use palisade_layout::analysis::rules::Status;
use palisade_sheets::manager::manager;

use crate::common::{Planned, ask, put};

/// The words of a PDF without the spaces that a reader of PDF puts between letters.
fn words(pdf: &str) -> Result<String> {
    let text = ask("pdftotext", "poppler-utils", &["-layout", pdf, "-"])?;
    Ok(text.split_whitespace().collect())
}

#[test]
fn the_page_is_one_page_of_a4_and_says_what_the_plan_found() -> Result<()> {
    let planned = Planned::shipped("cuiyuan.toml")?;
    let made = manager(&planned.material())?;
    let folder = tempfile::tempdir()?;
    put(folder.path(), "manager.html", made.html.as_bytes())?;
    let pdf = put(folder.path(), "manager.pdf", &made.pdf)?;
    let about = ask("pdfinfo", "poppler-utils", &[&pdf])?;
    ensure!(about.contains("Pages:           1") && about.contains("(A4)"), "{about}");

    let said = words(&pdf)?;
    let share = planned.report.answer.coverage["2014"]["1.5"]["detect"].share;
    let open = planned.report.answer.perimeter.gaps.len();
    for wanted in [format!("{:.0}%", share * 100.0), format!("周界还有{open}处"), "需要整改".to_owned()]
    {
        ensure!(said.contains(&wanted), "the page does not say {wanted}:\n{said}");
    }
    for finding in planned.report.rules.iter().filter(|f| f.status == Status::Fail).take(5) {
        let title: String = finding.title_zh.split_whitespace().collect();
        ensure!(said.contains(&title), "rule {} is not on the page", finding.id);
        ensure!(said.contains(&format!("rules[id={}]", finding.id)), "rule {} has no evidence", finding.id);
    }
    // Every mark on the page stands in the list of evidence.
    let marks = made.html.matches("<sup><a href=\"#e").count();
    ensure!(marks >= 8, "{marks} marks");
    for part in made.html.split("href=\"#e").skip(1) {
        let mark = part.split('"').next().context("a mark")?;
        ensure!(made.html.contains(&format!("<li id=\"e{mark}\">")), "evidence {mark} is missing");
    }
    ensure!(made.html.len() < 500_000 && !made.html.contains("http://"), "{} bytes", made.html.len());
    Ok(())
}

#[test]
fn a_browser_prints_the_page_on_one_sheet() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let made = manager(&Planned::shipped("cuiyuan.toml")?.material())?;
    let html = put(folder.path(), "manager.html", made.html.as_bytes())?;
    let printed = folder.path().join("printed.pdf").display().to_string();
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let (to, from) = (format!("--print-to-pdf={printed}"), format!("file://{html}"));
    let options =
        ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", &profile, &to, &from];
    ask("chromium", "chromium", &options)?;
    let about = ask("pdfinfo", "poppler-utils", &[&printed])?;
    ensure!(about.contains("Pages:           1") && about.contains("(A4)"), "{about}");
    Ok(())
}

#[test]
fn the_cheapest_measures_are_told_with_their_price() -> Result<()> {
    let mut planned = Planned::shipped("tiny.toml")?;
    let told = |planned: &Planned| -> Result<String> { Ok(manager(&planned.material())?.html) };
    ensure!(told(&planned)?.contains("本次计算没有给出带造价的措施"));
    for (gap, cost, camera) in [(0, 3210.0, "cam-x"), (1, 120.0, "cam-y"), (2, 99.0, "cam-y")] {
        let fix = serde_json::json!({
            "what": "Turn it.", "device": camera, "enough": true, "closes_m2": 40.0, "left_m2": 1.0,
            "gains_m2": 55.0, "loses_m2": 3.0, "cost_yuan": cost, "cost_label": "assumed", "bill": [],
            "change": [{ "table": "camera", "id": camera, "key": "bearing_deg", "old": 10.0, "new": 25.0 }],
        });
        planned.report.answer.gaps[gap].fix = Some(serde_json::from_value(fix)?);
    }
    let html = told(&planned)?;
    for wanted in
        ["cam-x：方位角由 10° 改为 25°", "约 3,210 元（价格为假定）", "约 99 元", "report.json gaps[2].fix"]
    {
        ensure!(html.contains(wanted), "{wanted} is not told");
    }
    ensure!(!html.contains("约 120 元"), "one camera is turned one way only");
    Ok(())
}

#[test]
fn a_closed_perimeter_is_told_as_closed() -> Result<()> {
    let mut planned = Planned::shipped("cuiyuan.toml")?;
    let told = |planned: &Planned| -> Result<bool> {
        Ok(manager(&planned.material())?.html.contains("周界没有缺口"))
    };
    ensure!(!told(&planned)?);
    planned.report.answer.perimeter.gaps.clear();
    ensure!(told(&planned)?);
    Ok(())
}
