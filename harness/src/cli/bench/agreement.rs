//! Random rays over the mesh, answered here and by Embree, and how far from an edge those lie that are answered otherwise.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use palisade_sim::analysis::scene::Scene;
use palisade_sim::words::{AgentKey, Dice, Draw};

use super::super::rays::ENDS;
use super::embree::SCRIPT;

/// Every second ray is no longer than a camera looks, m.
const NEAR_M: f64 = 60.0;
/// Points lie so far beside the mesh, and so high above its lowest point, m.
const BESIDE_M: f64 = 2.0;
const HIGH_M: f64 = 20.0;
/// Where single precision may decide otherwise: so near to an edge, or to an end of the ray, m.
pub(super) const AT_AN_EDGE_M: f64 = 0.001;
/// At least so many of the rays must be answered in the same way.
pub(super) const SAME: f64 = 0.9999;

/// A ray's two points, m.
type Ray = [[f64; 3]; 2];

/// How rays were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Agreement {
    pub(super) rays: usize,
    /// Rays that something stops.
    pub(super) stopped: usize,
    /// Rays that one stops and the other lets pass.
    pub(super) different: usize,
    /// Of these, the farthest that a hit in dispute lies from an edge of the mesh, or from an end of its ray, m.
    pub(super) farthest_m: f64,
}

impl Agreement {
    /// The share of rays that both answer in the same way, 0..1.
    pub(super) fn share(&self) -> f64 {
        1.0 - self.different as f64 / self.rays.max(1) as f64
    }
}

/// Asks both about so many rays between random points inside the mesh's box.
pub(super) fn agreement(python: &str, mesh: &Path, scene: &Scene, count: usize) -> Result<Agreement, String> {
    let rays = random(scene, count);
    let theirs = embree(python, mesh, &rays)?;
    if theirs.len() != rays.len() {
        return Err(format!("Embree answered {} of {} random rays", theirs.len(), rays.len()));
    }
    let mut found = Agreement { rays: count, ..Agreement::default() };
    for (ray, theirs) in rays.iter().zip(theirs) {
        let [from, to] = *ray;
        let ours = scene.clear(from, to, ENDS);
        found.stopped += usize::from(!ours);
        if ours != (theirs < 0.0) {
            found.different += 1;
            // Whoever is stopped says where.
            let met_m = if ours { Some(theirs) } else { scene.first_m(from, to, ENDS) };
            let off = met_m.map_or(f64::INFINITY, |met_m| off_m(scene, *ray, met_m));
            found.farthest_m = found.farthest_m.max(off);
        }
    }
    Ok(found)
}

/// Points in the box of the mesh and [`BESIDE_M`] around it, no higher than cameras hang; half of the rays are short.
fn random(scene: &Scene, count: usize) -> Vec<Ray> {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for corner in scene.triangles().flatten() {
        (0..3).for_each(|k| (low[k], high[k]) = (low[k].min(corner[k]), high[k].max(corner[k])));
    }
    let high = [high[0] + BESIDE_M, high[1] + BESIDE_M, high[2].min(low[2] + HIGH_M)];
    let low = [low[0] - BESIDE_M, low[1] - BESIDE_M, low[2]];
    let mut draw = Dice::new(1).draw(AgentKey::of("ray"), "embree", 0);
    let point =
        |draw: &mut Draw, low: [f64; 3], high: [f64; 3]| [0, 1, 2].map(|k| draw.between(low[k], high[k]));
    let ray = |i: usize| {
        let from = point(&mut draw, low, high);
        let reach = if i.is_multiple_of(2) { NEAR_M } else { f64::INFINITY };
        let near = |k: usize| [(from[k] - reach).max(low[k]), (from[k] + reach).min(high[k])];
        let sides = [near(0), near(1), [low[2], high[2]]];
        [from, point(&mut draw, sides.map(|side| side[0]), sides.map(|side| side[1]))]
    };
    (0..count).map(ray).collect()
}

/// The distance of the first hit of each ray, m; below zero where nothing stops it.
fn embree(python: &str, mesh: &Path, rays: &[Ray]) -> Result<Vec<f64>, String> {
    let lost = |why: &dyn std::fmt::Display| format!("Embree was not asked about random rays: {why}");
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT, "list"]).arg(mesh).arg("-").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(|error| lost(&error))?;
    let bytes: Vec<u8> = rays.iter().flatten().flatten().flat_map(|x| x.to_le_bytes()).collect();
    // It reads all of them before it says anything; when it ends before, what it says is the reason.
    let written = child.stdin.take().map(|mut rays| rays.write_all(&bytes));
    let output = child.wait_with_output().map_err(|error| lost(&error))?;
    if !output.status.success() {
        return Err(lost(&String::from_utf8_lossy(&output.stderr).trim()));
    }
    written.transpose().map_err(|error| lost(&error))?;
    let numbers = output.stdout.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok());
    Ok(numbers.map(f64::from_le_bytes).collect())
}

/// How far a hit in dispute lies from the nearest edge, or from an end of its ray, m.
fn off_m(scene: &Scene, [from, to]: Ray, met_m: f64) -> f64 {
    let way = [0, 1, 2].map(|k| to[k] - from[k]);
    let length = dot(way, way).sqrt();
    let at = [0, 1, 2].map(|k| from[k] + way[k] / length * met_m);
    let edge = scene.triangles().map(|t| to_sides_m(t, at)).fold(f64::INFINITY, f64::min);
    edge.min(met_m).min((length - ENDS.short_m - met_m).abs())
}

fn to_sides_m([a, b, c]: [[f64; 3]; 3], at: [f64; 3]) -> f64 {
    let side = |a: [f64; 3], b: [f64; 3]| {
        let (ab, ap) = ([0, 1, 2].map(|k| b[k] - a[k]), [0, 1, 2].map(|k| at[k] - a[k]));
        let t = (dot(ab, ap) / dot(ab, ab)).clamp(0.0, 1.0);
        let off = [0, 1, 2].map(|k| ap[k] - t * ab[k]);
        dot(off, off).sqrt()
    };
    side(a, b).min(side(b, c)).min(side(c, a))
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square of 4 m, upright at y = 2 m.
    fn panel() -> Scene {
        let at = |x: f64, z: f64| [x, 2.0, z];
        Scene::new([[at(0.0, 0.0), at(4.0, 0.0), at(4.0, 4.0)], [at(0.0, 0.0), at(4.0, 4.0), at(0.0, 4.0)]])
    }

    #[test]
    fn a_hit_is_as_far_off_as_the_nearest_edge_or_end_of_its_ray() {
        let ray = |x: f64, z: f64, beyond: f64| [[x, 0.0, z], [x, 2.0 + beyond, z]];
        for (ray, expected) in [
            (ray(3.0, 1.0, 5.0), 1.0),
            (ray(3.999, 1.0, 5.0), 0.001),
            // The two triangles meet on the diagonal.
            (ray(2.0, 2.0, 5.0), 0.0),
            (ray(3.0, 1.0, 0.002), 0.001),
        ] {
            let met = panel().first_m(ray[0], ray[1], ENDS).unwrap_or(2.0);
            assert!((off_m(&panel(), ray, met) - expected).abs() < 1e-9, "{ray:?}");
        }
    }

    #[test]
    fn random_rays_lie_in_the_box_and_half_of_them_are_short() {
        let far = Scene::new([[[0.0, 0.0, 0.0], [500.0, 0.0, 0.0], [500.0, 400.0, 20.0]]]);
        let rays = random(&far, 1_000);
        let long = |[a, b]: &&Ray| (a[0] - b[0]).abs() > NEAR_M || (a[1] - b[1]).abs() > NEAR_M;
        assert!(rays.iter().step_by(2).all(|ray| !long(&ray)));
        assert!(rays.iter().skip(1).step_by(2).filter(long).count() > 300);
        assert!(
            rays.iter().flatten().all(|p| p[0] >= -2.0 && p[0] <= 502.0 && p[1] <= 402.0 && p[2] <= 20.0)
        );
    }
}
