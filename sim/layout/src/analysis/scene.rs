//! Triangles that stop a view, and one straight line at a time between them.
//!
//! Boxes are searched in single precision about the middle of the triangles; triangles are met in double precision, so
//! that no ray slips through between two of them and the answer does not depend on the order of the search.
//! [`super::bundle`] and [`super::shadow`] answer for many lines from one eye. They give the same answers, because they
//! come back to [`Scene::stops`] wherever rounding could decide.

use std::time::Duration;

use obvhs::BvhBuildParams;
use obvhs::aabb::Aabb;
use obvhs::bvh2::Bvh2;
use obvhs::bvh2::builder::build_bvh2;
use obvhs::cwbvh::CwBvh;
use obvhs::cwbvh::builder::build_cwbvh;
use obvhs::ray::{Ray, RayHit};

use super::mesh::Facet;
use super::vector::{Vec3, cross, dot, length, scale, sub};

/// Boxes grow by this much, m: far above the rounding of single precision, far below anything that is drawn.
pub(crate) const PAD_M: f64 = 0.002;
/// The surface that a lens hangs on is met within this distance of it, m.
pub(crate) const MOUNT_REACH_M: f64 = 1.0;
/// Barycentric slack of the triangle test.
const SLACK: f64 = 1e-9;

/// What a line leaves out of account at its two ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ends {
    /// A surface nearer to the first point than this, at right angles to it, does not stop the line in its first metre, m.
    pub mount_m: f64,
    /// What the line meets in this last stretch before the second point does not stop it, m.
    pub short_m: f64,
}

/// Triangles, prepared for the search.
#[derive(Default)]
pub struct Scene {
    pub(crate) facets: Vec<Facet>,
    normals: Vec<Vec3>,
    single: Option<CwBvh>,
    many: Option<Bvh2>,
    /// For each place in the order of `many`, the facet there.
    many_order: Vec<u32>,
    pub(crate) middle: Vec3,
}

impl Scene {
    /// Prepares triangles given by their corners, m. Triangles without area are left out.
    pub fn new(triangles: impl IntoIterator<Item = [[f64; 3]; 3]>) -> Scene {
        let facets = triangles.into_iter().map(|[a, b, c]| Facet::of(a, b, c));
        Scene::of(facets.filter(|f| f.normal() != [0.0; 3]).collect()).0
    }

    /// Prepares facets. They are put in another order: the second part says where each came from.
    pub(crate) fn of(facets: Vec<Facet>) -> (Scene, Vec<u32>) {
        let middle = middle_of(&facets);
        let boxes: Vec<Aabb> = facets.iter().map(|facet| box_of(facet, middle)).collect();
        if boxes.is_empty() {
            return (Scene::default(), Vec::new());
        }
        let single = build_cwbvh(&boxes, BvhBuildParams::medium_build(), &mut Duration::default());
        let order = single.primitive_indices.clone();
        let mut place = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, &i)| place[i as usize] = at as u32);
        let many = build_bvh2(&boxes, BvhBuildParams::fast_build(), &mut Duration::default());
        let many_order = many.primitive_indices.iter().map(|&i| place[i as usize]).collect();
        let facets: Vec<Facet> = order.iter().map(|&i| facets[i as usize]).collect();
        let normals = facets.iter().map(Facet::normal).collect();
        (Scene { facets, normals, single: Some(single), many: Some(many), many_order, middle }, order)
    }

    /// Triangles that were kept.
    pub fn len(&self) -> usize {
        self.facets.len()
    }

    /// True when nothing stands here.
    pub fn is_empty(&self) -> bool {
        self.facets.is_empty()
    }

    /// Corners of the triangles, m.
    pub fn triangles(&self) -> impl Iterator<Item = [[f64; 3]; 3]> + '_ {
        self.facets.iter().map(Facet::corners)
    }

    /// True when nothing stands between two points.
    pub fn clear(&self, from_m: [f64; 3], to_m: [f64; 3], ends: Ends) -> bool {
        let (Some(search), Some(line)) = (&self.single, Line::new(from_m, to_m, ends)) else { return true };
        search.ray_traverse_miss(line.ray(self.middle), |_, i| {
            self.met(&line, i).map_or(f32::INFINITY, |_| 0.0)
        })
    }

    /// Distance from the first point to the first triangle that stands between two points, m.
    pub fn first_m(&self, from_m: [f64; 3], to_m: [f64; 3], ends: Ends) -> Option<f64> {
        let mut first: Option<f64> = None;
        self.each_met(from_m, to_m, ends, |t, _| first = Some(first.map_or(t, |best| best.min(t))));
        first
    }

    /// Every facet that a line might be the first to meet: calls `found` with a facet and its distance, m.
    pub(crate) fn each_met(&self, from: Vec3, to: Vec3, ends: Ends, mut found: impl FnMut(f64, usize)) {
        let (Some(search), Some(line)) = (&self.single, Line::new(from, to, ends)) else { return };
        search.ray_traverse(line.ray(self.middle), &mut RayHit::none(), |_, i| match self.met(&line, i) {
            None => f32::INFINITY,
            Some(t) => {
                found(t, i);
                t as f32 + PAD_M as f32
            }
        });
    }

    /// Every facet between two points: calls `found` with a facet, its distance, m, and the cosine of the angle between
    /// the line and the facet's normal.
    pub(crate) fn each_between(
        &self,
        from: Vec3,
        to: Vec3,
        ends: Ends,
        mut found: impl FnMut(usize, f64, f64),
    ) {
        let (Some(search), Some(line)) = (&self.single, Line::new(from, to, ends)) else { return };
        search.ray_traverse(line.ray(self.middle), &mut RayHit::none(), |_, i| {
            if let Some(t) = self.met(&line, i) {
                found(i, t, dot(self.normals[i], line.direction).abs());
            }
            f32::INFINITY
        });
    }

    /// True when one facet stops the line between two points: the one rule that all answers follow.
    pub(crate) fn stops(&self, facet: usize, from: Vec3, to: Vec3, ends: Ends) -> bool {
        Line::new(from, to, ends).is_some_and(|line| self.met(&line, facet).is_some())
    }

    fn met(&self, line: &Line, facet: usize) -> Option<f64> {
        line.meets(&self.facets[facet]).filter(|t| !self.is_mount(line, facet, *t))
    }

    fn is_mount(&self, line: &Line, facet: usize, t: f64) -> bool {
        t < MOUNT_REACH_M && t * dot(self.normals[facet], line.direction).abs() < line.mount_m
    }

    /// Calls `each` for every facet whose box may matter; `enter` says whether a box (low and high corner, m) does.
    pub(crate) fn search(
        &self,
        enter: impl Fn([f32; 3], [f32; 3]) -> bool,
        mut each: impl FnMut(usize) -> bool,
    ) {
        let Some(tree) = &self.many else { return };
        let mut waiting = vec![0u32];
        while let Some(next) = waiting.pop() {
            let node = &tree.nodes[next as usize];
            if !enter(node.aabb.min.to_array(), node.aabb.max.to_array()) {
                continue;
            }
            let first = node.first_index as usize;
            if node.prim_count == 0 {
                waiting.extend([node.first_index, node.first_index + 1]);
            } else {
                for &facet in &self.many_order[first..first + node.prim_count as usize] {
                    if !each(facet as usize) {
                        return;
                    }
                }
            }
        }
    }
}

/// The straight line from one point to another.
struct Line {
    from: Vec3,
    direction: Vec3,
    length: f64,
    mount_m: f64,
}

impl Line {
    fn new(from: Vec3, to: Vec3, ends: Ends) -> Option<Line> {
        let way = sub(to, from);
        let length = length(way);
        (length > 1e-9).then(|| Line {
            from,
            direction: scale(way, 1.0 / length),
            length: length - ends.short_m,
            mount_m: ends.mount_m,
        })
    }

    fn ray(&self, middle: Vec3) -> Ray {
        let single = |v: Vec3| v.map(|x| x as f32);
        Ray::new(
            single(sub(self.from, middle)).into(),
            single(self.direction).into(),
            0.0,
            self.length as f32 + PAD_M as f32,
        )
    }

    /// Where the line meets a triangle, m from its start (Möller and Trumbore, both sides).
    fn meets(&self, facet: &Facet) -> Option<f64> {
        let p = cross(self.direction, facet.edge_b);
        let det = dot(facet.edge_a, p);
        if det == 0.0 {
            return None;
        }
        let inverse = 1.0 / det;
        let s = sub(self.from, facet.corner);
        let u = dot(s, p) * inverse;
        if !(-SLACK..=1.0 + SLACK).contains(&u) {
            return None;
        }
        let q = cross(s, facet.edge_a);
        let v = dot(self.direction, q) * inverse;
        if v < -SLACK || u + v > 1.0 + SLACK {
            return None;
        }
        let t = dot(facet.edge_b, q) * inverse;
        (0.0..=self.length).contains(&t).then_some(t)
    }
}

/// A facet as an eye sees it: the lines that it stops are those to points inside four half-spaces.
pub(crate) struct Cone {
    /// Inward normals of the three sides and of the facet's plane, and what each must exceed: `n · d > offset`, with `d`
    /// the way from the eye to the point.
    pub(crate) sides: [(Vec3, f64); 4],
    /// Beyond `offset + sure` a point is inside for certain, whatever the rounding.
    pub(crate) sure: [f64; 4],
    /// Below `offset - out` it is outside for certain.
    pub(crate) out: f64,
    /// No point is inside for certain: the eye is in the facet's plane, or hangs on it.
    pub(crate) never_sure: bool,
}

/// Share of the lengths involved that rounding and [`SLACK`] together stay far below.
const DOUBT: f64 = 1e-8;

impl Cone {
    /// How an eye sees a facet, for points within `reach_m` of it.
    pub(crate) fn new(facet: &Facet, eye: Vec3, reach_m: f64, ends: Ends) -> Cone {
        let a = sub(facet.corner, eye);
        let plus = |e: Vec3| [a[0] + e[0], a[1] + e[1], a[2] + e[2]];
        let (b, c) = (plus(facet.edge_a), plus(facet.edge_b));
        let normal = cross(facet.edge_a, facet.edge_b);
        let depth = dot(normal, a);
        let sign = if depth < 0.0 { -1.0 } else { 1.0 };
        let far2 = dot(a, a).max(dot(b, b)).max(dot(c, c));
        let doubt = DOUBT * far2 * (reach_m + 1.0);
        let area2 = length(normal);
        let sides = [cross(a, b), cross(b, c), cross(c, a), normal].map(|n| scale(n, sign));
        let never_sure = depth.abs() <= doubt || depth.abs() <= (ends.mount_m + 1e-6) * area2;
        Cone {
            sides: [(sides[0], 0.0), (sides[1], 0.0), (sides[2], 0.0), (sides[3], depth.abs())],
            sure: [doubt, doubt, doubt, doubt + ends.short_m * area2],
            out: doubt,
            never_sure,
        }
    }
}

fn middle_of(facets: &[Facet]) -> Vec3 {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for corner in facets.iter().flat_map(Facet::corners) {
        for k in 0..3 {
            low[k] = low[k].min(corner[k]);
            high[k] = high[k].max(corner[k]);
        }
    }
    if facets.is_empty() { [0.0; 3] } else { [0, 1, 2].map(|k| (low[k] + high[k]) / 2.0) }
}

fn box_of(facet: &Facet, middle: Vec3) -> Aabb {
    let corners = facet.corners().map(|corner| sub(corner, middle));
    let least = |k: usize| corners.iter().map(|c| c[k]).fold(f64::INFINITY, f64::min) - PAD_M;
    let most = |k: usize| corners.iter().map(|c| c[k]).fold(f64::NEG_INFINITY, f64::max) + PAD_M;
    Aabb::new([0, 1, 2].map(|k| least(k) as f32).into(), [0, 1, 2].map(|k| most(k) as f32).into())
}
