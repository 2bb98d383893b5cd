//! Fire detection: which charging sockets have a smoke or a heat detector near enough above them, and which stairwells, where
//! e-bikes burn that are left at the door.
//!
//! A detector protects a circle in plan; walls inside a shed are not known, but a detector in another building, or under the
//! open sky while the socket is indoors, counts for nothing. Radii are assumed ([`super::assumed`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::assumed;
use super::conditions::Conditions;
use super::sightlines::working;
use crate::contract::Class;
use crate::model::kit::Charger;
use crate::model::site::{Entrance, Use};
use crate::model::{Scenario, Site};
use crate::words::Id;

/// All groups of charging sockets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DetectionAnswer {
    /// Radius in plan that a smoke detector protects, m. Assumed.
    pub smoke_radius_m: f64,
    /// Radius in plan that a heat detector protects, m. Assumed.
    pub heat_radius_m: f64,
    /// Each group of the kit, in its order. Computed.
    pub chargers: Vec<ChargerAnswer>,
    /// Each entrance of a residential building, in the order of the site. Computed.
    #[serde(default)]
    pub stairwells: Vec<StairwellAnswer>,
}

impl DetectionAnswer {
    /// Sockets that have a detector.
    pub fn detected(&self) -> usize {
        self.chargers.iter().map(|c| c.detected).sum()
    }

    /// All sockets.
    pub fn sockets(&self) -> usize {
        self.chargers.iter().map(|c| c.sockets).sum()
    }
}

/// One group of sockets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChargerAnswer {
    /// The group.
    pub charger: Id,
    /// Its sockets.
    pub sockets: usize,
    /// Those that at least one detector protects.
    pub detected: usize,
    /// The detectors that protect at least one of them.
    pub detectors: Vec<Id>,
}

/// The stairwell behind one entrance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StairwellAnswer {
    /// The entrance.
    pub entrance: Id,
    /// The detectors in its building that protect the ground inside its door.
    pub detectors: Vec<Id>,
}

/// A detector with the radius that it protects, m.
type Detector<'a> = (&'a Id, [f64; 2], f64);

/// Which sockets have a detector that is not out of order under some conditions.
pub fn detection(scenario: &Scenario, conditions: &Conditions) -> DetectionAnswer {
    let (kit, figures) = (&scenario.file.kit, assumed::detection());
    let smoke = working(&kit.smoke_detector, conditions.out_of(Class::SmokeDetector));
    let heat = working(&kit.heat_detector, conditions.out_of(Class::HeatDetector));
    let detectors: Vec<Detector> = smoke
        .map(|(_, d)| (&d.id, d.at_m, figures.smoke_radius_m))
        .chain(heat.map(|(_, d)| (&d.id, d.at_m, figures.heat_radius_m)))
        .collect();
    DetectionAnswer {
        smoke_radius_m: figures.smoke_radius_m,
        heat_radius_m: figures.heat_radius_m,
        chargers: kit.charger.iter().map(|charger| of(charger, &detectors, &scenario.site)).collect(),
        stairwells: stairwells(&scenario.site, &detectors),
    }
}

fn stairwells(site: &Site, detectors: &[Detector]) -> Vec<StairwellAnswer> {
    let house = |entrance: &Entrance| site.buildings.iter().position(|b| b.id == entrance.building);
    let dwelling = |row: &usize| site.buildings[*row].usage == Use::Residential;
    let stairwell = |entrance: &Entrance| {
        let row = house(entrance).filter(dwelling)?;
        let protects = |(_, at, radius_m): &&Detector| {
            let away_m = libm::hypot(entrance.at.x - at[0], entrance.at.y - at[1]);
            away_m <= *radius_m && site.building_at(*at) == Some(row)
        };
        let detectors = detectors.iter().filter(protects).map(|(id, ..)| (*id).clone()).collect();
        Some(StairwellAnswer { entrance: entrance.id.clone(), detectors })
    };
    site.entrances.iter().filter_map(stairwell).collect()
}

fn of(charger: &Charger, detectors: &[Detector], site: &Site) -> ChargerAnswer {
    let sockets = sockets(charger);
    let protects = |socket: [f64; 2], (_, at, radius_m): &Detector| {
        let under = |p: [f64; 2]| site.building_at(p);
        libm::hypot(socket[0] - at[0], socket[1] - at[1]) <= *radius_m && under(socket) == under(*at)
    };
    let any = |socket: &&[f64; 2]| detectors.iter().any(|d| protects(**socket, d));
    let some = |d: &&Detector| sockets.iter().any(|socket| protects(*socket, d));
    ChargerAnswer {
        charger: charger.id.clone(),
        sockets: sockets.len(),
        detected: sockets.iter().filter(any).count(),
        detectors: detectors.iter().filter(some).map(|(id, ..)| (*id).clone()).collect(),
    }
}

/// Where the sockets of a group are, m.
fn sockets(charger: &Charger) -> Vec<[f64; 2]> {
    let bearing = charger.row_bearing_deg.to_radians();
    let step = [libm::sin(bearing), libm::cos(bearing)].map(|k| k * charger.pitch_m);
    let place = |n: u8| [0, 1].map(|k| charger.at_m[k] + f64::from(n) * step[k]);
    (0..charger.sockets).map(place).collect()
}

#[cfg(test)]
mod tests {
    use geo::Rect;

    use super::*;
    use crate::analysis::sample;
    use crate::model::kit::Kit;
    use crate::model::site::Building;

    /// A row of ten sockets, 0.9 m apart, from (1, 2) eastward in a shed of 20 × 6 m.
    fn shed(change: impl FnOnce(&mut Kit)) -> DetectionAnswer {
        let mut site = sample::bare(-10.0, -10.0, 40.0, 20.0);
        let outline = Rect::new((0.0, 0.0), (20.0, 6.0)).to_polygon();
        site.buildings.push(Building { usage: Use::ChargingShed, ..sample::building("shed", outline, 3.0) });
        let mut kit: Kit = serde_json::from_value(serde_json::json!({
            "charger": [{ "id": "row", "at_m": [1.0, 2.0], "sockets": 10, "row_bearing_deg": 90.0 }],
            "smoke_detector": [{ "id": "smoke", "at_m": [1.0, 3.0], "height_m": 2.6 }],
            "heat_detector": [{ "id": "heat", "at_m": [9.1, 2.0], "height_m": 2.6 }],
        }))
        .expect("a kit");
        change(&mut kit);
        detection(&sample::scenario(site, kit), &Conditions::default())
    }

    #[test]
    fn a_socket_is_protected_within_the_radius_and_under_the_same_roof() {
        for (change, expected) in [
            // The smoke detector reaches sqrt(5.8² - 1) = 5.71 m along the row: 7 sockets; heat 3.6 m from the last: 5.
            (Box::new(|_: &mut Kit| ()) as Box<dyn FnOnce(&mut Kit)>, 10),
            (Box::new(|kit| kit.heat_detector.clear()), 7),
            (Box::new(|kit| kit.smoke_detector.clear()), 5),
            (Box::new(|kit| kit.smoke_detector[0].at_m = [1.0, -1.0]), 5),
            (Box::new(|kit| (kit.smoke_detector.clear(), kit.heat_detector.clear()).1), 0),
        ] {
            let answer = shed(change);
            assert_eq!((answer.detected(), answer.sockets()), (expected, 10));
        }
        let both: Vec<String> = shed(|_| ()).chargers[0].detectors.iter().map(Id::to_string).collect();
        assert_eq!(both, ["smoke", "heat"]);
    }
}
