//! What if: one thing at a time goes wrong, and the whole layout is planned again under it.
//!
//! Variants are each device of the kit out of order, whatever its class, grown trees, winter and summer, fog, nightfall, lamps
//! that do not burn, all of them however many, and vans parked on car parks and roads, drawn from a seed. What suffers is told for each by its own
//! [`Measure`]: ground, perimeter, windows, ways in, entrances, patrol, fire detection, fire kit, radio, alarms. So that a
//! camera and a door station can be held against each other, each loss is also a share of what the layout has of that measure
//! today; the variant that takes the largest share of anything comes first.

mod held;
mod measure;
mod service;
#[cfg(test)]
mod tests;
mod under;
mod variants;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use measure::Measure;
pub use variants::{Asked, Kind, Variant, Variants, variants};

use super::answer::Share;
use super::caster::Caster;
use super::closing::Outlines;
use super::fixes::spread;
use super::rules::RuleBook;
use super::views::Views;
use crate::contract::Class;
use crate::model::Scenario;
use held::{Held, Planned, Under};
use under::Base;

/// Edition of IEC 62676-4 -> height, m -> class -> a figure.
type ByClass<T> = BTreeMap<String, BTreeMap<String, BTreeMap<String, T>>>;

/// Things that are named of a loss; of more the first.
const NAMED: usize = 5;

/// How much of something is lost. Computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Loss {
    /// Of what.
    pub measure: Measure,
    /// How much, in the measure's unit; below zero when there is more, as in winter.
    pub lost: f64,
    /// How much there is today.
    pub of: f64,
    /// The same as a share of today's, at most 1.
    pub share: f64,
    /// What it was, where it has names: at most the first five.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
}

/// What suffers under a variant. All figures are computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Suffers {
    /// What goes wrong.
    pub name: String,
    /// Of which kind it is.
    pub kind: Kind,
    /// Class of the device that is out.
    #[serde(default)]
    pub class: Option<Class>,
    /// What changes, the largest share first. For nightfall it is what there is by day and is not by night, for all others
    /// what is lost against today.
    #[serde(default)]
    pub losses: Vec<Loss>,
    /// Edition of IEC 62676-4 -> height, m -> class -> public ground that no longer reaches it, m²: by night for nightfall and
    /// lamps, by day for all others.
    pub lost_by_class_m2: ByClass<f64>,
    /// Rules that were met and are not, those that can no longer be assessed among them.
    pub rules_lost: Vec<String>,
}

impl Suffers {
    /// How much of a measure is lost; 0 where nothing is.
    pub fn lost(&self, measure: Measure) -> f64 {
        self.losses.iter().find(|loss| loss.measure == measure).map_or(0.0, |loss| loss.lost)
    }

    /// What suffers most, by share; nothing where others stand in for all that is lost.
    pub fn worst(&self) -> Option<&Loss> {
        self.losses.first().filter(|loss| loss.lost > 0.0)
    }

    /// By this the worst comes first: the largest share of anything that is lost, 0..1.
    pub fn worst_share(&self) -> f64 {
        self.worst().map_or(0.0, |loss| loss.share)
    }

    /// Of which sort it is, in words.
    pub fn sort(&self) -> String {
        self.kind.words(self.class)
    }
}

/// What suffers under each variant, the worst first: by the largest share of anything that is lost, then by the number of rules
/// that fall. The answer does not depend on the number of threads.
pub fn what_if(layout: &Scenario, book: &RuleBook, variants: &[Variant], threads: usize) -> Vec<Suffers> {
    let caster = Caster::of(layout);
    let views = Views::of(layout, &caster);
    let base = Base { layout, caster: &caster, views: &views };
    let outlines = Outlines::of(&layout.site);
    let today = Planned::of(Under { layout, caster: &caster, views: &views, outlines: &outlines }, book);
    let mut all = spread(threads, variants, |variant| {
        let (then_caster, then_views) = base.under(&variant.conditions);
        let under = Under { layout, caster: &then_caster, views: &then_views, outlines: &outlines };
        suffers(variant, &today, &today.from(caster.conditions(), under, book))
    });
    let worse = |a: &Suffers, b: &Suffers| {
        let share = b.worst_share().total_cmp(&a.worst_share());
        let rules = b.rules_lost.len().cmp(&a.rules_lost.len());
        share.then(rules).then_with(|| a.name.cmp(&b.name))
    };
    all.sort_by(worse);
    all
}

fn suffers(variant: &Variant, today: &Planned, then: &Planned) -> Suffers {
    let before = today.rules.iter().zip(&then.rules);
    let fell = before.filter(|(before, after)| before.is_lost(after));
    let by_night = usize::from(matches!(variant.kind, Kind::Lamp | Kind::LampRow));
    let (losses, lost_by_class_m2) = match variant.kind {
        Kind::Night => (nightfall(today), lost_by_class(&today.classes[0], &today.classes[1])),
        _ => (losses(today, then), lost_by_class(&today.classes[by_night], &then.classes[by_night])),
    };
    Suffers {
        name: variant.name.clone(),
        kind: variant.kind,
        class: variant.class,
        losses,
        lost_by_class_m2,
        rules_lost: fell.map(|(rule, _)| rule.id.clone()).collect(),
    }
}

/// Each measure that differs, the largest share first.
fn losses(today: &Planned, then: &Planned) -> Vec<Loss> {
    let pairs =
        today.held.iter().filter_map(|(measure, held)| Some((*measure, held, then.held.get(measure)?)));
    sorted(pairs.filter_map(|(measure, held, after)| loss(measure, held, after)).collect())
}

/// What there is by day and is not by night.
fn nightfall(today: &Planned) -> Vec<Loss> {
    let dark =
        |(measure, held): (&Measure, &Held)| loss(*measure, held, today.held.get(&measure.by_night()?)?);
    sorted(today.held.iter().filter_map(dark).collect())
}

fn sorted(mut losses: Vec<Loss>) -> Vec<Loss> {
    losses.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.measure.cmp(&b.measure)));
    losses
}

fn loss(measure: Measure, before: &Held, after: &Held) -> Option<Loss> {
    /// Less than this is rounding, in the measure's unit.
    const TINY: f64 = 1e-6;
    let lost = before.amount - after.amount;
    let gone = |(name, counts): (&String, &f64)| {
        (after.things.get(name).copied().unwrap_or(0.0) < *counts).then(|| name.clone())
    };
    (lost.abs() > TINY).then(|| Loss {
        measure,
        lost,
        of: before.amount,
        share: if before.amount > 0.0 { lost / before.amount } else { 0.0 },
        named: before.things.iter().filter_map(gone).take(NAMED).collect(),
    })
}

fn lost_by_class(before: &ByClass<Share>, after: &ByClass<Share>) -> ByClass<f64> {
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
