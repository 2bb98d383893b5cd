//! The layers as one GeoPackage (OGC 12-128r18), longitudes and latitudes of WGS 84.

use palisade_layout::model::site::LocalPlane;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, MAIN_DB, params, params_from_iter};

use super::shapes::layers;
use super::{Geometry, Kind, Layer, Shape, Value};
use crate::{Failed, Material};

/// Tables that every package has, with WGS 84 and the two systems that the standard demands.
const FRAME: &str = include_str!("../../../../assets/sheets/geopackage.sql");
/// EPSG number of WGS 84.
const WGS84: i32 = 4326;
/// When the contents changed last, as the standard wants it. The plan's bytes depend on nothing but the plan, so this is
/// the date of the standard's edition and no clock is read.
const CHANGED: &str = "2021-11-18T00:00:00.000Z";

/// The package's bytes.
///
/// # Errors
/// When the database refuses, which is a bug.
pub fn package(material: &Material) -> Result<Vec<u8>, Failed> {
    let plane = LocalPlane::at(material.scenario.site.origin);
    written(&plane, &layers(material)).map_err(|e| Failed::writer("plan.gpkg", e))
}

fn written(plane: &LocalPlane, layers: &[Layer]) -> rusqlite::Result<Vec<u8>> {
    let mut base = Connection::open_in_memory()?;
    base.execute_batch(FRAME)?;
    let work = base.transaction()?;
    layers.iter().try_for_each(|layer| write(&work, plane, layer))?;
    work.commit()?;
    Ok(base.serialize(MAIN_DB)?.to_vec())
}

fn write(base: &Connection, plane: &LocalPlane, layer: &Layer) -> rusqlite::Result<()> {
    let geometry = match layer.geometry {
        Geometry::Point => "POINT",
        Geometry::Line => "LINESTRING",
        Geometry::Area => "POLYGON",
    };
    let columns: Vec<String> =
        layer.columns.iter().map(|(n, kind)| format!(", {n} {}", sql_type(*kind))).collect();
    base.execute_batch(&format!(
        "CREATE TABLE {} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {geometry}{})",
        layer.name,
        columns.concat()
    ))?;
    let [west, south, east, north] = extent(plane, layer);
    base.execute(
        "INSERT INTO gpkg_contents VALUES (?1, 'features', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![layer.name, layer.about, CHANGED, west, south, east, north, WGS84],
    )?;
    base.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', ?2, ?3, 0, 0)",
        params![layer.name, geometry, WGS84],
    )?;
    let marks = ", ?".repeat(layer.columns.len());
    let mut insert = base.prepare(&format!("INSERT INTO {} VALUES (NULL, ?{marks})", layer.name))?;
    for (shape, values) in &layer.rows {
        let blob = std::iter::once(Sql::Blob(binary(plane, shape)));
        insert.execute(params_from_iter(blob.chain(values.iter().map(sql))))?;
    }
    Ok(())
}

fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "TEXT",
        Kind::Real => "REAL",
        Kind::Whole => "INTEGER",
        Kind::Flag => "BOOLEAN",
    }
}

fn sql(value: &Value) -> Sql {
    match value {
        Value::Text(text) => Sql::Text(text.clone()),
        Value::Real(x) => Sql::Real(*x),
        Value::Whole(n) => Sql::Integer(*n),
        Value::Nothing => Sql::Null,
    }
}

fn corners(shape: &Shape) -> Vec<[f64; 2]> {
    match shape {
        Shape::Point(at) => vec![*at],
        Shape::Line(points) => points.clone(),
        Shape::Area(rings) => rings.concat(),
    }
}

/// West, south, east, north; nothing for an empty layer.
fn extent(plane: &LocalPlane, layer: &Layer) -> [Option<f64>; 4] {
    let corners = layer.rows.iter().flat_map(|(shape, _)| corners(shape));
    corners.map(|[x, y]| plane.to_wgs84((x, y).into())).fold([None; 4], |[w, s, e, n], (lon, lat)| {
        let low = |a: Option<f64>, b: f64| Some(a.map_or(b, |a| a.min(b)));
        let high = |a: Option<f64>, b: f64| Some(a.map_or(b, |a| a.max(b)));
        [low(w, lon), low(s, lat), high(e, lon), high(n, lat)]
    })
}

/// The standard's header (little endian, no envelope) and well-known binary.
fn binary(plane: &LocalPlane, shape: &Shape) -> Vec<u8> {
    let mut bytes = b"GP\0\x01".to_vec();
    bytes.extend(WGS84.to_le_bytes());
    bytes.push(1);
    let put = |bytes: &mut Vec<u8>, [x, y]: [f64; 2]| {
        let (lon, lat) = plane.to_wgs84((x, y).into());
        bytes.extend(lon.to_le_bytes());
        bytes.extend(lat.to_le_bytes());
    };
    match shape {
        Shape::Point(at) => {
            bytes.extend(1u32.to_le_bytes());
            put(&mut bytes, *at);
        }
        Shape::Line(points) => {
            bytes.extend(2u32.to_le_bytes());
            bytes.extend((points.len() as u32).to_le_bytes());
            points.iter().for_each(|p| put(&mut bytes, *p));
        }
        Shape::Area(rings) => {
            bytes.extend(3u32.to_le_bytes());
            bytes.extend((rings.len() as u32).to_le_bytes());
            for ring in rings {
                bytes.extend((ring.len() as u32 + 1).to_le_bytes());
                ring.iter().chain(ring.first()).for_each(|p| put(&mut bytes, *p));
            }
        }
    }
    bytes
}
