//! What each camera and each standing post sees, kept device by device.
//!
//! Coverage, gaps and the twin's table of sight are joined from this, so that one camera can be renewed, lost or tried
//! without casting the others' rays again. Views that were renewed in any order equal views made at once.

use std::sync::Arc;

use super::caster::Caster;
use super::coverage::HEIGHTS_M;
use super::light::{Light, NightMap};
use super::projection::View;
use super::raster::{Raster, outdoors, public_ground, raster_of};
use super::sightlines::{BODY_LEVEL, eye_has_light, lit, scan, watch, working};
use crate::contract::Class;
use crate::model::Scenario;
use crate::model::kit::{Camera, OuterPost, default_density};
use crate::model::site::Lamp;

/// The ground that views are of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ground {
    /// Its cells.
    pub raster: Raster,
    /// For each cell, whether it lies in the open air.
    pub open: Vec<bool>,
    /// For each cell, whether it is public ground.
    pub public: Vec<bool>,
    /// Light by night on upright targets in the open air, at each of [`HEIGHTS_M`].
    pub night: [NightMap; HEIGHTS_M.len()],
}

impl Ground {
    /// The ground of a scenario, and the light on it under a caster's conditions.
    pub fn of(scenario: &Scenario, caster: &Caster) -> Ground {
        let raster = raster_of(scenario);
        let (open, public) = (outdoors(&scenario.site, &raster), public_ground(&scenario.site, &raster));
        let bare = Ground { raster, open, public, night: Default::default() };
        Ground { night: bare.lit_by(caster), ..bare }
    }

    /// Light by night on it under a caster's lamps and conditions.
    pub(crate) fn lit_by(&self, caster: &Caster) -> [NightMap; HEIGHTS_M.len()] {
        HEIGHTS_M.map(|height_m| NightMap::new(caster, &self.raster, &self.open, height_m))
    }

    /// Area of its public ground, m².
    pub fn public_m2(&self) -> f64 {
        self.area_m2(self.public.iter().filter(|public| **public).count())
    }

    /// Area of some of its cells, m².
    pub fn area_m2(&self, cells: usize) -> f64 {
        cells as f64 * self.raster.cell_area_m2()
    }
}

/// How a camera shows one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// The cell.
    pub cell: u32,
    /// Pixels per metre of an upright target there.
    pub px_per_m: f32,
    /// Distance from the lens, m.
    pub distance_m: f32,
    /// True when the density is at least the camera's working density.
    pub works: bool,
    /// True when there is light enough by night, too.
    pub by_night: bool,
}

impl Spot {
    fn shows(&self, light: Light) -> bool {
        light == Light::Day || self.by_night
    }
}

/// How a standing post sees a body on one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watched {
    /// The cell.
    pub cell: u32,
    /// Distance from the eye, m.
    pub distance_m: f32,
    /// True when there is light enough by night, too.
    pub by_night: bool,
}

impl Watched {
    fn relit(&self, ground: &Ground, caster: &Caster, night: &[NightMap; HEIGHTS_M.len()]) -> Watched {
        let [before, lux] = [&ground.night, night].map(|maps| maps[BODY_LEVEL].lux(self.cell as usize));
        if lux == before {
            return *self;
        }
        Watched { by_night: eye_has_light(caster, lux, f64::from(self.distance_m)), ..*self }
    }
}

/// What one camera sees of open ground: for each of [`HEIGHTS_M`] the cells that it shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    levels: [Vec<Spot>; HEIGHTS_M.len()],
}

impl Seen {
    /// What a camera sees of a ground.
    pub fn by(camera: &Camera, ground: &Ground, caster: &Caster) -> Seen {
        let levels = [0, 1].map(|level| {
            let (height_m, night) = (HEIGHTS_M[level], &ground.night[level]);
            let mut spots = Vec::new();
            scan(camera, caster, &ground.raster, &ground.open, height_m, |cell, look| {
                spots.push(Spot {
                    cell: cell as u32,
                    px_per_m: look.px_per_m as f32,
                    distance_m: look.distance_m as f32,
                    works: look.px_per_m >= camera.working_px_per_m,
                    by_night: lit(camera, caster, night.lux(cell), look.distance_m),
                });
            });
            spots
        });
        Seen { levels }
    }

    /// The same in another light by night; nothing where that changes nothing.
    pub(crate) fn relit(
        &self,
        camera: &Camera,
        ground: &Ground,
        caster: &Caster,
        night: &[NightMap; HEIGHTS_M.len()],
    ) -> Option<Seen> {
        let view = View::of(camera);
        let mut relit = self.clone();
        let mut changes = false;
        for (level, spots) in relit.levels.iter_mut().enumerate() {
            for spot in spots {
                let cell = spot.cell as usize;
                let lux = night[level].lux(cell);
                if lux == ground.night[level].lux(cell) {
                    continue;
                }
                let [x, y] = ground.raster.centre(cell);
                let distance_m = view.distance_m([x, y, HEIGHTS_M[level]]);
                let by_night = lit(camera, caster, lux, distance_m);
                changes |= by_night != spot.by_night;
                spot.by_night = by_night;
            }
        }
        changes.then_some(relit)
    }

    /// The cells that it shows at one of [`HEIGHTS_M`].
    pub fn at(&self, level: usize) -> &[Spot] {
        &self.levels[level]
    }
}

/// The cells on which a standing post sees a body.
fn watched(post: &OuterPost, ground: &Ground, caster: &Caster) -> Vec<Watched> {
    let mut cells = Vec::new();
    watch(post, caster, &ground.raster, &ground.open, |cell, distance_m| {
        let by_night = eye_has_light(caster, ground.night[BODY_LEVEL].lux(cell), distance_m);
        cells.push(Watched { cell: cell as u32, distance_m: distance_m as f32, by_night });
    });
    cells
}

/// What every camera and every standing post sees. Copies share what they have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Views {
    ground: Arc<Ground>,
    cameras: Vec<Arc<Seen>>,
    posts: Vec<Arc<Vec<Watched>>>,
}

impl Views {
    /// Works out all views of a scenario, under the caster's conditions. What is out of order keeps its row and sees nothing.
    pub fn of(scenario: &Scenario, caster: &Caster) -> Views {
        let ground = Ground::of(scenario, caster);
        let kit = &scenario.file.kit;
        let mut cameras: Vec<Arc<Seen>> = kit.camera.iter().map(|_| Arc::default()).collect();
        for (row, camera) in working(&kit.camera, caster.conditions().out_of(Class::Camera)) {
            cameras[row] = Arc::new(Seen::by(camera, &ground, caster));
        }
        let mut posts: Vec<Arc<Vec<Watched>>> = kit.outer_post.iter().map(|_| Arc::default()).collect();
        for (row, post) in working(&kit.outer_post, caster.conditions().out_of(Class::OuterPost)) {
            posts[row] = Arc::new(watched(post, &ground, caster));
        }
        Views { ground: Arc::new(ground), cameras, posts }
    }

    /// The same under a caster by which some of the lamps are out, and by the caster of these views were not: whatever is
    /// seen by day stays.
    pub(crate) fn dimmed(&self, scenario: &Scenario, caster: &Caster, out: &[&Lamp]) -> Views {
        let (kit, ground) = (&scenario.file.kit, (&self.ground.raster, self.ground.open.as_slice()));
        let mut night = self.ground.night.clone();
        for (map, height_m) in night.iter_mut().zip(HEIGHTS_M) {
            out.iter().for_each(|lamp| map.lose(lamp, caster, ground, height_m));
        }
        let cameras = self.cameras.iter().zip(&kit.camera);
        let cameras = cameras.map(|(seen, camera)| self.relit(seen, camera, caster, &night)).collect();
        let post = |cells: &Arc<Vec<Watched>>| {
            Arc::new(cells.iter().map(|c| c.relit(&self.ground, caster, &night)).collect())
        };
        let posts = self.posts.iter().map(post).collect();
        Views { ground: Arc::new(Ground { night, ..(*self.ground).clone() }), cameras, posts }
    }

    /// The same under a caster by which vans are parked, and by the caster of these views, `free`, none are.
    pub(crate) fn parked(&self, scenario: &Scenario, free: &Caster, caster: &Caster) -> Views {
        let (kit, vans) = (&scenario.file.kit, &caster.conditions().vans);
        let mut night = self.ground.night.clone();
        let ground = (&self.ground.raster, self.ground.open.as_slice());
        for (map, height_m) in night.iter_mut().zip(HEIGHTS_M) {
            map.shade(free, vans, ground, height_m);
        }
        let ground = Ground { night: night.clone(), ..(*self.ground).clone() };
        let near = |camera: &Camera| {
            vans.iter().any(|van| {
                let [x, y] = [0, 1].map(|k| van.at_m[k] - camera.at_m[k]);
                libm::hypot(x, y) <= camera.range_m + van.radius_m()
            })
        };
        let camera = |(seen, camera): (&Arc<Seen>, &Camera)| match near(camera) {
            true => Arc::new(Seen::by(camera, &ground, caster)),
            false => self.relit(seen, camera, caster, &night),
        };
        let cameras = self.cameras.iter().zip(&kit.camera).map(camera).collect();
        let posts = kit.outer_post.iter().map(|post| Arc::new(watched(post, &ground, caster))).collect();
        Views { ground: Arc::new(ground), cameras, posts }
    }

    /// What a camera sees in another light by night.
    fn relit(
        &self,
        seen: &Arc<Seen>,
        camera: &Camera,
        caster: &Caster,
        night: &[NightMap; HEIGHTS_M.len()],
    ) -> Arc<Seen> {
        seen.relit(camera, &self.ground, caster, night).map_or_else(|| Arc::clone(seen), Arc::new)
    }

    /// The ground.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// What each camera sees, in the order of `kit.camera`.
    pub fn cameras(&self) -> impl ExactSizeIterator<Item = &Seen> {
        self.cameras.iter().map(Arc::as_ref)
    }

    /// The cells on which each standing post sees a body, in the order of `kit.outer_post`.
    pub fn posts(&self) -> impl ExactSizeIterator<Item = &[Watched]> {
        self.posts.iter().map(|cells| cells.as_slice())
    }

    /// Puts what a camera sees in the place of what the camera of that row saw; the row after the last adds one.
    pub fn renew(&mut self, row: usize, seen: Seen) {
        match self.cameras.get_mut(row) {
            Some(old) => *old = Arc::new(seen),
            None => self.cameras.push(Arc::new(seen)),
        }
    }

    /// Puts another light by night on the ground. What cameras see by it is renewed one by one.
    pub(crate) fn relight(&mut self, night: [NightMap; HEIGHTS_M.len()]) {
        Arc::make_mut(&mut self.ground).night = night;
    }

    /// Takes away what a post sees. Its row stays.
    pub(crate) fn leave(&mut self, row: usize) {
        if let Some(cells) = self.posts.get_mut(row) {
            *cells = Arc::default();
        }
    }

    /// Takes away what a camera sees. Its row stays, so that the other rows keep their numbers.
    pub fn lose(&mut self, row: usize) {
        self.renew(row, Seen::default());
    }

    /// The densest picture of each cell by day at one of [`HEIGHTS_M`], px/m; 0 where no camera shows it.
    pub fn best(&self, level: usize) -> Vec<f32> {
        self.best_by(level, Light::Day)
    }

    /// The same by day or by night.
    pub fn best_by(&self, level: usize, light: Light) -> Vec<f32> {
        let mut best = vec![0f32; self.ground.raster.len()];
        for spot in self.cameras().flat_map(|seen| seen.at(level)).filter(|spot| spot.shows(light)) {
            let cell = &mut best[spot.cell as usize];
            *cell = cell.max(spot.px_per_m);
        }
        best
    }

    /// Density that the camera that comes nearest to its working density lacks on each cell at one of [`HEIGHTS_M`], px/m; at
    /// least 0, and all of the working density where no camera shows the cell. `working` says it for each camera.
    pub fn shortfall(&self, level: usize, working: &[f64]) -> Vec<f64> {
        let unseen = working.iter().copied().fold(f64::INFINITY, f64::min);
        let unseen = if unseen.is_finite() { unseen } else { default_density() };
        let mut lacks = vec![unseen; self.ground.raster.len()];
        for (seen, working) in self.cameras().zip(working) {
            for spot in seen.at(level) {
                let cell = &mut lacks[spot.cell as usize];
                *cell = cell.min((working - f64::from(spot.px_per_m)).max(0.0));
            }
        }
        lacks
    }

    /// True for each cell of public ground that no camera sees by day at its working density, at one of [`HEIGHTS_M`].
    pub fn gap(&self, level: usize) -> Vec<bool> {
        self.gap_by(level, Light::Day)
    }

    /// The same by day or by night.
    pub fn gap_by(&self, level: usize, light: Light) -> Vec<bool> {
        let mut gap = self.ground.public.clone();
        let spots = self.cameras().flat_map(|seen| seen.at(level));
        for spot in spots.filter(|spot| spot.works && spot.shows(light)) {
            gap[spot.cell as usize] = false;
        }
        gap
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analysis::coverage::coverage_of;
    use crate::analysis::sample;
    use crate::analysis::sightlines::SightTable;
    use crate::model::kit::Kit;
    use crate::model::site::WallKind;

    fn yard(bearings: &[f64]) -> Scenario {
        let mut site = sample::bare(-20.0, -20.0, 30.0, 20.0);
        site.walls.push(sample::wall("w", WallKind::Wall, &[(-5.0, 5.0), (9.0, 5.0)], 2.5));
        site.trees.push(sample::tree("t", 12.0, -3.0));
        let place = |i: usize| [i as f64 * 9.0 - 15.0, if i.is_multiple_of(2) { -12.0 } else { 11.0 }];
        let camera = |(i, &bearing)| sample::camera(&format!("c{i}"), place(i), bearing);
        sample::scenario(
            site,
            Kit { camera: bearings.iter().enumerate().map(camera).collect(), ..Kit::default() },
        )
    }

    fn same(views: &Views, scenario: &Scenario, caster: &Caster) {
        let fresh = Views::of(scenario, caster);
        assert_eq!(*views, fresh);
        assert_eq!(coverage_of(scenario, caster, views), coverage_of(scenario, caster, &fresh));
        assert_eq!(SightTable::of(views), SightTable::of(&fresh));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Whatever is turned, lost and put back, in any order: the views equal those made at once.
        #[test]
        fn renewed_views_equal_fresh_ones(
            first in prop::collection::vec(0.0..360.0, 4),
            steps in prop::collection::vec((0usize..4, prop::option::of(0.0..360.0)), 1..8),
        ) {
            let mut scenario = yard(&first);
            let caster = Caster::new(&scenario.site);
            let mut views = Views::of(&scenario, &caster);
            let mut lost = [false; 4];
            for (row, bearing) in steps {
                lost[row] = bearing.is_none();
                match bearing {
                    None => views.lose(row),
                    Some(bearing) => {
                        scenario.file.kit.camera[row].bearing_deg = bearing;
                        views.renew(row, Seen::by(&scenario.file.kit.camera[row], views.ground(), &caster));
                    }
                }
            }
            for row in (0..4).filter(|row| lost[*row]) {
                views.renew(row, Seen::by(&scenario.file.kit.camera[row], views.ground(), &caster));
            }
            same(&views, &scenario, &caster);
        }
    }

    #[test]
    fn a_lost_camera_leaves_what_the_others_see_and_an_added_one_joins() {
        let mut scenario = yard(&[20.0, 130.0, 300.0]);
        let caster = Caster::new(&scenario.site);
        let mut views = Views::of(&scenario, &caster);
        let last = scenario.file.kit.camera.pop().expect("three cameras");
        let two = Views::of(&scenario, &caster);
        views.lose(2);
        for level in 0..HEIGHTS_M.len() {
            assert_eq!((views.best(level), views.gap(level)), (two.best(level), two.gap(level)));
        }
        let mut three = two.clone();
        three.renew(2, Seen::by(&last, two.ground(), &caster));
        scenario.file.kit.camera.push(last);
        same(&three, &scenario, &caster);
        let open = |views: &Views| views.gap(1).iter().filter(|gap| **gap).count();
        assert!(open(&three) < open(&two), "the third camera covers something of its own");
    }
}
