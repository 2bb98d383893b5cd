//! The barrier around the compound: walls, fences, hedges, and the gates that open them.

use geo::{Distance, Euclidean, Point};

use super::check::{at_least, at_most, figure};
use super::{Layout, Outcome};
use crate::analysis::gates::{left_alone, unnamed};
use crate::model::site::{Gate, Wall, WallKind};
use crate::words::Id;

pub(super) fn height(layout: &Layout<'_>, least_m: f64) -> Outcome {
    let walls = || layout.scenario.site.rim();
    let lowest = walls().map(|w| w.height_m).fold(f64::INFINITY, f64::min);
    let low = walls().filter(|w| w.height_m < least_m).map(|w| format!("{}: {:.2} m", w.id, w.height_m));
    at_least(lowest, least_m, "m", low)
}

/// The widest known gap between the bars of the perimeter's fences.
pub(super) fn bar_gap(layout: &Layout<'_>, most_m: f64) -> Outcome {
    let fences: Vec<&Wall> = layout.scenario.site.rim().filter(|w| w.made_of == WallKind::Fence).collect();
    let unknown = fences.iter().find(|w| w.bar_gap_m.is_none());
    let known = || fences.iter().filter_map(|w| Some((w.bar_gap_m?, w)));
    let widest = known().map(|(gap, _)| gap).fold(0.0, f64::max);
    match unknown {
        Some(fence) if widest <= most_m => Outcome::Needs(format!("`bar_gap_m` of fence {}", fence.id)),
        _ => {
            let wide = known().filter(|(gap, _)| *gap > most_m);
            at_most(widest, most_m, "m", wide.map(|(gap, w)| format!("{}: {gap:.2} m", w.id)))
        }
    }
}

/// The lowest known horizontal rail of the perimeter's fences.
pub(super) fn rail_height(layout: &Layout<'_>, least_m: f64) -> Outcome {
    let fences: Vec<&Wall> = layout.scenario.site.rim().filter(|w| w.made_of == WallKind::Fence).collect();
    let known = || fences.iter().filter_map(|w| Some((w.lowest_rail_m?, w)));
    let lowest = known().map(|(rail, _)| rail).fold(f64::INFINITY, f64::min);
    match fences.iter().find(|w| w.lowest_rail_m.is_none()) {
        Some(fence) if lowest >= least_m => Outcome::Needs(format!("`lowest_rail_m` of fence {}", fence.id)),
        _ => {
            let low = known().filter(|(rail, _)| *rail < least_m);
            at_least(lowest, least_m, "m", low.map(|(rail, w)| format!("{}: {rail:.2} m", w.id)))
        }
    }
}

/// Metres between walls, gates and buildings where a body passes.
pub(super) fn closed(layout: &Layout<'_>) -> Outcome {
    if layout.scenario.site.compounds.is_empty() {
        return Outcome::Needs("the compound's outline in the site's data".into());
    }
    let bare = &layout.plan.perimeter.unwalled;
    let open_m = bare.iter().map(|b| b.missing_m).sum();
    let where_ = bare.iter().map(|b| format!("{:.1} m, {}", b.missing_m, b.told()));
    at_most(open_m, 0.0, "m open", where_)
}

/// How the shut leaf of a gate stands to the wall that it opens.
enum Door {
    /// As strong, or nothing to be compared with.
    Strong,
    /// Weaker, and how.
    Weaker(String),
    /// What is not known.
    Unknown(String),
}

/// Gates where nobody stands that are weaker than the wall that they open. Who stands where is in the roster; of a post that it
/// does not name nothing is known.
pub(super) fn door_strength(layout: &Layout<'_>) -> Outcome {
    let (mut weaker, mut unknown) = (Vec::new(), None);
    for gate in &layout.scenario.site.gates {
        let attended = attended(layout, gate);
        if let Attended::Always = attended {
            continue;
        }
        match (door(layout, gate), attended) {
            (Door::Strong, _) => {}
            (_, Attended::Unsaid(post)) => {
                let needs = format!("the shifts of those at post {post}: [[cast.guard]] names none");
                unknown = unknown.or(Some(needs));
            }
            (Door::Weaker(how), _) => weaker.push(how),
            (Door::Unknown(what), _) => unknown = unknown.or(Some(what)),
        }
    }
    match unknown {
        Some(what) if weaker.is_empty() => Outcome::Needs(what),
        _ => figure(weaker.len() as f64, 0.0, "weaker gates", weaker.is_empty(), weaker),
    }
}

fn door(layout: &Layout<'_>, gate: &Gate) -> Door {
    let away = |wall: &&Wall| Euclidean.distance(&Point::from(gate.at), &wall.line);
    let beside = layout.scenario.site.rim().filter(|wall| away(wall) <= gate.width_m);
    let Some(wall) = beside.min_by(|a, b| away(a).total_cmp(&away(b))) else { return Door::Strong };
    let held = gate.delay_s.zip(wall.delay_s);
    match (gate.height_m, held) {
        (Some(high), _) if high < wall.height_m => {
            Door::Weaker(format!("{}: {high:.2} m high in a wall of {:.2} m", gate.id, wall.height_m))
        }
        (_, Some((door, around))) if door < around => {
            Door::Weaker(format!("{}: holds for {door:.0} s, the wall for {around:.0} s", gate.id))
        }
        (None, _) => Door::Unknown(format!("`height_m` of gate {}", gate.id)),
        (_, None) if gate.delay_s.is_none() => Door::Unknown(format!("`delay_s` of gate {}", gate.id)),
        (_, None) => Door::Unknown(format!("`delay_s` of wall {}", wall.id)),
        _ => Door::Strong,
    }
}

/// Whether somebody stands at a gate round the clock.
enum Attended {
    Always,
    /// Not at every hour.
    No,
    /// Only if the guards of this post, of which the roster says nothing, are always there.
    Unsaid(Id),
}

fn attended(layout: &Layout<'_>, gate: &Gate) -> Attended {
    let conditions = layout.caster.conditions();
    if !left_alone(layout.scenario, conditions, gate).is_empty() {
        return Attended::No;
    }
    unnamed(layout.scenario, conditions, gate).map_or(Attended::Always, |post| Attended::Unsaid(post.clone()))
}
