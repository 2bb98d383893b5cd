//! Places in plain words: beside which building or gate, or in which part of the compound.

use geo::{Centroid, Distance, Euclidean, Point};
use palisade_layout::model::Site;

use crate::map::extent;

/// Directions, clockwise from north.
const DIRECTIONS: [&str; 8] = ["北", "东北", "东", "东南", "南", "西南", "西", "西北"];
/// Nearer than this a place is beside a thing and has no direction, m.
const BESIDE_M: f64 = 3.0;
/// Farther than this from everything that has a name nobody would look for it from there, m.
const FAR_M: f64 = 60.0;
/// Nearer to the middle than this share of the way to an edge is the middle.
const MIDDLE: f64 = 0.25;

/// Where a point is, from the nearest building or gate that has a name of its own; where that is far, the part of the compound,
/// with the eastings and northings of the sheet's grid.
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
        Some((distance, middle, name)) if distance < FAR_M => {
            format!("{name}{}侧约 {distance:.0} m", direction(middle, at))
        }
        _ => format!("小区{}（图上 E {x:.0}、N {y:.0}）", part(at, site)),
    }
}

/// The part of the compound in which a point lies.
fn part(at: Point<f64>, site: &Site) -> String {
    let Some(ground) = extent(site) else { return "内".to_owned() };
    let middle = ground.center();
    let off = [(at.x() - middle.x) / ground.width().max(1.0), (at.y() - middle.y) / ground.height().max(1.0)];
    if off[0].hypot(off[1]) < MIDDLE / 2.0 {
        return "中部".to_owned();
    }
    format!("{}部", direction(Point::new(0.0, 0.0), off.into()))
}

fn direction(from: Point<f64>, to: Point<f64>) -> &'static str {
    let bearing = (to.x() - from.x()).atan2(to.y() - from.y()).to_degrees().rem_euclid(360.0);
    DIRECTIONS[((bearing / 45.0).round() as usize) % 8]
}

#[cfg(test)]
mod tests {
    use palisade_layout::model::site::{Building, Use, Wgs84};

    use super::*;

    #[test]
    fn directions_run_clockwise_from_north() {
        for (x, y, said) in
            [(0.0, 9.0, "北"), (9.0, 9.0, "东北"), (9.0, 0.5, "东"), (-9.0, 0.0, "西"), (-0.1, 9.0, "北")]
        {
            assert_eq!(direction(Point::new(0.0, 0.0), Point::new(x, y)), said, "{x} {y}");
        }
    }

    #[test]
    fn what_is_far_from_all_names_lies_in_a_part_of_the_compound() {
        let square = |name: Option<&str>, south_west: f64| Building {
            id: "b".into(),
            name: name.map(Into::into),
            usage: Use::Residential,
            outline: geo::Rect::new((south_west, south_west), (south_west + 10.0, south_west + 10.0))
                .to_polygon(),
            storeys: 6,
            height_m: 18.0,
            flats_per_storey: 2,
            height_assumed: false,
        };
        let site = Site {
            origin: Wgs84::default(),
            compounds: Vec::new(),
            buildings: vec![square(Some("1号楼"), 0.0), square(None, 390.0)],
            walls: Vec::new(),
            gates: Vec::new(),
            paths: Vec::new(),
            trees: Vec::new(),
            lamps: Vec::new(),
            entrances: Vec::new(),
            areas: Vec::new(),
        };
        for (at, said) in [
            ([-1.0, 5.0], "1号楼旁"),
            ([60.0, 5.0], "1号楼东侧约 50 m"),
            ([300.0, 400.0], "小区东北部（图上 E 300、N 400）"),
            ([195.0, 230.0], "小区中部（图上 E 195、N 230）"),
            ([380.0, 20.0], "小区东南部（图上 E 380、N 20）"),
        ] {
            assert_eq!(in_words(at, &site), said);
        }
    }
}
