//! Places that a camera must see: gates and the ground outside, doors of garages and plant rooms, walls, open ground.

use geo::Coord;

use super::check::{TINY, at_least, open_to_all};
use super::passage::{doorstep, outward, step_out};
use super::{Each, Layout, Outcome};
use crate::analysis::sightlines::{BODY_M, lit};
use crate::model::lens::Focal;
use crate::model::site::{Building, Entrance, Use, Wall};
use crate::words::Id;

/// Step along a wall, m: about the length of a body that lies on it.
const STEP_M: f64 = 1.0;

/// How places are asked.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) by_night: bool,
    pub(super) outside_m: f64,
    pub(super) above_wall_m: f64,
}

/// The places that are not seen as far as they should.
pub(super) fn seen(layout: &Layout<'_>, asked: Asked, least_share: f64) -> Outcome {
    let site = &layout.scenario.site;
    let share = |points: Vec<[f64; 3]>| share(layout, &points, asked.by_night);
    let mut shares: Vec<(String, Option<f64>)> = Vec::new();
    for gate in &site.gates {
        let [x, y] = outward(site, gate.at).unwrap_or_default().map(|part| part * asked.outside_m);
        let at = |by: [f64; 2]| vec![[gate.at.x + by[0], gate.at.y + by[1], BODY_M]];
        shares.push((gate.id.to_string(), share(at([0.0; 2]))));
        if !site.compounds.is_empty() {
            shares.push((format!("outside {}", gate.id), share(at([x, y]))));
        }
    }
    let rooms = site.buildings.iter().filter(|b| matches!(b.usage, Use::GarageEntrance | Use::Plant));
    shares.extend(rooms.map(|room| (room.id.to_string(), door_share(layout, room, asked.by_night))));
    shares.extend(site.rim().map(|w| (w.id.to_string(), share(along(layout, w, asked.above_wall_m)))));
    if asked.by_night {
        let areas = site.areas.iter().filter(|area| open_to_all(area.ground));
        shares.extend(areas.map(|area| (area.id.to_string(), lit_share(layout, &area.outline))));
    }
    let known: Vec<(String, f64)> = shares.into_iter().filter_map(|(id, s)| Some((id, s?))).collect();
    if known.is_empty() {
        return Outcome::Needs("a gate, a wall or a place in the site's data".into());
    }
    told(known, least_share)
}

fn told(mut shares: Vec<(String, f64)>, least_share: f64) -> Outcome {
    let each =
        shares.iter().map(|(id, share)| Each { id: Id(id.clone()), found: *share, demanded: least_share });
    let each: Vec<Each> = each.collect();
    shares.sort_by(|a, b| a.1.total_cmp(&b.1));
    let least = shares.first().map_or(1.0, |(_, share)| *share);
    let blind = shares.into_iter().filter(|(_, share)| *share < least_share);
    // Rounded down: what is not seen whole is not told as whole.
    let told = blind.map(|(id, share)| format!("{id}: {:.2}", libm::floor(share * 100.0 + TINY) / 100.0));
    at_least(least, least_share, "of a place", told).of_each(each)
}

/// The share of some points that a camera sees at its working density; nothing when there is no point.
fn share(layout: &Layout<'_>, points: &[[f64; 3]], by_night: bool) -> Option<f64> {
    let seen = |at: &&[f64; 3]| {
        let night_lux = if by_night { layout.caster.night_lux(**at) } else { f64::INFINITY };
        let mut shown = layout.showing(**at).filter(|(c, look)| look.px_per_m >= c.working_px_per_m);
        shown.any(|(c, look)| lit(c, layout.caster, night_lux, look.distance_m))
    };
    (!points.is_empty()).then(|| points.iter().filter(seen).count() as f64 / points.len() as f64)
}

/// Of a building's doors; where the data has none, of the side whose middle is seen.
fn door_share(layout: &Layout<'_>, building: &Building, by_night: bool) -> Option<f64> {
    let site = &layout.scenario.site;
    let chest = |[x, y]: [f64; 2]| [x, y, BODY_M];
    let doors = site.entrances.iter().filter(|e| e.building == building.id);
    let doors: Vec<[f64; 3]> = doors.map(|e| chest(doorstep(site, e).at)).collect();
    if !doors.is_empty() {
        return share(layout, &doors, by_night);
    }
    let ring = building.outline.exterior();
    let before = |line: geo::Line<f64>| chest(step_out(ring, line, (line.start + line.end) / 2.0).at);
    ring.lines().filter_map(|line| share(layout, &[before(line)], by_night)).reduce(f64::max)
}

/// Points above the top of a wall, but for its gates.
fn along(layout: &Layout<'_>, wall: &Wall, above_m: f64) -> Vec<[f64; 3]> {
    let gates = &layout.scenario.site.gates;
    let shut =
        |at: Coord<f64>| gates.iter().all(|g| libm::hypot(g.at.x - at.x, g.at.y - at.y) > g.width_m / 2.0);
    let on = |line: geo::Line<f64>| {
        let steps = libm::ceil(libm::hypot(line.dx(), line.dy()) / STEP_M) as u32;
        (0..steps).map(move |i| line.start + line.delta() * ((f64::from(i) + 0.5) / f64::from(steps)))
    };
    let points = wall.line.lines().flat_map(on).filter(|at| shut(*at));
    points.map(|at| [at.x, at.y, wall.height_m + above_m]).collect()
}

/// Doors that a camera sees. A block of flats without a door in the data has one that nobody knows of.
pub(super) fn entrances_seen(layout: &Layout<'_>, least_share: f64) -> Outcome {
    let site = &layout.scenario.site;
    if site.entrances.is_empty() {
        return Outcome::Needs("entrances in the site's data".into());
    }
    let cameras = |entrance: &Entrance| {
        let [x, y] = doorstep(site, entrance).at;
        layout.seeing([x, y, BODY_M]).count() as f64
    };
    let each: Vec<Each> =
        site.entrances.iter().map(|e| Each { id: e.id.clone(), found: cameras(e), demanded: 1.0 }).collect();
    let unseen: Vec<String> =
        each.iter().filter(|door| door.found < door.demanded).map(|door| door.id.to_string()).collect();
    let share = 1.0 - unseen.len() as f64 / each.len() as f64;
    let doorless = |b: &&Building| {
        b.usage == Use::Residential && site.entrances.iter().all(|door| door.building != b.id)
    };
    match site.buildings.iter().find(doorless) {
        Some(block) if unseen.is_empty() => Outcome::NeedsMore {
            needs: format!("the entrances of building {} in the site's data", block.id),
            each,
        },
        _ => at_least(share, least_share, "of entrances", unseen).of_each(each),
    }
}

/// Garages, and sheds in which e-bikes stand.
pub(super) fn is_garage(usage: Use) -> bool {
    matches!(usage, Use::GarageEntrance | Use::ChargingShed)
}

/// Garages and sheds of whose doors a camera sees every one.
pub(super) fn garages_seen(layout: &Layout<'_>, least_share: f64) -> Outcome {
    let garages = layout.scenario.site.buildings.iter().filter(|b| is_garage(b.usage));
    let shares = garages.filter_map(|b| Some((b.id.to_string(), door_share(layout, b, false)?)));
    told(shares.collect(), least_share)
}

/// The share of open ground that is seen by night, cell by cell.
fn lit_share(layout: &Layout<'_>, outline: &geo::Polygon<f64>) -> Option<f64> {
    let raster = layout.sight.raster();
    let (mut all, mut seen) = (0_u32, 0_u32);
    raster.each_inside(outline, |cell| {
        all += 1;
        seen += u32::from(layout.sight.cameras_at(raster.centre(cell)).iter().any(|s| s.by_night));
    });
    (all > 0).then(|| f64::from(seen) / f64::from(all))
}

/// Cameras that zoom, mounted high up inside a large compound.
pub(super) fn high_point(
    layout: &Layout<'_>,
    (from_m2, from_households): (f64, usize),
    least_height_m: f64,
) -> Outcome {
    let scenario = layout.scenario;
    if scenario.ground_m2() < from_m2 && scenario.households.len() < from_households {
        return Outcome::NotApplicable;
    }
    let high = || scenario.file.kit.camera.iter().filter(|c| c.height_m >= least_height_m);
    let zooming = high().filter(|c| c.focal == Some(Focal::Zoom)).count();
    match high().find(|c| c.focal.is_none()) {
        Some(unknown) if zooming == 0 => {
            Outcome::Needs(format!("`focal` or `model` of camera {}", unknown.id))
        }
        _ => at_least(zooming as f64, 1.0, "cameras", []),
    }
}
