//! Which of many changes is the fix of a gap.

use super::super::answer::{Cause, Fix, Gap};
use super::super::assumed;
use super::super::light::Light;
use super::super::projection::View;
use super::super::sightlines::{Look, lit, look};
use super::place::Place;
use super::told::{edited, price, told};
use super::trial::{Edit, Effect, look_again};
use super::{Ask, candidates};

/// A change with its price and what the screening says.
pub(super) struct Idea {
    pub(super) edit: Edit,
    pub(super) yuan: f64,
    /// Points of the gap's sample that it shows.
    pub(super) shown: usize,
}

/// A change that was tried and harms nothing.
pub(super) struct Trial {
    pub(super) edit: Edit,
    pub(super) effect: Effect,
}

/// The fix of a gap, and how many changes were tried.
pub(super) fn fix_of(ask: &Ask<'_>, gap: &Gap, light: Light) -> (Option<Fix>, usize) {
    let place = Place::of(gap, light, &ask.views.ground().raster);
    let ideas = ideas(ask, &gap.causes, &place);
    let tried = ideas.len();
    let best = whole(ask, &ideas, &place).or_else(|| partial(ask, ideas, &place));
    (best.map(|trial| told(ask, &trial, &place)), tried)
}

/// Every change that shows some of a gap's sample, the cheapest first.
pub(super) fn ideas(ask: &Ask<'_>, causes: &[Cause], place: &Place) -> Vec<Idea> {
    let mut ideas = every(ask, causes, place);
    ideas.retain(|idea| idea.shown > 0);
    ideas
}

/// Every change that is thought of, the cheapest first.
fn every(ask: &Ask<'_>, causes: &[Cause], place: &Place) -> Vec<Idea> {
    let idea = |edit: Edit| Idea { yuan: price(ask, &edit), shown: shown(ask, &edit, place), edit };
    let mut ideas: Vec<Idea> = candidates::all(ask, causes, place).into_iter().map(idea).collect();
    ideas.sort_by(|a, b| a.yuan.total_cmp(&b.yuan).then(b.shown.cmp(&a.shown)));
    ideas
}

/// The price of the cheapest change of all that is enough, none left out by the screening.
#[cfg(test)]
pub(super) fn cheapest_yuan(ask: &Ask<'_>, gap: &Gap, light: Light) -> Option<f64> {
    let place = Place::of(gap, light, &ask.views.ground().raster);
    let all = every(ask, &gap.causes, &place);
    let best = cheapest(ask, &all.iter().collect::<Vec<_>>(), &place)?;
    Some(price(ask, &best.edit))
}

/// The cheapest change that shows enough, of those for which the screening speaks.
fn whole(ask: &Ask<'_>, ideas: &[Idea], place: &Place) -> Option<Trial> {
    let figures = assumed::fixes();
    let likely = |idea: &&Idea| idea.shown as f64 >= figures.screen * place.sample.len() as f64;
    let likely: Vec<&Idea> = ideas.iter().filter(likely).take(figures.whole).collect();
    cheapest(ask, &likely, place)
}

/// The cheapest of some changes that shows enough; of equal prices the one that gains most.
fn cheapest(ask: &Ask<'_>, by_price: &[&Idea], place: &Place) -> Option<Trial> {
    let enough = |effect: &Effect| place.is_enough(effect.closes) && bearable(effect);
    by_price.chunk_by(|a, b| a.yuan == b.yuan).find_map(|of_one_price| {
        let mut good =
            of_one_price.iter().map(|idea| (*idea, effect(ask, &idea.edit, place))).collect::<Vec<_>>();
        good.retain(|(_, effect)| enough(effect));
        good.sort_by_key(|(_, effect)| std::cmp::Reverse(net(effect)));
        good.into_iter().find_map(|(idea, effect)| harmless(ask, idea, effect, place, enough))
    })
}

/// The change that shows most, when none shows enough.
fn partial(ask: &Ask<'_>, mut ideas: Vec<Idea>, place: &Place) -> Option<Trial> {
    let helps = |effect: &Effect| effect.closes > 0 && bearable(effect);
    ideas.sort_by(|a, b| b.shown.cmp(&a.shown).then(a.yuan.total_cmp(&b.yuan)));
    let tried =
        ideas.iter().take(assumed::fixes().partial).map(|idea| (idea, effect(ask, &idea.edit, place)));
    let mut good: Vec<(&Idea, Effect)> = tried.filter(|(_, effect)| helps(effect)).collect();
    good.sort_by(|(a, x), (b, y)| y.closes.cmp(&x.closes).then(a.yuan.total_cmp(&b.yuan)));
    good.into_iter().find_map(|(idea, effect)| harmless(ask, idea, effect, place, helps))
}

fn effect(ask: &Ask<'_>, edit: &Edit, place: &Place) -> Effect {
    let after = look_again(edit, ask.layout, ask.caster, ask.views);
    ask.counts.effect(ask.views, &after.renewed, &place.wanted())
}

/// A change that harms nothing, if need be with masks, with which it must still do what is wanted.
fn harmless(
    ask: &Ask<'_>,
    idea: &Idea,
    mut found: Effect,
    place: &Place,
    wanted: impl Fn(&Effect) -> bool,
) -> Option<Trial> {
    if !ask.guard.keeps_task(&idea.edit, ask.caster) {
        return None;
    }
    let masked = ask.guard.masked(&idea.edit, ask.caster, 0.0);
    let edit = masked.as_ref().unwrap_or(&idea.edit).clone();
    if masked.is_some() {
        found = effect(ask, &edit, place);
    }
    let after = look_again(&edit, ask.layout, ask.caster, ask.views);
    let changed = edited(ask.layout, &edit);
    let passes = wanted(&found) && ask.guard.passes(&after, &changed, ask.caster, ask.views);
    passes.then_some(Trial { edit, effect: found })
}

/// True when neither by day nor by night too much is lost elsewhere.
pub(super) fn bearable(effect: &Effect) -> bool {
    let most = assumed::fixes().loss;
    [effect.day, effect.night].iter().all(|turn| turn.loses as f64 <= most * turn.gains as f64)
}

/// Cells gained less cells lost, day and night together.
pub(super) fn net(effect: &Effect) -> isize {
    [effect.day, effect.night].iter().map(|turn| turn.gains as isize - turn.loses as isize).sum()
}

/// Points of a gap's sample that a change would show; for a crown or a lamp, all of them, because only trying it says.
fn shown(ask: &Ask<'_>, edit: &Edit, place: &Place) -> usize {
    let Edit::Camera(_, camera) = edit else { return place.sample.len() };
    let view = View::of(camera);
    let bright = |at: [f64; 3], look: &Look| {
        place.light == Light::Day || lit(camera, ask.caster, ask.caster.night_lux(at), look.distance_m)
    };
    let works = |at: &&[f64; 3]| {
        look(&view, camera, ask.caster, **at)
            .is_some_and(|look| look.px_per_m >= camera.working_px_per_m && bright(**at, &look))
    };
    place.sample.iter().filter(works).count()
}
