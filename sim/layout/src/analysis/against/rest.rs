//! Everything else that a plan answers, before and after; what is the same in both is left out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::PlanReport;
use super::super::beam::ZoneAnswer;
use super::super::cells::CellAnswer;
use super::super::facade::BuildingAnswer;
use super::super::rules::{Finding, Status};
use super::super::tiers::{TierAnswer, TierItem};
use super::Two;
use crate::words::Id;

/// A beam zone that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZoneChange {
    /// The beam.
    pub beam: Id,
    /// Its length, m; nothing where a plan does not have it.
    pub length_m: Two<Option<f64>>,
    /// Probability that somebody who crosses is missed.
    pub miss: Two<Option<f64>>,
    /// False alarms that are expected in the day.
    pub false_alarms: Two<Option<f64>>,
    /// Why it says nothing at all, when it does not.
    pub dead: Two<Option<String>>,
}

/// Windows that facade cameras see.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FacadeChange {
    /// Windows of all buildings.
    pub windows: Two<usize>,
    /// Those that are seen.
    pub seen: Two<usize>,
    /// Those that are seen by night, too.
    #[serde(default)]
    pub seen_by_night: Two<usize>,
    /// Buildings that differ.
    pub buildings: Vec<WindowsChange>,
}

/// Windows of one building.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WindowsChange {
    /// The building.
    pub building: Id,
    /// Its windows.
    pub windows: Two<usize>,
    /// Those that are seen.
    pub seen: Two<usize>,
    /// Those that are seen by night, too.
    #[serde(default)]
    pub seen_by_night: Two<usize>,
}

/// Windows of dwellings that other cameras show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PrivacyChange {
    /// All of it, each camera's own added up, m².
    pub private_m2: Two<f64>,
    /// Bound of the error, m².
    pub error_m2: Two<f64>,
    /// Cameras that differ.
    pub cameras: Vec<CameraShows>,
}

/// What one camera shows of dwellings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CameraShows {
    /// The camera.
    pub camera: Id,
    /// Area of windows that it shows, m².
    pub private_m2: Two<f64>,
}

/// A rule that came out otherwise, or was measured otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuleChange {
    /// The rule.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// The same in Chinese.
    pub title_zh: String,
    /// Where it stands.
    pub clause: String,
    /// How it came out.
    pub status: Two<Status>,
    /// What was measured, in `unit`.
    pub measured: Two<Option<f64>>,
    /// What is demanded, in `unit`.
    pub demanded: Two<Option<f64>>,
    /// Unit of all.
    pub unit: String,
}

/// A tier that is held otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TierChange {
    /// The tier.
    pub name: String,
    /// The same in Chinese.
    pub name_zh: String,
    /// Whether it is met; nothing where it is not for that kind of compound.
    pub met: Two<Option<bool>>,
    /// What the missing units cost, yuan, at the tier's prices (assumed).
    pub cost_yuan: Two<Option<f64>>,
    /// Its lines that differ.
    pub items: Vec<ItemChange>,
}

/// A line of a tier's checklist that is held otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemChange {
    /// The line.
    pub id: String,
    /// What is asked for.
    pub title: String,
    /// How it came out; nothing where that plan is not held against it.
    pub status: Two<Option<Status>>,
    /// What was counted.
    pub found: Two<Option<f64>>,
    /// What is demanded.
    pub demanded: Two<Option<f64>>,
}

/// A street cell that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CellChange {
    /// The cell.
    pub id: Id,
    /// Who answers for it; nothing where a plan does not have it.
    pub guard: Two<Option<Id>>,
    /// Share of its open ground that cameras see, 0..1.
    pub seen_by_cameras: Two<Option<f64>>,
    /// Share that cameras or posts see, 0..1.
    pub seen: Two<Option<f64>>,
    /// Share that cameras see by night, 0..1.
    #[serde(default)]
    pub seen_by_cameras_night: Two<Option<f64>>,
    /// Share that cameras or posts see by night, 0..1.
    #[serde(default)]
    pub seen_night: Two<Option<f64>>,
    /// Walk of its guard to its farthest point, s.
    pub longest_s: Two<Option<f64>>,
}

/// Things of both plans by their name, those of the old plan first; those that are the same are left out.
fn paired<'a, T: PartialEq, K: PartialEq>(
    old: &'a [T],
    new: &'a [T],
    key: impl Fn(&T) -> K,
) -> Vec<Two<Option<&'a T>>> {
    let before = old.iter().map(|t| Two { before: Some(t), after: new.iter().find(|n| key(n) == key(t)) });
    let added = new.iter().filter(|n| !old.iter().any(|t| key(t) == key(n)));
    let added = added.map(|n| Two { before: None, after: Some(n) });
    before.chain(added).filter(|pair| pair.before != pair.after).collect()
}

/// The one that is there.
fn either<'a, T>(pair: &Two<Option<&'a T>>) -> Option<&'a T> {
    pair.after.or(pair.before)
}

pub(super) fn beams(old: &PlanReport, new: &PlanReport) -> Vec<ZoneChange> {
    let told = |pair: Two<Option<&ZoneAnswer>>| {
        Some(ZoneChange {
            beam: either(&pair)?.beam.clone(),
            length_m: pair.each(|z| z.map(|z| z.length_m)),
            miss: pair.each(|z| z.map(|z| z.miss)),
            false_alarms: pair.each(|z| z.map(|z| z.false_alarms)),
            dead: pair.each(|z| z.and_then(|z| z.dead.clone())),
        })
    };
    paired(&old.beams.zones, &new.beams.zones, |z| z.beam.clone()).into_iter().filter_map(told).collect()
}

pub(super) fn facade(old: &PlanReport, new: &PlanReport) -> FacadeChange {
    let both = Two { before: &old.facade.buildings, after: &new.facade.buildings };
    let told = |pair: Two<Option<&BuildingAnswer>>| {
        let building = either(&pair)?.building.clone();
        let windows = pair.each(|b| b.map_or(0, |b| b.windows));
        let seen = pair.each(|b| b.map_or(0, |b| b.seen));
        let seen_by_night = pair.each(|b| b.map_or(0, |b| b.seen_by_night));
        let differs = windows.differs() || seen.differs() || seen_by_night.differs();
        differs.then_some(WindowsChange { building, windows, seen, seen_by_night })
    };
    FacadeChange {
        windows: both.each(|all| all.iter().map(|b| b.windows).sum()),
        seen: both.each(|all| all.iter().map(|b| b.seen).sum()),
        seen_by_night: both.each(|all| all.iter().map(|b| b.seen_by_night).sum()),
        buildings: paired(both.before, both.after, |b| b.building.clone())
            .into_iter()
            .filter_map(told)
            .collect(),
    }
}

pub(super) fn privacy(old: &PlanReport, new: &PlanReport) -> PrivacyChange {
    let both = Two { before: &old.privacy, after: &new.privacy };
    let pairs = paired(&both.before.cameras, &both.after.cameras, |c| c.camera.clone());
    let told = pairs.into_iter().filter_map(|pair| {
        let private_m2 = pair.each(|c| c.map_or(0.0, |c| c.private_m2));
        let camera = either(&pair)?.camera.clone();
        (private_m2.before != private_m2.after).then_some(CameraShows { camera, private_m2 })
    });
    PrivacyChange {
        private_m2: both.each(|p| p.private_m2),
        error_m2: both.each(|p| p.error_m2),
        cameras: told.collect(),
    }
}

/// Rules whose outcome differs come first, then those that were only measured otherwise.
pub(super) fn rules(old: &PlanReport, new: &PlanReport) -> Vec<RuleChange> {
    let told = |pair: Two<Option<&Finding>>| {
        let any = either(&pair)?;
        let status = pair.each(|f| f.map_or(Status::NotApplicable, |f| f.status));
        let measured = pair.each(|f| f.and_then(|f| f.measured));
        let demanded = pair.each(|f| f.and_then(|f| f.demanded));
        let differs = status.differs() || measured.differs() || demanded.differs();
        differs.then(|| RuleChange {
            id: any.id.clone(),
            title: any.title.clone(),
            title_zh: any.title_zh.clone(),
            clause: any.clause.clone(),
            status,
            measured,
            demanded,
            unit: any.unit.clone(),
        })
    };
    let pairs = paired(&old.rules, &new.rules, |f| f.id.clone());
    let mut all: Vec<RuleChange> = pairs.into_iter().filter_map(told).collect();
    all.sort_by_key(|rule| !rule.status.differs());
    all
}

pub(super) fn tiers(old: &PlanReport, new: &PlanReport) -> Vec<TierChange> {
    let told = |pair: Two<Option<&TierAnswer>>| {
        let any = either(&pair)?;
        let lines = pair.each(|t| t.map_or(&[][..], |t| t.items.as_slice()));
        let items = paired(lines.before, lines.after, |i| i.id.clone());
        Some(TierChange {
            name: any.name.clone(),
            name_zh: any.name_zh.clone(),
            met: pair.each(|t| t.map(|t| t.met)),
            cost_yuan: pair.each(|t| t.map(|t| t.cost_yuan)),
            items: items.into_iter().filter_map(line).collect(),
        })
    };
    let key = |t: &TierAnswer| (t.kind, t.name.clone());
    paired(&old.tiers, &new.tiers, key).into_iter().filter_map(told).collect()
}

fn line(pair: Two<Option<&TierItem>>) -> Option<ItemChange> {
    let any = either(&pair)?;
    Some(ItemChange {
        id: any.id.clone(),
        title: any.title.clone(),
        status: pair.each(|i| i.map(|i| i.status)),
        found: pair.each(|i| i.map(|i| i.found)),
        demanded: pair.each(|i| i.map(|i| i.demanded)),
    })
}

pub(super) fn cells(old: &PlanReport, new: &PlanReport) -> Vec<CellChange> {
    let told = |pair: Two<Option<&CellAnswer>>| {
        Some(CellChange {
            id: either(&pair)?.id.clone(),
            guard: pair.each(|c| c.map(|c| c.guard.clone())),
            seen_by_cameras: pair.each(|c| c.map(|c| c.seen_by_cameras)),
            seen: pair.each(|c| c.map(|c| c.seen)),
            seen_by_cameras_night: pair.each(|c| c.map(|c| c.seen_by_cameras_night)),
            seen_night: pair.each(|c| c.map(|c| c.seen_night)),
            longest_s: pair.each(|c| c.and_then(|c| c.response.as_ref()).map(|r| r.longest_s)),
        })
    };
    paired(&old.answer.cells, &new.answer.cells, |c| c.id.clone()).into_iter().filter_map(told).collect()
}
