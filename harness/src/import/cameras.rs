//! Proposes cameras as the shipped book of rules wants them: before who walks through a gate or a door, dense enough for
//! a face at gates, too coarse for a window at doors, both faces of a block, and with masks over what windows are left.

use geo::{Centroid, Contains, Coord, Distance, Euclidean, MinimumRotatedRect, Point};
use palisade_sim::analysis::caster::Caster;
use palisade_sim::analysis::privacy::Homes;
use palisade_sim::analysis::rules::RuleBook;
use palisade_sim::model::kit::{Camera, CameraTask, FacadeCamera};
use palisade_sim::model::site::{Building, Entrance, Gate, GateFor, Use};
use palisade_sim::words::Id;

use super::kit::{Proposer, bearing, camera, pair};
use super::site::unit;

/// Height of a chest, at which cameras of gates and doors aim, m.
const CHEST_M: f64 = 1.5;
/// How dense a gate's camera shows who passes, px/m: a face of 0.16 m is then 88 px wide, where rule 44 asks for 80.
const FACE_PX_PER_M: f64 = 550.0;
/// How dense a door's camera shows the facade behind the door, px/m: rule 29 forbids 125.
const FACADE_PX_PER_M: f64 = 100.0;
/// How far aside of the way through a gate or a door its camera stands, degrees: rule 22 allows 45 at the chest.
const ASIDE_DEG: f64 = 40.0;
/// Distances from a face at which a facade camera is tried, m: within the 8 m to 20 m of rule 39.
const STANDOFF_M: [f64; 6] = [12.0, 10.0, 14.0, 9.0, 16.0, 18.0];
/// Places along a face at which it is tried, as shares of its length from the middle.
const ALONG: [f64; 7] = [0.0, 0.15, -0.15, 0.3, -0.3, 0.45, -0.45];

/// The horizontal angle of view at which so many pixels show a target at a distance with a density, degrees.
fn view_deg(pixels: u32, distance_m: f64, px_per_m: f64) -> f64 {
    let half = (f64::from(pixels) / 2.0 / (px_per_m * distance_m)).atan();
    ((2.0 * half).to_degrees() * 10.0).floor() / 10.0
}

/// A camera of a gate or a door that aims at somebody's chest.
fn aimed(id: String, [at, to]: [Coord<f64>; 2], pixels: [u32; 2], view: impl Fn(f64) -> f64) -> Camera {
    let plain = camera(id, at, to, CameraTask::Entrance);
    let (away_m, down_m) = (Euclidean.distance(at, to), plain.height_m - CHEST_M);
    let tilt_deg = (down_m.atan2(away_m).to_degrees() * 10.0).round() / 10.0;
    Camera { tilt_deg, pixels, hfov_deg: view(away_m.hypot(down_m)), ..plain }
}

/// True when somebody who walks a way is seen from ahead or behind.
fn before(at: Coord<f64>, to: Coord<f64>, way: Coord<f64>) -> bool {
    let look = unit(to - at);
    (look.x * way.x + look.y * way.y).abs() >= ASIDE_DEG.to_radians().cos()
}

fn square_to(line: geo::Line<f64>) -> Coord<f64> {
    let along = unit(line.end - line.start);
    Coord { x: along.y, y: -along.x }
}

fn nearest(at: Coord<f64>, lines: impl Iterator<Item = geo::Line<f64>>) -> Option<geo::Line<f64>> {
    let away = |line: &geo::Line<f64>| Euclidean.distance(&Point::from(at), line);
    lines.min_by(|a, b| away(a).total_cmp(&away(b)))
}

impl Proposer<'_, '_> {
    /// The way through a gate: square to the wall that it opens; where there is none, to the outline.
    fn way_through(&self, gate: &Gate) -> Option<Coord<f64>> {
        let near = |line: &geo::Line<f64>| Euclidean.distance(&Point::from(gate.at), line) <= gate.width_m;
        let walls = self.draft.site.walls.iter().filter(|w| w.perimeter).flat_map(|w| w.line.lines());
        let edge = nearest(gate.at, walls.filter(near));
        edge.or_else(|| nearest(gate.at, self.draft.outline.exterior().lines())).map(square_to)
    }

    /// A camera for those on foot and one for the vehicle lane, which look out through a gate.
    pub(super) fn gate_cameras(&mut self, gate: &Gate, name: &str) {
        let Some(way) = self.way_through(gate) else { return };
        let Some(at) = self.pole_near(gate.at, [6.0, 14.0], |at| before(at, gate.at, way)) else {
            self.draft.notes.guessed(1, "gates without a camera: no pole inside from which one looks out");
            return;
        };
        let aside = Coord { x: way.y, y: -way.x } * (gate.width_m / 6.0);
        let lanes: &[(&str, f64)] = match gate.passage {
            GateFor::Pedestrians => &[("people", 0.0)],
            GateFor::Vehicles => &[("lane", 0.0)],
            GateFor::Both => &[("people", -1.0), ("lane", 1.0)],
        };
        for (lane, side) in lanes {
            let to = gate.at + aside * *side;
            let id = format!("cam-gate-{name}-{lane}");
            let view = |away_m: f64| view_deg(3840, away_m, FACE_PX_PER_M);
            self.kit.camera.push(aimed(id, [at, to], [3840, 2160], view));
        }
    }

    /// A camera before a door, so coarse that it shows nobody behind a window.
    pub(super) fn door_camera(&mut self, entrance: &Entrance) {
        let site = &self.draft.site;
        let Some(building) = site.building_by_id(entrance.building.as_str()) else { return };
        let Some(side) = nearest(entrance.at, building.outline.exterior().lines()) else { return };
        let way = square_to(side);
        let step = [way, way * -1.0].map(|out| entrance.at + out);
        let Some(to) = step.into_iter().find(|at| !building.outline.contains(&Point::from(*at))) else {
            return;
        };
        let out = to - entrance.at;
        let depth = |at: Coord<f64>| (at.x - entrance.at.x) * out.x + (at.y - entrance.at.y) * out.y;
        let fits = |at: Coord<f64>| before(at, to, way) && depth(at) >= 6.0;
        let Some(at) = self.pole_near(to, [8.0, 16.0], fits) else {
            self.draft.notes.guessed(1, "doors without a camera: no pole before them");
            return;
        };
        let view = |_: f64| view_deg(1920, depth(at), FACADE_PX_PER_M);
        self.kit.camera.push(aimed(format!("cam-{}", entrance.id), [at, to], [1920, 1080], view));
    }

    /// Cameras that look up both long faces of every house of flats, where one of them has six storeys or more.
    pub(super) fn facades(&mut self) {
        let homes: Vec<Building> =
            self.draft.site.buildings.iter().filter(|b| b.usage == Use::Residential).cloned().collect();
        if homes.iter().all(|home| home.storeys < 6) {
            return;
        }
        let mut blind = 0;
        for home in &homes {
            for (face, sign) in [("a", 1.0), ("b", -1.0)] {
                match self.before_face(home, sign) {
                    Some([at, to]) => self.kit.facade_camera.push(FacadeCamera {
                        id: Id(format!("facade-{}-{face}", home.id)),
                        at_m: pair(at),
                        height_m: 2.5,
                        building: home.id.clone(),
                        bearing_deg: bearing(at, to),
                        elevation_deg: 60.0,
                        hfov_deg: 100.0,
                        pixels: [2560, 1440],
                        frames_per_s: 25.0,
                    }),
                    None => blind += 1,
                }
            }
        }
        self.draft.notes.guessed(blind, "long faces without a facade camera: no pole 9 to 18 m before them");
    }

    /// A pole before one of the two long faces of a house, and the point of the face at which its camera looks.
    fn before_face(&self, home: &Building, sign: f64) -> Option<[Coord<f64>; 2]> {
        let rectangle = home.outline.minimum_rotated_rect()?;
        let long = |line: &geo::Line<f64>| line.dx().hypot(line.dy());
        let side = rectangle.exterior().lines().max_by(|a, b| long(a).total_cmp(&long(b)))?;
        let depth = rectangle.exterior().lines().map(|l| long(&l)).fold(f64::INFINITY, f64::min);
        let (along, out) = (unit(side.end - side.start), square_to(side) * sign);
        let middle: Coord<f64> = rectangle.centroid()?.into();
        let ways = STANDOFF_M.into_iter().flat_map(|away| ALONG.into_iter().map(move |share| (away, share)));
        let mut poles = ways.map(|(away, share)| {
            let to = middle + out * (depth / 2.0) + along * (share * long(&side));
            [to + out * away, to]
        });
        let stands_off = |at: Coord<f64>| {
            let away = Euclidean.distance(&Point::from(at), home.outline.exterior());
            (8.0..=20.0).contains(&away)
        };
        let fits = |[at, to]: &[Coord<f64>; 2]| {
            let inside = self.draft.outline.contains(&Point::from(*at));
            inside && self.stands(*at) && stands_off(*at) && self.clear(*at, *to)
        };
        poles.find(fits)
    }

    /// Masks over the windows of dwellings that cameras still show better than the book allows.
    pub(super) fn masks(&mut self) {
        let Ok(book) = RuleBook::residential() else { return };
        let (homes, caster) = (Homes::of(&self.draft.site), Caster::new(&self.draft.site));
        let mut masked = 0;
        for camera in &mut self.kit.camera {
            let shown = homes.shown_by(camera, &caster, book.private_px_per_m());
            masked += usize::from(shown.windows > 0);
            camera.mask_px = shown.mask_px;
        }
        self.draft.notes.guessed(masked, "cameras with a privacy mask over windows of dwellings");
    }
}
