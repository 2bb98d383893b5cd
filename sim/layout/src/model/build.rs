//! From what was typed to what the other rooms use: flats and the device table.

use std::collections::BTreeMap;

use super::kit::Kit;
use super::scenario::{Device, Household, ScenarioFile};
use super::site::{Site, Use};
use crate::contract::Class;
use crate::words::Id;

/// All flats in order of entrance, storey, number. A flat belongs to an entrance of a residential building.
pub(crate) fn households(site: &Site) -> Vec<Household> {
    let mut all = Vec::new();
    for (entrance_ix, entrance) in site.entrances.iter().enumerate() {
        let Some(building_ix) = site.buildings.iter().position(|b| b.id == entrance.building) else {
            continue;
        };
        let building = &site.buildings[building_ix];
        if building.usage != Use::Residential {
            continue;
        }
        for storey in 1..=building.storeys {
            for number in 1..=building.flats_per_storey {
                let flat = format!("{}-{storey:02}{number:02}", entrance.id);
                all.push(Household { flat, entrance: entrance_ix, building: building_ix, storey });
            }
        }
    }
    all
}

/// The device table, in the order of the kit's tables; guards with a radio come before the duty room.
pub(crate) fn devices(file: &ScenarioFile, site: &Site) -> Vec<Device> {
    let kit = &file.kit;
    let mut table = Table { qos: &kit.qos, rows: Vec::new() };
    let gate_at = |gate: &Id| site.gate_by_id(gate.as_str()).map_or([0.0, 0.0], |g| [g.at.x, g.at.y]);
    table.add(Class::GatePost, kit.gate_post.iter().map(|p| (&p.id, gate_at(&p.gate), 1.2)));
    table.add(Class::Barrier, kit.barrier.iter().map(|b| (&b.id, gate_at(&b.gate), 1.0)));
    table.add(Class::OuterPost, kit.outer_post.iter().map(|p| (&p.id, p.at_m, 1.2)));
    table.add(Class::Checkpoint, kit.checkpoint.iter().map(|c| (&c.id, c.at_m, 1.3)));
    let stations = kit.fire_station.iter().map(|s| (&s.id, s.at_m, 1.2));
    let points = kit.fire_point.iter().map(|p| (&p.id, p.at_m, 1.0));
    table.add(Class::FireStation, stations.chain(points));
    table.add(Class::Charger, kit.charger.iter().map(|c| (&c.id, c.at_m, 1.5)));
    let door_at = |id: &Id| site.entrance_by_id(id.as_str()).map_or([0.0, 0.0], |e| [e.at.x, e.at.y]);
    table.add(Class::Intercom, kit.intercom.iter().map(|i| (&i.id, door_at(&i.entrance), 1.4)));
    let middle = |a: [f64; 2], b: [f64; 2]| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
    let top = |rays: &[f64]| rays.iter().copied().fold(0.0, f64::max);
    table.add(Class::Beam, kit.beam.iter().map(|b| (&b.id, middle(b.from_m, b.to_m), top(&b.rays_m))));
    table.add(Class::Camera, kit.camera.iter().map(|c| (&c.id, c.at_m, c.height_m)));
    table.add(Class::FacadeCamera, kit.facade_camera.iter().map(|c| (&c.id, c.at_m, c.height_m)));
    table.add(Class::SmokeDetector, kit.smoke_detector.iter().map(|d| (&d.id, d.at_m, d.height_m)));
    table.add(Class::HeatDetector, kit.heat_detector.iter().map(|d| (&d.id, d.at_m, d.height_m)));
    let base = base_of(kit);
    for (row, guard) in file.cast.guard.iter().enumerate().filter(|(_, g)| g.radio) {
        table.one(Class::GuardRadio, row, &guard.id, base, 1.2);
    }
    table.add(Class::DutyRoom, kit.duty_room.iter().map(|d| (&d.id, d.at_m, 1.0)));
    table.rows
}

/// Where a guard's radio is kept when he is off duty: the duty room, or the origin where there is none.
fn base_of(kit: &Kit) -> [f64; 2] {
    kit.duty_room.first().map_or([0.0, 0.0], |d| d.at_m)
}

struct Table<'a> {
    qos: &'a BTreeMap<String, u8>,
    rows: Vec<Device>,
}

impl Table<'_> {
    fn add<'i>(&mut self, class: Class, items: impl Iterator<Item = (&'i Id, [f64; 2], f64)>) {
        for (row, (id, at, up)) in items.enumerate() {
            self.one(class, row, id, at, up);
        }
    }

    fn one(&mut self, class: Class, row: usize, id: &Id, at: [f64; 2], up: f64) {
        let qos = self.qos.get(class.word()).copied().unwrap_or(1);
        self.rows.push(Device { id: id.clone(), class, row, at_m: [at[0], at[1], up], qos });
    }
}
