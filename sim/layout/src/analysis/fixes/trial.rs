//! What a change would do to public ground: only what it touches is looked at again.

use std::collections::BTreeSet;

use super::super::caster::Caster;
use super::super::coverage::HEIGHTS_M;
use super::super::views::{Seen, Views};
use crate::model::Scenario;
use crate::model::kit::Camera;
use crate::model::site::Tree;

/// A change of a layout.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// Another row in the place of a camera's; the row after the last adds one.
    Camera(usize, Camera),
    /// Another row in the place of a tree's.
    Tree(usize, Tree),
}

/// How many cameras see each cell at their working density, for each height.
pub(super) struct Counts([Vec<u16>; HEIGHTS_M.len()]);

/// Cells that change hands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Effect {
    /// Cells of the gap that are seen.
    pub(super) closes: usize,
    /// Cells of public ground that are seen and were not, at both heights.
    pub(super) gains: usize,
    /// Cells of public ground that were seen and are not, at both heights.
    pub(super) loses: usize,
}

impl Counts {
    pub(super) fn of(views: &Views) -> Counts {
        Counts(std::array::from_fn(|level| {
            let mut counts = vec![0u16; views.ground().raster.len()];
            let spots = views.cameras().flat_map(|seen| seen.at(level)).filter(|spot| spot.works);
            spots.for_each(|spot| counts[spot.cell as usize] += 1);
            counts
        }))
    }

    /// What happens when some cameras see other things than they did. `gap` are the cells of a gap at `level`.
    pub(super) fn effect(
        &self,
        views: &Views,
        renewed: &[(usize, Seen)],
        level: usize,
        gap: &BTreeSet<u32>,
    ) -> Effect {
        let mut effect = Effect::default();
        let public = &views.ground().public;
        for (at, counts) in self.0.iter().enumerate() {
            let mut now = std::collections::BTreeMap::<u32, i32>::new();
            for (row, seen) in renewed {
                let before = views.cameras().nth(*row).map_or(&[][..], |seen| seen.at(at));
                before.iter().filter(|s| s.works).for_each(|s| *now.entry(s.cell).or_default() -= 1);
                let after = seen.at(at).iter().filter(|s| s.works);
                after.for_each(|s| *now.entry(s.cell).or_default() += 1);
            }
            for (cell, change) in now.into_iter().filter(|(cell, _)| public[*cell as usize]) {
                let before = i32::from(counts[cell as usize]);
                let (was, is) = (before > 0, before + change > 0);
                effect.gains += usize::from(!was && is);
                effect.loses += usize::from(was && !is);
                effect.closes += usize::from(!was && is && at == level && gap.contains(&cell));
            }
        }
        effect
    }
}

/// Sight after a change.
pub(super) struct After {
    /// What the cameras that it touches see, with their rows.
    pub(super) renewed: Vec<(usize, Seen)>,
    /// The site's caster, where the change is of the site.
    pub(super) caster: Option<Caster>,
}

/// Looks again with the cameras that a change touches.
pub(super) fn look_again(edit: &Edit, layout: &Scenario, caster: &Caster, views: &Views) -> After {
    match edit {
        Edit::Camera(row, camera) => {
            After { renewed: vec![(*row, Seen::by(camera, views.ground(), caster))], caster: None }
        }
        Edit::Tree(row, tree) => {
            let old = &layout.site.trees[*row];
            let mut site = layout.site.clone();
            site.trees[*row] = tree.clone();
            let caster = Caster::under(&site, caster.conditions().clone());
            let reaches = |camera: &Camera| {
                let [x, y] = camera.at_m;
                let crown_m = old.crown_radius_m.max(tree.crown_radius_m) * caster.conditions().growth;
                libm::hypot(old.at.x - x, old.at.y - y) <= camera.range_m + crown_m
            };
            let touched = layout.file.kit.camera.iter().enumerate().filter(|(_, camera)| reaches(camera));
            let renewed =
                touched.map(|(row, camera)| (row, Seen::by(camera, views.ground(), &caster))).collect();
            After { renewed, caster: Some(caster) }
        }
    }
}
