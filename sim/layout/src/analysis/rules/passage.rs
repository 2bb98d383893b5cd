//! Gates and doors as places that people walk through one way or the other, and how cameras look at them.

use geo::{Contains, Coord, Distance, Euclidean, Line, LineString, Point, Polygon, Winding};

use super::check::at_most;
use super::{Layout, Outcome};
use crate::analysis::figures::figures;
use crate::analysis::projection::{Frame, View};
use crate::analysis::sightlines::{BODY_M, look};
use crate::model::Site;
use crate::model::kit::{Camera, CameraTask};
use crate::model::lens::Focal;
use crate::model::site::{Entrance, Gate, Path};

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
    let ([x, y], far) = (square_to(edge), figures().before_door_m);
    let step = |s: f64| [door.x + s * x, door.y + s * y];
    let first = step(far);
    if Polygon::new(ring.clone(), vec![]).contains(&Point::from(first)) {
        Passage { at: step(-far), way: Some([-x, -y]) }
    } else {
        Passage { at: first, way: Some([x, y]) }
    }
}

/// The middle of a gate, walked through square to the wall that it opens.
fn gateway(site: &Site, gate: &Gate) -> Passage {
    let walls = site.rim().flat_map(|w| w.line.lines());
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

/// How far away something still is a camera's target.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    /// A gate or a door from the camera, m.
    pub(super) within_m: f64,
    /// A path from where the axis meets chests, m.
    pub(super) beside_m: f64,
}

/// What a camera that does not zoom is aimed at.
struct Aim<'a> {
    camera: &'a Camera,
    target: Target,
}

enum Target {
    /// A gate or a door.
    Passage(Passage),
    /// Whoever walks this way along a path on which its axis meets them.
    Walk([f64; 2]),
    /// Where its axis points.
    Axis,
}

/// The target of one at an entrance is the nearest gate or door that it shows; of one at a passage the path along which its
/// axis points, or else the same. One of an area has none: a scenario does not say who in it is meant.
fn aimed<'a>(layout: &'a Layout<'_>, reach: Reach) -> Vec<Aim<'a>> {
    let passages = passages(&layout.scenario.site);
    let nearest = |view: &View, camera: &Camera| {
        let away = |passage: &&Passage| distance(camera, passage.at);
        let shown = passages.iter().filter(|p| {
            away(p) <= reach.within_m && matches!(view.frame([p.at[0], p.at[1], BODY_M]), Frame::Inside(_))
        });
        shown.min_by(|a, b| away(a).total_cmp(&away(b))).map_or(Target::Axis, |p| Target::Passage(*p))
    };
    let target = |view: &View, camera: &Camera| match camera.task {
        CameraTask::Entrance => Some(nearest(view, camera)),
        CameraTask::Passage => {
            let walk = path_before(layout, view, camera, reach.beside_m);
            Some(walk.map_or_else(|| nearest(view, camera), Target::Walk))
        }
        CameraTask::Perimeter => Some(Target::Axis),
        CameraTask::Area => None,
    };
    let fixed = layout.cameras.iter().filter(|(_, camera)| camera.focal != Some(Focal::Zoom));
    fixed.filter_map(|(view, camera)| Some(Aim { camera, target: target(view, camera)? })).collect()
}

fn distance(camera: &Camera, at: [f64; 2]) -> f64 {
    libm::hypot(at[0] - camera.at_m[0], at[1] - camera.at_m[1])
}

/// How steeply each fixed camera looks down: at the chest of somebody in its gate or door, or along its axis.
pub(super) fn aim_down(layout: &Layout<'_>, most_deg: f64, reach: Reach) -> Outcome {
    let steep = |Aim { camera, target }: &Aim<'_>| {
        let deg = match target {
            Target::Passage(passage) => {
                libm::atan2(camera.height_m - BODY_M, distance(camera, passage.at)).to_degrees()
            }
            Target::Walk(_) | Target::Axis => camera.tilt_deg,
        };
        (deg, camera.id.to_string())
    };
    let found: Vec<(f64, String)> = aimed(layout, reach).iter().map(steep).collect();
    if found.is_empty() { Outcome::NotApplicable } else { most_of(found, most_deg) }
}

/// How far from ahead or behind, seen from above, each fixed camera looks at those who walk through its gate or door, or
/// along its path.
pub(super) fn aim_aside(layout: &Layout<'_>, most_deg: f64, reach: Reach) -> Outcome {
    let aside = |Aim { camera, target }: &Aim<'_>| {
        let (look, way) = match target {
            Target::Passage(to) => ([to.at[0] - camera.at_m[0], to.at[1] - camera.at_m[1]], to.way?),
            Target::Walk(way) => (heading(camera), *way),
            Target::Axis => return None,
        };
        let ahead = (look[0] * way[0] + look[1] * way[1]).abs();
        let across = (look[0] * way[1] - look[1] * way[0]).abs();
        Some((libm::atan2(across, ahead).to_degrees(), camera.id.to_string()))
    };
    let found: Vec<(f64, String)> = aimed(layout, reach).iter().filter_map(aside).collect();
    if found.is_empty() {
        let what =
            "a camera without zoom at an entrance or a passage that shows a gate in a wall, a door or a path";
        return Outcome::Needs(what.into());
    }
    most_of(found, most_deg)
}

fn heading(camera: &Camera) -> [f64; 2] {
    let (east, north) = libm::sincos(camera.bearing_deg.to_radians());
    [east, north]
}

/// The way along the path on which, or beside which, a camera's axis meets the chest of somebody whom it shows there.
fn path_before(layout: &Layout<'_>, view: &View, camera: &Camera, beside_m: f64) -> Option<[f64; 2]> {
    let ahead = (camera.height_m - BODY_M) / libm::tan(camera.tilt_deg.to_radians());
    let [east, north] = heading(camera);
    let at = Coord { x: camera.at_m[0] + ahead * east, y: camera.at_m[1] + ahead * north };
    if !(ahead > 0.0 && look(view, camera, layout.caster, [at.x, at.y, BODY_M]).is_some()) {
        return None;
    }
    let beside =
        |path: &&Path| Euclidean.distance(&Point::from(at), &path.line) <= path.width_m / 2.0 + beside_m;
    let paths = layout.scenario.site.paths.iter().filter(beside);
    let [north, west] = square_to(nearest(at, paths.flat_map(|path| path.line.lines()))?);
    Some([-west, north])
}

fn most_of(found: Vec<(f64, String)>, most_deg: f64) -> Outcome {
    let most = found.iter().map(|(deg, _)| *deg).fold(f64::NEG_INFINITY, f64::max);
    let over = found.into_iter().filter(|(deg, _)| *deg > most_deg);
    at_most(most, most_deg, "degrees", over.map(|(deg, id)| format!("{id}: {deg:.0}°")))
}
