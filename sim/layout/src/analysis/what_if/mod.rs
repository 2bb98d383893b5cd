//! What if: one thing at a time goes wrong, and the whole layout is planned again under it.
//!
//! Variants are each camera, facade camera, beam, fire detector and standing post out of order, grown trees, winter and summer, fog, nightfall, lamps that do
//! not burn, and vans parked on car parks and roads, drawn from a seed. What suffers is told for each, the worst first.

#[cfg(test)]
mod tests;
mod under;
mod variants;

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use variants::{Kind, Variant, variants};

use super::answer::{PlanAnswer, Share};
use super::caster::Caster;
use super::coverage::{HEIGHTS_M, shares};
use super::detection::detection;
use super::facade::{BuildingAnswer, facade};
use super::light::Light;
use super::perimeter::perimeter_on;
use super::rules::{Finding, RuleBook, assess};
use super::sightlines::working;
use super::views::Views;
use crate::model::Scenario;
use under::Base;

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
    /// Windows that by day no facade camera sees any more. Below zero when more are seen; for nightfall those that are seen
    /// by day and are not by night.
    #[serde(default)]
    pub windows_lost: i64,
    /// The same by night, against the night with everything in order; 0 for nightfall.
    #[serde(default)]
    pub windows_lost_night: i64,
    /// Windows from which a fall is by day no longer on enough frames.
    #[serde(default)]
    pub falls_lost: i64,
    /// Charging sockets that no fire detector protects any more.
    #[serde(default)]
    pub sockets_lost: i64,
    /// Rules that were met and are not, those that can no longer be assessed among them.
    pub rules_lost: Vec<String>,
}

impl Suffers {
    /// By this the worst comes first: ground lost by day or by night, whichever is more, m².
    pub fn worst_m2(&self) -> f64 {
        self.lost_m2.max(self.lost_night_m2)
    }

    /// Windows lost by day or by night, whichever are more.
    pub fn worst_windows(&self) -> i64 {
        self.windows_lost.max(self.windows_lost_night)
    }
}

/// What is asked of a layout under some conditions. Why gaps are there is not: that takes most of the time of a plan.
struct Planned {
    /// Public ground that no camera sees at its working density, both heights together, m²; by day and by night.
    open_m2: [f64; 2],
    /// By day and by night.
    classes: [ByClass<Share>; 2],
    guarded_m: f64,
    facades: Facades,
    /// Charging sockets that a fire detector protects.
    sockets: usize,
    rules: Vec<Finding>,
}

/// Windows of all buildings.
#[derive(Clone, Copy)]
struct Facades {
    /// Seen by a facade camera, by day and by night.
    seen: [usize; 2],
    /// From which a fall is on enough frames.
    traced: usize,
}

impl Facades {
    fn of(layout: &Scenario, caster: &Caster) -> Facades {
        let all = facade(layout, caster).buildings;
        let sum = |of: fn(&BuildingAnswer) -> usize| all.iter().map(of).sum();
        Facades { seen: [sum(|b| b.seen), sum(|b| b.seen_by_night)], traced: sum(|b| b.traced) }
    }
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
        facades: Facades::of(layout, caster),
        sockets: detection(layout, caster.conditions()).detected(),
        rules: assess(book, layout, (caster, views), &plan, None),
    }
}

/// What suffers under each variant, the worst first: by ground lost, then by perimeter, windows and sockets lost. The answer does not depend on
/// the number of threads.
pub fn what_if(layout: &Scenario, book: &RuleBook, variants: &[Variant], threads: usize) -> Vec<Suffers> {
    let caster = Caster::of(layout);
    let views = Views::of(layout, &caster);
    let base = Base { layout, caster: &caster, views: &views };
    let today = planned(layout, book, &caster, &views);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(variant) = variants.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (caster, views) = base.under(&variant.conditions);
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
        let perimeter = b.perimeter_lost_m.total_cmp(&a.perimeter_lost_m);
        let facades = b.worst_windows().cmp(&a.worst_windows()).then(b.falls_lost.cmp(&a.falls_lost));
        let sockets = b.sockets_lost.cmp(&a.sockets_lost);
        ground.then(perimeter).then(facades).then(sockets).then_with(|| a.name.cmp(&b.name))
    };
    all.sort_by(worse);
    all
}

fn suffers(variant: &Variant, today: &Planned, then: &Planned) -> Suffers {
    let before = today.rules.iter().zip(&then.rules);
    let fell = before.filter(|(before, after)| before.is_lost(after));
    let by_night = usize::from(matches!(variant.kind, Kind::Lamp | Kind::LampRow | Kind::Night));
    let told = Suffers {
        name: variant.name.clone(),
        kind: variant.kind,
        lost_m2: then.open_m2[0] - today.open_m2[0],
        lost_night_m2: then.open_m2[1] - today.open_m2[1],
        lost_by_class_m2: lost(&today.classes[by_night], &then.classes[by_night]),
        perimeter_lost_m: today.guarded_m - then.guarded_m,
        windows_lost: fewer(today.facades.seen[0], then.facades.seen[0]),
        windows_lost_night: fewer(today.facades.seen[1], then.facades.seen[1]),
        falls_lost: fewer(today.facades.traced, then.facades.traced),
        sockets_lost: fewer(today.sockets, then.sockets),
        rules_lost: fell.map(|(rule, _)| rule.id.clone()).collect(),
    };
    if variant.kind != Kind::Night {
        return told;
    }
    Suffers {
        lost_m2: today.open_m2[1] - today.open_m2[0],
        windows_lost: fewer(today.facades.seen[0], today.facades.seen[1]),
        lost_by_class_m2: lost(&today.classes[0], &today.classes[1]),
        ..told
    }
}

fn fewer(before: usize, after: usize) -> i64 {
    before as i64 - after as i64
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
