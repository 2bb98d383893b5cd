//! The report as one HTML file: no network, light and dark, readable without scripts, small enough to mail.

mod chart;
mod day;
mod pictures;
mod plan;
mod view;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use palisade_sim::model::kit::Kit;

use super::Report;
use super::assemble::Assembled;
use super::folder::Folder;
use super::write::bug;
use crate::exit::Failure;
use view::Limits;

/// The style rule that embeds the Chinese letters of a page.
pub(super) fn face(page: &str) -> Result<String, Failure> {
    palisade_sheets::fonts::face(page).map_err(|e| bug("the page's font", e))
}

const TEMPLATE: &str = include_str!("../../../../assets/report.html");
pub(super) const STYLE: &str = include_str!("../../../../assets/report.css");
const SCRIPT: &str = include_str!("../../../../assets/report.js");

/// Size that the file keeps below without its pictures, bytes.
pub(super) const SIZE: usize = 490_000;

/// Letters with a meaning in HTML, made harmless.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The page. When it would be too big, fewer rows are told, and it says so.
pub(super) fn render(assembled: &Assembled, folder: &Folder) -> Result<String, Failure> {
    let report = &assembled.report;
    let pictures = Pictures::draw(assembled, folder);
    let stills = folder.stills.as_deref().unwrap_or_default();
    let pictures = Pictures { stills: pictures::rows(stills), ..pictures };
    let of_stills: usize = pictures.stills.iter().map(|still| still.data.len()).sum();
    let mut limits = Limits::default();
    loop {
        let page = page(report, assembled, &pictures, limits)?;
        // Pictures are as big as they are: fewer rows would not help.
        if page.len() - of_stills <= SIZE || limits.is_least() {
            return Ok(page);
        }
        limits = limits.halved();
    }
}

/// What is drawn once, whatever the number of rows.
struct Pictures {
    plan: String,
    day: String,
    latency: String,
    stills: Vec<pictures::Row>,
}

impl Pictures {
    fn draw(assembled: &Assembled, folder: &Folder) -> Pictures {
        let kit: Option<&Kit> = folder.file.as_ref().ok().map(|f| &f.kit);
        let ground = plan::Ground {
            site: folder.whole.as_ref().ok().map(|s| &s.site),
            kit,
            plan: folder.plan.as_ref().ok(),
        };
        let floor = (assembled.floor.tally.expected > 0).then_some(&assembled.floor.latency.all);
        Pictures {
            plan: plan::draw(&assembled.report, &ground),
            day: day::draw(&assembled.report),
            latency: chart::path("Latency of all messages", &assembled.main.latency.all, floor),
            stills: Vec::new(),
        }
    }
}

fn page(
    report: &Report,
    assembled: &Assembled,
    pictures: &Pictures,
    limits: Limits,
) -> Result<String, Failure> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("report.html", TEMPLATE).map_err(|e| bug("report.html", e))?;
    let template = environment.get_template("report.html").map_err(|e| bug("report.html", e))?;
    let page = template
        .render(context! {
            report => Serde(report),
            view => Serde(view::View::of(report, assembled, limits)),
            plan => pictures.plan.as_str(),
            day => pictures.day.as_str(),
            latency => pictures.latency.as_str(),
            stills => Serde(&pictures.stills),
            style => STYLE,
            script => SCRIPT,
        })
        .map_err(|e| bug("report.html", format!("{e:#}")))?;
    let face = face(&page)?;
    Ok(page.replacen("/*face*/", &face, 1))
}

/// A picture of two pixels.
#[cfg(test)]
pub(super) fn tiny_png() -> Vec<u8> {
    palisade_sheets::density::encode(2, 1, &[[0, 0, 0, 255], [255, 255, 255, 255]], &[0, 1])
        .unwrap_or_default()
}
