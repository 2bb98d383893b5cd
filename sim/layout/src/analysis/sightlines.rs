//! Sight: which camera and which standing post sees each cell of the ground, and at which pixel density.
//!
//! The plan and the twin ask the same question of the same code: a camera sees a body when the body's chest, at
//! [`BODY_M`] above the ground, falls on the picture within the camera's range, nothing solid stands between, and fog,
//! bars and bare crowns leave contrast enough. What stands there and how clear the air is are the caster's
//! [`super::conditions::Conditions`], which also say what is out of order. By night there must be light enough besides, of
//! lamps, the sky and the eye's own ([`super::light`]).

use std::collections::BTreeSet;

use super::caster::LENS;
pub use super::caster::{Caster, Hit, Occluder};
use super::figures::figures;
use super::light::Light;
use super::projection::{Frame, View};
use super::raster::Raster;
use super::scene::Ends;
use super::shadow::Sheet;
use super::vector::{length, sub};
use super::views::{Spot, Views, Watched};
use crate::model::Scenario;
use crate::model::kit::{Camera, OuterPost};

/// Height of the chest of a standing body above ground, m: the point that must be seen.
pub const BODY_M: f64 = 1.5;
/// Height of a standing guard's eye above ground, m.
pub const EYE_M: f64 = 1.6;

/// The place of [`BODY_M`] in [`super::coverage::HEIGHTS_M`].
pub(crate) const BODY_LEVEL: usize = 1;

/// A camera that sees a point, and how well.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sighting {
    /// Row in `kit.camera`.
    pub camera: u32,
    /// Pixels per metre of an upright target there.
    pub px_per_m: f32,
    /// Distance from the lens, m.
    pub distance_m: f32,
    /// True when it sees it by night, too: lamps, sky and its own light are enough.
    pub by_night: bool,
}

/// A standing post from which a guard sees a point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Noticing {
    /// Row in `kit.outer_post`.
    pub post: u32,
    /// Distance from the eye, m.
    pub distance_m: f32,
    /// True when he sees it by night, too: lamps, sky and his torch are enough.
    pub by_night: bool,
}

/// Which cameras and standing posts see each cell of the ground.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SightTable {
    raster: Raster,
    open: Vec<bool>,
    cameras: Rows<Sighting>,
    posts: Rows<Noticing>,
}

impl SightTable {
    /// Works out the table for the scenario's day.
    pub fn build(scenario: &Scenario) -> SightTable {
        SightTable::build_with(scenario, &Caster::of(scenario))
    }

    /// Works out the table with a caster of the same site, under its conditions.
    pub fn build_with(scenario: &Scenario, caster: &Caster) -> SightTable {
        SightTable::of(&Views::of(scenario, caster))
    }

    /// Joins what each device sees, cell by cell.
    pub fn of(views: &Views) -> SightTable {
        let ground = views.ground();
        let (mut seen, mut noticed) = (Vec::new(), Vec::new());
        for (row, camera) in views.cameras().enumerate() {
            let working = camera.at(BODY_LEVEL).iter().filter(|spot| spot.works);
            seen.extend(working.map(|spot| {
                let Spot { px_per_m, distance_m, by_night, .. } = *spot;
                (spot.cell, Sighting { camera: row as u32, px_per_m, distance_m, by_night })
            }));
        }
        for (row, cells) in views.posts().enumerate() {
            noticed.extend(cells.iter().map(|watched| {
                let Watched { distance_m, by_night, .. } = *watched;
                (watched.cell, Noticing { post: row as u32, distance_m, by_night })
            }));
        }
        let cells = ground.raster.len();
        let (cameras, posts) = (Rows::new(cells, &seen), Rows::new(cells, &noticed));
        SightTable { raster: ground.raster.clone(), open: ground.open.clone(), cameras, posts }
    }

    /// The cells of the table.
    pub fn raster(&self) -> &Raster {
        &self.raster
    }

    /// Cameras that see a body standing at a point at their working density by day, in order of their row.
    pub fn cameras_at(&self, at_m: [f64; 2]) -> &[Sighting] {
        self.ground_at(at_m).map_or(&[], |cell| self.cameras.of(cell))
    }

    /// How one camera sees a body standing at a point; nothing when it does not at its working density.
    pub fn visible(&self, camera: u32, at_m: [f64; 2]) -> Option<Sighting> {
        self.cameras_at(at_m).iter().copied().find(|s| s.camera == camera)
    }

    /// Posts from which a body standing at a point is seen by day, in order of their row.
    pub fn posts_at(&self, at_m: [f64; 2]) -> &[Noticing] {
        self.ground_at(at_m).map_or(&[], |cell| self.posts.of(cell))
    }

    /// The open cell that answers for a point. Somebody in a doorway or close to a facade may stand in a cell whose
    /// middle is indoors: the first open one beside it answers.
    fn ground_at(&self, at_m: [f64; 2]) -> Option<usize> {
        let cell = self.raster.cell_at(at_m)?;
        let mut near = std::iter::once(cell).chain(self.raster.around(cell));
        near.find(|&cell| self.open[cell])
    }
}

/// How a camera sees a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) px_per_m: f64,
    pub(crate) distance_m: f64,
}

/// How a camera would see one point if nothing stood between; nothing when the point is off the picture or too far.
fn shown(view: &View, range_m: f64, at: [f64; 3]) -> Option<Look> {
    let distance_m = view.distance_m(at);
    if distance_m > range_m {
        return None;
    }
    let Frame::Inside(shown) = view.frame(at) else { return None };
    Some(Look { px_per_m: shown.px_per_m, distance_m })
}

/// How a camera sees one point; nothing when the point is off the picture, too far, hidden or lost in fog. The one rule of
/// sight.
pub(crate) fn look(view: &View, camera: &Camera, caster: &Caster, at: [f64; 3]) -> Option<Look> {
    shown(view, camera.range_m, at)
        .filter(|_| caster.clear_from_mount(view.eye_m(), at) && stands_out(view, caster, at))
}

/// True when fog and veils leave a camera contrast enough.
fn stands_out(view: &View, caster: &Caster, at: [f64; 3]) -> bool {
    caster.contrast(view.eye_m(), at) >= figures().camera.threshold
}

/// True when a camera has light enough by night at a point that the night gives so many lux.
pub(crate) fn lit(camera: &Camera, caster: &Caster, night_lux: f64, distance_m: f64) -> bool {
    night_lux + caster.own_lux(camera.min_lux, camera.ir_range_m, distance_m) >= camera.min_lux
}

/// The same for a guard with his torch.
pub(crate) fn eye_has_light(caster: &Caster, night_lux: f64, distance_m: f64) -> bool {
    let eye = figures().eye;
    night_lux + caster.own_lux(eye.min_lux, eye.torch_m, distance_m) >= eye.min_lux
}

/// True when a guard's eye sees a point: nothing solid stands between, fog and veils leave contrast enough, and by night
/// there is light. Where he looks is another question.
pub fn eye_sees(caster: &Caster, eye_m: [f64; 3], at_m: [f64; 3], light: Light) -> bool {
    let lit = || eye_has_light(caster, caster.night_lux(at_m), length(sub(at_m, eye_m)));
    caster.clear(eye_m, at_m)
        && caster.contrast(eye_m, at_m) >= figures().eye.threshold
        && (light == Light::Day || lit())
}

/// The rows of a list that are not out of order, with their number.
pub(crate) fn working<'a, T>(
    rows: &'a [T],
    out: &'a BTreeSet<usize>,
) -> impl Iterator<Item = (usize, &'a T)> {
    rows.iter().enumerate().filter(|(row, _)| !out.contains(row))
}

/// Calls `found` for each open cell that a camera sees at a height above ground, whatever the density.
pub(crate) fn scan(
    camera: &Camera,
    caster: &Caster,
    raster: &Raster,
    open: &[bool],
    height_m: f64,
    mut found: impl FnMut(usize, Look),
) {
    let view = View::of(camera);
    let mut sheet = Sheet::about(raster, height_m, camera.at_m, camera.range_m);
    sheet.ask(|cell, at| open[cell] && shown(&view, camera.range_m, at).is_some());
    sheet.look(caster.scene(), view.eye_m(), LENS);
    sheet.each(|cell, at| {
        if let Some(look) = shown(&view, camera.range_m, at).filter(|_| stands_out(&view, caster, at)) {
            found(cell, look);
        }
    });
}

/// Calls `found` for each open cell on which a standing guard sees a body by day, with the distance, m.
pub(crate) fn watch(
    post: &OuterPost,
    caster: &Caster,
    raster: &Raster,
    open: &[bool],
    mut found: impl FnMut(usize, f64),
) {
    let bearing = post.bearing_deg.to_radians();
    let (ahead, edge) =
        ([libm::sin(bearing), libm::cos(bearing)], libm::cos(post.fov_deg.to_radians() / 2.0));
    let [x, y] = post.at_m;
    let mut sheet = Sheet::about(raster, BODY_M, post.at_m, post.range_m);
    sheet.ask(|cell, at| {
        let way = [at[0] - x, at[1] - y];
        let distance2 = way[0] * way[0] + way[1] * way[1];
        open[cell]
            && distance2 <= post.range_m * post.range_m
            && way[0] * ahead[0] + way[1] * ahead[1] >= edge * libm::hypot(way[0], way[1])
    });
    let eye = [x, y, EYE_M];
    sheet.look(caster.scene(), eye, Ends::default());
    sheet.each(|cell, at| {
        if caster.contrast(eye, at) >= figures().eye.threshold {
            found(cell, length(sub(at, eye)));
        }
    });
}

/// A list for every cell, packed.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rows<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy> Rows<T> {
    /// Packs (cell, item) pairs; items of a cell keep their order.
    fn new(cells: usize, pairs: &[(u32, T)]) -> Rows<T> {
        let mut starts = vec![0u32; cells + 1];
        pairs.iter().for_each(|(cell, _)| starts[*cell as usize + 1] += 1);
        for i in 0..cells {
            starts[i + 1] += starts[i];
        }
        let mut order: Vec<u32> = (0..pairs.len() as u32).collect();
        order.sort_by_key(|&i| pairs[i as usize].0);
        Rows { starts, items: order.iter().map(|&i| pairs[i as usize].1).collect() }
    }

    fn of(&self, cell: usize) -> &[T] {
        &self.items[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use geo::Rect;

    use super::*;
    use crate::analysis::conditions::{Conditions, Leaves, Van};
    use crate::analysis::raster::outdoors;
    use crate::analysis::sample;
    use crate::contract::Class;
    use crate::model::Site;
    use crate::model::kit::Kit;
    use crate::model::site::{Tree, WallKind};
    use crate::words::{AgentKey, Dice};

    fn large() -> Scenario {
        let mut draw = Dice::new(2).draw(AgentKey::of("sample"), "cameras", 0);
        let camera = |i: usize, draw: &mut crate::words::Draw| {
            let at = [draw.between(-148.0, 148.0), draw.between(-123.0, 123.0)];
            sample::camera(&format!("c{i}"), at, draw.between(0.0, 360.0))
        };
        let camera = (0..40).map(|i| camera(i, &mut draw)).collect();
        let outer_post = vec![OuterPost {
            id: "p".into(),
            at_m: [-140.0, -118.0],
            bearing_deg: 45.0,
            fov_deg: 120.0,
            range_m: 60.0,
            manned: None,
        }];
        sample::scenario(sample::large(3), Kit { camera, outer_post, ..Kit::default() })
    }

    /// The table's answers, worked out anew for single cells through nothing but projection and caster.
    #[test]
    fn the_table_agrees_with_a_direct_look_at_2000_cells() {
        let scenario = large();
        let (table, caster) = (SightTable::build(&scenario), Caster::new(&scenario.site));
        let open = outdoors(&scenario.site, table.raster());
        let mut draw = Dice::new(9).draw(AgentKey::of("test"), "cells", 0);
        let (mut asked, mut sightings) = (0, 0);
        while asked < 2_000 {
            let at = [draw.between(-150.0, 150.0), draw.between(-125.0, 125.0)];
            let cell = table.raster().cell_at(at).expect("inside");
            let Some(cell) = std::iter::once(cell).chain(table.raster().around(cell)).find(|&c| open[c])
            else {
                assert!(table.cameras_at(at).is_empty() && table.posts_at(at).is_empty());
                continue;
            };
            asked += 1;
            let [x, y] = table.raster().centre(cell);
            let chest = [x, y, BODY_M];
            let mut expected = Vec::new();
            for (row, camera) in scenario.file.kit.camera.iter().enumerate() {
                let view = View::of(camera);
                let Some(shown) = view.project(chest) else { continue };
                let [u, v] = shown.at_px;
                let on_picture = (0.0..=2560.0).contains(&u) && (0.0..=1440.0).contains(&v);
                let near =
                    view.distance_m(chest) <= camera.range_m && shown.px_per_m >= camera.working_px_per_m;
                if on_picture && near && caster.first_hit_from_mount(view.eye_m(), chest).is_none() {
                    expected.push(row as u32);
                }
            }
            let found: Vec<u32> = table.cameras_at(at).iter().map(|s| s.camera).collect();
            assert_eq!(found, expected, "at {at:?}");
            sightings += found.len();
            for camera in found {
                assert_eq!(table.visible(camera, at).map(|s| s.camera), Some(camera));
            }
        }
        assert!(sightings > 500, "{sightings}");
    }

    fn one_camera(change: impl FnOnce(&mut Site, &mut Kit)) -> SightTable {
        let mut site = sample::bare(-40.0, -10.0, 40.0, 70.0);
        let mut kit = Kit { camera: vec![sample::camera("c", [0.0, 0.0], 0.0)], ..Kit::default() };
        change(&mut site, &mut kit);
        SightTable::build(&sample::scenario(site, kit))
    }

    #[test]
    fn a_camera_sees_before_itself_within_range_and_density() {
        let table = one_camera(|_, _| {});
        let seen = table.cameras_at([0.0, 20.0]);
        assert_eq!(seen.len(), 1);
        assert!((f64::from(seen[0].distance_m) - libm::hypot(20.0, 2.5)).abs() < 0.4);
        assert!(table.cameras_at([0.0, -5.0]).is_empty(), "behind");
        assert!(table.cameras_at([0.0, 1.0]).is_empty(), "below the picture");
        assert!(table.cameras_at([0.0, 61.0]).is_empty(), "beyond its range");
        assert!(table.cameras_at([500.0, 0.0]).is_empty(), "off the table");
        // 2560 px over 80° give 25 px/m out to 61 m on the axis; 100 px/m only to 15 m.
        let choosy = one_camera(|_, kit| kit.camera[0].working_px_per_m = 100.0);
        assert_eq!(choosy.cameras_at([0.0, 14.0]).len(), 1);
        assert!(choosy.cameras_at([0.0, 17.0]).is_empty());
    }

    #[test]
    fn a_wall_before_the_camera_hides_what_is_behind_it_and_nothing_else() {
        let open = one_camera(|_, _| {});
        let walled = one_camera(|site, _| {
            site.walls.push(sample::wall("w", WallKind::Wall, &[(-5.0, 10.0), (5.0, 10.0)], 2.5));
        });
        assert_eq!(open.cameras_at([0.0, 12.0]).len(), 1);
        assert!(walled.cameras_at([0.0, 12.0]).is_empty());
        for at in [[0.0, 9.0], [12.0, 14.0], [0.0, 40.0]] {
            let hidden = at == [0.0, 40.0];
            let expected = if hidden { 1 } else { open.cameras_at(at).len() };
            assert_eq!(walled.cameras_at(at).len(), expected, "{at:?}");
        }
    }

    #[test]
    fn somebody_in_a_doorway_is_outdoors() {
        let mut site = sample::bare(-40.0, -10.0, 40.0, 70.0);
        let outline = Rect::new((-8.0, 20.1), (8.0, 30.0)).to_polygon();
        site.buildings.push(sample::building("b", outline, 9.0));
        let kit = Kit { camera: vec![sample::camera("c", [0.0, 0.0], 0.0)], ..Kit::default() };
        let table = SightTable::build(&sample::scenario(site, kit));
        assert_eq!(table.cameras_at([0.0, 20.1]).len(), 1);
        assert!(table.cameras_at([0.0, 21.3]).is_empty());
    }

    #[test]
    fn a_post_sees_what_is_before_it_and_not_behind_a_building() {
        let mut site = sample::bare(-40.0, -40.0, 40.0, 40.0);
        site.buildings.push(sample::building("b", Rect::new((10.0, -5.0), (20.0, 5.0)).to_polygon(), 9.0));
        let post = OuterPost {
            id: "p".into(),
            at_m: [0.0, 0.0],
            bearing_deg: 90.0,
            fov_deg: 120.0,
            range_m: 30.0,
            manned: None,
        };
        let table =
            SightTable::build(&sample::scenario(site, Kit { outer_post: vec![post], ..Kit::default() }));
        let noticed =
            |at: [f64; 2]| table.posts_at(at).iter().map(|n| (n.post, n.by_night)).collect::<Vec<_>>();
        assert_eq!(noticed([8.0, 0.0]), [(0, true)], "within the light of his torch");
        assert_eq!(noticed([20.0, 15.0]), [(0, false)]);
        assert!(table.posts_at([25.0, 0.0]).is_empty(), "hidden");
        assert!(table.posts_at([-8.0, 0.0]).is_empty(), "behind");
        assert!(table.posts_at([35.0, 20.0]).is_empty(), "too far");
    }

    fn seen_under(at: [f64; 2], change: impl FnOnce(&mut Site, &mut Conditions)) -> bool {
        let mut site = sample::bare(-40.0, -10.0, 40.0, 70.0);
        let mut conditions = Conditions::default();
        change(&mut site, &mut conditions);
        let kit = Kit { camera: vec![sample::camera("c", [0.0, 0.0], 0.0)], ..Kit::default() };
        let caster = Caster::under(&site, conditions);
        !SightTable::build_with(&sample::scenario(site, kit), &caster).cameras_at(at).is_empty()
    }

    fn row_of_trees(site: &mut Site, evergreen: bool) {
        for (i, y) in [8.0, 13.0, 18.0, 23.0, 28.0].into_iter().enumerate() {
            site.trees.push(Tree {
                evergreen,
                height_m: 5.0,
                crown_base_m: 0.5,
                ..sample::tree(&format!("t{i}"), 0.0, y)
            });
        }
    }

    #[test]
    fn fog_bars_and_bare_crowns_take_contrast_until_too_little_is_left() {
        // A contrast of 0.5 and a threshold of 0.05 leave ln 10 / ln 50 of the visibility: 0.589 of it.
        for (visibility_m, seen) in [(60.0, true), (45.0, false)] {
            assert_eq!(seen_under([0.0, 30.0], |_, c| c.visibility_m = visibility_m), seen, "{visibility_m}");
        }
        for (evergreen, leaves, near, far) in [
            (false, Leaves::On, false, false),
            (false, Leaves::Off, true, false),
            (true, Leaves::Off, false, false),
        ] {
            let change = |site: &mut Site, c: &mut Conditions| {
                row_of_trees(site, evergreen);
                c.leaves = leaves;
            };
            assert_eq!(seen_under([0.0, 11.0], change), near, "behind one crown, {evergreen} {leaves:?}");
            assert_eq!(seen_under([0.0, 33.0], change), far, "behind five crowns, {evergreen} {leaves:?}");
        }
        let fence = |points: &'static [(f64, f64)]| {
            move |site: &mut Site, _: &mut Conditions| {
                site.walls.push(sample::wall("f", WallKind::Fence, points, 4.5));
            }
        };
        assert!(seen_under([0.0, 30.0], fence(&[(-20.0, 15.0), (20.0, 15.0)])), "across");
        assert!(!seen_under([1.0, 30.0], fence(&[(0.5, 0.0), (0.5, 40.0)])), "along");
    }

    #[test]
    fn what_is_parked_grown_or_out_of_order_hides_and_nothing_else_does() {
        let van = |at_m: [f64; 2]| {
            move |_: &mut Site, c: &mut Conditions| c.vans.push(Van::parked("van", at_m, 90.0))
        };
        assert!(seen_under([0.0, 12.0], |_, _| ()));
        assert!(!seen_under([0.0, 12.0], van([0.0, 9.0])), "behind the van");
        assert!(seen_under([0.0, 12.0], van([8.0, 9.0])), "beside it");
        assert!(!seen_under([0.0, 12.0], |_, c| c.take_out(Class::Camera, 0)));
        assert!(seen_under([0.0, 12.0], |_, c| c.take_out(Class::Camera, 1)));
        let tree = |growth: f64| {
            move |site: &mut Site, c: &mut Conditions| {
                site.trees.push(sample::tree("t", 2.2, 3.0));
                c.growth = growth;
            }
        };
        assert!(seen_under([0.0, 20.0], tree(1.0)));
        assert!(!seen_under([0.0, 20.0], tree(2.0)), "its crown has grown into the way");
    }
}
