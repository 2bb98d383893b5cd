//! Good places to look from, found by the caster.

use palisade_sim::analysis::caster::Caster;
use palisade_sim::analysis::raster;
use palisade_sim::model::Site;

use crate::eye::Eye;
use crate::pad::V3;

/// An eye for the whole site, looking over its corner towards `bearing_deg`.
pub fn whole(site: &Site, bearing_deg: f64, hfov_deg: f64, aspect: f64) -> Eye {
    let (min, max, tall) = extent(site);
    let middle = [(min[0] + max[0]) / 2.0, (min[1] + max[1]) / 2.0, tall * 0.2];
    let (sin, cos) = bearing_deg.to_radians().sin_cos();
    let tilt = 26f64.to_radians();
    let feet = [min[0], max[0]].into_iter().flat_map(|x| [[x, min[1], 0.0], [x, max[1], 0.0]]);
    let roofs = site
        .buildings
        .iter()
        .flat_map(|b| b.outline.exterior().0.iter().map(|p| [p.x, p.y, b.height_m + 4.0]));
    let corners: Vec<V3> = feet.chain(roofs).collect();
    // Shift and near until the box about all corners fills the room between title and caption.
    let [w, h] = [1000.0, 1000.0 / aspect];
    let size = [w as u32, h as u32];
    let (room, clear) = ([w * 0.94, h - 90.0], [w * 0.03, 46.0]);
    let tilted = |target: V3, away: f64| {
        let back = [-sin * away * tilt.cos(), -cos * away * tilt.cos(), away * tilt.sin()];
        Eye::looking(crate::pad::add(target, back), target, hfov_deg)
    };
    let (mut target, mut away) = (middle, 2.0 * (max[0] - min[0]).max(max[1] - min[1]).max(30.0));
    for _ in 0..12 {
        let eye = tilted(target, away);
        let shown: Vec<[f64; 2]> = corners.iter().filter_map(|p| eye.project(*p, size)).collect();
        if shown.len() < corners.len() {
            away *= 1.5;
            continue;
        }
        let low = [0, 1].map(|i| shown.iter().map(|p| p[i]).fold(f64::INFINITY, f64::min));
        let high = [0, 1].map(|i| shown.iter().map(|p| p[i]).fold(f64::NEG_INFINITY, f64::max));
        let fill = (0..2).map(|i| (high[i] - low[i]) / room[i]).fold(0.0, f64::max);
        // The pixel that must come to the middle of the room.
        let px = [0, 1].map(|i| (low[i] + high[i]) / 2.0 - (clear[i] + room[i] / 2.0) + size[i] as f64 / 2.0);
        let (from, way) = eye.ray(px, size);
        if way[2] < -1e-3 {
            let t = (target[2] - from[2]) / way[2];
            target = [from[0] + way[0] * t, from[1] + way[1] * t, target[2]];
        }
        away *= fill.clamp(0.5, 2.0);
    }
    tilted(target, away * 1.01)
}

/// An eye at the first gate, at a driver's height, that looks in.
pub fn street(site: &Site, hfov_deg: f64) -> Eye {
    let gate = site.gates.first().map_or([0.0, 0.0], |g| [g.at.x, g.at.y]);
    let [x, y, _] = map(site, 1.0).place();
    Eye::looking([gate[0], gate[1], 2.2], [x, y, 6.0], hfov_deg)
}

/// The map of a whole site.
pub fn map(site: &Site, aspect: f64) -> Eye {
    let (min, max, _) = extent(site);
    let (wide, tall) = (max[0] - min[0] + 16.0, max[1] - min[1] + 16.0);
    // Title and caption take a ninth of the picture.
    Eye::Map {
        middle: [(min[0] + max[0]) / 2.0, (min[1] + max[1]) / 2.0],
        tall_m: (tall * 1.13).max(wide / aspect),
    }
}

fn extent(site: &Site) -> ([f64; 2], [f64; 2], f64) {
    let tall = site.buildings.iter().map(|b| b.height_m).fold(3.0, f64::max);
    let points = site
        .compounds
        .iter()
        .flat_map(|c| c.outline.exterior().0.iter())
        .chain(site.buildings.iter().flat_map(|b| b.outline.exterior().0.iter()));
    let mut min = [f64::INFINITY; 2];
    let mut max = [f64::NEG_INFINITY; 2];
    for p in points {
        for (i, v) in [p.x, p.y].into_iter().enumerate() {
            min[i] = min[i].min(v);
            max[i] = max[i].max(v);
        }
    }
    if min[0] > max[0] {
        let all = raster::extent(site, &[]);
        return all.map_or(([-50.0; 2], [50.0; 2], tall), |r| {
            ([r.min().x, r.min().y], [r.max().x, r.max().y], tall)
        });
    }
    (min, max, tall)
}

/// An eye near some points that sees as many of them as can be: `away` metres off, `up` metres high, turned as near to
/// `bearing_deg` as it can (the way in which it looks).
pub fn near(
    caster: &Caster,
    posts: &[[f64; 2]],
    points: &[V3],
    away: f64,
    up: f64,
    bearing_deg: f64,
    hfov_deg: f64,
) -> Eye {
    let n = points.len().max(1) as f64;
    let middle = [0, 1, 2].map(|i| points.iter().map(|p| p[i]).sum::<f64>() / n);
    let mut best: Option<(f64, Eye)> = None;
    for turn in 0..24 {
        let off = f64::from((turn + 1) / 2) * 15.0 * if turn % 2 == 0 { 1.0 } else { -1.0 };
        let (sin, cos) = (bearing_deg + off).to_radians().sin_cos();
        for scale in [1.0, 0.75, 1.35] {
            let at = [middle[0] - sin * away * scale, middle[1] - cos * away * scale, up];
            let seen = points.iter().filter(|p| caster.clear(at, [p[0], p[1], p[2] + 0.6])).count() as f64;
            // Room about the eye: not with its face in a crown or a wall.
            let room = caster.first_hit(at, middle).map_or(1.0, |h| (h.distance_m / 4.0).min(1.0));
            let in_the_way = posts.iter().any(|p| {
                let way = [p[0] - at[0], p[1] - at[1]];
                let d = way[0].hypot(way[1]);
                let ahead = [middle[0] - at[0], middle[1] - at[1]];
                let along =
                    (way[0] * ahead[0] + way[1] * ahead[1]) / (d * ahead[0].hypot(ahead[1])).max(1e-9);
                d < away * scale * 0.8 && along > (hfov_deg * 0.4).to_radians().cos()
            });
            let score = seen / n * 2.0 + room
                - off.abs() / 180.0
                - 0.5 * f64::from(u8::from(in_the_way))
                - f64::from(u8::from(scale != 1.0)) * 0.1;
            if best.as_ref().is_none_or(|b| score > b.0) {
                best = Some((score, Eye::looking(at, middle, hfov_deg)));
            }
        }
    }
    best.map_or_else(|| Eye::looking([middle[0], middle[1] - away, up], middle, hfov_deg), |b| b.1)
}

/// Thin things that stand in the way of a picture: lamps and posts of cameras.
pub fn posts(scenario: &palisade_sim::model::Scenario) -> Vec<[f64; 2]> {
    let lamps = scenario.site.lamps.iter().map(|l| [l.at.x, l.at.y]);
    let trunks = scenario.site.trees.iter().map(|t| [t.at.x, t.at.y]);
    lamps.chain(trunks).chain(scenario.file.kit.camera.iter().map(|c| c.at_m)).collect()
}
