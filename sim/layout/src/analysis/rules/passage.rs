//! Gates and doors as places that people walk through one way or the other, and how cameras look at them.

use geo::{Contains, Coord, Distance, Euclidean, Line, LineString, Point, Polygon, Winding};

use super::check::at_most;
use super::{Layout, Outcome};
use crate::analysis::projection::{Frame, View};
use crate::analysis::sightlines::BODY_M;
use crate::model::Site;
use crate::model::kit::{Camera, CameraTask};
use crate::model::site::{Entrance, Gate};

/// How far outside its building a door's visitor stands, m.
const BEFORE_THE_DOOR_M: f64 = 1.0;
/// A camera for an entrance is no farther from it than this, m.
pub(crate) const AIM_WITHIN_M: f64 = 30.0;

/// A place that people walk through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passage {
    /// Where they stand when the camera should have them.
    pub(crate) at: [f64; 2],
    /// The way they walk, out of the house or the compound, as a unit vector; nothing where no wall tells it.
    pub(super) way: Option<[f64; 2]>,
}

/// Where somebody stands before a door: a step out of its building, square to the facade.
pub(super) fn doorstep(site: &Site, entrance: &Entrance) -> Passage {
    let door = entrance.at;
    let outline = site.buildings.iter().find(|b| b.id == entrance.building).map(|b| b.outline.exterior());
    let facade = outline.and_then(|ring| Some((ring, nearest(door, ring.lines())?)));
    match facade {
        Some((ring, edge)) => step_out(ring, edge, door),
        None => Passage { at: [door.x, door.y], way: None },
    }
}

/// A step out of a building from a point on one of its sides, square to that side.
pub(super) fn step_out(ring: &LineString<f64>, edge: Line<f64>, door: Coord<f64>) -> Passage {
    let [x, y] = square_to(edge);
    let step = |s: f64| [door.x + s * x, door.y + s * y];
    let first = step(BEFORE_THE_DOOR_M);
    if Polygon::new(ring.clone(), vec![]).contains(&Point::from(first)) {
        Passage { at: step(-BEFORE_THE_DOOR_M), way: Some([-x, -y]) }
    } else {
        Passage { at: first, way: Some([x, y]) }
    }
}

/// The middle of a gate, walked through square to the wall that it opens.
fn gateway(site: &Site, gate: &Gate) -> Passage {
    let walls = site.walls.iter().filter(|w| w.perimeter).flat_map(|w| w.line.lines());
    let near = |line: &Line<f64>| Euclidean.distance(&Point::from(gate.at), line) <= gate.width_m;
    Passage { at: [gate.at.x, gate.at.y], way: nearest(gate.at, walls.filter(near)).map(square_to) }
}

/// Every gate, then every door.
pub(crate) fn passages(site: &Site) -> Vec<Passage> {
    let doors = site.entrances.iter().map(|e| doorstep(site, e));
    site.gates.iter().map(|g| gateway(site, g)).chain(doors).collect()
}

/// The way out of the compound over the side of its outline that is nearest to a point.
pub(super) fn outward(site: &Site, at: Coord<f64>) -> Option<[f64; 2]> {
    let sides = site.compounds.iter().flat_map(|c| {
        let to_the_right = c.outline.exterior().is_ccw();
        c.outline.exterior().lines().map(move |line| (line, if to_the_right { 1.0 } else { -1.0 }))
    });
    let away = |line: &Line<f64>| Euclidean.distance(&Point::from(at), line);
    let (line, out) = sides.min_by(|a, b| away(&a.0).total_cmp(&away(&b.0)))?;
    Some(square_to(line).map(|part| part * out))
}

fn nearest(at: Coord<f64>, lines: impl Iterator<Item = Line<f64>>) -> Option<Line<f64>> {
    let away = |line: &Line<f64>| Euclidean.distance(&Point::from(at), line);
    lines.min_by(|a, b| away(a).total_cmp(&away(b)))
}

fn square_to(line: Line<f64>) -> [f64; 2] {
    let (dx, dy) = (line.end.x - line.start.x, line.end.y - line.start.y);
    let long = libm::hypot(dx, dy).max(1e-9);
    [dy / long, -dx / long]
}

/// Each entrance camera with the gate or door that it is for: the nearest that it shows.
fn aimed<'a>(layout: &'a Layout<'_>) -> impl Iterator<Item = (&'a Camera, Passage)> {
    let site = &layout.scenario.site;
    let passages = passages(site);
    let target = move |view: &View, camera: &Camera| {
        let away = |passage: &&Passage| distance(camera, passage);
        let shown = passages.iter().filter(|p| {
            away(p) <= AIM_WITHIN_M && matches!(view.frame([p.at[0], p.at[1], BODY_M]), Frame::Inside(_))
        });
        shown.min_by(|a, b| away(a).total_cmp(&away(b))).copied()
    };
    let cameras = layout.cameras.iter().filter(|(_, camera)| camera.task == CameraTask::Entrance);
    cameras.filter_map(move |(view, camera)| Some((*camera, target(view, camera)?)))
}

fn distance(camera: &Camera, passage: &Passage) -> f64 {
    libm::hypot(passage.at[0] - camera.at_m[0], passage.at[1] - camera.at_m[1])
}

/// How steeply each entrance camera looks at its gate or door.
pub(super) fn aim_down(layout: &Layout<'_>, most_deg: f64) -> Outcome {
    let steep = |(camera, passage): (&Camera, Passage)| {
        let deg = libm::atan2(camera.height_m - BODY_M, distance(camera, &passage)).to_degrees();
        (deg, camera.id.to_string())
    };
    most_of(aimed(layout).map(steep).collect(), most_deg)
}

/// How far from ahead or behind, seen from above, each entrance camera looks at those who walk through its gate or
/// door.
pub(super) fn aim_aside(layout: &Layout<'_>, most_deg: f64) -> Outcome {
    let aside = |(camera, passage): (&Camera, Passage)| {
        let way = passage.way?;
        let look = [passage.at[0] - camera.at_m[0], passage.at[1] - camera.at_m[1]];
        let ahead = (look[0] * way[0] + look[1] * way[1]).abs();
        let across = (look[0] * way[1] - look[1] * way[0]).abs();
        Some((libm::atan2(across, ahead).to_degrees(), camera.id.to_string()))
    };
    most_of(aimed(layout).filter_map(aside).collect(), most_deg)
}

fn most_of(found: Vec<(f64, String)>, most_deg: f64) -> Outcome {
    if found.is_empty() {
        return Outcome::Needs("an entrance camera that shows a gate in a wall, or a door".into());
    }
    let most = found.iter().map(|(deg, _)| *deg).fold(0.0, f64::max);
    let over = found.into_iter().filter(|(deg, _)| *deg > most_deg);
    at_most(most, most_deg, "degrees", over.map(|(deg, id)| format!("{id}: {deg:.0}°")))
}
