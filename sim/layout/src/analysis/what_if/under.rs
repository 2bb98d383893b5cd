//! Caster and views under a variant, made from those of today wherever that gives the same answer.

use crate::analysis::caster::Caster;
use crate::analysis::conditions::Conditions;
use crate::analysis::views::Views;
use crate::contract::Class;
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
        let caster = self.caster.changed(&self.layout.site, conditions.clone());
        let mut views = self.views_by(&caster);
        conditions.out_of(Class::Camera).iter().for_each(|row| views.lose(*row));
        conditions.out_of(Class::OuterPost).iter().for_each(|row| views.leave(*row));
        (caster, views)
    }

    fn views_by(&self, caster: &Caster) -> Views {
        let (today, then) = (self.caster.conditions(), caster.conditions());
        let same_weather =
            Conditions { lamps_out: then.lamps_out.clone(), vans: then.vans.clone(), ..today.clone() };
        if then.with_out_only(&[]) != same_weather || !(then.vans.is_empty() || then.lamps_out.is_empty()) {
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
