//! What it costs to make one layout out of another: every difference in kit, crowns, lamps and
//! new walls of the perimeter, priced.
//!
//! A bill is worked out from the two layouts alone, so that whoever applies a fix and compares gets the price that was
//! promised. A camera hangs on what stands within [`HOLD_M`] of it, else it gets a pole; its cable runs to the nearest
//! device that is there already, in a straight line.

pub(super) mod moved;

use std::collections::BTreeMap;

use geo::{Distance, Euclidean, Point};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::prices::Prices;
use crate::contract::Class;
use crate::model::kit::Camera;
use crate::model::site::Tree;
use crate::model::{Scenario, Site};

/// A camera hangs on a facade, a wall or a lamp that is at most so far from it, m.
pub const HOLD_M: f64 = 1.0;
/// Changes smaller than this are none, m and degrees.
const SAME: f64 = 1e-9;

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// The device or tree.
    pub id: String,
    /// What is done or bought.
    pub what: String,
    /// Its price, whole yuan.
    pub yuan: f64,
}

/// Sum of a bill, yuan.
pub fn total(items: &[Item]) -> f64 {
    items.iter().map(|item| item.yuan).sum()
}

/// What it costs to make `new` out of `old`, line by line: cameras, other devices, trees.
pub fn bill(old: &Scenario, new: &Scenario, prices: &Prices) -> Vec<Item> {
    let mut items = Vec::new();
    cameras(old, new, prices, &mut items);
    devices(old, new, prices, &mut items);
    moved::moved(old, new, prices, &mut items);
    let before: BTreeMap<&str, &Tree> = old.site.trees.iter().map(|t| (t.id.as_str(), t)).collect();
    let pruned = new.site.trees.iter().filter(|t| before.get(t.id.as_str()).is_some_and(|old| *old != *t));
    items.extend(pruned.map(|t| item(t.id.as_str(), "prune the crown", prices.work.trim)));
    lamps(old, new, prices, &mut items);
    walls(old, new, prices, &mut items);
    items
}

fn walls(old: &Scenario, new: &Scenario, prices: &Prices, items: &mut Vec<Item>) {
    let added = new.site.walls.iter().filter(|w| old.site.wall_by_id(w.id.as_str()).is_none());
    items.extend(added.filter_map(|wall| {
        let (long_m, yuan) = (geo::Length::length(&geo::Euclidean, &wall.line), prices.wall_yuan(wall)?);
        let what = format!("{long_m:.1} m of {}, {:.1} m high", wall.made_of.word(), wall.height_m);
        Some(item(wall.id.as_str(), what, yuan))
    }));
}

fn lamps(old: &Scenario, new: &Scenario, prices: &Prices, items: &mut Vec<Item>) {
    let (before, after) = (&old.site.lamps, &new.site.lamps);
    for lamp in after.iter().filter(|lamp| before.iter().all(|other| other.id != lamp.id)) {
        let (id, at_m) = (lamp.id.as_str(), [lamp.at.x, lamp.at.y]);
        items.push(item(id, format!("lamp of {} lm", lamp.flux_lm), prices.material.luminaire));
        held(id, at_m, old, prices, items);
    }
    let gone = before.iter().filter(|lamp| after.iter().all(|other| other.id != lamp.id));
    items.extend(gone.map(|lamp| item(lamp.id.as_str(), "take it down", prices.work.take_down)));
}

/// What holds a new thing, its cable, and the work. It hangs on what stood there before it.
fn held(id: &str, at_m: [f64; 2], old: &Scenario, prices: &Prices, items: &mut Vec<Item>) {
    if holds(&old.site, at_m) {
        items.push(item(id, "bracket", prices.material.bracket));
    } else {
        items.push(item(id, "pole with foundation", prices.material.pole));
    }
    let metres = to_a_device(old, at_m);
    items.push(item(id, format!("{metres:.1} m of cable"), metres * prices.material.cable_per_m));
    items.push(item(id, "fix and connect it", prices.work.mount));
}

fn item(id: &str, what: impl Into<String>, yuan: f64) -> Item {
    Item { id: id.to_owned(), what: what.into(), yuan: libm::round(yuan) }
}

fn cameras(old: &Scenario, new: &Scenario, prices: &Prices, items: &mut Vec<Item>) {
    let (before, after) = (&old.file.kit.camera, &new.file.kit.camera);
    for camera in after {
        let earlier = before.iter().find(|c| c.id == camera.id);
        items.extend(of_camera(old, earlier, camera, prices));
    }
    let gone = before.iter().filter(|c| !after.iter().any(|camera| camera.id == c.id));
    items.extend(gone.map(|c| item(c.id.as_str(), "take it down", prices.work.take_down)));
}

/// What it costs to make a camera of an old layout another, or to add it.
pub(crate) fn of_camera(
    old: &Scenario,
    earlier: Option<&Camera>,
    camera: &Camera,
    prices: &Prices,
) -> Vec<Item> {
    let mut items = Vec::new();
    match earlier {
        None => bought(old, camera, prices, &mut items),
        Some(earlier) if earlier != camera => changed(earlier, camera, prices, &mut items),
        Some(_) => {}
    }
    items
}

fn bought(old: &Scenario, camera: &Camera, prices: &Prices, items: &mut Vec<Item>) {
    let id = camera.id.as_str();
    items.push(item(id, called(camera), prices.camera_yuan(camera)));
    held(id, camera.at_m, old, prices, items);
    items.push(item(id, "set its angles", prices.work.visit));
}

fn changed(old: &Camera, new: &Camera, prices: &Prices, items: &mut Vec<Item>) {
    let id = new.id.as_str();
    let differs = |a: f64, b: f64| (a - b).abs() > SAME;
    let drawn = |c: &Camera| (c.model.clone(), c.pixels, c.lens());
    if drawn(old) != drawn(new) || differs(old.hfov_deg, new.hfov_deg) {
        items.push(item(id, called(new), prices.camera_yuan(new)));
        items.push(item(id, "change it on its bracket", prices.work.swap));
    }
    let moved = libm::hypot(new.at_m[0] - old.at_m[0], new.at_m[1] - old.at_m[1]);
    if moved > SAME {
        items.push(item(id, "bracket", prices.material.bracket));
        items.push(item(id, format!("{moved:.1} m of cable"), moved * prices.material.cable_per_m));
    }
    let raised = (new.height_m - old.height_m).abs();
    if raised > SAME {
        items.push(item(id, format!("{raised:.1} m of bracket"), raised * prices.material.extension_per_m));
    }
    if moved > SAME || raised > SAME {
        items.push(item(id, "fix and connect it", prices.work.mount));
    }
    items.push(item(id, "set its angles", prices.work.visit));
}

/// The camera as one orders it.
fn called(camera: &Camera) -> String {
    let [width, height] = camera.pixels;
    match &camera.model {
        Some(model) => format!("camera {model}"),
        None => format!("camera of {width} x {height} px with a lens of {:.1}°", camera.hfov_deg),
    }
}

/// All other devices that come or go: one price a piece.
fn devices(old: &Scenario, new: &Scenario, prices: &Prices, items: &mut Vec<Item>) {
    let named = |scenario: &Scenario| -> BTreeMap<(Class, String), f64> {
        let others = scenario.devices.iter().filter(|d| d.class != Class::Camera);
        others.map(|d| ((d.class, d.id.to_string()), prices.device_yuan(d, scenario))).collect()
    };
    let (before, after) = (named(old), named(new));
    for ((class, id), yuan) in after.iter().filter(|(name, _)| !before.contains_key(name)) {
        items.push(item(id, format!("{} in place", class.word()), *yuan));
    }
    for (class, id) in before.keys().filter(|name| !after.contains_key(name)) {
        items.push(item(id, format!("take the {} down", class.word()), prices.work.take_down));
    }
}

/// True when a facade, a wall or a lamp that can hold a camera stands beside a point.
pub(crate) fn holds(site: &Site, at_m: [f64; 2]) -> bool {
    let at = Point::new(at_m[0], at_m[1]);
    let lamp = |lamp: &crate::model::site::Lamp| Euclidean.distance(at, Point::from(lamp.at)) <= HOLD_M;
    let facade = |b: &crate::model::site::Building| Euclidean.distance(&at, b.outline.exterior()) <= HOLD_M;
    let wall = |w: &crate::model::site::Wall| Euclidean.distance(&at, &w.line) <= HOLD_M;
    site.lamps.iter().any(lamp) || site.buildings.iter().any(facade) || site.walls.iter().any(wall)
}

/// Distance to the nearest device of a layout; 0 where there is none, m.
fn to_a_device(layout: &Scenario, at_m: [f64; 2]) -> f64 {
    let far = |d: &crate::model::Device| libm::hypot(d.at_m[0] - at_m[0], d.at_m[1] - at_m[1]);
    let wired =
        layout.devices.iter().filter(|d| d.class != Class::GuardRadio && d.class != Class::Checkpoint);
    wired.map(far).min_by(f64::total_cmp).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::sample;
    use crate::model::kit::{Beam, Kit};

    fn layout(others: Kit) -> Scenario {
        let mut site = sample::bare(-30.0, -30.0, 30.0, 30.0);
        site.trees.push(sample::tree("t", 10.0, 0.0));
        let wall = sample::wall("w", crate::model::site::WallKind::Wall, &[(-30.0, 20.0), (30.0, 20.0)], 2.5);
        site.walls.push(wall);
        let camera = vec![sample::camera("a", [0.0, 0.0], 0.0), sample::camera("b", [5.0, 20.0], 180.0)];
        with_devices(sample::scenario(site, Kit { camera, ..others }))
    }

    /// A zone, a facade camera and a smoke detector.
    fn others() -> Kit {
        let kit = serde_json::json!({
            "beam": [{ "id": "zone", "wall": "w", "from_m": [-29.0, 20.0], "to_m": [29.0, 20.0], "rays_m": [2.6] }],
            "facade_camera": [{
                "id": "up", "at_m": [0.0, 0.0], "height_m": 1.5, "building": "b", "bearing_deg": 0.0,
                "elevation_deg": 40.0, "hfov_deg": 90.0,
            }],
            "smoke_detector": [{ "id": "smoke", "at_m": [2.0, 2.0], "height_m": 2.6 }],
        });
        serde_json::from_value(kit).expect("a kit")
    }

    fn with_devices(mut scenario: Scenario) -> Scenario {
        scenario.devices = crate::model::devices(&scenario.file, &scenario.site);
        scenario
    }

    fn check(change: impl FnOnce(&mut Scenario), expected: &[(&str, f64)]) {
        let (old, prices) = (layout(others()), Prices::shipped().expect("the shipped prices"));
        let mut new = old.clone();
        change(&mut new);
        let found = bill(&old, &with_devices(new), &prices);
        let found: Vec<(&str, f64)> = found.iter().map(|item| (item.what.as_str(), item.yuan)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_change_has_its_price() {
        let angles = ("set its angles", 200.0);
        check(|_| {}, &[]);
        check(|s| s.file.kit.camera[0].tilt_deg = 20.0, &[angles]);
        check(
            |s| s.file.kit.camera[0].hfov_deg = 48.2,
            &[
                ("camera of 2560 x 1440 px with a lens of 48.2°", 330.0),
                ("change it on its bracket", 120.0),
                angles,
            ],
        );
        check(
            |s| (s.file.kit.camera[0].hfov_deg, s.file.kit.camera[0].pixels) = (48.2, [3840, 2160]),
            &[
                ("camera of 3840 x 2160 px with a lens of 48.2°", 610.0),
                ("change it on its bracket", 120.0),
                angles,
            ],
        );
        check(
            |s| s.file.kit.camera[0].model = Some("ptz-4mp".into()),
            &[("camera ptz-4mp", 2800.0), ("change it on its bracket", 120.0), angles],
        );
        check(
            |s| s.file.kit.camera[1].at_m[0] += 3.0,
            &[("bracket", 90.0), ("3.0 m of cable", 66.0), ("fix and connect it", 260.0), angles],
        );
        check(
            |s| s.file.kit.camera[0].height_m += 2.0,
            &[("2.0 m of bracket", 320.0), ("fix and connect it", 260.0), angles],
        );
        check(|s| s.site.trees[0].crown_base_m += 1.0, &[("prune the crown", 380.0)]);
        check(|s| drop(s.file.kit.camera.pop()), &[("take it down", 150.0)]);
        let new = |made_of, high_m| {
            move |s: &mut Scenario| {
                s.site.walls.push(sample::wall("n", made_of, &[(0.0, -20.0), (8.0, -20.0)], high_m));
            }
        };
        use crate::model::site::WallKind;
        check(new(WallKind::Fence, 2.2), &[("8.0 m of fence, 2.2 m high", 3120.0)]);
        check(new(WallKind::Wall, 1.1), &[("8.0 m of wall, 1.1 m high", 3120.0)]);
        check(new(WallKind::Retaining, 2.2), &[]);
    }

    /// 3 m along the wall at 22 yuan a metre of cable; an end is fixed for 260 yuan, a visit is 200.
    #[test]
    fn what_is_moved_or_set_otherwise_is_fixed_anew_and_visited() {
        let (cable, visit) = (("3.0 m of cable", 66.0), ("align and set it", 200.0));
        check(|s| s.file.kit.beam[0].interruption = crate::model::scenario::Duration::seconds(0.1), &[visit]);
        check(
            |s| s.file.kit.beam[0].to_m[0] -= 3.0,
            &[cable, ("fix and connect its receiver", 260.0), visit],
        );
        let pair = Prices::shipped()
            .expect("the shipped prices")
            .pair_yuan(&Beam { rated_range_m: 20.0, ..others().beam[0].clone() });
        check(
            |s| s.file.kit.beam[0].rated_range_m = 20.0,
            &[("another pair of beams", pair), ("change both on their brackets", 240.0), visit],
        );
        let (fixed, angles) = (("fix and connect it", 260.0), ("set its angles", 200.0));
        check(|s| s.file.kit.facade_camera[0].elevation_deg += 5.0, &[angles]);
        check(|s| s.file.kit.facade_camera[0].at_m[1] += 3.0, &[cable, fixed, angles]);
        check(|s| s.file.kit.smoke_detector[0].at_m[1] += 3.0, &[cable, fixed]);
        check(|s| drop(s.file.kit.beam.pop()), &[("take the beam down", 150.0)]);
    }

    #[test]
    fn a_new_camera_hangs_on_what_is_there_or_gets_a_pole() {
        for (at_m, held, metres) in [
            ([-3.0, 19.5], ("bracket", 90.0), 8.0156),
            ([0.0, -10.0], ("pole with foundation", 1900.0), 10.0),
        ] {
            let (old, prices) = (layout(Kit::default()), Prices::shipped().expect("the shipped prices"));
            let mut new = old.clone();
            new.file.kit.camera.push(sample::camera("c", at_m, 0.0));
            let found = bill(&old, &with_devices(new), &prices);
            assert_eq!((found[1].what.as_str(), found[1].yuan), held);
            assert!(
                (total(&found) - (330.0 + held.1 + libm::round(metres * 22.0) + 260.0 + 200.0)).abs() < 0.01,
                "{found:?}"
            );
        }
    }
}
