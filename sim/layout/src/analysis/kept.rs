//! Coverage that is kept while cameras are moved: how many cameras see each cell at one height and in one light.
//!
//! Whoever moves a camera, or tries what moving it would do, asks again and again what is open then. Only the cells that the
//! camera saw and those that it sees are counted anew, and only the gaps within its reach are drawn anew; nothing is asked of
//! the other cameras.

use super::raster::Raster;
use super::trace;

/// How many cameras see each cell of the ground at one height and in one light.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    raster: Raster,
    /// Ground that should be seen.
    public: Vec<bool>,
    cameras: Vec<u16>,
    /// Cells of public ground that no camera sees.
    open: usize,
}

/// Ground that no camera sees, without its causes.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// Its area, m².
    pub area_m2: f64,
    /// Rings, the outer first, then holes; local metres, not closed.
    pub polygon: Vec<Vec<[f64; 2]>>,
}

impl Kept {
    /// Ground that no camera sees yet.
    pub fn new(raster: Raster, public: Vec<bool>) -> Kept {
        let (cameras, open) = (vec![0; raster.len()], public.iter().filter(|public| **public).count());
        Kept { raster, public, cameras, open }
    }

    /// A camera sees these cells.
    pub fn gain(&mut self, cells: impl IntoIterator<Item = usize>) {
        for cell in cells {
            self.open -= usize::from(self.cameras[cell] == 0 && self.public[cell]);
            self.cameras[cell] += 1;
        }
    }

    /// A camera that saw these cells sees them no more.
    pub fn lose(&mut self, cells: impl IntoIterator<Item = usize>) {
        for cell in cells {
            self.cameras[cell] -= 1;
            self.open += usize::from(self.cameras[cell] == 0 && self.public[cell]);
        }
    }

    /// Calls `turned` for each cell of public ground that would be seen and is not, with true, or that is seen and would not be,
    /// with false, if so many more cameras saw each of some cells, or fewer; a cell may be named more than once.
    pub(crate) fn turned(&self, mut steps: Vec<(u32, i16)>, mut turned: impl FnMut(u32, bool)) {
        steps.sort_by_key(|(cell, _)| *cell);
        for of_one in steps.chunk_by(|a, b| a.0 == b.0) {
            let (cell, before) = (of_one[0].0, self.cameras[of_one[0].0 as usize]);
            let after = i32::from(before) + of_one.iter().map(|(_, step)| i32::from(*step)).sum::<i32>();
            if (before > 0) != (after > 0) && self.public[cell as usize] {
                turned(cell, after > 0);
            }
        }
    }

    /// Public ground that no camera sees, m².
    pub fn open_m2(&self) -> f64 {
        self.open as f64 * self.raster.cell_area_m2()
    }

    /// What of the gaps lies in a square about a point, m; a gap that goes on beyond is cut at the square's side.
    pub fn open_about(&self, at_m: [f64; 2], reach_m: f64) -> Vec<Open> {
        let along =
            |axis: usize| self.raster.middles_within(axis, at_m[axis] - reach_m, at_m[axis] + reach_m);
        let (columns, rows) = (along(0), along(1));
        let corner = [columns.start, rows.start];
        let window = Raster {
            origin_m: [0, 1].map(|k| self.raster.origin_m[k] + corner[k] as f64 * self.raster.cell_m),
            cell_m: self.raster.cell_m,
            columns: columns.len(),
            rows: rows.len(),
        };
        let cells = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        let open = |(row, column): (usize, usize)| {
            let cell = row * self.raster.columns + column;
            self.public[cell] && self.cameras[cell] == 0
        };
        let wanted: Vec<bool> = cells.map(open).collect();
        let draw = |region: trace::Region| Open {
            area_m2: region.len() as f64 * window.cell_area_m2(),
            polygon: trace::outlines(&window, &region),
        };
        trace::regions(&window, &wanted).into_iter().map(draw).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::caster::Caster;
    use crate::analysis::light::Light;
    use crate::analysis::sample;
    use crate::analysis::views::{Seen, Views};
    use crate::model::kit::Kit;
    use crate::model::site::WallKind;

    const LEVEL: usize = 1;

    fn works(seen: &Seen) -> Vec<usize> {
        seen.at(LEVEL).iter().filter(|spot| spot.works).map(|spot| spot.cell as usize).collect()
    }

    /// A camera is turned about step by step: what is kept is what the plan works out anew.
    #[test]
    fn what_is_kept_while_a_camera_is_turned_is_what_the_plan_says() {
        let mut site = sample::bare(-20.0, -20.0, 30.0, 20.0);
        site.walls.push(sample::wall("w", WallKind::Wall, &[(-5.0, 5.0), (9.0, 5.0)], 2.5));
        let camera = vec![sample::camera("a", [0.0, -10.0], 0.0), sample::camera("b", [20.0, 10.0], 200.0)];
        let mut yard = sample::scenario(site, Kit { camera, ..Kit::default() });
        let caster = Caster::new(&yard.site);
        let mut views = Views::of(&yard, &caster);
        let mut kept = Kept::new(views.ground().raster.clone(), views.ground().public.clone());
        let mut seen: Vec<Vec<usize>> = views.cameras().map(works).collect();
        seen.iter().for_each(|cells| kept.gain(cells.iter().copied()));
        for bearing_deg in [30.0, 100.0, 101.0, 250.0, 0.0] {
            yard.file.kit.camera[0].bearing_deg = bearing_deg;
            let now = Seen::by(&yard.file.kit.camera[0], views.ground(), &caster);
            kept.lose(std::mem::replace(&mut seen[0], works(&now)));
            kept.gain(seen[0].iter().copied());
            views.renew(0, now);
            let gap = views.gap_by(LEVEL, Light::Day);
            let open_m2 = views.ground().area_m2(gap.iter().filter(|open| **open).count());
            assert_eq!(kept.open_m2(), open_m2, "{bearing_deg}");
            let all = kept.open_about([5.0, 0.0], 100.0);
            assert_eq!(all.iter().map(|open| open.area_m2).sum::<f64>(), open_m2);
            let drawn = |open: &Open| open.polygon.iter().map(|ring| trace::signed_area(ring)).sum::<f64>();
            assert!(all.iter().all(|open| drawn(open) == open.area_m2));
            let near = kept.open_about([0.0, -10.0], 8.0);
            let inside =
                |ring: &Vec<[f64; 2]>| ring.iter().all(|[x, y]| x.abs() <= 8.5 && (y + 10.0).abs() <= 8.5);
            assert!(near.iter().flat_map(|open| &open.polygon).all(inside));
            assert!(near.iter().map(|open| open.area_m2).sum::<f64>() <= open_m2);
        }
    }
}
