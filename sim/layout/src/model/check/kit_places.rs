//! The kit against the site: beams on their walls, nothing inside a building that must not be there.

use geo::{Contains, Coord, Distance, Euclidean, LineString, Point};

use super::Desk;
use crate::model::kit::Beam;
use crate::model::site::{Building, Site, Wall};

/// Farthest that the end of a beam may be from its wall, m.
const BEAM_ASIDE_M: f64 = 0.5;
/// How far outside everything drawn a camera may stand, m.
const OUTSIDE_M: f64 = 10.0;
/// How deep inside an outline a thing on a facade may be drawn, m.
const FACADE_M: f64 = 0.3;

pub(super) fn all(desk: &mut Desk<'_>) {
    beams(desk);
    tours(desk);
    let Some(geometry) = desk.geometry else { return };
    let (site, file) = (&geometry.site, desk.file);
    let kit = &file.kit;
    for (i, c) in kit.camera.iter().enumerate() {
        camera(desk, site, &format!("kit.camera[{i}].at_m"), c.at_m, c.height_m);
    }
    for (i, c) in kit.facade_camera.iter().enumerate() {
        camera(desk, site, &format!("kit.facade_camera[{i}].at_m"), c.at_m, c.height_m);
    }
    for (i, p) in kit.outer_post.iter().enumerate() {
        outdoors(desk, site, &format!("kit.outer_post[{i}].at_m"), p.at_m, "an outer post");
    }
    for (i, c) in kit.checkpoint.iter().enumerate() {
        outdoors(desk, site, &format!("kit.checkpoint[{i}].at_m"), c.at_m, "a checkpoint");
    }
    let smoke = kit
        .smoke_detector
        .iter()
        .enumerate()
        .map(|(i, d)| (format!("kit.smoke_detector[{i}]"), d.at_m, d.height_m));
    let heat = kit
        .heat_detector
        .iter()
        .enumerate()
        .map(|(i, d)| (format!("kit.heat_detector[{i}]"), d.at_m, d.height_m));
    for (path, at, height) in smoke.chain(heat) {
        detector(desk, site, &path, at, height);
    }
}

fn beams(desk: &mut Desk<'_>) {
    let file = desk.file;
    for (i, beam) in file.kit.beam.iter().enumerate() {
        let key = |k: &str| format!("kit.beam[{i}].{k}");
        desk.positive(&key("rated_range_m"), beam.rated_range_m);
        desk.positive(&key("interruption"), beam.interruption.as_seconds());
        desk.not_negative(&key("misaligned_deg"), beam.misaligned_deg);
        if beam.rays_m.is_empty() {
            desk.at(
                &key("rays_m"),
                "kit::no-rays",
                "a zone without rays sees nothing",
                "write the height of each ray, such as `[2.4, 2.6]`",
            );
        }
        let length = beam.length_m();
        if length < Beam::SHORTEST_M {
            let message = format!("transmitter and receiver are {length:.1} m apart");
            desk.at(
                &key("to_m"),
                "kit::beam-too-short",
                message,
                "put them at the two ends of the stretch that they guard",
            );
        } else if beam.rated_range_m > 0.0 && length > beam.rated_range_m {
            let message = format!(
                "this zone is {length:.1} m long, but the pair is rated for {} m outdoors",
                beam.rated_range_m
            );
            desk.at(
                &key("to_m"),
                "kit::beam-too-long",
                message,
                "split it into two zones, or write the range of a stronger pair",
            );
        }
        if let Some(wall) = desk.geometry.and_then(|g| g.site.wall_by_id(beam.wall.as_str())) {
            on_wall(desk, i, beam, wall);
        }
    }
}

fn on_wall(desk: &mut Desk<'_>, i: usize, beam: &Beam, wall: &Wall) {
    for (key, end) in [("from_m", beam.from_m), ("to_m", beam.to_m)] {
        let aside = Euclidean.distance(&Point::new(end[0], end[1]), &wall.line);
        if aside > BEAM_ASIDE_M {
            let near = nearest_on(&wall.line, end);
            let message = format!("this end of `{}` stands {aside:.1} m off `{}`", beam.id, wall.id);
            let help = format!(
                "the nearest point of the wall is [{:.1}, {:.1}]; or name the wall that it stands on",
                near.x, near.y
            );
            desk.at(&format!("kit.beam[{i}].{key}"), "kit::beam-off-wall", message, help);
        }
    }
    if !wall.is_rim() {
        let message = format!("`{}` does not belong to the perimeter", wall.id);
        let help = "set its property `perimeter` to true in the geometry, or name another wall";
        desk.at(&format!("kit.beam[{i}].wall"), "kit::beam-inside", message, help);
    }
    for (j, ray) in beam.rays_m.iter().enumerate().filter(|(_, ray)| **ray <= wall.height_m) {
        let message =
            format!("this ray runs at {ray} m, not above the top of `{}` at {} m", wall.id, wall.height_m);
        let help = "rays stand on top of the wall; heights count from the ground";
        desk.at(&format!("kit.beam[{i}].rays_m[{j}]"), "kit::beam-below-top", message, help);
    }
}

fn nearest_on(line: &LineString<f64>, at: [f64; 2]) -> Coord<f64> {
    let foot = |a: Coord<f64>, b: Coord<f64>| {
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let square = dx * dx + dy * dy;
        let t = if square > 0.0 {
            (((at[0] - a.x) * dx + (at[1] - a.y) * dy) / square).clamp(0.0, 1.0)
        } else {
            0.0
        };
        Coord { x: a.x + dx * t, y: a.y + dy * t }
    };
    let away = |c: &Coord<f64>| libm::hypot(c.x - at[0], c.y - at[1]);
    let feet = line.0.windows(2).map(|w| foot(w[0], w[1]));
    feet.min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or_default()
}

fn tours(desk: &mut Desk<'_>) {
    let file = desk.file;
    for (i, tour) in file.kit.guard_tour.iter().enumerate() {
        let key = |k: &str| format!("kit.guard_tour[{i}].{k}");
        desk.positive(&key("speed_m_s"), tour.speed_m_s);
        desk.positive(&key("window"), tour.window.as_seconds());
        if tour.checkpoints.len() < 2 {
            let message = format!(
                "`{}` has {} checkpoint(s); a tour joins at least two",
                tour.id,
                tour.checkpoints.len()
            );
            desk.at(
                &key("checkpoints"),
                "kit::short-tour",
                message,
                "name the points in the order in which they are touched",
            );
        }
        if tour.starts.is_empty() {
            let message = format!("`{}` is never walked", tour.id);
            desk.at(
                &key("starts"),
                "kit::tour-never",
                message,
                "write when each walk starts, such as `[\"02:30\"]`",
            );
        }
        for (j, pair) in tour.starts.windows(2).enumerate().filter(|(_, pair)| pair[0] >= pair[1]) {
            let message = format!("this start, {}, does not come after {}", pair[1], pair[0]);
            desk.at(
                &format!("{}[{}]", key("starts"), j + 1),
                "kit::starts-order",
                message,
                "write the starts in order, each once",
            );
        }
    }
}

/// The building that has a point well inside its outline.
fn inside(site: &Site, at: [f64; 2]) -> Option<&Building> {
    let point = Point::new(at[0], at[1]);
    site.buildings
        .iter()
        .find(|b| b.outline.contains(&point) && Euclidean.distance(&point, b.outline.exterior()) > FACADE_M)
}

fn camera(desk: &mut Desk<'_>, site: &Site, path: &str, at: [f64; 2], height: f64) {
    if let Some(building) = inside(site, at).filter(|b| height < b.height_m) {
        let message =
            format!("this camera is inside building `{}`, {height} m up, below its roof", building.id);
        desk.at(
            path,
            "kit::camera-inside",
            message,
            "move it onto the facade or in front of it; a camera on the roof is higher than the building",
        );
    }
    let Some(extent) = site.extent() else { return };
    let aside = |x: f64, low: f64, high: f64| (low - x).max(x - high).max(0.0);
    let outside =
        aside(at[0], extent.min().x, extent.max().x).max(aside(at[1], extent.min().y, extent.max().y));
    if outside > OUTSIDE_M {
        let message = format!("this camera stands {outside:.0} m outside everything that is drawn");
        desk.at(path, "kit::outside-site", message, "`at_m` is metres east and north of the site's origin");
    }
}

fn outdoors(desk: &mut Desk<'_>, site: &Site, path: &str, at: [f64; 2], what: &str) {
    if let Some(building) = inside(site, at) {
        let message = format!("{what} cannot be inside building `{}`", building.id);
        desk.at(path, "kit::inside-building", message, "move it in front of the facade");
    }
}

fn detector(desk: &mut Desk<'_>, site: &Site, path: &str, at: [f64; 2], height: f64) {
    match site.building_at(at).map(|i| &site.buildings[i]) {
        // One that could not be read may be over it.
        None if desk.geometry.is_some_and(|read| !read.broken.is_empty()) => {}
        None => {
            let help = "smoke and heat gather under a roof; move it into a building or shed";
            desk.at(
                &format!("{path}.at_m"),
                "kit::detector-outdoors",
                "there is no roof over this detector",
                help,
            );
        }
        Some(building) if height > building.height_m => {
            let message = format!(
                "this detector hangs at {height} m, above the roof of `{}` at {} m",
                building.id, building.height_m
            );
            desk.at(
                &format!("{path}.height_m"),
                "kit::detector-above-roof",
                message,
                "hang it just below the ceiling",
            );
        }
        Some(_) => {}
    }
}
