//! The perimeter: metres that are guarded now and were not, and the other way round.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::answer::{HeldBy, Part, PartOf, Perimeter};
use super::super::wall_line::WallLine;
use super::seen::Turn;
use super::{Side, Two};
use crate::words::Id;

/// The perimeter before and after:
/// `guarded_m.after = guarded_m.before + gained_m - lost_m + appeared_m - vanished_m`, but for rounding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PerimeterChange {
    /// Its state in words.
    pub status: Two<String>,
    /// Length of its walls and gates, m.
    pub length_m: Two<f64>,
    /// Length that a zone guards, m.
    pub guarded_m: Two<f64>,
    /// Length of gates, m.
    pub gates_m: Two<f64>,
    /// Length that nobody guards, m.
    pub open_m: Two<f64>,
    /// Holes between walls, gates and buildings, m.
    pub unwalled_m: Two<f64>,
    /// Metres of walls of both plans that a zone guards now and did not.
    pub gained_m: f64,
    /// Metres of walls of both plans that a zone guarded and does not now.
    pub lost_m: f64,
    /// Guarded metres of walls that the old plan does not have, or draws otherwise.
    pub appeared_m: f64,
    /// Guarded metres of walls that the new plan does not have, or draws otherwise.
    pub vanished_m: f64,
    /// Where metres were gained and lost, the longest first.
    pub stretches: Vec<Held>,
}

/// A stretch of a wall that changed hands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// Whether it was gained or lost.
    pub turn: Turn,
    /// The wall.
    pub wall: Id,
    /// Distance along the wall of its beginning and its end, m.
    pub along_m: [f64; 2],
    /// Its ends, local metres.
    pub ends_m: [[f64; 2]; 2],
    /// The zones that guard it, or guarded it.
    pub beams: Vec<Id>,
}

/// Differences shorter than this are rounding, m.
const TINY_M: f64 = 1e-6;

pub(super) fn perimeter(before: &Side, after: &Side) -> PerimeterChange {
    let rims = Two { before: &before.report.answer.perimeter, after: &after.report.answer.perimeter };
    let mut answer = PerimeterChange {
        status: rims.each(|p| p.status.clone()),
        length_m: rims.each(|p| p.length_m),
        guarded_m: rims.each(|p| p.guarded_m),
        gates_m: rims.each(|p| p.gates_m),
        open_m: rims.each(|p| p.gaps.iter().map(|g| g.along_m[1] - g.along_m[0]).sum()),
        unwalled_m: rims.each(|p| p.unwalled.iter().map(|u| u.missing_m).sum()),
        ..PerimeterChange::default()
    };
    let line = |side: &Side, id: &Id| side.scenario.site.wall_by_id(id.as_str()).map(|w| w.line.clone());
    for id in walls(rims.before) {
        let (was, is) = (line(before, id), line(after, id));
        match is.filter(|_| walls(rims.after).contains(&id)) {
            Some(same) if was.as_ref() == Some(&same) => {
                let way = WallLine::new(&same);
                let held = changed(&parts(rims.before, id), &parts(rims.after, id)).into_iter();
                answer.stretches.extend(held.map(|(turn, along_m, beams)| Held {
                    turn,
                    wall: id.clone(),
                    along_m,
                    ends_m: along_m.map(|m| way.at(m).into()),
                    beams,
                }));
            }
            is => {
                let [was_m, is_m] = [rims.before, rims.after].map(|rim| guarded_m(&parts(rim, id)));
                // A gate between walls has no line in the data: what it keeps is no change.
                let kept_m = if was.is_none() && is.is_none() { was_m.min(is_m) } else { 0.0 };
                answer.vanished_m += was_m - kept_m;
                answer.appeared_m += is_m - kept_m;
            }
        }
    }
    let new = walls(rims.after).into_iter().filter(|id| !walls(rims.before).contains(id));
    answer.appeared_m += new.map(|id| guarded_m(&parts(rims.after, id))).sum::<f64>();
    let length = |held: &Held| held.along_m[1] - held.along_m[0];
    let of = |turn: Turn| answer.stretches.iter().filter(|h| h.turn == turn).map(length).sum();
    (answer.gained_m, answer.lost_m) = (of(Turn::Gained), of(Turn::Lost));
    answer.stretches.sort_by(|a, b| length(b).total_cmp(&length(a)));
    answer
}

/// The walls of a perimeter, each once.
fn walls(perimeter: &Perimeter) -> Vec<&Id> {
    let mut found: Vec<&Id> = Vec::new();
    for part in perimeter.parts.iter().filter(|p| p.on == PartOf::Wall) {
        if !found.contains(&&part.id) {
            found.push(&part.id);
        }
    }
    found
}

fn parts<'a>(perimeter: &'a Perimeter, wall: &Id) -> Vec<&'a Part> {
    perimeter.parts.iter().filter(|p| p.on == PartOf::Wall && p.id == *wall).collect()
}

fn guarded(part: &Part) -> bool {
    matches!(part.held_by, HeldBy::Zone | HeldBy::Post | HeldBy::Corner)
}

fn guarded_m(parts: &[&Part]) -> f64 {
    parts.iter().filter(|p| guarded(p)).map(|p| p.along_m[1] - p.along_m[0]).sum()
}

/// Stretches of one wall that changed hands, from its beginning, with the zones that guard or guarded them.
fn changed(before: &[&Part], after: &[&Part]) -> Vec<(Turn, [f64; 2], Vec<Id>)> {
    let mut ends: Vec<f64> = before.iter().chain(after).flat_map(|p| p.along_m).collect();
    ends.sort_by(f64::total_cmp);
    let at = |parts: &[&Part], m: f64| {
        parts.iter().find(|p| p.along_m[0] <= m && m <= p.along_m[1]).map(|p| (*p).clone())
    };
    let mut found: Vec<(Turn, [f64; 2], Vec<Id>)> = Vec::new();
    for pair in ends.windows(2).filter(|pair| pair[1] - pair[0] > TINY_M) {
        let middle = (pair[0] + pair[1]) / 2.0;
        let (was, is) = (at(before, middle), at(after, middle));
        let (turn, beams) = match (was.filter(guarded), is.filter(guarded)) {
            (None, Some(now)) => (Turn::Gained, now.beams),
            (Some(then), None) => (Turn::Lost, then.beams),
            _ => continue,
        };
        match found.last_mut().filter(|(last, along, _)| *last == turn && pair[0] - along[1] <= TINY_M) {
            Some((_, along, known)) => {
                along[1] = pair[1];
                known.extend(beams.into_iter().filter(|beam| !known.contains(beam)).collect::<Vec<_>>());
            }
            None => found.push((turn, [pair[0], pair[1]], beams)),
        }
    }
    found
}
