//! Fire stations (微型消防站), hydrants and extinguisher boxes: what hangs there today, and the daily inspection.

use bevy::prelude::*;

use crate::contract::{Cause, IncidentKind, Origin, Place, Signal};
use crate::model::Scenario;
use crate::model::kit::{FirePointKind, FireStation};
use crate::twin::frame::{Agenda, Chance, Clock, NextWake, Outbox, Plan};
use crate::words::{AgentKey, DeviceIx, Dice, Id, IncidentId, Ms};

/// One thing that stands ready: a station, a hydrant, an extinguisher.
#[derive(Clone, Debug, PartialEq)]
pub struct Cabinet {
    /// Its device.
    pub device: DeviceIx,
    /// Its name.
    pub id: Id,
    /// Where it is, m.
    pub at_m: [f64; 2],
    /// What hangs there now.
    pub there: Vec<String>,
    /// Water can be drawn here.
    pub water: bool,
}

/// All of them, and what hangs there today.
#[derive(Resource, Clone, Debug)]
pub struct Cabinets(pub Vec<Cabinet>);

/// What is missing from a station today: each item on its own with the station's probability.
pub fn missing_today(dice: &Dice, station: &FireStation) -> Vec<String> {
    let who = AgentKey::of(station.id.as_str());
    let gone = |n: &usize| dice.draw(who, "missing", *n as u64).chance(station.missing);
    (0..station.items.len()).filter(gone).map(|n| station.items[n].clone()).collect()
}

impl FromWorld for Cabinets {
    fn from_world(world: &mut World) -> Cabinets {
        let (plan, dice) = (world.resource::<Plan>(), **world.resource::<Chance>());
        let kit = &plan.file.kit;
        let device = |id: &Id| device_of(plan, id);
        let stations = kit.fire_station.iter().filter_map(|station| {
            let missing = missing_today(&dice, station);
            let there = station.items.iter().filter(|i| !missing.contains(i)).cloned().collect();
            let (id, at_m) = (station.id.clone(), station.at_m);
            Some(Cabinet { device: device(&station.id)?, id, at_m, there, water: false })
        });
        let points = kit.fire_point.iter().filter_map(|point| {
            let water = point.what == FirePointKind::Hydrant;
            let there = if water { Vec::new() } else { vec!["extinguisher".to_owned()] };
            let (id, at_m) = (point.id.clone(), point.at_m);
            Some(Cabinet { device: device(&point.id)?, id, at_m, there, water })
        });
        Cabinets(stations.chain(points).collect())
    }
}

fn device_of(plan: &Scenario, id: &Id) -> Option<DeviceIx> {
    plan.devices.iter().position(|d| d.id == *id).map(|n| DeviceIx(n as u32))
}

impl Cabinets {
    /// The nearest cabinet within reach of a point that holds an item.
    pub fn nearest_with(&self, item: &str, at_m: [f64; 2], reach_m: f64) -> Option<usize> {
        self.nearest(at_m, reach_m, |c| c.there.iter().any(|i| i == item))
    }

    /// The nearest hydrant within reach of a point.
    pub fn nearest_water(&self, at_m: [f64; 2], reach_m: f64) -> Option<usize> {
        self.nearest(at_m, reach_m, |c| c.water)
    }

    fn nearest(&self, at_m: [f64; 2], reach_m: f64, fits: impl Fn(&Cabinet) -> bool) -> Option<usize> {
        let far = |n: &usize| libm::hypot(self.0[*n].at_m[0] - at_m[0], self.0[*n].at_m[1] - at_m[1]);
        (0..self.0.len())
            .filter(|n| fits(&self.0[*n]) && far(n) <= reach_m)
            .min_by(|a, b| far(a).total_cmp(&far(b)).then(a.cmp(b)))
    }

    /// Takes an item out.
    pub fn take(&mut self, cabinet: usize, item: &str) {
        let there = &mut self.0[cabinet].there;
        if let Some(n) = there.iter().position(|i| i == item) {
            there.remove(n);
        }
    }
}

/// Inspections to come, and those going on: the row of the station, then also what was found.
#[derive(Resource)]
pub(super) struct Rounds {
    to_come: Agenda<usize>,
    going_on: Agenda<(IncidentId, Vec<String>)>,
}

impl FromWorld for Rounds {
    fn from_world(world: &mut World) -> Rounds {
        let plan = world.resource::<Plan>();
        let mut to_come = Agenda::default();
        for (row, station) in plan.file.kit.fire_station.iter().enumerate() {
            if let Some(at) = station.inspected.filter(|at| at.0 < plan.file.day.lasting.0) {
                to_come.add(at.0, AgentKey::of(station.id.as_str()), row);
            }
        }
        Rounds { to_come, going_on: Agenda::default() }
    }
}

/// The inspection of a station takes half a minute an item; the log is signed at its end.
pub(super) fn inspect(
    clock: Res<Clock>,
    plan: Res<Plan>,
    dice: Res<Chance>,
    mut rounds: ResMut<Rounds>,
    mut outbox: ResMut<Outbox>,
    mut wake: ResMut<NextWake>,
) {
    while let Some((at, who, row)) = rounds.to_come.pop_before(clock.end()) {
        let station = &plan.file.kit.fire_station[row];
        let Some(device) = device_of(&plan, &station.id) else { continue };
        let place = Place::from_m(station.at_m[0], station.at_m[1], 0.0);
        let late = Ms::from_seconds(dice.draw(who, "inspected", 0).between(0.0, 600.0));
        let id = outbox.open(
            IncidentKind::FireInspection,
            Origin::Plan,
            at + late,
            place,
            format!("inspector/{}", station.id),
        );
        let missing = missing_today(&dice, station);
        let done = at + late + Ms::from_seconds(30.0 * station.items.len() as f64);
        outbox.say(done, device, Signal::KitInspected { missing: missing.clone() }, Cause::Incident(id));
        rounds.going_on.add(done, who, (id, missing));
    }
    while let Some((at, _, (id, missing))) = rounds.going_on.pop_before(clock.end()) {
        let found =
            if missing.is_empty() { "complete".into() } else { format!("missing: {}", missing.join(", ")) };
        outbox.close(id, at, found);
    }
    wake.offer(rounds.to_come.next());
    wake.offer(rounds.going_on.next());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cabinet(x: f64, there: &[&str], water: bool) -> Cabinet {
        let there = there.iter().map(|s| (*s).to_owned()).collect();
        Cabinet { device: DeviceIx(0), id: Id::from("c"), at_m: [x, 0.0], there, water }
    }

    #[test]
    fn the_nearest_one_that_has_it_and_still_has_it() {
        let near = cabinet(5.0, &["extinguisher"], false);
        let mut all =
            Cabinets(vec![cabinet(20.0, &["extinguisher", "hose"], false), near, cabinet(9.0, &[], true)]);
        assert_eq!(all.nearest_with("extinguisher", [0.0, 0.0], 40.0), Some(1));
        all.take(1, "extinguisher");
        assert_eq!(all.nearest_with("extinguisher", [0.0, 0.0], 40.0), Some(0));
        assert_eq!(all.nearest_with("extinguisher", [0.0, 0.0], 10.0), None);
        assert_eq!(all.nearest_water([0.0, 0.0], 40.0), Some(2));
    }

    #[test]
    fn a_station_misses_nothing_or_everything_at_the_ends_of_the_scale() {
        let items: Vec<String> = ["hose", "mask", "axe"].map(str::to_owned).to_vec();
        let id = Id::from("fs-1");
        let station = |missing| FireStation {
            id: id.clone(),
            at_m: [0.0, 0.0],
            items: items.clone(),
            inspected: None,
            missing,
        };
        assert!(missing_today(&Dice::new(1), &station(0.0)).is_empty());
        assert_eq!(missing_today(&Dice::new(1), &station(1.0)), items);
    }
}
