//! Caster and views under a variant, made from those of today wherever that gives the same answer.

use crate::analysis::caster::Caster;
use crate::analysis::conditions::Conditions;
use crate::analysis::views::Views;
use crate::model::Scenario;
use crate::model::site::Lamp;

/// A layout with everything in order.
pub(super) struct Base<'a> {
    pub(super) layout: &'a Scenario,
    pub(super) caster: &'a Caster,
    pub(super) views: &'a Views,
}

impl Base<'_> {
    /// Where only devices are out, what the others see is kept; where only lamps are, what is in the way of what; and where
    /// only vans are parked, everything that is far from them.
    pub(super) fn under(&self, conditions: &Conditions) -> (Caster, Views) {
        let caster = Caster::under(&self.layout.site, conditions.clone());
        let mut views = self.views_by(&caster);
        conditions.cameras_out.iter().for_each(|row| views.lose(*row));
        conditions.posts_out.iter().for_each(|row| views.leave(*row));
        (caster, views)
    }

    fn views_by(&self, caster: &Caster) -> Views {
        let (today, then) = (self.caster.conditions(), caster.conditions());
        let same_weather =
            Conditions { lamps_out: then.lamps_out.clone(), vans: then.vans.clone(), ..today.clone() };
        if in_order(then) != same_weather || !(then.vans.is_empty() || then.lamps_out.is_empty()) {
            return Views::of(self.layout, caster);
        }
        let row = |row: &usize| self.layout.site.lamps.get(*row);
        let lamps: Vec<&Lamp> = then.lamps_out.iter().filter_map(row).collect();
        match (lamps.is_empty(), then.vans.is_empty()) {
            (true, true) => self.views.clone(),
            (false, _) => self.views.dimmed(self.layout, caster, &lamps),
            (true, false) => self.views.parked(self.layout, self.caster, caster),
        }
    }
}

/// The same with every device in order.
fn in_order(conditions: &Conditions) -> Conditions {
    Conditions {
        cameras_out: Default::default(),
        posts_out: Default::default(),
        beams_out: Default::default(),
        facade_cameras_out: Default::default(),
        smoke_out: Default::default(),
        heat_out: Default::default(),
        ..conditions.clone()
    }
}
