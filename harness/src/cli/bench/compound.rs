//! The map that sight is measured on: cameras over a mesh, and which points each asks.

use std::path::Path;
use std::time::{Duration, Instant};

use palisade_sim::analysis::bundle::WIDTH;
use palisade_sim::analysis::kept::Kept;
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
        self.within(self.pair(pair))
    }

    /// The points that a camera asks at a height.
    fn within(&self, (camera, height): (Camera, f64)) -> Sheet<'_> {
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
        self.seen(self.pair(pair))
    }

    fn seen(&self, (camera, height): (Camera, f64)) -> Sheet<'_> {
        let mut sheet = self.within((camera, height));
        sheet.look(&self.scene, [camera.x_m, camera.y_m, camera.z_m], ENDS);
        sheet
    }

    fn cells(&self, pair: (Camera, f64)) -> Vec<usize> {
        let mut cells = Vec::new();
        self.seen(pair).each(|cell, _| cells.push(cell));
        cells
    }

    /// All cameras at one place of the map, height by height, as a planner has them open.
    pub(super) fn opened(&self) -> Opened<'_> {
        let ground = || Kept::new(self.raster.clone(), vec![true; self.raster.len()]);
        let mut opened = Opened {
            compound: self,
            kept: HEIGHTS_M.iter().map(|_| ground()).collect(),
            cells: (0..self.pairs()).map(|pair| self.cells(self.pair(pair))).collect(),
        };
        for (pair, cells) in opened.cells.iter().enumerate() {
            opened.kept[pair % HEIGHTS_M.len()].gain(cells.iter().copied());
        }
        opened
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

/// A map that a planner has open: he moves cameras on it and sees what changes.
pub(super) struct Opened<'a> {
    compound: &'a Compound,
    /// For each height.
    kept: Vec<Kept>,
    /// What each pair sees.
    cells: Vec<Vec<usize>>,
}

/// What a planner is shown when he has moved a camera.
#[derive(Debug)]
pub(super) struct Shown {
    /// Ground that no camera sees, all heights together, m².
    pub(super) open_m2: f64,
    /// Corners of the gaps within the camera's reach.
    pub(super) corners: usize,
}

impl Opened<'_> {
    /// A camera is moved two metres and turned by 15 degrees: what it sees at every height is worked out, coverage is
    /// counted anew, and the gaps within its reach are drawn.
    pub(super) fn moved(&mut self, camera: usize) -> Shown {
        let was = self.compound.cameras[camera];
        let now = Camera { x_m: was.x_m + 2.0, yaw_deg: was.yaw_deg + 15.0, ..was };
        let mut shown = Shown { open_m2: 0.0, corners: 0 };
        for (level, (height, kept)) in HEIGHTS_M.into_iter().zip(&mut self.kept).enumerate() {
            let after = self.compound.cells((now, height));
            let before = &mut self.cells[camera * HEIGHTS_M.len() + level];
            kept.lose(std::mem::replace(before, after));
            kept.gain(before.iter().copied());
            let gaps = kept.open_about([now.x_m, now.y_m], now.range_m);
            shown.open_m2 += kept.open_m2();
            shown.corners += gaps.iter().flat_map(|gap| &gap.polygon).map(Vec::len).sum::<usize>();
        }
        shown
    }
}
