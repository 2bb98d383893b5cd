//! What a change would do to public ground: only what it touches is looked at again.

use std::collections::BTreeSet;

use super::super::caster::Caster;
use super::super::coverage::HEIGHTS_M;
use super::super::kept::Kept;
use super::super::light::{Light, NightMap};
use super::super::views::{Seen, Spot, Views};
use crate::model::Scenario;
use crate::model::kit::Camera;
use crate::model::site::{Lamp, Tree};

/// A change of a layout.
#[derive(Clone, Debug)]
pub(in super::super) enum Edit {
    /// Another row in the place of a camera's; the row after the last adds one.
    Camera(usize, Camera),
    /// Another row in the place of a tree's.
    Tree(usize, Tree),
    /// One more lamp.
    Lamp(Lamp),
}

impl Edit {
    /// The row of the camera that it is about.
    pub(super) fn row(&self) -> Option<usize> {
        match self {
            Edit::Camera(row, _) => Some(*row),
            Edit::Tree(..) | Edit::Lamp(_) => None,
        }
    }
}

const LIGHTS: [Light; 2] = [Light::Day, Light::Night];

/// How many cameras see each cell at their working density, for each height, by day and by night.
pub(super) struct Counts([[Kept; LIGHTS.len()]; HEIGHTS_M.len()]);

/// Cells that change hands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Effect {
    /// Cells of the gap that are seen, in the gap's light.
    pub(super) closes: usize,
    /// By day.
    pub(super) day: Turn,
    /// By night.
    pub(super) night: Turn,
}

/// Cells of public ground that change hands in one light, both heights together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Turn {
    /// Seen, and were not.
    pub(super) gains: usize,
    /// Were seen, and are not.
    pub(super) loses: usize,
}

/// Cells of a gap, where and when they are one.
pub(super) struct Wanted<'a> {
    /// Index of the height.
    pub(super) level: usize,
    pub(super) light: Light,
    pub(super) cells: &'a BTreeSet<u32>,
}

impl Counts {
    pub(super) fn of(views: &Views) -> Counts {
        let ground = views.ground();
        Counts(std::array::from_fn(|level| {
            LIGHTS.map(|light| {
                let mut kept = Kept::new(ground.raster.clone(), ground.public.clone());
                views
                    .cameras()
                    .for_each(|seen| kept.gain(cells(seen, level, light).map(|cell| cell as usize)));
                kept
            })
        }))
    }

    /// What happens when some cameras see other things than they did.
    pub(super) fn effect(&self, views: &Views, renewed: &[(usize, Seen)], wanted: &Wanted<'_>) -> Effect {
        let mut effect = Effect::default();
        for (level, lights) in self.0.iter().enumerate() {
            for (light, kept) in LIGHTS.into_iter().zip(lights) {
                let turn = if light == Light::Day { &mut effect.day } else { &mut effect.night };
                let here = (level, light) == (wanted.level, wanted.light);
                kept.turned(steps(views, renewed, (level, light)), |cell, is| {
                    turn.gains += usize::from(is);
                    turn.loses += usize::from(!is);
                    effect.closes += usize::from(is && here && wanted.cells.contains(&cell));
                });
            }
        }
        effect
    }
}

/// The cells that a camera sees at its working density.
fn cells(seen: &Seen, level: usize, light: Light) -> impl Iterator<Item = u32> {
    let counts = move |spot: &&Spot| spot.works && (light == Light::Day || spot.by_night);
    seen.at(level).iter().filter(counts).map(|spot| spot.cell)
}

/// By how many cameras more, or fewer, each cell is seen.
fn steps(views: &Views, renewed: &[(usize, Seen)], (level, light): (usize, Light)) -> Vec<(u32, i16)> {
    let mut steps = Vec::new();
    for (row, now) in renewed {
        let before = views.cameras().nth(*row).into_iter();
        steps.extend(before.flat_map(|seen| cells(seen, level, light)).map(|cell| (cell, -1)));
        steps.extend(cells(now, level, light).map(|cell| (cell, 1)));
    }
    steps
}

/// Sight after a change.
pub(in super::super) struct After {
    /// What the cameras that it touches see, with their rows.
    pub(super) renewed: Vec<(usize, Seen)>,
    /// The site's caster, where the change is of the site.
    pub(super) caster: Option<Caster>,
    /// Light by night at each of [`HEIGHTS_M`], where the change is of a lamp.
    pub(super) night: Option<[NightMap; HEIGHTS_M.len()]>,
}

impl After {
    /// The views after it.
    pub(super) fn views(&self, views: &Views) -> Views {
        let mut views = views.clone();
        self.renewed.iter().for_each(|(row, seen)| views.renew(*row, seen.clone()));
        if let Some(night) = &self.night {
            views.relight(night.clone());
        }
        views
    }
}

/// Looks again with the cameras that a change touches.
pub(in super::super) fn look_again(edit: &Edit, layout: &Scenario, caster: &Caster, views: &Views) -> After {
    match edit {
        Edit::Camera(row, camera) => {
            let renewed = vec![(*row, Seen::by(camera, views.ground(), caster))];
            After { renewed, caster: None, night: None }
        }
        Edit::Tree(row, tree) => pruned(*row, tree, layout, caster, views),
        Edit::Lamp(lamp) => lit(lamp, layout, caster, views),
    }
}

fn pruned(row: usize, tree: &Tree, layout: &Scenario, caster: &Caster, views: &Views) -> After {
    let old = &layout.site.trees[row];
    let mut site = layout.site.clone();
    site.trees[row] = tree.clone();
    let caster = Caster::under(&site, caster.conditions().clone());
    let reaches = |camera: &Camera| {
        let [x, y] = camera.at_m;
        let crown_m = old.crown_radius_m.max(tree.crown_radius_m) * caster.conditions().growth;
        libm::hypot(old.at.x - x, old.at.y - y) <= camera.range_m + crown_m
    };
    let night = views.ground().lit_by(&caster);
    let mut seen = views.clone();
    seen.relight(night.clone());
    let touched = layout.file.kit.camera.iter().enumerate().filter(|(_, camera)| reaches(camera));
    let renewed = touched.map(|(row, camera)| (row, Seen::by(camera, seen.ground(), &caster))).collect();
    After { renewed, caster: Some(caster), night: Some(night) }
}

fn lit(lamp: &Lamp, layout: &Scenario, caster: &Caster, views: &Views) -> After {
    let ground = views.ground();
    let night = HEIGHTS_M.map(|height_m| {
        let level = HEIGHTS_M.iter().position(|h| *h == height_m).unwrap_or_default();
        ground.night[level].with(lamp, caster, (&ground.raster, &ground.open), height_m)
    });
    let cameras = layout.file.kit.camera.iter().zip(views.cameras()).enumerate();
    let relit =
        cameras.filter_map(|(row, (camera, seen))| Some((row, seen.relit(camera, ground, caster, &night)?)));
    After { renewed: relit.collect(), caster: None, night: Some(night) }
}
