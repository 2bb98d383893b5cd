//! Two plans laid on one grid, cell on cell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::coverage::HEIGHTS_M;
use super::super::light::Light;
use super::super::raster::Raster;
use super::super::views::Views;
use super::Side;

/// Why two plans cannot be compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Apart {
    /// Local metres do not mean the same.
    #[error(
        "the origins differ ({before} and {after}), so that the same metres are different places; give both scenarios the same `origin` under [site]"
    )]
    Origin {
        /// Longitude and latitude of the old plan's origin.
        before: String,
        /// And of the new one's.
        after: String,
    },
    /// One plan reaches so far that its cells are larger.
    #[error(
        "the cells of the grid are {before} m and {after} m wide, because one plan reaches much farther; take away what lies far off the compound"
    )]
    Cells {
        /// Side of a cell of the old plan, m.
        before: f64,
        /// And of the new one.
        after: f64,
    },
    /// They share no ground.
    #[error("the two plans have no public ground in common; compare two plans of one compound")]
    Elsewhere,
}

/// The ground that is compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroundChange {
    /// Public ground of both plans, m²: gained and lost ground lies here.
    pub common_m2: f64,
    /// Public ground of the old plan alone, as where something is built now, m².
    pub only_before_m2: f64,
    /// Public ground of the new plan alone, as where something was taken away, m².
    pub only_after_m2: f64,
    /// How it is compared, as a sentence.
    pub how: String,
}

/// One plan on the common grid.
pub(super) struct Laid {
    pub(super) public: Vec<bool>,
    /// Best density, one list a height.
    pub(super) best: [Vec<f32>; HEIGHTS_M.len()],
    /// Public ground that no camera sees at its working density, one list a height.
    pub(super) gap: [Vec<bool>; HEIGHTS_M.len()],
}

/// Both plans on one grid, by day or by night.
pub(super) struct Common {
    pub(super) raster: Raster,
    pub(super) before: Laid,
    pub(super) after: Laid,
}

impl Common {
    pub(super) fn of(before: &Side, after: &Side, light: Light) -> Result<Common, Apart> {
        let origins = [before, after].map(|side| side.scenario.site.origin);
        if origins[0] != origins[1] {
            let [before, after] = origins.map(|o| format!("{} {}", o.lon_deg, o.lat_deg));
            return Err(Apart::Origin { before, after });
        }
        let rasters = [before, after].map(|side| &side.views.ground().raster);
        if rasters.iter().any(|r| r.is_empty()) {
            return Err(Apart::Elsewhere);
        }
        if (rasters[0].cell_m - rasters[1].cell_m).abs() > 0.0 {
            return Err(Apart::Cells { before: rasters[0].cell_m, after: rasters[1].cell_m });
        }
        let raster = joined(rasters[0], rasters[1]);
        let [before, after] = [before, after].map(|side| lay(&raster, side.views, light));
        let common = Common { raster, before, after };
        if common.cells(|public, is_public| public && is_public) == 0 {
            return Err(Apart::Elsewhere);
        }
        Ok(common)
    }

    /// How many cells are of a kind by whether they were public and are.
    fn cells(&self, wanted: impl Fn(bool, bool) -> bool) -> usize {
        self.before.public.iter().zip(&self.after.public).filter(|(was, is)| wanted(**was, **is)).count()
    }

    /// True for a cell that is public ground in both plans.
    pub(super) fn shared(&self, cell: usize) -> bool {
        self.before.public[cell] && self.after.public[cell]
    }

    pub(super) fn area_m2(&self, cells: usize) -> f64 {
        cells as f64 * self.raster.cell_area_m2()
    }

    pub(super) fn change(&self) -> GroundChange {
        let area = |wanted: fn(bool, bool) -> bool| self.area_m2(self.cells(wanted));
        let (only_before_m2, only_after_m2) = (area(|was, is| was && !is), area(|was, is| !was && is));
        let how = if only_before_m2 + only_after_m2 > 0.0 {
            "the public ground differs: gained and lost is told for the ground of both plans, the rest apart as vanished and appeared"
        } else {
            "both plans have the same public ground"
        };
        let common_m2 = area(|was, is| was && is);
        GroundChange { common_m2, only_before_m2, only_after_m2, how: how.into() }
    }
}

/// The grid that holds two grids of the same cells. Their corners are multiples of a cell.
fn joined(a: &Raster, b: &Raster) -> Raster {
    let cell_m = a.cell_m;
    let side = |axis: usize, cells: fn(&Raster) -> usize| {
        let low = a.origin_m[axis].min(b.origin_m[axis]);
        let end = |r: &Raster| r.origin_m[axis] + cells(r) as f64 * cell_m;
        (low, libm::round((end(a).max(end(b)) - low) / cell_m) as usize)
    };
    let ((west, columns), (south, rows)) = (side(0, |r| r.columns), side(1, |r| r.rows));
    Raster { origin_m: [west, south], cell_m, columns, rows }
}

fn lay(raster: &Raster, views: &Views, light: Light) -> Laid {
    let own = &views.ground().raster;
    let off =
        |axis: usize| libm::round((own.origin_m[axis] - raster.origin_m[axis]) / raster.cell_m) as usize;
    let (east, north) = (off(0), off(1));
    let place = |cell: usize| (cell / own.columns + north) * raster.columns + cell % own.columns + east;
    Laid {
        public: spread(&views.ground().public, raster, place),
        best: std::array::from_fn(|level| spread(&views.best_by(level, light), raster, place)),
        gap: std::array::from_fn(|level| spread(&views.gap_by(level, light), raster, place)),
    }
}

fn spread<T: Copy + Default>(values: &[T], raster: &Raster, place: impl Fn(usize) -> usize) -> Vec<T> {
    let mut laid = vec![T::default(); raster.len()];
    values.iter().enumerate().for_each(|(cell, value)| laid[place(cell)] = *value);
    laid
}
