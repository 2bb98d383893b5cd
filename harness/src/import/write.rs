//! Writes a proposal: the scenario, its geometry, and what the import knows about them.

use std::fmt::Write as _;
use std::path::{Path as FilePath, PathBuf};

use geo::{Coord, LineString, Polygon};
use palisade_sim::model::ScenarioFile;
use palisade_sim::model::site::{LocalPlane, Site};
use serde_json::{Value, json};

use super::{ImportError, Imported};

/// Who made the data. The licence asks for it wherever they are shown.
pub const ATTRIBUTION: &str =
    "© OpenStreetMap contributors, Open Database License 1.0 (ODbL), https://www.openstreetmap.org/copyright";

/// The files of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The scenario.
    pub scenario: PathBuf,
    /// Its geometry.
    pub geometry: PathBuf,
    /// Counts and remarks.
    pub record: PathBuf,
}

/// Writes all three files.
pub fn all(
    dir: &FilePath,
    name: &str,
    file: &ScenarioFile,
    imported: &Imported,
) -> Result<Files, ImportError> {
    let files = Files {
        scenario: dir.join(format!("{name}.toml")),
        geometry: dir.join("sites").join(format!("{name}.geojson")),
        record: dir.join("import.json"),
    };
    let record =
        serde_json::to_string_pretty(&imported.record()).map_err(|e| unwritable(&files.record, e))?;
    let scenario = toml::to_string(file).map_err(|e| unwritable(&files.scenario, e))?;
    let note = imported.notes.guessed.iter().fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "#   {} {}", n.count, n.what);
        text
    });
    let head = format!(
        "# {}: imported from a map and completed by rules.\n# Map data: {ATTRIBUTION}.\n# Way {}; barriers and gates within {} m of its outline.\n# Not in the map, but assumed or proposed here:\n{note}\n",
        file.name.replace(['\n', '\r'], " "),
        imported.counts.way,
        imported.counts.snap_m,
    );
    put(&files.geometry, &geojson(&imported.site))?;
    put(&files.scenario, &format!("{head}{scenario}"))?;
    put(&files.record, &format!("{record}\n"))?;
    Ok(files)
}

fn unwritable(path: &FilePath, why: impl std::fmt::Display) -> ImportError {
    ImportError::Unwritable { path: path.display().to_string(), why: why.to_string() }
}

fn put(path: &FilePath, text: &str) -> Result<(), ImportError> {
    let parent = path.parent().unwrap_or(FilePath::new(""));
    std::fs::create_dir_all(parent).and_then(|()| std::fs::write(path, text)).map_err(|e| unwritable(path, e))
}

/// A site as GeoJSON, one feature a line.
fn geojson(site: &Site) -> String {
    let plane = LocalPlane::at(site.origin);
    let point = |c: Coord<f64>| {
        let (lon, lat) = plane.to_wgs84(c);
        let round = |v: f64| (v * 1e8).round() / 1e8;
        json!([round(lon), round(lat)])
    };
    let at = |c: Coord<f64>| json!({ "type": "Point", "coordinates": point(c) });
    let ring = |l: &LineString<f64>| Value::Array(l.0.iter().map(|c| point(*c)).collect());
    let line = |l: &LineString<f64>| json!({ "type": "LineString", "coordinates": ring(l) });
    let area = |p: &Polygon<f64>| {
        let rings: Vec<Value> = std::iter::once(p.exterior()).chain(p.interiors()).map(ring).collect();
        json!({ "type": "Polygon", "coordinates": rings })
    };
    let mut features: Vec<(Value, Value)> = Vec::new();
    features.extend(
        site.compounds
            .iter()
            .map(|c| (json!({ "kind": "compound", "id": c.id, "name": c.name }), area(&c.outline))),
    );
    features.extend(site.walls.iter().map(|w| {
        (json!({ "kind": "wall", "id": w.id, "made_of": w.made_of, "height_m": w.height_m, "perimeter": w.perimeter }), line(&w.line))
    }));
    features.extend(site.gates.iter().map(|g| {
        (
            json!({ "kind": "gate", "id": g.id, "name": g.name, "width_m": g.width_m, "passage": g.passage }),
            at(g.at),
        )
    }));
    features.extend(site.buildings.iter().map(|b| {
        let properties = json!({
            "kind": "building", "id": b.id, "name": b.name, "usage": b.usage, "storeys": b.storeys,
            "height_m": b.height_m, "flats_per_storey": b.flats_per_storey, "height_assumed": b.height_assumed,
        });
        (properties, area(&b.outline))
    }));
    features.extend(
        site.entrances
            .iter()
            .map(|e| (json!({ "kind": "entrance", "id": e.id, "building": e.building }), at(e.at))),
    );
    features.extend(site.paths.iter().map(|p| {
        (json!({ "kind": "path", "id": p.id, "passage": p.passage, "width_m": p.width_m }), line(&p.line))
    }));
    features.extend(
        site.areas
            .iter()
            .map(|a| (json!({ "kind": "area", "id": a.id, "ground": a.ground }), area(&a.outline))),
    );
    features.extend(site.trees.iter().map(|t| {
        let properties = json!({
            "kind": "tree", "id": t.id, "height_m": t.height_m, "crown_radius_m": t.crown_radius_m,
            "crown_base_m": t.crown_base_m, "evergreen": t.evergreen,
        });
        (properties, at(t.at))
    }));
    features.extend(site.lamps.iter().map(|l| {
        (json!({ "kind": "lamp", "id": l.id, "height_m": l.height_m, "flux_lm": l.flux_lm }), at(l.at))
    }));
    let lines: Vec<String> = features
        .into_iter()
        .map(|(mut properties, geometry)| {
            if let Some(map) = properties.as_object_mut() {
                map.retain(|_, v| !v.is_null());
            }
            format!("    {}", json!({ "type": "Feature", "properties": properties, "geometry": geometry }))
        })
        .collect();
    let attribution = Value::from(ATTRIBUTION);
    format!(
        "{{\n  \"type\": \"FeatureCollection\",\n  \"attribution\": {attribution},\n  \"features\": [\n{}\n  ]\n}}\n",
        lines.join(",\n")
    )
}
