//! Map layers and the raster, read by GDAL; the drawing, read by ezdxf; the bill, read by openpyxl.

use anyhow::{Context, Result, ensure};
use palisade_layout::analysis::answer::{Fix, Unwalled};
use palisade_layout::analysis::sightlines::BODY_M;
use palisade_layout::model::site::LocalPlane;
use palisade_sheets::{Export, File, bill, files, layers};
use serde_json::{Value, json};

use crate::common::{Planned, ask, put, root};

fn parsed(text: &str) -> Result<Value> {
    serde_json::from_str(text).with_context(|| text.to_owned())
}

/// A layer of a package as GDAL reads it.
fn features(package: &str, layer: &str) -> Result<Vec<Value>> {
    let text = ask("ogr2ogr", "gdal-bin", &["-f", "GeoJSON", "/vsistdout/", package, layer])?;
    Ok(parsed(&text)?["features"].as_array().cloned().unwrap_or_default())
}

#[test]
fn gdal_reads_the_layers_of_the_package() -> Result<()> {
    let mut planned = Planned::shipped("cuiyuan.toml")?;
    let fix = Fix { what: "cam-1 is turned".into(), enough: true, cost_yuan: 150.0, ..Fix::default() };
    planned.report.answer.gaps_night[1].fix = Some(Fix { cost_label: "assumed".into(), ..fix });
    planned.report.answer.perimeter.unwalled.push(Unwalled {
        compound: "home".into(),
        along_m: [10.0, 12.0],
        way_m: vec![[0.0, 10.0], [0.0, 12.0]],
        missing_m: 2.0,
        between: vec!["wall-west".into(), "wall-north".into()],
    });
    let folder = tempfile::tempdir()?;
    let path = put(folder.path(), "plan.gpkg", &layers::package(&planned.material())?)?;
    let (site, answer) = (&planned.scenario.site, &planned.report.answer);
    for (layer, count) in [
        ("compounds", site.compounds.len()),
        ("buildings", site.buildings.len()),
        ("walls", site.walls.len()),
        ("gates", site.gates.len()),
        ("paths", site.paths.len()),
        ("trees", site.trees.len()),
        ("devices", planned.scenario.devices.len()),
        ("beams", planned.scenario.file.kit.beam.len()),
        ("gaps", answer.gaps.len()),
        ("gaps_night", answer.gaps_night.len()),
        ("lamps", site.lamps.len()),
        ("perimeter_zones", answer.perimeter.zones.len()),
        ("perimeter_gaps", answer.perimeter.gaps.len()),
        ("perimeter_holes", answer.perimeter.unwalled.len()),
    ] {
        assert_eq!(features(&path, layer)?.len(), count, "{layer}");
    }
    let hole = &features(&path, "perimeter_holes")?[0]["properties"];
    assert_eq!((&hole["after"], &hole["missing_m"]), (&"wall-west".into(), &2.0.into()));
    let about = ask("ogrinfo", "gdal-bin", &["-so", &path, "gaps"])?;
    ensure!(about.contains("Geometry: Polygon") && about.contains("ID[\"EPSG\",4326]"), "{about}");

    let first = &features(&path, "buildings")?[0];
    let building = &site.buildings[0];
    assert_eq!(first["properties"]["id"], building.id.as_str());
    assert_eq!(first["properties"]["name"].as_str(), building.name.as_deref());
    assert_eq!(first["properties"]["storeys"], building.storeys);
    assert_eq!(first["properties"]["height_assumed"], building.height_assumed);
    let by_night = features(&path, "gaps_night")?;
    let (bare, fixed) = (&by_night[0]["properties"], &by_night[1]["properties"]);
    let gap = &answer.gaps_night[1];
    assert_eq!(fixed["reason"], serde_json::to_value(gap.reason)?);
    assert_eq!(fixed["lacks_median_px_per_m"], gap.shortfall_px_per_m.median);
    assert_eq!((&fixed["fix"], &fixed["fix_cost_is"]), (&json!("cam-1 is turned"), &json!("assumed")));
    assert_eq!((&fixed["fix_cost_yuan"], &fixed["fix_is_enough"]), (&json!(150.0), &json!(true)));
    ensure!(bare["fix"].is_null() && bare["fix_cost_yuan"].is_null(), "{bare}");
    assert_eq!(features(&path, "lamps")?[0]["properties"]["flux_lm"], site.lamps[0].flux_lm);
    // GDAL's own area of a gap, in a system that keeps areas, against ours.
    let sql = "SELECT ST_Area(ST_Transform(geom, 32651)) AS theirs, area_m2 AS ours FROM gaps WHERE fid = 1";
    let text =
        ask("ogr2ogr", "gdal-bin", &["-f", "CSV", "/vsistdout/", &path, "-dialect", "SQLITE", "-sql", sql])?;
    let row = text.lines().nth(1).context("a row")?;
    let figures: Vec<f64> = row.split(',').map(|f| f.trim_matches('"').parse()).collect::<Result<_, _>>()?;
    ensure!(
        (figures[0] / figures[1] - 1.0).abs() < 0.003,
        "{figures:?}: more than the map's own scale explains"
    );
    Ok(())
}

#[test]
fn gdal_reads_the_raster_cell_by_cell() -> Result<()> {
    let planned = Planned::shipped("tiny.toml")?;
    let folder = tempfile::tempdir()?;
    let files = layers::rasters(&planned.material())?;
    let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(
        names,
        ["coverage-0.5.tif", "coverage-night-0.5.tif", "coverage-1.5.tif", "coverage-night-1.5.tif"]
    );
    let path = put(folder.path(), "tiny-coverage-1.5.tif", &files[2].bytes)?;
    let night = put(folder.path(), "tiny-coverage-night-1.5.tif", &files[3].bytes)?;
    let about = parsed(&ask("gdalinfo", "gdal-bin", &["-json", &path])?)?;
    let grid = &planned.report.answer.grid;
    assert_eq!(about["size"], json!([grid.columns, grid.rows]));
    assert_eq!(about["bands"][0]["noDataValue"], -1.0);
    ensure!(
        about["coordinateSystem"]["wkt"].as_str().is_some_and(|w| w.contains("ID[\"EPSG\",4326]")),
        "{about}"
    );
    let plane = LocalPlane::at(planned.scenario.site.origin);
    let north = grid.origin_m[1] + grid.rows as f64 * grid.cell_m;
    let (lon, lat) = plane.to_wgs84((grid.origin_m[0], north).into());
    let corner = &about["geoTransform"];
    ensure!((corner[0].as_f64().context("west")? - lon).abs() < 1e-12, "{corner}");
    ensure!((corner[3].as_f64().context("north")? - lat).abs() < 1e-12, "{corner}");

    let layer = grid.layers.iter().find(|l| l.height_m == BODY_M).context("a layer")?;
    let value = |path: &str, [x, y]: [f64; 2]| -> Result<i32> {
        let (lon, lat) = plane.to_wgs84((x, y).into());
        let at = [lon.to_string(), lat.to_string()];
        let said = ask("gdallocationinfo", "gdal-bin", &["-valonly", "-wgs84", path, &at[0], &at[1]])?;
        Ok(said.trim().parse()?)
    };
    let mut asked = 0;
    for cell in (0..layer.px_per_m.len()).step_by(layer.px_per_m.len() / 23) {
        let at = [cell % grid.columns, cell / grid.columns];
        let [x, y] = [0, 1].map(|k| grid.origin_m[k] + (at[k] as f64 + 0.5) * grid.cell_m);
        assert_eq!(value(&path, [x, y])?, layer.px_per_m[cell], "cell {cell}");
        assert_eq!(value(&night, [x, y])?, layer.px_per_m_night[cell], "cell {cell} by night");
        asked += 1;
    }
    let seen = |px_per_m: &[i32]| px_per_m.iter().filter(|px| **px > 0).count();
    let (by_day, by_night) = (seen(&layer.px_per_m), seen(&layer.px_per_m_night));
    ensure!(asked >= 20 && by_night > 0 && by_night < by_day, "{by_day} by day, {by_night} by night");
    Ok(())
}

#[test]
fn ezdxf_reads_the_drawing_and_openpyxl_the_bill() -> Result<()> {
    let python = std::env::var("PALISADE_PEERS_PYTHON").context(
        "the Python readers are not installed; `bash .ci/test` installs them and sets PALISADE_PEERS_PYTHON",
    )?;
    let planned = Planned::shipped("cuiyuan.toml")?;
    let material = planned.material();
    let folder = tempfile::tempdir()?;
    let dxf = put(folder.path(), "plan.dxf", &layers::drawing(&material)?)?;
    let xlsx = put(folder.path(), "kit.xlsx", &bill::workbook(&material)?)?;
    let script = root().join("harness/tests/peers/read_sheets.py").display().to_string();
    let seen = parsed(&ask(&python, "see .ci/test", &[&script, &dxf, &xlsx])?)?;

    assert_eq!(seen["units"], "Meters");
    assert_eq!(seen["errors"], json!([]));
    assert_eq!(seen["layers"]["BEAMS"], 1);
    let buildings = &seen["entities"]["BUILDINGS"];
    for building in &planned.scenario.site.buildings {
        let name = building.name.as_deref().unwrap_or(building.id.as_str());
        ensure!(buildings["texts"].as_array().is_some_and(|t| t.iter().any(|t| t == name)), "{name}");
    }
    let longest = planned
        .scenario
        .file
        .kit
        .beam
        .iter()
        .map(|b| (b.to_m[0] - b.from_m[0]).hypot(b.to_m[1] - b.from_m[1]));
    let longest = longest.fold(0.0, f64::max);
    let theirs = seen["entities"]["BEAMS"]["longest_m"].as_f64().context("a length")?;
    ensure!((theirs - longest).abs() < 1e-6, "a zone is {longest} m long, in the drawing {theirs} m");

    let devices = planned.scenario.devices.len();
    assert_eq!(seen["devices"], devices);
    let lines = seen["bill"].as_array().context("a bill")?;
    let (total, lines) = lines.split_last().context("a total")?;
    let figure = |line: &Value, column: usize| line[column].as_f64().context("a figure");
    let mut sum = 0.0;
    for line in lines {
        ensure!((figure(line, 3)? * figure(line, 4)? - figure(line, 5)?).abs() < 1e-6, "{line}");
        ensure!(line[6].as_str().is_some_and(|how| how.starts_with("assumed")), "{line}");
        sum += figure(line, 5)?;
    }
    assert_eq!((figure(total, 3)?, figure(total, 5)?), (devices as f64, sum));
    ensure!(
        seen["formulas"]
            .as_array()
            .is_some_and(|f| f.iter().all(|f| f.as_str().is_some_and(|f| f.starts_with('='))))
    );
    Ok(())
}

#[test]
fn what_is_asked_for_is_handed_out_and_every_word_is_read() -> Result<()> {
    let planned = Planned::shipped("tiny.toml")?;
    let names = |exports: &[Export]| -> Result<Vec<String>> {
        Ok(files(&planned.material(), exports)?.into_iter().map(|File { name, .. }| name).collect())
    };
    let (few, all) = (names(&[])?, names(&Export::ALL)?);
    let asked_for = Export::ALL.into_iter().flat_map(Export::names).map(|name| (*name).to_owned());
    assert_eq!(all, few.iter().cloned().chain(asked_for).collect::<Vec<_>>());
    ensure!(few.iter().all(|name| all.contains(name)) && !few.contains(&"plan.gpkg".to_owned()), "{few:?}");
    for name in
        ["plan.gpkg", "coverage-1.5.tif", "plan.dxf", "kit.xlsx", "kit.csv", "sheet.pdf", "manager.html"]
    {
        ensure!(all.contains(&name.to_owned()), "{name} is missing in {all:?}");
    }
    for export in Export::ALL {
        assert_eq!(export.word().parse::<Export>(), Ok(export));
    }
    let wrong = "shp".parse::<Export>().err().context("no such export")?;
    ensure!(wrong.contains("gpkg, tif, dxf, xlsx"), "{wrong}");
    Ok(())
}

#[test]
fn the_same_plan_gives_the_same_bytes() -> Result<()> {
    let planned = Planned::shipped("tiny.toml")?;
    let once = files(&planned.material(), &[Export::Gpkg, Export::Tif])?;
    let twice = files(&planned.material(), &[Export::Gpkg, Export::Tif])?;
    for (a, b) in once.iter().zip(&twice) {
        ensure!(a == b, "{} differs between two makings", a.name);
    }
    Ok(())
}
