//! What if: one thing at a time goes wrong, and the whole layout is planned again under it.
//!
//! Variants are each camera, beam and standing post out of order, grown trees, winter and summer, fog, nightfall, lamps that do
//! not burn, and vans parked on car parks and roads, drawn from a seed. What suffers is told for each, the worst first.

#[cfg(test)]
mod tests;
mod variants;

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use variants::{Kind, Variant, variants};

use super::answer::{PlanAnswer, Share};
use super::caster::Caster;
use super::conditions::Conditions;
use super::coverage::{HEIGHTS_M, shares};
use super::light::Light;
use super::perimeter::perimeter_on;
use super::rules::{Finding, RuleBook, Status, assess};
use super::sightlines::working;
use super::views::Views;
use crate::model::Scenario;

/// Edition of IEC 62676-4 -> height, m -> class -> a figure.
type ByClass<T> = BTreeMap<String, BTreeMap<String, BTreeMap<String, T>>>;

/// What suffers under a variant. All figures are computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Suffers {
    /// What goes wrong.
    pub name: String,
    /// Of which kind it is.
    pub kind: Kind,
    /// Public ground that by day no camera sees at its working density any more, both heights together, m². Below zero when
    /// more is seen, as in winter. For nightfall it is what was seen by day and is not by night.
    pub lost_m2: f64,
    /// The same by night, against the night with everything in order; 0 for nightfall.
    pub lost_night_m2: f64,
    /// Edition of IEC 62676-4 -> height, m -> class -> public ground that no longer reaches it, m²: by night for nightfall and
    /// lamps, by day for all others.
    pub lost_by_class_m2: ByClass<f64>,
    /// Length of the perimeter that no zone guards any more, m.
    pub perimeter_lost_m: f64,
    /// Rules that were met and are not.
    pub rules_lost: Vec<String>,
}

impl Suffers {
    /// By this the worst comes first: ground lost by day or by night, whichever is more, m².
    pub fn worst_m2(&self) -> f64 {
        self.lost_m2.max(self.lost_night_m2)
    }
}

/// What is asked of a layout under some conditions. Why gaps are there is not: that takes most of the time of a plan.
struct Planned {
    /// Public ground that no camera sees at its working density, both heights together, m²; by day and by night.
    open_m2: [f64; 2],
    /// By day and by night.
    classes: [ByClass<Share>; 2],
    guarded_m: f64,
    rules: Vec<Finding>,
}

const LIGHTS: [Light; 2] = [Light::Day, Light::Night];

fn planned(layout: &Scenario, book: &RuleBook, caster: &Caster, views: &Views) -> Planned {
    let open = |light| {
        let cells = (0..HEIGHTS_M.len()).flat_map(|level| views.gap_by(level, light));
        views.ground().area_m2(cells.filter(|open| *open).count())
    };
    let beams = working(&layout.file.kit.beam, &caster.conditions().beams_out);
    let beams: Vec<_> = beams.map(|(_, beam)| beam.clone()).collect();
    let perimeter = perimeter_on(&layout.site, &beams, &caster.weather(&layout.file.day));
    let plan = PlanAnswer { perimeter, ..PlanAnswer::default() };
    Planned {
        open_m2: LIGHTS.map(open),
        classes: LIGHTS.map(|light| shares(views, light)),
        guarded_m: plan.perimeter.guarded_m,
        rules: assess(book, layout, (caster, views), &plan, None),
    }
}

/// What suffers under each variant, the worst first: by ground lost, then by perimeter lost. The answer does not depend on
/// the number of threads.
pub fn what_if(layout: &Scenario, book: &RuleBook, variants: &[Variant], threads: usize) -> Vec<Suffers> {
    let caster = Caster::of(layout);
    let views = Views::of(layout, &caster);
    let today = planned(layout, book, &caster, &views);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(variant) = variants.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (caster, views) = under(layout, &views, &variant.conditions);
            found.push(suffers(variant, &today, &planned(layout, book, &caster, &views)));
        }
        found
    };
    let mut all: Vec<Suffers> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        started
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    let worse = |a: &Suffers, b: &Suffers| {
        let ground = b.worst_m2().total_cmp(&a.worst_m2());
        ground.then(b.perimeter_lost_m.total_cmp(&a.perimeter_lost_m)).then_with(|| a.name.cmp(&b.name))
    };
    all.sort_by(worse);
    all
}

/// Caster and views under a variant. Where only cameras are out, what the others see is kept; where only lamps are, what is
/// in the way of what.
fn under(layout: &Scenario, views: &Views, conditions: &Conditions) -> (Caster, Views) {
    let caster = Caster::under(&layout.site, conditions.clone());
    let day = Conditions::of_day(layout);
    let same_light =
        Conditions { cameras_out: Default::default(), beams_out: Default::default(), ..conditions.clone() };
    let same_view = Conditions { lamps_out: Default::default(), ..same_light.clone() };
    if same_view != day {
        let views = Views::of(layout, &caster);
        return (caster, views);
    }
    let mut kept = if same_light == day { views.clone() } else { views.relit(layout, &caster) };
    conditions.cameras_out.iter().for_each(|row| kept.lose(*row));
    (caster, kept)
}

fn suffers(variant: &Variant, today: &Planned, then: &Planned) -> Suffers {
    let before = today.rules.iter().zip(&then.rules);
    let fell = before.filter(|(a, b)| a.status == Status::Pass && b.status == Status::Fail);
    let by_night = usize::from(matches!(variant.kind, Kind::Lamp | Kind::LampRow | Kind::Night));
    let told = Suffers {
        name: variant.name.clone(),
        kind: variant.kind,
        lost_m2: then.open_m2[0] - today.open_m2[0],
        lost_night_m2: then.open_m2[1] - today.open_m2[1],
        lost_by_class_m2: lost(&today.classes[by_night], &then.classes[by_night]),
        perimeter_lost_m: today.guarded_m - then.guarded_m,
        rules_lost: fell.map(|(rule, _)| rule.id.clone()).collect(),
    };
    if variant.kind != Kind::Night {
        return told;
    }
    Suffers {
        lost_m2: today.open_m2[1] - today.open_m2[0],
        lost_by_class_m2: lost(&today.classes[0], &today.classes[1]),
        ..told
    }
}

fn lost(before: &ByClass<Share>, after: &ByClass<Share>) -> ByClass<f64> {
    let mut lost: ByClass<f64> = BTreeMap::new();
    for (edition, heights) in before {
        for (height, classes) in heights {
            let of_height = lost.entry(edition.clone()).or_default().entry(height.clone()).or_default();
            for (class, share) in classes {
                of_height.insert(class.clone(), share.area_m2 - after[edition][height][class].area_m2);
            }
        }
    }
    lost
}
