//! The cheapest change that shows a gap.
//!
//! For each gap the changes that a fitter would think of are listed: turn a camera near by or its tilt, another model of the
//! catalogue in its place, raise it, move it along what holds it, prune the crown that is in the way, hang a new camera. Each is screened
//! on points of the gap and then tried: what the camera would see is worked out by the same rays as the plan, and what
//! it would no longer see is counted against it. Prices come from [`super::bill`], so they are those of the whole change.
//!
//! A change that harms anything is none: a rule that falls, a gate, door or wall that its camera no longer shows, more of
//! dwellings on the picture than the rule lets or than is on it today. Where masks are all that it takes, it gets them.
//!
//! The cheapest change that shows at least [`ENOUGH`] of the gap, and loses at most [`LOSS`] of what it gains, is the fix.
//! When none does, the one that shows most of it is told, and that it is not enough.

mod apply;
mod candidates;
mod guard;
mod place;
mod task;
mod trial;
mod words;

pub use apply::{Unfit, apply};

use std::sync::atomic::{AtomicUsize, Ordering};

use super::answer::{Fix, Gap, PlanAnswer, Table};
use super::bill::{bill, total};
use super::caster::Caster;
use super::prices::Prices;
use super::projection::View;
use super::rules::RuleBook;
use super::sightlines::look;
use super::views::Views;
use crate::model::catalogue::CameraModel;
use crate::model::{Scenario, devices};
use guard::Guard;
use place::Place;
use trial::{Counts, Edit, Effect, look_again};

/// Share of a gap that a fix must show.
pub const ENOUGH: f64 = 0.8;
/// Share of what a fix gains that it may lose elsewhere.
pub const LOSS: f64 = 0.1;
/// Share of a gap's sample that a change must show to be tried as its fix; the sample is coarser than the cells.
const SCREEN: f64 = 0.6;
/// Changes that are tried for their part when none is enough.
const PARTIAL: usize = 24;
/// Changes that are tried as the whole fix, the cheapest first.
const WHOLE: usize = 120;

/// What all changes are held against.
pub(crate) struct Ask<'a> {
    pub(crate) layout: &'a Scenario,
    pub(crate) caster: &'a Caster,
    pub(crate) views: &'a Views,
    pub(crate) prices: &'a Prices,
    /// Cameras that can be bought.
    models: Vec<&'static CameraModel>,
    counts: Counts,
    guard: Guard<'a>,
}

/// A change with its price and what the screening says.
struct Idea {
    edit: Edit,
    yuan: f64,
    shown: usize,
}

/// A change that was tried and harms nothing.
struct Trial {
    edit: Edit,
    yuan: f64,
    effect: Effect,
}

/// Looks for the fix of each of the first `count` gaps of a plan, on so many threads. The answer does not depend on the
/// threads. Caster and views are those of the plan.
pub fn fix_gaps(
    (layout, caster, views): (&Scenario, &Caster, &Views),
    (rules, prices): (&RuleBook, &Prices),
    plan: &mut PlanAnswer,
    (count, threads): (usize, usize),
) {
    let count = count.min(plan.gaps.len());
    let guard = Guard::new((layout, caster, views), plan, rules);
    let ask = Ask {
        layout,
        caster,
        views,
        prices,
        models: candidates::models(prices),
        counts: Counts::of(views),
        guard,
    };
    let gaps = &plan.gaps[..count];
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(gap) = gaps.get(i) else { return found };
            found.push((i, fix_of(&ask, gap)));
        }
    };
    let found: Vec<(usize, (Option<Fix>, usize))> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        started.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    for (i, (fix, tried)) in found {
        (plan.gaps[i].fix, plan.gaps[i].fixes_tried) = (fix, tried);
    }
}

fn fix_of(ask: &Ask<'_>, gap: &Gap) -> (Option<Fix>, usize) {
    let place = Place::of(gap, &ask.views.ground().raster);
    let ideas = ideas(ask, gap, &place);
    let tried = ideas.len();
    let best = whole(ask, &ideas, &place).or_else(|| partial(ask, ideas, &place));
    (best.map(|trial| told(ask, &trial, &place)), tried)
}

/// Every change that shows some of a gap's sample, the cheapest first.
fn ideas(ask: &Ask<'_>, gap: &Gap, place: &Place) -> Vec<Idea> {
    let idea = |edit: Edit| {
        let shown = shown(ask, &edit, place);
        (shown > 0).then(|| Idea {
            yuan: total(&bill(ask.layout, &edited(ask.layout, &edit), ask.prices)),
            shown,
            edit,
        })
    };
    let mut ideas: Vec<Idea> = candidates::all(ask, gap, place).into_iter().filter_map(idea).collect();
    ideas.sort_by(|a, b| a.yuan.total_cmp(&b.yuan).then(b.shown.cmp(&a.shown)));
    ideas
}

/// The cheapest change that shows enough; of equal prices the one that gains most.
fn whole(ask: &Ask<'_>, ideas: &[Idea], place: &Place) -> Option<Trial> {
    let likely = |idea: &&Idea| idea.shown as f64 >= SCREEN * place.sample.len() as f64;
    let mut best: Option<Trial> = None;
    for idea in ideas.iter().filter(likely).take(WHOLE) {
        if best.as_ref().is_some_and(|best| best.yuan < idea.yuan) {
            break;
        }
        let wanted = |effect: &Effect| {
            let better = best.as_ref().is_none_or(|best| net(effect) > net(&best.effect));
            place.is_enough(effect.closes) && bearable(effect) && better
        };
        best = tried(ask, idea, place, wanted).or(best);
    }
    best
}

/// The change that shows most, when none shows enough.
fn partial(ask: &Ask<'_>, mut ideas: Vec<Idea>, place: &Place) -> Option<Trial> {
    ideas.sort_by(|a, b| b.shown.cmp(&a.shown).then(a.yuan.total_cmp(&b.yuan)));
    let mut best: Option<Trial> = None;
    for idea in ideas.iter().take(PARTIAL) {
        let wanted = |effect: &Effect| {
            let better = best.as_ref().is_none_or(|best| {
                let more = effect.closes.cmp(&best.effect.closes);
                more.then(best.yuan.total_cmp(&idea.yuan)).is_gt()
            });
            effect.closes > 0 && bearable(effect) && better
        };
        best = tried(ask, idea, place, wanted).or(best);
    }
    best
}

/// Tries a change: nothing when it does not do what is wanted, or harms anything. Where it would look into dwellings it gets
/// masks, and is tried with them.
fn tried(ask: &Ask<'_>, idea: &Idea, place: &Place, wanted: impl Fn(&Effect) -> bool) -> Option<Trial> {
    let run = |edit: &Edit| {
        let after = look_again(edit, ask.layout, ask.caster, ask.views);
        let effect = ask.counts.effect(ask.views, &after.renewed, place.level, &place.cells);
        wanted(&effect).then_some((after, effect))
    };
    let (mut edit, mut found) = (idea.edit.clone(), run(&idea.edit)?);
    if let Some(masked) = ask.guard.masked(&edit, ask.caster) {
        found = run(&masked)?;
        edit = masked;
    }
    let (after, effect) = found;
    let changed = edited(ask.layout, &edit);
    ask.guard.passes(&after, &changed, ask.caster, ask.views).then(|| Trial { edit, yuan: idea.yuan, effect })
}

fn bearable(effect: &Effect) -> bool {
    effect.loses as f64 <= LOSS * effect.gains as f64
}

fn net(effect: &Effect) -> isize {
    effect.gains as isize - effect.loses as isize
}

/// Points of a gap's sample that a change would show; for a crown, all of them, because only trying it says.
fn shown(ask: &Ask<'_>, edit: &Edit, place: &Place) -> usize {
    let Edit::Camera(_, camera) = edit else { return place.sample.len() };
    let view = View::of(camera);
    let works = |at: &&[f64; 3]| {
        look(&view, camera, ask.caster, **at).is_some_and(|l| l.px_per_m >= camera.working_px_per_m)
    };
    place.sample.iter().filter(works).count()
}

/// The layout after a change.
fn edited(layout: &Scenario, edit: &Edit) -> Scenario {
    let mut new = layout.clone();
    match edit {
        Edit::Camera(row, camera) => match new.file.kit.camera.get_mut(*row) {
            Some(old) => *old = camera.clone(),
            None => new.file.kit.camera.push(camera.clone()),
        },
        Edit::Tree(row, tree) => new.site.trees[*row] = tree.clone(),
    }
    new.devices = devices(&new.file, &new.site);
    new
}

fn told(ask: &Ask<'_>, trial: &Trial, place: &Place) -> Fix {
    let items = bill(ask.layout, &edited(ask.layout, &trial.edit), ask.prices);
    let (ground, effect) = (ask.views.ground(), trial.effect);
    let (device, change) = match &trial.edit {
        Edit::Camera(row, camera) => {
            let old = ask.layout.file.kit.camera.get(*row);
            (camera.id.clone(), apply::changes(Table::Camera, camera.id.as_str(), old, camera))
        }
        Edit::Tree(row, tree) => {
            let old = ask.layout.site.trees.get(*row);
            (tree.id.clone(), apply::changes(Table::Tree, tree.id.as_str(), old, tree))
        }
    };
    Fix {
        what: words::sentence(ask.layout, &trial.edit),
        device,
        change,
        enough: place.is_enough(effect.closes),
        closes_m2: ground.area_m2(effect.closes),
        left_m2: ground.area_m2(place.cells.len() - effect.closes),
        gains_m2: ground.area_m2(effect.gains),
        loses_m2: ground.area_m2(effect.loses),
        cost_yuan: total(&items),
        cost_label: ask.prices.how.word().into(),
        bill: items,
    }
}

#[cfg(test)]
mod tests;
