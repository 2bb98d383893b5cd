//! Meaning: what the types and the schema cannot say. Each check adds every problem that it finds.

mod cast;
mod drive;
mod kit;
mod kit_places;
mod project;
mod reach;
mod site;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use super::geometry::Geometry;
use super::near::remedy;
use super::place::Spans;
use super::problem::{Problem, Problems, Source};
use super::scenario::ScenarioFile;
use crate::words::Id;

/// What the checks read, and where they put what they find.
pub(crate) struct Desk<'a> {
    pub(crate) file: &'a ScenarioFile,
    pub(crate) spans: &'a Spans,
    pub(crate) toml: &'a Source,
    /// The geometry, when there is one.
    pub(crate) geometry: Option<&'a Geometry>,
    pub(crate) problems: &'a mut Problems,
}

/// Checks what was typed in the scenario, alone and against the geometry.
pub(crate) fn scenario(desk: &mut Desk<'_>) {
    cast::day(desk);
    kit::names(desk);
    kit::numbers(desk);
    kit::joins(desk);
    kit_places::all(desk);
    reach::tours(desk);
    cast::cast(desk);
    cast::script(desk);
    drive::all(desk);
    project::all(desk);
}

pub(crate) use site::site;

impl Desk<'_> {
    /// Adds a problem at the value of a path.
    pub(crate) fn at(
        &mut self,
        path: &str,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let span: Range<usize> = self.spans.at(path);
        self.problems.add(Problem::new(self.toml, span, code, message, help));
    }

    /// Says that a name is none of the valid ones.
    fn no_such(&mut self, path: &str, what: &str, name: &str, valid: &[&str]) {
        self.at(path, "scenario::unknown-id", format!("there is no {what} `{name}`"), remedy(name, valid));
    }

    /// Checks that a name is one of a list of the kit.
    fn join(&mut self, path: &str, what: &str, name: &Id, valid: &[&str]) {
        if !valid.contains(&name.as_str()) {
            self.no_such(path, what, name.as_str(), valid);
        }
    }

    /// Checks that a name is one of a list of the site. A part that is wrong itself is not missed a second time, and
    /// nothing is missed where there is no geometry.
    fn join_site(&mut self, path: &str, what: &str, name: &Id, ids: fn(&super::Site) -> Vec<&str>) {
        let Some(geometry) = self.geometry else { return };
        let valid = ids(&geometry.site);
        if !valid.contains(&name.as_str()) && !geometry.broken.contains(&name.0) {
            self.no_such(path, what, name.as_str(), &valid);
        }
    }

    /// A number that must be more than zero.
    fn positive(&mut self, path: &str, value: f64) {
        if value <= 0.0 {
            let message = format!("`{}` is {value}; it must be more than 0", last(path));
            self.at(
                path,
                "scenario::not-positive",
                message,
                "metres, degrees and seconds count upwards from 0",
            );
        }
    }

    /// A number that must not be less than zero.
    fn not_negative(&mut self, path: &str, value: f64) {
        if value < 0.0 {
            let message = format!("`{}` is {value}; it must not be negative", last(path));
            self.at(path, "scenario::negative", message, "write 0 for none");
        }
    }

    /// A share or a probability.
    fn share(&mut self, path: &str, value: f64) {
        if !(0.0..=1.0).contains(&value) {
            let message = format!("`{}` is {value}; a share or probability lies between 0 and 1", last(path));
            self.at(path, "scenario::not-a-share", message, "write 0.05 for 5 %");
        }
    }

    /// A number that must lie in a range.
    fn within(&mut self, path: &str, value: f64, [low, high]: [f64; 2]) {
        if !(low..=high).contains(&value) {
            let message = format!("`{}` is {value}; it must lie between {low} and {high}", last(path));
            self.at(path, "scenario::out-of-range", message, "write a number in that range");
        }
    }
}

/// The last key of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Names that stand more than once: each later use with the first.
fn repeated<'i>(items: impl Iterator<Item = (String, &'i str)>) -> Vec<(String, &'i str, String)> {
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    let mut again = Vec::new();
    for (path, name) in items {
        match first.get(name) {
            Some(before) => again.push((path, name, before.clone())),
            None => {
                first.insert(name, path);
            }
        }
    }
    again
}
