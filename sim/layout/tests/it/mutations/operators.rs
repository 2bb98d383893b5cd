//! Changes to a layout that know no rule: they move, turn, cut, scale and remove whatever they meet.

use geo::{AffineOps, AffineTransform, Centroid, Coord, LineString, MapCoords, MapCoordsInPlace, Point};
use palisade_layout::model::Scenario;
use palisade_layout::model::kit::Camera;
use palisade_layout::model::site::{Wall, WallKind};
use palisade_layout::words::Draw;

/// A change: its name, and what it does with the dice it is given.
pub(super) type Operator = (&'static str, fn(&mut Scenario, &mut Draw));

/// All of them. Each picks its own victim and draws its size over a wide range, small changes as often as large ones.
pub(super) const OPERATORS: [Operator; 47] = [
    ("move a corner of a wall", |s, d| {
        let shift = way(d, 0.1, 20.0);
        with(&mut s.site.walls, d, |w, d| {
            let corner = d.below(w.line.0.len());
            w.line.0[corner] = w.line.0[corner] + shift;
        });
    }),
    ("cut a stretch out of a wall", cut),
    ("remove a wall", |s, d| remove(&mut s.site.walls, d)),
    ("lower or raise a wall", |s, d| {
        with(&mut s.site.walls, d, |w, d| w.height_m *= d.between(0.4, 1.6));
    }),
    ("widen the bars of a fence", |s, d| {
        with(&mut s.site.walls, d, |w, d| w.bar_gap_m = w.bar_gap_m.map(|gap| gap * d.between(0.5, 3.0)));
    }),
    ("put up a screen", |s, d| {
        let made_of = [WallKind::Wall, WallKind::Hedge, WallKind::Fence][d.below(3)];
        let from = anywhere(s, d);
        let line = LineString(vec![from, from + way(d, 1.0, 30.0)]);
        let height_m = d.between(0.5, 4.0);
        let Some(like) = s.site.walls.first().cloned() else { return };
        let id = "screen".into();
        s.site.walls.push(Wall { id, made_of, line, height_m, perimeter: false, bar_gap_m: None, ..like });
    }),
    ("move a building", |s, d| {
        let Coord { x, y } = way(d, 0.3, 40.0);
        building(s, d, &|_| AffineTransform::translate(x, y));
    }),
    ("turn a building", |s, d| {
        let deg = d.between(-180.0, 180.0);
        building(s, d, &|middle| AffineTransform::rotate(deg, middle));
    }),
    ("scale a building", |s, d| {
        let by = d.between(0.4, 2.5);
        building(s, d, &|middle| AffineTransform::scale(by, by, middle));
    }),
    ("remove a building", |s, d| {
        let gone = d.below(s.site.buildings.len());
        let id = s.site.buildings.remove(gone).id;
        s.site.entrances.retain(|e| e.building != id);
        s.file.kit.facade_camera.retain(|c| c.building != id);
    }),
    ("heighten or lower a building", |s, d| {
        with(&mut s.site.buildings, d, |b, d| b.height_m *= d.between(0.05, 2.0));
    }),
    ("move a gate", |s, d| {
        let shift = way(d, 0.1, 20.0);
        with(&mut s.site.gates, d, |g, _| g.at = g.at + shift);
    }),
    ("widen or narrow a gate", |s, d| {
        with(&mut s.site.gates, d, |g, d| g.width_m *= d.between(0.3, 3.0));
    }),
    ("remove a gate", |s, d| {
        let gone = d.below(s.site.gates.len());
        let id = s.site.gates.remove(gone).id;
        s.file.kit.barrier.retain(|b| b.gate != id);
    }),
    ("another leaf for a gate", |s, d| {
        with(&mut s.site.gates, d, |g, d| {
            g.height_m = g.height_m.map(|m| m * d.between(0.5, 1.5));
            g.delay_s = g.delay_s.map(|held| held * wide(d, 0.2, 2.0));
        });
    }),
    ("a wall or a fence that holds for longer or not so long", |s, d| {
        with(&mut s.site.walls, d, |w, d| w.delay_s = w.delay_s.map(|held| held * wide(d, 0.2, 10.0)));
    }),
    ("move the rail of a fence", |s, d| {
        with(&mut s.site.walls, d, |w, d| w.lowest_rail_m = w.lowest_rail_m.map(|m| m * wide(d, 0.2, 1.5)));
    }),
    ("move a square", |s, d| {
        let shift = way(d, 0.3, 40.0);
        with(&mut s.site.areas, d, |a, _| a.outline.map_coords_in_place(|c| c + shift));
    }),
    ("scale a square", |s, d| {
        with(&mut s.site.areas, d, |a, d| {
            let Some(middle) = a.outline.centroid() else { return };
            let (x, y) = (d.between(0.5, 3.0), d.between(0.5, 3.0));
            a.outline.affine_transform_mut(&AffineTransform::scale(x, y, Coord::from(middle)));
        });
    }),
    ("scale the ground under the kit", |s, d| {
        let by = d.between(0.6, 1.5);
        let scale = AffineTransform::scale(by, by, Coord { x: 0.0, y: 0.0 });
        let site = &mut s.site;
        site.compounds.iter_mut().for_each(|c| c.outline.affine_transform_mut(&scale));
        site.walls.iter_mut().for_each(|w| w.line.affine_transform_mut(&scale));
        site.gates.iter_mut().for_each(|g| g.at = scale.apply(g.at));
    }),
    ("move a camera", |s, d| {
        let shift = way(d, 0.1, 40.0);
        with(&mut s.file.kit.camera, d, |c, _| c.at_m = moved(c.at_m, shift));
    }),
    ("mount a camera elsewhere and aim it at the same point", |s, d| {
        let (shift, higher) = (way(d, 0.3, 12.0), d.between(0.5, 4.0));
        with(&mut s.file.kit.camera, d, |c, d| mount(c, d.between(5.0, 15.0), (shift, higher)));
    }),
    ("raise or lower all cameras and aim them at the same points", |s, d| {
        let (ahead, higher) = (d.between(5.0, 15.0), wide(d, 0.5, 5.0));
        s.file.kit.camera.iter_mut().for_each(|c| mount(c, ahead, (Coord::default(), higher)));
    }),
    ("turn a camera", |s, d| {
        with(&mut s.file.kit.camera, d, |c, d| c.bearing_deg = turned(c.bearing_deg, d));
    }),
    ("tilt a camera", |s, d| {
        with(&mut s.file.kit.camera, d, |c, d| {
            c.tilt_deg = (c.tilt_deg + sign(d) * wide(d, 1.0, 60.0)).clamp(-45.0, 89.0);
        });
    }),
    ("raise or lower a camera", |s, d| {
        with(&mut s.file.kit.camera, d, |c, d| c.height_m *= d.between(0.3, 4.0));
    }),
    ("zoom a camera", |s, d| {
        with(&mut s.file.kit.camera, d, |c, d| c.hfov_deg = (c.hfov_deg * d.between(0.2, 2.0)).min(150.0));
    }),
    ("coarsen a camera", |s, d| {
        let by = d.between(0.1, 1.0);
        with(&mut s.file.kit.camera, d, |c, _| {
            c.pixels = c.pixels.map(|side| libm::round(f64::from(side) * by) as u32);
        });
    }),
    ("shorten a camera's reach", |s, d| {
        with(&mut s.file.kit.camera, d, |c, d| c.range_m *= d.between(0.05, 1.0));
    }),
    ("remove a camera", |s, d| remove(&mut s.file.kit.camera, d)),
    ("weaken or strengthen a camera's own light", |s, d| {
        with(&mut s.file.kit.camera, d, |c, d| c.ir_range_m *= wide(d, 0.1, 2.0));
    }),
    ("a camera that needs more or less light", |s, d| {
        let by = wide(d, 0.2, 200.0);
        with(&mut s.file.kit.camera, d, |c, _| c.sensitivity_lux = c.sensitivity_lux.map(|lux| lux * by));
    }),
    ("move a lamp", |s, d| {
        let shift = way(d, 0.3, 60.0);
        with(&mut s.site.lamps, d, |l, _| l.at = l.at + shift);
    }),
    ("raise or lower a lamp", |s, d| {
        with(&mut s.site.lamps, d, |l, d| l.height_m *= wide(d, 0.3, 4.0));
    }),
    ("dim or brighten all lamps", |s, d| {
        let by = wide(d, 0.05, 3.0);
        s.site.lamps.iter_mut().for_each(|l| l.flux_lm *= by);
    }),
    ("let a lamp fade", |s, d| {
        with(&mut s.site.lamps, d, |l, d| l.flux_lm *= wide(d, 0.01, 1.0));
    }),
    ("move a zone", |s, d| {
        let shift = way(d, 0.05, 10.0);
        with(&mut s.file.kit.beam, d, |b, _| {
            (b.from_m, b.to_m) = (moved(b.from_m, shift), moved(b.to_m, shift));
        });
    }),
    ("shorten or stretch a zone", |s, d| {
        with(&mut s.file.kit.beam, d, |b, d| {
            let by = d.between(0.1, 6.0);
            b.to_m = [0, 1].map(|k| b.from_m[k] + by * (b.to_m[k] - b.from_m[k]));
        });
    }),
    ("turn a zone about one end", |s, d| {
        with(&mut s.file.kit.beam, d, |b, d| {
            let turn = AffineTransform::rotate(sign(d) * wide(d, 0.1, 180.0), Coord::from(b.from_m));
            let end = turn.apply(Coord::from(b.to_m));
            b.to_m = [end.x, end.y];
        });
    }),
    ("raise or lower the rays of a zone", |s, d| {
        with(&mut s.file.kit.beam, d, |b, d| {
            let by = sign(d) * wide(d, 0.02, 2.0);
            b.rays_m.iter_mut().for_each(|ray| *ray = (*ray + by).max(0.1));
        });
    }),
    ("another product's range", |s, d| {
        with(&mut s.file.kit.beam, d, |b, d| b.rated_range_m *= d.between(0.3, 2.0));
    }),
    ("remove a zone", |s, d| remove(&mut s.file.kit.beam, d)),
    ("move a pole of a facade camera", |s, d| {
        let shift = way(d, 0.3, 60.0);
        with(&mut s.file.kit.facade_camera, d, |c, _| c.at_m = moved(c.at_m, shift));
    }),
    ("turn a facade camera", |s, d| {
        with(&mut s.file.kit.facade_camera, d, |c, d| c.bearing_deg = turned(c.bearing_deg, d));
    }),
    ("tilt a facade camera", |s, d| {
        with(&mut s.file.kit.facade_camera, d, |c, d| {
            c.elevation_deg = (c.elevation_deg + sign(d) * wide(d, 1.0, 60.0)).clamp(0.0, 90.0);
        });
    }),
    ("remove a facade camera", |s, d| remove(&mut s.file.kit.facade_camera, d)),
    ("take a point off a tour", |s, d| {
        with(&mut s.file.kit.guard_tour, d, |t, d| remove(&mut t.checkpoints, d));
    }),
];

/// Shifts a camera and changes its height, and aims it at the point that was so many metres ahead of it.
fn mount(camera: &mut Camera, ahead: f64, (shift, higher): (Coord<f64>, f64)) {
    let (sin, cos) = libm::sincos(camera.bearing_deg.to_radians());
    let target = [camera.at_m[0] + ahead * sin, camera.at_m[1] + ahead * cos];
    let (at, height_m) = (moved(camera.at_m, shift), camera.height_m * higher);
    let (x, y) = (target[0] - at[0], target[1] - at[1]);
    camera.bearing_deg = (libm::atan2(x, y).to_degrees() + 360.0) % 360.0;
    camera.tilt_deg = libm::atan2(height_m - 1.0, libm::hypot(x, y)).to_degrees();
    (camera.at_m, camera.height_m) = (at, height_m);
}

/// Changes one of a list.
fn with<T>(list: &mut [T], draw: &mut Draw, change: impl FnOnce(&mut T, &mut Draw)) {
    if !list.is_empty() {
        let one = draw.below(list.len());
        change(&mut list[one], draw);
    }
}

fn remove<T>(list: &mut Vec<T>, draw: &mut Draw) {
    if !list.is_empty() {
        let gone = draw.below(list.len());
        list.remove(gone);
    }
}

/// A size between two, each decade as likely as the next.
fn wide(draw: &mut Draw, low: f64, high: f64) -> f64 {
    low * libm::pow(high / low, draw.unit())
}

fn sign(draw: &mut Draw) -> f64 {
    if draw.chance(0.5) { 1.0 } else { -1.0 }
}

/// A shift of a drawn size, any way.
fn way(draw: &mut Draw, low: f64, high: f64) -> Coord<f64> {
    let (size, (sin, cos)) = (wide(draw, low, high), libm::sincos(draw.between(0.0, std::f64::consts::TAU)));
    Coord { x: size * cos, y: size * sin }
}

fn moved(at: [f64; 2], by: Coord<f64>) -> [f64; 2] {
    [at[0] + by.x, at[1] + by.y]
}

fn turned(bearing_deg: f64, draw: &mut Draw) -> f64 {
    (bearing_deg + sign(draw) * wide(draw, 0.5, 180.0) + 360.0) % 360.0
}

/// A point inside the compound's box.
fn anywhere(scenario: &Scenario, draw: &mut Draw) -> Coord<f64> {
    let ring = scenario.site.compounds[0].outline.exterior();
    let (a, b) = (ring.0[draw.below(4)], ring.0[draw.below(4)]);
    let middle = Coord { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 };
    middle * draw.unit()
}

/// Takes a stretch out of a wall and leaves a wall on each side of it.
fn cut(scenario: &mut Scenario, draw: &mut Draw) {
    let (walls, size) = (&mut scenario.site.walls, wide(draw, 0.1, 30.0));
    if walls.is_empty() {
        return;
    }
    let chosen = draw.below(walls.len());
    let wall = &mut walls[chosen];
    let (from, to) = (wall.line.0[0], wall.line.0[1]);
    let long = libm::hypot(to.x - from.x, to.y - from.y);
    let start = draw.between(0.0, (long - size).max(0.0));
    let at = |s: f64| from + (to - from) * (s / long).min(1.0);
    let rest = LineString(vec![at(start + size), to]);
    wall.line = LineString(vec![from, at(start)]);
    let other = Wall { id: "rest".into(), line: rest, ..wall.clone() };
    walls.push(other);
}

/// Changes a building's outline and takes its doors along.
fn building(scenario: &mut Scenario, draw: &mut Draw, change: &dyn Fn(Coord<f64>) -> AffineTransform<f64>) {
    let site = &mut scenario.site;
    let chosen = draw.below(site.buildings.len());
    let building = &mut site.buildings[chosen];
    let Some(middle) = building.outline.centroid().map(|p: Point<f64>| p.0) else { return };
    let change = change(middle);
    building.outline = building.outline.map_coords(|c| change.apply(c));
    let doors = site.entrances.iter_mut().filter(|e| e.building == building.id);
    doors.for_each(|e| e.at = change.apply(e.at));
}
