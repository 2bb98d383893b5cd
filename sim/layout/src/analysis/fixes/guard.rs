//! What a change must leave as it is: no rule falls, no camera gives up what it is there for, and no more of dwellings is
//! shown than the rule lets, or than is shown today.

use std::collections::BTreeSet;

use super::super::answer::PlanAnswer;
use super::super::caster::Caster;
use super::super::privacy::Homes;
use super::super::rules::{Check, Each, Finding, RuleBook, Status, assess};
use super::super::views::Views;
use super::task;
use super::trial::{After, Edit};
use crate::model::Scenario;
use crate::model::kit::Camera;

/// Rounding of figures that are compared.
const TINY: f64 = 1e-9;

/// What may not be made worse.
pub(in super::super) struct Law {
    /// The rules, without the one about dwellings: that is asked of the changed cameras alone.
    book: RuleBook,
    homes: Homes,
    from_px_per_m: f64,
    /// Windows that all cameras together may show, m².
    most_m2: f64,
}

impl Law {
    /// What the rules let, and what is there today.
    pub(in super::super) fn new(layout: &Scenario, caster: &Caster, rules: &RuleBook) -> Law {
        let of_sight = rules.rules.iter().filter(|rule| !matches!(rule.check, Check::PrivateFacade { .. }));
        let mut law = Law {
            book: RuleBook { rules: of_sight.cloned().collect(), ..rules.clone() },
            homes: Homes::of(&layout.site),
            from_px_per_m: rules.private_px_per_m(),
            most_m2: rules.private_most_m2(),
        };
        law.most_m2 = law.most_m2.max(law.shown(layout, caster).iter().sum());
        law
    }

    /// Windows that a camera shows, m².
    pub(in super::super) fn shows_m2(&self, camera: &Camera, caster: &Caster) -> f64 {
        self.homes.shown_by(camera, caster, self.from_px_per_m).private_m2
    }

    /// Windows that each camera of a layout shows, m².
    pub(in super::super) fn shown(&self, layout: &Scenario, caster: &Caster) -> Vec<f64> {
        layout.file.kit.camera.iter().map(|camera| self.shows_m2(camera, caster)).collect()
    }
}

/// A layout and how its rules stand.
pub(in super::super) struct Guard<'a> {
    layout: &'a Scenario,
    plan: &'a PlanAnswer,
    law: &'a Law,
    today: Vec<Finding>,
    /// Windows that each camera shows, m².
    shows_m2: Vec<f64>,
}

impl<'a> Guard<'a> {
    /// How a layout stands. Caster, views and what its cameras show of windows are its own; of the plan only what no change
    /// touches is used.
    pub(in super::super) fn new(
        (layout, caster, views): (&'a Scenario, &Caster, &Views),
        plan: &'a PlanAnswer,
        law: &'a Law,
        shows_m2: Vec<f64>,
    ) -> Guard<'a> {
        let today = assess(&law.book, layout, (caster, views), plan, None);
        Guard { layout, plan, law, today, shows_m2 }
    }

    /// The same change with masks on its camera, where without them too much of dwellings would be shown beside what other
    /// cameras of the same change show.
    pub(in super::super) fn masked(&self, edit: &Edit, caster: &Caster, beside_m2: f64) -> Option<Edit> {
        let Edit::Camera(row, camera) = edit else { return None };
        let shown = self.law.homes.shown_by(camera, caster, self.law.from_px_per_m);
        let before = self.shows_m2.get(*row).copied().unwrap_or_default();
        if self.all_m2() + beside_m2 - before + shown.private_m2 <= self.law.most_m2 + TINY {
            return None;
        }
        let mask_px = camera.mask_px.iter().cloned().chain(shown.mask_px).collect();
        Some(Edit::Camera(*row, Camera { mask_px, ..camera.clone() }))
    }

    /// True when the camera of a change goes on showing what it is there for.
    pub(super) fn keeps_task(&self, edit: &Edit, caster: &Caster) -> bool {
        let Edit::Camera(row, new) = edit else { return true };
        let old = self.layout.file.kit.camera.get(*row);
        old.is_none_or(|old| task::kept((old, caster), (new, caster), &self.layout.site))
    }

    fn all_m2(&self) -> f64 {
        self.shows_m2.iter().sum()
    }

    /// True when a change harms nothing. `changed` is the layout after it.
    pub(super) fn passes(&self, after: &After, changed: &Scenario, caster: &Caster, views: &Views) -> bool {
        let lamps = changed.site.lamps.len() != self.layout.site.lamps.len();
        let lit = lamps.then(|| Caster::under(&changed.site, caster.conditions().clone()));
        let new = lit.as_ref().or(after.caster.as_ref()).unwrap_or(caster);
        let rows: Vec<usize> = after.renewed.iter().map(|(row, _)| *row).collect();
        self.keeps(&rows, changed, (caster, new))
            && self.rules_hold(changed, (new, &after.views(views)), self.plan)
    }

    /// True when the cameras of some rows go on showing what they are there for, and not too much of dwellings. The casters
    /// are those of the layout before a change and after it.
    pub(in super::super) fn keeps(
        &self,
        rows: &[usize],
        changed: &Scenario,
        (caster, new): (&Caster, &Caster),
    ) -> bool {
        let (before, after) = (&self.layout.file.kit.camera, &changed.file.kit.camera);
        let tasks = |row: &usize| {
            let old = before.get(*row).map(|old| (old, caster));
            old.is_none_or(|old| task::kept(old, (&after[*row], new), &self.layout.site))
        };
        rows.iter().all(tasks) && self.discreet(rows.iter().copied(), after, new)
    }

    fn discreet(&self, rows: impl Iterator<Item = usize>, cameras: &[Camera], caster: &Caster) -> bool {
        let change_m2 = |row: usize| {
            self.law.shows_m2(&cameras[row], caster) - self.shows_m2.get(row).copied().unwrap_or_default()
        };
        self.all_m2() + rows.map(change_m2).sum::<f64>() <= self.law.most_m2 + TINY
    }

    /// True when no rule falls. Caster, views and plan are those after a change; of the plan only what rules ask is used.
    pub(in super::super) fn rules_hold(
        &self,
        changed: &Scenario,
        (caster, views): (&Caster, &Views),
        plan: &PlanAnswer,
    ) -> bool {
        let then = assess(&self.law.book, changed, (caster, views), plan, None);
        let found = self.law.book.rules.iter().zip(self.today.iter().zip(&then));
        !found.into_iter().any(|(rule, (before, after))| harms(&rule.check, before, after))
    }
}

/// True when a rule falls by a change. One that wants cameras for the places of a site is not asked of a site without any:
/// the first camera does no harm by it. Where it is not met already it is asked of each of its old places alone, as nobody
/// saw anything of a new wall before it stood there; one that wants light for cameras is asked of the old cameras: the scene
/// of a new one was dark before.
pub(in super::super) fn harms(check: &Check, before: &Finding, after: &Finding) -> bool {
    match (check, before.status) {
        (Check::PlacesSeen { .. } | Check::HighPoint { .. }, Status::NotApplicable) => false,
        (Check::PlacesSeen { .. } | Check::HighPoint { .. }, Status::Fail) => one_falls(before, after),
        (Check::SceneLight { .. }, Status::NotApplicable | Status::Fail | Status::NotAssessable) => {
            one_falls(before, after)
        }
        _ => falls(before, after),
    }
}

/// True when one of the things that a rule asked about has less than before, and not enough. Of things of one name (a gate
/// and a wall may share it) the first is held against the first, the second against the second.
pub(super) fn one_falls(before: &Finding, after: &Finding) -> bool {
    let less = |was: &Each, is: &Each| is.found <= is.demanded && is.found < was.found - TINY;
    before.each.iter().enumerate().any(|(i, was)| {
        let named = |each: &&Each| each.id == was.id;
        let nth = before.each[..i].iter().filter(named).count();
        after.each.iter().filter(named).nth(nth).is_some_and(|is| less(was, is))
    })
}

/// True when a rule that was met is not, or one that was not is missed by more, or by something that met it.
fn falls(before: &Finding, after: &Finding) -> bool {
    let off = |f: &Finding| {
        f.measured.zip(f.demanded).map_or(0.0, |(measured, demanded)| (measured - demanded).abs())
    };
    match (before.status, after.status) {
        (Status::Fail, Status::Fail) => {
            off(after) > off(before) + TINY || !names(after).is_subset(&names(before))
        }
        (Status::Pass, _) => before.is_lost(after),
        (Status::NotApplicable, now) => now == Status::Fail,
        // What could not be judged for want of data and now fails has become known, not worse.
        (Status::Fail | Status::NotAssessable, _) => false,
    }
}

/// What a finding blames, without the figures.
fn names(finding: &Finding) -> BTreeSet<&str> {
    finding.evidence.iter().map(|line| line.split(':').next().unwrap_or(line)).collect()
}
