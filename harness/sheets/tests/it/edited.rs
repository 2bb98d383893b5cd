//! A site that went through map tools is the same site: GDAL writes it as QGIS does, and the scenario is loaded again.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use geo::Winding as _;
use geo::orient::{Direction, Orient as _};
use palisade_layout::model::Site;
use palisade_layout::model::load::{SourceText, load};
use serde_json::Value;

use crate::common::{ask, read, root};

/// Rings turned one way: RFC 7946 asks writers to turn them.
fn turned(mut site: Site) -> Site {
    let compounds = site.compounds.iter_mut().map(|c| &mut c.outline);
    let outlines = compounds.chain(site.buildings.iter_mut().map(|b| &mut b.outline));
    for outline in outlines.chain(site.areas.iter_mut().map(|a| &mut a.outline)) {
        *outline = outline.orient(Direction::Default);
        assert!(outline.exterior().is_ccw());
    }
    site
}

/// Has GDAL write a file again and returns its text.
fn through(folder: &Path, from: &str, name: &str, options: &[&str]) -> Result<String> {
    let to = folder.join(name).display().to_string();
    let options: Vec<&str> = options.iter().copied().chain([to.as_str(), from]).collect();
    ask("ogr2ogr", "gdal-bin", &options)?;
    if name.ends_with("json") { Ok(std::fs::read_to_string(&to)?) } else { Ok(to) }
}

fn same(name: &str, text: String, how: &str) -> Result<()> {
    let scenario = read(name, Some(text)).with_context(|| format!("{name} {how}"))?;
    let before = read(name, None)?;
    let (site, was) = (turned(scenario.site), turned(before.site));
    ensure!(site == was, "{name} is another site {how}");
    Ok(())
}

#[test]
fn a_site_that_gdal_wrote_again_is_the_same_site() -> Result<()> {
    for name in ["tiny", "cuiyuan"] {
        let folder = tempfile::tempdir()?;
        let toml = format!("{name}.toml");
        let shipped = root().join(format!("scenarios/sites/{name}.geojson")).display().to_string();
        let plain: [(&str, &[&str]); 4] = [
            ("old", &["-f", "GeoJSON", "-lco", "RFC7946=NO"]),
            ("rfc", &["-f", "GeoJSON", "-lco", "RFC7946=YES", "-lco", "COORDINATE_PRECISION=9"]),
            ("multi", &["-f", "GeoJSON", "-nlt", "PROMOTE_TO_MULTI"]),
            ("high", &["-f", "GeoJSON", "-dim", "XYZ"]),
        ];
        for (how, options) in plain {
            same(&toml, through(folder.path(), &shipped, &format!("{how}.geojson"), options)?, how)?;
        }
        // By way of a table: every feature has every column, most of them null, and a number of its row.
        let table = through(folder.path(), &shipped, "site.gpkg", &["-f", "GPKG"])?;
        same(&toml, through(folder.path(), &table, "table.geojson", &["-f", "GeoJSON"])?, "table")?;
        // By way of text: figures and flags come back in quotes.
        let words = ["-f", "GeoJSON", "-mapFieldType", "All=String"];
        same(&toml, through(folder.path(), &table, "text.geojson", &words)?, "text")?;
    }
    Ok(())
}

#[test]
fn what_an_editor_adds_is_left_alone_and_what_he_moves_is_moved() -> Result<()> {
    let text = std::fs::read_to_string(root().join("scenarios/sites/tiny.geojson"))?;
    let mut map: Value = serde_json::from_str(&text)?;
    map["name"] = "tiny".into();
    map["crs"] =
        serde_json::json!({ "type": "name", "properties": { "name": "urn:ogc:def:crs:OGC:1.3:CRS84" } });
    let features = map["features"].as_array_mut().context("features")?;
    for (i, feature) in features.iter_mut().enumerate() {
        let properties = feature["properties"].as_object_mut().context("properties")?;
        let reversed: Vec<(String, Value)> = std::mem::take(properties).into_iter().rev().collect();
        properties.insert("fid".into(), i.into());
        properties.extend(reversed);
        properties.entry("name").or_insert("".into());
        feature["id"] = i.into();
    }
    same("tiny.toml", map.to_string(), "with rows of an editor")?;
    let tree =
        map["features"].as_array_mut().and_then(|f| f.iter_mut().find(|f| f["properties"]["kind"] == "tree"));
    tree.context("a tree")?["geometry"]["coordinates"][1] = 30.0002.into();
    ensure!(same("tiny.toml", map.to_string(), "moved").is_err(), "a tree that moved has moved");
    Ok(())
}

#[test]
fn a_shape_of_several_parts_and_a_word_for_a_figure_are_still_wrong() -> Result<()> {
    let path = root().join("scenarios/tiny.toml");
    let toml = SourceText { name: "tiny.toml".into(), text: std::fs::read_to_string(path)? };
    let text = std::fs::read_to_string(root().join("scenarios/sites/tiny.geojson"))?;
    let map: Value = serde_json::from_str(&text)?;
    let of = |kind: &str| -> Result<usize> {
        let features = map["features"].as_array().context("features")?;
        features.iter().position(|f| f["properties"]["kind"] == kind).context("no such feature")
    };
    let codes = |map: Value| -> Vec<String> {
        let geometry = SourceText { name: "tiny.geojson".into(), text: map.to_string() };
        match load(&toml, Some(&geometry)) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(|p| p.code().to_owned()).collect(),
        }
    };
    let mut two = map.clone();
    let shape = &mut two["features"][of("tree")?]["geometry"];
    *shape = serde_json::json!({ "type": "MultiPoint", "coordinates": [[120.0, 30.0], [120.0001, 30.0]] });
    ensure!(codes(two).iter().any(|c| c == "geometry::wrong-geometry"));
    let mut high = map.clone();
    high["features"][of("wall")?]["properties"]["height_m"] = "high".into();
    ensure!(codes(high).iter().any(|c| c == "geometry::wrong-type"));
    Ok(())
}
