//! What is worth doing first: one measure after the other, each the one that shows most ground for its price of all that can
//! be done after those before it.
//!
//! Measures are thought of for the largest parts of the open ground ([`super::parts`]) and held against all of it: ground
//! at both heights, by day and by night, gained less lost, for each yuan. Crowns are left out, because they grow again.
//!
//! Of the same measures the cheapest are told, each by itself.

use super::super::answer::{Fix, Measure, PlanAnswer};
use super::super::caster::Caster;
use super::super::coverage::HEIGHTS_M;
use super::super::prices::Prices;
use super::super::rules::RuleBook;
use super::super::views::Views;
use super::choice::{Idea, Trial, bearable, ideas, net};
use super::guard::{Guard, Law};
use super::parts::parts;
use super::place::Place;
use super::told::{edited, price, told};
use super::trial::{After, Edit, Effect, look_again};
use super::{Ask, candidates, spread};
use crate::model::Scenario;

/// Parts that are looked at beside one for each measure that is asked for.
const MORE_PARTS: usize = 5;
/// Ideas that are kept for a part, of what is there and of what is bought, and how many of each are tried for them at a time.
const KEPT: usize = 3;
const TRIED: usize = 8;
/// How often ideas are thought of for one measure, until one harms nothing.
const ROUNDS: usize = 6;

/// So many of the cheapest are told.
const CHEAPEST: usize = 5;

/// What is worth doing.
#[derive(Debug, Default)]
pub struct Worth {
    /// One after the other.
    pub measures: Vec<Measure>,
    /// Each by itself, the cheapest first.
    pub cheapest: Vec<Fix>,
}

/// An idea with what its cameras would see.
struct Held {
    edit: Edit,
    yuan: f64,
    part: usize,
    /// Masks were laid over the windows of dwellings.
    masked: bool,
    after: After,
    /// What it would do now, where that was worked out since the last measure.
    effect: Option<Effect>,
}

/// Ideas that wait.
#[derive(Default)]
struct Pool {
    places: Vec<Place>,
    held: Vec<Held>,
    /// How many ideas of each part were tried, of what is there and of what is bought.
    tried: Vec<[usize; 2]>,
}

impl Pool {
    /// Thinks of ideas that show most for their price, for the largest parts: at first of what is open now, and in each round
    /// without a measure of the next ones.
    fn fill(&mut self, ask: &Ask<'_>, round: usize, count: usize, threads: usize) {
        self.places = parts(ask);
        self.places.truncate(count + MORE_PARTS);
        if round == 0 {
            self.tried.clear();
        }
        self.tried.resize(self.places.len(), [0; 2]);
        let numbered: Vec<(usize, &Place)> = self.places.iter().enumerate().collect();
        let found =
            spread(threads, &numbered, |(part, place)| ideas_for(ask, self.tried[*part], *part, place));
        self.held.clear();
        for (tried, (held, now)) in self.tried.iter_mut().zip(found) {
            *tried = now;
            self.held.extend(held);
        }
    }
}

/// The layout as far as measures have changed it.
struct Now<'a> {
    layout: Scenario,
    first: &'a Caster,
    relit: Option<Caster>,
    views: Views,
    /// Windows of dwellings that each camera shows, m².
    shows_m2: Vec<f64>,
}

impl Now<'_> {
    fn caster(&self) -> &Caster {
        self.relit.as_ref().unwrap_or(self.first)
    }

    fn make(&mut self, held: &Held, law: &Law) {
        self.views = held.after.views(&self.views);
        self.layout = edited(&self.layout, &held.edit);
        match &held.edit {
            Edit::Camera(row, camera) => {
                let shows = law.shows_m2(camera, self.caster());
                self.shows_m2.resize(self.layout.file.kit.camera.len(), 0.0);
                self.shows_m2[*row] = shows;
            }
            _ => {
                let conditions = self.caster().conditions().clone();
                self.relit = Some(Caster::under(&self.layout.site, conditions));
            }
        }
    }
}

/// The first `count` measures for a layout and the cheapest, worked out on so many threads. The answer does not depend on the
/// threads. Caster, views and plan are those of the layout.
pub fn sequence(
    (layout, caster, views): (&Scenario, &Caster, &Views),
    (rules, prices): (&RuleBook, &Prices),
    plan: &PlanAnswer,
    (count, threads): (usize, usize),
) -> Worth {
    let law = Law::new(layout, caster, rules);
    let shows_m2 = law.shown(layout, caster);
    let mut now = Now { layout: layout.clone(), first: caster, relit: None, views: views.clone(), shows_m2 };
    let (mut found, mut cheapest): (Vec<Measure>, Vec<Fix>) = (Vec::new(), Vec::new());
    let mut pool = Pool::default();
    let mut rounds = 0;
    while found.len() < count {
        let guard = Guard::new((&now.layout, now.caster(), &now.views), plan, &law, now.shows_m2.clone());
        let ask = Ask::new((&now.layout, now.caster(), &now.views), prices, guard);
        let Some((best, effect)) = best(&ask, &mut pool, threads) else {
            if rounds == ROUNDS {
                break;
            }
            pool.fill(&ask, rounds, count, threads);
            if found.is_empty() && rounds == 0 {
                cheapest = by_price(&ask, &pool);
            }
            rounds += 1;
            continue;
        };
        let trial = Trial { edit: best.edit.clone(), effect };
        let fix = told(&ask, &trial, &pool.places[best.part]);
        now.make(&best, &law);
        renew(&mut pool.held, &best, &now, threads);
        found.push(added(found.last(), fix, open_m2(&now.views)));
        rounds = 0;
    }
    Worth { measures: found, cheapest }
}

/// The cheapest ideas that harm nothing, each by itself; of equal prices the one that shows more. A device, or a part of the
/// ground that gets a new one, is told once.
fn by_price(ask: &Ask<'_>, pool: &Pool) -> Vec<Fix> {
    let gain = |held: &Held| held.effect.as_ref().map_or(0, net);
    let mut order: Vec<&Held> = pool.held.iter().collect();
    order.sort_by(|a, b| a.yuan.total_cmp(&b.yuan).then(gain(b).cmp(&gain(a))));
    let cameras = ask.layout.file.kit.camera.len();
    let what = |held: &Held| match held.edit.row().filter(|row| *row < cameras) {
        Some(row) => (true, row),
        None => (false, held.part),
    };
    let mut found: Vec<((bool, usize), Fix)> = Vec::new();
    for held in order {
        if found.len() == CHEAPEST {
            break;
        }
        if found.iter().any(|(told, _)| *told == what(held)) {
            continue;
        }
        let Some(effect) = held.effect else { continue };
        let trial = Trial { edit: held.edit.clone(), effect };
        if ask.guard.passes(&held.after, &edited(ask.layout, &trial.edit), ask.caster, ask.views) {
            found.push((what(held), told(ask, &trial, &pool.places[held.part])));
        }
    }
    let mut found: Vec<Fix> = found.into_iter().map(|(_, fix)| fix).collect();
    found.sort_by(|a, b| a.cost_yuan.total_cmp(&b.cost_yuan));
    found
}

fn added(last: Option<&Measure>, fix: Fix, open_m2: f64) -> Measure {
    let so_far = |sum: fn(&Measure) -> f64| last.map_or(0.0, sum);
    Measure {
        total_m2: so_far(|m| m.total_m2) + fix.gains_m2 - fix.loses_m2,
        total_night_m2: so_far(|m| m.total_night_m2) + fix.gains_night_m2 - fix.loses_night_m2,
        open_m2,
        total_yuan: so_far(|m| m.total_yuan) + fix.cost_yuan,
        fix,
    }
}

fn open_m2(views: &Views) -> f64 {
    let open = |level| views.gap(level).iter().filter(|open| **open).count();
    views.ground().area_m2((0..HEIGHTS_M.len()).map(open).sum())
}

/// Ideas for a part that lose little elsewhere, as far as one sees without asking the rules: some with what is there and
/// some with what is bought, from a number of each on. Says how many of each were tried then.
fn ideas_for(ask: &Ask<'_>, from: [usize; 2], part: usize, place: &Place) -> (Vec<Held>, [usize; 2]) {
    let worth = |idea: &Idea| idea.shown as f64 / idea.yuan.max(1.0);
    let mut all = ideas(ask, &[], place);
    all.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    let there = |idea: &Idea| ask.layout.file.kit.camera.len() > idea.edit.row().unwrap_or(usize::MAX);
    let (there, bought): (Vec<Idea>, Vec<Idea>) = all.into_iter().partition(there);
    let look = |idea: Idea| {
        let with_masks = ask.guard.masked(&idea.edit, ask.caster, 0.0);
        let (masked, edit) = (with_masks.is_some(), with_masks.unwrap_or(idea.edit));
        let after = look_again(&edit, ask.layout, ask.caster, ask.views);
        let effect = ask.counts.effect(ask.views, &after.renewed, &place.wanted());
        let useful = net(&effect) > 0 && bearable(&effect);
        useful.then(|| Held { yuan: price(ask, &edit), edit, part, masked, after, effect: Some(effect) })
    };
    let mut held = Vec::new();
    let mut kept = |ideas: Vec<Idea>, from: usize| {
        let able = ideas.into_iter().filter(|idea| ask.guard.keeps_task(&idea.edit, ask.caster));
        let (mut tried, mut kept) = (from, 0);
        for idea in able.skip(from).take(TRIED) {
            tried += 1;
            if let Some(one) = look(idea) {
                held.push(one);
                kept += 1;
            }
            if kept == KEPT {
                break;
            }
        }
        tried
    };
    let tried = [kept(there, from[0]), kept(bought, from[1])];
    (held, tried)
}

/// The idea that shows most for its price and harms nothing; those that do are dropped.
fn best(ask: &Ask<'_>, pool: &mut Pool, threads: usize) -> Option<(Held, Effect)> {
    let Pool { places, held: pool, .. } = pool;
    loop {
        let effects = spread(threads, pool, |held| {
            let wanted = places[held.part].wanted();
            held.effect.unwrap_or_else(|| ask.counts.effect(ask.views, &held.after.renewed, &wanted))
        });
        pool.iter_mut().zip(&effects).for_each(|(held, effect)| held.effect = Some(*effect));
        let worth = |held: &Held, effect: &Effect| net(effect) as f64 / held.yuan.max(1.0);
        let useful = effects.iter().enumerate().filter(|(_, effect)| net(effect) > 0 && bearable(effect));
        let (i, effect) = useful
            .max_by(|(i, a), (j, b)| worth(&pool[*i], a).total_cmp(&worth(&pool[*j], b)).then(j.cmp(i)))?;
        let effect = *effect;
        let mut held = pool.remove(i);
        if let Some(masked) = ask.guard.masked(&held.edit, ask.caster, 0.0) {
            // Where masks do not suffice, more of them do not either.
            if !std::mem::replace(&mut held.masked, true) {
                held.after = look_again(&masked, ask.layout, ask.caster, ask.views);
                (held.edit, held.effect) = (masked, None);
                // With its masks it shows less: it stands in line again.
                pool.insert(i, held);
            }
            continue;
        }
        if ask.guard.passes(&held.after, &edited(ask.layout, &held.edit), ask.caster, ask.views) {
            return Some((held, effect));
        }
    }
}

/// What is left in the pool after a measure: other ideas for its device go, new cameras get the next row and name, and where
/// the light has changed everything is looked at again.
fn renew(pool: &mut Vec<Held>, made: &Held, now: &Now<'_>, threads: usize) {
    let added = made.edit.row().is_none_or(|row| row + 1 == now.layout.file.kit.camera.len());
    let (names, row) = (candidates::free_names(&now.layout), now.layout.file.kit.camera.len());
    pool.retain(|held| added || held.edit.row() != made.edit.row());
    for held in pool.iter_mut() {
        held.effect = None;
        match &mut held.edit {
            Edit::Camera(at, camera) if camera.id.as_str().starts_with(candidates::NEW) && *at + 1 >= row => {
                (*at, camera.id) = (row, names.0.clone());
                held.after.renewed.iter_mut().for_each(|(at, _)| *at = row);
            }
            Edit::Lamp(lamp) => lamp.id = names.1.clone(),
            _ => {}
        }
    }
    if matches!(made.edit, Edit::Lamp(_)) {
        let again =
            spread(threads, pool, |held| look_again(&held.edit, &now.layout, now.caster(), &now.views));
        pool.iter_mut().zip(again).for_each(|(held, after)| held.after = after);
    }
}
