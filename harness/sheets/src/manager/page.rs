//! The page for the screen: one file, light and dark, printable.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use palisade_layout::analysis::answer::Gap;
use palisade_layout::analysis::sightlines::BODY_M;

use super::facts::{Facts, worst};
use crate::map::{self, Frame, Pen, STYLE, Show};
use crate::{Failed, Material, fonts};

const TEMPLATE: &str = include_str!("../../../../assets/sheets/manager.html");
const PAGE_STYLE: &str = include_str!("../../../../assets/sheets/page.css");
/// Width of the picture in its own units; the page scales it.
const WIDTH_MM: f64 = 182.0;

pub(super) fn html(material: &Material, facts: &Facts) -> Result<String, Failed> {
    let wrong = |e: minijinja::Error| Failed::writer("manager.html", format!("{e:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("manager.html", TEMPLATE).map_err(wrong)?;
    let template = environment.get_template("manager.html").map_err(wrong)?;
    let page = template
        .render(context! {
            facts => Serde(facts),
            map => picture(material)?,
            style => format!("{STYLE}{PAGE_STYLE}"),
        })
        .map_err(wrong)?;
    let face = fonts::face(&page)?;
    Ok(page.replacen("/*face*/", &face, 1))
}

fn picture(material: &Material) -> Result<String, Failed> {
    let empty = || Failed::Empty { scenario: material.scenario.file.name.clone() };
    let ground = map::overview_ground(&material.scenario.site).ok_or_else(empty)?;
    let height = (WIDTH_MM * ground.height() / ground.width().max(1.0)).clamp(60.0, 200.0);
    let frame = Frame::filling([0.0, 0.0, WIDTH_MM, height], ground);
    let gaps: Vec<&Gap> = worst(material).into_iter().map(|(_, gap)| gap).collect();
    let mut pen = Pen::default();
    map::draw(&mut pen, material, &frame, Show::overview(BODY_M), &gaps);
    Ok(format!(
        "<svg class=\"map\" viewBox=\"0 0 {WIDTH_MM} {height:.1}\" role=\"img\" aria-label=\"小区平面图：建筑、周界、摄像机和看不到的地方\">{}</svg>",
        pen.done()
    ))
}
