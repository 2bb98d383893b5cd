//! The plan as one HTML file for planners and engineers: a map with layers to switch, and every answer as a table.

mod rest;
mod rows;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use palisade_layout::analysis::answer::Gap;

use crate::map::{self, Frame, Pen, STYLE, Show};
use crate::{Failed, Material, fonts};

const TEMPLATE: &str = include_str!("../../../../assets/sheets/plan.html");
const PAGE_STYLE: &str = include_str!("../../../../assets/sheets/page.css");
const OWN_STYLE: &str = include_str!("../../../../assets/sheets/planner.css");
const SCRIPT: &str = include_str!("../../../../assets/sheets/planner.js");
/// Width of the map in its own units; the page scales it.
const WIDTH_MM: f64 = 280.0;

/// `plan.html`.
///
/// # Errors
/// When the site holds nothing, or the template refuses, which is a bug.
pub fn page(material: &Material) -> Result<String, Failed> {
    let wrong = |e: minijinja::Error| Failed::writer("plan.html", format!("{e:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("plan.html", TEMPLATE).map_err(wrong)?;
    let template = environment.get_template("plan.html").map_err(wrong)?;
    let page = template
        .render(context! {
            view => Serde(rows::View::of(material)),
            rest => Serde(rest::tables(material.report)),
            map => picture(material)?,
            style => format!("{STYLE}{PAGE_STYLE}{OWN_STYLE}"),
            script => SCRIPT,
        })
        .map_err(wrong)?;
    let face = fonts::face(&page)?;
    Ok(page.replacen("/*face*/", &face, 1))
}

fn picture(material: &Material) -> Result<String, Failed> {
    let empty = || Failed::Empty { scenario: material.scenario.file.name.clone() };
    let ground = map::grown(map::extent(&material.scenario.site).ok_or_else(empty)?, 8.0);
    let height = (WIDTH_MM * ground.height() / ground.width().max(1.0)).clamp(90.0, 320.0);
    let frame = Frame::filling([0.0, 0.0, WIDTH_MM, height], ground);
    let show = Show { gaps_at_m: None, zones: true, ids: true, small_kit: true, letters_mm: 2.0 };
    let mut pen = Pen::default();
    map::draw(&mut pen, material, &frame, show, &Vec::<&Gap>::new());
    Ok(format!(
        "<svg class=\"map\" id=\"map\" viewBox=\"0 0 {WIDTH_MM} {height:.1}\" role=\"img\" aria-label=\"Plan of the compound\">{}</svg>",
        pen.done()
    ))
}
