//! Map layers for programs that read GeoJSON.

use palisade_sim::analysis::against::{Against, ClassPatch, DeviceChange, GapChange, Patch};
use palisade_sim::analysis::answer::Gap;
use palisade_sim::model::site::{LocalPlane, Wgs84};
use serde_json::{Value, json};

/// Rings, the outer first; local metres, not closed.
type Polygon = Vec<Vec<[f64; 2]>>;

/// The gaps as GeoJSON, longitudes and latitudes in degrees, rings closed.
pub fn geojson(gaps: &[Gap], origin: Wgs84) -> Value {
    let plane = LocalPlane::at(origin);
    let feature = |gap: &Gap| {
        let properties = json!({
            "kind": "gap",
            "height_m": gap.height_m,
            "area_m2": gap.area_m2,
            "reason": gap.reason,
            "culprit": gap.culprit,
            "shortfall_px_per_m": gap.shortfall_px_per_m,
            "fix": gap.fix.as_ref().map(|fix| &fix.what),
            "fix_yuan": gap.fix.as_ref().map(|fix| fix.cost_yuan),
        });
        feature(properties, "Polygon", rings(&plane, &gap.polygon))
    };
    collection(gaps.iter().map(feature).collect())
}

/// What changed as GeoJSON: ground gained and lost (`class` says what it reaches, `working` is the working density of some
/// camera), gaps that changed, devices.
pub fn against_geojson(against: &Against, by_class: &[ClassPatch], origin: Wgs84) -> Value {
    let plane = LocalPlane::at(origin);
    let ground = |patch: &Patch, light: &str, edition: Option<&str>, class: &str| {
        let properties = json!({
            "kind": "ground", "light": light, "turn": patch.turn, "height_m": patch.height_m, "area_m2": patch.area_m2,
            "edition": edition, "class": class,
        });
        feature(properties, "Polygon", rings(&plane, &patch.polygon))
    };
    let gap = |gap: &GapChange, light: &str| {
        let properties = json!({
            "kind": "gap", "light": light, "outcome": gap.outcome, "height_m": gap.height_m,
            "before_m2": gap.area_m2.before, "after_m2": gap.area_m2.after,
        });
        let polygons = gap.outlines.iter().map(|polygon| rings(&plane, polygon)).collect();
        feature(properties, "MultiPolygon", polygons)
    };
    let device = |device: &DeviceChange| {
        let at = device.at_m.after.or(device.at_m.before)?;
        let keys: Vec<&str> = device.keys.iter().map(|k| k.key.as_str()).collect();
        let properties = json!({
            "kind": "device", "table": device.table, "id": device.id, "fate": device.fate, "keys": keys,
        });
        Some(feature(properties, "Point", degrees(&plane, at)))
    };
    let mut features = Vec::new();
    for (light, sight) in [("day", &against.day), ("night", &against.night)] {
        features.extend(sight.patches.iter().map(|p| ground(p, light, None, "working")));
        features.extend(sight.gaps.changed.iter().map(|g| gap(g, light)));
    }
    features.extend(by_class.iter().map(|p| ground(&p.patch, "day", Some(p.edition), p.class)));
    features.extend(against.devices.iter().filter_map(device));
    collection(features)
}

fn degrees(plane: &LocalPlane, at_m: [f64; 2]) -> Value {
    let round = |x: f64| (x * 1e8).round() / 1e8;
    let (lon, lat) = plane.to_wgs84((at_m[0], at_m[1]).into());
    json!([round(lon), round(lat)])
}

fn rings(plane: &LocalPlane, polygon: &Polygon) -> Value {
    let ring = |points: &Vec<[f64; 2]>| -> Value {
        points.iter().chain(points.first()).map(|at| degrees(plane, *at)).collect()
    };
    polygon.iter().map(ring).collect()
}

fn feature(properties: Value, kind: &str, coordinates: Value) -> Value {
    json!({
        "type": "Feature",
        "properties": properties,
        "geometry": { "type": kind, "coordinates": coordinates },
    })
}

fn collection(features: Vec<Value>) -> Value {
    json!({ "type": "FeatureCollection", "features": features })
}

#[cfg(test)]
mod tests {
    use super::super::coverage::tests::gap;
    use super::*;

    #[test]
    fn geojson_has_closed_rings_about_the_origin() {
        let origin = Wgs84 { lon_deg: 120.0, lat_deg: 30.0 };
        let text = geojson(&[gap()], origin).to_string();
        let read: geojson::FeatureCollection = text.parse().expect("GeoJSON");
        let geometry = read.features[0].geometry.as_ref().expect("a geometry");
        let geojson::GeometryValue::Polygon { coordinates } = &geometry.value else {
            panic!("not a polygon: {geometry:?}")
        };
        assert_eq!(coordinates.len(), 2);
        assert!(coordinates.iter().all(|ring| ring.first() == ring.last() && ring.len() == 5));
        assert_eq!(coordinates[0][0].as_slice(), [120.0, 30.0]);
        // 120 m east at 30° north are 0.001244°.
        assert!((coordinates[0][1].as_slice()[0] - 120.001_243_6).abs() < 1e-6, "{coordinates:?}");
    }
}
