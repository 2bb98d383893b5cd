//! Light by night on an upright target: lamps, the sky, a lamp that the eye itself carries.
//!
//! A lamp shines evenly into the half space below it, `I = flux / 2π`, in cd. At a distance `d` and an angle `ε` between the
//! ray and the vertical it gives an upright target, averaged over all the ways that it may face, the cylindrical
//! illuminance `E = I sin ε / (π d²)` (CIE; EN 12464-1:2021, 3.12), less what the air takes (Allard's law). What stops a view
//! stops the light of a lamp; bars and bare crowns are left out.
//!
//! A lamp is left out where it is so far that all lamps of the site together, each at that distance of its own, would not
//! give [`NightFigures::left_out_lux`](super::figures::NightFigures): no sum is short by more than that. Light is added in
//! whole billionths of a lux, so that a sum does not depend on the order and a lamp is taken out of it exactly.
//!
//! An eye's own light, be it a camera's infrared or a guard's torch, is given by its reach `R`: there it is just enough. At
//! a distance `d` it therefore counts as `E_min (R / d)²` lux.

use std::f64::consts::{PI, TAU};

use super::caster::{Caster, LENS};
use super::conditions::Van;
use super::mesh;
use super::raster::Raster;
use super::shadow::Sheet;
use super::vector::{Vec3, length, sub};
use super::veil::transmission;
use crate::model::site::Lamp;

/// Whether the sun shines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Light {
    /// By day there is always enough.
    #[default]
    Day,
    /// By night what the lamps, the sky and one's own light give.
    Night,
}

/// A lamp that burns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Burning {
    at: Vec3,
    intensity_cd: f64,
    /// Beyond this it is left out, m.
    reach_m: f64,
}

impl Burning {
    /// A lamp that is left out where it gives no more than `dimmest_lux` through air of a visibility.
    pub(crate) fn new(lamp: &Lamp, dimmest_lux: f64, visibility_m: f64) -> Burning {
        let intensity_cd = lamp.flux_lm / TAU;
        let reach_m = reach_m(intensity_cd, dimmest_lux, visibility_m);
        Burning { at: [lamp.at.x, lamp.at.y, lamp.height_m], intensity_cd, reach_m }
    }

    /// What it gives an upright target, in billionths of a lux, when nothing stands between.
    fn given(&self, at: Vec3, visibility_m: f64) -> u64 {
        let way = sub(at, self.at);
        let distance_m = length(way).max(NEAREST_M);
        if way[2] >= 0.0 || distance_m > self.reach_m {
            return 0;
        }
        let sin = libm::hypot(way[0], way[1]) / distance_m;
        billionths(most_lux(self.intensity_cd, distance_m, visibility_m) * sin)
    }
}

/// What a lamp gives at most to an upright target at a distance, lx.
fn most_lux(intensity_cd: f64, distance_m: f64, visibility_m: f64) -> f64 {
    intensity_cd / (PI * distance_m * distance_m) * transmission(distance_m, visibility_m)
}

/// The distance at which a lamp gives at most so many lux, m, from above to a millimetre; air brings it nearer.
fn reach_m(intensity_cd: f64, lux: f64, visibility_m: f64) -> f64 {
    let (mut near, mut far) = (0.0, libm::sqrt(intensity_cd / (PI * lux)));
    while visibility_m.is_finite() && far - near > 1e-3 {
        let middle = (near + far) / 2.0;
        if most_lux(intensity_cd, middle, visibility_m) > lux {
            near = middle;
        } else {
            far = middle;
        }
    }
    far
}

/// Lux as whole billionths.
fn billionths(lux: f64) -> u64 {
    libm::round(lux * 1e9) as u64
}

fn in_lux(billionths: u64) -> f64 {
    billionths as f64 / 1e9
}

/// A target is not nearer to a lamp than this, m.
const NEAREST_M: f64 = 0.1;

impl Caster {
    /// Illuminance of an upright target at a point by night, lx: the sky and the lamps that burn and are not hidden.
    pub fn night_lux(&self, at_m: [f64; 3]) -> f64 {
        let conditions = self.conditions();
        in_lux(self.lamps().iter().fold(billionths(conditions.sky_lux), |sum, lamp| {
            let given = lamp.given(at_m, conditions.visibility_m);
            if given > 0 && self.scene().clear(lamp.at, at_m, LENS) { sum + given } else { sum }
        }))
    }

    /// What an eye's own light gives at a distance, as lux that an eye which needs `min_lux` sees by.
    pub(crate) fn own_lux(&self, min_lux: f64, reach_m: f64, distance_m: f64) -> f64 {
        let ratio = reach_m / distance_m.max(NEAREST_M);
        min_lux * ratio * ratio * transmission(distance_m, self.conditions().visibility_m)
    }
}

/// Illuminance by night of upright targets at one height, cell by cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NightMap {
    billionths: Vec<u64>,
}

impl NightMap {
    /// Works it out for the cells of `open`. The same figures as [`Caster::night_lux`] gives point by point.
    pub fn new(caster: &Caster, raster: &Raster, open: &[bool], height_m: f64) -> NightMap {
        let sky = billionths(caster.conditions().sky_lux);
        let mut map = NightMap { billionths: vec![sky; raster.len()] };
        for lamp in caster.lamps() {
            each_lit(lamp, caster, (raster, open), height_m, |cell, given| map.billionths[cell] += given);
        }
        map
    }

    /// The same with one more lamp.
    pub(crate) fn with(
        &self,
        lamp: &Lamp,
        caster: &Caster,
        ground: (&Raster, &[bool]),
        height_m: f64,
    ) -> NightMap {
        let mut map = self.clone();
        let lamp = caster.burning(lamp);
        each_lit(&lamp, caster, ground, height_m, |cell, given| map.billionths[cell] += given);
        map
    }

    /// Takes one of its lamps out of it.
    pub(crate) fn lose(&mut self, lamp: &Lamp, caster: &Caster, ground: (&Raster, &[bool]), height_m: f64) {
        let lamp = caster.burning(lamp);
        each_lit(&lamp, caster, ground, height_m, |cell, given| self.billionths[cell] -= given);
    }

    /// Takes out of it what parked vans hide of the lamps. `free` is the caster that it was made with, without them.
    pub(crate) fn shade(
        &mut self,
        free: &Caster,
        vans: &[Van],
        (raster, open): (&Raster, &[bool]),
        height_m: f64,
    ) {
        let (hiding, visibility_m) = (mesh::scene_of(vans), free.conditions().visibility_m);
        let is_open = |[x, y, _]: Vec3| raster.cell_at([x, y]).is_some_and(|cell| open[cell]);
        for lamp in free.lamps() {
            let mut hidden = Sheet::new(raster, height_m, 0..raster.columns, 0..raster.rows);
            for [low, high] in vans.iter().filter_map(|van| shadow_box(van, lamp.at, height_m)) {
                for row in raster.middles_within(1, low[1], high[1]) {
                    hidden.ask_row(row, [low[0], high[0]], is_open);
                }
            }
            let mut still_lit = hidden.clone();
            still_lit.look(&hiding, lamp.at, LENS);
            hidden.leave_out(&still_lit);
            hidden.look(free.scene(), lamp.at, LENS);
            hidden.each(|cell, at| self.billionths[cell] -= lamp.given(at, visibility_m));
        }
    }

    /// On a cell, lx.
    pub fn lux(&self, cell: usize) -> f64 {
        in_lux(self.billionths[cell])
    }
}

/// A rectangle in plan, lower and upper corner, m, outside of which a van throws no shadow of a lamp on points at a height;
/// nothing where it is too low to throw any.
fn shadow_box(van: &Van, lamp: Vec3, height_m: f64) -> Option<[[f64; 2]; 2]> {
    let (top_m, radius_m) = (van.size_m[2], van.radius_m() + 0.1);
    if height_m > top_m {
        return None;
    }
    if lamp[2] <= top_m {
        return Some([[f64::NEG_INFINITY; 2], [f64::INFINITY; 2]]);
    }
    // From the lamp's foot, its upper edge appears so many times as far and as large on the points' level.
    let times = (lamp[2] - height_m) / (lamp[2] - top_m);
    let thrown = [0, 1].map(|k| lamp[k] + times * (van.at_m[k] - lamp[k]));
    let edge = |side: f64| {
        [0, 1].map(|k| {
            let (stands, falls) = (van.at_m[k] + side * radius_m, thrown[k] + side * times * radius_m);
            if side < 0.0 { stands.min(falls) } else { stands.max(falls) }
        })
    };
    Some([edge(-1.0), edge(1.0)])
}

/// Calls `lit` for each open cell that a lamp lights at a height, with what it gives there in billionths of a lux.
fn each_lit(
    lamp: &Burning,
    caster: &Caster,
    (raster, open): (&Raster, &[bool]),
    height_m: f64,
    mut lit: impl FnMut(usize, u64),
) {
    let given = |at: Vec3| lamp.given(at, caster.conditions().visibility_m);
    let mut sheet = Sheet::about(raster, height_m, [lamp.at[0], lamp.at[1]], lamp.reach_m);
    sheet.ask(|cell, at| open[cell] && at[2] < lamp.at[2]);
    sheet.look(caster.scene(), lamp.at, LENS);
    sheet.each(|cell, at| lit(cell, given(at)));
}

#[cfg(test)]
mod tests {
    use geo::{Coord, Rect};

    use super::*;
    use crate::analysis::conditions::Conditions;
    use crate::analysis::figures::figures;
    use crate::analysis::raster::{extent, outdoors};
    use crate::analysis::sample;
    use crate::model::Site;

    fn lit(change: impl FnOnce(&mut Site, &mut Conditions)) -> (Site, Caster) {
        let mut site = sample::bare(-30.0, -30.0, 30.0, 30.0);
        site.lamps.push(Lamp {
            id: "l".into(),
            at: Coord { x: 0.0, y: 0.0 },
            height_m: 5.5,
            flux_lm: 4_000.0,
        });
        let mut conditions = Conditions::default();
        change(&mut site, &mut conditions);
        let caster = Caster::under(&site, conditions);
        (site, caster)
    }

    #[test]
    fn a_lamp_lights_an_upright_target_by_the_inverse_square() {
        let (_, caster) = lit(|_, c| c.sky_lux = 0.0);
        // 4 m below the lamp and 3 m aside: d = 5 m, sin = 0.6; 4000 / 2π · 0.6 / (π · 25).
        let hand = 4_000.0 / TAU * 0.6 / (PI * 25.0);
        assert!((hand - 4.863_417).abs() < 1e-6);
        assert!((caster.night_lux([3.0, 0.0, 1.5]) - hand).abs() < 1e-9);
        assert_eq!(caster.night_lux([3.0, 0.0, 6.0]), 0.0, "nothing above the lamp");
        // Twice as far in every direction, a quarter of the light.
        let near = caster.night_lux([3.0, 0.0, 1.5]);
        assert!((caster.night_lux([6.0, 0.0, -2.5]) * 4.0 - near).abs() < 4e-9);
    }

    #[test]
    fn the_cylindrical_figure_is_the_mean_over_all_facings() {
        let (_, caster) = lit(|_, c| c.sky_lux = 0.0);
        let at = [3.0, 0.0, 1.5];
        let steps = 36_000;
        // A vertical plane that faces `turn` from the lamp gets I cos / d² with cos = sin ε cos(turn), or nothing.
        let facing = |i: i32| libm::cos(TAU * f64::from(i) / f64::from(steps)).max(0.0);
        let mean = (0..steps).map(|i| 4_000.0 / TAU * 0.6 * facing(i) / 25.0).sum::<f64>() / f64::from(steps);
        assert!((mean - caster.night_lux(at)).abs() < 1e-6, "{mean}");
    }

    #[test]
    fn what_hides_the_lamp_takes_its_light_and_the_sky_stays() {
        let at = [8.0, 0.0, 1.5];
        let sky = Conditions::default().sky_lux;
        let (_, open) = lit(|_, _| ());
        let (_, walled) = lit(|site, _| {
            site.buildings.push(sample::building("b", Rect::new((2.0, -4.0), (6.0, 4.0)).to_polygon(), 9.0));
        });
        let (_, out) = lit(|_, c| c.lamps_out.extend([0]));
        let (_, fog) = lit(|_, c| c.visibility_m = 50.0);
        assert!(open.night_lux(at) > 0.5);
        assert_eq!([walled.night_lux(at), out.night_lux(at)], [sky, sky]);
        assert!(fog.night_lux(at) < open.night_lux(at) && fog.night_lux(at) > sky);
    }

    /// Whatever is left out: no sum is short by more than is said, and in haze something is left out.
    #[test]
    fn the_lamps_that_are_left_out_give_together_less_than_is_said() {
        let mut site = sample::bare(-600.0, -600.0, 600.0, 600.0);
        for i in 0..400 {
            let at = Coord { x: f64::from(i % 20) * 60.0 - 570.0, y: f64::from(i / 20) * 60.0 - 570.0 };
            let flux_lm = 500.0 * f64::from(1 + i % 9);
            site.lamps.push(Lamp { id: format!("l{i}").as_str().into(), at, height_m: 5.0, flux_lm });
        }
        for (visibility_m, some) in [(f64::INFINITY, false), (400.0, true), (50.0, true)] {
            let caster = Caster::under(&site, Conditions { visibility_m, ..Conditions::default() });
            let mut worst: f64 = 0.0;
            for i in 0..200 {
                let at = [f64::from(i % 20) * 57.3 - 570.0, f64::from(i / 20) * 113.7 - 570.0, 1.5];
                let all = site.lamps.iter().map(|lamp| {
                    let way = [at[0] - lamp.at.x, at[1] - lamp.at.y, at[2] - lamp.height_m];
                    let far = length(way);
                    let sin = libm::hypot(way[0], way[1]) / far;
                    lamp.flux_lm / TAU * sin / (PI * far * far) * transmission(far, visibility_m)
                });
                let short = caster.conditions().sky_lux + all.sum::<f64>() - caster.night_lux(at);
                // Rounding of 400 lamps comes on top.
                assert!((-1e-6..=figures().night.left_out_lux + 1e-6).contains(&short), "{short} at {at:?}");
                worst = worst.max(short);
            }
            assert_eq!(worst > 1e-6, some, "{worst} lx are left out in {visibility_m} m");
        }
    }

    #[test]
    fn the_map_agrees_with_single_points() {
        let mut site = sample::large(3);
        for i in 0..12 {
            let at = Coord { x: -130.0 + 23.0 * f64::from(i), y: 20.0 * f64::from(i % 5) - 45.0 };
            site.lamps.push(Lamp {
                id: format!("l{i}").as_str().into(),
                at,
                height_m: 4.0,
                flux_lm: 4_000.0,
            });
        }
        let raster = Raster::covering(extent(&site, &[]).expect("a site"), 0.0);
        let (open, caster) = (outdoors(&site, &raster), Caster::new(&site));
        let map = NightMap::new(&caster, &raster, &open, 1.5);
        for cell in (0..raster.len()).step_by(97).filter(|&cell| open[cell]) {
            let [x, y] = raster.centre(cell);
            assert_eq!(map.lux(cell), caster.night_lux([x, y, 1.5]), "{x} {y}");
        }
    }

    #[test]
    fn ones_own_light_is_just_enough_at_its_reach() {
        let (_, caster) = lit(|_, _| ());
        for (distance, expected) in [(30.0, 0.5), (15.0, 2.0), (60.0, 0.125)] {
            assert!((caster.own_lux(0.5, 30.0, distance) - expected).abs() < 1e-12);
        }
        assert_eq!(caster.own_lux(0.5, 0.0, 10.0), 0.0);
    }
}
