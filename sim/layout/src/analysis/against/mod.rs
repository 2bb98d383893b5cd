//! Before and after: two plans of one compound, compared point by point, on the map and in money.
//!
//! Both plans are worked out as they would be alone; here they are only held against each other, so that every figure
//! equals the one that either plan tells by itself.

mod gaps;
mod ground;
mod kit;
mod money;
mod rest;
mod rim;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use gaps::{GapChange, GapsChange, Outcome, Why};
pub use ground::{Apart, GroundChange};
pub use kit::{DeviceChange, Fate, KeyChange, ThingChange};
pub use money::Money;
pub use rest::{
    CameraShows, CellChange, FacadeChange, ItemChange, PrivacyChange, RuleChange, TierChange, WindowsChange,
    ZoneChange,
};
pub use rim::{Held, PerimeterChange};
pub use seen::{ByClass, ClassPatch, Patch, SeenChange, Turn};

use super::PlanReport;
use super::answer::Gap;
use super::light::Light;
use super::prices::Prices;
use super::views::Views;
use crate::model::Scenario;

/// One plan of the two.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The layout.
    pub scenario: &'a Scenario,
    /// What its cameras see.
    pub views: &'a Views,
    /// What was found.
    pub report: &'a PlanReport,
}

/// The same figure of both plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Two<T> {
    /// Of the old plan.
    pub before: T,
    /// Of the new plan.
    pub after: T,
}

impl<T> Two<T> {
    /// Another figure of both.
    fn each<U>(&self, of: impl Fn(&T) -> U) -> Two<U> {
        Two { before: of(&self.before), after: of(&self.after) }
    }
}

impl<T: PartialEq> Two<T> {
    /// True when the two differ.
    pub fn differs(&self) -> bool {
        self.before != self.after
    }
}

/// Which plan it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    /// Name of the compound.
    pub scenario: String,
    /// Digest of the scenario and its geometry, hex.
    pub digest: String,
}

/// What is seen of public ground, by day or by night.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sight {
    /// Height, m -> public ground that some camera sees at its working density: all but the gaps.
    pub seen: BTreeMap<String, SeenChange>,
    /// Edition of IEC 62676-4 -> height, m -> class -> public ground that reaches it.
    pub coverage: ByClass,
    /// The pieces of ground behind `seen`, the largest first.
    pub patches: Vec<Patch>,
    /// Gaps that changed.
    pub gaps: GapsChange,
}

impl Sight {
    fn of(common: &ground::Common, plans: [&[Gap]; 2]) -> Sight {
        Sight {
            seen: seen::working(common),
            coverage: seen::by_class(common),
            patches: seen::patches(common),
            gaps: gaps::gaps(common, plans),
        }
    }
}

/// The new plan against the old one. Every figure is computed, but for prices, which are assumed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Against {
    /// The two plans.
    pub plans: Two<Named>,
    /// What else differs and moves figures, as sentences.
    pub notes: Vec<String>,
    /// The ground that is compared.
    pub ground: GroundChange,
    /// What is seen of it by day.
    pub day: Sight,
    /// And by night.
    pub night: Sight,
    /// The perimeter.
    pub perimeter: PerimeterChange,
    /// Beam zones that differ.
    pub beams: Vec<ZoneChange>,
    /// What facade cameras see.
    pub facade: FacadeChange,
    /// What other cameras show of dwellings.
    pub privacy: PrivacyChange,
    /// Rules that came out or were measured otherwise.
    pub rules: Vec<RuleChange>,
    /// Tiers that are held otherwise.
    pub tiers: Vec<TierChange>,
    /// Street cells that differ.
    pub cells: Vec<CellChange>,
    /// Rows of the kit that differ.
    pub devices: Vec<DeviceChange>,
    /// What stands on the site and differs.
    pub things: Vec<ThingChange>,
    /// What the change costs.
    pub money: Money,
}

/// Holds a new plan against an old one.
///
/// # Errors
/// When the plans are not of the same ground, so that no cell of one is a cell of the other.
pub fn against(before: &Side, after: &Side, prices: &Prices) -> Result<Against, Apart> {
    let by_day = ground::Common::of(before, after, Light::Day)?;
    let by_night = ground::Common::of(before, after, Light::Night)?;
    let named = |side: &Side| Named {
        scenario: side.scenario.file.name.clone(),
        digest: side.scenario.digest.clone(),
    };
    let (old, new) = (before.report, after.report);
    let things = kit::things(before.scenario, after.scenario);
    let day = Sight::of(&by_day, [&old.answer.gaps, &new.answer.gaps]);
    Ok(Against {
        plans: Two { before: named(before), after: named(after) },
        notes: kit::notes(before, after),
        ground: by_day.change(),
        night: Sight::of(&by_night, [&old.answer.gaps_night, &new.answer.gaps_night]),
        perimeter: rim::perimeter(before, after),
        beams: rest::beams(old, new),
        facade: rest::facade(old, new),
        privacy: rest::privacy(old, new),
        rules: rest::rules(old, new),
        tiers: rest::tiers(old, new),
        cells: rest::cells(old, new),
        devices: kit::devices(before.scenario, after.scenario),
        money: money::money(before.scenario, after.scenario, prices, &things, day.seen.values()),
        things,
        day,
    })
}

/// The pieces of ground that by day reach a class of either edition now and did not, or the other way round.
///
/// # Errors
/// As [`against`].
pub fn class_patches(before: &Side, after: &Side) -> Result<Vec<ClassPatch>, Apart> {
    Ok(seen::class_patches(&ground::Common::of(before, after, Light::Day)?))
}
