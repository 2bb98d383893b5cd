//! Places in plain words: beside which building or gate.

use geo::{Centroid, Distance, Euclidean, Point};
use palisade_layout::model::Site;

/// Directions, clockwise from north.
const DIRECTIONS: [&str; 8] = ["北", "东北", "东", "东南", "南", "西南", "西", "西北"];
/// Nearer than this a place is beside a thing and has no direction, m.
const BESIDE_M: f64 = 3.0;

/// Where a point is, from the nearest building or gate that has a name of its own.
pub(super) fn in_words([x, y]: [f64; 2], site: &Site) -> String {
    let at = Point::new(x, y);
    let buildings = site.buildings.iter().filter_map(|b| {
        let middle = b.outline.centroid()?;
        Some((Euclidean.distance(&at, &b.outline), middle, b.name.as_deref()?))
    });
    let gates = site.gates.iter().filter_map(|g| {
        let middle = Point(g.at);
        Some((Euclidean.distance(at, middle), middle, g.name.as_deref()?))
    });
    let nearest = buildings.chain(gates).min_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((distance, _, name)) if distance < BESIDE_M => format!("{name}旁"),
        Some((distance, middle, name)) => {
            format!("{name}{}侧约 {distance:.0} m", direction(middle, at))
        }
        None => format!("坐标东 {x:.0} m、北 {y:.0} m"),
    }
}

fn direction(from: Point<f64>, to: Point<f64>) -> &'static str {
    let bearing = (to.x() - from.x()).atan2(to.y() - from.y()).to_degrees().rem_euclid(360.0);
    DIRECTIONS[((bearing / 45.0).round() as usize) % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_run_clockwise_from_north() {
        for (x, y, said) in
            [(0.0, 9.0, "北"), (9.0, 9.0, "东北"), (9.0, 0.5, "东"), (-9.0, 0.0, "西"), (-0.1, 9.0, "北")]
        {
            assert_eq!(direction(Point::new(0.0, 0.0), Point::new(x, y)), said, "{x} {y}");
        }
    }
}
