//! What would close the gaps along the walls and the holes between barriers: for each place as many zones as the rules
//! permit, tried in the model and priced.
//!
//! A zone is no longer than the book lets it be, and than the catalogue's range with the margin that the book asks for.
//! On each straight piece of wall zones of one length follow each other; each is the cheapest pair that is enough. A zone
//! that is there, and is only out of line or too long for its pair, is put right where that is cheaper. A hole gets a wall
//! of the kind beside it, and zones on that wall. Where the rules ask that a camera shows each zone, the cameras are part of
//! the repair ([`cameras`]).
//!
//! A repair is held to the same law as a fix ([`super::fixes`]): no rule falls, no camera gives up what it is there for, no
//! more of dwellings is shown than may be. Nothing of the perimeter that was held is open after it; what it closes is found
//! by working the perimeter out again.

mod cameras;
mod places;
#[cfg(test)]
mod tests;
mod unrepaired;
mod walls;
mod words;
mod zones;

use std::sync::Arc;

use super::answer::{Perimeter, PlanAnswer, Repair, Stretch, Unwalled};
use super::bill::{bill, total};
use super::caster::Caster;
use super::closing::Outlines;
use super::coverage::HEIGHTS_M;
use super::fixes::guard::{Guard, Law};
use super::fixes::{Ask, spread};
use super::light::Light;
use super::perimeter::perimeter_known;
use super::prices::Prices;
use super::rules::{Check, RuleBook};
use super::views::{Seen, Views};
use super::wall_line::{total as length_of, union, without};
use crate::model::kit::{Beam, Camera};
use crate::model::site::Wall;
use crate::model::{Scenario, devices};
use crate::words::Id;
use places::{Draft, Place, drafts, places};
pub use unrepaired::unrepaired;
use zones::Limits;

/// Lengths that differ by less are equal, m; rounding.
const JOIN_M: f64 = 1e-6;

/// What repairs are looked for with.
struct Work<'a> {
    ask: Ask<'a>,
    law: &'a Law,
    book: &'a RuleBook,
    limits: Limits,
    outlines: Outlines,
    plan: &'a PlanAnswer,
}

/// The layout as far as a repair has changed it.
#[derive(Clone)]
struct Now<'a> {
    layout: Scenario,
    first: &'a Caster,
    /// Where the repair builds a wall.
    walled: Option<Arc<Caster>>,
    views: Views,
    /// Windows of dwellings that its cameras show, m².
    shown_m2: f64,
    /// Its first zone, after which its cameras are named: those of another repair have other names.
    zone: Id,
}

impl<'a> Now<'a> {
    fn of(work: &Work<'a>, draft: &Draft) -> Now<'a> {
        let layout = with(work.ask.layout, (&draft.beams, &[], draft.wall.as_slice()));
        let conditions = || work.ask.caster.conditions().clone();
        let walled = draft.wall.as_ref().map(|_| Arc::new(Caster::under(&layout.site, conditions())));
        let views = walled.as_ref().map_or_else(|| work.ask.views.clone(), |c| Views::of(&layout, c));
        Now {
            layout,
            first: work.ask.caster,
            walled,
            views,
            shown_m2: 0.0,
            zone: draft.beams.first().map(|zone| zone.id.clone()).unwrap_or_default(),
        }
    }

    fn caster(&self) -> &Caster {
        self.walled.as_deref().unwrap_or(self.first)
    }

    /// One more camera.
    fn hang(&mut self, camera: Camera, work: &Work<'_>) {
        let row = self.layout.file.kit.camera.len();
        self.views.renew(row, Seen::by(&camera, self.views.ground(), self.caster()));
        self.shown_m2 += work.law.shows_m2(&camera, self.caster());
        self.layout = with(&self.layout, (&[], &[camera], &[]));
    }

    /// True when no rule falls, and cameras do what they are there for and show no more of dwellings than they may.
    fn harms_nothing(&self, work: &Work<'_>) -> bool {
        let (before, after) = (work.ask.layout.file.kit.camera.len(), self.layout.file.kit.camera.len());
        let rows: Vec<usize> = (if self.walled.is_some() { 0 } else { before }..after).collect();
        let guard = &work.ask.guard;
        guard.keeps(&rows, &self.layout, (self.first, self.caster()))
            && guard.rules_hold(&self.layout, (self.caster(), &self.views), work.plan)
    }
}

/// A repair for each stretch of wall that nobody guards and for each hole, where one is found, on so many threads; the cheapest
/// first, of equal prices the one that closes more. The answer does not depend on the threads. Caster, views and plan are
/// those of the layout. What has none is told by [`unrepaired`].
pub fn repairs(
    (layout, caster, views): (&Scenario, &Caster, &Views),
    (book, prices): (&RuleBook, &Prices),
    plan: &PlanAnswer,
    threads: usize,
) -> Vec<Repair> {
    let law = Law::new(layout, caster, &elsewhere(book));
    let guard = Guard::new((layout, caster, views), plan, &law, law.shown(layout, caster));
    let work = Work {
        ask: Ask::new((layout, caster, views), prices, guard),
        law: &law,
        book,
        limits: Limits::of(book),
        outlines: Outlines::of(&layout.site),
        plan,
    };
    let asked = places(layout, &plan.perimeter);
    let found = spread(threads, &asked, |place| repair(&work, place));
    let mut all: Vec<Repair> = Vec::new();
    for repair in found.into_iter().flatten() {
        // A zone that is put right may be at fault along two walls.
        match all.iter_mut().find(|other| rows(other) == rows(&repair)) {
            Some(other) => other.gaps.extend(repair.gaps),
            None => all.push(repair),
        }
    }
    all.sort_by(|a, b| a.cost_yuan.total_cmp(&b.cost_yuan).then(b.closes_m.total_cmp(&a.closes_m)));
    all
}

/// The rules without the two about the perimeter as a whole: those are judged place by place, see [`opens_nothing`].
fn elsewhere(book: &RuleBook) -> RuleBook {
    let is_whole = |rule: &&super::rules::Rule| {
        !matches!(rule.check, Check::PerimeterContinuous {} | Check::BarrierClosed {})
    };
    RuleBook { rules: book.rules.iter().filter(is_whole).cloned().collect(), ..book.clone() }
}

fn rows(repair: &Repair) -> (&[Beam], &[Camera], &[Wall]) {
    (&repair.beams, &repair.cameras, &repair.walls)
}

/// The layout with a repair made.
pub fn made(layout: &Scenario, repair: &Repair) -> Scenario {
    with(layout, rows(repair))
}

/// The layout with more rows; one of a name that is there already takes its place.
fn with(layout: &Scenario, (beams, cameras, walls): (&[Beam], &[Camera], &[Wall])) -> Scenario {
    let mut new = layout.clone();
    for beam in beams {
        match new.file.kit.beam.iter_mut().find(|other| other.id == beam.id) {
            Some(other) => *other = beam.clone(),
            None => new.file.kit.beam.push(beam.clone()),
        }
    }
    new.file.kit.camera.extend_from_slice(cameras);
    new.site.walls.extend_from_slice(walls);
    new.devices = devices(&new.file, &new.site);
    new
}

/// The repair of a place: of those that close most of it the cheapest.
fn repair(work: &Work<'_>, place: &Place<'_>) -> Option<Repair> {
    let tried = drafts(work, place).into_iter().filter_map(|draft| tried(work, place, draft));
    tried.reduce(|best, other| {
        let more_m = other.closes_m - best.closes_m;
        let better = more_m > JOIN_M || (more_m > -JOIN_M && other.cost_yuan < best.cost_yuan);
        if better { other } else { best }
    })
}

/// A draft with what it does and costs; nothing where it closes nothing or does harm.
fn tried(work: &Work<'_>, place: &Place<'_>, draft: Draft) -> Option<Repair> {
    let (today, layout) = (&work.plan.perimeter, work.ask.layout);
    let mut now = Now::of(work, &draft);
    let walled = draft.wall.as_ref().map(|_| Outlines::of(&now.layout.site));
    let then = perimeter_known(walled.as_ref().unwrap_or(&work.outlines), &now.layout, now.caster());
    let closes_m = today.open_m() - then.open_m();
    let helps = closes_m > JOIN_M && opens_nothing(today, &then, draft.wall.as_ref());
    if !(helps && cameras::hang(work, &mut now, &draft.new_zones(layout)) && now.harms_nothing(work)) {
        return None;
    }
    let items = bill(layout, &now.layout, work.ask.prices);
    let [day, night] = [Light::Day, Light::Night].map(|light| turned(work.ask.views, &now.views, light));
    let cameras = now.layout.file.kit.camera[layout.file.kit.camera.len()..].to_vec();
    Some(Repair {
        what: words::sentence(layout, (place, &work.plan.perimeter), &draft, &cameras),
        wall: draft.wall.as_ref().map_or_else(|| place.wall(), |wall| wall.id.clone()),
        gaps: place.gaps().to_vec(),
        hole: place.hole(),
        along_m: draft.along_m,
        closes_m,
        gains_m2: day[0],
        loses_m2: day[1],
        gains_night_m2: night[0],
        loses_night_m2: night[1],
        cost_yuan: total(&items),
        cost_label: work.ask.prices.how.word().into(),
        bill: items,
        beams: draft.beams,
        cameras,
        walls: draft.wall.into_iter().collect(),
    })
}

/// Public ground that is seen after and was not before, and that was and is not, both heights together, m².
fn turned(before: &Views, after: &Views, light: Light) -> [f64; 2] {
    let (mut gained, mut lost) = (0, 0);
    for level in 0..HEIGHTS_M.len() {
        let both = before.gap_by(level, light).into_iter().zip(after.gap_by(level, light));
        both.for_each(|(was, is)| {
            gained += usize::from(was && !is);
            lost += usize::from(is && !was);
        });
    }
    [gained, lost].map(|cells| before.ground().area_m2(cells))
}

/// True when every gap and every hole lay open before; a new wall stands where a hole was.
fn opens_nothing(before: &Perimeter, after: &Perimeter, new: Option<&Wall>) -> bool {
    let gap = |gap: &Stretch| {
        let own = before.gaps.iter().filter(|old| old.wall == gap.wall).map(|old| old.along_m);
        let is_new = new.is_some_and(|wall| wall.id == gap.wall);
        is_new || length_of(&without(&[gap.along_m], &union(own.collect()))) <= JOIN_M
    };
    let hole = |hole: &Unwalled| {
        before.unwalled.iter().any(|old| {
            let meet =
                hole.along_m[0] <= old.along_m[1] + JOIN_M && old.along_m[0] <= hole.along_m[1] + JOIN_M;
            old.compound == hole.compound && meet && hole.missing_m <= old.missing_m + JOIN_M
        })
    };
    after.gaps.iter().all(gap) && after.unwalled.iter().all(hole)
}
