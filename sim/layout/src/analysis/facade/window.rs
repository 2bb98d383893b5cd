//! The windows of a facade: columns along a building's outline, one every few metres, and a window on each storey.
//!
//! Maps have outlines and storeys, no windows: pitch and size are assumed. Plan, rules and twin ask here.

use crate::analysis::assumed::{WindowFigures, facade};
use crate::model::site::Building;

/// What windows are taken to be.
fn ordinary() -> &'static WindowFigures {
    &facade().window
}

/// A window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Its column.
    pub column: Column,
    /// Its storey, from 1.
    pub storey: u32,
    /// Height of its sill above ground, m.
    pub sill_m: f64,
    /// Its height, m.
    pub tall_m: f64,
}

impl Column {
    /// The face of the building on which it is: where it looks, to the nearest eighth of the compass.
    pub fn face(&self) -> &'static str {
        const NAMES: [&str; 8] =
            ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];
        let bearing = libm::atan2(self.outward[0], self.outward[1]).to_degrees();
        NAMES[libm::round(bearing / 45.0).rem_euclid(8.0) as usize % NAMES.len()]
    }
}

impl Window {
    /// The point at shares (0..1) of its width and its height, a little before the wall, m.
    pub fn at(&self, along: f64, up: f64) -> [f64; 3] {
        let Column { foot_m: [x, y], outward: [ox, oy], .. } = self.column;
        let WindowFigures { size_m, before_m, .. } = ordinary();
        let aside = (along - 0.5) * size_m[0];
        [x - aside * oy + before_m * ox, y + aside * ox + before_m * oy, self.sill_m + up * self.tall_m]
    }

    /// Its middle, m.
    pub fn middle_m(&self) -> [f64; 3] {
        self.at(0.5, 0.5)
    }

    /// Its corners: lower left and right, upper right and left, seen from outside or inside alike.
    pub fn corners_m(&self) -> [[f64; 3]; 4] {
        [self.at(0.0, 0.0), self.at(1.0, 0.0), self.at(1.0, 1.0), self.at(0.0, 1.0)]
    }

    /// Its area, m².
    pub fn area_m2(&self) -> f64 {
        ordinary().size_m[0] * self.tall_m
    }
}

/// All windows of a building, column by column from the ground up.
pub fn windows(building: &Building) -> Vec<Window> {
    let WindowFigures { size_m, sill_m: above_floor_m, lintel_m, .. } = ordinary();
    let tall_m = size_m[1].min(building.storey_height_m() - above_floor_m - lintel_m).max(0.0);
    let on = |column: Column| {
        let at = move |storey| Window { column, storey, sill_m: sill_m(building, storey), tall_m };
        (1..=building.storeys).map(at)
    };
    columns(building).into_iter().flat_map(on).collect()
}

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
        let count = libm::floor(length / ordinary().pitch_m) as usize;
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
    building.storey_height_m() * f64::from(storey.max(1) - 1) + ordinary().sill_m
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
    fn a_window_lies_before_its_wall_and_is_as_large_as_it_says() {
        let building = slab();
        let all = windows(&building);
        assert_eq!(all.len(), 26 * 10);
        for window in &all {
            let [a, b, c, d] = window.corners_m();
            let long =
                |p: [f64; 3], q: [f64; 3]| libm::hypot(libm::hypot(p[0] - q[0], p[1] - q[1]), p[2] - q[2]);
            assert!(
                (long(a, b) * long(b, c) - window.area_m2()).abs() < 1e-9 && (long(c, d) - 1.8).abs() < 1e-9
            );
            let before = [0, 1].map(|k| window.middle_m()[k] - window.column.foot_m[k]);
            let out = before[0] * window.column.outward[0] + before[1] * window.column.outward[1];
            assert!((out - ordinary().before_m).abs() < 1e-12);
            assert_eq!(storey_of(&building, window.middle_m()[2]), window.storey as i32);
        }
        let faces: std::collections::BTreeSet<&str> = all.iter().map(|w| w.column.face()).collect();
        assert_eq!(Vec::from_iter(faces), ["east", "north", "south", "west"]);
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
