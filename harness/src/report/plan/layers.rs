//! Map layers for programs that read GeoJSON.

use palisade_sim::analysis::answer::Gap;
use palisade_sim::model::site::{LocalPlane, Wgs84};
use serde_json::{Value, json};

/// The gaps as GeoJSON, longitudes and latitudes in degrees, rings closed.
pub fn geojson(gaps: &[Gap], origin: Wgs84) -> Value {
    let plane = LocalPlane::at(origin);
    let degrees = |x: f64| (x * 1e8).round() / 1e8;
    let point = |p: &[f64; 2]| {
        let (lon, lat) = plane.to_wgs84((p[0], p[1]).into());
        json!([degrees(lon), degrees(lat)])
    };
    let ring =
        |points: &Vec<[f64; 2]>| -> Vec<Value> { points.iter().chain(points.first()).map(point).collect() };
    let feature = |gap: &Gap| {
        json!({
            "type": "Feature",
            "properties": {
                "kind": "gap",
                "height_m": gap.height_m,
                "area_m2": gap.area_m2,
                "reason": gap.reason,
                "culprit": gap.culprit,
                "shortfall_px_per_m": gap.shortfall_px_per_m,
            },
            "geometry": {
                "type": "Polygon",
                "coordinates": gap.polygon.iter().map(ring).collect::<Vec<_>>(),
            },
        })
    };
    json!({ "type": "FeatureCollection", "features": gaps.iter().map(feature).collect::<Vec<_>>() })
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
