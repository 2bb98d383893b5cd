//! Gaps of the old plan and of the new one, matched by the ground that they share.
//!
//! Gaps that overlap, directly or through others, are one case: a gap that falls apart stays one case with more pieces.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::answer::{Gap, GapReason};
use super::super::coverage::{HEIGHTS_M, SMALL_GAP_M2};
use super::super::trace::{self, Region};
use super::Two;
use super::ground::Common;

/// What became of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All of it is covered now.
    Closed,
    /// It was not there.
    Opened,
    /// Less of it is left.
    Shrunk,
    /// It is larger.
    Grown,
    /// As large as before and elsewhere.
    Moved,
}

/// Why a gap is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// The reason.
    pub reason: GapReason,
    /// The device or thing behind it.
    pub culprit: Option<String>,
}

/// A gap, or gaps that became one another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapChange {
    /// Height of the target, m.
    pub height_m: f64,
    /// What became of it.
    pub outcome: Outcome,
    /// Its area before and after, m².
    pub area_m2: Two<f64>,
    /// Ground that was a gap and is one, m².
    pub stays_m2: f64,
    /// In how many pieces it is, those of less than 4 m² too.
    pub pieces: Two<usize>,
    /// Why its largest piece is a gap.
    pub why: Two<Option<Why>>,
    /// Its pieces in the new plan, or those of the old plan when none is left; rings in local metres, not closed.
    pub outlines: Vec<Vec<Vec<[f64; 2]>>>,
}

/// Gaps that changed, and how many did not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapsChange {
    /// Those with a piece of at least 4 m² in either plan, the largest change first.
    pub changed: Vec<GapChange>,
    /// Gaps of at least 4 m² on which nothing changed.
    pub unchanged: usize,
    /// Area of all gaps, the small ones too, both heights together, m².
    pub area_m2: Two<f64>,
}

/// The pieces of both plans at one height.
struct Pieces {
    before: Vec<Region>,
    after: Vec<Region>,
    /// Cells that a piece of the old plan and one of the new plan share.
    shared: BTreeMap<(usize, usize), usize>,
}

/// Pieces of the old plan and of the new one that belong together, by number.
type Case = (BTreeSet<usize>, BTreeSet<usize>);

/// `plans` are the gaps that either plan tells.
pub(super) fn gaps(common: &Common, plans: [&[Gap]; 2]) -> GapsChange {
    let mut answer = GapsChange::default();
    for (level, height_m) in HEIGHTS_M.into_iter().enumerate() {
        let pieces = Pieces::of(common, level);
        for case in pieces.cases() {
            let (told, same, large) = pieces.told(common, &case, height_m, plans);
            answer.area_m2.before += told.area_m2.before;
            answer.area_m2.after += told.area_m2.after;
            match (large, same) {
                (true, true) => answer.unchanged += 1,
                (true, false) => answer.changed.push(told),
                (false, _) => {}
            }
        }
    }
    let by = |change: &GapChange| (change.area_m2.after - change.area_m2.before).abs();
    answer.changed.sort_by(|a, b| by(b).total_cmp(&by(a)));
    answer
}

impl Pieces {
    fn of(common: &Common, level: usize) -> Pieces {
        let before = trace::regions(&common.raster, &common.before.gap[level]);
        let after = trace::regions(&common.raster, &common.after.gap[level]);
        let mut owner: Vec<Option<usize>> = vec![None; common.raster.len()];
        before
            .iter()
            .enumerate()
            .for_each(|(i, region)| region.iter().for_each(|cell| owner[*cell] = Some(i)));
        let mut shared = BTreeMap::new();
        for (j, region) in after.iter().enumerate() {
            for i in region.iter().filter_map(|cell| owner[*cell]) {
                *shared.entry((i, j)).or_default() += 1;
            }
        }
        Pieces { before, after, shared }
    }

    /// Pieces that overlap, joined; in the order of the old plan's, then those that are new.
    fn cases(&self) -> Vec<Case> {
        let mut links: Case = ((0..self.before.len()).collect(), (0..self.after.len()).collect());
        let mut cases = Vec::new();
        while let Some(first) = links.0.first().copied() {
            let mut case = Case::default();
            let mut ahead = vec![(true, first)];
            while let Some((old, i)) = ahead.pop() {
                let (left, taken) =
                    if old { (&mut links.0, &mut case.0) } else { (&mut links.1, &mut case.1) };
                if left.remove(&i) {
                    taken.insert(i);
                    ahead.extend(self.touching(old, i));
                }
            }
            cases.push(case);
        }
        cases.extend(links.1.into_iter().map(|j| (BTreeSet::new(), BTreeSet::from([j]))));
        cases
    }

    fn touching(&self, old: bool, i: usize) -> impl Iterator<Item = (bool, usize)> + '_ {
        let pairs = self.shared.keys().filter(move |(a, b)| i == if old { *a } else { *b });
        pairs.map(move |(a, b)| (!old, if old { *b } else { *a }))
    }

    /// A case in words and figures, whether nothing changed in it, and whether it holds a gap that is drawn.
    fn told(
        &self,
        common: &Common,
        (old, new): &Case,
        height_m: f64,
        plans: [&[Gap]; 2],
    ) -> (GapChange, bool, bool) {
        let regions = [
            old.iter().map(|i| &self.before[*i]).collect::<Vec<_>>(),
            new.iter().map(|j| &self.after[*j]).collect::<Vec<_>>(),
        ];
        let [was, is] = regions.each_ref().map(|r| r.iter().map(|region| region.len()).sum::<usize>());
        let stays: usize =
            old.iter().flat_map(|i| self.shared.range((*i, 0)..(*i + 1, 0))).map(|(_, n)| *n).sum();
        let drawn = |region: &&Region| common.area_m2(region.len()) >= SMALL_GAP_M2;
        let outlines = |regions: &[&Region]| -> Vec<Vec<Vec<[f64; 2]>>> {
            regions.iter().map(|region| trace::outlines(&common.raster, region)).collect()
        };
        let drawings = regions.each_ref().map(|r| outlines(r));
        let why = |i: usize| why(plans[i], height_m, &drawings[i]);
        let told = GapChange {
            height_m,
            outcome: outcome(was, is),
            area_m2: Two { before: common.area_m2(was), after: common.area_m2(is) },
            stays_m2: common.area_m2(stays),
            pieces: Two { before: old.len(), after: new.len() },
            why: Two { before: why(0), after: why(1) },
            outlines: Vec::new(),
        };
        let large = regions.iter().flatten().any(drawn);
        let [before, after] = drawings;
        let told = GapChange { outlines: if is == 0 { before } else { after }, ..told };
        (told, was == is && is == stays, large)
    }
}

fn outcome(was: usize, is: usize) -> Outcome {
    match (was, is) {
        (_, 0) => Outcome::Closed,
        (0, _) => Outcome::Opened,
        _ if is < was => Outcome::Shrunk,
        _ if is > was => Outcome::Grown,
        _ => Outcome::Moved,
    }
}

/// What the plan says of the largest of some pieces; it knows them by their outlines.
fn why(plan: &[Gap], height_m: f64, pieces: &[Vec<Vec<[f64; 2]>>]) -> Option<Why> {
    let here = |gap: &&Gap| (gap.height_m - height_m).abs() < 1e-9 && pieces.contains(&gap.polygon);
    let gap = plan.iter().find(here)?;
    Some(Why { reason: gap.reason, culprit: gap.culprit.clone() })
}
