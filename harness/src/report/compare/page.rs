//! The table as one HTML file: no network, no script.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};

use super::model::Comparison;
use super::rows;
use crate::exit::Failure;
use crate::report::html::{STYLE, face};
use crate::report::write::bug;

const TEMPLATE: &str = include_str!("../../../../assets/compare.html");

pub(super) fn render(comparison: &Comparison) -> Result<String, Failure> {
    let wrong = |e: minijinja::Error| bug("compare.html", format!("{e:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("compare.html", TEMPLATE).map_err(wrong)?;
    let template = environment.get_template("compare.html").map_err(wrong)?;
    let page = template
        .render(context! {
            comparison => Serde(comparison),
            groups => Serde(rows::groups(comparison)),
            style => STYLE,
        })
        .map_err(wrong)?;
    let face = face(&page)?;
    Ok(page.replacen("/*face*/", &face, 1))
}
