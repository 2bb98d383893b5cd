//! Light by night on an upright target: lamps, the sky, a lamp that the eye itself carries.
//!
//! A lamp shines evenly into the half space below it, `I = flux / 2π`, in cd. At a distance `d` and an angle `ε` between the
//! ray and the vertical it gives an upright target, averaged over all the ways that it may face, the cylindrical
//! illuminance `E = I sin ε / (π d²)` (CIE; EN 12464-1:2021, 3.12), less what the air takes (Allard's law). What stops a view
//! stops the light of a lamp; bars and bare crowns are left out.
//!
//! An eye's own light, be it a camera's infrared or a guard's torch, is given by its reach `R`: there it is just enough. At
//! a distance `d` it therefore counts as `E_min (R / d)²` lux.

use std::f64::consts::{PI, TAU};

use super::caster::{Caster, LENS};
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
    /// Beyond this it gives less than the sky does, and is left out, m.
    reach_m: f64,
}

impl Burning {
    pub(crate) fn new(lamp: &Lamp, sky_lux: f64) -> Burning {
        let intensity_cd = lamp.flux_lm / TAU;
        let reach_m = libm::sqrt(intensity_cd / (PI * sky_lux.max(LEAST_LUX)));
        Burning { at: [lamp.at.x, lamp.at.y, lamp.height_m], intensity_cd, reach_m }
    }

    /// What it gives an upright target, lx, when nothing stands between.
    fn lux(&self, at: Vec3, visibility_m: f64) -> f64 {
        let way = sub(at, self.at);
        let distance_m = length(way).max(NEAREST_M);
        if way[2] >= 0.0 || distance_m > self.reach_m {
            return 0.0;
        }
        let sin = libm::hypot(way[0], way[1]) / distance_m;
        self.intensity_cd * sin / (PI * distance_m * distance_m) * transmission(distance_m, visibility_m)
    }
}

/// A sky darker than this does not make lamps reach farther, lx.
const LEAST_LUX: f64 = 0.001;
/// A target is not nearer to a lamp than this, m.
const NEAREST_M: f64 = 0.1;

impl Caster {
    /// Illuminance of an upright target at a point by night, lx: the sky and the lamps that burn and are not hidden.
    pub fn night_lux(&self, at_m: [f64; 3]) -> f64 {
        let conditions = self.conditions();
        self.lamps().iter().fold(conditions.sky_lux, |sum, lamp| {
            let lux = lamp.lux(at_m, conditions.visibility_m);
            if lux > 0.0 && self.scene().clear(lamp.at, at_m, LENS) { sum + lux } else { sum }
        })
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
    lux: Vec<f64>,
}

impl NightMap {
    /// Works it out for the cells of `open`. The same figures as [`Caster::night_lux`] gives point by point.
    pub fn new(caster: &Caster, raster: &Raster, open: &[bool], height_m: f64) -> NightMap {
        let mut map = NightMap { lux: vec![caster.conditions().sky_lux; raster.len()] };
        caster.lamps().iter().for_each(|lamp| map.add(lamp, caster, (raster, open), height_m));
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
        map.add(&Burning::new(lamp, caster.conditions().sky_lux), caster, ground, height_m);
        map
    }

    fn add(&mut self, lamp: &Burning, caster: &Caster, (raster, open): (&Raster, &[bool]), height_m: f64) {
        let given = |at: Vec3| lamp.lux(at, caster.conditions().visibility_m);
        let mut sheet = Sheet::about(raster, height_m, [lamp.at[0], lamp.at[1]], lamp.reach_m);
        sheet.ask(|cell, at| open[cell] && given(at) > 0.0);
        sheet.look(caster.scene(), lamp.at, LENS);
        sheet.each(|cell, at| self.lux[cell] += given(at));
    }

    /// On a cell, lx.
    pub fn lux(&self, cell: usize) -> f64 {
        self.lux[cell]
    }
}

#[cfg(test)]
mod tests {
    use geo::{Coord, Rect};

    use super::*;
    use crate::analysis::conditions::Conditions;
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
        assert!((caster.night_lux([3.0, 0.0, 1.5]) - hand).abs() < 1e-12);
        assert_eq!(caster.night_lux([3.0, 0.0, 6.0]), 0.0, "nothing above the lamp");
        // Twice as far in every direction, a quarter of the light.
        let near = caster.night_lux([3.0, 0.0, 1.5]);
        assert!((caster.night_lux([6.0, 0.0, -2.5]) * 4.0 - near).abs() < 1e-12);
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
