//! The site: what stands there, in local metres (x east, y north) about an origin given in WGS 84.
//!
//! On disk it is a GeoJSON file of longitudes and latitudes, so that map tools can edit it. Every feature
//! has a property `kind`, and the other properties are the fields below under the same names.

use geo::{Coord, LineString, Polygon};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::Id;

/// Longitude and latitude, degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wgs84 {
    /// Degrees east.
    pub lon_deg: f64,
    /// Degrees north.
    pub lat_deg: f64,
}

/// The local plane: equirectangular about the origin with the ellipsoid's radii there, exactly invertible.
/// Over a compound of 500 m it is within 2 cm of a transverse Mercator plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalPlane {
    origin: Wgs84,
    metres_per_lon: f64,
    metres_per_lat: f64,
}

impl LocalPlane {
    /// The plane that touches the WGS 84 ellipsoid at `origin`.
    pub fn at(origin: Wgs84) -> LocalPlane {
        const A: f64 = 6_378_137.0;
        const E2: f64 = 0.006_694_379_990_141_316;
        let lat = origin.lat_deg.to_radians();
        let w2 = 1.0 - E2 * libm::pow(libm::sin(lat), 2.0);
        let prime_vertical = A / libm::sqrt(w2);
        let meridian = A * (1.0 - E2) / (w2 * libm::sqrt(w2));
        LocalPlane {
            origin,
            metres_per_lon: prime_vertical * libm::cos(lat) * std::f64::consts::PI / 180.0,
            metres_per_lat: meridian * std::f64::consts::PI / 180.0,
        }
    }

    /// Local metres of a longitude and latitude, rounded to the millimetre.
    pub fn to_local(&self, lon_deg: f64, lat_deg: f64) -> Coord<f64> {
        let mm = |m: f64| libm::round(m * 1000.0) / 1000.0;
        Coord {
            x: mm((lon_deg - self.origin.lon_deg) * self.metres_per_lon),
            y: mm((lat_deg - self.origin.lat_deg) * self.metres_per_lat),
        }
    }

    /// Longitude and latitude of a local point, degrees.
    pub fn to_wgs84(&self, at: Coord<f64>) -> (f64, f64) {
        (self.origin.lon_deg + at.x / self.metres_per_lon, self.origin.lat_deg + at.y / self.metres_per_lat)
    }
}

/// The fixed geometry. Lists are in the order of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Where local (0, 0) is.
    pub origin: Wgs84,
    /// Outlines of the compound; usually one, none when the data has none.
    pub compounds: Vec<Compound>,
    /// Buildings.
    pub buildings: Vec<Building>,
    /// Walls, fences, hedges.
    pub walls: Vec<Wall>,
    /// Openings in the perimeter.
    pub gates: Vec<Gate>,
    /// Where people and vehicles go.
    pub paths: Vec<Path>,
    /// Trees.
    pub trees: Vec<Tree>,
    /// Lamps.
    pub lamps: Vec<Lamp>,
    /// Doors of buildings.
    pub entrances: Vec<Entrance>,
    /// Ground that is more than ground.
    pub areas: Vec<Area>,
}

impl Site {
    /// Barriers of the perimeter: its walls, fences and hedges. What holds earth is none.
    pub fn rim(&self) -> impl Iterator<Item = &Wall> + Clone {
        self.walls.iter().filter(|wall| wall.is_rim())
    }
}

/// The outline of a compound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compound {
    /// Its name in the scenario.
    pub id: Id,
    /// What people call it.
    pub name: Option<String>,
    /// The outline.
    pub outline: Polygon<f64>,
}

/// What a building is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Flats.
    Residential,
    /// Shops, school, office, kindergarten.
    Service,
    /// The small house at a gate.
    GateHouse,
    /// A shed with sockets for e-bikes.
    ChargingShed,
    /// The way down to an underground garage.
    GarageEntrance,
    /// Pump room, substation, rubbish room.
    Plant,
    /// Anything else.
    Other,
}

/// A building.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Building {
    /// Its name in the scenario.
    pub id: Id,
    /// What people call it.
    pub name: Option<String>,
    /// What it is for.
    pub usage: Use,
    /// Outline with courts as holes.
    pub outline: Polygon<f64>,
    /// Storeys above ground.
    pub storeys: u32,
    /// Height of its roof above ground, m.
    pub height_m: f64,
    /// Flats on each storey of each of its entrances' stairwells.
    pub flats_per_storey: u32,
    /// True when the height or the storeys are a default and not in the data.
    pub height_assumed: bool,
}

impl Building {
    /// Height of one storey, m.
    pub fn storey_height_m(&self) -> f64 {
        self.height_m / f64::from(self.storeys.max(1))
    }
}

/// What a wall is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WallKind {
    /// Masonry: stops view and body.
    Wall,
    /// Bars: stop the body, let the eye through.
    Fence,
    /// Plants: stop the view.
    Hedge,
    /// Holds earth back; no perimeter.
    Retaining,
}

impl WallKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            WallKind::Wall => "wall",
            WallKind::Fence => "fence",
            WallKind::Hedge => "hedge",
            WallKind::Retaining => "retaining wall",
        }
    }
}

/// A wall, a fence or a hedge along a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Wall {
    /// Its name in the scenario.
    pub id: Id,
    /// What it is made of.
    pub made_of: WallKind,
    /// Its foot, as a line. Gates are holes in it: see [`Gate`].
    #[schemars(with = "Vec<std::collections::BTreeMap<String, f64>>")]
    pub line: LineString<f64>,
    /// Height of its top, m.
    pub height_m: f64,
    /// True when it belongs to the perimeter of the compound.
    pub perimeter: bool,
    /// Clear gap between the bars of a fence, m; nothing when it is not known.
    pub bar_gap_m: Option<f64>,
    /// Height of the lowest horizontal rail on its outer side, on which one could step, m; nothing when it is not known.
    pub lowest_rail_m: Option<f64>,
    /// For how long it holds up somebody with the tools of a thief, s; nothing when nobody tried.
    pub delay_s: Option<f64>,
}

impl Wall {
    /// Whether it is a barrier of the perimeter; what holds earth is none.
    pub fn is_rim(&self) -> bool {
        self.perimeter && self.made_of != WallKind::Retaining
    }
}

/// Who passes through a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateFor {
    /// People on foot and with bikes.
    Pedestrians,
    /// Vehicles.
    Vehicles,
    /// Both.
    Both,
}

/// An opening in the perimeter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Its name in the scenario.
    pub id: Id,
    /// What people call it.
    pub name: Option<String>,
    /// Its middle.
    pub at: Coord<f64>,
    /// Its clear width, m; walls are open for half of it on each side of `at`.
    pub width_m: f64,
    /// Who passes.
    pub passage: GateFor,
    /// Height of its leaf when it is shut, m; nothing when it is not known.
    pub height_m: Option<f64>,
    /// For how long its shut leaf holds up somebody with the tools of a thief, s; nothing when nobody tried.
    pub delay_s: Option<f64>,
}

/// Who uses a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PathFor {
    /// People on foot.
    Foot,
    /// Vehicles and people.
    Road,
}

/// A path or a road.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// Its name in the scenario.
    pub id: Id,
    /// Who uses it.
    pub passage: PathFor,
    /// Its middle line.
    pub line: LineString<f64>,
    /// Its width, m.
    pub width_m: f64,
}

/// A tree: a trunk and a crown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Its name in the scenario.
    pub id: Id,
    /// Its trunk.
    pub at: Coord<f64>,
    /// Height of its top, m.
    pub height_m: f64,
    /// Radius of the crown, m.
    pub crown_radius_m: f64,
    /// Height at which the crown begins, m.
    pub crown_base_m: f64,
    /// Keeps its leaves in winter.
    pub evergreen: bool,
}

/// A lamp.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lamp {
    /// Its name in the scenario.
    pub id: Id,
    /// Its foot.
    pub at: Coord<f64>,
    /// Height of the light, m.
    pub height_m: f64,
    /// Luminous flux, lumen.
    pub flux_lm: f64,
}

/// A door of a building.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entrance {
    /// Its name in the scenario.
    pub id: Id,
    /// The building it belongs to.
    pub building: Id,
    /// The door, on the building's outline.
    pub at: Coord<f64>,
}

/// What a piece of ground is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Grass and bushes.
    Lawn,
    /// Open paved ground.
    Plaza,
    /// Marked places for cars.
    Parking,
    /// For children.
    Playground,
    /// Water.
    Water,
}

/// A piece of ground.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// Its name in the scenario.
    pub id: Id,
    /// What it is.
    pub ground: Ground,
    /// Its outline.
    pub outline: Polygon<f64>,
}
