//! The cheapest change that shows a gap.
//!
//! For each gap the changes that a fitter would think of are listed: turn a camera near by or its tilt, another lens, more
//! pixels, raise it, move it along what holds it, prune the crown that is in the way, hang a new camera. Each is screened
//! on points of the gap and then tried: what the camera would see is worked out by the same rays as the plan, and what
//! it would no longer see is counted against it. Prices come from [`super::bill`], so they are those of the whole change.
//!
//! The cheapest change that shows at least [`ENOUGH`] of the gap, and loses at most [`LOSS`] of what it gains, is the fix.
//! When none does, the one that shows most of it is told, and that it is not enough.

mod apply;
mod candidates;
mod place;
mod trial;
mod words;

pub use apply::{Unfit, apply};

use std::sync::atomic::{AtomicUsize, Ordering};

use super::answer::{Fix, Gap, Table};
use super::bill::{bill, total};
use super::caster::Caster;
use super::prices::Prices;
use super::projection::View;
use super::sightlines::look;
use super::views::Views;
use crate::model::{Scenario, devices};
use place::Place;
use trial::{Counts, Edit, Effect, seen_after};

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
    counts: Counts,
}

/// A change with its price and what the screening says.
struct Idea {
    edit: Edit,
    yuan: f64,
    shown: usize,
}

/// Looks for the fix of each of the first `gaps`, on so many threads. The answer does not depend on the threads.
pub fn fix_gaps(
    (layout, caster, views): (&Scenario, &Caster, &Views),
    prices: &Prices,
    gaps: &mut [Gap],
    threads: usize,
) {
    let ask = Ask { layout, caster, views, prices, counts: Counts::of(views) };
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
        (gaps[i].fix, gaps[i].fixes_tried) = (fix, tried);
    }
}

fn fix_of(ask: &Ask<'_>, gap: &Gap) -> (Option<Fix>, usize) {
    let place = Place::of(gap, &ask.views.ground().raster);
    let mut options: Vec<Idea> = candidates::all(ask, gap, &place)
        .into_iter()
        .map(|edit| Idea {
            yuan: total(&bill(ask.layout, &edited(ask.layout, &edit), ask.prices)),
            shown: shown(ask, &edit, &place),
            edit,
        })
        .filter(|option| option.shown > 0)
        .collect();
    let tried = options.len();
    options.sort_by(|a, b| a.yuan.total_cmp(&b.yuan).then(b.shown.cmp(&a.shown)));
    let likely = |option: &&Idea| option.shown as f64 >= SCREEN * place.sample.len() as f64;
    let mut whole: Option<(&Idea, Effect)> = None;
    for option in options.iter().filter(likely).take(WHOLE) {
        if whole.is_some_and(|(best, _)| best.yuan < option.yuan) {
            break;
        }
        let effect = effect(ask, option, &place);
        let enough = effect.closes as f64 >= ENOUGH * place.cells.len() as f64 && bearable(&effect);
        if enough && whole.is_none_or(|(_, best)| net(&effect) > net(&best)) {
            whole = Some((option, effect));
        }
    }
    if let Some((option, effect)) = whole {
        return (Some(told(ask, option, effect, &place)), tried);
    }
    options.sort_by(|a, b| b.shown.cmp(&a.shown).then(a.yuan.total_cmp(&b.yuan)));
    let partial = options.iter().take(PARTIAL).map(|option| (option, effect(ask, option, &place)));
    let helps = partial.filter(|(_, effect)| effect.closes > 0 && bearable(effect));
    let best = helps.max_by(|(a, x), (b, y)| x.closes.cmp(&y.closes).then(b.yuan.total_cmp(&a.yuan)));
    (best.map(|(option, effect)| told(ask, option, effect, &place)), tried)
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

fn effect(ask: &Ask<'_>, option: &Idea, place: &Place) -> Effect {
    let renewed = seen_after(&option.edit, ask.layout, ask.caster, ask.views);
    ask.counts.effect(ask.views, &renewed, place.level, &place.cells)
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

fn told(ask: &Ask<'_>, option: &Idea, effect: Effect, place: &Place) -> Fix {
    let items = bill(ask.layout, &edited(ask.layout, &option.edit), ask.prices);
    let ground = ask.views.ground();
    let (device, change) = match &option.edit {
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
        what: words::sentence(ask.layout, &option.edit),
        device,
        change,
        enough: effect.closes as f64 >= ENOUGH * place.cells.len() as f64,
        closes_m2: ground.area_m2(effect.closes),
        left_m2: ground.area_m2(place.cells.len() - effect.closes),
        gains_m2: ground.area_m2(effect.gains),
        loses_m2: ground.area_m2(effect.loses),
        cost_yuan: total(&items),
        cost_label: "assumed".into(),
        bill: items,
    }
}

#[cfg(test)]
mod tests;
