//! Detectors about a fire: which of them its gas reaches, and when they alarm and clear.

use geo::{Contains, Distance, Euclidean, Point};

use super::blaze::{Blaze, STEP_S};
use super::curve::{AREA_M2, BASE_M};
use super::plume::{Gas, STILL, ceiling_jet, open_plume, transport_lag_s, virtual_origin_m};
use crate::contract::{Class, Signal};
use crate::model::Scenario;
use crate::model::site::Site;
use crate::twin::devices::heat::Element;
use crate::twin::devices::smoke::{Chamber, obscuration_pct_per_m, soot_kg_m3};
use crate::words::DeviceIx;

/// Distance beyond which a detector under the same roof is left out, m.
const SAME_ROOM_M: f64 = 15.0;
/// A detector out of doors hangs under the canopy of the sockets that stand no farther off than this, m (assumed).
const CANOPY_M: f64 = 8.0;
/// A wall is as thick as this: what hangs on it is under its roof, m.
const WALL_M: f64 = 1.0;
/// Heat up to which smoke is vapour rather than soot, kW.
const VAPOUR_KW: f64 = 35.0;

/// A detector near a fire.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensor {
    /// Its device.
    pub device: DeviceIx,
    radius_m: f64,
    above_base_m: f64,
    roofed: bool,
    alarmed: bool,
    clear_s: f64,
    part: Part,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Smoke { chamber: Chamber, alarm_pct: f64 },
    Heat { element: Element, alarm_c: f64 },
}

/// The detectors that a fire at a place can reach.
pub fn near(scenario: &Scenario, fire_m: [f64; 2]) -> Vec<Sensor> {
    let kit = &scenario.file.kit;
    let sensor = |device: usize, at_m: [f64; 2], height_m: f64, part: Part| {
        let radius_m = libm::hypot(at_m[0] - fire_m[0], at_m[1] - fire_m[1]);
        let roofed = under_one_roof(&scenario.site, fire_m, at_m, radius_m);
        let device = DeviceIx(device as u32);
        let above_base_m = (height_m - BASE_M).max(0.5);
        let reached = if roofed { radius_m <= SAME_ROOM_M } else { radius_m <= 3.0 };
        reached.then_some(Sensor {
            device,
            radius_m,
            above_base_m,
            roofed,
            alarmed: false,
            clear_s: 0.0,
            part,
        })
    };
    let devices = scenario.devices.iter().enumerate();
    devices
        .filter_map(|(n, device)| match device.class {
            Class::SmokeDetector => {
                let d = &kit.smoke_detector[device.row];
                let part = Part::Smoke { chamber: Chamber::default(), alarm_pct: d.alarm_pct_per_m };
                sensor(n, d.at_m, d.height_m, part)
            }
            Class::HeatDetector => {
                let d = &kit.heat_detector[device.row];
                let element = Element { rti: d.rti, temperature_c: scenario.file.day.temperature_c };
                sensor(n, d.at_m, d.height_m, Part::Heat { element, alarm_c: d.alarm_c })
            }
            _ => None,
        })
        .collect()
}

/// True when a fire and a detector are under one roof: in the same building, or both in the open and near each other,
/// for a detector hangs from something.
fn under_one_roof(site: &Site, fire_m: [f64; 2], at_m: [f64; 2], radius_m: f64) -> bool {
    let in_or_on = |b: &crate::model::site::Building, p: [f64; 2]| {
        let p = Point::new(p[0], p[1]);
        b.outline.contains(&p) || Euclidean.distance(&p, &b.outline) <= WALL_M
    };
    let both = |b: &crate::model::site::Building| in_or_on(b, fire_m) && in_or_on(b, at_m);
    let one = |b: &crate::model::site::Building| in_or_on(b, fire_m) || in_or_on(b, at_m);
    site.buildings.iter().any(both) || (radius_m <= CANOPY_M && !site.buildings.iter().any(one))
}

impl Sensor {
    /// The gas that reaches it now, and how much soot is in it, kg/m³.
    fn gas(&self, blaze: &Blaze) -> (Gas, f64) {
        let now_kw = blaze.total_kw();
        let lag = if self.roofed {
            transport_lag_s(now_kw.max(1.0), self.radius_m, self.above_base_m)
        } else {
            0.0
        };
        let q = blaze.heat_ago_kw(lag);
        if q <= 0.0 {
            return (STILL, 0.0);
        }
        let gas = if self.roofed {
            let height = (self.above_base_m - virtual_origin_m(q, AREA_M2)).max(0.5);
            ceiling_jet(q, self.radius_m, height)
        } else {
            open_plume(q, AREA_M2, self.radius_m, self.above_base_m, blaze.ambient_c)
        };
        let soot_yield = if q < VAPOUR_KW { 0.03 } else { 0.10 };
        (gas, soot_kg_m3(gas.rise_k, soot_yield, blaze.ambient_c))
    }

    /// One second in the gas of a fire: what the detector says at its end. It clears after half a minute well below
    /// its threshold.
    pub fn step(&mut self, blaze: &Blaze) -> Option<Signal> {
        let (gas, soot) = self.gas(blaze);
        let (over, under, alarm, clear) = match &mut self.part {
            Part::Smoke { chamber, alarm_pct } => {
                chamber.fill(obscuration_pct_per_m(soot), gas.speed_m_s, STEP_S);
                let value = libm::round(chamber.pct_per_m * 100.0) as u32;
                let alarm = Signal::SmokeAlarm { obscuration_pct_per_m_x100: value };
                let (over, under) = (chamber.pct_per_m >= *alarm_pct, chamber.pct_per_m < 0.5 * *alarm_pct);
                (over, under, alarm, Signal::SmokeCleared)
            }
            Part::Heat { element, alarm_c } => {
                element.follow(blaze.ambient_c + gas.rise_k, gas.speed_m_s, STEP_S);
                let alarm = Signal::HeatAlarm { temperature_c: libm::round(element.temperature_c) as i32 };
                let (over, under) =
                    (element.temperature_c >= *alarm_c, element.temperature_c < *alarm_c - 10.0);
                (over, under, alarm, Signal::HeatCleared)
            }
        };
        self.clear_s = if under { self.clear_s + STEP_S } else { 0.0 };
        if over && !self.alarmed {
            self.alarmed = true;
            return Some(alarm);
        }
        if self.alarmed && self.clear_s >= 30.0 {
            self.alarmed = false;
            return Some(clear);
        }
        None
    }

    /// True while it has an alarm to take back.
    pub fn alarmed(&self) -> bool {
        self.alarmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::fire::blaze::Fuel;
    use crate::twin::fire::curve::{Battery, Curve};
    use crate::words::Dice;

    const CURVE: Curve = Curve {
        battery: Battery::Lithium,
        venting_s: 30.0,
        venting_kw: 20.0,
        alpha: 0.1,
        peak_kw: 800.0,
        body_s: 120.0,
        decay_s: 80.0,
        pack_kw: 40.0,
        pack_s: 200.0,
    };

    fn sensor(roofed: bool, radius_m: f64, part: Part) -> Sensor {
        Sensor {
            device: DeviceIx(0),
            radius_m,
            above_base_m: 2.2,
            roofed,
            alarmed: false,
            clear_s: 0.0,
            part,
        }
    }

    fn smoke() -> Part {
        Part::Smoke { chamber: Chamber::default(), alarm_pct: 5.0 }
    }

    fn heat() -> Part {
        Part::Heat { element: Element { rti: 60.0, temperature_c: 20.0 }, alarm_c: 57.0 }
    }

    /// Seconds at which a detector alarms and clears.
    fn says(mut sensor: Sensor) -> Vec<(u32, String)> {
        let mut fuel = Fuel::cold("bike".into(), [0.0, 0.0], None, 20.0);
        fuel.ignite(0.0, CURVE);
        let (mut blaze, dice) = (Blaze::new(vec![fuel], 20.0, 1), Dice::new(1));
        let mut said = Vec::new();
        for second in 1..3000 {
            blaze.step(&dice);
            said.extend(sensor.step(&blaze).map(|signal| (second, signal.word())));
        }
        said
    }

    #[test]
    fn under_a_roof_smoke_comes_before_heat_and_both_clear() {
        let (smoke, heat) = (says(sensor(true, 2.5, smoke())), says(sensor(true, 2.5, heat())));
        assert_eq!(smoke.iter().map(|s| s.1.as_str()).collect::<Vec<_>>(), ["smoke_alarm", "smoke_cleared"]);
        assert_eq!(heat.iter().map(|s| s.1.as_str()).collect::<Vec<_>>(), ["heat_alarm", "heat_cleared"]);
        assert!(smoke[0].0 < 30 && heat[0].0 > smoke[0].0 + 20, "{smoke:?} {heat:?}");
        assert!(heat[0].0 < 150 && smoke[1].0 > 300);
    }

    #[test]
    fn farther_along_the_ceiling_it_is_later_and_in_the_open_beside_the_plume_never() {
        assert!(says(sensor(true, 8.0, heat()))[0].0 > says(sensor(true, 2.5, heat()))[0].0);
        assert_eq!(says(sensor(false, 2.5, smoke())), []);
    }
}
