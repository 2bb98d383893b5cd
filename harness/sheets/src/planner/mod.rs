//! The plan as one HTML file for planners and engineers: a map with layers to switch, and every answer as a table.

mod answers;
mod change;
mod grid;
mod rest;
mod rows;

use geo::Rect;
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
            answers => Serde(answers::grids(material.report)),
            change => Serde(material.report.against.as_ref().map(change::View::of)),
            change_map => changed(material)?,
            map => picture(material)?,
            style => format!("{STYLE}{PAGE_STYLE}{OWN_STYLE}"),
            script => SCRIPT,
        })
        .map_err(wrong)?;
    let face = fonts::face(&page)?;
    Ok(page.replacen("/*face*/", &face, 1))
}

/// The map of what changed; empty when the plan is held against none.
fn changed(material: &Material) -> Result<String, Failed> {
    let Some(told) = &material.report.against else { return Ok(String::new()) };
    let frame = frame(material, |ground| map::change::extent(told, ground))?;
    let show = Show {
        gaps_at_m: None,
        zones: false,
        densities: false,
        ids: false,
        small_kit: false,
        letters_mm: 2.0,
    };
    let mut pen = Pen::default();
    map::change::draw(&mut pen, material, told, &frame, show);
    Ok(svg("change-map", "What changed on the plan", &frame, pen))
}

/// A frame as wide as the page about the compound and whatever else is to be on the map.
fn frame(material: &Material, more: impl Fn(Rect<f64>) -> Rect<f64>) -> Result<Frame, Failed> {
    let empty = || Failed::Empty { scenario: material.scenario.file.name.clone() };
    let ground = map::grown(more(map::extent(&material.scenario.site).ok_or_else(empty)?), 8.0);
    let height = (WIDTH_MM * ground.height() / ground.width().max(1.0)).clamp(90.0, 320.0);
    Ok(Frame::filling([0.0, 0.0, WIDTH_MM, height], ground))
}

fn svg(id: &str, label: &str, frame: &Frame, pen: Pen) -> String {
    let (width, height) = (frame.width, frame.height);
    format!(
        "<svg class=\"map\" id=\"{id}\" viewBox=\"0 0 {width} {height:.1}\" role=\"img\" aria-label=\"{label}\">{}</svg>",
        pen.done()
    )
}

fn picture(material: &Material) -> Result<String, Failed> {
    let frame = frame(material, |ground| ground)?;
    let show =
        Show { gaps_at_m: None, zones: true, densities: true, ids: true, small_kit: true, letters_mm: 2.0 };
    let mut pen = Pen::default();
    map::draw(&mut pen, material, &frame, show, &Vec::<&Gap>::new());
    Ok(svg("map", "Plan of the compound", &frame, pen))
}
