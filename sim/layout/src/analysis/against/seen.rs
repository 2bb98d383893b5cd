//! Ground that is seen now and was not, and the other way round.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::coverage::HEIGHTS_M;
use super::super::projection::EDITIONS;
use super::super::trace;
use super::ground::{Common, Laid};

/// Ground that reaches something, before and after:
/// `after_m2 = before_m2 + gained_m2 - lost_m2 + appeared_m2 - vanished_m2`, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeenChange {
    /// In the old plan, m².
    pub before_m2: f64,
    /// In the new plan, m².
    pub after_m2: f64,
    /// Ground of both plans that reaches it now and did not, m².
    pub gained_m2: f64,
    /// Ground of both plans that reached it and does not now, m².
    pub lost_m2: f64,
    /// Of `after_m2`, what is public ground in the new plan alone, m².
    pub appeared_m2: f64,
    /// Of `before_m2`, what is public ground in the old plan alone, m².
    pub vanished_m2: f64,
}

/// Whether ground came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It reaches it now and did not.
    Gained,
    /// It reached it and does not now.
    Lost,
}

/// A piece of ground that came or went; cells that hang together over their edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Patch {
    /// Whether it came or went.
    pub turn: Turn,
    /// Height of the target, m.
    pub height_m: f64,
    /// Its area, m². The patches of one turn and height add up to what is told of them.
    pub area_m2: f64,
    /// Rings, the outer first, then holes; local metres, not closed.
    pub polygon: Vec<Vec<[f64; 2]>>,
}

/// Edition of IEC 62676-4 -> height, m -> class -> change.
pub type ByClass = BTreeMap<String, BTreeMap<String, BTreeMap<String, SeenChange>>>;

/// Whether a cell of public ground reaches something.
type Reaches<'a> = &'a dyn Fn(&Laid, usize) -> bool;

fn change(common: &Common, reaches: Reaches) -> SeenChange {
    let mut cells = [0usize; 6];
    for cell in 0..common.raster.len() {
        let was = common.before.public[cell] && reaches(&common.before, cell);
        let is = common.after.public[cell] && reaches(&common.after, cell);
        let shared = common.shared(cell);
        let told = [was, is, shared && is && !was, shared && was && !is, !shared && is, !shared && was];
        cells.iter_mut().zip(told).for_each(|(count, holds)| *count += usize::from(holds));
    }
    let [before_m2, after_m2, gained_m2, lost_m2, appeared_m2, vanished_m2] =
        cells.map(|count| common.area_m2(count));
    SeenChange { before_m2, after_m2, gained_m2, lost_m2, appeared_m2, vanished_m2 }
}

fn dense(level: usize, px_per_m: f64) -> impl Fn(&Laid, usize) -> bool {
    move |laid, cell| f64::from(laid.best[level][cell]) >= px_per_m
}

fn works(level: usize) -> impl Fn(&Laid, usize) -> bool {
    move |laid, cell| !laid.gap[level][cell]
}

/// Each class of each edition at each height.
pub(super) fn by_class(common: &Common) -> ByClass {
    let mut all = ByClass::new();
    for edition in EDITIONS {
        for (level, height_m) in HEIGHTS_M.into_iter().enumerate() {
            let of_height =
                all.entry(edition.name.to_owned()).or_default().entry(height_m.to_string()).or_default();
            for class in edition.classes {
                of_height.insert(class.name.to_owned(), change(common, &dense(level, class.px_per_m)));
            }
        }
    }
    all
}

/// Height, m -> ground that some camera sees at its working density: what is no gap.
pub(super) fn working(common: &Common) -> BTreeMap<String, SeenChange> {
    let of = |(level, height_m): (usize, f64)| (height_m.to_string(), change(common, &works(level)));
    HEIGHTS_M.into_iter().enumerate().map(of).collect()
}

/// The patches behind [`working`], the largest first.
pub(super) fn patches(common: &Common) -> Vec<Patch> {
    let of = |(level, height_m): (usize, f64)| pieces(common, height_m, &works(level));
    let mut all: Vec<Patch> = HEIGHTS_M.into_iter().enumerate().flat_map(of).collect();
    all.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
    all
}

/// A patch of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassPatch {
    /// Edition of IEC 62676-4.
    pub edition: &'static str,
    /// The class that it reaches now and did not, or the other way round.
    pub class: &'static str,
    /// The patch.
    pub patch: Patch,
}

/// The patches behind [`by_class`].
pub(super) fn class_patches(common: &Common) -> Vec<ClassPatch> {
    let mut all = Vec::new();
    for edition in EDITIONS {
        for class in edition.classes {
            for (level, height_m) in HEIGHTS_M.into_iter().enumerate() {
                let found = pieces(common, height_m, &dense(level, class.px_per_m)).into_iter();
                all.extend(found.map(|patch| ClassPatch { edition: edition.name, class: class.name, patch }));
            }
        }
    }
    all
}

fn pieces(common: &Common, height_m: f64, reaches: Reaches) -> Vec<Patch> {
    let mut found = Vec::new();
    for turn in [Turn::Gained, Turn::Lost] {
        let (then, now) = match turn {
            Turn::Gained => (&common.before, &common.after),
            Turn::Lost => (&common.after, &common.before),
        };
        let wanted: Vec<bool> = (0..common.raster.len())
            .map(|cell| common.shared(cell) && reaches(now, cell) && !reaches(then, cell))
            .collect();
        found.extend(trace::regions(&common.raster, &wanted).into_iter().map(|region| Patch {
            turn,
            height_m,
            area_m2: common.area_m2(region.len()),
            polygon: trace::outlines(&common.raster, &region),
        }));
    }
    found
}
