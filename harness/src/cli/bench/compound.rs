//! The map that sight is measured on: cameras over a mesh, and which points each asks.

use std::path::Path;
use std::time::{Duration, Instant};

use palisade_sim::analysis::bundle::WIDTH;
use palisade_sim::analysis::raster::Raster;
use palisade_sim::analysis::scene::Scene;
use palisade_sim::analysis::shadow::Sheet;
use serde::Deserialize;

use super::super::rays::ENDS;
use crate::import::glb;

/// Heights of the points above ground, m.
const HEIGHTS_M: [f64; 3] = [0.5, 1.0, 1.7];
/// Side of a cell and of the compound, m.
const CELL_M: f64 = 0.25;
const SIDE_M: f64 = 500.0;
/// Bundles are squares of this many cells.
const TILE: usize = 8;

/// A camera of the list.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Camera {
    x_m: f64,
    y_m: f64,
    z_m: f64,
    /// Counter-clockwise from east.
    yaw_deg: f64,
    hfov_deg: f64,
    range_m: f64,
}

/// Mesh and cameras.
pub(super) struct Compound {
    pub(super) scene: Scene,
    pub(super) cameras: Vec<Camera>,
    pub(super) raster: Raster,
    /// Reading the file and preparing the search.
    pub(super) preparation: Duration,
}

impl Compound {
    pub(super) fn read(mesh: &Path, cameras: &Path) -> Result<Compound, String> {
        let say =
            |what: String| format!("{}: {what}; name the list of cameras with --cameras", cameras.display());
        let text = std::fs::read_to_string(cameras).map_err(|error| say(error.to_string()))?;
        let cameras: Vec<Camera> = serde_json::from_str(&text).map_err(|error| say(error.to_string()))?;
        if cameras.is_empty() {
            return Err(say("it holds no camera".into()));
        }
        let triangles = glb::triangles(mesh)?;
        let started = Instant::now();
        let scene = Scene::new(triangles);
        let side = (SIDE_M / CELL_M) as usize;
        let raster = Raster { origin_m: [0.0; 2], cell_m: CELL_M, columns: side, rows: side };
        Ok(Compound { scene, cameras, raster, preparation: started.elapsed() })
    }

    /// Pairs of a camera and a height.
    pub(super) fn pairs(&self) -> usize {
        self.cameras.len() * HEIGHTS_M.len()
    }

    /// The points that a pair asks.
    pub(super) fn asked(&self, pair: usize) -> Sheet<'_> {
        let (camera, height) = self.pair(pair);
        let mut sheet = Sheet::about(&self.raster, height, [camera.x_m, camera.y_m], camera.range_m);
        let (yaw, half) = (camera.yaw_deg.to_radians(), (camera.hfov_deg / 2.0).to_radians());
        let (right, left) = (yaw - half, yaw + half);
        let (right, left) = ([right.cos(), right.sin()], [left.cos(), left.sin()]);
        let range2 = camera.range_m * camera.range_m;
        let drop2 = (height - camera.z_m) * (height - camera.z_m);
        for row in sheet.rows() {
            let north = self.raster.centre(row * self.raster.columns)[1] - camera.y_m;
            let wide = (range2 - drop2 - north * north).max(0.0).sqrt() + 1e-6;
            sheet.ask_row(row, [camera.x_m - wide, camera.x_m + wide], |[x, _, _]| {
                let east = x - camera.x_m;
                let near = east * east + north * north + drop2 <= range2;
                near && right[0] * north - right[1] * east >= 0.0 && left[0] * north - left[1] * east <= 0.0
            });
        }
        sheet
    }

    /// What a pair sees, by shadows.
    pub(super) fn by_shadows(&self, pair: usize) -> Sheet<'_> {
        let mut sheet = self.asked(pair);
        sheet.look(&self.scene, self.eye(pair), ENDS);
        sheet
    }

    /// The points of a pair in bundles: the squares of a coarser grid.
    fn bundles(&self, pair: usize) -> Vec<Vec<[f64; 3]>> {
        let across = self.raster.columns.div_ceil(TILE);
        let mut tiles: Vec<(usize, usize, [f64; 3])> = Vec::new();
        self.asked(pair).each(|cell, at| {
            let (column, row) = (cell % self.raster.columns, cell / self.raster.columns);
            tiles.push((row / TILE * across + column / TILE, cell, at));
        });
        tiles.sort_by_key(|(tile, cell, _)| (*tile, *cell));
        tiles.chunk_by(|a, b| a.0 == b.0).map(|tile| tile.iter().map(|(_, _, at)| *at).collect()).collect()
    }

    /// How many of a pair's points are seen, every line by itself; and the time for the casting alone.
    pub(super) fn by_rays(&self, pair: usize) -> (usize, Duration) {
        let bundles = self.bundles(pair);
        let (eye, started) = (self.eye(pair), Instant::now());
        let chunks = bundles.iter().flat_map(|bundle| bundle.chunks(WIDTH));
        let seen =
            chunks.map(|points| self.scene.clear_bundle(eye, points, ENDS).count_ones() as usize).sum();
        (seen, started.elapsed())
    }

    /// The same, without anything that lines have in common.
    pub(super) fn by_single_rays(&self, pair: usize) -> (Vec<usize>, Duration) {
        let mut points = Vec::new();
        self.asked(pair).each(|cell, at| points.push((cell, at)));
        let (eye, started) = (self.eye(pair), Instant::now());
        points.retain(|(_, at)| self.scene.clear(eye, *at, ENDS));
        (points.into_iter().map(|(cell, _)| cell).collect(), started.elapsed())
    }

    fn pair(&self, pair: usize) -> (Camera, f64) {
        (self.cameras[pair / HEIGHTS_M.len()], HEIGHTS_M[pair % HEIGHTS_M.len()])
    }

    fn eye(&self, pair: usize) -> [f64; 3] {
        let (camera, _) = self.pair(pair);
        [camera.x_m, camera.y_m, camera.z_m]
    }
}
