//! The windows of a facade: columns along a building's outline, one every few metres.

use crate::model::site::Building;

/// Distance from one column of windows to the next, m.
pub const PITCH_M: f64 = 3.3;

/// A column of windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Its number, counted from 1 along the outline from its first corner.
    pub number: i32,
    /// Its foot on the wall, m.
    pub foot_m: [f64; 2],
    /// Unit vector away from the wall.
    pub outward: [f64; 2],
}

/// All columns of a building. A side too short for a window has none.
pub fn columns(building: &Building) -> Vec<Column> {
    let ring = building.outline.exterior();
    let doubled_area: f64 = ring.lines().map(|l| l.start.x * l.end.y - l.end.x * l.start.y).sum();
    let sign = if doubled_area >= 0.0 { 1.0 } else { -1.0 };
    let mut all = Vec::new();
    for side in ring.lines() {
        let (x, y) = (side.end.x - side.start.x, side.end.y - side.start.y);
        let length = libm::hypot(x, y);
        let count = libm::floor(length / PITCH_M) as usize;
        for n in 0..count {
            let k = (n as f64 + 0.5) / count as f64;
            all.push(Column {
                number: all.len() as i32 + 1,
                foot_m: [side.start.x + k * x, side.start.y + k * y],
                outward: [sign * y / length, -sign * x / length],
            });
        }
    }
    all
}

/// Height of the window sill of a storey counted from 1, m above ground.
pub fn sill_m(building: &Building, storey: u32) -> f64 {
    building.storey_height_m() * f64::from(storey.max(1) - 1) + 1.0
}

/// The storey, from 1, to which a height belongs; never above the roof.
pub fn storey_of(building: &Building, height_m: f64) -> i32 {
    let storey = libm::floor(height_m / building.storey_height_m()) as i32 + 1;
    storey.clamp(1, building.storeys.max(1) as i32)
}

/// The column whose foot is nearest to a point.
pub fn nearest_column(columns: &[Column], at_m: [f64; 2]) -> Option<Column> {
    let far = |c: &Column| libm::hypot(c.foot_m[0] - at_m[0], c.foot_m[1] - at_m[1]);
    columns.iter().copied().min_by(|a, b| far(a).total_cmp(&far(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::site::Use;
    use crate::words::Id;
    use geo::polygon;

    fn slab() -> Building {
        Building {
            id: Id::from("b01"),
            name: None,
            usage: Use::Residential,
            outline: polygon![(x: 0.0, y: 0.0), (x: 33.0, y: 0.0), (x: 33.0, y: 12.0), (x: 0.0, y: 12.0)],
            storeys: 10,
            height_m: 30.0,
            flats_per_storey: 2,
            height_assumed: false,
        }
    }

    #[test]
    fn windows_look_outward_whichever_way_the_outline_runs() {
        let mut building = slab();
        assert_eq!(columns(&building).len(), 10 + 3 + 10 + 3);
        let south = columns(&building)[0];
        assert_eq!(south.outward, [0.0, -1.0]);
        assert!((south.foot_m[0] - 1.65).abs() < 1e-9 && south.foot_m[1] == 0.0);
        building.outline =
            polygon![(x: 0.0, y: 12.0), (x: 33.0, y: 12.0), (x: 33.0, y: 0.0), (x: 0.0, y: 0.0)];
        let north = columns(&building)[0];
        assert_eq!(north.outward, [0.0, 1.0]);
    }

    #[test]
    fn storeys_and_heights_match() {
        let building = slab();
        for storey in 1..=10 {
            assert_eq!(storey_of(&building, sill_m(&building, storey)), storey as i32);
        }
        assert_eq!(storey_of(&building, 99.0), 10);
    }
}
