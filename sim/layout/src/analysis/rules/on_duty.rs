//! How many are on duty at once, by the roster: at each gate, and in the duty room.

use super::check::at_least;
use super::{Layout, Outcome};
use crate::analysis::gates::posts;
use crate::analysis::sightlines::working;
use crate::contract::Class;
use crate::model::cast::Duty;
use crate::model::site::Gate;

const DAY_MS: i64 = 86_400_000;

/// The fewest who are at a gate or in the duty room at once, round the clock.
pub(super) fn fewest(layout: &Layout<'_>, least: usize) -> Outcome {
    let kit = &layout.scenario.file.kit;
    let gates = layout.scenario.site.gates.iter().map(|gate| (gate.id.to_string(), at_gate(layout, gate)));
    let rooms = kit.duty_room.iter().map(|room| (room.id.to_string(), vec![Duty::DutyRoom(room.id.clone())]));
    let mut places: Vec<(String, Vec<Duty>)> = gates.chain(rooms).collect();
    if kit.duty_room.is_empty() {
        places.push(("duty room".into(), Vec::new()));
    }
    let unsaid = |duty: &&Duty| {
        matches!(duty, Duty::GatePost(_) | Duty::DutyRoom(_)) && on_duty(layout, duty).is_empty()
    };
    let (mut counted, mut unknown) = (Vec::new(), None);
    for (place, duties) in &places {
        match duties.iter().find(unsaid) {
            Some(Duty::GatePost(of) | Duty::DutyRoom(of)) => unknown = unknown.or(Some(of)),
            _ => {
                let (few, [from, to]) = fewest_of(layout, duties);
                counted.push((few, format!("{place}: {few} from {} to {}", clock(from), clock(to))));
            }
        }
    }
    counted.sort_by_key(|(few, _)| *few);
    let measured = counted.first().map_or(0, |(few, _)| *few);
    let few: Vec<String> =
        counted.into_iter().filter(|(few, _)| *few < least).map(|(_, told)| told).collect();
    match unknown {
        Some(place) if few.is_empty() => {
            Outcome::Needs(format!("the shifts of those at {place}: [[cast.guard]] names none"))
        }
        _ => at_least(measured as f64, least as f64, "guards at once", few),
    }
}

/// What those do who stand at a gate: at its posts, at its barriers.
fn at_gate(layout: &Layout<'_>, gate: &Gate) -> Vec<Duty> {
    let conditions = layout.caster.conditions();
    let barriers = working(&layout.scenario.file.kit.barrier, conditions.out_of(Class::Barrier));
    let barriers = barriers.map(|(_, barrier)| barrier).filter(|barrier| barrier.gate == gate.id);
    let posts = posts(layout.scenario, conditions, gate).map(|post| Duty::GatePost(post.id.clone()));
    posts.chain(barriers.map(|barrier| Duty::Barrier(barrier.id.clone()))).collect()
}

fn on_duty(layout: &Layout<'_>, duty: &Duty) -> Vec<[i64; 2]> {
    layout.scenario.file.cast.shifts(duty)
}

/// The fewest at once who have one of some duties, and when it is first so.
fn fewest_of(layout: &Layout<'_>, duties: &[Duty]) -> (usize, [i64; 2]) {
    let shifts: Vec<[i64; 2]> = duties.iter().flat_map(|duty| on_duty(layout, duty)).collect();
    let mut changes: Vec<i64> = shifts.iter().flatten().copied().chain([0, DAY_MS]).collect();
    changes.sort_unstable();
    changes.dedup();
    let count = |from: i64| shifts.iter().filter(|[start, end]| (*start..*end).contains(&from)).count();
    let stretches = changes.windows(2).map(|pair| (count(pair[0]), [pair[0], pair[1]]));
    stretches.min_by_key(|(few, _)| *few).unwrap_or((0, [0, DAY_MS]))
}

/// `hh:mm`.
fn clock(at_ms: i64) -> String {
    format!("{:02}:{:02}", at_ms / 3_600_000, at_ms / 60_000 % 60)
}
