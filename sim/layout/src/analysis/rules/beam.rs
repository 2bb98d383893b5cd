//! Zones of beams: how long they are, where they stand, and whether a camera sees them.

use geo::{Closest, ClosestPoint, Contains, Coord, LineString, Point};

use super::check::{TINY, at_least, at_most, figure};
use super::{Each, Layout, Outcome};
use crate::analysis::figures::figures;
use crate::model::Site;
use crate::model::kit::Beam;
use crate::model::site::Wall;

pub(super) fn rays(layout: &Layout<'_>, least: usize) -> Outcome {
    let beams = &layout.scenario.file.kit.beam;
    let fewest = beams.iter().map(|b| b.rays_m.len()).min().unwrap_or(0);
    let few = beams.iter().filter(|b| b.rays_m.len() < least).map(|b| b.id.to_string());
    at_least(fewest as f64, least as f64, "rays", few)
}

pub(super) fn zone_length(layout: &Layout<'_>, most_m: f64, within_range: bool) -> Outcome {
    let beams = &layout.scenario.file.kit.beam;
    let longest = beams.iter().map(Beam::length_m).fold(0.0, f64::max);
    let over =
        |b: &&Beam| b.length_m() > most_m + TINY || (within_range && b.length_m() > b.rated_range_m + TINY);
    let wrong: Vec<String> = beams
        .iter()
        .filter(over)
        .map(|b| format!("{}: {:.1} m, rated {:.0} m", b.id, b.length_m(), b.rated_range_m))
        .collect();
    figure(longest, most_m, "m", wrong.is_empty(), wrong)
}

pub(super) fn margin(layout: &Layout<'_>, most_share: f64) -> Outcome {
    let beams = &layout.scenario.file.kit.beam;
    let share = |b: &Beam| b.length_m() / b.rated_range_m;
    let most = beams.iter().map(share).fold(0.0, f64::max);
    let over = beams.iter().filter(|b| share(b) > most_share);
    at_most(most, most_share, "of rated range", over.map(|b| format!("{}: {:.2}", b.id, share(b))))
}

/// The places of a zone where somebody may break its lowest ray, at which a camera is looked for.
pub(crate) fn broken_at(beam: &Beam) -> Vec<[f64; 3]> {
    beam.places_m(figures().watching.step_m).collect()
}

/// Share of a zone's length on which a camera sees whoever breaks its lowest ray.
pub(super) fn zone_seen(layout: &Layout<'_>, least_share: f64) -> Outcome {
    let share = |beam: &Beam| {
        let places = broken_at(beam);
        let seen = places.iter().filter(|at| layout.seeing(**at).next().is_some());
        seen.count() as f64 / places.len() as f64
    };
    let beams = layout.scenario.file.kit.beam.iter();
    let each: Vec<Each> =
        beams.map(|b| Each { id: b.id.clone(), found: share(b), demanded: least_share }).collect();
    let least = each.iter().map(|zone| zone.found).fold(1.0, f64::min);
    let blind = each.iter().filter(|zone| zone.found < least_share);
    let blind: Vec<String> = blind.map(|zone| format!("{}: {:.2}", zone.id, zone.found)).collect();
    at_least(least, least_share, "of a zone", blind).of_each(each)
}

/// How far above its wall's top each zone's lowest ray runs. A zone whose wall is gone is on top of nothing.
pub(super) fn on_top(layout: &Layout<'_>, most_above_m: f64) -> Outcome {
    let (site, beams) = (&layout.scenario.site, &layout.scenario.file.kit.beam);
    let above = |beam: &Beam| {
        let wall = site.walls.iter().find(|w| w.id == beam.wall)?;
        Some(beam.lowest_m() - wall.height_m)
    };
    let wrong = |up: f64| !(0.0..=most_above_m + TINY).contains(&up);
    let found: Vec<(Option<f64>, &Beam)> = beams.iter().map(|b| (above(b), b)).collect();
    let known = || found.iter().filter_map(|(up, _)| *up);
    let (lowest, highest) =
        (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let measured = if lowest < 0.0 { lowest } else { highest };
    let said = |up: Option<f64>, beam: &Beam| match up {
        Some(up) if wrong(up) => Some(format!("{}: {up:.2} m", beam.id)),
        Some(_) => None,
        None => Some(format!("{}: its wall {} is not there", beam.id, beam.wall)),
    };
    let evidence: Vec<String> = found.iter().filter_map(|(up, beam)| said(*up, beam)).collect();
    figure(measured, most_above_m, "m above the wall's top", evidence.is_empty(), evidence)
}

/// How far aside of the nearest wall of the perimeter the ends of each zone stand, towards the street and towards the
/// compound.
pub(super) fn at_edge(layout: &Layout<'_>, most_outside_m: f64, most_inside_m: f64) -> Outcome {
    let site = &layout.scenario.site;
    let walls: Vec<&Wall> = site.rim().collect();
    let beyond = |end: [f64; 2]| {
        let (inside, away_m) = aside(site, &walls, end.into());
        (away_m - if inside { most_inside_m } else { most_outside_m }, inside, away_m)
    };
    let worst = |beam: &Beam| {
        let ends = [beam.from_m, beam.to_m].map(beyond);
        if ends[0].0 >= ends[1].0 { ends[0] } else { ends[1] }
    };
    let found: Vec<_> = layout.scenario.file.kit.beam.iter().map(|b| (worst(b), b)).collect();
    let most = found.iter().map(|((beyond, ..), _)| *beyond).fold(0.0, f64::max);
    let wrong = found.iter().filter(|((beyond, ..), _)| *beyond > TINY);
    let side = |inside: bool| if inside { "inside" } else { "outside" };
    let evidence = wrong.map(|((_, inside, m), b)| format!("{}: {m:.2} m {}", b.id, side(*inside)));
    at_most(
        most,
        0.0,
        &format!("m beyond {most_outside_m} m outside or {most_inside_m} m inside a wall"),
        evidence,
    )
}

/// Whether a point is on the compound's side of the nearest of some walls, and how far from it, m.
///
/// Walls and outline are drawn apart, so the outline is taken to where the wall is: a step from the wall to the point is a
/// step inside when it leads from the nearest point of the outline into the compound.
fn aside(site: &Site, walls: &[&Wall], at: Coord<f64>) -> (bool, f64) {
    let foot = nearest_on(walls.iter().map(|w| &w.line), at);
    let Some(foot) = foot else { return (false, f64::INFINITY) };
    let step = at - foot;
    let rings = site.compounds.iter().map(|c| c.outline.exterior());
    let inside = nearest_on(rings, foot).is_some_and(|edge| {
        let there = Point::from(edge + step);
        site.compounds.iter().any(|c| c.outline.contains(&there))
    });
    (inside, libm::hypot(step.x, step.y))
}

fn nearest_on<'a>(lines: impl Iterator<Item = &'a LineString<f64>>, at: Coord<f64>) -> Option<Coord<f64>> {
    let closest = |line: &LineString<f64>| match line.closest_point(&Point::from(at)) {
        Closest::Intersection(point) | Closest::SinglePoint(point) => Some(Coord::from(point)),
        Closest::Indeterminate => None,
    };
    let away = |to: &Coord<f64>| libm::hypot(to.x - at.x, to.y - at.y);
    lines.filter_map(closest).min_by(|a, b| away(a).total_cmp(&away(b)))
}
