//! Changes to a layout that know no rule, and not even what they change: they see tables of rows, and in a row points, heights,
//! bearings, times of day and figures, and move, turn, scale, cut, join, copy, swap, delay and remove whatever they meet.

use std::collections::BTreeSet;

use geo::{AffineTransform, Contains, Coord, Distance, Euclidean, Intersects, Point, Polygon, Validation};
use palisade_layout::model::Scenario;
use palisade_layout::words::Draw;

use super::rows::{self, Layout, Row};

/// A door farther off its house is refused by whoever reads a scenario, m.
const DOOR_M: f64 = 0.5;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verb {
    Move,
    MoveCorner,
    Turn,
    Scale,
    Stretch,
    Cut,
    Join,
    Copy,
    Swap,
    Remove,
    Raise,
    /// Moves what looks and aims it at the point at which it looked.
    Carry,
    /// Strikes one off a list.
    Strike,
    /// Moves a time of day.
    Delay,
    /// Changes a figure.
    Change,
    /// Moves, turns or scales the site under the kit.
    Shift,
    /// Scales all there is.
    ScaleAll,
}

/// A change: what is done, to which table, to one row of it or to all, and to which of a row's figures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Operator {
    verb: Verb,
    table: String,
    figure: String,
    all: bool,
}

impl Operator {
    pub(super) fn name(&self) -> String {
        let Operator { verb, table, figure, all } = self;
        let whom = if *all { "all of " } else { "" };
        format!("{verb:?} {whom}{table} {figure}").trim().to_owned()
    }
}

/// Everything that can be done to some layouts, in a fixed order: each verb to each table, and to each figure, for which a
/// row is found that it changes.
pub(super) fn operators(layouts: &[Scenario]) -> Vec<Operator> {
    let mut found = BTreeSet::new();
    for layout in layouts.iter().map(Layout::of) {
        for (table, row) in layout.rows() {
            let mut add = |verb: Verb, figure: &str, alls: &[bool]| {
                let of = |all| Operator { verb, table: table.to_owned(), figure: figure.to_owned(), all };
                found.extend(alls.iter().map(|all| of(*all)));
            };
            let pairs = |verb: &Verb| !matches!(verb, Verb::Join | Verb::Swap) || layout.has_two(table);
            for (verb, alls) in verbs(row).into_iter().filter(|(verb, _)| pairs(verb)) {
                add(verb, "", alls);
            }
            for figure in rows::figures(row) {
                add(Verb::Change, figure, &[false, true]);
            }
        }
    }
    for verb in [Verb::Shift, Verb::ScaleAll] {
        found.insert(Operator { verb, table: String::new(), figure: String::new(), all: true });
    }
    found.into_iter().collect()
}

/// What can be done to a row, alone or with all of its table.
fn verbs(row: &Row) -> Vec<(Verb, &'static [bool])> {
    const ONE: &[bool] = &[false];
    const BOTH: &[bool] = &[false, true];
    let corners = rows::points(row).len();
    let looks = rows::bearing(row).is_some();
    let when = |holds: bool, verb: Verb, alls: &'static [bool]| holds.then_some((verb, alls));
    [
        when(corners > 0, Verb::Move, ONE),
        when(corners > 1, Verb::MoveCorner, ONE),
        when(corners > 1 || looks, Verb::Turn, BOTH),
        when(corners > 1, Verb::Scale, BOTH),
        when(corners == 2, Verb::Stretch, BOTH),
        when(corners == 2, Verb::Cut, ONE),
        when(corners == 2, Verb::Join, ONE),
        when(corners > 0, Verb::Copy, ONE),
        when(corners > 0, Verb::Swap, ONE),
        when(true, Verb::Remove, ONE),
        when(rows::heights(row), Verb::Raise, BOTH),
        when(looks && rows::heights(row), Verb::Carry, BOTH),
        when(rows::has_names(row), Verb::Strike, ONE),
        when(rows::has_times(row), Verb::Delay, BOTH),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Changes a layout. Nothing comes back where it has no row for the operator.
pub(super) fn apply(operator: &Operator, scenario: &Scenario, draw: &mut Draw) -> Option<Scenario> {
    let mut layout = Layout::of(scenario);
    match operator.verb {
        Verb::Shift => shift(&mut layout, draw),
        Verb::ScaleAll => {
            let by = wide(draw, 0.5, 3.0);
            layout.map(|_, _| true, &AffineTransform::scale(by, by, Coord { x: 0.0, y: 0.0 }));
        }
        _ => change(&mut layout, operator, draw)?,
    }
    layout.prune();
    let changed = layout.scenario(scenario);
    (is_ground(&changed) && can_stand(&changed)).then_some(changed)
}

/// Whether every outline still encloses ground: none runs through itself.
fn is_ground(scenario: &Scenario) -> bool {
    let site = &scenario.site;
    let houses = site.buildings.iter().map(|building| &building.outline);
    let areas = site.areas.iter().map(|area| &area.outline);
    let mut outlines = site.compounds.iter().map(|compound| &compound.outline).chain(houses).chain(areas);
    outlines.all(Polygon::is_valid)
}

/// Whether it could be built, as whoever reads a scenario asks: houses stand apart, doors are in their houses, and neither
/// cameras nor lamps inside of one.
fn can_stand(scenario: &Scenario) -> bool {
    let (site, kit) = (&scenario.site, &scenario.file.kit);
    let houses = || site.buildings.iter().map(|building| &building.outline);
    let apart = houses().enumerate().all(|(i, one)| houses().skip(i + 1).all(|other| !one.intersects(other)));
    let cameras = kit.camera.iter().map(|c| Coord::from(c.at_m));
    let up = kit.facade_camera.iter().map(|c| Coord::from(c.at_m));
    let mut hung = cameras.chain(up).chain(site.lamps.iter().map(|lamp| lamp.at));
    let outside = hung.all(|at| houses().all(|house| !house.contains(&at)));
    let doors = site.entrances.iter().all(|door| {
        let house = site.buildings.iter().find(|house| house.id == door.building);
        house.is_some_and(|h| Euclidean.distance(&Point::from(door.at), h.outline.exterior()) < DOOR_M)
    });
    apart && outside && doors
}

/// Moves, turns or scales the site and leaves the kit where it is.
fn shift(layout: &mut Layout, draw: &mut Draw) {
    let middle = Coord { x: 0.0, y: 0.0 };
    let Coord { x, y } = way(draw, 0.05, 10.0);
    let by = wide(draw, 0.7, 1.4);
    let change = [
        AffineTransform::translate(x, y),
        AffineTransform::rotate(sign(draw) * wide(draw, 0.1, 30.0), middle),
        AffineTransform::scale(by, by, middle),
    ];
    layout.map(Layout::is_site, &change[draw.below(3)]);
}

fn change(layout: &mut Layout, operator: &Operator, draw: &mut Draw) -> Option<()> {
    let fit = |row: &Row| match operator.verb {
        Verb::Change => rows::figures(row).contains(&operator.figure.as_str()),
        verb => verbs(row).iter().any(|(of, _)| *of == verb),
    };
    let fitting: Vec<usize> = layout.fitting(&operator.table, fit);
    if fitting.is_empty() {
        return None;
    }
    let chosen = fitting[draw.below(fitting.len())];
    let others: Vec<usize> = fitting.iter().copied().filter(|row| *row != chosen).collect();
    let other = others.get(draw.below(others.len())).copied();
    match operator.verb {
        Verb::Remove => layout.remove(&operator.table, chosen),
        Verb::Copy => copy(layout, &operator.table, chosen, draw),
        Verb::Cut => cut(layout, &operator.table, chosen, draw),
        Verb::Join => join(layout, &operator.table, [chosen, other?])?,
        Verb::Swap => swap(layout, &operator.table, [chosen, other?])?,
        _ => {
            let change = Change::drawn(operator, draw);
            let rows = if operator.all { fitting } else { vec![chosen] };
            rows.into_iter().for_each(|row| change.apply(layout, (operator.table.as_str(), row), draw));
        }
    }
    Some(())
}

/// What all rows that are changed have in common: its size.
struct Change<'a> {
    operator: &'a Operator,
    by: Coord<f64>,
    deg: f64,
    factor: f64,
    up_m: f64,
    by_min: i64,
}

impl<'a> Change<'a> {
    fn drawn(operator: &'a Operator, draw: &mut Draw) -> Change<'a> {
        Change {
            operator,
            by: way(draw, 0.05, 40.0),
            deg: sign(draw) * wide(draw, 0.1, 180.0),
            factor: wide(draw, 0.08, 12.0),
            up_m: sign(draw) * wide(draw, 0.02, 20.0),
            by_min: (sign(draw) * wide(draw, 1.0, 720.0)) as i64,
        }
    }

    fn apply(&self, layout: &mut Layout, at: (&str, usize), draw: &mut Draw) {
        let row = layout.row(at);
        let corners = rows::points(row);
        let [first, middle] = [corners.first(), rows::middle(row).as_ref()].map(|at| at.copied());
        let moved = match self.operator.verb {
            Verb::Move => Some(AffineTransform::translate(self.by.x, self.by.y)),
            Verb::Turn => middle.map(|middle| AffineTransform::rotate(self.deg, middle)),
            Verb::Scale => middle.map(|middle| AffineTransform::scale(self.factor, self.factor, middle)),
            Verb::Stretch => first.map(|first| AffineTransform::scale(self.factor, self.factor, first)),
            _ => None,
        };
        if let Some(change) = moved {
            layout.carry(at, &change);
            return;
        }
        let row = layout.row_mut(at);
        match self.operator.verb {
            Verb::MoveCorner => {
                let corner = corners[draw.below(corners.len())];
                rows::map(row, &mut |at| if at == corner { at + self.by } else { at });
            }
            Verb::Raise => rows::raise(row, self.up_m),
            Verb::Carry => rows::carry(row, self.by * 0.3, self.up_m * 0.5),
            Verb::Strike => {
                if let Some(list) = rows::names_mut(row) {
                    list.remove(draw.below(list.len()));
                }
            }
            Verb::Delay => rows::delay(row, draw.below(24), self.by_min),
            _ => rows::change(row, &self.operator.figure, self.factor, self.deg),
        }
    }
}

/// Another of the same, somewhere else, which may be turned.
fn copy(layout: &mut Layout, table: &str, chosen: usize, draw: &mut Draw) {
    let mut row = layout.row((table, chosen)).clone();
    let Some(middle) = rows::middle(&row) else { return };
    let Coord { x, y } = way(draw, 0.5, 60.0);
    let turn = AffineTransform::rotate(draw.between(-180.0, 180.0), middle);
    rows::transform(&mut row, &turn.translated(x, y));
    layout.push(table, row, "copy");
}

/// Takes a stretch out of something long and leaves a part on each side of it.
fn cut(layout: &mut Layout, table: &str, chosen: usize, draw: &mut Draw) {
    let row = layout.row((table, chosen)).clone();
    let [from, to] = rows::ends(&row);
    let long = libm::hypot(to.x - from.x, to.y - from.y);
    let size = wide(draw, 0.05, 30.0).min(0.9 * long);
    let start = draw.between(0.02 * long, 0.98 * long - size);
    let at = |s: f64| from + (to - from) * (s / long);
    let mut rest = row;
    rows::map(&mut rest, &mut |corner| if corner == from { at(start + size) } else { corner });
    rows::map(layout.row_mut((table, chosen)), &mut |corner| if corner == to { at(start) } else { corner });
    layout.push(table, rest, "rest");
}

/// Makes one of two: from the beginning of the first to the end of the second.
fn join(layout: &mut Layout, table: &str, [one, other]: [usize; 2]) -> Option<()> {
    let [ends, theirs] = [one, other].map(|row| rows::ends(layout.row((table, row))));
    if ends[0] == theirs[1] {
        return None;
    }
    rows::map(layout.row_mut((table, one)), &mut |corner| if corner == ends[1] { theirs[1] } else { corner });
    layout.remove(table, other);
    Some(())
}

/// Each of two goes where the other was.
fn swap(layout: &mut Layout, table: &str, pair: [usize; 2]) -> Option<()> {
    let [one, other] = pair.map(|row| rows::middle(layout.row((table, row))));
    let step = other? - one?;
    layout.carry((table, pair[0]), &AffineTransform::translate(step.x, step.y));
    layout.carry((table, pair[1]), &AffineTransform::translate(-step.x, -step.y));
    Some(())
}

/// A size between two, each decade as likely as the next.
fn wide(draw: &mut Draw, low: f64, high: f64) -> f64 {
    low * libm::pow(high / low, draw.unit())
}

fn sign(draw: &mut Draw) -> f64 {
    if draw.chance(0.5) { 1.0 } else { -1.0 }
}

/// A shift of a drawn size, any way.
fn way(draw: &mut Draw, low: f64, high: f64) -> Coord<f64> {
    let (size, (sin, cos)) = (wide(draw, low, high), libm::sincos(draw.between(0.0, std::f64::consts::TAU)));
    Coord { x: size * cos, y: size * sin }
}
