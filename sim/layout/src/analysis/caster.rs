//! One ray caster over everything on the site that stops a view.
//!
//! Buildings are extruded outlines with roofs, walls and hedges upright panels with their gates cut out, crowns closed
//! ellipsoids of flat faces, vans boxes. Fences of bars and bare crowns take a share of the contrast ([`super::veil`]), and
//! so does fog; gates let the eye through; trunks and lamp posts are too thin to matter.
//!
//! A caster answers under the [`Conditions`] that it was made with, and everything that is asked through it does.
//!
//! The search itself is in [`super::scene`]; this file says what the triangles belong to.

use std::sync::Arc;

use super::conditions::Conditions;
use super::figures::figures;
use super::light::Burning;
use super::mesh::{self, Facet};
use super::scene::{Ends, Scene};
use super::vector::{length, scale, sub};
use super::veil::{Passed, Veil, transmission};
use crate::model::scenario::Day;
use crate::model::site::Lamp;
use crate::model::{Scenario, Site};
use crate::words::Id;

/// What stops a view: an index into the site's own list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occluder {
    /// A building.
    Building(u32),
    /// A wall or a hedge.
    Wall(u32),
    /// A tree's crown.
    Crown(u32),
    /// A parked van: a row of [`Conditions::vans`].
    Van(u32),
}

/// The first thing that a ray meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Distance from the ray's start, m.
    pub distance_m: f64,
    /// Where, m.
    pub at_m: [f64; 3],
    /// What.
    pub occluder: Occluder,
}

/// A lens passes over the surface that it hangs on when that surface is nearer than this, at right angles to it, m.
const MOUNT_M: f64 = 0.05;
/// A line from one point to another.
const PLAIN: Ends = Ends { mount_m: 0.0, short_m: 0.0 };
/// A line from a lens to a point.
pub(crate) const LENS: Ends = Ends { mount_m: MOUNT_M, short_m: 0.0 };

/// Answers whether one point sees another, under some conditions.
pub struct Caster {
    conditions: Conditions,
    standing: Arc<Standing>,
    lamps: Vec<Burning>,
    /// Where a lamp of the site gives no more than this, it is left out, lx.
    dimmest_lux: f64,
}

/// What is in the way, prepared for the search. Casters for which the same stands there share it.
struct Standing {
    scene: Scene,
    owners: Vec<Occluder>,
    veils: Scene,
    veil_owners: Vec<Veil>,
}

impl Caster {
    /// Prepares a site under [`Conditions::default`]: a clear summer's day.
    pub fn new(site: &Site) -> Caster {
        Caster::under(site, Conditions::default())
    }

    /// Prepares the site of a scenario under [`Conditions::of_day`].
    pub fn of(scenario: &Scenario) -> Caster {
        Caster::under(&scenario.site, Conditions::of_day(scenario))
    }

    /// Prepares a site under some conditions.
    pub fn under(site: &Site, conditions: Conditions) -> Caster {
        let standing = mesh::of(site, &conditions);
        let (scene, owners) = prepared(standing.solid);
        let (veils, veil_owners) = prepared(standing.veils);
        Caster::among(Arc::new(Standing { scene, owners, veils, veil_owners }), site, conditions)
    }

    /// The same site under other conditions, made from this caster where the same stands there: where nothing has changed but
    /// what is out of order and which lamps burn.
    pub(crate) fn changed(&self, site: &Site, conditions: Conditions) -> Caster {
        let Conditions { lamps_out, out, .. } = &conditions;
        let known = Conditions { lamps_out: lamps_out.clone(), out: out.clone(), ..self.conditions.clone() };
        match known == conditions {
            true => Caster::among(Arc::clone(&self.standing), site, conditions),
            false => Caster::under(site, conditions),
        }
    }

    fn among(standing: Arc<Standing>, site: &Site, conditions: Conditions) -> Caster {
        let burning = site.lamps.iter().enumerate().filter(|(row, _)| !conditions.lamps_out.contains(row));
        // One lamp more than there are: so many are left out together when one is tried.
        let dimmest_lux = figures().night.left_out_lux / (site.lamps.len() + 1) as f64;
        let lamps =
            burning.map(|(_, lamp)| Burning::new(lamp, dimmest_lux, conditions.visibility_m)).collect();
        Caster { conditions, standing, lamps, dimmest_lux }
    }

    /// What it answers under.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// A day with the air of these conditions.
    pub(crate) fn weather(&self, day: &Day) -> Day {
        Day { visibility_m: self.conditions.visibility_m, ..day.clone() }
    }

    /// A lamp of the site, or one more, as it burns under these conditions.
    pub(crate) fn burning(&self, lamp: &Lamp) -> Burning {
        Burning::new(lamp, self.dimmest_lux, self.conditions.visibility_m)
    }

    /// The lamps that burn.
    pub(crate) fn lamps(&self) -> &[Burning] {
        &self.lamps
    }

    /// What something in the way is called.
    pub fn name(&self, site: &Site, occluder: Occluder) -> Option<Id> {
        let id = match occluder {
            Occluder::Building(i) => site.buildings.get(i as usize).map(|b| &b.id),
            Occluder::Wall(i) => site.walls.get(i as usize).map(|w| &w.id),
            Occluder::Crown(i) => site.trees.get(i as usize).map(|t| &t.id),
            Occluder::Van(i) => self.conditions.vans.get(i as usize).map(|v| &v.id),
        };
        id.cloned()
    }

    /// Contrast of a person at a point as it is seen from a lens or an eye, 0..1, when nothing solid stands between:
    /// what fog leaves of it (Koschmieder, `exp(-3.912 d / V)`), and each veil on the way its share.
    pub fn contrast(&self, from_m: [f64; 3], to_m: [f64; 3]) -> f64 {
        let clear = figures().target_contrast;
        let fog = transmission(length(sub(to_m, from_m)), self.conditions.visibility_m);
        clear * fog * self.passed(from_m, to_m).share()
    }

    /// The veil that takes most of the contrast between two points.
    pub(crate) fn thickest_veil(&self, from_m: [f64; 3], to_m: [f64; 3]) -> Option<Occluder> {
        self.passed(from_m, to_m).thickest()
    }

    fn passed(&self, from: [f64; 3], to: [f64; 3]) -> Passed {
        let mut passed = Passed::default();
        let way = sub(to, from);
        // Veils of bars stand upright: only the angle in plan closes them.
        let level = libm::hypot(way[0], way[1]) / length(way).max(1e-9);
        self.standing.veils.each_between(from, to, PLAIN, |i, t, cos| {
            passed.add(self.standing.veil_owners[i], t, cos / level)
        });
        passed
    }

    /// The triangles without their owners.
    pub fn scene(&self) -> &Scene {
        &self.standing.scene
    }

    /// Triangles that stop a view, with their owners.
    pub fn triangles(&self) -> impl Iterator<Item = ([[f64; 3]; 3], Occluder)> + '_ {
        self.standing.scene.triangles().zip(self.standing.owners.iter().copied())
    }

    /// True when nothing stands between two points.
    pub fn clear(&self, from_m: [f64; 3], to_m: [f64; 3]) -> bool {
        self.standing.scene.clear(from_m, to_m, PLAIN)
    }

    /// True when a lens sees a point. The surface that the lens hangs on does not stop it.
    pub fn clear_from_mount(&self, lens_m: [f64; 3], to_m: [f64; 3]) -> bool {
        self.standing.scene.clear(lens_m, to_m, LENS)
    }

    /// The first thing between two points.
    pub fn first_hit(&self, from_m: [f64; 3], to_m: [f64; 3]) -> Option<Hit> {
        self.first_on(from_m, to_m, PLAIN)
    }

    /// The first thing between a lens and a point, but for the surface that the lens hangs on.
    pub fn first_hit_from_mount(&self, lens_m: [f64; 3], to_m: [f64; 3]) -> Option<Hit> {
        self.first_on(lens_m, to_m, LENS)
    }

    fn first_on(&self, from: [f64; 3], to: [f64; 3], ends: Ends) -> Option<Hit> {
        let mut first: Option<(f64, Occluder)> = None;
        self.standing.scene.each_met(from, to, ends, |t, facet| {
            let owner = self.standing.owners[facet];
            if first.is_none_or(|(best, best_owner)| t < best || (t == best && owner < best_owner)) {
                first = Some((t, owner));
            }
        });
        let (distance_m, occluder) = first?;
        let way = sub(to, from);
        let direction = scale(way, 1.0 / length(way));
        let at_m = [0, 1, 2].map(|k| from[k] + direction[k] * distance_m);
        Some(Hit { distance_m, at_m, occluder })
    }
}

fn prepared<T: Copy>(facets: Vec<(Facet, T)>) -> (Scene, Vec<T>) {
    let (facets, owners): (Vec<Facet>, Vec<T>) = facets.into_iter().unzip();
    let (scene, order) = Scene::of(facets);
    (scene, order.iter().map(|&i| owners[i as usize]).collect())
}

#[cfg(test)]
mod tests {
    use geo::{Intersects, Line as Line2, Rect};
    use parry3d::math::Pose;
    use parry3d::query::{Ray as OtherRay, RayCast};
    use parry3d::shape::TriMesh;

    use super::*;
    use crate::analysis::sample;
    use crate::analysis::vector::{Vec3, dot};
    use crate::model::site::WallKind;
    use crate::words::{AgentKey, Dice};

    /// Least distance from a point to the edges of the triangles.
    fn to_an_edge(caster: &Caster, at: Vec3) -> f64 {
        let to_segment = |a: Vec3, b: Vec3| {
            let (ab, ap) = (sub(b, a), sub(at, a));
            let t = (dot(ab, ap) / dot(ab, ab)).clamp(0.0, 1.0);
            length(sub(ap, scale(ab, t)))
        };
        let sides = |[a, b, c]: [Vec3; 3]| to_segment(a, b).min(to_segment(b, c)).min(to_segment(c, a));
        caster.triangles().map(|(corners, _)| sides(corners)).fold(f64::INFINITY, f64::min)
    }

    /// Casts `count` rays here and with parry3d; returns how many are blocked and how many differ near an edge.
    fn against_parry(site: &Site, extent: f64, count: u64) -> (usize, usize) {
        let caster = Caster::new(site);
        let vertices: Vec<_> = caster
            .triangles()
            .flat_map(|(corners, _)| corners)
            .map(|c| parry3d::math::Vector::new(c[0] as f32, c[1] as f32, c[2] as f32))
            .collect();
        let indices = (0..vertices.len() as u32 / 3).map(|i| [3 * i, 3 * i + 1, 3 * i + 2]).collect();
        let other = TriMesh::new(vertices, indices).expect("a mesh with triangles");
        let (mut blocked, mut near_edge) = (0, 0);
        for i in 0..count {
            let mut draw = Dice::new(5).draw(AgentKey::of("ray"), "cast", i);
            let mut point =
                || [draw.between(-extent, extent), draw.between(-extent, extent), draw.between(0.2, 9.0)];
            let (from, to) = (point(), point());
            let hit = caster.first_hit(from, to);
            assert_eq!(hit.is_none(), caster.clear(from, to), "ray {i}: clear and first_hit disagree");
            blocked += usize::from(hit.is_some());
            let way = sub(to, from);
            let single = |v: Vec3| parry3d::math::Vector::new(v[0] as f32, v[1] as f32, v[2] as f32);
            let theirs = other
                .cast_ray(&Pose::IDENTITY, &OtherRay::new(single(from), single(way)), 1.0, false)
                .map(|t| f64::from(t) * length(way));
            if !same(hit.map(|h| h.distance_m), theirs) {
                let ours = hit.map(|h| h.at_m);
                let along = |t: f64| [0, 1, 2].map(|k| from[k] + way[k] / length(way) * t);
                let meets = ours.into_iter().chain(theirs.map(along));
                let edge = meets.map(|at| to_an_edge(&caster, at)).fold(f64::INFINITY, f64::min);
                let at_the_end = |t: f64| t > length(way) - 1e-3 || t < 1e-3;
                let end = hit.map(|h| h.distance_m).into_iter().chain(theirs).any(at_the_end);
                assert!(
                    edge < 1e-3 || end,
                    "ray {i} {from:?} {to:?}: {hit:?} against {theirs:?}, edge {edge} m"
                );
                near_edge += 1;
            }
        }
        (blocked, near_edge)
    }

    fn same(ours: Option<f64>, theirs: Option<f64>) -> bool {
        match (ours, theirs) {
            (None, None) => true,
            (Some(a), Some(b)) => (a - b).abs() < 2e-3,
            _ => false,
        }
    }

    #[test]
    fn agrees_with_an_independent_caster_on_a_large_site() {
        let (blocked, near_edge) = against_parry(&sample::large(3), 150.0, 20_000);
        assert!((8_000..19_500).contains(&blocked), "{blocked} of 20,000 blocked");
        assert!(near_edge <= 20, "{near_edge} of 20,000 differ near an edge");
    }

    #[test]
    fn agrees_with_an_independent_caster_on_a_small_site() {
        let mut site = sample::bare(-20.0, -20.0, 20.0, 20.0);
        site.buildings.push(sample::building("b", Rect::new((-6.0, -4.0), (5.0, 3.0)).to_polygon(), 6.0));
        site.walls.push(sample::wall(
            "w",
            WallKind::Wall,
            &[(-15.0, -12.0), (15.0, -12.0), (15.0, 12.0)],
            2.2,
        ));
        site.gates.push(sample::gate("g", 0.0, -12.0, 4.0));
        site.trees.push(sample::tree("t", 9.0, 8.0));
        let (blocked, near_edge) = against_parry(&site, 20.0, 20_000);
        assert!((4_000..16_000).contains(&blocked), "{blocked} of 20,000 blocked");
        assert!(near_edge <= 20, "{near_edge} of 20,000 differ near an edge");
    }

    /// Below every roof, a building stops exactly the rays whose foot crosses its outline.
    #[test]
    fn low_rays_are_stopped_where_their_foot_crosses_an_outline() {
        let mut site = sample::large(4);
        site.walls.clear();
        site.trees.clear();
        let caster = Caster::new(&site);
        let mut blocked = 0;
        for i in 0..5_000 {
            let mut draw = Dice::new(6).draw(AgentKey::of("ray"), "low", i);
            let mut point =
                || [draw.between(-150.0, 150.0), draw.between(-125.0, 125.0), draw.between(0.5, 17.0)];
            let (from, to) = (point(), point());
            let foot = Line2::new((from[0], from[1]), (to[0], to[1]));
            let crossed: Vec<usize> = (0..site.buildings.len())
                .filter(|&b| {
                    let outline = &site.buildings[b].outline;
                    let mut rings = std::iter::once(outline.exterior()).chain(outline.interiors());
                    rings.any(|ring| ring.intersects(&foot))
                })
                .collect();
            assert_eq!(caster.clear(from, to), crossed.is_empty(), "ray {i} {from:?} {to:?}");
            if let Some(hit) = caster.first_hit(from, to) {
                let Occluder::Building(b) = hit.occluder else { panic!("nothing but buildings stands here") };
                assert!(crossed.contains(&(b as usize)));
                blocked += 1;
            }
        }
        assert!(blocked > 1_000, "{blocked}");
    }

    #[test]
    fn fences_and_gates_let_the_eye_through_and_walls_and_hedges_do_not() {
        for (made_of, through) in [
            (WallKind::Fence, true),
            (WallKind::Wall, false),
            (WallKind::Hedge, false),
            (WallKind::Retaining, false),
        ] {
            let mut site = sample::bare(-20.0, -20.0, 20.0, 20.0);
            site.walls.push(sample::wall("w", made_of, &[(-15.0, 0.0), (15.0, 0.0)], 2.2));
            assert_eq!(Caster::new(&site).clear([1.0, -5.0, 1.5], [1.0, 5.0, 1.5]), through, "{made_of:?}");
            site.gates.push(sample::gate("g", 0.0, 0.0, 4.0));
            let caster = Caster::new(&site);
            assert!(caster.clear([1.0, -5.0, 1.5], [1.0, 5.0, 1.5]));
            assert_eq!(caster.clear([2.1, -5.0, 1.5], [2.1, 5.0, 1.5]), through);
            assert!(caster.clear([5.0, -5.0, 2.3], [5.0, 5.0, 2.3]), "over the top");
        }
    }

    #[test]
    fn the_surface_that_a_lens_hangs_on_does_not_stop_it() {
        let mut site = sample::bare(-30.0, -30.0, 30.0, 30.0);
        site.buildings.push(sample::building("b", Rect::new((-10.0, 0.0), (10.0, 8.0)).to_polygon(), 18.0));
        let caster = Caster::new(&site);
        for lens in [[0.0, 0.0, 4.0], [0.0, 0.03, 4.0], [0.0, -0.03, 4.0]] {
            for target in [[0.0, -20.0, 1.5], [18.0, -0.6, 1.5], [-18.0, -0.6, 1.5]] {
                assert!(caster.clear_from_mount(lens, target), "{lens:?} {target:?}");
                assert_eq!(caster.first_hit_from_mount(lens, target), None);
            }
            assert!(!caster.clear_from_mount(lens, [0.0, 20.0, 1.5]), "the far facade still stops {lens:?}");
        }
        assert!(!caster.clear([0.0, 0.03, 4.0], [0.0, -20.0, 1.5]));
    }

    #[test]
    fn an_empty_site_hides_nothing() {
        let caster = Caster::new(&sample::bare(0.0, 0.0, 1.0, 1.0));
        assert!(caster.clear([0.0; 3], [1.0; 3]));
        assert_eq!(caster.first_hit([0.0; 3], [1.0; 3]), None);
    }
}
