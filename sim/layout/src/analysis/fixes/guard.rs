//! What a change must leave as it is: no rule falls, no camera gives up what it is there for, and no more of dwellings is
//! shown than the rule lets, or than is shown today.

use std::collections::BTreeSet;

use super::super::answer::PlanAnswer;
use super::super::caster::Caster;
use super::super::privacy::Homes;
use super::super::rules::{Check, Finding, RuleBook, Status, assess};
use super::super::views::Views;
use super::task;
use super::trial::{After, Edit};
use crate::model::Scenario;
use crate::model::kit::Camera;

/// Rounding of figures that are compared.
const TINY: f64 = 1e-9;

/// A layout and how its rules stand today.
pub(super) struct Guard<'a> {
    layout: &'a Scenario,
    plan: &'a PlanAnswer,
    /// The rules, without the one about dwellings: that is asked of the changed cameras alone.
    book: RuleBook,
    today: Vec<Finding>,
    homes: Homes,
    from_px_per_m: f64,
    /// Windows that each camera shows, m².
    shows_m2: Vec<f64>,
    /// Windows that all cameras together may show, m².
    most_m2: f64,
}

impl<'a> Guard<'a> {
    /// How a layout stands. Caster, views and plan are its own.
    pub(super) fn new(
        (layout, caster, views): (&'a Scenario, &Caster, &Views),
        plan: &'a PlanAnswer,
        rules: &RuleBook,
    ) -> Guard<'a> {
        let of_sight = rules.rules.iter().filter(|rule| !matches!(rule.check, Check::PrivateFacade { .. }));
        let book = RuleBook { rules: of_sight.cloned().collect(), ..rules.clone() };
        let today = assess(&book, layout, (caster, views), plan, None);
        let (homes, from_px_per_m) = (Homes::of(&layout.site), rules.private_px_per_m());
        let cameras = layout.file.kit.camera.iter();
        let shows_m2: Vec<f64> =
            cameras.map(|camera| homes.shown_by(camera, caster, from_px_per_m).private_m2).collect();
        let most_m2 = rules.private_most_m2().max(shows_m2.iter().sum());
        Guard { layout, plan, book, today, homes, from_px_per_m, shows_m2, most_m2 }
    }

    /// The same change with masks on its camera, where without them too much of dwellings would be shown.
    pub(super) fn masked(&self, edit: &Edit, caster: &Caster) -> Option<Edit> {
        let Edit::Camera(row, camera) = edit else { return None };
        let shown = self.homes.shown_by(camera, caster, self.from_px_per_m);
        let before = self.shows_m2.get(*row).copied().unwrap_or_default();
        if self.all_m2() - before + shown.private_m2 <= self.most_m2 + TINY {
            return None;
        }
        let mask_px = camera.mask_px.iter().cloned().chain(shown.mask_px).collect();
        Some(Edit::Camera(*row, Camera { mask_px, ..camera.clone() }))
    }

    fn all_m2(&self) -> f64 {
        self.shows_m2.iter().sum()
    }

    /// True when a change harms nothing. `changed` is the layout after it.
    pub(super) fn passes(&self, after: &After, changed: &Scenario, caster: &Caster, views: &Views) -> bool {
        let caster = after.caster.as_ref().unwrap_or(caster);
        let (old, new) = (&self.layout.file.kit.camera, &changed.file.kit.camera);
        let rows = || after.renewed.iter().map(|(row, _)| *row);
        let tasks =
            |row: usize| old.get(row).is_none_or(|old| task::kept(old, &new[row], &self.layout.site, caster));
        rows().all(tasks)
            && self.discreet(rows(), new, caster)
            && self.rules_hold(after, changed, caster, views)
    }

    fn discreet(&self, rows: impl Iterator<Item = usize>, cameras: &[Camera], caster: &Caster) -> bool {
        let change_m2 = |row: usize| {
            let shown = self.homes.shown_by(&cameras[row], caster, self.from_px_per_m);
            shown.private_m2 - self.shows_m2.get(row).copied().unwrap_or_default()
        };
        self.all_m2() + rows.map(change_m2).sum::<f64>() <= self.most_m2 + TINY
    }

    fn rules_hold(&self, after: &After, changed: &Scenario, caster: &Caster, views: &Views) -> bool {
        let mut views = views.clone();
        after.renewed.iter().for_each(|(row, seen)| views.renew(*row, seen.clone()));
        let then = assess(&self.book, changed, (caster, &views), self.plan, None);
        !self.today.iter().zip(&then).any(|(before, after)| falls(before, after))
    }
}

/// True when a rule that was met is not, or one that was not is missed by more, or by something that met it.
pub(super) fn falls(before: &Finding, after: &Finding) -> bool {
    let off = |f: &Finding| {
        f.measured.zip(f.demanded).map_or(0.0, |(measured, demanded)| (measured - demanded).abs())
    };
    match (before.status, after.status) {
        (Status::Fail, Status::Fail) => {
            off(after) > off(before) + TINY || !names(after).is_subset(&names(before))
        }
        (Status::Fail, _) => false,
        (Status::Pass, now) => now != Status::Pass,
        (_, now) => now == Status::Fail,
    }
}

/// What a finding blames, without the figures.
fn names(finding: &Finding) -> BTreeSet<&str> {
    finding.evidence.iter().map(|line| line.split(':').next().unwrap_or(line)).collect()
}
