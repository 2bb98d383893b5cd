//! Devices that stay and are moved or set otherwise; cameras have their own lines.

use super::{Item, SAME, item};
use crate::contract::Class;
use crate::model::kit::Beam;
use crate::model::{Device, Scenario};

use super::super::prices::Prices;

/// Classes on a cable that are taken along to another place with it. Posts, barriers, duty rooms, chargers and fire stations
/// are built where they stand: to move one has no price here.
const MOVES: [Class; 4] = [Class::Intercom, Class::FacadeCamera, Class::SmokeDetector, Class::HeatDetector];

/// True when the bill knows what it costs to move a device of this class.
pub(in super::super) fn is_priced(class: Class) -> bool {
    MOVES.contains(&class)
        || matches!(class, Class::Camera | Class::Beam | Class::Checkpoint | Class::GuardRadio)
}

/// How far a device that both layouts have is moved, m.
pub(in super::super) fn moved_m(before: &Device, after: &Device) -> f64 {
    let [x, y, z] = std::array::from_fn(|k| after.at_m[k] - before.at_m[k]);
    libm::sqrt(x * x + y * y + z * z)
}

pub(super) fn moved(old: &Scenario, new: &Scenario, prices: &Prices, items: &mut Vec<Item>) {
    for device in new.devices.iter().filter(|d| MOVES.contains(&d.class)) {
        let Some(before) = old.device_by_id(device.id.as_str()).map(|ix| old.device(ix)) else { continue };
        let metres = moved_m(before, device);
        if metres > SAME {
            again(device.id.as_str(), metres, "fix and connect it", prices, items);
        }
        let angles = device.class == Class::FacadeCamera
            && old.file.kit.facade_camera.get(before.row) != new.file.kit.facade_camera.get(device.row);
        if angles {
            items.push(item(device.id.as_str(), "set its angles", prices.work.visit));
        }
    }
    for beam in &new.file.kit.beam {
        let before = old.file.kit.beam.iter().find(|b| b.id == beam.id);
        before.filter(|b| *b != beam).into_iter().for_each(|before| ends(before, beam, prices, items));
    }
}

/// Each end that is moved is fixed anew; whatever is changed, the pair is aligned and set.
fn ends(before: &Beam, after: &Beam, prices: &Prices, items: &mut Vec<Item>) {
    let id = after.id.as_str();
    for (from, to, what) in [
        (before.from_m, after.from_m, "fix and connect its transmitter"),
        (before.to_m, after.to_m, "fix and connect its receiver"),
    ] {
        let metres = libm::hypot(to[0] - from[0], to[1] - from[1]);
        if metres > SAME {
            again(id, metres, what, prices, items);
        }
    }
    let pair = |beam: &Beam| (beam.model.clone(), beam.rated_range_m, beam.rays_m.len());
    if pair(before) != pair(after) {
        items.push(item(id, "another pair of beams", prices.pair_yuan(after)));
        items.push(item(id, "change both on their brackets", 2.0 * prices.work.swap));
    }
    items.push(item(id, "align and set it", prices.work.visit));
}

fn again(id: &str, metres: f64, what: &str, prices: &Prices, items: &mut Vec<Item>) {
    items.push(item(id, format!("{metres:.1} m of cable"), metres * prices.material.cable_per_m));
    items.push(item(id, what, prices.work.mount));
}
