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
//! The cheapest change that shows [`enough`](super::assumed::FixFigures::enough) of the gap, and loses at most
//! [`loss`](super::assumed::FixFigures::loss) of what it gains, is the fix. When none does, the one that shows most of it is told, and that it is not enough.

mod apply;
pub(super) mod candidates;
mod choice;
pub(super) mod guard;
mod parts;
mod place;
mod sequence;
mod task;
mod told;
pub(super) mod trial;
pub(super) mod words;

pub use apply::{Unfit, apply};
pub use sequence::{Worth, sequence};

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::answer::{Gap, GapReason, PlanAnswer};
use super::caster::Caster;
use super::light::Light;
use super::prices::Prices;
use super::rules::RuleBook;
use super::views::Views;
use crate::model::Scenario;
use crate::model::catalogue::CameraModel;
use guard::{Guard, Law};
use trial::Counts;

/// What all changes are held against.
pub(crate) struct Ask<'a> {
    pub(crate) layout: &'a Scenario,
    pub(crate) caster: &'a Caster,
    pub(crate) views: &'a Views,
    pub(crate) prices: &'a Prices,
    /// Cameras that can be bought.
    models: Vec<&'static CameraModel>,
    counts: Counts,
    pub(super) guard: Guard<'a>,
}

impl<'a> Ask<'a> {
    pub(super) fn new(
        (layout, caster, views): (&'a Scenario, &'a Caster, &'a Views),
        prices: &'a Prices,
        guard: Guard<'a>,
    ) -> Ask<'a> {
        let (models, counts) = (candidates::models(prices), Counts::of(views));
        Ask { layout, caster, views, prices, models, counts, guard }
    }
}

/// Looks for the fix of each of the first `count` gaps of a plan, and of each of its first gaps by night of which some lacks light, on
/// so many threads. The answer does not depend on the threads. Caster and views are those of the plan.
pub fn fix_gaps(
    (layout, caster, views): (&Scenario, &Caster, &Views),
    (rules, prices): (&RuleBook, &Prices),
    plan: &mut PlanAnswer,
    (count, threads): (usize, usize),
) {
    let law = Law::new(layout, caster, rules);
    let guard = Guard::new((layout, caster, views), plan, &law, law.shown(layout, caster));
    let ask = Ask::new((layout, caster, views), prices, guard);
    let by_day = plan.gaps.iter().enumerate().map(|(i, gap)| (i, gap, Light::Day));
    let dark = plan
        .gaps_night
        .iter()
        .enumerate()
        .filter(|(_, gap)| gap.causes.iter().any(|cause| cause.reason == GapReason::Light));
    let by_night = dark.map(|(i, gap)| (i, gap, Light::Night));
    let asked: Vec<(usize, &Gap, Light)> = by_day.take(count).chain(by_night.take(count)).collect();
    let found = spread(threads, &asked, |(_, gap, light)| choice::fix_of(&ask, gap, *light));
    let found: Vec<_> = asked.iter().map(|(i, _, light)| (*i, *light)).zip(found).collect();
    for ((i, light), (fix, tried)) in found {
        let gaps = if light == Light::Day { &mut plan.gaps } else { &mut plan.gaps_night };
        (gaps[i].fix, gaps[i].fixes_tried) = (fix, tried);
    }
}

/// Answers for each of some questions, in their order, on so many threads.
pub(super) fn spread<Q: Sync, A: Send>(
    threads: usize,
    asked: &[Q],
    answer: impl Fn(&Q) -> A + Sync,
) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(question) = asked.get(i) else { return found };
            found.push((i, answer(question)));
        }
    };
    let mut found: Vec<(usize, A)> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        started
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    found.sort_by_key(|(i, _)| *i);
    found.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests;
