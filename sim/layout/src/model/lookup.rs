//! Finding things by name, and what follows from the geometry alone.

use geo::{Coord, Intersects, Rect};

use super::cast::Guard;
use super::scenario::{Device, Scenario};
use super::site::{Building, Entrance, Gate, Site, Wall};
use crate::contract::Class;
use crate::words::DeviceIx;

impl Scenario {
    /// The device of a class in a row of its own list of the kit (for `guard_radio`: of `cast.guard`). Rows of
    /// `fire_station` run on into `fire_point`.
    pub fn device_of(&self, class: Class, row: usize) -> Option<DeviceIx> {
        self.devices.iter().position(|d| d.class == class && d.row == row).map(|i| DeviceIx(i as u32))
    }

    /// The device of that name.
    pub fn device_by_id(&self, id: &str) -> Option<DeviceIx> {
        self.devices.iter().position(|d| d.id.as_str() == id).map(|i| DeviceIx(i as u32))
    }

    /// The row of the device table.
    pub fn device(&self, ix: DeviceIx) -> &Device {
        &self.devices[ix.index()]
    }

    /// The guard of that name.
    pub fn guard_by_id(&self, id: &str) -> Option<&Guard> {
        self.file.cast.guard.iter().find(|g| g.id.as_str() == id)
    }

    /// How many devices of a class there are.
    pub fn count_of(&self, class: Class) -> usize {
        self.devices.iter().filter(|d| d.class == class).count()
    }

    /// The first level of device topics: `sut.topic_site`, or the compound's name with everything but letters,
    /// digits, `-` and `_` turned into `-`.
    pub fn topic_site(&self) -> String {
        let plain = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
        self.file.sut.topic_site.clone().unwrap_or_else(|| self.file.name.chars().map(plain).collect())
    }
}

impl Site {
    /// The building of that name.
    pub fn building_by_id(&self, id: &str) -> Option<&Building> {
        self.buildings.iter().find(|b| b.id.as_str() == id)
    }

    /// The gate of that name.
    pub fn gate_by_id(&self, id: &str) -> Option<&Gate> {
        self.gates.iter().find(|g| g.id.as_str() == id)
    }

    /// The wall of that name.
    pub fn wall_by_id(&self, id: &str) -> Option<&Wall> {
        self.walls.iter().find(|w| w.id.as_str() == id)
    }

    /// The entrance of that name.
    pub fn entrance_by_id(&self, id: &str) -> Option<&Entrance> {
        self.entrances.iter().find(|e| e.id.as_str() == id)
    }

    /// Walls of the perimeter, with their index.
    pub fn perimeter_walls(&self) -> impl Iterator<Item = (usize, &Wall)> {
        self.walls.iter().enumerate().filter(|(_, w)| w.is_rim())
    }

    /// Index of the building that stands over a point, if any.
    pub fn building_at(&self, at_m: [f64; 2]) -> Option<usize> {
        let point = geo::Point::new(at_m[0], at_m[1]);
        self.buildings.iter().position(|b| b.outline.intersects(&point))
    }

    /// The smallest upright rectangle that holds everything of the site; nothing when it is empty.
    pub fn extent(&self) -> Option<Rect<f64>> {
        let outlines = self
            .compounds
            .iter()
            .map(|c| &c.outline)
            .chain(self.buildings.iter().map(|b| &b.outline))
            .chain(self.areas.iter().map(|a| &a.outline));
        let mut corners: Vec<Coord<f64>> = outlines.flat_map(|o| o.exterior().0.iter().copied()).collect();
        corners.extend(self.walls.iter().flat_map(|w| w.line.0.iter().copied()));
        corners.extend(self.paths.iter().flat_map(|p| p.line.0.iter().copied()));
        corners.extend(self.gates.iter().map(|g| g.at));
        corners.extend(self.trees.iter().map(|t| t.at));
        corners.extend(self.lamps.iter().map(|l| l.at));
        let first = *corners.first()?;
        let (low, high) = corners.iter().fold((first, first), |(low, high), c| {
            (Coord { x: low.x.min(c.x), y: low.y.min(c.y) }, Coord { x: high.x.max(c.x), y: high.y.max(c.y) })
        });
        Some(Rect::new(low, high))
    }
}
