//! Who stands at a gate, and when nobody does. An attended gate is held by people; one where nobody stands is a gap in the
//! perimeter for those hours, unless a zone runs over its shut leaf.

use geo::{Coord, Distance, Euclidean, Line, LineString, Point};

use super::assumed;
use super::conditions::Conditions;
use super::sightlines::working;
use super::wall_line::{Span, WallLine};
use crate::contract::Class;
use crate::model::Scenario;
use crate::model::cast::Duty;
use crate::model::kit::GatePost;
use crate::model::site::{Gate, Wall};
use crate::words::Id;

const DAY_MS: i64 = 86_400_000;

/// A gate where at some hours nobody stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Unattended {
    /// The gate.
    pub gate: Id,
    /// When, from midnight, ms; from 0 to 24 h where nobody ever does. What goes past midnight ends after 24 h.
    pub hours_ms: Vec<[i64; 2]>,
}

/// The gates of a scenario where at some hours nobody stands, posts and barriers that are out of order left out.
pub fn unattended(scenario: &Scenario, conditions: &Conditions) -> Vec<Unattended> {
    let left =
        |gate: &Gate| Unattended { gate: gate.id.clone(), hours_ms: left_alone(scenario, conditions, gate) };
    scenario.site.gates.iter().map(left).filter(|u| !u.hours_ms.is_empty()).collect()
}

/// Hours at which nobody stands at a gate. The guards of a post are there by the roster; a post that the roster does not name
/// has its guards at all hours. At a barrier somebody stands as the roster says.
pub(super) fn left_alone(scenario: &Scenario, conditions: &Conditions, gate: &Gate) -> Vec<[i64; 2]> {
    alone(there(scenario, conditions, gate, vec![[0, DAY_MS]]))
}

/// A post at a gate that the roster does not name, where without its guards nobody would stand there at some hour.
pub(super) fn unnamed<'a>(
    scenario: &'a Scenario,
    conditions: &'a Conditions,
    gate: &'a Gate,
) -> Option<&'a Id> {
    if alone(there(scenario, conditions, gate, Vec::new())).is_empty() {
        return None;
    }
    let mut posts = posts(scenario, conditions, gate);
    posts
        .find(|post| scenario.file.cast.shifts(&Duty::GatePost(post.id.clone())).is_empty())
        .map(|post| &post.id)
}

/// The posts of a gate that work and have guards.
pub(super) fn posts<'a>(
    scenario: &'a Scenario,
    conditions: &'a Conditions,
    gate: &'a Gate,
) -> impl Iterator<Item = &'a GatePost> {
    let posts = working(&scenario.file.kit.gate_post, conditions.out_of(Class::GatePost));
    posts.map(|(_, post)| post).filter(|post| post.gate == gate.id && post.guards > 0)
}

/// When somebody stands at a gate; guards of a post that the roster does not name are there in the hours of `unnamed`.
fn there(scenario: &Scenario, conditions: &Conditions, gate: &Gate, unnamed: Vec<[i64; 2]>) -> Vec<[i64; 2]> {
    let (kit, cast) = (&scenario.file.kit, &scenario.file.cast);
    let barriers = working(&kit.barrier, conditions.out_of(Class::Barrier)).map(|(_, barrier)| barrier);
    let mut there: Vec<[i64; 2]> = Vec::new();
    for post in posts(scenario, conditions, gate) {
        let shifts = cast.shifts(&Duty::GatePost(post.id.clone()));
        there.extend(if shifts.is_empty() { unnamed.clone() } else { shifts });
    }
    for barrier in barriers.filter(|barrier| barrier.gate == gate.id) {
        there.extend(cast.shifts(&Duty::Barrier(barrier.id.clone())));
    }
    there
}

/// What is left of a day; the rest before midnight and the rest after it are one.
fn alone(mut there: Vec<[i64; 2]>) -> Vec<[i64; 2]> {
    there.sort_unstable();
    let (mut left, mut until) = (Vec::new(), 0);
    for [from, to] in there {
        if from > until {
            left.push([until, from]);
        }
        until = until.max(to);
    }
    if until < DAY_MS {
        left.push([until, DAY_MS]);
    }
    match (left.first().copied(), left.last().copied()) {
        (Some([0, morning]), Some([evening, DAY_MS])) if left.len() > 1 => {
            left.remove(0);
            left.pop();
            left.push([evening, DAY_MS + morning]);
        }
        _ => {}
    }
    left
}

impl Unattended {
    /// Why it is a gap, in words, and whether a zone runs there that may be over its leaf or not.
    pub(super) fn reason(&self, height_unknown: bool) -> String {
        let clock = |ms: i64| format!("{:02}:{:02}", ms / 3_600_000 % 24, ms / 60_000 % 60);
        let told: Vec<String> = self
            .hours_ms
            .iter()
            .filter(|[from, to]| to - from < DAY_MS)
            .map(|[from, to]| format!("from {} to {}", clock(*from), clock(*to)))
            .collect();
        let when = if told.is_empty() { String::new() } else { format!(" {}", told.join(" and ")) };
        let open = if height_unknown {
            "without its `height_m` no zone is known to run over its shut leaf"
        } else {
            "no zone runs over its shut leaf"
        };
        format!("nobody stands at {}{when}, and {open}", self.gate)
    }
}

/// Where the leaf of a gate runs that stands between the ends of two walls, or of a wall and something else, in the way
/// into a compound: from end to end, but no wider than its clear width. Nothing for a gate that opens the inside of a
/// wall, which is a stretch of that wall.
pub(super) fn leaf(gate: &Gate, walls: &[&Wall], outline: &LineString<f64>) -> Option<[Coord<f64>; 2]> {
    let (half, figures) = (gate.width_m / 2.0, assumed::perimeter());
    let opened = walls.iter().map(|wall| WallLine::new(&wall.line));
    let opened: Vec<(f64, Vec<Span>)> =
        opened.map(|line| (line.length(), line.openings(std::slice::from_ref(gate)))).collect();
    let within = |(length, spans): &(f64, Vec<Span>)| {
        spans.iter().any(|[from, to]| *from > TINY_M && *to < length - TINY_M)
    };
    if opened.iter().any(within) {
        return None;
    }
    let reach = half + figures.pier_m + figures.body_m;
    let ends = free_ends(walls).into_iter().map(|(end, way)| (end - gate.at, way));
    let ends: Vec<End> = ends.filter(|(end, _)| size(*end) <= reach).collect();
    let nearest = |a: &&End, b: &&End| size(a.0).total_cmp(&size(b.0));
    let one = ends.iter().min_by(nearest).copied();
    let across = |to: &&End| one.is_some_and(|(one, _)| dot(one, to.0) < 0.0);
    let other = ends.iter().filter(across).min_by(nearest).copied();
    let (way, [from, to]) = match (one, other) {
        (Some((one, _)), Some((other, _))) => {
            let way = (other - one) / size(other - one);
            (way, [dot(one, way).max(-half), dot(other, way).min(half)])
        }
        // From the end of the wall over the gate's middle, or on where the wall is drawn beyond it.
        (Some((one, on)), None) => {
            let way = if dot(one, on) < 0.0 { -one / size(one) } else { on };
            (way, [dot(one, way).max(-half), half])
        }
        (None, _) if opened.iter().all(|(_, spans)| spans.is_empty()) => {
            let away = |side: &Line<f64>| Euclidean.distance(&Point::from(gate.at), side);
            let side = outline.lines().min_by(|a, b| away(a).total_cmp(&away(b)))?;
            (side.delta() / size(side.delta()), [-half, half])
        }
        _ => return None,
    };
    (to - from > TINY_M).then(|| [gate.at + way * from, gate.at + way * to])
}

/// Rounding, m.
const TINY_M: f64 = 1e-6;

fn size(way: Coord<f64>) -> f64 {
    libm::hypot(way.x, way.y)
}

fn dot(a: Coord<f64>, b: Coord<f64>) -> f64 {
    a.x * b.x + a.y * b.y
}

/// The end of a wall, and the unit vector on beyond it.
type End = (Coord<f64>, Coord<f64>);

/// Ends at which no wall goes on.
fn free_ends(walls: &[&Wall]) -> Vec<End> {
    let body_m = assumed::perimeter().body_m;
    let mut found = Vec::new();
    for (i, wall) in walls.iter().enumerate() {
        let line = WallLine::new(&wall.line);
        let sides: Vec<[Coord<f64>; 2]> = line.pieces().map(|(_, a, b)| [a, b]).collect();
        let (Some(&[first, second]), Some(&[before, last])) = (sides.first(), sides.last()) else { continue };
        if size(last - first) <= body_m {
            continue;
        }
        let goes_on = |end: Coord<f64>| {
            let mut others = walls.iter().enumerate().filter(|(j, _)| *j != i);
            others.any(|(_, w)| Euclidean.distance(&Point::from(end), &w.line) <= body_m)
        };
        let ends = [(first, first - second), (last, last - before)];
        found
            .extend(ends.map(|(end, on)| (end, on / size(on))).into_iter().filter(|(end, _)| !goes_on(*end)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_stands_at_is_what_the_shifts_leave_of_a_day() {
        const HOUR: i64 = 3_600_000;
        let check = |shifts: &[[i64; 2]], expected: &[[i64; 2]]| {
            let hours = |list: &[[i64; 2]]| list.iter().map(|s| s.map(|h| h * HOUR)).collect::<Vec<_>>();
            assert_eq!(alone(hours(shifts)), hours(expected), "{shifts:?}");
        };
        check(&[], &[[0, 24]]);
        check(&[[0, 24]], &[]);
        check(&[[6, 22]], &[[22, 30]]);
        check(&[[22, 24], [0, 6], [6, 12]], &[[12, 22]]);
        check(&[[8, 12], [13, 20], [9, 10]], &[[12, 13], [20, 32]]);
    }

    #[test]
    fn the_reason_says_when() {
        let of = |hours_ms: Vec<[i64; 2]>| Unattended { gate: "g".into(), hours_ms }.reason(false);
        assert_eq!(of(vec![[0, DAY_MS]]), "nobody stands at g, and no zone runs over its shut leaf");
        assert_eq!(
            of(vec![[79_200_000, 108_000_000]]),
            "nobody stands at g from 22:00 to 06:00, and no zone runs over its shut leaf"
        );
    }
}
