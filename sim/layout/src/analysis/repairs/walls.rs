//! A wall across a hole, of the kind that stands beside it.

use geo::{Coord, Distance, Euclidean, Intersects, LineString, Point};

use crate::analysis::answer::Unwalled;
use crate::analysis::rules::{Check, RuleBook};
use crate::model::Scenario;
use crate::model::site::{Wall, WallKind};
use crate::words::Id;

/// The wall that would close a hole: of the kind, the height and the strength of the one beside it, else of the nearest; as
/// high, as dense and as hard to climb as the rules ask. Nothing where a path leads through, which asks for a gate, and
/// where no wall stands anywhere.
pub(super) fn across(layout: &Scenario, hole: &Unwalled, book: &RuleBook) -> Option<Wall> {
    let line: LineString<f64> = hole.way_m.iter().map(|at| Coord::from(*at)).collect();
    let [first, .., last] = line.0.as_slice() else { return None };
    if first == last || layout.site.paths.iter().any(|path| path.line.intersects(&line)) {
        return None;
    }
    let walls: Vec<&Wall> = layout.site.rim().collect();
    let away = |wall: &&&Wall| {
        let to = |at: &Coord<f64>| Euclidean.distance(&Point::from(*at), &wall.line);
        to(first).min(to(last))
    };
    let named = hole.between.iter().find_map(|id| walls.iter().find(|wall| wall.id == *id));
    let beside = named.or_else(|| walls.iter().min_by(|a, b| away(a).total_cmp(&away(b))))?;
    let new = Wall { id: unused(layout, hole), line, ..(*beside).clone() };
    Some(book.rules.iter().fold(new, |wall, rule| as_asked(wall, &rule.check)))
}

/// No lower than asked, its bars no farther apart, its rails no lower.
fn as_asked(wall: Wall, check: &Check) -> Wall {
    let fence = wall.made_of == WallKind::Fence;
    match check {
        Check::BarrierHeight { least_m } => Wall { height_m: wall.height_m.max(*least_m), ..wall },
        Check::BarGap { most_m } if fence => {
            Wall { bar_gap_m: Some(wall.bar_gap_m.map_or(*most_m, |gap| gap.min(*most_m))), ..wall }
        }
        Check::RailHeight { least_m } if fence => Wall {
            lowest_rail_m: Some(wall.lowest_rail_m.map_or(*least_m, |rail| rail.max(*least_m))),
            ..wall
        },
        _ => wall,
    }
}

/// A name that nothing of the site's walls has.
fn unused(layout: &Scenario, hole: &Unwalled) -> Id {
    // By the centimetre of the outline at which the hole begins, so that walls across two of them have two names.
    let base = format!("wall-new-{}-{:.0}", hole.compound, hole.along_m[0] * 100.0);
    let mut names = std::iter::once(Id::from(base.as_str())).chain((2..).map(|n| Id(format!("{base}-{n}"))));
    names.find(|id| layout.site.wall_by_id(id.as_str()).is_none()).unwrap_or_default()
}
