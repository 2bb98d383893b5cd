//! From text to a checked [`Scenario`], or to everything that is wrong.

use toml::de::DeTable;

use super::place::Spans;
use super::problem::Source;
pub use super::problem::{Problem, Problems, SourceText};
use super::scenario::{Scenario, ScenarioFile};
use super::{build, geometry};

/// The path of the geometry that a scenario names, as typed. A text that is no TOML, or names none, is a problem.
pub fn geometry_path(scenario: &SourceText) -> Result<String, Problems> {
    let (table, _) = DeTable::parse_recoverable(&scenario.text);
    let site = table.get_ref().get("site").and_then(|s| s.get_ref().as_table());
    let path = site.and_then(|s| s.get("geometry")).and_then(|g| g.get_ref().as_str());
    path.map(str::to_owned).ok_or_else(|| match load(scenario, None) {
        Err(problems) => problems,
        Ok(_) => Problems::default(),
    })
}

/// Reads and checks a scenario. `geometry` is the text of the file that [`geometry_path`] names, or nothing when it is
/// missing.
pub fn load(scenario: &SourceText, geometry: Option<&SourceText>) -> Result<Scenario, Problems> {
    let source = scenario.source();
    let mut problems = Problems::default();
    let (table, errors) = DeTable::parse_recoverable(&scenario.text);
    for error in &errors {
        problems.add(syntax(&source, error));
    }
    let spans = Spans::of(table.get_ref());
    let file = match toml::from_str::<ScenarioFile>(&scenario.text) {
        Ok(file) => Some(file),
        Err(error) => {
            if errors.is_empty() {
                problems.add(syntax(&source, &error));
            }
            None
        }
    };
    let origin = file.as_ref().map(|f| f.site.origin);
    let site = match geometry {
        None => {
            problems.add(Problem::new(
                &source,
                spans.at("site.geometry"),
                "site::missing-geometry",
                "the geometry file cannot be read",
                "the path is relative to the scenario file; put the GeoJSON there or write where it is",
            ));
            None
        }
        Some(text) => geometry::read(&text.text, &text.source(), origin, &mut problems),
    };
    match (file, site, geometry) {
        (Some(file), Some(read), Some(text)) if problems.is_empty() => {
            Ok(finish(file, read.site, scenario, text))
        }
        _ => Err(problems.sorted(&scenario.name)),
    }
}

fn syntax(source: &Source, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or_default();
    Problem::new(
        source,
        span,
        "toml::syntax",
        error.message(),
        "put right what stands here or just before it",
    )
}

fn finish(file: ScenarioFile, site: super::Site, scenario: &SourceText, geometry: &SourceText) -> Scenario {
    let mut hasher = blake3::Hasher::new();
    for text in [&scenario.text, &geometry.text] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    let digest = hasher.finalize().to_hex().to_string();
    let households = build::households(&site);
    let devices = build::devices(&file, &site);
    Scenario { file, site, households, devices, digest }
}
