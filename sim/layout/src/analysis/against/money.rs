//! What the change costs, and what a square metre of it costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::bill::{Item, bill, moved, total};
use super::super::prices::Prices;
use super::kit::{Fate, ThingChange};
use super::seen::SeenChange;
use crate::model::Scenario;

/// The price of the change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// All of it, yuan.
    pub yuan: f64,
    /// How prices were come by: `assumed` or `quoted`.
    pub label: String,
    /// When they were put together.
    pub dated: String,
    /// Line by line: what is bought, moved, set otherwise and taken down.
    pub bill: Vec<Item>,
    /// Changes that have no price, as sentences: they are not in `yuan`.
    pub unpriced: Vec<String>,
    /// Ground that is seen by day at a working density now and was not, both heights together, m².
    pub gained_m2: f64,
    /// Ground that was and is not, both heights together, m².
    pub lost_m2: f64,
    /// Yuan for each m² gained; nothing where none is, or nothing is paid.
    pub yuan_per_m2_gained: Option<f64>,
    /// Yuan for each m² gained beyond what is lost; nothing where no more is gained than lost.
    pub yuan_per_m2_net: Option<f64>,
}

pub(super) fn money<'a>(
    before: &Scenario,
    after: &Scenario,
    prices: &Prices,
    things: &[ThingChange],
    seen: impl Iterator<Item = &'a SeenChange> + Clone,
) -> Money {
    let bill = bill(before, after, prices);
    let yuan = total(&bill);
    let gained_m2 = seen.clone().map(|s| s.gained_m2 + s.appeared_m2).sum::<f64>();
    let lost_m2 = seen.map(|s| s.lost_m2 + s.vanished_m2).sum::<f64>();
    let each = |m2: f64| (m2 > 0.0 && yuan > 0.0).then(|| yuan / m2);
    Money {
        yuan,
        label: prices.how.word().into(),
        dated: prices.dated.clone(),
        bill,
        unpriced: unpriced(before, after, things, prices),
        gained_m2,
        lost_m2,
        yuan_per_m2_gained: each(gained_m2),
        yuan_per_m2_net: each(gained_m2 - lost_m2),
    }
}

fn unpriced(before: &Scenario, after: &Scenario, things: &[ThingChange], prices: &Prices) -> Vec<String> {
    let wall = |id: &str| after.site.wall_by_id(id).is_some_and(|wall| prices.wall_yuan(wall).is_some());
    let has_no_price = |t: &&ThingChange| match (t.kind.as_str(), t.fate) {
        ("tree", Fate::Changed) | ("lamp", Fate::Added | Fate::Removed) => false,
        ("wall", Fate::Added) => !wall(t.id.as_str()),
        _ => true,
    };
    let thing = |t: &ThingChange| {
        let what = match t.fate {
            Fate::Added => "is new",
            Fate::Removed => "is gone",
            Fate::Changed => "is changed",
        };
        format!("{} {} {what}", t.kind, t.id)
    };
    let mut all: Vec<String> = things.iter().filter(has_no_price).map(thing).collect();
    for device in after.devices.iter().filter(|d| !moved::is_priced(d.class)) {
        let earlier = before.device_by_id(device.id.as_str()).map(|ix| before.device(ix));
        if earlier.is_some_and(|earlier| moved::moved_m(earlier, device) > 1e-9) {
            all.push(format!("{} is moved", device.id));
        }
    }
    all
}
