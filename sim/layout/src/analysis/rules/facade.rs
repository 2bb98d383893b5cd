//! Facade cameras (高空抛物监控): how they stand before the faces of their blocks.

use geo::{Centroid, Coord, Distance, Euclidean, LineString, MinimumRotatedRect, Point};

use super::check::{at_least, at_most};
use super::{Each, Layout, Outcome};
use crate::analysis::facade::frames::stands_out;
use crate::analysis::facade::window::{Window, windows};
use crate::analysis::projection::View;
use crate::analysis::sightlines::working;
use crate::contract::Class;
use crate::model::kit::FacadeCamera;
use crate::model::site::{Building, Use};

/// How far outside the allowed range the worst camera is.
fn within(found: Vec<(f64, &FacadeCamera)>, [from, to]: [f64; 2], unit: &str) -> Outcome {
    let off = |value: f64| (from - value).max(value - to).max(0.0);
    let worst = found.iter().map(|(value, _)| off(*value)).fold(0.0, f64::max);
    let wrong = found.into_iter().filter(|(value, _)| off(*value) > 0.0);
    let evidence = wrong.map(|(value, c)| format!("{}: {value:.1} {unit}", c.id));
    at_most(worst, 0.0, &format!("{unit} outside {from} to {to}"), evidence)
}

pub(super) fn elevation(layout: &Layout<'_>, range_deg: [f64; 2]) -> Outcome {
    let cameras = &layout.scenario.file.kit.facade_camera;
    within(cameras.iter().map(|c| (c.elevation_deg, c)).collect(), range_deg, "degrees")
}

/// From each pole to the block that its camera looks at.
pub(super) fn standoff(layout: &Layout<'_>, range_m: [f64; 2]) -> Outcome {
    let (site, cameras) = (&layout.scenario.site, &layout.scenario.file.kit.facade_camera);
    let away = |camera: &FacadeCamera| {
        let block = site.buildings.iter().find(|b| b.id == camera.building)?;
        Some(Euclidean.distance(&Point::from(camera.at_m), block.outline.exterior()))
    };
    within(cameras.iter().filter_map(|c| Some((away(c)?, c))).collect(), range_m, "m")
}

/// The long faces of each block of flats that have a facade camera before them, which looks at them.
pub(super) fn faces(layout: &Layout<'_>, least: usize) -> Outcome {
    let (site, kit) = (&layout.scenario.site, &layout.scenario.file.kit);
    let working = working(&kit.facade_camera, layout.caster.conditions().out_of(Class::FacadeCamera));
    let cameras: Vec<&FacadeCamera> = working.map(|(_, camera)| camera).collect();
    let homes = site.buildings.iter().filter(|b| b.usage == Use::Residential);
    let counted: Vec<(String, usize)> =
        homes.map(|b| (b.id.to_string(), faces_watched(b, &cameras))).collect();
    let fewest = counted.iter().map(|(_, n)| *n).min().unwrap_or(least);
    let few = counted.into_iter().filter(|(_, n)| *n < least).map(|(id, n)| format!("{id}: {n}"));
    at_least(fewest as f64, least as f64, "faces", few)
}

fn faces_watched(block: &Building, cameras: &[&FacadeCamera]) -> usize {
    let ring = block.outline.exterior();
    let (Some(middle), Some(across)) = (ring.centroid().map(Coord::from), across(ring)) else { return 0 };
    let side = |camera: &FacadeCamera| {
        let [x, y] = camera.at_m;
        let bearing = camera.bearing_deg.to_radians();
        let stands = (x - middle.x) * across[0] + (y - middle.y) * across[1];
        let looks = libm::sin(bearing) * across[0] + libm::cos(bearing) * across[1];
        (stands * looks < 0.0).then_some(stands > 0.0)
    };
    let sides: std::collections::BTreeSet<bool> =
        cameras.iter().filter(|c| c.building == block.id).filter_map(|c| side(c)).collect();
    sides.len()
}

/// Windows of the long faces of each block of flats, from a storey up, that a facade camera of its own has on its picture
/// with nothing before them.
pub(super) fn windows_in_view(layout: &Layout<'_>, least_share: f64, from_storey: u32) -> Outcome {
    let (site, kit) = (&layout.scenario.site, &layout.scenario.file.kit);
    let working: Vec<(View, &FacadeCamera)> =
        working(&kit.facade_camera, layout.caster.conditions().out_of(Class::FacadeCamera))
            .map(|(_, camera)| (View::up(camera), camera))
            .collect();
    let share = |block: &Building| {
        let own = || working.iter().filter(|(_, camera)| camera.building == block.id);
        let shown =
            |at: [f64; 3]| own().any(|(view, _)| view.shows(at) && stands_out(view, layout.caster, at));
        let asked = on_long_faces(block).into_iter().filter(|window| window.storey >= from_storey);
        let shown: Vec<bool> = asked.map(|window| shown(window.middle_m())).collect();
        (!shown.is_empty()).then(|| shown.iter().filter(|s| **s).count() as f64 / shown.len() as f64)
    };
    let homes = site.buildings.iter().filter(|b| b.usage == Use::Residential);
    let each: Vec<Each> = homes
        .filter_map(|b| Some(Each { id: b.id.clone(), found: share(b)?, demanded: least_share }))
        .collect();
    let least = each.iter().map(|block| block.found).fold(1.0, f64::min);
    let few = each.iter().filter(|block| block.found < least_share);
    let few: Vec<String> = few.map(|block| format!("{}: {:.2}", block.id, block.found)).collect();
    at_least(least, least_share, "of a block's windows", few).of_each(each)
}

/// Windows that look across their block rather than along it.
fn on_long_faces(block: &Building) -> Vec<Window> {
    let Some([x, y]) = across(block.outline.exterior()) else { return Vec::new() };
    let looks_across = |window: &Window| {
        let [ox, oy] = window.column.outward;
        (ox * x + oy * y).abs() > (ox * y - oy * x).abs()
    };
    // On a storey too low for a window there is none.
    windows(block).into_iter().filter(|window| window.tall_m > 0.0 && looks_across(window)).collect()
}

/// The unit vector across a block: square to the long sides of the smallest rectangle around it.
fn across(ring: &LineString<f64>) -> Option<[f64; 2]> {
    let rectangle = ring.minimum_rotated_rect()?;
    let long = |line: &geo::Line<f64>| libm::hypot(line.dx(), line.dy());
    let side = rectangle.exterior().lines().max_by(|a, b| long(a).total_cmp(&long(b)))?;
    let length = long(&side);
    (length > 0.0).then(|| [side.dy() / length, -side.dx() / length])
}
