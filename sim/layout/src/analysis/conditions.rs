//! What sight is asked under: leaves, fog, the sky by night, what is parked in the way, what is out of order.
//!
//! [`Conditions::of_day`] is what a scenario's day says, with everything in order; day and night are answered side by side. A question of the kind
//! "what if" changes a copy of it and asks a caster made with [`super::caster::Caster::under`]: coverage, sight tables
//! and single looks through that caster all answer under its conditions.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::figures;
use crate::contract::Class;
use crate::model::Scenario;
use crate::words::Id;

/// What sight is asked under.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// Whether deciduous crowns have leaves.
    pub leaves: Leaves,
    /// Meteorological visibility, m; infinite in clear air.
    pub visibility_m: f64,
    /// How much trees have grown since they were drawn: factor on their height and on the radius of their crowns.
    pub growth: f64,
    /// Vans that are parked in the way.
    pub vans: Vec<Van>,
    /// Illuminance of an upright target by night where no lamp shines, lx.
    pub sky_lux: f64,
    /// Rows of the site's lamps that do not burn.
    pub lamps_out: BTreeSet<usize>,
    /// Devices that are out of order, class by class: rows as the device table of the scenario counts them. For cameras,
    /// beams and the like these are rows of the kit's table; fire points come after the fire stations; a guard's radio has the
    /// row of its guard.
    pub out: BTreeMap<Class, BTreeSet<usize>>,
}

/// Whether deciduous crowns have leaves. A crown in leaf stops a view; a bare one takes a share of the contrast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaves {
    /// In leaf.
    #[default]
    On,
    /// Bare; evergreens keep theirs.
    Off,
}

/// Something parked: a box on the ground.
#[derive(Clone, Debug, PartialEq)]
pub struct Van {
    /// What it is called in answers.
    pub id: Id,
    /// Its middle, local metres.
    pub at_m: [f64; 2],
    /// Where its bonnet points, degrees clockwise from north.
    pub bearing_deg: f64,
    /// Length, width, height, m.
    pub size_m: [f64; 3],
}

impl Van {
    /// A van of ordinary size.
    pub fn parked(id: &str, at_m: [f64; 2], bearing_deg: f64) -> Van {
        Van { id: id.into(), at_m, bearing_deg, size_m: figures().van.size_m }
    }

    /// How far its corners are from its middle in plan, m.
    pub(crate) fn radius_m(&self) -> f64 {
        libm::hypot(self.size_m[0], self.size_m[1]) / 2.0
    }
}

impl Default for Conditions {
    /// A clear summer's day and a dark night, with everything in order.
    fn default() -> Conditions {
        Conditions {
            leaves: Leaves::On,
            visibility_m: f64::INFINITY,
            growth: 1.0,
            vans: Vec::new(),
            sky_lux: figures().night.sky_lux,
            lamps_out: BTreeSet::new(),
            out: BTreeMap::new(),
        }
    }
}

impl Conditions {
    /// What the scenario's day says, with everything in order: leaves by its date, fog by its visibility.
    pub fn of_day(scenario: &Scenario) -> Conditions {
        let day = &scenario.file.day;
        let month = day.date.parse::<jiff::civil::Date>().map_or(7, jiff::civil::Date::month);
        let south = scenario.file.site.origin.lat_deg < 0.0;
        Conditions {
            leaves: Leaves::in_month(month, south),
            visibility_m: day.visibility_m,
            ..Conditions::default()
        }
    }
}

/// No row of any class.
const NONE: &BTreeSet<usize> = &BTreeSet::new();

impl Conditions {
    /// Rows of a class that are out of order.
    pub fn out_of(&self, class: Class) -> &BTreeSet<usize> {
        self.out.get(&class).unwrap_or(NONE)
    }

    /// Whether the device of a class and row is in order.
    pub fn works(&self, class: Class, row: usize) -> bool {
        !self.out_of(class).contains(&row)
    }

    /// Puts a device out of order.
    pub fn take_out(&mut self, class: Class, row: usize) {
        self.out.entry(class).or_default().insert(row);
    }

    /// The same with every device in order but those of some classes.
    pub(crate) fn with_out_only(&self, classes: &[Class]) -> Conditions {
        let mut kept = self.clone();
        kept.out.retain(|class, _| classes.contains(class));
        kept
    }
}

impl Leaves {
    /// In a month, 1..12, north or south of the equator.
    pub fn in_month(month: i8, south: bool) -> Leaves {
        let northern = if south { (month + 5) % 12 + 1 } else { month };
        if figures().bare_crown.months.contains(&northern) { Leaves::Off } else { Leaves::On }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::sample;
    use crate::model::kit::Kit;

    #[test]
    fn leaves_follow_the_date_and_the_hemisphere() {
        for (month, south, expected) in [
            (1, false, Leaves::Off),
            (3, false, Leaves::Off),
            (4, false, Leaves::On),
            (11, false, Leaves::On),
            (12, false, Leaves::Off),
            (1, true, Leaves::On),
            (7, true, Leaves::Off),
            (10, true, Leaves::On),
        ] {
            assert_eq!(Leaves::in_month(month, south), expected, "month {month}, south {south}");
        }
    }

    #[test]
    fn a_day_gives_its_fog_and_its_season() {
        let mut scenario = sample::scenario(sample::bare(0.0, 0.0, 10.0, 10.0), Kit::default());
        scenario.file.day.date = "2026-01-20".into();
        scenario.file.day.visibility_m = 80.0;
        let found = Conditions::of_day(&scenario);
        assert_eq!(found, Conditions { leaves: Leaves::Off, visibility_m: 80.0, ..Conditions::default() });
    }
}
