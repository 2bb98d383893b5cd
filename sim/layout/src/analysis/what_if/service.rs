//! What the kit does that nobody has to see: control of the ways in, patrol, metering, fire kit, radio, duty room.

use super::held::{Held, Holdings};
use super::measure::Measure;
use crate::analysis::assumed;
use crate::analysis::conditions::Conditions;
use crate::contract::Class;
use crate::model::Scenario;
use crate::model::kit::FirePointKind;
use crate::model::site::GateFor;
use crate::words::Ms;

/// Works out each such measure of a layout under some conditions.
pub(super) fn services(layout: &Scenario, conditions: &Conditions) -> Holdings {
    let desk = Desk { layout, conditions };
    Holdings::from([
        (Measure::Gates, Held::things(desk.gates())),
        (Measure::Entrances, Held::things(desk.entrances())),
        (Measure::Patrol, Held::things(desk.touches())),
        (Measure::SocketsMetered, Held::things(desk.metered())),
        (Measure::FireStation, Held::things(desk.near_stations())),
        (Measure::Hydrant, Held::things(desk.near_hydrants())),
        (Measure::Extinguisher, Held::things(desk.near_extinguishers())),
        (Measure::GuardHours, Held::things(desk.guard_hours())),
        (Measure::Alarms, Held::things(desk.alarms())),
    ])
}

struct Desk<'a> {
    layout: &'a Scenario,
    conditions: &'a Conditions,
}

/// A thing with a name, and what it counts.
type Thing = (String, f64);

impl<'a> Desk<'a> {
    fn works(&self, class: Class, row: usize) -> bool {
        self.conditions.works(class, row)
    }

    /// On foot a gate is controlled by a manned post; each barrier controls its lane.
    fn gates(&self) -> Vec<Thing> {
        let (site, kit) = (&self.layout.site, &self.layout.file.kit);
        let posts = kit.gate_post.iter().enumerate();
        let manned = posts.filter(|(row, post)| post.guards > 0 && self.works(Class::GatePost, *row));
        let on_foot = manned.filter_map(|(_, post)| {
            let gate = site.gates.iter().find(|g| g.id == post.gate && g.passage != GateFor::Vehicles)?;
            Some((format!("{} on foot", gate.id), 1.0))
        });
        let barriers = kit.barrier.iter().enumerate();
        let lanes = barriers.filter(|(row, _)| self.works(Class::Barrier, *row));
        on_foot.chain(lanes.map(|(_, b)| (format!("{} by the lane of {}", b.gate, b.id), 1.0))).collect()
    }

    fn entrances(&self) -> Vec<Thing> {
        let doors = self.layout.file.kit.intercom.iter().enumerate();
        let opened = doors.filter(|(row, _)| self.works(Class::Intercom, *row));
        opened.map(|(_, door)| (door.entrance.to_string(), 1.0)).collect()
    }

    /// A checkpoint is touched at each start of each tour that leads over it.
    fn touches(&self) -> Vec<Thing> {
        let kit = &self.layout.file.kit;
        let points = kit.checkpoint.iter().enumerate().filter(|(row, _)| self.works(Class::Checkpoint, *row));
        let touches = |id: &crate::words::Id| {
            let on = |tour: &crate::model::kit::GuardTour| {
                tour.checkpoints.iter().filter(|point| *point == id).count() * tour.starts.len()
            };
            kit.guard_tour.iter().map(on).sum::<usize>() as f64
        };
        points.map(|(_, point)| (point.id.to_string(), touches(&point.id))).collect()
    }

    fn metered(&self) -> Vec<Thing> {
        let groups = self.layout.file.kit.charger.iter().enumerate();
        let metered = groups.filter(|(row, _)| self.works(Class::Charger, *row));
        metered.map(|(_, group)| (group.id.to_string(), f64::from(group.sockets))).collect()
    }

    /// Doors and charging groups, with where they are.
    fn places(&self) -> impl Iterator<Item = (String, [f64; 2])> + 'a {
        let doors = self.layout.site.entrances.iter().map(|e| (e.id.to_string(), [e.at.x, e.at.y]));
        doors.chain(self.layout.file.kit.charger.iter().map(|c| (c.id.to_string(), c.at_m)))
    }

    /// Those of some places that have one of the points within a distance, m.
    fn near(
        places: impl Iterator<Item = (String, [f64; 2], f64)>,
        points: &[[f64; 2]],
        within_m: f64,
    ) -> Vec<Thing> {
        let near = |at: &[f64; 2]| {
            points.iter().any(|point| libm::hypot(point[0] - at[0], point[1] - at[1]) <= within_m)
        };
        places.filter(|(_, at, _)| near(at)).map(|(name, _, counts)| (name, counts)).collect()
    }

    /// Fire stations and fire points are one class of device: points are counted after the stations.
    fn near_stations(&self) -> Vec<Thing> {
        let stations = self.layout.file.kit.fire_station.iter().enumerate();
        let there = stations.filter(|(row, _)| self.works(Class::FireStation, *row));
        let there: Vec<[f64; 2]> = there.map(|(_, station)| station.at_m).collect();
        let within_m = assumed::what_if().fire.station_s * assumed::cells().walk_m_s;
        Self::near(self.places().map(|(name, at)| (name, at, 1.0)), &there, within_m)
    }

    fn fire_points(&self, what: FirePointKind) -> Vec<[f64; 2]> {
        let kit = &self.layout.file.kit;
        let rows = kit.fire_point.iter().enumerate();
        let works = |row: usize| self.works(Class::FireStation, kit.fire_station.len() + row);
        let there = rows.filter(|(row, point)| point.what == what && works(*row));
        there.map(|(_, point)| point.at_m).collect()
    }

    fn near_hydrants(&self) -> Vec<Thing> {
        let places = self.places().map(|(name, at)| (name, at, 1.0));
        Self::near(places, &self.fire_points(FirePointKind::Hydrant), assumed::what_if().fire.hydrant_m)
    }

    fn near_extinguishers(&self) -> Vec<Thing> {
        let groups = self.layout.file.kit.charger.iter();
        let groups = groups.map(|c| (c.id.to_string(), c.at_m, f64::from(c.sockets)));
        let there = self.fire_points(FirePointKind::Extinguisher);
        Self::near(groups, &there, assumed::what_if().fire.extinguisher_m)
    }

    /// Guards with a radio that works, each with the length of his shift.
    fn guard_hours(&self) -> Vec<Thing> {
        let guards = self.layout.file.cast.guard.iter().enumerate();
        let reached = guards.filter(|(row, guard)| guard.radio && self.works(Class::GuardRadio, *row));
        let hours = |shift: [i64; 2]| match (shift[1] - shift[0]).rem_euclid(Ms::DAY.0) {
            0 => 24.0,
            lasts => Ms(lasts).seconds() / 3600.0,
        };
        reached.map(|(_, guard)| (guard.id.to_string(), hours(guard.shift.map(|at| at.0.0)))).collect()
    }

    /// Devices that work, while there is a duty room with an operator. A duty room takes no alarm of its own.
    fn alarms(&self) -> Vec<Thing> {
        let rooms = self.layout.file.kit.duty_room.iter().enumerate();
        let taken =
            rooms.filter(|(row, room)| room.operators > 0 && self.works(Class::DutyRoom, *row)).count();
        let devices = self.layout.devices.iter().filter(|d| taken > 0 && d.class != Class::DutyRoom);
        devices.map(|d| (d.id.to_string(), 1.0)).collect()
    }
}
