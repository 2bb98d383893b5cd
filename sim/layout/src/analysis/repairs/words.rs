//! A repair as a sentence.

use super::places::{Draft, Place};
use crate::analysis::answer::Perimeter;
use crate::analysis::fixes::words::added;
use crate::model::Scenario;
use crate::model::kit::{Beam, Camera};
use crate::words::Id;

/// What is to be done.
pub(super) fn sentence(
    layout: &Scenario,
    (place, today): (&Place<'_>, &Perimeter),
    draft: &Draft,
    cameras: &[Camera],
) -> String {
    let mut told: Vec<String> = Vec::new();
    let hole = place.hole().and_then(|hole| today.unwalled.get(hole));
    if let (Some(wall), Some(hole)) = (&draft.wall, hole) {
        let long_m = draft.along_m[1];
        let kind = wall.made_of.word();
        told.push(format!(
            "Build {long_m:.1} m of {kind}, {:.1} m high, across {}.",
            wall.height_m,
            hole.told()
        ));
    }
    let (new, old): (Vec<&Beam>, Vec<&Beam>) =
        draft.beams.iter().partition(|beam| layout.file.kit.beam.iter().all(|old| old.id != beam.id));
    told.extend(old.into_iter().map(|beam| mended(layout, beam)));
    if !new.is_empty() {
        let wall = draft.wall.as_ref().map_or_else(|| place.wall(), |wall| wall.id.clone());
        told.push(zones(&new, &wall, draft.along_m));
    }
    told.extend(cameras.iter().map(|camera| added(layout, camera)));
    told.join(" ")
}

fn mended(layout: &Scenario, beam: &Beam) -> String {
    let before = layout.file.kit.beam.iter().find(|old| old.id == beam.id);
    match (before.is_some_and(|old| old.rated_range_m == beam.rated_range_m), &beam.model) {
        (false, Some(model)) => format!("Change the pair of {} for a {model} and align it.", beam.id),
        _ => format!("Align {}.", beam.id),
    }
}

fn zones(beams: &[&Beam], wall: &Id, [from, to]: [f64; 2]) -> String {
    let mut models: Vec<(&Id, usize)> = Vec::new();
    for model in beams.iter().filter_map(|beam| beam.model.as_ref()) {
        match models.iter_mut().find(|(known, _)| *known == model) {
            Some((_, count)) => *count += 1,
            None => models.push((model, 1)),
        }
    }
    let pairs: Vec<String> = models.iter().map(|(model, count)| format!("{count} of {model}")).collect();
    let zones = if beams.len() == 1 { "zone" } else { "zones" };
    format!("Set up {} {zones} on {wall}, from {from:.1} m to {to:.1} m ({}).", beams.len(), pairs.join(", "))
}
