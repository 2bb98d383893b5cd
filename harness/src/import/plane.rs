//! Planar metres for the counts (WGS 84 / UTM), and lengths within reach of something.

use geo::{Coord, Distance, Euclidean, Intersects, LineString, Point, Polygon};
use proj4rs::Proj;
use proj4rs::transform::transform;

/// A UTM zone.
pub struct Utm {
    wgs84: Proj,
    utm: Proj,
    /// EPSG code: 326nn north, 327nn south.
    pub epsg: u32,
}

impl Utm {
    /// The zone of a place.
    pub fn at(lon: f64, lat: f64) -> Result<Utm, proj4rs::errors::Error> {
        let zone = (((lon + 180.0) / 6.0).floor() as i64).rem_euclid(60) + 1;
        let south = if lat < 0.0 { " +south" } else { "" };
        let utm = format!("+proj=utm +zone={zone}{south} +datum=WGS84 +units=m +no_defs");
        Ok(Utm {
            wgs84: Proj::from_proj_string("+proj=longlat +datum=WGS84 +no_defs")?,
            utm: Proj::from_proj_string(&utm)?,
            epsg: if lat < 0.0 { 32700 } else { 32600 } + zone as u32,
        })
    }

    /// Easting and northing, m.
    pub fn metres(&self, lon: f64, lat: f64) -> Result<Coord<f64>, proj4rs::errors::Error> {
        let mut point = (lon.to_radians(), lat.to_radians(), 0.0);
        transform(&self.wgs84, &self.utm, &mut point)?;
        Ok(Coord { x: point.0, y: point.1 })
    }
}

/// Longest step along a line between two looks at its distance, m. A shorter visit may be missed.
const STEP_M: f64 = 0.2;

/// The pieces of a line that lie within `reach_m` of something whose distance is `away`; ends are found by halving.
pub fn pieces_within(
    line: &LineString<f64>,
    reach_m: f64,
    away: &dyn Fn(Coord<f64>) -> f64,
) -> Vec<LineString<f64>> {
    let near = |c: Coord<f64>| away(c) <= reach_m;
    let mut pieces: Vec<Vec<Coord<f64>>> = Vec::new();
    let mut current: Vec<Coord<f64>> = Vec::new();
    for segment in line.lines() {
        let length = Euclidean.distance(segment.start, segment.end);
        if length == 0.0 {
            continue;
        }
        let at = |t: f64| segment.start + (segment.end - segment.start) * t;
        let steps = (length / STEP_M).ceil().max(1.0) as usize;
        let mut inside = near(segment.start);
        if inside && current.is_empty() {
            current.push(segment.start);
        }
        for k in 1..=steps {
            let (before, after) = ((k - 1) as f64 / steps as f64, k as f64 / steps as f64);
            let now = near(at(after));
            if now != inside {
                let (mut low, mut high) = (before, after);
                for _ in 0..40 {
                    let middle = (low + high) / 2.0;
                    if near(at(middle)) == inside { low = middle } else { high = middle }
                }
                current.push(at((low + high) / 2.0));
                if inside {
                    pieces.push(std::mem::take(&mut current));
                }
                inside = now;
            }
        }
        if inside {
            current.push(segment.end);
        }
    }
    pieces.push(current);
    pieces.into_iter().filter(|p| p.len() >= 2).map(LineString).collect()
}

/// Distance from a polygon, m; 0 inside.
pub fn from_polygon(polygon: &Polygon<f64>, at: Coord<f64>) -> f64 {
    if polygon.intersects(&at) { 0.0 } else { Euclidean.distance(&Point::from(at), polygon) }
}

/// Distance from the nearest of some lines, m; infinite when there are none.
pub fn from_lines(lines: &[LineString<f64>], at: Coord<f64>) -> f64 {
    let point = Point::from(at);
    lines.iter().map(|l| Euclidean.distance(&point, l)).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use geo::{Length, polygon};

    use super::*;

    #[test]
    fn a_line_is_cut_where_it_leaves_the_reach() {
        let square = polygon![(x: 0.0, y: 0.0), (x: 10.0, y: 0.0), (x: 10.0, y: 10.0), (x: 0.0, y: 10.0)];
        let line = LineString::from(vec![(-20.0, 5.0), (40.0, 5.0)]);
        let within = |reach| {
            let pieces = pieces_within(&line, reach, &|c| from_polygon(&square, c));
            pieces.iter().map(|p| Euclidean.length(p)).sum::<f64>()
        };
        assert!((within(0.0) - 10.0).abs() < 1e-6);
        assert!((within(10.0) - 30.0).abs() < 1e-6);
    }

    #[test]
    fn utm_agrees_with_a_known_point() {
        // The central meridian of zone 50 is 117 degrees east; its easting is 500 km by definition.
        let utm = Utm::at(117.0, 40.0).expect("a zone");
        let at = utm.metres(117.0, 40.0).expect("a point");
        assert_eq!(utm.epsg, 32650);
        assert!((at.x - 500_000.0).abs() < 1e-3, "{at:?}");
        // Meridian arc to 40 degrees on WGS 84 is 4 429 529.030 m; UTM scales it by 0.9996.
        assert!((at.y - 4_429_529.030 * 0.9996).abs() < 0.01, "{at:?}");
    }
}
