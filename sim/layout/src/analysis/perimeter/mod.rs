//! Whether the beams close the perimeter, worked out along its length and never on a grid.
//!
//! A zone guards a stretch of wall where its beam runs within [`aside_m`](super::assumed::PerimeterFigures::aside_m) of it, along it (not more than
//! [`bend_deg`](super::assumed::PerimeterFigures::bend_deg) off), with all rays above the wall's top and the highest within [`under_m`](super::assumed::PerimeterFigures::under_m) of it: all must be broken
//! at once, so the highest decides what passes under. A zone that is longer than its rated range or not aligned
//! guards nothing. Gates open the wall and are guarded by people; where nobody stands, only a zone over the shut leaf
//! guards one ([`gates`](super::gates)). What is left is a gap, however short, but for the
//! width of a post ([`post_m`](super::assumed::PerimeterFigures::post_m)) between two zones or a zone and a gate. The height of a wall is part of this: where a
//! beam runs on over a lower wall, it may be too high there.

mod run;
#[cfg(test)]
mod tests;

use run::{Line, Run};

use super::answer::Perimeter;
use super::caster::Caster;
use super::closing::Outlines;
use super::gates::{Unattended, unattended};
use super::sightlines::working;
use crate::contract::Class;
use crate::model::kit::Beam;
use crate::model::scenario::Day;
use crate::model::site::Wall;
use crate::model::{Scenario, Site};

/// The continuity of a site's perimeter under a list of beams on a clear day.
#[cfg(test)]
pub(super) fn perimeter(site: &Site, beams: &[Beam]) -> Perimeter {
    perimeter_within(&Outlines::of(site), site, (beams, &Day::default()), &[])
}

/// Works out the continuity of a compound's perimeter under the conditions of a caster: fog and rain that leave a receiver
/// too little open its zone.
pub fn perimeter_on(scenario: &Scenario, caster: &Caster) -> Perimeter {
    perimeter_known(&Outlines::of(&scenario.site), scenario, caster)
}

/// The same for a site whose outlines are known already.
pub(super) fn perimeter_known(outlines: &Outlines, scenario: &Scenario, caster: &Caster) -> Perimeter {
    let conditions = caster.conditions();
    let beams = working(&scenario.file.kit.beam, conditions.out_of(Class::Beam));
    let beams: Vec<Beam> = beams.map(|(_, beam)| beam.clone()).collect();
    let day = caster.weather(&scenario.file.day);
    perimeter_within(outlines, &scenario.site, (&beams, &day), &unattended(scenario, conditions))
}

/// The same under a list of beams on a given day, with the gates where nobody stands.
pub(super) fn perimeter_within(
    outlines: &Outlines,
    site: &Site,
    (beams, day): (&[Beam], &Day),
    alone: &[Unattended],
) -> Perimeter {
    let walls: Vec<&Wall> = site.rim().collect();
    if walls.is_empty() && site.compounds.is_empty() {
        return Perimeter { status: "no boundary in the data".into(), ..Perimeter::default() };
    }
    let mut answer = Perimeter::default();
    let gates = site.gates.iter().map(|gate| (gate, alone.iter().find(|u| u.gate == gate.id)));
    let gates: Vec<_> = gates.collect();
    let lines = walls.iter().map(|wall| Line::of_wall(wall, &gates));
    // A gate between the ends of two walls is a line of its own.
    let leaves = outlines.leaves.iter().filter_map(|leaf| {
        let gate = gates.iter().find(|(gate, _)| gate.id == leaf.gate)?;
        Some(Line::of_leaf(leaf.ends, *gate))
    });
    for line in lines.chain(leaves) {
        Run::along(line, &walls, (beams, day)).judge(&mut answer);
    }
    answer.unwalled.clone_from(&outlines.unwalled);
    answer.parts.extend(outlines.parts.iter().cloned());
    answer.status = status(&answer, !walls.is_empty());
    answer
}

/// The answer in a sentence.
fn status(answer: &Perimeter, walled: bool) -> String {
    let open: f64 = answer.gaps.iter().map(|g| g.along_m[1] - g.along_m[0]).sum();
    let along_walls = match answer.gaps.len() {
        0 => "closed".to_owned(),
        1 => format!("1 gap, {open:.1} m"),
        gaps => format!("{gaps} gaps, {open:.1} m"),
    };
    let bare: f64 = answer.unwalled.iter().map(|u| u.missing_m).sum();
    if answer.unwalled.is_empty() {
        return along_walls;
    }
    let along_walls = match (answer.gaps.is_empty(), walled) {
        (false, _) => along_walls,
        (true, true) => "no gap along the walls".into(),
        (true, false) => "no wall in the data".into(),
    };
    format!("{along_walls}; {bare:.1} m of the outline has no wall")
}
