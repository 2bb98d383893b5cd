//! From text to a checked [`Scenario`], or to everything that is wrong.

use serde::Deserialize;
use toml::de::DeTable;

use super::catalogue::{self, Catalogue};
use super::check::{self, Desk};
use super::geometry::{self, Geometry};
use super::place::Spans;
use super::problem::Source;
pub use super::problem::{Problem, Problems, SourceText};
use super::scenario::{Scenario, ScenarioFile};
use super::schema::scenario_schema;
use super::site::Wgs84;
use super::{build, structure};

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
/// missing. Everything that is wrong comes back at once, the scenario's problems first, each in the order of its file.
/// A text that is no TOML gives its errors of syntax alone: what a torn text means is a guess.
pub fn load(scenario: &SourceText, geometry: Option<&SourceText>) -> Result<Scenario, Problems> {
    let source = scenario.source();
    let mut problems = Problems::default();
    let (table, errors) = DeTable::parse_recoverable(&scenario.text);
    for error in &errors {
        problems.add(syntax(&source, error));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let table = table.get_ref();
    let spans = Spans::of(table);
    if let Some(other) = other_format(table, &spans, &source) {
        problems.add(other);
        return Err(problems);
    }
    let unknown = structure::walk(&scenario_schema(), "the scenario", table, &source, &mut problems);
    let file = parse(scenario, &unknown, &source, &mut problems);
    let origin = file.as_ref().map(|f| f.site.origin).or_else(|| origin_of(table));
    let read = match geometry {
        Some(text) => read_geometry(text, origin, &mut problems),
        None => {
            missing(table, &spans, &source, &mut problems);
            None
        }
    };
    if let Some(file) = &file {
        let geometry = read.as_ref();
        let mut desk = Desk { file, spans: &spans, toml: &source, geometry, problems: &mut problems };
        check::scenario(&mut desk);
    }
    match (file, read, geometry) {
        (Some(file), Some(read), Some(text)) if problems.is_empty() => {
            Ok(finish(file, read.site, scenario, text))
        }
        _ => Err(problems.sorted(&scenario.name)),
    }
}

fn read_geometry(text: &SourceText, origin: Option<Wgs84>, problems: &mut Problems) -> Option<Geometry> {
    let source = text.source();
    let read = geometry::read(&text.text, &source, origin, problems)?;
    if origin.is_some() {
        check::site(&read, &source, problems);
    }
    Some(read)
}

/// A file of another version of the format is not looked at any further.
fn other_format(table: &DeTable<'_>, spans: &Spans, source: &Source) -> Option<Problem> {
    let format = table.get("format")?.get_ref().as_integer()?;
    (format.as_str() != "1").then(|| {
        let message = format!("this is a scenario of format {}; this Palisade reads format 1", format.as_str());
        let help = "write `format = 1` and follow `scenarios/tiny.toml`, or use the Palisade that it was written for";
        Problem::new(source, spans.at("format"), "scenario::format", message, help)
    })
}

/// The typed file, as far as it can be read: without its unknown keys.
fn parse(
    scenario: &SourceText,
    unknown: &structure::Unknown,
    source: &Source,
    problems: &mut Problems,
) -> Option<ScenarioFile> {
    let table: toml::Table = toml::from_str(&scenario.text).ok()?;
    let mut table = structure::without(table, unknown);
    catalogue::complete(&mut table, Catalogue::shipped());
    match ScenarioFile::deserialize(table) {
        Ok(file) => Some(file),
        Err(error) => {
            if problems.is_empty() {
                problems.add(syntax(source, &error));
            }
            None
        }
    }
}

/// The origin in a scenario that is wrong elsewhere.
fn origin_of(table: &DeTable<'_>) -> Option<Wgs84> {
    let origin = table.get("site")?.get_ref().as_table()?.get("origin")?.get_ref().as_table()?;
    let degrees = |key: &str| {
        let value = origin.get(key)?.get_ref();
        let text = value.as_float().map(|f| f.as_str()).or(value.as_integer().map(|i| i.as_str()));
        text?.parse().ok()
    };
    Some(Wgs84 { lon_deg: degrees("lon_deg")?, lat_deg: degrees("lat_deg")? })
}

fn missing(table: &DeTable<'_>, spans: &Spans, source: &Source, problems: &mut Problems) {
    let path = table.get("site").and_then(|s| s.get_ref().get("geometry")).and_then(|g| g.get_ref().as_str());
    let Some(path) = path else { return };
    problems.add(Problem::new(
        source,
        spans.at("site.geometry"),
        "site::missing-geometry",
        format!("there is no geometry file `{path}` that can be read as text"),
        "the path is relative to the scenario file; put the GeoJSON there or write where it is",
    ));
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
